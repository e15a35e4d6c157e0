//! Asking witnesses for their signatures (c2sp.org/tlog-witness).

use std::time::Duration;

use tlog::{AddCheckpoint, Appender, SignatureLine, SignedCheckpoint, VerifierKey};

use wire::Plain;

use crate::error::LedgerError;
use crate::running::Ledger;

const LONGEST_ANSWER: usize = 64 * 1024;
/// How often a witness is asked again because the log was published meanwhile.
const MOST_TIMES: usize = 5;
/// Keys that a witness signs by at once.
const MOST_LINES: usize = 8;
/// Of what a witness says, in characters.
const MOST_SHOWN: usize = 200;

/// A witness and where it answers.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// The address before `/add-checkpoint`.
    pub url: String,
    pub key: VerifierKey,
    /// Whether it may be asked over plain http though it is not this machine.
    pub plain: Plain,
}

impl Ledger {
    /// Publishes each log, has a witness cosign it and adds the cosignature to the checkpoint that is served. Gives
    /// how many logs were cosigned. A witness that has seen more, or something else, is an error: the ledger is an
    /// older copy or was rewritten. So is a log that grew faster than the witness answers. Each log is asked for,
    /// whatever came of the others; the first error is told.
    pub async fn ask(&self, witness: &Neighbour, within: Duration) -> Result<usize, LedgerError> {
        let (mut cosigned, mut failed) = (0, None);
        for (name, appender) in self.logs() {
            match witness.cosigns(&name, &appender, within).await {
                Ok(()) => cosigned += 1,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(cosigned), Err)
    }
}

impl Neighbour {
    fn refused(&self, what: String) -> LedgerError {
        LedgerError::Refused(format!("the witness `{}` {what}", self.key.name()))
    }

    /// Puts the cosignature on the checkpoint that is served. A signature is of one checkpoint: where the log was
    /// published anew meanwhile the witness is asked for the new one, a few times.
    async fn cosigns(&self, name: &str, appender: &Appender, within: Duration) -> Result<(), LedgerError> {
        let mut old_size = 0;
        for _ in 0..MOST_TIMES {
            let checkpoint = appender.publish().await?;
            let size = checkpoint.checkpoint().size();
            let lines = self.lines(name, appender, &checkpoint, &mut old_size, within).await?;
            match appender.cosign(size, lines).await {
                Ok(_) => return Ok(()),
                Err(tlog::Error::Beyond { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(self.refused(format!(
            "answered {MOST_TIMES} times for `{name}`, which was published anew each time before: what is served is not \
             cosigned"
        )))
    }

    /// The witness's lines of signature for a checkpoint. `old_size` is what the witness has, as far as is known.
    async fn lines(
        &self,
        name: &str,
        appender: &Appender,
        checkpoint: &SignedCheckpoint,
        old_size: &mut u64,
        within: Duration,
    ) -> Result<Vec<SignatureLine>, LedgerError> {
        let url = format!("{}/add-checkpoint", self.url.trim_end_matches('/'));
        let size = checkpoint.checkpoint().size();
        // Told once what it has, it is asked from there.
        for attempt in 0..2 {
            let (prover, old) = (appender.prover().clone(), *old_size);
            // It reads tiles.
            let proof = tokio::task::spawn_blocking(move || match old {
                0 => Ok(Vec::new()),
                _ => prover.consistency(old, size),
            });
            let proof = proof.await.map_err(|error| LedgerError::Refused(error.to_string()))??;
            let request = AddCheckpoint { old_size: old, proof, checkpoint: checkpoint.clone() };
            let body = request.to_string().into_bytes();
            let (status, answer) = wire::post(&url, self.plain, body, LONGEST_ANSWER, within).await?;
            let text = String::from_utf8_lossy(&answer).into_owned();
            match status {
                200 => {
                    let lines = read_lines(&text)
                        .ok_or_else(|| self.refused("answers what cannot be read".to_owned()))?;
                    // A stranger's lines under other names are nobody's: they would be served with the log's own.
                    let lines: Vec<SignatureLine> =
                        lines.into_iter().filter(|line| line.name == self.key.name()).collect();
                    if lines.len() > MOST_LINES {
                        return Err(self.refused(format!("gives more than {MOST_LINES} signatures")));
                    }
                    let mut with = checkpoint.clone();
                    lines.iter().for_each(|line| with.add(line.clone()));
                    with.verify(std::slice::from_ref(&self.key))
                        .map_err(|error| self.refused(format!("gave no signature that holds: {error}")))?;
                    *old_size = size;
                    return Ok(lines);
                }
                409 if attempt == 0 => {
                    let has: u64 = text
                        .trim()
                        .parse()
                        .map_err(|_| self.refused("answers what cannot be read".to_owned()))?;
                    if has > size {
                        return Err(self.refused(format!(
                            "has cosigned {has} entries of `{name}`, which has {size}: it was cut or is an older copy"
                        )));
                    }
                    *old_size = has;
                }
                409 | 422 => {
                    return Err(
                        self.refused(format!("has cosigned other entries of `{name}`: it was rewritten"))
                    );
                }
                _ => return Err(self.refused(format!("answers {status} for `{name}`: {}", shown(&text)))),
            }
        }
        Err(self.refused(format!("says twice that it has other entries of `{name}`")))
    }
}

/// A stranger's words for a terminal: the first of them, in printable ASCII alone.
fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let mut shown: String = text.trim().chars().take(MOST_SHOWN).map(plain).collect();
    if text.trim().chars().count() > MOST_SHOWN {
        shown.push_str("...");
    }
    shown
}

fn read_lines(text: &str) -> Option<Vec<SignatureLine>> {
    let all: Vec<SignatureLine> =
        text.lines().map(|line| SignatureLine::parse(line).ok()).collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}
