//! Entries as strangers send them, one a line: each is taken or refused by itself, and parts of a call together.

use journal::{Entry, Fault};

/// What came of a line, or of the lines that are the parts of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// To be appended together: the numbers of the lines, and their entries.
    Ready(Vec<(u64, Entry)>),
    /// The line and why. It never says what stood there.
    Refused(u64, String),
}

/// Takes lines in order.
#[derive(Debug, Default)]
pub struct Intake {
    /// Parts of a call that is not whole yet.
    open: Vec<(u64, Entry)>,
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
            taken.push(Taken::Ready(vec![(number, entry)]));
            return taken;
        };
        let before = self.open.last().and_then(|(_, entry)| entry.part.as_ref());
        let follows = match before {
            Some(before) => before.of == part.of && before.n == part.n && before.k.get() + 1 == part.k.get(),
            None => part.k.get() == 1,
        };
        if !follows && part.k.get() == 1 {
            let taken = self.give_up();
            self.open.push((number, entry));
            return taken;
        }
        if !follows {
            return self.refuse(number, format!("line {number}: the parts before this one are missing"));
        }
        let last = part.k == part.n;
        self.open.push((number, entry));
        if last { vec![Taken::Ready(std::mem::take(&mut self.open))] } else { Vec::new() }
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
    use journal::names::Uid;
    use journal::sample::{Drawn, sample};

    use super::*;

    fn part(of: u64, k: u64, n: u64) -> Vec<u8> {
        let mut entry = sample(1, k).next().unwrap();
        let of = Uid::random(&mut Drawn::new(of));
        entry.part = Some(Part { of, k: Number::of(k), n: Number::of(n) });
        entry.bytes().unwrap()
    }

    fn shown(taken: &[Taken]) -> Vec<String> {
        let one = |taken: &Taken| match taken {
            Taken::Ready(all) => format!("{:?}", all.iter().map(|(number, _)| number).collect::<Vec<_>>()),
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
    fn a_refusal_names_line_and_byte_and_not_the_value() {
        let taken = Intake::default().take(7, b"{\"v\":\"Jane Doe\"}");
        assert_eq!(taken, [Taken::Refused(7, "line 7, byte 5, `v`: a number is needed here".to_owned())]);
    }
}
