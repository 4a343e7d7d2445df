//! Variables that look like ours and are not: as a rule a slip of the keyboard.

use super::{GROUPS, setting::Setting, sources::Sources};

const PREFIXES: [&str; 2] = ["STARBURST_", "CONTROL_PLANE_"];

/// What to warn of at start: each variable with a prefix of ours that no
/// setting has, with the nearest name that one has.
///
/// Kubernetes sets `<SERVICE>_PORT`, `<SERVICE>_SERVICE_HOST` and their like for
/// every service, so a service named `starburst` makes some; those are left out.
pub fn suspicious_variables(sources: &Sources) -> Vec<String> {
    let known = known_variables();
    sources
        .variables()
        .filter(|name| PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
        .filter(|name| !known.iter().any(|known| known == name))
        .filter(|name| !is_service_link(name))
        .map(|name| {
            // A name cut short is nearer than any other, however long its end.
            let nearest = known
                .iter()
                .min_by_key(|known| (!known.starts_with(name), distance(name, known)));
            let nearest = nearest.map_or("", String::as_str);
            format!("{name} is set, but no setting has that name; the nearest is {nearest}")
        })
        .collect()
}

fn known_variables() -> Vec<String> {
    GROUPS
        .iter()
        .flat_map(|group| group.settings)
        .flat_map(|setting: &Setting| {
            std::iter::once(setting.variable.to_owned()).chain(setting.file_variable())
        })
        .collect()
}

fn is_service_link(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT")
        || name.ends_with("_PORT")
        || name.contains("_PORT_")
}

/// Levenshtein's distance: how many characters to insert, delete or replace.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (b, cell) in to.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
