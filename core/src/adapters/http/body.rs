//! Reading a body within a bound that holds after unpacking.

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// Why a body could not be read.
pub(super) enum BodyFailure {
    /// It broke off or was not what its headers said.
    Broken(reqwest::Error),
    /// It is longer than allowed.
    TooLarge,
}

/// What is kept of the body of an answer that is no success.
const REFUSAL: usize = 64 * 1024;

/// Reads a whole body of at most `largest` bytes. Of an answer that is no
/// success the beginning is enough: it holds the message.
pub(super) async fn read_body(response: &mut Response, largest: usize) -> Result<Bytes, BodyFailure> {
    let is_success = response.status().is_success();
    let bound = if is_success { largest } else { REFUSAL.min(largest) };
    // A length that is announced saves copies; it is a promise, not a bound.
    let announced = response.content_length().and_then(|n| usize::try_from(n).ok());
    if is_success && announced.is_some_and(|n| n > bound) {
        return Err(BodyFailure::TooLarge);
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(bound));
    while let Some(chunk) = response.chunk().await.map_err(BodyFailure::Broken)? {
        let room = bound - body.len();
        if chunk.len() > room {
            if is_success {
                return Err(BodyFailure::TooLarge);
            }
            body.extend_from_slice(&chunk[..room]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
