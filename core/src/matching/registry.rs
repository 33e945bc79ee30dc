//! Which strategies are compiled in. The only reader of `inventory`.

use std::sync::Arc;

use super::{BuiltinStrategy, ChainEntry, ChainError, MatchStrategy, StrategyMeta};

/// A strategy that announced itself when the program was linked.
#[derive(Debug)]
pub struct StrategyRegistration {
    meta: StrategyMeta,
    origin: &'static str,
    make: fn() -> Arc<dyn MatchStrategy>,
}

impl StrategyRegistration {
    /// Used by [`register_strategy!`](crate::register_strategy).
    #[must_use]
    pub const fn new<S: BuiltinStrategy>(origin: &'static str) -> Self {
        Self { meta: S::META, origin, make: || Arc::new(S::default()) }
    }
}

inventory::collect!(StrategyRegistration);

/// Registers a [`BuiltinStrategy`] by its type.
///
/// The crate that holds it must be named by the program
/// (`use my_strategies as _;`), or the linker leaves it out.
#[macro_export]
macro_rules! register_strategy {
    ($strategy:ty) => {
        const _: () = {
            $crate::__private::inventory::submit! {
                $crate::matching::StrategyRegistration::new::<$strategy>(
                    concat!(file!(), ":", line!())
                )
            }
        };
    };
}

/// All strategies that are compiled in, in the order of the chain.
///
/// # Errors
/// If there is none, an id is not valid, or two strategies share one.
pub fn registered() -> Result<Vec<ChainEntry>, ChainError> {
    // The linker decides in which order registrations come; the sort in
    // `ordered` is what makes the chain the same in every build.
    let entries = inventory::iter::<StrategyRegistration>
        .into_iter()
        .map(|registration| {
            ChainEntry::new(registration.meta.clone(), registration.origin, (registration.make)())
        })
        .collect::<Result<Vec<_>, _>>()?;
    if entries.is_empty() {
        return Err(ChainError::NothingLinked);
    }
    super::chain::ordered(entries)
}
