//! Deadlines, and who goes when there are too many connections.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Rig, Wish};

fn with(key: &'static str, value: &str) -> Wish {
    Wish { settings: vec![(key, value.into())], subscribe: false, ..Wish::default() }
}

async fn connect(rig: &Rig) -> TcpStream {
    TcpStream::connect(rig.app.as_ref().expect("a server").public).await.expect("a connection")
}

/// What comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is a close, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One request and its answer, on a connection that stays open.
async fn ask(stream: &mut TcpStream) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("written");
    let (mut seen, mut buffer) = (String::new(), [0; 1024]);
    while !seen.contains("\r\n\r\n") {
        let length = stream.read(&mut buffer).await.expect("read");
        assert!(length > 0, "closed after {seen:?}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_silent_slow_or_idle_is_closed() {
    let mut rig = Rig::with(with("server.timeout", "200ms")).await;
    // The operator's listener closes idle connections as soon: the test must not ask on one that is just being closed.
    rig.http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
    let mut silent = connect(&rig).await;
    let mut slow = connect(&rig).await;
    slow.write_all(b"POST /webhook HTTP/1.1\r\nhost:").await.expect("written");
    let mut idle = connect(&rig).await;
    assert!(ask(&mut idle).await.starts_with("HTTP/1.1 404"));
    let mut body = connect(&rig).await;
    let head = b"POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=00\r\ncontent-length: 10\r\n\r\nhalf";
    body.write_all(head).await.expect("written");
    assert_eq!(rest(&mut silent).await, "");
    // The library answers 408 to a header that was begun, or closes; either ends the wait.
    let answer = rest(&mut slow).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut body).await.starts_with("HTTP/1.1 408"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_the_limit_the_longest_idle_connection_goes() {
    let rig = Rig::with(with("server.max_connections", "3")).await;
    let (mut first, mut second, mut third) = (connect(&rig).await, connect(&rig).await, connect(&rig).await);
    for stream in [&mut first, &mut second, &mut third] {
        ask(stream).await;
    }
    ask(&mut first).await;
    // The second was idle for longest: the first has asked again since.
    let mut fourth = connect(&rig).await;
    assert!(ask(&mut fourth).await.starts_with("HTTP/1.1 404"));
    assert_eq!(rest(&mut second).await, "");
    for stream in [&mut first, &mut third, &mut fourth] {
        ask(stream).await;
    }
    drop((first, third, fourth));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_at_work_are_not_closed_for_a_newcomer() {
    let rig = Rig::with(with("server.max_connections", "1")).await;
    let mut busy = connect(&rig).await;
    let head = b"POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: sha256=00\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n";
    busy.write_all(head).await.expect("written");
    // The server asks for the body: the request is under way.
    let mut buffer = [0; 64];
    let length = busy.read(&mut buffer).await.expect("read");
    assert!(buffer[..length].starts_with(b"HTTP/1.1 100"));
    assert_eq!(rest(&mut connect(&rig).await).await, "");
    busy.write_all(b"0123456789").await.expect("written");
    let length = busy.read(&mut buffer).await.expect("read");
    assert!(buffer[..length].starts_with(b"HTTP/1.1 401"));
    drop(busy);
    rig.stop_and_end().await;
}
