//! The words of a SQL text: enough to find names and balanced parentheses, not
//! to understand the statement.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A bare word: a keyword or an unquoted name.
    Word,
    /// A name in double quotes.
    QuotedName,
    /// A text in single quotes.
    Text,
    /// A number.
    Number,
    /// One character of punctuation; `=>` is one token too.
    Symbol,
}

/// One token and where it stands, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text as written, with quotes.
    pub text: &'a str,
    /// Byte offset of its first character.
    pub start: usize,
}

impl Token<'_> {
    /// The bytes it covers.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Whether it is this bare word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this punctuation.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// The name it stands for: lower case, without quotes. Nothing if it is no name.
    pub fn name(&self) -> Option<String> {
        match self.kind {
            TokenKind::Word => Some(self.text.to_ascii_lowercase()),
            TokenKind::QuotedName => Some(unquote(self.text, '"').to_ascii_lowercase()),
            TokenKind::Text | TokenKind::Number | TokenKind::Symbol => None,
        }
    }

    /// The value of a text in single quotes.
    pub fn text_value(&self) -> Option<String> {
        (self.kind == TokenKind::Text).then(|| unquote(self.text, '\''))
    }
}

/// A text that does not even fall into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not closed")]
pub struct Unclosed {
    /// What was opened.
    pub what: &'static str,
    /// Byte offset where it was opened.
    pub start: usize,
}

/// Splits `sql` into tokens; blanks and comments fall away.
pub fn tokens(sql: &str) -> Result<Vec<Token<'_>>, Unclosed> {
    let bytes = sql.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let Some(first) = rest.chars().next() else {
            break;
        };
        let (kind, length) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("--") {
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            continue;
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").ok_or(Unclosed {
                what: "a comment",
                start: at,
            })?;
            at += end + 2;
            continue;
        } else if first == '\'' {
            (TokenKind::Text, quoted(rest, '\'', at)?)
        } else if first == '"' {
            (TokenKind::QuotedName, quoted(rest, '"', at)?)
        } else if first.is_ascii_digit() {
            (TokenKind::Number, number(rest))
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
            (TokenKind::Word, end.unwrap_or(rest.len()))
        } else if rest.starts_with("=>") {
            (TokenKind::Symbol, 2)
        } else {
            (TokenKind::Symbol, first.len_utf8())
        };
        tokens.push(Token {
            kind,
            text: &rest[..length],
            start: at,
        });
        at += length;
    }
    Ok(tokens)
}

/// Index of the token that closes the parenthesis opened at `open`.
pub fn closing(tokens: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

/// Line and column, both from 1, of the byte at `offset`; columns count characters.
pub fn line_and_column(sql: &str, offset: usize) -> (u32, u32) {
    let before = sql.get(..offset).unwrap_or(sql);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

fn quoted(rest: &str, quote: char, start: usize) -> Result<usize, Unclosed> {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((index, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Ok(index + 1);
        }
    }
    Err(Unclosed {
        what: if quote == '"' { "a name" } else { "a text" },
        start,
    })
}

fn number(rest: &str) -> usize {
    let mut previous = ' ';
    rest.find(|c: char| {
        let exponent_sign = (c == '+' || c == '-') && previous.eq_ignore_ascii_case(&'e');
        previous = c;
        !(c.is_ascii_alphanumeric() || c == '.' || exponent_sign)
    })
    .unwrap_or(rest.len())
}

fn unquote(text: &str, quote: char) -> String {
    let inner = &text[1..text.len() - 1];
    let doubled: String = [quote, quote].iter().collect();
    inner.replace(&doubled, quote.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        tokens(sql)
            .unwrap()
            .iter()
            .map(|token| token.text)
            .collect()
    }

    #[test]
    fn comments_and_blanks_fall_away_and_quotes_stay_whole() {
        assert_eq!(
            texts("-- a ( b\nSELECT /* ' */ \"x\"\"(\", 'it''s)' FROM t"),
            ["SELECT", "\"x\"\"(\"", ",", "'it''s)'", "FROM", "t"]
        );
    }

    #[test]
    fn doubled_quotes_are_one_quote_of_the_value() {
        let sql = "'it''s' \"A\"\"b\"";
        let tokens = tokens(sql).unwrap();
        assert_eq!(tokens[0].text_value().as_deref(), Some("it's"));
        assert_eq!(tokens[1].name().as_deref(), Some("a\"b"));
    }

    #[test]
    fn an_open_quote_or_comment_is_an_error_where_it_began() {
        assert_eq!(tokens("SELECT 'x").unwrap_err().start, 7);
        assert_eq!(tokens("SELECT \"x").unwrap_err().start, 7);
        assert_eq!(tokens("/* x").unwrap_err().start, 0);
    }

    #[test]
    fn parentheses_in_quotes_do_not_count() {
        let tokens = tokens("( ')' ( \")\" ) )").unwrap();
        assert_eq!(closing(&tokens, 0), Some(5));
    }

    #[test]
    fn columns_count_characters_from_one() {
        assert_eq!(line_and_column("SELECT 1", 7), (1, 8));
        assert_eq!(line_and_column("-- ä\n ä x", 10), (2, 4));
    }
}
