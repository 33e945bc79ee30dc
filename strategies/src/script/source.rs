//! The text of a script: read from its file, and where its functions begin.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use reconciler_core::manifest::{Location, Pointer, Segment};
use rhai::{Engine, Position, Token};

use super::failure::location;
use super::files;
use super::limits::Limits;
use super::problem::ScriptProblem;
use reconciler_core::model::visible;

/// A script's text with the name of its file.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// The path as it is shown.
    pub(super) file: Arc<str>,
    pub(super) text: Arc<str>,
}

impl Source {
    /// Reads a script's file.
    pub(super) fn read(path: &Path) -> Result<Self, ScriptProblem> {
        let file: Arc<str> = visible(path.display().to_string()).into();
        let most = Limits::STANDARD.file;
        let refused = |code, message: String, help: &str| {
            Err(ScriptProblem::new(code, &file, message).help(help.to_owned()))
        };
        let bytes = match files::read_at_most(path, most) {
            Ok(bytes) => bytes,
            Err(error) => {
                return refused(
                    "script.unreadable",
                    format!("cannot be read: {error}"),
                    "check the path and its permissions",
                );
            }
        };
        if bytes.len() > most {
            let message = format!("has more than {most} bytes");
            return refused("script.limit.file", message, "split it into several scripts");
        }
        match files::text(bytes) {
            Some(text) => Ok(Self { path: path.to_owned(), file, text: text.into() }),
            None => refused("script.unreadable", "is not UTF-8".to_owned(), "save it as UTF-8"),
        }
    }

    /// The file's name without its ending: what the script's id has to be.
    pub(super) fn stem(&self) -> String {
        self.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// What may be a key of a manifest by this text: every word, words that points
/// join, which a pointer has between quotes, and every key that a literal names,
/// whatever is in it. What is put together of pieces is not found.
pub(super) fn keys(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || "_-./:+".contains(c);
    let runs = text.split(|c| !is_part(c)).map(|run| run.trim_matches('.'));
    let words = runs.flat_map(|run| std::iter::once(run).chain(run.split('.')));
    let mut keys: BTreeSet<String> = words.map(str::to_owned).collect();
    tokens(text, |token, _| {
        if let Token::StringConstant(literal) | Token::InterpolatedString(literal) = token {
            keys.extend(keys_of_pointer(literal));
            keys.insert(literal.to_string());
        }
    });
    keys.remove("");
    keys
}

/// The keys that a literal names, if it is a pointer, or a piece of one that
/// ends before a point.
fn keys_of_pointer(literal: &str) -> Vec<String> {
    let pointer: Result<Pointer, _> = literal.trim_matches('.').parse();
    let segments = pointer.iter().flat_map(Pointer::segments);
    let keys = segments.filter_map(|segment| match segment {
        Segment::Key(key) | Segment::Item { key, .. } => Some(key.clone()),
        Segment::Index(_) => None,
    });
    keys.collect()
}

/// Takes a text apart into words and signs; runs nothing.
static LEXER: LazyLock<Engine> = LazyLock::new(Engine::new_raw);

/// Calls for every token of a script, in the order of the text. Rhai's lexer
/// knows what is a comment or a text, and has to be told where a text goes on.
fn tokens(text: &str, mut each: impl FnMut(&Token, Position)) {
    let texts = [text];
    let (tokens, control) = LEXER.lex(&texts);
    // The open braces of each `${…}` that is being read, the innermost last.
    let mut inside: Vec<usize> = Vec::new();
    for (token, at) in tokens.take_while(|(token, _)| !matches!(token, Token::EOF)) {
        match &token {
            Token::InterpolatedString(_) => inside.push(0),
            Token::LeftBrace | Token::MapStart => {
                inside.iter_mut().last().into_iter().for_each(|open| *open += 1)
            }
            Token::RightBrace => {
                if let Some(open) = inside.last_mut() {
                    *open -= 1;
                    if *open == 0 {
                        inside.pop();
                        control.borrow_mut().is_within_text = true;
                    }
                }
            }
            _ => {}
        }
        each(&token, at);
    }
}

/// Where the functions of a script begin, in the order of the text. Rhai does
/// not keep it.
pub(super) fn functions(text: &str) -> Vec<(String, Location)> {
    let mut found = Vec::new();
    let mut after_fn = false;
    tokens(text, |token, at| {
        if let Token::Identifier(name) = token
            && after_fn
        {
            found.extend(location(at).map(|at| (name.to_string(), at)));
        }
        after_fn = matches!(token, Token::Fn);
    });
    found
}

/// Where a function begins.
pub(super) fn function(text: &str, name: &str) -> Option<Location> {
    functions(text).into_iter().find(|(found, _)| found == name).map(|(_, at)| at)
}

/// The function that a place is in.
pub(super) fn enclosing(functions: &[(String, Location)], at: Location) -> Option<&str> {
    functions.iter().rev().find(|(_, begins)| *begins <= at).map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use super::{functions, keys};

    #[test]
    fn every_key_of_a_pointer_is_among_the_keys() {
        let text =
            r#"m.has("meta.users[name=x].pool_size"); m.text(`properties."a.b/c".d-e`); tag("\"f.g\"")"#;
        let keys = keys(text);
        for key in ["meta", "users", "name", "pool_size", "properties", "a.b/c", "d-e", "f.g"] {
            assert!(keys.contains(key), "{key}: {keys:?}");
        }
    }

    #[test]
    fn a_key_that_a_literal_names_is_among_the_keys_whatever_is_in_it() {
        for (text, key) in [
            (r#"has("users.\"my key\"")"#, "my key"),
            (r#"has("users.\"operator@eu\".x")"#, "operator@eu"),
            ("has(`users.\"a, b # c\"`)", "a, b # c"),
            (r##"has(#"users."it's"."#)"##, "it's"),
            (r#"has("users.caf\u00e9.x")"#, "café"),
            (r#"has("users.\"say \\\"hi\\\"\"")"#, "say \"hi\""),
            (r#"has("users[\"my key\"=x]")"#, "my key"),
            ("has(`users.\"my key\".${x}.\"your key\"`)", "my key"),
            ("has(`users.\"my key\".${x}.\"your key\"`)", "your key"),
            (r#"keys("users").contains("my key")"#, "my key"),
            (r#"x == "users.""#, "users."),
        ] {
            let keys = keys(text);
            assert!(keys.contains(key) && !keys.contains(""), "{text}: {keys:?}");
        }
    }

    #[test]
    fn functions_are_found_wherever_they_stand_and_in_no_text_or_comment() {
        for (text, expected) in [
            (
                "//! fn no() {}\nfn one() {}\n  private fn two(x) {\n    fnord();\n}\n",
                &["one 2:4", "two 3:14"][..],
            ),
            ("fn\tone() {} fn two() {}", &["one 1:4", "two 1:16"]),
            ("/* fn no() {} /* fn no() {} */ */ fn /* x */\n one() {}", &["one 2:2"]),
            ("fn one() {\n`\nfn test_no() {}\n`\n}\nfn two() {}", &["one 1:4", "two 6:4"]),
            (
                "fn one() {\n`a ${if x { `fn no() ${#{}} {` } else { 1 }}\nfn no() {}\n`\n}\nfn two() {}",
                &["one 1:4", "two 6:4"],
            ),
            ("fn one() { \"fn no() {\"; '}' } fn two() {}", &["one 1:4", "two 1:34"]),
            ("fn one() { #\"fn no() {\"#; } fn two() {}", &["one 1:4", "two 1:32"]),
            ("fn one() { } } fn two", &["one 1:4", "two 1:19"]),
            ("`${", &[]),
        ] {
            let found: Vec<String> =
                functions(text).iter().map(|(name, at)| format!("{name} {at}")).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
