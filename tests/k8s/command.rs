//! A program run to its end while the cluster's logs are being read.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{io::AsyncWriteExt, process::Command};

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A program of `.tools`, which `make tools-k8s` installs.
pub fn program(path: &str) -> PathBuf {
    let program = repository().join(".tools").join(path);
    assert!(
        program.is_file(),
        "{path} is not installed; run `make tools-k8s`"
    );
    program
}

/// What a program said, and whether it ended well.
pub struct Said {
    pub success: bool,
    pub output: String,
    pub complaint: String,
    line: String,
}

impl Said {
    /// Its standard output; it must have ended well.
    pub fn well(self) -> String {
        assert!(
            self.success,
            "{} failed:\n{}{}",
            self.line, self.output, self.complaint
        );
        self.output
    }

    /// Its standard output; it must have ended well and without a warning,
    /// as the API server sends them for deprecated or insecure objects.
    pub fn without_warning(self) -> String {
        assert!(
            !self.warned(),
            "{} was warned:\n{}",
            self.line,
            self.complaint
        );
        self.well()
    }

    /// Whether the API server warned of something.
    pub fn warned(&self) -> bool {
        let complaint = self.complaint.to_lowercase();
        complaint.contains("warning") || complaint.contains("would violate")
    }

    /// What it complained of; it must have failed.
    pub fn refusal(self) -> String {
        assert!(
            !self.success,
            "{} did not fail:\n{}",
            self.line, self.output
        );
        self.complaint
    }
}

/// Runs a program with these variables only, in the repository's root.
pub async fn run(
    program: &Path,
    arguments: &[&str],
    variables: &[(&str, &Path)],
    input: &str,
) -> Said {
    let line = format!("{} {}", program.display(), arguments.join(" "));
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(repository())
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{line} does not start: {error}"));
    let mut writer = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that refuses its arguments does not read its input.
    let writing = tokio::spawn(async move { writer.write_all(input.as_bytes()).await });
    let output = child.wait_with_output().await.unwrap();
    let _ = writing.await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said {
        success: output.status.success(),
        output: text(output.stdout),
        complaint: text(output.stderr),
        line,
    }
}
