//! Files other writers wrote: Apache Arrow (C++) and `DuckDB`.

use std::{collections::BTreeSet, path::PathBuf};

use super::*;

/// Rows, or what is said of the file; and how many reads it takes.
const FILES: [(&str, Result<u64, &str>, usize); 6] = [
    ("arrow_1000_rows_4_groups.parquet", Ok(1000), 1),
    ("arrow_1_row_1000_columns.parquet", Ok(1), 2),
    ("arrow_no_rows.parquet", Ok(0), 1),
    ("cut_off.parquet", Err("no parquet"), 1),
    ("duckdb_42_rows.parquet", Ok(42), 1),
    (
        "encrypted_footer.parquet",
        Err("its footer is encrypted"),
        1,
    ),
];

fn folder_of_files() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/parquet"))
}

#[tokio::test]
async fn files_of_other_writers_are_understood() {
    for (name, expected, reads) in FILES {
        let store = TestStore::start().await;
        let name_there = format!("a/b/{name}");
        store.put(
            &name_there,
            std::fs::read(folder_of_files().join(name)).unwrap(),
        );
        let object = listed(&store, &name_there).await;
        match (store.client().footer(&object).await, expected) {
            (Ok(Footer::Parquet { rows }), Ok(expected)) => assert_eq!(rows, expected, "{name}"),
            (Ok(Footer::NotParquet), Err("no parquet")) => {}
            (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{error}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
        assert_eq!(store.lists_and_reads(), (1, reads), "{name}");
    }
}

#[test]
fn every_file_belongs_to_the_test() {
    let there: BTreeSet<_> = std::fs::read_dir(folder_of_files())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let tested: BTreeSet<_> = FILES.map(|(name, _, _)| name.to_owned()).into();
    assert_eq!(there, tested);
}
