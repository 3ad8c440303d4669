"""pyodide-lock.json for a site in which every wheel is local.

The lock that comes with Pyodide names wheels that are not in its npm package: with it a kernel that asks for one hangs
without a word. This one names what lies in the site and nothing else.
"""

from __future__ import annotations

import json
from pathlib import Path

from pyodide_lock.spec import PyodideLockSpec
from pyodide_lock.utils import add_wheels_to_spec

LEFT_OUT = {
    "pexpect": "ipython's terminal, which no browser has",
    "jupyterlab-widgets": "the front end's half: it is baked into the site",
}
"""Dependencies that the site does without, and why."""


def write_lock(stock: Path, wheels: list[Path], folder: Path) -> None:
    """Write ``folder``/pyodide-lock.json for ``wheels``, which lie in ``folder``; ``stock`` is Pyodide's own lock."""
    info = json.loads(stock.read_text(encoding="utf-8"))["info"]
    # pyodide-lock 0.1 wants Pyodide's version in the lock, from which Pyodide 314 has dropped it.
    spec = PyodideLockSpec.model_validate({"info": {**info, "version": info["python"]}, "packages": {}})
    packages = add_wheels_to_spec(spec, wheels, base_path=folder, ignore_missing_dependencies=True).packages
    for package in packages.values():
        missing = set(package.depends) - set(packages) - set(LEFT_OUT)
        if missing:
            raise SystemExit(
                f"lite: {package.name} needs {', '.join(sorted(missing))}: pin it in requirements-lite.txt"
            )
        package.depends = [name for name in package.depends if name in packages]
    document = {"info": info, "packages": {name: packages[name].model_dump() for name in sorted(packages)}}
    (folder / "pyodide-lock.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
