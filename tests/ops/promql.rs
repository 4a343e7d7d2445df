//! What an expression of `PromQL` names: metrics, the labels it selects by, the labels it groups by.
//! Whether the expression is valid, Prometheus says.

use std::{iter::Peekable, str::Chars};

/// `metric{label="value"}` of an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Empty where `__name__` is matched instead.
    pub metric: String,
    pub matchers: Vec<Matcher>,
}

/// `label="value"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matcher {
    pub label: String,
    pub operator: String,
    pub value: String,
}

/// All that an expression names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub selectors: Vec<Selector>,
    /// Labels of `by (…)`, `on (…)` and their like.
    pub labels: Vec<String>,
}

/// Words before a list of labels.
const GROUPING: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
/// Words of the language that stand before something other than `(`.
const WORDS: [&str; 12] = [
    "and", "or", "unless", "atan2", "bool", "offset", "start", "end", "inf", "nan", "Inf", "NaN",
];
/// Aggregations, which `by (…)` may follow.
const AGGREGATIONS: [&str; 7] = ["sum", "max", "min", "avg", "count", "topk", "quantile"];

/// Reads an expression.
pub fn names(expression: &str) -> Names {
    let mut names = Names::default();
    let mut rest = expression.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            '"' | '\'' => drop(text(&mut rest)),
            '[' => while rest.next().is_some_and(|inner| inner != ']') {},
            '{' => names.selectors.push(Selector {
                metric: String::new(),
                matchers: matchers(&mut rest),
            }),
            // A number, or a duration such as 5m.
            '0'..='9' => while rest.next_if(|c| c.is_alphanumeric() || *c == '.').is_some() {},
            _ if starts_word(next) => {
                let word = word(&mut rest);
                spaces(&mut rest);
                if GROUPING.contains(&word.as_str()) {
                    if rest.peek() == Some(&'(') {
                        names.labels.extend(list(&mut rest));
                    }
                } else if WORDS.contains(&word.as_str()) {
                    // What follows is read by itself.
                } else if rest.peek() == Some(&'{') {
                    let matchers = matchers(&mut rest);
                    let metric = word;
                    names.selectors.push(Selector { metric, matchers });
                } else if rest.peek() != Some(&'(') && !AGGREGATIONS.contains(&word.as_str()) {
                    let metric = word;
                    let matchers = Vec::new();
                    names.selectors.push(Selector { metric, matchers });
                }
            }
            _ => drop(rest.next()),
        }
    }
    names
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || c == ':'
}

fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    let inside = |c: &char| c.is_ascii_alphanumeric() || *c == '_' || *c == ':';
    std::iter::from_fn(|| rest.next_if(inside)).collect()
}

fn spaces(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A quoted text, without its quotes.
fn text(rest: &mut Peekable<Chars<'_>>) -> String {
    let quote = rest.next();
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.extend(rest.next()),
            _ if Some(c) == quote => break,
            _ => text.push(c),
        }
    }
    text
}

/// `(a, b)`.
fn list(rest: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let inside: String = rest.by_ref().take_while(|c| *c != ')').skip(1).collect();
    let labels = inside.split(',').map(|label| label.trim().to_owned());
    labels.filter(|label| !label.is_empty()).collect()
}

/// `{a="b", c=~"d"}`.
fn matchers(rest: &mut Peekable<Chars<'_>>) -> Vec<Matcher> {
    let mut found = Vec::new();
    rest.next();
    while let Some(&next) = rest.peek() {
        if next == '}' {
            rest.next();
            break;
        }
        if !starts_word(next) {
            rest.next();
            continue;
        }
        let label = word(rest);
        spaces(rest);
        let operator = std::iter::from_fn(|| rest.next_if(|c| "=!~".contains(*c))).collect();
        spaces(rest);
        let value = text(rest);
        found.push(Matcher {
            label,
            operator,
            value,
        });
    }
    found
}

#[test]
fn an_expression_names_its_metrics_and_labels_and_nothing_else() {
    let found = names(
        r#"60 * sum by (a, b) (rate(one_total{x=~"y|z",ns='n'}[5m:1m] offset 1d)) > 0.5
           and on () topk(3, two:max) unless {__name__="three"} or sum(four) without (c)"#,
    );
    let matcher = |label: &str, operator: &str, value: &str| Matcher {
        label: label.to_owned(),
        operator: operator.to_owned(),
        value: value.to_owned(),
    };
    let selector = |metric: &str, matchers: Vec<Matcher>| Selector {
        metric: metric.to_owned(),
        matchers,
    };
    assert_eq!(
        found.selectors,
        [
            selector(
                "one_total",
                vec![matcher("x", "=~", "y|z"), matcher("ns", "=", "n")]
            ),
            selector("two:max", vec![]),
            selector("", vec![matcher("__name__", "=", "three")]),
            selector("four", vec![]),
        ]
    );
    assert_eq!(found.labels, ["a", "b", "c"]);
}
