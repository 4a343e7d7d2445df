//! Every setting of the programs can be set by a value, and what is not set is left to them.

use std::{collections::BTreeMap, io::Write as _};

use export_worker::config::{Kind, Setting};
use serde_json::{Value, json};

use super::{
    super::{
        manifest::{Pod, objects, pods},
        programs::{control_plane_variables, worker_settings},
        tool::output,
    },
    table::{CONTROL_PLANE, CONTROL_PLANE_WITHOUT_VALUE, WORKER, value_of},
    template,
};

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
