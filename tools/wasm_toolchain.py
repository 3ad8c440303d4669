"""How to call cargo for wasm32-unknown-unknown on this machine; run as a script it installs what is missing.

First choice is rustup's own target. Where rustup's server cannot be reached, Debian's `rustc-web` packages carry a
whole newer toolchain with std's source; they are unpacked (not installed) into a cache and std is built from source
with `-Zbuild-std`. Only `RUSTC_BOOTSTRAP=1` makes that flag available in a stable compiler: fine for a build, and the
code itself uses no unstable feature (the native build with rustup's stable compiler shows that).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TARGET = "wasm32-unknown-unknown"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wasm_clf_widget"
DEBIAN = CACHE / "debian-rust-web"


class ToolchainError(RuntimeError):
    """No way to compile for wasm32; the message says what to install."""


@dataclass(frozen=True)
class Toolchain:
    """Extra cargo arguments and environment, and what to call it in a report."""

    name: str
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _sysroot() -> Path | None:
    found = _output("rustc", "--print", "sysroot")
    return Path(found) if found else None


def _from_rustc() -> Toolchain | None:
    root = _sysroot()
    if root and any((root / "lib/rustlib" / TARGET / "lib").glob("libstd-*.rlib")):
        return Toolchain(_output("rustc", "--version"))
    return None


def _from_debian() -> Toolchain | None:
    rustc = DEBIAN / "usr/bin/rustc"
    root = _sysroot()
    if not rustc.exists() or root is None or not (DEBIAN / "complete").exists():
        return None
    linker = next(root.glob("lib/rustlib/*/bin/rust-lld"), None)
    if linker is None:
        return None
    libraries = [DEBIAN / "usr/lib/x86_64-linux-gnu", *DEBIAN.glob("usr/lib/llvm-*/lib")]
    environment = {
        "RUSTC": str(rustc),
        "LD_LIBRARY_PATH": os.pathsep.join([*map(str, libraries), os.environ.get("LD_LIBRARY_PATH", "")]).rstrip(
            os.pathsep
        ),
        "RUSTC_BOOTSTRAP": "1",
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER": str(linker),
    }
    version = subprocess.run(
        [str(rustc), "--version"], capture_output=True, text=True, env={**os.environ, **environment}
    )
    if version.returncode != 0:
        return None
    return Toolchain(f"{version.stdout.strip()} (Debian)", ["-Zbuild-std=std,panic_abort"], environment)


def find() -> Toolchain:
    """The toolchain to use.

    Raises:
        ToolchainError: there is none; says what to do.
    """
    if shutil.which("cargo") is None:
        raise ToolchainError(
            "cargo was not found. The engine is written in Rust: install Rust by rustup (stable, 1.85 or later) "
            "and run again, or install a wheel or sdist of this package, which carry the built engine."
        )
    choice = None if os.environ.get("WCW_DEBIAN_RUST") == "1" else _from_rustc()
    choice = choice or _from_debian()
    if choice is None:
        raise ToolchainError(
            f"the Rust target {TARGET} is not installed: run `make setup` (or `rustup target add {TARGET}`)."
        )
    return choice


def _newest(pattern: str) -> str:
    """The package whose trailing number is highest: these names move with every release, so apt is asked."""
    names = [n for n in _output("apt-cache", "search", "--names-only", pattern).split("\n") if n]
    found = [name.split(" ")[0] for name in names]
    if not found:
        raise ToolchainError(
            f"apt knows no package {pattern}: run `apt-get update`, or install the Rust target {TARGET} by rustup."
        )
    return max(found, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])


def install_debian() -> None:
    """Unpack Debian's rustc-web and what it needs into the cache (some 150 MB to download, about 1 GB unpacked)."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise ToolchainError(
            f"`rustup target add {TARGET}` failed and this is no Debian, so there is no second source: add it by hand."
        )
    subprocess.run(["apt-get", "update", "-qq"], check=False)  # an old list may do; its absence is reported below
    packages = ["rustc-web", "libstd-rust-web-dev", "rust-web-src"]
    for package in packages:
        if not re.search(r"Candidate: \d", _output("apt-cache", "policy", package)):
            raise ToolchainError(f"apt has no candidate for {package}: run `apt-get update`, or add bookworm-security.")
    packages.append(_newest(r"^libstd-rust-web-[0-9.]+$"))
    depends = _output(
        "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests", packages[-1], "rustc-web"
    )
    llvm = re.findall(r"^libllvm\d+$", depends, re.MULTILINE) or [_newest(r"^libllvm[0-9]+$")]
    packages.append(llvm[0])
    shutil.rmtree(DEBIAN, ignore_errors=True)
    DEBIAN.mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="wcw-deb-") as folder:
        os.chmod(folder, 0o755)  # apt drops its rights to its own user while it downloads
        subprocess.run(["apt-get", "download", *packages], cwd=folder, check=True)
        for archive in sorted(Path(folder).glob("*.deb")):
            subprocess.run(["dpkg", "-x", str(archive), str(DEBIAN)], check=True)
    (DEBIAN / "complete").write_text(" ".join(packages) + "\n")


def install() -> Toolchain:
    """Make `find` succeed: rustup first, then Debian."""
    try:
        return find()
    except ToolchainError:
        if shutil.which("cargo") is None:
            raise
    if os.environ.get("WCW_DEBIAN_RUST") != "1" and shutil.which("rustup"):
        print(f"setup: rustup target add {TARGET}", flush=True)
        if subprocess.run(["rustup", "target", "add", TARGET], check=False).returncode == 0:
            return find()
        print("setup: rustup could not; taking Debian's rustc-web instead", flush=True)
    install_debian()
    return find()


if __name__ == "__main__":
    try:
        print(f"setup: wasm32 by {install().name}")
    except ToolchainError as error:
        sys.exit(f"setup: {error}")
