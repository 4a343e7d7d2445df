//! Secrets, given or in files.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

/// A secret, or the file it is read from when it is needed.
#[derive(Clone, Debug)]
pub enum Secret {
    /// The secret itself.
    Given(SecretString),
    /// A file that holds it; it may come later than this process.
    File {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: PathBuf,
    },
}

/// A secret's file that cannot be used as it is now.
#[derive(Debug, Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("{variable}: {path}: {error}")]
    Unreadable {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{variable}: {path} is empty")]
    Empty {
        /// The variable that names the file.
        variable: &'static str,
        /// The file.
        path: String,
    },
}

impl Secret {
    /// The secret; from a file, without the end of its line.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let (variable, path) = match self {
            Self::Given(secret) => return Ok(secret.clone()),
            Self::File { variable, path } => (*variable, path),
        };
        let text = std::fs::read_to_string(path).map_err(|error| SecretError::Unreadable {
            variable,
            path: path.display().to_string(),
            error,
        })?;
        let secret = SecretString::from(text.trim_end_matches(['\r', '\n']));
        if secret.expose_secret().trim().is_empty() {
            return Err(SecretError::Empty {
                variable,
                path: path.display().to_string(),
            });
        }
        Ok(secret)
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self::Given(secret.into())
    }
}
