//! Tells systemd how the service is, by its own small protocol: lines in a
//! datagram.

use std::time::Duration;

/// The service manager that started the program, if one did and wants to know.
#[derive(Debug, Default)]
pub(crate) struct ServiceManager {
    #[cfg(unix)]
    socket: Option<Socket>,
    watchdog: Option<Duration>,
}

#[cfg(unix)]
#[derive(Debug)]
struct Socket {
    datagrams: std::os::unix::net::UnixDatagram,
    address: std::os::unix::net::SocketAddr,
}

impl ServiceManager {
    /// The one that the environment names.
    pub(crate) fn from_environment() -> Self {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
        let is_ours = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|_| is_ours).map(Duration::from_micros);
        Self {
            #[cfg(unix)]
            socket: std::env::var("NOTIFY_SOCKET").ok().and_then(|path| Socket::to(&path)),
            watchdog: watchdog.filter(|every| !every.is_zero()),
        }
    }

    /// How often it wants to hear that the service is alive: twice as often as
    /// it would lose patience.
    pub(crate) fn pulse(&self) -> Option<Duration> {
        self.watchdog.map(|patience| patience / 2)
    }

    /// The service is ready.
    pub(crate) fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={}", one_line(status)));
    }

    /// The service is about to end, within this time; that may be more than the
    /// unit allows by itself.
    pub(crate) fn stopping(&self, status: &str, within: Duration) {
        let micros = within.as_micros();
        self.send(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={micros}\nSTATUS={}", one_line(status)));
    }

    /// What the service is doing.
    pub(crate) fn status(&self, status: &str) {
        self.send(&format!("STATUS={}", one_line(status)));
    }

    /// The service is alive.
    pub(crate) fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    #[cfg(unix)]
    fn send(&self, state: &str) {
        let Some(Socket { datagrams, address }) = &self.socket else { return };
        if let Err(error) = datagrams.send_to_addr(state.as_bytes(), address) {
            // Nobody to tell is no reason to stop.
            tracing::debug!(%error, "the service manager could not be told");
        }
    }

    #[cfg(not(unix))]
    fn send(&self, _state: &str) {}
}

#[cfg(unix)]
impl Socket {
    fn to(path: &str) -> Option<Self> {
        let datagrams = std::os::unix::net::UnixDatagram::unbound().ok()?;
        // A manager that does not read must not hold up a run.
        datagrams.set_nonblocking(true).ok()?;
        Some(Self { datagrams, address: address(path)? })
    }
}

/// A path, or a name in Linux's abstract space behind an `@`.
#[cfg(unix)]
fn address(path: &str) -> Option<std::os::unix::net::SocketAddr> {
    use std::os::unix::net::SocketAddr;
    #[cfg(target_os = "linux")]
    if let Some(name) = path.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name).ok();
    }
    SocketAddr::from_pathname(path).ok()
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
