//! What there is to know of each feature, side by side with the key by which it is found: its counter, its idf, its
//! coefficients. And counting one text.
//!
//! Looking up, counting and summing an n-gram costs one cache line here: what lies far is waited for once. There is no
//! list to clear: features are kept in order of first occurrence, and brought into ascending order (where many) by a
//! two-level bitmap (a bit a feature, a bit a word of 64): a feature's place is the number of bits before its own, counted
//! without a branch that a text could mislead.
//!
//! All is in one array of 32-bit *cells*. A *row* of it is a slot of the table: key, then at its *place* the counter, the
//! sum of signs (signed only), which idf (where there is one), coefficients (one or two cells each), and the feature's
//! number where there is an order to bring it into and room to spare. Hashed features are rows without keys. Rows have a size
//! that keeps them within a cache line where they fit one.

use crate::ascending::Ascending;
use crate::error::{Error, Result};
use crate::lookup::{self, Alphabet};
use crate::prelude::*;
use crate::table::{Gram, NONE, Perfect, STOP, Table, Word};
use crate::transform::Norm;
use crate::unicode::Version;

/// One row of features.
#[derive(Clone, Default, Debug)]
pub struct Row {
    /// Feature indices, in summation order, each below F.
    pub indices: Vec<u32>,
    /// Their values.
    pub values: Vec<f64>,
    /// Whether all features are stored, as combinations are, and scikit-learn has an array of them.
    pub dense: bool,
}

/// Refuses what is no number, before a step that might leave it out.
#[inline(always)]
pub fn finite(values: &[f64]) -> Result<()> {
    if values.iter().all(|v| v.is_finite()) { Ok(()) } else { Err(Error::not_finite()) }
}

/// How features are counted and summed.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Counts add up signs.
    pub signed: bool,
    /// Counts become 1.
    pub binary: bool,
    /// There are no counters.
    pub bare: bool,
    /// Coefficients rounded to float32 and summed in an order that the text fixes; else float64, ascending.
    pub float32: bool,
}

/// What lies between counts and the norm's quotient, where it is no more than this and in this order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// v ← 1 + ln v
    pub sublinear: bool,
    /// v ← v · idf
    pub idf: bool,
    /// v ← v / norm
    pub norm: Option<Norm>,
}

/// Cells of a word's and an n-gram's key.
const WORD_KEY: usize = 4;
const GRAM_KEY: usize = 2;
/// Marks the column of a hash whose sign is negative; columns are smaller.
pub const NEGATIVE: u32 = 1 << 31;
/// How many words are looked up at once.
const WORDS: usize = 32;
/// Cells in which counter, sum of signs and idf are: as many can be read at every place.
const HEAD: usize = 3;
/// Cells of a cache line.
const LINE: usize = 16;

/// The rows of one perfect hash.
#[derive(Debug, Default)]
pub struct Rows {
    pilots: Vec<u8>,
    slots: usize,
    /// The place of slot 0.
    first: usize,
    /// Cells from place to place.
    stride: usize,
}

impl Rows {
    /// The slot where a key with this hash is, if it is anywhere.
    #[inline(always)]
    pub fn slot(&self, hash: u64) -> u32 {
        lookup::slot(hash, &self.pilots, self.slots) as u32
    }

    /// The place of a slot.
    #[inline(always)]
    pub fn place(&self, slot: u32) -> usize {
        self.first + slot as usize * self.stride
    }
}

/// The counters alone, for a loop that looks up elsewhere.
pub struct Counter<'a> {
    cells: &'a mut [u32],
    touched: &'a mut [u32],
    /// Belongs back into the features' own.
    pub used: usize,
    /// The place of what is no feature.
    pub none: usize,
}

impl Counter<'_> {
    /// The key of the n-gram at a place.
    #[inline(always)]
    pub fn key(&self, place: usize) -> u64 {
        self.cells.get(place - GRAM_KEY..place).map_or(0, get_u64)
    }

    /// One more at a place. Needs `reserve`.
    #[inline(always)]
    pub fn add(&mut self, place: usize) {
        let Some(cell) = self.cells.get_mut(place) else { return };
        let seen = *cell;
        *cell = seen.saturating_add(1);
        if let Some(touched) = self.touched.get_mut(self.used) {
            *touched = place as u32;
        }
        self.used += usize::from(seen == 0);
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Features {
    cells: Vec<u32>,
    words: Rows,
    levels: Vec<Rows>,
    heap: Vec<u8>,
    pub(crate) alphabet: Alphabet,
    /// The alphabet as it stands in the table.
    codes: Vec<u32>,
    stop_words: bool,
    /// The place of what is no feature. Its counter is never 0, as that of every row that is no feature: it would look
    /// like a first occurrence.
    none: usize,
    /// Hashed features, by index; else empty, and the next two say which feature is where.
    hashed: Rows,
    place_of: Vec<u32>,
    feature_of: Vec<u32>,
    /// Places are so many bits more than their index in `feature_of`, counted from the first row.
    shift: u32,
    begin: usize,
    /// From the place to the first coefficient.
    coef: usize,
    /// From the place to the feature's number, 0 where it is not in the row.
    number: usize,
    /// The different idfs.
    pub idfs: Vec<f64>,
    /// Whether sums may be made in any order that the text alone fixes, and divided by the norm at their end.
    pub any_order: bool,
    count: u32,
    options: Options,
    /// Places in order of first occurrence; how many hold.
    touched: Vec<u32>,
    pub(crate) used: usize,
    /// To bring features into order.
    sorted: Ascending,
    values: Vec<f64>,
}

impl Features {
    /// For the entries of `table`, `idf` (F, or empty) and `coef` (F × K, feature-major). With `hashed` every feature is
    /// found by its index.
    pub fn new(
        table: Table,
        version: Version,
        (features, hashed): (usize, bool),
        idf: &[f64],
        coef: &[f64],
        outputs: usize,
        options: Options,
    ) -> Result<Self> {
        let idf_at = if options.bare { 0 } else { 1 + usize::from(options.signed) };
        let coef_at = idf_at + usize::from(!idf.is_empty());
        let size = coef_at + outputs * if options.float32 { 1 } else { 2 };
        let padded = |size: usize| if size <= LINE { size.next_power_of_two() } else { size.next_multiple_of(LINE) };
        // The number must not make any kind of row larger.
        let kinds = [
            (table.words.entries.is_empty(), WORD_KEY),
            (table.levels.iter().all(|level| level.entries.is_empty()), GRAM_KEY),
            (!hashed, 0),
        ];
        let spare = kinds.iter().all(|&(none, key)| none || padded(key + size + 1) == padded(key + size));
        let number = if spare && !options.float32 { size } else { 0 };
        let size = size + usize::from(number != 0);
        let stride = |key: usize| padded(key + size);
        let word_stride = stride(WORD_KEY);
        let gram_stride = stride(GRAM_KEY);
        let hash_stride = stride(0);
        let grams: usize = table.levels.iter().map(|level| level.entries.len()).sum();
        let hash_rows = if hashed { features } else { 0 };
        let cells = table.words.entries.len() * word_stride + grams * gram_stride + hash_rows * hash_stride;
        // What is no feature has room for a word's key, which is that of no word, before it.
        let mut array = vec![0; LINE + word_stride + cells + HEAD];
        let line = array.as_ptr().align_offset(LINE * 4).min(LINE);
        let none = line + WORD_KEY;
        let mut next = line + word_stride;
        let mut rows = |pilots: Vec<u8>, slots: usize, stride: usize, key: usize| {
            // An empty one leads to what is no feature.
            let rows = Rows {
                pilots,
                slots,
                first: if slots == 0 { none } else { next + key },
                stride: if slots == 0 { 0 } else { stride },
            };
            next += slots * stride;
            rows
        };
        let Table { words, levels, alphabet, heap } = table;
        let mut this = Self {
            words: rows(words.pilots, words.entries.len(), word_stride, WORD_KEY),
            levels: Vec::with_capacity(levels.len()),
            hashed: rows(Vec::new(), hash_rows, hash_stride, 0),
            heap,
            alphabet: Alphabet::new(&alphabet, version),
            codes: alphabet,
            stop_words: words.entries.iter().any(|e| e.feature == STOP),
            none,
            place_of: vec![none as u32; if hashed { 0 } else { features }],
            feature_of: Vec::new(),
            shift: if words.entries.is_empty() { gram_stride } else { gram_stride.min(word_stride) }.trailing_zeros(),
            begin: line,
            coef: coef_at,
            idfs: Vec::new(),
            any_order: false,
            count: features as u32,
            options,
            touched: Vec::new(),
            used: 0,
            sorted: Ascending::default(),
            number,
            values: Vec::new(),
            cells: Vec::new(),
        };
        let mut grams = Vec::with_capacity(levels.len());
        for level in levels {
            this.levels.push(rows(level.pilots, level.entries.len(), gram_stride, GRAM_KEY));
            grams.push(level.entries);
        }
        if !options.float32 {
            this.sorted = Ascending::new(features);
        }
        if !options.bare {
            array[none] = 1;
        }
        this.feature_of =
            vec![NONE; if hashed && words.entries.is_empty() { 0 } else { (array.len() >> this.shift) + 1 }];
        this.cells = array;
        let (idfs, which) = distinct(idf);
        this.idfs = idfs;
        // Of other sizes a square or a sum could be beyond a float64, which the quotients are not.
        let tame = |idf: &f64| *idf == 0.0 || (1e-100..1e100).contains(&idf.abs());
        this.any_order = options.float32 && this.idfs.iter().all(tame);
        let row = |this: &mut Self, place: usize, feature: u32| {
            let cells = &mut this.cells[place..place + size];
            let i = feature as usize;
            if number != 0 {
                cells[number] = feature;
            }
            if let Some(which) = which.get(i) {
                cells[idf_at] = *which;
            }
            for (k, w) in coef[i * outputs..(i + 1) * outputs].iter().enumerate() {
                #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
                if options.float32 {
                    cells[coef_at + k] = (*w as f32).to_bits();
                } else {
                    put(&mut cells[coef_at + 2 * k..], *w);
                }
            }
        };
        for feature in 0..hash_rows as u32 {
            let place = this.hashed.place(feature);
            row(&mut this, place, feature);
        }
        for (slot, word) in (0..).zip(&words.entries) {
            let place = this.words.place(slot);
            put_u64(&mut this.cells[place - 4..], word.key.0);
            put_u64(&mut this.cells[place - 2..], word.key.1);
            if this.claim(place, word.feature, STOP)? {
                row(&mut this, place, word.feature);
            }
        }
        for (level, entries) in (0..).zip(&grams) {
            for (slot, gram) in (0..).zip(entries) {
                let place = this.levels[level].place(slot);
                put_u64(&mut this.cells[place - 2..], gram.key);
                if this.claim(place, gram.feature, NONE)? {
                    row(&mut this, place, gram.feature);
                }
            }
        }
        Ok(this)
    }

    /// Weights without a vectorizer: F × K.
    pub fn of_weights(features: usize, coef: &[f64], outputs: usize, float32: bool) -> Result<Self> {
        let options = Options { float32, bare: true, ..Options::default() };
        Self::new(Table::default(), Version::V14, (features, true), &[], coef, outputs, options)
    }

    /// Gives the row at `place` to a feature, or to none (`NONE` or `other`). Whether there is one.
    fn claim(&mut self, place: usize, feature: u32, other: u32) -> Result<bool> {
        let wrong = |what: &str| Err(Error::file(&["tensor 'vocabulary.table': ", what]));
        self.feature_of[(place - self.begin) >> self.shift] = feature;
        if feature == NONE || feature == other {
            self.cells[place] = 1;
            return Ok(false);
        }
        let Some(of) = self.place_of.get_mut(feature as usize) else { return wrong("a feature is out of range") };
        if *of != self.none as u32 {
            return wrong("a feature has two entries");
        }
        *of = place as u32;
        Ok(true)
    }

    /// The table that these rows were made of.
    #[cfg(feature = "complete")]
    pub fn table(&self) -> Table {
        let key = |place: usize| get_u64(&self.cells[place..]);
        let word = |slot: u32| {
            let place = self.words.place(slot);
            Word { key: (key(place - 4), key(place - 2)), feature: self.feature_of[(place - self.begin) >> self.shift] }
        };
        let level = |rows: &Rows| {
            let gram = |slot: u32| {
                let place = rows.place(slot);
                Gram { key: key(place - 2), feature: self.feature_of[(place - self.begin) >> self.shift] }
            };
            Perfect { pilots: rows.pilots.clone(), entries: (0..rows.slots as u32).map(gram).collect() }
        };
        Table {
            words: Perfect {
                pilots: self.words.pilots.clone(),
                entries: (0..self.words.slots as u32).map(word).collect(),
            },
            levels: self.levels.iter().map(level).collect(),
            alphabet: self.codes.clone(),
            heap: self.heap.clone(),
        }
    }

    // ---- looking up

    /// Whether there are stop words.
    pub fn has_stop_words(&self) -> bool {
        self.stop_words
    }

    /// The slot of the word `text[start..end]`, or `NONE`.
    #[inline(never)]
    pub fn word(&self, text: &[u8], start: usize, end: usize) -> u32 {
        let word = text.get(start..end).unwrap_or_default();
        let key = lookup::word_key(word);
        let slot = self.words.slot(lookup::word_hash(key));
        if key.1 == lookup::LONG { self.long_word_in(slot, key.0, word) } else { self.short_word_in(slot, key) }
    }

    /// The slot, if this word is in it, or `NONE`.
    #[inline(never)]
    fn long_word_in(&self, slot: u32, low: u64, word: &[u8]) -> u32 {
        let found = self.word_key(slot);
        if found.0 == low && lookup::in_heap(&self.heap, found.1).is_some_and(|known| lookup::is_same(known, word)) {
            slot
        } else {
            NONE
        }
    }

    /// The same of a word that is its own key.
    #[inline(always)]
    fn short_word_in(&self, slot: u32, (low, high): (u64, u64)) -> u32 {
        let found = self.word_key(slot);
        // One comparison: a branch between two would wait for what lies far, and be wrong whenever a word is not known.
        if (found.0 ^ low) | (found.1 ^ high) == 0 { slot } else { NONE }
    }

    /// The key at a slot of `words`; (0, 0), which is that of no word, where there is none.
    #[inline(always)]
    fn word_key(&self, slot: u32) -> (u64, u64) {
        let place = self.words.place(slot);
        let Some([a, b, c, d]) = self.cells.get(place - WORD_KEY..place) else { return (0, 0) };
        (u64::from(*a) | u64::from(*b) << 32, u64::from(*c) | u64::from(*d) << 32)
    }

    /// The slots of words, each or `NONE`, in place of what `out` holds. In blocks of two passes: keys and hashes; then what
    /// stands there, which lies far, so that many look-ups are under way at once. Long words are few, and go by themselves.
    pub fn words(&self, text: &[u8], ranges: &[(u32, u32)], out: &mut Vec<u32>) {
        out.clear();
        let mut found = [(0, 0, 0); WORDS];
        let mut long = [0; WORDS];
        for block in ranges.chunks(WORDS) {
            let mut used = 0;
            for (i, (found, &(start, end))) in found.iter_mut().zip(block).enumerate() {
                let key = lookup::short_key_at(text, start as usize, end as usize);
                *found = (self.words.slot(lookup::word_hash(key)), key.0, key.1);
                long[used] = i as u8;
                used += usize::from(end - start > lookup::INLINE as u32 || key == (0, 0));
            }
            let long = &long[..used];
            for &i in long {
                let (start, end) = block[i as usize];
                let key = lookup::word_key(text.get(start as usize..end as usize).unwrap_or_default());
                found[i as usize] = (self.words.slot(lookup::word_hash(key)), key.0, key.1);
            }
            let first = out.len();
            out.extend(found.iter().zip(block).map(|(&(slot, low, high), _)| self.short_word_in(slot, (low, high))));
            for &i in long {
                let ((start, end), (slot, low, _)) = (block[i as usize], found[i as usize]);
                let word = text.get(start as usize..end as usize).unwrap_or_default();
                out[first + i as usize] = self.long_word_in(slot, low, word);
            }
        }
    }

    /// Has the rows of hashed features fetched from afar, all of them at once, before they are counted one by one.
    pub fn touch(&self, columns: &[u32]) {
        let all = columns
            .iter()
            .fold(0, |all, column| all | self.cells.get(self.place_of(column & !NEGATIVE)).copied().unwrap_or(0));
        core::hint::black_box(all);
    }

    /// The feature of an n-gram in a table whose entries are whole, or `NONE`.
    pub fn whole(&self, ngram: &[u8]) -> u32 {
        self.feature_of(self.word_place(self.word(ngram, 0, ngram.len())))
    }

    /// Whether a slot is that of a stop word.
    #[inline(always)]
    pub fn is_stop_word(&self, slot: u32) -> bool {
        slot != NONE && self.feature_of.get((self.words.place(slot) - self.begin) >> self.shift) == Some(&STOP)
    }

    /// The place of a slot of `words`, or of what is no feature.
    #[inline(always)]
    pub fn word_place(&self, slot: u32) -> usize {
        if slot == NONE { self.none } else { self.words.place(slot) }
    }

    /// The slot of a key in the n-grams of a level, and its place.
    fn gram(&self, level: usize, key: u64) -> Option<(u32, usize)> {
        let rows = self.levels.get(level)?;
        let slot = rows.slot(lookup::mix(key));
        let place = rows.place(slot);
        (key != 0 && get_u64(&self.cells[place - GRAM_KEY..]) == key).then_some((slot, place))
    }

    /// The feature of words that were found one by one, or `NONE`.
    pub fn word_sequence(&self, words: &[u32]) -> u32 {
        let Some((&first, rest)) = words.split_first() else { return NONE };
        if words.contains(&NONE) {
            return NONE;
        }
        let mut found = (first, self.word_place(first));
        for (level, &word) in (1..).zip(rest) {
            let key = lookup::chained_key(u64::from(found.0) + 1, u64::from(word) + 1);
            let Some(next) = self.gram(level, key) else { return NONE };
            found = next;
        }
        self.feature_of(found.1)
    }

    /// The feature of an n-gram of characters, or `NONE`.
    pub fn chars(&self, chars: &[u32]) -> u32 {
        let bits = self.alphabet.bits;
        let (first, rest) = chars.split_at(chars.len().min(lookup::direct(bits)));
        let mut key = 0;
        for &c in first {
            let number = char::from_u32(c).map_or(0, |c| self.alphabet.get(c) & !lookup::WHITE);
            if number == 0 {
                return NONE;
            }
            key = key << bits | u64::from(number);
        }
        let Some(mut found) = first.len().checked_sub(1).and_then(|level| self.gram(level, key)) else { return NONE };
        for (level, &c) in (first.len()..).zip(rest) {
            let number = char::from_u32(c).map_or(0, |c| self.alphabet.get(c) & !lookup::WHITE);
            let key = lookup::chained_key(u64::from(found.0) + 1, number.into());
            let Some(next) = self.gram(level, key).filter(|_| number != 0) else { return NONE };
            found = next;
        }
        self.feature_of(found.1)
    }

    /// The feature at a place, or `NONE`.
    #[inline(always)]
    pub fn feature_of(&self, place: usize) -> u32 {
        if let Some(column) = place.wrapping_sub(self.hashed.first).checked_div(self.hashed.stride) {
            return column as u32;
        }
        self.feature_of.get((place - self.begin) >> self.shift).copied().unwrap_or(NONE)
    }

    /// The same of a place that is a feature's, and was just now counted: fast where the number is in the row.
    #[inline(always)]
    fn number_at(&self, place: usize) -> u32 {
        if self.number == 0 {
            return self.feature_of(place);
        }
        self.cells.get(place + self.number).copied().unwrap_or(0)
    }

    /// The place of a feature, or of what is none.
    #[inline(always)]
    fn place_of(&self, feature: u32) -> usize {
        if feature >= self.count {
            return self.none;
        }
        self.place_of.get(feature as usize).map_or_else(|| self.hashed.place(feature), |&place| place as usize)
    }

    // ---- for sums that are made elsewhere (`tally`)

    /// How many rows there may be.
    pub fn rows(&self) -> usize {
        self.feature_of.len()
    }

    /// The row of a place.
    #[inline(always)]
    pub fn row_of(&self, place: usize) -> u32 {
        ((place - self.begin) >> self.shift) as u32
    }

    /// Which of the different idfs stands at a place, that idf (1 where there is none), and the coefficients as cells; none
    /// where what is there is only the beginning of n-grams. To be asked while nothing is counted.
    pub fn weights(&self, place: usize) -> Option<(u32, f64, &[u32])> {
        if self.cells.get(place) != Some(&0) {
            return None;
        }
        let which = self.cells.get(place + self.coef - 1).copied().unwrap_or(0);
        let idf = self.idfs.get(which as usize).copied().unwrap_or(1.0);
        Some((which, idf, self.cells.get(place + self.coef..).unwrap_or_default()))
    }

    // ---- counting

    /// Makes room for `more` calls of `add`.
    #[inline(always)]
    pub fn reserve(&mut self, more: usize) {
        // No more than there are features: n-grams of a huge text may be many times its bytes.
        let most = self.used.saturating_add(more).min(self.count as usize);
        if self.touched.len() < most {
            self.touched.resize(most, 0);
        }
    }

    /// The n-grams by their length − 1, and the counters.
    #[inline(always)]
    pub fn counter(&mut self) -> (&[Rows], Counter<'_>) {
        let counter = Counter { cells: &mut self.cells, touched: &mut self.touched, used: self.used, none: self.none };
        (&self.levels, counter)
    }

    /// One more at a place. Needs `reserve`.
    #[inline(always)]
    pub fn add_at(&mut self, place: usize) {
        let (_, mut counter) = self.counter();
        counter.add(place);
        self.used = counter.used;
    }

    /// One more at each place.
    #[inline(never)]
    pub fn add_all(&mut self, places: &[u32]) {
        self.reserve(places.len());
        let (_, mut counter) = self.counter();
        for &place in places {
            counter.add(place as usize);
        }
        self.used = counter.used;
    }

    /// One more of each word, by its slot. Needs `reserve`.
    #[inline(always)]
    pub fn add_words(&mut self, slots: &[u32]) {
        let (rows, none) = (&self.words, self.none);
        let mut counter = Counter { cells: &mut self.cells, touched: &mut self.touched, used: self.used, none };
        for &slot in slots {
            counter.add(if slot == NONE { none } else { rows.place(slot) });
        }
        self.used = counter.used;
    }

    /// One more of each hashed feature below F, with the sign that `NEGATIVE` says where signs count. Needs `reserve`.
    #[inline(always)]
    pub fn add_hashed(&mut self, columns: &[u32]) {
        let (rows, none, count) = (&self.hashed, self.none, self.count);
        let mut counter = Counter { cells: &mut self.cells, touched: &mut self.touched, used: self.used, none };
        for &symbol in columns {
            let column = symbol & !NEGATIVE;
            let place = if column < count { rows.place(column) } else { none };
            counter.add(place);
            if self.options.signed
                && let Some(sum) = counter.cells.get_mut(place + 1)
            {
                *sum = sum.wrapping_add(if symbol == column { 1 } else { u32::MAX });
            }
        }
        self.used = counter.used;
    }

    /// One more of feature `index`; nothing where it is no feature. Needs `reserve`.
    #[inline(always)]
    pub fn add(&mut self, index: u32) {
        self.add_at(self.place_of(index));
    }

    /// One more, with a sign. Needs `reserve`.
    #[inline(always)]
    pub fn add_signed(&mut self, index: u32, positive: bool) {
        let place = self.place_of(index);
        self.add_at(place);
        if let Some(sum) = self.cells.get_mut(place + 1) {
            *sum = sum.wrapping_add(if positive { 1 } else { u32::MAX });
        }
    }

    /// Occurrences and value of a feature, before `finish`.
    pub fn counted(&self, index: u32) -> (u32, f64) {
        let place = self.place_of(index);
        (self.cells[place], value(&self.cells[place..], self.options))
    }

    /// Moves the counts into `row` and begins anew.
    pub fn finish(&mut self, row: &mut Row) {
        row.indices.clear();
        row.values.clear();
        if !self.options.float32 {
            self.sort();
        }
        row.indices.extend(self.touched[..self.used].iter().map(|&place| self.feature_of(place as usize)));
        for &place in &self.touched[..self.used] {
            row.values.push(take(&mut self.cells[place as usize..], self.options));
        }
        self.used = 0;
    }

    /// Brings `touched` into ascending order of the features. What it asks of a feature stands in its row, which was read
    /// just now when it was counted.
    fn sort(&mut self) {
        for at in 0..self.used {
            let place = self.touched.get(at).copied().unwrap_or(0);
            let number = self.number_at(place as usize);
            self.sorted.add(number);
        }
        self.sorted.take(&mut self.touched[..self.used]);
        for at in 0..self.used {
            let number = self.touched.get(at).copied().unwrap_or(0);
            let place = self.place_of(number);
            if let Some(touched) = self.touched.get_mut(at) {
                *touched = place as u32;
            }
        }
    }

    // ---- values and sums

    /// Whether values are counts, by an idf or not, and their norm l2.
    pub fn is_usual(&self, plan: Plan) -> bool {
        !self.options.binary && !plan.sublinear && plan.norm == Some(Norm::L2)
    }

    /// Counts to scores in one go, without intercept, by `plan`: the same operations in the same order as `finish`, the
    /// transforms and `sum`, except that with `any_order` sums are divided by the norm and not each value. How many
    /// features there were.
    #[inline(never)]
    pub fn score(&mut self, plan: Plan, out: &mut [f64]) -> usize {
        if !self.options.float32 {
            self.sort();
        }
        let used = core::mem::take(&mut self.used);
        if self.values.len() < used {
            self.values.resize(used, 0.0);
        }
        let sum = if self.is_usual(plan) { self.squares(used) } else { self.values(plan, used) };
        let mut size = divisor(plan.norm.map_or(1.0, |norm| norm.size(sum)));
        if !self.any_order {
            self.values[..used].iter_mut().for_each(|v| *v /= size);
            size = 1.0;
        }
        self.all_sums(&self.touched[..used], (0, 1), &self.values, out);
        if self.any_order {
            out.iter_mut().for_each(|sum| *sum /= size);
        }
        used
    }

    /// Values of the first `used` features touched, by the usual plan: tf-idf and what becomes the norm l2. `never`
    /// because that came out smaller; wasm-opt makes it a part of its only caller again.
    #[inline(never)]
    fn squares(&mut self, used: usize) -> f64 {
        let value_at = usize::from(self.options.signed);
        let idf_at = (self.coef - 1).min(2);
        let idfs = &self.idfs[..];
        let cells = &mut self.cells[..];
        let mut sum = 0.0;
        for (&place, kept) in self.touched[..used].iter().zip(&mut self.values) {
            let Some(row) = cells.get_mut(place as usize..).and_then(<[u32]>::first_chunk_mut::<HEAD>) else {
                continue;
            };
            let v = take_usual(row, value_at, idf_at, idfs);
            sum += v * v;
            *kept = v;
        }
        sum
    }

    /// The same by any plan.
    #[inline(never)]
    fn values(&mut self, plan: Plan, used: usize) -> f64 {
        let idf_at = self.coef - 1;
        let mut size = 0.0;
        for (&place, kept) in self.touched[..used].iter().zip(&mut self.values) {
            let Some(cells) = self.cells.get_mut(place as usize..place as usize + self.coef) else { continue };
            let which = cells[idf_at] as usize;
            let mut v = take(cells, self.options);
            if plan.sublinear {
                v = crate::transform::sublinear(v);
            }
            if plan.idf
                && let Some(idf) = self.idfs.get(which)
            {
                v *= idf;
            }
            size = match plan.norm {
                None => 0.0,
                Some(norm) => norm.add(size, v),
            };
            *kept = v;
        }
        size
    }

    /// Σ x · coef for each output: several sums at once, in registers. The place of x is `first` + `stride` times its number
    /// in `which`.
    #[inline(never)]
    fn all_sums(&self, which: &[u32], (first, stride): (usize, usize), values: &[f64], out: &mut [f64]) {
        let (fours, ones) = out.as_chunks_mut::<4>();
        let last = 4 * fours.len();
        let (first, float32) = (first + self.coef, self.options.float32);
        for (k, four) in fours.iter_mut().enumerate() {
            *four = if float32 {
                self.sums::<4, 1>(which, (first + 4 * k, stride), values)
            } else {
                self.sums::<4, 2>(which, (first + 8 * k, stride), values)
            };
        }
        for (k, one) in (last..).zip(ones) {
            [*one] = if float32 {
                self.sums::<1, 1>(which, (first + k, stride), values)
            } else {
                self.sums::<1, 2>(which, (first + 2 * k, stride), values)
            };
        }
    }

    /// Those of N outputs, of which each coefficient has W cells.
    #[inline(always)]
    fn sums<const N: usize, const W: usize>(
        &self,
        which: &[u32],
        (first, stride): (usize, usize),
        values: &[f64],
    ) -> [f64; N] {
        let mut sums = [0.0; N];
        for (&i, x) in which.iter().zip(values) {
            let at = first + i as usize * stride;
            let Some(coef) = self.cells.get(at..at + N * W) else { continue };
            for k in 0..N {
                sums[k] += x * if W == 1 { f64::from(f32::from_bits(coef[k])) } else { get(&coef[2 * k..]) };
            }
        }
        sums
    }

    /// v ← v · idf for the row's values.
    pub fn scale(&self, row: &mut Row) {
        for (&i, v) in row.indices.iter().zip(&mut row.values) {
            let which = self.cells[self.place_of(i) + self.coef - 1] as usize;
            *v *= self.idfs.get(which).copied().unwrap_or(1.0);
        }
    }

    /// Σ x · coef of the row, without intercept, into one number per output.
    pub fn sum(&self, row: &Row, out: &mut [f64]) {
        if self.place_of.is_empty() {
            return self.all_sums(&row.indices, (self.hashed.first, self.hashed.stride), &row.values, out);
        }
        let places: Vec<u32> = row.indices.iter().map(|&i| self.place_of(i) as u32).collect();
        self.all_sums(&places, (0, 1), &row.values, out);
    }

    /// The coefficient of feature `index` for output `k`.
    pub fn weight(&self, index: u32, k: usize) -> f64 {
        let coef = &self.cells[self.place_of(index) + self.coef..];
        if self.options.float32 { f64::from(f32::from_bits(coef[k])) } else { get(&coef[2 * k..]) }
    }
}

/// The different values of `idf`; and which of them each feature has.
pub fn distinct(idf: &[f64]) -> (Vec<f64>, Vec<u32>) {
    let mask = (2 * idf.len()).next_power_of_two().max(2) - 1;
    let mut seen = vec![NONE; if idf.is_empty() { 0 } else { mask + 1 }];
    let (mut found, mut which) = (Vec::<f64>::new(), Vec::with_capacity(idf.len()));
    for value in idf {
        let mut at = lookup::mix(value.to_bits()) as usize & mask;
        // A file that is made to crowd this gets entries of its own instead of an endless search.
        let mut steps = 0;
        while seen[at] != NONE && found[seen[at] as usize].to_bits() != value.to_bits() && steps < 64 {
            at = (at + 1) & mask;
            steps += 1;
        }
        if seen[at] == NONE || steps == 64 {
            seen[at] = found.len() as u32;
            found.push(*value);
        }
        which.push(seen[at]);
    }
    (found, which)
}

/// What a row is divided by, of this norm.
#[inline(always)]
pub fn divisor(size: f64) -> f64 {
    if size == 0.0 { 1.0 } else { size }
}

/// The value by the usual plan, before its norm; the counters are 0 then.
#[inline(always)]
fn take_usual(row: &mut [u32; HEAD], value_at: usize, idf_at: usize, idfs: &[f64]) -> f64 {
    // No text is so long that a count would not be a positive number here as well.
    let count = f64::from(row[value_at].cast_signed());
    row[0] = 0;
    row[value_at] = 0;
    idfs.get(row[idf_at] as usize).map_or(count, |idf| count * idf)
}

/// What a row's counters say.
#[inline(always)]
fn value(row: &[u32], options: Options) -> f64 {
    match options {
        Options { binary: true, .. } => 1.0,
        Options { signed: true, .. } => f64::from(row[1].cast_signed()),
        _ => f64::from(row[0]),
    }
}

/// The same, and sets them to 0.
#[inline(always)]
fn take(row: &mut [u32], options: Options) -> f64 {
    let value = value(row, options);
    row[0] = 0;
    if options.signed {
        row[1] = 0;
    }
    value
}

/// 64 bits of two cells.
#[inline(always)]
fn get_u64(cells: &[u32]) -> u64 {
    u64::from(cells[0]) | u64::from(cells[1]) << 32
}

/// The number in two cells.
#[inline(always)]
pub fn get(cells: &[u32]) -> f64 {
    f64::from_bits(get_u64(cells))
}

fn put_u64(cells: &mut [u32], bits: u64) {
    cells[0] = bits as u32;
    cells[1] = (bits >> 32) as u32;
}

/// Puts a number into two cells.
pub fn put(cells: &mut [u32], value: f64) {
    put_u64(cells, value.to_bits());
}
