//! Wrapping keys in the transit engine of OpenBao, or of Vault.
//!
//! A key is `phiward-<name>`, AES-256-GCM, made so that it is neither exported nor backed up in plain. What is wrapped
//! is the engine's own text, with the label as associated data. The token is renewed by a thread before it ends.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::Rng;
use serde::Deserialize;
use serde_json::{Value, json};
use wire::{Call, Reply};
use zeroize::Zeroizing;

use super::asking::{Again, Asker, said};
use super::{Login, OpenBaoPlace, Root, RootError, WrappingKey, or_left, secret_text};

/// Nonce, key and tag.
const SEALED: usize = 12 + 32 + 16;
/// Between two looks at a token that does not end, or that could not be renewed.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
const SHORTEST_WAIT: Duration = Duration::from_secs(5);

/// A transit engine that one is signed in to.
pub struct OpenBaoRoot {
    engine: Arc<Engine>,
    rng: Mutex<Box<dyn Rng>>,
    /// What the thread that renews lives by.
    _renewing: mpsc::Sender<()>,
}

struct Engine {
    place: OpenBaoPlace,
    asker: Asker,
    token: Mutex<Zeroizing<String>>,
    /// One signs in at a time.
    signing_in: Mutex<()>,
}

impl OpenBaoRoot {
    /// Signs in.
    pub fn open(place: &OpenBaoPlace, rng: Box<dyn Rng>) -> Result<Self, RootError> {
        let asker = Asker::of(&place.address, place.authorities.as_deref())?;
        let engine = Arc::new(Engine {
            place: place.clone(),
            asker,
            token: Mutex::default(),
            signing_in: Mutex::default(),
        });
        let mut lease = engine.sign_in()?;
        let (renewing, ended) = mpsc::channel::<()>();
        let kept = Arc::downgrade(&engine);
        std::thread::Builder::new()
            .name("openbao token".to_owned())
            .spawn(move || {
                while ended.recv_timeout(wait(lease)) == Err(RecvTimeoutError::Timeout) {
                    let Some(engine) = kept.upgrade() else { break };
                    // Who asks next is told what is wrong.
                    lease = engine.renew(lease).unwrap_or(SHORTEST_WAIT);
                }
            })
            .map_err(|error| engine.asker.unavailable(error.to_string()))?;
        Ok(Self { engine, rng: Mutex::new(rng), _renewing: renewing })
    }
}

/// Until a token is renewed: at half of its life. One without a life does not end.
fn wait(lease: Duration) -> Duration {
    let half = if lease.is_zero() { LONGEST_WAIT } else { lease / 2 };
    half.clamp(Duration::from_millis(500), LONGEST_WAIT)
}

fn name(key: WrappingKey) -> String {
    format!("phiward-{key}")
}

impl Root for OpenBaoRoot {
    fn make(&self) -> Result<WrappingKey, RootError> {
        let key = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            WrappingKey::random(&mut **rng)
        };
        let engine = &self.engine;
        let asked = json!({"type": "aes256-gcm96", "exportable": false, "allow_plaintext_backup": false});
        match engine.done("POST", &format!("keys/{}", name(key)), "update", asked.to_string()) {
            Ok(_) => engine.kept(key).map(|()| key).map_err(|error| or_left(self, key, error)),
            Err(RootError::Unavailable { place, what }) => {
                let name = name(key);
                let what =
                    format!("{what}. Whether it made `{name}` is not known: look for that, and delete it");
                Err(RootError::Unavailable { place, what })
            }
            // It says that it made none.
            Err(error) => Err(error),
        }
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        // To encrypt under a key that is not there would make it.
        self.engine.kept(key)?;
        let plain = Zeroizing::new(STANDARD.encode(secret));
        let (before, after) =
            (r#"{"plaintext":""#, format!(r#"","associated_data":"{}"}}"#, STANDARD.encode(label)));
        // It does not grow: what grows leaves what it held behind.
        let mut asked = String::with_capacity(before.len() + plain.len() + after.len());
        for part in [before, plain.as_str(), after.as_str()] {
            asked.push_str(part);
        }
        let reply = self.engine.done("POST", &format!("encrypt/{}", name(key)), "update", asked)?;
        let told: Option<Data<Encrypted>> = serde_json::from_slice(&reply.body).ok();
        let wrapped = told.map(|told| told.data.ciphertext).filter(|text| is_wrapped(text));
        wrapped
            .map(|text| text.as_bytes().to_vec())
            .ok_or_else(|| self.engine.asker.denied("the answer to `encrypt` is none of a transit engine"))
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        let engine = &self.engine;
        let text = std::str::from_utf8(wrapped).ok().filter(|text| is_wrapped(text));
        let Some(text) = text else {
            engine.kept(key)?;
            return Err(RootError::Refused(key));
        };
        let asked = format!(r#"{{"ciphertext":"{text}","associated_data":"{}"}}"#, STANDARD.encode(label));
        let path = format!("decrypt/{}", name(key));
        let reply = engine.ask("POST", &engine.in_engine(&path), "update", &asked)?;
        match reply.status {
            200 => {
                let body = Zeroizing::new(reply.body);
                let told: Option<Data<Decrypted>> = serde_json::from_slice(&body).ok();
                let plain =
                    told.and_then(|told| STANDARD.decode(told.data.plaintext).ok()).map(Zeroizing::new);
                let plain = plain.ok_or(RootError::Refused(key))?;
                plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| RootError::Refused(key))
            }
            _ if errors(&reply).iter().any(|error| error.contains("key not found")) => {
                Err(RootError::Missing(key))
            }
            400 if errors(&reply).iter().any(|error| error.contains("too old")) => {
                Err(engine.asker.denied(format!(
                    "`{}` does not open what this version of it wrapped: lower its min_decryption_version",
                    name(key)
                )))
            }
            400 => Err(RootError::Refused(key)),
            404 if is_nothing(&reply) => Err(RootError::Missing(key)),
            _ => Err(engine.refused(&reply, &path)),
        }
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        let engine = &self.engine;
        let path = format!("keys/{}", name(key));
        if engine.told(key)?.is_none() {
            return Ok(());
        }
        let allowed = json!({"deletion_allowed": true}).to_string();
        engine.done("POST", &format!("{path}/config"), "update", allowed)?;
        engine.done("DELETE", &path, "delete", String::new())?;
        match engine.told(key)? {
            None => Ok(()),
            Some(_) => Err(engine.asker.denied(format!("`{path}` is still there after it was deleted"))),
        }
    }
}

/// What one signs in with. Both are printable ASCII.
fn signing_in(role: &str, secret: &str) -> Zeroizing<String> {
    const HEAD: [&str; 3] = [r#"{"role_id":""#, r#"","secret_id":""#, r#""}"#];
    // It does not grow: what grows leaves what it held behind. A sign is two at most.
    let length = HEAD.concat().len() + 2 * (role.len() + secret.len());
    let mut body = Zeroizing::new(String::with_capacity(length));
    let [head, between, end] = HEAD;
    for (before, value) in [(head, role), (between, secret), (end, "")] {
        body.push_str(before);
        for sign in value.chars() {
            if matches!(sign, '"' | '\\') {
                body.push('\\');
            }
            body.push(sign);
        }
    }
    body
}

/// The engine's text, in the one spelling that it writes: another that it would take for the same is refused.
fn is_wrapped(text: &str) -> bool {
    let parts = text.strip_prefix("vault:v").and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(version, sealed)| {
        let is_number = version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
        is_number
            && (1..=9).contains(&version.len())
            && STANDARD.decode(sealed).is_ok_and(|sealed| sealed.len() == SEALED)
    })
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct Encrypted<'a> {
    ciphertext: &'a str,
}

#[derive(Deserialize)]
struct Decrypted<'a> {
    plaintext: &'a str,
}

#[derive(Deserialize)]
struct Signed<'a> {
    #[serde(borrow)]
    auth: Auth<'a>,
}

#[derive(Deserialize)]
struct Auth<'a> {
    client_token: &'a str,
    lease_duration: u64,
}

/// What the engine says is wrong; none where it says nothing at all.
fn errors(reply: &Reply) -> Vec<String> {
    let told: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let errors = told.as_ref().and_then(|told| told.get("errors")).and_then(Value::as_array);
    errors.into_iter().flatten().filter_map(Value::as_str).map(said).collect()
}

/// Whether what was asked for is not there, by the engine's own word: a list of no errors.
fn is_nothing(reply: &Reply) -> bool {
    let told: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let errors = told.as_ref().and_then(|told| told.get("errors")).and_then(Value::as_array);
    reply.status == 404 && errors.is_some_and(Vec::is_empty)
}

fn is_sealed(reply: &Reply) -> bool {
    reply.status == 503 && errors(reply).iter().any(|error| error.contains("sealed"))
}

impl Engine {
    fn in_engine(&self, path: &str) -> String {
        format!("{}/{path}", self.place.mount)
    }

    /// Asks once and again, with a token.
    fn with(
        &self,
        method: &'static str,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<Reply, RootError> {
        let call = || {
            let mut headers = vec![("x-vault-request", "true".to_owned())];
            headers.extend(token.map(|token| ("x-vault-token", token.to_owned())));
            headers.extend(self.place.namespace.clone().map(|namespace| ("x-vault-namespace", namespace)));
            if !body.is_empty() {
                headers.push(("content-type", "application/json".to_owned()));
            }
            Call { method, path: format!("/v1/{path}"), headers, body: body.as_bytes().to_vec() }
        };
        // Whatever is asked here can be asked twice: names of keys are drawn, and what is gone stays so.
        let later = |reply: &Reply| (reply.status == 429 || reply.status >= 500) && !is_sealed(reply);
        self.asker.ask(Again::Yes, call, later)
    }

    fn token(&self) -> Zeroizing<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks, and signs in anew where the token has ended. What comes back is nothing that is wrong with the service
    /// or with whom it lets do what.
    fn ask(
        &self,
        method: &'static str,
        path: &str,
        capability: &str,
        body: &str,
    ) -> Result<Reply, RootError> {
        let used = self.token();
        let mut reply = self.with(method, path, Some(&used), body)?;
        if reply.status == 403 && self.has_another(&used)? {
            reply = self.with(method, path, Some(&self.token()), body)?;
        }
        match reply.status {
            403 => Err(self.asker.denied(format!(
                "permission denied: give the policy of its token the capability \"{capability}\" on `{path}`"
            ))),
            _ if is_sealed(&reply) => {
                Err(self.asker.unavailable("it is sealed: unseal it with `bao operator unseal`"))
            }
            404 if !is_nothing(&reply) => Err(self.asker.denied(format!(
                "nothing answers at `{path}`: is `{}` the mount of a transit engine (`bao secrets enable -path={} \
                 transit`), and is the namespace right?",
                self.place.mount, self.place.mount
            ))),
            307 | 308 => Err(self.asker.denied("it sends one to another node: name the active one")),
            429 | 500.. => Err(self.refused_for_now(&reply)),
            _ => Ok(reply),
        }
    }

    fn refused_for_now(&self, reply: &Reply) -> RootError {
        let why = errors(reply).first().map(|error| format!(": {error}")).unwrap_or_default();
        self.asker.unavailable(format!("it answers {}{why}", reply.status))
    }

    fn refused(&self, reply: &Reply, path: &str) -> RootError {
        let why = errors(reply).first().map(|error| format!(": {error}")).unwrap_or_default();
        self.asker.denied(format!("it answers {} for `{}`{why}", reply.status, self.in_engine(path)))
    }

    /// Asks for something that succeeds.
    fn done(
        &self,
        method: &'static str,
        path: &str,
        capability: &str,
        body: String,
    ) -> Result<Reply, RootError> {
        let body = Zeroizing::new(body);
        let reply = self.ask(method, &self.in_engine(path), capability, &body)?;
        if matches!(reply.status, 200 | 204) { Ok(reply) } else { Err(self.refused(&reply, path)) }
    }

    /// What the engine tells of a key.
    fn told(&self, key: WrappingKey) -> Result<Option<Value>, RootError> {
        let path = format!("keys/{}", name(key));
        let reply = self.ask("GET", &self.in_engine(&path), "read", "")?;
        match reply.status {
            200 => {}
            404 => return Ok(None),
            _ => return Err(self.refused(&reply, &path)),
        }
        let told: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let data = told.and_then(|mut told| told.get_mut("data").map(Value::take));
        data.map(Some)
            .ok_or_else(|| self.asker.denied(format!("the answer for `{path}` is none of a transit engine")))
    }

    /// A key must be there, and as it is made here.
    fn kept(&self, key: WrappingKey) -> Result<(), RootError> {
        let told = self.told(key)?.ok_or(RootError::Missing(key))?;
        let is = |name: &str, value: Value| told.get(name) == Some(&value);
        if is("type", json!("aes256-gcm96"))
            && is("exportable", json!(false))
            && is("allow_plaintext_backup", json!(false))
            && is("derived", json!(false))
        {
            Ok(())
        } else {
            Err(self.asker.denied(format!(
                "`{}` could be exported, or is no AES-256-GCM key: it was changed since it was made",
                name(key)
            )))
        }
    }

    /// Whether there is another token than one that was refused: somebody signed in meanwhile, or it has ended and one
    /// signs in now.
    fn has_another(&self, used: &str) -> Result<bool, RootError> {
        let _one = self.signing_in.lock().unwrap_or_else(PoisonError::into_inner);
        if *self.token() != used {
            return Ok(true);
        }
        let holds = self.with("GET", "auth/token/lookup-self", Some(used), "")?.status == 200;
        if !holds {
            self.sign_in()?;
        }
        Ok(!holds)
    }

    fn set(&self, token: Zeroizing<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// Takes a token, and says how long it lives.
    fn sign_in(&self) -> Result<Duration, RootError> {
        match &self.place.login {
            Login::Token(path) => {
                let token = secret_text(path)?;
                let reply = self.with("GET", "auth/token/lookup-self", Some(&token), "")?;
                let told: Option<Value> = serde_json::from_slice(&reply.body).ok();
                let life = told.as_ref().and_then(|told| told.pointer("/data/ttl")).and_then(Value::as_u64);
                match (reply.status, life) {
                    (200, Some(life)) => {
                        self.set(token);
                        Ok(Duration::from_secs(life))
                    }
                    (403, _) => Err(self.asker.denied(format!(
                        "the token of `{}` has ended, is of another namespace, or its policy forbids \
                         `auth/token/lookup-self`: put a new one there",
                        path.display()
                    ))),
                    _ => Err(self.not_signed_in(&reply, "auth/token/lookup-self")),
                }
            }
            Login::AppRole { mount, role_id, secret_id } => {
                let (role, secret) = (secret_text(role_id)?, secret_text(secret_id)?);
                let body = signing_in(&role, &secret);
                let path = format!("auth/{mount}/login");
                let mut reply = self.with("POST", &path, None, &body)?;
                if matches!(reply.status, 400 | 403) {
                    return Err(self.asker.denied(format!(
                        "`{path}` refuses the role id of `{}` with the secret id of `{}`: make a new secret id",
                        role_id.display(),
                        secret_id.display()
                    )));
                }
                if reply.status != 200 {
                    return Err(self.not_signed_in(&reply, &path));
                }
                let told = Zeroizing::new(std::mem::take(&mut reply.body));
                match serde_json::from_slice::<Signed<'_>>(&told) {
                    Ok(Signed { auth }) => {
                        self.set(Zeroizing::new(auth.client_token.to_owned()));
                        Ok(Duration::from_secs(auth.lease_duration))
                    }
                    Err(_) => Err(self.not_signed_in(&reply, &path)),
                }
            }
        }
    }

    fn not_signed_in(&self, reply: &Reply, path: &str) -> RootError {
        if is_sealed(reply) {
            self.asker.unavailable("it is sealed: unseal it with `bao operator unseal`")
        } else if reply.status == 429 || reply.status >= 500 {
            self.refused_for_now(reply)
        } else {
            self.asker.denied(format!("it answers {} for `{path}`: is this OpenBao?", reply.status))
        }
    }

    /// Has the token live on; near its end a new one is taken. What is told is its life from now.
    fn renew(&self, lease: Duration) -> Result<Duration, RootError> {
        let _one = self.signing_in.lock().unwrap_or_else(PoisonError::into_inner);
        if lease.is_zero() {
            return self.sign_in();
        }
        let reply = self.with("POST", "auth/token/renew-self", Some(&self.token()), "{}")?;
        let told = Zeroizing::new(reply.body);
        match serde_json::from_slice::<Signed<'_>>(&told) {
            Ok(Signed { auth })
                if reply.status == 200 && auth.lease_duration >= lease.as_secs().div_ceil(2) =>
            {
                Ok(Duration::from_secs(auth.lease_duration))
            }
            _ => self.sign_in(),
        }
    }
}

impl fmt::Debug for OpenBaoRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenBaoRoot").field("place", &self.engine.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_has_one_spelling() {
        let sealed = STANDARD.encode([7; SEALED]);
        for text in ["vault:v1:", "vault:v12:"] {
            assert!(is_wrapped(&format!("{text}{sealed}")), "{text}");
        }
        // Transit takes version 0 for 1, and base64 with line ends in it.
        for text in ["", "vault:v0:", "vault:v01:", "vault:v+1:", "vault:v:", "vault:v1234567890:", "bao:v1:"]
        {
            assert!(!is_wrapped(&format!("{text}{sealed}")), "{text}");
        }
        for end in ["\n", "\"", "AAAA", "="] {
            assert!(!is_wrapped(&format!("vault:v1:{sealed}{end}")), "{end:?}");
        }
        assert!(!is_wrapped(&format!("vault:v1:{}", STANDARD.encode([7; SEALED - 1]))));
    }

    #[test]
    fn what_one_signs_in_with_is_json_and_does_not_grow() {
        let (role, secret) = (r#"ro"le\"#, r#"\"secret\""#);
        let body = signing_in(role, secret);
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(told, json!({"role_id": role, "secret_id": secret}));
        for secret in ["s".repeat(200), "\"".repeat(200)] {
            let body = signing_in("r", &secret);
            assert_eq!(body.capacity(), signing_in("r", &"s".repeat(200)).capacity());
        }
    }

    #[test]
    fn a_token_is_renewed_at_half_of_its_life() {
        assert_eq!(wait(Duration::from_secs(20)), Duration::from_secs(10));
        assert_eq!(wait(Duration::ZERO), LONGEST_WAIT);
        assert_eq!(wait(Duration::from_secs(768 * 3600)), LONGEST_WAIT);
    }
}
