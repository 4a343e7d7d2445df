use std::fmt::Write as _;

use super::DECLARED;

/// The table of all metrics, as Markdown.
pub fn markdown() -> String {
    let mut text = String::from(
        "| metric | type | labels | replicas | what it says |\n|---|---|---|---|---|\n",
    );
    for metric in DECLARED {
        let labels: Vec<String> = metric
            .labels
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            metric.name,
            metric.kind.as_str(),
            labels.join(", "),
            metric.across.as_str(),
            metric.help
        );
    }
    text.push_str(
        "\nBeside these, on Linux, the usual ones of a process: `process_start_time_seconds`, \
         `process_resident_memory_bytes`, `process_cpu_seconds_total` and their like.\n",
    );
    text
}
