"""``Classifier`` against scikit-learn: answers, files, reports that can turn red, and the wasm engine's edges."""

from __future__ import annotations

import copy
import json
import math
import os
import pickle
import random
import struct
import subprocess
import sys
import threading
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import wasm_clf_widget as wcw
from changed import changed
from test_model_file import repack
from wasm_clf_widget import comparison, parity
from wasm_clf_widget.convert import certify
from wasm_clf_widget.engines import Batch, wasm_engine, wasmtime_engine
from wasm_clf_widget.engines.wasm_engine import Trapped, WasmEngine
from wasm_clf_widget.model import safetensors as container
from wasm_clf_widget.twin import Slack, Twin
from wasm_clf_widget.twin.links import open_labels

WORDS = [
    "good",
    "bad",
    "Zürich",
    "café",
    "не",
    "ОЧЕНЬ",
    "是",
    "好用",
    "don't",
    "x1",
    "ΑΣ",
    "straße",
    "the",
    "a",
    "film",
]
_random = random.Random(3)
TEXTS = [" ".join(_random.choices(WORDS, k=_random.randint(1, 14))) for _ in range(300)]
NASTY = [
    "",
    " ",
    "\0",
    "a\0",
    "\0good",
    "good\0\0bad",
    "good",
    "\u2028 good \ufffd",
    "İstanbul ΑΣ'Α",
    "\U0001f600" * 30,
    "unknown words only",
    "",
]


def _three(texts: list[str]) -> list[str]:
    return [("pos" if "good" in t else "neg" if "bad" in t else "mixed") for t in texts]


PIPELINES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "words": (make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()), _three, {}),
    "words-float64": (
        make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression()),
        _three,
        {"weights": "float64"},
    ),
    "bayes": (make_pipeline(CountVectorizer(), MultinomialNB()), lambda ts: [len(t) % 3 - 1 for t in ts], {}),
    "hashing": (
        make_pipeline(
            HashingVectorizer(analyzer="char", ngram_range=(1, 3), n_features=2**10), SGDClassifier(loss="log_loss")
        ),
        lambda ts: ["good" in t for t in ts],
        {"weights": "float64"},
    ),
    "svm": (make_pipeline(TfidfVectorizer(), LinearSVC()), lambda ts: ["good" in t for t in ts], {}),
    "svm3": (make_pipeline(TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)), LinearSVC()), _three, {}),
}


@pytest.fixture(scope="module", params=list(PIPELINES))
def pair(request: pytest.FixtureRequest) -> tuple[Any, wcw.Classifier]:
    """A fitted pipeline and the classifier made of it."""
    pipeline, labels, options = PIPELINES[request.param]
    pipeline.fit(TEXTS, labels(TEXTS))
    return pipeline, wcw.Classifier.from_sklearn(pipeline, name=request.param, **options)


@pytest.fixture(scope="module")
def words() -> tuple[Any, wcw.Classifier]:
    """One pair with probabilities of three classes, its weights float64."""
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression())
    pipeline.fit(TEXTS, _three(TEXTS))
    return pipeline, wcw.Classifier.from_sklearn(
        pipeline, name="w", weights="float64", certificate_texts=["a good film", "a bad film"], uncertain_below=0.6
    )


def bits(values: Any) -> bytes:
    return np.asarray(values, dtype=np.float64).tobytes()


def _decision(pipeline: Any, texts: list[str]) -> Any:
    if hasattr(pipeline, "decision_function"):
        return pipeline.decision_function(texts)
    return pipeline[-1].predict_joint_log_proba(pipeline[:-1].transform(texts))


# --- scikit-learn's shapes, types and answers


def test_shapes_types_and_answers_are_scikit_learns(pair: tuple[Any, wcw.Classifier]) -> None:
    pipeline, clf = pair
    texts = TEXTS[:100] + NASTY
    ours, theirs = clf.predict(texts), pipeline.predict(texts)
    assert ours.dtype == theirs.dtype
    assert ours.tolist() == theirs.tolist()
    assert clf.classes_.dtype == pipeline.classes_.dtype
    assert clf.classes_.tolist() == pipeline.classes_.tolist()
    decision = _decision(pipeline, texts)
    assert clf.decision_function(texts).shape == decision.shape
    if clf.model_info().weights == "float64":
        assert bits(clf.decision_function(texts)) == bits(decision)
    else:
        assert np.abs(clf.decision_function(texts) - decision).max() < 1e-6
    if hasattr(pipeline, "predict_proba"):
        assert clf.predict_proba(texts).shape == pipeline.predict_proba(texts).shape
        assert np.abs(clf.predict_proba(texts) - pipeline.predict_proba(texts)).max() < 1e-6
    else:
        with pytest.raises(wcw.InputError, match="decision_function"):
            clf.predict_proba(texts)


def test_a_list_of_none_has_scikit_learns_columns(pair: tuple[Any, wcw.Classifier]) -> None:
    _, clf = pair
    assert clf.classify([]) == []
    assert clf.predict([]).shape == (0,)
    assert len(clf.decision_function([])) == 0
    if clf.model.head.link != "none":
        assert clf.predict_proba([]).shape == (0, len(clf.classes_))


def test_classify_says_all_there_is_to_say(words: tuple[Any, wcw.Classifier]) -> None:
    pipeline, clf = words
    result = clf.classify("a good good film")
    p = pipeline.predict_proba(["a good good film"])[0]
    assert result.label == pipeline.predict(["a good good film"])[0]
    assert type(result.label) is str
    assert result.class_index == list(pipeline.classes_).index(result.label)
    assert result.score_kind == "probability"
    assert [row["label"] for row in result.all_scores] == list(pipeline.classes_)
    assert np.abs(np.array([row["score"] for row in result.all_scores]) - p).max() < 1e-14
    assert result.confidence == result.all_scores[result.class_index]["score"]
    assert result.known_features == pipeline[0].transform(["a good good film"]).nnz
    assert (result.ran_on, result.variant, result.replaced_surrogates) == ("kernel-wasm", "simd", 0)
    assert result.model_sha256 == clf.sha256
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_the_not_sure_band_never_replaces_the_label(words: tuple[Any, wcw.Classifier]) -> None:
    pipeline, clf = words
    results = clf.classify(TEXTS)
    assert {r.is_uncertain for r in results} == {True, False}
    for text, result in zip(TEXTS, results, strict=True):
        assert result.confidence is not None
        assert result.is_uncertain == (result.confidence < 0.6)
        assert result.label == pipeline.predict([text])[0]


def test_a_binary_decision_head_lists_minus_s_and_s() -> None:
    pipeline, labels, _ = PIPELINES["svm"]
    pipeline.fit(TEXTS, labels(TEXTS))
    clf = wcw.Classifier.from_sklearn(pipeline, name="svm")
    result = clf.classify("good film")
    score = float(pipeline.decision_function(["good film"])[0])
    assert result.all_scores == [{"label": False, "score": -score}, {"label": True, "score": score}]
    assert result.label is True
    assert (result.confidence, result.score_kind, result.is_uncertain) == (None, "decision", False)


def test_without_probabilities_nothing_can_be_uncertain() -> None:
    pipeline = make_pipeline(TfidfVectorizer(), LinearSVC()).fit(["good", "bad"], [1, 0])
    with pytest.raises(wcw.InputError, match="there is no confidence that could be below it"):
        wcw.Classifier.from_sklearn(pipeline, name="svm", uncertain_below=0.6)
    outputs = make_pipeline(TfidfVectorizer(), MultiOutputClassifier(LogisticRegression()))
    outputs.fit(["good", "bad"], [[1, 0], [0, 1]])
    with pytest.raises(wcw.InputError, match=r"answers with several labels.*Leave it out$"):
        wcw.Classifier.from_sklearn(outputs, name="outputs", uncertain_below=0.6)


def test_one_text_and_many_have_the_same_bits(pair: tuple[Any, wcw.Classifier]) -> None:
    _, clf = pair
    texts = NASTY + TEXTS[:40] + NASTY[::-1] + [""]
    together = clf.decision_function(texts)
    apart = np.concatenate([clf.decision_function([text]) for text in texts])
    assert bits(together) == bits(apart)
    assert [r.known_features for r in clf.classify(texts)] == [clf.classify(t).known_features for t in texts]


def test_variants_and_twin(pair: tuple[Any, wcw.Classifier]) -> None:
    _, clf = pair
    texts = TEXTS[:60] + NASTY
    baseline = clf.with_engine("wasm", "baseline")
    assert bits(baseline.decision_function(texts)) == bits(clf.decision_function(texts))
    if clf.model.head.link != "none":
        assert bits(baseline.predict_proba(texts)) == bits(clf.predict_proba(texts))
    assert baseline.classify("good").variant == "baseline"
    twin = clf.with_engine("twin")
    assert twin.predict(texts).tolist() == clf.predict(texts).tolist()
    assert np.abs(twin.decision_function(texts) - clf.decision_function(texts)).max() < 1e-6
    assert twin.classify("good").ran_on == "kernel-twin"
    assert twin.verify().ok
    assert baseline.verify().ok


def test_explanations_add_up(pair: tuple[Any, wcw.Classifier]) -> None:
    _, clf = pair
    for text in ["a good film, a bad film", "İstanbul ΑΣ good", "", "\U0001f600 good"]:
        explanation = clf.explain(text)
        for k, score in enumerate(explanation.scores):
            total = math.fsum([*(span.weights[k] for span in explanation.spans), explanation.remainder[k]])
            assert total == pytest.approx(score, abs=1e-9)
        decision = np.ravel(clf.decision_function([text]))
        expected = [-decision[0], decision[0]] if len(decision) == 1 else decision.tolist()
        assert list(explanation.scores) == pytest.approx(expected, abs=1e-12)
        for span in explanation.spans:
            assert 0 <= span.start < span.end <= len(text)
    if clf.model.pipeline.front.analyzer == "word":
        spans = {(s.start, s.end, s.ngram) for s in clf.explain("\U0001f600 Good film").spans}
        assert (2, 6, "good") in spans


# --- files


def test_save_and_load(words: tuple[Any, wcw.Classifier], tmp_path: Path) -> None:
    _, clf = words
    path = tmp_path / "m.safetensors"
    assert clf.save(str(path)) == path
    for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), memoryview(path.read_bytes())):
        again = wcw.Classifier.load(source)
        assert again.sha256 == clf.sha256
        assert bits(again.decision_function(TEXTS)) == bits(clf.decision_function(TEXTS))
    assert os.listdir(tmp_path) == ["m.safetensors"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_save_that_fails_leaves_the_old_file(
    words: tuple[Any, wcw.Classifier], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        words[1].save(path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.safetensors"]


def test_bare_names_are_for_shipped_models(words: tuple[Any, wcw.Classifier], tmp_path: Path) -> None:
    with pytest.raises(wcw.ModelFileError, match="what ships: "):
        wcw.Classifier.load("no-such-model")
    with pytest.raises(wcw.InputError, match=r"reviews\.safetensors"):
        words[1].save("reviews")
    with pytest.raises(wcw.ModelFileError, match="cannot be read"):
        wcw.Classifier.load(tmp_path / "missing.safetensors")
    with pytest.raises(wcw.ModelFileError, match="download it first"):
        wcw.Classifier.load("https://127.0.0.1/m.safetensors")
    with pytest.raises(wcw.InputError, match="int"):
        wcw.Classifier.load(7)  # type: ignore[arg-type]


def test_pickle_copy_and_threads(words: tuple[Any, wcw.Classifier]) -> None:
    _, clf = words
    expected = bits(clf.decision_function(TEXTS))
    for other in (
        pickle.loads(pickle.dumps(clf)),
        copy.deepcopy(clf),
        pickle.loads(pickle.dumps(clf.with_engine("twin"))),
    ):
        assert bits(other.decision_function(TEXTS)) == expected
    outcomes: list[bool] = []

    def work() -> None:
        outcomes.extend(bits(clf.decision_function(TEXTS)) == expected for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [True] * 80


def test_what_it_says_of_itself(words: tuple[Any, wcw.Classifier]) -> None:
    _, clf = words
    info = clf.model_info()
    assert (info.name, info.version, info.weights, info.bound, info.outputs) == ("w", "1", "float64", 0.0, 3)
    assert info.source.startswith("scikit-learn 1.")
    assert info.size == len(clf.model_bytes)
    assert info.certificate_texts == clf.verify().kept > 100
    assert "word 1-2" in info.pipeline[0]
    assert repr(clf).startswith("<Classifier 'w' version 1: classes ['mixed', 'neg', 'pos'], ")


def test_auto_takes_float32_and_says_what_is_proved() -> None:
    pipeline, labels, _ = PIPELINES["words"]
    pipeline.fit(TEXTS, labels(TEXTS))
    info = wcw.Classifier.from_sklearn(pipeline, name="x").model_info()
    assert info.weights == "float32"
    assert info.bound is not None
    assert 0 < info.bound <= 1e-6
    assert f"{info.bound:.2g}" in info.promise


# --- the certificate


def test_the_callers_texts_come_first(words: tuple[Any, wcw.Classifier]) -> None:
    certificate = words[1].model.certificate
    assert certificate is not None
    assert certificate.texts[:2] == ("a good film", "a bad film")
    assert certificate.by.startswith("scikit-learn 1.")
    assert list(certificate.scores[:3]) == words[0].decision_function(["a good film"])[0].tolist()


def test_the_certificate_keeps_256_texts_and_64_kilobytes(words: tuple[Any, wcw.Classifier]) -> None:
    model = words[1].model
    assert certify.choose(model, [f"text {i}" for i in range(1000)]) == list(range(256))
    long = ["x" * 20_000] * 5 + ["short"]
    assert certify.choose(model, long) == [0, 1, 2, 5]
    certificate = model.certificate
    assert certificate is not None
    size = sum(len(t.data) for n, t in container.read(words[1].model_bytes).tensors().items() if "certificate." in n)
    assert size <= 64 * 1024
    many = changed(model, classes=tuple(map(str, range(4000))), head=replace(model.head, outputs=4000))
    assert certify.choose(many, ["some text", "short", "another text"]) == [1]


def test_texts_that_no_file_can_hold_are_left_out() -> None:
    assert certify.usable(["a", "\ud800", "a", "b"]) == ["a", "b"]


def test_texts_that_scikit_learn_refuses_are_refused_alike() -> None:
    """A count that cancels to 0 has no logarithm: the source raises, so do engine and twin, and it converts."""
    pipeline = make_pipeline(HashingVectorizer(n_features=2, norm=None, alternate_sign=False), LogisticRegression())
    pipeline.fit(TEXTS, _three(TEXTS))
    clf = wcw.Classifier.from_sklearn(pipeline, name="h", certificate_texts=["\ud800", "good"])
    assert clf.model.certificate is not None
    assert clf.model.certificate.texts[0] == "good"


def test_a_classifier_that_disagrees_is_never_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    from wasm_clf_widget.convert import sklearn as convert

    pipeline, labels, options = PIPELINES["words-float64"]
    pipeline.fit(TEXTS, labels(TEXTS))
    true_answers = convert.source_answers

    def off_by_an_ulp(pipeline: Any, texts: Sequence[str]) -> Any:
        answers = true_answers(pipeline, texts)
        answers.scores[5, 1] = np.nextafter(answers.scores[5, 1], 9)
        return answers

    monkeypatch.setattr(convert, "source_answers", off_by_an_ulp)
    with pytest.raises(wcw.UnsupportedPipelineError, match="does not answer as scikit-learn") as caught:
        wcw.Classifier.from_sklearn(pipeline, name="x", **options)
    assert caught.value.option == "scores"


# --- the badge can turn red


def alter(clf: wcw.Classifier, word: str, factor: float) -> wcw.Classifier:
    """The file with one weight of ``word`` times ``factor``, its hashes repaired."""
    vocabulary = clf.model.pipeline.front.vocabulary
    assert vocabulary is not None
    row = list(vocabulary).index(word)

    def change(tensors: dict[str, container.Tensor]) -> None:
        tensor = tensors["coef"]
        code = {"F64": "d", "F32": "f"}[tensor.dtype]
        numbers: Any = array(code, bytes(tensor.data))
        numbers[row * clf.model.head.outputs] *= factor
        tensors["coef"] = replace(tensor, data=numbers.tobytes())

    return wcw.Classifier.load(repack(clf.model_bytes, change))


@pytest.mark.parametrize("engine", ["wasm", "twin"])
@pytest.mark.parametrize("weights", ["float64", "float32"])
def test_an_altered_weight_turns_the_badge_red(engine: Any, weights: Any) -> None:
    pipeline, labels, _ = PIPELINES["words"]
    pipeline.fit(TEXTS, labels(TEXTS))
    clf = wcw.Classifier.from_sklearn(pipeline, name="x", weights=weights, certificate_texts=["other", "a good film"])
    assert clf.with_engine(engine).verify().ok
    report = alter(clf, "good", 1.1).with_engine(engine).verify()
    assert not report.ok
    assert report.max_abs_diff > 1e-3
    assert report.first_difference is not None
    assert report.first_difference.stage == "scores"
    assert report.first_difference.text_index == 1
    assert "scores [" in report.first_difference.expected


def test_one_ulp_of_the_engine_turns_the_badge_red() -> None:
    """Bits are held against the recorded ones even where the tolerance is wide (float32)."""
    pipeline, labels, _ = PIPELINES["words"]
    pipeline.fit(TEXTS, labels(TEXTS))
    clf = wcw.Classifier.from_sklearn(pipeline, name="x", weights="float32")

    def change(tensors: dict[str, container.Tensor]) -> None:
        scores = array("d", bytes(tensors["certificate.engine_scores"].data))
        scores[7] = math.nextafter(scores[7], 9.0)
        tensors["certificate.engine_scores"] = replace(tensors["certificate.engine_scores"], data=scores.tobytes())

    report = wcw.Classifier.load(repack(clf.model_bytes, change)).verify()
    assert not report.ok
    assert report.first_difference is not None
    assert report.first_difference.text_index == 7 // 3
    assert "recorded bits" in report.first_difference.expected


def test_a_file_without_a_certificate_proves_nothing(words: tuple[Any, wcw.Classifier]) -> None:
    data = repack(words[1].model_bytes, document=lambda d: d | {"certificate": None})
    report = wcw.Classifier.load(data).verify()
    assert (report.ok, report.checked, report.kept) == (False, 0, 0)
    assert "no certificate" in report.against


class Broken:
    """An engine with one stage that goes wrong, and answers that follow from it."""

    ran_on = "test"
    variant = "test"

    def __init__(self, inner: Any, stage: str) -> None:
        self.inner = inner
        self.stage = stage

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def classify(self, texts: Sequence[str]) -> Batch:
        batch: Batch = self.inner.classify(texts)
        return replace(batch, scores=array("d", (s + 0.25 for s in batch.scores)))

    def normalize(self, text: str, vectorizer: int = 0) -> str:
        return str(self.inner.normalize(text)) + ("!" if self.stage == "normalize" else "")

    def tokens(self, text: str, vectorizer: int = 0) -> list[str]:
        return [*self.inner.tokens(text), *(["x"] if self.stage == "tokens" else [])]

    def ngrams(self, text: str, vectorizer: int = 0) -> list[str]:
        return [*self.inner.ngrams(text), *(["x"] if self.stage == "ngrams" else [])]

    def features(self, text: str, vectorizer: int = 0) -> list[tuple[int, float]]:
        return [(i, v + 0.5 if self.stage == "features" else v) for i, v in self.inner.features(text)]


@pytest.mark.parametrize("stage", ["normalize", "tokens", "ngrams", "features", "scores"])
def test_the_first_stage_that_differs_is_named(words: tuple[Any, wcw.Classifier], stage: str) -> None:
    pipeline, clf = words
    broken: Any = Broken(clf.engine, stage)
    report = parity.replay(clf.model, broken, Twin(clf.model), is_twin=False)
    assert not report.ok
    assert report.first_difference is not None
    assert report.first_difference.stage == stage
    assert report.first_difference.expected != report.first_difference.got
    live = comparison.compare_live(clf.model, broken, pipeline, ["a good film"])
    assert live.first_difference is not None
    assert live.first_difference.stage == stage


def test_compare_with_the_live_pipeline(pair: tuple[Any, wcw.Classifier]) -> None:
    pipeline, clf = pair
    report = clf.compare(pipeline, [*TEXTS[:50], *NASTY, "lone \ud800 surrogate"])
    assert report.ok
    assert report.first_difference is None
    assert (report.checked, report.not_comparable, report.label_mismatches) == (50 + len(NASTY), 1, 0)


def test_compare_with_another_fit(words: tuple[Any, wcw.Classifier]) -> None:
    _, clf = words
    other = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=3))
    other.fit(TEXTS, _three(TEXTS))
    report = clf.compare(other, ["a good film"])
    assert report.first_difference is not None
    assert report.first_difference.stage == "scores"
    other = make_pipeline(TfidfVectorizer(ngram_range=(1, 3)), LogisticRegression())
    other.fit(TEXTS, _three(TEXTS))
    report = clf.compare(other, ["good bad film"])
    assert report.first_difference is not None
    assert report.first_difference.stage == "ngrams"
    other.fit(TEXTS, ["good" in t for t in TEXTS])
    with pytest.raises(wcw.InputError, match="not of one fit"):
        clf.compare(other, ["a good film"])


def test_another_unicode_version_is_not_a_difference(words: tuple[Any, wcw.Classifier], monkeypatch: Any) -> None:
    monkeypatch.setattr(parity, "not_comparable", lambda text, version: "good" in text)
    _, clf = words
    own = clf.with_engine("twin").verify()
    assert own.ok
    assert own.not_comparable > 0
    assert own.checked + own.not_comparable == own.kept
    engine = clf.verify()
    assert engine.checked == engine.kept
    assert engine.not_comparable == own.not_comparable


# --- the wasm engine's own edges


def test_long_lists_cross_every_boundary(words: tuple[Any, wcw.Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and requests of a few texts, of a few bytes, with NULs and surrogates at the seams."""
    _, clf = words
    texts = [*NASTY, "\ud800good", "bad\udfff\udc00", *TEXTS[:30], "a\0b", "\0", ""] * 3
    expected = [clf.classify(text) for text in texts]
    assert clf.classify(texts) == expected
    assert sum(r.replaced_surrogates for r in expected) == 9
    for chunk, characters, size in [(1, 99, 1), (2, 10, 40), (5, 10_000, 100), (7, 3, 1 << 20), (256, 1 << 20, 300)]:
        monkeypatch.setattr(wasm_engine, "_CHUNK_TEXTS", chunk)
        monkeypatch.setattr(wasm_engine, "_CHUNK_CHARACTERS", characters)
        monkeypatch.setattr(wasm_engine, "_REQUEST_BYTES", size)
        assert clf.classify(texts) == expected, (chunk, characters, size)


def test_the_plain_call_answers_alike(words: tuple[Any, wcw.Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    _, clf = words
    expected = clf.classify(TEXTS)
    monkeypatch.setattr(wasmtime_engine, "_fast_call", lambda *_: None)
    monkeypatch.setattr(wasmtime_engine, "_fast_memory", lambda *_: None)
    assert clf.with_engine("wasm").classify(TEXTS) == expected


def test_the_fast_call_is_in_use(words: tuple[Any, wcw.Classifier]) -> None:
    engine: Any = words[1].engine
    engine.classify(("good",))
    assert "_fast_call" in engine._loaded.runtime._calls["wcw_classify"].__qualname__


def test_a_trap_is_one_typed_error_and_the_next_call_works(words: tuple[Any, wcw.Classifier]) -> None:
    clf = words[1].with_engine("wasm")
    expected = clf.classify("good")
    engine: Any = clf.engine
    # The engine itself has no known trap: an address outside of memory is refused by the same check.
    with pytest.raises(wcw.EngineError, match="trapped"):
        engine._guarded(lambda on: on.runtime.read(0xFFFFFF00, 512))
    assert clf.classify("good") == expected

    def trap(*_: int) -> int:
        raise Trapped("unreachable")

    engine._loaded.runtime._calls["wcw_classify"] = trap
    with pytest.raises(wcw.EngineError, match="unreachable"):
        clf.classify("good")
    assert clf.classify("good") == expected
    engine._loaded.runtime._calls["wcw_classify"] = trap
    with pytest.raises(wcw.EngineError, match="unreachable"):
        clf.classify(["good", "bad"])
    assert clf.classify(["good"]) == [expected]


def test_a_trap_while_loading_is_typed_too(words: tuple[Any, wcw.Classifier], monkeypatch: pytest.MonkeyPatch) -> None:
    true_call = wasmtime_engine.WasmtimeRuntime.call

    def call(self: Any, name: str, *arguments: int) -> int:
        if name == "wcw_load_verified":
            raise Trapped("unreachable")
        return true_call(self, name, *arguments)

    monkeypatch.setattr(wasmtime_engine.WasmtimeRuntime, "call", call)
    with pytest.raises(wcw.EngineError, match="while it loaded"):
        words[1].with_engine("wasm").classify("good")


def test_a_real_trap_through_the_fast_call() -> None:
    """A module of one exported function that is ``unreachable``."""
    import wasmtime

    text = '(module (memory (export "memory") 1) (func (export "f") (param i32) (result i32) unreachable))'
    engine = wasmtime.Engine()
    runtime = wasmtime_engine.WasmtimeRuntime(engine, wasmtime.Module(engine, text))
    for _ in range(3):
        with pytest.raises(Trapped, match="unreachable"):
            runtime.call("f", 1)
    with pytest.raises(wcw.EngineError, match="no function g"):
        runtime.call("g")
    with pytest.raises(wcw.EngineError, match="1 arguments"):
        runtime.call("f")
    with pytest.raises(Trapped):
        runtime.write(65_530, b"1234567")
    runtime.write(65_530, b"123456")
    assert runtime.read(65_530, 6) == b"123456"


def test_a_disposed_engine_says_so(words: tuple[Any, wcw.Classifier]) -> None:
    clf = words[1].with_engine("wasm")
    clf.engine.dispose()
    for ask in (lambda: clf.classify("x"), lambda: clf.classify(["x", "y"]), lambda: clf.explain("x")):
        with pytest.raises(wcw.EngineError, match="dispose"):
            ask()


def test_a_missing_or_broken_engine_file(words: tuple[Any, wcw.Classifier], tmp_path: Path) -> None:
    clf = words[1]
    with pytest.raises(wcw.EngineError, match="make build"):
        wasmtime_engine.open_wasmtime_engine(clf.model_bytes, clf.model, path=tmp_path / "engine.wasm")
    broken = tmp_path / "broken.wasm"
    broken.write_bytes(b"\0asm")
    with pytest.raises(wcw.EngineError, match="cannot be compiled"):
        wasmtime_engine.open_wasmtime_engine(clf.model_bytes, clf.model, path=broken)


def test_the_engine_itself_refuses_a_bad_file(words: tuple[Any, wcw.Classifier]) -> None:
    """Python's reader would refuse these first; for all but the hash the engine does not rely on it."""
    clf = words[1]
    for bad in (clf.model_bytes[:100], b"", repack(clf.model_bytes, document=lambda d: d | {"format": 2})):
        with pytest.raises(wcw.ModelFileError):
            wasmtime_engine.open_wasmtime_engine(bad, clf.model)


def test_memory_grows_with_the_request_not_with_the_run(words: tuple[Any, wcw.Classifier]) -> None:
    clf = words[1].with_engine("wasm")
    engine = clf.engine
    assert isinstance(engine, WasmEngine)
    assert engine._loaded is not None
    clf.classify(TEXTS)
    before = engine._loaded.runtime._size()  # type: ignore[attr-defined]
    assert len(clf.predict(TEXTS * 200)) == 60_000
    assert engine._loaded.runtime._size() - before < 8 << 20  # type: ignore[attr-defined]
    clf.classify("good " * 2_000_000)
    assert engine._loaded.input.size > 9 << 20
    clf.classify("good")
    assert engine._loaded.input.size < 1 << 20


def test_labels_near_a_tie_follow_the_promise() -> None:
    def held(scores: list[float], label: int, got: int, tolerance: float) -> bool:
        slack = Slack([tolerance] * 3, 0.0, open_labels(scores, [tolerance] * 3, "argmax"))
        return parity.difference(parity.Answer(scores, None, [label]), parity.Answer(scores, None, [got]), slack)[2]

    assert held([1.0, 2.0, 2.0 - 1e-9], 1, 2, 1e-9)
    assert not held([1.0, 2.0, 2.0 - 3e-9], 1, 2, 1e-9)
    assert not held([1.0, 2.0, 2.0], 1, 2, 0.0)
    assert held([1.0, 2.0, 2.0], 1, 1, 0.0)
    close, far = parity.Answer([1e-9], None, [1]), parity.Answer([1e-7], None, [1])
    other = parity.Answer([-1e-9], None, [0])
    for answer, stands in ((close, True), (far, False)):
        slack = Slack([2e-9], 0.0, open_labels(answer.scores, [2e-9], "sign"))
        assert parity.difference(answer, other, slack)[1:] == (stands, stands)


def test_a_program_that_ends_with_an_open_engine_is_quiet(words: tuple[Any, wcw.Classifier], tmp_path: Path) -> None:
    path = words[1].save(tmp_path / "m.safetensors")
    program = f"import wasm_clf_widget as wcw; c = wcw.Classifier.load({str(path)!r}); print(c.classify('good').ran_on)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("kernel-wasm\n", "")


# --- without numpy, scikit-learn and wasmtime


def test_a_file_answers_with_the_standard_library_alone(words: tuple[Any, wcw.Classifier], tmp_path: Path) -> None:
    _, clf = words
    path = clf.save(tmp_path / "m.safetensors")
    program = f"""
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numpy", "scipy", "sklearn", "wasmtime", "anywidget", "traitlets", "typer", "rich"):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Block())
import json
import wasm_clf_widget as wcw
clf = wcw.Classifier.load({str(path)!r}).with_engine("twin")
texts = ["a good film", "bad", ""]
assert clf.verify().ok
try:
    wcw.Classifier.load({str(path)!r}).classify("x")
except wcw.EngineError as error:
    assert "with_engine('twin')" in str(error)
print(json.dumps([clf.predict(texts), clf.predict_proba(texts), clf.decision_function(texts), clf.classes_]))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    predicted, probabilities, scores, classes = json.loads(run.stdout)
    texts = ["a good film", "bad", ""]
    assert predicted == clf.predict(texts).tolist()
    assert classes == clf.classes_.tolist()
    assert struct.pack("<9d", *(s for row in scores for s in row)) == clf.decision_function(texts).tobytes()
    assert np.abs(np.array(probabilities) - clf.predict_proba(texts)).max() < 1e-14
