//! `str.lower()` and `strip_accents`, in scikit-learn's order: lower first, accents after.

use super::{BLOCK, VECTORS, bits, block_at, decode, each, is_ascii};
use crate::config::{Accents, Vectorizer};
use crate::prelude::*;
use crate::unicode::{LOWER_CHANGES, STRIP_CHANGES, Version, class, final_sigma, lower};
#[cfg(feature = "complete")]
use crate::unicode::{strip_ascii, strip_unicode};

/// How many bytes the ASCII path takes at once.
const CHUNK: usize = 16;

/// Learns, where somebody asks, which character of the source each written character came from.
pub type Origins<'a> = Option<&'a mut Vec<u32>>;

/// The first stage.
#[derive(Clone, Debug)]
pub struct Normalizer {
    lowercase: bool,
    accents: Accents,
    version: Version,
    /// Flags of characters that do not stay as they are.
    changes: u8,
}

impl Normalizer {
    /// As the vectorizer says.
    pub fn new(vectorizer: &Vectorizer) -> Self {
        let lower = if vectorizer.lowercase { LOWER_CHANGES } else { 0 };
        let strip = if vectorizer.accents == Accents::Keep { 0 } else { STRIP_CHANGES };
        Self {
            lowercase: vectorizer.lowercase,
            accents: vectorizer.accents,
            version: vectorizer.unicode,
            changes: lower | strip,
        }
    }

    /// Appends the normalized `text` to `out`.
    pub fn run(&self, text: &str, out: &mut Vec<u8>, origins: Origins) {
        if VECTORS && origins.is_none() && self.accents == Accents::Keep {
            if self.lowercase {
                self.lower(text, out);
            } else {
                out.extend_from_slice(text.as_bytes());
            }
        } else {
            self.each(text, out, origins);
        }
        #[cfg(feature = "broken")]
        crate::broken::normalize(out);
    }

    /// Lower-cases block by block: the usual letters as bytes, others one by one.
    fn lower(&self, text: &str, out: &mut Vec<u8>) {
        let bytes = text.as_bytes();
        // Whole blocks are written, and what lies behind the end is cut off again.
        out.reserve(bytes.len() + BLOCK);
        let mut at = 0;
        while at < bytes.len() {
            let block = block_at(bytes, at);
            if is_ascii(&block) {
                out.extend_from_slice(&block.map(|b| b.to_ascii_lowercase()));
                at += BLOCK;
                continue;
            }
            let next = block_at(bytes, at + 1);
            // The first byte begins a character, or the one before is of the same, known, character.
            let mut before = block_at(bytes, at.saturating_sub(1));
            if at == 0 {
                before.copy_within(..BLOCK - 1, 1);
                before[0] = 0;
            }
            let lower = each(&before, &block, &next, lower_byte);
            let mut unusual = bits(each(&before, &block, &next, |_, b, next| (b >= 0xC0) & !is_usual(b, next)));
            let changing = loop {
                if unusual == 0 {
                    break None;
                }
                let first = unusual.trailing_zeros() as usize;
                unusual &= unusual - 1;
                let (c, length) = decode(bytes, at + first);
                if class(c, self.version) & LOWER_CHANGES != 0 {
                    break Some((first, c, length));
                }
            };
            let Some((first, c, length)) = changing else {
                out.extend_from_slice(&lower);
                at += BLOCK;
                continue;
            };
            out.extend_from_slice(&lower[..first]);
            self.changed(c, text, at + first, out);
            at += first + length;
        }
        out.truncate(out.len() - (at - bytes.len()));
    }

    /// Character by character, but for ASCII.
    fn each(&self, text: &str, out: &mut Vec<u8>, mut origins: Origins) {
        let mut rest = text;
        let mut source = 0;
        while !rest.is_empty() {
            let mut at = 0;
            while let Some(chunk) = rest.as_bytes().get(at..).and_then(<[u8]>::first_chunk::<CHUNK>)
                && chunk.is_ascii()
            {
                out.extend_from_slice(&if self.lowercase { chunk.map(|b| b.to_ascii_lowercase()) } else { *chunk });
                if let Some(origins) = &mut origins {
                    origins.extend(source..source + CHUNK as u32);
                }
                source += CHUNK as u32;
                at += CHUNK;
            }
            let mut chars = rest.get(at..).unwrap_or_default().chars();
            for _ in 0..CHUNK {
                let Some(c) = chars.next() else { break };
                let before = out.len();
                if c.is_ascii() {
                    let b = c as u8;
                    out.push(if self.lowercase { b.to_ascii_lowercase() } else { b });
                } else if class(c, self.version) & self.changes == 0 && !self.only_ascii() {
                    push(c, out);
                } else {
                    let at = text.len() - chars.as_str().len() - c.len_utf8();
                    self.changed(c, text, at, out);
                }
                if let Some(origins) = &mut origins {
                    // Bytes that continue a character do not count.
                    let written = out.get(before..).unwrap_or_default().iter().filter(|&&b| b & 0xC0 != 0x80).count();
                    origins.extend(core::iter::repeat_n(source, written));
                }
                source += 1;
            }
            rest = chars.as_str();
        }
    }

    /// A character that does not stay as it is, at byte `at` of `text`.
    #[inline(never)]
    fn changed(&self, c: char, text: &str, at: usize, out: &mut Vec<u8>) {
        if !self.lowercase {
            return self.accents(c, out);
        }
        if c == 'Σ' {
            // The only lower-casing with context.
            let (before, after) = text.split_at_checked(at).unwrap_or_default();
            let mut after = after.chars();
            after.next(); // the sigma itself
            let last = final_sigma(before.chars().rev(), after, self.version);
            return self.accents(if last { 'ς' } else { 'σ' }, out);
        }
        for &l in lower(c, self.version).as_slice() {
            self.accents(l, out);
        }
    }

    fn accents(&self, c: char, out: &mut Vec<u8>) {
        match self.accents {
            Accents::Keep => push(c, out),
            #[cfg(feature = "complete")]
            Accents::Ascii => strip_ascii(c, self.version).for_each(|c| push(c, out)),
            #[cfg(feature = "complete")]
            Accents::Unicode => strip_unicode(c, self.version).for_each(|c| push(c, out)),
        }
    }

    /// Whether nothing else stays.
    fn only_ascii(&self) -> bool {
        #[cfg(feature = "complete")]
        return self.accents == Accents::Ascii;
        #[cfg(not(feature = "complete"))]
        false
    }
}

/// Whether `lower_byte` knows all characters that a lead byte begins: U+00C0 to U+00FF, U+0400 to U+045F, and U+3000 to
/// U+9FFF, where there is no case.
#[inline(always)]
fn is_usual(lead: u8, next: u8) -> bool {
    (lead == 0xC3) | (lead == 0xD0) | ((lead == 0xD1) & (next < 0xA0)) | (lead.wrapping_sub(0xE3) < 7)
}

/// A byte of a character that is usual (or of one that stays as it is), lower-cased, between its neighbours. Sums of
/// conditions and no branches, so that a block's bytes are made at once.
#[inline(always)]
fn lower_byte(before: u8, byte: u8, next: u8) -> u8 {
    let one_if = |is: bool| u8::from(is);
    let latin = (before == 0xC3) & (byte < 0x9F) & (byte != 0x97);
    // Ѐ to Џ, А to П, Р to Я; what lies behind has the lead byte that comes next.
    let (first, second) = (byte.wrapping_sub(0x80) < 0x10, byte.wrapping_sub(0x90) < 0x10);
    let third = byte.wrapping_sub(0xA0) < 0x10;
    let cyrillic = before == 0xD0;
    let lead = (byte == 0xD0) & ((next < 0x90) | (next.wrapping_sub(0xA0) < 0x10));
    let add = (one_if(cyrillic & first) << 4)
        | (one_if(byte.wrapping_sub(b'A') < 26) | one_if(latin) | one_if(cyrillic & second)) << 5
        | one_if(lead);
    byte.wrapping_add(add).wrapping_sub(one_if(cyrillic & third) << 5)
}

/// Appends one character as UTF-8.
#[inline]
pub fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalizer(version: Version) -> Normalizer {
        Normalizer { lowercase: true, accents: Accents::Keep, version, changes: LOWER_CHANGES }
    }

    /// The first and last character of each block of 64, where the encoding's lead bytes change.
    fn is_sample(c: char) -> bool {
        matches!(c as u32 & 0x3F, 0 | 0x3F)
    }

    #[test]
    fn every_character_at_the_places_of_a_block() {
        for version in Version::ALL {
            let normalizer = normalizer(version);
            let (mut by_block, mut one_by_one) = (Vec::new(), Vec::new());
            for c in '\0'..=char::MAX {
                let near = c < '\u{600}';
                // Far from the usual letters only those with a case, of every version, and some others are worth a look.
                if !near && class(c, version) & LOWER_CHANGES == 0 && !is_sample(c) {
                    continue;
                }
                for before in if near { 0..36 } else { 30..33 } {
                    // The end of the text, an upper-case letter of each kind, and itself behind it.
                    let text: String = core::iter::repeat_n('Q', before).chain([c, 'Ж', c, 'É', 'Ѣ', c]).collect();
                    by_block.clear();
                    one_by_one.clear();
                    normalizer.lower(&text, &mut by_block);
                    normalizer.each(&text, &mut one_by_one, None);
                    assert_eq!(by_block, one_by_one, "{text:?} {}", version.name());
                }
            }
        }
    }
}
