//! Deadlines, and who goes when there are too many connections.

use rejoinder::listener::{Limits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::request::guessed_signature;
use crate::harness::{PATIENCE, Rig, RigOptions, delivery, world};

fn with(key: &'static str, value: &str) -> RigOptions {
    RigOptions { settings: vec![(key, value.into())], subscribe: false, ..RigOptions::default() }
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
    head(stream).await
}

/// The head of an answer.
async fn head(stream: &mut TcpStream) -> String {
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
    let mut rig = Rig::with(with("server.timeout", "2s")).await;
    // The operator's listener closes idle connections as soon: the test must not ask on one that is just being closed.
    rig.http = reqwest::Client::builder().pool_max_idle_per_host(0).build().expect("a client");
    let mut silent = connect(&rig).await;
    let mut slow = connect(&rig).await;
    slow.write_all(b"POST /webhook HTTP/1.1\r\nhost:").await.expect("written");
    let mut idle = connect(&rig).await;
    assert!(ask(&mut idle).await.starts_with("HTTP/1.1 404"));
    let mut body = connect(&rig).await;
    let head = format!("POST /webhook HTTP/1.1\r\nhost: x\r\n{}content-length: 10\r\n\r\nhalf", guessed_signature());
    body.write_all(head.as_bytes()).await.expect("written");
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
async fn a_connection_whose_body_trickles_goes_before_one_that_was_served() {
    let rig = Rig::with(with("server.max_connections", "2")).await;
    let body = delivery(&[]).to_string();
    let signature = rejoinder::signature::sign(&world().app.secret, body.as_bytes());
    let mut served = connect(&rig).await;
    let deliver = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    served.write_all(deliver.as_bytes()).await.expect("written");
    assert!(head(&mut served).await.starts_with("HTTP/1.1 200"));
    let mut slow = connect(&rig).await;
    let begun = format!(
        "POST /webhook HTTP/1.1\r\nhost: x\r\n{}content-length: 10\r\nexpect: 100-continue\r\n\r\n",
        guessed_signature()
    );
    slow.write_all(begun.as_bytes()).await.expect("written");
    // The server asks for the body: the request is under way.
    assert!(head(&mut slow).await.starts_with("HTTP/1.1 100"));
    assert!(ask(&mut connect(&rig).await).await.starts_with("HTTP/1.1 404"));
    assert_eq!(rest(&mut slow).await, "");
    served.write_all(deliver.as_bytes()).await.expect("written");
    assert!(head(&mut served).await.starts_with("HTTP/1.1 200"));
    drop(served);
    rig.stop_and_end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_at_work_are_not_closed_for_a_newcomer() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let (end, ends) = tokio::sync::watch::channel(false);
    let handler = move |_: axum::body::Bytes| {
        let (begun, mut ends) = (begun.clone(), ends.clone());
        async move {
            begun.send(()).await.expect("the test listens");
            ends.wait_for(|end| *end).await.expect("the test lives");
        }
    };
    let router = axum::Router::new().route("/", axum::routing::post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let limits = Limits { connections: 1, timeout: PATIENCE };
    let stop = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(serve(listener, router, limits, stop.clone()));
    let mut busy = TcpStream::connect(address).await.expect("a connection");
    busy.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n0123456789").await.expect("written");
    begins.recv().await.expect("it is at work");
    assert_eq!(rest(&mut TcpStream::connect(address).await.expect("a connection")).await, "");
    end.send(true).expect("it waits");
    assert!(head(&mut busy).await.starts_with("HTTP/1.1 200"));
    stop.cancel();
    serving.await.expect("it ends");
}
