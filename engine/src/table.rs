//! The look-up table: from pieces to features without comparing n-grams as strings.
//!
//! Every word, and every n-gram that is a feature or the beginning of one, is a *node*; node i < F is feature i.
//! A word is found by its bytes: up to 16 stand in the entry itself and are compared as two integers, longer ones in a
//! heap. A longer n-gram is found by (node of its beginning, last piece), an exact 64-bit key: nothing is compared but
//! keys, and no hit can be false. One to three characters are packed into the key at once.
//!
//! The table is made at export and stands in the file ready for use (`to_bytes`); loading copies it and checks what
//! look-ups rely on: nodes in range, no long run of full entries. Words are open addressing with linear probing at a load
//! of at most one half; n-grams are a perfect hash, so that a look-up touches one entry and branches on nothing.

use crate::config::{Analyzer, Method, Vectorizer};
use crate::error::{Error, Result};
use crate::prelude::*;

/// No such n-gram.
pub const NONE: u32 = u32::MAX;
/// A stop word.
pub const STOP: u32 = u32::MAX - 1;
/// The key of no n-gram.
pub const NOTHING: u64 = u64::MAX;
/// How many keys are looked up at once.
pub const BLOCK: usize = 128;
/// Nodes are below this; two of them fit a key with room for "absent".
const MAX_NODES: u32 = 1 << 30;
/// Bytes of the table's head.
const HEAD: usize = 20;
const MAGIC: u32 = u32::from_le_bytes(*b"WCT3");
/// Keys that share a pilot, on average, and the most: chance stays far below.
const GROUP: usize = 3;
const MAX_GROUP: usize = 64;
/// Entries that a word may be away from its own: chance stays far below, malice is refused.
const MAX_RUN: usize = 1024;
/// Bytes of a vocabulary entry.
const MAX_ENTRY: usize = 65_535;
/// The length in its entry of the empty word, which only token patterns give: 0 marks an empty entry.
const EMPTY: u32 = u32::MAX;
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
    /// 0 marks an empty entry.
    length: u32,
    node: u32,
}

/// An n-gram. Aligned so that it never lies across two cache lines.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(16))]
struct Gram {
    /// 0 marks an empty entry: no key is 0.
    key: u64,
    node: u32,
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Empty, or a power of two.
    words: Vec<WordEntry>,
    /// One for a few keys: sends each of them to an entry of its own.
    pilots: Vec<u8>,
    grams: Vec<Gram>,
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

/// A number below `size`, from the upper half of a hash.
#[inline(always)]
fn below(hash: u64, size: usize) -> usize {
    ((hash >> 32).wrapping_mul(size as u64) >> 32) as usize
}

/// Whose pilot a key asks, of `pilots`.
#[inline(always)]
fn group(hash: u64, pilots: usize) -> usize {
    below(hash, pilots)
}

/// The entry where the pilot sends a key, of `entries`.
#[inline(always)]
fn place(hash: u64, pilot: u8, entries: usize) -> usize {
    let turned = hash ^ u64::from(pilot).wrapping_mul(0x5851_F42D_4C95_7F2D);
    below(turned.wrapping_mul(0xD6E8_FEB8_6659_FD93), entries)
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

    /// As `word`, for what may be empty.
    #[inline(always)]
    pub fn token(&self, text: &[u8], start: usize, end: usize) -> u32 {
        if start < end {
            return self.word(text, start, end);
        }
        if self.words.is_empty() { NONE } else { self.find_word(0, 0, EMPTY) }
    }

    /// The node of an n-gram in a table whose entries are whole.
    pub fn whole(&self, ngram: &[u8]) -> u32 {
        self.token(ngram, 0, ngram.len())
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
        let length = entry_length(word);
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
    fn gram(&self, key: u64) -> u32 {
        let mut node = [NONE];
        self.find(&[key], &mut node);
        node[0]
    }

    /// The nodes of up to `BLOCK` keys, `NONE` for those that are not there and for `NOTHING`: one entry is looked at for
    /// each, and nothing depends on a branch.
    #[inline(always)]
    pub fn find(&self, keys: &[u64], nodes: &mut [u32]) {
        let mut places = [0; BLOCK];
        for (at, &key) in places.iter_mut().zip(keys) {
            let hash = mix(key);
            let pilot = self.pilots.get(group(hash, self.pilots.len())).copied().unwrap_or(0);
            // What is not asked for must not cost a far memory access.
            *at = if key == NOTHING { 0 } else { place(hash, pilot, self.grams.len()) as u32 };
        }
        for ((node, &key), &at) in nodes.iter_mut().zip(keys).zip(&places) {
            *node = match self.grams.get(at as usize) {
                Some(gram) if gram.key == key => gram.node,
                _ => NONE,
            };
        }
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

/// A word's length as its entry has it.
fn entry_length(word: &[u8]) -> u32 {
    if word.is_empty() { EMPTY } else { word.len() as u32 }
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
        let joined = vectorizer.joined();
        if words {
            for word in stop_words {
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
                let pieces = if joined {
                    1
                } else if words {
                    text.split(' ').count()
                } else {
                    text.chars().count()
                };
                // char_wb's windows never hold two spaces side by side; leaving such entries out lets the scan run across words.
                let reachable =
                    words || vectorizer.analyzer == Analyzer::Char || !text.as_bytes().windows(2).any(|w| w == b"  ");
                if reachable && let Some(bucket) = pieces.checked_sub(1).and_then(|p| buckets.get_mut(p)) {
                    bucket.push((i, text));
                }
            }
            // Shorter ones first: a beginning that is a feature itself has its node by then.
            for (feature, text) in buckets.into_iter().flatten() {
                let node = if joined {
                    Some(builder.add_word(text.as_bytes(), feature)).filter(|&node| node != STOP)
                } else if words {
                    builder.add_words(text, feature)
                } else {
                    builder.add_chars(text, feature)
                };
                if node.is_some_and(|node| node != feature) {
                    return Err(Error::file(format!("the vocabulary holds '{text}' twice")));
                }
                if builder.nodes > MAX_NODES || builder.crowded {
                    return Err(Error::file("the vocabulary does not fit the look-up table"));
                }
            }
        }
        let mut table = builder.table;
        let grams: Vec<Gram> =
            builder.grams.iter().filter(|(key, _)| *key != 0).map(|&(key, node)| Gram { key, node }).collect();
        (table.pilots, table.grams) = perfect(&grams)?;
        table.stop_words = table.words.iter().any(|e| e.node == STOP);
        table.check()?;
        Ok(table)
    }

    /// What look-ups rely on: those of words end within `MAX_RUN` steps, and nodes are in range.
    fn check(&self) -> Result<()> {
        let wrong = |what: &str| Err(Error::file(format!("tensor 'vocabulary.table': {what}")));
        let word_run = longest_run(self.words.iter().map(|e| e.length > 0));
        if word_run > MAX_RUN {
            return wrong("too many entries without a gap");
        }
        let in_range = |node: u32| node < MAX_NODES || node == STOP;
        if !self.words.iter().all(|e| in_range(e.node)) || !self.grams.iter().all(|g| g.node < MAX_NODES) {
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

/// Lays keys out so that each has an entry of its own that a pilot names: a perfect hash, found greedily, largest groups
/// first, at a load of four fifths. Where that fails the entries become a little more.
fn perfect(grams: &[Gram]) -> Result<(Vec<u8>, Vec<Gram>)> {
    if grams.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let pilots = grams.len().div_ceil(GROUP);
    let mut starts = vec![0; pilots + 1];
    for gram in grams {
        starts[group(mix(gram.key), pilots) + 1] += 1;
    }
    let largest = starts.iter().copied().max().unwrap_or(0);
    for i in 0..pilots {
        starts[i + 1] += starts[i];
    }
    let mut ordered = vec![Gram::default(); grams.len()];
    let mut next = starts.clone();
    for gram in grams {
        let at = &mut next[group(mix(gram.key), pilots)];
        ordered[*at] = *gram;
        *at += 1;
    }
    if largest <= MAX_GROUP {
        for more in 0..16 {
            let entries = grams.len() + grams.len() * (4 + more) / 16 + 1;
            if let Some(found) = pilot_all(&ordered, &starts, largest, entries) {
                return Ok(found);
            }
        }
    }
    Err(Error::file("the vocabulary does not fit the look-up table"))
}

/// One try of `perfect`: group g is `grams[starts[g]..starts[g + 1]]`.
fn pilot_all(grams: &[Gram], starts: &[usize], largest: usize, entries: usize) -> Option<(Vec<u8>, Vec<Gram>)> {
    let mut pilots = vec![0; starts.len() - 1];
    let mut table = vec![Gram::default(); entries];
    for size in (1..=largest).rev() {
        for (g, ends) in starts.windows(2).enumerate().filter(|(_, ends)| ends[1] - ends[0] == size) {
            let group = &grams[ends[0]..ends[1]];
            let placed = |pilot: u8, i: usize| place(mix(group[i].key), pilot, entries);
            let fits = |pilot: &u8| {
                (0..size).all(|i| {
                    let at = placed(*pilot, i);
                    table[at].key == 0 && (0..i).all(|other| placed(*pilot, other) != at)
                })
            };
            let pilot = (0..=u8::MAX).find(fits)?;
            pilots[g] = pilot;
            for (i, gram) in group.iter().enumerate() {
                table[placed(pilot, i)] = *gram;
            }
        }
    }
    Some((pilots, table))
}

impl Builder {
    /// The word's node: the one it has, or `node`.
    fn add_word(&mut self, word: &[u8], node: u32) -> u32 {
        if self.table.words.len() <= 2 * self.used_words {
            let entries = grown(&mut self.table.words);
            for entry in entries.into_iter().filter(|e| e.length > 0) {
                let hashed = if entry.length as usize > INLINE && entry.length != EMPTY { 0 } else { entry.high };
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
        self.mark(at, word_hash(low, high, entry_length(word)), self.table.words.len());
        if self.table.words[at].length == 0 {
            self.used_words += 1;
            let (low, mut high) = inline(word);
            if word.len() > INLINE {
                high = self.table.heap.len() as u64;
                self.table.heap.extend_from_slice(word);
            }
            self.table.words[at] = WordEntry { low, high, length: entry_length(word), node };
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
    /// The `vocabulary.table` tensor: magic, four sizes, then words, n-grams, pilots and heap, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + self.words.len() * 24 + self.grams.len() * 13 + self.heap.len());
        let mut push = |numbers: &[u32]| numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        let both = |n: u64| [n as u32, (n >> 32) as u32];
        push(&[MAGIC]);
        push(&[self.words.len(), self.grams.len(), self.pilots.len(), self.heap.len()].map(|n| n as u32));
        for e in &self.words {
            push(&both(e.low));
            push(&both(e.high));
            push(&[e.length, e.node]);
        }
        for g in &self.grams {
            push(&both(g.key));
            push(&[g.node]);
        }
        out.extend_from_slice(&self.pilots);
        out.extend_from_slice(&self.heap);
        out
    }

    /// Reads it back and checks it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let wrong = || Error::file("tensor 'vocabulary.table': its sizes do not add up");
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or_else(wrong)?;
        let [magic, words, grams, pilots, heap] = [0, 4, 8, 12, 16].map(|at| u32_at(head, at));
        if magic != MAGIC {
            return Err(Error::unsupported("the look-up table was made by another version of the engine"));
        }
        let (words, grams, pilots, heap) = (words as usize, grams as usize, pilots as usize, heap as usize);
        let sizes = [words.checked_mul(24), grams.checked_mul(12), Some(pilots), Some(heap)];
        let total = sizes.into_iter().try_fold(0usize, |sum, size| sum.checked_add(size?));
        if !(words == 0 || words.is_power_of_two()) || total != Some(rest.len()) {
            return Err(wrong());
        }
        let (words, rest) = rest.split_at(words * 24);
        let (grams, rest) = rest.split_at(grams * 12);
        let (pilots, heap) = rest.split_at(pilots);
        let word = |e: &[u8; 24]| WordEntry {
            low: u64_at(e, 0),
            high: u64_at(e, 8),
            length: u32_at(e, 16),
            node: u32_at(e, 20),
        };
        let gram = |g: &[u8; 12]| Gram { key: u64_at(g, 0), node: u32_at(g, 8) };
        let mut table = Self {
            words: words.as_chunks().0.iter().map(word).collect(),
            pilots: pilots.to_vec(),
            grams: grams.as_chunks().0.iter().map(gram).collect(),
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
