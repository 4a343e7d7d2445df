use std::{io::Write as _, sync::Mutex};

use google_cloud_auth::credentials::idtoken::mds;

use super::*;
use crate::control_plane::IdTokens;

/// Takes only this key.
async fn locked(key: &'static str) -> ScriptedServer {
    ScriptedServer::answering(move |asked| {
        if asked.header("x-internal-api-key") == Some(key) {
            ok(&json!([]))
        } else {
            Scripted::json(
                401,
                &json!({"error": {"code": "UNAUTHORIZED", "message": "wrong api key"}, "meta": {}}),
            )
        }
    })
    .await
}

#[tokio::test]
async fn a_key_from_a_file_is_read_again_once_when_it_is_refused() {
    let server = locked("new").await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"old\n").unwrap();
    let key = Secret::in_file("KEY_FILE", file.path());
    let client = client_with(&server.url, ControlPlaneCredential::ApiKey(key));

    let error = client.snapshot_jobs(&"s".into()).await.unwrap_err();
    assert!(
        matches!(error, ControlPlaneError::Unauthorized { status: 401, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("wrong api key"), "{error}");
    assert_eq!(server.asked().len(), 1, "the file had no other key");

    std::fs::write(file.path(), "new\n").unwrap();
    client.snapshot_jobs(&"s".into()).await.unwrap();
    assert_eq!(server.asked().len(), 3);
    client.snapshot_jobs(&"s".into()).await.unwrap();
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_read_again_too() {
    let server = locked("new").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "two\nlines").unwrap();
    let key = Secret::in_file("KEY_FILE", file.path());
    let client = client_with(&server.url, ControlPlaneCredential::ApiKey(key));
    let error = client.check().await.unwrap_err().to_string();
    assert!(error.contains("no header can carry"), "{error}");

    std::fs::write(file.path(), "new").unwrap();
    client.check().await.unwrap_err();
    client.check().await.unwrap();
}

#[tokio::test]
async fn a_refused_key_of_the_environment_is_not_tried_again() {
    let server = locked("another").await;
    client(&server.url).check().await.unwrap_err();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn without_a_credential_none_is_sent() {
    let server = ScriptedServer::answering(|_| ok(&json!([]))).await;
    let client = client_with(&server.url, ControlPlaneCredential::None);
    client.check().await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.header("x-internal-api-key"), None);
    assert_eq!(asked.header("authorization"), None);
}

/// `{"alg":"RS256"}.{"aud":…,"exp":…,"n":…}.signature`, in base64url.
fn token(serial: usize) -> String {
    let payload = format!(r#"{{"aud":"cp","exp":4102444800,"n":{serial}}}"#);
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let encode = |text: &str| {
        let mut encoded = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let mut bits = 0_u32;
            for index in 0..3 {
                bits = bits << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
            }
            for index in 0..=chunk.len() {
                let sextet = (bits >> (18 - 6 * index)) & 63;
                encoded.push(char::from(alphabet[sextet as usize]));
            }
        }
        encoded
    };
    format!(
        "{}.{}.c2ln",
        encode(r#"{"alg":"RS256","typ":"JWT"}"#),
        encode(&payload)
    )
}

#[tokio::test]
async fn an_id_token_is_kept_and_fetched_anew_once_when_it_is_refused() {
    let issued = Mutex::new(0);
    let metadata = ScriptedServer::answering(move |asked| {
        assert!(
            asked.uri.query().unwrap().contains("audience=https"),
            "{}",
            asked.uri
        );
        let mut issued = issued.lock().unwrap();
        *issued += 1;
        Scripted::new(200, token(*issued))
    })
    .await;
    let server = ScriptedServer::answering(|asked| {
        if asked.header("authorization") == Some(&format!("Bearer {}", token(2))) {
            ok(&json!([]))
        } else {
            Scripted::new(401, "")
        }
    })
    .await;
    let endpoint = metadata.url.as_str().trim_end_matches('/').to_owned();
    let tokens = IdTokens::new(move || {
        mds::Builder::new("https://cp.example")
            .with_endpoint(&endpoint)
            .build()
    })
    .unwrap();
    let client = client_with(&server.url, ControlPlaneCredential::IdToken(tokens));

    for _ in 0..3 {
        client.snapshot_jobs(&"s".into()).await.unwrap();
    }
    // The first was refused and sent again; the new token was kept.
    assert_eq!(server.asked().len(), 4);
    assert_eq!(metadata.asked().len(), 2);
}

#[tokio::test]
async fn no_secret_shows_in_debug() {
    let server = ScriptedServer::answering(|_| ok(&json!([]))).await;
    let shown = format!("{:?}", client(&server.url));
    assert!(!shown.contains(KEY), "{shown}");
}
