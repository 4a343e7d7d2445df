//! Every way to run it: linted, rendered, validated, and its pods looked at.

use std::path::Path;

use serde_json::Value;

use super::{
    super::{
        manifest::{Pod, list, name, objects, pods},
        programs::known_variables,
        schemas::assert_valid,
        standards::{
            assert_accepted, assert_files_mounted, assert_hardened, assert_no_secret_shown,
            assert_probed, assert_time_to_end,
        },
        tool::{output, tool},
    },
    CHART, helm, template, values_files,
};

fn rendered(values: &Path) -> String {
    output(template().arg("--values").arg(values))
}

fn every_pod() -> Vec<(std::path::PathBuf, Pod)> {
    let files = values_files().into_iter();
    files
        .flat_map(|values| {
            let pods = pods(&objects(&rendered(&values)));
            assert!(!pods.is_empty(), "{}", values.display());
            pods.into_iter().map(move |pod| (values.clone(), pod))
        })
        .collect()
}

#[test]
fn helm_finds_nothing_to_complain_about() {
    for values in values_files() {
        output(
            helm()
                .args(["lint", "--strict", CHART, "--values"])
                .arg(values),
        );
    }
}

#[test]
fn the_templates_do_what_their_unit_tests_say() {
    let said = output(tool("helm-unittest").args(["--strict", "--color=false", CHART]));
    assert!(
        said.contains("Tests: ") && !said.contains("Tests:       0"),
        "{said}"
    );
}

#[test]
fn every_object_is_one_that_kubernetes_takes() {
    let rendered = values_files().into_iter().map(|values| {
        let name = values.file_stem().unwrap().display().to_string();
        (name, rendered(&values))
    });
    assert_valid(rendered);
}

#[test]
fn no_two_objects_have_the_same_name() {
    for values in values_files() {
        let mut names: Vec<String> = objects(&rendered(&values)).iter().map(name).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "{}", values.display());
    }
}

#[test]
fn every_pod_is_restricted() {
    for (_, pod) in every_pod() {
        assert_hardened(&pod);
    }
}

#[test]
fn every_daemon_is_probed_and_has_the_time_it_takes_to_end() {
    let daemons = every_pod()
        .into_iter()
        .filter(|(_, pod)| matches!(pod.command(), "run" | "serve"));
    for (_, pod) in daemons {
        assert_probed(&pod);
        assert_time_to_end(&pod);
    }
}

#[test]
fn helm_test_runs_doctor_with_the_workers_settings() {
    for values in values_files() {
        let pods = pods(&objects(&rendered(&values)));
        let of = |command| pods.iter().find(|pod| pod.command() == command);
        let doctor = of("doctor").unwrap_or_else(|| panic!("{} has no doctor", values.display()));
        let mut worker = of("run").unwrap().environment.clone();
        worker.remove("ROLE");
        assert_eq!(doctor.environment, worker, "{}", values.display());
    }
}

#[test]
fn secrets_are_files_and_never_variables() {
    for (_, pod) in every_pod() {
        assert_no_secret_shown(&pod);
        assert_files_mounted(&pod);
    }
    for values in values_files() {
        for object in objects(&rendered(&values)) {
            assert_ne!(object["kind"], "Secret", "the chart makes no Secret");
        }
    }
}

#[test]
fn a_secret_may_come_after_the_installation() {
    let mut seen = 0;
    for (_, pod) in every_pod() {
        for volume in list(&pod.spec["volumes"]) {
            for source in list(&volume["projected"]["sources"]) {
                // A migration would only fail without it; its pod waits to be created.
                let optional = pod.command() != "migrate";
                assert_eq!(
                    source["secret"]["optional"], optional,
                    "{}: {source}",
                    pod.of
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "only {seen} Secrets seen");
}

#[test]
fn every_variable_that_is_set_exists() {
    for (values, pod) in every_pod() {
        let known = known_variables(&pod);
        let extra = extra_variables(&values);
        for variable in pod.environment.keys() {
            assert!(
                known.contains(variable) || extra.contains(variable),
                "{}: {} sets {variable}, which its program does not know",
                values.display(),
                pod.of
            );
        }
    }
}

/// Names of `extraEnv`, which are the operator's own.
fn extra_variables(values: &Path) -> Vec<String> {
    let values: Value = serde_yaml_ng::from_str(&std::fs::read_to_string(values).unwrap()).unwrap();
    list(&values["worker"]["extraEnv"])
        .iter()
        .map(|variable| variable["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_worker_takes_every_environment_that_is_rendered() {
    for (_, pod) in every_pod().iter().filter(|(_, pod)| pod.command() == "run") {
        assert_accepted(pod);
    }
}

#[test]
fn an_autoscaler_alone_says_how_many_replicas_there_are() {
    let mut scaled = 0;
    for values in values_files() {
        let objects = objects(&rendered(&values));
        for scaler in &objects {
            let kind = scaler["kind"].as_str().unwrap();
            if !matches!(kind, "ScaledObject" | "HorizontalPodAutoscaler") {
                continue;
            }
            let target = &scaler["spec"]["scaleTargetRef"]["name"];
            let deployment = objects
                .iter()
                .find(|object| {
                    object["kind"] == "Deployment" && object["metadata"]["name"] == *target
                })
                .unwrap_or_else(|| panic!("{} scales nothing", name(scaler)));
            assert_eq!(
                deployment["spec"].get("replicas"),
                None,
                "{}",
                name(deployment)
            );
            scaled += 1;
        }
    }
    assert_eq!(
        scaled, 4,
        "two with KEDA, one each with SQLite and with an HPA"
    );
}

#[test]
fn selectors_find_pods_that_are_there() {
    for values in values_files() {
        let objects = objects(&rendered(&values));
        let pods = pods(&objects);
        for object in &objects {
            let spec = &object["spec"];
            let selector = match object["kind"].as_str().unwrap() {
                "Service" => &spec["selector"],
                "PodDisruptionBudget" | "Deployment" | "StatefulSet" => {
                    &spec["selector"]["matchLabels"]
                }
                _ => continue,
            };
            let wanted = selector.as_object().unwrap();
            let found = pods.iter().any(|pod| {
                wanted
                    .iter()
                    .all(|(label, value)| pod.labels[label] == *value)
            });
            assert!(
                found,
                "{}: {} selects nothing",
                values.display(),
                name(object)
            );
        }
    }
}
