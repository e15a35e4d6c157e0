//! The text at the head of a ring of salts.
//!
//! ```text
//! phiward-salt-ring/v1
//! ring <16 hexadecimal digits>
//! written <generation>
//! epoch <number> wrapped by <wrapping key>, <base64 of the key that seals records>
//! retired <wrapping key>                                     the one of the epoch before
//! finder <base64 of the key that finds people, sealed by the key of the epoch>
//! holds <records that were written with this head>
//! approvers <name=digest of those who may say what two people have to, a blank between; an earlier release: name>
//! merged <handle> <handle that survives> <base64 of the person that was merged away, sealed> <of who survives, sealed>
//! escrow <id> <day> <shares that open> <shares> <kept, undoes or destroyed>
//! escrows unknown <day>                                      a copy was put back then, and nobody settled it yet
//! became <handle> <handle that survives> <base64 of who survives, sealed>    its person was merged, and it is retired
//! shreddings <open <day>, settled, or accepted <time> <reason>>   whether those since a copy that was put back are done again
//! sum <base64 of HMAC-SHA-256 of the lines before, under a key from the one that finds people>
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::civil::Date;
use journal::act::KeyReason;
use journal::names::KeyId;
use journal::{Rng, Subject};
use zeroize::Zeroizing;

use super::escrowed::{self, Escrowed};
use super::store::{Id, Master, SEPARATOR};
use crate::GuardError;
use crate::root::{Root, RootError, WrappingKey};

const MAGIC: &str = "phiward-salt-ring/v1";
const FINDER: &[u8] = b"phiward salt ring finder\n";
const MERGED: &[u8] = b"phiward salt ring merged\n";
const SURVIVOR: &[u8] = b"phiward salt ring survivor\n";
const SUM: &[u8] = b"phiward-salt-ring-head-1";
const UNKNOWN: &str = "escrows unknown";
const SETTLED: &str = "settled";
const NO_WORD: &str = "it does not say whether shreddings are to be done again";

/// Why nobody held the keys against a ledger after a copy was put back, as two people said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub at: Timestamp,
    pub reason: KeyReason,
}

/// Whether people are open here who were shredded after a copy was made that was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shreddings {
    /// They may be, since it was put back.
    Open(Date),
    Accepted(Accepted),
    Settled,
}

impl Shreddings {
    pub(super) const fn open(self) -> Option<Date> {
        match self {
            Self::Open(day) => Some(day),
            Self::Accepted(_) | Self::Settled => None,
        }
    }

    fn of(word: &str) -> Option<Self> {
        if word == SETTLED {
            return Some(Self::Settled);
        }
        if let Some(day) = word.strip_prefix("open ") {
            return Some(Self::Open(day.parse().ok()?));
        }
        let (at, why) = word.strip_prefix("accepted ")?.split_once(' ')?;
        let reason = KeyReason::ALL.iter().copied().find(|reason| reason.as_str() == why)?;
        Some(Self::Accepted(Accepted { at: at.parse().ok()?, reason }))
    }
}

/// A person who became another.
#[derive(Clone)]
pub(super) struct Merge {
    pub(super) into: Id,
    pub(super) from: Subject,
    /// Who survives; nothing in a ring of a release that did not write it.
    pub(super) survivor: Option<Subject>,
}

/// Who a person is now whose handle was retired after a merge.
#[derive(Clone)]
pub(super) struct Became {
    pub(super) into: Id,
    /// Who survives; nothing where the merge did not say it.
    pub(super) survivor: Option<Subject>,
}

#[derive(Clone)]
pub(super) struct Head {
    pub(super) ring: Id,
    pub(super) written: u64,
    pub(super) epoch: u64,
    pub(super) wrapping: WrappingKey,
    pub(super) wrapped: Vec<u8>,
    pub(super) retired: Option<WrappingKey>,
    /// Who may say what two people have to. Nobody in a ring of a release that did not pin them.
    pub(super) approvers: Vec<String>,
    pub(super) merges: BTreeMap<Id, Merge>,
    pub(super) became: BTreeMap<Id, Became>,
    pub(super) escrows: Vec<Escrowed>,
    /// When a copy was put back that need not know of all escrows.
    pub(super) unknown: Option<Date>,
    pub(super) shreddings: Shreddings,
}

/// What a wrapped key of an epoch is bound to.
fn label(ring: &Id, epoch: u64) -> Vec<u8> {
    format!("phiward salt ring\n{}\n{epoch}\n", KeyId::of_bytes(*ring)).into_bytes()
}

fn merged_label(what: &[u8], from: &Id, into: &Id) -> Vec<u8> {
    [what, from, into].concat()
}

/// Why a head is not read.
pub(super) enum Unread {
    Form(&'static str),
    Root(RootError),
}

impl Head {
    /// Wraps the sealing half of a master for an epoch.
    pub(super) fn wrap(
        root: &dyn Root,
        wrapping: WrappingKey,
        ring: &Id,
        epoch: u64,
        master: &Master,
    ) -> Result<Vec<u8>, RootError> {
        let sealing = master.bytes.first_chunk::<32>().ok_or(GuardError::Module)?;
        root.wrap(wrapping, &label(ring, epoch), sealing)
    }

    fn approvers_line(&self) -> String {
        if self.approvers.is_empty() {
            String::new()
        } else {
            format!("approvers {}\n", self.approvers.join(" "))
        }
    }

    /// Approvers and escrows: kept with what was seen too.
    pub(super) fn note(&self) -> String {
        self.approvers_line() + &escrowed::lines(&self.escrows)
    }

    /// Takes over a note that is later than this head.
    pub(super) fn take_over(&mut self, note: &str) {
        if let Some(names) = note.lines().find_map(|line| line.strip_prefix("approvers ")) {
            self.approvers = names.split(' ').map(str::to_owned).collect();
        }
        escrowed::take_over(&mut self.escrows, note);
    }

    /// A copy is put back that need not be the newest: escrows and shreddings may have come after it. The shreddings of
    /// a copy before it are still to be done.
    pub(super) fn put_back_on(&mut self, day: Date) {
        self.unknown = Some(day);
        self.shreddings = Shreddings::Open(self.shreddings.open().map_or(day, |before| before.min(day)));
    }

    /// Escrows that were made until now hold what is to be destroyed.
    pub(super) fn doom_escrows(&mut self) {
        escrowed::doom(&mut self.escrows);
    }

    /// Takes out merges of who is shredded now, and gives handles that were retired before and whose survivors are among
    /// them. Where somebody stays whom another became, nobody is forgotten: a handle is retired.
    pub(super) fn part_from(&mut self, gone: &BTreeSet<Id>) -> BTreeSet<Id> {
        let merged = self.merges.extract_if(.., |from, _| gone.contains(from));
        let retired = merged.filter(|(_, merge)| !gone.contains(&merge.into));
        self.became
            .extend(retired.map(|(from, Merge { into, survivor, .. })| (from, Became { into, survivor })));
        self.became.extract_if(.., |_, became| gone.contains(&became.into)).map(|(from, _)| from).collect()
    }

    pub(super) fn bytes(
        &self,
        master: &Master,
        records: usize,
        rng: &mut dyn Rng,
    ) -> Result<Vec<u8>, GuardError> {
        let finding = master.bytes.last_chunk::<32>().ok_or(GuardError::Module)?;
        let finder = master.cipher().seal(&[FINDER, &self.ring].concat(), finding, rng)?;
        let mut text = format!("{MAGIC}\nring {}\nwritten {}\n", KeyId::of_bytes(self.ring), self.written);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "epoch {} wrapped by {}, {}",
            self.epoch,
            self.wrapping,
            STANDARD.encode(&self.wrapped)
        );
        if let Some(retired) = self.retired {
            let _ = writeln!(text, "retired {retired}");
        }
        let _ = writeln!(text, "finder {}\nholds {records}", STANDARD.encode(finder));
        text.push_str(&self.approvers_line());
        let mut seal = |what, (from, into): (&Id, &Id), person: &Subject| {
            let label = merged_label(what, from, into);
            Ok::<_, GuardError>(STANDARD.encode(master.cipher().seal(&label, person.bytes(), rng)?))
        };
        for (from, merge) in &self.merges {
            let two = (from, &merge.into);
            let gone = seal(MERGED, two, &merge.from)?;
            let survivor =
                merge.survivor.as_ref().map(|survivor| seal(SURVIVOR, two, survivor)).transpose()?;
            let (from, into) = (KeyId::of_bytes(*from), KeyId::of_bytes(merge.into));
            let _ = write!(text, "merged {from} {into} {gone}");
            if let Some(survivor) = survivor {
                let _ = write!(text, " {survivor}");
            }
            text.push('\n');
        }
        text.push_str(&escrowed::lines(&self.escrows));
        if let Some(day) = self.unknown {
            let _ = writeln!(text, "{UNKNOWN} {day}");
        }
        for (from, became) in &self.became {
            let survivor = became.survivor.as_ref();
            let survivor =
                survivor.map(|survivor| seal(SURVIVOR, (from, &became.into), survivor)).transpose()?;
            let (from, into) = (KeyId::of_bytes(*from), KeyId::of_bytes(became.into));
            let _ = write!(text, "became {from} {into}");
            if let Some(survivor) = survivor {
                let _ = write!(text, " {survivor}");
            }
            text.push('\n');
        }
        match (self.shreddings, self.unknown) {
            (Shreddings::Open(day), _) => {
                let _ = writeln!(text, "shreddings open {day}");
            }
            (Shreddings::Accepted(Accepted { at, reason }), _) => {
                let _ = writeln!(text, "shreddings accepted {at} {reason}");
            }
            // Without a word they would count as open.
            (Shreddings::Settled, Some(_)) => {
                let _ = writeln!(text, "shreddings {SETTLED}");
            }
            (Shreddings::Settled, None) => {}
        }
        let sum = STANDARD.encode(hmac::sign(&master.sums(SUM), text.as_bytes()));
        let _ = writeln!(text, "sum {sum}");
        Ok([text.as_bytes(), SEPARATOR].concat())
    }

    /// A head, the ring's master, and how many records were written with it. The key of the epoch is unwrapped by the
    /// root, or is one that an escrow gave back.
    pub(super) fn read(
        text: &str,
        unwrap: impl FnOnce(WrappingKey, &[u8], &[u8]) -> Result<Zeroizing<[u8; 32]>, RootError>,
    ) -> Result<(Self, Master, u64), Unread> {
        const SUM_WRONG: &str = "the sum is not that of the lines: the file was changed";
        let form = Unread::Form;
        let mut lines = text.lines().peekable();
        if lines.next() != Some(MAGIC) {
            return Err(form("this is no ring of salts of this version"));
        }
        let mut next = |word: &str| {
            let rest = lines.peek().and_then(|line| line.strip_prefix(word)?.strip_prefix(' '));
            rest.inspect(|_| {
                lines.next();
            })
        };
        let ring = next("ring").and_then(id).ok_or(form("the ring's name is missing"))?;
        let written =
            next("written").and_then(|n| n.parse().ok()).ok_or(form("its generation is missing"))?;
        let (epoch, wrapping, wrapped) = next("epoch")
            .and_then(|line| {
                let (epoch, rest) = line.split_once(" wrapped by ")?;
                let (key, wrapped) = rest.split_once(", ")?;
                Some((epoch.parse().ok()?, WrappingKey::parse(key)?, STANDARD.decode(wrapped).ok()?))
            })
            .ok_or(form("the epoch is missing"))?;
        let retired = match next("retired") {
            Some(key) => Some(WrappingKey::parse(key).ok_or(form("no wrapping key"))?),
            None => None,
        };
        let finder = next("finder").and_then(|text| STANDARD.decode(text).ok());
        let finder = finder.ok_or(form("the key that finds people is missing"))?;
        let holds =
            next("holds").and_then(|n| n.parse().ok()).ok_or(form("the number of records is missing"))?;

        let sealing = unwrap(wrapping, &label(&ring, epoch), &wrapped).map_err(Unread::Root)?;
        let module = |error: GuardError| Unread::Root(error.into());
        let cipher = crate::vault::Cipher::new(&sealing).map_err(module)?;
        let finding = cipher.open(&[FINDER, &ring].concat(), &finder).ok_or(form(SUM_WRONG))?;
        let mut bytes = Zeroizing::new([0; 64]);
        bytes.iter_mut().zip(sealing.iter().chain(finding.iter())).for_each(|(to, from)| *to = *from);
        let master = Master::of(bytes).map_err(module)?;
        let (before, sum) =
            text.rfind("sum ").and_then(|at| text.split_at_checked(at)).ok_or(form(SUM_WRONG))?;
        let sum = sum.strip_prefix("sum ").and_then(|sum| STANDARD.decode(sum.strip_suffix('\n')?).ok());
        let holding = sum.is_some_and(|sum| hmac::verify(&master.sums(SUM), before.as_bytes(), &sum).is_ok());
        if !holding {
            return Err(form(SUM_WRONG));
        }
        let approvers = next("approvers").unwrap_or_default();
        let approvers = approvers.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let mut merges = BTreeMap::new();
        while let Some(line) = next("merged") {
            let (from, merge) = merge(line, &master).ok_or(form("no merge of two people"))?;
            merges.insert(from, merge);
        }
        let mut escrows = Vec::new();
        while let Some(line) = next("escrow") {
            escrows.push(Escrowed::of(line).ok_or(form("no escrow"))?);
        }
        let unknown = match next(UNKNOWN) {
            Some(day) => Some(day.parse().map_err(|_| form("no day"))?),
            None => None,
        };
        let mut became = BTreeMap::new();
        while let Some(line) = next("became") {
            let (from, person) = became_of(line, &master).ok_or(form("no retired handle"))?;
            became.insert(from, person);
        }
        let shreddings = match next("shreddings") {
            Some(word) => Shreddings::of(word).ok_or(form(NO_WORD))?,
            // A release that did not tell put the copy back.
            None => unknown.map_or(Shreddings::Settled, Shreddings::Open),
        };
        let head = Self {
            ring,
            written,
            epoch,
            wrapping,
            wrapped,
            retired,
            approvers,
            merges,
            became,
            escrows,
            unknown,
            shreddings,
        };
        Ok((head, master, holds))
    }
}

fn id(text: &str) -> Option<Id> {
    KeyId::of(text).ok().map(|id| *id.bytes())
}

fn merge(line: &str, master: &Master) -> Option<(Id, Merge)> {
    let (from, rest) = line.split_once(' ')?;
    let (into, sealed) = rest.split_once(' ')?;
    let (from, into) = (id(from)?, id(into)?);
    let open = |what, sealed: &str| opened(master, &merged_label(what, &from, &into), sealed);
    let (gone, survivor) = match sealed.split_once(' ') {
        Some((gone, survivor)) => (gone, Some(open(SURVIVOR, survivor)?)),
        None => (sealed, None),
    };
    Some((from, Merge { into, from: open(MERGED, gone)?, survivor }))
}

fn became_of(line: &str, master: &Master) -> Option<(Id, Became)> {
    let (from, rest) = line.split_once(' ')?;
    let (into, sealed) = rest.split_once(' ').map_or((rest, None), |(into, sealed)| (into, Some(sealed)));
    let (from, into) = (id(from)?, id(into)?);
    let survivor = match sealed {
        Some(sealed) => Some(opened(master, &merged_label(SURVIVOR, &from, &into), sealed)?),
        None => None,
    };
    Some((from, Became { into, survivor }))
}

fn opened(master: &Master, label: &[u8], sealed: &str) -> Option<Subject> {
    let sealed = STANDARD.decode(sealed).ok()?;
    master.cipher().open(label, &sealed).map(Subject::kept)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use journal::sample::Drawn;

    use super::*;

    /// A head with these lines before its sum, read again.
    fn read(lines: &[&str], but: &[&str]) -> Result<Shreddings, &'static str> {
        let mut rng = Drawn::new(1);
        let master = Master::random(&mut rng).unwrap();
        let head = Head {
            ring: [1; 8],
            written: 1,
            epoch: 1,
            wrapping: WrappingKey::parse("0102030405060708").unwrap(),
            wrapped: vec![1],
            retired: None,
            approvers: Vec::new(),
            merges: BTreeMap::new(),
            became: BTreeMap::new(),
            escrows: Vec::new(),
            unknown: Some(date(2026, 11, 27)),
            shreddings: Shreddings::Settled,
        };
        let text = String::from_utf8(head.bytes(&master, 0, &mut rng).unwrap()).unwrap();
        let kept =
            text.lines().filter(|line| !line.starts_with("sum ") && *line != "---" && !but.contains(line));
        let text: String = kept.chain(lines.iter().copied()).map(|line| format!("{line}\n")).collect();
        let sum = STANDARD.encode(hmac::sign(&master.sums(SUM), text.as_bytes()));
        let sealing = master.bytes.first_chunk().copied().map(Zeroizing::new).unwrap();
        match Head::read(&format!("{text}sum {sum}\n"), |_, _, _| Ok(sealing)) {
            Ok((head, ..)) => Ok(head.shreddings),
            Err(Unread::Form(what)) => Err(what),
            Err(Unread::Root(error)) => panic!("{error}"),
        }
    }

    /// A release that knew of escrows alone put a copy back, or wrote the ring anew: shreddings are open.
    #[test]
    fn without_a_word_on_shreddings_they_are_open_since_escrows_are_unknown() {
        let settled = "shreddings settled";
        let open = |day| Ok(Shreddings::Open(date(2026, 11, day)));
        assert_eq!(read(&[], &[]), Ok(Shreddings::Settled));
        assert_eq!(read(&[], &[settled]), open(27));
        assert_eq!(read(&["shreddings open 2026-11-20"], &[settled]), open(20));
        let accepted =
            Accepted { at: "2026-11-28T09:30:00.5Z".parse().unwrap(), reason: KeyReason::MustBeKept };
        let line = "shreddings accepted 2026-11-28T09:30:00.5Z must-be-kept";
        assert_eq!(read(&[line], &[settled]), Ok(Shreddings::Accepted(accepted)));
        for wrong in ["open", "done", "accepted 2026-11-28T09:30:00Z", "accepted 2026-11-28T09:30:00Z fine"] {
            assert_eq!(read(&[&format!("shreddings {wrong}")], &[settled]), Err(NO_WORD), "{wrong}");
        }
        assert_eq!(read(&[], &[settled, "escrows unknown 2026-11-27"]), Ok(Shreddings::Settled));
    }
}
