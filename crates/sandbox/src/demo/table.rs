use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::board::Entry;

fn shown(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// The table at the end: a line per job.
pub(super) fn table(entries: &[Entry]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header([
        "snapshot", "entity", "state", "rows", "bytes", "files", "seconds",
    ]);
    for entry in entries {
        let status = entry.status().map_or("unknown", |status| status.as_str());
        for row in &entry.rows {
            let job = &row.job;
            let seconds = row.took.map_or_else(
                || "-".to_owned(),
                |took| format!("{:.1}", took.as_secs_f64()),
            );
            table.add_row([
                format!("{} ({status})", entry.planned.title),
                job.entity_name.clone(),
                job.status.to_string(),
                shown(job.row_count),
                shown(job.size_bytes),
                shown(job.files),
                seconds,
            ]);
        }
    }
    for column in 3..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
