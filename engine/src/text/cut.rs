//! Cutting a normalized text: words for the word analyzer, characters for char and char_wb.

use super::decode;
use crate::prelude::*;
use crate::unicode::{SPACE, Version, WORD, class};

/// What an ASCII byte is; everything else must be decoded and asked for.
const OTHER: u8 = 0x80;
const ASCII: [u8; 256] = {
    let mut table = [OTHER; 256];
    let mut b = 0;
    while b < 0x80 {
        let c = b as u8;
        let word = c.is_ascii_alphanumeric() || c == b'_';
        // Python's isspace has the four separators beside the usual ones.
        let space = matches!(c, 9..=13 | 28..=31 | b' ');
        table[b] = if word {
            WORD
        } else if space {
            SPACE
        } else {
            0
        };
        b += 1;
    }
    table
};

/// The flags of the character at `at`, and its length in bytes.
#[inline(always)]
fn look(text: &[u8], at: usize, version: Version) -> (u8, usize) {
    let flags = text.get(at).map_or(0, |&b| ASCII[b as usize]);
    if flags != OTHER {
        return (flags, 1);
    }
    let (c, length) = decode(text, at);
    (class(c, version), length)
}

/// ASCII that is looked at in one go.
const BLOCK: usize = 32;

/// A run of word characters that has begun.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    chars: usize,
}

/// Appends the byte ranges of all words: the longest runs of word characters, of at least `min_chars`. That is what
/// `\b\w\w+\b` and `\b\w+\b` find.
///
/// A block of ASCII becomes a mask of bits, in which runs are found without a branch per character; the rest goes
/// character by character.
pub fn words(text: &[u8], min_chars: usize, version: Version, out: &mut Vec<(u32, u32)>) {
    let mut at = 0;
    let mut run: Option<Run> = None;
    let mut push = |start: usize, end: usize, chars: usize| {
        if chars >= min_chars {
            out.push((start as u32, end as u32));
        }
    };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(block) = rest.first_chunk::<BLOCK>()
            && block.is_ascii()
        {
            let mut mask = word_bits(block);
            if let Some(Run { start, chars }) = run {
                let more = mask.trailing_ones();
                if more as usize == BLOCK {
                    run = Some(Run { start, chars: chars + BLOCK });
                    at += BLOCK;
                    continue;
                }
                push(start, at + more as usize, chars + more as usize);
                mask &= u32::MAX << more;
                run = None;
            }
            while mask != 0 {
                let start = mask.trailing_zeros();
                let chars = (mask >> start).trailing_ones();
                if (start + chars) as usize == BLOCK {
                    run = Some(Run { start: at + start as usize, chars: chars as usize });
                    break;
                }
                push(at + start as usize, at + (start + chars) as usize, chars as usize);
                mask &= u32::MAX << (start + chars);
            }
            at += BLOCK;
            continue;
        }
        let stop = at + rest.len().min(BLOCK);
        while at < stop {
            let (flags, length) = look(text, at, version);
            let inside = flags & WORD != 0;
            match (&mut run, inside) {
                (Some(run), true) => run.chars += 1,
                (None, true) => run = Some(Run { start: at, chars: 1 }),
                (Some(Run { start, chars }), false) => {
                    push(*start, at, *chars);
                    run = None;
                }
                (None, false) => {}
            }
            at += length;
        }
    }
    if let Some(Run { start, chars }) = run {
        push(start, text.len(), chars);
    }
}

/// One bit for each byte that is a word character.
#[inline(always)]
fn word_bits(block: &[u8; BLOCK]) -> u32 {
    // Eight flags of one bit each are gathered by a multiplication.
    let flags = block.map(|b| u8::from(b.is_ascii_alphanumeric() | (b == b'_')));
    let (eights, _) = flags.as_chunks::<8>();
    let bits = |eight: &[u8; 8]| (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u32;
    bits(&eights[0]) | bits(&eights[1]) << 8 | bits(&eights[2]) << 16 | bits(&eights[3]) << 24
}

/// Takes the characters of the char analyzers.
pub trait Sink {
    /// A character; it stands for the normalized characters `from..to` (several where white space was folded).
    fn char(&mut self, c: char, from: u32, to: u32);
    /// A padding space before (or after) normalized character `at`.
    fn pad(&mut self, at: u32);
    /// No n-gram reaches across this place.
    fn end_group(&mut self);
}

/// Cuts into characters.
#[derive(Clone, Copy, Debug)]
pub struct Cutter {
    /// Whose white space.
    pub version: Version,
    /// char_wb, else char.
    pub words: bool,
}

impl Cutter {
    /// Sends the characters of the normalized `text` to `sink`.
    #[inline(always)]
    pub fn run(self, text: &[u8], sink: &mut impl Sink) {
        if self.words { self.within_words(text, sink) } else { self.folded(text, sink) }
    }

    #[inline(always)]
    fn next(self, text: &[u8], at: &mut usize) -> (char, bool) {
        let b = text.get(*at).copied().unwrap_or(0);
        let flags = ASCII[b as usize];
        if flags != OTHER {
            *at += 1;
            return (char::from(b), flags & SPACE != 0);
        }
        let (c, length) = decode(text, *at);
        *at += length;
        (c, class(c, self.version) & SPACE != 0)
    }

    /// `re.sub(r"\s\s+", " ", text)`: a run of two or more becomes one space, a single one stays what it is.
    #[inline(always)]
    fn folded(self, text: &[u8], sink: &mut impl Sink) {
        let (mut at, mut index) = (0, 0);
        let mut run = (' ', 0);
        while at < text.len() {
            let (c, space) = self.next(text, &mut at);
            if space {
                run = (if run.1 == 0 { c } else { ' ' }, run.1 + 1);
            } else {
                if run.1 > 0 {
                    sink.char(run.0, index - run.1, index);
                    run.1 = 0;
                }
                sink.char(c, index, index + 1);
            }
            index += 1;
        }
        if run.1 > 0 {
            sink.char(run.0, index - run.1, index);
        }
        sink.end_group();
    }

    /// `text.split()`, each word between two spaces.
    #[inline(always)]
    fn within_words(self, text: &[u8], sink: &mut impl Sink) {
        let (mut at, mut index) = (0, 0);
        let mut inside = false;
        while at < text.len() {
            let (c, space) = self.next(text, &mut at);
            if inside == space {
                sink.pad(index);
                if inside {
                    sink.end_group();
                }
                inside = !space;
            }
            if !space {
                sink.char(c, index, index + 1);
            }
            index += 1;
        }
        if inside {
            sink.pad(index);
            sink.end_group();
        }
    }
}
