//! The only maker of Rhai engines. What it does not register does not exist for
//! a script.

use std::sync::LazyLock;

use rhai::module_resolvers::DummyModuleResolver;
use rhai::packages::{
    ArithmeticPackage, BasicArrayPackage, BasicFnPackage, BasicIteratorPackage, BasicMapPackage,
    BasicMathPackage, BasicStringPackage, LogicPackage, MoreStringPackage, Package,
};
use rhai::{Engine, FuncRegistration, Module, NativeCallContext, OptimizationLevel, Shared, def_package};

use super::call;
use super::host;
use super::limits::Limits;
use super::set::HostFunction;

def_package! {
    /// Rhai's own functions for numbers, texts, lists and maps. Left out are
    /// those that stop the program or reach out of it (`sleep`, `exit`), that ask
    /// the time, and that look into the language itself.
    pub(crate) PlainPackage(_module):
        ArithmeticPackage,
        LogicPackage,
        BasicStringPackage,
        MoreStringPackage,
        BasicIteratorPackage,
        BasicFnPackage,
        BasicArrayPackage,
        BasicMapPackage,
        BasicMathPackage
    {}
}

/// Made once: making it takes longer than a hundred calls.
static PLAIN: LazyLock<PlainPackage> = LazyLock::new(PlainPackage::new);
static HOST: LazyLock<Shared<Module>> = LazyLock::new(|| host::module().into());
static TESTS: LazyLock<Shared<Module>> = LazyLock::new(|| host::test_module().into());

/// What an engine is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Deciding.
    Matching,
    /// Tests: the same, and what tests need besides.
    Testing,
}

/// Makes an engine within all limits.
pub(super) fn engine(purpose: Purpose, functions: &[HostFunction]) -> Engine {
    let tests = (purpose == Purpose::Testing).then(|| Shared::clone(&TESTS));
    assemble(&PLAIN, [Some(Shared::clone(&HOST)), tests].into_iter().flatten(), functions)
}

/// Makes an engine for deciding that shares nothing with any other.
pub(super) fn separate_engine(functions: &[HostFunction]) -> Engine {
    assemble(&PlainPackage::new(), [host::module().into()], functions)
}

fn assemble(
    plain: &PlainPackage,
    modules: impl IntoIterator<Item = Shared<Module>>,
    functions: &[HostFunction],
) -> Engine {
    let mut engine = Engine::new_raw();
    plain.register_into_engine(&mut engine);
    for module in modules {
        engine.register_global_module(module);
    }
    for function in functions {
        add(&mut engine, function);
    }
    restrict(&mut engine);
    engine
}

fn restrict(engine: &mut Engine) {
    let limits = Limits::STANDARD;
    engine
        .set_max_operations(limits.operations)
        .set_max_call_levels(limits.call_levels)
        .set_max_expr_depths(limits.expression_depth, limits.expression_depth)
        .set_max_string_size(limits.text)
        .set_max_array_size(limits.list)
        .set_max_map_size(limits.map)
        .set_max_variables(limits.variables)
        .set_max_functions(limits.functions)
        .set_max_modules(0)
        // The table of interned texts is behind a lock.
        .set_max_strings_interned(0);
    engine
        .set_module_resolver(DummyModuleResolver::new())
        .disable_symbol("eval")
        .disable_symbol("import")
        .disable_symbol("export")
        // Values given to a function in advance are held to no limit on sizes.
        .disable_symbol("curry");
    // Closures share variables behind locks, on which Rhai sleeps.
    engine.set_allow_anonymous_fn(false);
    engine.set_strict_variables(true).set_fail_on_invalid_map_property(true);
    // What the optimiser removes would not be checked, counted or covered.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.on_progress(call::progress);
    engine.on_print(call::print);
    engine.on_debug(|text, _, _| call::print(text));
}

/// Adds a function of the program that embeds us.
fn add(engine: &mut Engine, function: &HostFunction) {
    let run = function.function;
    FuncRegistration::new(function.name)
        .with_params_info(["text: String", "String"])
        .with_comments([format!("/// {}", function.doc)])
        .register_into_engine(
            engine,
            move |context: NativeCallContext<'_>, text: &str| -> Result<String, Box<rhai::EvalAltResult>> {
                call::charge(&context, text.len(), Limits::STANDARD.work)?;
                Ok(run(text))
            },
        );
}
