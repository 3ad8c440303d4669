//! The naive matcher: what Python's `re` does, a choice at a time, each way tried to its end before the next.

use super::{Greed, Re};
use std::cell::Cell;

/// Where the group began and ended.
type Group = (Option<usize>, Option<usize>);
type Then<'t> = dyn FnMut(usize, Group) -> bool + 't;

struct Run<'t> {
    text: &'t [char],
    left: Cell<u32>,
}

/// The tokens that `findall` finds; None where that takes too long.
pub fn tokens(re: &Re, text: &str, steps: u32) -> Option<Vec<String>> {
    let chars: Vec<char> = text.chars().collect();
    let find = || Run { text: &chars, left: Cell::new(steps) }.all(re);
    // Every step of a match may be a call within the last one's.
    let builder = std::thread::Builder::new().stack_size(1 << 28);
    std::thread::scope(|scope| builder.spawn_scoped(scope, find).unwrap().join().unwrap())
}

impl Run<'_> {
    fn all(&self, re: &Re) -> Option<Vec<String>> {
        let (mut tokens, mut from, mut not_empty) = (Vec::new(), 0, false);
        let text = |from: usize, to: usize| String::from_iter(&self.text[from..to]);
        while let Some((start, end, group)) =
            (from..=self.text.len()).find_map(|start| self.attempt(re, start, not_empty && start == from))
        {
            tokens.push(match group {
                (Some(from), Some(to)) => text(from, to),
                _ if super::program::has_group(re) => String::new(),
                _ => text(start, end),
            });
            (from, not_empty) = (end, end == start);
            if self.left.get() == 0 {
                break;
            }
        }
        (self.left.get() > 0).then_some(tokens)
    }

    /// The match that begins here.
    fn attempt(&self, re: &Re, start: usize, not_empty: bool) -> Option<(usize, usize, Group)> {
        let mut found = None;
        self.go(re, start, (None, None), &mut |end, group| {
            found = Some((start, end, group)).filter(|_| !(not_empty && end == start));
            found.is_some()
        });
        found
    }

    fn go(&self, re: &Re, at: usize, group: Group, then: &mut Then) -> bool {
        self.left.set(self.left.get().saturating_sub(1));
        let is_in = |set: &[(char, char)], i: usize| {
            self.text.get(i).is_some_and(|&c| set.iter().any(|r| r.0 <= c && c <= r.1))
        };
        match re {
            _ if self.left.get() == 0 => true,
            Re::Set(set) => is_in(set, at) && then(at + 1, group),
            Re::Seq(items) => self.seq(items, at, group, then),
            Re::Alt(ways) => ways.iter().any(|way| self.go(way, at, group, then)),
            Re::Repeat(body, least, most, Greed::Possessive) => {
                let body = Re::Atomic(body.clone());
                let whole = Re::Repeat(Box::new(body), *least, *most, Greed::Greedy);
                self.go(&Re::Atomic(Box::new(whole)), at, group, then)
            }
            Re::Repeat(..) => self.turns(re, 0, None, at, group, then),
            Re::Capture(body) => {
                self.go(body, at, (Some(at), group.1), &mut |end, group| then(end, (group.0, Some(end))))
            }
            Re::Same => match group {
                (Some(from), Some(to)) => {
                    let held = &self.text[from..to];
                    self.text[at..].starts_with(held) && then(at + held.len(), group)
                }
                _ => false,
            },
            Re::IfSet(ways) => self.go(&ways[usize::from(group.0.is_none() || group.1.is_none())], at, group, then),
            Re::Look(back, negative, body) => {
                let from = at.checked_sub(back.unwrap_or(0) as usize);
                match from.and_then(|from| self.once(body, from, group)) {
                    Some((_, group)) => !negative && then(at, group),
                    None => *negative && then(at, group),
                }
            }
            Re::Atomic(body) => self.once(body, at, group).is_some_and(|(end, group)| then(end, group)),
            Re::Boundary(set, negative) => {
                let here = (at > 0 && is_in(set, at - 1)) != is_in(set, at);
                !self.text.is_empty() && here != *negative && then(at, group)
            }
            Re::At(place) => {
                let (end, feed) = (at == self.text.len(), self.text.get(at) == Some(&'\n'));
                let holds = match place {
                    0 => at == 0,
                    1 => at == 0 || self.text[at - 1] == '\n',
                    2 => end,
                    3 => end || feed && at + 1 == self.text.len(),
                    _ => end || feed,
                };
                holds && then(at, group)
            }
        }
    }

    fn seq(&self, items: &[Re], at: usize, group: Group, then: &mut Then) -> bool {
        let [first, rest @ ..] = items else { return then(at, group) };
        self.go(first, at, group, &mut |at, group| self.seq(rest, at, group, then))
    }

    /// The first match from here, and no other.
    fn once(&self, body: &Re, at: usize, group: Group) -> Option<(usize, Group)> {
        let mut found = None;
        self.go(body, at, group, &mut |end, group| {
            found = Some((end, group));
            true
        });
        found
    }

    /// `last`: where the turn began before which there had been enough of them; a turn from there again would be for ever.
    fn turns(&self, re: &Re, done: u32, last: Option<usize>, at: usize, group: Group, then: &mut Then) -> bool {
        let Re::Repeat(body, least, most, greed) = re else { panic!("{re:?}") };
        let enough = done >= *least;
        let again = !enough || most.is_none_or(|most| done < most) && last != Some(at);
        let last = if enough { Some(at) } else { last };
        let lazy = *greed == Greed::Lazy;
        if enough && lazy && then(at, group) {
            return true;
        }
        let turn = &mut |end: usize, group: Group| self.turns(re, done + 1, last, end, group, then);
        again && self.go(body, at, group, turn) || enough && !lazy && then(at, group)
    }
}
