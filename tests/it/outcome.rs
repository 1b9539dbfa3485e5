//! `rejoinder send` when the outcome is not known: the operator has the ids, and a code that is not that of "not sent".

use std::path::Path;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::harness::binary::command;
use crate::harness::{ADA, Rig, RigOptions, request, vacant};

/// The exit code, stdout and stderr of `rejoinder send` to the admin listener at `url`.
async fn send(folder: &Path, url: &str, further: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["send", "shop", ADA, "hello", "--url", url], further].concat();
    let mut command = command(folder, &arguments, &[]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("it runs")).await.expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_is_too_long_ends_with_the_id_and_a_code_of_its_own() {
    let rig = Rig::with(RigOptions { handler: "none", ..RigOptions::default() }).await;
    rig.says("Ada", "shop", "hello").await;
    rig.events_are("done", 1).await;
    // The clock stands: the second attempt does not come.
    rig.fault(json!({"send": "rate_limit", "times": 1})).await;
    let (code, out, talk) = send(rig.folder.path(), &rig.admin(""), &["--wait", "--timeout", "1s"]).await;
    let id = rig.sends("").await[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((code, out.as_str()), (Some(3), ""), "{talk}");
    for words in [format!("send {id} is planned"), "not settled after 1s".into(), format!("sends show {id}")] {
        assert!(talk.contains(&words), "{words:?} in {talk}");
    }
    rig.stop_and_end().await;
}

/// Reads one request, and answers it with JSON; without an answer the line is cut.
async fn exchange(listener: &TcpListener, answer: Option<(&str, &str)>) {
    let (mut stream, _) = listener.accept().await.expect("a connection");
    request::body(&mut stream).await.expect("a request");
    let Some((status, body)) = answer else { return };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_for_a_moment_is_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = async {
        exchange(&listener, Some(("202 Accepted", r#"{"id":"7","ids":["7"]}"#))).await;
        exchange(&listener, None).await;
        exchange(&listener, Some(("503 Service Unavailable", r#"{"error":{"message":"no"}}"#))).await;
        exchange(&listener, Some(("502 Bad Gateway", "<html>"))).await;
        exchange(&listener, Some(("200 OK", r#"{"id":"7","status":"sent"}"#))).await;
    };
    let ((code, out, talk), ()) = tokio::join!(send(folder.path(), &url, &["--wait"]), server);
    assert_eq!((code, out.as_str()), (Some(0), "7  sent\n"), "{talk}");
    assert_eq!(talk.matches("the server does not answer; it is asked again").count(), 1, "{talk}");

    // Held is not "not sent": a program that posts again on exit code 1 would say it twice.
    let server = async {
        exchange(&listener, Some(("202 Accepted", r#"{"id":"7","ids":["7"]}"#))).await;
        exchange(&listener, Some(("200 OK", r#"{"id":"7","status":"held","reason":"no evidence"}"#))).await;
    };
    let ((code, out, talk), ()) = tokio::join!(send(folder.path(), &url, &["--wait"]), server);
    assert_eq!((code, out.as_str()), (Some(3), "7  held  no evidence\n"), "{talk}");
    assert!(talk.contains("sends release 7"), "{talk}");

    // One that knows nothing of the send any more.
    let server = async {
        exchange(&listener, Some(("202 Accepted", r#"{"id":"7","ids":["7"]}"#))).await;
        exchange(&listener, Some(("404 Not Found", r#"{"error":{"message":"there is no such send"}}"#))).await;
    };
    let ((code, out, talk), ()) = tokio::join!(send(folder.path(), &url, &["--wait"]), server);
    assert_eq!((code, out.as_str()), (Some(3), ""), "{talk}");
    assert!(talk.contains("send 7 is planned") && talk.contains("sends show 7"), "{talk}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_is_lost_is_told_from_one_that_never_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    for (further, hint) in [(&[][..], "rejoinder sends"), (&["--key", "p9"], "--idempotency-key")] {
        let (said, ()) = tokio::join!(send(folder.path(), &url, further), exchange(&listener, None));
        assert_eq!((said.0, said.1.as_str()), (Some(3), ""), "{}", said.2);
        assert!(said.2.contains("not known") && said.2.contains(hint), "{}", said.2);
    }
    // A dry run takes nothing: it failed, and that is all.
    let (said, ()) = tokio::join!(send(folder.path(), &url, &["--dry-run"]), exchange(&listener, None));
    assert_eq!((said.0, said.1.as_str()), (Some(1), ""), "{}", said.2);
    assert!(said.2.contains("the server does not answer") && !said.2.contains("not known"), "{}", said.2);
    let (_port, vacant) = vacant();
    let url = format!("http://{vacant}");
    let (code, _, talk) = send(folder.path(), &url, &[]).await;
    assert_eq!(code, Some(1), "{talk}");
}
