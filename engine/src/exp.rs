//! libm's exp of many numbers: the same steps and the same bits, but of several at once and without branches.

/// Before it every exp is 0, behind it none is finite.
const ENDS: [f64; 2] = [-746.0, 710.0];
/// Below it nothing is reduced, as libm asks for by the upper half of the bits: 0.5 · ln 2, a little more.
const SMALL: f64 = f64::from_bits(0x3FD6_2E43_0000_0000);
/// Below it exp(x) is 1 + x.
const TINY: f64 = f64::from_bits(0x3E30_0001_0000_0000);
/// What brings a number's integer part into its lowest bits.
const INTEGER: f64 = 6_755_399_441_055_744.0;

const LN2: [f64; 2] = [f64::from_bits(0x3FE6_2E42_FEE0_0000), f64::from_bits(0x3DEA_39EF_3579_3C76)];
const P: [f64; 5] = [
    f64::from_bits(0x3FC5_5555_5555_553E),
    f64::from_bits(0xBF66_C16C_16BE_BD93),
    f64::from_bits(0x3F11_566A_AF25_DE2C),
    f64::from_bits(0xBEBB_BD41_C5D2_6BF1),
    f64::from_bits(0x3E66_3769_72BE_A4D0),
];

/// Each x becomes exp(x).
pub fn exp(values: &mut [f64]) {
    let (fours, rest) = values.as_chunks_mut::<4>();
    fours.iter_mut().for_each(exp_of_four);
    let rest_at = |i: usize| rest.get(i).copied().unwrap_or(0.0);
    let mut four = [rest_at(0), rest_at(1), rest_at(2), 0.0];
    if !rest.is_empty() {
        exp_of_four(&mut four);
    }
    rest.iter_mut().zip(four).for_each(|(v, y)| *v = y);
}

#[inline(never)]
fn exp_of_four(values: &mut [f64; 4]) {
    *values = values.map(one);
}

#[inline(always)]
fn one(x: f64) -> f64 {
    let x = x.clamp(ENDS[0], ENDS[1]);
    let t = x * core::f64::consts::LOG2_E + 0.5_f64.copysign(x);
    let near = (t + INTEGER) - INTEGER;
    let less = near - 1.0_f64.copysign(x);
    let k = if near.abs() > t.abs() { less } else { near };
    let k = if x.abs() < SMALL { 0.0 } else { k };
    let (high, low) = (x - k * LN2[0], k * LN2[1]);
    let r = high - low;
    let rr = r * r;
    let c = r - rr * (P[0] + rr * (P[1] + rr * (P[2] + rr * (P[3] + rr * P[4]))));
    let y = 1.0 + (r * c / (2.0 - c) - low + high);
    let y = if x.abs() < TINY { 1.0 + x } else { y };
    // In two steps, of which the first is exact: 2^k alone may be too large or too small.
    let half = (k * 0.5 + INTEGER) - INTEGER;
    y * power(half) * power(k - half)
}

/// 2^k
#[inline(always)]
fn power(k: f64) -> f64 {
    f64::from_bits(((k + INTEGER).to_bits() << 52).wrapping_add(1023 << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: f64) {
        let mut y = [x, 0.5, x, x, x];
        exp(&mut y);
        for y in [y[0], y[2], y[3], y[4]] {
            let right = libm::exp(x);
            assert!(y.to_bits() == right.to_bits() || y.is_nan() && right.is_nan(), "{x:e}: {y:e}, libm {right:e}");
        }
        assert_eq!(y[1].to_bits(), libm::exp(0.5).to_bits());
    }

    #[test]
    fn same_bits_as_libm() {
        for x in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE, 5e-324, f64::MAX, f64::MIN]
        {
            check(x);
        }
        // Where libm decides otherwise, and every multiple of half of ln 2.
        let edges =
            [TINY, SMALL, 1.039_720_770_8, 708.396_418_532_264, 709.782_712_893_384, 710.0, 745.133_219_101_941, 746.0];
        let halves = (1..2100).map(|i| f64::from(i) * core::f64::consts::LN_2 / 2.0);
        for edge in edges.into_iter().chain(halves) {
            for step in -40..40_i64 {
                for sign in [0, 1 << 63] {
                    check(f64::from_bits((edge.to_bits().cast_signed() + step).cast_unsigned() | sign));
                }
            }
        }
        let mut seed = 1_u64;
        for _ in 0..1_000_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let x = (seed >> 11) as f64 / (1_u64 << 53) as f64;
            check((x - 0.5) * 20.0);
            check((x - 0.5) * 1500.0);
            check(f64::from_bits(seed));
        }
    }
}
