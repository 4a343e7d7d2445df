use std::fmt;

use thiserror::Error;

/// A folder of a bucket, the only shape a destination has.
///
/// Parsed from `gs://bucket/prefix` with or without slashes at its end. The
/// prefix is never empty: nothing is ever listed or deleted under a bucket root.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folder {
    bucket: String,
    prefix: String,
}

/// A destination that is no folder of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FolderError {
    /// Another scheme, or none.
    #[error("destination {0:?} is not a gs:// path; expected gs://bucket/folder")]
    Scheme(String),
    /// `gs:///…`.
    #[error("destination {0:?} names no bucket; expected gs://bucket/folder")]
    NoBucket(String),
    /// A bucket root.
    #[error("destination {0:?} is the root of a bucket; give it a folder: gs://bucket/folder")]
    BucketRoot(String),
    /// Empty, `.` or `..` segments, control characters, or characters that a
    /// bucket name or a listing would take for something else.
    #[error("destination {path:?} {problem}; expected gs://bucket/folder")]
    Malformed {
        /// What was given.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Folder {
    /// Reads a `gs://bucket/prefix` path.
    pub fn parse(path: &str) -> Result<Self, FolderError> {
        let malformed = |problem| FolderError::Malformed {
            path: path.to_owned(),
            problem,
        };
        let rest = path
            .strip_prefix("gs://")
            .ok_or_else(|| FolderError::Scheme(path.to_owned()))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(FolderError::NoBucket(path.to_owned()));
        }
        let bucket_character =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if !bucket.chars().all(bucket_character) {
            return Err(malformed("has a bucket name that GCS does not know"));
        }
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Err(FolderError::BucketRoot(path.to_owned()));
        }
        if prefix.chars().any(char::is_control) {
            return Err(malformed("has a control character in it"));
        }
        if prefix
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
        {
            return Err(malformed("has an empty, '.' or '..' segment in it"));
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The prefix without a slash at its end.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for Folder {
    /// Always as a folder, with its slash: `a/b/` never matches `a/b2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gs://{}/{}/", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_the_same_with_and_without_slashes_at_its_end() {
        let folder = Folder::parse("gs://bucket/a/b").unwrap();
        assert_eq!(folder, Folder::parse("gs://bucket/a/b///").unwrap());
        assert_eq!(folder.to_string(), "gs://bucket/a/b/");
        assert_eq!((folder.bucket(), folder.prefix()), ("bucket", "a/b"));
    }

    #[test]
    fn what_is_no_folder_of_a_bucket_is_refused_by_name() {
        for (path, says) in [
            ("s3://bucket/a", "not a gs:// path"),
            ("bucket/a", "not a gs:// path"),
            ("gs:///a", "names no bucket"),
            ("gs://bucket", "root of a bucket"),
            ("gs://bucket//", "root of a bucket"),
            ("gs://bucket/a//b", "empty, '.' or '..' segment"),
            ("gs://bucket/a/../b", "empty, '.' or '..' segment"),
            ("gs://bucket/a\nb", "control character"),
            ("gs://Bucket/a", "bucket name"),
        ] {
            let error = Folder::parse(path).unwrap_err().to_string();
            assert!(error.contains(says), "{path}: {error}");
            assert!(error.contains(&format!("{path:?}")), "{path}: {error}");
        }
    }
}
