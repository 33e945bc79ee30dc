//! Keys of matching: strategies, policy, scripts.

use crate::config::key::declare_keys;
use crate::config::{Choice, Kind};
use crate::matching::{Confidence, PolicyKind};

declare_keys! {
    MATCHING_ROWS:

    STRATEGIES: Option<Vec<String>> = {
        path: "strategies",
        kind: Kind::List,
        default: None,
        doc: "Exactly these strategies, in this order; without it all, by priority.",
    }
    POLICY_KIND: Choice = {
        path: "policy.kind",
        kind: Kind::Choice(&PolicyKind::NAMES),
        default: Some("best"),
        doc: "How the strategies' opinions are weighed.",
    }
    POLICY_THRESHOLD: Confidence = {
        path: "policy.threshold",
        kind: Kind::Confidence,
        default: Some("0.7"),
        doc: "The least confidence of a match.",
    }
    POLICY_MARGIN: Confidence = {
        path: "policy.margin",
        kind: Kind::Confidence,
        default: Some("0.15"),
        doc: "The least lead of a match over the next instance.",
    }
    SCRIPTS_PATHS: Option<Vec<String>> = {
        path: "scripts.paths",
        kind: Kind::List,
        default: None,
        doc: "Folders or files with scripts that are strategies too.",
    }
    SCRIPTS_MAX_PRIORITY: u64 = {
        path: "scripts.max_priority",
        kind: Kind::Integer { min: 0, max: 65_535 },
        default: Some("499"),
        doc: "The highest priority a script may have.",
    }
    SCRIPTS_MAX_CONFIDENCE: Confidence = {
        path: "scripts.max_confidence",
        kind: Kind::Confidence,
        default: Some("0.9"),
        doc: "The most a script may be sure; what it says beyond that is cut.",
    }
    SCRIPTS_ON_ERROR: Choice = {
        path: "scripts.on_error",
        kind: Kind::Choice(&["degrade", "ignore"]),
        default: Some("degrade"),
        doc: "Whether a script that fails degrades the decision.",
    }
}
