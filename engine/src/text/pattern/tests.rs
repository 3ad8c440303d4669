//! Whoever makes a file makes its hash: a crafted program may cost answers but never a panic, an endless loop or memory.
//! (Here the budget is smaller, so that thousands of endless ones are met in a moment.) What right programs find is
//! tested against Python's `re` in tests/test_patterns.py.

use super::{Found, Matcher, read};

const TEXTS: [&str; 5] = ["", "a", "ab-ab é的𝒜 #tag aab\n", "aaaaaaaaaaaaaaaaaaaaaaaa!", "\u{301}ba\n\n_1"];
const ANY: [u8; 32] = [0xFF; 32];

/// Header, two sets ([a-b], [^\s] roughly), instructions; slots 0 and 1 are a group.
fn program(flags: u8, slots: u8, code: &[&[u8]]) -> Vec<u8> {
    let sets: &[u8] = &[2, 1, 97, 1, 2, 33, 0x5E, 1, 0xFF, 0x7F];
    let head = [1, 1, flags];
    [&head, &ANY[..], &[slots], sets, &[code.len() as u8], &code.concat()].concat()
}

/// Between them every instruction.
fn programs() -> Vec<Vec<u8>> {
    vec![
        program(0, 0, &[&[3, 0, 1, 0], &[0]]),
        program(4, 2, &[&[8, 0], &[5, 1, 1, 0], &[8, 1], &[13, 0], &[14, 0, 0], &[0]]),
        program(3, 2, &[&[15, 0], &[16, 0, 1, 3, 4, 0], &[6, 3, 3], &[7, 1], &[10, 2], &[4, 0, 0, 4], &[0]]),
        program(3, 2, &[&[15, 0], &[16, 0, 0, 0, 4, 1], &[3, 0, 0, 0], &[7, 1], &[0]]),
        program(
            1,
            0,
            &[&[11, 0, 2, 3], &[2, 0], &[12, 0], &[11, 2, 0, 6], &[2, 1], &[12, 2], &[9, 1, 3], &[2, 0], &[0]],
        ),
        program(2, 0, &[&[11, 1, 0, 5], &[6, 4, 2], &[3, 0, 2, 9], &[7, 1], &[12, 1], &[10, 4], &[1], &[0]]),
        vec![1, 0, 3],
    ]
}

/// 0 where it is refused, else how many texts it gave tokens for; every token is a piece of its text.
fn try_out(bytes: &[u8]) -> usize {
    let Ok(found) = read(bytes) else { return 0 };
    let Found::Matches(pattern) = found else { return 1 };
    let mut matcher = Matcher::default();
    let answered = TEXTS.iter().filter(|text| {
        let mut tokens = Vec::new();
        let finished = matcher.tokens(&pattern, text.as_bytes(), &mut tokens);
        for (start, end) in tokens {
            assert!(text.get(start as usize..end as usize).is_some(), "{start}..{end} of {text:?} by {bytes:?}");
        }
        finished
    });
    1 + answered.count()
}

#[test]
fn the_programs_without_a_fault_answer() {
    for program in programs() {
        assert!(try_out(&program) > 0, "{program:?}");
    }
    assert_eq!(try_out(&programs()[0]), 1 + TEXTS.len());
}

#[test]
fn every_byte_spoilt() {
    let mut accepted = 0;
    for program in programs() {
        for at in 0..program.len() {
            for value in (0..=20).chain([0x7F, 0x80, 0xFF, program[at] ^ 0x40]) {
                let mut bad = program.clone();
                bad[at] = value;
                accepted += usize::from(try_out(&bad) > 0);
            }
        }
    }
    assert!(accepted > 1_000, "the spoilt programs must get past the checks to test anything: {accepted}");
}

#[test]
fn every_pair_of_instruction_bytes_spoilt() {
    for program in programs() {
        let code = program.len().saturating_sub(24);
        for first in code..program.len() {
            for second in first + 1..program.len() {
                for (a, b) in [(7, 0), (11, 2), (12, 1), (6, 1), (16, 0), (0, 15), (1, 1), (8, 13)] {
                    let mut bad = program.clone();
                    (bad[first], bad[second]) = (a, b);
                    try_out(&bad);
                }
            }
        }
    }
}

#[test]
fn truncated_or_too_long() {
    for program in programs() {
        for length in 0..program.len() {
            assert!(read(&program[..length]).is_err(), "{length} bytes of {program:?}");
        }
        assert!(read(&[&program[..], &[0]].concat()).is_err());
    }
    assert!(read(&vec![0x80; 2 << 20]).is_err());
    assert!(read(&[1, 1, 0]).is_err());
}

#[test]
fn sizes_that_no_memory_holds() {
    let mut many = vec![1, 1, 0];
    many.extend(ANY);
    for sizes in
        [&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0][..], &[0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], &[0, 0, 0xFF, 0xFF, 0xFF, 0x0F]]
    {
        assert!(read(&[&many[..], sizes].concat()).is_err());
    }
    // A set of a single range that goes beyond everything.
    assert!(
        read(&[&many[..], &[0, 1, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 0]].concat())
            .is_err()
    );
}

#[test]
fn a_jump_onto_itself_ends() {
    assert_eq!(try_out(&program(2, 0, &[&[7, 0], &[0]])), 1, "no text is answered");
    // Each turn leaves a way back: the stack's limit, or the budget.
    assert_eq!(try_out(&program(2, 0, &[&[6, 0, 1], &[0]])), 1);
}
