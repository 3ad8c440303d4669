//! Prints what the engine's Unicode functions say of every code point, or of texts from standard input, in the
//! formats of tools/unicode/dump.py, so that a test can compare the two byte for byte.
//!
//! `cargo run --release --example unicode_dump -- 14.0.0` or `… -- 14.0.0 texts < TEXTS`

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use wcw_engine::unicode::{Version, final_sigma, is_space, is_word, lower, strip_ascii, strip_unicode};

fn flags_of(c: char, v: Version) -> String {
    let mut flags = String::new();
    let sigma_is_final =
        |before: &[char], after: &[char]| final_sigma(before.iter().rev().copied(), after.iter().copied(), v);
    if is_word(c, v) {
        flags.push('w');
    }
    if is_space(c, v) {
        // What isspace says and what re says are one thing here.
        flags.push_str("sr");
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

fn lower_text(text: &str, v: Version) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        let (before, after) = text.split_at(at);
        if c == 'Σ' && final_sigma(before.chars().rev(), after.chars().skip(1), v) {
            out.push('ς');
        } else {
            out.extend(lower(c, v).as_slice());
        }
    }
    out
}

/// The runs of characters for which `inside` holds, joined as dump.py joins them.
fn runs(text: &str, inside: impl Fn(char) -> bool) -> String {
    let runs: Vec<&str> = text.split(|c| !inside(c)).filter(|run| !run.is_empty()).collect();
    runs.join("|")
}

fn treat(text: &str, v: Version, out: &mut String) {
    let answers = [
        lower_text(text, v),
        text.chars().flat_map(|c| strip_unicode(c, v)).collect(),
        text.chars().flat_map(|c| strip_ascii(c, v)).collect(),
        runs(text, |c| is_word(c, v)),
        runs(text, |c| !is_space(c, v)),
    ];
    for answer in answers {
        out.push_str(&answer);
        out.push('\0');
    }
}

fn texts(v: Version) -> std::io::Result<String> {
    let (mut input, mut out) = (String::new(), String::new());
    std::io::stdin().read_to_string(&mut input)?;
    for text in input.split_terminator('\0') {
        treat(text, v, &mut out);
    }
    Ok(out)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = arguments.first().map_or("", String::as_str);
    let Some(version) = Version::parse(name) else {
        eprintln!("Unicode version {name:?} is not known; known: {:?}", Version::ALL.map(Version::name));
        return ExitCode::from(2);
    };
    let output = match arguments.get(1).map(String::as_str) {
        None => Ok(dump(version)),
        Some("texts") => texts(version),
        Some(other) => {
            eprintln!("unknown argument {other:?}: give none, or \"texts\"");
            return ExitCode::from(2);
        }
    };
    match output.and_then(|text| std::io::stdout().write_all(text.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
