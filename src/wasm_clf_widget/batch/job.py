"""A file of any size classified in parts that survive a crash.

Beside OUT stands OUT.partial/ while the job runs: ``job.json`` (what is done with what, so that another job is not
taken for this one), and for each finished part its file and a note (where reading goes on, which rows failed). A part
appears under its name only when it is whole and on the disk; the output is joined from all parts under another name and
renamed.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, WasmClfError
from .columns import Columns
from .errors import RowError
from .input import Nulls, arrow, arrow_file, check_nulls
from .pieces import cutter
from .readers import Position, Reader, Rows, open_reader
from .run import Group, answered_groups
from .sample import Parity, Sample, report_of
from .sources import Format, Source, failed_of, find, format_of
from .threads import check_jobs
from .work import Answered, OnError
from .writers import Writer

if TYPE_CHECKING:
    from ..classifier import Classifier
    from ..results import ParityReport

PART_ROWS = 65_536
PART_BYTES = 16 << 20
_OPTIONS = ("text", "nulls", "on_error", "scores", "prefix", "delimiter")
_JOB, _JOINED, _LOCK = "job.json", "joined", "lock"


@dataclass(frozen=True, slots=True)
class Job:
    """What to do. ``inputs`` are paths, globs or folders."""

    inputs: list[str]
    output: Path
    text: str
    nulls: Nulls = "error"
    on_error: OnError = "fail"
    scores: bool = False
    prefix: str = ""
    delimiter: str = ","
    n_jobs: int | None = -1
    resume: bool = False
    overwrite: bool = False
    parity: Parity = "off"

    def __post_init__(self) -> None:
        # A link stays a link: what it names is written.
        if os.path.islink(self.output):  # unlike Path's own question no error where the folder may not be looked into
            object.__setattr__(self, "output", Path(os.path.realpath(self.output)))


@dataclass(slots=True)
class Done:
    """What was done. ``failed`` are the rows without an answer; ``resumed`` rows were there from an earlier run.

    In ``parity`` a text's index is its row in OUT, from 0.
    """

    rows: int = 0
    resumed: int = 0
    parts: int = 0
    failed: list[str] = field(default_factory=list)
    parity: ParityReport | None = None
    differs: str = ""
    """Where and how the twin answers otherwise."""


Progress = Callable[[int, int], None]
"""Called with (rows, bytes read) after each part."""


class JobError(WasmClfError, RuntimeError):
    """The job cannot go on, and no row is at fault: a full disk, an input that changed. Finished parts are safe."""


def total_of(job: Job) -> tuple[int | None, int]:
    """(rows, or None where only reading tells; bytes) of a job's inputs."""
    sources = find(job.inputs, job.output)
    rows = open_reader(sources, job.text, skip=True, delimiter=job.delimiter).total
    return rows, sum(source.path.stat().st_size for source in sources)


def run(classifier: Classifier, job: Job, progress: Progress = lambda rows, size: None) -> Done:
    """Do the job, or what is left of it.

    Raises:
        InputError: something in the arguments or a row of the input (with its number).
        JobError: the disk is full, or the input changed meanwhile.
    """
    check_nulls(job.nulls)
    format = format_of(job.output)
    sources = find(job.inputs, job.output)
    try:
        with _partial_folder(job, _description(classifier, job, sources, format)) as folder:
            if (folder / _JOINED).exists():
                return _tidy_up(job, folder)
            return _Run(classifier, job, sources, format, folder, progress).run()
    except OSError as error:
        safe = f" The finished parts are safe in {_folder_of(job)}" if finished_parts(job) else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            what, remedy = "the disk is full", "make room"
            if error.errno == errno.EFBIG:
                what, remedy = "a file may not be so large here (ulimit -f, or the file system)", "raise the limit"
            hint = f": {remedy} and run the same command with --resume" if safe else ""
            raise JobError(f"{job.output}: {what}.{safe}{hint}") from None
        raise JobError(f"{job.output}: cannot be written: {error}.{safe}") from None


def finished_parts(job: Job) -> bool:
    """Whether a run that has stopped left parts to go on from, as far as can be seen."""
    try:
        return _has_parts(_folder_of(job))
    except OSError:
        return False


class _Run:
    def __init__(
        self,
        classifier: Classifier,
        job: Job,
        sources: list[Source],
        format: Format,
        folder: Path,
        progress: Progress,
    ) -> None:
        self._classifier = classifier
        self._job = job
        self._sources = sources
        # pyarrow takes a relative name with a colon for a URI.
        self._folder = folder.absolute()
        self._progress = progress
        self._columns = Columns(classifier.model, prefix=job.prefix, scores=job.scores)
        self._suffix = "".join(job.output.suffixes[-2:] if format.codec else job.output.suffixes[-1:])
        self._writer = Writer(format)
        self._writer.answers = len(self._columns.schema)
        self._sample = Sample(classifier, self._columns, job.parity)
        self._done = Done()

    def run(self) -> Done:
        """All parts that are missing, then the output."""
        job = self._job
        skip, names = job.on_error == "skip", self._columns.schema.names
        reader = open_reader(self._sources, job.text, skip=skip, delimiter=job.delimiter, taken=names)
        self._columns.check_free(reader.names, how="--prefix model_")
        self._go_through(reader, self._resume())
        changed = [source.path for source in self._sources if _stamp(source.path) != self._stamps[source.path]]
        if changed:
            what = "changed" if _stamp(changed[0]) else "was removed"
            raise JobError(f"{changed[0]}: the file {what} while it was read: start anew, with --overwrite")
        self._done.parity = self._sample.finish()
        self._finish()
        return self._done

    def _resume(self) -> Position:
        """Where to go on: behind the last part of an earlier run."""
        self._stamps = {source.path: _stamp(source.path) for source in self._sources}
        position: Position = ()
        while (note := self._note(self._done.parts)) is not None:
            position = tuple(note["after"])
            self._done.rows += note["rows"]
            self._done.failed += note["failed"]
            self._done.parts += 1
            if (found := report_of(note.get("parity"))) is not None:
                self._sample.go_on(found)
            self._done.differs = note.get("differs", "")
        self._done.resumed = self._done.rows
        if self._done.parts and self._writer.format.kind == "parquet":
            import pyarrow.parquet as pq

            self._writer.schema = pq.read_schema(arrow_file(self._part(0)))
        elif self._done.parts and self._writer.format.kind == "csv":
            self._writer.schema = _read_schema(self._folder / "schema")
        return position

    def _note(self, number: int) -> dict[str, Any] | None:
        path = self._part(number)
        if not path.exists():
            return None
        return _read(path.with_name(path.name + ".json"))

    def _part(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}{self._suffix}"

    def _go_through(self, reader: Reader, start: Position) -> None:
        jobs = check_jobs(self._job.n_jobs)
        groups = (
            Group(part, [chunk for rows in part for chunk in _chunks(rows.texts)])
            for part in _parts(self._read(reader, start))
        )
        cut = cutter(self._classifier.model, "skip", "{row}")
        first = 0
        for part, answered in answered_groups(self._classifier, groups, cut, n_jobs=jobs, on_error="skip", ahead=True):
            self._note_failed(part, answered, first)
            first += sum(map(len, part))
            self._save(part, answered)
            self._progress(self._done.rows, reader.bytes_read())

    def _read(self, reader: Reader, start: Position) -> Iterator[Rows]:
        """The rows; a missing text is a failed row where the rule says so."""
        for rows in reader.read(start):
            for error in self._writer.make_writable(rows, self._job.text):
                self._fail(error)
                rows.failed.append(error)
            if self._job.nulls == "error" and rows.texts.null_count:
                known = {error.row for error in rows.failed}
                for i, there in enumerate(rows.texts.is_valid().to_pylist()):
                    error = rows.error(i, "there is no text: fill it, or give --nulls skip")
                    if not there and error.row not in known:
                        self._fail(error)
                        rows.failed.append(error)
            yield rows

    def _fail(self, error: RowError) -> None:
        if self._job.on_error == "fail":
            raise error

    def _note_failed(self, part: list[Rows], answered: list[Answered], first: int) -> None:
        """Rows that the engine refused, under their numbers in their files."""
        for error in (error for piece in answered for error in piece.failed):
            rows, index = _own_rows(part, error.row - first)
            own = rows.error(index, error.problem)
            self._fail(own)
            rows.failed.append(own)

    def _save(self, part: list[Rows], answered: list[Answered]) -> None:
        pa = arrow()
        number = self._done.parts
        records = [self._columns.record(piece) for piece in answered]
        found = self._check(part, answered)
        answers = pa.Table.from_batches(records, self._columns.schema)
        failed = [str(error) for rows in part for error in rows.failed]
        path = self._part(number)
        note = {"rows": answers.num_rows, "after": list(part[-1].after), "failed": failed}
        note |= {"parity": found and asdict(found), "differs": self._done.differs}
        temporary = self._folder / f"writing{self._suffix}"
        temporary.unlink(missing_ok=True)
        self._writer.part(temporary, part, answers, first=number == 0)
        if number == 0 and self._writer.schema is not None:
            _write_whole(self._folder / "schema", self._writer.schema.serialize().to_pybytes())
        # The note first: where the part stands, its note does.
        _write_whole(path.with_name(path.name + ".json"), _json(note))
        _sync(temporary)
        temporary.replace(path)
        self._done.parts += 1
        self._done.rows += answers.num_rows
        self._done.failed += failed

    def _check(self, part: list[Rows], answered: list[Answered]) -> ParityReport | None:
        """Hold some rows of a part against the twin now: what is found is noted with the part."""
        for piece in answered:
            self._sample.see(piece, self._done.resumed)
        found = self._sample.check()
        if found is not None and (first := found.first_difference) is not None and not self._done.differs:
            rows, index = _own_rows(part, first.text_index - self._done.rows)
            problem = f"the twin answers otherwise ({first.stage}): {first.expected} against {first.got}"
            self._done.differs = str(rows.error(index, problem))
        return found

    def _finish(self) -> None:
        if self._done.parts == 0:
            self._empty()
        whole = _whole_of(self._job)
        whole.unlink(missing_ok=True)
        try:
            self._writer.join([self._part(i) for i in range(self._done.parts)], whole)
            _sync(whole)
        except BaseException:
            whole.unlink(missing_ok=True)
            raise
        done = asdict(self._done)
        # What was done stands in the mark as well: it is the last of the folder to go.
        mark = _read(self._folder / _JOB) | {"done": done, "output": _stamp(whole)}
        _write_whole(self._folder / _JOINED, _json(mark))
        _put(self._job, self._folder)
        _list_failed(self._job, self._done)
        _remove(self._folder)

    def _empty(self) -> None:
        """An input without rows makes an output without rows, with all its columns."""
        reader = open_reader(self._sources, self._job.text, skip=True, delimiter=self._job.delimiter)
        pa = arrow()
        names = reader.names
        schema = getattr(reader, "_schema", None) or pa.schema([(name, pa.large_string()) for name in names])
        rows = Rows(self._sources[0], 1, pa.nulls(0), schema.empty_table(), ())
        self._save([rows], [])


def _parts(rows: Iterator[Rows]) -> Iterator[list[Rows]]:
    part: list[Rows] = []
    count = size = 0
    for group in rows:
        part.append(group)
        count += len(group)
        # All columns: what is beside the texts waits in memory with them.
        size += sum(map(len, group.carrier)) if isinstance(group.carrier, list) else group.carrier.nbytes
        if count >= PART_ROWS or size >= PART_BYTES:
            yield part
            part, count, size = [], 0, 0
    if part:
        yield part


def _own_rows(part: list[Rows], index: int) -> tuple[Rows, int]:
    """The group of a part's rows with the row at ``index``, and its index there."""
    for rows in part:
        if index < len(rows):
            return rows, index
        index -= len(rows)
    raise IndexError(index)


def _chunks(texts: Any) -> list[Any]:
    return texts.chunks if isinstance(texts, arrow().ChunkedArray) else [texts]


# --- the folder of parts


@contextmanager
def _partial_folder(job: Job, description: dict[str, Any]) -> Iterator[Path]:
    """OUT.partial, locked, of this very job."""
    folder = _folder_of(job)
    if not job.output.parent.is_dir():
        raise InputError(f"{job.output.parent}: there is no such folder for the output")
    _stamp(_temporary(failed_of(job.output)))  # the longest name of all: one that is too long is an OSError now
    if job.output.is_dir():
        raise InputError(f"{job.output} is a folder: give the name of a file")
    if job.output.exists() and not job.overwrite and not (job.resume and folder.exists()):
        raise InputError(f"{job.output} exists: give another name, or --overwrite")
    if _has_parts(folder) and not job.resume and not job.overwrite:
        raise InputError(
            f"{folder} holds finished parts of an earlier run: go on with --resume, or start anew with --overwrite"
        )
    if folder.exists() and not job.resume:
        with _locked(folder):
            _remove(folder)
    folder.mkdir(exist_ok=True)
    with _locked(folder):
        try:
            _match(folder, description, replaces=_stamp(job.output) if job.overwrite else [])
            if not (folder / _JOINED).exists() and not _may_replace(job, folder):
                raise InputError(f"{job.output} exists: move it away, or replace it with --resume --overwrite")
            yield folder
        finally:
            # Nothing to go on from: a column that is missing leaves nothing behind.
            if folder.exists() and not _has_parts(folder):
                _remove(folder)


def _folder_of(job: Job) -> Path:
    return job.output.with_name(job.output.name + ".partial")


def _whole_of(job: Job) -> Path:
    """Where the parts are joined; absolute, as pyarrow takes a relative name with a colon for a URI."""
    return job.output.absolute().with_name(f".{job.output.name}.joining")


def _may_replace(job: Job, folder: Path) -> bool:
    """Whether what stands at OUT may go: by --overwrite, now or, for just that file, in the run that this one goes on
    from."""
    return job.overwrite or (found := _stamp(job.output)) == [] or found == _read(folder / _JOB).get("replaces")


def _put(job: Job, folder: Path) -> None:
    """Give the joined file its name, which another file may have got while the job ran."""
    whole, output = _whole_of(job), job.output
    if output.exists() and output.samefile(whole):  # linked, and stopped before the other name went
        whole.unlink()
        return
    free = _may_replace(job, folder)
    if free and not job.overwrite and not output.exists():
        # Unlike a renaming, a link never takes the place of a file.
        try:
            os.link(whole, output)
        except FileExistsError:
            free = False
        except OSError:  # no links on this file system
            free = not output.exists()
        else:
            whole.unlink()
            return
    if not free:
        (folder / _JOINED).unlink()
        whole.unlink()
        raise JobError(
            f"{output}: another file has come here since the job began. The finished parts are safe in {folder}: move "
            "that file away and run the same command with --resume, or replace it with --resume --overwrite"
        )
    whole.replace(output)


def _tidy_up(job: Job, folder: Path) -> Done:
    """What an earlier run of this job did not come to: all its rows are in one file."""
    mark = _read(folder / _JOINED)
    whole = _whole_of(job)
    if whole.exists():
        _put(job, folder)
    if _stamp(job.output) != mark["output"]:
        raise InputError(
            f"{job.output}: all rows were done and stood here, but the file has changed or is gone: start anew with "
            "--overwrite"
        )
    done = Done(**mark["done"])
    done.resumed, done.parity = done.rows, report_of(mark["done"]["parity"])
    _list_failed(job, done)
    _remove(folder)
    return done


def _list_failed(job: Job, done: Done) -> None:
    """All rows without an answer, one a line, before the parts' notes go; the list of an earlier run goes anyway."""
    path = failed_of(job.output)
    if done.failed:
        _write_whole(path, "".join(f"{line}\n" for line in done.failed).encode("utf-8", "backslashreplace"))
    else:
        path.unlink(missing_ok=True)


def _has_parts(folder: Path) -> bool:
    """Whether there is anything to go on from."""
    return any(folder.glob("part-*")) or (folder / _JOINED).exists()


def _match(folder: Path, description: dict[str, Any], replaces: list[int]) -> None:
    """The parts must be those of the very same job. ``replaces`` is noted: the file at OUT that may be replaced."""
    # Of a finished job the mark is there longer than its note.
    note = folder / (_JOINED if (folder / _JOINED).exists() else _JOB)
    if not note.exists():
        if any(folder.glob("part-*")):
            raise InputError(f"{folder} holds parts but not what they are parts of: start anew with --overwrite")
        _write_whole(note, _json(description | {"replaces": replaces}))
        return
    earlier = _read(note)
    if _only_more_lenient(earlier.get("options"), description["options"]) and note.name == _JOB:
        earlier["options"] = description["options"]
        _write_whole(note, _json(earlier))
    for key, value in description.items():
        if earlier.get(key) != value:
            raise InputError(
                f"{folder} holds parts of another job: its {key} was {_short(earlier.get(key))}, now {_short(value)}. "
                "Give the same again, or start anew with --overwrite"
            )


def _only_more_lenient(earlier: Any, now: dict[str, Any]) -> bool:
    """Whether a job that a bad row has stopped is now to skip such rows: its finished parts have none."""
    strict = now | {"on_error": "fail"}
    return now["on_error"] == "skip" and bool(earlier == strict)


def _description(classifier: Classifier, job: Job, sources: list[Source], format: Format) -> dict[str, Any]:
    """All that the parts depend on. The number of threads is not among it."""
    return {
        "job": 1,
        "model": classifier.sha256,
        "inputs": [[str(source.path.absolute()), *_stamp(source.path)] for source in sources],
        "options": {
            name: getattr(job, name) for name in ("text", "nulls", "on_error", "scores", "prefix", "delimiter")
        },
        "format": asdict(format),
        "parts": [PART_ROWS, PART_BYTES],
    }


def _stamp(path: Path) -> list[int]:
    """A file's size and time; [] where there is none."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return []
    return [about.st_size, about.st_mtime_ns]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else text[:200] + "…"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One job at a time on a folder; the lock ends with the process, however it ends."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows
        yield
        return
    with (folder / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{folder}: another run is at work there") from None
        yield


def _remove(folder: Path) -> None:
    """Parts first and the mark of a finished job last, so that a crash in between is recognized."""
    for path in sorted(folder.iterdir()):
        if path.name not in (_JOINED, _JOB):
            path.unlink()
    (folder / _JOB).unlink(missing_ok=True)
    shutil.rmtree(folder)


def _json(value: Any) -> bytes:
    """A note. Names of files whose bytes are no UTF-8 have lone surrogates for them, which JSON writes as escapes."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")


def _read(note: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(note.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{note}: this note of the job is damaged ({error}): start anew with --overwrite") from None
    return value


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")


def _write_whole(path: Path, data: bytes) -> None:
    temporary = _temporary(path)
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _read_schema(path: Path) -> Any:
    pa = arrow()
    return pa.ipc.read_schema(pa.py_buffer(path.read_bytes()))
