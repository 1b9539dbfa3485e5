//! The parameters of a request, from the query and from a body in any of the forms that Graph takes.
//!
//! Meta: <https://developers.facebook.com/docs/graph-api/overview>

use std::convert::Infallible;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use futures_util::{FutureExt, stream};
use multer::{Field, Multipart};
use reqwest::Url;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::exchange::shown_body;
use super::error::GraphError;

/// The largest body that is read: a file of 25 MB and what goes with it.
pub(in crate::emulator) const LARGEST_UPLOAD: usize = 26 * 1024 * 1024;

/// The largest body without a file that is read.
const LARGEST_TEXT: usize = 1024 * 1024;

/// The most parts that a multipart body may have.
const MOST_PARTS: usize = 50;

/// The name of the part that holds a file.
const FILE: &str = "filedata";

/// Parameters by name, from the query and the body together.
pub(super) type Fields = Map<String, Value>;

/// The file in a multipart body, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) content_type: String,
    pub(super) size: usize,
    /// How many files came.
    pub(super) count: usize,
}

/// The parameters of a request: those of the query, then those of the body, which win.
pub(super) fn fields(uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Result<Fields, GraphError> {
    let mut fields = query(uri);
    let content_type = content_type(headers);
    if is_multipart(content_type) {
        fields.remove(FILE);
        fields.extend(parts(content_type, body)?);
    } else {
        if body.len() > LARGEST_TEXT {
            return Err(GraphError::parameter("The body is larger than 1 MiB"));
        }
        fields.extend(object_or_form(content_type, body)?);
        // Only a part of a multipart body is a file.
        fields.remove(FILE);
    }
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

/// The parameters of the query alone.
pub(super) fn query(uri: &Uri) -> Fields {
    uri.query().map(pairs).unwrap_or_default()
}

/// The body of a request, for the record: of a multipart body its parts, without what is in the file.
pub(super) fn shown(headers: &HeaderMap, body: &Bytes) -> Value {
    let content_type = content_type(headers);
    if !is_multipart(content_type) {
        return shown_body(body);
    }
    match parts(content_type, body) {
        Ok(parts) => shown_body(Value::Object(parts).to_string().as_bytes()),
        Err(_) => json!(format!("a multipart body that cannot be read ({} bytes)", body.len())),
    }
}

/// The file that came with the parameters.
pub(super) fn file(fields: &Fields) -> Option<File> {
    let file = fields.get(FILE)?;
    let content_type = file["content_type"].as_str()?.to_owned();
    let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
    Some(File { content_type, size: number(&file["size"])?, count: number(&file["count"]).unwrap_or(1) })
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn is_multipart(content_type: &str) -> bool {
    content_type.starts_with("multipart/")
}

fn object_or_form(content_type: &str, body: &[u8]) -> Result<Fields, GraphError> {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Ok(pairs(&String::from_utf8_lossy(body)));
    }
    if body.is_empty() {
        return Ok(Fields::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(GraphError::parameter("The body is not a JSON object")),
    }
}

fn pairs(encoded: &str) -> Fields {
    let mut url = Url::parse("http://graph/").expect("a constant address can be parsed");
    url.set_query(Some(encoded));
    url.query_pairs().map(|(key, value)| (key.into_owned(), Value::String(value.into_owned()))).collect()
}

fn parts(content_type: &str, body: &Bytes) -> Result<Fields, GraphError> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| GraphError::parameter("The content type names no boundary between the parts"))?;
    let whole = stream::iter([Ok::<_, Infallible>(body.clone())]);
    // The body is there as a whole: what would have to be waited for does not come.
    let read = read_parts(Multipart::new(whole, boundary)).now_or_never();
    read.unwrap_or_else(|| Err(GraphError::parameter("The multipart body is cut off")))
}

async fn read_parts(mut multipart: Multipart<'_>) -> Result<Fields, GraphError> {
    let unreadable = |error| GraphError::parameter(format!("The multipart body cannot be read: {error}"));
    let mut fields = Fields::new();
    while let Some(part) = multipart.next_field().await.map_err(unreadable)? {
        if fields.len() == MOST_PARTS {
            return Err(GraphError::parameter(format!("The body has more than {MOST_PARTS} parts")));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let mut value = read_part(&name, part).await.map_err(unreadable)?;
        if let Some(before) = fields.get(FILE).filter(|_| name == FILE) {
            value["count"] = json!(before["count"].as_u64().unwrap_or(1) + 1);
        }
        fields.insert(name, value);
    }
    Ok(fields)
}

/// A part as a parameter: its text, or of a file what is known of it.
async fn read_part(name: &str, part: Field<'_>) -> multer::Result<Value> {
    if name != FILE {
        return part.text().await.map(Value::String);
    }
    let content_type = part.content_type().map(|kind| kind.essence_str().to_owned()).unwrap_or_default();
    let filename = part.file_name().unwrap_or_default().to_owned();
    let size = part.bytes().await?.len();
    Ok(json!({"filename": filename, "content_type": content_type, "size": size}))
}

/// An object, or a text that holds one, as in forms.
pub(super) fn object(fields: &Fields, key: &str) -> Result<Option<Fields>, GraphError> {
    let refused = || GraphError::parameter(format!("Param {key} must be a JSON object"));
    match fields.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object.clone())),
        Some(Value::String(text)) => written(text).map(Some).ok_or_else(refused),
        Some(_) => Err(refused()),
    }
}

/// What is written in a text as JSON, or nearly so.
pub(super) fn written<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&double_quoted(text))).ok()
}

/// JSON from what only looks like it: Meta's own samples quote with apostrophes, and Graph takes them.
fn double_quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let (mut quote, mut escaped) = (None, false);
    for char in text.chars() {
        match (quote, char) {
            (Some('\''), '\'') if escaped => {
                json.pop();
                json.push('\'');
            }
            (Some('\''), '"') if !escaped => json.push_str("\\\""),
            (None, '\'') | (Some('\''), '\'') => json.push('"'),
            _ => json.push(char),
        }
        match quote {
            None if matches!(char, '\'' | '"') => quote = Some(char),
            Some(open) if open == char && !escaped => quote = None,
            _ => {}
        }
        escaped = quote.is_some() && char == '\\' && !escaped;
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().expect("a header value"))])
    }

    fn uri() -> Uri {
        "/me/messages?messaging_type=UPDATE&access_token=EAA1".parse().expect("an address")
    }

    #[test]
    fn a_form_carries_json_and_the_query_counts_too() {
        let body = "recipient=%7B%22id%22%3A%2272%22%7D&message=%7B%22text%22%3A%22a+b%26%22%7D";
        let form = headers("application/x-www-form-urlencoded");
        let fields = fields(&uri(), &form, &Bytes::from(body)).expect("the form is read");
        assert_eq!((&fields["access_token"], &fields["messaging_type"]), (&json!("EAA1"), &json!("UPDATE")));
        assert_eq!(object(&fields, "message").expect("an object").expect("a message")["text"], "a b&");
    }

    #[test]
    fn a_multipart_body_carries_parameters_and_a_file() {
        let body = Bytes::from(concat!(
            "--b\r\ncontent-disposition: form-data; name=\"access_token\"\r\n\r\nEAA2\r\n",
            "--b\r\ncontent-disposition: form-data; name=\"filedata\"; filename=\"a.png\"\r\n",
            "content-type: image/png\r\n\r\n\u{1}\u{2}\u{3}\r\n--b--\r\n",
        ));
        let form = headers("multipart/form-data; boundary=b");
        let fields = fields(&uri(), &form, &body).expect("the body is read");
        assert_eq!((&fields["access_token"], &fields["messaging_type"]), (&json!("EAA2"), &json!("UPDATE")));
        assert_eq!(file(&fields), Some(File { content_type: "image/png".into(), size: 3, count: 1 }));
        let shown = shown(&form, &body);
        assert_eq!(shown["access_token"], "[secret]");
        assert_eq!(shown["filedata"], json!({"filename": "a.png", "content_type": "image/png", "size": 3}));
    }

    #[test]
    fn what_is_no_body_is_refused() {
        let check = |content_type: &str, body: &str, message: &str| {
            let error = fields(&uri(), &headers(content_type), &Bytes::from(body.to_owned()));
            let error = format!("{:?}", error.expect_err("the body is refused"));
            assert!(error.contains(message), "{error}");
        };
        check("application/json", "not JSON", "not a JSON object");
        check("application/json", &" ".repeat(LARGEST_TEXT + 1), "larger than 1 MiB");
        check("multipart/form-data", "x", "boundary");
        check("multipart/form-data; boundary=b", "--b\r\ncut off", "cannot be read");
    }

    #[test]
    fn only_a_part_is_a_file() {
        let body = Bytes::from(r#"{"filedata":{"content_type":"image/png","size":3}}"#);
        assert_eq!(file(&fields(&uri(), &HeaderMap::new(), &body).expect("the body is read")), None);
    }

    #[test]
    fn apostrophes_quote_too() {
        let check = |text: &str, expected: Value| {
            let fields = Fields::from_iter([("message".to_owned(), json!(text))]);
            assert_eq!(
                object(&fields, "message").map(|object| object.map(Value::Object)),
                Ok(Some(expected)),
                "{text}"
            );
        };
        check(r#"{'text':'He said "no"'}"#, json!({"text": "He said \"no\""}));
        check(r#"{'text':'it\'s'}"#, json!({"text": "it's"}));
        check(r#"{"text":"it's"}"#, json!({"text": "it's"}));
        check(r#"{'a':"it's",'b':'\\'}"#, json!({"a": "it's", "b": "\\"}));
        let list = Fields::from_iter([("message".to_owned(), json!("['x']"))]);
        assert!(object(&list, "message").is_err());
    }
}
