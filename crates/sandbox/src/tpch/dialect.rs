//! Trino's names and literals, put the way SQLite understands them.
//!
//! Every qualified table (`tpch.tiny.customer`, `sf1.orders`) becomes the one
//! local table of that name, whatever scale its schema names.

use super::error::{SqlError, SqlErrorKind};
use super::lexer::{Token, TokenKind, tokens};
use super::schema::{TABLES, table};

/// What unqualified names refer to, and which catalogs there are.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Catalogs that hold the TPC-H tables; besides them there is `system`.
    pub catalogs: &'a [String],
    /// Catalog of the session.
    pub catalog: Option<&'a str>,
    /// Schema of the session.
    pub schema: Option<&'a str>,
}

/// A SELECT as SQLite takes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Translated {
    /// Its text.
    pub sql: String,
    /// Whether it names columns as the standard does (`c_custkey`).
    pub prefixed_columns: bool,
    /// Whether it reads `system.runtime.queries`.
    pub reads_queries: bool,
    /// Byte offset of a division by a literal zero, which SQLite would call NULL.
    pub divides_by_zero: Option<usize>,
    /// Where pieces of the caller's text begin: (offset here, offset there).
    pieces: Vec<(usize, usize)>,
}

impl Translated {
    /// The offset in the caller's text of what stands at `offset` here.
    pub fn original(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(here, _)| *here <= offset);
        match after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
        {
            Some((here, there)) => there + (offset - here),
            None => offset,
        }
    }
}

/// Translates one SELECT.
pub fn translate(sql: &str, names: Names<'_>) -> Result<Translated, SqlError> {
    let tokens = tokens(sql)
        .map_err(|error| SqlError::at(SqlErrorKind::Syntax, error.start, error.to_string()))?;
    let mut writer = Writer::new(sql);
    let mut clauses = Clauses::default();
    let common = common_table_names(&tokens);
    let mut index = 0;
    while index < tokens.len() {
        let chain = chain_at(&tokens, index);
        if chain.is_empty() {
            let next = tokens.get(index + 1);
            writer.note(&tokens[index], next);
            clauses.see(&tokens[index], next);
            index += 1;
            continue;
        }
        let literal = tokens
            .get(index + 1)
            .filter(|next| next.kind == TokenKind::Text);
        if let (true, Some(text)) = (is_day_or_time(&tokens[index]), literal) {
            writer.replace(&tokens[index], text, text.text);
            index += 2;
            continue;
        }
        let parts: Vec<String> = chain.iter().filter_map(|token| token.name()).collect();
        let span = index..index + chain.len() * 2 - 1;
        let calls = tokens.get(span.end).is_some_and(|next| next.is_symbol("("));
        if clauses.expects_table() && !calls {
            let local = parts.len() == 1 && common.contains(&parts[0]);
            if !local {
                let found = resolve(&parts, chain[0].start, names)?;
                writer.reads_queries |= found == "queries";
                writer.replace(&tokens[span.start], &tokens[span.end - 1], &found);
            }
            clauses.table_seen();
        } else if let Some(keep) = qualified_column(&parts) {
            let kept = &tokens[span.start + keep * 2..span.end];
            if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
                let text = &sql[first.start..last.range().end];
                writer.replace(&tokens[span.start], &tokens[span.end - 1], text);
            }
        }
        if let Some(last) = parts.last() {
            writer.prefixed_columns |= TABLES.iter().any(|table| table.has_prefixed(last));
        }
        index = span.end;
    }
    Ok(writer.finish())
}

/// The names of a dotted chain that begins at `index`; nothing if a keyword or no
/// name stands there.
fn chain_at<'t, 'a>(tokens: &'t [Token<'a>], index: usize) -> Vec<&'t Token<'a>> {
    let is_name = |token: &Token<'_>| match token.kind {
        TokenKind::QuotedName => true,
        TokenKind::Word => !KEYWORDS.iter().any(|keyword| token.is_word(keyword)),
        TokenKind::Text | TokenKind::Number | TokenKind::Symbol => false,
    };
    let mut chain = Vec::new();
    let mut at = index;
    while let Some(token) = tokens.get(at) {
        let follows = !chain.is_empty() && token.kind == TokenKind::Word;
        if !is_name(token) && !follows {
            break;
        }
        chain.push(token);
        if !tokens.get(at + 1).is_some_and(|dot| dot.is_symbol(".")) {
            return chain;
        }
        at += 2;
    }
    // A chain that ends in a dot, as `t.*`: the star is no part of it.
    chain
}

/// Whether it begins a literal as `DATE '1995-01-01'`, which to SQLite is the text.
fn is_day_or_time(token: &Token<'_>) -> bool {
    token.is_word("date") || token.is_word("timestamp")
}

/// Words that are never the beginning of a name here.
const KEYWORDS: [&str; 40] = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "by",
    "having",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "join",
    "on",
    "using",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "outer",
    "natural",
    "with",
    "recursive",
    "as",
    "and",
    "or",
    "not",
    "case",
    "when",
    "then",
    "else",
    "end",
    "in",
    "is",
    "null",
    "distinct",
    "all",
    "between",
    "values",
];

/// How many leading parts of a column's name to drop, if it begins with a catalog
/// or schema: SQLite knows it by its table alone.
fn qualified_column(parts: &[String]) -> Option<usize> {
    (1..parts.len().saturating_sub(1))
        .rev()
        .find(|&at| table(&parts[at]).is_some() && is_schema(&parts[at - 1]))
}

fn resolve(parts: &[String], offset: usize, names: Names<'_>) -> Result<String, SqlError> {
    let (catalog, schema, name) = match parts {
        [name] => match (names.catalog, names.schema) {
            (Some(catalog), Some(schema)) => (catalog, schema, name),
            _ => {
                return Err(SqlError::at(
                    SqlErrorKind::MissingSchema,
                    offset,
                    "Schema must be specified when session schema is not set",
                ));
            }
        },
        [schema, name] => match names.catalog {
            Some(catalog) => (catalog, schema.as_str(), name),
            None => {
                return Err(SqlError::at(
                    SqlErrorKind::MissingCatalog,
                    offset,
                    "Catalog must be specified when session catalog is not set",
                ));
            }
        },
        [catalog, schema, name] => (catalog.as_str(), schema.as_str(), name),
        _ => {
            let message = format!("Too many dots in table name: {}", parts.join("."));
            return Err(SqlError::at(SqlErrorKind::Syntax, offset, message));
        }
    };
    if (catalog, schema, name.as_str()) == ("system", "runtime", "queries") {
        return Ok("queries".to_owned());
    }
    if catalog != "system" && !names.catalogs.iter().any(|known| known == catalog) {
        let message = format!("Catalog '{catalog}' not found");
        return Err(SqlError::at(SqlErrorKind::CatalogNotFound, offset, message));
    }
    if catalog == "system" && schema != "runtime" || catalog != "system" && !is_schema(schema) {
        let message = format!("Schema '{schema}' does not exist");
        return Err(SqlError::at(SqlErrorKind::SchemaNotFound, offset, message));
    }
    match table(name) {
        Some(found) if catalog != "system" => Ok(found.name.to_owned()),
        _ => {
            let message = format!("Table '{catalog}.{schema}.{name}' does not exist");
            Err(SqlError::at(SqlErrorKind::TableNotFound, offset, message))
        }
    }
}

/// Whether the connector has such a schema: `tiny`, `sf1`, `sf0.01`, `sf100`.
fn is_schema(name: &str) -> bool {
    name == "tiny"
        || name
            .strip_prefix("sf")
            .is_some_and(|scale| scale.parse::<f64>().is_ok_and(|scale| scale > 0.0))
}

/// Names given by `WITH name AS (` and `WITH name (a, b) AS (`.
fn common_table_names(tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Some(name) = token.name() else { continue };
        let mut next = index + 1;
        if tokens.get(next).is_some_and(|open| open.is_symbol("(")) {
            match super::lexer::closing(tokens, next) {
                Some(close) => next = close + 1,
                None => continue,
            }
        }
        let defines = tokens.get(next).is_some_and(|word| word.is_word("as"))
            && tokens.get(next + 1).is_some_and(|open| open.is_symbol("("));
        if defines {
            found.push(name);
        }
    }
    found
}

/// Which clause of which parenthesis the walk is in.
#[derive(Default)]
struct Clauses {
    outer: Vec<Clause>,
    here: Clause,
}

#[derive(Clone, Copy, Default)]
struct Clause {
    selecting: bool,
    in_from: bool,
    expects_table: bool,
}

impl Clauses {
    fn expects_table(&self) -> bool {
        self.here.expects_table
    }

    fn table_seen(&mut self) {
        self.here.expects_table = false;
    }

    fn see(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) {
        if token.is_symbol("(") {
            self.outer.push(self.here);
            let subquery = next.is_some_and(|word| {
                ["select", "with", "values"]
                    .iter()
                    .any(|head| word.is_word(head))
            });
            // FROM (customer JOIN orders …): still the list of tables.
            let tables = self.here.expects_table && !subquery;
            self.here = Clause {
                selecting: tables,
                in_from: tables,
                expects_table: tables,
            };
        } else if token.is_symbol(")") {
            self.here = self.outer.pop().unwrap_or_default();
            self.here.expects_table = false;
        } else if token.is_symbol(",") {
            self.here.expects_table = self.here.in_from;
        } else if token.is_word("select") {
            self.here = Clause {
                selecting: true,
                ..Clause::default()
            };
        } else if token.is_word("from") || token.is_word("join") {
            // Not the FROM of extract(year FROM …).
            self.here.in_from = self.here.selecting;
            self.here.expects_table = self.here.selecting;
        } else if [
            "where", "group", "having", "order", "limit", "union", "values",
        ]
        .iter()
        .any(|word| token.is_word(word))
        {
            self.here.in_from = false;
            self.here.expects_table = false;
        }
    }
}

/// Copies the text, piece by piece.
struct Writer<'a> {
    source: &'a str,
    copied: usize,
    sql: String,
    pieces: Vec<(usize, usize)>,
    prefixed_columns: bool,
    reads_queries: bool,
    divides_by_zero: Option<usize>,
}

impl<'a> Writer<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            copied: 0,
            sql: String::with_capacity(source.len()),
            pieces: Vec::new(),
            prefixed_columns: false,
            reads_queries: false,
            divides_by_zero: None,
        }
    }

    /// Puts `text` in place of everything from `first` to `last`.
    fn replace(&mut self, first: &Token<'_>, last: &Token<'_>, text: &str) {
        self.copy_to(first.start);
        self.pieces.push((self.sql.len(), first.start));
        self.sql.push_str(text);
        self.copied = last.range().end;
    }

    fn note(&mut self, token: &Token<'_>, next: Option<&Token<'_>>) {
        let zero = next.is_some_and(|next| {
            next.kind == TokenKind::Number && next.text.parse::<f64>().is_ok_and(|n| n == 0.0)
        });
        if zero && (token.is_symbol("/") || token.is_symbol("%")) {
            self.divides_by_zero.get_or_insert(token.start);
        }
    }

    fn copy_to(&mut self, end: usize) {
        self.pieces.push((self.sql.len(), self.copied));
        self.sql.push_str(&self.source[self.copied..end]);
        self.copied = end;
    }

    fn finish(mut self) -> Translated {
        self.copy_to(self.source.len());
        Translated {
            sql: self.sql,
            prefixed_columns: self.prefixed_columns,
            reads_queries: self.reads_queries,
            divides_by_zero: self.divides_by_zero,
            pieces: self.pieces,
        }
    }
}

#[cfg(test)]
mod tests;
