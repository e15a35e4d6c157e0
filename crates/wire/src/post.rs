use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::listener::WireError;

/// Posts a body to `http://HOST[:PORT]/PATH` and gives the status and the body of the answer, which may have `most`
/// bytes, within a limit of time.
pub async fn post(
    url: &str,
    body: Vec<u8>,
    most: usize,
    within: Duration,
) -> Result<(u16, Vec<u8>), WireError> {
    let address = || WireError::Address(url.to_owned());
    let (authority, path) = match url.strip_prefix("http://").ok_or_else(address)?.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (url.strip_prefix("http://").ok_or_else(address)?, "/".to_owned()),
    };
    if authority.is_empty() || authority.contains('@') {
        return Err(address());
    }
    let place = if authority.rsplit(']').next().is_some_and(|rest| rest.contains(':')) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let failed = |reason: String| WireError::Peer { host: authority.to_owned(), reason };
    let asked = async {
        let stream = TcpStream::connect(&place).await.map_err(|error| failed(error.to_string()))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| failed(error.to_string()))?;
        let carried = tokio::spawn(connection);
        let request = Request::post(&path)
            .header(hyper::header::HOST, authority)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| address())?;
        let answer = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), most).collect().await;
        carried.abort();
        Ok((status, body.map_err(|error| failed(error.to_string()))?.to_bytes().to_vec()))
    };
    timeout(within, asked).await.unwrap_or_else(|_| Err(failed("it took too long".to_owned())))
}
