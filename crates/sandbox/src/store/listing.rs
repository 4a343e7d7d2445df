use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Included, Unbounded},
};

/// What a page is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    /// Names are grouped up to its first occurrence after the prefix.
    pub(super) delimiter: Option<&'a str>,
    /// Only what comes after it, names and groups alike.
    pub(super) after: Option<&'a str>,
    /// Names and groups at most.
    pub(super) limit: usize,
}

/// One page of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) objects: Vec<(String, T)>,
    /// Common prefixes.
    pub(super) groups: Vec<String>,
    /// Where the next page goes on, if there is one.
    pub(super) next: Option<String>,
}

/// Cuts one page out of a bucket. Costs what the page holds, not what the
/// bucket does (but for names that one group swallows).
pub(super) fn page<T: Clone>(names: &BTreeMap<String, T>, query: Query<'_>) -> Page<T> {
    let mut page = Page {
        objects: Vec::new(),
        groups: Vec::new(),
        next: None,
    };
    let start = match query.after {
        Some(after) if after >= query.prefix => Excluded(after),
        _ => Included(query.prefix),
    };
    let mut last = None;
    for (name, object) in names.range::<str, _>((start, Unbounded)) {
        let Some(rest) = name.strip_prefix(query.prefix) else {
            break;
        };
        let group = query.delimiter.and_then(|delimiter| {
            let at = rest.find(delimiter)?;
            Some(&name[..query.prefix.len() + at + delimiter.len()])
        });
        if let Some(group) = group
            && (page.groups.last().is_some_and(|known| known == group)
                || query.after.is_some_and(|after| after >= group))
        {
            continue;
        }
        if page.objects.len() + page.groups.len() == query.limit {
            page.next = last;
            break;
        }
        if let Some(group) = group {
            page.groups.push(group.to_owned());
            last = Some(group.to_owned());
        } else {
            page.objects.push((name.clone(), object.clone()));
            last = Some(name.clone());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(names: &[&str]) -> BTreeMap<String, usize> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), name.len()))
            .collect()
    }

    fn walk(names: &[&str], prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<String> {
        let names = bucket(names);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = page(
                &names,
                Query {
                    prefix,
                    delimiter,
                    after: after.as_deref(),
                    limit,
                },
            );
            assert!(page.objects.len() + page.groups.len() <= limit);
            let mut found: Vec<String> = page.objects.into_iter().map(|(name, _)| name).collect();
            found.extend(page.groups);
            found.sort();
            all.extend(found);
            match page.next {
                Some(next) => after = Some(next),
                None => return all,
            }
        }
    }

    #[test]
    fn pages_join_to_the_whole_listing_whatever_their_size() {
        let names = ["a/1", "a/2", "a/b/3", "a/b/4", "a2/5", "b"];
        for limit in 1..8 {
            assert_eq!(walk(&names, "", None, limit), names);
            assert_eq!(walk(&names, "a/", None, limit), names[..4]);
            assert_eq!(walk(&names, "", Some("/"), limit), ["a/", "a2/", "b"]);
            assert_eq!(walk(&names, "a/", Some("/"), limit), ["a/1", "a/2", "a/b/"]);
        }
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        let names = bucket(&["a", "b"]);
        let query = Query {
            prefix: "",
            delimiter: None,
            after: None,
            limit: 2,
        };
        assert_eq!(page(&names, query).next, None);
    }
}
