//! What the words of earlier texts held. The n-grams of char_wb lie within words, and most words come again and again:
//! each is cut and looked up once, and after that known by its bytes.
//!
//! Room is limited; when it is full everything is forgotten, and what is frequent is soon known again. What is found here
//! is what would be found without it, in the same order, so no answer depends on what was read before.

use crate::lookup::{self, INLINE};
use crate::prelude::*;

/// Longer words are not kept, in bytes.
const LONGEST: usize = 2 * INLINE;
/// Cells of a word's bytes.
const KEY: usize = LONGEST / 4;
/// Cells before those of its n-grams: its bytes, and how many there are.
const HEAD: usize = KEY + 1;
/// Cells of all words, for the first vectorizer of a model: 2 MB.
const MOST: usize = 1 << 20;
/// How many places are tried.
const PROBES: usize = 32;

/// A word's bytes, and where to look first.
#[derive(Clone, Copy, Default)]
pub struct Key {
    bytes: [u32; KEY],
    hash: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Memo {
    /// By hash: where in `cells` the record of a word begins, or 0. Empty until there is one.
    index: Vec<u32>,
    /// Records. The first cell is in none.
    cells: Vec<u32>,
    /// How many cells there may be.
    most: usize,
    /// How often everything was forgotten.
    pub age: u32,
}

impl Memo {
    /// For the vectorizer with this number in a model: all of them together need a few times what the first may.
    pub fn new(number: usize) -> Self {
        Self { index: Vec::new(), cells: Vec::new(), most: MOST / (number + 1), age: 0 }
    }

    /// The key of `text[start..end]`, if it is one to keep. Fast where there are `lookup::SLACK` bytes behind it.
    #[inline(always)]
    pub fn key(text: &[u8], start: usize, end: usize) -> Option<Key> {
        let length = end - start;
        if length > LONGEST {
            return None;
        }
        let middle = end.min(start + INLINE);
        let (a, b) = lookup::word_key_at(text, start, middle);
        let (c, d) = if middle < end { lookup::word_key_at(text, middle, end) } else { (0, 0) };
        let mut hash = lookup::word_hash((a, b));
        if middle < end {
            hash ^= lookup::word_hash((c, d)).rotate_left(7);
        }
        let mut bytes = [0; KEY];
        for (cells, half) in bytes.as_chunks_mut::<2>().0.iter_mut().zip([a, b, c, d]) {
            *cells = [half as u32, (half >> 32) as u32];
        }
        Some(Key { bytes, hash: (hash >> 32) as usize })
    }

    /// Where the record of a word with this hash may begin: what `get` asks first, which lies far.
    #[inline(always)]
    pub fn first(&self, key: &Key) -> u32 {
        self.index.get(self.home(key, 0)).copied().unwrap_or(0)
    }

    /// Where the record at `first` has what was kept, if it is this word's.
    #[inline(always)]
    pub fn kept_at(&self, first: u32, key: &Key) -> Option<(u32, u32)> {
        let head = self.cells.get(first as usize..)?.first_chunk::<HEAD>()?;
        (head[..KEY] == key.bytes).then_some((first + HEAD as u32, head[KEY]))
    }

    /// Where what was kept of a word is.
    #[inline(never)]
    pub fn get(&self, key: &Key) -> Option<(u32, u32)> {
        (0..PROBES)
            .map_while(|probe| self.index.get(self.home(key, probe)).copied().filter(|&at| at != 0))
            .find_map(|at| self.kept_at(at, key))
    }

    /// What was kept, by where it is.
    #[inline(always)]
    pub fn kept(&self, (start, length): (u32, u32)) -> &[u32] {
        self.cells.get(start as usize..).and_then(|cells| cells.get(..length as usize)).unwrap_or_default()
    }

    /// Keeps a word that is not kept yet.
    #[inline(never)]
    pub fn put(&mut self, key: &Key, found: &[u32]) {
        if self.index.is_empty() {
            self.index.resize((self.most / 16).next_power_of_two(), 0);
            self.cells.resize(HEAD, 0);
        }
        let size = HEAD + found.len();
        let mut free = (0..PROBES).map(|probe| self.home(key, probe)).find(|&at| self.index.get(at) == Some(&0));
        if free.is_none() || self.cells.len() + size > self.most {
            self.index.fill(0);
            self.cells.truncate(HEAD);
            self.age = self.age.wrapping_add(1);
            free = Some(self.home(key, 0)).filter(|_| self.cells.len() + size <= self.most);
        }
        if let Some(home) = free.and_then(|at| self.index.get_mut(at)) {
            *home = self.cells.len() as u32;
            self.cells.extend_from_slice(&key.bytes);
            self.cells.push(found.len() as u32);
            self.cells.extend_from_slice(found);
        }
    }

    #[inline(always)]
    fn home(&self, key: &Key, probe: usize) -> usize {
        // A power of two, or none.
        (key.hash + probe) & self.index.len().wrapping_sub(1)
    }
}
