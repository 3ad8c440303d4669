//! How the table is made, at export.

use super::{Gram, MAGIC, NONE, Perfect, STOP, Table, Word};
use crate::config::{Analyzer, Method, Vectorizer};
use crate::error::{Error, Result};
use crate::lookup::{self, slot};
use crate::prelude::*;
use crate::say::int;

/// Keys that share a pilot, on average, and the most: chance stays far below.
const GROUP: usize = 3;
const MAX_GROUP: usize = 64;
/// Entries that a key may be away from its own while the table is made: chance stays far below, malice is refused.
const MAX_RUN: usize = 1024;
const CODE_POINTS: usize = 0x11_0000;
/// Bytes of a vocabulary entry.
const MAX_ENTRY: usize = 65_535;

/// What stands in a slot of a perfect hash.
trait Entry: Copy + Default {
    /// The hash of its key.
    fn hash(&self) -> u64;
    /// Whether there is no key.
    fn is_empty(&self) -> bool;
}

impl Default for Word {
    fn default() -> Self {
        Self { key: (0, 0), feature: NONE }
    }
}

impl Default for Gram {
    fn default() -> Self {
        Self { key: 0, feature: NONE }
    }
}

impl Entry for Word {
    fn hash(&self) -> u64 {
        let (low, high) = self.key;
        lookup::word_hash((low, if lookup::is_long(high) { lookup::LONG } else { high }))
    }

    fn is_empty(&self) -> bool {
        self.key == (0, 0)
    }
}

impl Entry for Gram {
    fn hash(&self) -> u64 {
        lookup::mix(self.key)
    }

    fn is_empty(&self) -> bool {
        self.key == 0
    }
}

/// Entries while they grow: open addressing.
struct Growing<E> {
    entries: Vec<E>,
    used: usize,
}

/// An entry came to lie further from its place than chance can explain: a vocabulary that was crafted to hurt.
struct Crowded;

impl<E: Entry> Growing<E> {
    /// Where the entry with this hash is for which `same` holds, or where it belongs.
    fn find(&self, hash: u64, same: impl Fn(&E) -> bool) -> core::result::Result<usize, Crowded> {
        let mask = self.entries.len() - 1;
        for step in 0..=MAX_RUN.min(mask) {
            let at = (hash as usize).wrapping_add(step) & mask;
            if self.entries[at].is_empty() || same(&self.entries[at]) {
                return Ok(at);
            }
        }
        Err(Crowded)
    }

    /// Makes room for one more.
    fn grow(&mut self) -> core::result::Result<(), Crowded> {
        if self.entries.len() > 2 * self.used {
            return Ok(());
        }
        let size = (self.entries.len() * 2).max(16);
        for entry in core::mem::replace(&mut self.entries, vec![E::default(); size]) {
            if !entry.is_empty() {
                let at = self.find(entry.hash(), |_| false)?;
                self.entries[at] = entry;
            }
        }
        Ok(())
    }

    fn perfect(self) -> Result<Perfect<E>> {
        let full: Vec<E> = self.entries.into_iter().filter(|e| !e.is_empty()).collect();
        perfect(&full)
    }
}

impl<E> Default for Growing<E> {
    fn default() -> Self {
        Self { entries: Vec::new(), used: 0 }
    }
}

fn unfit<T>(_: T) -> Error {
    Error::file(&["the vocabulary does not fit the look-up table"])
}

fn twice(text: &str) -> Error {
    Error::file(&["the vocabulary holds '", text, "' twice"])
}

/// The words of a vocabulary and its stop words.
#[derive(Default)]
struct Words {
    growing: Growing<Word>,
    heap: Vec<u8>,
}

impl Words {
    /// The entry of the word; a new one gets `feature`.
    fn add(&mut self, word: &[u8], feature: u32) -> Result<&mut Word> {
        self.growing.grow().map_err(unfit)?;
        let (low, high) = lookup::word_key(word);
        let heap = &self.heap;
        let same = |e: &Word| {
            e.key.0 == low
                && if high == lookup::LONG { lookup::in_heap(heap, e.key.1) == Some(word) } else { e.key.1 == high }
        };
        let at = self.growing.find(lookup::word_hash((low, high)), same).map_err(unfit)?;
        let entry = &mut self.growing.entries[at];
        if entry.is_empty() {
            self.growing.used += 1;
            *entry = Word { key: (low, high), feature };
            if high == lookup::LONG {
                entry.key.1 = lookup::heap_place(self.heap.len(), word.len());
                self.heap.extend_from_slice(word);
            }
        }
        Ok(entry)
    }

    /// A word that is a feature, unless it is a stop word.
    fn add_feature(&mut self, word: &str, feature: u32) -> Result<()> {
        let entry = self.add(word.as_bytes(), NONE)?;
        match entry.feature {
            NONE => entry.feature = feature,
            STOP => {}
            _ => return Err(twice(word)),
        }
        Ok(())
    }
}

/// Adds a key; where it is there already its feature is replaced if it had none. None: it has another.
fn add_gram(grams: &mut Growing<Gram>, key: u64, feature: u32) -> Result<Option<()>> {
    grams.grow().map_err(unfit)?;
    let at = grams.find(lookup::mix(key), |e| e.key == key).map_err(unfit)?;
    let entry = &mut grams.entries[at];
    grams.used += usize::from(entry.is_empty());
    if entry.is_empty() || entry.feature == NONE {
        *entry = Gram { key, feature };
    } else if feature != NONE {
        return Ok(None);
    }
    Ok(Some(()))
}

impl Table {
    /// The table of a vocabulary. What the analyzer can never produce is left out: it would only take room.
    pub fn build<'a>(
        vectorizer: &Vectorizer,
        vocabulary: impl Iterator<Item = &'a str>,
        stop_words: impl Iterator<Item = &'a str>,
    ) -> Result<Self> {
        let of_words = matches!(vectorizer.analyzer, Analyzer::Word { .. });
        let joined = vectorizer.joined();
        let mut words = Words::default();
        if of_words {
            for word in stop_words {
                words.add(word.as_bytes(), STOP)?;
            }
        }
        // By their number of pieces.
        let mut entries: Vec<Vec<(u32, &str)>> = Vec::new();
        if vectorizer.method == Method::Vocabulary {
            entries.resize(vectorizer.ngrams.1, Vec::new());
            for (i, text) in (0..).zip(vocabulary) {
                if text.len() > MAX_ENTRY {
                    return Err(Error::file(&[
                        "vocabulary entry ",
                        &int(i as usize),
                        " has ",
                        &int(text.len()),
                        " bytes; at most ",
                        &int(MAX_ENTRY),
                        " are allowed",
                    ]));
                }
                let pieces = match (joined, of_words) {
                    (true, _) => 1,
                    (_, true) => text.split(' ').count(),
                    _ => text.chars().count(),
                };
                // The n-grams of char_wb lie within a word: they have spaces at their ends only. Leaving others out
                // lets the scan run across words.
                let reachable = vectorizer.analyzer != Analyzer::CharWb
                    || !text.chars().skip(1).take(pieces.saturating_sub(2)).any(|c| c == ' ');
                if reachable && let Some(entries) = pieces.checked_sub(1).and_then(|p| entries.get_mut(p)) {
                    entries.push((i, text));
                }
            }
        }
        if joined {
            entries.truncate(1);
            for &(feature, text) in entries.iter().flatten() {
                words.add_feature(text, feature)?;
            }
            Self::of_words(words, &[])
        } else if of_words {
            Self::of_words(words, &entries)
        } else {
            Self::of_chars(&entries)
        }
    }

    fn of_words(mut words: Words, entries: &[Vec<(u32, &str)>]) -> Result<Self> {
        // First all words, for the n-grams' keys are made from where these end up.
        for &(feature, text) in entries.iter().flatten() {
            if text.split(' ').any(str::is_empty) {
                continue; // no word is empty: it can never be met
            }
            if text.contains(' ') {
                for word in text.split(' ') {
                    words.add(word.as_bytes(), NONE)?;
                }
            } else {
                words.add_feature(text, feature)?;
            }
        }
        let mut table = Self { words: words.growing.perfect()?, heap: words.heap, ..Self::default() };
        let slot_of = |table: &Self, word: &str| {
            let (low, high) = lookup::word_key(word.as_bytes());
            let at = table.words.slot(lookup::word_hash((low, high)));
            // Stop words go before n-grams are made.
            if table.words.entries.get(at).is_none_or(|e| e.feature == STOP) { 0 } else { at as u64 + 1 }
        };
        for n in 1..=entries.len() {
            let mut grams = Growing::default();
            if n > 1 {
                for &(feature, text) in entries[n - 1..].iter().flatten() {
                    let slots: Vec<u64> = text.split(' ').take(n).map(|word| slot_of(&table, word)).collect();
                    if text.split(' ').any(|word| word.is_empty() || slot_of(&table, word) == 0) {
                        continue;
                    }
                    let key = table.chain(&slots[1..], 2, slots[0]);
                    let whole = text.split(' ').count() == n;
                    add_gram(&mut grams, key, if whole { feature } else { NONE })?.ok_or_else(|| twice(text))?;
                }
            }
            table.levels.push(grams.perfect()?);
        }
        Ok(table)
    }

    fn of_chars(entries: &[Vec<(u32, &str)>]) -> Result<Self> {
        let mut seen = vec![false; CODE_POINTS];
        for c in entries.iter().flatten().flat_map(|(_, text)| text.chars()) {
            seen[c as usize] = true;
        }
        let alphabet: Vec<u32> = (0..).zip(&seen).filter(|(_, seen)| **seen).map(|(code, _)| code).collect();
        let bits = lookup::bits(alphabet.len());
        let direct = lookup::direct(bits);
        let number = |c: char| alphabet.binary_search(&u32::from(c)).map_or(0, |at| at as u64 + 1);
        let mut table = Self::default();
        for n in 1..=entries.len() {
            let mut grams = Growing::default();
            // A level that keys are made from also holds the beginnings of the longer ones.
            let longest = if n >= direct { entries.len() } else { n };
            for &(feature, text) in entries[n - 1..longest].iter().flatten() {
                let numbers: Vec<u64> = text.chars().take(n).map(number).collect();
                let (first, rest) = numbers.split_at(n.min(direct));
                let packed = first.iter().fold(0, |key, id| key << bits | id);
                let key = if rest.is_empty() {
                    packed
                } else {
                    let at = table.levels.get(direct - 1).map_or(0, |level| level.slot(lookup::mix(packed)));
                    table.chain(rest, direct + 1, at as u64 + 1)
                };
                let whole = text.chars().count() == n;
                add_gram(&mut grams, key, if whole { feature } else { NONE })?.ok_or_else(|| twice(text))?;
            }
            table.levels.push(grams.perfect()?);
        }
        table.alphabet = alphabet;
        Ok(table)
    }

    /// The key of a beginning, in slot `first` − 1, and further pieces, which lead through the levels from `n` on.
    fn chain(&self, pieces: &[u64], n: usize, first: u64) -> u64 {
        let mut beginning = first;
        let mut key = 0;
        for (i, piece) in pieces.iter().enumerate() {
            key = lookup::chained_key(beginning, *piece);
            if let Some(level) = self.levels.get(n + i - 1) {
                beginning = level.slot(lookup::mix(key)) as u64 + 1;
            }
        }
        key
    }
}

impl<E> Perfect<E> {
    fn slot(&self, hash: u64) -> usize {
        slot(hash, &self.pilots, self.entries.len())
    }
}

/// Lays entries out so that each has a slot of its own that a pilot names: found greedily, largest groups first, at a
/// load of four fifths. Where that fails there are a little more slots.
fn perfect<E: Entry>(entries: &[E]) -> Result<Perfect<E>> {
    if entries.is_empty() {
        return Ok(Perfect { pilots: Vec::new(), entries: Vec::new() });
    }
    let pilots = entries.len().div_ceil(GROUP);
    let group = |entry: &E| lookup::group(entry.hash(), pilots);
    let mut starts = vec![0; pilots + 1];
    for entry in entries {
        starts[group(entry) + 1] += 1;
    }
    let largest = starts.iter().copied().max().unwrap_or(0);
    for i in 0..pilots {
        starts[i + 1] += starts[i];
    }
    let mut ordered = vec![E::default(); entries.len()];
    let mut next = starts.clone();
    for entry in entries {
        let at = &mut next[group(entry)];
        ordered[*at] = *entry;
        *at += 1;
    }
    if largest <= MAX_GROUP {
        for more in 0..16 {
            let slots = entries.len() + entries.len() * (4 + more) / 16 + 1;
            if let Some(found) = pilot_all(&ordered, &starts, largest, slots) {
                return Ok(found);
            }
        }
    }
    Err(unfit(()))
}

/// One try of `perfect`: group g is `entries[starts[g]..starts[g + 1]]`.
fn pilot_all<E: Entry>(entries: &[E], starts: &[usize], largest: usize, slots: usize) -> Option<Perfect<E>> {
    let mut pilots = vec![0; starts.len() - 1];
    let mut table = vec![E::default(); slots];
    for size in (1..=largest).rev() {
        for (g, ends) in starts.windows(2).enumerate().filter(|(_, ends)| ends[1] - ends[0] == size) {
            let group = &entries[ends[0]..ends[1]];
            let placed = |pilot: u8, i: usize| lookup::piloted(group[i].hash(), pilot, slots);
            let fits = |pilot: &u8| {
                (0..size).all(|i| {
                    let at = placed(*pilot, i);
                    table[at].is_empty() && (0..i).all(|other| placed(*pilot, other) != at)
                })
            };
            let pilot = (0..=u8::MAX).find(fits)?;
            pilots[g] = pilot;
            for (i, entry) in group.iter().enumerate() {
                table[placed(pilot, i)] = *entry;
            }
        }
    }
    Some(Perfect { pilots, entries: table })
}

// ---- its bytes

impl Table {
    /// The `vocabulary.table` tensor: magic; how many words, their pilots, code points, bytes of the heap, levels; of each
    /// level how many n-grams and pilots; then words, n-grams, code points, pilots and heap, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut push = |numbers: &[u32]| numbers.iter().for_each(|n| out.extend_from_slice(&n.to_le_bytes()));
        let both = |n: u64| [n as u32, (n >> 32) as u32];
        push(&[MAGIC]);
        let words = &self.words;
        let sizes = [words.entries.len(), words.pilots.len(), self.alphabet.len(), self.heap.len(), self.levels.len()];
        push(&sizes.map(|n| n as u32));
        for level in &self.levels {
            push(&[level.entries.len() as u32, level.pilots.len() as u32]);
        }
        for e in &words.entries {
            push(&both(e.key.0));
            push(&both(e.key.1));
            push(&[e.feature]);
        }
        for e in self.levels.iter().flat_map(|level| &level.entries) {
            push(&both(e.key));
            push(&[e.feature]);
        }
        push(&self.alphabet);
        out.extend_from_slice(&words.pilots);
        self.levels.iter().for_each(|level| out.extend_from_slice(&level.pilots));
        out.extend_from_slice(&self.heap);
        out
    }
}
