//! What the other side answered.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};

/// An answer with its whole body. Neither header nor body is shown.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, unpacked; of an answer that is no success at most its first
    /// 64 KiB.
    pub body: Bytes,
    /// Which credential the request carried (see
    /// [`Credential`](super::Credential)); 0 if none.
    pub generation: u64,
    /// The server's certificate in DER, over TLS.
    pub peer_certificate: Option<Vec<u8>>,
    /// How long this try took.
    pub took: Duration,
}

impl Answer {
    /// The server's time when it answered.
    #[must_use]
    pub fn date(&self) -> Option<DateTime<Utc>> {
        parse_date(self.headers.get(DATE)?.to_str().ok()?)
    }

    /// Where a redirect points.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }

    /// How long the server asks to wait; a date is taken against its own clock.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let wait = parse_date(text)? - self.date().unwrap_or_else(Utc::now);
        Some(wait.to_std().unwrap_or_default())
    }
}

/// An HTTP date. Some servers write `+0000` for `GMT`.
fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc))
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("took", &self.took)
            .finish_non_exhaustive()
    }
}
