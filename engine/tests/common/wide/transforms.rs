//! The naive oracle of transforms: from row to row.

use super::super::spec::Step;
use super::Stage;
use super::rows::Row;

/// The row behind a transform; None where the stage is none.
pub fn transformed(row: &Row, stage: &Stage) -> Option<Row> {
    Some(match stage {
        Stage::Step(Step::Norm(norm)) => normalized(row.clone(), norm),
        Stage::Step(Step::Idf(by)) | Stage::Scale(by) => {
            each(row.clone(), |i, x| x * by[if by.len() == 1 { 0 } else { i }])
        }
        Stage::Step(Step::SublinearTf) => each(row.clone(), |_, x| x.ln() + 1.0),
        Stage::Binarize(t) => {
            Row { entries: row.entries.iter().filter(|e| e.1 > t).map(|e| (*e.0, 1.0)).collect(), ..*row }
        }
        Stage::Select(stays) => {
            let new = |i: usize| stays[..i].iter().filter(|s| **s).count();
            let kept = row.entries.iter().filter(|(i, _)| stays[**i]).map(|(&i, &x)| (new(i), x)).collect();
            Row { width: new(stays.len()), entries: kept, ..*row }
        }
        Stage::Svd(components) => {
            let sum = |d: usize| row.entries.iter().fold(0.0, |s, (&i, x)| s + x * components[i][d]);
            let entries = (0..components[0].len()).map(|d| (d, sum(d))).collect();
            Row { width: components[0].len(), dense: true, entries }
        }
        _ => return None,
    })
}

fn each(mut row: Row, f: impl Fn(usize, f64) -> f64) -> Row {
    row.entries.iter_mut().for_each(|(&i, x)| *x = f(i, *x));
    row
}

fn normalized(row: Row, norm: &str) -> Row {
    let values = row.entries.values();
    let size = match norm {
        "l1" => values.fold(0.0, |sum, x| sum + x.abs()),
        "l2" => values.fold(0.0, |sum, x| sum + x * x).sqrt(),
        _ => values.fold(0.0, |most: f64, x| most.max(x.abs())),
    };
    let nothing = size == 0.0 || row.dense && size < 10.0 * f64::EPSILON;
    each(row, |_, x| if nothing { x } else { x / size })
}
