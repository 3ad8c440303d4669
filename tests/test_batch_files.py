"""``wasm-clf batch``: files in, files out, whatever happens on the way."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

import wasm_clf_widget as wcw
from wasm_clf_widget.batch import job as job_module
from wasm_clf_widget.batch import readers
from wasm_clf_widget.batch import sample as sample_module
from wasm_clf_widget.cli import app

ROWS = 700
SMALL = "from wasm_clf_widget.batch import job, readers; job.PART_ROWS, readers.GROUP_ROWS = {part}, {group}; "
RUN = "from wasm_clf_widget.cli import app; app()"


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(["good", "bad"], [[1.5, -1.5]], [0.1], ["neg", "pos"], name="f")


@pytest.fixture(scope="module")
def model(clf: wcw.Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clf.save(tmp_path_factory.mktemp("model") / "m.safetensors")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_module, "PART_ROWS", 200)
    monkeypatch.setattr(readers, "GROUP_ROWS", 64)


def texts(n: int = ROWS) -> list[str]:
    drawn = random.Random(3)
    words = ["good", "bad", "服务", "it's", 'a "quote"', "two\nlines", "a,comma", "é", ""]
    return [" ".join(drawn.choices(words, k=4)) for _ in range(n)]


def rows(n: int = ROWS) -> list[dict[str, Any]]:
    return [{"id": f"{i:04d}", "review": text} for i, text in enumerate(texts(n))]


def write(path: Path, values: list[dict[str, Any]]) -> Path:
    """A file in the format that its name says, by other means than the code under test."""
    if path.name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(values), path, row_group_size=150)
        return path
    if ".csv" in path.name:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(values[0]))
        writer.writeheader()
        writer.writerows(values)
        data = out.getvalue().encode()
    else:
        data = "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values).encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    elif path.suffix == ".zst":
        data = pa.Codec("zstd").compress(data).to_pybytes()
    path.write_bytes(data)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()  # type: ignore[no-any-return]
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".zst":
        data = pa.input_stream(str(path), compression="zstd").read()
    if ".csv" in path.name:
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    return [json.loads(line) for line in data.decode().splitlines()]


def batch(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["batch", *map(str, arguments)])


FORMATS = ["csv", "csv.gz", "csv.zst", "jsonl", "jsonl.gz", "jsonl.zst", "parquet"]


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_every_format_into_every_other(
    clf: wcw.Classifier, model: Path, tmp_path: Path, source: str, target: str
) -> None:
    given = rows()
    out = tmp_path / f"out.{target}"
    result = batch(write(tmp_path / f"in.{source}", given), "-m", model, "-t", "review", "-o", out, "--scores")
    assert result.exit_code == 0, result.output
    p = clf.predict_proba([row["review"] for row in given])
    labels = clf.predict([row["review"] for row in given])
    got = read(out)
    assert [{"id": row["id"], "review": row["review"]} for row in got] == given
    assert [row["label"] for row in got] == labels.tolist()
    assert [float(row["confidence"]) for row in got] == p.max(axis=1).tolist()
    assert [[float(row["score_neg"]), float(row["score_pos"])] for row in got] == p.tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"in.{source}", f"out.{target}"])


def test_a_json_line_is_kept_as_it_stands(model: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"n": 1.50, "review": "good", "n": 12345678901234567890123}\r\n\n {"review":"\\u0062ad"} \n')
    out = tmp_path / "out.jsonl"
    assert batch(source, "-m", model, "-t", "review", "-o", out, "-q").exit_code == 0
    first, second = out.read_text().splitlines()
    assert first.startswith(
        '{"n": 1.50, "review": "good", "n": 12345678901234567890123, "label": "pos", "confidence": 0.'
    )
    assert second.startswith('{"review":"\\u0062ad", "label": "neg", ')


def test_parquet_keeps_types_and_one_row_group_a_part(model: Path, tmp_path: Path) -> None:
    table = pa.table(
        {
            "review": pa.array(texts()).dictionary_encode(),
            "stars": pa.array(range(ROWS), pa.int8())
            if ROWS < 128
            else pa.array([i % 5 for i in range(ROWS)], pa.int8()),
            "tags": [[str(i)] for i in range(ROWS)],
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    assert batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out).exit_code == 0
    got = pq.read_table(out)
    assert got.select(["review", "stars", "tags"]).equals(table)
    assert pq.ParquetFile(out).metadata.num_row_groups == -(-ROWS // 256)


def test_parts_are_quick_to_write_and_the_joined_file_is_packed(model: Path, tmp_path: Path) -> None:
    """A part is read once more and then gone; the output is packed as ever, with a dictionary where values repeat."""
    table = pa.table(
        {
            "id": range(6000),
            "kind": ["a", "b", "c"] * 2000,
            "review": [f"good {i}" for i in range(6000)],
            "category": pa.array(["long " * 50, "other " * 50] * 3000).dictionary_encode(),
            "tags": [["x", "y"]] * 6000,
        }
    )
    table = pa.concat_tables([table] * 2)
    pq.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    sizes = {}
    real = job_module.Writer.join

    def join(self: Any, parts: list[Path], path: Path) -> None:
        about = pq.ParquetFile(parts[0]).metadata.row_group(0)
        sizes.update({about.column(i).path_in_schema: about.column(i) for i in range(about.num_columns)})
        real(self, parts, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_module, "PART_ROWS", 8000)
        patch.setattr(job_module.Writer, "join", join)
        assert batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert {column.compression for column in sizes.values()} == {"UNCOMPRESSED"}
    # Written plainly each of 8,000 rows would repeat some 300 bytes.
    assert sizes["category"].total_uncompressed_size < 100_000
    about = pq.ParquetFile(out).metadata.row_group(0)
    columns = {about.column(i).path_in_schema: about.column(i) for i in range(about.num_columns)}
    assert {column.compression for column in columns.values()} == {"SNAPPY"}
    with_dictionary = {name for name, column in columns.items() if column.has_dictionary_page}
    # All confidences of these texts are the same; texts and numbers are not.
    assert with_dictionary == {"kind", "category", "tags.list.element", "label", "confidence"}
    assert columns["id"].statistics.max == max(range(6000))
    assert pq.read_table(out).select(table.column_names).equals(table)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_parts_are_bounded_by_all_their_columns(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Short texts beside long other fields: memory would grow with those."""
    monkeypatch.setattr(job_module, "PART_ROWS", 10_000)
    monkeypatch.setattr(job_module, "PART_BYTES", 1 << 20)
    source = write(tmp_path / f"in.{kind}", [{"review": "good", "html": f"{i} " * 5000} for i in range(640)])
    out = tmp_path / "out.parquet"
    assert batch(source, "-m", model, "-t", "review", "-o", out).exit_code == 0
    about = pq.ParquetFile(out).metadata
    sizes = [about.row_group(i).total_byte_size for i in range(about.num_row_groups)]
    assert len(sizes) > 4
    assert max(sizes) < 3 << 20  # a part ends with the group of 64 rows that makes it full


def test_globs_and_partitioned_folders(clf: wcw.Classifier, model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    given = []
    for year in (2025, 2026):
        for part in (0, 1):
            folder = data / f"year={year}" / f"city=S%C3%A3o {part}"
            folder.mkdir(parents=True)
            some = [{"review": text} for text in texts(90)]
            write(folder / "x.parquet", some)
            given += [{**row, "year": str(year), "city": f"São {part}"} for row in some]
    (data / "_SUCCESS").touch()
    out = tmp_path / "out.parquet"
    assert batch(data, "-m", model, "-t", "review", "-o", out).exit_code == 0
    got = read(out)
    assert [{key: row[key] for key in ("review", "year", "city")} for row in got] == given
    assert [row["label"] for row in got] == clf.predict([row["review"] for row in given]).tolist()
    globbed = tmp_path / "globbed.parquet"
    assert batch(data / "year=*" / "**" / "*.parquet", "-m", model, "-t", "review", "-o", globbed).exit_code == 0
    assert [row["review"] for row in read(globbed)] == [row["review"] for row in given]


@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_folders_name_columns_in_every_format(model: Path, tmp_path: Path, source: str, target: str) -> None:
    for year in ("2025", "__HIVE_DEFAULT_PARTITION__"):
        folder = tmp_path / "data" / f"year={year}" / "city=S%C3%A3o"
        folder.mkdir(parents=True)
        write(folder / f"a.{source}", [{"id": "1", "review": "good"}])
    out = tmp_path / f"out.{target}"
    result = batch(tmp_path / "data", "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    got = read(out)
    assert list(got[0]) == ["id", "review", "year", "city", "label", "confidence"]
    assert [(row["year"] or None, row["city"], row["label"]) for row in got] == [
        ("2025", "São", "pos"),
        (None, "São", "pos"),
    ]


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_folder_may_name_no_column_that_is_there(model: Path, tmp_path: Path, kind: str, rows: int) -> None:
    """Neither one of the file nor one of the answers; and a file without rows has its folder's column too."""
    data, out = tmp_path / "data", tmp_path / "out.csv"
    folder = data / "year=2025"
    folder.mkdir(parents=True)
    source = write(folder / f"a.{kind}", [{"review": "good", "year": "1999"}])
    if rows:
        result = batch(data, "-m", model, "-t", "review", "-o", out)
        assert result.exit_code == 2, result.output
        assert "'year' stands in the " in result.output
        assert "and in its folder's name" in result.output
    write(source, [{"review": "good"}])
    if not rows:
        empty = {"csv": b"review\n", "jsonl": b""}
        pq.write_table(pq.read_table(source, partitioning=None)[:0], source) if kind == "parquet" else (
            source.write_bytes(empty[kind])
        )
        assert batch(data, "-m", model, "-t", "review", "-o", out).exit_code == 0
        names = "year,label,confidence\n"
        assert out.read_text() == (names if kind == "jsonl" else "review," + names)
        out.unlink()
    folder.rename(data / "label=x")
    result = batch(data, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert "has a column 'label' already" in result.output


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_folders_that_make_no_columns(model: Path, tmp_path: Path, kind: str) -> None:
    (tmp_path / "twice" / "a=1" / "a=2").mkdir(parents=True)
    write(tmp_path / "twice" / "a=1" / "a=2" / f"a.{kind}", [{"review": "good"}])
    result = batch(tmp_path / "twice", "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2, result.output
    assert "two of its folders name the column 'a'" in result.output
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/latin/city=S\xe3o"))
    try:
        folder.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system takes no such name")
    write(tmp_path / f"a.{kind}", [{"review": "good"}]).rename(folder / f"a.{kind}")
    result = batch(tmp_path / "latin", "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2, result.output
    assert "names a column, but not in UTF-8" in result.output


def test_a_folder_that_cannot_be_listed_is_told(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = tmp_path / "data" / "year=2026"
    locked.mkdir(parents=True)
    write(tmp_path / "data" / "a.csv", rows(3))
    real = os.scandir

    def scandir(path: Any) -> Any:
        if not isinstance(path, int) and Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    globs = ["**/*.csv", "data/**/*.csv", "data/*/*.csv", "*/year=*/a.csv", "data/year=2026/*.csv"]
    for given in (tmp_path / "data", locked, *(tmp_path / glob for glob in globs)):
        result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
        assert result.exit_code == 2, result.output
        assert f"{locked}: the folder cannot be read: Permission denied" in result.output
    # What a glob does not look into is nothing to it.
    for glob in ("data/*.csv", "data/month=*/a.csv", "d*/*.csv"):
        out = tmp_path / "out.csv"
        result = batch(tmp_path / glob, "-m", model, "-t", "review", "-o", out, "--overwrite")
        assert (result.exit_code == 0) == out.exists() == (glob != "data/month=*/a.csv"), result.output
        out.unlink(missing_ok=True)


@pytest.mark.parametrize("target", ["parquet", "csv"])
def test_a_parquet_file_whose_name_is_not_utf_8(model: Path, tmp_path: Path, target: str) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/S\xe3o"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    given = write(tmp_path / "a.parquet", rows(40)).rename(folder / os.fsdecode(b"\xe3.parquet"))
    out = folder / os.fsdecode(b"\xff." + target.encode())
    result = batch(given, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    plain = out.rename(tmp_path / f"plain.{target}")
    assert [row["review"] for row in read(plain)] == texts(40)
    assert list(folder.iterdir()) == [given]


@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_a_json_number_beyond_all_doubles_does_not_become_infinity(model: Path, tmp_path: Path, target: str) -> None:
    lines = ['{"review": "good", "n": 1e300}', '{"review": "bad", "n": [-1e400]}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines) + "\n")
    result = batch(tmp_path / "in.jsonl", "-m", model, "-t", "review", "-o", tmp_path / f"out.{target}")
    assert result.exit_code == 2, result.output
    assert "in.jsonl: row 2: the number -1e400 is larger than a column can hold: write .jsonl" in result.output
    result = batch(tmp_path / "in.jsonl", "-m", model, "-t", "review", "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    assert '"n": [-1e400]' in (tmp_path / "out.jsonl").read_text()


def test_a_job_that_a_bad_row_stopped_goes_on_without_such_rows(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wasm_clf_widget.batch.job.PART_ROWS", 10)
    monkeypatch.setattr("wasm_clf_widget.batch.readers.GROUP_ROWS", 10)
    values = rows(500)
    values[494]["review"] = None  # type: ignore[assignment]
    given, out = write(tmp_path / "in.jsonl", values), tmp_path / "out.jsonl"
    arguments = (given, "-m", model, "-t", "review", "-o", out)
    stopped = batch(*arguments)
    assert stopped.exit_code == 2, stopped.output
    finished = len(list((tmp_path / "out.jsonl.partial").glob("part-*.jsonl")))
    assert 0 < finished < 50
    again = batch(*arguments, "--resume", "--on-error", "skip")
    assert again.exit_code == 1, again.output
    assert "1 rows have no answer" in again.output
    assert f"500 rows, {10 * finished} of them before" in again.output
    whole = tmp_path / "whole.jsonl"
    assert batch(*arguments[:-1], whole, "--on-error", "skip").exit_code == 1
    assert out.read_bytes() == whole.read_bytes()


def test_parts_that_skipped_rows_are_not_gone_on_with_strictly(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wasm_clf_widget.batch import job

    monkeypatch.setattr(job, "PART_ROWS", 10)
    monkeypatch.setattr("wasm_clf_widget.batch.readers.GROUP_ROWS", 10)
    given, out = write(tmp_path / "in.jsonl", rows(50)), tmp_path / "out.jsonl"
    arguments = (given, "-m", model, "-t", "review", "-o", out)

    def fail(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("wasm_clf_widget.batch.writers.Writer.join", fail)
        assert batch(*arguments, "--on-error", "skip").exit_code == 1
    result = batch(*arguments, "--resume")
    assert result.exit_code == 2, result.output
    assert "holds parts of another job: its options" in result.output


def test_links_to_folders_are_followed_and_read_once(model: Path, tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (elsewhere, data / "_store" / "2027", data / "year=2025"):
        folder.mkdir(parents=True)
        write(folder / "a.csv", [{"review": folder.name[-4:]}])
    (data / "year=2026").symlink_to(elsewhere)
    (data / "year=2027").symlink_to(data / "_store" / "2027")
    (data / "year=2025" / "up").symlink_to(tmp_path)  # round in circles
    (data / "latest").symlink_to(data / "year=2025")
    out = tmp_path / "out.csv"
    result = batch(data, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    assert [(row["review"], row["year"]) for row in read(out)] == [
        ("2025", "2025"),
        ("here", "2026"),
        ("2027", "2027"),
    ]
    (tmp_path / "linked").symlink_to(data)
    assert batch(tmp_path / "linked", "-m", model, "-t", "review", "-o", out, "--overwrite").exit_code == 0
    assert len(read(out)) == 3


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_no_rows(model: Path, tmp_path: Path, kind: str) -> None:
    source = tmp_path / f"in.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"review": pa.array([], pa.string())}), source)
    else:
        source.write_text("review\n" if kind == "csv" else "")
    out = tmp_path / f"out.{kind}"
    result = batch(source, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    assert read(out) == []
    if kind == "csv":
        assert out.read_text() == "review,label,confidence\n"


def test_a_byte_order_mark_is_no_part_of_the_first_name(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbfreview\ngood\n")
    out = tmp_path / "out.csv"
    assert batch(tmp_path / "in.csv", "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert [row["label"] for row in read(out)] == ["pos"]


def test_another_delimiter(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("id;review\n1;good, or not\n")
    out = tmp_path / "out.jsonl"
    assert batch(tmp_path / "in.csv", "-m", model, "-t", "review", "-o", out, "--delimiter", ";").exit_code == 0
    assert read(out)[0]["review"] == "good, or not"


# --- columns of one format in another

MIXED = [
    ({"x": 4}, {"x": 4.9}, "have double for 'x', the first ones int64"),
    ({"x": 0.5}, {"x": True}, "have bool for 'x', the first ones double"),
    ({"x": ["a"]}, {"x": "abc"}, "have string for 'x', the first ones list<"),
    ({"x": {"a": 1}}, {"x": {"b": 1}}, "have struct<b: int64> for 'x', the first ones struct<a: int64>"),
    ({"x": [{"a": 1}]}, {"x": [{"a": 1.5}]}, "have list<item: struct<a: double>> for 'x', the first ones list<"),
    ({"x": None}, {"x": 1}, "have int64 for 'x', the first ones null"),
    ({"x": 0.5}, {"x": 2**53 + 1}, "do not make columns of one type each (Integer value 9007199254740993"),
    ({"x": 1}, {"x": 1, "y": 2}, "have keys that those before have not (y)"),
]


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("target", ["csv", "parquet"])
@pytest.mark.parametrize(("first", "later", "message"), MIXED)
def test_json_lines_that_do_not_fit_the_first_ones_are_told(
    model: Path, tmp_path: Path, first: dict[str, Any], later: dict[str, Any], message: str, target: str, resumed: bool
) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / f"out.{target}"
    write(source, [{"review": "good", **value} for value in [first] * 256 + [later]])
    for options in ([], ["--resume"])[: 1 + resumed]:
        result = batch(source, "-m", model, "-t", "review", "-o", out, *options)
        assert result.exit_code == 2, result.output
        assert "in.jsonl: the JSON lines from 257 on " + message in result.output
        assert "write .jsonl, which needs no columns" in result.output
        assert not out.exists()


@pytest.mark.parametrize("value", [[1.5, True], [[1.5, True]], {"a": {"b": [0.5, False]}}])
def test_true_is_no_number_beside_a_float(model: Path, tmp_path: Path, value: Any) -> None:
    source = write(tmp_path / "in.jsonl", [{"review": "good", "x": value}])
    result = batch(source, "-m", model, "-t", "review", "-o", tmp_path / "out.parquet")
    assert result.exit_code == 2, result.output
    assert "have both numbers and true or false for 'x': write .jsonl" in result.output


def test_json_lines_that_lack_keys_or_have_whole_numbers_for_fractions_fit(model: Path, tmp_path: Path) -> None:
    first = {"x": 0.5, "m": {"a": 1.5, "b": ["c"]}, "t": [{"a": None, "b": 2}]}
    later: list[dict[str, Any]] = [{"x": 4, "m": {"a": 2}}, {"m": {}, "t": [], "x": None}, {"t": [None, {"b": 1}]}]
    source = write(tmp_path / "in.jsonl", [{"review": "good", **value} for value in [first] * 300 + later])
    out = tmp_path / "out.parquet"
    result = batch(source, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    assert [{key: row[key] for key in first} for row in read(out)[299:]] == [
        first,
        {"x": 4.0, "m": {"a": 2.0, "b": None}, "t": None},
        {"x": None, "m": {"a": None, "b": None}, "t": []},
        {"x": None, "m": None, "t": [None, {"a": None, "b": 1}]},
    ]


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
def test_a_lone_carriage_return_is_no_end_of_a_csv_row(model: Path, tmp_path: Path, source: str) -> None:
    given = [{"id\rno": "1", "review": "good\rvery good"}, {"id\rno": "\r", "review": "bad\r\n"}]
    out = tmp_path / "out.csv"
    assert batch(write(tmp_path / f"in.{source}", given), "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert [{key: row[key] for key in given[0]} for row in read(out)] == given
    assert out.read_bytes().count(b"\r\n") == 1, "rows end in a line feed"


@pytest.mark.parametrize("target", ["csv", "parquet"])
@pytest.mark.parametrize("bad", [b"\\ud83d", b"\\uDE00", b"\xed\xa0\xbd"])
def test_a_lone_surrogate_beside_the_text_may_be_skipped(model: Path, tmp_path: Path, bad: bytes, target: str) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / f"out.{target}"
    pair = b'{"review": "good", "x": "\\ud83d\\ude00"}\n'
    source.write_bytes(pair + b'\n{"review": "good", "x": "a' + bad + b'b"}\n{"review": "bad", "x": "c"}\n')
    result = batch(source, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert "in.jsonl: row 3: a lone surrogate (U+D" in result.output
    result = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", "skip")
    assert result.exit_code == 1, result.output
    assert "1 rows have no answer" in result.output
    assert "in.jsonl: row 3: a lone surrogate (U+D" in result.output
    assert [row["label"] or None for row in read(out)] == ["pos", None, "neg"]
    values = [row["x"] for row in read(out)]
    assert values[0] == "\U0001f600"
    assert values[1].replace("\ufffd", "") == "ab"
    assert values[1] != "ab"
    assert batch(source, "-m", model, "-t", "review", "-o", tmp_path / "o.jsonl").exit_code == 0


@pytest.mark.parametrize("value", [{}, [{}], {"a": {}}])
def test_objects_without_keys_are_no_column_of_parquet(model: Path, tmp_path: Path, value: Any) -> None:
    source = write(tmp_path / "in.jsonl", [{"review": "good", "meta": value}])
    result = batch(source, "-m", model, "-t", "review", "-o", tmp_path / "out.parquet", "--on-error", "skip")
    assert result.exit_code == 2, result.output
    assert "have objects without any key for 'meta', which parquet has no column for: write .csv" in result.output
    assert batch(source, "-m", model, "-t", "review", "-o", tmp_path / "out.csv").exit_code == 0
    assert json.loads(read(tmp_path / "out.csv")[0]["meta"]) == value


@pytest.mark.parametrize("target", ["csv", "parquet"])
def test_columns_are_nested_no_deeper_than_they_can_be_read(model: Path, tmp_path: Path, target: str) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / f"out.{target}"
    for depth in (40, 41, 900):
        source.write_text('{"review": "good", "x": ' + "[" * depth + "1" + "]" * depth + "}\n")
        result = batch(source, "-m", model, "-t", "review", "-o", out, "--overwrite")
        assert result.exit_code == (0 if depth == 40 else 2), result.output
        assert ("have lists or objects more than 40 deep for 'x': write .jsonl" in result.output) == (depth > 40)


@pytest.mark.parametrize("kind", ["uuid", "json_", "decimal32", "decimal64"])
def test_columns_whose_values_pyarrow_does_not_count(model: Path, tmp_path: Path, kind: str) -> None:
    column = {
        "uuid": lambda: pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16))),
        "json_": lambda: pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None])),
        "decimal32": lambda: pa.array([Decimal("1.50"), None], pa.decimal32(5, 2)),
        "decimal64": lambda: pa.array([Decimal("1.50"), None], pa.decimal64(12, 2)),
    }[kind]
    if not hasattr(pa, kind):
        pytest.skip("this pyarrow has no such type")
    pq.write_table(pa.table({"review": ["good", "bad"], "x": column()}), tmp_path / "in.parquet")
    out = tmp_path / "out.parquet"
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 0, result.output
    given = pq.read_table(tmp_path / "in.parquet")
    assert pq.read_table(out).select(given.column_names).equals(given)


# The column, its cells in CSV, its values in JSON lines (None: the same).
SPELLED: list[tuple[Any, list[str], list[Any] | None]] = [
    (pa.array([123, None], pa.time64("ns")), ["00:00:00.000000123", ""], ["00:00:00.000000123", None]),
    (pa.array([1, 0], pa.timestamp("ns")), ["1970-01-01 00:00:00.000000001", "1970-01-01 00:00:00.000000000"], None),
    (pa.array([253402300800000, 0], pa.timestamp("ms")), ["10000-01-01 00:00:00.000", "1970-01-01 00:00:00.000"], None),
    (
        pa.array([None, 1], pa.timestamp("ms", "Europe/Berlin")),
        ["", "1970-01-01 01:00:00.001+0100"],
        [None, "1970-01-01 01:00:00.001+0100"],
    ),
    (pa.array([10**7, 0], pa.date32()), ["29349-01-26", "1970-01-01"], None),
    (pa.array([1, 2**62], pa.duration("ns")), ["1", str(2**62)], [1, 2**62]),
    (pa.array([10**7, 0], pa.date32()).dictionary_encode(), ["29349-01-26", "1970-01-01"], None),
    (
        pa.array([[123], None], pa.list_(pa.time64("ns"))),
        ['["00:00:00.000000123"]', ""],
        [["00:00:00.000000123"], None],
    ),
    (
        pa.array([{"a": [10**7]}, {"a": None}], pa.struct([("a", pa.large_list(pa.date32()))])),
        ['{"a": ["29349-01-26"]}', '{"a": null}'],
        [{"a": ["29349-01-26"]}, {"a": None}],
    ),
    (
        pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.timestamp("ns"))),
        ['[["k", "1970-01-01 00:00:00.000000001"]]', "[]"],
        [[["k", "1970-01-01 00:00:00.000000001"]], []],
    ),
    (pa.array([float("nan"), float("-inf")]), ["nan", "-inf"], [None, None]),
    (
        pa.array([{"a": [float("nan"), 1.5]}, {"a": [float("inf")]}]),
        ['{"a": [null, 1.5]}', '{"a": [null]}'],
        [{"a": [None, 1.5]}, {"a": [None]}],
    ),
]


@pytest.mark.parametrize(("column", "cells", "values"), SPELLED, ids=lambda value: str(getattr(value, "type", "")))
def test_what_python_has_no_kind_for_becomes_its_text(
    model: Path, tmp_path: Path, column: Any, cells: list[str], values: list[Any] | None
) -> None:
    table = pa.table({"review": ["good", "bad"], "x": column})
    pq.write_table(table, tmp_path / "in.parquet")
    for name in ("out.csv", "out.jsonl"):
        result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
    assert [row["x"] for row in read(tmp_path / "out.csv")] == cells
    assert [row["x"] for row in read(tmp_path / "out.jsonl")] == (values or cells)
    assert not any(word in (tmp_path / "out.jsonl").read_text() for word in ("NaN", "Infinity"))


@pytest.mark.parametrize("target", ["csv", "jsonl"])
@pytest.mark.parametrize("kind", [pa.binary(), pa.list_(pa.large_binary()), pa.struct([("a", pa.binary(1))])])
def test_bytes_are_no_text(model: Path, tmp_path: Path, kind: Any, target: str) -> None:
    value = {pa.binary(): b"\xff", pa.list_(pa.large_binary()): [b"\xff"]}.get(kind, {"a": b"\xff"})
    table = pa.table({"review": ["good"], "x": pa.array([value], kind)})
    pq.write_table(table, tmp_path / "in.parquet")
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", tmp_path / f"out.{target}")
    assert result.exit_code == 2, result.output
    kind = pq.read_schema(tmp_path / "in.parquet").field("x").type
    assert f"in.parquet: column 'x' of type {kind} holds bytes, which {target} has no text for" in result.output
    assert not (tmp_path / f"out.{target}.partial").exists()
    assert batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", tmp_path / "out.parquet").exit_code == 0
    assert pq.read_table(tmp_path / "out.parquet")["x"].to_pylist() == [value]


# --- what is wrong with the arguments

USAGE = [
    ("in.csv", "out.csv", ["-t", "text"], "there is no column 'text'; there are 'id', 'review'"),
    ("in.parquet", "out.csv", ["-t", "text"], "there is no column 'text'"),
    ("in.jsonl", "out.csv", ["-t", "text"], "row 1: there is no 'text' in it; there are 'id', 'review'"),
    ("missing.csv", "out.csv", ["-t", "review"], "missing.csv: there is no such file"),
    ("in.csv", "out.txt", ["-t", "review"], "out.txt: the name must end in"),
    ("in.csv", "out.parquet.gz", ["-t", "review"], "the name must end in"),
    ("in.csv", "nowhere/out.csv", ["-t", "review"], "there is no such folder for the output"),
    ("in.csv", "in.csv", ["-t", "review"], "in.csv: the output is one of the inputs: give another name"),
    ("in.csv", "in.parquet", ["-t", "review"], "in.parquet exists: give another name, or --overwrite"),
    ("in.csv", "out.csv", ["-t", "review", "--n-jobs", "0"], "n_jobs=0 is given"),
    ("in.csv", "out.csv", ["-t", "review", "--delimiter", "||"], "one character is allowed"),
    ("in.csv", "out.csv", ["-t", "review", "--delimiter", '"'], "no quote and no line end"),
    (
        "taken.csv",
        "out.csv",
        ["-t", "review"],
        "has a column 'label' already: give a prefix for the new columns, for example --prefix model_",
    ),
    ("taken.jsonl", "out.jsonl", ["-t", "review"], "it has 'label' already: give a --prefix"),
    ("number.parquet", "out.csv", ["-t", "review"], "column 'review' must hold strings, it is of type int64"),
    ("number.jsonl", "out.csv", ["-t", "review"], "row 1: 'review' must be a string, found int"),
]


@pytest.mark.parametrize(("source", "target", "options", "message"), USAGE)
def test_wrong_arguments_are_exit_code_2(
    model: Path, tmp_path: Path, source: str, target: str, options: list[str], message: str
) -> None:
    for name in ("in.csv", "in.parquet", "in.jsonl"):
        write(tmp_path / name, rows(3))
    for name in ("taken.csv", "taken.jsonl"):
        write(tmp_path / name, [{"review": "good", "label": "mine"}])
    for name in ("number.parquet", "number.jsonl"):
        write(tmp_path / name, [{"review": 3}])
    before = (tmp_path / "in.csv").read_bytes()
    result = batch(tmp_path / source, "-m", model, "-o", tmp_path / target, *options)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert (tmp_path / "in.csv").read_bytes() == before


def test_a_bad_model_is_exit_code_4(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(b"nothing")
    source = write(tmp_path / "in.csv", rows(3))
    assert batch(source, "-m", tmp_path / "m.safetensors", "-t", "review", "-o", tmp_path / "o.csv").exit_code == 4


def test_paths_that_cannot_be_looked_at(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, out, long = write(tmp_path / "in.csv", rows(3)), tmp_path / "out.csv", "x" * 300 + ".csv"
    result = batch(tmp_path / long, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert f"{long}: cannot be read: File name too long" in result.output
    # The name is too long, or with .partial or with .failed.txt behind it.
    for name in (long, "x" * 245 + ".csv", "x" * 238 + ".csv"):
        result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / name)
        assert result.exit_code == 1, result.output
        assert f"{name}: cannot be written: " in result.output
        assert "File name too long" in result.output
        assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    real = os.stat

    def stat(path: Any, **options: Any) -> Any:
        if "secret" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **options)

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, stat)
    result = batch(tmp_path / "secret" / "in.csv", "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert "in.csv: cannot be read: Permission denied" in result.output
    result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / "secret" / "out.csv")
    assert result.exit_code == 1, result.output
    assert "out.csv: cannot be written: [Errno 13] Permission denied" in result.output


# --- rows that cannot be classified

BAD_ROWS = [
    ("in.csv", b"id,review\n1,good\n2,\xff\n3,bad\n", 2, "row 2: not UTF-8: byte 0xff at position 0", 3),
    ("in.csv", b"id,review\n1,good\n\xe9,x\n3,bad\n", 2, "row 2: not UTF-8: byte 0xe9", 3),
    ("in.csv", b"id,review\n1,good\n2\n3,bad\n", 2, "row 2: 1 fields are given, the header has 2", 2),
    ("in.csv", b"id,review\n1,good\n2,x,y\n3,bad\n", 2, "row 2: 3 fields are given", 2),
    ("in.csv", b'id,review\n1,good\n2,"a"b\n3,bad\n', 2, "row 2: the file cannot be read on: ',' expected", 2),
    ("in.jsonl", b'{"review": "good"}\n{"review": "\xff"}\n{"review": "bad"}\n', 2, "row 2: not UTF-8: byte 0xff", 2),
    ("in.jsonl", b'{"review": "good"}\n{"review": \n{"review": "bad"}\n', 2, "row 2: Expecting value", 2),
    ("in.jsonl", b'{"review": "good"}\n[1]\n{"review": "bad"}\n', 2, "row 2: an object is needed, found list", 2),
    ("in.jsonl", b'{"review": "good"}\n{"review": null}\n{"review": "bad"}\n', 2, "row 2: there is no text", 3),
    ("in.jsonl", b'{"review": "good"}\n{"review": "\\ud800"}\n{"review": "bad"}\n', 2, "row 2: ", 2),
]


@pytest.mark.parametrize(("name", "data", "bad", "message", "kept"), BAD_ROWS)
def test_a_bad_row_is_named_and_may_be_skipped(
    model: Path, tmp_path: Path, name: str, data: bytes, bad: int, message: str, kept: int
) -> None:
    source, out = tmp_path / name, tmp_path / "out.jsonl"
    source.write_bytes(data)
    result = batch(source, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert f"{source}: {message}" in result.output
    assert not out.exists()
    result = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", "skip", "--overwrite")
    assert result.exit_code == 1, result.output
    assert "1 rows have no answer" in result.output
    assert f"{source}: row {bad}: " in result.output
    got = read(out)
    assert len(got) == kept
    assert [row["label"] for row in got if row["label"] is not None] == ["pos", "neg"]


def test_all_rows_without_an_answer_are_listed(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    given, out = data / "in.csv", data / "out.csv"
    given.write_text("id,review\n" + "1,good\n2\n" * 30)
    command = [data, "-m", model, "-t", "review", "-o", out, "--on-error", "skip"]
    result = batch(*command)
    assert result.exit_code == 1, result.output
    assert f"30 rows have no answer, all listed in {out}.failed.txt:" in result.output
    assert "and 10 more" in result.output
    lines = Path(f"{out}.failed.txt").read_text().splitlines()
    assert lines == [f"{given}: row {2 * i}: 1 fields are given, the header has 2" for i in range(1, 31)]
    # The list is no input, and goes with the output that it is of.
    given.write_text("id,review\n1,good\n")
    assert batch(*command, "--overwrite").exit_code == 0
    assert sorted(path.name for path in data.iterdir()) == ["in.csv", "out.csv"]


def test_a_parquet_text_that_is_no_utf8_is_named(model: Path, tmp_path: Path) -> None:
    raw = pa.array([b"good"] * 300 + [b"\xff"] + [b"bad"] * 50, pa.binary())
    column = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:])
    pq.write_table(pa.table({"review": column}), tmp_path / "in.parquet")
    out = tmp_path / "out.csv"
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert "in.parquet: row 301: the text is not UTF-8: byte 0xff at position 0" in result.output


def no_utf8(values: list[bytes]) -> Any:
    """Strings as some programs write them."""
    raw = pa.array(values, pa.binary())
    return pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:])


@pytest.mark.parametrize("target", ["csv", "jsonl.gz"])
@pytest.mark.parametrize("where", ["the text", "column 'x'", "column 'x' in lists"])
def test_a_parquet_row_with_bytes_that_are_no_utf8_may_be_skipped(
    model: Path, tmp_path: Path, where: str, target: str
) -> None:
    column = no_utf8([b"good", b"ab\xffcd", b"bad"])
    plain = pa.array(["good", "good", "bad"])
    if "lists" in where:
        column = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), column)
    table = pa.table({"review": column, "x": plain} if where == "the text" else {"review": plain, "x": column})
    pq.write_table(table, tmp_path / "in.parquet")
    out = tmp_path / f"out.{target}"
    place = where.removesuffix(" in lists")
    message = f"in.parquet: row 2: {place} is not UTF-8: byte 0xff at position 2"
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert message in result.output
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", out, "--on-error", "skip")
    assert result.exit_code == 1, result.output
    assert "1 rows have no answer" in result.output
    assert message in result.output
    got = read(out)
    assert [row["label"] or None for row in got] == ["pos", None, "neg"]
    assert "ab\ufffdcd" in str(got[1]["review" if where == "the text" else "x"])
    # Parquet holds it as it is: nothing but the text itself must be UTF-8.
    result = batch(
        tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", tmp_path / "o.parquet", "--on-error", "skip"
    )
    assert result.exit_code == (1 if where == "the text" else 0), result.output


def test_nulls_may_be_answers_of_their_own(model: Path, tmp_path: Path) -> None:
    source = write(tmp_path / "in.parquet", [{"review": "good"}, {"review": None}])
    out = tmp_path / "out.parquet"
    assert batch(source, "-m", model, "-t", "review", "-o", out).exit_code == 2
    assert batch(source, "-m", model, "-t", "review", "-o", out, "--nulls", "skip", "--overwrite").exit_code == 0
    assert [row["label"] for row in read(out)] == ["pos", None]


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.csv.zst", "in.jsonl", "in.jsonl.gz", "in.parquet"])
def test_a_file_that_ends_in_the_middle(model: Path, tmp_path: Path, name: str) -> None:
    source = write(tmp_path / name, [{"id": "1", "review": 'a "good" one ' + text} for text in texts()])
    data = source.read_bytes()
    source.write_bytes(data[: data.rindex(b'"') - 2] if name in ("in.csv", "in.jsonl") else data[:-20])
    out = tmp_path / "out.csv"
    result = batch(source, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2, result.output
    assert str(source) in result.output
    assert not out.exists()


@pytest.mark.long
def test_a_row_of_100_mb(clf: wcw.Classifier, model: Path, tmp_path: Path) -> None:
    long = "good " * (20 << 20)
    source = write(tmp_path / "in.csv", [{"id": "1", "review": "bad"}, {"id": "2", "review": long}])
    out = tmp_path / "out.parquet"
    assert batch(source, "-m", model, "-t", "review", "-o", out).exit_code == 0
    table = pq.read_table(out)
    assert table["label"].to_pylist() == ["neg", "pos"]
    assert pa.compute.binary_length(table["review"]).to_pylist() == [3, len(long)]


# --- stops and starts


def undisturbed(source: Path, model: Path, out: Path) -> bytes:
    assert batch(source, "-m", model, "-t", "review", "-o", out).exit_code == 0
    data = out.read_bytes()
    out.unlink()
    return data


class Stop(Exception):
    pass


@pytest.mark.parametrize("n_jobs", ["1", "2"])
@pytest.mark.parametrize("target", ["csv.gz", "jsonl", "parquet"])
@pytest.mark.parametrize("source", ["csv", "jsonl.zst", "parquet"])
def test_a_resumed_job_makes_the_same_file(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, n_jobs: str
) -> None:
    given, out = write(tmp_path / f"in.{source}", rows()), tmp_path / f"out.{target}"
    expected = undisturbed(given, model, out)
    real = job_module._Run._save

    def after(stop: int) -> Any:
        def save(self: Any, *arguments: Any) -> None:
            if self._done.parts == stop:
                raise Stop
            real(self, *arguments)

        return save

    for stop in (1, 2):
        monkeypatch.setattr(job_module._Run, "_save", after(stop))
        with pytest.raises(Stop):
            job_module.run(wcw.Classifier.load(model), job_module.Job([str(given)], out, "review", resume=stop == 2))
        assert not out.exists()
    monkeypatch.setattr(job_module._Run, "_save", real)
    result = batch(given, "-m", model, "-t", "review", "-o", out, "--resume", "--n-jobs", n_jobs)
    assert result.exit_code == 0, result.output
    assert "of them before" in result.output
    assert out.read_bytes() == expected
    assert not (tmp_path / f"out.{target}.partial").exists()


@pytest.fixture
def stopped(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A job with one finished part."""
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"

    def fail(self: Any, *arguments: Any) -> None:
        if self._done.parts == 1:
            raise Stop
        real(self, *arguments)

    real = job_module._Run._save
    monkeypatch.setattr(job_module._Run, "_save", fail)
    with pytest.raises(Stop):
        job_module.run(wcw.Classifier.load(model), job_module.Job([str(given)], out, "review"))
    monkeypatch.setattr(job_module._Run, "_save", real)
    return given, out


def test_finished_parts_are_not_thrown_away_unasked(model: Path, stopped: tuple[Path, Path]) -> None:
    given, out = stopped
    result = batch(given, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 2
    assert "holds finished parts of an earlier run: go on with --resume, or start anew" in result.output
    assert len(read(out.with_name("out.csv.partial") / "part-000000.csv")) >= 200
    result = batch(given, "-m", model, "-t", "review", "-o", out, "--overwrite")
    assert result.exit_code == 0
    assert "before" not in result.output
    assert len(read(out)) == ROWS


@pytest.mark.parametrize("change", ["model", "input", "option"])
def test_parts_of_another_job_are_not_taken(
    clf: wcw.Classifier, model: Path, tmp_path: Path, stopped: tuple[Path, Path], change: str
) -> None:
    given, out = stopped
    options = ["--scores"] if change == "option" else []
    if change == "input":
        given.write_text(given.read_text() + "more,good\n")
    if change == "model":
        other = wcw.Classifier.from_weights(["good"], [[1.0]], [0.0], ["neg", "pos"], name="other")
        model = other.save(tmp_path / "other.safetensors")
    result = batch(given, "-m", model, "-t", "review", "-o", out, "--resume", *options)
    assert result.exit_code == 2
    assert f"holds parts of another job: its {change}" in result.output


def test_an_input_that_changes_while_it_is_read(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"

    def save(self: Any, *arguments: Any) -> None:
        os.utime(given, ns=(1, 1))
        real(self, *arguments)

    real = job_module._Run._save
    monkeypatch.setattr(job_module._Run, "_save", save)
    result = batch(given, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 1
    assert "in.csv: the file changed while it was read" in result.output
    assert not out.exists()


def test_an_input_that_is_removed_while_it_is_read(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"

    def save(self: Any, *arguments: Any) -> None:
        given.unlink(missing_ok=True)
        real(self, *arguments)

    real = job_module._Run._save
    monkeypatch.setattr(job_module._Run, "_save", save)
    result = batch(given, "-m", model, "-t", "review", "-o", out)
    assert result.exit_code == 1, result.output
    assert "in.csv: the file was removed while it was read: start anew" in result.output


def test_a_stop_before_the_first_part_promises_none(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Any, *arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(job_module._Run, "_save", stop)
    result = batch(write(tmp_path / "in.csv", rows()), "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 130
    assert result.output == "wasm-clf: stopped. No part was finished\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_limit_of_file_sizes_is_no_full_disk(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def join(self: Any, *arguments: Any) -> None:
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(job_module.Writer, "join", join)
    result = batch(write(tmp_path / "in.csv", rows(3)), "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 1, result.output
    assert "out.csv: a file may not be so large here (ulimit -f, or the file system)." in result.output
    assert "raise the limit and run the same command with --resume" in result.output


def test_columns_that_differ_in_nullability_alone_say_so(model: Path, tmp_path: Path) -> None:
    for name, nullable in (("a", True), ("b", False)):
        schema = pa.schema([pa.field("review", pa.string(), nullable)])
        pq.write_table(pa.table({"review": ["good"]}, schema), tmp_path / f"{name}.parquet")
    result = batch(tmp_path / "*.parquet", "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2, result.output
    assert "review: string not null against review: string" in result.output


def test_a_model_file_that_changes_meanwhile_does_not_matter(
    clf: wcw.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"
    model = clf.save(tmp_path / "changing.safetensors")
    expected = undisturbed(given, model, out)

    def save(self: Any, *arguments: Any) -> None:
        model.write_bytes(b"another")
        real(self, *arguments)

    real = job_module._Run._save
    monkeypatch.setattr(job_module._Run, "_save", save)
    assert batch(given, "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert out.read_bytes() == expected


def test_a_crash_between_the_last_steps(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"
    expected = undisturbed(given, model, out)
    job = job_module.Job([str(given)], out, "review")
    real, link, unlink = Path.replace, os.link, Path.unlink
    for stop in ("link", "unlink", "joined.tmp"):

        def replace(self: Path, target: Path, stop: str = stop) -> Path:
            if self.name == stop:
                raise Stop
            return real(self, target)

        def linked(source: Path, target: Path, stop: str = stop) -> None:
            if stop == "link":
                raise Stop
            link(source, target)

        def unlinked(self: Path, missing_ok: bool = False, stop: str = stop) -> None:
            if stop == "unlink" and self.name == ".out.csv.joining" and out.exists():
                raise Stop
            unlink(self, missing_ok)

        monkeypatch.setattr(Path, "replace", replace)
        monkeypatch.setattr(os, "link", linked)
        monkeypatch.setattr(Path, "unlink", unlinked)
        with pytest.raises(Stop):
            job_module.run(wcw.Classifier.load(model), job)
        monkeypatch.setattr(Path, "replace", real)
        monkeypatch.setattr(os, "link", link)
        monkeypatch.setattr(Path, "unlink", unlink)
        assert out.exists() == (stop == "unlink")
        assert batch(given, "-m", model, "-t", "review", "-o", out, "--resume").exit_code == 0
        assert out.read_bytes() == expected
        assert [path.name for path in sorted(tmp_path.iterdir())] == ["in.csv", "out.csv"]
        out.unlink()


@pytest.fixture
def joined(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A job with a row that failed, which was killed when only the tidying up was left."""
    given, out = tmp_path / "in.csv", tmp_path / "out.csv"
    given.write_text("id,review\n1,good\n2\n3,bad\n")
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "_remove", lambda folder: (_ for _ in ()).throw(Stop))
        with pytest.raises(Stop):
            job_module.run(
                wcw.Classifier.load(model), job_module.Job([str(given)], out, "review", on_error="skip", prefix="new_")
            )
    assert len(read(out)) == 2
    return given, out


def test_a_job_that_is_done_says_again_what_it_did(model: Path, joined: tuple[Path, Path]) -> None:
    given, out = joined
    same = [given, "-m", model, "-t", "review", "-o", out, "--on-error", "skip", "--prefix", "new_", "--resume"]
    with job_module._locked(out.with_name("out.csv.partial")):
        result = batch(*same)
    assert "another run is at work there" in result.output
    result = batch(*same)
    assert result.exit_code == 1, result.output
    assert "in.csv: row 2: 1 fields are given" in result.output
    assert "2 rows, 2 of them before" in result.output
    assert "row 2: 1 fields" in Path(f"{out}.failed.txt").read_text()
    assert not out.with_name("out.csv.partial").exists()


@pytest.mark.parametrize("change", ["model", "input", "option", "output"])
def test_a_job_that_is_done_is_not_taken_for_another(
    model: Path, tmp_path: Path, joined: tuple[Path, Path], change: str
) -> None:
    given, out = joined
    if change == "input":
        given.write_text(given.read_text() + "more,good\n")
    if change == "model":
        other = wcw.Classifier.from_weights(["good"], [[1.0]], [0.0], ["neg", "pos"], name="other")
        model = other.save(tmp_path / "other.safetensors")
    if change == "output":
        out.unlink()
    options = ["--on-error", "skip", "--prefix", "other_" if change == "option" else "new_"]
    result = batch(given, "-m", model, "-t", "review", "-o", out, *options, "--resume")
    assert result.exit_code == 2, result.output
    expected = "has changed or is gone" if change == "output" else f"holds parts of another job: its {change}"
    assert expected in result.output


@pytest.mark.parametrize("links", [True, False])
def test_an_output_that_appears_while_the_job_runs_stays(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    given, out = write(tmp_path / "in.csv", rows()), tmp_path / "out.csv"
    expected = undisturbed(given, model, out)
    real, link = job_module.Writer.join, os.link

    def join(self: Any, parts: list[Path], path: Path) -> None:
        real(self, parts, path)
        out.write_text("precious")

    def late(source: Path, target: Path) -> None:
        """The file comes at the last moment of all."""
        out.write_text("precious")
        if not links:
            raise PermissionError(1, "Operation not permitted")
        link(source, target)

    command = [given, "-m", model, "-t", "review", "-o", out]
    for name, value in ((job_module.Writer, join), (os, late)):
        with monkeypatch.context() as patch:
            patch.setattr(name, "join" if value is join else "link", value)
            result = batch(*command)
        assert result.exit_code == 1, result.output
        assert "out.csv: another file has come here since the job began" in result.output
        assert out.read_text() == "precious"
        assert not (tmp_path / ".out.csv.joining").exists()
        result = batch(*command, "--resume")
        assert result.exit_code == 2, result.output
        assert "out.csv exists: move it away, or replace it with --resume --overwrite" in result.output
        assert out.read_text() == "precious"
        out.unlink()
        assert batch(*command, "--resume").exit_code == 0
        assert out.read_bytes() == expected
        out.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(job_module.Writer, "join", join)
        assert batch(*command).exit_code == 1
    assert batch(*command, "--resume", "--overwrite").exit_code == 0
    assert out.read_bytes() == expected


def test_a_file_system_without_links(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    given, out = write(tmp_path / "in.csv", rows(3)), tmp_path / "out.csv"
    assert batch(given, "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.parametrize("name", ["job.json", "part-000000.csv.json"])
def test_a_damaged_note_is_told(model: Path, stopped: tuple[Path, Path], name: str) -> None:
    given, out = stopped
    note = out.with_name("out.csv.partial") / name
    note.write_bytes(note.read_bytes()[:-5])
    result = batch(given, "-m", model, "-t", "review", "-o", out, "--resume")
    assert result.exit_code == 2, result.output
    assert f"{note}: this note of the job is damaged" in result.output
    assert "start anew with --overwrite" in result.output
    assert batch(given, "-m", model, "-t", "review", "-o", out, "--overwrite").exit_code == 0


def test_a_difference_from_the_twin_outlives_a_stop(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is noted with its part, and told under its row in its file."""

    class Lying(sample_module.Twin):
        def answer(self, text: str) -> Any:
            return super().answer("bad" if text == "good lie" else text)

    monkeypatch.setattr(sample_module, "Twin", Lying)
    monkeypatch.setattr(sample_module, "SHARE", 1)
    first = write(tmp_path / "first.csv", [{"review": "good"}] * 70)
    second = write(
        tmp_path / "second.csv", [{"review": "good"}] * 4 + [{"review": "good lie"}] + [{"review": "bad"}] * 500
    )
    out = tmp_path / "out.csv"
    command = [first, second, "-m", model, "-t", "review", "-o", out, "--parity", "sample"]
    real, remove = job_module._Run._save, job_module._remove

    def save(self: Any, *arguments: Any) -> None:
        real(self, *arguments)
        if self._done.parts == 1:
            raise KeyboardInterrupt

    def check(result: Result) -> None:
        assert result.exit_code == 1, result.output
        assert "575 rows held against the twin: they DIFFER" in result.output
        assert f"{second}: row 5: the twin answers otherwise (scores): class 0, scores [" in result.output
        assert "ParityWarning" not in result.output

    with monkeypatch.context() as patch:
        patch.setattr(job_module._Run, "_save", save)
        assert batch(*command).exit_code == 130
    with monkeypatch.context() as patch:
        patch.setattr(job_module, "_remove", lambda folder: (_ for _ in ()).throw(KeyboardInterrupt))
        assert batch(*command, "--resume").exit_code == 130
    assert job_module._remove is remove
    check(batch(*command, "--resume"))
    check(batch(*command, "--overwrite"))
    with pytest.warns(sample_module.ParityWarning):
        done = job_module.run(
            wcw.Classifier.load(model),
            job_module.Job([str(first), str(second)], out, "review", parity="sample", overwrite=True),
        )
    assert done.parity is not None
    assert done.parity.first_difference is not None
    assert done.parity.first_difference.text_index == 74
    assert done.parity.against == "the Python twin, on 575 rows drawn at random"


def test_two_runs_on_one_output(model: Path, tmp_path: Path, stopped: tuple[Path, Path]) -> None:
    given, out = stopped
    with job_module._locked(out.with_name("out.csv.partial")):
        result = batch(given, "-m", model, "-t", "review", "-o", out, "--resume")
    assert result.exit_code == 2
    assert "another run is at work there" in result.output


def test_a_disk_that_fills_up(clf: wcw.Classifier, model: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk]).returncode:
        pytest.skip("needs root, who may mount a small disk")
    try:
        given, out = write(tmp_path / "in.csv", rows(4000)), disk / "out.csv"
        expected = undisturbed(given, model, tmp_path / "out.csv")
        result = batch(given, "-m", model, "-t", "review", "-o", out)
        assert result.exit_code == 1, result.output
        assert "the disk is full. The finished parts are safe in" in result.output
        assert not out.exists()
        assert len(list((disk / "out.csv.partial").glob("part-*.csv"))) > 1
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        result = batch(given, "-m", model, "-t", "review", "-o", out, "--resume")
        assert result.exit_code == 0, result.output
        assert "of them before" in result.output
        assert out.read_bytes() == expected
    finally:
        subprocess.run(["umount", disk], check=True)


def started(given: Path, model: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """The command in a process of its own, with many small parts."""
    program = SMALL.format(part=4000, group=1000) + RUN
    command = [sys.executable, "-c", program, "batch", given, "-m", model, "-t", "review", "-o", out, *options]
    return subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True)


def parts_of(out: Path) -> int:
    return len(list(Path(f"{out}.partial").glob("part-*[!n]")))


def wait_for_parts(process: subprocess.Popen[str], out: Path, count: int) -> None:
    while process.poll() is None and parts_of(out) < count:
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("source", "target"), [pytest.param("csv", "jsonl.gz", marks=pytest.mark.long), ("parquet", "parquet")]
)
def test_sigkill_at_random_moments_and_resume(model: Path, tmp_path: Path, source: str, target: str) -> None:
    given, out = write(tmp_path / f"in.{source}", rows(24_000)), tmp_path / f"out.{target}"
    whole = started(given, model, tmp_path / f"whole.{target}")
    assert whole.wait() == 0
    kills = 0
    while True:
        process = started(given, model, out, *(["--resume"] if kills else []))
        # Not before the job has begun, so that every round gets further and every kill hits work.
        wait_for_parts(process, out, parts_of(out) + random.randint(1, 4))
        time.sleep(random.random() / 20)
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        if out.exists() and not Path(f"{out}.partial").exists():
            break  # all was done, the process was on its way out: there is nothing to go on with
    assert process.returncode in (0, -signal.SIGKILL), process.stderr and process.stderr.read()
    assert kills > 0
    assert out.read_bytes() == (tmp_path / f"whole.{target}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([given.name, out.name, f"whole.{target}"])


def test_control_c_leaves_finished_parts(model: Path, tmp_path: Path) -> None:
    given, out = write(tmp_path / "in.jsonl", rows(40_000)), tmp_path / "out.csv"
    process = started(given, model, out)
    wait_for_parts(process, out, 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130, errors
    assert "run the same command with --resume" in errors
    assert not out.exists()
    assert batch(given, "-m", model, "-t", "review", "-o", out, "--resume").exit_code == 2  # other parts: other sizes
    again = started(given, model, out, "--resume")
    assert again.wait() == 0
    assert len(read(out)) == 40_000


# --- what a mistake leaves behind


@pytest.mark.parametrize(("source", "target", "options", "message"), USAGE)
def test_a_wrong_argument_leaves_nothing_behind(
    model: Path, tmp_path: Path, source: str, target: str, options: list[str], message: str
) -> None:
    """Nothing stands in the way of the right command: no --resume or --overwrite for parts that are none."""
    for name in ("in.csv", "in.parquet", "in.jsonl"):
        write(tmp_path / name, rows(3))
    for name in ("taken.csv", "taken.jsonl"):
        write(tmp_path / name, [{"review": "good", "label": "mine"}])
    for name in ("number.parquet", "number.jsonl"):
        write(tmp_path / name, [{"review": 3}])
    before = sorted(tmp_path.rglob("*"))
    assert batch(tmp_path / source, "-m", model, "-o", tmp_path / target, *options).exit_code == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_a_kill_before_the_first_part_is_no_earlier_run(model: Path, tmp_path: Path) -> None:
    given, out = write(tmp_path / "in.csv", rows(3)), tmp_path / "out.csv"
    folder = tmp_path / "out.csv.partial"
    folder.mkdir()
    (folder / "job.json").write_text("{}")
    (folder / "writing.csv").write_text("half a li")
    assert batch(given, "-m", model, "-t", "review", "-o", out).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_an_open_quote_and_another_delimiter_are_told(model: Path, tmp_path: Path) -> None:
    (tmp_path / "quote.csv").write_text('review\n"good\n' + "bad\n" * 100)
    result = batch(tmp_path / "quote.csv", "-m", model, "-t", "review", "-o", tmp_path / "o.csv")
    assert result.exit_code == 2
    assert "row 1: the file cannot be read on: unexpected end of data (a quote that this row opens" in result.output
    (tmp_path / "semi.csv").write_text("id;review\n1;good\n")
    result = batch(tmp_path / "semi.csv", "-m", model, "-t", "review", "-o", tmp_path / "o.csv")
    assert "(the fields seem to be divided by ';': give --delimiter)" in result.output


@pytest.mark.parametrize("rule", ["fail", "skip"])
def test_an_open_quote_does_not_take_the_rest_of_the_file_with_it(model: Path, tmp_path: Path, rule: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("id,review\n" + "1,good\n" * 9 + '10,"good\n' + "11,bad\n" * 900)
    result = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", rule)
    assert result.exit_code == 2, result.output
    assert "row 10: the file cannot be read on: unexpected end of data" in result.output
    assert "(a quote that this row opens, in line 11 or behind it, is never closed)" in result.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("end", "problem"), [('6,"x"\n', "',' expected after '\"'"), ('6,x",y\n', "3 fields are given, the header has 2")]
)
def test_lines_that_an_open_quote_takes_with_it_are_named(model: Path, tmp_path: Path, end: str, problem: str) -> None:
    """They are left out as the one row that they make, and nobody would look for the others."""
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text('id,review\n1,good\n2,"good\n3,bad\n4,bad\n5,bad\n' + end + "7,bad\n")
    result = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", "skip")
    assert result.exit_code == 1, result.output
    assert f"row 2: {problem} (in lines 3 to 7, which make one row by their quotes)" in result.output
    assert [row["id"] for row in read(out)] == ["1", "7"]


def test_damage_inside_of_parquet_has_a_place(model: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"review": [f"good {i}" for i in range(9000)]}), source, row_group_size=3000)
    about = pq.ParquetFile(source).metadata.row_group(1).column(0)
    data = bytearray(source.read_bytes())
    middle = about.dictionary_page_offset + about.total_compressed_size // 4
    data[middle : middle + 100] = b"\xff" * 100
    source.write_bytes(data)
    result = batch(source, "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2, result.output
    assert "in.parquet: the file is damaged behind row 3000: " in result.output


def test_a_disk_that_fills_up_while_the_parts_are_joined(model: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", disk]).returncode:
        pytest.skip("needs root, who may mount a small disk")
    try:
        given, out = write(tmp_path / "in.csv", rows(4000)), disk / "out.csv"
        expected = undisturbed(given, model, tmp_path / "out.csv")
        assert len(expected) < 290_000 < 2 * len(expected), "the parts fit, they and the output do not"
        result = batch(given, "-m", model, "-t", "review", "-o", out)
        assert result.exit_code == 1, result.output
        assert "the disk is full. The finished parts are safe in" in result.output
        assert [path.name for path in disk.iterdir()] == ["out.csv.partial"]
        subprocess.run(["mount", "-o", "remount,size=16m", disk], check=True)
        assert batch(given, "-m", model, "-t", "review", "-o", out, "--resume").exit_code == 0
        assert out.read_bytes() == expected
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        result = batch(given, "-m", model, "-t", "review", "-o", disk / "more.csv")
        assert result.exit_code == 1
        assert "more.csv: cannot be written: [Errno 30] Read-only file system" in result.output
        assert "safe" not in result.output
    finally:
        subprocess.run(["umount", disk], check=True)


# --- odd names, places and combinations


def test_a_parquet_file_that_names_a_column_twice(model: Path, tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["good"]), pa.array(["bad"])], ["review", "review"])
    pq.write_table(table, tmp_path / "in.parquet")
    result = batch(tmp_path / "in.parquet", "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2, result.output
    assert "in.parquet: the file names a column twice: ['review', 'review']" in result.output


def test_names_of_files_that_are_no_utf8(model: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    source, out = folder / os.fsdecode(b"\xff.csv"), folder / os.fsdecode(b"out\xfe.csv")
    source.write_bytes(b"id,review\n1,good\n2\n3,bad\n")
    result = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", "skip")
    assert result.exit_code == 1, result.output
    assert [row["label"] for row in read(out)] == ["pos", "neg"]
    # The note of a job that was stopped names them as well.
    stopped = job_module.Job([str(source)], out, "review", on_error="skip", overwrite=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_module._Run, "_finish", lambda self: (_ for _ in ()).throw(Stop))
        with pytest.raises(Stop):
            job_module.run(wcw.Classifier.load(model), stopped)
    again = batch(source, "-m", model, "-t", "review", "-o", out, "--on-error", "skip", "--resume")
    assert again.exit_code == 1, again.output
    assert "2 of them before" in again.output


def test_a_relative_name_with_a_colon_is_no_address(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "in:1.parquet", rows())
    job = job_module.Job(["in:1.parquet"], Path("answers-12:30:00.parquet"), "review")
    with monkeypatch.context() as patch:
        patch.setattr(job_module._Run, "_finish", lambda self: (_ for _ in ()).throw(Stop))
        with pytest.raises(Stop):
            job_module.run(wcw.Classifier.load(model), job)
    result = batch("in:1.parquet", "-m", model, "-t", "review", "-o", "answers-12:30:00.parquet", "--resume")
    assert result.exit_code == 0, result.output
    assert len(read(tmp_path / "answers-12:30:00.parquet")) == ROWS


def test_an_output_that_is_a_link_stays_one(model: Path, tmp_path: Path) -> None:
    given = write(tmp_path / "in.csv", rows(3))
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.csv", tmp_path / "out.csv"
    link.symlink_to(target)
    assert batch(given, "-m", model, "-t", "review", "-o", link).exit_code == 0
    assert link.is_symlink()
    assert len(read(target)) == 3
    result = batch(given, "-m", model, "-t", "review", "-o", link)
    assert result.exit_code == 2
    assert "real.csv exists: give another name, or --overwrite" in result.output
    assert batch(given, "-m", model, "-t", "review", "-o", link, "--overwrite").exit_code == 0
    assert link.is_symlink()
    (tmp_path / "dangling.csv").symlink_to(tmp_path / "nowhere" / "x.csv")
    result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / "dangling.csv")
    assert result.exit_code == 2
    assert "nowhere: there is no such folder for the output" in result.output


@pytest.mark.parametrize("name", ["in.csv", "link.csv"])
def test_the_output_is_never_an_input(model: Path, tmp_path: Path, name: str) -> None:
    given = write(tmp_path / "in.csv", rows(3))
    (tmp_path / "link.csv").symlink_to(given)
    before = given.read_bytes()
    result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / name, "--overwrite")
    assert result.exit_code == 2, result.output
    assert "the output is one of the inputs: give another name" in result.output
    assert given.read_bytes() == before


@pytest.mark.parametrize("pattern", ["", "*.parquet", "**/*.parquet"], ids=["folder", "glob", "deep glob"])
def test_an_output_inside_of_the_inputs_folder(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    """Neither the parts of a stopped run nor an earlier output are inputs."""
    data = tmp_path / "data"
    data.mkdir()
    write(data / "a.parquet", rows())
    out, inputs = data / "out.parquet", str(data / pattern) if pattern else str(data)
    real = job_module._Run._save

    def save(self: Any, *arguments: Any) -> None:
        if self._done.parts == 2:
            raise Stop
        real(self, *arguments)

    monkeypatch.setattr(job_module._Run, "_save", save)
    with pytest.raises(Stop):
        job_module.run(wcw.Classifier.load(model), job_module.Job([inputs], out, "review"))
    monkeypatch.setattr(job_module._Run, "_save", real)
    result = batch(inputs, "-m", model, "-t", "review", "-o", out, "--resume")
    assert result.exit_code == 0, result.output
    assert "of them before" in result.output
    assert len(read(out)) == ROWS
    assert batch(inputs, "-m", model, "-t", "review", "-o", out, "--overwrite").exit_code == 0
    assert len(read(out)) == ROWS
    # A file that came since makes it another job.
    monkeypatch.setattr(job_module._Run, "_save", save)
    with pytest.raises(Stop):
        job_module.run(wcw.Classifier.load(model), job_module.Job([inputs], out, "review", overwrite=True))
    monkeypatch.setattr(job_module._Run, "_save", real)
    write(data / "b.parquet", rows(3))
    result = batch(inputs, "-m", model, "-t", "review", "-o", out, "--resume")
    assert result.exit_code == 2, result.output
    assert "holds parts of another job: its inputs" in result.output


def test_what_is_no_ordinary_file(model: Path, tmp_path: Path) -> None:
    given = write(tmp_path / "in.csv", rows(3))
    os.mkfifo(tmp_path / "pipe.csv")
    result = batch(tmp_path / "pipe.csv", "-m", model, "-t", "review", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "pipe.csv: no ordinary file" in result.output
    (tmp_path / "folder.csv").mkdir()
    result = batch(given, "-m", model, "-t", "review", "-o", tmp_path / "folder.csv", "--overwrite")
    assert result.exit_code == 2
    assert "folder.csv is a folder: give the name of a file" in result.output


def test_control_c_twice(model: Path, tmp_path: Path) -> None:
    given, out = write(tmp_path / "in.jsonl", rows(40_000)), tmp_path / "out.csv"
    process = started(given, model, out)
    wait_for_parts(process, out, 2)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.002)
    _, errors = process.communicate()
    # The second may come when Python is on its way out: then it ends by the signal itself.
    assert process.returncode in (130, -signal.SIGINT), errors
    assert not out.exists()
    again = started(given, model, out, "--resume")
    assert again.wait() == 0
    assert len(read(out)) == 40_000


@pytest.mark.long
@pytest.mark.parametrize("kind", ["jsonl.gz", "parquet"])
def test_a_row_of_100_mb_in_other_formats(clf: wcw.Classifier, model: Path, tmp_path: Path, kind: str) -> None:
    long = "good " * (20 << 20)
    source = write(tmp_path / f"in.{kind}", [{"review": "bad"}, {"review": long}, {"review": "bad"}])
    out = tmp_path / f"out.{kind}"
    assert batch(source, "-m", model, "-t", "review", "-o", out).exit_code == 0
    got = read(out)
    assert [row["label"] for row in got] == ["neg", "pos", "neg"]
    assert got[1]["review"] == long
