use std::time::Duration;

use object_store::ObjectStore;
use reqwest::Method;
use serde_json::json;

use super::{Server, small, unload};
use crate::parquet::{FolderCounts, count_folder, count_rows, read_rows};
use crate::tpch::count;

async fn counts(server: &Server, folder: &str) -> FolderCounts {
    count_folder(server.store.as_ref() as &dyn ObjectStore, folder)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_unload_writes_the_rows_of_its_select_into_several_files() {
    let server = Server::start(small()).await;
    let select = "SELECT custkey, name, acctbal FROM tpch.tiny.customer WHERE acctbal > 0";
    let pages = server.run(&unload(select, "gs://bucket/a/b/")).await;
    let id = pages[0]["id"].as_str().unwrap().to_owned();
    let written = counts(&server, "a/b").await;
    assert_eq!(written.rows, count(0.001, select).unwrap());
    assert!((2..=4).contains(&written.files), "{written:?}");
    for (name, _) in server.objects().await {
        assert!(name.starts_with(&format!("a/b/{id}")), "{name}");
    }
    let summary = pages
        .iter()
        .find_map(|page| page["data"].as_array())
        .unwrap();
    assert_eq!(
        summary[0],
        json!([written.rows, written.files, written.bytes])
    );
    let query = &server.standin.queries()[0];
    assert_eq!(query.location.as_deref(), Some("gs://bucket/a/b/"));
}

#[tokio::test]
async fn dates_numbers_and_texts_keep_their_types() {
    let server = Server::start(small()).await;
    let select = "SELECT orderkey, totalprice, orderdate, shippriority, clerk, \
                  orderkey + 1 AS \"sum, \"\"quoted\"\"\" FROM orders WHERE orderkey = 1";
    server.rows(&unload(select, "gs://bucket/t/")).await;
    let (_, file) = server.objects().await.remove(0);
    let row = read_rows(file).unwrap().remove(0);
    let kinds: Vec<(String, String)> = row
        .get_column_iter()
        .map(|(name, field)| {
            let debug = format!("{field:?}");
            (name.clone(), debug.split('(').next().unwrap().to_owned())
        })
        .collect();
    let expected = [
        ("orderkey", "Long"),
        ("totalprice", "Double"),
        ("orderdate", "Date"),
        ("shippriority", "Int"),
        ("clerk", "Str"),
        ("sum, \"quoted\"", "Long"),
    ]
    .map(|(name, kind)| (name.to_owned(), kind.to_owned()));
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn an_unload_without_rows_writes_no_file() {
    let server = Server::start(small()).await;
    let select = "SELECT * FROM region WHERE regionkey > 99";
    assert_eq!(
        server.rows(&unload(select, "gs://bucket/e/")).await,
        [json!([0, 0, 0])]
    );
    assert!(server.objects().await.is_empty());
}

#[tokio::test]
async fn a_thousand_columns_fit() {
    let server = Server::start(small()).await;
    let columns: Vec<String> = (0..1_000)
        .map(|n| format!("nationkey + {n} AS \"c{n}\""))
        .collect();
    let select = format!("SELECT {} FROM nation", columns.join(", "));
    server.rows(&unload(&select, "gs://bucket/w/")).await;
    assert_eq!(counts(&server, "w").await.rows, 25);
}

#[tokio::test]
async fn the_number_of_files_can_be_set() {
    let server = Server::start(small()).await;
    server.standin.switches().set_files(Some(20));
    server
        .rows(&unload("SELECT * FROM nation", "gs://bucket/n/"))
        .await;
    assert_eq!(server.objects().await.len(), 20);
    let rows: u64 = server
        .objects()
        .await
        .into_iter()
        .map(|(_, file)| count_rows(file).unwrap())
        .sum();
    assert_eq!(rows, 25);
}

#[tokio::test]
async fn more_rows_than_the_head_are_all_written() {
    let server = Server::start(small()).await;
    let select = "SELECT o.orderkey, l.comment FROM orders o, lineitem l WHERE o.orderkey < 150";
    server.rows(&unload(select, "gs://bucket/m/")).await;
    let written = counts(&server, "m").await;
    let expected = count(0.001, select).unwrap();
    assert!(expected > 100_000, "{expected}");
    assert_eq!((written.rows, written.files), (expected, 4));
}

#[tokio::test]
async fn a_cancelled_unload_writes_nothing_unless_the_dead_still_write() {
    let server = Server::start(small()).await;
    let switches = server.standin.switches();
    let _hold = switches.hold_where(|_| true);
    for (debris, objects) in [(None, 0), (Some(Duration::from_millis(1)), 1)] {
        switches.set_debris_after_cancel(debris);
        let page = server
            .register(&unload("SELECT * FROM nation", "gs://bucket/c/"))
            .await;
        let next = server.kick(&page).await;
        let id = page["id"].as_str().unwrap().to_owned();
        server
            .standin
            .wait_until(|queries| {
                let query = queries.iter().find(|query| *query.query_id == *id).unwrap();
                query.state == super::super::QueryState::Running
            })
            .await;
        server.request(Method::DELETE, &next).await;
        let failed = server.page(&next).await;
        assert_eq!(failed["error"]["errorName"], "USER_CANCELED");
        while server.objects().await.len() < objects {
            tokio::task::yield_now().await;
        }
        assert_eq!(server.objects().await.len(), objects);
    }
}

#[tokio::test]
async fn a_cancel_after_the_data_page_leaves_the_files() {
    let server = Server::start(small()).await;
    let page = server
        .register(&unload("SELECT * FROM nation", "gs://bucket/d/"))
        .await;
    let mut next = server.kick(&page).await;
    loop {
        let page = server.page(&next).await;
        next = super::next_uri(&page).unwrap();
        if page.get("data").is_some() {
            break;
        }
    }
    server.request(Method::DELETE, &next).await;
    assert_eq!(
        server.page(&next).await["error"]["errorName"],
        "USER_CANCELED"
    );
    assert_eq!(counts(&server, "d").await.rows, 25);
}

#[tokio::test]
async fn wrong_unloads_are_told_as_trino_tells_them() {
    let server = Server::start(small()).await;
    let good = unload("SELECT * FROM nation", "gs://bucket/x/");
    for (sql, name) in [
        (good.replace("starburst.io", "other"), "FUNCTION_NOT_FOUND"),
        (good.replace("gs://", "ftp://"), "GENERIC_INTERNAL_ERROR"),
        (
            good.replace("SELECT * FROM nation", "SELECT 1 AS a, 2 AS A"),
            "DUPLICATE_COLUMN_NAME",
        ),
        (good.replace("FROM nation", "FROM nope"), "TABLE_NOT_FOUND"),
        (good.replace("'PARQUET'", "'ORC'"), "NOT_SUPPORTED"),
    ] {
        assert_eq!(server.error(&sql).await["errorName"], name, "{sql}");
    }
    assert!(server.objects().await.is_empty());
    let place = server
        .error(&good.replace("* FROM nation", "nope FROM nation"))
        .await;
    assert_eq!(place["errorLocation"]["lineNumber"], 2);
}

#[tokio::test]
async fn an_explain_shows_whether_the_unload_function_is_there() {
    let server = Server::start(small()).await;
    let explain = format!(
        "EXPLAIN (TYPE VALIDATE) {}",
        unload("SELECT 1 AS n", "gs://bucket/x/")
    );
    assert_eq!(server.rows(&explain).await, [json!([true])]);
    assert!(server.objects().await.is_empty());
    let missing = explain.replace("starburst.io", "elsewhere.io");
    assert_eq!(
        server.error(&missing).await["errorName"],
        "CATALOG_NOT_FOUND"
    );
}

#[tokio::test]
async fn a_select_within_a_select_keeps_names_and_types() {
    let server = Server::start(small()).await;
    let inner = "-- all of them\nWITH t AS (SELECT o_orderkey AS id, o_orderdate AS day \
                 FROM tpch.tiny.orders o JOIN tiny.customer ON o_custkey = c_custkey) \
                 SELECT id, day, 'x' AS \"a \"\"b\"\", c\" FROM t WHERE day < DATE '1995-01-01' -- end";
    let select = format!("SELECT \"id\", \"day\", \"a \"\"b\"\", c\" FROM (\n{inner}\n)");
    server.rows(&unload(&select, "gs://bucket/s/")).await;
    assert_eq!(
        counts(&server, "s").await.rows,
        count(0.001, inner).unwrap()
    );
    let (_, file) = server.objects().await.remove(0);
    let row = read_rows(file).unwrap().remove(0);
    let names: Vec<&String> = row.get_column_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["id", "day", "a \"b\", c"]);
    let day = row.get_column_iter().nth(1).unwrap().1;
    assert!(matches!(day, ::parquet::record::Field::Date(_)), "{day:?}");
}
