"""Build the JupyterLite site: `make lite` → dist/lite/, a folder for any static host that asks for nothing elsewhere.

    python tools/lite/make_site.py [--output DIR] [--full-pyodide URL] [--force]

The default site is sealed: Pyodide's core, every wheel and the front ends lie in it, and a kernel in it reaches nothing
else. numpy and scikit-learn have no wheel that could lie there. ``--full-pyodide`` names the address of a whole Pyodide
distribution (its folder with pyodide.mjs) instead: for sites on the open web that want to train in the page; kernels of
such a site fetch from that address, so that site cannot be kept for use offline (tools/lite/offline.py).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import lock
import offline
import wheels
from running import run

import stamps

PYODIDE = stamps.ROOT / "tools/node_modules/pyodide"
CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
NOTEBOOKS = stamps.ROOT / "notebooks/lite"
SOURCES = stamps.ROOT / "src/wasm_clf_widget"
KERNEL = "@jupyterlite/pyodide-kernel-extension"
KERNEL_WHEELS = ("ipykernel", "piplite", "pyodide_kernel", "widgetsnbextension-4")
PRELOADED = ["micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"]
LARGEST = 45_000_000
"""Bytes that a sealed site may have."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=stamps.ROOT / "dist/lite")
    parser.add_argument("--full-pyodide", metavar="URL", default="")
    parser.add_argument("--force", action="store_true", help="build even where nothing changed")
    arguments = parser.parse_args()
    with stamps.alone("lite"):
        make(arguments.output, arguments.full_pyodide, arguments.force)


def make(output: Path, full_pyodide: str, force: bool) -> None:
    """Build the site unless nothing changed since the last time."""
    stamp = stamps.ROOT / ".cache/stamps/lite"
    wanted = stamps.digest(_inputs(), str(output), full_pyodide)
    if not force and stamp.exists() and stamp.read_text() == wanted and (output / "lab").exists():
        print(f"lite: {output} is up to date")
        return
    build(output.resolve(), full_pyodide)
    stamps.write_atomically(stamp, wanted.encode())


def build(output: Path, full_pyodide: str) -> None:
    """Make the site in a folder beside ``output`` and put it in its place when it is whole."""
    work = stamps.ROOT / ".cache/lite/site"
    shutil.rmtree(work, ignore_errors=True)
    folder = work / "static/pyodide"
    folder.mkdir(parents=True)
    _put_pyodide(folder)
    _configure(work, full_pyodide)
    made = output.with_name(f".{output.name}.partial")
    shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "-m", "jupyter", "lite", "build", "--force"]
    command += ["--lite-dir", str(work), "--output-dir", str(made)]
    run(command, work)
    _open_the_index(made / "index.html")
    # Browsers ask for it at the root, and a request that fails is an error in the console.
    shutil.copy(made / "static/favicons/favicon.ico", made)
    if not full_pyodide:
        offline.put(made)
    size = sum(file.stat().st_size for file in made.rglob("*") if file.is_file())
    if size > LARGEST and not full_pyodide:
        sys.exit(f"lite: the site has {size:,} bytes, allowed are {LARGEST:,}: see what grew in {made}")
    shutil.rmtree(output, ignore_errors=True)
    made.rename(output)
    print(f"lite: {output}, {size / 1e6:.1f} MB; to look at it: python -m http.server -b 127.0.0.1 -d {output}")


def _open_the_index(page: Path) -> None:
    """The site's own address opens the notebook that says what there is to open, instead of an empty launcher.

    The page stays what it is otherwise: the applications read their configuration in it.
    """
    text = page.read_text(encoding="utf-8")
    theirs = "await import('./config-utils.js');"
    if theirs not in text:
        sys.exit(f"lite: {page} is not as JupyterLite 0.8.6 writes it: look again at how it finds its application")
    page.write_text(text.replace(theirs, "location.replace('lab/index.html?path=index.ipynb');"), encoding="utf-8")


def _put_pyodide(folder: Path) -> None:
    """Pyodide's core, all wheels, and the lock that names them."""
    for name in CORE:
        shutil.copy(PYODIDE / name, folder)
    files = [wheels.own(folder)]
    files += [w for w in sorted(wheels.pinned().glob("*.whl")) if not wheels.is_test_only(w)]
    files += kernel_wheels()
    local = [folder / file.name for file in files]
    for file in files[1:]:
        shutil.copy(file, folder)
    lock.write_lock(PYODIDE / "pyodide-lock.json", local, folder)


def kernel_wheels() -> list[Path]:
    """The wheels that come with the kernel's extension."""
    folder = Path(sys.prefix) / "share/jupyter/labextensions" / KERNEL / "static/pypi"
    return [w for w in sorted(folder.glob("*.whl")) if w.name.startswith(KERNEL_WHEELS)]


def _configure(work: Path, full_pyodide: str) -> None:
    kernel: dict[str, object] = {"disablePyPIFallback": not full_pyodide}
    if full_pyodide:
        kernel["pyodideUrl"] = full_pyodide.rstrip("/") + "/pyodide.mjs"
    else:
        kernel["loadPyodideOptions"] = {"packages": PRELOADED}
    site = {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "wasm_clf_widget",
            "litePluginSettings": {f"{KERNEL}:kernel": kernel},
            # Looks for newer versions and news on the web otherwise.
            "disabledExtensions": ["@jupyterlab/apputils-extension:announcements"],
        },
    }
    (work / "jupyter-lite.json").write_text(json.dumps(site, indent=1), encoding="utf-8")
    options = {
        "contents": [str(NOTEBOOKS)],
        "apps": ["lab", "notebooks"],
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
    }
    (work / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": options}, indent=1), encoding="utf-8")


def _inputs() -> list[Path]:
    folders = [Path(__file__).parent, NOTEBOOKS, SOURCES]
    files = [file for folder in folders for file in stamps.files_under(folder)]
    return [wheels.PINS, stamps.ROOT / "requirements.txt", PYODIDE / "package.json", *files]


if __name__ == "__main__":
    main()
