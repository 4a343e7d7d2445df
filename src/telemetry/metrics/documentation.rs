use std::fmt::Write as _;

use super::declared;

/// One metric as it is declared.
pub(super) struct Declared {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) labels: Vec<&'static str>,
    pub(super) help: &'static str,
}

/// The table of all metrics, as Markdown.
pub fn markdown() -> String {
    let mut text = String::from("| metric | type | labels | what it says |\n|---|---|---|---|\n");
    for metric in declared() {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            metric.name,
            metric.kind,
            labels.join(", "),
            metric.help
        );
    }
    text.push_str(
        "\nBeside these, on Linux, the usual ones of a process: `process_resident_memory_bytes`, \
         `process_cpu_seconds_total`, `process_open_fds` and their like.\n",
    );
    text
}
