//! The token that whoever asks the daemon has to show.

use reconciler_core::config::{Settings, keys};

use super::secrets::secret;
use crate::failure::Failure;

/// The token that the settings name, by text or by file.
pub(crate) fn http_token(settings: &Settings) -> Result<Option<String>, Failure> {
    secret(settings, keys::HTTP_TOKEN, keys::HTTP_TOKEN_FILE)
}
