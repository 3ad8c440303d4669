//! The safetensors container for tests: written in layers, so that a test can break one and leave the others right.
//! Also used by engine/fuzz, which repairs the content hash of what the fuzzer made.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// A tensor to be written.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    pub dtype: &'static str,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

impl Tensor {
    pub fn bytes(name: &str, data: &[u8]) -> Self {
        Self { name: name.into(), dtype: "U8", shape: vec![data.len()], data: data.to_vec() }
    }

    pub fn u32(name: &str, data: &[u32]) -> Self {
        let bytes = data.iter().flat_map(|n| n.to_le_bytes()).collect();
        Self { name: name.into(), dtype: "U32", shape: vec![data.len()], data: bytes }
    }

    pub fn f64(name: &str, shape: &[usize], data: &[f64]) -> Self {
        let bytes = data.iter().flat_map(|n| n.to_le_bytes()).collect();
        Self { name: name.into(), dtype: "F64", shape: shape.to_vec(), data: bytes }
    }

    pub fn f32(name: &str, shape: &[usize], data: &[f32]) -> Self {
        let bytes = data.iter().flat_map(|n| n.to_le_bytes()).collect();
        Self { name: name.into(), dtype: "F32", shape: shape.to_vec(), data: bytes }
    }

    pub fn i8(name: &str, shape: &[usize], data: &[i8]) -> Self {
        let bytes = data.iter().map(|n| n.cast_unsigned()).collect();
        Self { name: name.into(), dtype: "I8", shape: shape.to_vec(), data: bytes }
    }

    /// `NAME.bytes` and `NAME.offsets`.
    pub fn texts<S: AsRef<str>>(name: &str, texts: &[S]) -> [Self; 2] {
        let mut offsets = vec![0];
        let mut bytes = Vec::new();
        for text in texts {
            bytes.extend_from_slice(text.as_ref().as_bytes());
            offsets.push(u32::try_from(bytes.len()).unwrap());
        }
        [Self::bytes(&format!("{name}.bytes"), &bytes), Self::u32(&format!("{name}.offsets"), &offsets)]
    }
}

/// A file before it is sealed.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The document, as the text that will be hashed.
    pub document: String,
    /// The header without `__metadata__`.
    pub header: Map<String, Value>,
    pub data: Vec<u8>,
}

impl Parts {
    /// Tensors one after another, widest elements first, then by name.
    pub fn new(document: &Value, tensors: &[Tensor]) -> Self {
        let width = |t: &Tensor| match t.dtype {
            "F64" => 8,
            "F32" | "U32" => 4,
            _ => 1,
        };
        let mut sorted: Vec<&Tensor> = tensors.iter().collect();
        sorted.sort_by_key(|t| (-width(t), t.name.clone()));
        let (mut header, mut data) = (Map::new(), Vec::new());
        for t in sorted {
            let begin = data.len();
            data.extend_from_slice(&t.data);
            header.insert(
                t.name.clone(),
                json!({"dtype": t.dtype, "shape": t.shape, "data_offsets": [begin, data.len()]}),
            );
        }
        Self { document: document.to_string(), header, data }
    }

    /// The file, its content hash right for whatever the parts say.
    pub fn seal(&self) -> Vec<u8> {
        self.file(&self.hash())
    }

    /// The file with a hash of the caller's.
    pub fn file(&self, hash: &str) -> Vec<u8> {
        let mut header = self.header.clone();
        header.insert("__metadata__".into(), json!({"wcw": self.document, "sha256": hash}));
        container(&Value::Object(header).to_string(), &self.data)
    }

    /// As docs/model-file.md says.
    pub fn hash(&self) -> String {
        let mut sha = Sha256::new();
        sha.update(self.document.as_bytes());
        sha.update([0]);
        let mut names: Vec<&String> = self.header.keys().collect();
        names.sort();
        for name in names {
            let (t, empty) = (&self.header[name], Vec::new());
            let list = |key: &str| t[key].as_array().unwrap_or(&empty).iter().map(Value::to_string).collect::<Vec<_>>();
            let dtype = t["dtype"].as_str().unwrap_or_default();
            let line = format!("{name} {dtype} {} {}\n", list("shape").join(","), list("data_offsets").join(" "));
            sha.update(line.as_bytes());
        }
        sha.update([0]);
        sha.update(&self.data);
        sha.finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// The parts of a file that has the right outer form.
    pub fn read(file: &[u8]) -> Option<Self> {
        let size = usize::try_from(u64::from_le_bytes(*file.first_chunk()?)).ok()?;
        let header = file.get(8..8usize.checked_add(size)?)?;
        let Value::Object(mut header) = serde_json::from_slice(header).ok()? else { return None };
        let document = header.remove("__metadata__")?.get("wcw")?.as_str()?.to_owned();
        Some(Self { document, header, data: file[8 + size..].to_vec() })
    }
}

/// Length, header padded with spaces to a multiple of 8, data.
pub fn container(header: &str, data: &[u8]) -> Vec<u8> {
    let mut header = header.as_bytes().to_vec();
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(&header);
    file.extend_from_slice(data);
    file
}
