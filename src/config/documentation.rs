use std::fmt::Write as _;

use super::{
    GROUPS,
    setting::{Default, Setting},
};

/// The table of all settings, as Markdown, for README and manual.
pub fn markdown() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let _ = write!(
            text,
            "**{}**\n\n| variable | default | value | what for |\n|---|---|---|---|\n",
            group.title
        );
        for setting in group.settings {
            text.push_str(&row(setting));
        }
        text.push('\n');
    }
    text.push_str(
        "Each variable but the secrets has a flag of the same name, which overrides it: \
         `CLAIM_LIMIT` is `--claim-limit`. Empty values count as not set.\n",
    );
    text
}

fn row(setting: &Setting) -> String {
    let names = match setting.file_variable() {
        Some(file) => format!("`{}` or `{file}`", setting.variable),
        None => format!("`{}`", setting.variable),
    };
    let default = match setting.default {
        Default::Value(value) => format!("`{value}`"),
        Default::Required => "required".to_owned(),
        Default::Otherwise(what) => what.to_owned(),
    };
    format!(
        "| {names} | {default} | {} | {} |\n",
        setting.expects(),
        setting.help
    )
}
