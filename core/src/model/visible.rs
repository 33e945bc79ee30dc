//! Texts that others made, as a terminal may show them: none of them may move the
//! cursor, or look like another line.

use std::borrow::Cow;

/// Whether a character does something to a terminal, or to the order of what is
/// shown, and is not seen itself.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with an escape in the place of what is not seen.
#[must_use]
pub fn visible<'t>(text: impl Into<Cow<'t, str>>) -> Cow<'t, str> {
    let text = text.into();
    if !text.contains(is_unseen) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match is_unseen(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_is_not_seen_is_written_out_and_all_else_stays() {
        for (text, shown) in [
            ("plain `text` \"quoted\" ü", "plain `text` \"quoted\" ü"),
            ("a\u{1b}[2J\n\tb\u{7f}", "a\\u{1b}[2J\\n\\tb\\u{7f}"),
            ("\u{202e}\u{9b}\u{2028}\u{feff}", "\\u{202e}\\u{9b}\\u{2028}\\u{feff}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
