//! What is kept while a script is called: what it reads, prints and costs.
//!
//! It belongs to the thread, not to the engine: engines are shared by all
//! threads, and a call must not wait for another.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::time::Instant;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::limits::Limits;

/// More reads than this are not kept: an explanation is to be read.
const MOST_READS: usize = 64;
/// More lines than this are not kept, nor longer ones.
const MOST_LINES: usize = 20;
const LONGEST_LINE: usize = 200;

/// Why a call was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    WallClock,
    Work,
}

/// What a call has done so far.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// What was read, where, in order and without repetition.
    pub(super) reads: Vec<(Cow<'static, str>, Position)>,
    /// What was printed.
    pub(super) lines: Vec<String>,
    /// Whether the manifest was looked at.
    pub(super) consulted: bool,
    /// Where a function of the host was last entered.
    pub(super) entered: Position,
    /// Steps, as Rhai counts them.
    pub(super) operations: u64,
    work: u64,
}

thread_local! {
    static ACCOUNT: RefCell<Account> = RefCell::default();
    static OPERATIONS: Cell<u64> = const { Cell::new(0) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A call that is under way; ends with its last owner, also in a panic.
pub(super) struct Call(());

impl Call {
    /// Opens the account of a call on this thread.
    pub(super) fn begin(limits: &Limits) -> Self {
        ACCOUNT.replace(Account::default());
        OPERATIONS.set(0);
        DEADLINE.set(Instant::now().checked_add(limits.wall_clock));
        Self(())
    }

    /// Closes the account.
    pub(super) fn finish(self) -> Account {
        let mut account = ACCOUNT.take();
        account.operations = OPERATIONS.get();
        account
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        DEADLINE.set(None);
        OPERATIONS.set(0);
        ACCOUNT.replace(Account::default());
    }
}

/// Is told of every operation; ends the call if it has had its time.
pub(super) fn progress(operations: u64) -> Option<Dynamic> {
    OPERATIONS.set(operations);
    // Asking the clock costs more than an operation.
    if operations & 0x3f != 0 {
        return None;
    }
    let late = DEADLINE.get().is_some_and(|deadline| Instant::now() >= deadline);
    late.then(|| Dynamic::from(Stopped::WallClock))
}

/// Notes that something is read here.
pub(super) fn read(context: &NativeCallContext<'_>, what: impl Into<Cow<'static, str>>) {
    let at = context.call_position();
    let what = what.into();
    ACCOUNT.with_borrow_mut(|account| {
        account.entered = at;
        let full = account.reads.len() >= MOST_READS;
        if !full && !account.reads.iter().any(|read| read.1 == at && read.0 == what) {
            account.reads.push((what, at));
        }
    });
}

/// Notes that the manifest is looked at: from here on its faults count.
pub(super) fn consult() {
    ACCOUNT.with_borrow_mut(|account| account.consulted = true);
}

/// Notes that a function of the host is entered here, and takes its work off
/// what the call may have.
pub(super) fn charge(
    context: &NativeCallContext<'_>,
    bytes: usize,
    limit: u64,
) -> Result<(), Box<EvalAltResult>> {
    let at = context.call_position();
    ACCOUNT.with_borrow_mut(|account| {
        account.entered = at;
        account.work = account.work.saturating_add(bytes as u64);
        if account.work > limit {
            return Err(EvalAltResult::ErrorTerminated(Dynamic::from(Stopped::Work), at).into());
        }
        Ok(())
    })
}

/// Keeps a printed line.
pub(super) fn print(text: &str) {
    ACCOUNT.with_borrow_mut(|account| {
        if account.lines.len() < MOST_LINES {
            account.lines.push(text.chars().take(LONGEST_LINE).collect());
        }
    });
}

/// Where a function of the host was last entered on this thread.
pub(super) fn last_entered() -> Position {
    ACCOUNT.with_borrow(|account| account.entered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_has_had_its_time_is_ended_at_the_next_look_at_the_clock() {
        let call = Call::begin(&Limits { wall_clock: std::time::Duration::ZERO, ..Limits::STANDARD });
        assert!(progress(63).is_none(), "the clock is not asked at every operation");
        let ended = progress(64).and_then(|token| token.try_cast::<Stopped>());
        assert_eq!(ended, Some(Stopped::WallClock));
        assert_eq!(call.finish().operations, 64);
        let _next = Call::begin(&Limits::STANDARD);
        assert!(progress(64).is_none(), "the next call has its own time");
    }
}
