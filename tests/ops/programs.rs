//! The variables of both programs, as their own code declares them.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use export_control_plane::cli::Cli;
use export_worker::config::{Default, GROUPS, Setting};

use super::manifest::Pod;

/// Every variable that the pod's program knows.
pub fn known_variables(pod: &Pod) -> BTreeSet<String> {
    if pod.is_worker() {
        worker_settings().flat_map(variables_of).collect()
    } else {
        control_plane_variables()
    }
}

/// Every setting of the worker.
pub fn worker_settings() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

fn variables_of(setting: &Setting) -> Vec<String> {
    let mut names = vec![setting.variable.to_owned()];
    names.extend(setting.file_variable());
    names
}

/// Every variable of the Control Plane, as its command line declares them.
pub fn control_plane_variables() -> BTreeSet<String> {
    let command = Cli::command();
    command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .chain(command.get_arguments())
        .filter_map(|argument| argument.get_env())
        .map(|name| name.to_str().unwrap().to_owned())
        .collect()
}

/// What holds where a setting of the worker is not set.
pub fn worker_default(variable: &str) -> String {
    let setting = worker_settings()
        .find(|setting| setting.variable == variable)
        .unwrap();
    match setting.default {
        Default::Value(value) => value.to_owned(),
        other => panic!("{variable} has the default {other:?}"),
    }
}

/// What holds where a setting of the Control Plane's `serve` is not set.
pub fn control_plane_default(variable: &str) -> String {
    let command = Cli::command();
    let serve = command.find_subcommand("serve").unwrap();
    let argument = serve
        .get_arguments()
        .find(|argument| argument.get_env().is_some_and(|name| name == variable))
        .unwrap();
    argument.get_default_values()[0]
        .to_str()
        .unwrap()
        .to_owned()
}
