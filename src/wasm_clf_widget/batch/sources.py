"""Which files a job reads: paths, globs, folders of (partitioned) parquet, and what kind each is."""

from __future__ import annotations

import fnmatch
import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import unquote

from ..errors import InputError

Kind = Literal["csv", "parquet", "jsonl"]
_PACKED = {".gz": "gzip", ".zst": "zstd"}
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Format:
    """csv, parquet or jsonl, and the codec around it (None: none)."""

    kind: Kind
    codec: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. ``partition`` are the columns that its folders name (``year=2026/``), as texts."""

    path: Path
    format: Format
    partition: tuple[tuple[str, str | None], ...] = ()


def format_of(path: Path) -> Format:
    """The format that a name's suffixes say."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    codec = _PACKED.get(suffixes[-1]) if suffixes else None
    if codec:
        suffixes.pop()
    kind = suffixes[-1][1:] if suffixes else ""
    known: dict[str, Kind] = {"csv": "csv", "parquet": "parquet", "pq": "parquet", "jsonl": "jsonl", "ndjson": "jsonl"}
    if kind not in known or (known[kind] == "parquet" and codec):
        raise InputError(
            f"{path}: the name must end in .csv, .jsonl (each perhaps followed by .gz or .zst) or .parquet, which "
            "packs its columns itself"
        )
    return Format(known[kind], codec)


def find(patterns: list[str], output: Path | None = None) -> list[Source]:
    """The files that paths, globs and folders name, in order; those of one pattern sorted by name.

    What the job itself writes, or an earlier run of it has written, is none of them.
    """
    sources = []
    for pattern in patterns:
        try:
            sources += _found(pattern, output)
        except OSError as error:
            raise InputError(f"{pattern}: cannot be read: {error.strerror}") from None
    kinds = {source.format.kind for source in sources}
    if len(kinds) > 1:
        raise InputError(f"the inputs are of several formats ({', '.join(sorted(kinds))}): give those of one")
    if len({tuple(name for name, _ in source.partition) for source in sources}) > 1:
        raise InputError("the inputs' folders name different columns (year=2026/ here, not there): give them apart")
    return sources


def _found(pattern: str, output: Path | None) -> list[Source]:
    path = Path(pattern)
    if path.is_dir():
        files = [file for file in _inside(path) if not _is_own(file, output)]
        found = [Source(file, format_of(file), _partition(file, path)) for file in files]
    elif path.exists():
        if _is_own(path, output):
            raise InputError(f"{path}: the output is one of the inputs: give another name for the output")
        if not path.is_file():
            raise InputError(f"{path}: no ordinary file, but the job reads it more than once: save it as one first")
        found = [Source(path, format_of(path))]
    else:
        _refuse_unreadable(pattern)
        names = [Path(name) for name in sorted(glob.glob(pattern, recursive=True))]
        found = [Source(name, format_of(name)) for name in names if not _is_own(name, output)]
    if not found:
        raise InputError(f"{pattern}: there is no such file" + (" in this folder" if path.is_dir() else ""))
    return found


def failed_of(output: Path) -> Path:
    """The file that lists the rows without an answer."""
    return output.with_name(output.name + ".failed.txt")


def _is_own(file: Path, output: Path | None) -> bool:
    """Whether a file is the job's output, its list of failed rows, or lies among its finished parts."""
    if output is None:
        return False
    real, target = Path(os.path.realpath(file)), Path(os.path.realpath(output))
    beside = (failed_of(target), target.with_name(target.name + ".partial"))
    return real == target or any(path in (real, *real.parents) for path in beside)


def _inside(folder: Path) -> list[Path]:
    """Files of a data set's folder; names that begin with . or _ are notes of the programs that wrote it.

    Each folder is read once. Links to folders come last, so that one which stands there itself keeps its own name.
    """
    files: list[Path] = []
    seen: set[str] = set()
    starts = [folder]
    for start in starts:
        for place, folders, names in os.walk(start, onerror=_refuse):
            real = os.path.realpath(place)
            folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith((".", "_")))
            if real not in seen:
                files += [Path(place, name) for name in names if not name.startswith((".", "_"))]
            seen.add(real)
            starts += [path for name in folders if (path := Path(place, name)).is_symlink()]
    return sorted(files)


def _refuse_unreadable(pattern: str) -> None:
    """InputError where a folder that a glob looks into cannot be listed: ``glob`` would leave out what is in it."""
    parts = Path(pattern).parts
    plain = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    start = Path(*parts[:plain])
    parts = parts[plain:]
    for place, folders, _ in os.walk(start, onerror=_refuse_denied):
        deep = len(Path(place).relative_to(start).parts)
        if "**" in parts[: deep + 1]:
            folders[:] = [name for name in folders if not name.startswith(".")]
        elif deep + 1 >= len(parts):
            folders.clear()  # what is named by the last part is not looked into
        else:
            folders[:] = fnmatch.filter(folders, parts[deep])


def _refuse_denied(error: OSError) -> None:
    # A folder that is not there, or went meanwhile, has no files.
    if isinstance(error, PermissionError):
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise InputError(f"{error.filename}: the folder cannot be read: {error.strerror}") from None


def _partition(file: Path, root: Path) -> tuple[tuple[str, str | None], ...]:
    pairs = []
    for folder in file.relative_to(root).parts[:-1]:
        name, equals, value = folder.partition("=")
        if equals:
            try:
                folder.encode()
            except UnicodeEncodeError:
                raise InputError(f"{str(file)!r}: the folder {folder!r} names a column, but not in UTF-8") from None
            pairs.append((unquote(name), None if value == _NO_VALUE else unquote(value)))
    return tuple(pairs)
