//! Hides values so that nobody reads them back, and equal ones stay equal.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::HIDDEN;

/// How many bytes of the hash are shown: enough that different values stay
/// different.
const SHOWN: usize = 8;

/// Hides values under one key: each becomes a keyed hash of itself.
///
/// Without the key nothing can be read back, nor can a guess be tried. So
/// whoever makes a seal takes a random key, keeps it for one capture, and
/// forgets it.
#[derive(Clone)]
pub struct Seal(Hmac<Sha256>);

impl Seal {
    /// A seal with this key.
    ///
    /// # Panics
    /// Never: a key of any length is a key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// What stands in place of a value: the same for equal values, and of the
    /// same length for all.
    #[must_use]
    pub fn hide(&self, value: &str) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut mac = self.0.clone();
        mac.update(value.as_bytes());
        let hash = mac.finalize().into_bytes();
        let mut hidden = String::with_capacity(HIDDEN.len() + 2 * SHOWN);
        hidden.push_str(HIDDEN);
        for byte in &hash[..SHOWN] {
            hidden.push(char::from(DIGITS[usize::from(byte >> 4)]));
            hidden.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
        hidden
    }
}

/// Without the key.
impl fmt::Debug for Seal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::{HIDDEN, Seal};
    use crate::model::{DeploymentName, InstanceId, ServiceId};

    #[test]
    fn equal_values_stay_equal_under_one_key_and_under_no_other() {
        let (one, other) = (Seal::new(&[1; 32]), Seal::new(&[2; 32]));
        assert_eq!(one.hide("hunter2"), one.hide("hunter2"));
        assert_ne!(one.hide("hunter2"), one.hide("hunter3"));
        assert_ne!(one.hide("hunter2"), other.hide("hunter2"));
        assert_eq!(one.hide("").len(), one.hide(&"x".repeat(10_000)).len());
    }

    #[test]
    fn what_is_hidden_is_nobodys_name() {
        let hidden = Seal::new(&[7; 32]).hide("redis");
        assert!(hidden.starts_with(HIDDEN));
        assert!(InstanceId::new(&hidden).is_err() && ServiceId::new(&hidden).is_err());
        assert!(DeploymentName::new(&hidden).is_err());
    }

    #[test]
    fn a_seal_does_not_show_its_key() {
        assert_eq!(format!("{:?}", Seal::new(&[7; 32])), "Seal");
    }
}
