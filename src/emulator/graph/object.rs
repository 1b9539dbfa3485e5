//! Objects as the Graph API shows them: the fields that are wanted, and lists a page at a time.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/results>

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::call::Fields;
use super::error::GraphError;
use super::select::{Field, pick};

/// How long a page of a list is that names no `limit`.
const USUAL: usize = 25;

/// How long a page can be.
const LONGEST: usize = 1000;

const PLACE: [&str; 3] = ["limit", "after", "before"];

/// Something with an id.
pub(super) struct Object<'a> {
    /// What Meta calls its type.
    pub(super) kind: &'static str,
    pub(super) id: String,
    /// The fields that are shown when none are named.
    pub(super) usual: &'static [&'static str],
    /// The fields it can have, the id apart.
    pub(super) parts: Vec<(&'static str, Part<'a>)>,
}

/// What a field holds.
pub(super) enum Part<'a> {
    /// Null for what this object does not have: it is left out.
    Value(Value),
    Object(Object<'a>),
    /// Made when it is wanted.
    List(Box<dyn Fn() -> Vec<Object<'a>> + 'a>),
}

/// The address of a list: whence it can be read on.
pub(super) struct ListAddress {
    url: Url,
}

impl<'a> Object<'a> {
    /// An object of plain values.
    pub(super) fn plain(
        kind: &'static str,
        id: impl Into<String>,
        usual: &'static [&'static str],
        parts: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Object<'a> {
        let parts = parts.into_iter().map(|(name, value)| (name, Part::Value(value))).collect();
        Object { kind, id: id.into(), usual, parts }
    }

    /// The object with the wanted fields in their order, and its id in any case.
    pub(super) fn show(&self, wanted: &[Field], address: &ListAddress) -> Result<Value, GraphError> {
        let mut shown = Map::new();
        if wanted.is_empty() {
            for name in self.usual {
                self.show_field(&Field::named(name), address, &mut shown)?;
            }
        }
        for field in wanted {
            self.show_field(field, address, &mut shown)?;
        }
        shown.entry("id").or_insert_with(|| json!(self.id));
        Ok(Value::Object(shown))
    }

    fn show_field(
        &self,
        field: &Field,
        address: &ListAddress,
        shown: &mut Map<String, Value>,
    ) -> Result<(), GraphError> {
        let value = match self.parts.iter().find(|(name, _)| *name == field.name) {
            Some((_, Part::Value(Value::Null))) => return Ok(()),
            Some((_, Part::Value(value))) => pick(value, &field.inner),
            Some((_, Part::Object(object))) => object.show(&field.inner, address)?,
            Some((name, Part::List(list))) => {
                page(&list(), &field.inner, &field.arguments, &address.of_edge(&self.id, name))?
            }
            None if field.name == "id" => json!(self.id),
            None => {
                let Object { kind, .. } = self;
                let name = &field.name;
                let message = format!("Tried accessing nonexisting field ({name}) on node type ({kind})");
                return Err(GraphError::parameter(message));
            }
        };
        shown.insert(field.name.clone(), value);
        Ok(())
    }
}

/// The page of a list that `arguments` ask for.
pub(super) fn page(
    list: &[Object<'_>],
    wanted: &[Field],
    arguments: &Fields,
    address: &ListAddress,
) -> Result<Value, GraphError> {
    let limit = limit(arguments)?;
    let (after, before) = (position(list, arguments, "after")?, position(list, arguments, "before")?);
    let (start, end) = match (after, before) {
        (None, Some(before)) => (before.saturating_sub(limit), before),
        (after, _) => {
            let start = after.map_or(0, |after| after + 1);
            (start, start.saturating_add(limit).min(list.len()))
        }
    };
    let shown = list[start..end].iter().map(|object| object.show(wanted, address)).collect::<Result<Vec<_>, _>>()?;
    let (Some(first), Some(last)) = (list[start..end].first(), list[start..end].last()) else {
        return Ok(json!({"data": []}));
    };
    let (before, after) = (cursor(&first.id), cursor(&last.id));
    let mut paging = json!({"cursors": {"before": before, "after": after}});
    if end < list.len() {
        paging["next"] = json!(address.at("after", &after, limit));
    }
    if start > 0 {
        paging["previous"] = json!(address.at("before", &before, limit));
    }
    Ok(json!({"data": shown, "paging": paging}))
}

fn limit(arguments: &Fields) -> Result<usize, GraphError> {
    let Some(given) = arguments.get("limit") else { return Ok(USUAL) };
    let number = given.as_str().and_then(|text| text.parse().ok()).or_else(|| given.as_u64());
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(limit) if limit > 0 => Ok(limit.min(LONGEST)),
        _ => Err(GraphError::parameter("Param limit must be an integer greater than 0")),
    }
}

fn position(list: &[Object<'_>], arguments: &Fields, name: &str) -> Result<Option<usize>, GraphError> {
    let Some(given) = arguments.get(name).and_then(Value::as_str).filter(|given| !given.is_empty()) else {
        return Ok(None);
    };
    let found = list.iter().position(|object| cursor(&object.id) == given);
    found.map(Some).ok_or_else(|| GraphError::parameter(format!("Param {name} is not a cursor of this list")))
}

/// Cursors follow the objects, not their positions: a list may grow between two pages.
fn cursor(id: &str) -> String {
    hex::encode(id)
}

impl ListAddress {
    /// The address that was called.
    pub(super) fn new(url: Url) -> ListAddress {
        ListAddress { url }
    }

    /// The list `edge` of the object `id`, with the same token.
    fn of_edge(&self, id: &str, edge: &str) -> ListAddress {
        let mut url = self.url.clone();
        let version = self.url.path_segments().and_then(|mut segments| segments.next()).unwrap_or_default();
        url.set_path(&format!("/{version}/{id}/{edge}"));
        let token = self.url.query_pairs().find(|(name, _)| name == "access_token");
        url.set_query(None);
        if let Some((name, token)) = token {
            url.query_pairs_mut().append_pair(&name, &token);
        }
        ListAddress { url }
    }

    fn at(&self, side: &str, cursor: &str, limit: usize) -> String {
        let mut url = self.url.clone();
        let kept = self.url.query_pairs().filter(|(name, _)| !PLACE.contains(&name.as_ref()));
        url.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .append_pair("limit", &limit.to_string())
            .append_pair(side, cursor);
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::select::read;
    use super::*;

    fn list(count: usize) -> Vec<Object<'static>> {
        let one = |number: usize| {
            Object::plain(
                "Cup",
                number.to_string(),
                &["name"],
                [("name", json!("cup")), ("size", json!(number)), ("colour", Value::Null)],
            )
        };
        (1..=count).map(one).collect()
    }

    fn address() -> ListAddress {
        ListAddress::new(Url::parse("http://graph/v26.0/shop/cups?access_token=EAA1&after=00").expect("an address"))
    }

    #[test]
    fn objects_show_what_is_wanted_and_their_id() {
        let check = |wanted: &str, expected: Value| {
            let shown = list(1)[0].show(&read(wanted).expect("a selection"), &address());
            assert_eq!(shown.map_err(|error| error.code), Ok(expected), "{wanted}");
        };
        check("", json!({"name": "cup", "id": "1"}));
        check("size,colour", json!({"size": 1, "id": "1"}));
        check("id,name", json!({"id": "1", "name": "cup"}));
        let error = list(1)[0].show(&[Field::named("handle")], &address()).expect_err("there is no such field");
        assert!(error.body("T")["error"]["message"].as_str().is_some_and(|message| {
            message == "(#100) Tried accessing nonexisting field (handle) on node type (Cup)"
        }));
    }

    #[test]
    fn lists_are_read_a_page_at_a_time() {
        let ids = |arguments: Value| {
            let arguments = arguments.as_object().cloned().expect("an object");
            let page = page(&list(5), &[], &arguments, &address()).expect("a page");
            let ids = page["data"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect::<Vec<_>>();
            (ids, page["paging"].clone())
        };
        let (first, paging) = ids(json!({"limit": "2"}));
        assert_eq!(first, ["1", "2"]);
        assert!(paging["next"].as_str().is_some_and(|next| next.ends_with("cups?access_token=EAA1&limit=2&after=32")));
        assert_eq!(paging.get("previous"), None);
        let (second, paging) = ids(json!({"limit": 3, "after": paging["cursors"]["after"]}));
        assert_eq!(second, ["3", "4", "5"]);
        assert_eq!(paging.get("next"), None);
        assert_eq!(ids(json!({"limit": 2, "before": paging["cursors"]["before"]})).0, ["1", "2"]);
        assert_eq!(page(&[], &[], &Fields::new(), &address()), Ok(json!({"data": []})));
        for wrong in [json!({"limit": 0}), json!({"limit": "many"}), json!({"after": "ff"})] {
            assert!(page(&list(1), &[], wrong.as_object().expect("an object"), &address()).is_err(), "{wrong}");
        }
    }
}
