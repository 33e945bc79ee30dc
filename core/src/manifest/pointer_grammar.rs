//! How a pointer is read and written.
//!
//! ```text
//! pointer  = [ key | choice ] { "." key | choice }
//! choice   = "[" number "]" | "[" key "=" value "]"
//! key      = bare characters | quoted      (bare: none of . [ ] = " \ or blanks)
//! value    = bare characters and dots | quoted
//! quoted   = '"' { character | \" | \\ | \n | \r | \t } '"'
//! ```

use std::fmt::{self, Write as _};
use std::iter::Peekable;
use std::str::CharIndices;

use super::Segment;

const EXAMPLE: &str = "instance_groups[name=redis].jobs[0].name";

/// A pointer that is not well written: where, and what belongs there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pointer `{pointer}`: at character {position}, expected {expected} (an example: {EXAMPLE})")]
pub struct PointerError {
    /// The pointer as given.
    pub pointer: String,
    /// The character at which reading stopped, from 1.
    pub position: usize,
    /// What belongs there.
    pub expected: &'static str,
}

/// The steps of a written pointer.
pub(super) fn read(text: &str) -> Result<Vec<Segment>, PointerError> {
    let mut reader = Reader { text, rest: text.char_indices().peekable() };
    let mut segments = Vec::new();
    while let Some(next) = reader.peek() {
        let segment = match next {
            '[' => reader.choice()?,
            '.' if !segments.is_empty() => {
                reader.rest.next();
                Segment::Key(reader.word(is_bare_key, "a key after the dot")?)
            }
            _ if segments.is_empty() => Segment::Key(reader.word(is_bare_key, "a key or `[`")?),
            _ => return Err(reader.expected("`.` or `[` (or the end)")),
        };
        segments.push(segment);
    }
    Ok(segments)
}

fn is_bare_key(c: char) -> bool {
    c != '.' && is_bare_value(c)
}

fn is_bare_value(c: char) -> bool {
    !matches!(c, '[' | ']' | '=' | '"' | '\\') && !c.is_whitespace() && !c.is_control()
}

struct Reader<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        self.rest.peek().map(|(_, c)| *c)
    }

    fn expected(&mut self, expected: &'static str) -> PointerError {
        let at = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        PointerError {
            pointer: self.text.to_owned(),
            position: self.text[..at].chars().count() + 1,
            expected,
        }
    }

    fn take(&mut self, wanted: char, expected: &'static str) -> Result<(), PointerError> {
        if self.peek() == Some(wanted) {
            self.rest.next();
            Ok(())
        } else {
            Err(self.expected(expected))
        }
    }

    /// What stands in brackets.
    fn choice(&mut self) -> Result<Segment, PointerError> {
        const EITHER: &str = "a number as in `[0]` or a choice as in `[name=redis]`";
        self.take('[', "`[`")?;
        let quoted = self.peek() == Some('"');
        let mut from_here = Reader { text: self.text, rest: self.rest.clone() };
        let key = self.word(is_bare_key, EITHER)?;
        let is_number = !quoted && key.bytes().all(|b| b.is_ascii_digit());
        if is_number && self.peek() == Some(']') {
            self.rest.next();
            let too_large = |_| from_here.expected("a smaller number");
            return key.parse().map(Segment::Index).map_err(too_large);
        }
        self.take('=', "`=` and a value, as in `[name=redis]`")?;
        let value = self.word(is_bare_value, "a value, as in `[name=redis]`")?;
        self.take(']', "`]`")?;
        Ok(Segment::Item { key, value })
    }

    /// A bare or quoted word.
    fn word(&mut self, is_bare: fn(char) -> bool, expected: &'static str) -> Result<String, PointerError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let mut word = String::new();
        while let Some((_, c)) = self.rest.next_if(|(_, c)| is_bare(*c)) {
            word.push(c);
        }
        if word.is_empty() {
            return Err(self.expected(expected));
        }
        Ok(word)
    }

    fn quoted(&mut self) -> Result<String, PointerError> {
        self.rest.next();
        let mut word = String::new();
        loop {
            let c = match self.peek() {
                None => return Err(self.expected("a closing `\"`")),
                Some('"') => {
                    self.rest.next();
                    return Ok(word);
                }
                Some('\\') => {
                    self.rest.next();
                    match self.peek() {
                        Some(c @ ('"' | '\\')) => c,
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        _ => return Err(self.expected("`\"`, `\\`, `n`, `r` or `t` after `\\`")),
                    }
                }
                Some(c) => c,
            };
            self.rest.next();
            word.push(c);
        }
    }
}

/// A key or value as it is written: bare if it can be.
pub(super) struct Written<'t> {
    text: &'t str,
    is_bare: fn(char) -> bool,
}

impl<'t> Written<'t> {
    pub(super) fn key(text: &'t str) -> Self {
        Self { text, is_bare: is_bare_key }
    }

    pub(super) fn value(text: &'t str) -> Self {
        Self { text, is_bare: is_bare_value }
    }
}

impl fmt::Display for Written<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() && self.text.chars().all(self.is_bare) {
            return out.write_str(self.text);
        }
        out.write_char('"')?;
        for c in self.text.chars() {
            match c {
                '"' => out.write_str("\\\"")?,
                '\\' => out.write_str("\\\\")?,
                '\n' => out.write_str("\\n")?,
                '\r' => out.write_str("\\r")?,
                '\t' => out.write_str("\\t")?,
                c => out.write_char(c)?,
            }
        }
        out.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::manifest::Segment;

    #[test]
    fn every_form_is_read() {
        let key = |key: &str| Segment::Key(key.into());
        let item = |key: &str, value: &str| Segment::Item { key: key.into(), value: value.into() };
        let cases = [
            ("", vec![]),
            ("a.b-c.d/e", vec![key("a"), key("b-c"), key("d/e")]),
            ("[0].a", vec![Segment::Index(0), key("a")]),
            ("a[007]", vec![key("a"), Segment::Index(7)]),
            ("a[0=x]", vec![key("a"), item("0", "x")]),
            ("a[\"0\"=\"\"]", vec![key("a"), item("0", "")]),
            ("a[v=1.2.3][0]", vec![key("a"), item("v", "1.2.3"), Segment::Index(0)]),
            ("\"a.b\".\"\\\"\\\\\\n\"", vec![key("a.b"), key("\"\\\n")]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).as_ref(), Ok(&expected), "{text}");
        }
    }

    #[test]
    fn an_error_says_where_and_what_belongs_there() {
        let cases = [
            (".a", 1, "a key or `[`"),
            ("a.", 3, "a key after the dot"),
            ("a..b", 3, "a key after the dot"),
            ("é[", 3, "a number as in `[0]` or a choice as in `[name=redis]`"),
            ("a[]", 3, "a number as in `[0]` or a choice as in `[name=redis]`"),
            ("a[name]", 7, "`=` and a value, as in `[name=redis]`"),
            ("a[name=]", 8, "a value, as in `[name=redis]`"),
            ("a[name=x", 9, "`]`"),
            ("a[99999999999999999999999]", 3, "a smaller number"),
            ("a[0]b", 5, "`.` or `[` (or the end)"),
            ("a b", 2, "`.` or `[` (or the end)"),
            ("\"a", 3, "a closing `\"`"),
            ("\"\\x\"", 3, "`\"`, `\\`, `n`, `r` or `t` after `\\`"),
        ];
        for (text, position, expected) in cases {
            let error = read(text).expect_err(text);
            assert_eq!((error.position, error.expected), (position, expected), "{text}");
        }
        assert_eq!(
            read("a[").expect_err("unfinished").to_string(),
            "pointer `a[`: at character 3, expected a number as in `[0]` or a choice as in \
             `[name=redis]` (an example: instance_groups[name=redis].jobs[0].name)"
        );
    }
}
