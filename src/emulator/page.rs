//! The playground: a page, its styles and its scripts, built into the program.

use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use include_dir::{Dir, include_dir};

use super::refusal::Refusal;

/// The files the page is made of.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/emulator/playground");

// Pictures, sounds and films come from wherever a bot says; everything else from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https: http:; \
    media-src 'self' data: https: http:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`.
pub(super) async fn root() -> Redirect {
    Redirect::temporary("/playground/")
}

/// `GET /playground/`.
pub(super) async fn html(uri: Uri) -> Response {
    served("text/html; charset=utf-8", "index.html", &uri)
}

/// `GET /playground/{file}`.
pub(super) async fn file(Path(wanted): Path<String>, uri: Uri) -> Response {
    match wanted.rsplit_once('.') {
        Some((_, "css")) => served("text/css; charset=utf-8", &wanted, &uri),
        Some((_, "js")) => served("text/javascript; charset=utf-8", &wanted, &uri),
        _ => Refusal::not_found(uri.path()).into_response(),
    }
}

/// `GET /favicon.ico`: there is none, and a browser that asks need not complain.
pub(super) async fn favicon() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn served(content_type: &'static str, name: &str, uri: &Uri) -> Response {
    let Some(file) = FILES.get_file(name) else { return Refusal::not_found(uri.path()).into_response() };
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, file.contents()).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_and_asked_for() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emulator/playground");
        let present = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").file_name());
        let present: BTreeSet<String> = present.map(|name| name.into_string().expect("a name")).collect();
        let named: BTreeSet<&str> = FILES.files().filter_map(|file| file.path().to_str()).collect();
        assert_eq!(present.iter().map(String::as_str).collect::<BTreeSet<_>>(), named);
        let text = |name: &str| FILES.get_file(name).and_then(|file| file.contents_utf8()).expect("a text");
        let (html, all) = (text("index.html"), named.iter().map(|name| text(name)).collect::<String>());
        for name in named.iter().filter(|name| **name != "index.html") {
            assert!(name.ends_with(".css") || name.ends_with(".js"), "nobody is served {name}");
            assert!(
                all.contains(&format!("./{name}'")) || html.contains(&format!("\"{name}\"")),
                "nobody asks for {name}"
            );
        }
    }
}
