//! Copies of what scripts are called with, so that threads do not share them.
//!
//! Rhai counts references on functions and texts at every step. Threads that
//! call one compiled script in one engine spend a third of their time passing
//! these counters to each other; with a copy each they do not meet.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// More copies than this are not kept, however many processors there are.
const MOST: usize = 16;

static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// A copy for every thread that can run beside the one that has the original.
/// Threads that begin one after the other get different ones; each is made when
/// it is first wanted.
pub(super) struct Lanes<T> {
    copies: Box<[OnceLock<Option<T>>]>,
}

impl<T> Lanes<T> {
    /// As many as there are processors, the original among them.
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, usize::from).min(MOST);
        Self { copies: (1..processors).map(|_| OnceLock::new()).collect() }
    }

    /// None: all threads use the original.
    pub(super) fn none() -> Self {
        Self { copies: Box::default() }
    }

    /// This thread's copy, or the original where none can be made.
    pub(super) fn of_this_thread<'a>(&'a self, original: &'a T, copy: impl FnOnce() -> Option<T>) -> &'a T {
        let lane = NUMBER.with(|number| number % (self.copies.len() + 1));
        let copies = lane.checked_sub(1).and_then(|lane| self.copies.get(lane));
        copies.and_then(|made| made.get_or_init(copy).as_ref()).unwrap_or(original)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What as many threads as there are copies, one after the other, get.
    fn seen(lanes: &Lanes<usize>, copy: fn() -> Option<usize>) -> Vec<usize> {
        let threads = lanes.copies.len() + 1;
        let on_a_thread = || std::thread::scope(|s| s.spawn(|| *lanes.of_this_thread(&1, copy)).join());
        let mut seen: Vec<usize> = (0..threads).filter_map(|_| on_a_thread().ok()).collect();
        seen.sort_unstable();
        seen
    }

    #[test]
    fn one_thread_uses_the_original_and_the_others_a_copy_made_once() {
        let lanes = Lanes { copies: (0..3).map(|_| OnceLock::new()).collect() };
        // Other tests may begin threads meanwhile, so that a lane comes twice.
        let first = seen(&lanes, || Some(2));
        assert!(first.iter().all(|number| [1, 2].contains(number)), "{first:?}");
        let again = seen(&lanes, || Some(3));
        assert_eq!(*lanes.copies.iter().find_map(|lane| lane.get()).unwrap(), Some(2), "{again:?}");
        assert_eq!(seen(&Lanes::none(), || Some(2)), [1]);
        assert_eq!(seen(&Lanes { copies: [OnceLock::new()].into() }, || None), [1, 1]);
    }
}
