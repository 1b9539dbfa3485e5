//! HTTP to anybody but Meta: no redirect is followed, nothing is repeated, no answer is longer than its limit.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(20);

/// The connections, shared by everybody who asks.
#[derive(Clone, Debug)]
pub struct Fetch {
    http: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// What the body says it is.
    pub content_type: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// Nothing usable came back. The sources name no address: it may carry a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No connection came about: the name is unknown, nothing listens there, or the TLS handshake failed.
    #[error("no connection came about")]
    Unreachable {
        /// Why.
        source: reqwest::Error,
    },
    /// The connection broke before all of the answer was there.
    #[error("the connection broke")]
    Broken {
        /// Why.
        source: reqwest::Error,
    },
    /// The answer is longer than allowed.
    #[error("the answer ({status}) is longer than {limit} bytes")]
    TooLong {
        /// Its status.
        status: StatusCode,
        /// What is allowed.
        limit: usize,
    },
}

impl Fetch {
    /// A client. Proxies of the environment are not for those whom the operator names by address.
    pub fn new() -> reqwest::Result<Fetch> {
        let http = reqwest::Client::builder()
            .user_agent(concat!("rejoinder/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()?;
        Ok(Fetch { http })
    }

    /// Posts `body` and reads an answer of at most `limit` bytes. How long that may take is the caller's affair.
    ///
    /// # Errors
    ///
    /// When nothing usable came back: [`FetchError`].
    pub async fn post(&self, url: &str, headers: HeaderMap, body: Vec<u8>, limit: usize) -> Result<Answer, FetchError> {
        let request = self.http.post(url).headers(headers).body(body);
        let mut response = request.send().await.map_err(|error| {
            let source = error.without_url();
            let is_unreachable = source.is_connect() || source.is_builder();
            if is_unreachable { FetchError::Unreachable { source } } else { FetchError::Broken { source } }
        })?;
        let status = response.status();
        let content_type =
            response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        let broken = |error: reqwest::Error| FetchError::Broken { source: error.without_url() };
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > limit {
                return Err(FetchError::TooLong { status, limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, content_type, body: body.into() })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What comes of a call to a server that reads something, says this and closes.
    async fn called(scheme: &str, says: &'static [u8]) -> Result<Answer, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("{scheme}://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(says).await;
            }
        });
        call(&url).await
    }

    async fn call(url: &str) -> Result<Answer, FetchError> {
        Fetch::new().expect("a client").post(url, HeaderMap::new(), b"{}".to_vec(), 10).await
    }

    #[tokio::test]
    async fn no_connection_is_told_from_one_that_broke() {
        let unreachable = |result| matches!(result, Err(FetchError::Unreachable { .. }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let gone = listener.local_addr().expect("an address");
        drop(listener);
        assert!(unreachable(call(&format!("http://{gone}/")).await), "nothing listens");
        assert!(unreachable(call("http://relay.invalid/").await), "the name is unknown");
        assert!(unreachable(called("https", b"HTTP/1.1 200 OK\r\n\r\n").await), "it does not speak TLS");
        assert!(unreachable(called("https", b"").await), "it closes during the TLS handshake");

        let broken = |result| matches!(result, Err(FetchError::Broken { .. }));
        assert!(broken(called("http", b"").await), "it closes after the request");
        assert!(broken(called("http", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await), "half an answer");
        assert!(broken(called("http", b"no HTTP").await));
        let long = called("http", b"HTTP/1.1 503 X\r\ncontent-length: 11\r\n\r\n12345678901").await;
        assert!(matches!(long, Err(FetchError::TooLong { status: StatusCode::SERVICE_UNAVAILABLE, .. })));
    }
}
