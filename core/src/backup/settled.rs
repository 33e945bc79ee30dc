//! A write whose fate is known in the end.

use crate::model::JsonObject;
use crate::ports::{PortError, PortErrorKind, SecretStore, Version};

/// Writes against a version. If it stays unknown whether the write took place,
/// reading tells: it is there, it is lost and is made once more, or somebody
/// else was first, which is a conflict.
pub(super) async fn write_settled(
    store: &dyn SecretStore,
    path: &str,
    data: &JsonObject,
    expected: Version,
) -> Result<(), PortError> {
    let Err(error) = store.write(path, data, expected).await else { return Ok(()) };
    if !matches!(error.kind, PortErrorKind::Ambiguous | PortErrorKind::Conflict) {
        return Err(error);
    }
    let slot = store.read(path).await?;
    // A conflict may be with our own first try, made again on the way.
    if slot.data() == Some(data) && slot.version() > expected {
        return Ok(());
    }
    if slot.version() == expected && error.kind == PortErrorKind::Ambiguous {
        return store.write(path, data, expected).await.map(drop);
    }
    let reason = "somebody else wrote it since it was read; what stands there stays";
    Err(PortError::new(PortErrorKind::Conflict, "write", path, reason).with_source(error))
}
