//! Reading what Meta writes in more than one way.
//!
//! Each field is read from its own piece of the item's text, so that what cannot be read costs that field and nothing else.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use crate::clock::Timestamp;
use crate::id::PersonId;
use crate::json;
use crate::secret::Secret;

/// The least value that is taken for milliseconds; below it a time is in seconds. As milliseconds it is March 1973, as
/// seconds the year 5138, so that no real time is ambiguous.
const LEAST_MILLIS: i64 = 100_000_000_000;

/// A JSON object in its typed form. Derived readers would also take a list for a struct, field by field; Meta never means that.
pub(super) fn object<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    raw.get().starts_with('{').then(|| serde_json::from_str(raw.get()).ok())?
}

/// A list's entries, each for itself. `None` for what is no list.
pub(super) fn list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    raw.get().starts_with('[').then(|| serde_json::from_str(raw.get()).ok())?
}

/// A moment: a number or the same in quotes, in milliseconds or in seconds. Anything else counts as absent.
pub(super) fn timestamp<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(integer(input)?.and_then(moment))
}

/// The moment of a number, in milliseconds or in seconds.
pub(super) fn moment(number: i64) -> Option<Timestamp> {
    (number > 0).then(|| Timestamp(if number < LEAST_MILLIS { number * 1000 } else { number }))
}

/// A whole number, or the same in quotes. Anything else counts as absent.
pub(super) fn integer<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<&RawValue>::deserialize(input)?.and_then(|raw| raw.get().trim_matches('"').parse().ok()))
}

/// An optional field that must not cost the event: what has an unexpected shape counts as absent.
pub(super) fn or_absent<'de, D, T>(input: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(Option::<&RawValue>::deserialize(input)?.and_then(read))
}

/// Text that must not cost the event, or a number in its place; what is neither counts as empty.
pub(super) fn text<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    let raw = Option::<&RawValue>::deserialize(input)?;
    let number = |raw: &RawValue| serde_json::from_str(raw.get()).map(|number: Number| number.to_string()).ok();
    Ok(raw.and_then(|raw| read(raw).or_else(|| number(raw))).unwrap_or_default())
}

/// Text that is not for everybody's eyes.
pub(super) fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Secret>, D::Error> {
    Ok(or_absent::<_, String>(input)?.map(Secret::new))
}

/// A list that must not cost the event: entries of an unexpected shape are left out, no list at all is an empty one.
pub(super) fn readable<'de, D, T>(input: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries = Option::<&RawValue>::deserialize(input)?.and_then(list).unwrap_or_default();
    Ok(entries.into_iter().filter_map(read).collect())
}

/// Entries by name that must not cost the event: those of an unexpected shape are left out.
pub(super) fn entries<'de, D, T>(input: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let entries: BTreeMap<String, &RawValue> =
        Option::<&RawValue>::deserialize(input)?.and_then(object).unwrap_or_default();
    Ok(entries.into_iter().filter_map(|(name, entry)| Some((name, read(entry)?))).collect())
}

/// Lists by name that must not cost the event: of each, the entries that can be read.
pub(super) fn lists<'de, D, T>(input: D) -> Result<BTreeMap<String, Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let lists: BTreeMap<String, &RawValue> = BTreeMap::deserialize(input)?;
    let readable = |raw: &RawValue| list(raw).unwrap_or_default().into_iter().filter_map(read).collect();
    Ok(lists.into_iter().map(|(name, list)| (name, readable(list))).collect())
}

/// A flag. Meta's own samples write it with quotes as well, and some of its systems as a number.
pub(super) fn flag<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    let raw = Option::<&RawValue>::deserialize(input)?;
    Ok(raw.is_some_and(|raw| matches!(raw.get(), "true" | "\"true\"" | "1" | "\"1\"")))
}

/// A person. No id of Meta's is 0: that is how some systems write none.
pub(super) fn person<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PersonId>, D::Error> {
    Ok(or_absent::<_, PersonId>(input)?.filter(|id| id.as_str() != "0"))
}

/// Any JSON, as it is; null for what cannot be held.
pub(super) fn json<'de, D: Deserializer<'de>>(input: D) -> Result<Value, D::Error> {
    Ok(serde_json::from_str(<&RawValue>::deserialize(input)?.get()).unwrap_or_default())
}

/// A word; what is none, as it was written.
pub(super) fn word(raw: &RawValue) -> String {
    serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    // See `object`: no list stands for a struct.
    (!raw.get().starts_with('[')).then(|| serde_json::from_str(raw.get()).ok())?
}

/// What a kept item has under `name`, where that can be read: as a list or a change has it.
pub(super) fn member<T: DeserializeOwned>(raw: &[u8], name: &str) -> Option<T> {
    type Members<'a> = HashMap<String, &'a RawValue>;
    let mended = json::mended_bytes(raw);
    let item: Members<'_> = serde_json::from_slice(&mended).ok()?;
    let of_change = || object::<Members<'_>>(item.get("value")?)?.get(name).copied();
    object(item.get(name).copied().or_else(of_change)?)
}
