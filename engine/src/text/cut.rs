//! Cutting a normalized text: words for the word analyzer, characters for char and char_wb.

use super::{BLOCK, VECTORS, bits, block_at, decode, each, is_ascii};
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

/// Whether a lead byte begins word characters only, whatever follows: U+0400 to U+047F, U+5000 to U+9FFF; and U+00C0 to
/// U+00FF but × and ÷.
#[inline(always)]
fn leads_words(lead: u8, next: u8) -> bool {
    (lead & 0xFE == 0xD0) | ((lead == 0xC3) & (next & 0xDF != 0x97)) | (lead.wrapping_sub(0xE5) < 5)
}

/// Appends the byte ranges of all words: the longest runs of word characters, of at least `min_chars`. That is what
/// `\b\w\w+\b` and `\b\w+\b` find.
pub fn words(text: &[u8], min_chars: usize, version: Version, out: &mut Vec<(u32, u32)>) {
    if VECTORS {
        words_by_block(text, min_chars, version, out);
    } else {
        words_one_by_one(text, min_chars, version, out);
    }
}

/// Appends the byte ranges of what stands between white space, as `str.split` does.
pub fn split(text: &[u8], version: Version, out: &mut Vec<(u32, u32)>) {
    if VECTORS {
        split_by_block(text, version, out);
    } else {
        split_one_by_one(text, version, out);
    }
}

#[inline(never)]
fn words_by_block(text: &[u8], min_chars: usize, version: Version, out: &mut Vec<(u32, u32)>) {
    let usual = |b: u8| b.is_ascii_alphanumeric() | (b == b'_') | (b >= 0x80);
    let unusual = |b, next| (b >= 0xC0) & !leads_words(b, next);
    by_block(text, min_chars, out, usual, unusual, |c| class(c, version) & WORD != 0);
}

#[inline(never)]
fn split_by_block(text: &[u8], version: Version, out: &mut Vec<(u32, u32)>) {
    // The bytes that `ASCII` calls space. Beyond ASCII, white space is U+0085, U+00A0, U+1680, and some of U+2000 to
    // U+207F and of U+3000 to U+303F.
    let usual = |b: u8| (b != b' ') & (b.wrapping_sub(9) > 4) & (b.wrapping_sub(28) > 3);
    let unusual = |b, next| {
        (b == 0xC2)
            | ((b == 0xE1) & (next == 0x9A))
            | ((b == 0xE2) & (next & 0xFE == 0x80))
            | ((b == 0xE3) & (next == 0x80))
    };
    by_block(text, 0, out, usual, unusual, |c| class(c, version) & SPACE == 0);
}

fn split_one_by_one(text: &[u8], version: Version, out: &mut Vec<(u32, u32)>) {
    let (mut at, mut start) = (0, None);
    while at < text.len() {
        let (flags, length) = look(text, at, version);
        match (flags & SPACE != 0, start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                out.push((from as u32, at as u32));
                start = None;
            }
            _ => {}
        }
        at += length;
    }
    if let Some(from) = start {
        out.push((from as u32, text.len() as u32));
    }
}

/// Appends the byte ranges of the longest runs of characters that are inside, of at least `min_chars`. `usual` says so of
/// ASCII, and of a byte beyond it what most characters are that it is of; characters with a first and second byte that are
/// `unusual` are asked for one by one, whether they are `inside`.
///
/// A block becomes a mask of bits, in which the edges of runs are found without a branch per character.
#[inline(always)]
fn by_block(
    text: &[u8],
    min_chars: usize,
    out: &mut Vec<(u32, u32)>,
    usual: impl Fn(u8) -> bool,
    unusual: impl Fn(u8, u8) -> bool,
    inside: impl Fn(char) -> bool,
) {
    let mut edges = Edges { at: [0; EDGES], used: 0 };
    let mut last = 0;
    // Bytes of the next block that belong to a character of this one that is not inside.
    let mut pending = 0;
    let mut at = 0;
    while at < text.len() {
        let block = block_at(text, at);
        let mut mask = bits(block.map(&usual));
        if !is_ascii(&block) {
            let next = block_at(text, at + 1);
            let mut unusual = bits(each(&block, &block, &next, |_, b, next| unusual(b, next)));
            mask &= !((1 << pending) - 1);
            pending = 0;
            while unusual != 0 {
                let first = unusual.trailing_zeros();
                unusual &= unusual - 1;
                let (c, length) = decode(text, at + first as usize);
                if !inside(c) {
                    let end = first + length as u32;
                    mask &= !(((1_u64 << end) - (1_u64 << first)) as u32);
                    pending = end.saturating_sub(BLOCK as u32);
                }
            }
        }
        // What is behind the text is not inside.
        mask &= u32::MAX >> (at + BLOCK).saturating_sub(text.len());
        edges.add(mask ^ (mask << 1 | last), at as u32);
        if edges.used > EDGES - EDGES_MORE {
            edges.words(text, min_chars, out);
        }
        last = mask >> (BLOCK - 1);
        at += BLOCK;
    }
    if last != 0 {
        edges.at[edges.used] = text.len() as u32;
        edges.used += 1;
    }
    edges.words(text, min_chars, out);
}

/// So many edges are collected, so many a block may bring, and so many are written in one go.
const EDGES: usize = 128;
const EDGES_MORE: usize = BLOCK + 1;
const AT_ONCE: usize = 8;

/// Where words begin and end, in turns.
struct Edges {
    at: [u32; EDGES],
    used: usize,
}

impl Edges {
    /// The edges of a block at `start`. Several at once, whether there are as many or not: how many there are cannot be
    /// foretold.
    #[inline(always)]
    fn add(&mut self, mask: u32, start: u32) {
        let mut mask = mask;
        let mut used = self.used;
        self.used += mask.count_ones() as usize;
        while mask != 0 {
            let next = self.at.get_mut(used..used + AT_ONCE).unwrap_or_default();
            for four in next.as_chunks_mut::<4>().0 {
                for edge in four {
                    *edge = start + mask.trailing_zeros();
                    mask &= mask.wrapping_sub(1);
                }
            }
            used += AT_ONCE;
        }
    }

    /// Appends the words that have ended, those that are long enough: without a branch, as the shortest ones are as
    /// frequent as they are irregular.
    #[inline(never)]
    fn words(&mut self, text: &[u8], min_chars: usize, out: &mut Vec<(u32, u32)>) {
        let (words, _) = self.at[..self.used].as_chunks::<2>();
        let mut used = out.len();
        out.resize(used + words.len(), (0, 0));
        for &[start, end] in words {
            if let Some(out) = out.get_mut(used) {
                *out = (start, end);
            }
            used += usize::from(is_long(text, start as usize, end as usize, min_chars));
        }
        out.truncate(used);
        // The last one may only have begun.
        self.at[0] = self.at[self.used.saturating_sub(1)];
        self.used %= 2;
    }
}

/// Character by character; a block of ASCII becomes a mask of bits.
fn words_one_by_one(text: &[u8], min_chars: usize, version: Version, out: &mut Vec<(u32, u32)>) {
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
            let mut mask = bits(block.map(|b| b.is_ascii_alphanumeric() | (b == b'_')));
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

/// A run of word characters that has begun.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    chars: usize,
}

/// Whether a word has at least so many characters.
#[inline(always)]
fn is_long(text: &[u8], start: usize, end: usize, min_chars: usize) -> bool {
    match min_chars {
        0 | 1 => true,
        2 => end - start > text.get(start).map_or(0, |&b| (b.leading_ones() as usize).max(1)),
        n => text.get(start..end).unwrap_or_default().iter().filter(|&&b| b & 0xC0 != 0x80).count() >= n,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_of_words_lead_nothing_else() {
        for version in Version::ALL {
            for c in '\u{80}'..='\u{FFFF}' {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes);
                if leads_words(bytes[0], bytes[1]) {
                    assert!(class(c, version) & WORD != 0, "{c:?} {}", version.name());
                }
            }
        }
    }

    /// Character by character, as the pattern is defined.
    fn plainly(text: &str, min_chars: usize) -> Vec<(u32, u32)> {
        let mut words = Vec::new();
        let mut begin = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match (begin, class(c, Version::V14) & WORD != 0) {
                (None, true) => begin = Some(at),
                (Some(from), false) => {
                    if text[from..at].chars().count() >= min_chars {
                        words.push((from as u32, at as u32));
                    }
                    begin = None;
                }
                _ => {}
            }
        }
        words
    }

    #[test]
    fn splits_at_white_space_of_every_kind() {
        let spaces: Vec<char> = ('\0'..='\u{3000}').filter(|&c| class(c, Version::V14) & SPACE != 0).collect();
        assert!(spaces.len() > 25);
        for space in spaces {
            let text = format!("{space}{space}a\0é{space}\u{2030}語{space}{space}z{space}");
            let mut found = Vec::new();
            split(text.as_bytes(), Version::V14, &mut found);
            let words: Vec<&str> = found.iter().map(|&(from, to)| &text[from as usize..to as usize]).collect();
            assert_eq!(words, ["a\0é", "\u{2030}語", "z"], "{space:?}");
        }
        for (text, words) in [("", &[][..]), (" \t", &[]), ("a", &[(0, 1)]), (" b", &[(1, 2)])] {
            let mut found = Vec::new();
            split(text.as_bytes(), Version::V14, &mut found);
            assert_eq!(found, words, "{text:?}");
        }
    }

    #[test]
    fn splits_at_every_place_of_a_block() {
        // Beside white space: what shares its first bytes, and what ends a text with zeros.
        let pieces =
            [" ", "a ", "\u{a0}", "\u{a1}", "\u{1680}", "\u{1681} ", "\u{2003}", "\u{2019}", "\u{2028}x", "\u{205f}"];
        for piece in pieces.iter().chain(&[
            "\u{3000}",
            "\u{3001}",
            "\u{3040}",
            "語\u{3000}",
            "\u{1F600} ",
            "\0",
            "\u{85}é",
            "ab",
        ]) {
            for before in 0..40 {
                for count in [1, 2, 3, 17] {
                    let text = "q".repeat(before) + &piece.repeat(count);
                    for text in [text.clone(), text + "z"] {
                        let plainly =
                            text.split(|c| class(c, Version::V14) & SPACE != 0).filter(|word| !word.is_empty());
                        let plainly: Vec<&str> = plainly.collect();
                        for by in [split_by_block, split_one_by_one] {
                            let mut found = Vec::new();
                            by(text.as_bytes(), Version::V14, &mut found);
                            let words = found.iter().map(|&(from, to)| &text[from as usize..to as usize]);
                            assert_eq!(words.collect::<Vec<_>>(), plainly, "{text:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn words_at_every_place_of_a_block() {
        for piece in ["a", "é", "Ж ", "×", "÷b", "…", "語", "，", "x\u{1F600}y", "\u{301}", "\u{10400}", "ѣ҃ ", "i "]
        {
            for before in 0..40 {
                for count in [1, 2, 3, 17] {
                    let text = "q".repeat(before) + &piece.repeat(count) + "z";
                    for min_chars in 1..4 {
                        for by in [words_by_block, words_one_by_one] {
                            let mut found = Vec::new();
                            by(text.as_bytes(), min_chars, Version::V14, &mut found);
                            assert_eq!(found, plainly(&text, min_chars), "{text:?} {min_chars}");
                        }
                    }
                }
            }
        }
    }
}
