//! Where a text leaves its ways, without walking them: nodes are listed by the feature that they ask for, and by the one for
//! which their way's own beginning was left. A text looks at those only whose two features it has.

use super::layout::{ALWAYS, LEAF, Layout, Present};
use crate::prelude::*;

/// Bits of a turn, from below: where to go then, the node (the smaller, the further up); above them the text's number.
const NEXT: u32 = 25;
const NODE: u32 = 24;
/// No turn yet.
const NEVER: u64 = u64::MAX;
/// Bits of a bound, which is not below 0, and of what they are sorted by at a time.
const BOUND: u32 = 31;
const DIGIT: u32 = 11;

/// What it takes, in entries read, to take up one list; to walk by two nodes, with all that lies on the way.
const LIST: usize = 20;
const NODES: usize = 5;

/// A node in its list.
#[derive(Clone, Copy)]
struct Asking {
    above: f32,
    way: u32,
    /// The smaller, the further up the way.
    node: u32,
    /// Where a text goes that leaves.
    other: u32,
}

/// A list: it ends where the next one begins.
struct List {
    turner: u32,
    begin: u32,
}

/// See the module.
pub struct Turns {
    /// The lists of number i are `lists[firsts[i]..firsts[i + 1]]`.
    firsts: Vec<u32>,
    lists: Vec<List>,
    /// By bound in each list: those that a text leaves at come first.
    asking: Vec<Asking>,
    /// Above so much work it is faster to walk.
    pub(super) much: usize,
    /// The first turn of each way, where it is of this text; below, where the way leads without one.
    turns: Vec<u64>,
    /// In which way each tree begins, or with `LEAF` its row.
    roots: Vec<u32>,
    straights: Vec<u32>,
    /// The text's number: each one's is below the last one's, so that old turns are never first.
    text: u64,
    /// The nodes in the lists of this text's features, and how much it has of what they ask for.
    found: Vec<(u32, u32, f32)>,
    open: Vec<u32>,
}

/// `order` by keys; what has the same stays in order.
fn sorted(order: &[u32], keys: usize, key: impl Fn(u32) -> u32) -> Vec<u32> {
    let mut begins = vec![0u32; keys + 1];
    order.iter().for_each(|&i| begins[key(i) as usize + 1] += 1);
    for i in 1..begins.len() {
        begins[i] += begins[i - 1];
    }
    let mut out = vec![0; order.len()];
    for &i in order {
        let begin = &mut begins[key(i) as usize];
        out[*begin as usize] = i;
        *begin += 1;
    }
    out
}

impl Turns {
    pub fn new(layout: &Layout) -> Self {
        let ways = layout.turners.len();
        let mut way_of = Vec::with_capacity(layout.nodes.len());
        for (way, ends) in (0..).zip(&layout.begins[1..]) {
            way_of.resize(*ends as usize, way);
        }
        let numbers = layout.numbers();
        let turner = |i: u32| layout.turners[way_of[i as usize] as usize];
        let asks = |i: u32| layout.nodes[i as usize].asks;
        let bound = |i: u32| layout.nodes[i as usize].above;
        let mut order: Vec<u32> = (0..layout.nodes.len() as u32).filter(|&i| asks(i) != ALWAYS).collect();
        for digit in 0..BOUND.div_ceil(DIGIT) {
            order = sorted(&order, 1 << DIGIT, |i| bound(i).to_bits() >> (digit * DIGIT) & ((1 << DIGIT) - 1));
        }
        order = sorted(&sorted(&order, numbers, turner), numbers, asks);
        let (mut firsts, mut lists) = (Vec::with_capacity(numbers + 1), Vec::new());
        let mut last = None;
        for (begin, &i) in (0..).zip(&order) {
            if last != Some((turner(i), asks(i))) {
                firsts.resize(asks(i) as usize + 1, lists.len() as u32);
                lists.push(List { turner: turner(i), begin });
                last = Some((turner(i), asks(i)));
            }
        }
        firsts.resize(numbers + 1, lists.len() as u32);
        lists.push(List { turner: ALWAYS, begin: order.len() as u32 });
        let way = |next: u32| if next < LEAF { way_of[next as usize] } else { next };
        let asking = |&node: &u32| {
            let i = node as usize;
            Asking { above: bound(node), way: way_of[i], node, other: way(layout.nodes[i].other) }
        };
        Self {
            firsts,
            lists,
            asking: order.iter().map(asking).collect(),
            much: layout.depth() / 2 * NODES,
            turns: vec![NEVER; ways],
            roots: layout.roots.iter().map(|&root| way(root)).collect(),
            straights: layout.begins[1..].iter().map(|&end| layout.nodes[end as usize - 1].other).collect(),
            text: NEVER >> (NEXT + NODE),
            found: Vec::new(),
            open: Vec::new(),
        }
    }

    /// The leaf of each tree, or false where it is faster to walk.
    pub fn leaves(&mut self, present: &Present, rows: &mut Vec<u32>) -> bool {
        let listed = present.all.iter().map(|&(number, _)| self.of(number).len()).sum::<usize>();
        if listed > self.much / NODES {
            return false;
        }
        if self.found.len() < listed {
            self.found.resize(listed, (0, 0, 0.0));
        }
        let (mut found, mut work) = (0, listed);
        for &(asks, x) in &present.all {
            let lists = self.of(asks);
            for list in self.lists.get(lists.start..=lists.end).unwrap_or_default().windows(2) {
                // Whether the text has both is a matter of chance: no branch depends on it.
                let [List { turner, begin }, List { begin: end, .. }] = *list else { continue };
                if let Some(room) = self.found.get_mut(found) {
                    *room = (begin, end, x);
                }
                let has = usize::from(present.has(turner));
                found += has;
                work += has * (LIST + (end - begin) as usize);
            }
        }
        if work > self.much {
            return false;
        }
        self.turn(found);
        self.hop(rows);
        true
    }

    /// The lists of a number.
    #[inline(always)]
    fn of(&self, number: u32) -> core::ops::Range<usize> {
        let [begin, end] =
            self.firsts.get(number as usize..).and_then(|f| f.first_chunk()).copied().unwrap_or_default();
        begin as usize..end as usize
    }

    /// Finds the first node of each way at which the text leaves it.
    #[inline(never)]
    fn turn(&mut self, found: usize) {
        self.text -= 1;
        if self.text == 0 {
            self.turns.fill(NEVER);
            self.text = (NEVER >> (NEXT + NODE)) - 1;
        }
        let text = self.text << (NEXT + NODE);
        let found = self.found.get(..found).unwrap_or_default();
        // Has all of them fetched from afar at once.
        let first = found.iter().filter_map(|&(begin, ..)| self.asking.get(begin as usize));
        core::hint::black_box(first.fold(0, |all, asking| all | asking.way));
        for &(begin, end, x) in found {
            let nodes = self.asking.get(begin as usize..end as usize).unwrap_or_default();
            for asking in nodes.iter().take_while(|asking| x > asking.above) {
                if let Some(turn) = self.turns.get_mut(asking.way as usize) {
                    *turn = (text | u64::from(asking.node) << NEXT | u64::from(asking.other)).min(*turn);
                }
            }
        }
    }

    /// From way to way, in all trees side by side, so that nothing waits for one that has many.
    #[inline(never)]
    fn hop(&mut self, rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend_from_slice(&self.roots);
        self.open.clear();
        self.open.extend(0..rows.len() as u32);
        let mut open = rows.len();
        while open > 0 {
            let mut still = 0;
            for i in 0..open {
                let tree = self.open[i];
                let row = &mut rows[tree as usize];
                if *row < LEAF {
                    let way = *row as usize;
                    let turn = self.turns[way];
                    // Here, too.
                    let turned = u32::from(turn >> (NEXT + NODE) == self.text).wrapping_neg();
                    *row = turn as u32 & ((1 << NEXT) - 1) & turned | self.straights[way] & !turned;
                }
                self.open[still] = tree;
                still += usize::from(*row < LEAF);
            }
            open = still;
        }
    }
}
