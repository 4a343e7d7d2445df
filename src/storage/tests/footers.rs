use super::*;
use crate::storage::test_parquet::{claiming, parquet};

async fn footer(body: impl Into<bytes::Bytes>) -> (Result<Footer, StorageError>, TestStore) {
    let store = TestStore::start().await;
    store.put("a/b/file", body);
    let object = listed(&store, "a/b/file").await;
    let footer = store.client().footer(&object).await;
    (footer, store)
}

fn ranges(store: &TestStore) -> Vec<String> {
    let asked = store.asked();
    let ranges = asked.iter().filter_map(|asked| asked.header("range"));
    ranges.map(str::to_owned).collect()
}

fn problem(result: Result<Footer, StorageError>) -> String {
    match result.unwrap_err() {
        StorageError::UnreadableParquet { url, problem } => {
            assert_eq!(url, "gs://bucket/a/b/file");
            problem
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn rows_come_from_the_footer_with_one_read_of_the_files_end() {
    for rows in [0, 1, 5000] {
        let file = parquet(rows, 0);
        let size = file.len();
        let (footer, store) = footer(file).await;
        let rows = rows.unsigned_abs();
        assert_eq!(footer, Ok(Footer::Parquet { rows }));
        let first = size.saturating_sub(64 * 1024);
        assert_eq!(ranges(&store), [format!("bytes={first}-{}", size - 1)]);
    }
}

#[tokio::test]
async fn a_footer_larger_than_the_first_read_costs_one_read_more() {
    for padding in [100_000, 3_000_000] {
        let file = parquet(7, padding);
        let size = file.len();
        let (footer, store) = footer(file).await;
        assert_eq!(footer, Ok(Footer::Parquet { rows: 7 }));
        let ranges = ranges(&store);
        assert_eq!(ranges.len(), 2);
        let first = size - 64 * 1024;
        assert_eq!(ranges[0], format!("bytes={first}-{}", size - 1));
        // What was read already is not read again.
        assert!(
            ranges[1].ends_with(&format!("-{}", first - 1)),
            "{ranges:?}"
        );
    }
}

#[tokio::test]
async fn a_footer_just_as_large_as_the_first_read_costs_no_more() {
    let file = parquet(7, 500);
    let store = TestStore::start().await;
    let length = file.len();
    let metadata = u32::from_le_bytes(file[length - 8..length - 4].try_into().unwrap());
    store.put("a/b/file", file);
    let object = listed(&store, "a/b/file").await;
    for (spare, reads) in [(0, 1), (-1, 3)] {
        let mut client = store.client();
        client.settings.footer_read = u64::from(metadata + 8).saturating_add_signed(spare);
        let footer = client.footer(&object).await;
        assert_eq!(footer, Ok(Footer::Parquet { rows: 7 }));
        assert_eq!(ranges(&store).len(), reads);
    }
}

#[tokio::test]
async fn rows_beyond_31_bits_are_counted() {
    let (footer, _) = footer(claiming(9_000_000_000)).await;
    assert_eq!(
        footer,
        Ok(Footer::Parquet {
            rows: 9_000_000_000
        })
    );
}

#[tokio::test]
async fn a_footer_with_less_than_no_rows_is_refused() {
    let (footer, _) = footer(claiming(-5)).await;
    assert!(problem(footer).contains("-5 rows"));
}

#[tokio::test]
async fn what_does_not_end_in_the_magic_is_no_parquet() {
    let whole = parquet(100, 0);
    let truncated = whole.slice(..whole.len() - 9);
    for body in [truncated, "just a text, long enough".into()] {
        let (footer, store) = footer(body).await;
        assert_eq!(footer, Ok(Footer::NotParquet));
        assert_eq!(ranges(&store).len(), 1);
    }
}

#[tokio::test]
async fn what_is_too_small_is_no_parquet_and_not_read() {
    for body in ["", "PAR1", "PAR1....PA"] {
        let (footer, store) = footer(body).await;
        assert_eq!(footer, Ok(Footer::NotParquet));
        assert!(ranges(&store).is_empty());
    }
}

#[tokio::test]
async fn a_file_that_lost_its_middle_is_refused_with_what_is_wrong() {
    let whole = parquet(100, 2000);
    let cut = whole.slice(whole.len() - 1000..);
    let (footer, _) = footer(cut).await;
    assert!(problem(footer).contains("the whole file has 1000"));
}

#[tokio::test]
async fn an_encrypted_footer_is_refused_by_name() {
    let mut file = parquet(1, 0).to_vec();
    let end = file.len();
    file[end - 4..].copy_from_slice(b"PARE");
    let (footer, _) = footer(file).await;
    assert!(problem(footer).contains("encrypted"));
}

#[tokio::test]
async fn an_object_replaced_since_the_listing_is_noticed() {
    let body = parquet(3, 0);
    for listed_size in [body.len() as u64 + 100, body.len() as u64 - 2] {
        let store = TestStore::start().await;
        store.put("a/b/file", body.clone());
        store.list_with_size("a/b/file", listed_size);
        let object = listed(&store, "a/b/file").await;
        let error = store.client().footer(&object).await.unwrap_err();
        assert!(error.to_string().contains("replaced meanwhile"), "{error}");
        assert!(matches!(error, StorageError::Unavailable { .. }));
    }
}

#[tokio::test]
async fn an_object_gone_since_the_listing_is_named() {
    let store = TestStore::start().await;
    store.put("a/b/file", parquet(3, 0));
    let object = listed(&store, "a/b/file").await;
    store.client().delete(&object).await.unwrap();
    assert_eq!(
        store.client().footer(&object).await,
        Err(StorageError::NotFound {
            url: "gs://bucket/a/b/file".to_owned()
        })
    );
}

#[tokio::test]
async fn a_store_that_sends_the_whole_object_for_all_of_it_is_understood() {
    let body = parquet(3, 0);
    let store = TestStore::start().await;
    store.put("a/b/file", body.clone());
    let object = listed(&store, "a/b/file").await;
    store.fault(move |_| Some(Scripted::new(200, body.clone())));
    let footer = store.client().footer(&object).await;
    assert_eq!(footer, Ok(Footer::Parquet { rows: 3 }));
}
