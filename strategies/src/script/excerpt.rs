//! The line of a script that a problem is about, with a mark under the place.

use unicode_width::UnicodeWidthStr;

use reconciler_core::manifest::Location;

use reconciler_core::model::visible;

/// Of a longer line only what is near the place is shown: so many characters.
const LONGEST: usize = 120;
/// As many of them before the place.
const BEFORE: usize = 60;
const TAB: &str = "    ";
const CUT: &str = "…";

/// A line, or a part of it, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    line: String,
    /// The width of what stands before the mark, and of the mark.
    before: usize,
    marked: usize,
}

impl Excerpt {
    /// The line of a text that a place is on.
    pub(super) fn of(text: &str, at: Location) -> Option<Self> {
        let line = text.lines().nth(usize::try_from(at.line).ok()?.checked_sub(1)?)?;
        let length = line.chars().count();
        let place = usize::try_from(at.column).ok()?.saturating_sub(1).min(length);
        let from = if length <= LONGEST { 0 } else { place.saturating_sub(BEFORE).min(length - LONGEST) };
        let to = length.min(from + LONGEST);
        let word = line.chars().skip(place).take_while(|c| c.is_alphanumeric() || *c == '_').count();
        let part = |from: usize, to: usize| -> String {
            let part: String = line.chars().skip(from).take(to - from).collect();
            let shown: Vec<_> = part.split('\t').map(visible).collect();
            shown.join(TAB)
        };
        let word_ends = to.min(place + word);
        let (before, marked, after) = (part(from, place), part(place, word_ends), part(word_ends, to));
        let (left, right) = (if from > 0 { CUT } else { "" }, if to < length { CUT } else { "" });
        Some(Self {
            before: left.width() + before.width(),
            marked: marked.width().max(1),
            line: format!("{left}{before}{marked}{after}{right}"),
        })
    }

    /// The lines that show it, beside a margin for numbers.
    pub(super) fn rendered(&self, number: u32, margin: usize) -> [String; 3] {
        let marks = "^".repeat(self.marked);
        [
            format!("{:margin$} |", ""),
            format!("{number:margin$} | {}", self.line),
            format!("{:margin$} | {:before$}{marks}", "", "", before = self.before),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, column: u32) -> (String, String) {
        let excerpt = Excerpt::of(line, Location { line: 1, column }).unwrap();
        let [_, line, marks] = excerpt.rendered(1, 1);
        (line[4..].to_owned(), marks[4..].to_owned())
    }

    #[test]
    fn the_mark_stands_under_the_place_whatever_is_before_it() {
        for (line, column, text, marks) in [
            ("let abc = 1;", 5, "let abc = 1;", "    ^^^"),
            ("\tabc", 2, "    abc", "    ^^^"),
            ("\"漢字\"; abc", 7, "\"漢字\"; abc", "        ^^^"),
            ("\u{1b}[2J abc", 6, "\\u{1b}[2J abc", "          ^^^"),
            ("ab", 3, "ab", "  ^"),
            ("ab", 9, "ab", "  ^"),
            ("\n", 1, "", "^"),
        ] {
            assert_eq!(shown(line, column), (text.to_owned(), marks.to_owned()), "{line:?}");
        }
    }

    #[test]
    fn of_a_long_line_only_what_is_near_the_place_is_shown() {
        let line = format!("{}abc{}", "x ".repeat(5_000), " y".repeat(5_000));
        for (column, cut) in [(10_001, 2), (1, 1), (20_004, 1)] {
            let (text, marks) = shown(&line, column);
            assert_eq!(text.chars().count(), LONGEST + cut, "{text}");
            assert!(marks.len() <= LONGEST + 2, "{marks}");
            if column == 10_001 {
                let at = marks.find('^').unwrap();
                assert_eq!(text.chars().skip(at).take(marks.len() - at).collect::<String>(), "abc");
            }
        }
    }
}
