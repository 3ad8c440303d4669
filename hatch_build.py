"""Hatch's build hook: a wheel or sdist made from a source tree carries the built engine and page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ENGINES = ("engine.baseline.wasm", "engine.simd.wasm", "engine.linear.baseline.wasm", "engine.linear.simd.wasm")


class BuildAssets(BuildHookInterface):
    """Runs tools/build_*.py where their outputs are missing.

    An sdist has the outputs, so it installs without Rust and Node. WCW_BUILD=0 leaves building to `make build` (set-up
    installs the tree in editable mode before anything is built).
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        static = root / "src/wasm_clf_widget/static"
        if os.environ.get("WCW_BUILD") == "0":
            return
        if not all((static / name).exists() for name in ENGINES):
            self._run(root / "tools/build_engine.py")
        if not any(static.glob("*.js")):
            self._run(root / "tools/build_js.py")

    def _run(self, script: Path) -> None:
        self.app.display_info(f"running {script.name}")
        done = subprocess.run([sys.executable, str(script)], cwd=self.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            # pip shows only what the exception says.
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
            raise RuntimeError(
                f"{script.name} failed. Building from a source tree needs Rust (wasm32-unknown-unknown) and Node 20; "
                f"a wheel needs neither.\n{tail}"
            )
