//! `str.lower()` and `strip_accents`, in scikit-learn's order: lower first, accents after.

use crate::config::{Accents, Vectorizer};
use crate::prelude::*;
use crate::unicode::{LOWER_CHANGES, STRIP_CHANGES, Version, class, final_sigma, lower, strip_ascii, strip_unicode};

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
    pub fn run(&self, text: &str, out: &mut Vec<u8>, mut origins: Origins) {
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
                } else if class(c, self.version) & self.changes == 0 && self.accents != Accents::Ascii {
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
        #[cfg(feature = "broken")]
        crate::broken::normalize(out);
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
            let last = final_sigma(before.chars().rev(), after.chars().skip(1), self.version);
            return self.accents(if last { 'ς' } else { 'σ' }, out);
        }
        for &l in lower(c, self.version).as_slice() {
            self.accents(l, out);
        }
    }

    fn accents(&self, c: char, out: &mut Vec<u8>) {
        let write = |c| push(c, out);
        match self.accents {
            Accents::Keep => push(c, out),
            Accents::Ascii => strip_ascii(c, self.version).for_each(write),
            Accents::Unicode => strip_unicode(c, self.version).for_each(write),
        }
    }
}

/// Appends one character as UTF-8.
#[inline]
pub fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
