//! Destinations and how they overlap.

use std::fmt;

use export_api::Folder;

/// In bytes; leaves room for a file's name below GCS's limit of 1,024.
const LONGEST_PREFIX: usize = 900;
/// In characters; GCS makes no bucket with a longer name.
const LONGEST_BUCKET: usize = 222;

/// A folder of a bucket as the store compares it: `bucket/a/b/`.
///
/// The slash at its end makes nesting a question of prefixes: `bucket/a/` lies
/// around `bucket/a/b/` but not around `bucket/ab/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination(String);

impl Destination {
    /// Reads `gs://bucket/prefix`. The error says what is wrong with the path.
    pub fn parse(path: &str) -> Result<Self, &'static str> {
        let folder = Folder::parse(path).map_err(|error| error.problem())?;
        if folder.bucket().len() > LONGEST_BUCKET {
            return Err("names a bucket longer than 222 characters");
        }
        if folder.prefix().len() > LONGEST_PREFIX {
            return Err("is longer than 900 bytes");
        }
        Ok(Self(format!("{}/{}/", folder.bucket(), folder.prefix())))
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
    fn a_destination_leaves_room_for_the_names_of_its_files() {
        let path = |length| format!("gs://bucket/{}/", "a".repeat(length));
        assert!(Destination::parse(&path(900)).is_ok());
        let bucket = |length| format!("gs://{}/a", "b".repeat(length));
        assert!(Destination::parse(&bucket(222)).is_ok());
        for (path, says) in [
            (path(901), "900 bytes"),
            (path(0), "root of a bucket"),
            (bucket(223), "222 characters"),
        ] {
            let problem = Destination::parse(&path).unwrap_err();
            assert!(problem.contains(says), "{path}: {problem}");
        }
    }
}
