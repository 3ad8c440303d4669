"""``wasm-clf convert``: a stored scikit-learn pipeline becomes a model file, or every obstacle is listed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

from .errors import InputError

EXIT_REFUSED = 3


class WeightsChoice(StrEnum):
    """How weights are stored."""

    AUTO = "auto"
    FLOAT64 = "float64"
    FLOAT32 = "float32"


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="A pipeline stored by skops, or joblib with --trust.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="The model file to write.")],
    name: Annotated[str, typer.Option("--name", "-n", help="The model's name, kept in the file.")],
    weights: Annotated[WeightsChoice, typer.Option("--weights", help="auto: float32 where proved harmless.")] = (
        WeightsChoice.AUTO
    ),
    texts: Annotated[
        Path | None,
        typer.Option("--texts", metavar="F", help="Texts of your own to check, one a line; some are kept, in clear."),
    ] = None,
    version: Annotated[str, typer.Option("--model-version", help="The model's version, kept in the file.")] = "1",
    trust: Annotated[bool, typer.Option("--trust", help="Read a joblib file, which runs code of its author.")] = False,
    check_only: Annotated[bool, typer.Option("--check", help="List the obstacles; write nothing.")] = False,
) -> None:
    """Convert a fitted scikit-learn pipeline; it is refused where its answers could not be had exactly."""
    from .check import check
    from .classifier import Classifier
    from .cli import _exit_codes
    from .convert.stored import TRUST_WARNING, load_pipeline

    notes = Console(stderr=True)
    with _exit_codes():
        if trust:
            notes.print(Text(f"warning: {TRUST_WARNING}", style="bold yellow"), soft_wrap=True)
        pipeline = load_pipeline(source, trust=trust)
        report = check(pipeline)
        if check_only or not report.ok:
            (Console() if check_only else notes).print(report)
            if not report.ok:
                if report.closing:
                    notes.print(Text(f"\n{report.closing}"))
                raise typer.Exit(EXIT_REFUSED)
            return
        chosen: Literal["auto", "float64", "float32"] = weights.value
        classifier = Classifier.from_sklearn(
            pipeline, name=name, weights=chosen, certificate_texts=_lines(texts), version=version
        )
        _write(classifier, output)
        info: Any = classifier.model_info()
        kept = f"{info.size:,} bytes, {info.weights}, {info.certificate_texts} certified texts"
        notes.print(Text(f"{output}: {kept}; {info.promise}"), soft_wrap=True)


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        lines = path.read_text("utf-8").split("\n")  # other ends of lines are part of a text
        return lines[:-1] if lines[-1] == "" else lines
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no UTF-8 at byte {error.start}") from None


def _write(classifier: Any, output: Path) -> None:
    try:
        classifier.save(output)
    except OSError as error:
        raise InputError(f"{output}: cannot be written: {error.strerror}") from None
