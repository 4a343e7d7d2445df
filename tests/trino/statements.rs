//! What the files of `deploy/starburst` do in a server that loaded them.

use serde_json::json;

use super::coordinator::{Answer, Coordinator, TAG, USER};

fn error(answer: &Answer) -> &str {
    answer.error.as_ref().map_or("none", |(name, _)| name)
}

#[tokio::test]
async fn the_files_handed_over_do_what_they_say() {
    let trino = Coordinator::start().await;
    let tagged = async |sql: &str| trino.run(USER, TAG, sql).await;

    let counted = tagged("SELECT count(*) FROM lake.tiny.region").await;
    assert_eq!(
        (counted.rows, counted.group),
        (vec![json!([5])], json!(["exports"]))
    );

    let untagged = trino.run(USER, "", "SELECT 1").await;
    assert_eq!(
        untagged.group,
        json!(["others"]),
        "only the tag leads to the group"
    );
    let tags = format!("{TAG}, and-another");
    let with_more = trino.run(USER, &tags, "SELECT 1").await;
    assert_eq!(with_more.group, json!(["exports"]), "more tags do no harm");
    let in_capitals = trino.run(USER, &TAG.to_uppercase(), "SELECT 1").await;
    assert_eq!(
        in_capitals.group,
        json!(["others"]),
        "tags are case-sensitive"
    );

    let longest = "SHOW SESSION LIKE 'query_max_run_time'";
    assert_eq!(tagged(longest).await.rows[0][1], "12h");
    let of_others = trino.run("somebody", "", longest).await;
    assert_eq!(
        of_others.rows[0][1], "100.00d",
        "only the group has the default"
    );

    for forbidden in [
        "CREATE TABLE lake.tiny.copy AS SELECT 1 AS n",
        "CALL system.runtime.kill_query(query_id => 'x', message => 'y')",
        "SELECT * FROM system.runtime.nodes",
    ] {
        assert_eq!(
            error(&tagged(forbidden).await),
            "PERMISSION_DENIED",
            "{forbidden}"
        );
    }
    let own = tagged("SELECT count(*) > 0 FROM system.runtime.queries").await;
    assert_eq!(
        own.rows,
        [json!([true])],
        "queries can be looked up by their ids"
    );
}
