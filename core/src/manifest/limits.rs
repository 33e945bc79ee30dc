//! How large a manifest may be before it is refused.

/// The sizes a manifest must keep to. Beyond one of them its document is empty
/// and carries a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The length of the text in bytes.
    pub bytes: usize,
    /// The number of nodes (keys included), counted as if every alias and
    /// merge key were written out.
    pub nodes: u64,
    /// How deeply collections nest, aliases followed.
    pub depth: u32,
}

impl Limits {
    /// What a manifest is held to unless told otherwise: 16 MiB, a million
    /// nodes, 128 levels. Real manifests have 2 to 100 KB and under 20 levels.
    pub const STANDARD: Self = Self { bytes: 16 * 1024 * 1024, nodes: 1_000_000, depth: 128 };

    /// The deepest nesting that can be allowed: walks of a document recurse
    /// once a level and must fit a 2 MiB stack.
    pub const DEEPEST: u32 = 256;

    /// The longest text that can be allowed: the arena counts bytes in 32 bits
    /// and an escape can grow a scalar by half.
    pub const LONGEST: usize = 1024 * 1024 * 1024;

    /// These limits, held to what the arena can represent.
    pub(super) fn capped(self) -> Self {
        Self {
            bytes: self.bytes.min(Self::LONGEST),
            nodes: self.nodes.min(u64::from(u32::MAX) - 1),
            depth: self.depth.min(Self::DEEPEST),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::STANDARD
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn the_standard_limits_are_within_what_can_be_represented() {
        assert_eq!(Limits::default().capped(), Limits::STANDARD);
    }

    #[test]
    fn limits_beyond_the_arena_are_capped() {
        let capped = Limits { bytes: usize::MAX, nodes: u64::MAX, depth: u32::MAX }.capped();
        assert_eq!(capped.bytes, Limits::LONGEST);
        assert_eq!(capped.depth, Limits::DEEPEST);
        assert!(capped.nodes < u64::from(u32::MAX));
    }
}
