//! Rendered Kubernetes objects, and the pods among them.

use std::collections::BTreeMap;

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

/// The variables of a pod's only container, those of its `ConfigMap`s included.
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

/// The elements of a list, none where there is none.
pub fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}
