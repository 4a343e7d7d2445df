//! What every pod of ours must be, by whatever way it is installed.

use export_worker::config::{Config, Kind, Sources};
use serde_json::Value;

use super::{
    manifest::{Pod, list},
    programs::{control_plane_default, worker_default, worker_settings},
};

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

/// Fails unless the worker takes its pod's environment. Secrets and authorities may still be missing.
pub fn assert_accepted(pod: &Pod) {
    if let Err(errors) = Config::load(&Sources::from_environment(pod.environment.iter())) {
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
        // What is left is handed over within 5 s; the last spans take 2 s at most, and so do the last
        // answers of /metrics.
        (worker_default("SHUTDOWN_GRACE_SECONDS"), 5 + 2 + 2)
    } else {
        // The store's connections are closed within 2 s, and the last spans sent within 2 s.
        (control_plane_default("SHUTDOWN_GRACE_SECONDS"), 2 + 2)
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
