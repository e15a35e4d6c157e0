use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// How much is taken, and how long anything may last.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once. One more waits until one goes.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// From the first byte of a request to the last of its headers.
    pub headers: Duration,
    /// From the headers to the answer, reading the body included.
    pub answer: Duration,
    /// A whole connection, however many requests it carries.
    pub connection: Duration,
    /// What a stop waits for those that run.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            body: 1 << 20,
            headers: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            connection: Duration::from_secs(600),
            stop: Duration::from_secs(10),
        }
    }
}

/// What a request asks to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// To read; a request for the headers alone is one of these, and its body is left out on the way.
    Get,
    Post,
}

/// A whole request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// From the first slash, as it was sent, without a query.
    pub path: String,
    pub body: Bytes,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// The media type of the body.
    pub media: &'static str,
    /// The body is compressed with gzip, and the asker is to be told.
    pub gzip: bool,
    /// May be kept for ever, or must be asked for again each time.
    pub immutable: bool,
    pub body: Vec<u8>,
}

impl Answer {
    /// A line of text that is true now.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        let mut body = text.into().into_bytes();
        if !body.ends_with(b"\n") {
            body.push(b'\n');
        }
        Self { status, media: "text/plain; charset=utf-8", gzip: false, immutable: false, body }
    }
}

/// What answers. It holds no connection and no socket.
pub trait Service: Send + Sync + 'static {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>>;
}

/// Why nothing can be listened to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    #[error("`{address}` cannot be listened on: {error}")]
    Bind { address: SocketAddr, error: std::io::Error },
    #[error("`{0}` is no address to post to: write http://HOST[:PORT]/PATH, or https")]
    Address(String),
    #[error(
        "`{0}` would be asked over plain http, where whoever is on the way reads and changes what is said: write https, or allow it with --plain-http"
    )]
    Plain(String),
    #[error("no answer from `{host}`: {reason}")]
    Peer { host: String, reason: String },
}

/// Ends a [`Listener::run`], from anywhere and as often as one likes.
#[derive(Clone, Debug)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

/// A stop, and what listens for it.
pub fn stop() -> (Stop, watch::Receiver<bool>) {
    let (sender, receiver) = watch::channel(false);
    (Stop(Arc::new(sender)), receiver)
}

/// An open port.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    limits: Limits,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Listener {
    pub async fn bind(address: SocketAddr, limits: Limits) -> Result<Self, WireError> {
        let failed = |error| WireError::Bind { address, error };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, address, limits })
    }

    /// Where it listens: the port is known now where 0 was asked for.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until stopped; then takes nothing new, and lets what runs finish.
    pub async fn run(self, service: Arc<dyn Service>, mut stopped: watch::Receiver<bool>) {
        let limits = self.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        loop {
            let place = tokio::select! {
                _ = ended(&mut stopped) => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let stream = tokio::select! {
                _ = ended(&mut stopped) => break,
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // The peer has gone already, or files are short: what waits gets another chance soon.
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                        continue;
                    }
                },
            };
            let service = Arc::clone(&service);
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                let answer = hyper::service::service_fn(move |request| {
                    let service = Arc::clone(&service);
                    async move { Ok::<_, Infallible>(answered(&*service, request, limits).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(limits.headers)
                    .max_buf_size(64 * 1024)
                    .serve_connection(TokioIo::new(stream), answer);
                let mut connection = std::pin::pin!(connection);
                let first = timeout(limits.connection, async {
                    tokio::select! {
                        _ = connection.as_mut() => true,
                        _ = ended(&mut stopped) => false,
                    }
                });
                if matches!(first.await, Ok(false)) {
                    connection.as_mut().graceful_shutdown();
                    let _ = timeout(limits.stop, connection).await;
                }
                drop(place);
            });
        }
        let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
        let _ = timeout(limits.stop, places.acquire_many(all)).await;
    }
}

/// Ready when stopped, or when nobody can stop it any more.
async fn ended(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn answered(
    service: &dyn Service,
    request: Request<Incoming>,
    limits: Limits,
) -> Response<Full<Bytes>> {
    let only_headers = request.method() == hyper::Method::HEAD;
    let answer = timeout(limits.answer, async {
        let (head, body) = request.into_parts();
        let method = match head.method {
            hyper::Method::GET | hyper::Method::HEAD => Method::Get,
            hyper::Method::POST => Method::Post,
            _ => return Answer::text(405, "GET and POST are answered here"),
        };
        match Limited::new(body, limits.body).collect().await {
            Ok(body) => {
                let path = head.uri.path().to_owned();
                service.answer(Asked { method, path, body: body.to_bytes() }).await
            }
            Err(_) => Answer::text(413, "the body is longer than is taken here, or broke off"),
        }
    });
    let answer = answer.await.unwrap_or_else(|_| Answer::text(503, "it took too long"));
    written(answer, only_headers)
}

fn written(answer: Answer, only_headers: bool) -> Response<Full<Bytes>> {
    let length = answer.body.len();
    let body = if only_headers { Bytes::new() } else { Bytes::from(answer.body) };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(hyper::header::CONTENT_TYPE, answer.media);
    set(HeaderName::from_static("x-content-type-options"), "nosniff");
    set(
        hyper::header::CACHE_CONTROL,
        if answer.immutable { "public, max-age=31536000, immutable" } else { "no-cache" },
    );
    if answer.gzip {
        set(hyper::header::CONTENT_ENCODING, "gzip");
    }
    if only_headers {
        headers.insert(hyper::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}
