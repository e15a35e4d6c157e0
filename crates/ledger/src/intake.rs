//! Entries as strangers send them, one a line: each is taken or refused by itself, and parts of a call together.

use journal::{Entry, Fault};

/// The bytes that are appended together at most, each entry behind two bytes of length.
pub const MOST: usize = 8 << 20;

/// What came of a line, or of the lines that are the parts of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// To be appended together: the numbers of the lines, and their entries; and how many bytes of [`MOST`] they take.
    Ready(Vec<(u64, Entry)>, usize),
    /// The line and why. It never says what stood there.
    Refused(u64, String),
}

/// Takes lines in order.
#[derive(Debug, Default)]
pub struct Intake {
    /// Parts of a call that is not whole yet.
    open: Vec<(u64, Entry)>,
    /// Their bytes.
    bytes: usize,
}

impl Intake {
    /// Whether parts of a call are still to come.
    pub fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    /// Takes the line of a number, its line end taken off.
    pub fn take(&mut self, number: u64, line: &[u8]) -> Vec<Taken> {
        let entry = match Entry::read(line) {
            Ok(entry) => entry,
            Err(fault) => return self.refuse(number, refused(number, &fault)),
        };
        if crate::state::own(&entry).is_some() {
            return self.refuse(number, format!("line {number}, `room`: {}", crate::running::OWN));
        }
        let Some(part) = entry.part.clone() else {
            let mut taken = self.give_up();
            taken.push(Taken::Ready(vec![(number, entry)], line.len() + 2));
            return taken;
        };
        let before = self.open.last().and_then(|(_, entry)| entry.part.as_ref());
        let follows = match before {
            Some(before) => before.of == part.of && before.n == part.n && before.k.get() + 1 == part.k.get(),
            None => part.k.get() == 1,
        };
        if !follows && part.k.get() == 1 {
            let taken = self.give_up();
            self.bytes = line.len() + 2;
            self.open.push((number, entry));
            return taken;
        }
        if !follows {
            return self.refuse(number, format!("line {number}: the parts before this one are missing"));
        }
        let class = |entry: &Entry| (entry.region.clone(), entry.act.retained());
        if self.open.first().is_some_and(|(_, first)| class(first) != class(&entry)) {
            let why = "the parts of a call are of one region and one class of retention";
            return self.refuse(number, format!("line {number}: {why}"));
        }
        if self.bytes + line.len() + 2 > MOST {
            let why = format!("line {number}: the parts of this call have more than {MOST} bytes together");
            return self.refuse(number, why);
        }
        let last = part.k == part.n;
        self.bytes += line.len() + 2;
        self.open.push((number, entry));
        if !last {
            return Vec::new();
        }
        vec![Taken::Ready(std::mem::take(&mut self.open), std::mem::take(&mut self.bytes))]
    }

    /// No line follows.
    pub fn finish(&mut self) -> Vec<Taken> {
        self.give_up()
    }

    /// A line that could not be read at all.
    pub fn refuse(&mut self, number: u64, why: String) -> Vec<Taken> {
        let mut taken = self.give_up();
        taken.push(Taken::Refused(number, why));
        taken
    }

    fn give_up(&mut self) -> Vec<Taken> {
        let open = std::mem::take(&mut self.open);
        self.bytes = 0;
        let why = |number| format!("line {number}: the other parts of the call are missing");
        open.into_iter().map(|(number, _)| Taken::Refused(number, why(number))).collect()
    }
}

fn refused(number: u64, fault: &Fault) -> String {
    format!("line {number}, {fault}")
}

#[cfg(test)]
mod tests {
    use journal::Number;
    use journal::entry::Part;
    use journal::names::{Salt, Uid};
    use journal::sample::{Drawn, sample};

    use super::*;

    fn part(of: u64, k: u64, n: u64) -> Vec<u8> {
        let mut entry = sample(1, 1).next().unwrap();
        entry.salt = Salt::random(&mut Drawn::new(k));
        let of = Uid::random(&mut Drawn::new(of));
        entry.part = Some(Part { of, k: Number::of(k), n: Number::of(n) });
        entry.bytes().unwrap()
    }

    fn shown(taken: &[Taken]) -> Vec<String> {
        let one = |taken: &Taken| match taken {
            Taken::Ready(all, _) => format!("{:?}", all.iter().map(|(number, _)| number).collect::<Vec<_>>()),
            Taken::Refused(number, _) => format!("no {number}"),
        };
        taken.iter().map(one).collect()
    }

    #[test]
    fn parts_come_together_or_not_at_all() {
        let whole = sample(1, 5).next().unwrap().bytes().unwrap();
        let mut intake = Intake::default();
        assert_eq!(shown(&intake.take(1, &whole)), ["[1]"]);
        assert!(intake.take(2, &part(1, 1, 3)).is_empty() && intake.is_open());
        assert!(intake.take(3, &part(1, 2, 3)).is_empty());
        assert_eq!(shown(&intake.take(4, &part(1, 3, 3))), ["[2, 3, 4]"]);
        // One is missing.
        assert!(intake.take(5, &part(2, 1, 3)).is_empty());
        assert_eq!(shown(&intake.take(6, &part(2, 3, 3))), ["no 5", "no 6"]);
        // Another begins, a whole one comes between, a line is none.
        assert!(intake.take(7, &part(3, 1, 2)).is_empty());
        assert_eq!(shown(&intake.take(8, &part(4, 1, 2))), ["no 7"]);
        assert_eq!(shown(&intake.take(9, &whole)), ["no 8", "[9]"]);
        assert!(intake.take(10, &part(5, 1, 2)).is_empty());
        assert_eq!(shown(&intake.take(11, b"{}")), ["no 10", "no 11"]);
        assert!(intake.take(12, &part(6, 1, 2)).is_empty());
        assert_eq!(shown(&intake.finish()), ["no 12"]);
    }

    #[test]
    fn a_call_that_has_no_end_is_not_kept() {
        let mut intake = Intake::default();
        let line = part(1, 1, 1 << 40);
        assert!(intake.take(1, &line).is_empty());
        let mut kept = line.len() + 2;
        let mut refused = Vec::new();
        for k in 2.. {
            let line = part(1, k, 1 << 40);
            let taken = intake.take(k, &line);
            if !taken.is_empty() {
                refused = taken;
                break;
            }
            kept += line.len() + 2;
            assert!(kept <= MOST);
        }
        assert!(!intake.is_open());
        let Some(Taken::Refused(number, why)) = refused.last() else { panic!("{}", refused.len()) };
        assert_eq!(refused.len() as u64, *number, "with all parts before it");
        assert!(why.contains("more than 8388608 bytes"), "{why}");
        // What follows of it is refused by itself, and what comes after is taken.
        assert_eq!(shown(&intake.take(7, &part(1, number + 1, 1 << 40))), ["no 7"]);
        assert_eq!(shown(&intake.take(8, &sample(1, 5).next().unwrap().bytes().unwrap())), ["[8]"]);
    }

    #[test]
    fn parts_of_two_regions_are_no_call() {
        let of = Uid::random(&mut Drawn::new(9));
        let mut entries = sample(200, 1).filter(|entry| entry.region.is_some());
        let first = entries.next().unwrap();
        let other = entries.find(|entry| entry.region != first.region).unwrap();
        let line = |mut entry: Entry, k| {
            entry.part = Some(Part { of, k: Number::of(k), n: Number::of(2) });
            entry.bytes().unwrap()
        };
        let mut intake = Intake::default();
        assert!(intake.take(1, &line(first, 1)).is_empty());
        let taken = intake.take(2, &line(other, 2));
        assert_eq!(shown(&taken), ["no 1", "no 2"]);
        assert!(matches!(&taken[1], Taken::Refused(2, why) if why.contains("one region")));
    }

    #[test]
    fn a_refusal_names_line_and_byte_and_not_the_value() {
        let taken = Intake::default().take(7, b"{\"v\":\"Jane Doe\"}");
        assert_eq!(taken, [Taken::Refused(7, "line 7, byte 5, `v`: a number is needed here".to_owned())]);
    }
}
