//! `sandbox demo --keep` of the real binaries: what it shows, what it invites to,
//! and that nothing of it stays.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use super::process::{terminate, worker_binary};

#[tokio::test]
async fn the_demo_ends_as_expected_and_what_it_invites_to_works() {
    // Whoever comes first installs the one provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let shell_file = folder.path().join("env");
    let mut demo = Command::new(worker_binary().with_file_name("sandbox"))
        .args(["demo", "--scale", "0.001", "--keep", "--env-file"])
        .arg(&shell_file)
        .env_clear()
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let mut shown = Vec::new();
    let commands = loop {
        let Some(line) = lines.next_line().await.unwrap() else {
            let mut why = String::new();
            let mut errors = demo.stderr.take().unwrap();
            errors.read_to_string(&mut why).await.unwrap();
            panic!("{}\n{why}", shown.join("\n"));
        };
        shown.push(line);
        let invitation = shown.iter().position(|line| line.starts_with("try, "));
        if let Some(at) = invitation
            && shown.len() == at + 6
        {
            // Not every machine has curl; what it would fetch is fetched below.
            let ours = shown[at + 1..]
                .iter()
                .filter(|line| !line.contains("curl"))
                .cloned();
            let urls = "echo $DEMO_WORKER_URL".to_owned();
            break ours.chain([urls]).collect::<Vec<_>>().join(" &&\n");
        }
    };
    let shown = shown.join("\n");
    for row in [
        "graph (ready)",
        "one broken (failed)",
        "cancelled (cancelled)",
        "each folder holds the rows its SELECT counts",
    ] {
        assert!(shown.contains(row), "{shown}");
    }

    let pasted = Command::new("/bin/sh")
        .args(["-c", &commands])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(pasted.stdout).unwrap();
    assert!(pasted.status.success(), "{commands}\n{said}");
    for word in [
        "ok       bucket write",
        "gs://exports/demo/graph/nodes/Customer/",
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
    let worker = said.lines().last().unwrap();
    let metrics = reqwest::get(format!("{worker}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let completed = "export_worker_jobs_total{outcome=\"completed\"} 9";
    assert!(metrics.contains(completed), "{metrics}");

    terminate(demo.id().unwrap());
    assert!(demo.wait().await.unwrap().success());
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
