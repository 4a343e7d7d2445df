//! deploy/prometheus: the rules and their tests, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tool::{read, repository};

/// The file of the rules.
pub const RULES: &str = "deploy/prometheus/rules.yaml";
const TESTS: &str = "deploy/prometheus/tests";

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub record: Option<String>,
    pub alert: Option<String>,
    pub expr: String,
    #[serde(rename = "for")]
    pub lasting: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

/// Every rule, in its order.
pub fn rules() -> Vec<Rule> {
    let file: RuleFile = serde_yaml_ng::from_str(&read(RULES)).unwrap();
    file.groups
        .into_iter()
        .flat_map(|group| group.rules)
        .collect()
}

/// Every alert by its name.
pub fn alerts() -> BTreeMap<String, Rule> {
    let all = rules().into_iter();
    all.filter_map(|rule| Some((rule.alert.clone()?, rule)))
        .collect()
}

/// The files of the rules' tests.
pub fn test_files() -> Vec<String> {
    let mut files: Vec<String> = std::fs::read_dir(repository().join(TESTS))
        .unwrap()
        .map(|entry| format!("{TESTS}/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    files.sort();
    files
}

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    alert_rule_test: Vec<AlertTest>,
}

/// What a test expects of an alert at one moment.
#[derive(Deserialize)]
pub struct AlertTest {
    pub alertname: String,
    pub exp_alerts: Vec<serde_yaml_ng::Value>,
}

/// All that the rules' tests expect.
pub fn expectations() -> Vec<AlertTest> {
    let read = |file: &String| serde_yaml_ng::from_str::<TestFile>(&read(file)).unwrap();
    let tests = test_files();
    let tests = tests.iter().flat_map(|file| read(file).tests);
    tests.flat_map(|test| test.alert_rule_test).collect()
}
