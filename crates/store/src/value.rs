//! What a statement can be given: four types that mean the same in both databases.

use std::borrow::Cow;

use sqlx::{Database, Encode, SqlStr, Type, query::Query};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    OptionalText(Option<String>),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(storable(text).into_owned())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::OptionalText(text.map(|t| storable(t).into_owned()))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

/// Values for `$1`, `$2`, … in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

/// Text as it is stored: PostgreSQL's TEXT refuses U+0000, so it becomes U+FFFD, on both databases alike. Applied to everything that is
/// bound, so that no name from outside can make a statement fail.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A version as it is stored. What does not fit matches nothing: no stored version is negative.
pub(crate) fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(-1)
}

pub(crate) fn bound<'q, DB>(sql: SqlStr, values: &[Value]) -> Query<'q, DB, DB::Arguments>
where
    DB: Database,
    for<'t> i64: Encode<'t, DB> + Type<DB>,
    for<'t> String: Encode<'t, DB> + Type<DB>,
    for<'t> Option<String>: Encode<'t, DB> + Type<DB>,
    for<'t> Vec<u8>: Encode<'t, DB> + Type<DB>,
{
    values.iter().fold(sqlx::query(sql), |query, value| match value.clone() {
        Value::Int(int) => query.bind(int),
        Value::Text(text) => query.bind(text),
        Value::OptionalText(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    })
}
