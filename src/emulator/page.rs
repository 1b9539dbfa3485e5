//! The playground: a page, its styles and its scripts, built into the program.

use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::refusal::Refusal;

const HTML: &str = include_str!("playground/index.html");

/// The files the page is made of, by their names.
macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("playground/", $name)))),*] };
}

const FILES: &[(&str, &str)] = files![
    "acts.js",
    "attachments.js",
    "base.css",
    "bench.css",
    "bench.js",
    "buttons.js",
    "chat.css",
    "choices.js",
    "comment.js",
    "composer.js",
    "copy.js",
    "deeds.js",
    "dom.js",
    "emulator.js",
    "exchange.js",
    "feedback.js",
    "form-parts.js",
    "gist.js",
    "history.js",
    "json.js",
    "media.js",
    "message.js",
    "messages.css",
    "narrow.css",
    "notice.js",
    "owner.js",
    "picker.js",
    "playground.js",
    "quick-replies.js",
    "reactions.js",
    "rows.js",
    "scrollers.js",
    "server-row.js",
    "server.js",
    "sheet.js",
    "state.js",
    "template-forms.js",
    "templates.css",
    "templates.js",
    "thread.js",
    "time.js",
    "views.js",
    "window.js",
    "wire.css",
    "wire.js",
    "words.js",
];

// Pictures, sounds and films come from wherever a bot says; everything else from here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https: http:; \
    media-src 'self' data: https: http:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// `GET /`.
pub(super) async fn root() -> Redirect {
    Redirect::temporary("/playground/")
}

/// `GET /playground/`.
pub(super) async fn html() -> Response {
    served("text/html; charset=utf-8", HTML)
}

/// `GET /playground/{file}`.
pub(super) async fn file(Path(wanted): Path<String>, uri: Uri) -> Response {
    match FILES.iter().find(|(name, _)| *name == wanted) {
        Some((name, text)) if name.ends_with(".css") => served("text/css; charset=utf-8", text),
        Some((_, text)) => served("text/javascript; charset=utf-8", text),
        None => Refusal::not_found(uri.path()).into_response(),
    }
}

/// `GET /favicon.ico`: there is none, and a browser that asks need not complain.
pub(super) async fn favicon() -> StatusCode {
    StatusCode::NO_CONTENT
}

fn served(content_type: &'static str, text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served_and_asked_for() {
        let named: BTreeSet<&str> = FILES.iter().map(|(name, _)| *name).collect();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/emulator/playground");
        let present = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("a file").file_name());
        let present: BTreeSet<String> = present.map(|name| name.into_string().expect("a name")).collect();
        assert_eq!(
            present.iter().map(String::as_str).filter(|name| *name != "index.html").collect::<BTreeSet<_>>(),
            named
        );
        let all: String = FILES.iter().map(|(_, text)| *text).chain([HTML]).collect();
        for name in named {
            assert!(
                all.contains(&format!("./{name}'")) || HTML.contains(&format!("\"{name}\"")),
                "nobody asks for {name}"
            );
        }
    }
}
