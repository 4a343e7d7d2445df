//! Recording and alerting rules, as promtool and Prometheus read them.

use std::{collections::BTreeSet, io::Write as _, process::Stdio};

use super::{
    dashboard,
    live::Live,
    prometheus::Prometheus,
    promql::{self, Matcher},
    rule_file::{RULES, alerts, expectations, rules, test_files},
    tool::{output, tool},
};

/// What a scrape configuration adds to every series.
const TARGET_LABELS: [&str; 6] = ["cluster", "namespace", "release", "job", "instance", "pod"];

/// Not scraped of us, with the labels they have: Prometheus' own, and kube-state-metrics'.
const OTHERS: [(&str, &[&str]); 4] = [
    ("up", &[]),
    ("ALERTS", &["alertname", "alertstate", "severity"]),
    ("kube_pod_container_info", &["container", "image"]),
    ("kube_pod_container_status_restarts_total", &["container"]),
];

#[test]
fn promtool_takes_the_rules() {
    let said = output(tool("promtool").args(["check", "rules", RULES]));
    assert!(said.contains("SUCCESS"), "{said}");
}

#[test]
fn every_alert_fires_and_keeps_silent_as_its_tests_say() {
    output(tool("promtool").args(["test", "rules"]).args(test_files()));
}

#[test]
fn every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() {
    let of = |fires: bool| -> BTreeSet<String> {
        let all = expectations().into_iter();
        all.filter(|test| test.exp_alerts.is_empty() != fires)
            .map(|test| test.alertname)
            .collect()
    };
    let alerts: BTreeSet<String> = alerts().into_keys().collect();
    assert_eq!(of(true), alerts);
    assert_eq!(of(false), alerts);
}

#[test]
fn every_alert_says_how_bad_it_is_what_is_wrong_and_where_to_look() {
    for (name, alert) in alerts() {
        assert!(name.starts_with("Export"), "{name}");
        let labels: Vec<(&str, &str)> = alert
            .labels
            .iter()
            .map(|(label, value)| (label.as_str(), value.as_str()))
            .collect();
        assert!(
            matches!(labels[..], [("severity", "critical" | "warning")]),
            "{name}: {labels:?}"
        );
        for annotation in ["summary", "description", "runbook_url", "dashboard_url"] {
            assert!(
                alert.annotations.contains_key(annotation),
                "{name} has no {annotation}"
            );
        }
        let link = &alert.annotations["dashboard_url"];
        let uid = dashboard::load()["uid"].as_str().unwrap().to_owned();
        assert_eq!(
            link.split('?').next(),
            Some(format!("/d/{uid}").as_str()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn promtool_finds_nothing_wrong_with_what_worker_and_control_plane_expose() {
    let mut live = Live::start().await;
    live.work().await;
    for exposition in live.expositions().await {
        let mut promtool = tool("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        promtool
            .stdin
            .take()
            .unwrap()
            .write_all(exposition.as_bytes())
            .unwrap();
        let found = promtool.wait_with_output().unwrap();
        let complaint = String::from_utf8_lossy(&found.stderr);
        assert!(
            found.status.success() && complaint.is_empty(),
            "{complaint}"
        );
    }
}

#[tokio::test]
async fn all_that_rules_and_dashboard_name_is_scraped_of_the_real_binaries() {
    let mut live = Live::start().await;
    let prometheus = Prometheus::start(&live.targets()).await;
    live.work().await;
    live.scraped().await;
    let recorded: BTreeSet<String> = rules().into_iter().filter_map(|rule| rule.record).collect();
    let mut expressions: Vec<String> = rules().into_iter().map(|rule| rule.expr).collect();
    expressions.extend(dashboard::expressions());
    let mut missing = BTreeSet::new();
    for expression in expressions {
        let names = promql::names(&expression);
        assert!(!names.selectors.is_empty(), "no metric in {expression}");
        let mut known: BTreeSet<&str> = TARGET_LABELS.into();
        for selector in &names.selectors {
            if let Some((_, labels)) = OTHERS.iter().find(|(name, _)| *name == selector.metric) {
                known.extend(*labels);
                continue;
            }
            // What is recorded may have no series yet, or none while all is well; its own
            // expression is looked at, too, and its labels come from there.
            let metric = if recorded.contains(&selector.metric) {
                ""
            } else {
                &selector.metric
            };
            for wanted in wanted(metric, &selector.matchers) {
                if prometheus.series(&wanted).await == 0 {
                    missing.insert(format!("{wanted} of {expression}"));
                }
            }
        }
        for label in &names.labels {
            if !known.contains(label.as_str())
                && prometheus.series(&format!("{{{label}!=\"\"}}")).await == 0
            {
                missing.insert(format!("label {label} of {expression}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// A selector for each value that an expression names: none may be there by its sound only.
fn wanted(metric: &str, matchers: &[Matcher]) -> Vec<String> {
    let mut wanted = vec![format!("{metric}{{__name__!=\"\"}}")];
    for Matcher {
        label,
        operator,
        value,
    } in matchers
    {
        // Variables of the dashboard; and the errors of a Control Plane, which are counted when there are some.
        if value.starts_with('$') || (label == "status" && value == "5xx") {
            continue;
        }
        let positive = if operator.ends_with('~') { "=~" } else { "=" };
        // The alternatives of `a|b`, each by itself.
        let alternatives: Vec<&str> = if value.contains('(') {
            vec![value]
        } else {
            value.split('|').filter(|one| *one != "5xx").collect()
        };
        let selects = |one: &str| format!("{metric}{{{label}{positive}\"{one}\"}}");
        wanted.extend(alternatives.into_iter().map(selects));
    }
    wanted
}
