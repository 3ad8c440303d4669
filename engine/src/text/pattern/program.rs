//! Reading a program, once: every target, set and slot that an instruction names is there afterwards.

use super::set::Set;
use crate::error::{Error, Result};
use crate::prelude::*;

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

/// Reads numbers; what is wrong is noted, read as 0 and asked for at the end: an error at each step would weigh more than
/// all the rest of this file.
struct Reader<'a> {
    rest: &'a [u8],
    /// What was wrong first.
    fault: Option<&'static str>,
    code: u32,
    sets: u32,
    slots: u32,
    captures: u32,
}

impl Reader<'_> {
    #[inline(never)]
    fn wrong(&mut self, what: &'static str) -> u32 {
        self.fault = self.fault.or(Some(what));
        0
    }

    #[inline(never)]
    fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else { return self.wrong("it ends too early") as u8 };
        self.rest = rest;
        byte
    }

    /// LEB128.
    #[inline(never)]
    fn number(&mut self) -> u32 {
        let mut number = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
        }
        u32::try_from(number).unwrap_or_else(|_| self.wrong("a number is too large"))
    }

    /// A number below `end`, and what is wrong where it is not.
    #[inline(never)]
    fn below(&mut self, end: u32, what: &'static str) -> u32 {
        let number = self.number();
        if number < end { number } else { self.wrong(what) }
    }

    fn target(&mut self) -> u32 {
        self.below(self.code, "a target that is not there")
    }

    fn set(&mut self) -> u32 {
        self.below(self.sets, "a set that is not there")
    }

    /// The first of two slots.
    fn pair(&mut self) -> u32 {
        self.below(self.slots.saturating_sub(1), "a slot that is not there")
    }

    /// Two slots of a loop; those of the capture group hold nothing but places in the text.
    fn counter(&mut self) -> u32 {
        let slot = self.pair();
        if slot < self.captures { self.wrong("a loop in the capture group's slots") } else { slot }
    }

    fn most(&mut self) -> u32 {
        match self.number() {
            0 => u32::MAX,
            most => most,
        }
    }

    fn group(&mut self) -> Group {
        match self.below(3, "an unknown kind of group") {
            0 => Group::Look,
            1 => Group::Atomic,
            _ => Group::Negative,
        }
    }

    fn ranges(&mut self) -> Vec<(u32, u32)> {
        let mut ranges = Vec::new();
        let mut after = 0u32;
        for _ in 0..self.number() {
            let low = after.saturating_add(self.number());
            let high = low.saturating_add(self.number());
            if high > MAX_CODE_POINT {
                self.wrong("a set goes beyond the last code point");
            }
            if self.fault.is_some() {
                break;
            }
            ranges.push((low, high));
            after = high + 1;
        }
        ranges
    }

    fn op(&mut self) -> Op {
        match self.byte() {
            0 => Op::Match,
            1 => Op::Fail,
            2 => Op::Set(self.set()),
            op @ 3..=5 => {
                let greed = match op {
                    3 => Greed::Greedy,
                    4 => Greed::Lazy,
                    _ => Greed::Possessive,
                };
                Op::Run { greed, set: self.set(), least: self.number(), most: self.most() }
            }
            6 => Op::Split(self.target(), self.target()),
            7 => Op::Jump(self.target()),
            8 => Op::Save(self.below(self.slots, "a slot that is not there")),
            9 => {
                let (set, rule) = (self.set(), self.byte());
                Op::Boundary { set, negative: rule & 1 != 0, in_empty: rule & 2 != 0 }
            }
            10 => Op::At(match self.below(5, "an unknown anchor") {
                0 => Place::TextStart,
                1 => Place::LineStart,
                2 => Place::TextEnd,
                3 => Place::LastLineEnd,
                _ => Place::LineEnd,
            }),
            11 => Op::Enter { group: self.group(), back: self.number(), exit: self.target() },
            12 => Op::Leave(self.group()),
            13 => Op::Same(self.pair()),
            14 => Op::IfSet(self.pair(), self.target()),
            15 => Op::Loop(self.counter()),
            16 => Op::Until {
                slot: self.counter(),
                least: self.number(),
                most: self.most(),
                exit: self.target(),
                lazy: self.byte() & 1 != 0,
            },
            _ => {
                self.wrong("an operation of a later version");
                Op::Fail
            }
        }
    }
}

/// Reads the tensor that a vectorizer names as its `program`.
pub fn read(bytes: &[u8]) -> Result<Found> {
    let mut reader = Reader { rest: bytes, fault: None, code: 0, sets: 0, slots: 0, captures: 0 };
    if bytes.len() > MAX_BYTES {
        reader.wrong("it has more than 1 MiB");
    }
    if reader.number() != VERSION {
        reader.wrong("it is of a later version");
    }
    let found = match reader.below(2, "an unknown kind of program") {
        0 => Found::Words(reader.number().max(1) as usize),
        _ => Found::Matches(alloc::boxed::Box::new(pattern(&mut reader))),
    };
    if !reader.rest.is_empty() {
        reader.wrong("bytes behind its end");
    }
    match reader.fault {
        None => Ok(found),
        Some(what) => Err(Error::file(format!("the token pattern's program: {what}"))),
    }
}

fn pattern(reader: &mut Reader) -> Pattern {
    let flags = reader.byte();
    let mut first = [false; 256];
    for bytes in first.chunks_exact_mut(8) {
        let bits = reader.byte();
        bytes.iter_mut().zip(0..).for_each(|(byte, bit)| *byte = bits >> bit & 1 != 0);
    }
    // A character never begins with a byte that continues one.
    first[0x80..0xC0].fill(false);
    reader.slots = reader.below(MAX_SLOTS + 1, "too many slots");
    let group = flags & 4 != 0;
    if group && reader.slots < 2 {
        reader.wrong("a capture group without slots");
    }
    reader.captures = if group { 2 } else { 0 };
    reader.sets = reader.below(MAX_SETS + 1, "too many sets");
    let mut sets = Vec::new();
    for _ in 0..reader.sets {
        let ranges = reader.ranges();
        if reader.fault.is_some() {
            break;
        }
        sets.push(Set::new(&ranges));
    }
    reader.code = reader.below(MAX_CODE + 1, "too many instructions");
    let mut code = Vec::new();
    for _ in 0..reader.code {
        code.push(reader.op());
    }
    if !matches!(code.last(), Some(Op::Match)) {
        reader.wrong("its last instruction is not a match");
    }
    simplify(&mut code);
    Pattern { joined: flags & 1 != 0, at_end: flags & 2 != 0, group, first, slots: reader.slots as usize, sets, code }
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
