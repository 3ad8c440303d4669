//! Random token patterns.

use super::pattern::{Greed, Re, Set};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const WORD: Set = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z'), ('\u{C0}', '\u{1FFF}'), ('\u{3040}', '\u{D7A3}')];
const SETS: &[Set] = &[
    WORD,
    &[('a', 'z')],
    &[('a', 'b')],
    &[('t', 't')],
    &[(' ', ' ')],
    &[('!', '\u{10FFFF}')],
    &[('\0', '\u{10FFFF}')],
    &[('\'', '\''), ('-', '.')],
    &[('\u{3B1}', '\u{44F}')],
    &[('\u{4E00}', '\u{9FFF}'), ('\u{1F300}', '\u{1F9FF}')],
    &[],
];

fn set() -> impl Strategy<Value = Set> {
    prop_oneof![3 => Just(WORD), 4 => select(SETS)]
}

fn piece() -> impl Strategy<Value = Re> {
    let fixed = (vec(set(), 1..3), prop_oneof![Just(false), Just(true)], any::<bool>());
    let look = fixed.prop_map(|(sets, negative, back)| {
        let back = back.then_some(sets.len() as u32);
        Re::Look(back, negative, Box::new(Re::Seq(sets.into_iter().map(Re::Set).collect())))
    });
    prop_oneof![
        6 => set().prop_map(Re::Set),
        1 => (set(), any::<bool>()).prop_map(|(set, not)| Re::Boundary(set, not)),
        1 => (0..5u8).prop_map(Re::At),
        1 => look,
    ]
}

fn tree() -> impl Strategy<Value = Re> {
    piece().prop_recursive(3, 12, 3, |inner| {
        let greed = select(vec![Greed::Greedy, Greed::Greedy, Greed::Lazy, Greed::Possessive]);
        let times = (0..3u32, select(vec![None, None, Some(1), Some(2), Some(4)]), greed);
        prop_oneof![
            3 => (inner.clone(), times.clone()).prop_map(|(re, (least, most, greed))| {
                Re::Repeat(Box::new(re), least, most.map(|most: u32| most.max(least)), greed)
            }),
            2 => (set(), times).prop_map(|(set, (least, most, greed))| {
                Re::Repeat(Box::new(Re::Set(set)), least, most.map(|most: u32| most.max(least)), greed)
            }),
            3 => vec(inner.clone(), 1..4).prop_map(Re::Seq),
            2 => vec(inner.clone(), 2..4).prop_map(Re::Alt),
            1 => inner.prop_map(|re| Re::Atomic(Box::new(re))),
        ]
    })
}

/// A pattern, with one capture group or none.
pub fn pattern() -> impl Strategy<Value = Re> {
    (tree(), tree(), tree(), 0..8u8).prop_map(|(a, b, c, form)| {
        let group = Re::Capture(Box::new(b));
        match form {
            0 => Re::Seq(vec![a, group, c]),
            1 => Re::Seq(vec![group, a, Re::Same]),
            2 => Re::Repeat(Box::new(Re::Alt(vec![group, a])), 1, None, Greed::Greedy),
            3 => {
                let maybe = Re::Repeat(Box::new(group), 0, Some(1), Greed::Greedy);
                Re::Seq(vec![maybe, Re::IfSet(Box::new([a, c]))])
            }
            _ => a,
        }
    })
}
