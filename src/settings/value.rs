//! One value as it was given, and the types it can become.

use std::net::SocketAddr;
use std::time::Duration;

use crate::host::{is_host, no_host};
use crate::id::AccountId;
use crate::secret::Secret;

/// A value as it was given, and where.
#[derive(Clone, Debug)]
pub(super) struct RawValue {
    value: Form,
    pub(super) origin: String,
}

#[derive(Clone, Debug)]
enum Form {
    Text(String),
    List(Vec<String>),
}

impl RawValue {
    pub(super) fn text(text: String, origin: &str) -> RawValue {
        RawValue { value: Form::Text(text), origin: origin.to_owned() }
    }

    pub(super) fn list(list: Vec<String>, origin: &str) -> RawValue {
        RawValue { value: Form::List(list), origin: origin.to_owned() }
    }

    pub(super) fn as_text(&self) -> Result<&str, String> {
        match &self.value {
            Form::Text(text) => Ok(text.trim()),
            Form::List(_) => Err("is a list where one value is expected".to_owned()),
        }
    }

    /// A list, or the same in one text with commas (and, in a secret's file, lines) between the entries.
    fn entries(&self) -> Vec<&str> {
        match &self.value {
            Form::Text(text) => text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty()).collect(),
            Form::List(list) => list.iter().map(|entry| entry.trim()).collect(),
        }
    }
}

/// A type that a value can become.
pub(super) trait Setting: Sized {
    /// Reads the value. The problem never quotes it where it may be secret.
    fn read(given: &RawValue) -> Result<Self, String>;

    /// Stands in for a value that is at fault, so that the faults behind it are found too. Never leaves `load`.
    fn placeholder() -> Self;
}

impl Setting for String {
    fn read(given: &RawValue) -> Result<String, String> {
        match given.as_text()? {
            "" => Err("is empty".to_owned()),
            text => Ok(text.to_owned()),
        }
    }

    fn placeholder() -> String {
        String::new()
    }
}

impl Setting for Secret {
    fn read(given: &RawValue) -> Result<Secret, String> {
        // An empty secret would be one that anybody knows.
        String::read(given).map(Secret::new)
    }

    fn placeholder() -> Secret {
        Secret::new("")
    }
}

impl Setting for AccountId {
    fn read(given: &RawValue) -> Result<AccountId, String> {
        let id = given.as_text()?;
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Ok(AccountId::new(id)) } else { Err(format!("{id:?} is not an id: ids are digits")) }
    }

    fn placeholder() -> AccountId {
        AccountId::new("")
    }
}

impl Setting for bool {
    fn read(given: &RawValue) -> Result<bool, String> {
        match given.as_text()? {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(format!("{other:?} is neither true nor false")),
        }
    }

    fn placeholder() -> bool {
        false
    }
}

/// A count or size; a limit of nothing would stop the server, so zero is no value.
impl Setting for usize {
    fn read(given: &RawValue) -> Result<usize, String> {
        let text = given.as_text()?;
        match text.replace('_', "").parse() {
            Ok(0) | Err(_) => Err(format!("{text:?} is not a whole number above zero")),
            Ok(number) => Ok(number),
        }
    }

    fn placeholder() -> usize {
        1
    }
}

impl Setting for Duration {
    fn read(given: &RawValue) -> Result<Duration, String> {
        let text = given.as_text()?;
        match humantime::parse_duration(text) {
            Ok(duration) if !duration.is_zero() => Ok(duration),
            _ => Err(format!("{text:?} is not a duration such as 30s, 24h or 7d")),
        }
    }

    fn placeholder() -> Duration {
        Duration::from_secs(1)
    }
}

impl Setting for SocketAddr {
    fn read(given: &RawValue) -> Result<SocketAddr, String> {
        let text = given.as_text()?;
        text.parse().map_err(|_| format!("{text:?} is not an address and port such as 127.0.0.1:8080"))
    }

    fn placeholder() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 0))
    }
}

/// A host's name or address, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host(pub(super) String);

impl Setting for Host {
    fn read(given: &RawValue) -> Result<Host, String> {
        let text = given.as_text()?;
        if is_host(text) { Ok(Host(text.to_owned())) } else { Err(no_host(text)) }
    }

    fn placeholder() -> Host {
        Host(String::new())
    }
}

/// The base of a URL, without the closing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BaseUrl(pub(super) String);

impl Setting for BaseUrl {
    fn read(given: &RawValue) -> Result<BaseUrl, String> {
        let text = given.as_text()?;
        match reqwest::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                Ok(BaseUrl(text.trim_end_matches('/').to_owned()))
            }
            _ => Err("is not an http:// or https:// address".to_owned()),
        }
    }

    fn placeholder() -> BaseUrl {
        BaseUrl(String::new())
    }
}

/// A whole URL, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) String);

impl Setting for Address {
    fn read(given: &RawValue) -> Result<Address, String> {
        BaseUrl::read(given)?;
        Ok(Address(given.as_text()?.to_owned()))
    }

    fn placeholder() -> Address {
        Address(String::new())
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(given: &RawValue) -> Result<Vec<T>, String> {
        let entries = given.entries();
        entries.into_iter().map(|entry| T::read(&RawValue::text(entry.to_owned(), &given.origin))).collect()
    }

    fn placeholder() -> Vec<T> {
        Vec::new()
    }
}

/// Makes an enum a setting: each variant by its word, the first being the placeholder.
macro_rules! words {
    ($type:ty { $first:literal => $placeholder:expr $(, $word:literal => $value:expr)* $(,)? }) => {
        impl Setting for $type {
            fn read(given: &RawValue) -> Result<$type, String> {
                match given.as_text()? {
                    $first => Ok($placeholder),
                    $($word => Ok($value),)*
                    other => {
                        let known = [$first $(, $word)*].join(", ");
                        Err(format!("{other:?} is not one of: {known}"))
                    }
                }
            }

            fn placeholder() -> $type {
                $placeholder
            }
        }
    };
}
pub(super) use words;
