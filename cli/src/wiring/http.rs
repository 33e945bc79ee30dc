//! The token that whoever asks the daemon has to show.

use reconciler_core::config::{Settings, keys};

use crate::failure::Failure;

/// The token that the settings name, by text or by file.
pub(crate) fn http_token(settings: &Settings) -> Result<Option<String>, Failure> {
    let text = settings.text(keys::HTTP_TOKEN);
    let Some(file) = settings.path(keys::HTTP_TOKEN_FILE) else {
        return Ok(text.map(str::to_owned));
    };
    if text.is_some() {
        return Err(Failure::told(
            "both `http.token` and `http.token_file` are given",
            "keep one of the two",
        ));
    }
    read_token(file).map(Some)
}

/// Reads a token from a file of its own.
fn read_token(file: &std::path::Path) -> Result<String, Failure> {
    let advice = "give it one line with a token, which only its owner may read";
    let read = std::fs::read_to_string(file).map_err(|error| {
        Failure::told(format!("failed to read the token from {}: {error}", file.display()), advice)
    })?;
    let token = read.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        return Err(Failure::told(format!("{} holds no token", file.display()), advice));
    }
    Ok(token.to_owned())
}
