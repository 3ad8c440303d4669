//! What the words of earlier texts held. The n-grams of char_wb lie within words, and most words come again and again:
//! each is cut and looked up once, and after that known by its bytes.
//!
//! Room is limited; when it is full everything is forgotten, and what is frequent is soon known again. What is found here
//! is what would be found without it, in the same order, so no answer depends on what was read before.

use core::ops::Range;

use crate::lookup::{self, INLINE};
use crate::prelude::*;

/// Cells of the first bytes of a word; of one that does not end in them as many again.
const KEY: usize = INLINE / 4;
/// Cells before all others of a word: its first bytes, and how many cells its n-grams have.
const HEAD: usize = KEY + 1;
/// Cells of all words, for the first vectorizer of a model: 4 MB.
const MOST: usize = 1 << 20;
/// How many places are tried.
const PROBES: usize = 32;

/// A word's bytes, and where to look first.
pub struct Key {
    first: [u32; KEY],
    /// Where the word does not end, and say so, in the first ones.
    more: Option<[u32; KEY]>,
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
}

impl Memo {
    /// For the vectorizer with this number in a model: all of them together need a few times what the first may.
    pub fn new(number: usize) -> Self {
        Self { index: Vec::new(), cells: Vec::new(), most: MOST / (number + 1) }
    }

    /// The key of `text[word]`, if it is one to keep. Fast where there are `lookup::SLACK` bytes behind it.
    #[inline(always)]
    pub fn key(text: &[u8], word: Range<usize>) -> Option<Key> {
        let halves = lookup::double_key(text, word.start, word.end)?;
        if word.len() < INLINE {
            let (first, hash) = half(halves[0]);
            return Some(Key { first, more: None, hash: (hash >> 32) as usize });
        }
        let [(first, a), (more, b)] = halves.map(half);
        Some(Key { first, more: Some(more), hash: ((a ^ b.rotate_left(7)) >> 32) as usize })
    }

    /// The keys of words.
    #[inline(never)]
    pub fn keys(text: &[u8], words: &[(u32, u32)], keys: &mut [Option<Key>]) {
        for (key, &(start, end)) in keys.iter_mut().zip(words) {
            *key = Self::key(text, start as usize..end as usize);
        }
    }

    /// Has the records of words fetched from afar, all of them at once, before they are asked for one by one.
    #[inline(always)]
    pub fn touch(&self, keys: &[Option<Key>]) {
        let all = keys.iter().flatten().fold(0, |all, key| {
            let at = self.index.get(self.home(key, 0)).copied().unwrap_or(0);
            all | self.cells.get(at as usize).copied().unwrap_or(0)
        });
        core::hint::black_box(all);
    }

    /// What was kept of a word.
    #[inline(always)]
    pub fn get(&self, key: &Key) -> Option<&[u32]> {
        for probe in 0..PROBES {
            let at = *self.index.get(self.home(key, probe))? as usize;
            let (head, rest) = self.cells.get(at..)?.split_first_chunk::<HEAD>()?;
            if head[..KEY] == key.first {
                match (key.more, rest.split_first_chunk()) {
                    (None, _) => return rest.get(..head[KEY] as usize),
                    (Some(more), Some((same, rest))) if more == *same => return rest.get(..head[KEY] as usize),
                    _ => {}
                }
            }
            if at == 0 {
                break;
            }
        }
        None
    }

    /// Keeps a word that is not kept yet.
    #[inline(never)]
    pub fn put(&mut self, key: &Key, found: &[u32]) {
        if self.index.is_empty() {
            self.index.resize((self.most / 16).next_power_of_two(), 0);
            // Where nothing is kept: the bytes of no word.
            self.cells.resize(HEAD, u32::MAX);
        }
        let more = key.more.as_ref().map_or(&[][..], |more| more);
        let size = HEAD + more.len() + found.len();
        let mut free = (0..PROBES).map(|probe| self.home(key, probe)).find(|&at| self.index.get(at) == Some(&0));
        if free.is_none() || self.cells.len() + size > self.most {
            self.clear();
            free = Some(self.home(key, 0)).filter(|_| self.cells.len() + size <= self.most);
        }
        if let Some(home) = free.and_then(|at| self.index.get_mut(at)) {
            *home = self.cells.len() as u32;
            self.cells.extend_from_slice(&key.first);
            self.cells.push(found.len() as u32);
            self.cells.extend_from_slice(more);
            self.cells.extend_from_slice(found);
        }
    }

    /// Forgets all words.
    pub fn clear(&mut self) {
        self.index.fill(0);
        self.cells.truncate(HEAD);
    }

    #[inline(always)]
    fn home(&self, key: &Key, probe: usize) -> usize {
        // A power of two, or none.
        (key.hash + probe) & self.index.len().wrapping_sub(1)
    }
}

/// Half a key as cells, and its hash.
#[inline(always)]
fn half(key: u128) -> ([u32; KEY], u64) {
    let (low, high) = (key as u64, (key >> 64) as u64);
    ([low as u32, (low >> 32) as u32, high as u32, (high >> 32) as u32], lookup::word_hash((low, high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer words have no key, in bytes.
    const LONGEST: usize = 2 * INLINE;

    /// A word with what the engine has behind it.
    fn key(word: &str) -> Option<Key> {
        let text = [word.as_bytes(), &[b'~'; lookup::SLACK]].concat();
        Memo::key(&text, 0..word.len())
    }

    fn memo(most: usize) -> Memo {
        Memo { most, ..Memo::default() }
    }

    #[test]
    fn keeps_each_word_apart() {
        let same = "s".repeat(INLINE);
        let zeros = "\0".repeat(LONGEST);
        let mut words: Vec<String> = (0..=LONGEST).map(|length| zeros[..length].to_owned()).collect();
        words.extend((1..=INLINE).map(|length| same.clone() + &"s".repeat(length)));
        words.extend(
            ["a", "b", "ab", "aa", "語", &same, &(same.clone() + "t"), &("t".to_owned() + &same)].map(String::from),
        );
        let mut memo = memo(MOST);
        for (i, word) in (0..).zip(&words) {
            let key = key(word).unwrap();
            assert_eq!(memo.get(&key), None, "{word:?}");
            memo.put(&key, &vec![i; i as usize % 5]);
        }
        for (i, word) in (0..).zip(&words) {
            assert_eq!(memo.get(&key(word).unwrap()), Some(&vec![i; i as usize % 5][..]), "{word:?}");
        }
    }

    #[test]
    fn long_words_have_no_key() {
        assert!(key(&"x".repeat(LONGEST)).is_some());
        assert!(key(&"x".repeat(LONGEST + 1)).is_none());
    }

    #[test]
    fn forgets_everything_when_it_is_full() {
        let mut memo = memo(2000);
        for i in 0..10_000_u32 {
            let key = key(&format!("word{i}")).unwrap();
            assert_eq!(memo.get(&key), None);
            memo.put(&key, &[i, i + 1]);
            assert_eq!(memo.get(&key), Some(&[i, i + 1][..]), "the last one is there");
            assert!(memo.cells.len() <= memo.most);
        }
        assert!((0..10_000).any(|i| memo.get(&key(&format!("word{i}")).unwrap()).is_some()));
    }

    #[test]
    fn what_does_not_fit_is_not_kept() {
        let mut memo = memo(100);
        let key = key("word").unwrap();
        memo.put(&key, &[7; 100]);
        assert_eq!(memo.get(&key), None);
        memo.put(&key, &[7; 10]);
        assert_eq!(memo.get(&key), Some(&[7; 10][..]));
    }
}
