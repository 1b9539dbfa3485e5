//! The members of a JSON object, each as it was written.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json;

/// A member: its name as it was written, and its value.
#[derive(Clone, Copy)]
pub(super) struct Member<'a> {
    written: &'a RawValue,
    pub(super) value: &'a RawValue,
}

impl Member<'_> {
    /// Its name.
    pub(super) fn name(&self) -> Cow<'_, str> {
        let written = self.written.get();
        match written.contains('\\') {
            false => Cow::Borrowed(written.trim_matches('"')),
            true => Cow::Owned(serde_json::from_str(&json::mended(written)).unwrap_or_else(|_| written.to_owned())),
        }
    }
}

/// The members of an object in their order. Typed readers fail on a name that is given twice; here both stay.
pub(super) struct Members<'a>(pub(super) Vec<Member<'a>>);

impl<'a> Members<'a> {
    /// The values of this name; null is none.
    pub(super) fn named(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let values = self.0.iter().filter(move |member| member.name() == name).map(|member| member.value);
        values.filter(|value| value.get() != "null")
    }

    /// The object of these members, as they were written but under the names that `renamed` gives them.
    pub(super) fn written(&self, renamed: impl Fn(&str) -> Option<&'static str>) -> Box<RawValue> {
        let member = |member: &Member<'_>| match renamed(&member.name()) {
            Some(name) => format!("\"{name}\":{}", member.value.get()),
            None => format!("{}:{}", member.written.get(), member.value.get()),
        };
        let members: Vec<_> = self.0.iter().map(member).collect();
        RawValue::from_string(format!("{{{}}}", members.join(","))).expect("members of an object make an object")
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Members<'de>, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(written) = map.next_key()? {
                    members.push(Member { written, value: map.next_value()? });
                }
                Ok(Members(members))
            }
        }

        input.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_their_doubles_and_how_they_were_written() {
        let text = r#"{"b":1, "a" : {"x":[1,2]}, "b":null,"\u0061\ud83d":"\ud83d"}"#;
        let members: Members<'_> = serde_json::from_str(text).expect("an object");
        let names: Vec<_> = members.0.iter().map(|member| member.name().into_owned()).collect();
        assert_eq!(names, ["b", "a", "b", "a\u{fffd}"]);
        assert_eq!(members.named("b").map(RawValue::get).collect::<Vec<_>>(), ["1"], "null is none");
        let written = members.written(|name| (name == "a").then_some("c"));
        assert_eq!(written.get(), r#"{"b":1,"c":{"x":[1,2]},"b":null,"\u0061\ud83d":"\ud83d"}"#);
    }
}
