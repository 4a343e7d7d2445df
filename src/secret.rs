//! A password, token or key that may be rotated while the worker runs.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Longer than any key or token; a slip that names another file is told from a secret.
const LONGEST: u64 = 64 * 1024;

/// A secret from a variable or from a file. Clones share one value: what one
/// re-reads, all see. `Debug` shows where it came from, never what it is.
#[derive(Clone)]
pub struct Secret {
    source: Arc<Source>,
}

enum Source {
    Value(SecretString),
    File(SecretFile),
}

struct SecretFile {
    /// The variable that names it.
    variable: String,
    path: PathBuf,
    /// `None`: it was not read yet, or never could be.
    last_read: RwLock<Option<SecretString>>,
}

/// A secret that could not be read. Names variable and file, never what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{variable}: secret file {} {problem}", .path.display())]
pub struct SecretError {
    variable: String,
    path: PathBuf,
    problem: SecretProblem,
}

/// What is wrong with the file of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretProblem {
    /// It is not there, may not be read, or holds no text: the system's own words.
    #[error("cannot be read: {0}; create it or correct the path")]
    Unreadable(String),
    /// It holds nothing but line ends.
    #[error("is empty; write the secret into it")]
    Empty,
    /// It is longer than any secret.
    #[error("is longer than {LONGEST} bytes; does it name the right file")]
    TooLong,
}

impl Secret {
    /// A secret that stays what it is.
    pub fn from_value(value: SecretString) -> Self {
        Self {
            source: Arc::new(Source::Value(value)),
        }
    }

    /// A secret that the file at `path`, named by `variable`, holds or will hold:
    /// it is read when it is first needed. Line ends after it are no part of it.
    pub fn in_file(variable: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        Self {
            source: Arc::new(Source::File(SecretFile {
                variable: variable.into(),
                path: path.into(),
                last_read: RwLock::default(),
            })),
        }
    }

    /// The secret as it was last read. Reads its file where that could never be
    /// read so far: a small local one, without yielding.
    pub fn current(&self) -> Result<SecretString, SecretError> {
        match &*self.source {
            Source::Value(value) => Ok(value.clone()),
            Source::File(file) => match file.known() {
                Some(secret) => Ok(secret),
                None => file.read_again().map(|(secret, _)| secret),
            },
        }
    }

    /// Reads the file again and says whether the secret changed. One from a
    /// variable never does. Where the file cannot be read the old value stays.
    ///
    /// Reads a small local file without yielding: for use where a server has
    /// just said 401, not on every request.
    pub fn reload(&self) -> Result<bool, SecretError> {
        match &*self.source {
            Source::Value(_) => Ok(false),
            Source::File(file) => file.read_again().map(|(_, changed)| changed),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.source {
            Source::Value(_) => f.write_str("Secret([redacted])"),
            Source::File(file) => write!(f, "Secret([redacted] from {})", file.path.display()),
        }
    }
}

impl SecretFile {
    fn known(&self) -> Option<SecretString> {
        self.last_read
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads it, keeps what it holds, and says whether that is another secret than before.
    fn read_again(&self) -> Result<(SecretString, bool), SecretError> {
        let fresh = self.read().map_err(|problem| SecretError {
            variable: self.variable.clone(),
            path: self.path.clone(),
            problem,
        })?;
        let mut last = self
            .last_read
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let same = last
            .as_ref()
            .is_some_and(|old| old.expose_secret() == fresh.expose_secret());
        *last = Some(fresh.clone());
        Ok((fresh, !same))
    }

    fn read(&self) -> Result<SecretString, SecretProblem> {
        let unreadable = |error: io::Error| SecretProblem::Unreadable(error.to_string());
        let mut text = String::new();
        let read = File::open(&self.path)
            .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
            .map_err(unreadable)?;
        if read as u64 > LONGEST {
            return Err(SecretProblem::TooLong);
        }
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
        if text.is_empty() {
            return Err(SecretProblem::Empty);
        }
        Ok(SecretString::from(text))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    fn of(path: &Path) -> Secret {
        Secret::in_file("A_TOKEN_FILE", path)
    }

    fn text(secret: &Secret) -> String {
        secret.current().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn line_ends_after_a_secret_are_no_part_of_it() {
        let (_folder, path) = written(" pass word \r\n\n");
        assert_eq!(text(&of(&path)), " pass word ");
    }

    #[test]
    fn a_rotated_file_is_seen_by_every_clone_after_one_reload() {
        let (_folder, path) = written("old");
        let secret = of(&path);
        let clone = secret.clone();
        assert_eq!(text(&secret), "old");
        assert_eq!(secret.reload(), Ok(false));
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(secret.reload(), Ok(true));
        assert_eq!(text(&clone), "new");
        assert_eq!(clone.reload(), Ok(false));
    }

    #[test]
    fn a_file_that_is_gone_is_named_and_the_old_secret_stays() {
        let (_folder, path) = written("old");
        let secret = of(&path);
        assert_eq!(text(&secret), "old");
        std::fs::remove_file(&path).unwrap();
        let error = secret.reload().unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert_eq!(text(&secret), "old");
    }

    #[test]
    fn a_file_that_comes_later_is_read_as_soon_as_it_is_needed() {
        let (_folder, path) = written("");
        std::fs::remove_file(&path).unwrap();
        let secret = of(&path);
        let error = secret.current().unwrap_err().to_string();
        let begin = format!(
            "A_TOKEN_FILE: secret file {} cannot be read: ",
            path.display()
        );
        assert!(error.starts_with(&begin), "{error}");
        std::fs::write(&path, "here\n").unwrap();
        assert_eq!(text(&secret), "here");
    }

    #[test]
    fn empty_and_oversized_files_are_no_secrets() {
        let problem = |path: &Path| of(path).current().unwrap_err().problem;
        let (_folder, path) = written("\n");
        assert_eq!(problem(&path), SecretProblem::Empty);
        let (_folder, path) = written(&"x".repeat(70_000));
        assert_eq!(problem(&path), SecretProblem::TooLong);
    }

    #[test]
    fn a_secret_from_a_variable_never_changes_and_is_never_shown() {
        let secret = Secret::from_value(SecretString::from("hunter2"));
        assert_eq!(secret.reload(), Ok(false));
        assert_eq!(format!("{secret:?}"), "Secret([redacted])");
    }
}
