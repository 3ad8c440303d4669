//! What Python's `str`, `re` and `unicodedata` say of a character, for the Unicode version a model was trained under.
//!
//! Why not std's tables: they belong to one Unicode version (a newer one than any Python's), differ in meaning
//! (`re`'s `\w` has no combining marks) and weigh more. Ours are made from the real interpreters by
//! `tools/unicode/` and are tested against them for every code point.
//!
//! One two-stage look-up gives a *record*, a number for all that a code point does in all versions together; a
//! row of flags for each version turns it into the bits below. Everything else leans on that look-up.
//!
//! Not here: upper-casing, case folding, normalisation of whole texts (removing the marks makes their order
//! irrelevant, so character by character is exact), grapheme clusters.

#[cfg(feature = "complete")]
mod strip;
#[cfg_attr(not(feature = "complete"), allow(dead_code, reason = "accents"))]
#[rustfmt::skip]
mod tables;

#[cfg(feature = "complete")]
pub use strip::{Stripped, strip_ascii, strip_unicode};

/// `re`'s `\w`: `str.isalnum()` or an underscore.
pub const WORD: u8 = 1;
/// `str.isspace()`, which is also `re`'s `\s` and what `str.split()` splits at.
pub const SPACE: u8 = 2;
/// `str.lower()` gives something else.
pub const LOWER_CHANGES: u8 = 4;
/// `strip_unicode` gives something else. Where not, `strip_ascii` leaves ASCII as it is and drops all others.
pub const STRIP_CHANGES: u8 = 8;
/// A sigma after it ends a word: cased and not case-ignorable.
pub const CASED: u8 = 16;
/// Case-ignorable: looked through when a sigma asks for its neighbours.
pub const IGNORABLE: u8 = 32;
/// `strip_unicode` removes it: its combining class is not 0 (or it decomposes into such only).
pub const REMOVED: u8 = 64;

/// The Unicode versions of the Pythons that models come from.
#[derive(Copy, Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Version {
    /// 14.0.0, Python 3.11.
    V14,
    /// 15.0.0, Python 3.12.
    V15,
    /// 15.1.0, Python 3.13.
    V15_1,
    /// 16.0.0, Python 3.14.
    V16,
}

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Version; 4] = [Version::V14, Version::V15, Version::V15_1, Version::V16];

    /// From `unicodedata.unidata_version`.
    pub fn parse(name: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.name() == name)
    }

    /// As `unicodedata.unidata_version` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Version::V14 => "14.0.0",
            Version::V15 => "15.0.0",
            Version::V15_1 => "15.1.0",
            Version::V16 => "16.0.0",
        }
    }
}

/// Where the record of a code point stands.
#[inline(always)]
fn place(code: usize) -> usize {
    let block = tables::CLASS_FIRST.get(code >> tables::CLASS_SHIFT).copied().unwrap_or(0) as usize;
    block << tables::CLASS_SHIFT | code & ((1 << tables::CLASS_SHIFT) - 1)
}

/// The record of a character: two loads, no branch that misses.
#[inline(always)]
fn record(c: char) -> u8 {
    tables::CLASS_SECOND.get(place(c as usize)).copied().unwrap_or(0)
}

#[inline(always)]
fn flags(record: u8, v: Version) -> u8 {
    tables::FLAGS[(v as usize) << 8 | record as usize]
}

/// All the flags of a character in one look-up; the way to go in a scanner.
#[inline(always)]
pub fn class(c: char, v: Version) -> u8 {
    flags(record(c), v)
}

/// `re`'s `\w` for str patterns.
#[inline]
pub fn is_word(c: char, v: Version) -> bool {
    class(c, v) & WORD != 0
}

/// `str.isspace()`.
#[inline]
pub fn is_space(c: char, v: Version) -> bool {
    class(c, v) & SPACE != 0
}

/// One to three characters.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Mapped {
    chars: [char; 3],
    len: u8,
}

impl Mapped {
    #[inline]
    fn one(c: char) -> Mapped {
        Mapped { chars: [c, '\0', '\0'], len: 1 }
    }

    /// The characters, in order.
    #[inline]
    pub fn as_slice(&self) -> &[char] {
        self.chars.get(..self.len as usize).unwrap_or(&[])
    }
}

/// What `str.lower()` makes of the character, U+03A3 being σ: whether it is a final ς the caller asks `final_sigma`.
#[inline]
pub fn lower(c: char, v: Version) -> Mapped {
    if c.is_ascii() {
        return Mapped::one(c.to_ascii_lowercase());
    }
    if c == 'İ' {
        // The only character that grows: i and a combining dot.
        return Mapped { chars: ['i', '\u{307}', '\0'], len: 2 };
    }
    Mapped::one(lower_one(c, v))
}

/// `lower` for all but U+0130 (which stays here): always one character.
#[inline]
pub fn lower_one(c: char, v: Version) -> char {
    let record = record(c);
    if flags(record, v) & LOWER_CHANGES == 0 {
        return c;
    }
    let moving = record.wrapping_sub(tables::FIRST_MOVING) as usize;
    let distance = tables::LOWER_DISTANCE.get(moving).copied().unwrap_or(0);
    char::from_u32((c as u32).wrapping_add_signed(distance)).unwrap_or(c)
}

/// Whether a capital sigma becomes ς: after a cased letter and before none, looking through case-ignorable
/// characters. `before` runs backwards from the sigma, `after` forwards.
pub fn final_sigma(before: impl Iterator<Item = char>, after: impl Iterator<Item = char>, v: Version) -> bool {
    cased_next(before, v) && !cased_next(after, v)
}

fn cased_next(context: impl Iterator<Item = char>, v: Version) -> bool {
    for c in context {
        let class = class(c, v);
        if class & IGNORABLE == 0 {
            return class & CASED != 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    //! A few by hand; tests/test_unicode.py asks for every code point and compares with Python.

    use super::*;

    fn stripped(text: &str) -> String {
        text.chars().flat_map(|c| strip_unicode(c, Version::V14)).collect()
    }

    #[test]
    fn versions_have_the_names_that_python_gives() {
        for v in Version::ALL {
            assert_eq!(Version::parse(v.name()), Some(v));
        }
        assert_eq!(Version::parse("13.0.0"), None);
        assert!(Version::V14 < Version::V15 && Version::V15_1 < Version::V16);
    }

    #[test]
    fn a_code_point_counts_from_the_version_that_assigned_it() {
        let by_version = |c| Version::ALL.map(|v| is_word(c, v));
        assert_eq!(by_version('\u{31350}'), [false, true, true, true]);
        assert_eq!(by_version('\u{2EBF0}'), [false, false, true, true]);
        assert_eq!(by_version('\u{A7CB}'), [false, false, false, true]);
        assert_eq!(lower('\u{A7CB}', Version::V15_1).as_slice(), ['\u{A7CB}']);
        assert_eq!(lower('\u{A7CB}', Version::V16).as_slice(), ['\u{264}']);
    }

    #[test]
    fn stripping_takes_classes_not_marks_and_knows_long_answers() {
        assert_eq!(stripped("É½ﬁ각\u{301}\u{903}漢"), "E1\u{2044}2fi\u{1100}\u{1161}\u{11A8}\u{903}漢");
        assert_eq!(stripped("\u{FDFA}").chars().count(), 18);
        assert!(strip_ascii('漢', Version::V14).next().is_none());
        assert_eq!(strip_ascii('½', Version::V14).collect::<String>(), "12");
    }

    #[test]
    fn a_sigma_is_final_across_ignorable_characters() {
        let last = |before: &str, after: &str| final_sigma(before.chars().rev(), after.chars(), Version::V14);
        assert!(last("Α", ""));
        assert!(last("Α'", "! "));
        assert!(!last("Α", "'Α"));
        assert!(!last("1", ""));
        assert!(!last("", ""));
    }
}
