//! Wrapping keys in AWS KMS: each one is a key of KMS, found by its alias `alias/phiward-<name>`.
//!
//! The name and the label are its encryption context, so that the trail of the account says what was wrapped for whom
//! and a policy can tell tenants apart. KMS destroys no key at once: a key that is destroyed here is disabled, and
//! gone after the shortest time that KMS knows, seven days. Until then whoever may cancel that can have it back.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::{Clock, Rng};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use wire::{Call, Credentials, Reply};
use zeroize::Zeroizing;

use super::asking::{Again, Asker, said};
use super::{KmsPlace, Root, RootError, WrappingKey};

/// The fewest that KMS takes.
const DAYS: u8 = 7;

/// KMS in one region, for one account.
pub struct KmsRoot {
    place: KmsPlace,
    asker: Asker,
    credentials: Credentials,
    clock: Arc<dyn Clock>,
    rng: Mutex<Box<dyn Rng>>,
}

/// What KMS tells of a key.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "KeyId")]
    id: String,
    /// As answers name it.
    #[serde(rename = "Arn")]
    arn: String,
    #[serde(rename = "KeyState")]
    state: String,
}

impl KmsRoot {
    /// For credentials that may use keys whose alias begins with `alias/phiward-`. Nothing is asked yet.
    pub fn open(
        place: &KmsPlace,
        credentials: Credentials,
        clock: Arc<dyn Clock>,
        rng: Box<dyn Rng>,
    ) -> Result<Self, RootError> {
        let region = &place.region;
        let own = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let address = place.endpoint.clone().unwrap_or_else(|| format!("https://kms.{region}.{own}"));
        let asker = Asker::of(&address, place.authorities.as_deref())?;
        Ok(Self { place: place.clone(), asker, credentials, clock, rng: Mutex::new(rng) })
    }

    fn ask(&self, again: Again, action: &str, asked: &str) -> Result<Reply, RootError> {
        let call = || {
            let headers = vec![
                ("content-type", "application/x-amz-json-1.1".to_owned()),
                ("x-amz-target", format!("TrentService.{action}")),
            ];
            let body = asked.as_bytes().to_vec();
            let mut call = Call { method: "POST", path: "/".to_owned(), headers, body };
            let (host, region) = (self.asker.authority(), &self.place.region);
            self.credentials.sign(&mut call, host, region, "kms", self.clock.now());
            call
        };
        let reply = self.asker.ask(again, call, |reply| reply.status >= 500 || is_throttled(reply))?;
        if reply.status >= 500 || is_throttled(&reply) {
            return Err(self.asker.unavailable(format!("it answers {} {}", reply.status, code(&reply))));
        }
        match code(&reply).as_str() {
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "MissingAuthenticationToken"
            | "IncompleteSignature" => {
                Err(self.asker.denied("the credentials are none of this account, or no longer"))
            }
            "ExpiredTokenException" | "ExpiredToken" => {
                Err(self.asker.denied("the credentials have ended: start anew with others"))
            }
            "InvalidSignatureException" | "SignatureDoesNotMatch" => Err(self.asker.denied(
                "the signature is refused: the secret is another's, or the clock of this machine is wrong",
            )),
            _ => Ok(reply),
        }
    }

    fn done(&self, again: Again, action: &str, asked: &Value) -> Result<Value, RootError> {
        let reply = self.ask(again, action, &asked.to_string())?;
        if reply.status != 200 {
            return Err(self.refused(action, &reply));
        }
        // What changes a key answers nothing at all.
        if reply.body.is_empty() { Ok(Value::Null) } else { self.value(&reply) }
    }

    fn value(&self, reply: &Reply) -> Result<Value, RootError> {
        serde_json::from_slice(&reply.body).map_err(|_| self.asker.denied("its answer is none of KMS"))
    }

    fn refused(&self, action: &str, reply: &Reply) -> RootError {
        let code = code(reply);
        if code == "AccessDeniedException" {
            return self.asker.denied(format!(
                "the credentials may not: allow kms:{action} on keys with aliases `alias/phiward-*`, in the policies \
                 of both key and role"
            ));
        }
        self.asker.denied(format!("{action} answers {} {code}", reply.status))
    }

    /// A key by its alias; none where it is gone or about to be.
    fn told(&self, key: WrappingKey) -> Result<Option<Told>, RootError> {
        let reply = self.ask(Again::Yes, "DescribeKey", &json!({"KeyId": alias(key)}).to_string())?;
        if code(&reply) == "NotFoundException" {
            return Ok(None);
        }
        if reply.status != 200 {
            return Err(self.refused("DescribeKey", &reply));
        }
        let told = self.value(&reply)?.get_mut("KeyMetadata").map(Value::take).unwrap_or_default();
        let told: Told =
            serde_json::from_value(told).map_err(|_| self.asker.denied("its answer is none of KMS"))?;
        Ok(Some(told).filter(|told| !told.state.starts_with("Pending")))
    }

    /// A key that can be used.
    fn usable(&self, key: WrappingKey) -> Result<Told, RootError> {
        let told = self.told(key)?.ok_or(RootError::Missing(key))?;
        match told.state.as_str() {
            "Enabled" => Ok(told),
            "Disabled" => Err(self.asker.denied(format!("`{}` is disabled: enable it", alias(key)))),
            other => Err(self.asker.unavailable(format!("`{}` is {}", alias(key), said(other)))),
        }
    }

    fn destroy_by(&self, id: &str) -> Result<(), RootError> {
        // Disabled first: then a deletion that is cancelled brings back nothing that works.
        self.done(Again::Yes, "DisableKey", &json!({"KeyId": id}))?;
        let asked = json!({"KeyId": id, "PendingWindowInDays": DAYS});
        self.done(Again::Yes, "ScheduleKeyDeletion", &asked).map(|_| ())
    }
}

fn alias(key: WrappingKey) -> String {
    format!("alias/phiward-{key}")
}

/// What KMS binds: the name of the key, and the label line by line, or in base64 where it is no lines of text.
fn context(key: WrappingKey, label: &[u8]) -> Value {
    let mut context = Map::new();
    context.insert("phiward-key".to_owned(), json!(key.to_string()));
    let lines = std::str::from_utf8(label).ok().and_then(|label| label.strip_suffix('\n'));
    let lines: Option<Vec<&str>> = lines.map(|lines| lines.split('\n').collect());
    let is_text = |line: &&str| !line.is_empty() && line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    match lines.filter(|lines| lines.iter().all(is_text)) {
        Some(lines) => {
            for (line, number) in lines.into_iter().zip(1..) {
                context.insert(format!("label-{number}"), json!(line));
            }
        }
        None => {
            context.insert("label".to_owned(), json!(STANDARD.encode(label)));
        }
    }
    Value::Object(context)
}

/// The word of KMS for what went wrong: letters alone, whatever it sends.
fn code(reply: &Reply) -> String {
    if reply.status == 200 {
        return String::new();
    }
    let told: Option<Value> = serde_json::from_slice(&reply.body).ok();
    let told = told.as_ref().and_then(|told| told.get("__type")).and_then(Value::as_str).unwrap_or_default();
    let code = told.rsplit('#').next().unwrap_or_default();
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

fn is_throttled(reply: &Reply) -> bool {
    matches!(
        code(reply).as_str(),
        "ThrottlingException"
            | "RequestLimitExceeded"
            | "TooManyRequestsException"
            | "LimitExceededException"
    ) && reply.status != 200
}

impl Root for KmsRoot {
    fn make(&self) -> Result<WrappingKey, RootError> {
        let key = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            WrappingKey::random(&mut **rng)
        };
        let asked = json!({
            "Description": format!("Phiward wrapping key {key}"),
            "KeySpec": "SYMMETRIC_DEFAULT",
            "KeyUsage": "ENCRYPT_DECRYPT",
            "Tags": [{"TagKey": "phiward-key", "TagValue": key.to_string()}],
        });
        // Asked twice it would make two.
        let made = self.done(Again::No, "CreateKey", &asked)?;
        let id = made.pointer("/KeyMetadata/KeyId").and_then(Value::as_str);
        let id = id.ok_or_else(|| self.asker.denied("its answer is none of KMS"))?;
        let named = self.done(Again::No, "CreateAlias", &json!({"AliasName": alias(key), "TargetKeyId": id}));
        let named = named.and_then(|_| self.usable(key));
        match named {
            Ok(found) if found.id == id => Ok(key),
            Ok(_) => Err(self.asker.denied(format!("`{}` is another key's", alias(key)))),
            Err(error) => {
                // The error that matters is the first.
                let _ = self.destroy_by(id);
                Err(error)
            }
        }
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        let id = self.usable(key)?.id;
        let plain = Zeroizing::new(STANDARD.encode(secret));
        let (id, context) = (json!(id), context(key, label));
        let asked = format!(r#"{{"KeyId":{id},"Plaintext":"{}","EncryptionContext":{context}}}"#, *plain);
        let asked = Zeroizing::new(asked);
        let reply = self.ask(Again::Yes, "Encrypt", &asked)?;
        if reply.status != 200 {
            return Err(self.refused("Encrypt", &reply));
        }
        let sealed = self.value(&reply)?;
        let sealed = sealed.get("CiphertextBlob").and_then(Value::as_str);
        let sealed =
            sealed.and_then(|sealed| STANDARD.decode(sealed).ok()).filter(|sealed| !sealed.is_empty());
        sealed.ok_or_else(|| self.asker.denied("its answer is none of KMS"))
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        #[derive(Deserialize)]
        struct Opened<'a> {
            #[serde(rename = "Plaintext")]
            plain: &'a str,
            #[serde(rename = "KeyId")]
            arn: &'a str,
        }
        let Told { id, arn, .. } = self.usable(key)?;
        let blob = STANDARD.encode(wrapped);
        let asked = json!({"KeyId": id, "CiphertextBlob": blob, "EncryptionContext": context(key, label)});
        let reply = self.ask(Again::Yes, "Decrypt", &asked.to_string())?;
        match code(&reply).as_str() {
            "" if reply.status == 200 => {}
            "InvalidCiphertextException" | "IncorrectKeyException" | "ValidationException" => {
                return Err(RootError::Refused(key));
            }
            "NotFoundException" | "KMSInvalidStateException" => return Err(RootError::Missing(key)),
            _ => return Err(self.refused("Decrypt", &reply)),
        }
        let body = Zeroizing::new(reply.body);
        let opened: Option<Opened<'_>> = serde_json::from_slice(&body).ok();
        let opened = opened.filter(|opened| opened.arn == arn).ok_or(RootError::Refused(key))?;
        let plain = STANDARD.decode(opened.plain).map(Zeroizing::new).map_err(|_| RootError::Refused(key))?;
        plain.as_slice().try_into().map(Zeroizing::new).map_err(|_| RootError::Refused(key))
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        match self.told(key)? {
            None => return Ok(()),
            Some(told) => self.destroy_by(&told.id)?,
        }
        match self.told(key)? {
            None => Ok(()),
            Some(_) => Err(self.asker.denied(format!("`{}` is not about to be deleted", alias(key)))),
        }
    }
}

impl fmt::Debug for KmsRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsRoot").field("place", &self.place).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_labels_have_one_context() {
        let key = WrappingKey([1; 8]);
        let labels: [&[u8]; 10] = [
            b"a\nb\n",
            b"a\nb",
            b"ab\n",
            b"a\n\nb\n",
            b"",
            b"\n",
            b"a\n",
            b"a",
            "\u{e9}\n".as_bytes(),
            b"\xff\n",
        ];
        let contexts: Vec<Value> = labels.iter().map(|label| context(key, label)).collect();
        for (at, one) in contexts.iter().enumerate() {
            assert!(contexts.iter().skip(at + 1).all(|other| one != other), "{one}");
        }
        assert_eq!(
            context(key, b"phiward data key\nharbor\n0001\nphi\n"),
            json!({
                "phiward-key": "0101010101010101",
                "label-1": "phiward data key",
                "label-2": "harbor",
                "label-3": "0001",
                "label-4": "phi",
            })
        );
        assert_ne!(context(key, b"a\n"), context(WrappingKey([2; 8]), b"a\n"));
    }
}
