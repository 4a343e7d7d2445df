//! Whatever SQL is let in, the arguments behind it stay ours: the whole
//! statement is read again by a lexer written after Trino's grammar, which
//! shares nothing with the guard.

use super::*;

/// One token, as `SqlBase.g4` has it: longest match, first rule.
#[derive(Debug, PartialEq)]
enum Lexeme<'a> {
    Hidden,
    Token(&'a str),
}

fn lexeme(text: &str) -> (Lexeme<'_>, usize) {
    let until = |opening: usize, closing: &str| {
        text[opening..]
            .find(closing)
            .map(|at| opening + at + closing.len())
    };
    let quoted = |opening: usize, quote: u8| {
        let bytes = text.as_bytes();
        let mut at = opening;
        loop {
            match bytes.get(at) {
                None => return None,
                Some(&b) if b == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
                Some(&b) if b == quote => return Some(at + 1),
                Some(_) => at += 1,
            }
        }
    };
    let word = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    let blank = text.len() - text.trim_start_matches([' ', '\r', '\n', '\t']).len();
    let comment = text
        .starts_with("--")
        .then(|| text.find(['\r', '\n']).unwrap_or(text.len()));
    let block = text.starts_with("/*").then(|| until(2, "*/")).flatten();
    if let Some(length) = [Some(blank).filter(|&b| b > 0), comment, block]
        .into_iter()
        .flatten()
        .max()
    {
        return (Lexeme::Hidden, length);
    }
    let token = [
        text.starts_with('\'').then(|| quoted(1, b'\'')).flatten(),
        text.starts_with("U&'").then(|| quoted(3, b'\'')).flatten(),
        text.starts_with("X'").then(|| until(2, "'")).flatten(),
        text.starts_with('"').then(|| quoted(1, b'"')).flatten(),
        text.starts_with('`').then(|| quoted(1, b'`')).flatten(),
        text.starts_with("$$").then(|| until(2, "$$")).flatten(),
        text.starts_with("{-").then_some(2),
        text.starts_with("-}").then_some(2),
        text.starts_with("=>").then_some(2),
        Some(word),
        text.chars().next().map(char::len_utf8),
    ]
    .into_iter()
    .flatten()
    .max()
    .unwrap();
    (Lexeme::Token(&text[..token]), token)
}

fn tokens(mut text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let (read, length) = lexeme(text);
        if let Lexeme::Token(token) = read {
            tokens.push(token);
        }
        text = &text[length..];
    }
    tokens
}

const BEFORE: &[&str] = &[
    "SELECT", "*", "FROM", "TABLE", "(", "io", ".", "unload", "(", "input", "=>", "TABLE", "(",
    "SELECT", "\"a\"", "FROM", "(",
];
const AFTER: &[&str] = &[
    ")",
    ")",
    ",",
    "location",
    "=>",
    "'gs://bucket/it''s/here/'",
    ",",
    "format",
    "=>",
    "'PARQUET'",
    ",",
    "compression",
    "=>",
    "'SNAPPY'",
    ")",
    ")",
];

/// Says whether the guard let it in, having checked that it then stays in.
fn stays_in(sql: &str) -> bool {
    let Ok(statement) = statement(sql, &["a"]) else {
        return false;
    };
    let tokens = tokens(&statement);
    let inside = tokens
        .strip_prefix(BEFORE)
        .and_then(|tokens| tokens.strip_suffix(AFTER))
        .unwrap_or_else(|| panic!("{sql:?} reached out: {tokens:?}"));
    let mut depth = 0_i32;
    for token in inside {
        assert_ne!(*token, ";", "{sql:?} made two statements");
        depth += i32::from(*token == "(") - i32::from(*token == ")");
        assert!(depth >= 0, "{sql:?} closed our parenthesis");
    }
    assert_eq!(depth, 0, "{sql:?} left a parenthesis open");
    true
}

const PIECES: &[&str] = &[
    "'", "\"", "`", "(", ")", "--", "-", "/*", "*/", "/", "*", "\n", "\r", ";", "$$", "$", "{",
    "}", " ", "a", "X", "U&", "\\", ",", "é",
];

#[test]
fn no_short_text_that_is_let_in_reaches_out() {
    let mut let_in = 0;
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        texts = texts
            .iter()
            .flat_map(|text| PIECES.iter().map(move |piece| format!("{text}{piece}")))
            .collect();
        for text in &texts {
            let_in += usize::from(stays_in(&format!("SELECT {text}")));
        }
    }
    assert!(let_in > 10_000, "only {let_in} were let in");
}

#[test]
fn no_long_text_that_is_let_in_reaches_out() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut let_in = 0;
    for _ in 0..60_000 {
        let length = random.usize(5..30);
        let mut text = "SELECT ".to_owned();
        for _ in 0..length {
            text.push_str(random.choice(PIECES).unwrap());
        }
        // Closing what is open lets more of them in.
        text.push_str(
            random
                .choice(&["", "'", "\"", ")", "*/", "')", "\")"])
                .unwrap(),
        );
        let_in += usize::from(stays_in(&text));
    }
    assert!(let_in > 300, "only {let_in} were let in");
}
