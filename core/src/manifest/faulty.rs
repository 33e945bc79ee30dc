//! Short texts that have the fault that another text had, and nothing else of
//! it.

use super::{Limits, ManifestProblem, code};

/// A text with the same fault: its decisions are degraded for the same reason.
/// It begins with a comment that says what was wrong with the other one, which
/// never quotes a value.
pub(super) fn text_like(problem: &ManifestProblem) -> Vec<u8> {
    let said: String = problem.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut text = format!("# What stood here could not be used: {said}\n").into_bytes();
    match problem.code {
        code::NOT_UTF8 => text.extend(b"\xff\n"),
        code::TOO_LARGE => text.resize(Limits::STANDARD.bytes + 1, b'\n'),
        code::TOO_DEEP => {
            text.extend(b"a: ");
            text.resize(text.len() + Limits::STANDARD.depth as usize + 1, b'[');
        }
        code::TOO_MANY_NODES => text.extend(many_nodes().as_bytes()),
        code::ALIAS_CYCLE => text.extend(b"a: &a [*a]\n"),
        code::NOT_A_MAPPING => text.extend(b"- a\n"),
        _ => text.extend(b"a: [\n"),
    }
    text
}

/// Lists of ten lists of ten lists …, by alias.
fn many_nodes() -> String {
    let mut text = "a0: &a0 0\n".to_owned();
    let mut nodes = 1;
    let mut level = 0;
    while nodes <= Limits::STANDARD.nodes {
        level += 1;
        nodes *= 10;
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::text_like;
    use crate::manifest::{Manifest, ManifestProblem, code};

    #[test]
    fn a_text_has_the_fault_that_is_asked_for() {
        let codes = [
            code::SYNTAX,
            code::NOT_UTF8,
            code::TOO_LARGE,
            code::TOO_DEEP,
            code::TOO_MANY_NODES,
            code::ALIAS_CYCLE,
            code::NOT_A_MAPPING,
        ];
        for code in codes {
            let problem = ManifestProblem::fault(code, None, "two\nlines");
            let manifest = Manifest::from_bytes(text_like(&problem));
            let faults: Vec<_> = manifest.faults().map(|fault| fault.code).collect();
            assert_eq!(faults, [code]);
        }
    }
}
