//! The manifest by pointer. Shows what may be shown, and nothing that could be
//! used to guess the rest.

use std::sync::Arc;

use reconciler_core::manifest::secrets::Place;
use reconciler_core::manifest::{Node, Pointer, REDACTED, Segment, Visibility};
use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Module, NativeCallContext};

use super::deployment::{Subject, texts};
use super::function;
use crate::script::call::{charge, read};
use crate::script::failure::refuse;
use crate::script::limits::Limits;

/// More items than this do not come back at once.
const MOST_ITEMS: usize = 256;

/// A manifest as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ManifestHandle(pub(super) Arc<Subject>);

type Handle = ManifestHandle;
type Context<'a> = NativeCallContext<'a>;
type Outcome<T> = Result<T, Box<EvalAltResult>>;

impl ManifestHandle {
    /// The node at a pointer, with the place that says what may be shown of it.
    fn find(&self, cx: &Context<'_>, function: &str, written: &str) -> Outcome<Option<(Node<'_>, Place)>> {
        read(cx, format!("deployment.manifest.{function}(\"{written}\")"));
        let at = cx.call_position();
        let pointer: Pointer = written.parse().map_err(|error| {
            refuse(
                at,
                "script.pointer",
                format!("`{written}` is no pointer: {error}"),
                Some("write it as in `instance_groups[name=redis].azs[0]`"),
            )
        })?;
        let document = self.0.document();
        let mut found = document.root();
        let mut place = Place::root();
        for segment in pointer.segments() {
            let Some(node) = found else { break };
            match segment {
                Segment::Key(key) => {
                    charge(cx, node.len(), Limits::STANDARD.work)?;
                    let entry = node.entry(key).filter(|entry| entry.may_be_looked_up(place));
                    found = entry.map(|entry| entry.value);
                    place = place.key(key);
                }
                Segment::Index(index) => {
                    charge(cx, node.len(), Limits::STANDARD.work)?;
                    found = node.items().nth(*index);
                    place = place.item();
                }
                Segment::Item { key, value } => {
                    charge(cx, node.len() * 16, Limits::STANDARD.work)?;
                    place = place.item();
                    // Whoever may compare a secret can guess it.
                    if place.key(key).visibility() == Visibility::Secret {
                        let message = format!("`{key}` may hold a secret, so nothing is chosen by it");
                        return Err(refuse(
                            at,
                            "script.secret",
                            message,
                            Some("choose by `name`, or by place"),
                        ));
                    }
                    let chosen = |item: &Node<'_>| {
                        let text =
                            item.get(key).and_then(|node| self.0.public(node, place.key(key))?.as_str());
                        text == Some(value.as_str())
                    };
                    found = node.items().find(chosen);
                }
            }
        }
        if let Some(node) = found {
            // A secret costs what is shown of it: its length tells something too.
            let shown = self.0.public(node, place).map_or(Some(REDACTED), Node::as_str);
            charge(cx, shown.map_or(0, str::len), Limits::STANDARD.work)?;
        }
        Ok(found.map(|node| (node, place)))
    }

    /// The node at a pointer, unless it is secret: of a secret there is no number.
    fn public(&self, cx: &Context<'_>, function: &str, written: &str) -> Outcome<Option<Node<'_>>> {
        Ok(self.find(cx, function, written)?.and_then(|(node, place)| self.0.public(node, place)))
    }
}

pub(super) fn register(module: &mut Module) {
    module.set_custom_type::<ManifestHandle>("Manifest");
    let signature = |returns: &'static str| ["manifest: Manifest", "pointer: String", returns];
    function(
        module,
        "has",
        &signature("bool"),
        "Whether anything stands at the pointer.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<bool> {
            Ok(one.find(&cx, "has", pointer)?.is_some())
        },
    );
    function(
        module,
        "text",
        &signature("?"),
        "The text at the pointer, `\"<redacted>\"` for a secret, or `()`. `1.10` stays `1.10`.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Dynamic> {
            let found = one.find(&cx, "text", pointer)?;
            let text = found.and_then(|(node, place)| one.0.shown(node, place));
            Ok(text.map_or(Dynamic::UNIT, |text| ImmutableString::from(text).into()))
        },
    );
    function(
        module,
        "int",
        &signature("?"),
        "The whole number at the pointer, or `()`; also `()` for a secret.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Dynamic> {
            let found = one.public(&cx, "int", pointer)?;
            Ok(found.and_then(Node::as_i64).map_or(Dynamic::UNIT, Dynamic::from))
        },
    );
    function(
        module,
        "bool",
        &signature("?"),
        "The truth value at the pointer, or `()`; also `()` for a secret.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Dynamic> {
            let found = one.public(&cx, "bool", pointer)?;
            Ok(found.and_then(Node::as_bool).map_or(Dynamic::UNIT, Dynamic::from))
        },
    );
    function(
        module,
        "list",
        &signature("Array"),
        "The texts of the list at the pointer, at most 256; secrets as `\"<redacted>\"`.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Array> {
            let Some((node, place)) = one.find(&cx, "list", pointer)? else {
                return Ok(Array::new());
            };
            let items = node.items().take(MOST_ITEMS);
            Ok(texts(items.filter_map(|item| one.0.shown(item, place.item()))))
        },
    );
    function(
        module,
        "names",
        &signature("Array"),
        "The `name` of each item of the list at the pointer, at most 256.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Array> {
            let Some((node, place)) = one.find(&cx, "names", pointer)? else {
                return Ok(Array::new());
            };
            let place = place.item().key("name");
            let items = node.items().take(MOST_ITEMS);
            Ok(texts(items.filter_map(|item| one.0.shown(item.get("name")?, place))))
        },
    );
    function(
        module,
        "keys",
        &signature("Array"),
        "The keys of the mapping at the pointer, at most 256; `\"<redacted>\"` where a key may be a secret.",
        |cx: Context<'_>, one: &mut Handle, pointer: &str| -> Outcome<Array> {
            let found = one.find(&cx, "keys", pointer)?;
            let Some((node, place)) = found else { return Ok(Array::new()) };
            let entries = node.entries().take(MOST_ITEMS);
            Ok(texts(entries.map(|entry| entry.public_key(place).unwrap_or(REDACTED))))
        },
    );
}
