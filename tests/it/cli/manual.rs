//! The fenced blocks of a manual, for tests that run them.

use std::fs;
use std::path::Path;

/// A fenced block: what stands behind the fence, and the text.
pub(super) struct Snippet {
    pub(super) kind: String,
    pub(super) line: usize,
    pub(super) text: String,
}

/// The blocks of a manual, in the order of the text.
pub(super) fn snippets(name: &str) -> Vec<Snippet> {
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let manual = fs::read_to_string(manual).unwrap();
    let mut snippets = Vec::new();
    let mut open: Option<Snippet> = None;
    for (at, line) in manual.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                open = Some(Snippet { kind: kind.to_owned(), line: at + 1, text: String::new() });
            }
            (Some(_), Some(_)) => snippets.extend(open.take()),
            (None, Some(snippet)) => {
                snippet.text.push_str(line);
                snippet.text.push('\n');
            }
            (None, None) => {}
        }
    }
    snippets
}
