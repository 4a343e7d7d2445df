use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use export_api::{
    ClaimToken, JobUpdate, NextUri, SnapshotAfterUpdate, SnapshotPatch, SnapshotStatus, WireTime,
};

use super::*;

const SECRET_URI: &str = "https://starburst/v1/statement/queued/x/y-slug/1";

fn instant() -> DateTime<Utc> {
    "2026-11-22T03:05:07.987654Z".parse().unwrap()
}

fn running() -> JobUpdate {
    JobUpdate::Running {
        next_uri: NextUri::new(SECRET_URI),
        next_poll_at: WireTime(instant()),
        poll_count: 4,
    }
}

fn completed(row_count: u64, size_bytes: u64) -> JobUpdate {
    JobUpdate::Completed {
        row_count,
        size_bytes,
        files: 2,
        completed_at: WireTime(instant()),
        stats: None,
    }
}

#[tokio::test]
async fn still_running_carries_the_next_uri_the_token_and_whole_seconds() {
    let server = ScriptedServer::answering(|_| ok(&first_generation_job("7"))).await;
    let token = ClaimToken::new("t1");
    let updated = client(&server.url)
        .update_job(&"7".into(), Some(&token), running())
        .await
        .unwrap();
    // A first-generation answer is the job; it says nothing of the snapshot.
    assert_eq!(updated.snapshot, None);
    let asked = &server.asked()[0];
    assert_eq!(asked.method, "PATCH");
    assert_eq!(asked.uri, "/api/internal/export-jobs/7");
    assert_eq!(
        asked.json(),
        json!({"claim_token": "t1", "next_uri": SECRET_URI,
            "next_poll_at": "2026-11-22T03:05:07Z", "poll_count": 4})
    );
}

#[tokio::test]
async fn an_answer_says_how_the_snapshot_stands() {
    let snapshot = json!({"snapshot": {"status": "ready", "remaining_jobs": 0}});
    let odd = json!({"snapshot": "s1"});
    let server = ScriptedServer::in_turn([ok(&snapshot), ok(&odd)]).await;
    let client = client(&server.url);
    let job = "7".into();
    let update = || client.update_job(&job, None, completed(3, 4));
    assert_eq!(
        update().await.unwrap().snapshot,
        Some(SnapshotAfterUpdate {
            status: SnapshotStatus::Ready,
            remaining_jobs: 0
        })
    );
    assert_eq!(update().await.unwrap().snapshot, None);
}

#[tokio::test]
async fn a_lost_lease_is_told_at_once() {
    let server = ScriptedServer::in_turn([Scripted::json(
        409,
        &json!({"error": {"code": "LEASE_LOST", "message": "stale"}, "meta": {}}),
    )])
    .await;
    let result = client(&server.url)
        .update_job(&"7".into(), None, running())
        .await;
    assert_eq!(result, Err(ControlPlaneError::LeaseLost));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_status_update_is_repeated_until_it_is_heard() {
    let server = ScriptedServer::in_turn([
        Scripted::new(502, "<html>bad gateway</html>"),
        Scripted::new(200, ""),
        Scripted::new(500, "Internal Server Error"),
        ok(&json!({})),
    ])
    .await;
    client(&server.url)
        .update_job(&"7".into(), None, completed(1, 2))
        .await
        .unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|request| request.body == asked[0].body));
}

#[tokio::test]
async fn a_count_that_31_bits_do_not_hold_is_reported_once() {
    for (rows, bytes) in [(2_147_483_648, 1), (1, 3_000_000_000)] {
        let server = ScriptedServer::answering(|_| Scripted::new(500, "oops")).await;
        let error = client(&server.url)
            .update_job(&"7".into(), None, completed(rows, bytes))
            .await
            .unwrap_err();
        assert_eq!(
            error,
            ControlPlaneError::CountTooLarge {
                row_count: rows,
                size_bytes: bytes
            }
        );
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_500_means_nothing_else_when_the_counts_fit_or_the_other_side_knows_leases() {
    let server = ScriptedServer::answering(|_| Scripted::new(500, "oops")).await;
    let client = client(&server.url);
    let token = ClaimToken::new("t");
    for (token, rows) in [(None, 2_147_483_647), (Some(&token), 2_147_483_648)] {
        let error = client
            .update_job(&"7".into(), token, completed(rows, 1))
            .await
            .unwrap_err();
        assert!(
            matches!(error, ControlPlaneError::ServerError { status: 500, .. }),
            "{error}"
        );
    }
    assert_eq!(server.asked().len(), 12);
}

#[tokio::test]
async fn a_refused_update_does_not_tell_the_next_uri() {
    let server = ScriptedServer::answering(|asked| {
        Scripted::json(
            422,
            &json!({"detail": [{"loc": ["body", "next_poll_at"], "msg": "too late",
                "input": asked.json()}]}),
        )
    })
    .await;
    let error = client(&server.url)
        .update_job(&"7".into(), None, running())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "control plane refuses the request: status 422: body.next_poll_at: too late"
    );
    assert!(!format!("{error:?}").contains(SECRET_URI));
}

#[tokio::test]
async fn a_control_plane_without_patch_is_sent_puts_from_then_on() {
    let server = ScriptedServer::answering(|asked| {
        if asked.method == "PUT" {
            ok(&json!({"status": "creating"}))
        } else {
            Scripted::json(405, &json!({"detail": "Method Not Allowed"}))
        }
    })
    .await;
    let client = client(&server.url);
    for _ in 0..2 {
        client
            .update_snapshot(&"s1".into(), &SnapshotPatch::Creating)
            .await
            .unwrap();
    }
    let methods: Vec<_> = server
        .asked()
        .iter()
        .map(|request| request.method.to_string())
        .collect();
    assert_eq!(methods, ["PATCH", "PUT", "PUT"]);
}

#[tokio::test]
async fn a_snapshot_is_patched_where_patch_is_known() {
    let server = ScriptedServer::in_turn([ok(&json!({})), Scripted::new(204, "")]).await;
    let client = client(&server.url);
    let ready = SnapshotPatch::Ready {
        node_counts: BTreeMap::from([("customer".to_owned(), 5)]),
        edge_counts: BTreeMap::new(),
        size_bytes: 9,
    };
    client.update_snapshot(&"s1".into(), &ready).await.unwrap();
    let failed = SnapshotPatch::Failed {
        error_message: "customer: no such table".to_owned(),
    };
    client.update_snapshot(&"s1".into(), &failed).await.unwrap();
    let asked = server.asked();
    assert!(asked.iter().all(|request| request.method == "PATCH"));
    assert_eq!(
        asked[0].json(),
        json!({"status": "ready", "node_counts": {"customer": 5}, "edge_counts": {}, "size_bytes": 9})
    );
    assert_eq!(
        asked[1].json(),
        json!({"status": "failed", "error_message": "customer: no such table"})
    );
}

#[tokio::test]
async fn a_snapshot_with_a_job_that_cannot_be_read_is_not_taken_for_a_smaller_one() {
    let whole = json!([first_generation_job("1"), first_generation_job("2")]);
    let odd = json!([first_generation_job("1"), {"id": "2"}]);
    let server = ScriptedServer::in_turn([ok(&whole), ok(&json!({"jobs": whole}))]).await;
    let reader = client(&server.url);
    for _ in 0..2 {
        assert_eq!(reader.snapshot_jobs(&"s1".into()).await.unwrap().len(), 2);
    }
    let server = ScriptedServer::answering(move |_| ok(&odd)).await;
    let error = client(&server.url)
        .snapshot_jobs(&"s1".into())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("a job that cannot be read"),
        "{error}"
    );
}

#[tokio::test]
async fn a_status_nobody_knows_yet_is_kept() {
    let server = ScriptedServer::answering(|_| ok(&json!({"status": "archived"}))).await;
    let status = client(&server.url)
        .snapshot_status(&"s1".into())
        .await
        .unwrap();
    assert_eq!(status, SnapshotStatus::Unknown("archived".to_owned()));
}
