//! Prints what the engine's Unicode functions say of every code point, in the format of tools/unicode/dump.py,
//! so that a test can compare the two byte for byte.
//!
//! `cargo run --release --example unicode_dump -- 14.0.0`

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use wcw_engine::unicode::{Version, final_sigma, is_space, is_word, lower, strip_ascii, strip_unicode};

fn flags_of(c: char, v: Version) -> String {
    let mut flags = String::new();
    let sigma_is_final = |before: &[char], after: &[char]| {
        final_sigma(before.iter().rev().copied(), after.iter().copied(), v)
    };
    if is_word(c, v) {
        flags.push('w');
    }
    if is_space(c, v) {
        flags.push('s');
    }
    if sigma_is_final(&[c], &[]) {
        flags.push('c');
    } else if sigma_is_final(&['A', c], &[]) {
        flags.push('i');
    }
    if !sigma_is_final(&['A'], &[c]) {
        flags.push('C');
    } else if !sigma_is_final(&['A'], &[c, 'A']) {
        flags.push('I');
    }
    if flags.is_empty() { "-".to_owned() } else { flags }
}

fn hexes(chars: &[char]) -> String {
    let hexes: Vec<String> = chars.iter().map(|&c| format!("{:X}", c as u32)).collect();
    hexes.join(",")
}

fn mapping_of(c: char, v: Version) -> String {
    let mut parts = String::new();
    let mut print = |name: &str, chars: &[char]| {
        // Writing to a String cannot fail.
        let _ = write!(parts, " {name}={}", hexes(chars));
    };
    let lower = lower(c, v);
    if lower.as_slice() != [c] {
        print("l", lower.as_slice());
    }
    let stripped: Vec<char> = strip_unicode(c, v).collect();
    if stripped != [c] {
        print("u", &stripped);
    }
    let ascii: Vec<char> = strip_ascii(c, v).collect();
    if ascii != [c] && (stripped != [c] || !ascii.is_empty()) {
        print("a", &ascii);
    }
    parts
}

fn dump(v: Version) -> String {
    let mut lines = vec![format!("unicode {}", v.name())];
    let (mut start, mut run) = (0, String::new());
    fn close(lines: &mut Vec<String>, start: u32, end: u32, run: &mut String) {
        if !run.is_empty() {
            lines.push(format!("{start:X}..{end:X} {run}"));
            run.clear();
        }
    }
    for code in 0..=0x10FFFF_u32 {
        let before = code.saturating_sub(1);
        let Some(c) = char::from_u32(code) else {
            close(&mut lines, start, before, &mut run);
            continue;
        };
        let (flags, mapping) = (flags_of(c, v), mapping_of(c, v));
        if !mapping.is_empty() {
            close(&mut lines, start, before, &mut run);
            lines.push(format!("{code:X} {flags}{mapping}"));
        } else if flags != run {
            close(&mut lines, start, before, &mut run);
            (start, run) = (code, flags);
        }
    }
    close(&mut lines, start, 0x10FFFF, &mut run);
    lines.join("\n") + "\n"
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(version) = Version::parse(&name) else {
        eprintln!("Unicode version {name:?} is not known; known: {:?}", Version::ALL.map(Version::name));
        return ExitCode::from(2);
    };
    match std::io::stdout().write_all(dump(version).as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
