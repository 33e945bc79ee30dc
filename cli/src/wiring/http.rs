//! The token that whoever asks the daemon has to show.

use reconciler_core::config::{Settings, keys};

use super::secrets;
use crate::failure::Failure;

/// The token that the settings name, by text or by file.
pub(crate) fn http_token(settings: &Settings) -> Result<Option<String>, Failure> {
    let Some(token) = secrets::secret(settings, keys::HTTP_TOKEN, keys::HTTP_TOKEN_FILE)? else {
        return Ok(None);
    };
    let token = token.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Failure::told(
            "the token of the daemon (`http.token`, `http.token_file`) is empty or has blanks in it",
            "give it one line with a token, such as `openssl rand -hex 32` prints",
        ));
    }
    Ok(Some(token.to_owned()))
}
