//! What a statement asks for: a SELECT, an UNLOAD of one, or little else.

use super::error::QueryError;
use crate::tpch::lexer::{Token, TokenKind, closing, tokens};

/// A SELECT and where it stands in the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Select {
    pub(super) sql: String,
    /// Byte offset in the statement.
    pub(super) start: usize,
}

/// `TABLE(<function>(input => TABLE(SELECT …), location => …, format => …))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unload {
    pub(super) select: Select,
    pub(super) location: String,
    /// SNAPPY, or nothing at all.
    pub(super) compressed: bool,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Statement {
    Select(Select),
    Unload(Unload),
    /// `EXPLAIN`: the statement is analysed, not run.
    Explain(Box<Statement>),
    /// `CALL system.runtime.kill_query(…)`.
    Kill { query_id: String, message: String },
}

impl Statement {
    /// Where it unloads to, if it does.
    pub(super) fn location(&self) -> Option<&str> {
        match self {
            Self::Unload(unload) => Some(&unload.location),
            Self::Select(_) | Self::Explain(_) | Self::Kill { .. } => None,
        }
    }
}

/// What names in a statement refer to.
pub(super) struct Scope<'a> {
    /// What may stand before `.unload`.
    pub(super) unload_qualifiers: &'a [String],
    pub(super) catalogs: &'a [String],
    pub(super) catalog: Option<&'a str>,
}

/// Parses one statement.
pub(super) fn parse(sql: &str, scope: &Scope<'_>) -> Result<Statement, QueryError> {
    let tokens = tokens(sql)
        .map_err(|error| QueryError::at("SYNTAX_ERROR", sql, error.start, &error.to_string()))?;
    if let Some(semicolon) = tokens.iter().find(|token| token.is_symbol(";")) {
        return Err(mismatched(sql, Some(semicolon), "<EOF>"));
    }
    Parser { sql, tokens: &tokens, scope }.statement()
}

/// Verbs that Trino knows and the stand-in does not.
const OTHER_VERBS: [&str; 20] = [
    "alter", "analyze", "comment", "commit", "create", "deallocate", "delete", "deny", "describe",
    "drop", "execute", "grant", "insert", "merge", "prepare", "reset", "revoke", "set", "show",
    "use",
];

fn mismatched(sql: &str, found: Option<&Token<'_>>, expected: &str) -> QueryError {
    let (offset, text) = found.map_or((sql.len(), "<EOF>"), |token| (token.start, token.text));
    let message = format!("mismatched input '{text}'. Expecting: {expected}");
    QueryError::at("SYNTAX_ERROR", sql, offset, &message)
}

struct Parser<'a> {
    sql: &'a str,
    tokens: &'a [Token<'a>],
    scope: &'a Scope<'a>,
}

impl Parser<'_> {
    fn statement(&self) -> Result<Statement, QueryError> {
        let Some(first) = self.tokens.first() else {
            return Err(mismatched(self.sql, None, "'SELECT', 'WITH', <query>"));
        };
        if first.is_word("explain") {
            let mut rest = &self.tokens[1..];
            if rest.first().is_some_and(|open| open.is_symbol("(")) {
                let close = closing(rest, 0).ok_or_else(|| mismatched(self.sql, None, "')'"))?;
                rest = &rest[close + 1..];
            }
            let inner = Parser { tokens: rest, ..*self };
            return inner.statement().map(|inner| Statement::Explain(Box::new(inner)));
        }
        if first.is_word("call") {
            return self.call();
        }
        let query = ["select", "with", "values", "table"];
        if query.iter().any(|verb| first.is_word(verb)) || first.is_symbol("(") {
            return match self.table_function()? {
                Some(unload) => Ok(Statement::Unload(unload)),
                None => Ok(Statement::Select(self.select(0, self.tokens.len()))),
            };
        }
        if OTHER_VERBS.iter().any(|verb| first.is_word(verb)) {
            let message = format!("the stand-in does not run {}", first.text.to_uppercase());
            return Err(QueryError::new("NOT_SUPPORTED", message));
        }
        Err(mismatched(self.sql, Some(first), "'SELECT', 'WITH', 'VALUES', 'CALL', <query>"))
    }

    /// The text of the tokens `from..to`.
    fn select(&self, from: usize, to: usize) -> Select {
        let start = self.tokens.get(from).map_or(self.sql.len(), |token| token.start);
        // To the next token, not to the end of the last: a comment may stand between.
        let end = self.tokens.get(to).map_or(self.sql.len(), |token| token.start);
        Select {
            sql: self.sql[start..end.max(start)].to_owned(),
            start,
        }
    }

    fn is_symbol(&self, at: usize, symbol: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_symbol(symbol))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is_word(word))
    }

    fn expect(&self, at: usize, symbol: &str) -> Result<(), QueryError> {
        if self.is_symbol(at, symbol) {
            return Ok(());
        }
        Err(mismatched(self.sql, self.tokens.get(at), &format!("'{symbol}'")))
    }

    /// A dotted name at `at`: its parts, and the index behind it.
    fn dotted(&self, mut at: usize) -> (Vec<String>, usize) {
        let mut parts = Vec::new();
        while let Some(name) = self.tokens.get(at).and_then(Token::name) {
            parts.push(name);
            at += 1;
            if !self.is_symbol(at, ".") {
                break;
            }
            at += 1;
        }
        (parts, at)
    }

    /// `SELECT * FROM TABLE(a.b.unload(…))`, if the statement is one.
    fn table_function(&self) -> Result<Option<Unload>, QueryError> {
        let head = self.is_word(0, "select")
            && self.is_symbol(1, "*")
            && self.is_word(2, "from")
            && self.is_word(3, "table")
            && self.is_symbol(4, "(");
        if !head {
            return Ok(None);
        }
        let (parts, open) = self.dotted(5);
        if parts.is_empty() || !self.is_symbol(open, "(") {
            return Ok(None);
        }
        self.check_function(&parts, self.tokens[5].start)?;
        let unclosed = || mismatched(self.sql, None, "')'");
        let close = closing(self.tokens, open).ok_or_else(unclosed)?;
        self.expect(close + 1, ")")?;
        if let Some(more) = self.tokens.get(close + 2) {
            return Err(mismatched(self.sql, Some(more), "<EOF>"));
        }
        self.arguments(open + 1, close).map(Some)
    }

    fn check_function(&self, parts: &[String], offset: usize) -> Result<(), QueryError> {
        let name = parts.join(".");
        let known = |text: &str| {
            self.scope
                .unload_qualifiers
                .iter()
                .any(|qualifier| format!("{qualifier}.unload") == text)
        };
        if known(&name) {
            if parts.len() == 2 && self.scope.catalog.is_none() {
                let message = "Catalog must be specified when session catalog is not set";
                return Err(QueryError::at("MISSING_CATALOG_NAME", self.sql, offset, message));
            }
            return Ok(());
        }
        if let [catalog, _, _] = parts {
            let of_an_unload = |qualifier: &String| qualifier.split('.').next() == Some(catalog);
            if catalog != "system"
                && !self.scope.catalogs.contains(catalog)
                && !self.scope.unload_qualifiers.iter().any(of_an_unload)
            {
                let message = format!("Catalog '{catalog}' not found");
                return Err(QueryError::at("CATALOG_NOT_FOUND", self.sql, offset, &message));
            }
        }
        let message = format!("Table function '{name}' not registered");
        Err(QueryError::at("FUNCTION_NOT_FOUND", self.sql, offset, &message))
    }

    fn arguments(&self, from: usize, to: usize) -> Result<Unload, QueryError> {
        let mut select = None;
        let (mut location, mut format, mut compression) = (None, None, None);
        let mut at = from;
        while at < to {
            let name = self.tokens.get(at).and_then(Token::name).unwrap_or_default();
            let named_at = self.tokens.get(at).map_or(self.sql.len(), |token| token.start);
            self.expect(at + 1, "=>")?;
            let value = at + 2;
            let text = self.tokens.get(value).and_then(Token::text_value);
            let slot = match name.as_str() {
                "input" => {
                    if !self.is_word(value, "table") || !self.is_symbol(value + 1, "(") {
                        return Err(mismatched(self.sql, self.tokens.get(value), "'TABLE'"));
                    }
                    let close = closing(self.tokens, value + 1)
                        .ok_or_else(|| mismatched(self.sql, None, "')'"))?;
                    select = Some(self.select(value + 2, close));
                    at = close + 1;
                    None
                }
                "location" => Some(&mut location),
                "format" => Some(&mut format),
                "compression" => Some(&mut compression),
                other => {
                    let message = format!("Unexpected argument name: {}", other.to_uppercase());
                    return Err(QueryError::at("INVALID_ARGUMENTS", self.sql, named_at, &message));
                }
            };
            if let Some(slot) = slot {
                let found = self.tokens.get(value);
                *slot = Some(text.ok_or_else(|| mismatched(self.sql, found, "<string>"))?);
                at = value + 1;
            }
            if at < to {
                self.expect(at, ",")?;
                at += 1;
            }
        }
        let missing = |what: &str| {
            QueryError::new("INVALID_ARGUMENTS", format!("Missing argument: {what}"))
        };
        let format = format.ok_or_else(|| missing("FORMAT"))?;
        if !format.eq_ignore_ascii_case("parquet") {
            let message = format!("the stand-in writes PARQUET only, not {format}");
            return Err(QueryError::new("NOT_SUPPORTED", message));
        }
        let compressed = match compression.as_deref().unwrap_or("NONE").to_ascii_uppercase().as_str() {
            "NONE" => false,
            "SNAPPY" => true,
            other => {
                let message = format!("the stand-in compresses by SNAPPY or NONE, not {other}");
                return Err(QueryError::new("NOT_SUPPORTED", message));
            }
        };
        Ok(Unload {
            select: select.ok_or_else(|| missing("INPUT"))?,
            location: location.ok_or_else(|| missing("LOCATION"))?,
            compressed,
        })
    }

    /// `CALL system.runtime.kill_query(query_id => '…', message => '…')`.
    fn call(&self) -> Result<Statement, QueryError> {
        let (parts, open) = self.dotted(1);
        self.expect(open, "(")?;
        if parts != ["system", "runtime", "kill_query"] {
            let message = format!("Procedure not registered: {}", parts.join("."));
            return Err(QueryError::new("PROCEDURE_NOT_FOUND", message));
        }
        let (mut query_id, mut message) = (None, String::new());
        for (index, token) in self.tokens.iter().enumerate().skip(open + 1) {
            if token.kind != TokenKind::Text {
                continue;
            }
            let value = token.text_value().unwrap_or_default();
            if self.is_symbol(index - 1, "=>") && self.is_word(index - 2, "message")
                || query_id.is_some()
            {
                message = value;
            } else {
                query_id = Some(value);
            }
        }
        let query_id = query_id.ok_or_else(|| {
            QueryError::new("INVALID_PROCEDURE_ARGUMENT", "Required procedure argument 'QUERY_ID' is missing")
        })?;
        Ok(Statement::Kill { query_id, message })
    }
}

#[cfg(test)]
mod tests;
