//! The safetensors container: parsed and checked once, then handed out as typed, owned arrays.
//! Knows tensors and the content hash; knows nothing of what a model is. See docs/model-file.md.

use crate::error::{Error, Result};
use crate::json::{self, Json};
use crate::prelude::*;
use crate::say::{concat, int};
use core::cell::Cell;
use sha2::{Digest, Sha256};

const MAX_FILE: usize = 1 << 30;
const MAX_HEADER: usize = 4 << 20;
/// Numbers that a model may ask for in all: many stages may name one tensor, and a small file must not exhaust memory.
const MAX_NUMBERS: usize = 1 << 28;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dtype {
    F64,
    F32,
    U32,
    I8,
    U8,
}

struct Tensor {
    name: String,
    dtype: Dtype,
    dtype_name: String,
    shape: Vec<usize>,
    begin: usize,
    end: usize,
}

/// A checked file: its document and its tensors.
pub struct File<'a> {
    /// The document: `__metadata__.wcw`.
    pub document: Json,
    /// In the header's order.
    tensors: Vec<Tensor>,
    /// The tensors' numbers in the order of their names.
    by_name: Vec<u32>,
    data: &'a [u8],
    /// What is left of `MAX_NUMBERS`.
    budget: Cell<usize>,
}

impl<'a> File<'a> {
    /// Checks the container and, unless the caller has done so, the content hash.
    pub fn parse(bytes: &'a [u8], is_verified: bool) -> Result<Self> {
        if bytes.len() > MAX_FILE {
            return Err(Error::file(&[
                "the file has ",
                &int(bytes.len()),
                " bytes; at most ",
                &int(MAX_FILE),
                " are allowed",
            ]));
        }
        let size = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b));
        let size = size.and_then(|s| usize::try_from(s).ok()).filter(|&s| s <= MAX_HEADER && s + 8 <= bytes.len());
        let Some(size) = size else {
            return Err(Error::file(&["not a safetensors file, or a truncated one: the header does not fit"]));
        };
        let (head, data) = bytes.split_at(8 + size);
        let header = core::str::from_utf8(&head[8..]).map_err(|_| Error::file(&["the header is not UTF-8"]))?;
        let Json::Object(members) = Json::parse(header)? else {
            return Err(Error::file(&["the header is no JSON object"]));
        };
        let mut tensors: Vec<Tensor> = Vec::new();
        let mut by_name = Vec::new();
        let mut metadata = None;
        for (name, value) in members {
            if name == "__metadata__" {
                metadata = Some(value);
            } else {
                // No two have one name: they were keys of one object.
                json::insert(&mut by_name, &name, |i| tensors.get(i).map_or("", |t: &Tensor| &t.name));
                tensors.push(tensor(name, &value, data.len())?);
            }
        }
        let metadata =
            metadata.ok_or_else(|| Error::file(&["the header has no __metadata__: not a wasm_clf_widget model"]))?;
        check_gapless(&tensors, data.len())?;
        let text = metadata
            .str("wcw")
            .map_err(|_| Error::file(&["__metadata__ has no 'wcw': not a wasm_clf_widget model"]))?;
        let in_order = by_name.iter().filter_map(|&i| tensors.get(i as usize));
        if !is_verified && hash(text, in_order, data) != metadata.str("sha256")? {
            return Err(Error::hash());
        }
        Ok(Self { document: Json::parse(text)?, tensors, by_name, data, budget: Cell::new(MAX_NUMBERS) })
    }

    /// Whether a tensor of that name is there.
    pub fn has(&self, name: &str) -> bool {
        self.look_up(name).is_some()
    }

    fn look_up(&self, name: &str) -> Option<&Tensor> {
        let of = |&i: &u32| self.tensors.get(i as usize).map_or("", |t| &t.name);
        let at = self.by_name.binary_search_by(|i| of(i).cmp(name)).ok()?;
        self.tensors.get(*self.by_name.get(at)? as usize)
    }

    fn find(&self, name: &str) -> Result<(&Tensor, &'a [u8])> {
        let tensor = self.look_up(name).ok_or_else(|| Error::file(&["tensor '", name, "' is missing"]))?;
        Ok((tensor, &self.data[tensor.begin..tensor.end]))
    }

    /// Takes `numbers` from what a model may ask for.
    pub fn spend(&self, numbers: usize) -> Result<()> {
        let left = self.budget.get().checked_sub(numbers).ok_or_else(|| {
            Error::file(&["the model's stages have more than ", &int(MAX_NUMBERS), " numbers together"])
        })?;
        self.budget.set(left);
        Ok(())
    }

    /// A U8 tensor.
    pub fn bytes(&self, name: &str) -> Result<&'a [u8]> {
        let (tensor, data) = self.find(name)?;
        if tensor.dtype != Dtype::U8 {
            return Err(Error::file(&["tensor '", name, "' must be U8"]));
        }
        // As if they were numbers of eight bytes.
        self.spend(data.len() / 8)?;
        Ok(data)
    }

    /// A list of texts: `NAME.bytes` and `NAME.offsets`.
    pub fn texts(&self, name: &str) -> Result<Texts<'a>> {
        let wrong = || Error::file(&["the offsets or bytes of '", name, "' are not a list of UTF-8 texts"]);
        let bytes = core::str::from_utf8(self.bytes(&concat(&[name, ".bytes"]))?).map_err(|_| wrong())?;
        let (tensor, data) = self.find(&concat(&[name, ".offsets"]))?;
        if tensor.dtype != Dtype::U32 {
            return Err(wrong());
        }
        let offsets: Vec<usize> = data.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b) as usize).collect();
        let ordered = offsets.windows(2).all(|w| w[0] <= w[1]) && offsets.iter().all(|&o| bytes.is_char_boundary(o));
        if !ordered || offsets.first() != Some(&0) || offsets.last() != Some(&bytes.len()) {
            return Err(wrong());
        }
        Ok(Texts { bytes, offsets })
    }

    /// A U32 tensor of shape `rows` or `rows × columns`; any number of rows where none is given.
    pub fn u32s(&self, name: &str, rows: Option<usize>, columns: Option<usize>) -> Result<Vec<u32>> {
        let (tensor, data) = self.find(name)?;
        if tensor.dtype != Dtype::U32 {
            return Err(Error::file(&["tensor '", name, "' must be U32"]));
        }
        let rows = rows.or(tensor.shape.first().copied()).unwrap_or(0);
        check_shape(tensor, rows, columns)?;
        self.spend(data.len() / 4)?;
        Ok(data.as_chunks::<4>().0.iter().map(|b| u32::from_le_bytes(*b)).collect())
    }

    /// The rows of a tensor.
    pub fn rows(&self, name: &str) -> Result<usize> {
        Ok(self.find(name)?.0.shape.first().copied().unwrap_or(0))
    }

    /// Numbers of shape `rows` or `rows × columns` as float64, whatever they are stored as. All are finite.
    pub fn numbers(&self, name: &str, rows: usize, columns: Option<usize>) -> Result<Vec<f64>> {
        let (tensor, data) = self.find(name)?;
        check_shape(tensor, rows, columns)?;
        // A smaller type becomes float64.
        self.spend(rows.saturating_mul(columns.unwrap_or(1)))?;
        let values: Vec<f64> = match tensor.dtype {
            Dtype::F64 => data.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            Dtype::F32 => data.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::I8 => {
                let k = columns.unwrap_or(1).max(1);
                let scale_name = concat(&[name, ".scale"]);
                if self.find(&scale_name)?.0.dtype != Dtype::F64 {
                    return Err(Error::file(&["tensor '", &scale_name, "' must be F64"]));
                }
                let scale = self.numbers(&scale_name, k, None)?;
                data.chunks_exact(k)
                    .flat_map(|row| row.iter().zip(&scale).map(|(&q, s)| f64::from(q.cast_signed()) * s))
                    .collect()
            }
            _ => return Err(Error::file(&["tensor '", name, "' must hold numbers: F64, F32 or I8"])),
        };
        if values.iter().any(|v| !v.is_finite()) {
            return Err(Error::file(&["tensor '", name, "' holds a number that is not finite"]));
        }
        Ok(values)
    }
}

/// Texts in Arrow's layout, checked: `get` cannot fail for an index below `len`.
pub struct Texts<'a> {
    bytes: &'a str,
    offsets: Vec<usize>,
}

impl<'a> Texts<'a> {
    /// How many texts.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.offsets.windows(2).map(|w| self.bytes.get(w[0]..w[1]).unwrap_or_default())
    }
}

fn tensor(name: String, value: &Json, data: usize) -> Result<Tensor> {
    let wrong = |what: &str| Error::file(&["tensor '", &name, "': ", what]);
    let dtype_name = value.str("dtype")?.to_owned();
    let (dtype, size) = match dtype_name.as_str() {
        "F64" => (Dtype::F64, 8),
        "F32" => (Dtype::F32, 4),
        "U32" => (Dtype::U32, 4),
        "I8" => (Dtype::I8, 1),
        "U8" => (Dtype::U8, 1),
        other => return Err(wrong(&concat(&["type ", other, " is not one of F64, F32, U32, I8, U8"]))),
    };
    let ints = |key| {
        value.array(key)?.iter().map(|v| v.as_int(MAX_FILE)).collect::<Option<Vec<_>>>().ok_or_else(|| wrong(key))
    };
    let shape: Vec<usize> = ints("shape")?;
    let offsets = ints("data_offsets")?;
    let [begin, end] = offsets[..] else { return Err(wrong("data_offsets must be two")) };
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).and_then(|n| n.checked_mul(size));
    if begin > end || end > data || count != Some(end - begin) {
        return Err(wrong("its bytes do not fit its shape or lie outside the file (truncated?)"));
    }
    Ok(Tensor { name, dtype, dtype_name, shape, begin, end })
}

fn check_shape(tensor: &Tensor, rows: usize, columns: Option<usize>) -> Result<()> {
    let expected: Vec<usize> = core::iter::once(rows).chain(columns).collect();
    if tensor.shape == expected {
        return Ok(());
    }
    let (name, found, expected) = (&tensor.name, &joined(&tensor.shape), &joined(&expected));
    Err(Error::file(&["tensor '", name, "' has shape [", found, "]; expected [", expected, "]"]))
}

/// safetensors allows neither gaps nor overlaps nor bytes after the last tensor.
fn check_gapless(tensors: &[Tensor], data: usize) -> Result<()> {
    let (mut at, mut last) = (0, 0);
    while at < data {
        // Mostly the one after the last: headers are written in the order of the data.
        let (before, after) = tensors.split_at_checked(last).unwrap_or_default();
        let begins = |(_, t): &(usize, &Tensor)| t.begin == at && t.end > at;
        let next = (last..).zip(after).find(begins).or_else(|| (0..).zip(before).find(begins));
        let Some((found, next)) = next else {
            return Err(Error::file(&["no tensor begins at byte ", &int(at), " of the data section"]));
        };
        (at, last) = (next.end, found);
    }
    let all: usize = tensors.iter().map(|t| t.end - t.begin).sum();
    if all == data { Ok(()) } else { Err(Error::file(&["tensors overlap"])) }
}

fn joined(shape: &[usize]) -> String {
    let mut joined = String::new();
    for (i, &size) in shape.iter().enumerate() {
        joined.push_str(if i == 0 { "" } else { "," });
        joined.push_str(&int(size));
    }
    joined
}

fn hash<'a>(document: &str, by_name: impl Iterator<Item = &'a Tensor>, data: &[u8]) -> String {
    let mut sha = Sha256::new();
    sha.update(document.as_bytes());
    sha.update([0]);
    for t in by_name {
        sha.update(
            concat(&[&t.name, " ", &t.dtype_name, " ", &joined(&t.shape), " ", &int(t.begin), " ", &int(t.end), "\n"])
                .as_bytes(),
        );
    }
    sha.update([0]);
    sha.update(data);
    let digit = |nibble: u8| char::from(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    sha.finalize().iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}
