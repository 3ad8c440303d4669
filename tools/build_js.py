"""Build the page's side: js/ → src/wasm_clf_widget/static/ (the widget) and js/dist/ (the npm package).

    python tools/build_js.py [--force]

`npm ci` runs where node_modules does not match the lock file; `npm run build` only where an input changed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stamps

JS = stamps.ROOT / "js"
STATIC = stamps.ROOT / "src/wasm_clf_widget/static"
OUTPUTS = (STATIC, JS / "dist")
STAMPS = stamps.ROOT / ".cache/stamps"


def npm(*arguments: str, folder: Path) -> None:
    """Run npm; its own output says what went wrong."""
    if shutil.which("npm") is None:
        sys.exit("build: npm was not found: install Node 20 or later (a wheel or sdist of this package needs none)")
    if subprocess.run(["npm", *arguments], cwd=folder, check=False).returncode != 0:
        sys.exit(f"build: `npm {' '.join(arguments)}` failed in {folder}")


def install(folder: Path) -> None:
    """`npm ci`, once for each lock file."""
    installed = folder / "node_modules/.wcw-lock"
    wanted = stamps.digest([folder / "package-lock.json"])
    if installed.exists() and installed.read_text() == wanted:
        return
    npm("ci", "--no-audit", "--no-fund", "--fetch-timeout=60000", folder=folder)
    stamps.write_atomically(installed, wanted.encode())


def built_files() -> list[Path]:
    """What the build left; the engine's files in the same folder are not its own."""
    return [
        p
        for folder in OUTPUTS
        if folder.exists()
        for p in sorted(folder.rglob("*"))
        if p.suffix in {".js", ".css", ".ts"}
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true", help="build even where nothing changed")
    parser.add_argument("--install-only", action="store_true", help="only npm ci, in js/ and tools/")
    options = parser.parse_args()
    install(stamps.ROOT / "tools")
    install(JS)
    if options.install_only:
        return
    inputs = [p for p in stamps.files_under(JS) if p.name != ".wcw-lock"]
    # The npm package carries the engines, and knows them by their hashes.
    engines = sorted(STATIC.glob("engine.*.wasm"))
    wanted = stamps.digest([*inputs, *engines, Path(__file__)])
    stamp = STAMPS / "js"
    if not options.force and stamp.exists() and stamp.read_text() == wanted + stamps.digest(built_files()):
        return
    npm("run", "build", folder=JS)
    if not any(p.parent == STATIC and p.suffix == ".js" for p in built_files()):
        sys.exit(f"build: `npm run build` left no .js file in {STATIC}")
    stamps.write_atomically(stamp, (wanted + stamps.digest(built_files())).encode())
    print("build: " + ", ".join(f"{p.name} {p.stat().st_size:,}" for p in built_files() if p.parent == STATIC))


if __name__ == "__main__":
    main()
