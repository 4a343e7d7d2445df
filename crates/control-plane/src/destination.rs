//! Destinations and how they overlap.

use std::fmt;

/// A folder of a bucket as the store compares it: `bucket/a/b/`.
///
/// The slash at its end makes nesting a question of prefixes: `bucket/a/` lies
/// around `bucket/a/b/` but not around `bucket/ab/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination(String);

impl Destination {
    /// Reads `gs://bucket/prefix`. The error says what is wrong with the path.
    pub fn parse(path: &str) -> Result<Self, &'static str> {
        let rest = path
            .strip_prefix("gs://")
            .ok_or("is no gs:// path; expected gs://bucket/folder")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err("names no bucket; expected gs://bucket/folder");
        }
        let bucket_character =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
        if !bucket.chars().all(bucket_character) {
            return Err("has a bucket name that GCS does not know; expected gs://bucket/folder");
        }
        let prefix = prefix.trim_end_matches('/');
        if prefix.is_empty() {
            return Err("is the root of a bucket; give it a folder: gs://bucket/folder");
        }
        if prefix.chars().any(char::is_control) {
            return Err("has a control character in it");
        }
        if prefix
            .split('/')
            .any(|part| matches!(part, "" | "." | ".."))
        {
            return Err("has an empty, '.' or '..' segment in it");
        }
        // Room for a file name below GCS's limit of 1,024 bytes.
        if prefix.len() > 900 {
            return Err("is longer than 900 bytes");
        }
        Ok(Self(format!("{bucket}/{prefix}/")))
    }

    /// As the store keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the two are equal or one lies in the other.
    pub fn overlaps(&self, other: &str) -> bool {
        self.0.starts_with(other) || other.starts_with(&self.0)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gs://{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_overlap_when_equal_or_nested_but_not_when_their_names_only_begin_alike() {
        let folder = Destination::parse("gs://bucket/a/b").unwrap();
        for (other, overlaps) in [
            ("gs://bucket/a/b/", true),
            ("gs://bucket/a", true),
            ("gs://bucket/a/b/c", true),
            ("gs://bucket/a/b2", false),
            ("gs://bucket/a/c", false),
            ("gs://other/a/b", false),
        ] {
            let other_folder = Destination::parse(other).unwrap();
            assert_eq!(folder.overlaps(other_folder.as_str()), overlaps, "{other}");
        }
    }

    #[test]
    fn what_is_no_folder_of_a_bucket_is_refused() {
        for (path, says) in [
            ("s3://bucket/a", "no gs:// path"),
            ("gs:///a", "names no bucket"),
            ("gs://bucket", "root of a bucket"),
            ("gs://bucket//", "root of a bucket"),
            ("gs://bucket/a//b", "segment"),
            ("gs://bucket/../b", "segment"),
            ("gs://bucket/a\nb", "control character"),
            ("gs://Bucket/a", "bucket name"),
        ] {
            let problem = Destination::parse(path).unwrap_err();
            assert!(problem.contains(says), "{path}: {problem}");
        }
    }
}
