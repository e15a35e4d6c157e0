//! The JSON that entries are written in, read strictly: objects, lists, whole numbers from 0 to 2^53 - 1, and
//! strings of printable ASCII without escapes. Nothing else can stand in an entry, so nothing else is read, and no
//! message repeats what stood there.

use crate::form::{Fault, Wrong};

/// No entry nests deeper.
const DEPTH: usize = 8;

#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// The first byte of it.
    pub(crate) at: usize,
    pub(crate) kind: Kind<'a>,
}

#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Text(&'a str),
    Number(u64),
    List(Vec<Node<'a>>),
    /// Keys with their offsets, as they stand.
    Map(Vec<(usize, &'a str, Node<'a>)>),
}

/// Reads one value that takes up all of `bytes`.
pub(crate) fn read(bytes: &[u8]) -> Result<Node<'_>, Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let node = reader.value(0)?;
    if reader.at == bytes.len() { Ok(node) } else { Err(Fault::at(reader.at, Wrong::AfterTheEnd)) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault<T>(&self, wrong: Wrong) -> Result<T, Fault> {
        Err(Fault::at(self.at, if self.at < self.bytes.len() { wrong } else { Wrong::Ends }))
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        let at = self.at;
        if depth > DEPTH {
            return self.fault(Wrong::TooDeep);
        }
        let kind = match self.peek() {
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Kind::Text(self.text()?),
            Some(b'0'..=b'9') => Kind::Number(self.number()?),
            _ => return self.fault(Wrong::NotJson),
        };
        Ok(Node { at, kind })
    }

    fn map(&mut self, depth: usize) -> Result<Kind<'a>, Fault> {
        self.at += 1;
        if self.take(b'}') {
            return Ok(Kind::Map(Vec::new()));
        }
        let mut members: Vec<(usize, &str, Node<'_>)> = Vec::with_capacity(8);
        loop {
            let at = self.at;
            if self.peek() != Some(b'"') {
                return self.fault(Wrong::NotJson);
            }
            let key = self.text()?;
            if members.last().is_some_and(|(_, before, _)| *before >= key) {
                return Err(Fault::at(at, Wrong::Order));
            }
            if !self.take(b':') {
                return self.fault(Wrong::NotJson);
            }
            members.push((at, key, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(Kind::Map(members));
            }
            if !self.take(b',') {
                return self.fault(Wrong::NotJson);
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Kind<'a>, Fault> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Kind::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Kind::List(items));
            }
            if !self.take(b',') {
                return self.fault(Wrong::NotJson);
            }
        }
    }

    fn text(&mut self) -> Result<&'a str, Fault> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => return self.fault(Wrong::Character),
                Some(b' '..=b'~') => self.at += 1,
                _ => return self.fault(Wrong::Character),
            }
        }
        let text = self.bytes.get(start..self.at).and_then(|bytes| std::str::from_utf8(bytes).ok());
        self.at += 1;
        text.ok_or(Fault::at(start, Wrong::Character))
    }

    fn number(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let mut number: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let leads = self.at > start && number == 0;
            number = number * 10 + u64::from(digit - b'0');
            if leads || number > crate::canonical::LARGEST {
                return Err(Fault::at(start, Wrong::Number));
            }
            self.at += 1;
        }
        Ok(number)
    }
}
