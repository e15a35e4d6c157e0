//! Asking witnesses for their signatures (c2sp.org/tlog-witness).

use std::time::Duration;

use tlog::{AddCheckpoint, SignatureLine, VerifierKey};

use crate::error::LedgerError;
use crate::running::Ledger;

const LONGEST_ANSWER: usize = 64 * 1024;

/// A witness and where it answers.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// The address before `/add-checkpoint`.
    pub url: String,
    pub key: VerifierKey,
}

impl Ledger {
    /// Publishes each log, has a witness cosign it and adds the cosignature to the checkpoint that is served. Gives
    /// how many logs were cosigned. A witness that has seen more, or something else, is an error: the ledger is an
    /// older copy or was rewritten.
    pub async fn ask(&self, witness: &Neighbour, within: Duration) -> Result<usize, LedgerError> {
        let url = format!("{}/add-checkpoint", witness.url.trim_end_matches('/'));
        let refused =
            |what: String| LedgerError::Refused(format!("the witness `{}` {what}", witness.key.name()));
        let mut cosigned = 0;
        for (name, appender) in self.logs() {
            let checkpoint = appender.publish().await?;
            let size = checkpoint.checkpoint().size();
            let mut old_size = 0;
            // Told once what it has, it is asked from there.
            for attempt in 0..2 {
                let prover = appender.prover();
                let proof = if old_size == 0 { Vec::new() } else { prover.consistency(old_size, size)? };
                let request = AddCheckpoint { old_size, proof, checkpoint: (*checkpoint).clone() };
                let body = request.to_string().into_bytes();
                let (status, answer) = wire::post(&url, body, LONGEST_ANSWER, within).await?;
                let text = String::from_utf8_lossy(&answer).into_owned();
                match status {
                    200 => {
                        let lines = read_lines(&text)
                            .ok_or_else(|| refused("answers what cannot be read".to_owned()))?;
                        let mut with = (*checkpoint).clone();
                        lines.iter().for_each(|line| with.add(line.clone()));
                        with.verify(std::slice::from_ref(&witness.key))
                            .map_err(|error| refused(format!("gave no signature that holds: {error}")))?;
                        appender.cosign(size, lines).await?;
                        cosigned += 1;
                        break;
                    }
                    409 if attempt == 0 => {
                        let has: u64 = text
                            .trim()
                            .parse()
                            .map_err(|_| refused("answers what cannot be read".to_owned()))?;
                        if has > size {
                            return Err(refused(format!(
                                "has cosigned {has} entries of `{name}`, which has {size}: it was cut or is an older copy"
                            )));
                        }
                        old_size = has;
                    }
                    409 | 422 => {
                        return Err(refused(format!(
                            "has cosigned other entries of `{name}`: it was rewritten"
                        )));
                    }
                    _ => return Err(refused(format!("answers {status} for `{name}`: {}", text.trim()))),
                }
            }
        }
        Ok(cosigned)
    }
}

fn read_lines(text: &str) -> Option<Vec<SignatureLine>> {
    let all: Vec<SignatureLine> =
        text.lines().map(|line| SignatureLine::parse(line).ok()).collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}
