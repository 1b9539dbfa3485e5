//! Which names and which pages may call what is meant for a person at this machine, and no one else.
//!
//! A browser on the operator's machine runs pages of strangers, and such a page can send requests to any address that the
//! browser reaches. Three checks keep it out: the `Host` must be one of the server's own names, which a name that a stranger
//! points at this machine (DNS rebinding) is not; an `Origin` must be the server's own, and the browser must not say that the
//! call comes from another site; and a body must be JSON, which a page cannot send elsewhere without asking first, or multipart,
//! from which only the `Origin` keeps such a page.
//!
//! Where programs call from anywhere under any name, as bots call the emulated Graph API, only what a browser sends is checked.
//! A browser is known by `Origin` and `Sec-Fetch-Site`. `Sec-Fetch-Mode` is no sign of one: Node's `fetch` sends it too. By plain
//! HTTP a browser sends neither with a GET to the page's own origin: under a name that a stranger points at this machine, a page
//! can read what a token that it knows may read there, and change nothing.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Json;
use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::telemetry::Seldom;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Under which names a listener answers. Clones share its log line.
#[derive(Clone, Debug)]
pub struct Guard {
    listen: IpAddr,
    hosts: Arc<[String]>,
    way_out: &'static str,
    links: bool,
    programs: bool,
    refused: Arc<Seldom>,
}

impl Guard {
    /// For a listener at `listen`, which is also reached by `hosts`. `way_out` is what adds one of these, for the hint.
    pub fn new(listen: SocketAddr, hosts: &[String], way_out: &'static str) -> Guard {
        let hosts = hosts.iter().map(|host| plain(host).to_ascii_lowercase()).collect();
        Guard { listen: listen.ip(), hosts, way_out, links: false, programs: false, refused: Arc::default() }
    }

    /// The same for pages: a person may come to them by a link from elsewhere.
    pub fn with_links(self) -> Guard {
        Guard { links: true, ..self }
    }

    /// The same for calls of programs, which come under any name and with any body: browsers alone are checked.
    pub fn for_programs(self) -> Guard {
        Guard { programs: true, ..self }
    }

    fn check(&self, request: &Request) -> Result<(), Refused> {
        let headers = request.headers();
        if self.programs && !headers.contains_key(ORIGIN) && !headers.contains_key(FETCH_SITE) {
            return Ok(());
        }
        let host = only(headers, &HOST).and_then(|host| host.parse::<Authority>().ok()).ok_or(Refused::Name)?;
        let target = request.uri().authority();
        if ![Some(&host), target].into_iter().flatten().all(|name| self.is_own(name)) {
            return Err(Refused::Name);
        }
        if headers.contains_key(ORIGIN) && !only(headers, &ORIGIN).is_some_and(|origin| self.is_own_page(origin, &host))
        {
            return Err(Refused::Page);
        }
        let site = headers.get(FETCH_SITE).map(|site| site.as_bytes());
        let elsewhere = matches!(site, Some(b"cross-site" | b"same-site"));
        if elsewhere && !(self.links && is_link(request.method(), headers)) {
            return Err(Refused::Page);
        }
        if !self.programs && !request.body().is_end_stream() && !is_structured(headers) {
            return Err(Refused::Body);
        }
        Ok(())
    }

    fn is_own(&self, authority: &Authority) -> bool {
        let host = plain(authority.host());
        let is_address = |ip: IpAddr| ip.is_loopback() || ip == self.listen;
        let is_ip = match authority.host().starts_with('[') {
            true => host.parse::<Ipv6Addr>().is_ok_and(|ip| is_address(ip.into())),
            false => host.parse::<Ipv4Addr>().is_ok_and(|ip| is_address(ip.into())),
        };
        let is_own = is_ip || host.eq_ignore_ascii_case("localhost") || self.is_named(host);
        !authority.as_str().contains('@') && is_own
    }

    fn is_named(&self, host: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether an origin, as `http://127.0.0.1:8081`, is of this host and port, or of one of the names that were added where a
    /// forwarder has rewritten the `Host`, or has cut off its port: it leaves the `Origin`.
    fn is_own_page(&self, origin: &str, host: &Authority) -> bool {
        let Some((_, authority)) = origin.split_once("://") else { return false };
        let is_rewritten = !self.is_named(plain(host.host())) || host.port().is_none();
        let is_named = |origin: Authority| !origin.as_str().contains('@') && self.is_named(plain(origin.host()));
        authority.eq_ignore_ascii_case(host.as_str()) || is_rewritten && authority.parse().is_ok_and(is_named)
    }
}

/// Lets a request pass that comes under one of the guard's names and from no page but the server's own. To be used with
/// [`axum::middleware::from_fn_with_state`].
pub async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(&request) {
        Ok(()) => next.run(request).await,
        Err(refused) => {
            if let Some(times) = guard.refused.times() {
                tracing::warn!(times, "a call was refused: {}", refused.reason());
            }
            refused.answer(guard.way_out)
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refused {
    Name,
    Page,
    Body,
}

impl Refused {
    fn reason(self) -> &'static str {
        match self {
            Refused::Name => "it came under a name that is not this server's",
            Refused::Page => "a page of another origin made it",
            Refused::Body => "its body is neither JSON nor multipart",
        }
    }

    fn answer(self, way_out: &str) -> Response {
        let (status, hint): (_, Cow<'_, str>) = match self {
            Refused::Name => (
                StatusCode::MISDIRECTED_REQUEST,
                format!("call it as 127.0.0.1 or localhost, or add its name: {way_out}").into(),
            ),
            Refused::Page => (
                StatusCode::FORBIDDEN,
                format!(
                    "only its own pages may call it; behind a forwarder, add the name that the browser shows: {way_out}"
                )
                .into(),
            ),
            Refused::Body => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the header Content-Type: application/json".into())
            }
        };
        let body = json!({"error": {"message": format!("the call was refused: {}", self.reason()), "hint": hint}});
        (status, Json(body)).into_response()
    }
}

/// An IPv6 address without its brackets.
fn plain(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// A header that is given exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut given = headers.get_all(name).iter();
    let only = given.next()?;
    given.next().is_none().then(|| only.to_str().ok())?
}

/// Whether a person follows a link, so that nothing is sent and no page sees the answer.
fn is_link(method: &Method, headers: &HeaderMap) -> bool {
    let is = |name: HeaderName, value: &str| headers.get(name).is_some_and(|given| given == value);
    method == Method::GET && is(FETCH_MODE, "navigate") && is(FETCH_DEST, "document")
}

fn is_structured(headers: &HeaderMap) -> bool {
    let Some(kind) = only(headers, &CONTENT_TYPE) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("multipart/")
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const LISTEN: ([u8; 4], u16) = ([10, 0, 0, 7], 8081);

    fn check(guard: &Guard, request: &str, body: &str) -> Result<(), Refused> {
        let mut lines = request.lines();
        let (method, uri) = lines.next().expect("a line").split_once(' ').expect("a method and a path");
        let mut built = Request::builder().method(method).uri(uri);
        for (name, value) in lines.map(|line| line.split_once(": ").expect("a header")) {
            built = built.header(name, value);
        }
        guard.check(&built.body(Body::from(body.to_owned())).expect("a request"))
    }

    fn guarded() -> Guard {
        Guard::new(LISTEN.into(), &["Ops.example.com".into(), "fd00::1".into()], "admin.hosts")
    }

    #[test]
    fn the_host_is_one_of_its_own_names() {
        for own in [
            "localhost",
            "LocalHost:3000",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:8081",
            "10.0.0.7",
            "10.0.0.7:80",
            "ops.EXAMPLE.com:443",
            "[fd00::1]",
        ] {
            assert_eq!(check(&guarded(), &format!("GET /api\nhost: {own}"), ""), Ok(()), "{own}");
        }
        for other in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:8081",
            "10.0.0.8",
            "0.0.0.0",
            "[::2]",
            "localhost@evil.example",
            "evil.example@localhost",
            "127.1",
            "",
            "x y",
        ] {
            assert_eq!(check(&guarded(), &format!("GET /api\nhost: {other}"), ""), Err(Refused::Name), "{other:?}");
        }
        for request in [
            "GET /api",
            "GET /api\nhost: localhost\nhost: evil.example",
            "GET http://evil.example/api\nhost: localhost",
            "GET http://localhost/api\nhost: evil.example",
        ] {
            assert_eq!(check(&guarded(), request, ""), Err(Refused::Name), "{request}");
        }
        assert_eq!(check(&guarded(), "GET http://localhost/api\nhost: localhost", ""), Ok(()));
    }

    #[test]
    fn a_page_is_the_servers_own() {
        let call = |headers: &str| check(&guarded(), &format!("POST /api\nhost: localhost:8081\n{headers}"), "");
        for own in [
            "origin: http://localhost:8081",
            "origin: https://LOCALHOST:8081",
            "sec-fetch-site: same-origin",
            "sec-fetch-site: none",
        ] {
            assert_eq!(call(own), Ok(()), "{own}");
        }
        for foreign in [
            "origin: null",
            "origin: http://localhost",
            "origin: http://localhost:3000",
            "origin: http://evil.example",
            "origin: localhost:8081",
            "origin: ",
            "origin: http://localhost:8081\norigin: http://evil.example",
            "sec-fetch-site: cross-site",
            "sec-fetch-site: same-site",
            "sec-fetch-site: cross-site\nsec-fetch-mode: navigate\nsec-fetch-dest: document",
        ] {
            assert_eq!(call(foreign), Err(Refused::Page), "{foreign}");
        }
    }

    #[test]
    fn a_page_under_an_added_name_is_its_own_though_a_forwarder_rewrites_the_host() {
        for (origin, expected) in [
            ("https://ops.example.com", Ok(())),
            ("https://OPS.example.com:8443", Ok(())),
            ("http://[fd00::1]:3000", Ok(())),
            ("https://evil.example", Err(Refused::Page)),
            ("https://ops.example.com.evil.example", Err(Refused::Page)),
            ("https://ops.example.com@evil.example", Err(Refused::Page)),
            ("https://evil.example@ops.example.com", Err(Refused::Page)),
            ("http://10.0.0.7:3000", Err(Refused::Page)),
        ] {
            let call = format!("POST /api\nhost: localhost:8081\norigin: {origin}");
            assert_eq!(check(&guarded(), &call, ""), expected, "{origin}");
        }
    }

    #[test]
    fn another_server_under_an_added_name_is_not_its_own() {
        for (host, origin, expected) in [
            ("ops.example.com:8081", "http://ops.example.com:3000", Err(Refused::Page)),
            ("ops.example.com:8081", "http://ops.example.com:8081", Ok(())),
            // A proxy has cut the port off.
            ("ops.example.com", "https://ops.example.com:8443", Ok(())),
        ] {
            let call = format!("POST /api\nhost: {host}\norigin: {origin}");
            assert_eq!(check(&guarded(), &call, ""), expected, "{host} {origin}");
        }
    }

    #[test]
    fn programs_call_from_anywhere_and_pages_do_not() {
        let form = "content-type: application/x-www-form-urlencoded";
        for (headers, expected) in [
            ("host: localhost", Ok(())),
            ("host: emulator:8082", Ok(())),
            ("host: graph.facebook.com", Ok(())),
            // Node's fetch.
            ("host: emulator:8082\nsec-fetch-mode: cors", Ok(())),
            ("host: localhost:8082\norigin: http://localhost:8082", Ok(())),
            ("host: localhost:8082\nsec-fetch-site: same-origin", Ok(())),
            ("host: localhost:8082\nsec-fetch-site: none", Ok(())),
            ("host: localhost:8082\norigin: https://ops.example.com", Ok(())),
            ("host: localhost:8082\norigin: http://evil.example", Err(Refused::Page)),
            ("host: localhost:8082\norigin: null", Err(Refused::Page)),
            ("host: localhost:8082\nsec-fetch-site: cross-site", Err(Refused::Page)),
            ("host: localhost:8082\nsec-fetch-site: same-site", Err(Refused::Page)),
            // A name that a stranger points at this machine.
            ("host: evil.example:8082\norigin: http://evil.example:8082", Err(Refused::Name)),
            ("host: evil.example:8082\nsec-fetch-site: same-origin", Err(Refused::Name)),
            // By plain HTTP a browser's GET looks like a program's.
            ("host: evil.example:8082", Ok(())),
        ] {
            let call = format!("POST /555000000000001/subscriptions\n{headers}\n{form}");
            assert_eq!(check(&guarded().for_programs(), &call, "callback_url=x"), expected, "{headers}");
        }
    }

    #[test]
    fn a_link_leads_to_a_page_and_does_nothing_else() {
        let link = "host: localhost\nsec-fetch-site: cross-site\nsec-fetch-mode: navigate\nsec-fetch-dest:";
        for (call, links, expected) in [
            (format!("GET /\n{link} document"), true, Ok(())),
            (format!("GET /\n{link} document"), false, Err(Refused::Page)),
            (format!("GET /\n{link} iframe"), true, Err(Refused::Page)),
            (format!("POST /\n{link} document"), true, Err(Refused::Page)),
        ] {
            let guard = if links { guarded().with_links() } else { guarded() };
            assert_eq!(check(&guard, &call, ""), expected, "{call}");
        }
    }

    #[test]
    fn a_body_is_json_or_multipart() {
        let call = |kind: &str, body: &str| check(&guarded(), &format!("POST /api\nhost: localhost{kind}"), body);
        for kind in [
            "\ncontent-type: application/json",
            "\ncontent-type: Application/JSON; charset=utf-8",
            "\ncontent-type: multipart/form-data; boundary=x",
        ] {
            assert_eq!(call(kind, "{}"), Ok(()), "{kind}");
        }
        for kind in ["", "\ncontent-type: text/plain", "\ncontent-type: application/x-www-form-urlencoded"] {
            assert_eq!(call(kind, "{}"), Err(Refused::Body), "{kind}");
            assert_eq!(call(kind, ""), Ok(()), "{kind}");
        }
    }
}
