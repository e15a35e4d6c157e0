//! Where a root is, as a command line or a configuration says it. Secrets are never in it, only the files that hold
//! them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where wrapping keys are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    File(PathBuf),
    Pkcs11(Pkcs11Place),
    OpenBao(OpenBaoPlace),
    Kms(KmsPlace),
}

/// A token of an HSM: by its label, its serial number or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pkcs11Place {
    pub token: Option<String>,
    pub serial: Option<String>,
    /// The vendor's library.
    pub module: PathBuf,
    /// The file whose first line is the user's PIN.
    pub pin: PathBuf,
    /// The token draws the nonces of AES-GCM itself.
    pub token_draws: bool,
}

/// A transit engine of OpenBao or Vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBaoPlace {
    /// `https://HOST[:PORT]`.
    pub address: String,
    pub mount: String,
    pub namespace: Option<String>,
    pub login: Login,
    /// The file of the authorities that its certificate may be of, as PEM.
    pub authorities: Option<PathBuf>,
}

/// Who one is to OpenBao.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// The file whose first line is a token. It is read again when the token ends.
    Token(PathBuf),
    AppRole {
        mount: String,
        role_id: PathBuf,
        secret_id: PathBuf,
    },
}

/// AWS KMS in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsPlace {
    pub region: String,
    pub endpoint: Option<String>,
    /// The file of the authorities that its certificate may be of, as PEM.
    pub authorities: Option<PathBuf>,
}

/// Why a text names no root. What may be a secret is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PlaceError(String);

fn wrong<T>(what: impl Into<String>) -> Result<T, PlaceError> {
    Err(PlaceError(what.into()))
}

const LONGEST: usize = 4096;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        if text.len() > LONGEST {
            return wrong(format!("a root is named in {LONGEST} bytes at most"));
        }
        if text.chars().any(char::is_control) {
            return wrong("the name of a root holds a control character");
        }
        match text.split_once(':') {
            Some(("file", "")) => wrong("`file:` names no file: write file:PATH"),
            Some(("file", path)) => Ok(Self::File(PathBuf::from(path))),
            Some(("pkcs11", rest)) => pkcs11(rest).map(Self::Pkcs11),
            Some(("openbao", rest)) => openbao(rest).map(Self::OpenBao),
            Some(("kms", rest)) => kms(rest).map(Self::Kms),
            _ => wrong(
                "a root is `file:PATH`, `pkcs11:token=LABEL?module-path=...&pin-source=file:...`, \
                 `openbao:https://HOST:PORT/MOUNT?token-file=...` or `kms:REGION`",
            ),
        }
    }
}

/// What stands between signs as `name=value`, each name once.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn of(text: &str, between: char) -> Result<Self, PlaceError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for pair in text.split(between).filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=') else {
                return wrong("a part of the root has no `=`: parts are NAME=VALUE");
            };
            let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > 32 || !name.chars().all(known) {
                return wrong("a part of the root has no name of lower-case letters, digits and hyphens");
            }
            let Some(value) = decoded(value).filter(|value| !value.is_empty()) else {
                return wrong(format!("`{name}` is empty, or not UTF-8 encoded with %XX"));
            };
            if value.chars().any(char::is_control) {
                return wrong(format!("`{name}` holds a control character"));
            }
            if pairs.iter().any(|(other, _)| other == name) {
                return wrong(format!("`{name}` stands there twice"));
            }
            pairs.push((name.to_owned(), value));
        }
        Ok(Self(pairs))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| other == name)?;
        Some(self.0.remove(at).1)
    }

    /// Everything must have been taken.
    fn end(self, known: &str) -> Result<(), PlaceError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => wrong(format!("`{name}` is not known here: there are {known}")),
        }
    }
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            bytes.push(digit(digits[0])? * 16 + digit(digits[1])?);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// RFC 7512, with what names a token and nothing that names a key.
fn pkcs11(text: &str) -> Result<Pkcs11Place, PlaceError> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let (mut path, mut query) = (Pairs::of(path, ';')?, Pairs::of(query, '&')?);
    for name in ["object", "id", "type"] {
        if path.take(name).is_some() {
            return wrong(format!(
                "`{name}` names a key, and keys are named here as they are made: leave it out"
            ));
        }
    }
    if path.take("slot-id").is_some() {
        return wrong("`slot-id` changes when slots do: name the token by `token` or `serial`");
    }
    if query.take("pin-value").is_some() {
        return wrong(
            "a PIN does not stand in a configuration: write it into a file and name it by `pin-source`",
        );
    }
    if query.take("module-name").is_some() {
        return wrong("`module-name` leaves open which file is loaded: name it by `module-path`");
    }
    let (token, serial) = (path.take("token"), path.take("serial"));
    path.end("`token` and `serial`")?;
    if token.is_none() && serial.is_none() {
        return wrong("no token is named: write pkcs11:token=LABEL, or serial=NUMBER");
    }
    let Some(module) = query.take("module-path") else {
        return wrong("`module-path` is missing: the library of the HSM, as /usr/lib/softhsm/libsofthsm2.so");
    };
    if !module.starts_with('/') {
        return wrong("`module-path` begins with a slash, so that no other folder's library is loaded");
    }
    let Some(pin) = query.take("pin-source") else {
        return wrong(
            "`pin-source` is missing: the file whose first line is the PIN, as pin-source=file:PATH",
        );
    };
    if pin.starts_with('|') {
        return wrong("`pin-source` names a file; programs are not run");
    }
    let token_draws = match query.take("iv").as_deref() {
        None => false,
        Some("token") => true,
        Some(_) => return wrong("`iv` is `token` where the token draws nonces itself, or left out"),
    };
    query.end("`module-path`, `pin-source` and `iv`")?;
    let pin = local(&pin)?;
    Ok(Pkcs11Place { token, serial, module: PathBuf::from(module), pin, token_draws })
}

/// `file:PATH`, `file:///PATH` or `PATH`.
fn local(text: &str) -> Result<PathBuf, PlaceError> {
    let path = text.strip_prefix("file:").unwrap_or(text);
    let path = match path.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => return wrong("a file of another machine is not read: write file:PATH"),
        None => path,
    };
    if path.is_empty() { wrong("`file:` names no file") } else { Ok(PathBuf::from(path)) }
}

/// As [`local`] reads it.
fn named(path: &Path) -> String {
    let path = path.to_string_lossy();
    // Two slashes would begin the name of another machine.
    let before = if path.starts_with("//") { "file://" } else { "file:" };
    format!("{before}{}", encoded(&path))
}

/// `https://HOST[:PORT]`, without a name and password.
fn address(text: &str) -> Result<(), PlaceError> {
    let Some((scheme, host)) = text.split_once("://") else {
        return wrong("an address begins with https://");
    };
    if scheme != "https" && scheme != "http" {
        return wrong("an address begins with https://");
    }
    if host.contains('@') {
        return wrong("a name or password does not stand in an address: secrets are in files");
    }
    let known = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    if host.is_empty() || !host.chars().all(known) {
        return wrong("an address has a host, as https://bao.example:8200");
    }
    Ok(())
}

fn is_mount(text: &str) -> bool {
    let part = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && part != "." && part != ".." && part.chars().all(known)
    };
    text.split('/').all(part)
}

fn openbao(text: &str) -> Result<OpenBaoPlace, PlaceError> {
    let (place, query) = text.split_once('?').unwrap_or((text, ""));
    let after = place.find("://").map_or(0, |at| at + 3);
    let slash = place.get(after..).and_then(|rest| rest.find('/')).map_or(place.len(), |at| after + at);
    let (host, path) = place.split_at_checked(slash).unwrap_or((place, ""));
    address(host)?;
    let mount = path.trim_matches('/').to_owned();
    if !is_mount(&mount) {
        return wrong(
            "the path after the host is where the transit engine is mounted, as https://HOST:8200/transit",
        );
    }
    let mut query = Pairs::of(query, '&')?;
    for name in ["token", "role-id", "secret-id"] {
        if query.take(name).is_some() {
            return wrong(format!(
                "`{name}` does not stand in a configuration: write it into a file and name it by `{name}-file`"
            ));
        }
    }
    let namespace = query.take("namespace");
    if namespace.as_deref().is_some_and(|name| !is_mount(name.trim_end_matches('/'))) {
        return wrong("`namespace` is a path of letters, digits, hyphens, dots and underscores");
    }
    let (token, role, secret) =
        (query.take("token-file"), query.take("role-id-file"), query.take("secret-id-file"));
    let approle = query.take("approle");
    let login = match (token, role, secret) {
        (Some(token), None, None) if approle.is_none() => Login::Token(local(&token)?),
        (None, Some(role), Some(secret)) => {
            let mount = approle.unwrap_or_else(|| "approle".to_owned());
            if !is_mount(&mount) {
                return wrong("`approle` is the path at which AppRole is mounted");
            }
            Login::AppRole { mount, role_id: local(&role)?, secret_id: local(&secret)? }
        }
        _ => return wrong("name `token-file`, or `role-id-file` and `secret-id-file` for AppRole"),
    };
    let authorities = query.take("ca-file").map(|path| local(&path)).transpose()?;
    query.end("`namespace`, `token-file`, `role-id-file`, `secret-id-file`, `approle` and `ca-file`")?;
    Ok(OpenBaoPlace { address: host.to_owned(), mount, namespace, login, authorities })
}

fn kms(text: &str) -> Result<KmsPlace, PlaceError> {
    let (region, query) = text.split_once('?').unwrap_or((text, ""));
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if region.is_empty() || region.len() > 32 || !region.chars().all(known) {
        return wrong("`kms:` is followed by a region, as kms:eu-central-1");
    }
    let mut query = Pairs::of(query, '&')?;
    let endpoint = query.take("endpoint");
    endpoint.as_deref().map(address).transpose()?;
    let authorities = query.take("ca-file").map(|path| local(&path)).transpose()?;
    query.end("`endpoint` and `ca-file`; credentials are the environment's")?;
    Ok(KmsPlace { region: region.to_owned(), endpoint, authorities })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Pkcs11(place) => place.fmt(f),
            Self::OpenBao(place) => place.fmt(f),
            Self::Kms(place) => place.fmt(f),
        }
    }
}

impl fmt::Display for Pkcs11Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tokens = [("token", &self.token), ("serial", &self.serial)];
        let tokens =
            tokens.iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(value.as_ref()?))));
        let (module, pin) = (encoded(&self.module.to_string_lossy()), named(&self.pin));
        let token = tokens.collect::<Vec<_>>().join(";");
        write!(f, "pkcs11:{token}?module-path={module}&pin-source={pin}")?;
        f.write_str(if self.token_draws { "&iv=token" } else { "" })
    }
}

impl fmt::Display for OpenBaoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "openbao:{}/{}", self.address, self.mount)?;
        match &self.login {
            Login::Token(file) => write!(f, "?token-file={}", named(file))?,
            Login::AppRole { mount, role_id, secret_id } => {
                let (role, secret) = (named(role_id), named(secret_id));
                write!(f, "?approle={mount}&role-id-file={role}&secret-id-file={secret}")?;
            }
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "&namespace={}", encoded(namespace))?;
        }
        self.authorities.as_ref().map_or(Ok(()), |file| write!(f, "&ca-file={}", named(file)))
    }
}

impl fmt::Display for KmsPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kms:{}", self.region)?;
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!("endpoint={}", encoded(endpoint)));
        let file = self.authorities.as_ref().map(|file| format!("ca-file={}", named(file)));
        let query: Vec<String> = endpoint.into_iter().chain(file).collect();
        if query.is_empty() { Ok(()) } else { write!(f, "?{}", query.join("&")) }
    }
}
