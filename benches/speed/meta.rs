//! Meta's side: takes replies, and tells of each that it arrived, was delivered and was read.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::delivery;
use crate::http;

/// How many deliveries Meta makes at once of what it tells by itself.
const AT_ONCE: usize = 16;

/// A Graph API that takes whatever is sent. It ends when this is dropped.
pub struct Meta {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashSet<u64>>,
    posts: AtomicU64,
    /// Deliveries that are not answered yet.
    owed: AtomicU64,
    tell: OnceLock<mpsc::UnboundedSender<(u64, String)>>,
}

#[derive(Deserialize)]
struct Send {
    recipient: Recipient,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Recipient {
    id: String,
}

#[derive(Deserialize)]
struct Message {
    text: String,
    metadata: Option<String>,
}

impl Meta {
    pub async fn start() -> anyhow::Result<Meta> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, shared) = (listener.local_addr()?, Arc::new(Shared::default()));
        let mut tasks = JoinSet::new();
        let taking = Arc::clone(&shared);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&taking)));
            }
        });
        Ok(Meta { address, shared, _tasks: tasks })
    }

    /// From here on tells `server` of each reply.
    pub fn tell(&mut self, server: SocketAddr) {
        let (tell, told) = mpsc::unbounded_channel();
        let told = Arc::new(tokio::sync::Mutex::new(told));
        if self.shared.tell.set(tell).is_ok() {
            for _ in 0..AT_ONCE {
                self._tasks.spawn(push(server, Arc::clone(&told), Arc::clone(&self.shared)));
            }
        }
    }

    /// How many different replies have come.
    pub fn replies(&self) -> u64 {
        self.shared.replies.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// How many requests have come that say something; more than the replies when one was said twice.
    pub fn posts(&self) -> u64 {
        self.shared.posts.load(Ordering::SeqCst)
    }

    /// Whether everything is told.
    pub fn has_told(&self) -> bool {
        self.shared.owed.load(Ordering::SeqCst) == 0
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let mut buffer = Vec::with_capacity(4096);
    while let Ok(Some(body)) = http::message(&mut stream, &mut buffer).await {
        let answer = shared.take(&buffer[..body.start], &buffer[body.clone()]);
        buffer.drain(..body.end);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

impl Shared {
    /// Takes a send, and answers it.
    fn take(&self, head: &[u8], body: &[u8]) -> String {
        let Ok(Send { recipient, message }) = serde_json::from_slice(body) else { return "{}".to_owned() };
        let mut mid = String::new();
        if let Some(message) = message {
            mid = delivery::mid(u64::MAX - self.posts.fetch_add(1, Ordering::SeqCst));
            let mut hasher = DefaultHasher::new();
            (&recipient.id, &message.text).hash(&mut hasher);
            self.replies.lock().unwrap_or_else(PoisonError::into_inner).insert(hasher.finish());
            if let Some(tell) = self.tell.get() {
                let page = page(head).unwrap_or(delivery::PAGE);
                let items = delivery::receipts(page, &recipient.id, &mid, &message.text, message.metadata.as_deref());
                for item in items {
                    self.owed.fetch_add(1, Ordering::SeqCst);
                    let _ = tell.send((page, item));
                }
            }
        }
        format!(r#"{{"recipient_id":"{}","message_id":"{mid}"}}"#, recipient.id)
    }
}

/// The account that sends, from `POST /v26.0/{page}/messages`.
fn page(head: &[u8]) -> Option<u64> {
    std::str::from_utf8(head).ok()?.split(['/', ' ']).find_map(|part| part.parse().ok())
}

async fn push(
    server: SocketAddr,
    told: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<(u64, String)>>>,
    shared: Arc<Shared>,
) {
    let (mut request, mut answer, mut open) = (Vec::new(), Vec::new(), None);
    loop {
        let Some((page, item)) = told.lock().await.recv().await else { return };
        delivery::request(page, &[item], false, &mut request);
        while deliver(&mut open, server, &request, &mut answer).await.is_err() {
            open = None;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        shared.owed.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn deliver(
    open: &mut Option<TcpStream>,
    server: SocketAddr,
    request: &[u8],
    answer: &mut Vec<u8>,
) -> anyhow::Result<()> {
    if open.is_none() {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        *open = Some(stream);
    }
    let stream = open.as_mut().expect("it was opened");
    stream.write_all(request).await?;
    answer.clear();
    http::message(stream, answer).await?;
    anyhow::ensure!(http::status(answer) == Some(200), "not taken");
    Ok(())
}
