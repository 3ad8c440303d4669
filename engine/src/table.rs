//! The look-up table as it is made and stored: from pieces to features without comparing n-grams as strings.
//!
//! A word is found by its bytes: up to 16 stand in the entry itself and are compared as two integers, longer ones in a
//! heap. Characters are numbered by the vocabulary's own *alphabet*, so that many of them fit a 64-bit key: an n-gram of
//! characters is its own exact key as long as it fits; a longer one, and every n-gram of words, is (entry of its
//! beginning, last piece). Nothing is compared but keys, and no hit can be false.
//!
//! Words are one perfect hash, and so are the n-grams of each length: a look-up touches one entry and branches on
//! nothing. Each length its own, because the keys of a length are made from the entries of the one before.
//!
//! The table is made at export and stands in the file ready for use (`to_bytes`). To be used it is laid out together with
//! what there is to know of each feature (`features`).

#[cfg(feature = "complete")]
mod build;

use crate::error::{Error, Result};
use crate::prelude::*;

/// No such feature.
pub const NONE: u32 = u32::MAX;
/// A stop word.
pub const STOP: u32 = u32::MAX - 1;
/// Bytes of the table's head: the magic number and five sizes.
const HEAD: usize = 24;
const MAGIC: u32 = u32::from_le_bytes(*b"WCT4");
/// Longest n-gram, in pieces.
const MAX_LEVELS: usize = 64;

/// A word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word {
    /// See `lookup::word_key`.
    pub key: (u64, u64),
    /// `NONE`, `STOP`, or below F.
    pub feature: u32,
}

/// An n-gram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gram {
    /// 0 marks an empty entry: no key is 0.
    pub key: u64,
    /// `NONE` or below F.
    pub feature: u32,
}

/// A perfect hash: one pilot for a few keys sends each of them to a slot of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Perfect<E> {
    /// See `lookup::slot`.
    pub pilots: Vec<u8>,
    /// By slot.
    pub entries: Vec<E>,
}

impl<E> Default for Perfect<E> {
    fn default() -> Self {
        Self { pilots: Vec::new(), entries: Vec::new() }
    }
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Of the word analyzer; stop words among them.
    pub words: Perfect<Word>,
    /// The n-grams of n pieces at n − 1; none of one word.
    pub levels: Vec<Perfect<Gram>>,
    /// The code points of the vocabulary in ascending order; a character's number is its place, from 1. Of words: empty.
    pub alphabet: Vec<u32>,
    /// The bytes of long words.
    pub heap: Vec<u8>,
}

impl Table {
    /// Reads it back. What look-ups rely on is checked where it is laid out.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut rest = bytes;
        let mut take = |count: u32, size: usize| {
            let bytes = (count as usize).checked_mul(size).and_then(|size| rest.split_at_checked(size));
            let (taken, after) = bytes.ok_or_else(wrong_sizes)?;
            rest = after;
            Ok(taken)
        };
        let head = take(1, HEAD)?;
        let [magic, words, word_pilots, alphabet, heap, levels] = [0, 4, 8, 12, 16, 20].map(|at| u32_at(head, at));
        if magic != MAGIC {
            return Err(Error::unsupported(&["the look-up table was made by another version of the engine"]));
        }
        if levels as usize > MAX_LEVELS {
            return Err(wrong_sizes());
        }
        let sizes: Vec<(u32, u32)> =
            take(levels, 8)?.as_chunks::<8>().0.iter().map(|s| (u32_at(s, 0), u32_at(s, 4))).collect();
        let word = |e: &[u8; 20]| Word { key: (u64_at(e, 0), u64_at(e, 8)), feature: u32_at(e, 16) };
        let gram = |g: &[u8; 12]| Gram { key: u64_at(g, 0), feature: u32_at(g, 8) };
        let words = take(words, 20)?.as_chunks().0.iter().map(word).collect();
        let mut table = Self { words: Perfect { pilots: Vec::new(), entries: words }, ..Self::default() };
        for &(grams, _) in &sizes {
            let entries = take(grams, 12)?.as_chunks().0.iter().map(gram).collect();
            table.levels.push(Perfect { pilots: Vec::new(), entries });
        }
        table.alphabet = take(alphabet, 4)?.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect();
        table.words.pilots = take(word_pilots, 1)?.to_vec();
        for (level, &(_, pilots)) in table.levels.iter_mut().zip(&sizes) {
            level.pilots = take(pilots, 1)?.to_vec();
        }
        table.heap = take(heap, 1)?.to_vec();
        if !rest.is_empty() {
            return Err(wrong_sizes());
        }
        Ok(table)
    }
}

fn wrong_sizes() -> Error {
    Error::file(&["tensor 'vocabulary.table': its sizes do not add up"])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b))
}
