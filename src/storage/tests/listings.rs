use super::*;

#[tokio::test]
async fn a_listing_goes_over_all_pages_and_into_no_neighbour() {
    let store = TestStore::start().await;
    store.pages_of(2);
    for name in [
        "a/b/1", "a/b/2", "a/b/3/x", "a/b/4", "a/b/5", "a/b2", "a/b2/x", "a/c",
    ] {
        store.put(name, "xy");
    }
    let objects = list(&store).await.unwrap();
    let names: Vec<_> = objects.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(names, ["a/b/1", "a/b/2", "a/b/3/x", "a/b/4", "a/b/5"]);
    assert!(objects.iter().all(|object| object.size == 2));
    assert_eq!(objects[0].url(), "gs://bucket/a/b/1");
    assert_eq!(
        objects[0].last_modified.to_rfc3339(),
        "2026-11-22T03:05:07.123+00:00"
    );
    assert_eq!(store.lists_and_reads(), (3, 0));
}

#[tokio::test]
async fn odd_names_come_back_exactly_and_are_read_and_deleted_by_them() {
    let names = [
        "a/b/",
        "a/b/ space at both ends ",
        "a/b/%2F%25",
        "a/b/../x",
        "a/b//x",
        "a/b/<&\">'",
        "a/b/c",
        "a/b/c/",
        "a/b/col=1/part 0+?#.parquet",
        "a/b/ünï/😀",
    ];
    let store = TestStore::start().await;
    store.pages_of(3);
    let file = crate::storage::test_parquet::parquet(3, 0);
    for name in names {
        store.put(name, file.clone());
    }
    let objects = list(&store).await.unwrap();
    let mut found: Vec<_> = objects.iter().map(|object| object.name.as_str()).collect();
    found.sort_unstable();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(found, expected);

    let client = store.client();
    let mut left = store.names();
    for object in &objects {
        let footer = client.footer(object).await.unwrap();
        assert_eq!(footer, Footer::Parquet { rows: 3 }, "{}", object.name);
        client.delete(object).await.unwrap();
        left.retain(|name| *name != object.name);
        assert_eq!(store.names(), left, "after {:?}", object.name);
    }
}

#[tokio::test]
async fn a_page_that_fails_is_asked_for_again_and_no_object_comes_twice() {
    let store = TestStore::start().await;
    store.pages_of(2);
    for number in 0..6 {
        store.put(&format!("a/b/{number}"), "x");
    }
    let mut seconds = 0;
    store.fault(move |asked| {
        let second = asked.uri.query()?.contains("continuation-token=a%2Fb%2F1");
        seconds += usize::from(second);
        match (second, seconds) {
            (true, 1) => Some(error(503, "SlowDown")),
            (true, 2) => Some(Scripted::new(200, "<ListBucketResult><Contents>")),
            _ => None,
        }
    });
    assert_eq!(list(&store).await.unwrap().len(), 6);
    assert_eq!(store.lists_and_reads(), (5, 0));
}

#[tokio::test]
async fn a_failing_page_ends_the_listing_with_an_error_not_early() {
    let store = TestStore::start().await;
    store.pages_of(1);
    store.put("a/b/1", "x");
    store.put("a/b/2", "x");
    store.fault(|asked| {
        let second = asked.uri.query()?.contains("continuation-token");
        second.then(|| error(500, "InternalError"))
    });
    let client = store.client();
    let folder = folder();
    let mut listing = client.list(&folder);
    assert_eq!(listing.try_next().await.unwrap().unwrap().name, "a/b/1");
    let error = listing.try_next().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "storage did not list gs://bucket/a/b/: status 500, InternalError: m"
    );
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_named() {
    let store = TestStore::start().await;
    let folder = Folder::parse("gs://nowhere/a").unwrap();
    let client = store.client();
    let listed: Result<Vec<_>, _> = client.list(&folder).try_collect().await;
    assert_eq!(
        listed.unwrap_err(),
        StorageError::NotFound {
            url: "gs://nowhere".to_owned()
        }
    );
    assert_eq!(store.asked().len(), 1);
}

#[tokio::test]
async fn objects_from_outside_the_folder_are_never_listed() {
    let store = TestStore::start().await;
    store.fault(|_| {
        Some(Scripted::new(
            200,
            "<ListBucketResult><Contents><Key>a/b2</Key><Size>1</Size></Contents></ListBucketResult>",
        ))
    });
    let error = list(&store).await.unwrap_err().to_string();
    assert!(error.contains("\"a/b2\", which lies outside"), "{error}");
}

#[tokio::test]
async fn pages_that_go_round_in_a_circle_are_noticed() {
    let store = TestStore::start().await;
    store.fault(|_| {
        Some(Scripted::new(
            200,
            "<ListBucketResult><NextContinuationToken>x</NextContinuationToken></ListBucketResult>",
        ))
    });
    let error = list(&store).await.unwrap_err().to_string();
    assert!(error.contains("round in a circle"), "{error}");
}
