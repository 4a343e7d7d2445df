//! Every setting of the programs can be set by a value, and the schema takes what they take.

use std::{collections::BTreeMap, io::Write as _};

use clap::Parser as _;
use export_control_plane::cli::Cli;
use export_worker::config::{Kind, Setting};
use serde_json::{Value, json};

use super::{
    super::{
        manifest::{Pod, control_plane_variables, objects, pods, worker_settings},
        tool::{output, read},
    },
    CHART, template,
};

/// Which value sets which variable of the worker. A secret's is the Secret that holds it.
const WORKER: &[(&str, &str)] = &[
    ("STARBURST_URL", "starburst.url"),
    ("STARBURST_USER", "starburst.user"),
    ("STARBURST_PASSWORD", "starburst.password.secretName"),
    ("STARBURST_TOKEN", "starburst.token.secretName"),
    ("STARBURST_CATALOG", "starburst.catalog"),
    ("STARBURST_SCHEMA", "starburst.schema"),
    ("STARBURST_CLIENT_TAGS", "starburst.clientTags"),
    ("STARBURST_SOURCE", "starburst.source"),
    ("STARBURST_ROLE", "starburst.role"),
    ("STARBURST_SSL_VERIFY", "starburst.sslVerify"),
    ("STARBURST_CA_FILE", "starburst.ca.configMapName"),
    (
        "STARBURST_REQUEST_TIMEOUT_SECONDS",
        "starburst.requestTimeoutSeconds",
    ),
    ("STARBURST_REWRITE_NEXT_URI", "starburst.rewriteNextUri"),
    ("STARBURST_UNLOAD_FUNCTION", "starburst.unloadFunction"),
    ("STARBURST_SETTLE_SECONDS", "starburst.settleSeconds"),
    ("CONTROL_PLANE_URL", "controlPlane.url"),
    (
        "CONTROL_PLANE_TIMEOUT_SECONDS",
        "controlPlane.timeoutSeconds",
    ),
    ("CONTROL_PLANE_MAX_RETRIES", "controlPlane.maxRetries"),
    ("CONTROL_PLANE_AUTH", "controlPlane.auth"),
    (
        "GRAPH_OLAP_INTERNAL_API_KEY",
        "controlPlane.apiKey.secretName",
    ),
    ("EXPORT_BUCKET", "storage.bucket"),
    ("GCP_PROJECT", "storage.gcpProject"),
    ("STORAGE_EMULATOR_HOST", "storage.emulatorHost"),
    ("COUNT_CONCURRENCY", "storage.countConcurrency"),
    ("EXPORT_STRATEGY", "export.strategy"),
    ("DIRECT_EXPORT", "export.directExport"),
    ("ROLE", "mode"),
    ("POLL_INTERVAL_SECONDS", "loops.pollIntervalSeconds"),
    (
        "EMPTY_POLL_BACKOFF_SECONDS",
        "loops.emptyPollBackoffSeconds",
    ),
    ("CLAIM_LIMIT", "loops.claimLimit"),
    ("POLL_LIMIT", "loops.pollLimit"),
    ("SUBMIT_CONCURRENCY", "loops.submitConcurrency"),
    ("POLL_CONCURRENCY", "loops.pollConcurrency"),
    ("LEASE_SECONDS", "loops.leaseSeconds"),
    ("CLAIM_WAIT_SECONDS", "loops.claimWaitSeconds"),
    ("SHUTDOWN_GRACE_SECONDS", "loops.shutdownGraceSeconds"),
    ("DRY_RUN", "loops.dryRun"),
    ("LOG_LEVEL", "log.level"),
    ("LOG_FORMAT", "log.format"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces.endpoint"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "traces.headers.secretName"),
    ("OTEL_SERVICE_NAME", "traces.serviceName"),
    ("OTEL_TRACES_SAMPLER_ARG", "traces.samplerArg"),
    ("LISTEN_ADDR", "metrics.port"),
];

/// Which value sets which variable of the Control Plane, with one that it takes.
const CONTROL_PLANE: &[(&str, &str, &str)] = &[
    (
        "DATABASE_URL_FILE",
        "controlPlaneServer.postgresql.url.secretName",
        "\"database\"",
    ),
    (
        "DATABASE_MAX_CONNECTIONS",
        "controlPlaneServer.postgresql.maxConnections",
        "7",
    ),
    ("NO_MIGRATE", "controlPlaneServer.migrate", "\"hook\""),
    (
        "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
        "controlPlane.apiKey.secretName",
        "\"key\"",
    ),
    ("LEASE_SECONDS", "controlPlaneServer.leaseSeconds", "77"),
    ("MAX_ATTEMPTS", "controlPlaneServer.maxAttempts", "7"),
    (
        "REAP_INTERVAL_SECONDS",
        "controlPlaneServer.reapIntervalSeconds",
        "7",
    ),
    (
        "SHUTDOWN_GRACE_SECONDS",
        "controlPlaneServer.shutdownGraceSeconds",
        "77",
    ),
    (
        "METRICS_SNAPSHOTS",
        "controlPlaneServer.metricsSnapshots",
        "7",
    ),
    ("LISTEN_ADDR", "controlPlaneServer.service.port", "7777"),
    ("LOG_LEVEL", "log.level", "\"debug\""),
    ("LOG_FORMAT", "log.format", "\"text\""),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "traces.endpoint",
        "\"http://collector:4318\"",
    ),
    (
        "OTEL_EXPORTER_OTLP_HEADERS_FILE",
        "traces.headers.secretName",
        "\"collector\"",
    ),
    (
        "OTEL_SERVICE_NAME",
        "controlPlaneServer.tracesServiceName",
        "\"queue\"",
    ),
    ("OTEL_TRACES_SAMPLER_ARG", "traces.samplerArg", "0.25"),
];

/// Those that no value sets: secrets themselves, and what the store decides.
const CONTROL_PLANE_WITHOUT_VALUE: &[&str] = &[
    "DATABASE_URL",
    "GRAPH_OLAP_INTERNAL_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "SQLITE_PATH",
    "INSECURE",
];

/// A value that a setting takes and that is not its default, and the variable that follows from it.
fn sample(setting: &Setting) -> (Value, String) {
    let plain = |value: Value| {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        (value, text)
    };
    match (setting.variable, setting.kind) {
        ("LISTEN_ADDR", _) => (json!(9999), "0.0.0.0:9999".to_owned()),
        ("ROLE", _) => (json!("split"), "submitter".to_owned()),
        ("EXPORT_BUCKET", _) => plain(json!("gs://exports/graphs")),
        ("OTEL_TRACES_SAMPLER_ARG", _) => plain(json!(0.25)),
        ("DIRECT_EXPORT", _) => plain(json!(false)),
        ("CONTROL_PLANE_AUTH", _) => plain(json!("api-key")),
        ("STARBURST_CA_FILE", _) => (
            json!("authorities"),
            "/etc/export-worker/ca/ca.crt".to_owned(),
        ),
        (_, Kind::Url) => plain(json!(format!(
            "https://{}.example.com:8443",
            setting.variable.to_lowercase().replace('_', "-")
        ))),
        (_, Kind::List) => (json!(["one", "two"]), "one,two".to_owned()),
        (_, Kind::Boolean) => plain(json!(true)),
        (_, Kind::Number { max, .. } | Kind::Seconds { max, .. }) => plain(json!(max)),
        (_, Kind::Choice(words)) => plain(json!(words.last().unwrap())),
        (variable, Kind::Secret) => (
            json!(variable.to_lowercase().replace('_', "-")),
            String::new(),
        ),
        (variable, _) => plain(json!(format!("value-of-{variable}"))),
    }
}

/// A values file that sets each of these, by its path.
fn values(settings: &[(&str, Value)]) -> String {
    let mut root = json!({});
    for (path, value) in settings {
        let mut at = &mut root;
        for key in path.split('.') {
            at = &mut at[key];
        }
        *at = value.clone();
    }
    root.to_string()
}

/// The variables of the pod that runs `command`; of the submitter's, where roles are split.
fn environment(values: &str, command: &str) -> BTreeMap<String, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(values.as_bytes()).unwrap();
    let rendered = output(template().arg("--values").arg(file.path()));
    let pods = pods(&objects(&rendered));
    let of_role = |pod: &Pod| {
        pod.environment
            .get("ROLE")
            .is_none_or(|role| role == "submitter")
    };
    pods.into_iter()
        .find(|pod| pod.command() == command && of_role(pod))
        .unwrap()
        .environment
}

fn value_of(variable: &str) -> &'static str {
    let row = WORKER.iter().find(|(name, _)| *name == variable);
    row.unwrap_or_else(|| panic!("{variable} cannot be set by a value of the chart"))
        .1
}

#[test]
fn every_setting_of_the_worker_can_be_set_by_a_value() {
    // Password and token exclude one another.
    for left_out in ["STARBURST_TOKEN", "STARBURST_PASSWORD"] {
        // The pod's own name, in every pod.
        let settings =
            worker_settings().filter(|setting| !["HOSTNAME", left_out].contains(&setting.variable));
        let (mut set, mut expected) = (Vec::new(), Vec::new());
        for setting in settings {
            let (value, variable) = sample(setting);
            set.push((value_of(setting.variable), value));
            expected.push((setting, variable));
        }
        let environment = environment(&values(&set), "run");
        for (setting, variable) in expected {
            match setting.file_variable() {
                Some(file) => assert!(environment.contains_key(&file), "{file} is not set"),
                None => assert_eq!(
                    environment.get(setting.variable),
                    Some(&variable),
                    "{}",
                    setting.variable
                ),
            }
        }
        assert!(
            environment["HOSTNAME"].contains("metadata.name"),
            "{environment:?}"
        );
    }
}

#[test]
fn the_table_of_this_test_names_settings_that_are_there() {
    for (variable, _) in WORKER {
        assert!(
            worker_settings().any(|setting| setting.variable == *variable),
            "{variable} is no setting"
        );
    }
    let known = control_plane_variables();
    for variable in CONTROL_PLANE
        .iter()
        .map(|row| row.0)
        .chain(CONTROL_PLANE_WITHOUT_VALUE.iter().copied())
    {
        assert!(
            known.contains(variable),
            "{variable} is no variable of the Control Plane"
        );
    }
}

#[test]
fn what_is_not_set_is_left_to_the_programs() {
    let values = values(&[
        ("starburst.url", json!("https://starburst.example.com")),
        ("starburst.user", json!("graph-olap")),
        ("controlPlane.apiKey.secretName", json!("key")),
        ("controlPlaneServer.enabled", json!(true)),
    ]);
    let names = |command| {
        environment(&values, command)
            .into_keys()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names("run"),
        [
            "CONTROL_PLANE_URL",
            "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
            "HOSTNAME",
            "LISTEN_ADDR",
            "STARBURST_URL",
            "STARBURST_USER"
        ]
    );
    assert_eq!(
        names("serve"),
        [
            "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
            "LISTEN_ADDR",
            "SQLITE_PATH"
        ]
    );
}

#[test]
fn every_variable_of_the_control_plane_can_be_set_by_a_value() {
    let mut set = vec![
        ("starburst.url", json!("https://starburst.example.com")),
        ("starburst.user", json!("graph-olap")),
        ("controlPlaneServer.enabled", json!(true)),
        ("controlPlaneServer.store", json!("postgresql")),
    ];
    set.extend(
        CONTROL_PLANE
            .iter()
            .map(|(_, path, value)| (*path, serde_json::from_str(value).unwrap())),
    );
    let environment = environment(&values(&set), "serve");
    for (variable, path, value) in CONTROL_PLANE {
        let found = environment
            .get(*variable)
            .unwrap_or_else(|| panic!("{path} sets no {variable}"));
        if !variable.ends_with("_FILE") && *variable != "NO_MIGRATE" {
            let value = value.trim_matches('"');
            assert!(
                found == value || found.ends_with(&format!(":{value}")),
                "{path} sets {variable} to {found}"
            );
        }
    }
    for variable in control_plane_variables() {
        assert!(
            environment.contains_key(&variable)
                || CONTROL_PLANE_WITHOUT_VALUE.contains(&variable.as_str()),
            "{variable} cannot be set by a value"
        );
    }
}

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
            _ => {}
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
