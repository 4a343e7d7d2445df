use export_api::ExportJob;
use serde_json::{Map, Value};
use tracing::warn;

/// Fields without which a job is none.
const NEEDED: [&str; 5] = ["id", "snapshot_id", "job_type", "entity_name", "status"];

/// Finds the jobs of an answer's `data`: a list, or a list under `jobs`.
pub(super) fn entries(data: Value) -> Option<Vec<Value>> {
    match data {
        Value::Array(entries) => Some(entries),
        Value::Object(mut fields) => match fields.remove("jobs") {
            Some(Value::Array(entries)) => Some(entries),
            _ => None,
        },
        _ => None,
    }
}

/// Reads the jobs, each on its own: one odd job never makes a batch unreadable.
pub(super) fn read(entries: Vec<Value>) -> Vec<ExportJob> {
    entries.into_iter().filter_map(read_one).collect()
}

/// Reads one job. A field that cannot be read is dropped, so that the job
/// itself can still be failed with a message; a job that is none is left out.
/// Both are logged by what can be named, never by content: a nextUri may be in it.
pub(super) fn read_one(entry: Value) -> Option<ExportJob> {
    let Value::Object(fields) = entry else {
        warn!("left out an entry of a job list that is no object");
        return None;
    };
    let job_id = named(&fields, "id");
    let snapshot_id = named(&fields, "snapshot_id");
    if let Some(job) = parsed(fields.clone()) {
        return Some(job);
    }
    let (needed, optional): (Map<_, _>, Map<_, _>) = fields
        .into_iter()
        .partition(|(name, _)| NEEDED.contains(&name.as_str()));
    let mut readable = needed;
    if parsed(readable.clone()).is_none() {
        let missing: Vec<_> = NEEDED
            .into_iter()
            .filter(|name| matches!(readable.get(*name), None | Some(Value::Null)))
            .collect();
        warn!(
            job_id,
            snapshot_id,
            missing = missing.join(","),
            "left out a job that cannot be read"
        );
        return None;
    }
    for (name, value) in optional {
        readable.insert(name.clone(), value);
        if parsed(readable.clone()).is_none() {
            warn!(
                job_id,
                snapshot_id,
                field = name,
                "dropped a field of a job that cannot be read"
            );
            readable.remove(&name);
        }
    }
    parsed(readable)
}

fn parsed(fields: Map<String, Value>) -> Option<ExportJob> {
    // The parser's message would repeat the value.
    serde_json::from_value(Value::Object(fields)).ok()
}

fn named(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(extra: &Value) -> Value {
        let mut job = json!({
            "id": 7, "snapshot_id": "s", "job_type": "node", "entity_name": "customer",
            "status": "claimed", "sql": "SELECT 1", "column_names": ["a"],
            "invented_later": {"x": 1},
        });
        for (name, value) in extra.as_object().unwrap() {
            job[name] = value.clone();
        }
        job
    }

    #[test]
    fn both_kinds_of_list_are_found() {
        for data in [json!([1, 2]), json!({"jobs": [1, 2], "total": 2})] {
            assert_eq!(entries(data), Some(vec![json!(1), json!(2)]));
        }
        for data in [json!(null), json!({}), json!({"jobs": 1}), json!("jobs")] {
            assert_eq!(entries(data), None);
        }
    }

    #[test]
    fn a_job_without_sql_or_columns_is_still_a_job() {
        let read = read(vec![job(&json!({"sql": null, "column_names": null}))]);
        assert_eq!(read.len(), 1);
        assert_eq!((&read[0].sql, &read[0].column_names), (&None, &None));
    }

    #[test]
    fn a_field_that_cannot_be_read_costs_the_field_not_the_job() {
        let read = read(vec![job(
            &json!({"column_names": "a,b", "row_count": -1, "attempt": 3}),
        )]);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].column_names, None);
        assert_eq!(read[0].row_count, None);
        assert_eq!(read[0].attempt, Some(3));
        assert_eq!(read[0].sql.as_deref(), Some("SELECT 1"));
        assert_eq!(read[0].id.as_str(), "7");
    }

    #[test]
    fn what_is_no_job_is_left_out_and_the_others_stay() {
        let read = read(vec![
            json!("x"),
            json!({"id": 1}),
            job(&json!({"id": null})),
            job(&json!({"status": "unheard_of"})),
        ]);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].status.as_str(), "unheard_of");
    }
}
