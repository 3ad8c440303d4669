//! `strip_accents`, character by character.

use super::{REMOVED, STRIP_CHANGES, Version, class, place, tables};

const HANGUL_FIRST: u32 = 0xAC00;
const HANGUL_COUNT: u32 = 11172;

/// What `strip_unicode` makes of one character: an iterator of up to 18 characters, also of none.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Stripped {
    start: [char; 3],
    at: u8,
    len: u8,
    rest: &'static str,
}

impl Stripped {
    #[inline]
    fn few(start: [char; 3], len: u8) -> Stripped {
        Stripped { start, at: 0, len, rest: "" }
    }
}

impl Iterator for Stripped {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        if self.at < self.len {
            let c = self.start.get(self.at as usize).copied();
            self.at += 1;
            return c;
        }
        let mut chars = self.rest.chars();
        let c = chars.next();
        self.rest = chars.as_str();
        c
    }
}

/// `strip_accents="unicode"` of one character: its NFKD decomposition without what has a combining class.
#[inline]
pub fn strip_unicode(c: char, v: Version) -> Stripped {
    let class = class(c, v);
    if class & STRIP_CHANGES == 0 {
        return Stripped::few([c, '\0', '\0'], 1);
    }
    if class & REMOVED != 0 {
        return Stripped::few(['\0'; 3], 0);
    }
    strip_mapped(c)
}

fn strip_mapped(c: char) -> Stripped {
    let code = c as u32;
    let syllable = code.wrapping_sub(HANGUL_FIRST);
    if syllable < HANGUL_COUNT {
        let jamo = |code: u32| char::from_u32(code).unwrap_or(c);
        let tail = syllable % 28;
        return Stripped::few(
            [jamo(0x1100 + syllable / 588), jamo(0x1161 + syllable % 588 / 28), jamo(0x11A7 + tail)],
            if tail == 0 { 2 } else { 3 },
        );
    }
    look_up(code as usize).unwrap_or(Stripped::few([c, '\0', '\0'], 1))
}

/// The target of a code point whose record says that it has one (else None). Targets are stored without gaps, so
/// where it stands is found by counting: the records of its neighbours tell which of them have one, too.
fn look_up(code: usize) -> Option<Stripped> {
    let place = place(code);
    let first = place & !((1 << tables::RANK_SHIFT) - 1);
    let neighbours = tables::CLASS_SECOND.get(first..place)?;
    let before = neighbours.iter().filter(|&&record| record >= tables::FIRST_MAPPED).count();
    let group = code >> tables::RANK_SHIFT;
    let rank = u16::from_le_bytes([*tables::RANK_LOW.get(group)?, *tables::RANK_HIGH.get(group)?]);
    let at = usize::from(rank) + before;
    let (low, high) = (*tables::TARGET_LOW.get(at)?, *tables::TARGET_HIGH.get(at)?);
    if high != tables::SEQUENCE {
        let target = char::from_u32(u32::from(u16::from_le_bytes([low, high])))?;
        return Some(Stripped::few([target, '\0', '\0'], 1));
    }
    let group = at >> tables::SEQUENCE_SHIFT;
    let from = group << tables::SEQUENCE_SHIFT;
    let lengths = tables::TARGET_LOW.get(from..at)?.iter();
    let marks = tables::TARGET_HIGH.get(from..at)?.iter();
    let skipped: usize =
        lengths.zip(marks).map(|(&low, &high)| if high == tables::SEQUENCE { low as usize } else { 0 }).sum();
    let start = *tables::SEQUENCES_AT.get(group)? as usize + skipped;
    let rest = tables::SEQUENCES.get(start..start + low as usize)?;
    Some(Stripped { start: ['\0'; 3], at: 0, len: 0, rest })
}

/// `strip_accents="ascii"` of one character: the ASCII part of its NFKD decomposition (nothing for most).
#[inline]
pub fn strip_ascii(c: char, v: Version) -> impl Iterator<Item = char> {
    // What is removed has a combining class, and no ASCII character has one.
    strip_unicode(c, v).filter(char::is_ascii)
}
