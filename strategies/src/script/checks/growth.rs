//! What would grow a value without Rhai looking at its size: it looks at the
//! variable that something was called on, not at the one that an item or a
//! property belongs to.

use rhai::{ASTFlags, ASTNode, Expr, FnCallExpr, Position, Stmt};

/// Functions that make the value they are called on larger, or call another one
/// on it.
const GROWING: [&str; 10] =
    ["append", "call", "fill_with", "insert", "mixin", "pad", "push", "replace", "set", "splice"];

/// The calls in this node that make something larger that is no variable.
pub(super) fn unseen(node: &ASTNode<'_>) -> Vec<(String, Position)> {
    let found = match node {
        ASTNode::Expr(chain @ (Expr::Dot(..) | Expr::Index(..))) => {
            let links = links(chain);
            let calls = links.iter().enumerate().skip(1).filter_map(|(nth, link)| match link {
                Expr::MethodCall(call, at) => Some((nth, call, *at)),
                _ => None,
            });
            let of_a_variable = matches!(links.first(), Some(Expr::Variable(..)));
            calls.filter(|(nth, ..)| *nth > 1 || !of_a_variable).map(|(_, call, at)| (&**call, at)).collect()
        }
        // The first argument may be changed, as the value before a dot.
        ASTNode::Expr(Expr::FnCall(call, at)) | ASTNode::Stmt(Stmt::FnCall(call, at))
            if matches!(call.args.first(), Some(Expr::ThisPtr(_))) =>
        {
            vec![(&**call, *at)]
        }
        _ => Vec::new(),
    };
    let growing = |(call, _): &(&FnCallExpr, Position)| GROWING.contains(&call.name.as_str());
    found.into_iter().filter(growing).map(|(call, at)| (call.name.to_string(), at)).collect()
}

/// The parts of a chain such as `a.b[c].d()`, which is a tree to the right.
fn links(chain: &Expr) -> Vec<&Expr> {
    let mut links = Vec::new();
    let mut rest = chain;
    while let Expr::Dot(pair, flags, _) | Expr::Index(pair, flags, _) = rest {
        links.push(&pair.lhs);
        rest = &pair.rhs;
        // What follows stands between brackets.
        if flags.intersects(ASTFlags::BREAK) {
            break;
        }
    }
    links.push(rest);
    links
}
