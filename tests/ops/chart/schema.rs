//! values.schema.json takes what the programs take, and nothing it does not know.

use clap::Parser as _;
use export_control_plane::cli::Cli;
use export_worker::config::Kind;
use serde_json::{Value, json};

use super::{
    super::{programs::worker_settings, tool::read},
    CHART,
    table::{CONTROL_PLANE, value_of},
};

/// What the schema says on a value.
fn schema_of(path: &str) -> Value {
    let root: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    let mut at = root.clone();
    for key in path.split('.') {
        if let Some(reference) = at["$ref"].as_str() {
            at = root
                .pointer(reference.trim_start_matches('#'))
                .unwrap()
                .clone();
        }
        at = at["properties"][key].clone();
        assert!(at.is_object(), "the schema has no {path}");
    }
    at
}

#[test]
fn the_schema_takes_what_the_worker_takes() {
    for setting in worker_settings() {
        let variable = setting.variable;
        if ["HOSTNAME", "ROLE", "LISTEN_ADDR", "DIRECT_EXPORT"].contains(&variable) {
            continue;
        }
        let path = value_of(variable);
        let schema = schema_of(path);
        match setting.kind {
            Kind::Number { min, max } | Kind::Seconds { min, max } => {
                assert_eq!(schema["type"], json!(["integer", "null"]), "{path}");
                assert_eq!(schema["minimum"], min, "{path}");
                assert_eq!(schema["maximum"], max, "{path}");
            }
            Kind::Boolean => assert_eq!(schema["type"], json!(["boolean", "null"]), "{path}"),
            Kind::Choice(words) => {
                let mut words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
                words.push(Value::Null);
                assert_eq!(schema["enum"], json!(words), "{path}");
            }
            Kind::List => assert_eq!(schema["type"], json!(["array", "null"]), "{path}"),
            Kind::Share => {
                assert_eq!(schema["type"], json!(["number", "null"]), "{path}");
                assert_eq!(
                    (&schema["minimum"], &schema["maximum"]),
                    (&json!(0), &json!(1)),
                    "{path}"
                );
            }
            // Strings of any form; secrets are names of files.
            Kind::Text | Kind::Url | Kind::Bucket | Kind::Path | Kind::Address | Kind::Secret => {}
        }
    }
}

#[test]
fn the_schema_takes_what_the_control_plane_takes() {
    let numbers = CONTROL_PLANE.iter().filter(|(_, path, _)| {
        path.starts_with("controlPlaneServer.")
            && schema_of(path)["type"] == json!(["integer", "null"])
    });
    let mut seen = 0;
    for (variable, path, _) in numbers {
        let schema = schema_of(path);
        let (min, max) = (
            schema["minimum"].as_i64().unwrap(),
            schema["maximum"].as_i64().unwrap(),
        );
        let takes = |value: i64| {
            let flag = format!("--{}={value}", variable.to_lowercase().replace('_', "-"));
            Cli::try_parse_from(["export-control-plane", "serve", &flag]).is_ok()
        };
        assert!(
            takes(min) && takes(max),
            "{path}: {min} to {max} is more than {variable} takes"
        );
        // Its grace has no end of its own.
        let ends = *variable != "SHUTDOWN_GRACE_SECONDS";
        assert!(
            !takes(min - 1) && (!ends || !takes(max + 1)),
            "{path}: {variable} takes more than {min} to {max}"
        );
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn the_schema_knows_every_value_and_no_other() {
    let values: Value = serde_yaml_ng::from_str(&read(&format!("{CHART}/values.yaml"))).unwrap();
    let root: Value = serde_json::from_str(&read(&format!("{CHART}/values.schema.json"))).unwrap();
    closed(&root, "");
    let named = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let mut known = named(&root["properties"]);
    // Helm's own, for charts that this one is part of.
    known.retain(|key| key != "global");
    let mut there = named(&values);
    known.sort();
    there.sort();
    assert_eq!(known, there);
}

/// Fails where an object below takes keys that it does not name.
fn closed(at: &Value, path: &str) {
    if at["type"] == "object" && at.get("properties").is_some() {
        assert_eq!(at["additionalProperties"], false, "{path} takes typos");
    }
    match at {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, field)| closed(field, &format!("{path}/{key}"))),
        Value::Array(elements) => elements.iter().for_each(|element| closed(element, path)),
        _ => {}
    }
}
