//! Rendered Kubernetes objects, and what is asked of the pods among them.

use std::collections::{BTreeMap, BTreeSet};

use clap::CommandFactory as _;
use export_worker::config::{Config, GROUPS, Kind, Setting, Sources};
use serde::Deserialize as _;
use serde_json::Value;

/// The objects of a YAML stream.
pub fn objects(text: &str) -> Vec<Value> {
    serde_yaml_ng::Deserializer::from_str(text)
        .map(|document| Value::deserialize(document).unwrap())
        .filter(|object| !object.is_null())
        .collect()
}

/// What an object is called, as `Kind/name`.
pub fn name(object: &Value) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    format!(
        "{}/{}",
        text("/kind").unwrap_or("?"),
        text("/metadata/name").unwrap_or("?")
    )
}

/// A pod of ours, as one of the objects describes it, with its environment.
#[derive(Debug)]
pub struct Pod {
    /// `Kind/name` of the object it comes from.
    pub of: String,
    /// Its spec.
    pub spec: Value,
    /// Its labels.
    pub labels: Value,
    /// Its variables by name; what is no plain value is the JSON of its source.
    pub environment: BTreeMap<String, String>,
}

/// Every pod that the objects describe.
pub fn pods(objects: &[Value]) -> Vec<Pod> {
    let of_kind = |object: &Value| match object["kind"].as_str() {
        Some("Pod") => Some(object.clone()),
        Some("Deployment" | "StatefulSet" | "Job") => object.pointer("/spec/template").cloned(),
        _ => None,
    };
    objects
        .iter()
        .filter_map(|object| {
            let pod = of_kind(object)?;
            Some(Pod {
                of: name(object),
                environment: environment(&pod["spec"], objects),
                labels: pod["metadata"]["labels"].clone(),
                spec: pod["spec"].clone(),
            })
        })
        .collect()
}

/// The variables of a pod's only container, those of its ConfigMaps included.
fn environment(spec: &Value, objects: &[Value]) -> BTreeMap<String, String> {
    let container = &spec["containers"][0];
    let mut variables = BTreeMap::new();
    for source in list(&container["envFrom"]) {
        let map = source.pointer("/configMapRef/name").unwrap();
        let map = objects
            .iter()
            .find(|object| object["kind"] == "ConfigMap" && object["metadata"]["name"] == *map)
            .unwrap_or_else(|| panic!("no ConfigMap {map}"));
        for (name, value) in map["data"].as_object().unwrap() {
            variables.insert(name.clone(), value.as_str().unwrap().to_owned());
        }
    }
    for variable in list(&container["env"]) {
        let name = variable["name"].as_str().unwrap().to_owned();
        let value = match variable["value"].as_str() {
            Some(value) => value.to_owned(),
            None => variable["valueFrom"].to_string(),
        };
        variables.insert(name, value);
    }
    variables
}

impl Pod {
    /// Its only container.
    pub fn container(&self) -> &Value {
        let containers = list(&self.spec["containers"]);
        assert_eq!(containers.len(), 1, "{} has one container", self.of);
        &self.spec["containers"][0]
    }

    /// What its program is told to do.
    pub fn command(&self) -> &str {
        self.container()["args"][0].as_str().unwrap()
    }

    /// Whether the program is the worker, not the Control Plane.
    pub fn is_worker(&self) -> bool {
        match self.command() {
            "run" | "doctor" => true,
            "serve" | "migrate" => false,
            other => panic!("{} runs {other}", self.of),
        }
    }
}

/// Every variable that the pod's program knows.
pub fn known_variables(pod: &Pod) -> BTreeSet<String> {
    if pod.is_worker() {
        worker_settings().flat_map(variables_of).collect()
    } else {
        control_plane_variables()
    }
}

/// Every setting of the worker.
pub fn worker_settings() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

fn variables_of(setting: &Setting) -> Vec<String> {
    let mut names = vec![setting.variable.to_owned()];
    names.extend(setting.file_variable());
    names
}

/// Every variable of the Control Plane, as its command line declares them.
pub fn control_plane_variables() -> BTreeSet<String> {
    let command = export_control_plane::cli::Cli::command();
    command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .chain(command.get_arguments())
        .filter_map(|argument| argument.get_env())
        .map(|name| name.to_str().unwrap().to_owned())
        .collect()
}

/// Fails unless the pod satisfies the Pod Security Standard "restricted", has a read-only root,
/// asks for resources, and is told nothing about the cluster that it does not need.
pub fn assert_hardened(pod: &Pod) {
    let of = &pod.of;
    let expect = |pointer: &str, value: Value| {
        assert_eq!(
            pod.spec.pointer(pointer).unwrap_or(&Value::Null),
            &value,
            "{of}: {pointer}"
        );
    };
    pod.container();
    for (pointer, value) in [
        ("/securityContext/runAsNonRoot", true.into()),
        ("/securityContext/runAsUser", 65532.into()),
        ("/securityContext/runAsGroup", 65532.into()),
        (
            "/securityContext/seccompProfile/type",
            "RuntimeDefault".into(),
        ),
        ("/automountServiceAccountToken", false.into()),
        ("/enableServiceLinks", false.into()),
        (
            "/containers/0/securityContext/allowPrivilegeEscalation",
            false.into(),
        ),
        (
            "/containers/0/securityContext/readOnlyRootFilesystem",
            true.into(),
        ),
        ("/containers/0/securityContext/runAsNonRoot", true.into()),
        (
            "/containers/0/securityContext/capabilities",
            serde_json::json!({"drop": ["ALL"]}),
        ),
        ("/hostNetwork", Value::Null),
        ("/hostPID", Value::Null),
        ("/hostIPC", Value::Null),
    ] {
        expect(pointer, value);
    }
    for resource in ["requests/cpu", "requests/memory", "limits/memory"] {
        let pointer = format!("/containers/0/resources/{resource}");
        assert!(pod.spec.pointer(&pointer).is_some(), "{of}: {pointer}");
    }
    for volume in list(&pod.spec["volumes"]) {
        assert!(volume.get("hostPath").is_none(), "{of} mounts the host");
    }
}

/// Fails unless a daemon's probes ask what says whether it serves, and whether it works.
pub fn assert_probed(pod: &Pod) {
    for (probe, path) in [
        ("startupProbe", "/healthz"),
        ("livenessProbe", "/healthz"),
        ("readinessProbe", "/readyz"),
    ] {
        let ask = &pod.container()[probe]["httpGet"];
        assert_eq!(ask["path"], path, "{}: {probe}", pod.of);
        assert_eq!(ask["port"], "http", "{}: {probe}", pod.of);
    }
    let port = &pod.container()["ports"][0];
    assert_eq!(port["name"], "http", "{}", pod.of);
    let listens = pod
        .environment
        .get("LISTEN_ADDR")
        .map_or("0.0.0.0:8080", |addr| addr);
    assert_eq!(
        listens,
        format!("0.0.0.0:{}", port["containerPort"]),
        "{} listens where it is asked",
        pod.of
    );
}

/// Fails where a secret could be read from the pod's spec or from its environment.
pub fn assert_no_secret_shown(pod: &Pod) {
    for setting in worker_settings().filter(|setting| setting.kind == Kind::Secret) {
        assert!(
            !pod.environment.contains_key(setting.variable),
            "{} sets {}, not its file",
            pod.of,
            setting.variable
        );
    }
    assert!(!pod.environment.contains_key("DATABASE_URL"), "{}", pod.of);
    let spec = pod.spec.to_string();
    for reference in ["secretKeyRef", "secretRef"] {
        assert!(!spec.contains(reference), "{} has a {reference}", pod.of);
    }
}

/// Fails unless the worker takes its pod's environment. Secrets may still be missing; authorities
/// may not, and are no part of this.
pub fn assert_accepted(pod: &Pod) {
    let variables = pod
        .environment
        .iter()
        .filter(|(name, _)| *name != "STARBURST_CA_FILE");
    if let Err(errors) = Config::load(&Sources::from_environment(variables)) {
        panic!("{}: {errors}", pod.of);
    }
}

/// Fails unless every `_FILE` variable names a file below one of the pod's mounts.
pub fn assert_files_mounted(pod: &Pod) {
    let mounts = list(&pod.container()["volumeMounts"]);
    let files = pod
        .environment
        .iter()
        .filter(|(name, _)| name.ends_with("_FILE"));
    for (name, file) in files {
        let mounted = mounts.iter().any(|mount| {
            let path = mount["mountPath"].as_str().unwrap();
            file.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        assert!(
            mounted,
            "{}: {name} is {file}, which is on no volume",
            pod.of
        );
    }
    for mount in &mounts {
        let volume = list(&pod.spec["volumes"])
            .into_iter()
            .chain(std::iter::once(serde_json::json!({"name": "queue"})))
            .any(|volume| volume["name"] == mount["name"]);
        assert!(volume, "{} mounts {} of no volume", pod.of, mount["name"]);
    }
}

/// Fails unless Kubernetes waits longer than the program takes to end.
pub fn assert_time_to_end(pod: &Pod) {
    let (default, after) = if pod.is_worker() {
        // What is left is handed over within 5 s; the last answers of /metrics take 2 s at most.
        (worker_default("SHUTDOWN_GRACE_SECONDS"), 5 + 2)
    } else {
        // The store's connections are closed within 2 s.
        (control_plane_default("SHUTDOWN_GRACE_SECONDS"), 2)
    };
    let grace = pod
        .environment
        .get("SHUTDOWN_GRACE_SECONDS")
        .unwrap_or(&default);
    let needs = grace.parse::<u64>().unwrap() + after;
    let gets = pod.spec["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(
        gets > needs,
        "{} needs {needs} s to end and gets {gets}",
        pod.of
    );
}

fn worker_default(variable: &str) -> String {
    let setting = worker_settings()
        .find(|setting| setting.variable == variable)
        .unwrap();
    match setting.default {
        export_worker::config::Default::Value(value) => value.to_owned(),
        other => panic!("{variable} has the default {other:?}"),
    }
}

fn control_plane_default(variable: &str) -> String {
    let command = export_control_plane::cli::Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let argument = serve
        .get_arguments()
        .find(|argument| argument.get_env().is_some_and(|name| name == variable))
        .unwrap();
    argument.get_default_values()[0]
        .to_str()
        .unwrap()
        .to_owned()
}

/// The elements of a list, none where there is none.
pub fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
