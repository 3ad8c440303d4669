//! Counting the n-grams of one text, length by length, in blocks of two passes: keys and their slots; then what stands
//! there. Neither branches on what it finds, so that many look-ups are under way at once: what is looked up lies far
//! beyond the nearest caches, and waiting for it is what this costs.

use crate::features::{Counter, Features, Rows};
use crate::lookup::{self, BLOCK, WHITE};
use crate::prelude::*;
use crate::table::NONE;
use crate::text::decode;

/// Room to work in, used again from text to text.
#[derive(Debug, Default)]
pub struct Room {
    /// The key of the n-gram that begins at each piece, for the current n; 0 where none can be found.
    keys: Vec<u64>,
    /// Its slot, or `NONE`.
    slots: Vec<u32>,
}

/// Words, by their slots: for every n, the slot of each beginning and the word after it.
pub fn count_words(words: &[u32], room: &mut Room, (min, max): (usize, usize), features: &mut Features) {
    features.reserve(words.len().saturating_mul(max - min + 1));
    if min == 1 {
        features.add_words(words);
    }
    if max < 2 {
        return;
    }
    room.slots.clear();
    room.slots.extend_from_slice(words);
    for n in 2..=max.min(words.len()) {
        room.keys.clear();
        room.keys.extend(room.slots.iter().zip(words.iter().skip(n - 1)).map(|(&beginning, &last)| {
            let key = lookup::chained_key(u64::from(beginning) + 1, u64::from(last) + 1);
            if beginning == NONE || last == NONE { 0 } else { key }
        }));
        count(n, n >= min, n < max, room, features, None);
    }
}

/// Characters, by their numbers: as many as fit are a key, longer n-grams go by the slot of their beginning. With `found`
/// that gets the place of each occurrence, and nothing is counted.
pub fn count_chars(
    chars: &[u32],
    room: &mut Room,
    (min, max): (usize, usize),
    features: &mut Features,
    mut found: Option<&mut Vec<u32>>,
) {
    if found.is_none() {
        features.reserve(chars.len().saturating_mul(max - min + 1));
    }
    let bits = features.alphabet.bits;
    let direct = lookup::direct(bits);
    room.keys.clear();
    room.keys.extend(chars.iter().map(|&c| u64::from(c)));
    for n in 1..=max.min(chars.len()) {
        if n > 1 {
            room.keys.truncate(chars.len() - n + 1);
            let lasts = chars.get(n - 1..).unwrap_or_default().iter().map(|&c| u64::from(c));
            if n <= direct {
                for (key, last) in room.keys.iter_mut().zip(lasts) {
                    let dead = *key == 0 || last == 0;
                    *key = if dead { 0 } else { *key << bits | last };
                }
            } else {
                for ((key, last), &slot) in room.keys.iter_mut().zip(lasts).zip(&room.slots) {
                    let dead = slot == NONE || last == 0;
                    *key = if dead { 0 } else { lookup::chained_key(u64::from(slot) + 1, last) };
                }
            }
        }
        if n >= min || n >= direct {
            count(n, n >= min, n >= direct && n < max, room, features, found.as_deref_mut());
        }
    }
}

/// One length: looks up `room.keys`; `kept`: their slots stay for the next length.
#[inline(never)]
fn count(
    n: usize,
    counted: bool,
    kept: bool,
    room: &mut Room,
    features: &mut Features,
    mut found: Option<&mut Vec<u32>>,
) {
    if kept {
        room.slots.resize(room.keys.len(), NONE);
    }
    let (levels, mut counter) = features.counter();
    let Some(rows) = levels.get(n - 1) else {
        return room.slots.fill(NONE);
    };
    let mut slots = room.slots.chunks_mut(BLOCK);
    for keys in room.keys.chunks(BLOCK) {
        let kept = if kept { slots.next() } else { None };
        look_up(rows, counted, kept, found.as_deref_mut(), keys, &mut counter);
    }
    features.used = counter.used;
}

/// A block of them.
#[inline(never)]
fn look_up(
    rows: &Rows,
    counted: bool,
    kept: Option<&mut [u32]>,
    found: Option<&mut Vec<u32>>,
    keys: &[u64],
    counter: &mut Counter,
) {
    let (mut slots, mut places) = ([0; BLOCK], [0; BLOCK]);
    for (slot, &key) in slots.iter_mut().zip(keys) {
        *slot = rows.slot(lookup::mix(key));
    }
    for ((place, &slot), &key) in places.iter_mut().zip(&slots).zip(keys) {
        let there = rows.place(slot);
        let found = counter.key(there) == key && key != 0;
        *place = if found { there } else { counter.none };
    }
    if let Some(kept) = kept {
        for ((kept, &slot), &place) in kept.iter_mut().zip(&slots).zip(&places) {
            *kept = if place == counter.none { NONE } else { slot };
        }
    }
    if let Some(found) = found {
        if counted {
            let there = places.iter().take(keys.len()).filter(|&&place| place != counter.none);
            found.extend(there.map(|&place| place as u32));
        }
    } else if counted {
        for &place in places.iter().take(keys.len()) {
            counter.add(place);
        }
    }
}

/// Appends the numbers of the characters of a normalized text, with runs of two or more white spaces as one space.
pub fn number_chars(text: &[u8], features: &Features, out: &mut Vec<u32>) {
    let alphabet = &features.alphabet;
    let ascii = alphabet.ascii();
    let space = alphabet.space;
    let mut used = out.len();
    out.resize(used + text.len(), 0);
    let mut put = |at: usize, number: u32| {
        if let Some(out) = out.get_mut(at) {
            *out = number;
        }
    };
    let mut after_white = false;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let what = if byte < 0x80 {
            at += 1;
            ascii[byte as usize]
        } else {
            let (c, length) = decode(text, at);
            at += length;
            alphabet.get(c)
        };
        let white = what & WHITE != 0;
        if white && after_white {
            put(used - 1, space);
        } else {
            put(used, what & !WHITE);
            used += 1;
        }
        after_white = white;
    }
    out.truncate(used);
}
