//! What keeps a caller's SELECT in its place: inside the parentheses we put around it.
//!
//! No parser, only the tokens that decide where a parenthesis counts. They are
//! read as Trino's own lexer reads them (`SqlBase.g4`): quotes double to escape,
//! block comments do not nest, a line comment ends at either line end, `$$`
//! opens a string of its own. What other readers might see differently
//! (backticks, `$$`, `{--`) no SELECT needs, so it is refused.

use thiserror::Error;

/// Why a SELECT is not let into a statement. Positions count characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GuardError {
    /// Nothing in it but blanks, comments and semicolons.
    #[error("the sql is empty; expected a SELECT")]
    Empty,
    /// It is another kind of statement.
    #[error("the sql begins with {found:?}; expected SELECT or WITH")]
    NotASelect {
        /// Its first word or character.
        found: String,
    },
    /// A quote, comment or parenthesis that is still open at the end.
    #[error("the sql has {what} at character {at} that is never closed")]
    Unclosed {
        /// What is open.
        what: &'static str,
        /// Where it opens.
        at: usize,
    },
    /// A `)` too many: what follows it would no longer be in its place.
    #[error("the sql has a ')' at character {at} that closes nothing")]
    Unopened {
        /// Where.
        at: usize,
    },
    /// A character that no SELECT needs and that would split or hide parts of it.
    #[error("the sql has {what} at character {at} that is not allowed there: {hint}")]
    Forbidden {
        /// What.
        what: &'static str,
        /// Where.
        at: usize,
        /// What to do instead.
        hint: &'static str,
    },
}

/// Checks a caller's SELECT and returns it without the blanks and semicolons
/// around it. What it returns is a self-contained part of any statement that
/// puts it between `(`, a line end, another line end and `)`.
pub fn guard(sql: &str) -> Result<&str, GuardError> {
    if let Some(at) = sql.chars().position(|c| c == '\0') {
        return Err(forbidden("a NUL", at + 1, "remove it"));
    }
    // Inside a trailing line comment a semicolon means nothing either.
    let sql = sql.trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    let mut tokens = Tokens { rest: sql, at: 1 };
    let mut open = Vec::new();
    let mut first = None;
    while let Some(token) = tokens.next()? {
        match token {
            Token::Open(at) => {
                open.push(at);
                continue;
            }
            Token::Close(at) => {
                open.pop().ok_or(GuardError::Unopened { at })?;
            }
            Token::Word(_) | Token::Quoted | Token::Other(_) => {}
        }
        first.get_or_insert(token);
    }
    if let Some(at) = open.pop() {
        return Err(GuardError::Unclosed { what: "a '('", at });
    }
    let found = match first {
        None => return Err(GuardError::Empty),
        Some(Token::Word(word)) if is_select(word) => return Ok(sql.trim_start()),
        Some(Token::Word(word)) => word.chars().take(40).collect(),
        Some(Token::Other(c)) => c.to_string(),
        Some(Token::Quoted) => "a quote".to_owned(),
        Some(Token::Open(_) | Token::Close(_)) => "()".to_owned(),
    };
    Err(GuardError::NotASelect { found })
}

fn forbidden(what: &'static str, at: usize, hint: &'static str) -> GuardError {
    GuardError::Forbidden { what, at, hint }
}

fn is_select(word: &str) -> bool {
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}

enum Token<'a> {
    Open(usize),
    Close(usize),
    Word(&'a str),
    Quoted,
    Other(char),
}

/// The tokens of a text, blanks and comments left out.
struct Tokens<'a> {
    rest: &'a str,
    /// Characters before `rest`, plus one.
    at: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, GuardError> {
        loop {
            let at = self.at;
            let Some(c) = self.rest.chars().next() else {
                return Ok(None);
            };
            if self.rest.starts_with("--") {
                let end = self.rest.find(['\r', '\n']).unwrap_or(self.rest.len());
                self.advance(end);
                continue;
            }
            if self.rest.starts_with("/*") {
                let length = self.rest.get(2..).and_then(|body| body.find("*/"));
                let what = "a comment '/*'";
                self.advance(length.ok_or(GuardError::Unclosed { what, at })? + 4);
                continue;
            }
            if self.rest.starts_with("$$") {
                return Err(forbidden("'$$'", at, "write strings in single quotes"));
            }
            // Trino reads `{-` as one token, and so no comment behind it.
            if self.rest.starts_with("{--") {
                return Err(forbidden("'{--'", at, "put a blank before '--'"));
            }
            return Ok(Some(match c {
                '`' => {
                    return Err(forbidden(
                        "a backtick",
                        at,
                        "quote names with double quotes",
                    ));
                }
                ';' => return Err(forbidden("a ';'", at, "a job is one statement")),
                '\'' => self.quoted('\'', "a single quote")?,
                '"' => self.quoted('"', "a double quote")?,
                '(' => {
                    self.advance(1);
                    Token::Open(at)
                }
                ')' => {
                    self.advance(1);
                    Token::Close(at)
                }
                c if c.is_whitespace() => {
                    self.advance(c.len_utf8());
                    continue;
                }
                c if is_word(c) => {
                    let rest = self.rest;
                    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    self.advance(end);
                    Token::Word(rest.get(..end).unwrap_or(rest))
                }
                c => {
                    self.advance(c.len_utf8());
                    Token::Other(c)
                }
            }));
        }
    }

    /// Two quotes in a row inside are one quote of the text.
    fn quoted(&mut self, quote: char, what: &'static str) -> Result<Token<'a>, GuardError> {
        let at = self.at;
        let mut characters = self.rest.char_indices().skip(1).peekable();
        while let Some((index, c)) = characters.next() {
            if c == quote && characters.next_if(|&(_, c)| c == quote).is_none() {
                self.advance(index + 1);
                return Ok(Token::Quoted);
            }
        }
        Err(GuardError::Unclosed { what, at })
    }

    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at(bytes);
        self.at += passed.chars().count();
        self.rest = rest;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
