//! Against moto, a server that does as AWS does: `cargo xtask setup` installs it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use guard::root::{self, KmsPlace, Means, Place, Root, RootError};
use serde_json::Value;
use wire::Credentials;

use super::{Server, contract, free_port, means, raw, until};

struct Moto {
    _server: Server,
    endpoint: String,
}

impl Moto {
    fn start(port: u16) -> Self {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/moto/bin/moto_server");
        let child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: `cargo xtask setup` installs it", program.display())
            });
        let moto = Self { _server: Server(child), endpoint: format!("http://127.0.0.1:{port}") };
        until("moto", || raw(&moto.endpoint, None, "GET", "/", &[], ""));
        moto
    }

    fn open(&self) -> Arc<dyn Root> {
        let endpoint = Some(self.endpoint.clone());
        let place = KmsPlace { region: "eu-central-1".to_owned(), endpoint, authorities: None };
        root::open(&Place::Kms(place), with_credentials()).unwrap()
    }

    fn ask(&self, action: &str, body: &str) -> Value {
        let target = format!("TrentService.{action}");
        let authorization = "AWS4-HMAC-SHA256 Credential=id/20261127/eu-central-1/kms/aws4_request, \
                             SignedHeaders=host, Signature=0";
        let headers = [
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("authorization", authorization),
        ];
        let (status, body) = raw(&self.endpoint, None, "POST", "/", &headers, body).unwrap();
        assert_eq!(status, 200, "{body}");
        if body.is_empty() { Value::Null } else { serde_json::from_str(&body).unwrap() }
    }
}

fn with_credentials() -> Means {
    let credentials = Credentials { id: "id".to_owned(), secret: "secret".to_owned().into(), token: None };
    Means { credentials: Some(credentials), ..means() }
}

#[test]
fn kms_keeps_keys() {
    let moto = Moto::start(free_port());
    // Moto has the name of the key in what it wraps, and says of one that it does not know that it may not be used.
    let refuses = |error: &RootError| matches!(error, RootError::Refused(_) | RootError::Denied { .. });
    contract(&|| moto.open(), &refuses);

    let root = moto.open();
    let key = root.make().unwrap();
    let about = format!(r#"{{"KeyId":"alias/phiward-{key}"}}"#);
    let told = moto.ask("DescribeKey", &about);
    let described = |name: &str| {
        told.pointer(&format!("/KeyMetadata/{name}")).and_then(Value::as_str).unwrap().to_owned()
    };
    assert_eq!((described("KeyState"), described("Origin")), ("Enabled".to_owned(), "AWS_KMS".to_owned()));
    let by_id = format!(r#"{{"KeyId":"{}"}}"#, described("KeyId"));
    let tags = moto.ask("ListResourceTags", &by_id).to_string();
    assert!(tags.contains(&key.to_string()), "{tags}");

    // Somebody disables it: that is said, and nothing is lost.
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    moto.ask("DisableKey", &by_id);
    let told = root.unwrap(key, b"label", &wrapped).unwrap_err();
    assert!(matches!(&told, RootError::Denied { .. }) && told.to_string().contains("enable it"), "{told}");
    moto.ask("EnableKey", &by_id);
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);

    // Destroyed is disabled, and gone in seven days; a deletion that is cancelled brings back nothing that works.
    root.destroy(key).unwrap();
    let told = moto.ask("DescribeKey", &about);
    assert_eq!(told.pointer("/KeyMetadata/KeyState").unwrap(), "PendingDeletion");
    let days = told.pointer("/KeyMetadata/DeletionDate").and_then(Value::as_f64).unwrap()
        - told.pointer("/KeyMetadata/CreationDate").and_then(Value::as_f64).unwrap();
    assert!((6.9..7.1).contains(&(days / 86400.0)), "{days}");
    moto.ask("CancelKeyDeletion", &by_id);
    assert!(matches!(root.unwrap(key, b"label", &wrapped), Err(RootError::Denied { .. })));
    root.destroy(key).unwrap();
    assert!(!format!("{root:?}").contains("secret"));
}

#[test]
fn kms_that_goes_and_comes_back() {
    let port = free_port();
    let moto = Moto::start(port);
    let root = moto.open();
    let key = root.make().unwrap();
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    drop(moto);
    for outcome in
        [root.make().map(|_| ()), root.destroy(key), root.unwrap(key, b"label", &wrapped).map(|_| ())]
    {
        let told = outcome.unwrap_err();
        assert!(matches!(told, RootError::Unavailable { .. }), "{told}");
        assert!(told.to_string().contains(&port.to_string()), "{told}");
    }
    // Moto forgets; the root does not take that for an answer to another question.
    let _moto = Moto::start(port);
    assert!(matches!(root.unwrap(key, b"label", &wrapped), Err(RootError::Missing(_))));
    let key = root.make().unwrap();
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
}

#[test]
fn without_credentials_or_tls_there_is_no_kms() {
    let place: Place = "kms:eu-central-1".parse().unwrap();
    let told = root::open(&place, means()).map(|_| ()).unwrap_err();
    assert!(matches!(&told, RootError::Denied { .. }) && told.to_string().contains("credentials"), "{told}");
    let place: Place = "kms:eu-central-1?endpoint=http://kms.example".parse().unwrap();
    let told = root::open(&place, with_credentials()).map(|_| ()).unwrap_err().to_string();
    assert!(told.contains("plain http"), "{told}");
}
