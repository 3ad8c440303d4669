//! The naive oracle of heads that ask pipelines with heads of their own.

use super::calibrated::calibrated;
use super::labels::sure;
use super::rows::{Row, Text, run};
use super::votes::{one_vs_one, one_vs_rest, vote};
use super::{Answer, NotFinite, Pipe, Stage};

fn ask(members: &[Pipe], text: &mut Text, row: &Row) -> Result<Vec<Answer>, NotFinite> {
    members.iter().map(|pipe| Ok(run(pipe, text, row)?.1.expect("a head"))).collect()
}

pub fn of_members(head: &Stage, text: &mut Text, row: &Row) -> Result<Answer, NotFinite> {
    Ok(match head {
        Stage::Calibrated(members) => {
            let each = members.iter().map(|member| calibrated(member, text, row)).collect::<Result<Vec<_>, _>>()?;
            let mean = |k: usize| each.iter().fold(0.0, |sum, p| sum + p[k]) / each.len() as f64;
            sure("argmax", 0.0, (0..each[0].len()).map(mean).collect())
        }
        Stage::Vote { soft, weights, members } => {
            let weights = weights.clone().unwrap_or(vec![1.0; members.len()]);
            vote(*soft, &weights, &ask(members, text, row)?)
        }
        Stage::OneVsRest { members, probability, label, divide } => {
            one_vs_rest(&ask(members, text, row)?, *probability, label, *divide)
        }
        Stage::OneVsOne { members, probability } => one_vs_one(&ask(members, text, row)?, *probability),
        Stage::MultiOutput(members) => {
            let all = ask(members, text, row)?;
            let probabilities = all.iter().map(|a| a.probabilities.clone()).collect::<Option<Vec<_>>>();
            Answer {
                scores: all.iter().flat_map(|a| a.scores.clone()).collect(),
                probabilities: probabilities.map(|p| p.concat()),
                labels: all.iter().flat_map(|a| a.labels.clone()).collect(),
            }
        }
        other => panic!("no head: {other:?}"),
    })
}
