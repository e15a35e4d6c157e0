//! What becomes of answers that no honest service gives, or gives on a bad day: servers of our own say them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guard::root::{self, Means, Place, Root, RootError, WrappingKey};
use serde_json::json;
use wire::{Answer, Asked, Credentials, Limits, Listener, Service};

use super::{means, stranger, write_secret};

/// Says for a path what it is told to, in turn, the last for ever; and counts.
#[derive(Default)]
struct Script {
    answers: Mutex<BTreeMap<String, Vec<(u16, String)>>>,
    asked: Mutex<BTreeMap<String, usize>>,
}

impl Script {
    /// From now on; what was counted is forgotten.
    fn says(&self, to: &str, answers: &[(u16, &str)]) {
        let answers = answers.iter().rev().map(|(status, body)| (*status, (*body).to_owned())).collect();
        self.answers.lock().unwrap().insert(to.to_owned(), answers);
        self.asked.lock().unwrap().clear();
    }

    fn count(&self, to: &str) -> usize {
        self.asked.lock().unwrap().get(to).copied().unwrap_or_default()
    }
}

impl Service for Script {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        // A path of OpenBao's, without the name of a key; an action of KMS by what its body has.
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let to = match asked.path.as_str() {
            "/" if body.contains("CiphertextBlob") => "Decrypt",
            "/" if body.contains("Plaintext") => "Encrypt",
            "/" if body.contains("KeySpec") => "CreateKey",
            "/" => "DescribeKey",
            path => path.trim_start_matches("/v1/").split("/phiward-").next().unwrap_or_default(),
        };
        *self.asked.lock().unwrap().entry(to.to_owned()).or_default() += 1;
        let mut answers = self.answers.lock().unwrap();
        let told =
            answers.get_mut(to).map(|told| if told.len() > 1 { told.pop() } else { told.last().cloned() });
        let (status, body) = told.flatten().unwrap_or_else(|| (404, "<html>not here</html>".to_owned()));
        Box::pin(async move { Answer::text(status, body) })
    }
}

/// Runs a test beside a server that follows a script.
fn beside(test: impl FnOnce(&Script, &str)) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let script = Arc::new(Script::default());
    let (stop, stopped) = wire::stop();
    let listener =
        runtime.block_on(Listener::bind("127.0.0.1:0".parse().unwrap(), Limits::default())).unwrap();
    let address = format!("http://{}", listener.address());
    let service: Arc<dyn Service> = Arc::<Script>::clone(&script);
    let running = runtime.spawn(listener.run(service, stopped));
    test(&script, &address);
    stop.now();
    runtime.block_on(running).unwrap();
}

const SEALED: &str = r#"{"errors":["Vault is sealed"]}"#;
const KEY: &str =
    r#"{"data":{"type":"aes256-gcm96","exportable":false,"allow_plaintext_backup":false,"derived":false}}"#;

fn is_unavailable<T>(outcome: Result<T, RootError>) -> bool {
    matches!(outcome, Err(RootError::Unavailable { .. }))
}

fn is_denied<T>(outcome: Result<T, RootError>) -> bool {
    matches!(outcome, Err(RootError::Denied { .. }))
}

#[test]
fn openbao_is_asked_three_times_at_most_and_believed_in_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    write_secret(&file, "a-token");
    beside(|script, address| {
        let place: Place =
            format!("openbao:{address}/transit?token-file={}", file.display()).parse().unwrap();
        let lookup = "auth/token/lookup-self";
        // Signing in.
        for (answer, is) in [
            ((200, "<html>"), is_denied as fn(_) -> bool),
            ((200, r#"{"data":{"ttl":"soon"}}"#), is_denied),
            ((403, r#"{"errors":["permission denied"]}"#), is_denied),
            ((404, "<html>"), is_denied),
            ((503, SEALED), is_unavailable),
            ((500, ""), is_unavailable),
        ] {
            script.says(lookup, &[answer]);
            assert!(is(root::open(&place, means())), "{answer:?}");
        }
        script.says(lookup, &[(429, ""), (502, "<html>"), (200, r#"{"data":{"ttl":0}}"#)]);
        let root = root::open(&place, means()).unwrap();
        assert_eq!(script.count(lookup), 3);

        let key = stranger();
        let wrapped = format!("vault:v1:{}", STANDARD.encode([1; 60])).into_bytes();
        let unwrap = || root.unwrap(key, b"label", &wrapped);
        let decrypt = "transit/decrypt";
        let told = |bytes: &[u8]| json!({"data": {"plaintext": STANDARD.encode(bytes)}}).to_string();
        let good = told(&[7; 32]);
        script.says(decrypt, &[(500, ""), (429, ""), (200, &good)]);
        assert_eq!((*unwrap().unwrap(), script.count(decrypt)), ([7; 32], 3));
        for (status, body, times) in [(500, "", 3), (429, "", 3), (502, "<html>", 3), (503, SEALED, 1)] {
            script.says(decrypt, &[(status, body)]);
            assert!(is_unavailable(unwrap()), "{status}");
            assert_eq!(script.count(decrypt), times, "{status}");
        }
        let empty = r#"{"errors":[]}"#;
        for (status, body) in [(404, "<html>"), (404, r#"{"errors":["no handler"]}"#), (307, ""), (418, "")] {
            script.says(decrypt, &[(status, body)]);
            assert!(is_denied(unwrap()), "{status} {body}");
            assert_eq!(script.count(decrypt), 1, "{status}");
        }
        script.says(decrypt, &[(404, empty)]);
        assert!(matches!(unwrap(), Err(RootError::Missing(_))));
        // What does not open is asked once; what opens to something else is refused too.
        let (short, long) = (told(&[7; 31]), told(&[7; 33]));
        for (status, body) in [(400, ""), (400, empty), (200, ""), (200, "{}"), (200, &*short), (200, &*long)]
        {
            script.says(decrypt, &[(status, body)]);
            assert!(matches!(unwrap(), Err(RootError::Refused(_))), "{status} {body}");
            assert_eq!(script.count(decrypt), 1, "{status} {body}");
        }
        // Whoever says that it may not and then that the token is good is believed, and asked once.
        script.says(decrypt, &[(403, r#"{"errors":["permission denied"]}"#)]);
        assert!(is_denied(unwrap()));
        assert_eq!(script.count(decrypt), 1);

        // Only the engine's own word makes a destruction one that is done.
        let keys = "transit/keys";
        script.says(keys, &[(404, empty)]);
        root.destroy(key).unwrap();
        for (status, body) in
            [(404, "<html>"), (404, ""), (404, r#"{"errors":["no handler"]}"#), (200, "<html>"), (401, "")]
        {
            script.says(keys, &[(status, body)]);
            assert!(is_denied(root.destroy(key)), "{status} {body}");
        }

        // Nothing is wrapped by what could leave, and no answer is taken that does not look as one.
        let wrap = || root.wrap(key, b"label", &[7; 32]);
        for other in [
            KEY.replace(r#""exportable":false"#, r#""exportable":true"#),
            KEY.replace(r#""allow_plaintext_backup":false"#, r#""allow_plaintext_backup":true"#),
            KEY.replace("aes256-gcm96", "aes128-gcm96"),
            KEY.replace(r#""exportable":false,"#, ""),
        ] {
            script.says(keys, &[(200, &other)]);
            assert!(is_denied(wrap()), "{other}");
        }
        script.says(keys, &[(200, KEY)]);
        for body in ["", "{}", r#"{"data":{"ciphertext":"vault:v1:AAAA"}}"#, r#"{"data":{"ciphertext":7}}"#] {
            script.says("transit/encrypt", &[(200, body)]);
            assert!(is_denied(wrap()), "{body}");
        }
    });
}

fn kms(address: &str) -> Arc<dyn Root> {
    let credentials = Credentials { id: "id".to_owned(), secret: "secret".to_owned().into(), token: None };
    let place: Place = format!("kms:eu-central-1?endpoint={address}").parse().unwrap();
    root::open(&place, Means { credentials: Some(credentials), ..means() }).unwrap()
}

#[test]
fn kms_is_asked_three_times_at_most_and_for_a_new_key_once() {
    beside(|script, address| {
        let root = kms(address);
        let key: WrappingKey = stranger();
        let about = |state: &str| {
            json!({"KeyMetadata": {"KeyId": "k", "Arn": "arn:k", "KeyState": state}}).to_string()
        };
        let enabled = about("Enabled");
        let word = |word: &str| json!({ "__type": word }).to_string();
        let throttled = word("ThrottlingException");

        script.says("CreateKey", &[(500, "")]);
        assert!(is_unavailable(root.make()));
        assert_eq!(script.count("CreateKey"), 1, "asked twice it would make two");

        script.says("DescribeKey", &[(200, &enabled)]);
        let told =
            |arn: &str, bytes: &[u8]| json!({"KeyId": arn, "Plaintext": STANDARD.encode(bytes)}).to_string();
        let good = told("arn:k", &[7; 32]);
        let unwrap = || root.unwrap(key, b"label", b"wrapped");
        script.says("Decrypt", &[(400, &throttled), (500, ""), (200, &good)]);
        assert_eq!((*unwrap().unwrap(), script.count("Decrypt")), ([7; 32], 3));
        for (status, body) in [(400, throttled.as_str()), (500, ""), (503, "<html>")] {
            script.says("Decrypt", &[(status, body)]);
            assert!(is_unavailable(unwrap()), "{status} {body}");
            assert_eq!(script.count("Decrypt"), 3);
        }
        let (other, short) = (told("arn:other", &[7; 32]), told("arn:k", &[7; 31]));
        let words = ["InvalidCiphertextException", "com.amazonaws.kms#IncorrectKeyException"].map(word);
        for (status, body) in
            [(200, &*other), (200, &*short), (200, ""), (200, "{}"), (400, &*words[0]), (400, &*words[1])]
        {
            script.says("Decrypt", &[(status, body)]);
            assert!(matches!(unwrap(), Err(RootError::Refused(_))), "{status} {body}");
            assert_eq!(script.count("Decrypt"), 1, "{status} {body}");
        }
        for (name, what) in [
            ("AccessDeniedException", "kms:Decrypt"),
            ("UnrecognizedClientException", "none of this account"),
            ("ExpiredTokenException", "have ended"),
            ("InvalidSignatureException", "clock"),
            ("Some<b>Other", "SomebOther"),
        ] {
            script.says("Decrypt", &[(400, &word(name))]);
            let told = unwrap().unwrap_err();
            assert!(matches!(told, RootError::Denied { .. }) && told.to_string().contains(what), "{told}");
        }

        for (state, is) in [("Disabled", is_denied as fn(_) -> bool), ("Unavailable", is_unavailable)] {
            script.says("DescribeKey", &[(200, &about(state))]);
            assert!(is(unwrap()), "{state}");
        }
        for state in ["PendingDeletion", "PendingReplicaDeletion"] {
            script.says("DescribeKey", &[(200, &about(state))]);
            assert!(matches!(unwrap(), Err(RootError::Missing(_))), "{state}");
            root.destroy(key).unwrap();
        }
        // Only the word of KMS makes a destruction one that is done.
        for (status, body) in [(404, "<html>"), (400, ""), (200, "{}"), (200, "<html>")] {
            script.says("DescribeKey", &[(status, body)]);
            assert!(is_denied(root.destroy(key)), "{status} {body}");
            assert!(is_denied(unwrap()), "{status} {body}");
        }
        script.says("DescribeKey", &[(400, &word("NotFoundException"))]);
        root.destroy(key).unwrap();
    });
}
