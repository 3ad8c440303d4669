//! The matcher: Python's `re` is a backtracking one, and so is this, with its decisions in the same order. What is to be
//! undone or tried later lies on a stack of its own; nothing recurses, and every step counts against a budget.

use super::program::{Greed, Group, Op, Pattern, Place};
use super::set::{Set, back};
use crate::prelude::*;

/// Steps for one text: a program's instruction is one, as are `SCANNED` characters passed over in one go.
const STEPS: i64 = 1 << 26;
const STEPS_PER_BYTE: i64 = 256;
const SCANNED: usize = 16;
/// What the stack may hold for one text, and for any.
const FRAMES: usize = 1 << 16;
const FRAMES_PER_BYTE: usize = 8;
const MOST_FRAMES: usize = 1 << 24;
/// A slot that holds nothing; an instruction, or a group, that is not there.
const NONE: u32 = u32::MAX;

/// Something to try, or to undo, on the way back.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// Go on with the instruction at this place of the text.
    Choice { pc: u32, at: u32 },
    /// A greedy run: give back one character, down to `least`.
    Less { pc: u32, at: u32, least: u32 },
    /// A lazy run: take one more of at most `left`; `pc` is the run's own.
    More { pc: u32, at: u32, left: u32 },
    /// A lazy loop: one more turn of the one that `pc` counts.
    Turn { pc: u32, at: u32 },
    /// A slot gets back what it held.
    Undo { slot: u32, value: u32 },
    /// A group that has been entered at `at`, inside of the group at `outer`; a negative one goes on at `exit`.
    Group { at: u32, outer: u32, exit: u32 },
}

/// Stack and slots, used again from text to text.
#[derive(Debug, Default)]
pub struct Matcher {
    /// Only so much of it holds something as `Run::top` says.
    stack: Vec<Frame>,
    slots: Vec<u32>,
}

/// The budget is used up.
struct Exhausted;

/// One text under one pattern.
struct Run<'a> {
    pattern: &'a Pattern,
    text: &'a [u8],
    stack: &'a mut Vec<Frame>,
    top: usize,
    slots: &'a mut [u32],
    steps: i64,
    most_frames: usize,
}

impl Matcher {
    /// Appends the byte ranges of the tokens, in order: what `findall` gives. False where the budget is used up.
    #[inline(never)]
    pub fn tokens(&mut self, pattern: &Pattern, text: &[u8], out: &mut Vec<(u32, u32)>) -> bool {
        self.slots.clear();
        self.slots.resize(pattern.slots, NONE);
        let most_frames = text.len().saturating_mul(FRAMES_PER_BYTE).saturating_add(FRAMES).min(MOST_FRAMES);
        let steps = STEPS + STEPS_PER_BYTE * text.len() as i64;
        let mut run = Run { pattern, text, stack: &mut self.stack, top: 0, slots: &mut self.slots, steps, most_frames };
        let finished = match pattern.code[..] {
            // Most patterns that people write are one run, and most of their time is spent here.
            [Op::Run { set, least: least @ 1.., most, .. }, Op::Match] => {
                run.runs(set, least, most, out);
                true
            }
            _ => run.all(out).is_ok(),
        };
        // What a strange text needed is not kept for all the others.
        if self.stack.len() > 4 * FRAMES {
            self.stack = Vec::new();
        }
        finished
    }
}

impl Run<'_> {
    fn all(&mut self, out: &mut Vec<(u32, u32)>) -> Result<(), Exhausted> {
        let mut at = 0;
        // Since Python 3.7: a match may be empty also right behind another one, but not where an empty one was.
        let mut not_empty = false;
        while let Some((start, end)) = self.search(at, not_empty)? {
            let found = if self.pattern.group { self.held(start as u32) } else { (start as u32, end as u32) };
            out.push(found);
            not_empty = start == end;
            at = end;
        }
        Ok(())
    }

    /// The whole pattern is one run of at least one character: greedy or not, of a set number or not.
    #[inline(always)]
    fn runs(&self, set: u32, least: u32, most: u32, out: &mut Vec<(u32, u32)>) {
        let Some(set) = self.set(set) else { return };
        let mut at = 0;
        while let Some(rest) = self.text.get(at..) {
            let Some(skip) = rest.iter().position(|&b| self.pattern.first[b as usize]) else { return };
            at += skip;
            let run = stride(set, self.text, at, most);
            if run.chars >= least {
                out.push((at as u32, run.end as u32));
                at = run.end;
            } else {
                // Too short, and so are those that begin later in the same run.
                at = run.end.max(at + 1);
            }
        }
    }

    /// The leftmost match from `at` on; the first may have to take a character.
    #[inline]
    fn search(&mut self, mut at: usize, mut not_empty: bool) -> Result<Option<(usize, usize)>, Exhausted> {
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let Some(skip) = rest.iter().position(|&b| self.pattern.first[b as usize]) else {
                at = self.text.len();
                let end = if self.pattern.at_end { self.attempt(at, not_empty && rest.is_empty())? } else { None };
                return Ok(end.map(|end| (at, end)));
            };
            at += skip;
            if let Some(end) = self.attempt(at, not_empty && skip == 0)? {
                return Ok(Some((at, end)));
            }
            not_empty = false;
            at += 1;
        }
    }

    /// What the group holds, or nothing at all: an empty token, as in Python.
    fn held(&self, match_start: u32) -> (u32, u32) {
        let (start, end) = (self.slot(0), self.slot(1));
        if start == NONE || end == NONE || end < start { (match_start, match_start) } else { (start, end) }
    }

    #[inline(always)]
    fn slot(&self, slot: u32) -> u32 {
        self.slots.get(slot as usize).copied().unwrap_or(NONE)
    }

    #[inline(always)]
    fn put(&mut self, slot: u32, value: u32) -> Result<(), Exhausted> {
        let before = self.slot(slot);
        self.push(Frame::Undo { slot, value: before })?;
        self.restore(slot, value);
        Ok(())
    }

    #[inline(always)]
    fn restore(&mut self, slot: u32, value: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            *slot = value;
        }
    }

    #[inline(always)]
    fn push(&mut self, frame: Frame) -> Result<(), Exhausted> {
        if self.top >= self.stack.len() {
            self.grow()?;
        }
        if let Some(place) = self.stack.get_mut(self.top) {
            *place = frame;
        }
        self.top += 1;
        Ok(())
    }

    #[inline(never)]
    fn grow(&mut self) -> Result<(), Exhausted> {
        if self.top >= self.most_frames {
            return Err(Exhausted);
        }
        self.stack.resize((2 * self.top).clamp(64, self.most_frames), Frame::Undo { slot: NONE, value: NONE });
        Ok(())
    }

    #[inline(always)]
    fn pop(&mut self) -> Option<Frame> {
        self.top = self.top.checked_sub(1)?;
        self.stack.get(self.top).copied()
    }

    #[inline(always)]
    fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.steps -= steps as i64;
        if self.steps < 0 { Err(Exhausted) } else { Ok(()) }
    }

    /// Where the match that begins at `start` ends. Slots hold what the match left in them.
    fn attempt(&mut self, start: usize, not_empty: bool) -> Result<Option<usize>, Exhausted> {
        self.top = 0;
        self.slots.fill(NONE);
        let (mut pc, mut at) = (0u32, start);
        // Where the innermost group that is still open begins on the stack.
        let mut group = NONE;
        loop {
            self.spend(1)?;
            let pattern = self.pattern;
            let Some(op) = pattern.code.get(pc as usize) else { return Ok(None) };
            pc += 1;
            let goes_on = match *op {
                Op::Match => {
                    if !(not_empty && at == start) {
                        return Ok(Some(at));
                    }
                    false
                }
                Op::Fail => false,
                Op::Set(set) => {
                    let length = self.set(set).map_or(0, |set| set.step(self.text, at));
                    at += length;
                    length > 0
                }
                Op::Run { greed, set, least, most } => self.take(pc, &mut at, greed, set, (least, most))?,
                Op::Split(first, second) => {
                    self.push(Frame::Choice { pc: second, at: at as u32 })?;
                    pc = first;
                    true
                }
                Op::Jump(target) => {
                    pc = target;
                    true
                }
                Op::Save(slot) => {
                    self.put(slot, at as u32)?;
                    true
                }
                Op::Boundary { set, negative, in_empty } => self.boundary(set, at, negative, in_empty),
                Op::At(place) => self.is_at(place, at),
                Op::Enter { group: kind, back: chars, exit } => {
                    let begin = if kind == Group::Atomic { Some(at) } else { self.behind(at, chars)? };
                    let exit = if kind == Group::Negative { exit } else { NONE };
                    match begin {
                        Some(begin) => {
                            let here = self.top as u32;
                            self.push(Frame::Group { at: at as u32, outer: group, exit })?;
                            group = here;
                            at = begin;
                            true
                        }
                        None if exit != NONE => {
                            pc = exit;
                            true
                        }
                        None => false,
                    }
                }
                Op::Leave(kind) => match self.stack.get(group as usize).copied() {
                    // What lies above the top is of no concern: `group` always lies below it.
                    Some(Frame::Group { at: began, outer, .. }) => {
                        self.close(group as usize, kind == Group::Negative);
                        group = outer;
                        if kind == Group::Look {
                            at = began as usize;
                        }
                        kind != Group::Negative
                    }
                    _ => return Ok(None),
                },
                Op::Same(slot) => {
                    let (from, to) = (self.slot(slot), self.slot(slot + 1));
                    let held = self.text.get(from as usize..to as usize);
                    self.spend(held.map_or(0, |held| held.len() / SCANNED))?;
                    let same = held.is_some_and(|h| self.text.get(at..).is_some_and(|rest| rest.starts_with(h)));
                    at += if same { (to - from) as usize } else { 0 };
                    same
                }
                Op::IfSet(slot, target) => {
                    let (from, to) = (self.slot(slot), self.slot(slot + 1));
                    if from == NONE || to == NONE || to < from {
                        pc = target;
                    }
                    true
                }
                Op::Loop(slot) => {
                    self.put(slot, 0)?;
                    self.put(slot + 1, NONE)?;
                    true
                }
                Op::Until { slot, least, most, exit, lazy } => {
                    let (turns, last) = (self.slot(slot), self.slot(slot + 1));
                    // As re has it: the guard against empty turns begins to watch when there have been enough of them.
                    let enough = turns >= least;
                    let again = !enough || turns < most && last != at as u32;
                    if again && enough {
                        self.push(if lazy {
                            Frame::Turn { pc: pc - 1, at: at as u32 }
                        } else {
                            Frame::Choice { pc: exit, at: at as u32 }
                        })?;
                    }
                    if !again || enough && lazy {
                        pc = exit;
                    } else {
                        self.turn(slot, turns, enough.then_some(at as u32))?;
                    }
                    true
                }
            };
            if !goes_on && !self.go_back(&mut pc, &mut at, &mut group)? {
                return Ok(None);
            }
        }
    }

    /// Begins a turn of a loop, guarded against being empty where `guard` says where it begins.
    fn turn(&mut self, slot: u32, turns: u32, guard: Option<u32>) -> Result<(), Exhausted> {
        if let Some(at) = guard {
            self.put(slot + 1, at)?;
        }
        self.put(slot, turns.saturating_add(1))
    }

    #[inline(always)]
    fn set(&self, set: u32) -> Option<&Set> {
        self.pattern.sets.get(set as usize)
    }

    /// A run of one set from `at` on; false where there are fewer than `least`.
    #[inline(always)]
    fn take(
        &mut self,
        next: u32,
        at: &mut usize,
        greed: Greed,
        set: u32,
        (least, most): (u32, u32),
    ) -> Result<bool, Exhausted> {
        let Some(set) = self.pattern.sets.get(set as usize) else { return Ok(false) };
        let begin = *at;
        let floor = stride(set, self.text, begin, least);
        let end = if greed == Greed::Lazy || floor.chars < least {
            floor.end
        } else {
            stride(set, self.text, floor.end, most.saturating_sub(least)).end
        };
        self.spend((end - begin) / SCANNED)?;
        if floor.chars < least {
            return Ok(false);
        }
        let floor = floor.end;
        match greed {
            Greed::Greedy if end > floor => {
                self.push(Frame::Less { pc: next, at: end as u32, least: floor as u32 })?;
            }
            Greed::Lazy if most > least => {
                self.push(Frame::More { pc: next - 1, at: end as u32, left: most - least })?;
            }
            _ => {}
        }
        *at = end;
        Ok(true)
    }

    /// The last thing to try, on the way back to it undoing what was done since. False where nothing is left.
    fn go_back(&mut self, pc: &mut u32, at: &mut usize, group: &mut u32) -> Result<bool, Exhausted> {
        while let Some(frame) = self.pop() {
            match frame {
                Frame::Undo { slot, value } => self.restore(slot, value),
                Frame::Choice { pc: next, at: place } => {
                    (*pc, *at) = (next, place as usize);
                    return Ok(true);
                }
                Frame::Less { pc: next, at: place, least } => {
                    let least = least as usize;
                    let wanted = match self.pattern.code.get(next as usize) {
                        Some(&(Op::Set(set) | Op::Run { set, least: 1.., .. })) => self.set(set),
                        _ => None,
                    };
                    let mut place = place as usize;
                    let from = place;
                    // What must come next says which places are worth a try.
                    let fits = loop {
                        place = back(self.text, place).unwrap_or(0);
                        let fits = wanted.is_none_or(|set| set.step(self.text, place) > 0);
                        if fits || place <= least {
                            break fits;
                        }
                    };
                    self.spend((from - place) / SCANNED)?;
                    if !fits {
                        continue;
                    }
                    if place > least {
                        self.push(Frame::Less { pc: next, at: place as u32, least: least as u32 })?;
                    }
                    (*pc, *at) = (next, place);
                    return Ok(true);
                }
                Frame::More { pc: run, at: place, left } => {
                    let Some(&Op::Run { set, .. }) = self.pattern.code.get(run as usize) else { continue };
                    let place = place as usize;
                    let length = self.set(set).map_or(0, |set| set.step(self.text, place));
                    if length == 0 {
                        continue;
                    }
                    if left > 1 {
                        self.push(Frame::More { pc: run, at: (place + length) as u32, left: left - 1 })?;
                    }
                    (*pc, *at) = (run + 1, place + length);
                    return Ok(true);
                }
                Frame::Turn { pc: until, at: place } => {
                    let Some(&Op::Until { slot, .. }) = self.pattern.code.get(until as usize) else { continue };
                    self.turn(slot, self.slot(slot), Some(place))?;
                    (*pc, *at) = (until + 1, place as usize);
                    return Ok(true);
                }
                Frame::Group { at: place, outer, exit } => {
                    *group = outer;
                    if exit != NONE {
                        (*pc, *at) = (exit, place as usize);
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    /// Forgets all ways back into the group that begins at `bottom` of the stack, and the group; undoes what it did, or
    /// leaves it to be undone later.
    fn close(&mut self, bottom: usize, undo: bool) {
        let mut keep = bottom;
        if undo {
            while self.top > bottom {
                if let Some(Frame::Undo { slot, value }) = self.pop() {
                    self.restore(slot, value);
                }
            }
        }
        for i in bottom..self.top {
            if matches!(self.stack[i], Frame::Undo { .. }) {
                self.stack.swap(keep, i);
                keep += 1;
            }
        }
        self.top = keep;
    }

    /// Where a look begins; None where there is not so much text before it.
    fn behind(&mut self, at: usize, chars: u32) -> Result<Option<usize>, Exhausted> {
        let mut begin = at;
        for _ in 1..chars {
            match back(self.text, begin) {
                Some(before) => begin = before,
                None => return Ok(None),
            }
        }
        self.spend((at - begin) / SCANNED)?;
        Ok(Some(begin))
    }

    fn boundary(&self, set: u32, at: usize, negative: bool, in_empty: bool) -> bool {
        if self.text.is_empty() {
            return negative && in_empty;
        }
        self.set(set).is_some_and(|set| (set.before(self.text, at) != (set.step(self.text, at) > 0)) != negative)
    }

    fn is_at(&self, place: Place, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        let line_end = rest.first() == Some(&b'\n');
        match place {
            Place::TextStart => at == 0,
            Place::LineStart => at == 0 || self.text.get(at - 1) == Some(&b'\n'),
            Place::TextEnd => rest.is_empty(),
            Place::LastLineEnd => rest.is_empty() || line_end && rest.len() == 1,
            Place::LineEnd => rest.is_empty() || line_end,
        }
    }
}

struct Stride {
    end: usize,
    chars: u32,
}

/// Up to `most` characters of a set.
#[inline(always)]
fn stride(set: &Set, text: &[u8], begin: usize, most: u32) -> Stride {
    let (mut end, mut chars) = (begin, 0);
    while chars < most {
        let length = set.step(text, end);
        if length == 0 {
            break;
        }
        end += length;
        chars += 1;
    }
    Stride { end, chars }
}
