//! Reading what Meta writes in more than one way.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::clock::Timestamp;

/// The least value that is taken for milliseconds; below it a time is in seconds. As milliseconds it is March 1973, as
/// seconds the year 5138, so that no real time is ambiguous.
const LEAST_MILLIS: i64 = 100_000_000_000;

/// A JSON object in its typed form. Derived readers would also take a list for a struct, field by field; Meta never means that.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

/// A `timestamp`: a number or the same in quotes, in milliseconds or in seconds. Anything else counts as absent.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Timestamp>, D::Error> {
    let number = match Option::<Value>::deserialize(input)? {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    Ok(number
        .filter(|number| *number > 0)
        .map(|number| Timestamp(if number < LEAST_MILLIS { number * 1000 } else { number })))
}

/// An optional field that must not cost the event: what has an unexpected shape counts as absent.
pub(super) fn or_absent<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = Option::<Value>::deserialize(input)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// A list that must not cost the event: entries of an unexpected shape are left out, no list at all is an empty one.
pub(super) fn readable<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = Option::<Value>::deserialize(input)?;
    let Some(Value::Array(entries)) = value else { return Ok(Vec::new()) };
    Ok(entries.into_iter().filter_map(|entry| serde_json::from_value(entry).ok()).collect())
}

/// A flag: only `true` is true.
pub(super) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Option::<Value>::deserialize(input)? == Some(Value::Bool(true)))
}
