//! What the server takes at most, as HashiCorp Vault, OpenBao and Consul
//! storage each draw the line.

use serde_json::Value;

use super::exchange::Answer;

/// Limits of a server; `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body.
    pub body: Option<usize>,
    /// Bytes of one storage entry.
    pub entry: Option<usize>,
    /// Bytes of one string of a request.
    pub string: Option<usize>,
    /// Strings of a request, keys counted too.
    pub strings: Option<usize>,
}

impl Limits {
    /// HashiCorp Vault on integrated storage: entries of 1 MiB.
    #[must_use]
    pub fn vault() -> Self {
        Self { body: Some(32 << 20), entry: Some(1 << 20), string: Some(1 << 20), strings: None }
    }

    /// HashiCorp Vault on Consul: entries of 512 KiB.
    #[must_use]
    pub fn consul() -> Self {
        Self { entry: Some(512 << 10), ..Self::vault() }
    }

    /// OpenBao as it is installed: 1,000 strings a request.
    #[must_use]
    pub fn openbao() -> Self {
        Self { string: None, strings: Some(1_000), ..Self::vault() }
    }

    /// The refusal of a request body, before anything looks at it.
    pub(crate) fn refuse_body(&self, body: &[u8], parsed: &Value) -> Option<Answer> {
        if self.body.is_some_and(|limit| body.len() > limit) {
            return Some(Answer::errors(413, &["http: request body too large"]));
        }
        if self.string.is_some_and(|limit| longest(parsed) > limit) {
            return Some(Answer::errors(500, &["JSON string value exceeds allowed length"]));
        }
        if self.strings.is_some_and(|limit| strings(parsed) > limit) {
            return Some(Answer::errors(
                400,
                &["refused JSON input due to high complexity: exceeded maximum number of strings"],
            ));
        }
        None
    }

    /// The refusal of a storage entry of so many bytes.
    pub(crate) fn refuse_entry(&self, bytes: usize) -> Option<Answer> {
        let limit = self.entry?;
        (bytes > limit).then(|| {
            let text =
                format!("put failed due to value being too large; got {bytes} bytes, max: {limit} bytes");
            Answer::errors(500, &[&text])
        })
    }
}

fn strings(value: &Value) -> usize {
    match value {
        Value::String(_) => 1,
        Value::Array(items) => items.iter().map(strings).sum(),
        Value::Object(fields) => fields.values().map(|field| 1 + strings(field)).sum(),
        _ => 0,
    }
}

fn longest(value: &Value) -> usize {
    match value {
        Value::String(string) => string.len(),
        Value::Array(items) => items.iter().map(longest).max().unwrap_or(0),
        Value::Object(fields) => {
            fields.iter().map(|(key, field)| key.len().max(longest(field))).max().unwrap_or(0)
        }
        _ => 0,
    }
}
