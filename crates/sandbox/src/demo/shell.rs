use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::world::World;

/// A file that tells a shell where everything is: the worker's variables and
/// the folder of its binary. It holds a key, so only its owner may read it. Gone
/// when dropped.
pub(super) struct ShellFile {
    path: PathBuf,
}

impl ShellFile {
    pub(super) fn write(path: &Path, world: &World) -> Result<Self> {
        let mut variables = world.worker_variables.clone();
        // For another worker: any port.
        variables.push(("LISTEN_ADDR", "127.0.0.1:0".to_owned()));
        variables.push(("DEMO_WORKER_URL", world.worker_url.clone()));
        let programs = world.worker.parent().unwrap_or(Path::new(""));
        let programs = std::path::absolute(programs)?;
        let text = text(&programs.display().to_string(), &variables);
        create(path, &text).with_context(|| format!("write {}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
        })
    }
}

impl Drop for ShellFile {
    fn drop(&mut self) {
        // Whoever removed it first did what we are about to do.
        let _ = fs::remove_file(&self.path);
    }
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // One of an earlier demo may have other permissions.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

fn text(programs: &str, variables: &[(&str, String)]) -> String {
    let path = format!("export PATH={}:\"$PATH\"\n", quoted(programs));
    let lines = variables
        .iter()
        .map(|(name, value)| format!("export {name}={}\n", quoted(value)));
    std::iter::once(path).chain(lines).collect()
}

/// A word that every POSIX shell takes as it stands.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, process::Command};

    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder/env");
        let value = "it's $HOME `ls` \"quoted\"";
        create(&path, &text("/a b", &[("VALUE", value.to_owned())])).unwrap();
        let output = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!(
                ". {} && printf %s \"$VALUE $PATH\"",
                quoted(&path.display().to_string())
            ))
            .env("PATH", "/bin")
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8(output.stdout).unwrap(),
            format!("{value} /a b:/bin")
        );
    }

    #[test]
    fn only_its_owner_reads_it_and_an_older_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        fs::write(&path, "older").unwrap();
        create(&path, "newer").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
