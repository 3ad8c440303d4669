//! Strings from pieces. `format!` would weigh more than all messages together: its machinery and a table of arguments
//! at each of a hundred places.

use crate::prelude::*;

/// The parts one after another.
#[inline(never)]
pub fn concat(parts: &[&str]) -> String {
    let mut whole = String::new();
    parts.iter().for_each(|part| whole.push_str(part));
    whole
}

/// An integer's decimal digits.
#[inline(never)]
pub fn int(number: usize) -> String {
    let mut digits = String::new();
    let mut rest = number;
    loop {
        digits.insert(0, char::from(b'0' + (rest % 10) as u8));
        rest /= 10;
        if rest == 0 {
            return digits;
        }
    }
}
