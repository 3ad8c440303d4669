"""The model file of pipelines that are trees: round trips of every stage and head, and every fault by name."""

from __future__ import annotations

import json
import struct
from array import array
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from changed import changed
from test_model_file import make_model, refused, repack
from test_twin_stages import converted
from wasm_clf_widget.convert.sklearn import model_from_sklearn
from wasm_clf_widget.errors import InputError, ModelFileError
from wasm_clf_widget.model import limits
from wasm_clf_widget.model import safetensors as container
from wasm_clf_widget.model.file import dump, parse
from wasm_clf_widget.model.shape import shape_of
from wasm_clf_widget.model.spec import (
    LEFT_OUT,
    Classes,
    ConstantHead,
    Idf,
    Layer,
    LayersHead,
    LinearHead,
    Model,
    MultiOutputHead,
    OneVsRestHead,
    Pipeline,
    Scale,
    Select,
    TreesHead,
    Union,
    Vectorizer,
    VoteHead,
)
from wasm_clf_widget.model.tree import vectorizers
from wide_cases import CASES, fitted

Change = Callable[[Any], Any]


def deep(value: Any) -> Any:
    """Dataclasses and sequences as plain lists, whatever holds the numbers."""
    if is_dataclass(value):
        return [type(value).__name__, *(deep(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, str | bytes | int | float) or value is None:
        return value
    return [deep(entry) for entry in value]


def document(model: Model) -> dict[str, Any]:
    return json.loads(container.read(dump(model)).metadata["wcw"])  # type: ignore[no-any-return]


# --- round trips


@pytest.mark.parametrize("name", CASES)
def test_every_stage_and_head_comes_back(name: str) -> None:
    model = model_from_sklearn(fitted(name), name=name, weights="float64")
    again = parse(dump(model))
    assert deep(again) == deep(model)
    assert dump(again) == dump(model)


def test_a_file_of_one_of_each_says_nothing_of_several() -> None:
    said = document(make_model())
    assert not {"targets", "outputs", "decision"} & set(said)
    assert not any("prefix" in stage for stage in said["pipeline"])


def test_several_of_a_kind_have_prefixes() -> None:
    model = converted("union-nested-3")
    names = set(container.read(dump(model)).tensors())
    assert {"vocabulary.bytes", "1.vocabulary.bytes", "idf.0", "idf.1"} <= names
    assert document(model)["pipeline"][0]["branches"][0][0]["branches"][1][0]["prefix"] == "1."


def test_tables_belong_to_their_vectorizers() -> None:
    model = converted("union-nested-3")
    assert [v.vocabulary is None for v in vectorizers(model)] == [False, False, True]
    again = parse(dump(replace(model, tables=(None, b"two", None))))
    assert again.tables == (None, b"two", None)


def test_the_shape_is_in_the_document() -> None:
    for name in ("outputs-bayes", "many-layers", "pairs-2", "hard-3"):
        model = converted(name)
        assert document(model)["outputs"] == shape_of(model)._asdict()
    assert document(converted("hard-3"))["decision"] is False
    assert document(converted("outputs-svc"))["targets"] == "multioutput"
    assert document(converted("outputs-svc"))["classes"][1] == {"type": "str", "values": ["0", "10", "20"]}


def test_a_program_stands_in_its_tensor() -> None:
    front = replace(make_model().pipeline.front, token_pattern=r"\S+", program=b"\1\0\2")  # type: ignore[arg-type]
    again = parse(dump(changed(make_model(), front=front)))
    assert isinstance(again.pipeline.front, Vectorizer)
    assert (again.pipeline.front.token_pattern, again.pipeline.front.program) == (r"\S+", b"\1\0\2")
    refused(repack(dump(changed(make_model(), front=front)), lambda t: t.pop("token_program")), "token_program")
    refused(dump(changed(make_model(), front=replace(front, program=None))), "needs a 'program'")


# --- faults of the document


def at(*path: Any, value: Any) -> Change:
    def change(place: Any) -> None:
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


HEAD = ("pipeline", -1)
FAULTS: list[tuple[str, Change, str]] = [
    ("union-2", at("pipeline", 0, "branches", value=[]), "'union' needs a row"),
    ("union-2", at("pipeline", 0, "branches", 1, value=[]), "'vectorize' or 'union'"),
    ("union-2", at("pipeline", 0, "branches", 1, value={}), "branches[1] is no list"),
    ("union-2", at("pipeline", 0, "branches", 0, 0, value={"stage": "sublinear_tf"}), "needs a row"),
    ("union-2", lambda d: d["pipeline"][0]["branches"].extend([[]] * 63), "65 entries"),
    ("union-2", at("pipeline", 0, "branches", 1, 0, "prefix", value=7), "prefix"),
    ("union-2", at("pipeline", 0, "branches", 1, 0, "prefix", value=""), "vocabulary.offsets"),
    ("union-of-rows-2", at("pipeline", 3, "branches", 1, 0, "n_features", value=6), "'select' must have 0 to 5"),
    ("union-of-rows-2", at("pipeline", 3, "branches", 0, 0, "n_features", value=10**9), "n_features"),
    ("select-2", at("pipeline", 3, "n_features", value=0), "n_features"),
    ("svd-2", at("pipeline", -3, "n_features", value=6), "document asks for"),
    ("svd-2", lambda d: d["pipeline"].__setitem__(slice(1, 1), [{"stage": "sublinear_tf"}] * 64), "at most 64"),
    ("svd-2", lambda d: d["pipeline"].pop(0), "needs a row"),
    ("layers-relu-2", at(*HEAD, "activation", value="gelu"), "activation"),
    ("layers-relu-2", at(*HEAD, "link", value="ovr"), "link"),
    ("layers-relu-2", at(*HEAD, "sizes", value=[]), "0 entries"),
    ("layers-relu-2", at(*HEAD, "sizes", value=[8, 4, 2]), "link 'logistic' allows 1"),
    ("layers-relu-2", at(*HEAD, "sizes", value=[8, 0, 1]), "from 1 to 65,536"),
    ("layers-relu-2", at(*HEAD, "sizes", value=[70_000, 4, 1]), "from 1 to 65,536"),
    ("layers-relu-2", lambda d: d.pop("outputs"), "'outputs' is missing"),
    ("layers-relu-2", at("outputs", "scores", value=1), "the pipeline gives (2, 2, 1)"),
    ("layers-relu-2", at("targets", value="multilabel"), "targets are 'multilabel'"),
    ("layers-relu-2", at("targets", value="several"), "document.targets"),
    ("layers-relu-2", at("classes", "values", value=["a", "b", "c"]), "there are 3 classes"),
    ("centroid-2", at(*HEAD, "metric", value="cosine"), "metric"),
    ("centroid-2", at(*HEAD, "metric", value="manhattan"), "deviations"),
    ("centroid-2", at(*HEAD, "label", value="sign"), "label"),
    ("centroid-2", at(*HEAD, "outputs", value=3), "document asks for F64 [3]"),
    ("centroid-2", at("decision", value=False), "1 scores and 2 probabilities"),
    ("forest-2", at(*HEAD, "combine", value="median"), "combine"),
    ("forest-2", at(*HEAD, "trees", value=0), "trees"),
    ("forest-2", at(*HEAD, "trees", value=7), "document asks for"),
    ("forest-2", at(*HEAD, "link", value="softmax"), "link"),
    ("boosting-2", at(*HEAD, "label", value="argmax"), "label"),
    ("boosting-3", at(*HEAD, "link", value="logistic"), "link"),
    ("calibrated-2", at(*HEAD, "members", value=[]), "0 entries"),
    ("calibrated-2", at(*HEAD, "members", 1, "method", value="temperature"), "members[1].method"),
    ("calibrated-2", at(*HEAD, "members", 1, "input", value="votes"), "members[1].input"),
    ("calibrated-2", at(*HEAD, "members", 1, "input", value="probability"), "members[1] has no probabilities"),
    ("calibrated-2", at(*HEAD, "members", 1, "pipeline", value=[]), "must end with a head"),
    ("calibrated-bayes-2", at(*HEAD, "members", 0, "input", value="decision"), "2 scores for two classes"),
    ("soft-3", at(*HEAD, "voting", value="loud"), "voting"),
    ("soft-3", at(*HEAD, "members", 0, value={}), "a member is a list"),
    ("soft-3", at(*HEAD, "members", 0, 0, "link", value="none"), "members[0] has no probabilities"),
    ("soft-pipelines-3", at(*HEAD, "members", 1, value=[{"stage": "sublinear_tf"}]), "stage"),
    ("rest-bayes-3", at(*HEAD, "label", value="sign"), "label"),
    ("rest-bayes-3", at(*HEAD, "divide", value=1), "divide"),
    ("rest-bayes-3", at(*HEAD, "input", value="decision"), "2 scores for two classes"),
    ("rest-bayes-3", lambda d: d["pipeline"][-1]["members"].pop(), "there are 3 classes"),
    ("pairs-3", lambda d: d["pipeline"][-1]["members"].pop(), "2 members are no C(C − 1)/2 pairs"),
    ("pairs-3", at(*HEAD, "members", 0, 0, "label", value="each"), "members[0] gives several labels"),
    ("many-rest", at("targets", value="single"), "the targets are 'single'"),
    ("many-rest", at(*HEAD, "label", value="argmax"), "does not go with"),
    ("outputs-svc", at("targets", value="single"), "document.classes"),
    ("outputs-svc", lambda d: d["classes"].reverse(), "the members have [2, 3] classes, the outputs [3, 2]"),
    ("outputs-svc", lambda d: d["classes"].pop(), "classes"),
    ("outputs-svc", at("classes", 0, "values", value=["a", "a"]), "'a' twice"),
    ("constant-3", at(*HEAD, "stage", value="guess"), "'constant'"),
]


@pytest.mark.parametrize(("name", "change", "words"), FAULTS, ids=[f"{name}-{words}" for name, _, words in FAULTS])
def test_a_document_with_a_wrong_tree(name: str, change: Change, words: str) -> None:
    def changing(said: Any) -> None:
        change(said)

    refused(repack(dump(converted(name)), document=changing), words)


def test_pipelines_nest_eight_deep() -> None:
    def nested(depth: int) -> Model:
        inner = make_model().pipeline
        for _ in range(depth - 1):
            inner = Pipeline(None, (), VoteHead("soft", (inner,), None))
        return replace(make_model(), pipeline=inner, certificate=None, tables=())

    assert deep(parse(dump(nested(8)))) == deep(nested(8))
    refused(dump(nested(9)), "nest deeper than 8")


def test_a_union_of_rows_takes_no_text() -> None:
    front = make_model().pipeline.front
    model = changed(make_model(), transforms=(Union((Pipeline(None), Pipeline(front))),))
    wide = changed(model, head=replace(model.head, coef=array("d", [1.0] * 30)), certificate=None, tables=())
    refused(dump(wide), "branches[1] begins with the text")


def test_an_output_of_several_has_no_outputs_of_its_own() -> None:
    inner = Pipeline(None, (), ConstantHead([1.0], [0]))
    twice = Pipeline(None, (), MultiOutputHead((Pipeline(None, (), MultiOutputHead((inner,))),)))
    model = replace(converted("outputs-svc"), pipeline=twice, class_sets=(Classes("int", (1,)),))
    refused(dump(model), "members[0] gives several labels")


# --- faults of the tensors


def with_tensor(model: Model, name: str, code: str, values: Any, *shape: int) -> bytes:
    dtype = {"d": "F64", "I": "U32"}[code]
    tensor = container.Tensor(dtype, shape or (len(values),), struct.pack(f"<{len(values)}{code}", *values))
    return repack(dump(model), lambda tensors: tensors.__setitem__(name, tensor))


def tiny(head: Any, *transforms: Any, classes: int = 2) -> Model:
    front = Vectorizer("word", (1, 1), True, None, r"(?u)\b\w+\b", (), False, 3, ("a", "b", "c"))
    sets = (Classes("int", tuple(range(classes))),)
    return replace(
        make_model(), pipeline=Pipeline(front, transforms, head), class_sets=sets, certificate=None, tables=()
    )


LINEAR = LinearHead("linear", "none", "sign", 1, [1.0, 2.0, 3.0], [0.0])
FOREST = TreesHead("sum", "logistic", "sign", 1, [0], [0], [2, LEFT_OUT, LEFT_OUT], [0.5, 0.0, 0.0],
                   [1, 2, 0, 0, 0, 0], [0.0, -1.0, 1.0], [0.0])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "code", "values", "shape", "words"),
    [
        ("tree.roots", "I", [3], (), "beyond the last, 2"),
        ("tree.feature", "I", [3, LEFT_OUT, LEFT_OUT], (), "feature 3, the row has 3"),
        ("tree.children", "I", [0, 2, 0, 0, 0, 0], (3, 2), "children 0 and 2: each must stand behind it"),
        ("tree.children", "I", [1, 3, 0, 0, 0, 0], (3, 2), "children 1 and 3: each must stand behind it"),
        ("tree.output", "I", [1], (), "beyond the last, 0"),
        ("tree.threshold", "d", [float("nan"), 0.0, 0.0], (), "only finite ones"),
        ("tree.value", "d", [1.0], (), "document asks for [3]"),
        ("tree.initial", "d", [0.0, 0.0], (), "document asks for"),
    ],
)
def test_trees_that_lead_nowhere(name: str, code: str, values: Any, shape: tuple[int, ...], words: str) -> None:
    assert deep(parse(dump(tiny(FOREST)))) == deep(tiny(FOREST))
    refused(with_tensor(tiny(FOREST), name, code, values, *shape), words)


def test_trees_without_nodes() -> None:
    refused(with_tensor(tiny(FOREST), "tree.feature", "I", [], 0), "0 nodes")


@pytest.mark.parametrize("places", [[0, 1, 2], [1, 0, LEFT_OUT], [0, 0, LEFT_OUT], [LEFT_OUT, 0, LEFT_OUT], [0, 2, 1]])
def test_a_selection_ascends_from_0(places: list[int]) -> None:
    head = replace(LINEAR, coef=[1.0, 2.0])
    right = tiny(head, Select([0, LEFT_OUT, 1], 2))
    assert deep(parse(dump(right))) == deep(right)
    refused(with_tensor(right, "select", "I", places), "must have 0 to 1, ascending")


def test_a_scale_is_one_number_or_one_a_feature() -> None:
    for values in ([2.0], [1.0, 2.0, 3.0]):
        model = tiny(LINEAR, Scale(values))
        assert deep(parse(dump(model))) == deep(model)
    refused(with_tensor(tiny(LINEAR, Scale([2.0])), "scale", "d", [1.0, 2.0]), "document asks for [3]")
    refused(with_tensor(tiny(LINEAR, Scale([2.0])), "scale", "d", [1.0], 1, 1), "must be a vector")


def test_a_threshold_below_0() -> None:
    refused(with_tensor(converted("binarize-2"), "threshold", "d", [-1e-9]), "must be 0 or more")


@pytest.mark.parametrize(
    ("name", "code", "values", "words"),
    [
        ("knots", "I", [0, 0], "must ascend from 0"),
        ("knots", "I", [1, 2], "must ascend from 0"),
        ("x", "d", None, "must not descend"),
        ("y", "d", [0.5], "document asks for"),
    ],
)
def test_isotonic_calibrators(name: str, code: str, values: Any, words: str) -> None:
    model = converted("calibrated-isotonic-2")
    if values is None:
        values = list(reversed(model.head.members[0].calibration.x))  # type: ignore[union-attr]
    refused(with_tensor(model, name, code, values), words)


def test_weights_of_a_soft_vote_that_sum_to_0() -> None:
    refused(with_tensor(converted("soft-2"), "weights", "d", [1.0, -1.0, 0.0]), "sums to 0")


def test_labels_of_a_constant() -> None:
    refused(with_tensor(converted("constant-3"), "labels", "I", [3]), "must be below 3")
    refused(with_tensor(converted("constant-3"), "labels", "I", [], 0), "0 labels")
    inner = Pipeline(None, (), ConstantHead([0.0, 1.0], [2]))
    refused(dump(tiny(VoteHead("hard", (inner,), None))), "always says class 2")


def test_members_choose_from_the_same_classes() -> None:
    two, three = (Pipeline(None, (), ConstantHead([1.0 / n] * n, [0])) for n in (2, 3))
    refused(dump(tiny(VoteHead("soft", (two, three), None))), "2 and 3 classes")
    refused(
        dump(tiny(OneVsRestHead((three, three), "probability", "argmax", True))), "has 3 classes, each must have two"
    )


def test_certified_labels_of_several() -> None:
    model = make_model(certificate=None)
    head = replace(model.head, link="each", label="each")
    certificate = replace(make_model().certificate, labels=array("I", [0, 1, 1, 0, 0, 1]))  # type: ignore[type-var]
    model = changed(model, head=head, targets="multilabel", certificate=certificate)
    again = parse(dump(model))
    assert again.certificate is not None
    assert list(again.certificate.labels) == [0, 1, 1, 0, 0, 1]
    refused(with_tensor(model, "certificate.labels", "I", [0, 1, 2, 0, 0, 1], 2, 3), "class 2 at 2")


# --- limits


def test_budgets_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    data = dump(converted("union-nested-2"))
    count = len(container.read(data).tensors())
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_TENSORS", count - 1)
        refused(data, f"{count} tensors")
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_VECTORIZERS", 2)
        refused(data, "at most 2 vectorizers")
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_NUMBERS", 200)
        refused(data, "more than 200 numbers in all")
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_FEATURES", 100)
        refused(data, "100")
    wide = LayersHead("relu", "logistic", (Layer(1, [0.0] * 3, [0.0]),))
    with monkeypatch.context() as patch:
        patch.setattr(limits, "MAX_WEIGHTS", 2)
        refused(dump(tiny(wide)), "exceed 2 weights")


def test_hashed_features_count_for_the_budget() -> None:
    front = Vectorizer("word", (1, 1), True, None, r"(?u)\b\w+\b", (), False, limits.MAX_FEATURES, None)
    many = Union(tuple(Pipeline(replace(front, n_features=2**24)) for _ in range(2)))
    model = replace(tiny(ConstantHead([0.5, 0.5], [0])), pipeline=Pipeline(many, (), ConstantHead([0.5, 0.5], [0])))
    refused(dump(model), "33,554,432 features, 16,777,216 are allowed")


def test_a_writer_refuses_numbers_that_are_not_finite() -> None:
    for model in (
        tiny(LINEAR, Idf([1.0, float("inf"), 1.0])),
        tiny(LINEAR, Scale([float("nan")])),
        tiny(replace(FOREST, threshold=[float("nan"), 0.0, 0.0])),
        tiny(ConstantHead([float("nan"), 0.5], [0])),
    ):
        with pytest.raises(InputError, match="only finite ones"):
            dump(model)


def test_every_truncation_of_a_tree_is_refused() -> None:
    data = dump(converted("calibrated-pipelines-2"))
    for size in range(0, len(data), 97):
        with pytest.raises(ModelFileError):
            parse(data[:size])
