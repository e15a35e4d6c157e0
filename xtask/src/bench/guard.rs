//! Tokens and data jobs, the tokens beside what a user would take instead: `cryptography` and `tink` from the Python
//! package index.

use std::process::Command;

use crate::steps::{self, target};

const PEERS: [&str; 2] = ["cryptography==50.0.2", "tink==1.16.1"];

/// Nanoseconds of processor time, the least of several rounds, as ours are measured.
const SCRIPT: &str = r#"
import os, time
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
import tink
from tink import aead

def measure(name, operation, operations=20000, rounds=7):
    best = None
    for _ in range(rounds):
        start = time.process_time_ns()
        for _ in range(operations):
            operation()
        spent = (time.process_time_ns() - start) / operations
        best = spent if best is None or spent < best else best
    print(name, round(best))

value, bound = b"x" * 32, b"y" * 51
plain = AESGCM(os.urandom(32))
nonce = os.urandom(12)
sealed = plain.encrypt(nonce, value, bound)
measure("cryptography-AESGCM-seal", lambda: plain.encrypt(os.urandom(12), value, bound))
measure("cryptography-AESGCM-open", lambda: plain.decrypt(nonce, sealed, bound))
aead.register()
primitive = tink.new_keyset_handle(aead.aead_key_templates.AES256_GCM).primitive(aead.Aead)
sealed = primitive.encrypt(value, bound)
measure("tink-AES256_GCM-seal", lambda: primitive.encrypt(value, bound))
measure("tink-AES256_GCM-open", lambda: primitive.decrypt(sealed, bound))
fernet = Fernet(Fernet.generate_key())
sealed = fernet.encrypt(value)
measure("cryptography-Fernet-seal", lambda: fernet.encrypt(value))
measure("cryptography-Fernet-open", lambda: fernet.decrypt(sealed))
"#;

pub(super) fn run() -> Result<(), String> {
    let build = ["build", "--release", "--quiet", "--package", "phiward-guard"];
    steps::call("cargo", &[&build[..], &["--example", "measure", "--example", "pipe"]].concat())?;
    let examples = target().join("release/examples");
    println!("{:<28} {:>8}", "a table of 20 columns", "MB/s");
    print(Command::new(examples.join("pipe")))?;
    println!("{:<28} {:>8}", "", "CPU ns");
    print(Command::new(examples.join("measure")))?;
    let venv = target().join("bench/guard-peers");
    let python = venv.join("bin/python");
    if !python.is_file() {
        let place = venv.display().to_string();
        steps::call("python3", &["-m", "venv", &place])?;
        let words = [&["-m", "pip", "install", "--quiet"][..], &PEERS].concat();
        steps::call(&python.display().to_string(), &words)?;
    }
    let mut peers = Command::new(python);
    peers.args(["-c", SCRIPT]);
    print(peers)
}

fn print(mut command: Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, figure) = line.rsplit_once(' ').unwrap_or((line, ""));
        println!("{name:<28} {figure:>8}");
    }
    Ok(())
}
