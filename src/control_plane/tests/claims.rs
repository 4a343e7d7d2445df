use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket},
};

use super::*;

#[tokio::test]
async fn a_claim_reads_both_kinds_of_list_and_leaves_out_only_what_is_no_job() {
    let jobs = json!([first_generation_job("1"), {"id": 2}, first_generation_job("3")]);
    let server = ScriptedServer::in_turn([ok(&jobs), ok(&json!({"jobs": jobs}))]).await;
    let client = client(&server.url);
    for _ in 0..2 {
        let claimed = client.claim(&claim_request()).await.unwrap();
        let ids: Vec<_> = claimed.jobs.iter().map(|job| job.id.as_str()).collect();
        assert_eq!(ids, ["1", "3"]);
        assert_eq!(claimed.jobs[0].claim_token, None);
    }
}

#[tokio::test]
async fn a_claim_keeps_to_the_limits_and_leaves_out_what_was_not_asked() {
    let server = ScriptedServer::answering(|_| ok(&json!([]))).await;
    let client = client(&server.url);
    for (limit, sent) in [(0, 1), (10, 10), (101, 100)] {
        let request = ClaimRequest {
            limit,
            ..claim_request()
        };
        client.claim(&request).await.unwrap();
        let asked = server.asked().pop().unwrap();
        assert_eq!(asked.method, "POST");
        assert_eq!(asked.uri, "/api/internal/export-jobs/claim");
        assert_eq!(asked.json(), json!({"worker_id": "w1", "limit": sent}));
    }
}

#[tokio::test]
async fn a_claim_that_was_heard_is_not_sent_again() {
    for status in [500, 503, 429] {
        let server = ScriptedServer::answering(move |_| Scripted::new(status, "")).await;
        client(&server.url)
            .claim(&claim_request())
            .await
            .unwrap_err();
        assert_eq!(server.asked().len(), 1, "{status}");
    }
    let server = ScriptedServer::answering(|_| Scripted::new(200, "<html>")).await;
    client(&server.url)
        .claim(&claim_request())
        .await
        .unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

/// Closes the connection on the first requests, unanswered, and answers the others.
async fn closing_server(closed: usize) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            // The small request comes whole.
            let mut request = vec![0; 16 * 1024];
            let read = connection.read(&mut request).await.unwrap();
            assert!(read > 0);
            if counted.fetch_add(1, Ordering::SeqCst) < closed {
                continue;
            }
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"data\":[]}";
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, requests)
}

#[tokio::test]
async fn a_claim_whose_connection_was_closed_unanswered_is_sent_again_once() {
    let (url, requests) = closing_server(1).await;
    client(&url).claim(&claim_request()).await.unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 2);

    let (url, requests) = closing_server(usize::MAX).await;
    let error = client(&url).claim(&claim_request()).await.unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::Unreachable { .. }),
        "{error}"
    );
    assert_eq!(requests.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_look_is_repeated_as_often_as_the_policy_says() {
    let (url, requests) = closing_server(4).await;
    client(&url).check().await.unwrap_err();
    client(&url).snapshot_jobs(&"s".into()).await.unwrap();
    assert_eq!(requests.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_look_at_the_queue_that_failed_is_left_to_the_loop_without_a_wait() {
    let server = ScriptedServer::answering(|_| Scripted::new(503, "")).await;
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = format!("http://{}", nobody.local_addr().unwrap());
    for url in [server.url.clone(), nobody.parse().unwrap()] {
        let mut client = client(&url);
        client.settings.retry = RetryPolicy::fixed(Duration::from_secs(3600), 5);
        client.claim(&claim_request()).await.unwrap_err();
        client.pollable(&pollable_request()).await.unwrap_err();
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn nobody_listening_is_named_by_origin() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let origin = format!("http://{}", socket.local_addr().unwrap());
    let url = Url::parse(&format!("{origin}/cp")).unwrap();
    let error = client(&url).claim(&claim_request()).await.unwrap_err();
    let ControlPlaneError::Unreachable { origin: named, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(named, origin);
}
