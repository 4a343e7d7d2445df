//! Flags from the table of settings.

use std::{ffi::OsString, fmt::Write as _};

use clap::{Arg, ArgMatches, Command, builder::OsStringValueParser};

use crate::config::{Default, Group, Kind, Setting, Sources};

/// Adds a flag for every setting of these groups, and says where their secrets come from.
pub(super) fn add(mut command: Command, groups: &[Group]) -> Command {
    let mut secrets = Vec::new();
    for group in groups {
        for setting in group.settings {
            match setting.flag() {
                Some(flag) => command = command.arg(arg(group, setting, flag)),
                None => secrets.push(setting),
            }
        }
    }
    if secrets.is_empty() {
        return command;
    }
    let mut text = String::from("Secrets, by variable or file only:");
    for secret in secrets {
        let file = secret.file_variable().unwrap_or_default();
        let _ = write!(
            text,
            "\n  {} or {file}\n          {}",
            secret.variable, secret.help
        );
    }
    command.after_help(text)
}

fn arg(group: &Group, setting: &Setting, flag: String) -> Arg {
    let arg = Arg::new(setting.variable)
        .long(flag)
        .value_name(setting.value_name())
        .value_parser(OsStringValueParser::new())
        .help(help(setting))
        .help_heading(group.title);
    match setting.kind {
        // `--dry-run` alone means true; a word after a blank would be the next argument.
        Kind::Boolean => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Text
        | Kind::List
        | Kind::Url
        | Kind::Path
        | Kind::Bucket
        | Kind::Address
        | Kind::Number { .. }
        | Kind::Seconds { .. }
        | Kind::Choice(_)
        | Kind::Secret => arg,
    }
}

fn help(setting: &Setting) -> String {
    let default = match setting.default {
        Default::Value(value) => format!("default: {value}"),
        Default::Required => "required".to_owned(),
        Default::Otherwise(what) => format!("default: {what}"),
    };
    let choices = match setting.kind {
        Kind::Choice(words) if words.len() > 1 => format!(": {}", words.join(", ")),
        _ => String::new(),
    };
    format!(
        "{}{choices} [env: {}] [{default}]",
        sentence(setting.help),
        setting.variable
    )
}

/// The same text with a capital at its beginning, as clap's own texts have.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect())
        .unwrap_or_default()
}

/// The environment, overridden by the flags that were given.
pub(super) fn override_by(mut sources: Sources, groups: &[Group], matches: &ArgMatches) -> Sources {
    for setting in groups.iter().flat_map(|group| group.settings) {
        if setting.flag().is_none() {
            continue;
        }
        if let Some(value) = matches.get_one::<OsString>(setting.variable) {
            sources.set_flag(setting.variable, value.clone());
        }
    }
    sources
}
