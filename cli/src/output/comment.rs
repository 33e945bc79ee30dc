//! A comment of a merge request: Markdown that ends before a forge refuses it.

use std::fmt::Display;

/// How many characters GitHub takes in one comment; other forges take more.
const LONGEST: usize = 65_536;
/// What is kept for the lines that close what is open, and for the last one.
const RESERVED: usize = 512;

/// Markdown in lines. Where there is no more room, items are counted and no longer
/// told, so what matters most comes first.
#[derive(Debug)]
pub(crate) struct Comment {
    text: String,
    /// How many characters there still is room for.
    room: usize,
    left_out: usize,
}

impl Comment {
    pub(crate) fn new() -> Self {
        Self { text: String::new(), room: LONGEST - RESERVED, left_out: 0 }
    }

    /// One of many: a row of a table, an item of a list, a line of a long text.
    pub(crate) fn item(&mut self, line: impl Display) {
        if !self.fits(&line.to_string()) {
            self.left_out += 1;
        }
    }

    /// A line that stands by itself; left out if items were left out before.
    pub(crate) fn line(&mut self, line: impl Display) {
        let _ = self.fits(&line.to_string());
    }

    /// A line that closes what is open.
    pub(crate) fn close(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn fits(&mut self, line: &str) -> bool {
        let needed = line.chars().count() + 1;
        if needed > self.room {
            // What comes later would stand under the wrong heading.
            self.room = 0;
            return false;
        }
        self.room -= needed;
        self.text.push_str(line);
        self.text.push('\n');
        true
    }

    /// The whole of it.
    pub(crate) fn into_text(self) -> String {
        let Self { mut text, left_out, .. } = self;
        if left_out > 0 {
            text.push_str(&format!("\nand {left_out} more; `--format json` tells all.\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Comment, LONGEST};

    #[test]
    fn a_comment_ends_before_a_forge_refuses_it_and_says_what_it_lacks() {
        for (items, told) in [(1, 1), (6_400, 6_400), (7_000, 6_501)] {
            let mut comment = Comment::new();
            comment.line("heading");
            (0..items).for_each(|number| comment.item(format!("é {number:07}")));
            comment.line("a heading that would have no items");
            comment.item("é the last");
            comment.close("```");
            let text = comment.into_text();
            assert!(text.chars().count() <= LONGEST, "{}", text.chars().count());
            assert!(text.starts_with("heading\né 0000000\n") && text.contains("```\n"), "{items}");
            assert_eq!(text.contains("would have no items"), items == told, "{items}");
            let last = text.lines().last().unwrap();
            match items == told {
                true => assert_eq!(last, "```"),
                false => {
                    assert_eq!(last, format!("and {} more; `--format json` tells all.", items + 1 - told))
                }
            }
        }
    }
}
