//! The command line of the built binary: help, exit codes, errors.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the lint allows in tests it does not allow in what tests call"
)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Command, Output, Stdio},
};

/// The binary in an environment that holds these variables and no others.
fn worker(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_export-worker"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    command
}

fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    worker(arguments, variables).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Compares with a file of `tests/golden`, or writes it where `UPDATE_GOLDEN` is 1.
fn assert_golden(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, actual).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        actual, golden,
        "tests/golden/{name} differs; UPDATE_GOLDEN=1 writes it anew"
    );
}

/// An address of this machine that nobody listens on.
fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn the_help_is_the_golden_one() {
    for (arguments, name) in [
        (&["--help"][..], "help.txt"),
        (&["run", "--help"], "help-run.txt"),
        (&["doctor", "--help"], "help-doctor.txt"),
        (&["count", "--help"], "help-count.txt"),
    ] {
        // The environment of whoever asks shows nowhere in it.
        let output = output(arguments, &[("STARBURST_URL", "https://hush")]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert_golden(name, &text(&output.stdout));
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let output = output(&["--version"], &[]);
    assert_eq!(
        text(&output.stdout),
        concat!("export-worker ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn wrong_arguments_exit_with_64_and_say_what_would_be_right() {
    for (arguments, says) in [
        (&["run", "--claim-limits", "3"][..], "--claim-limit"),
        (&["fly"], "Usage"),
        (&["count"], "gs://BUCKET/FOLDER"),
        (
            &["run", "--starburst-password", "hush"],
            "unexpected argument",
        ),
    ] {
        let output = output(arguments, &[]);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(says), "{arguments:?}: {error}");
    }
}

#[test]
fn all_configuration_errors_are_reported_at_once_with_64() {
    let output = output(
        &["run", "--poll-limit", "500"],
        &[
            ("STARBURST_URL", "ftp://starburst"),
            ("DIRECT_EXPORT", "true"),
            ("STARBURST_PASSWORD", "hush"),
            ("STARBURST_TOKEN", "hush"),
        ],
    );
    assert_eq!(output.status.code(), Some(64));
    assert_golden("configuration-errors.txt", &text(&output.stderr));
}

#[test]
fn a_folder_that_is_none_is_refused_with_64() {
    for (folder, says) in [
        ("gs:///folder", "names no bucket"),
        ("bucket/folder", "not a gs:// path"),
        // A doctor examines a bucket alone, too, in a folder of its own.
        ("gs://bucket", "root of a bucket"),
    ] {
        let bucket = format!("--bucket={folder}");
        let count = vec!["count", folder];
        let doctor = (folder != "gs://bucket").then(|| vec!["doctor", bucket.as_str()]);
        for arguments in [Some(count), doctor].into_iter().flatten() {
            let output = output(
                &arguments,
                &[
                    ("STARBURST_URL", "https://starburst"),
                    ("STARBURST_USER", "exporter"),
                    ("CONTROL_PLANE_URL", "http://control-plane"),
                ],
            );
            assert_eq!(output.status.code(), Some(64), "{arguments:?}");
            let error = text(&output.stderr);
            assert!(error.contains(says), "{arguments:?}: {error}");
        }
    }
}

#[test]
fn a_doctor_of_dead_services_names_each_and_exits_with_1() {
    let dead = closed_port();
    let output = output(
        &["doctor", "--bucket", "gs://bucket/folder"],
        &[
            ("STARBURST_URL", &format!("http://{dead}")),
            ("STARBURST_USER", "exporter"),
            ("CONTROL_PLANE_URL", &format!("http://{dead}")),
            ("CONTROL_PLANE_AUTH", "none"),
            ("STORAGE_EMULATOR_HOST", &dead),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    let failed: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with("failed "))
        .collect();
    assert_eq!(failed.len(), 5, "{lines}");
    for (line, what) in failed.iter().zip([
        "control plane",
        "starburst",
        "unload",
        "bucket list",
        "bucket write",
    ]) {
        assert!(line.contains(what), "{line}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = output(
        &["run"],
        &[
            ("STARBURST_URL", "https://starburst"),
            ("STARBURST_USER", "exporter"),
            ("CONTROL_PLANE_URL", "http://control-plane"),
            ("CONTROL_PLANE_AUTH", "none"),
            ("LISTEN_ADDR", &address),
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("LISTEN_ADDR"), "{error}");
    assert!(error.contains(&address), "{error}");
}

/// One HTTP request on a fresh connection.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[cfg(unix)]
#[test]
fn a_worker_serves_metrics_and_ends_with_0_on_sigterm() {
    let dead = closed_port();
    let mut child = worker(
        &["run", "--log-level=info"],
        &[
            ("STARBURST_URL", &format!("http://{dead}")),
            ("STARBURST_USER", "exporter"),
            ("STARBURST_PASWORD", "hush"),
            ("CONTROL_PLANE_URL", &format!("http://{dead}")),
            ("CONTROL_PLANE_AUTH", "none"),
            ("STORAGE_EMULATOR_HOST", &dead),
            ("LISTEN_ADDR", "127.0.0.1:0"),
            ("HOSTNAME", "worker-under-test"),
            ("PATH", "/usr/bin:/bin"),
        ],
    )
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = Vec::new();
    let address = loop {
        let line: serde_json::Value = serde_json::from_str(&log.next().unwrap().unwrap()).unwrap();
        lines.push(line.to_string());
        assert_eq!(line["worker_id"], "worker-under-test");
        if let Some(address) = line["address"].as_str() {
            break address.to_owned();
        }
    };
    assert!(
        lines[0].contains("the nearest is STARBURST_PASSWORD"),
        "{lines:?}"
    );
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(get(&address, "/metrics").contains("export_worker_build_info{version="));

    let terminated = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(terminated.success());
    lines.extend(log.map(Result::unwrap));
    assert_eq!(child.wait().unwrap().code(), Some(0), "{lines:?}");
    assert!(!lines.concat().contains("hush"), "{lines:?}");
}
