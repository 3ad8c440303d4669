//! The leaves of texts that have few numbers: many nodes of a way at a time, and texts side by side, so that nothing waits
//! for one of them and no branch depends on what is found.
//!
//! A text's numbers are dealt out to eight sets, a bit for each. A node's number is in a set where each of its three
//! hexadecimal digits is one of the set's. Of what that lets through, which is little, the number itself is compared.

use super::batch::Add;
use super::layout::{ALWAYS, LEAF, Layout, Node};
use crate::prelude::*;
use core::arch::wasm32::{
    i8x16_bitmask, i8x16_narrow_i16x8, i16x8_eq, u8x16, u8x16_eq, u8x16_shr, u8x16_splat, u8x16_swizzle, u16x8,
    u16x8_splat, v128, v128_and,
};

/// Nodes that are looked at together: two vectors.
const BLOCK: usize = 32;
const DIGITS: usize = 3;
const SETS: usize = 8;
/// Places for a text's numbers: the first is for `ALWAYS`, the last for what it has not.
const PLACES: usize = 16;
/// How many texts find a node each before all go on from theirs, so that the processor fetches for many at a time.
const TEXTS: usize = 1024;
/// From how many texts on it pays to read a tree from its beginning to its end first: nodes come from memory faster so.
const MANY: usize = 256;
/// Nodes in a line of the processor's cache, of 64 bytes.
const NODES_OF_A_LINE: usize = 64 / size_of::<Node>();

/// Twelve bits of a number.
#[inline(always)]
fn mixed(number: u32) -> u32 {
    number ^ number >> 12
}

#[inline(always)]
fn bytes(b: &[u8; 16]) -> v128 {
    u8x16(b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15])
}

/// What a text has.
struct Text {
    /// By digit and value, one bit for each set.
    digits: [v128; DIGITS],
    numbers: [v128; 2],
    amounts: [f32; PLACES],
}

impl Text {
    #[inline(always)]
    fn new(has: &[(u32, f32)]) -> Self {
        let (mut digits, mut numbers, mut amounts) = ([[0; 16]; DIGITS], [0; PLACES], [0.0; PLACES]);
        for (i, &(number, amount)) in [(ALWAYS, 1.0)].iter().chain(has).enumerate().take(PLACES - 1) {
            for (place, digit) in (0..).zip(&mut digits) {
                digit[(mixed(number) >> (4 * place) & 15) as usize] |= 1 << (i % SETS);
            }
            numbers[i] = number as u16;
            amounts[i] = amount;
        }
        let eight = |at: usize| {
            let n = |i: usize| numbers[at + i];
            u16x8(n(0), n(1), n(2), n(3), n(4), n(5), n(6), n(7))
        };
        Self { digits: digits.map(|digit| bytes(&digit)), numbers: [eight(0), eight(8)], amounts }
    }

    /// One bit for each node whose number is not the text's.
    #[inline(always)]
    fn others(&self, low: &[u8; 16], high: &[u8; 16]) -> u32 {
        let (low, high) = (bytes(low), bytes(high));
        let [ones, sixteens, rest] = self.digits;
        let ones = u8x16_swizzle(ones, v128_and(low, u8x16_splat(15)));
        let sixteens = u8x16_swizzle(sixteens, u8x16_shr(low, 4));
        let found = v128_and(v128_and(ones, sixteens), u8x16_swizzle(rest, high));
        u32::from(i8x16_bitmask(u8x16_eq(found, u8x16_splat(0))))
    }

    /// How much of a number it has.
    #[inline(always)]
    fn amount(&self, number: u32) -> f32 {
        let number = u16x8_splat(number as u16);
        let [first, last] = self.numbers.map(|numbers| i16x8_eq(numbers, number));
        let found = i8x16_bitmask(i8x16_narrow_i16x8(first, last)) | 1 << (PLACES - 1);
        self.amounts[found.trailing_zeros() as usize]
    }
}

/// See the module.
pub struct Seek {
    /// Of what each node asks for, the lowest byte and the digit above it; behind them as many of `ALWAYS` as are looked at
    /// together. None where 16 bits are too few for a number.
    low: Vec<u8>,
    high: Vec<u8>,
    texts: Vec<Text>,
    /// Which of the batch's texts each is.
    which: Vec<u32>,
    rows: Vec<u32>,
    /// Texts on their ways, and at which node.
    open: Vec<(u32, u32)>,
}

impl Seek {
    /// Of no text yet.
    pub fn new(layout: &Layout) -> Self {
        let (mut low, mut high) = (Vec::new(), Vec::new());
        if layout.count <= 1 << 16 {
            low = layout.nodes.iter().map(|node| mixed(node.asks) as u8).collect();
            high = layout.nodes.iter().map(|node| (mixed(node.asks) >> 8 & 15) as u8).collect();
            low.resize(layout.nodes.len() + BLOCK, 0);
            high.resize(layout.nodes.len() + BLOCK, 0);
        }
        Self { low, high, texts: Vec::new(), which: Vec::new(), rows: Vec::new(), open: Vec::new() }
    }

    /// Takes the batch's text `i` with these numbers, if they are few enough.
    #[inline(always)]
    pub fn push(&mut self, i: usize, has: &[(u32, f32)]) -> bool {
        let few = has.len() <= PLACES - 2 && !self.low.is_empty();
        if few {
            self.texts.push(Text::new(has));
            self.which.push(i as u32);
        }
        few
    }

    /// Forgets its texts.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.which.clear();
    }

    /// Takes its texts through the trees, all through one before the next: a tree fits the processor's cache.
    pub fn run(&mut self, layout: &Layout, sums: &mut [f64], k: usize, add: &mut Add) {
        let Self { low, high, texts, which, rows, open } = self;
        for (tree, &root) in layout.roots.iter().enumerate() {
            if texts.len() >= MANY {
                fetch(layout, tree);
            }
            for (texts, which) in texts.chunks(TEXTS).zip(which.chunks(TEXTS)) {
                rows.clear();
                rows.resize(texts.len(), root);
                leaves(layout, (low, high), texts, rows, open);
                for (row, &i) in rows.iter().zip(which) {
                    add(core::slice::from_ref(row), tree, &mut sums[i as usize * k..][..k]);
                }
            }
        }
    }
}

/// Reads a tree's nodes in the order of memory.
fn fetch(layout: &Layout, tree: usize) {
    let begin = tree.checked_sub(1).map_or(0, |before| layout.ends[before]);
    let nodes = layout.nodes.get(begin as usize..layout.ends[tree] as usize).unwrap_or_default();
    let all = nodes.iter().step_by(NODES_OF_A_LINE).fold(0, |all, node| all ^ node.asks);
    core::hint::black_box(all);
}

/// From nodes on to the rows of leaves.
#[inline(never)]
fn leaves(layout: &Layout, (low, high): (&[u8], &[u8]), texts: &[Text], rows: &mut [u32], open: &mut Vec<(u32, u32)>) {
    open.clear();
    open.extend((0..).zip(rows.iter().copied()).filter(|(_, row)| *row < LEAF));
    while !open.is_empty() {
        for (i, at) in &mut *open {
            // Every way ends at a node of `ALWAYS`, so there is as much left.
            let block = |all| <[u8]>::get(all, *at as usize..).and_then(<[u8]>::first_chunk::<BLOCK>);
            let (Some(low), Some(high)) = (block(low), block(high)) else { return };
            let ([low, last_low], _) = low.as_chunks() else { return };
            let ([high, last_high], _) = high.as_chunks() else { return };
            let text = &texts[*i as usize];
            let others = text.others(low, high) | text.others(last_low, last_high) << (BLOCK / 2);
            // Where there is none, the last one is as good: the text does not have its number either.
            *at += (!others | 1 << (BLOCK - 1)).trailing_zeros();
        }
        let mut still = 0;
        for j in 0..open.len() {
            let (i, at) = open[j];
            let (text, row) = (&texts[i as usize], &mut rows[i as usize]);
            let Some(node) = layout.nodes.get(at as usize) else { return };
            let leaves = u32::from(text.amount(node.asks) > node.above).wrapping_neg();
            *row = node.other & leaves | (at + 1) & !leaves;
            open[still] = (i, *row);
            still += usize::from(*row < LEAF);
        }
        open.truncate(still);
    }
}
