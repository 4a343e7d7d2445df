//! A password, token or key that may be rotated while the worker runs.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
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
    shared: Arc<Shared>,
}

struct Shared {
    current: RwLock<SecretString>,
    file: Option<PathBuf>,
}

/// A secret that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The file is not there, may not be read, or holds no text.
    #[error("secret file {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        cause: String,
    },
    /// The file holds nothing but line ends.
    #[error("secret file {} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is longer than any secret.
    #[error("secret file {} is longer than {LONGEST} bytes; does it name the right file", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

impl Secret {
    /// A secret that stays what it is.
    pub fn from_value(value: SecretString) -> Self {
        Self::new(value, None)
    }

    /// Reads a secret from a file. Line ends after it are no part of it.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, SecretError> {
        let path = path.into();
        let value = read(&path)?;
        Ok(Self::new(value, Some(path)))
    }

    fn new(current: SecretString, file: Option<PathBuf>) -> Self {
        Self {
            shared: Arc::new(Shared {
                current: RwLock::new(current),
                file,
            }),
        }
    }

    /// The secret as it was last read.
    pub fn current(&self) -> SecretString {
        self.shared
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Reads the file again and says whether the secret changed. One from a
    /// variable never does. Where the file cannot be read the old value stays.
    ///
    /// Reads a small local file without yielding: for use where a server has
    /// just said 401, not on every request.
    pub fn reload(&self) -> Result<bool, SecretError> {
        let Some(path) = &self.shared.file else {
            return Ok(false);
        };
        let fresh = read(path)?;
        let mut current = self
            .shared
            .current
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let changed = current.expose_secret() != fresh.expose_secret();
        *current = fresh;
        Ok(changed)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shared.file {
            Some(path) => write!(f, "Secret([redacted] from {})", path.display()),
            None => f.write_str("Secret([redacted])"),
        }
    }
}

fn read(path: &Path) -> Result<SecretString, SecretError> {
    let unreadable = |error: io::Error| SecretError::Unreadable {
        path: path.to_owned(),
        cause: error.to_string(),
    };
    let mut text = String::new();
    let read = File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if read as u64 > LONGEST {
        return Err(SecretError::TooLong {
            path: path.to_owned(),
        });
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    if text.is_empty() {
        return Err(SecretError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn line_ends_after_a_secret_are_no_part_of_it() {
        let (_folder, path) = written(" pass word \r\n\n");
        let secret = Secret::from_file(&path).unwrap();
        assert_eq!(secret.current().expose_secret(), " pass word ");
    }

    #[test]
    fn a_rotated_file_is_seen_by_every_clone_after_one_reload() {
        let (_folder, path) = written("old");
        let secret = Secret::from_file(&path).unwrap();
        let clone = secret.clone();
        assert_eq!(secret.reload(), Ok(false));
        std::fs::write(&path, "new\n").unwrap();
        assert_eq!(secret.reload(), Ok(true));
        assert_eq!(clone.current().expose_secret(), "new");
        assert_eq!(clone.reload(), Ok(false));
    }

    #[test]
    fn a_file_that_is_gone_is_named_and_the_old_secret_stays() {
        let (_folder, path) = written("old");
        let secret = Secret::from_file(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = secret.reload().unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()), "{error}");
        assert_eq!(secret.current().expose_secret(), "old");
    }

    #[test]
    fn empty_and_oversized_files_are_no_secrets() {
        let (_folder, path) = written("\n");
        assert_eq!(
            Secret::from_file(&path).unwrap_err(),
            SecretError::Empty { path }
        );
        let (_folder, path) = written(&"x".repeat(70_000));
        assert_eq!(
            Secret::from_file(&path).unwrap_err(),
            SecretError::TooLong { path }
        );
    }

    #[test]
    fn a_secret_from_a_variable_never_changes_and_is_never_shown() {
        let secret = Secret::from_value(SecretString::from("hunter2"));
        assert_eq!(secret.reload(), Ok(false));
        assert_eq!(format!("{secret:?}"), "Secret([redacted])");
    }
}
