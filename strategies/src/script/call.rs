//! What is kept while a script is called: what it reads, prints and costs.
//!
//! It belongs to the thread, not to the engine: engines are shared by all
//! threads, and a call must not wait for another.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::time::Instant;

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::limits::Limits;
use reconciler_core::model::visible;

/// More reads than this are not kept: an explanation is to be read.
const MOST_READS: usize = 64;
/// What stands at the end where there were more.
const MORE_READS: &str = "and more reads";
/// More lines than this are not kept, nor longer ones.
const MOST_LINES: usize = 20;
const LONGEST_LINE: usize = 200;
/// Nor more of what was read, which a script may have written itself.
const LONGEST_READ: usize = 120;

/// Why a call was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    Operations,
    WallClock,
    Work,
}

/// What a call has done so far.
#[derive(Debug)]
pub(super) struct Account {
    /// What was read, where, in order and without repetition.
    pub(super) reads: Vec<(Cow<'static, str>, Position)>,
    /// What was printed.
    pub(super) lines: Vec<String>,
    /// Whether the manifest was looked at.
    pub(super) consulted: bool,
    /// Where a function of the host was last entered.
    pub(super) entered: Position,
    /// Steps, those of functions that were called back among them.
    pub(super) operations: u64,
    work: u64,
    /// Why the call was ended, whatever became of the error that said so.
    pub(super) stopped: Option<Stopped>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            reads: Vec::new(),
            lines: Vec::new(),
            consulted: false,
            entered: Position::NONE,
            operations: 0,
            work: 0,
            stopped: None,
        }
    }
}

thread_local! {
    static ACCOUNT: RefCell<Account> = RefCell::default();
    static OPERATIONS: Cell<u64> = const { Cell::new(0) };
    static MOST_OPERATIONS: Cell<u64> = const { Cell::new(u64::MAX) };
    static STOPPED: Cell<Option<Stopped>> = const { Cell::new(None) };
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A call that is under way; ends with its last owner, also in a panic.
pub(super) struct Call(());

impl Call {
    /// Opens the account of a call on this thread.
    pub(super) fn begin(limits: &Limits) -> Self {
        ACCOUNT.replace(Account::default());
        OPERATIONS.set(0);
        MOST_OPERATIONS.set(limits.operations);
        STOPPED.set(None);
        DEADLINE.set(Instant::now().checked_add(limits.wall_clock));
        Self(())
    }

    /// Closes the account.
    pub(super) fn finish(self) -> Account {
        let mut account = ACCOUNT.take();
        account.operations = OPERATIONS.get();
        account.stopped = STOPPED.get();
        account
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        DEADLINE.set(None);
        OPERATIONS.set(0);
        MOST_OPERATIONS.set(u64::MAX);
        STOPPED.set(None);
        ACCOUNT.replace(Account::default());
    }
}

/// Is told of every operation; ends the call if it has had as many as it may, or
/// its time. Counts by itself: Rhai's count begins anew in every function that
/// one of its own calls back. What has ended once is ended again, so that
/// nobody can go on after catching that.
pub(super) fn progress(_counted_by_rhai: u64) -> Option<Dynamic> {
    let operations = OPERATIONS.get() + 1;
    OPERATIONS.set(operations);
    if STOPPED.get().is_none() {
        if operations > MOST_OPERATIONS.get() {
            STOPPED.set(Some(Stopped::Operations));
        // Asking the clock costs more than an operation.
        } else if operations & 0x3f == 0 && DEADLINE.get().is_some_and(|end| Instant::now() >= end) {
            STOPPED.set(Some(Stopped::WallClock));
        }
    }
    STOPPED.get().map(Dynamic::from)
}

/// Does what is not the script's doing: its time is not the call's.
pub(super) fn apart<T>(work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    DEADLINE.set(DEADLINE.get().and_then(|end| end.checked_add(begun.elapsed())));
    done
}

/// Notes that something is read here.
pub(super) fn read(context: &NativeCallContext<'_>, what: impl Into<Cow<'static, str>>) {
    let at = context.call_position();
    let what = short(what.into());
    ACCOUNT.with_borrow_mut(|account| {
        account.entered = at;
        let kept = account.reads.len();
        if kept <= MOST_READS && !account.reads.iter().any(|read| read.1 == at && read.0 == what) {
            account.reads.push((if kept < MOST_READS { what } else { MORE_READS.into() }, at));
        }
    });
}

/// As much of it as is kept, on one line.
fn short(what: Cow<'static, str>) -> Cow<'static, str> {
    let what = visible(what);
    match what.char_indices().nth(LONGEST_READ) {
        Some((cut, _)) => format!("{}…", &what[..cut]).into(),
        None => what,
    }
}

/// The first characters of a text that a script had a hand in, on one line.
pub(super) fn one_line(text: &str, most: usize) -> String {
    visible(text).chars().take(most).collect()
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
            STOPPED.set(Some(Stopped::Work));
            return Err(EvalAltResult::ErrorTerminated(Dynamic::from(Stopped::Work), at).into());
        }
        Ok(())
    })
}

/// Keeps a printed line.
pub(super) fn print(text: &str) {
    ACCOUNT.with_borrow_mut(|account| {
        if account.lines.len() < MOST_LINES {
            account.lines.push(one_line(text, LONGEST_LINE));
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
        for _ in 1..64 {
            assert!(progress(1).is_none(), "the clock is not asked at every operation");
        }
        let why = || progress(1).and_then(|token| token.try_cast::<Stopped>());
        assert_eq!(why(), Some(Stopped::WallClock));
        assert_eq!(why(), Some(Stopped::WallClock), "it does not go on");
        let account = call.finish();
        assert_eq!((account.operations, account.stopped), (65, Some(Stopped::WallClock)));
        let _next = Call::begin(&Limits::STANDARD);
        assert!((0..64).all(|_| progress(1).is_none()), "the next call has its own time");
    }

    #[test]
    fn time_that_is_not_the_scripts_does_not_count() {
        let _call = Call::begin(&Limits::STANDARD);
        let before = DEADLINE.get();
        apart(
            || while DEADLINE.get().is_none_or(|end| Instant::now() + Limits::STANDARD.wall_clock <= end) {},
        );
        assert!(DEADLINE.get() > before);
    }
}
