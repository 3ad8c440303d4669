"""The model file: round trips, every fault by name, and the safetensors library both ways."""

from __future__ import annotations

import json
import math
import struct
import time
from array import array
from dataclasses import replace
from typing import Any

import pytest

from changed import changed
from wasm_clf_widget.errors import InputError, ModelFileError
from wasm_clf_widget.model import safetensors as container
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.spec import (
    Certificate,
    Classes,
    Idf,
    LinearHead,
    Model,
    Normalize,
    Pipeline,
    Source,
    SublinearTf,
    Vectorizer,
)

WORDS = ("good", "bad", "nicht", "是", "\U0001f600 ok")


def make_model(**changes: Any) -> Model:
    """Five words, three classes, every kind of stage, a certificate of two texts."""
    words: Any = Vectorizer(
        analyzer="word",
        ngram_range=(1, 2),
        lowercase=True,
        strip_accents="unicode",
        token_pattern=r"(?u)\b\w\w+\b",
        stop_words=("the", "été"),
        binary=False,
        n_features=5,
        vocabulary=WORDS,
    )
    coef = array("d", (math.sin(i + 0.5) for i in range(15)))
    certificate = Certificate(
        by="twin",
        texts=("a good text", ""),
        scores=array("d", (0.1 * i for i in range(6))),
        probabilities=array("d", [1 / 3] * 6),
        labels=array("I", [2, 0]),
        tolerance=array("d", [0.0] * 6),
        engine_scores=array("d", (0.1 * i for i in range(6))),
        engine_probabilities=array("d", [1 / 3] * 6),
    )
    model = Model(
        name="tëst",
        version="1",
        source=Source("scikit-learn", "1.9.1", "3.11.7"),
        unicode="14.0.0",
        class_sets=(Classes("str", ("no", "yes", 'per"haps\u2028')),),
        weights="float64",
        bound=0.0,
        uncertain_below=0.6,
        pipeline=Pipeline(
            words,
            (SublinearTf(), Idf(array("d", map(math.exp, range(5)))), Normalize("l2")),
            LinearHead("linear", "softmax", "argmax", 3, coef, array("d", [0.1, 0.2, 0.3])),
        ),
        certificate=certificate,
        tables=(b"\1\2\3",),
    )
    return changed(model, **changes)


def with_head(model: Model, **changes: Any) -> Model:
    return changed(model, head=replace(model.head, **changes))


def with_vectorizer(model: Model, **changes: Any) -> Model:
    return changed(model, front=replace(model.pipeline.front, **changes))


def repack(data: bytes, change: Any = None, *, document: Any = None, fix_hash: bool = True) -> bytes:
    """The file again after ``change(tensors)`` and ``document(doc)``, its hash repaired."""
    read = container.read(data)
    tensors = dict(read.tensors())
    if change is not None:
        change(tensors)
    text = read.metadata["wcw"]
    if document is not None:
        loaded = json.loads(text)
        text = json.dumps(document(loaded) or loaded, ensure_ascii=False)
    entries = container.lay_out(tensors)
    digest = container.content_hash(text, entries, (tensors[e.name].data for e in entries))
    return container.write(tensors, entries, {"wcw": text, "sha256": digest if fix_hash else read.metadata["sha256"]})


def plain(values: Any) -> list[Any]:
    return list(values)


# --- round trips


def test_every_field_comes_back() -> None:
    model = make_model()
    again = parse(dump(model))
    for name in (
        "name",
        "version",
        "source",
        "unicode",
        "class_sets",
        "weights",
        "bound",
        "uncertain_below",
    ):
        assert getattr(again, name) == getattr(model, name), name
    assert again.tables == model.tables
    assert plain(again.pipeline.front.vocabulary) == list(WORDS)
    assert replace(again.pipeline.front, vocabulary=WORDS) == model.pipeline.front
    assert plain(again.head.coef) == plain(model.head.coef)
    assert plain(again.head.intercept) == plain(model.head.intercept)
    assert again.pipeline.transforms[0] == SublinearTf()
    assert again.pipeline.transforms[2] == Normalize("l2")
    assert plain(again.pipeline.transforms[1].values) == plain(model.pipeline.transforms[1].values)  # type: ignore[union-attr]
    assert again.certificate is not None
    assert model.certificate is not None
    for name in Certificate.__slots__:
        assert plain(getattr(again.certificate, name)) == plain(getattr(model.certificate, name)), name


def test_dump_of_parse_gives_the_same_bytes() -> None:
    data = dump(make_model())
    assert dump(parse(data)) == data


def test_hashing_has_no_vocabulary_and_no_probabilities() -> None:
    model = with_vectorizer(
        make_model(), analyzer="char_wb", token_pattern=None, stop_words=(), vocabulary=None, alternate_sign=True
    )
    model = with_head(model, link="none")
    again = parse(dump(replace(model, certificate=None, tables=())))
    assert again.pipeline.front == model.pipeline.front
    assert again.certificate is None
    assert again.tables == ()


def test_the_vocabulary_is_a_sequence() -> None:
    words = parse(dump(make_model())).pipeline.front.vocabulary
    assert words is not None
    assert words[0] == "good"
    assert words[-1] == WORDS[-1]
    assert words[1:3] == ["bad", "nicht"]
    assert words == WORDS
    assert "bad" in words
    with pytest.raises(IndexError):
        words[len(words)]


@pytest.mark.parametrize(("kind", "values"), [("int", (-3, 0, 2**40)), ("str", ("a", "", "ç"))])
def test_classes_keep_their_type(kind: Any, values: Any) -> None:
    again = parse(dump(make_model(class_type=kind, classes=values)))
    assert again.classes == values
    assert [type(v) for v in again.classes] == [type(v) for v in values]


def test_boolean_classes_stay_booleans() -> None:
    model = with_head(
        make_model(class_type="bool", classes=(False, True), certificate=None),
        outputs=1,
        link="logistic",
        label="sign",
        coef=array("d", [1.0, 2.0, 3.0, 4.0, 5.0]),
        intercept=array("d", [0.5]),
    )
    again = parse(dump(model))
    assert again.classes == (False, True)
    assert all(type(v) is bool for v in again.classes)


# --- the smallest storage that loses nothing


def stored(model: Model, name: str = "coef") -> str:
    return container.read(dump(model)).tensors()[name].dtype


def test_weights_of_full_precision_stay_float64() -> None:
    assert stored(make_model()) == "F64"


def test_weights_that_float32_holds_are_stored_so() -> None:
    coef = array("d", array("f", [math.sin(i) for i in range(15)]))
    model = with_head(make_model(), coef=coef)
    assert stored(model) == "F32"
    assert plain(parse(dump(model)).head.coef) == plain(coef)


def test_float32_weights_are_rounded_once() -> None:
    model = make_model(weights="float32")
    assert stored(model) == "F32"
    assert plain(parse(dump(model)).head.coef) == plain(array("f", model.head.coef))


@pytest.mark.parametrize("scale", [0.0123456789, 1 / 127, math.pi, 3e-7])
@pytest.mark.parametrize("codes", [[127, -127, 5, 0, 3], [1, -2, 100, 0, -7], [0, 0, 0, 0, 0], [126, 63, -21, 9, 3]])
def test_integers_times_a_scale_are_stored_as_int8(scale: float, codes: list[int]) -> None:
    columns = [[q * (scale / (k + 1)) for q in codes] for k in range(3)]
    coef = array("d", (columns[k][i] for i in range(5) for k in range(3)))
    model = with_head(make_model(), coef=coef)
    assert stored(model) == "I8"
    assert plain(parse(dump(model)).head.coef) == plain(coef)


def test_one_weight_an_ulp_off_is_not_int8() -> None:
    coef = array("d", (q * 0.0123456789 for q in range(-7, 8)))
    coef[3] = math.nextafter(coef[3], 1.0)
    model = with_head(make_model(), coef=coef)
    assert stored(model) == "F64"
    assert plain(parse(dump(model)).head.coef) == plain(coef)


def test_quantised_weights_of_numpy_are_int8() -> None:
    """As training writes them: round to the scale, minus zeros included."""
    np = pytest.importorskip("numpy")
    rng = np.random.default_rng(7)
    n = 5000
    weights = rng.normal(size=(n, 3))
    scale = np.abs(weights).max(axis=0) / 127
    coef = np.round(weights / scale) * scale
    assert np.signbit(coef[coef == 0]).any()
    idf = np.round(rng.uniform(1, 9, n) / 0.071) * 0.071
    model = with_vectorizer(make_model(), n_features=n, vocabulary=[f"w{i}" for i in range(n)])
    model = with_head(model, coef=coef.ravel())
    model = changed(model, transforms=(Idf(idf),))
    assert stored(model) == "I8"
    assert stored(model, "idf.0") == "I8"
    again = parse(dump(model))
    assert plain(again.head.coef) == coef.ravel().tolist()
    assert plain(again.pipeline.transforms[0].values) == idf.tolist()  # type: ignore[union-attr]


def test_a_quarter_of_a_million_features_read_in_a_second() -> None:
    n, k = 258_000, 4
    coef = array("d", (math.sin(i) for i in range(n * k)))
    model = make_model(classes=("a", "b", "c", "d"), certificate=None)
    model = with_vectorizer(model, n_features=n, vocabulary=[f"wörd {i}" for i in range(n)])
    model = with_head(model, outputs=k, coef=coef, intercept=array("d", [0.0] * k))
    model = changed(model, transforms=(Idf(array("d", [1.5] * n)),))
    started = time.process_time()
    data = dump(model)
    written = time.process_time()
    again = parse(data)
    read = time.process_time()
    assert plain(again.head.coef[:10]) == plain(coef[:10])
    assert written - started < 3.0
    assert read - written < 1.5


# --- the safetensors library both ways


def test_the_library_reads_ours() -> None:
    pytest.importorskip("safetensors")
    model = make_model()
    data = dump(model)
    from safetensors.numpy import load

    tensors = load(data)
    assert tensors["coef"].shape == (5, 3)
    assert tensors["coef"].ravel().tolist() == plain(model.head.coef)
    assert tensors["vocabulary.bytes"].tobytes().decode() == "".join(WORDS)


def test_what_the_library_saves_again_is_read() -> None:
    """The hash binds places; the library keeps ours here (it may order U8 and I8 otherwise)."""
    pytest.importorskip("safetensors")
    from safetensors.numpy import load, save

    model = make_model()
    data = dump(model)
    again = save(load(data), metadata=container.read(data).metadata)
    assert plain(parse(again).head.coef) == plain(model.head.coef)


def test_any_file_of_the_library_is_read() -> None:
    np = pytest.importorskip("numpy")
    pytest.importorskip("safetensors")
    from safetensors.numpy import save

    arrays = {
        "a": np.arange(6, dtype=np.int64).reshape(2, 3),
        "b": np.zeros((0, 4), dtype=np.float32),
        "scalar": np.array(1.5, dtype=np.float64),
        "h": np.arange(3, dtype=np.float16),
        "t": np.array([True, False]),
    }
    read = container.read(save(arrays, metadata={"k": "v"}))
    assert read.metadata == {"k": "v"}
    tensors = read.tensors()
    assert {name: (t.shape, bytes(t.data)) for name, t in tensors.items()} == {
        name: (a.shape, a.tobytes()) for name, a in arrays.items()
    }


# --- every fault by name: one ModelFileError that names it


def refused(data: bytes, *words: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        parse(data)
    for word in words:
        assert word in str(caught.value), str(caught.value)


def test_every_truncation_is_refused() -> None:
    data = dump(make_model())
    for size in [*range(64), *range(64, len(data), 17), len(data) - 1]:
        refused(data[:size])
    refused(data[:-1], "truncated")
    refused(data + b"\0", "followed by something else")


def test_every_altered_byte_is_refused() -> None:
    data = dump(make_model())
    # The blanks that pad the header mean nothing and are bound by nothing; all else is.
    length = int.from_bytes(data[:8], "little")
    padding = range(8 + len(data[8 : 8 + length].rstrip(b" ")), 8 + length)
    for i in range(len(data)):
        if i not in padding:
            refused(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :])


def test_an_altered_weight_names_the_hash() -> None:
    def alter(tensors: dict[str, container.Tensor]) -> None:
        raw = bytearray(tensors["coef"].data)
        raw[0:8] = struct.pack("<d", 9.0)
        tensors["coef"] = replace(tensors["coef"], data=bytes(raw))

    data = dump(make_model())
    refused(repack(data, alter, fix_hash=False), "altered or damaged")
    assert parse(repack(data, alter)).head.coef[0] == 9.0


def test_empty_and_foreign_files() -> None:
    refused(b"", "0 bytes")
    refused(b"PK\3\4" + b"x" * 500, "no safetensors file")
    refused(container.write({}, (), {}), "no file of wasm-clf-widget")
    refused((5).to_bytes(8, "little") + b"[1,2]", "not a JSON object")
    refused((4).to_bytes(8, "little") + b"{\xff\xff}", "UTF-8")
    refused((100_001).to_bytes(8, "little") + b"[" * 100_001, "not JSON")
    refused((13).to_bytes(8, "little") + b'{"a":1,"a":2}', "'a' stands twice")
    refused((9).to_bytes(8, "little") + b'{"a":NaN}', "NaN")


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"dtype": "F65", "shape": [1], "data_offsets": [0, 8]}, "F65"),
        ({"dtype": ["F64"], "shape": [1], "data_offsets": [0, 8]}, "F64"),
        ({"dtype": "F64", "shape": [2], "data_offsets": [0, 8]}, "takes 16 bytes"),
        ({"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]}, "shape"),
        ({"dtype": "F64", "shape": [True], "data_offsets": [0, 8]}, "shape"),
        ({"dtype": "F64", "shape": [1.0], "data_offsets": [0, 8]}, "shape"),
        ({"dtype": "F64", "shape": [2**62, 4], "data_offsets": [0, 8]}, "shape"),
        ({"dtype": "F64", "shape": [1], "data_offsets": [0]}, "data_offsets"),
        ({"dtype": "F64", "shape": [1], "data_offsets": [-8, 0]}, "data_offsets"),
        ({"dtype": "F64", "shape": [1], "data_offsets": [8, 16]}, "begins at 8"),
        ({"dtype": "F64", "shape": [1]}, "other keys"),
        (7, "other keys"),
    ],
)
def test_a_broken_entry_of_the_header(entry: Any, words: str) -> None:
    header = json.dumps({"x": entry}).encode()
    refused(len(header).to_bytes(8, "little") + header + bytes(8), "'x'", words)


def test_a_later_format_says_which_is_read() -> None:
    data = repack(dump(make_model()), document=lambda d: d | {"format": 2}, fix_hash=False)
    refused(data, "format 2", "reads format 1", "upgrade")


def test_a_document_that_is_no_json() -> None:
    tensors: dict[str, container.Tensor] = {}
    refused(container.write(tensors, (), {"wcw": "{", "sha256": ""}), "not JSON")
    refused(container.write(tensors, (), {"wcw": "[" * 100_000, "sha256": ""}), "not JSON")
    refused(container.write(tensors, (), {"wcw": "7", "sha256": ""}), "must be an object")
    refused(container.write(tensors, (), {"wcw": '{"format":1,"format":2}', "sha256": ""}), "'format' stands twice")
    refused(container.write(tensors, (), {"wcw": '{"bound":NaN}', "sha256": ""}), "NaN")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("format",), 0, "document.format"),
        (("format",), True, "document.format"),
        (("name",), 5, "document.name"),
        (("unicode",), "13.0.0", "document.unicode"),
        (("weights",), "float16", "document.weights"),
        (("bound",), "x", "document.bound"),
        (("bound",), 10**400, "document.bound"),
        (("uncertain_below",), 1.5, "document.uncertain_below"),
        (("classes", "type"), "float", "document.classes.type"),
        (("classes", "values"), ["no", "yes"], "3 probabilities"),
        (("classes", "values"), ["no", "yes", "a", "b"], "there are 4 classes"),
        (("classes", "values"), ["no", "no", "yes"], "'no' twice"),
        (("classes", "values"), ["no", 1, "yes"], "values[1]"),
        (("classes", "values"), ["no"], "there are 1 classes"),
        (("classes", "values"), [], "allowed are 1"),
        (("certificate", "texts"), 3, "certificate.labels"),
        (("certificate", "texts"), -1, "document.certificate.texts"),
        (("pipeline",), [], "0 entries"),
        (("pipeline", 0, "method"), "magic", "document.pipeline[0].method"),
        (("pipeline", 0, "analyzer"), "words", "document.pipeline[0].analyzer"),
        (("pipeline", 0, "ngram_range"), [2, 1], "ngram_range"),
        (("pipeline", 0, "ngram_range"), [0, 1], "ngram_range"),
        (("pipeline", 0, "ngram_range"), [1, 65], "ngram_range"),
        (("pipeline", 0, "ngram_range"), [1, 2, 3], "ngram_range"),
        (("pipeline", 0, "token_pattern"), ".*", "token_pattern"),
        (("pipeline", 0, "token_pattern"), None, "token_pattern"),
        (("pipeline", 0, "lowercase"), 1, "lowercase"),
        (("pipeline", 0, "strip_accents"), "all", "strip_accents"),
        (("pipeline", 0, "n_features"), 6, "document asks for U32 [7]"),
        (("pipeline", 0, "n_features"), 0, "n_features"),
        (("pipeline", 0, "n_features"), 2**40, "n_features"),
        (("pipeline", 1), 7, "pipeline[1]"),
        (("pipeline", 1, "stage"), "pca", "pipeline[1].stage"),
        (("pipeline", 2, "tensor"), "idf.9", "'idf.9' is missing"),
        (("pipeline", 3, "norm"), "l3", "pipeline[3].norm"),
        (("pipeline", 4, "link"), "logistic", "pipeline[4].link"),
        (("pipeline", 4, "label"), "sign", "pipeline[4].label"),
        (("pipeline", 4, "kind"), "mlp", "pipeline[4].kind"),
    ],
)
def test_a_document_with_a_wrong_value(path: tuple[Any, ...], value: Any, words: str) -> None:
    def change(document: Any) -> None:
        place = document
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    refused(repack(dump(make_model()), document=change), words)


@pytest.mark.parametrize("key", ["name", "classes", "pipeline", "source", "weights", "unicode", "bound"])
def test_a_document_without_a_key(key: str) -> None:
    data = repack(dump(make_model()), document=lambda d: {k: v for k, v in d.items() if k != key})
    refused(data, f"{key!r} is missing")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["coef", "idf.1", "intercept", "certificate.scores"])
def test_weights_that_are_not_finite_are_refused(name: str, number: float) -> None:
    def change(tensors: dict[str, container.Tensor]) -> None:
        data = bytearray(tensors[name].data)
        data[8:16] = struct.pack("<d", number)
        tensors[name] = replace(tensors[name], data=bytes(data))

    refused(repack(dump(make_model()), change), name, str(number))


def test_not_finite_scales_of_int8() -> None:
    model = with_head(make_model(), coef=array("d", [float(i % 7) for i in range(15)]))
    assert stored(model) == "I8"
    for scale in (math.nan, 1e308):

        def change(tensors: dict[str, container.Tensor], scale: float = scale) -> None:
            tensors["coef.scale"] = container.Tensor("F64", (3,), struct.pack("<3d", 1.0, scale, 1.0))

        refused(repack(dump(model), change), "finite")


def test_duplicates_in_the_vocabulary() -> None:
    model = with_vectorizer(make_model(), vocabulary=("a", "b", "dup", "c", "dup"))
    refused(dump(model), "'dup' twice")


def test_vocabulary_offsets_and_utf8() -> None:
    data = dump(with_vectorizer(make_model(), vocabulary=("a", "b", "c", "é", "f")))

    def put(name: str, value: bytes, dtype: str = "U8", shape: tuple[int, ...] | None = None) -> bytes:
        size = len(value) // (4 if dtype == "U32" else 1)
        tensor = container.Tensor(dtype, shape or (size,), value)
        return repack(data, lambda tensors: tensors.__setitem__(name, tensor))

    refused(put("vocabulary.bytes", b"abc\xc3\xffe"), "UTF-8", "byte 3")
    refused(put("vocabulary.offsets", struct.pack("<6I", 0, 1, 2, 4, 5, 6), "U32"), "middle of a character")
    refused(put("vocabulary.offsets", struct.pack("<6I", 0, 2, 1, 3, 5, 6), "U32"), "ascend")
    refused(put("vocabulary.offsets", struct.pack("<6I", 0, 1, 2, 3, 5, 2**31), "U32"), "ascend")
    refused(put("vocabulary.offsets", struct.pack("<5I", 0, 1, 2, 3, 6), "U32"), "vocabulary.offsets")
    refused(put("vocabulary.bytes", bytes(6), shape=(2, 3)), "vocabulary.bytes")
    refused(put("stop_words.offsets", b"", "U32", (0,)), "stop_words.offsets")
    long = with_vectorizer(make_model(), vocabulary=("a", "b" * 65_536, "c", "d", "e"))
    refused(dump(long), "65,536 bytes", "65,535")


def test_certificate_labels_and_tolerance() -> None:
    data = dump(make_model())
    label = container.Tensor("U32", (2,), struct.pack("<2I", 3, 0))
    refused(repack(data, lambda t: t.__setitem__("certificate.labels", label)), "class 3")
    negative = container.Tensor("F64", (2, 3), struct.pack("<6d", 0, 0, -1e-9, 0, 0, 0))
    refused(repack(data, lambda t: t.__setitem__("certificate.tolerance", negative)), "negative")


@pytest.mark.parametrize("name", ["coef", "intercept", "vocabulary.bytes", "certificate.engine_scores"])
def test_a_tensor_that_is_missing(name: str) -> None:
    refused(repack(dump(make_model()), lambda t: t.pop(name)), name, "missing")


def test_coef_of_another_shape_or_type() -> None:
    data = dump(make_model())
    raw = container.read(data).tensors()["coef"].data
    refused(repack(data, lambda t: t.__setitem__("coef", container.Tensor("F64", (3, 5), raw))), "[3, 5]", "[5, 3]")
    refused(repack(data, lambda t: t.__setitem__("coef", container.Tensor("I64", (5, 3), raw))), "I64")


# --- what a writer refuses


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_writer_refuses_weights_that_are_not_finite(number: float) -> None:
    coef = array("d", [0.0] * 15)
    coef[4] = number
    with pytest.raises(InputError, match="row 1, column 1"):
        dump(with_head(make_model(), coef=coef))
    with pytest.raises(InputError, match="intercept"):
        dump(with_head(make_model(), intercept=array("d", [0.0, number, 0.0])))


def test_a_writer_refuses_float32_overflow_and_lone_surrogates() -> None:
    with pytest.raises(InputError, match="float64"):
        dump(with_head(make_model(weights="float32"), coef=array("d", [1e300 / (i + 1) for i in range(15)])))
    with pytest.raises(InputError, match="lone surrogate"):
        dump(with_vectorizer(make_model(), vocabulary=("a", "b\ud800", "c", "d", "e")))
    with pytest.raises(InputError, match="lone surrogate"):
        dump(make_model(classes=("a", "\udc00", "c")))
