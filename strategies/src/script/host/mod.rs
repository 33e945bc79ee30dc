//! What a script can see and call besides the language: handles that can only
//! be read, the makers of opinions, a few functions on texts.
//!
//! Every function here takes time in proportion to what it is given, because no
//! limit can end it, and notes what it reads.

mod catalog;
mod deployment;
mod expectation;
pub(super) mod fixtures;
mod lists;
mod manifest;
mod opinion;
mod parts;
mod text;
mod versions;

use rhai::{FuncRegistration, Module, RhaiNativeFunc, Variant};

use super::failure::Refusal;

pub(super) use catalog::CatalogHandle;
pub(super) use deployment::DeploymentHandle;
pub(super) use expectation::UNMET;
pub(super) use opinion::{Abstention, ProposedIdentity, Reason, VetoedIdentity};

/// What every script sees.
pub(super) fn module() -> Module {
    let mut module = Module::new();
    deployment::register(&mut module);
    parts::register(&mut module);
    manifest::register(&mut module);
    catalog::register(&mut module);
    opinion::register(&mut module);
    text::register(&mut module);
    lists::register(&mut module);
    versions::register(&mut module);
    // What `catch (error)` holds.
    module.set_custom_type::<Refusal>("Error");
    for name in ["to_string", "to_debug"] {
        let doc = "The error as a text.";
        function(&mut module, name, &["error: Error", "String"], doc, |error: &mut Refusal| {
            error.to_string()
        });
    }
    module
}

/// What tests of scripts see besides.
pub(super) fn test_module() -> Module {
    let mut module = Module::new();
    fixtures::register(&mut module);
    expectation::register(&mut module);
    module
}

/// Registers a function: its parameters with their types, the type it returns
/// last, and what it does, for editors.
fn function<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    name: &str,
    signature: &[&str],
    doc: &str,
    function: FUNC,
) where
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    register(module, FuncRegistration::new(name), signature, doc, function);
}

/// Registers a property, by the type that has it and its own.
fn property<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    owner: &str,
    name: &str,
    kind: &str,
    doc: &str,
    function: FUNC,
) where
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    let owner = format!("object: {owner}");
    register(module, FuncRegistration::new_getter(name), &[&owner, kind], doc, function);
}

fn register<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
    module: &mut Module,
    registration: FuncRegistration,
    signature: &[&str],
    doc: &str,
    function: FUNC,
) where
    R: Variant + Clone,
    FUNC: RhaiNativeFunc<A, N, X, R, F> + Send + Sync + 'static,
{
    registration
        .with_params_info(signature)
        .with_comments([format!("/// {doc}")])
        .in_global_namespace()
        .set_into_module(module, function);
}
