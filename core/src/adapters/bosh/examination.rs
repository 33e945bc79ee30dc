//! What there is to know about a Director and our place there, for people.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::ports::{DirectorInfo, PortError, Reach};

/// How a Director looks to these credentials.
#[derive(Debug)]
pub struct Examination {
    /// What the Director says about itself, with the scopes where known.
    pub info: DirectorInfo,
    /// Whom the Director takes us for; `None` if it takes us for nobody.
    pub user: Option<String>,
    /// The addresses of the UAA, if there is one.
    pub uaa: Vec<String>,
    /// When the Director's certificate ends, over TLS.
    pub certificate_end: Option<DateTime<Utc>>,
    /// How long a token lives.
    pub token_lifetime: Option<Duration>,
    /// Whether the credentials are accepted.
    pub login: Result<(), PortError>,
    /// What the scopes allow; `None` where they cannot be known.
    pub reach: Option<Reach>,
}
