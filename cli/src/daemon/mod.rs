//! The program as a service: runs by a schedule, and answers over HTTP.

mod board;
mod guard;
mod http;
mod journal;
mod metrics;
mod notify;
mod reload;
mod round;
mod signals;
mod throttle;
mod view;
mod watch;

pub(crate) use self::board::Board;
pub(crate) use self::guard::Guard;
pub(crate) use self::http::{Bound, Listening, app};
pub(crate) use self::journal::JournalLine;
pub(crate) use self::notify::ServiceManager;
pub(crate) use self::reload::Setup;
pub(crate) use self::round::DaemonRound;
pub(crate) use self::signals::{Asked, Signals};
pub(crate) use self::watch::watch_scripts;
