//! An object store that speaks S3, with what a log and an archive ask of one: conditional writes, lists, and objects
//! that the store itself locks until a day (Object Lock, compliance mode).

use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use journal::Clock;
use tlog::{Object, Objects};
use wire::{Call, Client, Credentials, Peer, Plain, Reply};

use crate::error::LedgerError;

const LONGEST: usize = 80 << 20;
/// Of a list: the tiles and bundles of some two billion entries, and as many pages of a thousand.
const MOST_KEYS: usize = 16_000_000;
const MOST_PAGES: usize = 20_000;
const WITHIN: Duration = Duration::from_secs(60);

/// A bucket.
pub struct S3 {
    client: Client,
    /// The path of the endpoint, which stands before that of the bucket.
    above: String,
    bucket: String,
    region: String,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    /// For how many days full tiles, bundles and sealed logs are locked.
    lock_days: Option<u32>,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}

impl S3 {
    /// A bucket at an endpoint, `https://HOST[:PORT][/PATH]`, by its path.
    pub fn new(
        endpoint: &str,
        plain: Plain,
        bucket: &str,
        region: &str,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if bucket.is_empty() || !bucket.chars().all(named) || !region.chars().all(named) {
            return Err(LedgerError::Refused(
                "a bucket and a region have lower-case letters, digits, hyphens and dots".to_owned(),
            ));
        }
        let (peer, path) = Peer::of(endpoint, plain, LONGEST, WITHIN)?;
        let above = path.trim_end_matches('/').to_owned();
        if encoded(&above, true) != above || above.split('/').any(|part| part == "." || part == "..") {
            return Err(LedgerError::Refused(
                "the path of an endpoint has letters, digits, and the signs -._~ between slashes".to_owned(),
            ));
        }
        let (bucket, region) = (bucket.to_owned(), region.to_owned());
        Ok(Self { client: Client::start(peer)?, above, bucket, region, credentials, clock, lock_days: None })
    }

    /// With what never changes locked by the store for so many days from when it is written.
    #[must_use]
    pub fn locking(self, days: u32) -> Self {
        Self { lock_days: Some(days), ..self }
    }

    /// Asks with a signature.
    fn ask(
        &self,
        method: &'static str,
        key: &str,
        query: &[(&str, &str)],
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> io::Result<Reply> {
        let path = format!("{}/{}/{}", self.above, self.bucket, encoded(key, true));
        let mut pairs: Vec<String> = query
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name, false), encoded(value, false)))
            .collect();
        pairs.sort();
        let path = if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) };
        let mut call = Call { method, path, headers, body };
        self.credentials.sign(
            &mut call,
            self.client.peer().authority(),
            &self.region,
            "s3",
            self.clock.now(),
        );
        self.client.ask(call).map_err(io::Error::other)
    }

    /// What is never written twice, so that it may be locked.
    fn lock(&self, key: &str) -> Vec<(&'static str, String)> {
        let fixed = (key.contains("tile/") && !key.contains(".p/")) || key.ends_with("/sealed");
        match self.lock_days.filter(|_| fixed) {
            Some(days) => {
                let span = jiff::Span::new().try_hours(i64::from(days) * 24);
                let until =
                    span.and_then(|span| self.clock.now().checked_add(span)).unwrap_or(Timestamp::MAX);
                vec![
                    ("x-amz-object-lock-mode", "COMPLIANCE".to_owned()),
                    ("x-amz-object-lock-retain-until-date", until.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                ]
            }
            None => Vec::new(),
        }
    }

    fn write(&self, key: &str, bytes: &[u8], condition: Option<(&'static str, String)>) -> io::Result<bool> {
        let mut headers = self.lock(key);
        let sum = digest::digest(&digest::SHA256, bytes);
        headers.push(("x-amz-checksum-sha256", STANDARD.encode(sum.as_ref())));
        headers.push(("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()));
        let conditional = condition.is_some();
        headers.extend(condition);
        let reply = self.ask("PUT", key, &[], headers, bytes.to_vec())?;
        match reply.status {
            200 => Ok(true),
            // Another was first; or two at once, and it is not said who.
            412 | 409 | 404 if conditional => Ok(false),
            _ => Err(refused(&reply)),
        }
    }
}

impl Objects for S3 {
    fn get(&self, key: &str, limit: usize) -> io::Result<Option<Object>> {
        let reply = self.ask("GET", key, &[], Vec::new(), Vec::new())?;
        match reply.status {
            200 if reply.body.len() > limit => Err(io::ErrorKind::FileTooLarge.into()),
            200 => {
                let tag = reply.header("etag").unwrap_or_default().to_owned();
                Ok(Some(Object { bytes: reply.body, tag }))
            }
            404 if code(&reply) == "NoSuchKey" => Ok(None),
            _ => Err(refused(&reply)),
        }
    }

    fn create(&self, key: &str, bytes: &[u8]) -> io::Result<bool> {
        self.write(key, bytes, Some(("if-none-match", "*".to_owned())))
    }

    fn replace(&self, key: &str, bytes: &[u8], tag: &str) -> io::Result<bool> {
        self.write(key, bytes, Some(("if-match", tag.to_owned())))
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(key, bytes, None).map(|_| ())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        let (mut keys, mut next): (Vec<String>, Option<String>) = (Vec::new(), None);
        let mut pages = 0;
        loop {
            let mut query = vec![("list-type", "2"), ("prefix", prefix)];
            query.extend(next.as_deref().map(|token| ("continuation-token", token)));
            let reply = self.ask("GET", "", &query, Vec::new(), Vec::new())?;
            if reply.status != 200 {
                return Err(refused(&reply));
            }
            let text = String::from_utf8(reply.body).map_err(|_| io::ErrorKind::InvalidData)?;
            let before = keys.len();
            keys.extend(elements(&text, "Key").filter(|key| key.starts_with(prefix)));
            pages += 1;
            let endless = pages > MOST_PAGES || keys.len() > MOST_KEYS;
            // A store goes on in order, each page after the one before: one that repeats itself has no end.
            let goes_on = keys.get(before.saturating_sub(1)..).unwrap_or_default().is_sorted_by(|a, b| a < b);
            if endless || !goes_on {
                return Err(io::Error::other("the store's list has no end or no order"));
            }
            match elements(&text, "NextContinuationToken").next() {
                Some(token) if next.as_ref() != Some(&token) => next = Some(token),
                _ => break,
            }
        }
        Ok(keys)
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        let reply = self.ask("DELETE", key, &[], Vec::new(), Vec::new())?;
        match reply.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(refused(&reply)),
        }
    }
}

fn refused(reply: &Reply) -> io::Error {
    io::Error::other(format!("the store answers {} {}", reply.status, code(reply)))
}

/// The store's word for what went wrong: letters alone, whatever it sends.
fn code(reply: &Reply) -> String {
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let code = elements(&text, "Code").next().unwrap_or_default();
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

/// The texts of all elements of a name.
fn elements<'t>(text: &'t str, name: &str) -> impl Iterator<Item = String> + 't {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let texts = text.split(&start).skip(1).map(|rest| rest.split(&end).next().unwrap_or_default());
    let plain = |text: &str| {
        let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
        entities.iter().fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
    };
    texts.map(plain).collect::<Vec<_>>().into_iter()
}

/// As RFC 3986 and the signature have it.
fn encoded(text: &str, path: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (path && byte == b'/');
        // Writing to a string does not fail.
        let _ = if plain { write!(encoded, "{}", char::from(byte)) } else { write!(encoded, "%{byte:02X}") };
    }
    encoded
}
