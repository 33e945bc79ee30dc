//! How sure a strategy is: an integer, so that it is ordered, hashable and the
//! same on every machine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Certainty in per mille, 0 to 1000; shown as 0.000 to 1.000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Confidence(u16);

/// A text or number that is no confidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a confidence; write a number from 0 to 1 with at most three decimals, such as 0.7")]
pub struct InvalidConfidence(pub String);

impl Confidence {
    /// Certain.
    pub const CERTAIN: Self = Self(1000);
    /// No confidence at all.
    pub const NONE: Self = Self(0);

    /// A confidence in per mille.
    ///
    /// # Panics
    /// Above 1000. In a `const` that is an error of compilation.
    #[must_use]
    pub const fn per_mille(value: u16) -> Self {
        assert!(value <= 1000, "a confidence is at most 1000 per mille");
        Self(value)
    }

    /// A confidence from a number between 0 and 1, rounded to the nearest per
    /// mille. Nothing for NaN and numbers outside.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
    pub fn from_unit(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then(|| Self((value * 1000.0).round() as u16))
    }

    /// The value in per mille.
    #[must_use]
    pub const fn as_per_mille(self) -> u16 {
        self.0
    }

    /// By how much this is more than another; 0 if it is not.
    #[must_use]
    pub const fn lead_over(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:03}", self.0 / 1000, self.0 % 1000))
    }
}

impl fmt::Debug for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Confidence {
    type Err = InvalidConfidence;

    fn from_str(text: &str) -> Result<Self, InvalidConfidence> {
        let refused = || InvalidConfidence(text.chars().take(40).collect());
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 3 || whole.len() > 1 {
            return Err(refused());
        }
        let value: u16 = format!("{whole}{decimals:0<3}").parse().map_err(|_| refused())?;
        if value > 1000 { Err(refused()) } else { Ok(Self(value)) }
    }
}

/// As a number between 0 and 1.
impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Confidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_unit(value).ok_or_else(|| serde::de::Error::custom(InvalidConfidence(value.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_exactly_or_refused() {
        for (text, per_mille) in
            [("0", 0), ("1", 1000), ("0.7", 700), ("0.05", 50), ("0.999", 999), ("1.000", 1000)]
        {
            assert_eq!(text.parse::<Confidence>().unwrap().as_per_mille(), per_mille, "{text}");
        }
        for text in ["", ".", ".7", "0.", "1.001", "2", "-0.1", "0.7005", "70%", "NaN", "1e-1", "٠.7"] {
            assert!(text.parse::<Confidence>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_outside_are_nothing() {
        assert_eq!(Confidence::from_unit(0.85), Some(Confidence::per_mille(850)));
        for value in [f64::NAN, -0.001, 1.7, f64::INFINITY] {
            assert_eq!(Confidence::from_unit(value), None);
        }
    }

    #[test]
    fn every_value_is_shown_and_read_back() {
        for value in 0..=1000 {
            let confidence = Confidence::per_mille(value);
            assert_eq!(confidence.to_string().parse(), Ok(confidence));
        }
    }
}
