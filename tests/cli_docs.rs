//! The tables of the documentation are those of the code.
//! `UPDATE_GOLDEN=1` writes them anew.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the lint allows in tests it does not allow in what tests call"
)]

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use export_worker::{config, telemetry::metrics};

/// Compares what stands between two marks of a file with what the code says.
fn assert_table(file: &str, mark: &str, table: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!("<!-- {mark}:begin -->\n"),
        format!("<!-- {mark}:end -->"),
    );
    let (before, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{file} has no {begin}"));
    let (between, after) = rest
        .split_once(&end)
        .unwrap_or_else(|| panic!("{file} has no {end}"));
    if std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1") {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(
            between, table,
            "the table of {file} is not that of the code; UPDATE_GOLDEN=1 writes it anew"
        );
    }
}

#[test]
fn the_configuration_tables_are_those_of_the_code() {
    for file in ["README.md", "docs/configuration.md"] {
        assert_table(file, "configuration", &config::markdown());
    }
}

#[test]
fn the_metrics_tables_are_those_of_the_code() {
    assert_table("docs/metrics.md", "metrics", &metrics::markdown());
    let of_control_plane = export_control_plane::metrics::markdown();
    assert_table(
        "docs/metrics.md",
        "control-plane-metrics",
        &of_control_plane,
    );
}

/// What stands as code in a document: every line of its blocks without its comment,
/// every span in its text.
fn code(document: &str) -> Vec<String> {
    let text = read(document);
    let mut code = Vec::new();
    for (number, part) in text.split("\n```").enumerate() {
        if number % 2 == 1 {
            let lines = part.lines().skip(1);
            code.extend(lines.filter_map(|line| Some(line.split(" # ").next()?.to_owned())));
        } else {
            code.extend(part.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    code
}

fn read(file: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

/// The word that follows `program`, wherever it is called.
fn words_after(program: &str, code: &[String]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for line in code {
        let line: Vec<&str> = line.split_whitespace().collect();
        for pair in line.windows(2) {
            if pair[0] == program && pair[1].starts_with(|first: char| first.is_ascii_lowercase()) {
                words.insert(pair[1].to_owned());
            }
        }
    }
    words
}

#[test]
fn the_commands_the_readme_names_exist() {
    let code = code("README.md");
    let makefile = read("Makefile");
    let targets = words_after("make", &code);
    assert!(targets.contains("demo") && targets.contains("test"));
    for target in targets {
        assert!(
            makefile
                .lines()
                .any(|line| line.starts_with(&format!("{target}:"))),
            "README.md names `make {target}`, which is no target"
        );
    }
    let commands = words_after("export-worker", &code);
    assert!(commands.contains("doctor") && commands.contains("count"));
    for command in commands {
        let help = Command::new(env!("CARGO_BIN_EXE_export-worker"))
            .args([&command, "--help"])
            .env_clear()
            .output()
            .unwrap();
        assert!(
            help.status.success(),
            "README.md names `export-worker {command}`, which is no subcommand"
        );
    }
}
