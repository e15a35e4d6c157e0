//! Asking a key service over HTTP, some times over where that changes nothing.

use std::path::Path;
use std::time::Duration;

use wire::{Call, Client, Peer, Plain, Reply};

use super::RootError;
use crate::durable;

const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of an answer.
const MOST: usize = 1 << 20;
/// Of a file of authorities.
const LONGEST: u64 = 1 << 20;
/// What is waited before a call is made again.
const WAITS: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// Whether a call may be made again when it is not known what became of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    Yes,
    No,
}

pub(super) struct Asker {
    client: Client,
    /// What errors call it.
    place: String,
}

impl Asker {
    /// For an address; what is below its host is refused. Plain http is for this machine alone.
    pub(super) fn of(address: &str, authorities: Option<&Path>) -> Result<Self, RootError> {
        let denied = |what: String| RootError::Denied { place: address.to_owned(), what };
        let pem = match authorities {
            Some(path) => {
                let io = |error| RootError::Io { path: path.to_owned(), error };
                let pem = durable::read(path, LONGEST).map_err(io)?;
                Some(pem.ok_or_else(|| io(std::io::ErrorKind::NotFound.into()))?)
            }
            None => None,
        };
        let peer = Peer::by(address, Plain::Loopback, MOST, WITHIN, pem.as_deref());
        let (peer, path) = peer.map_err(|error| denied(error.to_string()))?;
        if path != "/" {
            return Err(denied("its address has no path".to_owned()));
        }
        let client = Client::start(peer).map_err(|error| denied(error.to_string()))?;
        Ok(Self { client, place: address.to_owned() })
    }

    pub(super) fn authority(&self) -> &str {
        self.client.peer().authority()
    }

    pub(super) fn unavailable(&self, what: impl Into<String>) -> RootError {
        RootError::Unavailable { place: self.place.clone(), what: what.into() }
    }

    pub(super) fn denied(&self, what: impl Into<String>) -> RootError {
        RootError::Denied { place: self.place.clone(), what: what.into() }
    }

    /// Asks until there is an answer that is not `later`, three times at most.
    pub(super) fn ask(
        &self,
        again: Again,
        call: impl Fn() -> Call,
        later: impl Fn(&Reply) -> bool,
    ) -> Result<Reply, RootError> {
        let mut waits = WAITS.iter().filter(|_| again == Again::Yes);
        loop {
            let answer = self.client.ask(call()).map_err(|error| error.to_string());
            match (waits.next(), answer) {
                (_, Ok(reply)) if !later(&reply) => return Ok(reply),
                (None, Ok(reply)) => return Ok(reply),
                (_, Err(error)) if error.contains("certificate") => {
                    return Err(self.denied(format!("{error}: name the file of its authority by `ca-file`")));
                }
                (None, Err(error)) => return Err(self.unavailable(error)),
                (Some(wait), _) => std::thread::sleep(*wait),
            }
        }
    }
}

/// What a service says: the first 200 characters, in printable ASCII.
pub(super) fn said(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(200).collect()
}
