//! The right answers of a fleet, `labels.yml`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::SourceError;
use super::super::source_file::read_yaml;
use crate::manifest::{Entry, Node};
use crate::matching::{Expected, Label};
use crate::model::{DeploymentName, InstanceId, InvalidId, PlanId, ServiceId};

/// What the names of index entries without a deployment begin with.
const MISSING: &str = "(missing) ";

/// Reads labels: a mapping from a deployment's name to `outcome`, `case` and,
/// where it is `matched`, `service`, `plan` and `instance`. Entries whose name
/// begins with `(missing)` speak of the index, not of a deployment, and are left
/// out.
///
/// # Errors
/// If the file cannot be read or a label cannot be understood; the error names
/// the line.
pub fn read_labels(path: &Path) -> Result<BTreeMap<DeploymentName, Label>, SourceError> {
    let document = read_yaml(path)?;
    let entries = document.root().into_iter().flat_map(Node::entries);
    entries
        .filter(|entry| !entry.key().starts_with(MISSING))
        .map(|entry| {
            let place = Some(entry.key_location());
            let name = DeploymentName::new(entry.key()).map_err(|error| invalid(path, &error).at(place))?;
            label(path, &entry).map(|label| (name, label)).map_err(|error| error.at(place))
        })
        .collect()
}

fn label(path: &Path, entry: &Entry<'_>) -> Result<Label, SourceError> {
    let text = |key: &str| entry.value.get(key).and_then(Node::as_str);
    let needed = |key: &str| {
        text(key).ok_or_else(|| SourceError::new(path, format!("label `{}` has no `{key}`", entry.key())))
    };
    let expected = match needed("outcome")? {
        "matched" => Expected::Matched {
            service: ServiceId::new(needed("service")?).map_err(|error| invalid(path, &error))?,
            plan: PlanId::new(needed("plan")?).map_err(|error| invalid(path, &error))?,
            instance: InstanceId::new(needed("instance")?).map_err(|error| invalid(path, &error))?,
        },
        "review" => Expected::Review,
        "unmatched" => Expected::Unmatched,
        other => {
            return Err(SourceError::new(path, format!("label `{}` has outcome `{other}`", entry.key()))
                .advise("use matched, review or unmatched"));
        }
    };
    Ok(Label { expected, case: text("case").unwrap_or_default().to_owned() })
}

fn invalid(path: &Path, error: &InvalidId) -> SourceError {
    SourceError::new(path, error.to_string())
}
