//! Who is connected: so many at once. Whoever comes finds a seat, if need be that
//! of the one who has been silent the longest.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use reconciler_core::manager::CancellationToken;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// How long a client may take none of what it asked for.
const TAKE_TIME: Duration = Duration::from_secs(10);

/// The seats of one listener.
#[derive(Debug)]
pub(super) struct Seats {
    limit: usize,
    taken: Mutex<Taken>,
    /// What the clients' signs of life are counted from.
    opened: Instant,
}

#[derive(Debug, Default)]
struct Taken {
    seats: HashMap<u64, Seat>,
    next: u64,
}

#[derive(Debug)]
struct Seat {
    life: Life,
    gone: CancellationToken,
}

impl Seats {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default(), opened: Instant::now() })
    }

    /// Watches a client that has just come.
    pub(super) fn watch<S>(&self, stream: S) -> Watched<S> {
        let life = Life { opened: self.opened, last: Arc::default() };
        life.shows();
        Watched { stream, life, stalled: None }
    }

    /// Gives a client a seat, and serves it there.
    pub(super) fn seat(self: &Arc<Self>, life: Life, work: impl Future<Output = ()> + Send + 'static) {
        let gone = CancellationToken::new();
        let number = self.take(Seat { life, gone: gone.clone() });
        let leaving = Leaving { seats: Arc::clone(self), number };
        tokio::spawn(async move {
            let _leaving = leaving;
            tokio::select! {
                biased;
                () = gone.cancelled() => {
                    tracing::debug!("the client that was silent the longest made room for another one");
                }
                () = work => {}
            }
        });
    }

    /// Takes a seat, a free one if there is one.
    fn take(&self, seat: Seat) -> u64 {
        let mut taken = self.taken();
        if taken.seats.len() >= self.limit {
            let silent = taken.seats.iter().min_by_key(|(number, seat)| (seat.life.last(), **number));
            let silent = silent.map(|(number, _)| *number);
            if let Some(seat) = silent.and_then(|number| taken.seats.remove(&number)) {
                seat.gone.cancel();
            }
        }
        let number = taken.next;
        taken.next += 1;
        taken.seats.insert(number, seat);
        number
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // No change is made in halves.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the seat, however the connection ends.
struct Leaving {
    seats: Arc<Seats>,
    number: u64,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.number);
    }
}

/// When bytes last moved between a client and us.
#[derive(Debug, Clone)]
pub(super) struct Life {
    opened: Instant,
    last: Arc<AtomicU64>,
}

impl Life {
    fn shows(&self) {
        let micros = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.last.store(micros, Ordering::Relaxed);
    }

    fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }
}

/// A client's stream. It notes when bytes move, and breaks off if the client
/// takes none for too long.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    life: Life,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Watched<S> {
    pub(super) fn life(&self) -> Life {
        self.life.clone()
    }
}

impl<S: Unpin> Watched<S> {
    fn write(
        &mut self,
        context: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match write(Pin::new(&mut self.stream), context) {
            Poll::Ready(done) => {
                self.stalled = None;
                self.life.shows();
                Poll::Ready(done)
            }
            Poll::Pending => {
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(TAKE_TIME)));
                ready!(stalled.as_mut().poll(context));
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not read")))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.life.shows();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.write(context, |stream, context| stream.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    /// A client whose connection reads for ever.
    fn come(seats: &Arc<Seats>) -> DuplexStream {
        let (client, stream) = duplex(16);
        let mut stream = seats.watch(stream);
        let life = stream.life();
        seats.seat(life, async move {
            let mut buffer = [0; 16];
            while matches!(stream.read(&mut buffer).await, Ok(1..)) {}
        });
        client
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_gets_the_seat_of_who_has_been_silent_the_longest() {
        let seats = Seats::new(3);
        let mut clients: Vec<DuplexStream> = Vec::new();
        for _ in 0..3 {
            clients.push(come(&seats));
            sleep(Duration::from_secs(1)).await;
        }
        // The first one has just said something, so the second one is it.
        clients[0].write_all(b"x").await.unwrap();
        sleep(Duration::from_secs(1)).await;
        let mut latest = come(&seats);
        assert_eq!(clients[1].read(&mut [0]).await.unwrap(), 0, "its connection is closed");
        for client in [0, 2] {
            clients[client].write_all(b"x").await.unwrap();
        }
        latest.write_all(b"x").await.unwrap();
        // Who leaves frees a seat.
        drop(clients);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(seats.taken().seats.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_left_and_a_slow_one_is_not() {
        let seats = Seats::new(1);
        let (mut client, stream) = duplex(16);
        let mut stream = seats.watch(stream);
        let slow = async {
            for _ in 0..4 {
                sleep(TAKE_TIME / 2).await;
                client.read_exact(&mut [0; 16]).await.unwrap();
            }
            sleep(TAKE_TIME * 2).await;
        };
        let written = async {
            stream.write_all(&[0; 64]).await.unwrap();
            stream.write_all(&[0; 64]).await.unwrap_err()
        };
        let start = Instant::now();
        let (error, ()) = tokio::join!(written, slow);
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), TAKE_TIME * 4, "the wait counts from when it took something last");
    }
}
