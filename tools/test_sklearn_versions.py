"""The converter's tests under the oldest and the newest supported scikit-learn, each in its own environment.

    python tools/test_sklearn_versions.py [oldest] [newest] [-- pytest options]

The environments are made by uv under .cache/sklearn/ and kept: a second run only tests. All but scikit-learn, numpy
and scipy is of the version that requirements.txt pins.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "sklearn"

VERSIONS = {
    # scikit-learn 1.6 is older than today's scipy and calls what that has taken out.
    "oldest": ("scikit-learn==1.6.1", "numpy==2.2.6", "scipy==1.15.3"),
    "newest": ("scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1"),
}
OTHERS = ("anywidget", "hypothesis", "joblib", "pytest", "pytest-timeout", "pytest-xdist", "rich", "traitlets", "typer")
OTHERS += ("safetensors", "skops", "wasmtime")
# Small enough for every submission; the whole converter suite runs under the newest version in `make test` anyway.
TESTS = (
    "tests/test_convert.py",
    "tests/test_convert_heads.py",
    "tests/test_convert_thresholds.py",
    "tests/test_check.py",
)


def pinned() -> dict[str, str]:
    """name → name==version of requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split(";")[0].strip() for line in lines if "==" in line and not line.startswith("#")]
    return {pin.split("==")[0].split("[")[0].lower(): pin for pin in pins}


def python_of(name: str) -> Path:
    """The environment's Python, after making sure that all is in it."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    pins = pinned()
    wanted = [*VERSIONS[name], *(pins.get(other, other) for other in OTHERS)]
    stamp = folder / "installed.txt"
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == "\n".join(wanted):
        return python
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *wanted], check=True)
    stamp.write_text("\n".join(wanted), encoding="utf-8")
    return python


def main(arguments: list[str]) -> int:
    """The worst of the runs' exit codes."""
    own, options = arguments, []
    if "--" in arguments:
        cut = arguments.index("--")
        own, options = arguments[:cut], arguments[cut + 1 :]
    unknown = [name for name in own if name not in VERSIONS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; allowed are {', '.join(VERSIONS)}", file=sys.stderr)
        return 2
    worst = 0
    for name in own or list(VERSIONS):
        print(f"== the {name} supported version: {VERSIONS[name][0]}", flush=True)
        # The source tree itself is tested: there is no wheel to build, and the engine is the one that lies in it.
        command = [str(python_of(name)), "-m", "pytest", "-q", "-n", "2", "-m", "not long", *(options or TESTS)]
        environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
        worst = max(worst, subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
