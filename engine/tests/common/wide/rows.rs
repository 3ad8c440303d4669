//! The naive oracle of pipelines: from a text, or the row around, to a row, and to what the head says of it.

use super::super::oracle;
use super::{Answer, NotFinite, Pipe, Stage, combined, finite, heads, transforms};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub struct Row {
    pub width: usize,
    /// All entries are stored; the source then forgives a norm next to nothing.
    pub dense: bool,
    pub entries: BTreeMap<usize, f64>,
}

/// One text. `known` counts what the vectorizers have stored.
pub struct Text<'t> {
    pub text: &'t str,
    pub known: usize,
}

pub fn run(pipe: &Pipe, text: &mut Text, around: &Row) -> Result<(Row, Option<Answer>), NotFinite> {
    let (mut row, mut answer) = (around.clone(), None);
    for stage in pipe {
        row = match stage {
            Stage::Vectorize(spec) => {
                let entries = oracle::features(spec, text.text);
                text.known += entries.len();
                Row { width: spec.n_features, dense: false, entries }
            }
            Stage::Union(branches) => union(branches, text, &row)?,
            other => transforms::transformed(&row, other).map_or_else(
                || {
                    let said = heads::of_row(other, &row).unwrap_or_else(|| combined::of_members(other, text, &row))?;
                    finite(&said.scores)?;
                    answer = Some(said);
                    Ok(row.clone())
                },
                Ok,
            )?,
        };
        finite(&row.entries.values().copied().collect::<Vec<_>>())?;
    }
    Ok((row, answer))
}

fn union(branches: &[Pipe], text: &mut Text, around: &Row) -> Result<Row, NotFinite> {
    let mut all = Row { dense: true, ..Row::default() };
    for branch in branches {
        let (row, _) = run(branch, text, around)?;
        all.entries.extend(row.entries.iter().map(|(i, x)| (all.width + i, *x)));
        all.width += row.width;
        all.dense &= row.dense;
    }
    Ok(all)
}
