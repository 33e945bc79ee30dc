//! What is refused before the parser sees a single character.
//!
//! The parser streams, except inside a bracketed collection that might still
//! turn out to be a key: that one it holds in memory as a whole, about a
//! hundred bytes a token. So the length of the text and the number of bracket
//! and comma characters are bounded first. Nesting needs no check here: the
//! parser gives up at 255 brackets, and what is built is counted level by
//! level.

use super::{Limits, ManifestProblem, code};

/// Why the text must not be parsed, if so.
pub(super) fn refusal(text: &str, limits: &Limits) -> Option<ManifestProblem> {
    if text.len() > limits.bytes {
        return Some(too_large(limits));
    }
    let separators_allowed = limits.nodes;
    // A text shorter than the limit cannot hold more separators than that.
    if text.len() as u64 > separators_allowed {
        let separators = text.bytes().filter(|b| matches!(b, b',' | b'[' | b'{'));
        if separators.count() as u64 > separators_allowed {
            return Some(ManifestProblem::fault(
                code::TOO_MANY_NODES,
                None,
                format!("more than {separators_allowed} commas and brackets"),
            ));
        }
    }
    None
}

/// The fault of a text of `bytes` bytes.
pub(super) fn too_large(limits: &Limits) -> ManifestProblem {
    ManifestProblem::fault(
        code::TOO_LARGE,
        None,
        format!("larger than the {} bytes that are allowed", limits.bytes),
    )
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::manifest::{Limits, code};

    const SMALL: Limits = Limits { bytes: 100, nodes: 10, depth: 8 };

    #[test]
    fn only_what_is_over_a_limit_is_refused() {
        let cases = [
            (String::new(), None),
            ("a".repeat(100), None),
            ("a".repeat(101), Some(code::TOO_LARGE)),
            ("[a],".repeat(5), None),
            ("[a],".repeat(6), Some(code::TOO_MANY_NODES)),
        ];
        for (text, expected) in cases {
            let found = refusal(&text, &SMALL).map(|problem| problem.code);
            assert_eq!(found, expected, "{} bytes", text.len());
        }
    }
}
