//! `str.lower()` and `strip_accents`, in scikit-learn's order: lower first, accents after.

use crate::config::{Accents, Vectorizer};
use crate::unicode::{LOWER_CHANGES, STRIP_CHANGES, Version, class, final_sigma, lower, strip_ascii, strip_unicode};

/// How many bytes the ASCII path takes at once.
const CHUNK: usize = 16;

/// Learns which character of the source each written character came from.
pub trait Origin {
    /// One character was written; `source` counts characters of the original text.
    fn came_from(&mut self, source: u32);
}

/// Nobody asks.
impl Origin for () {
    #[inline]
    fn came_from(&mut self, _: u32) {}
}

impl Origin for Vec<u32> {
    fn came_from(&mut self, source: u32) {
        self.push(source);
    }
}

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
    pub fn run<O: Origin>(&self, text: &str, out: &mut Vec<u8>, origin: &mut O) {
        let mut rest = text;
        let mut source = 0;
        while !rest.is_empty() {
            let mut at = 0;
            while let Some(chunk) = rest.as_bytes().get(at..).and_then(<[u8]>::first_chunk::<CHUNK>)
                && chunk.is_ascii()
            {
                out.extend_from_slice(&if self.lowercase { chunk.map(|b| b.to_ascii_lowercase()) } else { *chunk });
                (0..CHUNK as u32).for_each(|i| origin.came_from(source + i));
                source += CHUNK as u32;
                at += CHUNK;
            }
            let mut chars = rest[at..].chars();
            for _ in 0..CHUNK {
                let Some(c) = chars.next() else { break };
                if c.is_ascii() {
                    let b = c as u8;
                    out.push(if self.lowercase { b.to_ascii_lowercase() } else { b });
                    origin.came_from(source);
                } else if class(c, self.version) & self.changes == 0 && self.accents != Accents::Ascii {
                    push(c, out);
                    origin.came_from(source);
                } else {
                    let at = text.len() - chars.as_str().len() - c.len_utf8();
                    self.changed(c, text, at, source, out, origin);
                }
                source += 1;
            }
            rest = chars.as_str();
        }
    }

    /// A character that does not stay as it is, at byte `at` of `text`.
    #[inline(never)]
    fn changed<O: Origin>(&self, c: char, text: &str, at: usize, source: u32, out: &mut Vec<u8>, origin: &mut O) {
        if !self.lowercase {
            return self.accents(c, source, out, origin);
        }
        if c == 'Σ' {
            // The only lower-casing with context.
            let (before, after) = text.split_at(at);
            let last = final_sigma(before.chars().rev(), after.chars().skip(1), self.version);
            return self.accents(if last { 'ς' } else { 'σ' }, source, out, origin);
        }
        for &l in lower(c, self.version).as_slice() {
            self.accents(l, source, out, origin);
        }
    }

    fn accents<O: Origin>(&self, c: char, source: u32, out: &mut Vec<u8>, origin: &mut O) {
        let mut write = |c| {
            push(c, out);
            origin.came_from(source);
        };
        match self.accents {
            Accents::Keep => write(c),
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
