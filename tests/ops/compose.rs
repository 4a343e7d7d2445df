//! The compose file names what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use clap::CommandFactory;
use export_worker::config::{Config, GROUPS, Sources};
use serde_json::Value;

use super::{
    image::dockerfile,
    tool::{output, read, refusal, repository, tool},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A file of YAML with its anchors resolved.
fn yaml(text: &str) -> Value {
    let mut read: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).unwrap();
    read.apply_merge().unwrap();
    serde_json::to_value(read).unwrap()
}

fn compose() -> Value {
    yaml(&read("deploy/compose.yaml"))
}

fn services(compose: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let services = compose["services"].as_object().unwrap();
    services
        .iter()
        .map(|(name, service)| (name.as_str(), service))
}

/// The texts of a list; none where there is no list.
fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|text| text.as_str().unwrap()).collect()
}

/// The environment of a service.
fn environment(compose: &Value, service: &str) -> BTreeMap<String, String> {
    let variables = compose["services"][service]["environment"].as_object();
    let variables = variables.unwrap().iter();
    variables
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn the_compose_file_is_one_by_the_specification() {
    let validate = |path: &Path| {
        let mut validate = tool("check-jsonschema");
        validate.args(["--builtin-schema", "vendor.compose-spec"]);
        validate.arg(path);
        validate
    };
    let path = repository().join("deploy/compose.yaml");
    output(&mut validate(&path));

    let folder = tempfile::tempdir().unwrap();
    let misspelt = folder.path().join("compose.yaml");
    let text = read("deploy/compose.yaml").replace("cap_drop", "cap_dropped");
    std::fs::write(&misspelt, text).unwrap();
    let words = refusal(&mut validate(&misspelt));
    assert!(words.contains("cap_dropped"), "{words}");
}

#[test]
fn every_variable_of_the_worker_is_a_setting_and_the_worker_takes_its_value() {
    let compose = compose();
    let settings: BTreeSet<String> = GROUPS
        .iter()
        .flat_map(|group| group.settings)
        .flat_map(|setting| [Some(setting.variable.to_owned()), setting.file_variable()])
        .flatten()
        .collect();
    let mut variables = environment(&compose, "worker");
    for name in variables.keys() {
        assert!(
            settings.contains(name),
            "{name} is no setting of the worker"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("api-key");
    std::fs::write(&key, "key").unwrap();
    variables.insert(
        "GRAPH_OLAP_INTERNAL_API_KEY_FILE".to_owned(),
        key.to_str().unwrap().to_owned(),
    );
    Config::load(&Sources::from_environment(variables)).unwrap();
}

#[test]
fn every_variable_of_the_control_plane_is_one_of_its_flags() {
    let mut command = export_control_plane::cli::Cli::command();
    command.build();
    let serve = command.find_subcommand("serve").unwrap();
    let known: BTreeSet<&str> = serve
        .get_arguments()
        .filter_map(|argument| argument.get_env()?.to_str())
        .collect();
    for name in environment(&compose(), "control-plane").keys() {
        assert!(known.contains(name.as_str()), "{name} is none of {known:?}");
    }
}

#[test]
fn the_sandbox_takes_the_arguments_it_is_given_and_serves_where_the_worker_looks() {
    let compose = compose();
    let arguments = texts(&compose["services"]["sandbox"]["command"]);
    let serve = clap::Command::new("serve");
    let serve = <export_sandbox::serve::Options as clap::Args>::augment_args(serve);
    let read = serve.try_get_matches_from(&arguments).unwrap();
    let worker = environment(&compose, "worker");
    for (variable, port) in [
        ("STARBURST_URL", "starburst_port"),
        ("STORAGE_EMULATOR_HOST", "store_port"),
    ] {
        let port: u16 = *read.get_one(port).unwrap();
        assert_eq!(worker[variable], format!("http://sandbox:{port}"));
    }
}

#[test]
fn every_container_is_pinned_and_has_no_more_rights_than_it_needs() {
    let compose = compose();
    for (name, service) in services(&compose) {
        let (_, tag) = service["image"].as_str().unwrap().rsplit_once(':').unwrap();
        assert!(tag.contains('.'), "{name}: {tag} is no exact version");
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert!(service.get("cap_add").is_none(), "{name}");
        let options = texts(&service["security_opt"]);
        assert_eq!(options, ["no-new-privileges:true"], "{name}");
        for port in texts(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
}

#[test]
fn our_own_images_are_of_this_version_and_targets_of_the_dockerfile() {
    let compose = compose();
    let stages = dockerfile::stages();
    let mut built = BTreeSet::new();
    for (name, service) in services(&compose) {
        let Some(target) = service["build"]["target"].as_str() else {
            continue;
        };
        let image = format!("ghcr.io/export-worker/{target}:{VERSION}");
        assert_eq!(service["image"], image, "{name}");
        assert!(stages.contains_key(target), "{target}");
        let file = service["build"]["dockerfile"].as_str().unwrap();
        assert!(repository().join(file).is_file(), "{file}");
        built.insert(target);
    }
    let all = ["export-control-plane", "export-sandbox", "export-worker"];
    assert_eq!(built, BTreeSet::from(all));
}

#[test]
fn a_worker_is_given_longer_to_end_than_it_takes() {
    let compose = compose();
    let period = compose["services"]["worker"]["stop_grace_period"].as_str();
    let period: u32 = period.unwrap().trim_end_matches('s').parse().unwrap();
    let grace = &environment(&compose, "worker")["SHUTDOWN_GRACE_SECONDS"];
    assert!(period > grace.parse::<u32>().unwrap());
}

#[test]
fn every_file_that_is_mounted_is_there() {
    let compose = compose();
    let volumes = compose["volumes"].as_object().unwrap();
    for (name, service) in services(&compose) {
        for mount in texts(&service["volumes"]) {
            let source = mount.split(':').next().unwrap();
            if source.starts_with("./") {
                let file = repository().join("deploy").join(source);
                assert!(file.is_file(), "{name} mounts {source}");
                assert!(mount.ends_with(":ro"), "{name} may write to {source}");
            } else {
                assert!(volumes.contains_key(source), "{name}: {source}");
            }
        }
    }
}

#[test]
fn every_secret_is_a_file_that_the_script_makes_and_makes_once() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("secrets.sh");
    std::fs::copy(repository().join("deploy/compose/secrets.sh"), &script).unwrap();
    let run = || {
        output(&mut Command::new(&script));
        let made = std::fs::read_dir(folder.path().join("secrets")).unwrap();
        made.map(|file| file.unwrap().path())
            .map(|file| {
                let name = file.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(file).unwrap())
            })
            .collect::<BTreeMap<_, _>>()
    };
    let made = run();
    assert_eq!(run(), made);
    let (password, url) = (&made["postgres-password"], &made["database-url"]);
    assert_eq!(
        *url,
        format!("postgres://export:{password}@postgres:5432/export")
    );
    assert!(password.len() >= 32 && *password != made["api-key"]);

    let compose = compose();
    let secrets = compose["secrets"].as_object().unwrap();
    let names: Vec<&String> = secrets.keys().collect();
    assert_eq!(names, made.keys().collect::<Vec<_>>());
    for (name, secret) in secrets {
        assert_eq!(secret["file"], format!("./compose/secrets/{name}"));
    }
    // A service is given the secrets that its variables name, and no other.
    for (name, service) in services(&compose) {
        let variables = service["environment"].as_object();
        let read: BTreeSet<&str> = variables
            .into_iter()
            .flat_map(|variables| variables.values())
            .filter_map(|value| value.as_str()?.strip_prefix("/run/secrets/"))
            .collect();
        let given: BTreeSet<&str> = texts(&service["secrets"]).into_iter().collect();
        assert_eq!(given, read, "{name}");
    }
}

#[test]
fn prometheus_takes_its_configuration_and_scrapes_services_of_the_compose_file() {
    let text = read("deploy/compose/prometheus.yml");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prometheus.yml");
    let rules = repository().join("deploy/prometheus");
    let here = text.replace("/etc/prometheus/rules", rules.to_str().unwrap());
    std::fs::write(&file, here).unwrap();
    let said = output(tool("promtool").args(["check", "config"]).arg(&file));
    assert!(said.contains("1 rule files found"), "{said}");

    let compose = compose();
    let scraped: Vec<String> = yaml(&text)["scrape_configs"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|job| job["dns_sd_configs"].as_array().unwrap().clone())
        .inspect(|found| assert_eq!(found["port"], 8080))
        .flat_map(|found| {
            texts(&found["names"])
                .join(" ")
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(scraped, ["worker", "control-plane"]);
    for name in &scraped {
        assert!(compose["services"][name].is_object(), "{name}");
    }
}

#[test]
fn grafana_reads_the_dashboard_and_asks_this_prometheus() {
    let compose = compose();
    let source = yaml(&read("deploy/compose/grafana/datasource.yaml"));
    assert_eq!(source["datasources"][0]["url"], "http://prometheus:9090");
    let provider = yaml(&read("deploy/compose/grafana/dashboards.yaml"));
    let path = provider["providers"][0]["options"]["path"]
        .as_str()
        .unwrap();
    let mounts = texts(&compose["services"]["grafana"]["volumes"]);
    let dashboard = format!("./grafana/dashboard.json:{path}/export-worker.json:ro");
    assert!(mounts.contains(&dashboard.as_str()), "{mounts:?}");
    let home = &environment(&compose, "grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"];
    assert_eq!(*home, format!("{path}/export-worker.json"));
}
