//! Threads that decide: their own, with stacks of a known size, so that neither
//! the caller's thread nor an async runtime sets a limit.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How large their stacks are: scripts and deep manifests need more than a
/// thread's usual 2 MiB.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// How many neighbours a thread takes at once.
const STRIDE: usize = 16;

/// What threads are called: the program silences their panics, which are
/// caught and reported as a strategy's failure.
pub const THREAD_NAME: &str = "match";

/// Applies a function to all items on threads; results in the order of items.
pub(super) fn map_in_order<T: Sync, R: Send>(
    items: &[T],
    workers: NonZeroUsize,
    apply: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let strides = items.len().div_ceil(STRIDE);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let stride = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = items.chunks(STRIDE).nth(stride) else {
                return done;
            };
            done.push((stride, chunk.iter().map(&apply).collect::<Vec<R>>()));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..workers.get().min(strides))
            .filter_map(|_| {
                let builder =
                    std::thread::Builder::new().name(THREAD_NAME.to_owned()).stack_size(STACK_BYTES);
                builder.spawn_scoped(scope, work).ok()
            })
            .collect();
        let mut done = Vec::with_capacity(strides);
        for thread in spawned {
            match thread.join() {
                Ok(part) => done.extend(part),
                Err(payload) => std::panic::resume_unwind(payload),
            }
        }
        done
    });
    if done.len() < strides {
        // No thread could be started: the caller's has to do.
        done.extend(work());
    }
    done.sort_unstable_by_key(|(stride, _)| *stride);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_items_for_any_number_of_threads() {
        let items: Vec<usize> = (0..1000).collect();
        for workers in [1, 2, 8, 100] {
            let workers = NonZeroUsize::new(workers).unwrap();
            assert_eq!(
                map_in_order(&items, workers, |i| i * 2),
                items.iter().map(|i| i * 2).collect::<Vec<_>>()
            );
        }
        assert_eq!(map_in_order(&[] as &[u8], NonZeroUsize::MIN, |i| *i), [] as [u8; 0]);
    }
}
