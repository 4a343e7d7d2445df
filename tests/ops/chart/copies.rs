//! What the chart repeats: rules, dashboard, the list of its values. `make chart` writes them.

use super::{
    super::tool::{output, read, repository, tool},
    CHART,
};

#[test]
fn the_charts_rules_and_dashboard_are_those_of_deploy() {
    for (original, copy) in [
        ("deploy/prometheus/rules.yaml", "rules.yaml"),
        ("deploy/grafana/dashboard.json", "dashboard.json"),
    ] {
        assert!(
            read(original) == read(&format!("{CHART}/files/{copy}")),
            "{CHART}/files/{copy} is not {original}; run `make chart`"
        );
    }
}

#[test]
fn the_readme_lists_the_values_as_they_are() {
    let chart = tempfile::tempdir().unwrap();
    for file in ["Chart.yaml", "values.yaml", "README.md.gotmpl"] {
        std::fs::copy(repository().join(CHART).join(file), chart.path().join(file)).unwrap();
    }
    output(
        tool("helm-docs")
            .args(["--sort-values-order", "file", "--log-level", "error"])
            .arg("--chart-search-root")
            .arg(chart.path()),
    );
    let written = std::fs::read_to_string(chart.path().join("README.md")).unwrap();
    assert!(
        written == read(&format!("{CHART}/README.md")),
        "{CHART}/README.md is out of date; run `make chart`"
    );
}

#[test]
fn the_readme_says_what_each_value_is_for() {
    let undescribed: Vec<String> = read(&format!("{CHART}/README.md"))
        .lines()
        .filter(|line| line.starts_with("| `") && line.ends_with("|  |"))
        .map(str::to_owned)
        .collect();
    assert!(undescribed.is_empty(), "{undescribed:#?}");
}

#[test]
fn the_chart_installs_the_version_it_comes_with() {
    let version = env!("CARGO_PKG_VERSION");
    let chart = read(&format!("{CHART}/Chart.yaml"));
    assert!(
        chart.contains(&format!("\nversion: {version}\n")),
        "{chart}"
    );
    assert!(
        chart.contains(&format!("\nappVersion: \"{version}\"\n")),
        "{chart}"
    );
}
