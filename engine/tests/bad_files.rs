//! A test named after each fault of a model file: every one is an error with the right code, none a panic, a hang or an
//! answer. The faults below the content hash are made in files whose hash is right: a hash is no proof of good will.

mod common;

use common::container::{Parts, Tensor, container};
use common::spec::{Spec, Step};
use serde_json::{Value, json};
use wcw_engine::{Answers, Model};

const FILE: i32 = -2;
const UNSUPPORTED: i32 = -3;
const HASH: i32 = -7;

/// A model with all kinds of tensors: stop words, idf, a table with inline words, a long word and n-grams.
fn full() -> Spec {
    let mut spec = Spec::words(&["good", "bad", "not good", "incomprehensibilities", "very bad film"]);
    spec.ngrams = (1, 3);
    spec.stop_words = vec!["the".into(), "a".into()];
    spec.transforms = vec![Step::SublinearTf, Step::Idf(vec![1.5; 5]), Step::Norm("l2")];
    spec
}

fn code(file: &[u8]) -> i32 {
    Model::load(file, false).err().map_or(0, |e| {
        assert!(e.to_string().len() > 10, "an error says what is wrong");
        e.code()
    })
}

/// The message of the error, for the faults that must be told apart.
fn message(file: &[u8]) -> String {
    Model::load(file, false).err().map(|e| e.to_string()).unwrap_or_default()
}

fn score(file: &[u8], text: &str) -> f64 {
    let mut scores = [f64::NAN];
    let mut answers = Answers { scores: &mut scores, probabilities: &mut [], labels: &mut [], known: &mut [] };
    Model::load(file, false).unwrap().classify(std::iter::once(text), &mut answers).unwrap();
    scores[0]
}

/// The file after a change of its document, hash repaired.
fn with_document(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let spec = full();
    let mut document = spec.document();
    change(&mut document);
    Parts::new(&document, &spec.tensors()).seal()
}

/// The file after a change of its header, hash repaired.
fn with_header(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
    let mut parts = full().parts();
    change(&mut parts.header);
    parts.seal()
}

/// The file with one tensor put in the place of its namesake.
fn with_tensor(tensor: Tensor) -> Vec<u8> {
    let spec = full();
    let mut tensors = spec.tensors();
    tensors.retain(|t| t.name != tensor.name);
    tensors.push(tensor);
    Parts::new(&spec.document(), &tensors).seal()
}

fn without_tensor(name: &str) -> Vec<u8> {
    let spec = full();
    let tensors: Vec<Tensor> = spec.tensors().into_iter().filter(|t| t.name != name).collect();
    Parts::new(&spec.document(), &tensors).seal()
}

#[test]
fn the_file_without_a_fault_loads() {
    assert_eq!(code(&full().parts().seal()), 0);
    assert_eq!(code(&full().parts_with_table().seal()), 0);
    let read = Parts::read(&full().parts().seal()).unwrap();
    assert_eq!(read.seal(), full().parts().seal());
}

// ---- the container -------------------------------------------------------------------------------------------------

#[test]
fn truncated_at_every_byte() {
    let file = full().parts_with_table().seal();
    for end in 0..file.len() {
        assert_eq!(code(&file[..end]), FILE, "cut at byte {end} of {}", file.len());
    }
}

#[test]
fn bytes_after_the_end() {
    let mut file = full().parts().seal();
    file.push(0);
    assert_eq!(code(&file), FILE);
}

#[test]
fn every_byte_flipped() {
    let file = full().parts_with_table().seal();
    let header = usize::try_from(u64::from_le_bytes(*file.first_chunk().unwrap())).unwrap();
    for at in 0..file.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut bad = file.clone();
            bad[at] ^= flip;
            let found = code(&bad);
            assert!([FILE, HASH].contains(&found), "byte {at} ^ {flip:#x}: {found}");
            assert!(at < 8 + header || found == HASH, "an altered weight is what the hash is for");
        }
    }
}

#[test]
fn altered_weight_under_the_old_hash() {
    let mut parts = full().parts();
    let hash = parts.hash();
    parts.data[3] ^= 1;
    assert_eq!(code(&parts.file(&hash)), HASH);
}

#[test]
fn altered_document_under_the_old_hash() {
    let mut parts = full().parts();
    let hash = parts.hash();
    parts.document = parts.document.replace("\"test\"", "\"tesT\"");
    assert_eq!(code(&parts.file(&hash)), HASH);
}

#[test]
fn hash_in_capitals_or_missing_or_no_string() {
    let parts = full().parts();
    assert_eq!(code(&parts.file(&parts.hash().to_uppercase())), HASH);
    for metadata in
        [json!({"wcw": parts.document}), json!({"wcw": parts.document, "sha256": 7}), json!({}), json!([]), json!(null)]
    {
        let mut header = parts.header.clone();
        header.insert("__metadata__".into(), metadata);
        assert_eq!(code(&container(&Value::Object(header).to_string(), &parts.data)), FILE);
    }
}

#[test]
fn metadata_missing() {
    let parts = full().parts();
    assert_eq!(code(&container(&Value::Object(parts.header.clone()).to_string(), &parts.data)), FILE);
}

#[test]
fn header_length_beyond_the_file_or_the_limit() {
    let file = full().parts().seal();
    for size in [file.len() as u64, u64::MAX, u64::MAX - 7, 1 << 63, 1 << 32, (4 << 20) + 1, 0] {
        let mut bad = file.clone();
        bad[..8].copy_from_slice(&size.to_le_bytes());
        assert_eq!(code(&bad), FILE, "header of {size} bytes");
    }
    let huge = vec![b' '; (4 << 20) + 8];
    assert_eq!(code(&container(&String::from_utf8(huge).unwrap(), &[])), FILE);
}

#[test]
fn not_a_safetensors_file() {
    for bytes in [
        &b""[..],
        b"\0",
        b"PK\x03\x04 a zip archive, say",
        b"\x02\0\0\0\0\0\0\0{}",
        b"\x02\0\0\0\0\0\0\0[]",
        &[0xFF; 64],
    ] {
        assert_eq!(code(bytes), FILE, "{bytes:?}");
    }
}

#[test]
fn header_not_utf8() {
    let mut file = full().parts().seal();
    file[12] = 0xC0;
    assert_eq!(code(&file), FILE);
}

#[test]
fn overlapping_tensors() {
    let file = with_header(|header| {
        let place = header["vocabulary.bytes"]["data_offsets"].clone();
        let bytes = place[1].as_u64().unwrap() - place[0].as_u64().unwrap();
        header.insert("twice".into(), json!({"dtype": "U8", "shape": [bytes], "data_offsets": place}));
    });
    assert_eq!(code(&file), FILE);
}

#[test]
fn gap_between_tensors() {
    let mut parts = full().parts();
    parts.data.extend_from_slice(&[0; 16]);
    let end = parts.data.len();
    parts.header.insert("late".into(), json!({"dtype": "U8", "shape": [8], "data_offsets": [end - 8, end]}));
    assert_eq!(code(&parts.seal()), FILE);
}

#[test]
fn data_that_no_tensor_covers() {
    let mut parts = full().parts();
    parts.data.extend_from_slice(&[0; 8]);
    assert_eq!(code(&parts.seal()), FILE);
}

#[test]
fn offsets_out_of_order_or_outside() {
    for offsets in [
        json!([40, 0]),
        json!([0, 1u64 << 40]),
        json!([-8, 32]),
        json!([0.0, 40.0]),
        json!([0]),
        json!([0, 40, 40]),
        json!("0,40"),
        json!(null),
    ] {
        let file = with_header(|header| header["coef"]["data_offsets"] = offsets.clone());
        assert_eq!(code(&file), FILE, "{offsets}");
    }
}

#[test]
fn shape_that_does_not_fit_its_bytes() {
    for shape in [
        json!([5, 2]),
        json!([4]),
        json!([]),
        json!([-5, -1]),
        json!([5.0, 1.0]),
        json!([1u64 << 40, 1u64 << 40]),
        json!(5),
        json!([0]),
    ] {
        let file = with_header(|header| header["coef"]["shape"] = shape.clone());
        assert_eq!(code(&file), FILE, "{shape}");
    }
}

#[test]
fn shape_whose_product_wraps_to_the_right_size() {
    // 2^30 · 2^30 · 2^4 · 5/2^… wraps around 2^64 to 5 if multiplication is not checked.
    for shape in
        [json!([1 << 30, 1 << 30, 16, 5]), json!([1 << 30, 1 << 29, 1 << 5]), json!([0, 1 << 30, 1 << 30, 1 << 30])]
    {
        assert_eq!(code(&with_header(|header| header["coef"]["shape"] = shape.clone())), FILE, "{shape}");
    }
}

#[test]
fn unknown_dtype() {
    for dtype in [json!("F16"), json!("f64"), json!("BOOL"), json!(""), json!(null), json!(8)] {
        assert_eq!(code(&with_header(|header| header["coef"]["dtype"] = dtype.clone())), FILE, "{dtype}");
    }
}

#[test]
fn tensor_that_is_no_object() {
    for value in [json!(null), json!([]), json!(1), json!("F64")] {
        assert_eq!(code(&with_header(|header| drop(header.insert("odd".into(), value.clone())))), FILE, "{value}");
    }
}

// ---- JSON ----------------------------------------------------------------------------------------------------------

fn code_of_json(header: &str) -> i32 {
    code(&container(header, &[]))
}

#[test]
fn deeply_nested_json() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"__metadata__\":{}1{}}}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(code_of_json(&deep), FILE);
        assert_eq!(code_of_json(&open.repeat(100_000)), FILE);
    }
}

#[test]
fn lone_surrogate_escapes() {
    for escape in [
        r"\ud800",
        r"\udc00",
        r"\ud800\ud800",
        r"\ud800\u0041",
        r"\ud83dx",
        r"\ud83d\n",
        r"\u12",
        r"\u12g4",
        r"\u+123",
        r"\x41",
        "\\",
    ] {
        assert_eq!(code_of_json(&format!("{{\"{escape}\":1}}")), FILE, "{escape}");
        assert_eq!(code_of_json(&format!("{{\"{escape}")), FILE, "{escape} at the end");
    }
}

#[test]
fn escapes_that_are_right() {
    // The same name as an escape and as it is: the key stands twice only if both were read alike.
    let twice = |a: &str, b: &str| message(&container(&format!("{{\"{a}\":1,\"{b}\":1}}"), &[]));
    for (escape, plain) in
        [(r"\ud83d\ude00", "😀"), (r"\u0041", "A"), (r"\/", "/"), (r"\u00e9", "é"), (r"\\", r"\u005C")]
    {
        assert!(twice(escape, plain).contains("twice"), "{escape}: {}", twice(escape, plain));
    }
}

#[test]
fn malformed_json() {
    let cases = [
        "",
        " ",
        "{",
        "{}}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "[1,]",
        "{\"a\":1 \"b\":2}",
        "{a:1}",
        "{'a':1}",
        "nul",
        "{\"a\":tru}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\0\"}",
        "{\"a\":1}x",
        "\u{feff}{}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":0x10}",
        "//",
        "{\"a\":\"",
    ];
    for json in cases {
        assert_eq!(code_of_json(json), FILE, "{json}");
    }
}

#[test]
fn key_that_stands_twice() {
    assert!(message(&container("{\"a\":1,\"a\":2}", &[])).contains("twice"));
    let parts = full().parts();
    let header = Value::Object(parts.header.clone()).to_string();
    let metadata = json!({"wcw": parts.document, "sha256": parts.hash()});
    let twice = format!("{{\"__metadata__\":{metadata},\"__metadata__\":{metadata},{}", &header[1..]);
    assert_eq!(code(&container(&twice, &parts.data)), FILE);
}

#[test]
fn more_keys_than_any_model_has() {
    let keys: Vec<String> = (0..200_000).map(|i| format!("\"{i}\":0")).collect();
    assert_eq!(code_of_json(&format!("{{{}}}", keys.join(","))), FILE);
}

// ---- the document --------------------------------------------------------------------------------------------------

#[test]
fn document_that_is_no_json_or_no_object() {
    for document in ["", "7", "[]", "null", "\"text\"", "{", "{}"] {
        let mut parts = full().parts();
        parts.document = document.into();
        assert_eq!(code(&parts.seal()), FILE, "{document}");
    }
}

#[test]
fn later_format() {
    let file = with_document(|d| d["format"] = json!(2));
    assert_eq!(code(&file), UNSUPPORTED);
    assert!(message(&file).contains("format 2") && message(&file).contains("reads format 1"), "{}", message(&file));
    assert_eq!(code(&with_document(|d| d["format"] = json!(0))), UNSUPPORTED);
}

#[test]
fn format_that_is_no_number() {
    for format in [json!(null), json!("1"), json!(1.0), json!(-1), json!(1u64 << 63), json!([1])] {
        assert_eq!(code(&with_document(|d| d["format"] = format.clone())), FILE, "{format}");
    }
}

#[test]
fn unknown_unicode_version() {
    assert_eq!(code(&with_document(|d| d["unicode"] = json!("17.0.0"))), UNSUPPORTED);
    assert_eq!(code(&with_document(|d| d["unicode"] = json!(14))), FILE);
}

#[test]
fn missing_keys_are_errors() {
    for key in ["format", "unicode", "classes", "weights", "pipeline"] {
        let file = with_document(|d| drop(d.as_object_mut().unwrap().remove(key)));
        assert_eq!(code(&file), FILE, "{key}");
    }
    for key in ["stage", "method", "analyzer", "ngram_range", "lowercase", "token_pattern", "binary", "n_features"] {
        let file = with_document(|d| drop(d["pipeline"][0].as_object_mut().unwrap().remove(key)));
        assert_eq!(code(&file), FILE, "vectorize without {key}");
    }
    for key in ["stage", "kind", "link", "label", "outputs"] {
        let file = with_document(|d| drop(d["pipeline"][4].as_object_mut().unwrap().remove(key)));
        assert_eq!(code(&file), FILE, "linear without {key}");
    }
}

#[test]
fn unknown_words_are_unsupported() {
    for (place, word) in [
        ("/weights", "float16"),
        ("/pipeline/0/stage", "embed"),
        ("/pipeline/0/method", "bpe"),
        ("/pipeline/0/analyzer", "sentence"),
        ("/pipeline/0/token_pattern", r"\S+"),
        ("/pipeline/0/strip_accents", "all"),
        ("/pipeline/1/stage", "pca"),
        ("/pipeline/3/norm", "l3"),
        ("/pipeline/4/stage", "mlp"),
        ("/pipeline/4/kind", "forest"),
        ("/pipeline/4/link", "cloglog"),
        ("/pipeline/4/label", "median"),
    ] {
        let file = with_document(|d| *d.pointer_mut(place).unwrap() = json!(word));
        assert_eq!(code(&file), UNSUPPORTED, "{place} {word}");
        assert!(message(&file).contains(word), "{}", message(&file));
    }
}

#[test]
fn ngram_range_that_is_none() {
    for range in [
        json!([0, 1]),
        json!([2, 1]),
        json!([1, 65]),
        json!([1]),
        json!([1, 1, 1]),
        json!([-1, 1]),
        json!([1, 1.5]),
        json!(1),
        json!(null),
    ] {
        assert_eq!(code(&with_document(|d| d["pipeline"][0]["ngram_range"] = range.clone())), FILE, "{range}");
    }
}

#[test]
fn zero_or_too_many_features() {
    for n in [json!(0), json!(-1), json!((1 << 24) + 1), json!(4), json!(6), json!(u64::MAX)] {
        assert_eq!(code(&with_document(|d| d["pipeline"][0]["n_features"] = n.clone())), FILE, "{n}");
    }
}

#[test]
fn zero_or_wrong_outputs() {
    for n in [json!(0), json!(-1), json!(2), json!(3), json!(4097), json!(null)] {
        assert_eq!(code(&with_document(|d| d["pipeline"][4]["outputs"] = n.clone())), FILE, "{n}");
    }
}

#[test]
fn class_count_that_does_not_match() {
    for values in
        [json!([]), json!([0]), json!([0, 1, 2]), json!((0..4097).collect::<Vec<_>>()), json!("ab"), json!({})]
    {
        assert_eq!(code(&with_document(|d| d["classes"]["values"] = values.clone())), FILE, "{values}");
    }
    assert_eq!(code(&with_document(|d| d["classes"] = json!([0, 1]))), FILE);
}

#[test]
fn label_rule_or_link_that_do_not_fit_the_outputs() {
    for (link, label) in [("softmax", "sign"), ("ovr", "sign"), ("logistic", "argmax"), ("none", "argmax")] {
        let file = with_document(|d| {
            d["pipeline"][4]["link"] = json!(link);
            d["pipeline"][4]["label"] = json!(label);
        });
        assert_eq!(code(&file), FILE, "{link} {label}");
    }
}

#[test]
fn pipeline_without_head_or_vectorizer() {
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!([]))), FILE);
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!([d["pipeline"][0]]))), UNSUPPORTED);
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!([d["pipeline"][4]]))), FILE);
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!([d["pipeline"][4], d["pipeline"][0]]))), UNSUPPORTED);
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!({}))), FILE);
    assert_eq!(code(&with_document(|d| d["pipeline"] = json!([1, 2]))), FILE);
}

#[test]
fn more_stages_than_memory() {
    // Each would copy its idf: 5 MB of file for gigabytes of memory.
    let file = with_document(|d| {
        let idf = d["pipeline"][2].clone();
        let stages = d["pipeline"].as_array_mut().unwrap();
        (0..80_000).for_each(|_| stages.insert(1, idf.clone()));
    });
    assert_eq!(code(&file), FILE);
}

// ---- tensors of the model ------------------------------------------------------------------------------------------

#[test]
fn missing_tensors() {
    for name in ["coef", "intercept", "idf.1", "vocabulary.bytes", "vocabulary.offsets", "stop_words.offsets"] {
        let file = without_tensor(name);
        assert_eq!(code(&file), FILE, "{name}");
        assert!(message(&file).contains(name), "{}", message(&file));
    }
}

#[test]
fn weights_of_another_shape() {
    for shape in [&[1, 5][..], &[5], &[5, 1, 1], &[]] {
        let n = shape.iter().product();
        assert_eq!(code(&with_tensor(Tensor::f64("coef", shape, &vec![1.0; n]))), FILE, "{shape:?}");
    }
    assert_eq!(code(&with_tensor(Tensor::f64("intercept", &[2], &[0.0; 2]))), FILE);
    assert_eq!(code(&with_tensor(Tensor::f64("idf.1", &[5, 1], &[1.0; 5]))), FILE);
    assert_eq!(code(&with_tensor(Tensor::f64("idf.1", &[4], &[1.0; 4]))), FILE);
}

#[test]
fn weights_of_a_type_that_is_no_number() {
    let u32s = Tensor { shape: vec![5, 1], ..Tensor::u32("coef", &[0; 5]) };
    assert_eq!(code(&with_tensor(u32s)), FILE);
    let u8s = Tensor { shape: vec![5, 1], ..Tensor::bytes("coef", &[0; 5]) };
    assert_eq!(code(&with_tensor(u8s)), FILE);
    assert_eq!(code(&with_tensor(Tensor::f64("vocabulary.bytes", &[2], &[0.0; 2]))), FILE);
    assert_eq!(code(&with_tensor(Tensor::bytes("vocabulary.offsets", &[0; 24]))), FILE);
}

#[test]
fn weights_that_are_not_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(code(&with_tensor(Tensor::f64("coef", &[5, 1], &[0.0, 0.0, bad, 0.0, 0.0]))), FILE);
        assert_eq!(code(&with_tensor(Tensor::f64("intercept", &[1], &[bad]))), FILE);
        assert_eq!(code(&with_tensor(Tensor::f64("idf.1", &[5], &[bad, 0.0, 0.0, 0.0, 0.0]))), FILE);
        #[expect(clippy::cast_possible_truncation, reason = "infinities and NaN stay what they are")]
        let bad = bad as f32;
        assert_eq!(code(&with_tensor(Tensor::f32("coef", &[5, 1], &[0.0, 0.0, bad, 0.0, 0.0]))), FILE);
    }
}

fn quantised(scale: &Tensor) -> Vec<u8> {
    let spec = full();
    let mut tensors = spec.tensors();
    tensors.retain(|t| t.name != "coef");
    tensors.extend([Tensor::i8("coef", &[5, 1], &[2, -128, 127, 0, 1]), scale.clone()]);
    Parts::new(&spec.document(), &tensors).seal()
}

#[test]
fn int8_weights_are_scaled() {
    let file = quantised(&Tensor::f64("coef.scale", &[1], &[0.25]));
    let spec = Spec { coef: vec![0.5, -32.0, 31.75, 0.0, 0.25], ..full() };
    for text in ["good", "bad film", "not good", "incomprehensibilities"] {
        assert_eq!(score(&file, text).to_bits(), score(&spec.parts().seal(), text).to_bits(), "{text}");
    }
}

#[test]
fn int8_weights_with_a_bad_scale() {
    for scale in [f64::MAX, f64::INFINITY, f64::NAN] {
        assert_eq!(code(&quantised(&Tensor::f64("coef.scale", &[1], &[scale]))), FILE, "{scale}");
    }
    assert_eq!(code(&quantised(&Tensor::f64("coef.scale", &[5], &[1.0; 5]))), FILE);
    assert_eq!(code(&quantised(&Tensor::f64("coef.scale", &[], &[1.0]))), FILE);
    assert_eq!(code(&quantised(&Tensor::f32("coef.scale", &[1], &[1.0]))), FILE);
    assert_eq!(code(&quantised(&Tensor::i8("coef.scale", &[1], &[1]))), FILE);
    assert_eq!(code(&quantised(&Tensor::f64("unrelated", &[1], &[1.0]))), FILE);
}

#[test]
fn float64_weight_that_overflows_float32() {
    let mut spec = full();
    spec.float32 = true;
    spec.coef[0] = 1e39;
    assert_eq!(code(&spec.parts().seal()), FILE);
}

#[test]
fn sum_of_finite_weights_that_overflows() {
    let mut spec = Spec::words(&["good", "bad"]);
    spec.coef = vec![f64::MAX; 2];
    let mut answers = Answers { scores: &mut [0.0], probabilities: &mut [], labels: &mut [], known: &mut [] };
    let error = spec.model().classify(std::iter::once("good bad"), &mut answers).unwrap_err();
    assert_eq!(error.code(), -6);
}

#[test]
fn offsets_of_texts_that_do_not_cut_them() {
    let spec = full();
    let [bytes, offsets] = Tensor::texts("vocabulary", &["é", "bad", "not good", "x", "y"]);
    let good: Vec<u32> = offsets.data.chunks(4).map(|b| u32::from_le_bytes(*b.first_chunk().unwrap())).collect();
    let try_with = |offsets: &[u32]| {
        let mut tensors = spec.tensors();
        tensors.retain(|t| !t.name.starts_with("vocabulary"));
        tensors.extend([bytes.clone(), Tensor::u32("vocabulary.offsets", offsets)]);
        code(&Parts::new(&spec.document(), &tensors).seal())
    };
    assert_eq!(try_with(&good), 0);
    let changed = |at: usize, to: u32| {
        let mut offsets = good.clone();
        offsets[at] = to;
        offsets
    };
    assert_eq!(try_with(&changed(1, 1)), FILE, "within a character");
    assert_eq!(try_with(&changed(0, 2)), FILE, "does not begin at 0");
    assert_eq!(try_with(&changed(5, good[5] - 1)), FILE, "does not end at the end");
    assert_eq!(try_with(&changed(5, good[5] + 1)), FILE, "beyond the end");
    assert_eq!(try_with(&changed(2, u32::MAX)), FILE, "descends after a wild one");
    assert_eq!(try_with(&changed(3, good[1])), FILE, "descends");
    assert_eq!(try_with(&[]), FILE, "none");
    assert_eq!(try_with(&good[..5]), FILE, "one entry too few");
    assert_eq!(try_with(&[&good[..], &good[5..]].concat()), FILE, "one entry too many");
}

#[test]
fn texts_that_are_not_utf8() {
    assert_eq!(code(&with_tensor(Tensor::bytes("vocabulary.bytes", &[0xED; 47]))), FILE);
    let spec = full();
    for name in ["vocabulary.bytes", "stop_words.bytes"] {
        let mut tensors = spec.tensors();
        tensors.iter_mut().find(|t| t.name == name).unwrap().data[0] = 0xFF;
        assert_eq!(code(&Parts::new(&spec.document(), &tensors).seal()), FILE, "{name}");
    }
}

#[test]
fn stop_words_that_do_not_cut() {
    assert_eq!(code(&with_tensor(Tensor::u32("stop_words.offsets", &[0, 9]))), FILE);
    assert_eq!(code(&with_tensor(Tensor::u32("stop_words.offsets", &[]))), FILE);
}

#[test]
fn vocabulary_with_duplicates() {
    assert_eq!(code(&Spec::words(&["good", "bad", "good"]).parts().seal()), FILE);
    let mut spec = Spec::words(&["not good", "bad", "not good"]);
    spec.ngrams = (1, 2);
    assert_eq!(code(&spec.parts().seal()), FILE);
    spec.analyzer = "char";
    spec.vocabulary = Some(vec!["abcd".into(), "ab".into(), "abcd".into()]);
    spec.ngrams = (1, 4);
    assert_eq!(code(&spec.parts().seal()), FILE);
}

#[test]
fn vocabulary_entry_beyond_the_limit() {
    let long = "x".repeat(65_536);
    assert_eq!(code(&Spec::words(&["good", &long]).parts().seal()), FILE);
    assert_eq!(code(&Spec::words(&["good", &long[1..]]).parts().seal()), 0);
}
