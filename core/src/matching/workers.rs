//! Threads that decide: their own, with stacks of a known size, so that neither
//! the caller's thread nor an async runtime sets a limit.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How large their stacks are: scripts and deep manifests need more than a
/// thread's usual 2 MiB.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// How many neighbours a thread takes at most at once.
const STRIDE: usize = 16;

/// How often each thread comes for more at least, so that all end together: a
/// scan hands on few deployments at a time.
const TURNS_EACH: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");

/// What threads are called: the program silences their panics, which are
/// caught and reported as a strategy's failure.
pub const THREAD_NAME: &str = "match";

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    GoOn,
    /// What follows this result is not wanted.
    Stop,
}

/// Applies a function to items on threads; results in the order of items, up to
/// and with the one at which `note` says stop.
///
/// Each thread works with what it got from `own`. `note` sees the results in
/// order, as soon as all before them are there: where it says stop, no thread
/// begins anything new, and what was done ahead is dropped.
pub(super) fn map_in_order<T: Sync, S, R: Send>(
    items: &[T],
    workers: NonZeroUsize,
    own: impl Fn() -> S + Sync,
    apply: impl Fn(&S, &T) -> R + Sync,
    note: impl FnMut(&R) -> Next + Send,
) -> Vec<R> {
    let stride = (items.len() / workers.saturating_mul(TURNS_EACH)).clamp(1, STRIDE);
    let strides = items.len().div_ceil(stride);
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let results = Mutex::new(InOrder::new(items.len(), note));
    let work = || {
        let own = own();
        while !stopped.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = items.chunks(stride).nth(place) else {
                return;
            };
            let part: Vec<R> = chunk.iter().map(|item| apply(&own, item)).collect();
            // A thread that panicked holding it ends the whole when it is joined.
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            if results.take(place, part) == Next::Stop {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers.get().min(strides))
            .filter_map(|_| {
                let builder =
                    std::thread::Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES);
                builder.spawn_scoped(scope, work).ok()
            })
            .collect();
        if spawned.is_empty() {
            // No thread could be started: the caller's has to do.
            work();
        }
        for thread in spawned {
            if let Err(payload) = thread.join() {
                std::panic::resume_unwind(payload);
            }
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).results
}

/// Results that come in strides, put in order.
struct InOrder<R, N> {
    results: Vec<R>,
    /// What is there before what stands in front of it.
    waiting: BTreeMap<usize, Vec<R>>,
    stride: usize,
    stopped: bool,
    note: N,
}

impl<R, N: FnMut(&R) -> Next> InOrder<R, N> {
    fn new(expected: usize, note: N) -> Self {
        Self {
            results: Vec::with_capacity(expected),
            waiting: BTreeMap::new(),
            stride: 0,
            stopped: false,
            note,
        }
    }

    fn take(&mut self, stride: usize, part: Vec<R>) -> Next {
        self.waiting.insert(stride, part);
        while let Some(part) = self.waiting.remove(&self.stride) {
            self.stride += 1;
            for result in part {
                if self.stopped {
                    return Next::Stop;
                }
                self.stopped = (self.note)(&result) == Next::Stop;
                self.results.push(result);
            }
        }
        if self.stopped { Next::Stop } else { Next::GoOn }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn results_keep_the_order_of_items_for_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for count in [1, 2, 8, 100] {
            let results = map_in_order(&items, workers(count), || 2, |by, item| item * by, |_| Next::GoOn);
            assert_eq!(results, items.iter().map(|i| i * 2).collect::<Vec<_>>());
        }
        let none: &[u8] = &[];
        assert!(map_in_order(none, workers(1), || (), |(), item| *item, |_| Next::GoOn).is_empty());
    }

    #[test]
    fn each_thread_gets_something_of_its_own_once() {
        let items: Vec<usize> = (0..1000).collect();
        let made = AtomicUsize::new(0);
        let own = || made.fetch_add(1, Ordering::Relaxed);
        let by = map_in_order(&items, workers(8), own, |own, _| *own, |_| Next::GoOn);
        assert!(by.iter().all(|own| *own < 8));
        assert_eq!(made.into_inner(), 8);
        // Also where there are few items, as a scan hands them on.
        let made = AtomicUsize::new(0);
        let own = || made.fetch_add(1, Ordering::Relaxed);
        assert_eq!(map_in_order(&items[..10], workers(2), own, |_, item| *item, |_| Next::GoOn), items[..10]);
        assert_eq!(made.into_inner(), 2);
    }

    #[test]
    fn nothing_follows_the_result_that_says_stop() {
        let items: Vec<usize> = (0..1000).collect();
        for count in [1, 2, 8] {
            for last in [0, 15, 16, 500, 999] {
                let mut seen = Vec::new();
                let stop = |item: &usize| {
                    seen.push(*item);
                    if *item == last { Next::Stop } else { Next::GoOn }
                };
                let results = map_in_order(&items, workers(count), || (), |(), item| *item, stop);
                assert_eq!(results, items[..=last], "{count} threads");
                assert_eq!(seen, results);
            }
        }
    }

    #[test]
    fn little_is_done_in_vain_where_it_stops_early() {
        let done = AtomicUsize::new(0);
        let count = |(): &(), item: &usize| {
            done.fetch_add(1, Ordering::Relaxed);
            *item
        };
        let items: Vec<usize> = (0..100_000).collect();
        let results = map_in_order(&items, workers(1), || (), count, |_| Next::Stop);
        assert_eq!((results.len(), done.into_inner()), (1, STRIDE));
    }
}
