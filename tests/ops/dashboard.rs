//! The Grafana dashboard, its expressions asked of a real Prometheus.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{live::Live, prometheus::Prometheus, tool::read};

const DASHBOARD: &str = "deploy/grafana/dashboard.json";
/// Columns of Grafana's grid.
const WIDTH: u64 = 24;

/// The dashboard as it is written.
pub fn load() -> Value {
    serde_json::from_str(&read(DASHBOARD)).unwrap()
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().unwrap()
}

/// Panels that show something, with their targets.
fn showing(dashboard: &Value) -> impl Iterator<Item = (&Value, &Vec<Value>)> {
    let panels = panels(dashboard).iter();
    panels.filter_map(|panel| Some((panel, panel["targets"].as_array()?)))
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    let text = value[field].as_str().unwrap_or_default();
    assert!(!text.is_empty(), "{value} has no {field}");
    text
}

fn variables(dashboard: &Value) -> &Vec<Value> {
    dashboard["templating"]["list"].as_array().unwrap()
}

/// What `label_values(selector, label)` of a variable asks for.
fn label_values(variable: &Value) -> Option<(String, String)> {
    let query = variable["query"]["query"].as_str()?;
    let (selector, label) = query
        .strip_prefix("label_values(")?
        .strip_suffix(')')?
        .rsplit_once(", ")?;
    Some((selector.to_owned(), label.to_owned()))
}

/// Every expression: of panels, annotations and variables.
pub fn expressions() -> Vec<String> {
    let dashboard = load();
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let targets = showing(&dashboard).flat_map(|(_, targets)| targets);
    let written = targets
        .chain(annotations)
        .map(|found| text(found, "expr").to_owned());
    let asked = variables(&dashboard).iter().filter_map(label_values);
    written.chain(asked.map(|(selector, _)| selector)).collect()
}

/// An expression as Grafana would send it, with everything selected.
fn substituted(expression: &str) -> String {
    let mut expression = expression.to_owned();
    for (variable, value) in [
        ("$namespace", "exports"),
        ("$release", "ours"),
        ("$snapshot", ".*"),
        ("$__rate_interval", "10s"),
        ("$__range", "1m"),
    ] {
        expression = expression.replace(variable, value);
    }
    assert!(
        !expression.contains('$'),
        "a variable nobody knows: {expression}"
    );
    expression
}

#[test]
fn panels_have_ids_of_their_own_and_do_not_overlap() {
    let dashboard = load();
    let mut ids = BTreeSet::new();
    let mut cells = BTreeSet::new();
    for panel in panels(&dashboard) {
        let title = text(panel, "title");
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is taken"
        );
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        let (x, y, w, h) = (place("x"), place("y"), place("w"), place("h"));
        assert!(w > 0 && h > 0 && x + w <= WIDTH, "{title}: out of the grid");
        for column in x..x + w {
            for line in y..y + h {
                assert!(cells.insert((column, line)), "{title}: its place is taken");
            }
        }
    }
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit() {
    let dashboard = load();
    let mut titles = BTreeSet::new();
    for (panel, targets) in showing(&dashboard) {
        let title = text(panel, "title");
        assert!(titles.insert(title), "{title} is there twice");
        assert!(text(panel, "description").ends_with('.'), "{title}");
        assert!(["stat", "timeseries", "heatmap", "state-timeline"].contains(&text(panel, "type")));
        let unit = if panel["type"] == "heatmap" {
            &panel["options"]["yAxis"]["unit"]
        } else {
            &panel["fieldConfig"]["defaults"]["unit"]
        };
        assert!(unit.is_string(), "{title} has no unit");
        assert!(!targets.is_empty(), "{title} shows nothing");
        let names: BTreeSet<&str> = targets.iter().map(|target| text(target, "refId")).collect();
        assert_eq!(
            names.len(),
            targets.len(),
            "{title}: a refId is there twice"
        );
    }
}

#[test]
fn everything_is_asked_of_the_chosen_data_source_for_the_chosen_namespace() {
    let dashboard = load();
    let chosen = serde_json::json!({ "type": "prometheus", "uid": "${datasource}" });
    let names: Vec<&str> = variables(&dashboard)
        .iter()
        .map(|one| text(one, "name"))
        .collect();
    assert_eq!(names, ["datasource", "namespace", "release", "snapshot"]);
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let queries = variables(&dashboard)
        .iter()
        .filter(|one| one["type"] == "query");
    let panels = showing(&dashboard).flat_map(|(panel, targets)| targets.iter().chain([panel]));
    for asking in annotations.iter().chain(queries).chain(panels) {
        assert_eq!(asking["datasource"], chosen, "{asking}");
    }
    for (panel, targets) in showing(&dashboard) {
        for target in targets {
            let expression = text(target, "expr");
            assert!(
                expression.contains("namespace=~\"$namespace\""),
                "{expression}"
            );
            assert!(expression.contains("release=~\"$release\""), "{expression}");
            let by_snapshot = expression.contains("by (namespace, snapshot_id");
            assert_eq!(
                by_snapshot,
                expression.contains("$snapshot"),
                "{}",
                panel["title"]
            );
        }
    }
}

#[tokio::test]
async fn every_expression_returns_series_of_a_real_prometheus_that_scraped_real_work() {
    let mut live = Live::start().await;
    let prometheus = Prometheus::start(&live.targets()).await;
    live.scraped().await;
    live.work().await;
    live.scraped().await;
    let dashboard = load();
    let mut empty = Vec::new();
    for (panel, targets) in showing(&dashboard) {
        for target in targets {
            let expression = substituted(text(target, "expr"));
            if prometheus.range(&expression, 30).await.is_empty() {
                empty.push(format!("{}: {expression}", panel["title"]));
            }
        }
    }
    for (selector, label) in variables(&dashboard).iter().filter_map(label_values) {
        let selector = substituted(&selector);
        let having = format!("count by ({label}) ({selector})");
        let found = prometheus.range(&having, 30).await;
        if found
            .iter()
            .all(|series| series["metric"][&label].is_null())
        {
            empty.push(format!("variable {label}: {selector}"));
        }
    }
    // Whether an alert fires is not asked here, only whether Prometheus takes the question.
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        prometheus
            .range(&substituted(text(annotation, "expr")), 30)
            .await;
    }
    assert!(empty.is_empty(), "without a series: {empty:#?}");
    assert_rules_are_well(&prometheus).await;
}

/// No rule fails on live series, as one does that joins many with many.
async fn assert_rules_are_well(prometheus: &Prometheus) {
    let answer = prometheus.ask("rules", &[]).await;
    let groups = answer["groups"].as_array().unwrap();
    let rules: Vec<&Value> = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(!rules.is_empty());
    let unwell: Vec<&&Value> = rules.iter().filter(|rule| rule["health"] != "ok").collect();
    assert!(unwell.is_empty(), "{unwell:#?}");
}
