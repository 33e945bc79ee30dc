//! A manifest as received, parsed when first asked.

use std::fmt;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

#[cfg(feature = "fleet")]
use super::secrets::{self, KnownNames, Seal};
use super::{Document, Limits, ManifestProblem, code, precheck, same_content};

/// A deployment's manifest as received.
///
/// Cheap to clone; the clones share one parse, done when the document is first
/// asked for, so that a matching by names alone never parses.
#[derive(Clone)]
pub struct Manifest(Arc<Received>);

struct Received {
    source: Source,
    limits: Limits,
    document: OnceLock<Document>,
    fingerprint: OnceLock<Option<String>>,
}

enum Source {
    Text(Arc<str>),
    /// Bytes that are no text; `valid` of them are, from the start.
    NotUtf8 {
        bytes: Vec<u8>,
        valid: usize,
    },
    Absent,
    Unread(Arc<str>),
}

impl Manifest {
    fn new(source: Source, limits: Limits) -> Self {
        Self(Arc::new(Received { source, limits, document: OnceLock::new(), fingerprint: OnceLock::new() }))
    }

    /// A manifest of this text.
    #[must_use]
    pub fn from_text(text: impl Into<Arc<str>>) -> Self {
        Self::within(text, Limits::STANDARD)
    }

    /// A manifest of this text, held to other limits than the standard ones.
    #[must_use]
    pub fn within(text: impl Into<Arc<str>>, limits: Limits) -> Self {
        Self::new(Source::Text(text.into()), limits.capped())
    }

    /// A manifest of these bytes. If they are not UTF-8 it has no text, and its
    /// document is empty with a fault.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        match String::from_utf8(bytes.into()) {
            Ok(text) => Self::from_text(text),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                Self::new(Source::NotUtf8 { bytes, valid }, Limits::STANDARD)
            }
        }
    }

    /// No manifest: the Director answered `{"manifest": null}`, as it does for
    /// a deployment that was never deployed. Not a fault.
    #[must_use]
    pub fn absent() -> Self {
        Self::new(Source::Absent, Limits::STANDARD)
    }

    /// A manifest that could not be fetched, and why (without secrets: the
    /// reason is shown). What it says is unknown, which is a fault.
    #[must_use]
    pub fn unread(reason: impl Into<Arc<str>>) -> Self {
        Self::new(Source::Unread(reason.into()), Limits::STANDARD)
    }

    /// The parsed manifest; empty unless there is a text that can be read.
    #[must_use]
    pub fn document(&self) -> &Document {
        self.0.document.get_or_init(|| match &self.0.source {
            Source::Text(text) => Document::parse_within(text, self.0.limits),
            Source::NotUtf8 { bytes, valid } => {
                Document::empty(Some(not_utf8(bytes, *valid, &self.0.limits)))
            }
            Source::Absent => Document::empty(None),
            Source::Unread(reason) => Document::empty(Some(ManifestProblem::fault(
                code::UNREAD,
                None,
                format!("the manifest could not be read: {reason}"),
            ))),
        })
    }

    /// The text as received.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.0.source {
            Source::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the Director has no manifest.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.0.source, Source::Absent)
    }

    /// Whether the manifest could not be fetched.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        matches!(self.0.source, Source::Unread(_))
    }

    /// Why the manifest could not be fetched, if it could not.
    #[must_use]
    pub fn unread_because(&self) -> Option<&str> {
        match &self.0.source {
            Source::Unread(reason) => Some(reason),
            _ => None,
        }
    }

    /// Whether the document was asked for already.
    #[must_use]
    pub fn is_parsed(&self) -> bool {
        self.0.document.get().is_some()
    }

    /// SHA-256 of what was received, in lower-case hex; `None` if nothing was.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&str> {
        self.0
            .fingerprint
            .get_or_init(|| match &self.0.source {
                Source::Text(text) => Some(sha256_hex(text.as_bytes())),
                Source::NotUtf8 { bytes, .. } => Some(sha256_hex(bytes)),
                Source::Absent | Source::Unread(_) => None,
            })
            .as_deref()
    }

    /// The manifest as it may be kept outside the store: every secret hidden
    /// under the seal, and decisions come out of it as they did before. Nothing
    /// if nothing was received. One that could not be used becomes a short text
    /// with the same fault.
    ///
    /// # Errors
    /// If hidden values make it larger than a manifest may be.
    #[cfg(feature = "fleet")]
    pub fn sealed(&self, seal: &Seal, known: KnownNames<'_>) -> Result<Option<Vec<u8>>, String> {
        if self.is_absent() || self.is_unread() {
            return Ok(None);
        }
        if let Some(fault) = self.faults().next() {
            return Ok(Some(super::faulty::text_like(fault)));
        }
        let unkept =
            |fault: &ManifestProblem| Err(format!("with its values hidden it cannot be kept: {fault}"));
        let text = match secrets::sealed(self.document(), seal, known) {
            Ok(text) => text,
            Err(fault) => return unkept(&fault),
        };
        match Document::parse(&text).faults().next() {
            None => Ok(Some(text.into_bytes())),
            Some(fault) => unkept(fault),
        }
    }

    /// The problems that left the document empty. Parses.
    pub fn faults(&self) -> impl Iterator<Item = &ManifestProblem> {
        self.document().faults()
    }

    /// The problems worth knowing. Parses.
    pub fn notices(&self) -> impl Iterator<Item = &ManifestProblem> {
        self.document().notices()
    }

    /// Whether two manifests say the same. Parses only if their fingerprints
    /// differ. Two absent manifests are the same; an unread one is the same as
    /// none, itself included, for nobody knows what it says.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        match (self.fingerprint(), other.fingerprint()) {
            (Some(a), Some(b)) => a == b || same_content(self.document(), other.document()),
            _ => self.is_absent() && other.is_absent(),
        }
    }
}

/// Says what was received; a derived one would print passwords.
impl fmt::Debug for Manifest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Source::Text(text) => write!(out, "Manifest({} bytes)", text.len()),
            Source::NotUtf8 { bytes, .. } => {
                write!(out, "Manifest({} bytes, not UTF-8)", bytes.len())
            }
            Source::Absent => write!(out, "Manifest(absent)"),
            Source::Unread(reason) => write!(out, "Manifest(unread: {reason})"),
        }
    }
}

fn not_utf8(bytes: &[u8], valid: usize, limits: &Limits) -> ManifestProblem {
    if bytes.len() > limits.bytes {
        return precheck::too_large(limits);
    }
    ManifestProblem::fault(code::NOT_UTF8, None, format!("not UTF-8 from byte {} on", valid + 1))
}

fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(64);
    for byte in digest {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::Manifest;
    use crate::manifest::{Limits, code};

    #[test]
    fn clones_share_one_parse_done_when_asked() {
        let manifest = Manifest::from_text("name: redis\n");
        let clone = manifest.clone();
        assert!(!manifest.is_parsed());
        assert!(std::ptr::eq(manifest.document(), clone.document()));
        assert!(clone.is_parsed());
    }

    #[test]
    fn what_was_received_decides_what_is_known() {
        let absent = Manifest::absent();
        assert!(absent.is_absent() && absent.document().is_empty());
        assert_eq!(absent.document().problems(), []);
        assert_eq!((absent.text(), absent.fingerprint()), (None, None));

        let unread = Manifest::unread("timed out");
        let faults: Vec<_> = unread.faults().map(|fault| fault.code).collect();
        assert_eq!(faults, [code::UNREAD]);
        assert!(unread.is_unread() && unread.fingerprint().is_none());

        let binary = Manifest::from_bytes(&b"name: \xff\xfe"[..]);
        let faults: Vec<_> = binary.faults().map(ToString::to_string).collect();
        assert_eq!(faults, ["not UTF-8 from byte 7 on [manifest.not-utf8]"]);
        assert!(binary.text().is_none() && binary.fingerprint().is_some());

        let text = Manifest::from_bytes(b"name: \xc3\xa9".to_vec());
        assert_eq!(text.text(), Some("name: é"));
    }

    #[test]
    fn the_fingerprint_is_the_sha256_of_the_text() {
        assert_eq!(
            Manifest::from_text("abc").fingerprint(),
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }

    #[test]
    fn the_same_text_is_compared_without_parsing() {
        let (a, b) = (Manifest::from_text("a: ["), Manifest::from_text("a: ["));
        assert!(a.same_content(&b));
        assert!(!a.is_parsed() && !b.is_parsed());
        let rewritten = Manifest::from_text("v: 1.1");
        assert!(rewritten.same_content(&Manifest::from_text("v: 1.10")));
    }

    #[test]
    fn nobody_knows_what_an_unread_manifest_says() {
        let unread = Manifest::unread("refused");
        assert!(!unread.same_content(&unread));
        assert!(!unread.same_content(&Manifest::absent()));
        assert!(Manifest::absent().same_content(&Manifest::absent()));
        assert!(!Manifest::absent().same_content(&Manifest::from_text("")));
    }

    #[test]
    fn the_limits_given_are_kept_to() {
        let limits = Limits { bytes: 4, ..Limits::STANDARD };
        let faults = |text: &str| Manifest::within(text, limits).faults().count();
        assert_eq!((faults("a: b"), faults("a: bc")), (0, 1));
    }

    #[test]
    fn debug_shows_no_text() {
        let shown = format!("{:?}", Manifest::from_text("password: hunter2"));
        assert_eq!(shown, "Manifest(17 bytes)");
    }
}
