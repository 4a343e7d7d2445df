use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::board::Entry;

/// A number as people read it: 60,175.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn shown(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), grouped)
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

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (60_175, "60,175"),
            (4_294_967_296, "4,294,967,296"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
