//! The guard and the UNLOAD statement of a job of a thousand columns.

use std::hint::black_box;

use export_api::{JobId, SnapshotId};
use export_worker::{
    ports::Folder,
    starburst::{Compression, FunctionName, Unload, guard},
};

use super::{figures::Figures, timed};

const COLUMNS: usize = 1_000;
const CALLS: u32 = 100;

pub async fn measure(table: &mut Figures) {
    let columns: Vec<String> = (0..COLUMNS)
        .map(|column| format!("Column {column}"))
        .collect();
    let selected: Vec<String> = columns
        .iter()
        .map(|name| format!("coalesce(t.\"{name}\", 'it''s none') AS \"{name}\""))
        .collect();
    let sql = format!("SELECT {} FROM t -- all of it", selected.join(",\n  "));
    let checked = timed(CALLS, async || {
        black_box(guard(black_box(&sql)).unwrap());
    })
    .await;

    let (snapshot, job) = (SnapshotId::from("snapshot"), JobId::from("job"));
    let function = FunctionName::default();
    let destination = Folder::parse("gs://exports/a/b").unwrap();
    let unload = Unload {
        snapshot: &snapshot,
        job: &job,
        attempt: Some(1),
        function: &function,
        columns: &columns,
        sql: &sql,
        destination: &destination,
        compression: Compression::Snappy,
    };
    let written = timed(CALLS, async || {
        black_box(black_box(unload).to_sql().unwrap());
    })
    .await;
    let what = format!("of {COLUMNS} columns, {} KB", sql.len() / 1_000);
    for (name, spread) in [("guard", checked), ("UNLOAD, guard and all,", written)] {
        let [min, median, max] = spread.cells(1);
        table.row([format!("{name} {what}"), min, median, max]);
    }
}
