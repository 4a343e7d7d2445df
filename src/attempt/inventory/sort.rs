use crate::ports::{QueryId, StoredObject};

/// What an object is by its name, before anybody looks into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// No data: folder markers, and names that begin with `_` or `.`.
    Ignored,
    /// Another query's.
    Debris,
    /// Data, if it ends in Parquet's magic bytes.
    Candidate,
}

pub(super) fn of(object: &StoredObject, own: Option<&QueryId>) -> Sort {
    let name = object.file_name();
    let marker = object.size == 0 && (name.is_empty() || name.ends_with("_$folder$"));
    if marker || name.starts_with(['_', '.']) {
        return Sort::Ignored;
    }
    match own {
        Some(own) if begins_with_query_id(name) && !name.starts_with(own.as_str()) => Sort::Debris,
        _ => Sort::Candidate,
    }
}

/// Whether the name has an extension, and another than `.parquet`.
pub(super) fn has_other_extension(object: &StoredObject) -> bool {
    match object.file_name().rsplit_once('.') {
        Some((_, extension)) => !extension.is_empty() && !extension.eq_ignore_ascii_case("parquet"),
        None => false,
    }
}

/// Coordinators write their files as `20261122_030507_00042_abcde…`.
fn begins_with_query_id(name: &str) -> bool {
    // Day, time, number, coordinator.
    const SHAPE: &[u8; 27] = b"00000000_000000_00000_aaaaa";
    name.as_bytes().first_chunk::<27>().is_some_and(|begin| {
        begin.iter().zip(SHAPE).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'a' => byte.is_ascii_digit() || byte.is_ascii_lowercase(),
            _ => byte == shape,
        })
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn object(name: &str, size: u64) -> StoredObject {
        StoredObject {
            bucket: "bucket".to_owned(),
            name: format!("a/b/{name}"),
            size,
            last_modified: DateTime::UNIX_EPOCH,
            generation: None,
        }
    }

    fn sort(name: &str, size: u64) -> Sort {
        let own = QueryId::new("20261122_030507_00042_abcde");
        of(&object(name, size), Some(&own))
    }

    #[test]
    fn markers_and_hidden_names_are_ignored() {
        for (name, size) in [
            ("", 0),
            ("c/", 0),
            ("c_$folder$", 0),
            ("_SUCCESS", 0),
            ("_metadata", 500),
            (".part.crc", 8),
            ("c/.tmp", 8),
        ] {
            assert_eq!(sort(name, size), Sort::Ignored, "{name}");
        }
        for (name, size) in [("c/", 1), ("c_$folder$", 1), ("x", 0), ("_year=1/x", 9)] {
            assert_eq!(sort(name, size), Sort::Candidate, "{name}");
        }
    }

    #[test]
    fn files_named_after_another_query_are_debris() {
        for name in [
            "20261122_030507_00041_abcde",
            "20261122_030507_00042_abcdf_0a1b.parquet",
            "c/20261122_030506_00042_abcde-1",
        ] {
            assert_eq!(sort(name, 9), Sort::Debris, "{name}");
        }
        for name in [
            "20261122_030507_00042_abcde",
            "20261122_030507_00042_abcde_0a1b.parquet",
            "20261122_030507_00041_ABCDE",
            "20261122_030507_00041_abcd",
            "20261122-030507-00041-abcde",
            "part-20261122_030507_00041_abcde",
            "ä261122_030507_00041_abcde",
        ] {
            assert_eq!(sort(name, 9), Sort::Candidate, "{name}");
        }
        let other = object("20261122_030507_00041_abcde", 9);
        assert_eq!(of(&other, None), Sort::Candidate);
    }

    #[test]
    fn an_extension_says_what_should_be_parquet() {
        for name in ["x", "x.parquet", "x.snappy.PARQUET", "x.", "a.b/x"] {
            assert!(!has_other_extension(&object(name, 9)), "{name}");
        }
        for name in ["x.txt", "x.parquet.json", "c/x.crc"] {
            assert!(has_other_extension(&object(name, 9)), "{name}");
        }
    }
}
