//! The binary itself: `sandbox serve`, from start to SIGTERM.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use export_sandbox::store;
use object_store::{ObjectStoreExt, path::Path};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

#[tokio::test]
async fn serve_prints_where_it_listens_and_ends_when_told() {
    export_sandbox::tls::install_provider();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["serve", "--json", "--scale", "0.001", "--bucket", "mine"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    let printed: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(printed["bucket"], "mine");

    let url = |name: &str| printed[name].as_str().unwrap().to_owned();
    let store = store::client(&url("store_url"), "mine").unwrap();
    store.put(&Path::from("a"), "x".into()).await.unwrap();
    assert_eq!(store.head(&Path::from("a")).await.unwrap().size, 1);
    for service in ["starburst_url", "gen1_url"] {
        // Any answer will do: it is there.
        reqwest::get(format!("{}/", url(service))).await.unwrap();
    }

    let pid = Pid::from_raw(child.id().try_into().unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(!std::path::Path::new(&url("store_directory")).exists());
}

#[test]
fn a_demo_without_its_binaries_says_which_and_where() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["demo", "--worker", "/no/such/worker"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("/no/such/worker") && told.contains("--worker"),
        "{told}"
    );
}
