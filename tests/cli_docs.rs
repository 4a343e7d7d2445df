//! The tables of the documentation are those of the code.
//! `UPDATE_GOLDEN=1` writes them anew.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the lint allows in tests it does not allow in what tests call"
)]

use std::path::PathBuf;

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
fn the_metrics_table_is_that_of_the_code() {
    assert_table("docs/metrics.md", "metrics", &metrics::markdown());
}
