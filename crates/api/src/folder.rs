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
#[error("destination {path:?} {problem}; expected gs://bucket/folder")]
pub struct FolderError {
    path: String,
    problem: &'static str,
}

impl FolderError {
    /// What is wrong with it, to stand after the path: `names no bucket`.
    pub fn problem(&self) -> &'static str {
        self.problem
    }
}

impl Folder {
    /// Reads a `gs://bucket/prefix` path.
    pub fn parse(path: &str) -> Result<Self, FolderError> {
        let refused = |problem| FolderError {
            path: path.to_owned(),
            problem,
        };
        let rest = path
            .strip_prefix("gs://")
            .ok_or_else(|| refused("is not a gs:// path"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(refused("names no bucket"));
        }
        let bucket_character =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if !bucket.chars().all(bucket_character) {
            return Err(refused("has a bucket name that GCS does not know"));
        }
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Err(refused("is the root of a bucket"));
        }
        if prefix.chars().any(char::is_control) {
            return Err(refused("has a control character in it"));
        }
        if prefix
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
        {
            return Err(refused("has an empty, '.' or '..' segment in it"));
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
