//! Columns of text that hold instants or JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// RFC 3339 in UTC with all digits: nothing is lost, and the order of the texts
/// is the order of the instants.
pub(super) fn instant_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// An instant.
pub(super) fn instant(row: &Row<'_>, column: usize) -> Result<DateTime<Utc>> {
    parse_instant(column, &row.get::<_, String>(column)?)
}

/// An instant that may be missing.
pub(super) fn instant_or_none(row: &Row<'_>, column: usize) -> Result<Option<DateTime<Utc>>> {
    row.get::<_, Option<String>>(column)?.map(|text| parse_instant(column, &text)).transpose()
}

fn parse_instant(column: usize, text: &str) -> Result<DateTime<Utc>> {
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => Ok(at.to_utc()),
        Err(error) => Err(bad_text(column, error)),
    }
}

/// A value kept as JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| bad_text(column, error))
}

/// A value to keep as JSON.
pub(super) fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("lists and structures of texts and numbers are JSON")
}

/// A column whose text is not what it should be.
pub(super) fn bad_text(column: usize, error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
}
