"""Files that are damaged, foreign or made to mislead: one typed error, or right answers; on any host, Pyodide too."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

import wasm_clf_widget as wcw
from test_model_file import repack

VOCABULARY = ["a", "bad", "café", "film", "good", "ok", "then", "thing", "truly"]
COEF = [[-0.4, 0.9, 0.2, 0.0, -0.7, -0.1, -0.1, 0.3, -0.2], [-0.1, -0.3, -0.1, -0.1, -0.2, 0.9, 0.9, -0.2, -0.1],
        [0.5, -0.6, -0.1, 0.1, 0.9, -0.8, -0.8, -0.1, 0.3]]  # fmt: skip
IDF = [1.9, 1.7, 2.4, 2.0, 1.7, 2.4, 2.4, 2.0, 2.4]
JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3, 65, 2**31, 2**64, 10**400, 1.5, -0.5, 1e300, "", "x", "str", "int", "idf.0",
    "coef", "word", "char", "l1", "argmax", "sign", "none", "ovr", "float32", "hashing", [], [1], {}, [[]], [1, 1],
    [1, 2**40], ["neg", "pos"], [True, False], {"stage": "norm", "norm": "l2"}, {"stage": "sublinear_tf"},
]  # fmt: skip


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    classes = ["neg", "ok", "pos"]
    return wcw.Classifier.from_weights(VOCABULARY, COEF, [0.1, -0.3, 0.2], classes, name="t", idf=IDF, norm="l2")


def test_a_truncated_file(clf: wcw.Classifier, tmp_path: Any) -> None:
    data = clf.model_bytes
    for size in (0, 7, 100, len(data) // 2, len(data) - 1):
        path = tmp_path / "m.safetensors"
        path.write_bytes(data[:size])
        with pytest.raises(wcw.ModelFileError):
            wcw.Classifier.load(path)


def test_an_altered_file(clf: wcw.Classifier) -> None:
    data = bytearray(clf.model_bytes)
    data[len(data) // 2] ^= 0x10
    with pytest.raises(wcw.ModelFileError, match="altered or damaged"):
        wcw.Classifier.load(bytes(data))


def test_a_file_of_a_later_format(clf: wcw.Classifier) -> None:
    with pytest.raises(wcw.ModelFileError, match=r"format 2.*reads format 1.*upgrade"):
        wcw.Classifier.load(repack(clf.model_bytes, document=lambda d: d | {"format": 2}))


def test_a_directory_and_a_foreign_file(tmp_path: Any) -> None:
    with pytest.raises(wcw.ModelFileError, match="cannot be read"):
        wcw.Classifier.load(tmp_path)
    with pytest.raises(wcw.ModelFileError, match="no safetensors file"):
        wcw.Classifier.load(b"PK\3\4" + bytes(range(256)))


def test_a_look_up_table_that_lies_is_never_used_in_silence(clf: wcw.Classifier) -> None:
    """The hash binds the table; with a repaired hash the engine refuses it or the replay shows it."""
    table = bytearray(clf.model.tables[0] or b"")
    assert table
    generator = random.Random(8)
    for _ in range(60):
        broken = bytearray(table)
        for _ in range(generator.randint(1, 20)):
            broken[generator.randrange(len(broken))] = generator.randrange(256)
        if generator.random() < 0.3:
            broken = broken[: generator.randrange(len(broken))]

        def change(tensors: dict[str, Any], broken: bytes = bytes(broken)) -> None:
            tensors["vocabulary.table"] = replace(tensors["vocabulary.table"], shape=(len(broken),), data=broken)

        try:
            loaded = wcw.Classifier.load(repack(clf.model_bytes, change))
            answers = loaded.classify(["good film", "bad 是"])
        except wcw.ModelFileError:
            continue
        assert loaded.verify().ok is False or [a.all_scores for a in answers] == [
            a.all_scores for a in clf.classify(["good film", "bad 是"])
        ]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def test_documents_with_junk_in_them_are_refused_or_work(clf: wcw.Classifier) -> None:
    """One value replaced by another, the hash repaired: a ModelFileError of one of the readers, or an answer."""
    generator = random.Random(9)
    outcomes = {"refused": 0, "works": 0}
    for _ in range(400):

        def change(document: Any) -> None:
            path = generator.choice(list(places(document)))
            parent = document
            for key in path[:-1]:
                parent = parent[key]
            if generator.random() < 0.1:
                del parent[path[-1]]
            else:
                parent[path[-1]] = generator.choice(JUNK)

        try:
            loaded = wcw.Classifier.load(repack(clf.model_bytes, document=change))
            result = loaded.classify(["good film", "bad 是"])[0]
            outcomes["works"] += 1
        except wcw.ModelFileError:
            outcomes["refused"] += 1
            continue
        except wcw.InputError:
            # Two logarithms in a row, and the like: no finite value for these texts.
            continue
        assert result.label in loaded.classes_
    assert min(outcomes.values()) > 20, outcomes
