"""Columns of every kind through the batch path: the same answers as from a plain list."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wasm_clf_widget as wcw
from wasm_clf_widget.batch import pieces as pieces_module
from wasm_clf_widget.batch.errors import RowError
from wasm_clf_widget.batch.input import text_column
from wasm_clf_widget.batch.pieces import Cutter, cutter, joined
from wasm_clf_widget.batch.sample import ParityWarning
from wasm_clf_widget.batch.threads import engines_of

TEXTS = ["good", "bad", "", "good bad good", "服务态度差", "a\0b good", "é" * 40, "none of it"] * 40


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(
        ["good", "bad", "服务态度差"], [[1.5, -1.5, -1.0], [0.2, 0.1, 0.0], [-1.0, 1.0, 2.0]], [0.1, 0.2, 0.0],
        ["pos", "so so", "neg"], name="b",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of some texts, so that every cut is passed."""
    monkeypatch.setattr(pieces_module, "SMALLEST_BYTES", 64)
    monkeypatch.setattr(pieces_module, "LARGEST_BYTES", 256)
    monkeypatch.setattr(pieces_module, "_MOST_ROWS", 50)


def dictionary(texts: list[str | None]) -> Any:
    return pa.array(texts, pa.string()).dictionary_encode()


KINDS: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "numpy object": lambda t: np.array(t, dtype=object),
    "pandas": pd.Series,
    "pandas object": lambda t: pd.Series(t, dtype=object),
    "pandas python": lambda t: pd.Series(t, dtype=pd.StringDtype("python")),
    "pandas category": lambda t: pd.Series(t, dtype="category"),
    "pandas index": lambda t: pd.Series(t, index=range(7, 7 + len(t))),
    "polars": pl.Series,
    "polars category": lambda t: pl.Series(t, dtype=pl.Categorical),
    "string": lambda t: pa.array(t, pa.string()),
    "large_string": lambda t: pa.array(t, pa.large_string()),
    "string_view": lambda t: pa.array(t, pa.string_view()),
    "dictionary": dictionary,
    "large dictionary": lambda t: pa.array(t, pa.large_string()).dictionary_encode(),
    "chunked": lambda t: pa.chunked_array([t[:3], [], t[3:200], t[200:]], pa.string()),
    "chunked views": lambda t: pa.chunked_array([t[:3], t[3:]], pa.string_view()),
    "slice": lambda t: pa.array(["x", None, "yy", *t, "z"], pa.string())[3:-1],
}
WITHOUT_NULLS = {
    "numpy U": lambda t: np.array(t),
    "numpy StringDType": lambda t: np.array(t, dtype=np.dtypes.StringDType()),
}


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", [*KINDS, *WITHOUT_NULLS])
def test_every_kind_of_column_gives_the_same_bits(clf: wcw.Classifier, kind: str, n_jobs: int) -> None:
    make = {**KINDS, **WITHOUT_NULLS}[kind]
    expected = clf.predict_proba(TEXTS)
    assert np.array_equal(clf.predict_proba(make(TEXTS), n_jobs=n_jobs), expected)
    assert np.array_equal(clf.decision_function(make(TEXTS), n_jobs=n_jobs), clf.decision_function(TEXTS))
    assert clf.predict(make(TEXTS), n_jobs=n_jobs).tolist() == clf.predict(TEXTS).tolist()


def test_numpy_strings_with_missing_values(clf: wcw.Classifier) -> None:
    texts = np.array(["good", None, "bad"], dtype=np.dtypes.StringDType(na_object=None))
    assert clf.predict(texts, nulls="skip").tolist() == ["pos", None, "neg"]


@pytest.mark.parametrize("kind", KINDS)
def test_nulls_are_an_error_with_the_row_or_missing_answers(clf: wcw.Classifier, kind: str) -> None:
    texts = [*TEXTS[:60], None, *TEXTS[60:], None]
    kept = [i for i, text in enumerate(texts) if text is not None]
    with pytest.raises(wcw.InputError, match=r"texts\[60\]"):
        clf.predict(KINDS[kind](texts))
    p = clf.predict_proba(KINDS[kind](texts), nulls="skip")
    assert np.isnan(p[[60, -1]]).all()
    assert np.array_equal(p[kept], clf.predict_proba(TEXTS))
    labels = clf.predict(KINDS[kind](texts), nulls="skip")
    assert [labels[60], labels[-1]] == [None, None]
    assert labels[kept].tolist() == clf.predict(TEXTS).tolist()


@pytest.mark.parametrize(
    "texts", [[], pa.array([], pa.string()), pd.Series([], dtype=str), pa.chunked_array([], pa.string())]
)
def test_no_texts(clf: wcw.Classifier, texts: Any) -> None:
    assert clf.predict_proba(texts, n_jobs=2).shape == (0, 3)
    assert clf.predict(texts, nulls="skip").shape == (0,)


@pytest.mark.parametrize("texts", [[None, None], pa.nulls(2), pa.array([None, None], pa.string())])
def test_nothing_but_nulls(clf: wcw.Classifier, texts: Any) -> None:
    assert clf.predict(texts, nulls="skip").tolist() == [None, None]
    assert np.isnan(clf.predict_proba(texts, nulls="skip")).all()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (pa.array([1, 2]), "must be strings, found a column of type int64"),
        (pa.array([b"good"]), r"type binary: cast it to pyarrow.string\(\)"),
        (pd.Series([1.5]), "type double"),
        (pl.Series([["a"]]), "type large_list"),
        (pd.Series(["good", 3], dtype=object), r"texts\[1\]: a text must be str, found int 3"),
        (np.array([["good"]]), r"one dimension, found an array of shape \(1, 1\)"),
    ],
)
def test_what_is_no_text_is_named(clf: wcw.Classifier, texts: Any, message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        clf.predict(texts)


def test_a_list_is_converted_while_engines_are_at_work() -> None:
    column = text_column(["good"] * 20_000 + [3], "error")
    assert column.rows == 20_001
    assert 70_000 < column.size < 90_000
    chunks = iter(column.chunks)
    assert [len(next(chunks)), len(next(chunks))] == [8192, 8192], "what comes later is not looked at yet"
    with pytest.raises(wcw.InputError, match=r"texts\[20000\]: a text must be str, found int 3"):
        next(chunks)


def test_a_list_that_changes_meanwhile_is_taken_as_it_was(clf: wcw.Classifier) -> None:
    texts = ["good"] * 20_000
    column = text_column(texts, "error")
    texts.clear()
    assert sum(map(len, column.chunks)) == column.rows == 20_000


@pytest.mark.parametrize("options", [{"n_jobs": 0}, {"n_jobs": 1.5}, {"n_jobs": True}, {"nulls": "drop"}])
def test_wrong_options_say_what_is_allowed(clf: wcw.Classifier, options: dict[str, Any]) -> None:
    with pytest.raises(wcw.InputError, match="allowed are"):
        clf.predict(pa.array(["good"]), **options)


def raw_strings(values: list[bytes]) -> Any:
    """A string array whose bytes nobody has checked."""
    offsets = np.cumsum([0, *map(len, values)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(b"".join(values)))


@pytest.mark.parametrize("engine", ["wasm", "twin"])
@pytest.mark.parametrize("bad", [b"\xff", b"good \xc3", b"\xed\xa0\x80", b"\x80bad"])
def test_bytes_that_are_no_utf8_are_named_with_their_row(clf: wcw.Classifier, bad: bytes, engine: Any) -> None:
    column = raw_strings([b"good"] * 77 + [bad] + [b"bad"] * 60)
    with pytest.raises(RowError, match=r"texts\[77\]: the text is not UTF-8: byte 0x") as caught:
        clf.with_engine(engine).predict(column)
    assert caught.value.row == 77
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), RowError)


def test_a_character_cut_by_an_offset_is_no_text(clf: wcw.Classifier) -> None:
    with pytest.raises(RowError, match=r"texts\[0\]: the text is not UTF-8"):
        clf.predict(raw_strings([b"\xc3", b"\xa9"]))


def test_lone_surrogates_in_pandas_own_strings(clf: wcw.Classifier) -> None:
    texts = ["good", "bad \ud800", "good"]
    own = pd.Series(texts, dtype=pd.StringDtype("python"))
    assert np.array_equal(clf.predict_proba(own), clf.predict_proba(texts))


@pytest.mark.parametrize(
    "column", [pd.Series(["good", "bad"] * 500, dtype="category"), pd.Series(["good", "bad"] * 500, dtype="str")]
)
def test_what_pandas_has_in_arrows_layout_is_taken_as_it_lies(column: Any) -> None:
    taken = text_column(column, "error")
    assert all(isinstance(chunk, pa.Array) for chunk in taken.chunks)
    assert len(list(taken.chunks)) < 5


def test_categories_as_views_that_are_mostly_distinct(clf: wcw.Classifier) -> None:
    assert clf.predict(pl.Series(["good", "bad"], dtype=pl.Categorical)).tolist() == ["pos", "neg"]
    assert clf.predict(pl.Series(["good", "bad"], dtype=pl.Enum(["bad", "good"]))).tolist() == ["pos", "neg"]


def test_lone_surrogates_are_read_as_in_a_plain_list(clf: wcw.Classifier) -> None:
    texts = [*TEXTS, "good \ud800", "bad"]
    assert np.array_equal(clf.predict_proba(texts, n_jobs=2), clf.predict_proba(texts))
    missing = clf.predict_proba([*texts, None], nulls="skip")
    assert np.array_equal(missing[:-1], clf.predict_proba(texts))


def test_a_hashed_surrogate_names_its_row() -> None:
    hashing = wcw.Classifier.from_weights(
        None, [[0.5] * 16], 0.0, [False, True], name="h", analyzer="char", n_features=16, norm="l2"
    )
    with pytest.raises(RowError, match=r"texts\[2\]: the text holds a lone surrogate"):
        hashing.predict(["a", "b", "\ud800"], n_jobs=2)


def test_the_first_thread_takes_the_classifiers_own_engine() -> None:
    """Each engine has a copy of the model: one job needs no second."""
    clf = wcw.Classifier.from_weights(["good"], [[1.0]], 0.0, ["a", "b"], name="own")
    clf.predict(pa.array(["good"] * 500))
    assert engines_of(clf)._idle == [clf.engine]
    clf.predict(pa.array(["good"] * 500), n_jobs=2)
    assert engines_of(clf)._idle.count(clf.engine) == 1
    assert len(engines_of(clf)._idle) <= 2


@pytest.mark.parametrize("engine", ["wasm", "twin"])
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_short_texts_are_joined_and_any_nul_is_found(clf: wcw.Classifier, kind: Any, engine: Any) -> None:
    on = clf.with_engine(engine).engine
    column = pa.array(["x", "good", "", "bad", "é good", "y"], kind)[1:5]
    data = joined(column)
    assert data is not None
    assert bytes(data) == "good\0\0bad\0é good".encode()
    batch = on.classify_joined(data, 4)
    assert batch is not None
    assert list(batch.scores) == list(on.classify(column.to_pylist()).scores)
    for texts in (["a\0", "b"], ["a", "\0b"], ["a", "b\0"], ["\0", "\0"]):
        data = joined(pa.array(texts, kind))
        assert data is not None
        assert on.classify_joined(data, 2) is None
    for texts in (["a", ""], ["a"], [], ["long " * 210, "a"]):
        assert joined(pa.array(texts, kind)) is None


def test_what_a_null_hides_is_never_read(clf: wcw.Classifier) -> None:
    hidden = raw_strings([b"good", b"\xff\xff", b"bad"])
    mask = pa.py_buffer(bytes([0b101]))
    column = pa.StringArray.from_buffers(3, hidden.buffers()[1], hidden.buffers()[2], mask, 1)
    assert clf.predict(column, nulls="skip").tolist() == ["pos", None, "neg"]


@given(st.lists(st.none() | st.text(max_size=30), max_size=60), st.integers(1, 20), st.integers(1, 60))
@settings(max_examples=60, deadline=None)
def test_pieces_hold_every_row_once_and_in_order(texts: list[str | None], rows: int, target: int) -> None:
    cut = Cutter(rows, target, "skip", "{row}")
    for column in (pa.array(texts, pa.string()), pa.array(texts, pa.string_view()), dictionary(texts)):
        seen: list[str | None] = []
        for piece in cut.cut(column, 100):
            assert piece.row == 100 + len(seen)
            assert piece.rows <= rows
            own = piece.texts.to_pylist()
            places = range(len(own)) if piece.places is None else piece.places.to_pylist()
            assert len(places) == piece.rows
            seen += [None if place is None else own[place] for place in places]
        assert seen == texts


def test_categories_are_classified_once(clf: wcw.Classifier) -> None:
    (piece,) = cutter(clf.model, "error", "{row}").cut(dictionary(["good", "bad"] * 20), 0)
    assert piece.texts.to_pylist() == ["good", "bad"]


# --- tables

FRAMES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pandas": lambda d: pd.DataFrame(d, index=range(5, 5 + len(d["review"]))),
    "polars": pl.DataFrame,
    "arrow": pa.table,
}


def columns_of(frame: Any) -> dict[str, list[Any]]:
    return frame.to_pydict() if isinstance(frame, pa.Table) else {name: frame[name].to_list() for name in frame.columns}


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_comes_back_in_its_own_kind(clf: wcw.Classifier, kind: str, n_jobs: int) -> None:
    frame = FRAMES[kind]({"id": list(range(len(TEXTS))), "review": TEXTS})
    answered = clf.classify_frame(frame, "review", scores=True, n_jobs=n_jobs)
    assert type(answered) is type(frame)
    got = columns_of(answered)
    names = ["id", "review", "label", "confidence", "score_pos", "score_so so", "score_neg"]
    assert list(got) == names
    p = clf.predict_proba(TEXTS)
    assert got["review"] == TEXTS
    assert got["label"] == clf.predict(TEXTS).tolist()
    assert got["confidence"] == p.max(axis=1).tolist()
    assert [got[name] for name in names[4:]] == p.T.tolist()
    if kind == "pandas":
        assert answered.index.equals(frame.index)


@pytest.mark.parametrize("kind", FRAMES)
def test_missing_texts_in_a_frame(clf: wcw.Classifier, kind: str) -> None:
    frame = FRAMES[kind]({"review": ["good", None, "bad"]})
    with pytest.raises(wcw.InputError, match="row 1 of column 'review': there is no text"):
        clf.classify_frame(frame, text="review")
    answered = clf.classify_frame(frame, text="review", nulls="skip")
    labels = columns_of(answered)["label"]
    assert [labels[0], labels[2]] == ["pos", "neg"]
    assert pd.isna(labels[1])


@pytest.mark.parametrize("kind", FRAMES)
def test_errors_of_a_frame_name_the_columns(clf: wcw.Classifier, kind: str) -> None:
    frame = FRAMES[kind]({"review": ["good"], "label": ["mine"], "stars": [4]})
    with pytest.raises(wcw.InputError, match="no column 'text'; it has 'review', 'label', 'stars'"):
        clf.classify_frame(frame, text="text")
    with pytest.raises(wcw.InputError, match="has a column 'label' already: give a prefix"):
        clf.classify_frame(frame, text="review")
    with pytest.raises(wcw.InputError, match="int64"):
        clf.classify_frame(frame, text="stars", prefix="model_")
    assert columns_of(clf.classify_frame(frame, text="review", prefix="model_"))["model_label"] == ["pos"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"review": ["good"]}).lazy(), "found a lazy one .LazyFrame.: collect it first"),
        ([{"review": "good"}], "found list"),
        (pd.Series(["good"], name="review"), "found Series"),
    ],
)
def test_what_is_no_table_in_memory_is_named(clf: wcw.Classifier, frame: Any, message: str) -> None:
    with pytest.raises(wcw.InputError, match=message):
        clf.classify_frame(frame, text="review")


@pytest.mark.parametrize(
    ("classes", "kind"), [([1, 2], pa.int64()), ([False, True], pa.bool_()), (["a", "b"], pa.string())]
)
def test_labels_keep_their_type_and_decision_scores_are_both_signs(classes: list[Any], kind: Any) -> None:
    clf = wcw.Classifier.from_weights(["good"], [[2.0]], [-1.0], classes, name="d", head="decision")
    answered = clf.classify_frame(pa.table({"t": ["good", "x"]}), "t", scores=True)
    assert answered.schema.field("label").type == kind
    assert answered["label"].to_pylist() == [classes[1], classes[0]]
    assert answered["confidence"].null_count == 2
    assert answered[f"score_{classes[0]}"].to_pylist() == [-1.0, 1.0]
    assert answered[f"score_{classes[1]}"].to_pylist() == [1.0, -1.0]


# --- streams


@pytest.mark.parametrize("classes", [[2**53 + 1, 2**53 + 3], [2, 2**63 + 1], [False, True]])
def test_labels_beside_missing_texts_are_what_they_are(classes: list[Any]) -> None:
    own = wcw.Classifier.from_weights(["good", "bad"], [[1.0, -1.0]], 0.0, classes, name="l")
    table = pd.DataFrame({"r": ["good", "bad", None]}, index=[5, 6, 7])
    table.attrs["source"] = "here"
    found = own.classify_frame(table, "r", nulls="skip")
    assert [*found.label[:2]] == [classes[1], classes[0]]
    assert found.label.isna().tolist() == [False, False, True]
    # The kind is that of the rule, not of the data.
    assert found.label.dtype == own.classify_frame(table[:1], "r", nulls="skip").label.dtype
    assert found.attrs == {"source": "here"}
    assert own.classify_frame(table[:2], "r").label.dtype in (np.int64, np.uint64, np.bool_)


def test_columns_are_found_by_any_name_and_only_where_there_is_one(clf: wcw.Classifier) -> None:
    table = pd.DataFrame([["x", "good"], ["y", "bad"]])
    assert clf.classify_frame(table, 1).label.tolist() == ["pos", "neg"]  # type: ignore[arg-type]
    with pytest.raises(wcw.InputError, match="unique column names"):
        clf.classify_frame(table.set_axis(["r", "r"], axis=1), "r")


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_a_stream_gives_a_batch_for_each(clf: wcw.Classifier, rows: int, n_jobs: int) -> None:
    table = pa.table({"id": range(len(TEXTS)), "review": TEXTS})
    batches = [*table.to_batches(max_chunksize=rows), table.to_batches()[0].slice(0, 0)]
    stream = functools.partial(clf.classify_batches, text="review", n_jobs=n_jobs, scores=True)
    answered = list(stream(iter(batches)))
    assert [batch.num_rows for batch in answered] == [batch.num_rows for batch in batches]
    assert all(isinstance(batch, pa.RecordBatch) for batch in answered)
    whole = clf.classify_frame(table, "review", scores=True)
    assert pa.Table.from_batches(answered).equals(whole.combine_chunks())


def test_a_stream_of_one_job_reads_nothing_ahead(clf: wcw.Classifier) -> None:
    taken = []

    def batches() -> Iterator[Any]:
        for i in range(5):
            taken.append(i)
            yield pa.record_batch({"t": ["good"]})

    stream = clf.classify_batches(batches(), text="t")
    next(stream)
    assert taken == [0]


def test_a_stream_of_threads_reads_ahead_only_so_far(clf: wcw.Classifier) -> None:
    taken = []

    def batches() -> Iterator[Any]:
        for i in range(1000):
            taken.append(i)
            yield pa.record_batch({"t": ["good " * 20] * 10})

    stream = clf.classify_batches(batches(), text="t", n_jobs=2)
    next(stream)
    assert len(taken) < 50
    stream.close()  # type: ignore[attr-defined]


def test_errors_of_a_stream_name_batch_and_row(clf: wcw.Classifier) -> None:
    good = pa.record_batch({"t": ["good"]})
    with pytest.raises(wcw.InputError, match="batch 1 has no column 't'; it has 'u'"):
        list(clf.classify_batches([good, pa.record_batch({"u": ["x"]})], text="t"))
    with pytest.raises(wcw.InputError, match="batch 0 must be a pyarrow RecordBatch"):
        list(clf.classify_batches([{"t": ["good"]}], text="t"))
    with pytest.raises(wcw.InputError, match="row 2 of column 't': there is no text"):
        list(clf.classify_batches([good, good, pa.record_batch({"t": pa.array([None], pa.string())})], text="t"))


# --- parity


def test_a_sample_is_held_against_the_twin(clf: wcw.Classifier) -> None:
    assert clf.batch_parity is None
    clf.classify_frame(pa.table({"t": TEXTS}), "t", parity="sample", n_jobs=2)
    report = clf.batch_parity
    assert report is not None
    assert report.ok
    assert report.checked > 3
    with pytest.raises(wcw.InputError, match="parity='all' is given, allowed are"):
        clf.classify_frame(pa.table({"t": TEXTS}), "t", parity="all")  # type: ignore[arg-type]


def test_a_sample_finds_an_engine_that_answers_otherwise(clf: wcw.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    other = wcw.Classifier.from_weights(
        ["good", "bad", "服务态度差"], [[1.5, 1.5, -1.0], [0.2, 0.1, 0.0], [-1.0, 1.0, 2.0]], [0.1, 0.2, 0.0],
        ["pos", "so so", "neg"], name="b",
    )  # fmt: skip
    clf = pickle.loads(pickle.dumps(clf))
    monkeypatch.setattr(clf, "_opened", other.engine)
    with pytest.warns(ParityWarning, match="the twin answers otherwise"):
        clf.classify_frame(pa.table({"t": ["bad bad"] * 200}), "t", parity="sample")
    assert clf.batch_parity is not None
    assert not clf.batch_parity.ok
