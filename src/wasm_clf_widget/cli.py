"""The command line ``wasm-clf``.

Exit codes: 0 fine, 1 mismatch or failed rows, 2 usage, 3 refused, 4 bad model file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .classifier import Classifier
from .cli_batch import batch
from .cli_convert import convert
from .errors import EngineError, InputError, ModelFileError, UnsupportedPipelineError
from .results import ClassificationResult
from .texts import replace_surrogates

EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED, EXIT_MODEL = 1, 2, 3, 4
_BATCH = 4096

app = typer.Typer(
    name="wasm-clf",
    help="Text classifiers in WebAssembly: the answers of scikit-learn, from one file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.command()(batch)
app.command()(convert)


class Format(StrEnum):
    """How answers are printed."""

    TABLE = "table"
    JSONL = "jsonl"


class EngineChoice(StrEnum):
    """Which engine answers."""

    WASM = "wasm"
    TWIN = "twin"


ModelArgument = Annotated[str, typer.Argument(metavar="M", help="Model file, or the name of a model that ships.")]
EngineOption = Annotated[EngineChoice, typer.Option("--engine", help="The engine, or its twin in plain Python.")]


@contextmanager
def _exit_codes() -> Iterator[None]:
    """Errors of this package as one line on stderr and the documented exit code; any other is a bug and shows."""
    try:
        yield
    except ModelFileError as error:
        _fail(error, EXIT_MODEL)
    except UnsupportedPipelineError as error:
        _fail(error, EXIT_REFUSED)
    except InputError as error:
        _fail(error, EXIT_USAGE)
    except EngineError as error:
        _fail(error, EXIT_FAILED)


def _fail(error: Exception, code: int) -> None:
    _complain(str(error))
    raise typer.Exit(code)


def _complain(message: str) -> None:
    Console(stderr=True).print(Text(f"wasm-clf: {message}"), soft_wrap=True)


def _load(model: str, engine: EngineChoice) -> Classifier:
    # A file in the current directory may have no suffix, which `load` alone would take for a shipped model's name.
    classifier = Classifier.load(Path(model) if Path(model).is_file() else model)
    return classifier.with_engine(engine.value)


@app.command()
def classify(
    model: Annotated[str, typer.Option("--model", "-m", help="Model file, or the name of a model that ships.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts to classify.")] = None,
    source: Annotated[
        str | None, typer.Option("--input", "-i", metavar="F", help="A UTF-8 file of one text a line; - is stdin.")
    ] = None,
    output: Annotated[Format, typer.Option("--format", help="A table, or one JSON object a line.")] = Format.TABLE,
    engine: EngineOption = EngineChoice.WASM,
) -> None:
    """Classify texts, from the command line or a file of one text a line."""
    with _exit_codes():
        if bool(texts) == (source is not None):
            raise InputError("give either texts or --input (a file of one text a line, or - for stdin)")
        classifier = _load(model, engine)
        failed = 0
        start = 0
        for batch in _batches(texts, source):
            failed += _print_batch(classifier, start, batch, output)
            start += len(batch)
        if failed:
            _complain(f"{failed:,} of {start:,} texts could not be classified")
            raise typer.Exit(EXIT_FAILED)


def _batches(texts: list[str] | None, source: str | None) -> Iterator[list[str]]:
    """The texts in batches, so that a file of any length passes through."""
    if texts:
        yield texts
        return
    assert source is not None
    try:
        raw = sys.stdin.buffer if source == "-" else Path(source).open("rb")  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{source}: cannot be read: {error.strerror}") from None
    with raw:
        # Bytes that are no UTF-8 become lone surrogates, which are classified as U+FFFD and counted.
        lines = (line.rstrip(b"\r\n").decode("utf-8", "surrogateescape") for line in raw)
        while batch := list(islice(lines, _BATCH)):
            yield batch


def _print_batch(classifier: Classifier, start: int, texts: list[str], output: Format) -> int:
    """Print the answers; how many texts failed."""
    answers: list[ClassificationResult | InputError] = []
    try:
        answers.extend(classifier.classify(texts))
    except InputError:
        # One text is at fault: the others have their answers.
        for text in texts:
            try:
                answers.append(classifier.classify(text))
            except InputError as error:
                answers.append(error)
    if output is Format.JSONL:
        for index, (text, answer) in enumerate(zip(texts, answers, strict=True), start):
            typer.echo(_json(_row(index, replace_surrogates(text)[0], answer)))
    else:
        _print_table(texts, answers)
    return sum(isinstance(answer, InputError) for answer in answers)


def _json(value: dict[str, Any]) -> str:
    """One line for every reader of lines, those that take U+0085, U+2028 and U+2029 for line ends among them."""
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("\x85", "\\u0085").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _row(index: int, text: str, answer: ClassificationResult | InputError) -> dict[str, Any]:
    if isinstance(answer, InputError):
        return {"index": index, "text": text, "error": str(answer)}
    return {"index": index, "text": text, **answer.to_dict()}


def _print_table(texts: list[str], answers: list[ClassificationResult | InputError]) -> None:
    results = [answer for answer in answers if isinstance(answer, ClassificationResult)]
    # As in Python: a confidence is a probability; a decision score is none, and is called what it is.
    confident = any(answer.confidence is not None for answer in results)
    table = Table("text", "label", "confidence" if confident else "score", "note", box=None, pad_edge=False)
    table.columns[2].justify = "right"
    for text, answer in zip(texts, answers, strict=True):
        shown = Text(replace_surrogates(text)[0].replace("\0", "␀"), overflow="ellipsis", no_wrap=True)
        if isinstance(answer, InputError):
            table.add_row(shown, Text("error", style="bold"), "", Text(str(answer)))
            continue
        index = answer.class_index
        number = answer.all_scores[index]["score"] if isinstance(index, int) else None
        named = answer.label if not isinstance(answer.label, tuple) else ", ".join(map(str, answer.label))
        notes = [
            *(["not sure"] if answer.is_uncertain else []),
            *(["no known words"] if answer.known_features == 0 else []),
            *([f"{answer.replaced_surrogates} characters were no Unicode"] if answer.replaced_surrogates else []),
        ]
        table.add_row(shown, Text(str(named)), "" if number is None else f"{number:.3f}", Text(", ".join(notes)))
    Console().print(table)


@app.command()
def info(
    model: ModelArgument,
    output: Annotated[Format, typer.Option("--format", help="A table, or JSON on one line.")] = Format.TABLE,
) -> None:
    """Show what a model file says of itself."""
    with _exit_codes():
        about = asdict(_load(model, EngineChoice.TWIN).model_info())
        if output is Format.JSONL:
            typer.echo(_json(about))
            return
        _print_pairs(about)


@app.command()
def verify(
    model: ModelArgument,
    engine: EngineOption = EngineChoice.WASM,
    output: Annotated[Format, typer.Option("--format", help="A table, or JSON on one line.")] = Format.TABLE,
) -> None:
    """Replay the answers recorded in the file; exit code 1 where one differs."""
    with _exit_codes():
        report = _load(model, engine).verify()
        if output is Format.JSONL:
            typer.echo(_json(asdict(report)))
        else:
            _print_pairs(asdict(report))
        if not report.ok:
            raise typer.Exit(EXIT_FAILED)


def _print_pairs(values: dict[str, Any]) -> None:
    table = Table("", "", box=None, show_header=False, pad_edge=False)
    table.columns[0].style = "bold"
    for key, value in values.items():
        if isinstance(value, dict):
            value = "\n".join(f"{name}: {item}" for name, item in value.items())
        elif isinstance(value, list | tuple):
            value = "\n".join(map(str, value[:20])) + ("\n…" if len(value) > 20 else "")
        elif value is None:
            value = "-"
        elif isinstance(value, int) and not isinstance(value, bool):
            value = f"{value:,}"
        table.add_row(key.replace("_", " "), Text(str(value), overflow="fold"))
    Console().print(table)


if __name__ == "__main__":
    app()
