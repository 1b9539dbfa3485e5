//! A part of a call's content together with its path, by which Meta's errors name it.
//!
//! What is too long is refused, never cut; what is null counts as absent.

use std::ops::RangeInclusive;

use reqwest::Url;
use serde_json::{Map, Value};

use super::error::GraphError;
use super::fields::{Fields, object};

/// A value and where it stands: `message[quick_replies][1][title]`.
pub(super) struct Part<'a> {
    pub(super) value: &'a Value,
    pub(super) at: String,
}

impl<'a> Part<'a> {
    /// The part at `at`.
    pub(super) fn new(value: &'a Value, at: impl Into<String>) -> Part<'a> {
        Part { value, at: at.into() }
    }

    /// The error that names this part: `Param message[text] {what}`.
    pub(super) fn refuse(&self, what: impl AsRef<str>) -> GraphError {
        GraphError::parameter(format!("Param {} {}", self.at, what.as_ref()))
    }

    /// The property of this name, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Part<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Part { value, at: format!("{}[{key}]", self.at) })
    }

    /// The property of this name, which must be there.
    pub(super) fn required(&self, key: &str) -> Result<Part<'a>, GraphError> {
        self.get(key).ok_or_else(|| self.missing(key))
    }

    fn missing(&self, key: &str) -> GraphError {
        GraphError::parameter(format!("The parameter {}[{key}] is required", self.at))
    }

    /// The text under `key`, of at most `most` code points, which must be there and say something.
    pub(super) fn required_text(&self, key: &str, most: usize) -> Result<&'a str, GraphError> {
        match self.optional_text(key, most)? {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.missing(key)),
        }
    }

    /// The text under `key`, of at most `most` code points.
    pub(super) fn optional_text(&self, key: &str, most: usize) -> Result<Option<&'a str>, GraphError> {
        self.get(key).map(|part| part.text(most)).transpose()
    }

    /// This as a text of at most `most` code points.
    pub(super) fn text(&self, most: usize) -> Result<&'a str, GraphError> {
        let text = self.value.as_str().ok_or_else(|| self.refuse("must be a UTF-8 encoded string"))?;
        if text.chars().count() > most { Err(GraphError::length(&self.at, most)) } else { Ok(text) }
    }

    /// This as an id: digits, which may be written as a number.
    pub(super) fn id(&self) -> Result<String, GraphError> {
        let digits = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        match self.value {
            Value::String(id) if digits(id) => Ok(id.clone()),
            Value::Number(id) if id.is_u64() => Ok(id.to_string()),
            _ => Err(self.refuse("must be a valid ID string (e.g., \"123\")")),
        }
    }

    /// This as a name that Meta or the app has given: of a message, a comment, a token. It says nothing by its form.
    pub(super) fn name(&self) -> Result<String, GraphError> {
        match self.value {
            Value::String(name) if !name.is_empty() => Ok(name.clone()),
            Value::Number(name) => Ok(name.to_string()),
            _ => Err(self.refuse("must be a non-empty string")),
        }
    }

    /// Refuses properties that are not among the `known` ones.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), GraphError> {
        let given = self.object()?.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str());
        let invalid: Vec<&str> = given.filter(|key| !known.contains(key)).collect();
        if invalid.is_empty() {
            return Ok(());
        }
        let (keys, at) = (invalid.join(", "), &self.at);
        Err(GraphError::parameter(format!("Invalid keys \"{keys}\" were found in param \"{at}\".")))
    }

    /// The text under `key`, which is one of `known` where it is there.
    pub(super) fn one_of(&self, key: &str, known: &[&str]) -> Result<Option<&'a str>, GraphError> {
        let Some(part) = self.get(key) else { return Ok(None) };
        match part.value.as_str() {
            Some(text) if known.contains(&text) => Ok(Some(text)),
            _ => Err(part.refuse(format!("must be one of {{{}}}", known.join(", ")))),
        }
    }

    /// The text under `key`, which must be one of `known`.
    pub(super) fn required_one_of(&self, key: &str, known: &[&str]) -> Result<&'a str, GraphError> {
        self.one_of(key, known)?.ok_or_else(|| {
            GraphError::parameter(format!("Param {}[{key}] must be one of {{{}}}", self.at, known.join(", ")))
        })
    }

    /// The properties of this, which must be an object.
    pub(super) fn object(&self) -> Result<&'a Map<String, Value>, GraphError> {
        self.value.as_object().ok_or_else(|| self.refuse("must be a JSON object"))
    }

    /// The elements of this, which must be a list of so many objects.
    pub(super) fn objects(&self, count: RangeInclusive<usize>) -> Result<Vec<Part<'a>>, GraphError> {
        let list = self.value.as_array().ok_or_else(|| self.refuse("must be an array"))?;
        if !count.contains(&list.len()) {
            let (least, most) = count.into_inner();
            return Err(self.refuse(format!("must be an array of {least} to {most} elements")));
        }
        let parts = list.iter().enumerate().map(|(index, value)| Part::new(value, format!("{}[{index}]", self.at)));
        parts.map(|part| part.object().map(|_| part)).collect()
    }

    /// The elements of the list under `key`, which must be there.
    pub(super) fn required_objects(
        &self,
        key: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Part<'a>>, GraphError> {
        match self.get(key) {
            Some(list) => list.objects(count),
            None => Err(self.missing(key)),
        }
    }

    /// Refuses what stands under `key` and is no address on the web.
    pub(super) fn check_url(&self, key: &str) -> Result<(), GraphError> {
        self.get(key).map_or(Ok(()), |part| part.url().map(drop))
    }

    /// Refuses an address under `key` that is missing or none on the web.
    pub(super) fn required_url(&self, key: &str) -> Result<Url, GraphError> {
        self.required(key)?.url()
    }

    /// This as an address on the web.
    pub(super) fn url(&self) -> Result<Url, GraphError> {
        // A parser would trim blanks or write them anew; Meta takes them for a mistake.
        let text = self.value.as_str().filter(|text| !text.contains(char::is_whitespace));
        let url = text.and_then(|text| Url::parse(text).ok());
        url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| self.refuse("should represent a valid URL"))
    }

    /// Refuses what stands under `key` and is no truth value.
    pub(super) fn check_bool(&self, key: &str) -> Result<(), GraphError> {
        match self.get(key) {
            Some(part) if !part.value.is_boolean() => Err(part.refuse("must be a boolean")),
            _ => Ok(()),
        }
    }

    /// Refuses what stands under `key` and is no whole number of this range.
    pub(super) fn check_whole(&self, key: &str, range: RangeInclusive<u64>) -> Result<(), GraphError> {
        match self.get(key) {
            Some(part) if !part.value.as_u64().is_some_and(|number| range.contains(&number)) => {
                let (least, most) = range.into_inner();
                Err(part.refuse(format!("must be a number from {least} to {most}")))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what stands under `key` and is no number.
    pub(super) fn check_number(&self, key: &str) -> Result<(), GraphError> {
        match self.get(key) {
            Some(part) if !part.value.is_number() => Err(part.refuse("must be a number")),
            _ => Ok(()),
        }
    }
}

/// Reads the object under `key`, if it is there.
pub(super) fn part<T>(
    fields: &Fields,
    key: &str,
    read: impl FnOnce(&Part<'_>) -> Result<T, GraphError>,
) -> Result<Option<T>, GraphError> {
    let Some(object) = object(fields, key)? else { return Ok(None) };
    read(&Part::new(&Value::Object(object), key)).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_name_the_path() {
        let value = json!({"list": [{"title": "ü".repeat(21)}], "url": "a.jpg", "none": null, "n": 8});
        let part = Part::new(&value, "message");
        let said = |result: Result<(), GraphError>| format!("{:?}", result.expect_err("it is refused"));
        let element = &part.required_objects("list", 1..=2).expect("a list of one")[0];
        let long = said(element.required_text("title", 20).map(drop));
        assert!(long.contains("Length of param message[list][0][title] must be less than or equal to 20"), "{long}");
        assert_eq!(element.optional_text("title", 21).map(|title| title.is_some()), Ok(true));
        assert!(
            said(part.required_objects("list", 2..=3).map(drop)).contains("message[list] must be an array of 2 to 3")
        );
        assert!(said(part.check_url("url")).contains("message[url] should represent a valid URL"));
        let blank = json!("https://shop.example/my cup");
        assert!(said(Part::new(&blank, "url").url().map(drop)).contains("valid URL"));
        assert!(said(part.only(&["list", "url"])).contains(r#"Invalid keys \"n\" were found in param \"message\""#));
        assert_eq!(part.only(&["list", "url", "n"]), Ok(()));
        assert!(said(part.required("none").map(drop)).contains("The parameter message[none] is required"));
        assert!(said(part.check_whole("n", 1..=7)).contains("from 1 to 7"));
        assert!(said(part.one_of("url", &["a", "b"]).map(drop)).contains("must be one of {a, b}"));
    }
}
