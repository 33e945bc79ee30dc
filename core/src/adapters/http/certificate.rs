//! When a certificate ends, read from its DER.

use chrono::{DateTime, NaiveDate, Utc};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity; `None` if the bytes are not a
/// certificate. Nothing is verified: that was done by the handshake.
#[must_use]
pub fn not_after(der: &[u8]) -> Option<DateTime<Utc>> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut fields, _) = take(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = take(fields, VERSION)?.1;
    }
    // Serial number, signature algorithm, issuer; then the validity.
    for _ in 0..3 {
        fields = take_any(fields)?.2;
    }
    let (validity, _) = take(fields, SEQUENCE)?;
    let (_, _, end) = take_any(validity)?;
    let (tag, text, _) = take_any(end)?;
    parse_time(tag, text)
}

fn take(input: &[u8], expected: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = take_any(input)?;
    (tag == expected).then_some((content, rest))
}

/// Splits off one element: its tag, its content, what follows.
fn take_any(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, input) = input.split_first()?;
    let (&first, mut input) = input.split_first()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let (bytes, rest) = input.split_at_checked(usize::from(first & 0x7F))?;
        if bytes.is_empty() || bytes.len() > 4 {
            return None;
        }
        length = bytes.iter().fold(0, |n, b| (n << 8) | usize::from(*b));
        input = rest;
    }
    let (content, rest) = input.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`, as RFC 5280 demands both.
fn parse_time(tag: u8, text: &[u8]) -> Option<DateTime<Utc>> {
    let digits = std::str::from_utf8(text.strip_suffix(b"Z")?).ok()?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year: i32 = digits[..2].parse().ok()?;
            (year + if year < 50 { 2000 } else { 1900 }, &digits[2..])
        }
        (GENERALIZED_TIME, 14) => (digits[..4].parse().ok()?, &digits[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<u32>().ok();
    NaiveDate::from_ymd_opt(year, part(0)?, part(2)?)?
        .and_hms_opt(part(4)?, part(6)?, part(8)?)
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::not_after;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, 0x82];
        out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        out.extend(content);
        out
    }

    fn certificate(tag: u8, end: &str) -> Vec<u8> {
        let validity = [element(0x17, b"260101000000Z"), element(tag, end.as_bytes())].concat();
        let fields = [
            element(0xA0, &[2, 1, 2]),
            element(0x02, &[1]),
            element(0x30, &[]),
            element(0x30, &[]),
            element(0x30, &validity),
        ];
        element(0x30, &element(0x30, &fields.concat()))
    }

    #[test]
    fn the_end_is_read_in_both_spellings_and_nothing_panics() {
        let end = |der: &[u8]| not_after(der).map(|end| end.to_rfc3339());
        let short = certificate(0x17, "270228235959Z");
        assert_eq!(end(&short).unwrap(), "2027-02-28T23:59:59+00:00");
        let long = certificate(0x18, "99991231235959Z");
        assert_eq!(end(&long).unwrap(), "9999-12-31T23:59:59+00:00");
        for cut in 0..short.len() {
            assert_eq!(not_after(&short[..cut]), None);
        }
        assert_eq!(end(&certificate(0x17, "271328235959Z")), None);
    }
}
