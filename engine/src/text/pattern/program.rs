//! Reading a program, once: every target, set and slot that an instruction names is there afterwards.

use super::set::Set;
use crate::error::{Error, Result};
use crate::prelude::*;
use crate::say::{concat, int};

const VERSION: u32 = 1;
/// The published limits: a crafted program must not take memory that its bytes do not.
const MAX_BYTES: usize = 1 << 20;
const MAX_CODE: u32 = 65_535;
const MAX_SETS: u32 = 1024;
const MAX_SLOTS: u32 = 1024;
const MAX_CODE_POINT: u32 = 0x10_FFFF;

/// What a program says of the tokens.
#[derive(Clone, Debug)]
pub enum Found {
    /// The longest runs of word characters, of at least so many.
    Words(usize),
    /// What the pattern matches.
    Matches(alloc::boxed::Box<Pattern>),
}

/// A checked program.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// A token may be empty or hold a space: n-grams are looked up whole, never cut at spaces.
    pub joined: bool,
    /// A match may be empty, so it may also begin at the end of the text.
    pub(super) at_end: bool,
    /// The token is what the capture group (slots 0 and 1) holds.
    pub(super) group: bool,
    /// Which bytes a match may begin with.
    pub(super) first: [bool; 256],
    pub(super) slots: usize,
    pub(super) sets: Vec<Set>,
    pub(super) code: Vec<Op>,
}

/// How far a run goes at first, and whether it may change its mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Look,
    Atomic,
    Negative,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    TextStart,
    LineStart,
    TextEnd,
    LastLineEnd,
    LineEnd,
}

/// An instruction. Targets are places in `code`, most = `u32::MAX` is endless.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Match,
    Fail,
    Set(u32),
    Run { greed: Greed, set: u32, least: u32, most: u32 },
    Split(u32, u32),
    Jump(u32),
    Save(u32),
    Boundary { set: u32, negative: bool, in_empty: bool },
    At(Place),
    Enter { group: Group, back: u32, exit: u32 },
    Leave(Group),
    Same(u32),
    IfSet(u32, u32),
    Loop(u32),
    Until { slot: u32, least: u32, most: u32, exit: u32, lazy: bool },
}

fn wrong(what: &str) -> Error {
    Error::file(&["the token pattern's program: ", what])
}

struct Reader<'a> {
    rest: &'a [u8],
    code: u32,
    sets: u32,
    slots: u32,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(|| wrong("it ends too early"))?;
        self.rest = rest;
        Ok(byte)
    }

    /// LEB128.
    fn number(&mut self) -> Result<u32> {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return u32::try_from(number).map_err(|_| wrong("a number is too large"));
            }
        }
        Err(wrong("a number is too long"))
    }

    fn at_most(&mut self, most: u32, what: &str) -> Result<u32> {
        let number = self.number()?;
        if number > most {
            Err(wrong(&concat(&[&int(number as usize), " ", what, "; at most ", &int(most as usize), " are allowed"])))
        } else {
            Ok(number)
        }
    }

    fn below(&mut self, end: u32) -> Result<u32> {
        let number = self.number()?;
        if number < end { Ok(number) } else { Err(wrong("an instruction names what is not there")) }
    }

    fn target(&mut self) -> Result<u32> {
        self.below(self.code)
    }

    fn set(&mut self) -> Result<u32> {
        self.below(self.sets)
    }

    /// The first of two slots.
    fn pair(&mut self) -> Result<u32> {
        self.below(self.slots.saturating_sub(1))
    }

    fn flag(&mut self) -> Result<bool> {
        Ok(self.byte()? & 1 != 0)
    }

    fn times(&mut self) -> Result<(u32, u32)> {
        let (least, most) = (self.number()?, self.number()?);
        Ok((least, if most == 0 { u32::MAX } else { most }))
    }

    fn group(&mut self) -> Result<Group> {
        Ok(match self.byte()? {
            0 => Group::Look,
            1 => Group::Atomic,
            2 => Group::Negative,
            _ => return Err(wrong("an unknown kind of group")),
        })
    }

    fn ranges(&mut self) -> Result<Vec<(u32, u32)>> {
        let count = self.at_most(MAX_CODE_POINT, "ranges")?;
        let mut ranges = Vec::new();
        let mut after = 0u32;
        for _ in 0..count {
            let low = after.saturating_add(self.number()?);
            let high = low.saturating_add(self.number()?);
            if high > MAX_CODE_POINT {
                return Err(wrong("a set goes beyond the last code point"));
            }
            ranges.push((low, high));
            after = high + 1;
        }
        Ok(ranges)
    }

    fn op(&mut self) -> Result<Op> {
        let greed = |op| match op {
            3 => Greed::Greedy,
            4 => Greed::Lazy,
            _ => Greed::Possessive,
        };
        Ok(match self.byte()? {
            0 => Op::Match,
            1 => Op::Fail,
            2 => Op::Set(self.set()?),
            op @ 3..=5 => {
                let set = self.set()?;
                let (least, most) = self.times()?;
                Op::Run { greed: greed(op), set, least, most }
            }
            6 => Op::Split(self.target()?, self.target()?),
            7 => Op::Jump(self.target()?),
            8 => Op::Save(self.below(self.slots)?),
            9 => {
                let (set, rule) = (self.set()?, self.byte()?);
                Op::Boundary { set, negative: rule & 1 != 0, in_empty: rule & 2 != 0 }
            }
            10 => Op::At(match self.byte()? {
                0 => Place::TextStart,
                1 => Place::LineStart,
                2 => Place::TextEnd,
                3 => Place::LastLineEnd,
                4 => Place::LineEnd,
                _ => return Err(wrong("an unknown anchor")),
            }),
            11 => Op::Enter { group: self.group()?, back: self.number()?, exit: self.target()? },
            12 => Op::Leave(self.group()?),
            13 => Op::Same(self.pair()?),
            14 => Op::IfSet(self.pair()?, self.target()?),
            15 => Op::Loop(self.pair()?),
            16 => {
                let slot = self.pair()?;
                let (least, most) = self.times()?;
                Op::Until { slot, least, most, exit: self.target()?, lazy: self.flag()? }
            }
            _ => {
                return Err(Error::unsupported(&["the token pattern's program has an operation of a later version"]));
            }
        })
    }
}

/// Reads the tensor that a vectorizer names as its `program`.
pub fn read(bytes: &[u8]) -> Result<Found> {
    if bytes.len() > MAX_BYTES {
        return Err(wrong(&concat(&[&int(bytes.len()), " bytes; at most ", &int(MAX_BYTES), " are allowed"])));
    }
    let mut reader = Reader { rest: bytes, code: 0, sets: 0, slots: 0 };
    if reader.number()? != VERSION {
        return Err(Error::unsupported(&[
            "the token pattern's program is of a later version; use a newer wasm_clf_widget",
        ]));
    }
    let found = match reader.byte()? {
        0 => Found::Words(reader.number()?.max(1) as usize),
        1 => Found::Matches(alloc::boxed::Box::new(pattern(&mut reader)?)),
        _ => return Err(wrong("an unknown kind of program")),
    };
    if reader.rest.is_empty() { Ok(found) } else { Err(wrong("bytes behind its end")) }
}

fn pattern(reader: &mut Reader) -> Result<Pattern> {
    let flags = reader.byte()?;
    let mut first = [false; 256];
    for bytes in first.chunks_exact_mut(8) {
        let bits = reader.byte()?;
        bytes.iter_mut().zip(0..).for_each(|(byte, bit)| *byte = bits >> bit & 1 != 0);
    }
    // A character never begins with a byte that continues one.
    first[0x80..0xC0].fill(false);
    reader.slots = reader.at_most(MAX_SLOTS, "slots")?;
    let group = flags & 4 != 0;
    if group && reader.slots < 2 {
        return Err(wrong("a capture group without slots"));
    }
    reader.sets = reader.at_most(MAX_SETS, "sets")?;
    let mut sets = Vec::new();
    for _ in 0..reader.sets {
        sets.push(Set::new(&reader.ranges()?));
    }
    reader.code = reader.at_most(MAX_CODE, "instructions")?;
    let mut code = Vec::new();
    for _ in 0..reader.code {
        code.push(reader.op()?);
    }
    if !matches!(code.last(), Some(Op::Match)) {
        return Err(wrong("its last instruction is not a match"));
    }
    simplify(&mut code);
    Ok(Pattern {
        joined: flags & 1 != 0,
        at_end: flags & 2 != 0,
        group,
        first,
        slots: reader.slots as usize,
        sets,
        code,
    })
}

/// What needs no way back does not leave one: a run that ends the match, and has at least one character, is right at once.
fn simplify(code: &mut [Op]) {
    if let [Op::Set(set), Op::Match] = *code {
        code[0] = Op::Run { greed: Greed::Possessive, set, least: 1, most: 1 };
    }
    for at in 0..code.len() {
        let ends = leads_to_match(code, at + 1);
        if let Op::Run { greed, least: least @ 1.., most, .. } = &mut code[at]
            && ends
        {
            if *greed == Greed::Lazy {
                *most = *least;
            }
            *greed = Greed::Possessive;
        }
    }
}

/// Whether nothing can fail from here on.
fn leads_to_match(code: &[Op], mut at: usize) -> bool {
    // More jumps in a row than that are not worth it; a crafted program may even have a ring of them.
    for _ in 0..8 {
        match code.get(at) {
            Some(Op::Match) => return true,
            Some(Op::Save(_)) => at += 1,
            Some(&Op::Jump(target)) => at = target as usize,
            _ => return false,
        }
    }
    false
}
