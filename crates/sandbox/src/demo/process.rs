use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

/// How long a process may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(20);
/// Variables of the caller that a process gets to see.
const PASSED_ON: [&str; 4] = ["HOME", "PATH", "RUST_BACKTRACE", "TMPDIR"];
/// How often a process is asked whether it is ready.
const READY_EVERY: Duration = Duration::from_millis(50);

/// A real process of the demo, its output in a file.
pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with exactly these variables and what it needs of ours.
    pub(super) fn start(
        name: &'static str,
        program: &Path,
        arguments: &[&str],
        variables: &[(&str, String)],
        logs: &Path,
    ) -> Result<Self> {
        let log = logs.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("create {}", log.display()))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            // Nothing else of the caller's environment configures what the demo starts.
            .envs(
                std::env::vars_os()
                    .filter(|(name, _)| PASSED_ON.iter().any(|passed| name == passed)),
            )
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C is ours: the processes are ended in order.
            .process_group(0)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .with_context(|| format!("start {name} ({})", program.display()))?;
        Ok(Self { name, child, log })
    }

    /// Waits until `url` answers with success.
    pub(super) async fn ready(&mut self, client: &reqwest::Client, url: &str) -> Result<()> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        loop {
            self.check()?;
            if let Ok(answer) = client.get(url).send().await
                && answer.status().is_success()
            {
                return Ok(());
            }
            if tokio::time::Instant::now() >= deadline {
                bail!("{} does not become ready: {url}", self.name);
            }
            tokio::time::sleep(READY_EVERY).await;
        }
    }

    /// Fails if the process has ended.
    pub(super) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!(
                "{} ended early with {status}{}",
                self.name,
                self.last_words()
            ),
        }
    }

    /// Ends the process: SIGTERM, and SIGKILL where that does not help. A
    /// process that did not end by itself with success is an error.
    pub(super) async fn stop(mut self) -> Result<()> {
        let pid = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            kill_process(pid, Signal::TERM)?;
        }
        let Ok(ended) = tokio::time::timeout(GRACE, self.child.wait()).await else {
            self.child.kill().await?;
            bail!(
                "{} did not end within {} s of SIGTERM",
                self.name,
                GRACE.as_secs()
            );
        };
        let status = ended?;
        if !status.success() {
            bail!("{} ended with {status}{}", self.name, self.last_words());
        }
        Ok(())
    }

    /// The last lines it wrote.
    fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.split_at(lines.len().saturating_sub(5)).1;
        last.iter().fold(String::new(), |mut words, line| {
            words.push_str("\n  ");
            words.push_str(line);
            words
        })
    }
}

/// The path of a program: as given, or beside this one.
pub(super) fn program(given: Option<&Path>, name: &str) -> Result<PathBuf> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => std::env::current_exe()?.with_file_name(name),
    };
    if !path.is_file() {
        bail!(
            "no {name} at {}; build it with `cargo build --workspace` or name it with --{}",
            path.display(),
            name.trim_start_matches("export-")
        );
    }
    Ok(path)
}

/// An address nobody listens on now.
pub(super) fn free_address() -> Result<std::net::SocketAddr> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, logs: &Path) -> Process {
        let shell = Path::new("/bin/sh");
        Process::start(
            "child",
            shell,
            &["-c", script],
            &[("NAME", "value".into())],
            logs,
        )
        .unwrap()
    }

    #[tokio::test]
    async fn what_ends_early_is_told_with_its_last_words() {
        let logs = tempfile::tempdir().unwrap();
        let mut child = shell("echo \"no $NAME\"; exit 64", logs.path());
        child.child.wait().await.unwrap();
        let error = child.check().unwrap_err().to_string();
        assert!(
            error.contains("exit status: 64") && error.contains("no value"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_process_is_asked_to_end() {
        let logs = tempfile::tempdir().unwrap();
        let pipe = logs.path().join("ready");
        let made = Command::new("mkfifo").arg(&pipe).status().await.unwrap();
        assert!(made.success());
        let script = format!(
            "trap 'exit 0' TERM; echo ready > {}; while :; do sleep 0.02; done",
            pipe.display()
        );
        let child = shell(&script, logs.path());
        // Blocks until the child has set its trap.
        assert_eq!(tokio::fs::read_to_string(&pipe).await.unwrap(), "ready\n");
        child.stop().await.unwrap();
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = program(Some(Path::new("/no/such")), "export-worker").unwrap_err();
        assert!(error.to_string().contains("/no/such"), "{error}");
    }
}
