#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wire::{Answer, Asked, Limits, Listener, Method, Peer, Plain, Service, post, stop};

struct Echo;

impl Service for Echo {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            if asked.path == "/slow" {
                std::future::pending::<()>().await;
            }
            let method = if asked.method == Method::Get { "get" } else { "post" };
            Answer::text(200, format!("{method} {} {}", asked.path, asked.body.len()))
        })
    }
}

async fn listening(limits: Limits) -> (SocketAddr, wire::Stop, tokio::task::JoinHandle<()>) {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
    let (stop, stopped) = stop();
    let address = listener.address();
    (address, stop, tokio::spawn(listener.run(Arc::new(Echo), stopped)))
}

async fn said(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn requests_are_answered_within_limits() {
    let limits = Limits {
        body: 10,
        answer: Duration::from_millis(200),
        headers: Duration::from_millis(200),
        ..Limits::default()
    };
    let (address, stop, task) = listening(limits).await;
    let url = |path: &str| format!("http://{address}{path}");
    let second = Duration::from_secs(5);
    assert_eq!(
        post(&url("/x"), Plain::Loopback, b"abc".to_vec(), 99, second).await.unwrap(),
        (200, b"post /x 3\n".to_vec())
    );
    assert_eq!(post(&url("/x"), Plain::Loopback, vec![0; 11], 99, second).await.unwrap().0, 413);
    assert_eq!(post(&url("/slow"), Plain::Loopback, Vec::new(), 99, second).await.unwrap().0, 503);
    assert!(post(&url("/x"), Plain::Loopback, Vec::new(), 3, second).await.is_err());
    assert!(post("ftp://x/", Plain::Loopback, Vec::new(), 9, second).await.is_err());
    let got = said(address, "GET /tile/0/000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(got.starts_with("HTTP/1.1 200") && got.ends_with("get /tile/0/000 0\n"), "{got}");
    let head = said(address, "HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(head.contains("content-length: 9") && head.ends_with("\r\n\r\n"), "{head}");
    let put =
        said(address, "PUT /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").await;
    assert!(put.starts_with("HTTP/1.1 405"), "{put}");
    // Headers that never end are cut off.
    assert!(!said(address, "GET / HTTP/1.1\r\nHost: a\r\nX: ").await.starts_with("HTTP/1.1 200"));
    stop.now();
    task.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn one_connection_too_many_waits_and_a_stop_ends_idle_ones() {
    let limits = Limits { connections: 1, stop: Duration::from_secs(5), ..Limits::default() };
    let (address, stop, task) = listening(limits).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut some = [0; 16];
    assert!(first.read(&mut some).await.unwrap() > 0);
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"GET /b HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let waits = tokio::time::timeout(Duration::from_millis(200), second.read(&mut some)).await;
    assert!(waits.is_err());
    drop(first);
    assert!(second.read(&mut some).await.unwrap() > 0);
    stop.now();
    task.await.unwrap();
}

#[test]
fn plain_http_is_for_this_machine_unless_somebody_says_otherwise() {
    let of = |url: &str, plain| Peer::of(url, plain, 9, Duration::from_secs(1));
    for own in ["http://127.0.0.1:9000/a", "http://localhost", "http://[::1]:80/", "http://127.9.9.9"] {
        of(own, Plain::Loopback).unwrap();
    }
    for other in
        ["http://10.0.0.1:9000", "http://store.example/a", "http://localhost.example", "http://[::2]"]
    {
        let refused = of(other, Plain::Loopback).unwrap_err().to_string();
        assert!(refused.contains("plain http") && refused.contains("https"), "{refused}");
        of(other, Plain::Anybody).unwrap();
    }
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    let refused =
        Peer::of("https://mara:hunter2@store.example/a", Plain::Loopback, 9, Duration::from_secs(1));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("...@store.example/a") && !refused.contains("hunter2"), "{refused}");
}

#[test]
fn authorities_of_ones_own_are_certificates_or_nothing() {
    let by = |url, pem: &[u8]| Peer::by(url, Plain::Loopback, 100, Duration::from_secs(1), Some(pem));
    for pem in [
        &b""[..],
        b"no certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n",
    ] {
        let refused = by("https://bao.example", pem).unwrap_err().to_string();
        assert!(refused.contains("bao.example") && refused.contains("authorities"), "{refused}");
    }
    assert!(by("http://localhost", b"").is_ok());
}
