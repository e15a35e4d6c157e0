//! Networks, hosts and URLs, as far as a bundle names them.

use std::net::IpAddr;

use crate::file::record::{Reader, Shape, Value, clipped};
use crate::file::tree::Node;

/// An address range: `10.2.0.0/16`, `2001:db8::/32`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Nothing where the text is not an address or range, or has bits set beyond the prefix.
    pub fn of(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) if prefix.bytes().all(|b| b.is_ascii_digit()) => {
                (address.parse().ok()?, Some(prefix.parse::<u8>().ok()?))
            }
            Some(_) => return None,
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(width);
        let network = Self { address, prefix };
        (prefix <= width && bits(address) & !mask(width, prefix) == 0).then_some(network)
    }

    /// The first address of the range.
    pub const fn address(&self) -> IpAddr {
        self.address
    }

    /// An IPv4 address written in IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        self.address.is_ipv4() == address.is_ipv4()
            && bits(address) & mask(width, self.prefix) == bits(self.address)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

fn mask(width: u8, prefix: u8) -> u128 {
    let free = u32::from(width.saturating_sub(prefix));
    let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
    all & u128::MAX.checked_shl(free).unwrap_or(0)
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Value for Network {
    fn shape() -> Shape {
        Shape::Text { doc: "an address range, 10.2.0.0/16", pattern: Some("^[0-9a-fA-F.:]+(/[0-9]{1,3})?$") }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a network")?;
        let network = Self::of(text);
        if network.is_none() {
            let message = format!("`{}` is not a network", clipped(text));
            reader.error(
                "bad-value",
                node.span,
                message,
                "write an address and the length of its prefix, with no bit set beyond it: 10.2.0.0/16",
            );
        }
        network
    }
}

/// By what code or metadata calls a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Called<'a> {
    /// Its name, in any case.
    NamedCredential(&'a str),
    /// An absolute URL.
    Url(&'a str),
    Host(&'a str),
}

/// A URL taken apart as far as matching needs, so that no spelling of it escapes the match.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub scheme: String,
    pub host: String,
    pub port: u16,
    /// Dot segments resolved; begins with a slash.
    pub path: String,
}

impl Address {
    /// Nothing where the text is not an absolute URL with a host, or carries a user name: a URL such as
    /// `https://good.example@bad.example` is not worth guessing at.
    pub fn of(url: &str) -> Option<Self> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        if scheme.is_empty() || !scheme.chars().all(valid) {
            return None;
        }
        let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
        let (authority, path) = (rest.get(..end)?, rest.get(end..)?);
        let (host, port) = host_and_port(authority)?;
        let port = match port {
            Some(port) => port,
            None => match scheme.as_str() {
                "https" | "wss" => 443,
                "http" | "ws" => 80,
                "sftp" | "ssh" => 22,
                "ftps" => 990,
                "ftp" => 21,
                _ => 0,
            },
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Some(Self { scheme, host, port, path: resolved(path) })
    }
}

fn host_and_port(authority: &str) -> Option<(String, Option<u16>)> {
    if authority.contains('@') || authority.is_empty() {
        return None;
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            let address: std::net::Ipv6Addr = host.parse().ok()?;
            (format!("[{address}]"), port.strip_prefix(':'))
        }
        None => {
            let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
            (host.trim_end_matches('.').to_ascii_lowercase(), port)
        }
    };
    let port = match port {
        None | Some("") => None,
        Some(port) => Some(port.parse().ok()?),
    };
    let named = !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '%');
    named.then_some((host, port))
}

/// The path with backslashes, encoded dots and dot segments resolved, as a server would.
fn resolved(path: &str) -> String {
    let path = path.replace('\\', "/").replace("%2e", ".").replace("%2E", ".");
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    format!("/{}", segments.join("/"))
}

/// A URL of a party; a trailing `*` stands for any rest of the path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UrlPattern {
    text: String,
    address: Address,
    open: bool,
}

impl UrlPattern {
    pub fn of(text: &str) -> Option<Self> {
        let (start, open) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        let address = Address::of(start)?;
        let exact = !address.host.contains('*') && !address.path.contains('*');
        let in_path = !open || start.matches('/').count() > 2;
        (exact && in_path).then(|| Self { text: text.to_owned(), address, open })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn address(&self) -> &Address {
        &self.address
    }

    /// How near it comes to an address that it matches: the longer path first, a whole one before an open one.
    pub(crate) fn nearness(&self) -> usize {
        self.address.path.len() * 2 + usize::from(!self.open)
    }

    pub fn matches(&self, url: &Address) -> bool {
        let own = &self.address;
        own.scheme == url.scheme
            && own.host == url.host
            && own.port == url.port
            && if self.open { url.path.starts_with(&own.path) } else { own.path == url.path }
    }
}

/// A host of a party: `api.northlab.example`, or `*.northlab.example` for every name below.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPattern(String);

impl HostPattern {
    pub fn of(text: &str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let name = lower.strip_prefix("*.").unwrap_or(&lower);
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let labels = name.split('.').count();
        // `*.com` would hand a party half of the world.
        let narrow = labels >= 2 || !lower.starts_with("*.");
        (narrow && name.split('.').all(label)).then_some(Self(lower))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it stands for every name below one.
    pub(crate) fn is_open(&self) -> bool {
        self.0.starts_with('*')
    }

    pub fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self.0.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.0,
        }
    }
}

impl Value for UrlPattern {
    fn shape() -> Shape {
        Shape::Text {
            doc: "a URL; a trailing * stands for any rest of the path",
            pattern: Some("^[A-Za-z][A-Za-z0-9+.-]*://"),
        }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a URL")?;
        let pattern = Self::of(text);
        if pattern.is_none() {
            let message = format!("`{}` is not a URL that can be matched", clipped(text));
            let help = "write scheme, host and path; `*` only at the end of the path; no user name";
            reader.error("bad-value", node.span, message, help);
        }
        pattern
    }
}

impl Value for HostPattern {
    fn shape() -> Shape {
        Shape::Text {
            doc: "a host name; *. in front stands for every name below",
            pattern: Some("^(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$"),
        }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a host name")?;
        let pattern = Self::of(text);
        if pattern.is_none() {
            let message = format!("`{}` is not a host name that can be matched", clipped(text));
            reader.error("bad-value", node.span, message, "write `api.example.com` or `*.example.com`");
        }
        pattern
    }
}
