//! Packs a text into a field of a secret and back: gzip, then base64.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

/// The longest text that is unpacked: four times what Vault takes in one
/// request. A few kilobytes can be made to unpack into gigabytes.
pub(super) const LONGEST: u64 = 128 * 1024 * 1024;

/// Packs a text.
pub(super) fn pack(text: &str) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let packed = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish());
    STANDARD.encode(packed.expect("writing to memory does not fail"))
}

/// Unpacks a text of at most `longest` bytes.
pub(super) fn unpack(packed: &str, longest: u64) -> Result<String, String> {
    let bytes = STANDARD.decode(packed.trim()).map_err(|_| "its content is not base64".to_owned())?;
    let mut text = Vec::new();
    let read = GzDecoder::new(bytes.as_slice()).take(longest.saturating_add(1)).read_to_end(&mut text);
    read.map_err(|_| "its content is not a whole gzip stream".to_owned())?;
    if text.len() as u64 > longest {
        return Err(format!("its content unpacks to more than {longest} bytes"));
    }
    String::from_utf8(text).map_err(|_| "its content is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_survives_packing_and_becomes_smaller() {
        let text = "history ".repeat(120_000);
        let packed = pack(&text);
        assert!(packed.len() < text.len() / 50, "{}", packed.len());
        assert_eq!(unpack(&packed, LONGEST).unwrap(), text);
    }

    #[test]
    fn what_unpacks_to_more_than_the_limit_is_refused_without_unpacking_it() {
        let bomb = pack(&"0".repeat(4 * 1024 * 1024));
        assert!(bomb.len() < 8 * 1024);
        assert!(unpack(&bomb, 1024).unwrap_err().contains("1024 bytes"));
        assert!(unpack(&bomb, 4 * 1024 * 1024).is_ok());
    }

    #[test]
    fn damage_is_told_and_no_value_shown() {
        let packed = pack("hunter2 hunter2 hunter2");
        let cut = STANDARD.encode(&STANDARD.decode(&packed).unwrap()[..20]);
        let mut flipped = STANDARD.decode(&packed).unwrap();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        for damaged in ["%", "", "aGVsbG8=", &cut, &STANDARD.encode(&flipped)] {
            let why = unpack(damaged, LONGEST).unwrap_err();
            assert!(why.starts_with("its content") && !why.contains("hunter"), "{why}");
        }
    }
}
