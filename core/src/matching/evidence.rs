//! Why a strategy thinks what it thinks: a stable code, the place in the input,
//! a short note.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::manifest::Location;
use crate::model::{PlanId, ServiceId};

/// What kind of thing evidence is drawn from. Two pieces of one kind do not
/// support each other: two strategies that read the same name know no more than
/// one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// The deployment's name.
    Name,
    /// What the manifest says about itself.
    Metadata,
    /// What the deployment is made of.
    Topology,
    /// What Vault knows already.
    Record,
    /// What a script of the user's says.
    Script,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Name => "name",
            Self::Metadata => "metadata",
            Self::Topology => "topology",
            Self::Record => "record",
            Self::Script => "script",
        })
    }
}

/// Where in the input the evidence stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locus {
    /// Bytes `start..end` of the deployment's name.
    Name {
        /// First byte.
        start: usize,
        /// Byte behind the last.
        end: usize,
    },
    /// A node of the manifest.
    Manifest {
        /// The way to the node.
        pointer: Arc<str>,
        /// Its line and column.
        at: Location,
    },
    /// The releases in the Director's list.
    Releases,
    /// A plan of the catalog, or a service.
    Catalog {
        /// The service.
        service: ServiceId,
        /// The plan.
        plan: Option<PlanId>,
    },
    /// An entry of the index.
    Record {
        /// Its key.
        key: Arc<str>,
    },
    /// A line of a script.
    Script {
        /// The script's file.
        file: Arc<str>,
        /// Its line and column.
        at: Location,
    },
}

impl Locus {
    /// What kind of thing stands there.
    #[must_use]
    pub fn family(&self) -> Family {
        match self {
            Self::Name { .. } => Family::Name,
            Self::Manifest { .. } => Family::Metadata,
            Self::Releases | Self::Catalog { .. } => Family::Topology,
            Self::Record { .. } => Family::Record,
            Self::Script { .. } => Family::Script,
        }
    }
}

impl fmt::Display for Locus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { start, end } => write!(f, "name[{start}..{end}]"),
            Self::Manifest { pointer, at } => write!(f, "manifest:{at} {pointer}"),
            Self::Releases => f.write_str("releases"),
            Self::Catalog { service, plan: None } => write!(f, "catalog:{service}"),
            Self::Catalog { service, plan: Some(plan) } => write!(f, "catalog:{service}/{plan}"),
            Self::Record { key } => write!(f, "index:{key}"),
            Self::Script { file, at } => write!(f, "{file}:{at}"),
        }
    }
}

/// Something a strategy looked at, where in its own text it did so.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// What was looked at: `deployment.name`.
    pub what: Cow<'static, str>,
    /// The strategy's file.
    pub file: Arc<str>,
    /// Line and column there.
    pub at: Location,
}

impl Read {
    /// Something that was looked at.
    #[must_use]
    pub fn new(what: impl Into<Cow<'static, str>>, file: Arc<str>, at: Location) -> Self {
        Self { what: what.into(), file, at }
    }
}

/// The longest note, in characters; what is longer is cut.
pub const LONGEST_NOTE: usize = 200;

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evidence {
    /// A dotted code that stays the same over versions: `name.plan-and-uuid`.
    pub code: Cow<'static, str>,
    /// Where it stands.
    pub locus: Locus,
    /// A few words for people. They may change; never a manifest's value other
    /// than ids and names.
    pub note: Cow<'static, str>,
}

impl Evidence {
    /// A reason at a place. A note longer than 200 characters is cut.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, locus: Locus, note: impl Into<Cow<'static, str>>) -> Self {
        let mut note = note.into();
        if let Some((cut, _)) = note.char_indices().nth(LONGEST_NOTE) {
            note = Cow::Owned(format!("{}…", &note[..cut]));
        }
        Self { code: code.into(), locus, note }
    }

    /// A reason that is a part of the deployment's name.
    #[must_use]
    pub fn in_name(
        code: &'static str,
        span: std::ops::Range<usize>,
        note: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(code, Locus::Name { start: span.start, end: span.end }, note)
    }
}
