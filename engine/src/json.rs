//! A reader for the small JSON texts of a model file: strict, bounded in depth, without floating point
//! (parsing fractions would weigh more than the rest of the reader; the engine needs none, so they are skipped unread).

use crate::error::{Error, Result};
use crate::prelude::*;
use crate::say::int;

/// Deeper nesting than any model file has.
const MAX_DEPTH: u32 = 48;

/// More keys in one object than any model file has: tensors, above all.
const MAX_MEMBERS: usize = 1 << 15;

/// A JSON value. `Fraction` stands for a number that is no 64-bit integer.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// Any other number, unread.
    Fraction,
    /// A string.
    Str(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, in order, keys unique.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The whole of `text` as one value.
    pub fn parse(text: &str) -> Result<Json> {
        let mut parser = Parser { text, bytes: text.as_bytes(), at: 0 };
        let value = parser.value(0)?;
        parser.space();
        if parser.at == parser.bytes.len() { Ok(value) } else { Err(parser.fail("text after the value")) }
    }

    /// The member `key` of an object; None where it is absent or null.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, v)| k == key && !matches!(v, Json::Null)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The string member `key`.
    pub fn str(&self, key: &str) -> Result<&str> {
        match self.get(key) {
            Some(Json::Str(s)) => Ok(s),
            _ => Err(missing(key, "a string")),
        }
    }

    /// The member `key` as an integer from 0 to `max`.
    pub fn int(&self, key: &str, max: usize) -> Result<usize> {
        match self.get(key) {
            Some(Json::Int(i)) => bounded(*i, max).ok_or_else(|| missing(key, "an integer within the limits")),
            _ => Err(missing(key, "an integer")),
        }
    }

    /// The boolean member `key`.
    pub fn bool(&self, key: &str) -> Result<bool> {
        match self.get(key) {
            Some(Json::Bool(b)) => Ok(*b),
            _ => Err(missing(key, "true or false")),
        }
    }

    /// The array member `key`.
    pub fn array(&self, key: &str) -> Result<&[Json]> {
        match self.get(key) {
            Some(Json::Array(a)) => Ok(a),
            _ => Err(missing(key, "a list")),
        }
    }

    /// This value as an integer from 0 to `max`.
    pub fn as_int(&self, max: usize) -> Option<usize> {
        match self {
            Json::Int(i) => bounded(*i, max),
            _ => None,
        }
    }
}

/// Puts the next number, which stands for `name`, among `sorted` by name; false where another has that name.
/// (The library's sorts would weigh more than the rest of this file.)
pub fn insert<'a>(sorted: &mut Vec<u32>, name: &str, name_of: impl Fn(usize) -> &'a str) -> bool {
    match sorted.binary_search_by(|&i| name_of(i as usize).cmp(name)) {
        Ok(_) => false,
        Err(at) => {
            sorted.insert(at, sorted.len() as u32);
            true
        }
    }
}

fn bounded(i: i64, max: usize) -> Option<usize> {
    usize::try_from(i).ok().filter(|&i| i <= max)
}

fn missing(key: &str, what: &str) -> Error {
    Error::file(&["'", key, "' must be ", what])
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn fail(&self, what: &str) -> Error {
        Error::file(&["JSON at byte ", &int(self.at), ": ", what])
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else {
            Err(self.fail("unknown word"))
        }
    }

    fn value(&mut self, depth: u32) -> Result<Json> {
        if depth > MAX_DEPTH {
            return Err(self.fail("nested too deeply"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::Str(self.string()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => Ok(self.number()),
            _ => Err(self.fail("a value was expected")),
        }
    }

    fn number(&mut self) -> Json {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        self.text.get(start..self.at).and_then(|t| t.parse().ok()).map_or(Json::Fraction, Json::Int)
    }

    /// Steps over `,` (true) or `end` (false).
    fn more(&mut self, end: u8) -> Result<bool> {
        self.space();
        let next = self.peek();
        self.at += 1;
        match next {
            Some(b',') => Ok(true),
            Some(b) if b == end => Ok(false),
            _ => Err(self.fail("',' or the end was expected")),
        }
    }

    /// True where a list or object ends right after it began.
    fn empty(&mut self, end: u8) -> bool {
        self.at += 1;
        self.space();
        let empty = self.peek() == Some(end);
        self.at += usize::from(empty);
        empty
    }

    fn array(&mut self, depth: u32) -> Result<Json> {
        let mut items = Vec::new();
        if !self.empty(b']') {
            loop {
                items.push(self.value(depth + 1)?);
                if !self.more(b']')? {
                    break;
                }
            }
        }
        Ok(Json::Array(items))
    }

    fn object(&mut self, depth: u32) -> Result<Json> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut sorted: Vec<u32> = Vec::new();
        if !self.empty(b'}') {
            loop {
                self.space();
                if self.peek() != Some(b'"') {
                    return Err(self.fail("a key was expected"));
                }
                let key = self.string()?;
                if members.len() == MAX_MEMBERS {
                    return Err(self.fail("too many keys"));
                }
                if !insert(&mut sorted, &key, |i| members.get(i).map_or("", |(k, _)| k)) {
                    return Err(self.fail("a key stands twice"));
                }
                self.space();
                if self.peek() != Some(b':') {
                    return Err(self.fail("':' was expected"));
                }
                self.at += 1;
                members.push((key, self.value(depth + 1)?));
                if !self.more(b'}')? {
                    break;
                }
            }
        }
        Ok(Json::Object(members))
    }

    fn string(&mut self) -> Result<String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1F)) {
                self.at += 1;
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    let escape = self.peek();
                    self.at += 1;
                    out.push(match escape {
                        Some(b'n') => '\n',
                        Some(b't') => '\t',
                        Some(b'r') => '\r',
                        Some(b'b') => '\u{8}',
                        Some(b'f') => '\u{c}',
                        Some(b @ (b'"' | b'\\' | b'/')) => char::from(b),
                        Some(b'u') => self.unicode()?,
                        _ => return Err(self.fail("unknown escape")),
                    });
                }
                _ => return Err(self.fail("a string does not end")),
            }
        }
    }

    fn hex4(&mut self) -> Result<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        self.at += 4;
        digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(|| self.fail("four hex digits were expected"))
    }

    fn unicode(&mut self) -> Result<char> {
        let mut c = self.hex4()?;
        if (0xD800..0xDC00).contains(&c) && self.text.get(self.at..self.at + 2) == Some("\\u") {
            self.at += 2;
            let low = self.hex4()?;
            if !(0xDC00..0xE000).contains(&low) {
                return Err(self.fail("a lone surrogate"));
            }
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        }
        char::from_u32(c).ok_or_else(|| self.fail("a lone surrogate"))
    }
}
