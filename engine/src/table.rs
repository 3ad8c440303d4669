//! The look-up table: from pieces to features without comparing n-grams as strings.
//!
//! Every word, and every n-gram that is a feature or the beginning of one, is a *node*; node i < F is feature i.
//! A word is found by its bytes: up to 16 stand in the entry itself and are compared as two integers, longer ones in a
//! heap. A longer n-gram is found by (node of its beginning, last piece), an exact 64-bit key: nothing is compared but
//! keys, and no hit can be false. One to three characters are packed into the key at once.
//!
//! The table is made at export and stands in the file ready for use (`to_bytes`); loading copies it and checks what
//! look-ups rely on: nodes in range, no long run of full entries. Words are open addressing with linear probing at a load of
//! at most one half; n-grams lie in buckets of one cache line, half full on average.

use crate::config::{Analyzer, Method, Vectorizer};
use crate::error::{Error, Result};
use crate::prelude::*;

/// No such n-gram.
pub const NONE: u32 = u32::MAX;
/// A stop word.
pub const STOP: u32 = u32::MAX - 1;
/// Nodes are below this; two of them fit a key with room for "absent".
const MAX_NODES: u32 = 1 << 30;
const MAGIC: u32 = u32::from_le_bytes(*b"WCT2");
/// N-grams in a bucket.
const PLACES: usize = 5;
/// Buckets that a key may be away from its own, and entries that a word may be: chance stays far below, malice is refused.
const MAX_RUN: usize = 1024;
/// Bytes of a vocabulary entry.
const MAX_ENTRY: usize = 65_535;
/// Bytes of a word that stand in its entry.
const INLINE: usize = 16;
/// What a buffer must hold behind its last word, so that 16 bytes can always be read.
pub const SLACK: usize = INLINE;

/// Keeps the first `n` of 16 bytes, as two little-endian words.
const MASKS: [(u64, u64); INLINE + 1] = {
    let mut masks = [(u64::MAX, u64::MAX); INLINE + 1];
    let mut n = 0;
    while n < INLINE {
        let low = if n < 8 { (1 << (8 * n)) - 1 } else { u64::MAX };
        let high = if n < 8 { 0 } else { (1 << (8 * (n - 8))) - 1 };
        masks[n] = (low, high);
        n += 1;
    }
    masks
};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct WordEntry {
    low: u64,
    high: u64,
    /// 0 marks an empty entry: there is no empty word.
    length: u32,
    node: u32,
}

/// Five n-grams and a mark, one cache line: a look-up compares all five keys without a branch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
struct Bucket {
    /// 0 marks an empty place: no key is 0.
    keys: [u64; PLACES],
    nodes: [u32; PLACES],
    /// Not 0 where a key that belongs here had to go on to the next bucket.
    overflow: u32,
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Empty, or a power of two.
    words: Vec<WordEntry>,
    grams: Vec<Bucket>,
    heap: Vec<u8>,
    stop_words: bool,
}

#[inline(always)]
fn mix(key: u64) -> u64 {
    let key = (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    key ^ key >> 29
}

#[inline(always)]
fn word_hash(low: u64, high: u64, length: u32) -> usize {
    mix(low ^ mix(high ^ u64::from(length))) as usize
}

/// The bucket where a key belongs, of `buckets`.
#[inline(always)]
fn home(key: u64, buckets: usize) -> usize {
    ((mix(key) >> 32).wrapping_mul(buckets as u64) >> 32) as usize
}

/// Hash of a word that does not fit its entry.
fn long_hash(word: &[u8]) -> u64 {
    word.iter().fold(0xCBF2_9CE4_8422_2325, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3))
}

/// The key of an n-gram of words: the node of all but the last, and the last one's.
#[inline(always)]
pub fn word_key(beginning: u32, last: u32) -> u64 {
    u64::from(beginning) << 32 | (u64::from(last) + 1)
}

/// The key of one to three characters.
#[inline(always)]
pub fn packed_key(chars: &[u32]) -> u64 {
    chars.iter().fold(0, |key, &c| key << 21 | (u64::from(c) + 1))
}

/// The key of four or more characters: the node of all but the last, and the last one.
#[inline(always)]
pub fn chained_key(beginning: u32, last: u32) -> u64 {
    1 << 63 | u64::from(beginning) << 21 | u64::from(last)
}

impl Table {
    /// Whether `word` may answer `STOP`.
    pub fn has_stop_words(&self) -> bool {
        self.stop_words
    }

    /// The node of the word `text[start..end]`, `STOP`, or `NONE`. `text` should have `SLACK` bytes behind it.
    #[inline(always)]
    pub fn word(&self, text: &[u8], start: usize, end: usize) -> u32 {
        if self.words.is_empty() {
            return NONE;
        }
        let length = end - start;
        match text.get(start..).and_then(<[u8]>::first_chunk::<INLINE>) {
            Some(chunk) if length <= INLINE => {
                let mask = MASKS[length];
                let (low, high) = halves(chunk);
                self.find_word(low & mask.0, high & mask.1, length as u32)
            }
            _ => self.other_word(&text[start..end]),
        }
    }

    #[inline(always)]
    fn find_word(&self, low: u64, high: u64, length: u32) -> u32 {
        let mask = self.words.len() - 1;
        let mut at = word_hash(low, high, length) & mask;
        loop {
            let entry = &self.words[at];
            if entry.low == low && entry.high == high && entry.length == length {
                return entry.node;
            }
            if entry.length == 0 {
                return NONE;
            }
            at = (at + 1) & mask;
        }
    }

    /// A word of more than 16 bytes, or one at the end of a buffer without slack.
    #[inline(never)]
    fn other_word(&self, word: &[u8]) -> u32 {
        self.words[self.word_slot(word)].node_or_none()
    }

    /// Where the word is, or the empty entry where it belongs.
    fn word_slot(&self, word: &[u8]) -> usize {
        let mask = self.words.len() - 1;
        let length = word.len() as u32;
        let (low, high) = inline(word);
        let mut at = word_hash(low, high, length) & mask;
        loop {
            let entry = &self.words[at];
            let same = entry.length == length
                && entry.low == low
                && if word.len() > INLINE { self.in_heap(entry) == Some(word) } else { entry.high == high };
            if same || entry.length == 0 {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// The bytes of a long word; its `high` is the place in the heap.
    fn in_heap(&self, entry: &WordEntry) -> Option<&[u8]> {
        let start = usize::try_from(entry.high).ok()?;
        self.heap.get(start..start.checked_add(entry.length as usize)?)
    }

    /// The node of a key, or `NONE`.
    #[inline(always)]
    pub fn gram(&self, key: u64) -> u32 {
        let mut at = home(key, self.grams.len());
        while let Some(bucket) = self.grams.get(at) {
            let mut node = NONE;
            for place in 0..PLACES {
                node = if bucket.keys[place] == key { bucket.nodes[place] } else { node };
            }
            if bucket.overflow == 0 || node != NONE {
                return node;
            }
            at = if at + 1 == self.grams.len() { 0 } else { at + 1 };
        }
        NONE
    }

    /// The node of `n` characters from the first on, or `NONE`.
    pub fn chars(&self, chars: &[u32]) -> u32 {
        let (first, rest) = chars.split_at(chars.len().min(3));
        rest.iter().fold(self.gram(packed_key(first)), |node, &c| {
            if node == NONE { NONE } else { self.gram(chained_key(node, c)) }
        })
    }

    /// The node of words that were found one by one, or `NONE`.
    pub fn word_sequence(&self, words: &[u32]) -> u32 {
        let known = |node: u32| node < STOP;
        words
            .iter()
            .copied()
            .reduce(|a, b| if known(a) && known(b) { self.gram(word_key(a, b)) } else { NONE })
            .unwrap_or(NONE)
    }
}

impl WordEntry {
    fn node_or_none(&self) -> u32 {
        if self.length == 0 { NONE } else { self.node }
    }
}

#[inline(always)]
fn halves(chunk: &[u8; INLINE]) -> (u64, u64) {
    let both = u128::from_le_bytes(*chunk);
    (both as u64, (both >> 64) as u64)
}

/// What an entry's `low` and `high` are compared with; of a long word only `low`, its hash, and `high` 0 for hashing.
fn inline(word: &[u8]) -> (u64, u64) {
    if word.len() > INLINE {
        return (long_hash(word), 0);
    }
    let mut chunk = [0; INLINE];
    chunk[..word.len()].copy_from_slice(word);
    halves(&chunk)
}

// ---- making it -------------------------------------------------------------------------------------------------

struct Builder {
    table: Table,
    used_words: usize,
    /// Keys and nodes, open addressing, while they grow; 0 marks an empty entry.
    grams: Vec<(u64, u32)>,
    used_grams: usize,
    nodes: u32,
    /// An entry came to lie further from its place than chance can explain: a vocabulary that was crafted to hurt.
    crowded: bool,
}

impl Table {
    /// The table of a vocabulary. What the analyzer can never produce is left out: it would only take room.
    pub fn build<'a>(
        vectorizer: &Vectorizer,
        vocabulary: impl Iterator<Item = &'a str>,
        stop_words: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        let mut builder = Builder {
            table: Self::default(),
            used_words: 0,
            grams: Vec::new(),
            used_grams: 0,
            nodes: vectorizer.n_features as u32,
            crowded: false,
        };
        let words = matches!(vectorizer.analyzer, Analyzer::Word { .. });
        if words {
            for word in stop_words.filter(|w| !w.is_empty()) {
                builder.add_word(word.as_bytes(), STOP);
            }
        }
        if vectorizer.method == Method::Vocabulary {
            let max = vectorizer.ngrams.1;
            let mut buckets: Vec<Vec<(u32, &str)>> = vec![Vec::new(); max];
            for (i, text) in (0..).zip(vocabulary) {
                if text.len() > MAX_ENTRY {
                    return Err(Error::file(format!(
                        "vocabulary entry {i} has {} bytes; at most {MAX_ENTRY} are allowed",
                        text.len()
                    )));
                }
                let pieces = if words { text.split(' ').count() } else { text.chars().count() };
                // char_wb's windows never hold two spaces side by side; leaving such entries out lets the scan run across words.
                let reachable =
                    words || vectorizer.analyzer == Analyzer::Char || !text.as_bytes().windows(2).any(|w| w == b"  ");
                if reachable && let Some(bucket) = pieces.checked_sub(1).and_then(|p| buckets.get_mut(p)) {
                    bucket.push((i, text));
                }
            }
            // Shorter ones first: a beginning that is a feature itself has its node by then.
            for (feature, text) in buckets.into_iter().flatten() {
                let node = if words { builder.add_words(text, feature) } else { builder.add_chars(text, feature) };
                if node.is_some_and(|node| node != feature) {
                    return Err(Error::file(format!("the vocabulary holds '{text}' twice")));
                }
                if builder.nodes > MAX_NODES || builder.crowded {
                    return Err(Error::file("the vocabulary does not fit the look-up table"));
                }
            }
        }
        let mut table = builder.table;
        table.grams = buckets(&builder.grams, builder.used_grams);
        table.stop_words = table.words.iter().any(|e| e.node == STOP);
        table.check()?;
        Ok(table)
    }

    /// What look-ups rely on. They end within `MAX_RUN` steps, and nodes are in range.
    fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::file(format!("tensor 'vocabulary.table': {what}")));
        let word_run = longest_run(self.words.iter().map(|e| e.length > 0));
        let gram_run = longest_run(self.grams.iter().map(|b| b.overflow != 0));
        if word_run > MAX_RUN || gram_run > MAX_RUN {
            return wrong("too many entries without a gap");
        }
        let in_range = |node: u32| node < MAX_NODES || node == STOP;
        let nodes = self.grams.iter().flat_map(|b| b.nodes);
        if !self.words.iter().all(|e| in_range(e.node)) || !nodes.into_iter().all(|n| n < MAX_NODES) {
            return wrong("a node is out of range");
        }
        Ok(())
    }
}

/// The longest run of true in a ring; all true is endless.
fn longest_run(full: impl ExactSizeIterator<Item = bool> + Clone) -> usize {
    let size = full.len();
    let (mut run, mut longest) = (0, 0);
    for full in full.clone().chain(full) {
        run = if full { run + 1 } else { 0 };
        longest = run.max(longest);
    }
    if size > 0 && longest >= size { usize::MAX } else { longest }
}

/// Lays keys out in buckets, half full on average.
fn buckets(grams: &[(u64, u32)], used: usize) -> Vec<Bucket> {
    let mut buckets = vec![Bucket::default(); (2 * used).div_ceil(PLACES)];
    for &(key, node) in grams.iter().filter(|(key, _)| *key != 0) {
        let mut at = home(key, buckets.len());
        loop {
            let bucket = &mut buckets[at];
            if let Some(place) = bucket.keys.iter().position(|&k| k == 0) {
                bucket.keys[place] = key;
                bucket.nodes[place] = node;
                break;
            }
            bucket.overflow = 1;
            at = if at + 1 == buckets.len() { 0 } else { at + 1 };
        }
    }
    buckets
}

impl Builder {
    /// The word's node: the one it has, or `node`.
    fn add_word(&mut self, word: &[u8], node: u32) -> u32 {
        if self.table.words.len() <= 2 * self.used_words {
            let entries = grown(&mut self.table.words);
            for entry in entries.into_iter().filter(|e| e.length > 0) {
                let hashed = if entry.length as usize > INLINE { 0 } else { entry.high };
                let mask = self.table.words.len() - 1;
                let mut at = word_hash(entry.low, hashed, entry.length) & mask;
                while self.table.words[at].length > 0 {
                    at = (at + 1) & mask;
                }
                self.table.words[at] = entry;
            }
        }
        let at = self.table.word_slot(word);
        let (low, high) = inline(word);
        self.mark(at, word_hash(low, high, word.len() as u32), self.table.words.len());
        if self.table.words[at].length == 0 {
            self.used_words += 1;
            let (low, mut high) = inline(word);
            if word.len() > INLINE {
                high = self.table.heap.len() as u64;
                self.table.heap.extend_from_slice(word);
            }
            self.table.words[at] = WordEntry { low, high, length: word.len() as u32, node };
        }
        self.table.words[at].node
    }

    /// The key's node: the one it has, or `node`.
    fn add_gram(&mut self, key: u64, node: u32) -> u32 {
        if self.grams.len() <= 2 * self.used_grams {
            for entry in grown(&mut self.grams).into_iter().filter(|e| e.0 != 0) {
                let at = self.gram_slot(entry.0);
                self.grams[at] = entry;
            }
        }
        let at = self.gram_slot(key);
        self.mark(at, mix(key) as usize, self.grams.len());
        if self.grams[at].0 == 0 {
            self.used_grams += 1;
            self.grams[at] = (key, node);
        }
        self.grams[at].1
    }

    /// Notes how far the entry `at` is from where its hash wants it, in a ring of `size`.
    fn mark(&mut self, at: usize, hash: usize, size: usize) {
        self.crowded |= at.wrapping_sub(hash) & (size - 1) > MAX_RUN;
    }

    fn gram_slot(&self, key: u64) -> usize {
        let mask = self.grams.len() - 1;
        let mut at = mix(key) as usize & mask;
        while self.grams[at].0 != 0 && self.grams[at].0 != key {
            at = (at + 1) & mask;
        }
        at
    }

    /// The node of a beginning or a piece: the one it has, or a new one.
    fn word_node(&mut self, word: &str) -> u32 {
        let next = self.nodes;
        let node = self.add_word(word.as_bytes(), next);
        self.nodes += u32::from(node == next);
        node
    }

    fn gram_node(&mut self, key: u64) -> u32 {
        let next = self.nodes;
        let node = self.add_gram(key, next);
        self.nodes += u32::from(node == next);
        node
    }

    /// The feature's node: another than `feature` where the n-gram has one already; None where it can never be met.
    fn add_words(&mut self, text: &str, feature: u32) -> Option<u32> {
        let words: Vec<&str> = text.split(' ').collect();
        if words.contains(&"") {
            return None; // no word is empty
        }
        if let [word] = words[..] {
            return Some(self.add_word(word.as_bytes(), feature)).filter(|&node| node != STOP);
        }
        let mut nodes = Vec::with_capacity(words.len());
        for word in words {
            let node = self.word_node(word);
            if node == STOP {
                return None; // stop words go before n-grams are made
            }
            nodes.push(node);
        }
        let (last, beginning) = nodes.split_last()?;
        let beginning = beginning.iter().copied().reduce(|a, b| self.gram_node(word_key(a, b)))?;
        Some(self.add_gram(word_key(beginning, *last), feature))
    }

    /// As `add_words`.
    fn add_chars(&mut self, text: &str, feature: u32) -> Option<u32> {
        let chars: Vec<u32> = text.chars().map(u32::from).collect();
        let (&last, beginning) = chars.split_last()?;
        let key = if chars.len() <= 3 {
            packed_key(&chars)
        } else {
            let node = self.gram_node(packed_key(&beginning[..3]));
            chained_key(beginning[3..].iter().fold(node, |node, &c| self.gram_node(chained_key(node, c))), last)
        };
        Some(self.add_gram(key, feature))
    }
}

/// Replaces the entries by twice as many empty ones and gives back the old.
fn grown<T: Default + Clone>(entries: &mut Vec<T>) -> Vec<T> {
    let size = (entries.len() * 2).max(16);
    core::mem::replace(entries, vec![T::default(); size])
}

// ---- its bytes -------------------------------------------------------------------------------------------------

impl Table {
    /// The `vocabulary.table` tensor: magic, three sizes, then words, n-grams and heap, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.words.len() * 24 + self.grams.len() * 64 + self.heap.len());
        let mut push = |numbers: &[u32]| numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        let both = |n: u64| [n as u32, (n >> 32) as u32];
        push(&[MAGIC, self.words.len() as u32, self.grams.len() as u32, self.heap.len() as u32]);
        for e in &self.words {
            push(&both(e.low));
            push(&both(e.high));
            push(&[e.length, e.node]);
        }
        for bucket in &self.grams {
            bucket.keys.iter().for_each(|&key| push(&both(key)));
            push(&bucket.nodes);
            push(&[bucket.overflow]);
        }
        out.extend_from_slice(&self.heap);
        out
    }

    /// Reads it back and checks it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::file("tensor 'vocabulary.table': its sizes do not add up");
        let (head, rest) = bytes.split_at_checked(16).ok_or_else(wrong)?;
        let [magic, words, grams, heap] = [0, 4, 8, 12].map(|at| u32_at(head, at));
        if magic != MAGIC {
            return Err(Error::unsupported("the look-up table was made by another version of the engine"));
        }
        let (words, grams, heap) = (words as usize, grams as usize, heap as usize);
        let total =
            words.checked_mul(24).zip(grams.checked_mul(64)).and_then(|(w, g)| w.checked_add(g)?.checked_add(heap));
        if !(words == 0 || words.is_power_of_two()) || total != Some(rest.len()) {
            return Err(wrong());
        }
        let (words, rest) = rest.split_at(words * 24);
        let (grams, heap) = rest.split_at(grams * 64);
        let word = |e: &[u8; 24]| WordEntry {
            low: u64_at(e, 0),
            high: u64_at(e, 8),
            length: u32_at(e, 16),
            node: u32_at(e, 20),
        };
        let bucket = |b: &[u8; 64]| Bucket {
            keys: core::array::from_fn(|i| u64_at(b, 8 * i)),
            nodes: core::array::from_fn(|i| u32_at(b, 8 * PLACES + 4 * i)),
            overflow: u32_at(b, 60),
        };
        let mut table = Self {
            words: words.as_chunks().0.iter().map(word).collect(),
            grams: grams.as_chunks().0.iter().map(bucket).collect(),
            heap: heap.to_vec(),
            stop_words: false,
        };
        table.stop_words = table.words.iter().any(|e| e.node == STOP);
        table.check()?;
        Ok(table)
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |b| u32::from_le_bytes(*b))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b))
}
