//! Cutting a normalized text: words for the word analyzer, characters for char and char_wb.

use super::decode;
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
        table[b] = if word { WORD } else if space { SPACE } else { 0 };
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

/// Calls `f(start, end)` with the bytes of each word: the longest runs of word characters, of at least `min_chars`.
/// That is what `\b\w\w+\b` and `\b\w+\b` find.
#[inline(always)]
pub fn words(text: &[u8], min_chars: usize, version: Version, mut f: impl FnMut(usize, usize)) {
    let mut at = 0;
    while at < text.len() {
        let (flags, length) = look(text, at, version);
        let start = at;
        at += length;
        if flags & WORD == 0 {
            continue;
        }
        let mut chars = 1;
        while at < text.len() {
            let (flags, length) = look(text, at, version);
            if flags & WORD == 0 {
                // The character after a word needs no second look.
                if chars >= min_chars {
                    f(start, at);
                }
                at += length;
                chars = 0;
                break;
            }
            at += length;
            chars += 1;
        }
        if chars >= min_chars {
            f(start, at);
        }
    }
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
