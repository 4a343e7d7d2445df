use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::Utc;
use futures::TryStreamExt;
use object_store::{
    Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutMode, PutOptions, WriteMultipart,
    gcp::GoogleCloudStorage, path::Path,
};
use parquet::file::metadata::ParquetMetaDataReader;

use super::*;
use crate::server::{Serve, Server};

async fn open() -> (Arc<Store>, Server, GoogleCloudStorage) {
    let store = Store::open(None, &["exports".to_owned()]).unwrap();
    let address = "127.0.0.1:0".parse().unwrap();
    let server = Serve::new(store.router()).listen(address).await.unwrap();
    let gcs = client(&server.url(), "exports").unwrap();
    (store, server, gcs)
}

async fn names(gcs: &GoogleCloudStorage, prefix: &str) -> Vec<String> {
    let prefix = Path::from(prefix);
    let objects: Vec<_> = gcs.list(Some(&prefix)).try_collect().await.unwrap();
    objects
        .into_iter()
        .map(|o| o.location.to_string())
        .collect()
}

#[tokio::test]
async fn what_is_put_is_got_headed_and_deleted() {
    let (_store, _server, gcs) = open().await;
    let path = Path::from("a/b/one.parquet");
    let before = Utc::now() - Duration::from_secs(2);
    gcs.put(&path, Bytes::from_static(b"0123456789").into())
        .await
        .unwrap();

    let head = gcs.head(&path).await.unwrap();
    assert_eq!(head.size, 10);
    assert!(head.last_modified > before && head.last_modified <= Utc::now());
    assert!(head.e_tag.is_some() && head.version.is_some());

    let all = gcs.get(&path).await.unwrap();
    assert_eq!(all.meta.size, 10);
    assert_eq!(all.bytes().await.unwrap(), "0123456789");

    gcs.delete(&path).await.unwrap();
    assert!(matches!(gcs.head(&path).await, Err(Error::NotFound { .. })));
    assert!(matches!(gcs.get(&path).await, Err(Error::NotFound { .. })));
    // Google's answer; a client has to expect it after a delete whose answer was lost.
    assert!(matches!(
        gcs.delete(&path).await,
        Err(Error::NotFound { .. })
    ));
}

#[tokio::test]
async fn ranges_give_the_bytes_they_name() {
    let (_store, _server, gcs) = open().await;
    let path = Path::from("ranges");
    gcs.put(&path, Bytes::from_static(b"0123456789").into())
        .await
        .unwrap();
    assert_eq!(gcs.get_range(&path, 2..5).await.unwrap(), "234");
    let ranges = gcs.get_ranges(&path, &[0..1, 8..10]).await.unwrap();
    assert_eq!(ranges, ["0", "89"]);

    let suffix = |length| GetOptions {
        range: Some(GetRange::Suffix(length)),
        ..GetOptions::default()
    };
    let end = gcs.get_opts(&path, suffix(3)).await.unwrap();
    assert_eq!((end.range.clone(), end.meta.size), (7..10, 10));
    assert_eq!(end.bytes().await.unwrap(), "789");
    let more_than_all = gcs.get_opts(&path, suffix(64)).await.unwrap();
    assert_eq!(more_than_all.range, 0..10);

    assert!(gcs.get_range(&path, 10..12).await.is_err());
}

#[tokio::test]
async fn a_multipart_upload_shows_whole_or_not_at_all() {
    let (store, _server, gcs) = open().await;
    let path = Path::from("parts/big");
    let mut upload =
        WriteMultipart::new_with_chunk_size(gcs.put_multipart(&path).await.unwrap(), 1 << 20);
    let part: Vec<u8> = (0..=255).cycle().take(2_500_000).collect();
    upload.write(&part);
    upload.wait_for_capacity(0).await.unwrap();
    assert_eq!(store.objects("exports", ""), []);
    upload.finish().await.unwrap();
    assert_eq!(gcs.get(&path).await.unwrap().bytes().await.unwrap(), part);

    let mut given_up = gcs.put_multipart(&Path::from("parts/other")).await.unwrap();
    given_up.put_part(part.into()).await.unwrap();
    given_up.abort().await.unwrap();
    assert_eq!(store.objects("exports", "parts/").len(), 1);
    let left = std::fs::read_dir(store.directory().join(".incoming")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn a_listing_of_many_pages_is_whole_and_in_order() {
    let (store, _server, gcs) = open().await;
    for n in 0..25 {
        let name = format!("many/{n:03}");
        store
            .put("exports", &name, Bytes::from_static(b"x"))
            .await
            .unwrap();
    }
    for page_size in [1, 7, 25, 1000] {
        store.set_page_size(page_size);
        let expected: Vec<_> = (0..25).map(|n| format!("many/{n:03}")).collect();
        assert_eq!(names(&gcs, "many").await, expected);
    }
}

#[tokio::test]
async fn a_prefix_is_a_folder_and_a_delimiter_cuts_it() {
    let (store, _server, gcs) = open().await;
    for name in ["a/b/1", "a/b/c/2", "a/b2/3", "a/b", "a/b/"] {
        store.put("exports", name, Bytes::new()).await.unwrap();
    }
    let stored: Vec<_> = store
        .objects("exports", "a/b/")
        .into_iter()
        .map(|o| o.name)
        .collect();
    assert_eq!(stored, ["a/b/", "a/b/1", "a/b/c/2"]);
    // The first is the marker `a/b/`: object_store cuts the slash off its name.
    assert_eq!(names(&gcs, "a/b").await, ["a/b", "a/b/1", "a/b/c/2"]);
    let cut = gcs
        .list_with_delimiter(Some(&Path::from("a/b")))
        .await
        .unwrap();
    assert_eq!(cut.common_prefixes, [Path::from("a/b/c")]);
    assert_eq!(cut.objects.len(), 2);
}

#[tokio::test]
async fn odd_names_stay_what_they_are() {
    let (store, _server, gcs) = open().await;
    let long = "long-".repeat(180);
    let odd = [
        "a",
        "a/b",
        "sp ace+plus",
        "per%20cent",
        "quo\"te<&>'",
        "ümläut/日本",
        "hash#?query=1&b",
        "dots../..dots",
        "back\\slash",
        "a:b|c*",
        &long,
    ];
    for name in odd {
        let path = Path::parse(name).unwrap();
        gcs.put(&path, Bytes::from(name.to_owned()).into())
            .await
            .unwrap();
    }
    for name in odd {
        let path = Path::parse(name).unwrap();
        assert_eq!(gcs.get(&path).await.unwrap().bytes().await.unwrap(), name);
    }
    let mut expected: Vec<_> = odd.iter().map(|name| (*name).to_owned()).collect();
    expected.sort();
    let listed: Vec<_> = gcs
        .list(None)
        .map_ok(|o| o.location.to_string())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(listed, expected);
    // Names a file system would take for something else.
    for name in ["x//y", "../out", "./here", "x/../y", "folder/"] {
        store
            .put("exports", name, Bytes::from(name.to_owned()))
            .await
            .unwrap();
    }
    let names: Vec<_> = store
        .objects("exports", "x/")
        .into_iter()
        .map(|o| o.name)
        .collect();
    assert_eq!(names, ["x/../y", "x//y"]);
    assert!(!store.directory().parent().unwrap().join("out").exists());
}

#[tokio::test]
async fn an_unknown_bucket_and_a_wrong_generation_are_refused() {
    let (store, server, gcs) = open().await;
    let other = client(&server.url(), "other").unwrap();
    let path = Path::from("a");
    assert!(matches!(
        other.head(&path).await,
        Err(Error::NotFound { .. })
    ));
    let error = other.list(None).try_collect::<Vec<_>>().await.unwrap_err();
    assert!(error.to_string().contains("NoSuchBucket"), "{error}");
    store.create_bucket("other");
    other.put(&path, Bytes::new().into()).await.unwrap();

    let create = || PutOptions::from(PutMode::Create);
    gcs.put_opts(&path, Bytes::new().into(), create())
        .await
        .unwrap();
    let again = gcs.put_opts(&path, Bytes::new().into(), create()).await;
    assert!(matches!(again, Err(Error::AlreadyExists { .. })));
}

#[tokio::test]
async fn a_directory_that_is_not_empty_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("mine"), "x").unwrap();
    let refused = Store::open(Some(directory.path()), &[]).err().unwrap();
    assert!(refused.to_string().contains("is not empty"), "{refused}");
}

#[test]
fn samples_say_the_rows_they_should() {
    let rows = |file: &Bytes| {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(file).unwrap();
        metadata.file_metadata().num_rows()
    };
    assert_eq!(rows(&parquet(0).unwrap()), 0);
    assert_eq!(rows(&parquet(17).unwrap()), 17);
    assert_eq!(rows(&claiming_rows(3 << 31).unwrap()), 3 << 31);

    let large = large_footer(3, 64 * 1024).unwrap();
    assert_eq!(rows(&large), 3);
    let length = u32::from_le_bytes(large[large.len() - 8..large.len() - 4].try_into().unwrap());
    assert!(length > 64 * 1024, "{length}");

    for broken in [truncated().unwrap(), magic_only(), broken_footer()] {
        assert!(
            ParquetMetaDataReader::new()
                .parse_and_finish(&broken)
                .is_err()
        );
    }
    assert!(!truncated().unwrap().ends_with(b"PAR1"));
    assert!(magic_only().ends_with(b"PAR1") && broken_footer().ends_with(b"PAR1"));
}
