//! The kustomize base and its overlays, built and validated.

use serde_json::Value;

use super::{
    chart::{CHART, template},
    manifest::{
        Pod, assert_accepted, assert_files_mounted, assert_hardened, assert_no_secret_shown,
        assert_probed, assert_time_to_end, known_variables, list, name, objects, pods,
    },
    schemas::assert_valid,
    tool::{output, read, repository, tool},
};

const ROOT: &str = "deploy/kustomize";

fn built(folder: &str) -> String {
    output(tool("kustomize").args(["build", &format!("{ROOT}/{folder}")]))
}

/// The base and every overlay there is.
fn folders() -> Vec<String> {
    let overlays = std::fs::read_dir(repository().join(ROOT).join("overlays")).unwrap();
    let mut folders: Vec<String> = overlays
        .map(|entry| format!("overlays/{}", entry.unwrap().file_name().display()))
        .collect();
    assert!(folders.len() >= 2, "{folders:?}");
    folders.push("base".to_owned());
    folders
}

fn every_pod() -> Vec<Pod> {
    let pods: Vec<Pod> = folders()
        .iter()
        .flat_map(|folder| pods(&objects(&built(folder))))
        .collect();
    assert!(pods.len() >= 5, "only {} pods", pods.len());
    pods
}

#[test]
fn every_object_is_one_that_kubernetes_takes() {
    assert_valid(folders().into_iter().map(|folder| {
        let manifests = built(&folder);
        (folder.replace('/', "-"), manifests)
    }));
}

#[test]
fn every_pod_is_restricted_and_probed_and_has_the_time_it_takes_to_end() {
    for pod in every_pod() {
        assert_hardened(&pod);
        assert_probed(&pod);
        assert_time_to_end(&pod);
        assert_no_secret_shown(&pod);
        assert_files_mounted(&pod);
    }
}

#[test]
fn every_variable_that_is_set_exists() {
    for pod in every_pod() {
        let known = known_variables(&pod);
        for variable in pod.environment.keys() {
            assert!(
                known.contains(variable),
                "{} sets {variable}, which its program does not know",
                pod.of
            );
        }
    }
}

#[test]
fn overlays_set_what_the_worker_requires() {
    let overlays = folders()
        .into_iter()
        .filter(|folder| folder.starts_with("overlays"));
    for folder in overlays {
        pods(&objects(&built(&folder)))
            .iter()
            .filter(|pod| pod.is_worker())
            .for_each(assert_accepted);
    }
}

/// What both ways to install must say alike, of each program's pod.
const ALIKE: &[&str] = &[
    "/automountServiceAccountToken",
    "/containers/0/args",
    "/containers/0/image",
    "/containers/0/livenessProbe",
    "/containers/0/ports",
    "/containers/0/readinessProbe",
    "/containers/0/resources",
    "/containers/0/securityContext",
    "/containers/0/startupProbe",
    "/enableServiceLinks",
    "/securityContext",
    "/terminationGracePeriodSeconds",
];

#[test]
fn its_pods_are_those_of_the_chart() {
    let values = format!("{CHART}/ci/control-plane-sqlite.yaml");
    let chart = pods(&objects(&output(template().args(["--values", &values]))));
    for pod in every_pod() {
        let same = chart
            .iter()
            .find(|of_chart| of_chart.command() == pod.command())
            .unwrap();
        for pointer in ALIKE {
            let (here, there) = (pod.spec.pointer(pointer), same.spec.pointer(pointer));
            assert!(
                here.is_some() && here == there,
                "{}: {pointer} is {here:?}, in the chart {there:?}",
                pod.of
            );
        }
    }
}

#[test]
fn its_autoscaling_is_that_of_the_chart() {
    let metadata = |objects: &[Value]| -> Vec<(String, Value)> {
        let scalers = objects
            .iter()
            .filter(|object| object["kind"] == "ScaledObject");
        scalers
            .map(|scaler| {
                let mut trigger = list(&scaler["spec"]["triggers"]).remove(0);
                trigger["authenticationRef"] = Value::Null;
                trigger["metadata"]["url"] = trigger["metadata"]["url"]
                    .as_str()
                    .unwrap()
                    .trim_end_matches('/')
                    .into();
                (name(scaler).replace("graphs-", ""), trigger)
            })
            .collect()
    };
    let values = format!("{CHART}/ci/keda.yaml");
    let settings = ["--set", "poller.autoscaling.keda.jobsPerReplica=20"];
    let mut chart = metadata(&objects(&output(
        template().args(["--values", &values]).args(settings),
    )));
    let mut here = metadata(&objects(&built("overlays/split-keda")));
    chart.sort_by(|one, other| one.0.cmp(&other.0));
    here.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(here.len(), 2);
    assert_eq!(here, chart);
}

#[test]
fn what_is_scaled_is_there_and_says_no_number_itself() {
    let objects = objects(&built("overlays/split-keda"));
    for scaler in objects
        .iter()
        .filter(|object| object["kind"] == "ScaledObject")
    {
        let target = &scaler["spec"]["scaleTargetRef"]["name"];
        let deployment = objects
            .iter()
            .find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == *target)
            .unwrap_or_else(|| panic!("{} scales nothing", name(scaler)));
        assert_eq!(
            deployment["spec"].get("replicas"),
            None,
            "{}",
            name(deployment)
        );
    }
}

#[test]
fn it_installs_the_version_it_comes_with() {
    for folder in ["base/worker", "control-plane"] {
        let text = read(&format!("{ROOT}/{folder}/kustomization.yaml"));
        assert!(
            text.contains(&format!("newTag: {}\n", env!("CARGO_PKG_VERSION"))),
            "{folder}:\n{text}"
        );
    }
}
