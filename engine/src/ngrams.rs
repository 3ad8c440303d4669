//! Counting the n-grams of one text, length by length, in blocks of three passes: keys, look-ups, counters. Each pass does
//! one kind of memory access and branches on none of them, so that many are under way at once: what is looked up lies
//! far beyond the nearest caches, and waiting for it is what this costs.

use crate::features::Features;
use crate::prelude::*;
use crate::table::{self, BLOCK, NONE, NOTHING, Table};

/// Words: for every n, the node of each beginning and the word after it. `nodes` is room to work in.
pub fn count_words(
    table: &Table,
    words: &[u32],
    nodes: &mut Vec<u32>,
    (min, max): (usize, usize),
    features: &mut Features,
) {
    features.reserve(words.len().saturating_mul(max - min + 1));
    if min == 1 {
        words.iter().for_each(|&node| features.add(node));
    }
    nodes.clear();
    nodes.extend_from_slice(words);
    for n in 2..=max.min(words.len()) {
        count(table, nodes, words.len() - n + 1, n >= min, features, |keys, nodes, from| {
            for ((key, &node), &last) in keys.iter_mut().zip(nodes).zip(words.iter().skip(from + n - 1)) {
                *key = if node == NONE || last == NONE { NOTHING } else { table::word_key(node, last) };
            }
        });
    }
}

/// Characters: up to three at once, longer n-grams by the node of their beginning. Across words (char_wb) there are
/// windows with two spaces side by side, which the table never holds.
pub fn count_chars(
    table: &Table,
    chars: &[u32],
    nodes: &mut Vec<u32>,
    (min, max): (usize, usize),
    features: &mut Features,
) {
    features.reserve(chars.len().saturating_mul(max - min + 1));
    nodes.clear();
    nodes.resize(chars.len(), NONE);
    // Longer ones need the nodes of three, counted or not.
    for n in min.min(3)..=max.min(chars.len()) {
        let windows = chars.len() - n + 1;
        match n {
            1 => count(table, nodes, windows, n >= min, features, |keys, _, from| packed::<1>(keys, chars, from)),
            2 => count(table, nodes, windows, n >= min, features, |keys, _, from| packed::<2>(keys, chars, from)),
            3 => count(table, nodes, windows, n >= min, features, |keys, _, from| packed::<3>(keys, chars, from)),
            _ => count(table, nodes, windows, n >= min, features, |keys, nodes, from| {
                for ((key, &node), &last) in keys.iter_mut().zip(nodes).zip(chars.iter().skip(from + n - 1)) {
                    *key = if node == NONE { NOTHING } else { table::chained_key(node, last) };
                }
            }),
        }
    }
}

#[inline(always)]
fn packed<const N: usize>(keys: &mut [u64], chars: &[u32], from: usize) {
    let windows = chars.get(from..).unwrap_or_default().array_windows::<N>();
    keys.iter_mut().zip(windows).for_each(|(key, window)| *key = table::packed_key(window));
}

/// One length: `fill(keys, nodes, from)` makes the keys of the n-grams from `from` on, `nodes` becomes their nodes.
#[inline(always)]
fn count(
    table: &Table,
    nodes: &mut [u32],
    windows: usize,
    counted: bool,
    features: &mut Features,
    fill: impl Fn(&mut [u64], &[u32], usize),
) {
    let mut keys = [NOTHING; BLOCK];
    let nodes = nodes.get_mut(..windows).unwrap_or_default();
    for (block, nodes) in nodes.chunks_mut(BLOCK).enumerate() {
        let keys = &mut keys[..nodes.len()];
        fill(keys, nodes, block * BLOCK);
        table.find(keys, nodes);
        if counted {
            nodes.iter().for_each(|&node| features.add(node));
        }
    }
}
