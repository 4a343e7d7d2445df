use comfy_table::{CellAlignment, Table, presets};
use serde_json::json;

use crate::ports::Folder;

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) files: u64,
}

impl Total {
    /// For machines: one object on one line.
    pub(super) fn json(&self, folder: &Folder) -> String {
        json!({
            "folder": folder.to_string(),
            "rows": self.rows,
            "size_bytes": self.bytes,
            "files": self.files,
        })
        .to_string()
    }

    /// For people.
    pub(super) fn table(&self, folder: &Folder) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(["folder", "rows", "bytes", "files"]);
        table.add_row([
            folder.to_string(),
            self.rows.to_string(),
            self.bytes.to_string(),
            self.files.to_string(),
        ]);
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.trim_fmt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_written_for_people_and_for_machines() {
        let folder = Folder::parse("gs://bucket/a").unwrap();
        let total = Total {
            rows: 3_000_000_000,
            bytes: 7,
            files: 2,
        };
        let table = total.table(&folder);
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["folder", "rows", "bytes", "files"],
                ["gs://bucket/a/", "3000000000", "7", "2"]
            ]
        );
        let json: serde_json::Value = serde_json::from_str(&total.json(&folder)).unwrap();
        assert_eq!(
            json,
            json!({"folder": "gs://bucket/a/", "rows": 3_000_000_000_u64, "size_bytes": 7, "files": 2})
        );
    }
}
