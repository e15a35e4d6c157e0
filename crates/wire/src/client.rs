use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::listener::WireError;

/// What is asked of a peer. Headers and bodies hold secrets: neither is printed.
#[derive(Clone)]
pub struct Call {
    pub method: &'static str,
    /// From the first slash, with the query, encoded as it is sent.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// What a peer answers.
#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).finish_non_exhaustive()
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Reply {
    /// The first header of a name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Whom one may ask without TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// This machine alone.
    Loopback,
    /// Anybody: whoever runs it has said so.
    Anybody,
}

/// Where a peer answers, and within which limits.
#[derive(Clone)]
pub struct Peer {
    authority: String,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    /// Bytes of an answer.
    most: usize,
    within: Duration,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("authority", &self.authority).finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer by `http://HOST[:PORT]` or `https://HOST[:PORT]`, and whatever path follows. TLS is 1.3, and who answers
    /// must have a certificate that the machine trusts. Plain http is for whom `plain` names.
    pub fn of(url: &str, plain: Plain, most: usize, within: Duration) -> Result<(Self, String), WireError> {
        Self::by(url, plain, most, within, None)
    }

    /// As [`Peer::of`], and where there are authorities (certificates as PEM), by these alone and none that the machine
    /// trusts.
    pub fn by(
        url: &str,
        plain: Plain,
        most: usize,
        within: Duration,
        authorities: Option<&[u8]>,
    ) -> Result<(Self, String), WireError> {
        // A name and a password before the host are refused, and not repeated.
        let shown = || url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, rest)| format!("...@{rest}"));
        let wrong = || WireError::Address(shown());
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, format!("/{path}")),
            None => (rest, "/".to_owned()),
        };
        let secure = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(wrong()),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(allowed) {
            return Err(wrong());
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
            _ => (authority, if secure { 443 } else { 80 }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let own = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if !secure && !own && plain == Plain::Loopback {
            return Err(WireError::Plain(authority.to_owned()));
        }
        let tls = if secure { Some(trusting(authority, authorities)?) } else { None };
        Ok((Self { authority: authority.to_owned(), host, port, tls, most, within }, path))
    }

    /// As requests name it.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    fn failed(&self, reason: impl fmt::Display) -> WireError {
        WireError::Peer { host: self.authority.clone(), reason: reason.to_string() }
    }

    /// Asks once, over a connection of its own.
    pub async fn ask(&self, call: Call) -> Result<Reply, WireError> {
        let asked = async {
            let stream =
                TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|e| self.failed(e))?;
            match &self.tls {
                None => self.over(stream, call).await,
                Some(tls) => {
                    let name = ServerName::try_from(self.host.clone()).map_err(|error| self.failed(error))?;
                    self.over(tls.connect(name, stream).await.map_err(|error| self.failed(error))?, call)
                        .await
                }
            }
        };
        timeout(self.within, asked).await.unwrap_or_else(|_| Err(self.failed("it took too long")))
    }

    async fn over<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        stream: S,
        call: Call,
    ) -> Result<Reply, WireError> {
        let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|error| self.failed(error))?;
        let carried = tokio::spawn(connection);
        let mut request = Request::builder().method(call.method).uri(&call.path);
        request = request.header(hyper::header::HOST, &self.authority);
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(call.body))).map_err(|error| self.failed(error))?;
        let answer = sender.send_request(request).await.map_err(|error| self.failed(error))?;
        let status = answer.status().as_u16();
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers =
            answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let body = Limited::new(answer.into_body(), self.most).collect().await;
        carried.abort();
        let body = body.map_err(|error| self.failed(error))?.to_bytes().to_vec();
        Ok(Reply { status, headers, body })
    }
}

/// TLS 1.3 with the authorities that were given, or else those that the machine trusts.
fn trusting(authority: &str, authorities: Option<&[u8]>) -> Result<TlsConnector, WireError> {
    let failed = |reason: String| WireError::Peer { host: authority.to_owned(), reason };
    let mut roots = rustls::RootCertStore::empty();
    match authorities {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let added = certificate.map_err(|error| error.to_string());
                let added = added.and_then(|one| roots.add(one).map_err(|error| error.to_string()));
                added.map_err(|error| failed(format!("the file of authorities: {error}")))?;
            }
            if roots.is_empty() {
                return Err(failed("the file of authorities holds no certificate as PEM".to_owned()));
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(failed("the machine trusts no certificate".to_owned()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| failed(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Posts a body and gives the status and the body of the answer, which may have `most` bytes, within a limit of time.
pub async fn post(
    url: &str,
    plain: Plain,
    body: Vec<u8>,
    most: usize,
    within: Duration,
) -> Result<(u16, Vec<u8>), WireError> {
    let (peer, path) = Peer::of(url, plain, most, within)?;
    let reply = peer.ask(Call { method: "POST", path, headers: Vec::new(), body }).await?;
    Ok((reply.status, reply.body))
}

type Asked = (Call, mpsc::Sender<Result<Reply, WireError>>);

/// A peer for those who block: calls are made on a thread of its own, so that they can be made from any.
#[derive(Debug)]
pub struct Client {
    peer: Peer,
    calls: tokio::sync::mpsc::UnboundedSender<Asked>,
}

impl Client {
    pub fn start(peer: Peer) -> Result<Self, WireError> {
        let (calls, mut asked) = tokio::sync::mpsc::unbounded_channel::<Asked>();
        let own = peer.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| peer.failed(error))?;
        std::thread::Builder::new()
            .name("wire client".to_owned())
            .spawn(move || {
                runtime.block_on(async move {
                    while let Some((call, answer)) = asked.recv().await {
                        let own = own.clone();
                        // A slow call holds up no other. Who asked may have gone.
                        tokio::spawn(async move { drop(answer.send(own.ask(call).await)) });
                    }
                });
            })
            .map_err(|error| peer.failed(error))?;
        Ok(Self { peer, calls })
    }

    pub const fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Asks, and blocks until there is an answer or none within the peer's limit.
    pub fn ask(&self, call: Call) -> Result<Reply, WireError> {
        let (answer, answered) = mpsc::channel();
        let gone = || self.peer.failed("the client has ended");
        self.calls.send((call, answer)).map_err(|_| gone())?;
        answered.recv().unwrap_or_else(|_| Err(gone()))
    }
}
