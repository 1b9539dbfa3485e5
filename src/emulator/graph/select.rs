//! `fields`: which parts of an object a call wants, as `id,messages.limit(5){message,from{id}}`.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/guides/field-expansion>

use serde_json::{Value, json};

use super::call::Fields;
use super::error::GraphError;

/// How deep selections may be nested.
const DEEPEST: usize = 8;

/// How many fields one call may name, at all depths together.
const MOST: usize = 200;

/// One wanted field.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// Of a list: `limit`, `after`, `before`.
    pub(super) arguments: Fields,
    /// What is wanted of the objects it holds; none for what they show by themselves.
    pub(super) inner: Vec<Field>,
}

impl Field {
    /// A field without anything.
    pub(super) fn named(name: &str) -> Field {
        Field { name: name.to_owned(), ..Field::default() }
    }
}

/// Reads a selection.
pub(super) fn read(text: &str) -> Result<Vec<Field>, GraphError> {
    let mut reader = Reader { rest: text, count: 0 };
    let fields = reader.list(0)?;
    if reader.rest.is_empty() { Ok(fields) } else { Err(reader.error()) }
}

struct Reader<'a> {
    rest: &'a str,
    count: usize,
}

impl Reader<'_> {
    fn list(&mut self, depth: usize) -> Result<Vec<Field>, GraphError> {
        let mut fields = Vec::new();
        loop {
            self.skip_space();
            if !self.rest.is_empty() && !self.rest.starts_with('}') {
                fields.push(self.field(depth)?);
            }
            self.skip_space();
            if !self.take(',') {
                return Ok(fields);
            }
        }
    }

    fn field(&mut self, depth: usize) -> Result<Field, GraphError> {
        self.count += 1;
        let mut field = Field::named(&self.word());
        if field.name.is_empty() || self.count > MOST || depth > DEEPEST {
            return Err(self.error());
        }
        while self.take('.') {
            let name = self.word();
            let end = self.rest.find(')').filter(|_| self.rest.starts_with('(')).ok_or_else(|| self.error())?;
            field.arguments.insert(name, json!(&self.rest[1..end]));
            self.rest = &self.rest[end + 1..];
        }
        if self.take('{') {
            field.inner = self.list(depth + 1)?;
            if !self.take('}') {
                return Err(self.error());
            }
        }
        Ok(field)
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn take(&mut self, letter: char) -> bool {
        let taken = self.rest.strip_prefix(letter);
        self.rest = taken.unwrap_or(self.rest);
        taken.is_some()
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn error(&self) -> GraphError {
        let near: String = self.rest.chars().take(40).collect();
        GraphError::plain(2500, &format!("Syntax error in the parameter fields, at \"{near}\""))
    }
}

/// The wanted keys of a value that is no object of its own, as of `from` or of the entries of `participants`.
pub(super) fn pick(value: &Value, wanted: &[Field]) -> Value {
    match value {
        _ if wanted.is_empty() => value.clone(),
        Value::Object(object) if object.contains_key("data") => json!({"data": pick(&object["data"], wanted)}),
        Value::Object(object) => {
            let pair = |field: &Field| Some((field.name.clone(), pick(object.get(&field.name)?, &field.inner)));
            Value::Object(wanted.iter().filter_map(pair).collect())
        }
        Value::Array(list) => list.iter().map(|entry| pick(entry, wanted)).collect(),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read_at_any_depth() {
        let fields = read("id, messages.limit(5).after(x1){message,from{id}} ,participants").expect("a selection");
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "messages", "participants"]);
        assert_eq!(json!(fields[1].arguments), json!({"limit": "5", "after": "x1"}));
        assert_eq!(fields[1].inner[1].inner, [Field::named("id")]);
        assert_eq!(read("").expect("nothing is wanted"), []);
        for wrong in ["a{b", "a}", "a{b}}", "a.limit", "a.limit(5", ".limit(5)", "a b", "{a}", "a{{b}}"] {
            assert_eq!(read(wrong).expect_err(wrong).code, 2500);
        }
        assert!(read(&"a{".repeat(50)).is_err());
        assert!(read(&"a,".repeat(500)).is_err());
    }

    #[test]
    fn keys_are_picked_from_values_and_lists() {
        let wanted = read("id").expect("a selection");
        assert_eq!(pick(&json!({"id": "1", "name": "Ada"}), &wanted), json!({"id": "1"}));
        assert_eq!(pick(&json!({"data": [{"id": "1", "name": "Ada"}]}), &wanted), json!({"data": [{"id": "1"}]}));
        assert_eq!(pick(&json!({"id": "1", "name": "Ada"}), &[]), json!({"id": "1", "name": "Ada"}));
    }
}
