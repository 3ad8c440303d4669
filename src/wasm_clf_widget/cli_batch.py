"""``wasm-clf batch``: files of any size from the command line, with its progress, resumable."""

from __future__ import annotations

import warnings
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from .batch.job import Done, Job, JobError, finished_parts, run, total_of
from .batch.sample import ParityWarning
from .batch.sources import failed_of
from .classifier import Classifier
from .cli_progress import progress
from .errors import InputError

EXIT_FAILED, EXIT_INTERRUPTED = 1, 130
_SHOWN = 20


class OnErrorChoice(StrEnum):
    """What becomes of a row that cannot be classified."""

    FAIL = "fail"
    SKIP = "skip"


class NullsChoice(StrEnum):
    """What a missing text is."""

    ERROR = "error"
    SKIP = "skip"


class ParityChoice(StrEnum):
    """Whether some rows are held against the twin."""

    OFF = "off"
    SAMPLE = "sample"


def batch(
    inputs: Annotated[list[str], typer.Argument(metavar="IN...", help="Files, globs in quotes, or folders.")],
    model: Annotated[str, typer.Option("--model", "-m", help="Model file, or the name of a model that ships.")],
    text: Annotated[str, typer.Option("--text", "-t", metavar="COLUMN", help="The column of texts.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help=".csv, .jsonl (.gz, .zst), .parquet")],
    n_jobs: Annotated[int, typer.Option("--n-jobs", help="Threads; -1 for all cores.")] = -1,
    scores: Annotated[bool, typer.Option("--scores", help="A column for each class's score.")] = False,
    prefix: Annotated[str, typer.Option("--prefix", help="Before the names of the new columns.")] = "",
    nulls: Annotated[NullsChoice, typer.Option("--nulls", help="A missing text: a fault, or no answer.")] = (
        NullsChoice.ERROR
    ),
    on_error: Annotated[OnErrorChoice, typer.Option("--on-error", help="At a row that cannot be classified.")] = (
        OnErrorChoice.FAIL
    ),
    resume: Annotated[bool, typer.Option("--resume", help="Go on behind the finished parts of a stopped run.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT, and parts of an earlier run.")] = False,
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between the fields of a CSV.")] = ",",
    parity: Annotated[ParityChoice, typer.Option("--parity", help="sample: hold some rows against the twin.")] = (
        ParityChoice.OFF
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
) -> None:
    """Classify a column of CSV, JSON lines or parquet files of any size; the output has all columns and the answers."""
    from .cli import EngineChoice, _complain, _exit_codes, _load

    with _exit_codes():
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise InputError(f"--delimiter {delimiter!r} is given, one character is allowed, no quote and no line end")
        classifier = _load(model, EngineChoice.WASM)
        job = Job(
            inputs,
            output,
            text,
            nulls.value,
            on_error.value,
            scores,
            prefix,
            delimiter,
            n_jobs,
            resume,
            overwrite,
            parity.value,
        )
        try:
            done = _run(classifier, job, quiet=quiet)
        except JobError as error:
            _complain(str(error))
            raise typer.Exit(EXIT_FAILED) from None
        except KeyboardInterrupt:
            safe = f"Finished parts are safe in {job.output}.partial: run the same command with --resume"
            _complain("stopped. " + (safe if finished_parts(job) else "No part was finished"))
            raise typer.Exit(EXIT_INTERRUPTED) from None
        if not _report(done, output, failed_of(job.output), quiet=quiet):
            raise typer.Exit(EXIT_FAILED)


def _run(classifier: Classifier, job: Job, *, quiet: bool) -> Done:
    # The report at the end says it.
    with warnings.catch_warnings(action="ignore", category=ParityWarning):
        if quiet:
            return run(classifier, job)
        with progress(*total_of(job)) as show:
            return run(classifier, job, show)


def _report(done: Done, output: Path, listed: Path, *, quiet: bool) -> bool:
    """Say what was done; whether all is well."""
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(Text(line), soft_wrap=True)

    if done.failed:
        say(f"wasm-clf: {len(done.failed):,} rows have no answer, all listed in {listed}:")
        for line in done.failed[:_SHOWN]:
            say(f"  {line}")
        if len(done.failed) > _SHOWN:
            say(f"  and {len(done.failed) - _SHOWN:,} more")
    differs = done.parity is not None and done.parity.first_difference is not None
    if done.parity is not None and (differs or not quiet):
        say(f"wasm-clf: {done.parity.checked:,} rows held against the twin: " + ("they DIFFER" if differs else "equal"))
    if differs:
        say(f"  {done.differs}")
    if not quiet:
        before = f", {done.resumed:,} of them before" if done.resumed else ""
        say(f"wasm-clf: {done.rows:,} rows{before} in {output}")
    return not done.failed and not differs
