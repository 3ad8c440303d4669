"""The command line: what it prints, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import wasm_clf_widget as wcw
from test_model_file import repack
from wasm_clf_widget import cli
from wasm_clf_widget.cli import app

runner = CliRunner()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model that is unsure of unknown texts."""
    clf = wcw.Classifier.from_weights(
        ["good", "bad"], [[1.5, -1.5]], [0.1], ["neg", "pos"], name="tëst", uncertain_below=0.6
    )
    return clf.save(tmp_path_factory.mktemp("m") / "m.safetensors")


@pytest.fixture(scope="module")
def hashing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that refuses lone surrogates."""
    clf = wcw.Classifier.from_weights(
        None, [[0.5] * 16], 0.0, [False, True], name="h", analyzer="char", n_features=16, norm="l2"
    )
    return clf.save(tmp_path_factory.mktemp("h") / "h.safetensors")


def run(*arguments: Any, code: int = 0, stdin: bytes | None = None) -> Any:
    result = runner.invoke(app, [str(a) for a in arguments], input=stdin)
    assert result.exit_code == code, (result.exit_code, result.stdout, result.stderr, result.exception)
    return result


def rows(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_classify_prints_a_table(model: Path) -> None:
    lines = run("classify", "--model", model, "good [bold]", "bad", "").stdout.splitlines()
    assert lines[0].split() == ["text", "label", "confidence", "note"]
    assert lines[1].split() == ["good", "[bold]", "pos", "0.832"]
    assert lines[2].split() == ["bad", "neg", "0.802"]
    assert lines[3].split() == ["pos", "0.525", "not", "sure,", "no", "known", "words"]


def test_a_score_that_is_no_probability_is_not_called_confidence(tmp_path: Path) -> None:
    clf = wcw.Classifier.from_weights(["good"], [[1.5]], 0.0, ["neg", "pos"], name="m", head="decision")
    lines = run("classify", "-m", clf.save(tmp_path / "m.safetensors"), "good").stdout.splitlines()
    assert [line.split() for line in lines] == [["text", "label", "score", "note"], ["good", "pos", "1.500"]]


def test_classify_prints_json_lines(model: Path) -> None:
    output = rows(run("classify", "-m", model, "--format", "jsonl", "good", "ünknown").stdout)
    clf = wcw.Classifier.load(model)
    assert output == [
        {"index": i, "text": text, **clf.classify(text).to_dict()} for i, text in enumerate(["good", "ünknown"])
    ]


def test_the_twin_answers(model: Path) -> None:
    (row,) = rows(run("classify", "-m", model, "--format", "jsonl", "--engine", "twin", "good").stdout)
    assert row["ran_on"] == "kernel-twin"
    assert row["label"] == "pos"


@pytest.mark.parametrize("source", ["file", "stdin"])
def test_input_is_one_text_a_line(model: Path, tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_BATCH", 2)
    data = "good\r\nbad\u2028bad\n\n是 good".encode() + b"\nno \xff unicode\n"
    path = tmp_path / "texts.txt"
    path.write_bytes(data)
    arguments = ["classify", "-m", model, "--format", "jsonl", "--input"]
    result = run(*arguments, path) if source == "file" else run(*arguments, "-", stdin=data)
    output = rows(result.stdout)
    assert [row["text"] for row in output] == ["good", "bad\u2028bad", "", "是 good", "no \ufffd unicode"]
    assert [row["index"] for row in output] == [0, 1, 2, 3, 4]
    assert [row["known_features"] for row in output] == [1, 1, 0, 1, 0]
    assert output[4]["replaced_surrogates"] == 1


def test_an_empty_input_is_fine(model: Path) -> None:
    assert run("classify", "-m", model, "-i", "-", stdin=b"").stdout == ""


def test_a_row_that_fails_does_not_stop_the_others(hashing: Path) -> None:
    result = run("classify", "-m", hashing, "-i", "-", "--format", "jsonl", stdin=b"one\n\xff\ntwo\n", code=1)
    output = rows(result.stdout)
    assert [("label" in row, "error" in row) for row in output] == [(True, False), (False, True), (True, False)]
    assert "lone surrogate" in output[1]["error"]
    assert "1 of 3 texts" in result.stderr
    table = run("classify", "-m", hashing, "-i", "-", stdin=b"one\n\xff\n", code=1).stdout
    assert "error" in table


def test_usage_errors_exit_with_2(model: Path, tmp_path: Path) -> None:
    for arguments in (
        ["classify", "-m", model],
        ["classify", "-m", model, "text", "--input", "-"],
        ["classify", "-m", model, "--input", tmp_path / "missing.txt"],
        ["classify", "text"],
        ["classify", "-m", model, "text", "--format", "xml"],
        ["verify"],
        ["unknown"],
    ):
        assert run(*arguments, code=2).stderr


def test_a_bad_model_file_exits_with_4(model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(model.read_bytes()[:-1])
    for arguments in (["classify", "-m", bad, "text"], ["info", bad], ["verify", bad]):
        assert "truncated" in run(*arguments, code=4).stderr
    result = run("info", "no-such-model", code=4)
    assert "what ships" in result.stderr
    assert "Traceback" not in result.stderr


def test_info(model: Path) -> None:
    table = run("info", model).stdout
    assert "tëst" in table
    assert wcw.Classifier.load(model).sha256[:40] in table
    (about,) = rows(run("info", model, "--format", "jsonl").stdout)
    assert about["classes"] == ["neg", "pos"]
    assert about["certificate_texts"] > 50


@pytest.mark.parametrize("engine", ["wasm", "twin"])
def test_verify_exits_with_1_where_an_answer_differs(model: Path, tmp_path: Path, engine: str) -> None:
    (report,) = rows(run("verify", model, "--engine", engine, "--format", "jsonl").stdout)
    assert report["ok"] is True
    assert report["checked"] == report["kept"] > 50

    def change(tensors: dict[str, Any]) -> None:
        from dataclasses import replace

        data = bytearray(tensors["intercept"].data)
        data[0] ^= 1
        tensors["intercept"] = replace(tensors["intercept"], data=bytes(data))

    altered = tmp_path / "altered.safetensors"
    altered.write_bytes(repack(model.read_bytes(), change))
    table = run("verify", altered, "--engine", engine, code=1).stdout
    assert "stage: scores" in table
    (report,) = rows(run("verify", altered, "--engine", engine, "--format", "jsonl", code=1).stdout)
    assert report["first_difference"]["stage"] == "scores"


def test_a_file_without_a_suffix_is_found(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").write_bytes(model.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert "tëst" in run("info", "plain").stdout


def test_the_script_is_declared() -> None:
    import tomllib

    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())
    assert project["project"]["scripts"]["wasm-clf"] == "wasm_clf_widget.cli:app"
    assert project["project"]["version"] == wcw.__version__
