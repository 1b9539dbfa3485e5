//! The operator's listener of a running server, as a command calls it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;

use super::failure::Failure;
use super::settings_args::SettingsArgs;
use crate::host;
use crate::secret::Secret;
use crate::settings::Settings;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which server.
#[derive(Args, Debug)]
pub(super) struct ServerArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Another server's admin listener, as http://127.0.0.1:8081, in place of admin.listen. .env is not read then: the
    /// token is that of REJOINDER_ADMIN__TOKEN.
    #[arg(long, value_name = "URL", value_parser = address)]
    url: Option<Url>,
}

impl ServerArgs {
    /// A client of the server that the arguments, or else the settings, name.
    pub(super) fn client(&self) -> anyhow::Result<Client> {
        let mut sources = self.settings.sources();
        let (base, token) = match &self.url {
            Some(url) => {
                // What lies in the working directory is about the server at home; its token is none of another's business.
                sources.default_env_file = None;
                (url.clone(), Settings::load_admin_token(&sources)?)
            }
            None => {
                let admin = Settings::load_admin(&sources)?;
                (local(admin.listen), admin.token)
            }
        };
        Ok(Client { http: http(&base)?, authorization: token.as_ref().map(bearer).transpose()?, base })
    }
}

/// A running server's `/api`.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// A request for `/api/` and the segments of `path`.
    pub(super) fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("api").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        match &self.authorization {
            Some(authorization) => request.header(AUTHORIZATION, authorization.clone()),
            None => request,
        }
    }

    /// What `/api/…` has.
    pub(super) async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, Failure> {
        self.ask(self.request(Method::GET, path, query)).await
    }

    /// Why the server takes no deliveries now, as `/readyz` tells it; none where it does.
    pub(super) async fn readiness(&self) -> Result<Option<String>, Failure> {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("an http address has a path").pop_if_empty().push("readyz");
        let unreachable = |error| Failure::unreachable(&self.base, error);
        let answer = self.http.get(url).send().await.map_err(unreachable)?;
        let (status, body) = (answer.status(), answer.bytes().await.map_err(unreachable)?);
        let said: Value = serde_json::from_slice(&body).map_err(|_| Failure::foreign(&self.base, status))?;
        match (status, said["reason"].as_str()) {
            (StatusCode::OK, _) if said["status"] == "ready" => Ok(None),
            (StatusCode::SERVICE_UNAVAILABLE, Some(reason)) => Ok(Some(reason.to_owned())),
            _ => Err(Failure::foreign(&self.base, status)),
        }
    }

    /// What the server answered makes no sense.
    pub(super) fn not_an_answer(&self) -> Failure {
        Failure::foreign(&self.base, StatusCode::OK)
    }

    /// The answer to `request`; null where it has no body.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let (http, request) = request.build_split();
        let request = request.map_err(|error| Failure::unreachable(&self.base, error))?;
        let place = request.url().clone();
        let unreachable = |error| Failure::unreachable(&place, error);
        let answer = http.execute(request).await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        match serde_json::from_slice(&body) {
            Ok(answer) if status.is_success() => Ok(answer),
            Err(_) if status.is_success() && body.is_empty() => Ok(Value::Null),
            Ok(answer) => Err(Failure::answered(&place, status, &answer, self.authorization.is_some())),
            Err(_) if status == StatusCode::UNAUTHORIZED => {
                Err(Failure::answered(&place, status, &Value::Null, self.authorization.is_some()))
            }
            Err(_) => Err(Failure::foreign(&place, status)),
        }
    }
}

/// Where a server that listens on `address` can be called: a wildcard is reached by loopback.
pub(super) fn local(address: SocketAddr) -> Url {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, address.port());
    Url::parse(&format!("http://{address}")).expect("an address and a port make a URL")
}

/// Connections to the server at `url`. Never follows a redirect, which could carry what is sent elsewhere, and never repeats
/// a request by itself.
pub(super) fn http(url: &Url) -> reqwest::Result<reqwest::Client> {
    let builder = || {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("rejoinder/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        // A proxy of the environment could not reach this machine's own addresses.
        if url.host_str().is_some_and(host::is_loopback) { builder.no_proxy() } else { builder }
    };
    // A machine without any certificate authorities still reaches servers by HTTP.
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

fn bearer(token: &Secret) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        anyhow::anyhow!("admin.token holds characters that no header can carry\n  hint: give it on one line")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads an argument that is a server's address.
pub(super) fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err("an address with a user in it is not called".to_owned())
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => {
            Ok(url)
        }
        _ => Err("this is not an address such as http://127.0.0.1:8081".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_is_reached_by_loopback() {
        let check = |listen: &str, url: &str| {
            assert_eq!(local(listen.parse().expect("an address")).as_str(), url);
        };
        check("0.0.0.0:8081", "http://127.0.0.1:8081/");
        check("[::]:8081", "http://[::1]:8081/");
        check("10.0.0.7:8081", "http://10.0.0.7:8081/");
    }

    #[test]
    fn an_address_is_http_and_names_no_user() {
        for good in ["http://127.0.0.1:8081", "https://ops.example.com/rejoinder/"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["127.0.0.1:8081", "localhost", "ftp://x", "http://", "http://u:p@x", "http://x/?a=b"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_stands_in_a_path_cannot_leave_it() {
        let base = address("https://ops.example.com/rejoinder/").expect("an address");
        let client = Client { http: http(&base).expect("a client"), base, authorization: None };
        let request = client.request(Method::GET, &["accounts", "a/b?c", "sends"], &[("after", "1&2")]);
        let url = request.build().expect("a request").url().to_string();
        assert_eq!(url, "https://ops.example.com/rejoinder/api/accounts/a%2Fb%3Fc/sends?after=1%262");
    }
}
