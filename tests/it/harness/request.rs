//! Reads HTTP as it stands on the wire, for a server that breaks off, hangs or lies.

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// A signature that may be one, and is not.
pub const GUESS: &str = "sha256=0000000000000000000000000000000000000000000000000000000000000000";

/// The header with that.
pub fn guessed_signature() -> String {
    format!("x-hub-signature-256: {GUESS}\r\n")
}

/// The body of the next request; `None` when the connection closes first.
pub async fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    loop {
        if stream.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        if read.len() >= end + 4 + length.parse::<usize>().ok()? {
            return Some(read.split_off(end + 4));
        }
    }
}

/// The same as JSON.
pub async fn json(stream: &mut TcpStream) -> Option<Value> {
    serde_json::from_slice(&body(stream).await?).ok()
}
