//! Every alert has its section in the runbook, and every section its alert.

use std::collections::BTreeSet;

use super::{rule_file::alerts, tool::read};

const RUNBOOK: &str = "docs/runbook.md";
const ADDRESS: &str = "https://github.com/export-worker/export-worker/blob/main/docs/runbook.md#";

/// The headings of sections, as they are written.
fn sections() -> Vec<String> {
    let text = read(RUNBOOK);
    let headings = text.lines().filter_map(|line| line.strip_prefix("### "));
    headings.map(str::to_owned).collect()
}

#[test]
fn every_alert_links_to_its_section_and_every_section_belongs_to_an_alert() {
    let sections = sections();
    let named: BTreeSet<String> = sections.iter().cloned().collect();
    assert_eq!(
        named.len(),
        sections.len(),
        "a section is there twice: {sections:?}"
    );
    let alerts = alerts();
    assert_eq!(named, alerts.keys().cloned().collect());
    for (name, alert) in alerts {
        let link = &alert.annotations["runbook_url"];
        assert_eq!(*link, format!("{ADDRESS}{}", name.to_lowercase()), "{name}");
    }
}

#[test]
fn every_section_says_how_bad_it_is_what_it_means_how_to_confirm_what_to_do_and_when_to_escalate() {
    let text = read(RUNBOOK);
    let alerts = alerts();
    for section in text.split("\n### ").skip(1) {
        let name = section.lines().next().unwrap();
        let severity = format!("`{}`", alerts[name].labels["severity"]);
        for part in [
            severity.as_str(),
            "**Means**",
            "**Confirm**",
            "**Do**",
            "**Escalate**",
        ] {
            assert!(section.contains(part), "{name} has no {part}");
        }
        for shell in section.split("```sh\n").skip(1) {
            assert!(shell.contains("\n```"), "{name} has a block without an end");
        }
    }
}
