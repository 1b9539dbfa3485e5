//! As much of HTTP/1.1 as a generator needs: bodies with a length, on connections that stay open.

use std::io::{Error, ErrorKind, Result};
use std::ops::Range;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// Reads until `buffer` begins with a whole message. Returns where its body is; None when the peer has closed the connection
/// before a message began.
pub async fn message(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Option<Range<usize>>> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return if buffer.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
        }
    };
    let end = head + length(&buffer[..head])?;
    while buffer.len() < end {
        if stream.read_buf(buffer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(head..end))
}

/// The status of the answer that `buffer` begins with.
pub fn status(buffer: &[u8]) -> Option<u16> {
    std::str::from_utf8(buffer.get(9..12)?).ok()?.parse().ok()
}

fn length(head: &[u8]) -> Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let line = head
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME)));
    let Some(line) = line else { return Ok(0) };
    let value = std::str::from_utf8(&line[NAME.len()..]).ok().and_then(|value| value.trim().parse().ok());
    value.ok_or_else(|| Error::new(ErrorKind::InvalidData, "a length that is no number"))
}
