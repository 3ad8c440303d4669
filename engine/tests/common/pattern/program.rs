//! A pattern's program (docs/model-file.md, "Token patterns"), by the rules that every reader may rely on.

use super::{Greed, Re, Set};

#[derive(Default)]
struct Writer {
    sets: Vec<Set>,
    code: Vec<Vec<u32>>,
    slots: u32,
}

pub fn has_group(re: &Re) -> bool {
    match re {
        Re::Capture(_) => true,
        Re::Seq(all) | Re::Alt(all) => all.iter().any(has_group),
        Re::Repeat(body, ..) | Re::Look(.., body) | Re::Atomic(body) => has_group(body),
        _ => false,
    }
}

/// What the token, or any match, may be: empty; with a space in it.
fn may_be(re: &Re) -> (bool, bool) {
    let all = |all: &[Re], both: fn(bool, bool) -> bool| {
        all.iter().map(may_be).reduce(|a, b| (both(a.0, b.0), a.1 || b.1)).unwrap_or((true, false))
    };
    match re {
        Re::Set(set) => (false, set.iter().any(|range| range.0 <= ' ' && ' ' <= range.1)),
        Re::Seq(items) => all(items, |a, b| a && b),
        Re::Alt(ways) => all(ways, |a, b| a || b),
        Re::Repeat(body, least, ..) => (may_be(body).0 || *least == 0, may_be(body).1),
        Re::Capture(body) | Re::Atomic(body) => may_be(body),
        Re::IfSet(ways) => all(&**ways, |a, b| a || b),
        _ => (true, false),
    }
}

/// The bytes of the tensor.
pub fn program(re: &Re) -> Vec<u8> {
    let group = has_group(re);
    let mut writer = Writer { slots: if group { 2 } else { 0 }, ..Writer::default() };
    writer.put(re);
    writer.code.push(vec![0]);
    let (empty, space) = may_be(re);
    let mut out = vec![1, 1, u8::from(group || empty || space) | u8::from(empty) << 1 | u8::from(group) << 2];
    out.extend(first(re, empty));
    number(&mut out, writer.slots);
    number(&mut out, writer.sets.len() as u32);
    for set in &writer.sets {
        number(&mut out, set.len() as u32);
        let mut after = 0;
        for &(low, high) in *set {
            number(&mut out, low as u32 - after);
            number(&mut out, high as u32 - low as u32);
            after = high as u32 + 1;
        }
    }
    number(&mut out, writer.code.len() as u32);
    writer.code.iter().flatten().for_each(|&n| number(&mut out, n));
    out
}

/// A bit for each byte that a match may begin with: of a set or a run of one at the beginning only its own, else any.
fn first(re: &Re, empty: bool) -> [u8; 32] {
    let mut bits = [0; 32];
    let set = match re {
        Re::Set(set) => set,
        Re::Repeat(body, 1.., ..) if let Re::Set(set) = &**body => set,
        _ => return [0xFF; 32],
    };
    assert!(!empty);
    let byte = |c: char| c.encode_utf8(&mut [0; 4]).as_bytes()[0];
    for byte in set.iter().flat_map(|&(low, high)| byte(low)..=byte(high)) {
        bits[usize::from(byte) / 8] |= 1 << (byte % 8);
    }
    bits
}

/// LEB128.
fn number(out: &mut Vec<u8>, mut n: u32) {
    while n > 0x7F {
        out.push((n & 0x7F | 0x80) as u8);
        n >>= 7;
    }
    out.push(n as u8);
}

impl Writer {
    fn here(&self) -> u32 {
        self.code.len() as u32
    }

    fn emit(&mut self, op: &[u32]) -> usize {
        self.code.push(op.to_vec());
        self.code.len() - 1
    }

    fn set(&mut self, set: Set) -> u32 {
        let known = self.sets.iter().position(|known| *known == set);
        known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        }) as u32
    }

    fn put(&mut self, re: &Re) {
        match re {
            Re::Set(set) => {
                let set = self.set(set);
                self.emit(&[2, set]);
            }
            Re::Seq(items) => items.iter().for_each(|item| self.put(item)),
            Re::Alt(ways) => self.ways(ways),
            Re::Repeat(body, least, most, greed) => self.repeat(body, *least, most.unwrap_or(0), *greed),
            Re::Capture(body) => {
                self.emit(&[8, 0]);
                self.put(body);
                self.emit(&[8, 1]);
            }
            Re::Same => {
                self.emit(&[13, 0]);
            }
            Re::IfSet(ways) => {
                let test = self.emit(&[14, 0, 0]);
                self.put(&ways[0]);
                let jump = self.emit(&[7, 0]);
                self.code[test][2] = self.here();
                self.put(&ways[1]);
                self.code[jump][1] = self.here();
            }
            Re::Look(back, negative, body) => {
                self.group(if *negative { 2 } else { 0 }, back.map_or(0, |n| n + 1), |writer| writer.put(body));
            }
            Re::Atomic(body) => self.group(1, 0, |writer| writer.put(body)),
            Re::Boundary(set, negative) => {
                let set = self.set(set);
                self.emit(&[9, set, u32::from(*negative)]);
            }
            Re::At(place) => {
                self.emit(&[10, u32::from(*place)]);
            }
        }
    }

    fn ways(&mut self, ways: &[Re]) {
        let [first, rest @ ..] = ways else { return };
        if rest.is_empty() {
            return self.put(first);
        }
        let split = self.here();
        self.emit(&[6, split + 1, 0]);
        self.put(first);
        let jump = self.emit(&[7, 0]);
        self.code[split as usize][2] = self.here();
        self.ways(rest);
        self.code[jump][1] = self.here();
    }

    fn group(&mut self, kind: u32, back: u32, body: impl FnOnce(&mut Self)) {
        let enter = self.emit(&[11, kind, back, 0]);
        body(self);
        self.emit(&[12, kind]);
        self.code[enter][3] = self.here();
    }

    fn repeat(&mut self, body: &Re, least: u32, most: u32, greed: Greed) {
        if let Re::Set(set) = body {
            let set = self.set(set);
            self.emit(&[3 + greed as u32, set, least, most]);
        } else if greed == Greed::Possessive {
            let once = |writer: &mut Self| writer.group(1, 0, |writer| writer.put(body));
            self.group(1, 0, |writer| writer.turns(least, most, false, once));
        } else {
            self.turns(least, most, greed == Greed::Lazy, |writer| writer.put(body));
        }
    }

    fn turns(&mut self, least: u32, most: u32, lazy: bool, body: impl FnOnce(&mut Self)) {
        let slot = self.slots;
        self.slots += 2;
        self.emit(&[15, slot]);
        let until = self.emit(&[16, slot, least, most, 0, u32::from(lazy)]);
        body(self);
        self.emit(&[7, until as u32]);
        self.code[until][4] = self.here();
    }
}
