#!/usr/bin/env bash
# Builds a Pyodide virtual environment with pyodide-build, installs our wheel into it and runs tests/pyodide there: the path
# that Pyodide's own tools take. They fetch a cross-build environment and packages, so this is for machines with a network;
# elsewhere it says why it is skipped. Our wheel is pure Python: it needs no cross-build.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { printf 'pyodide: skipped: %s\n' "$*"; exit 0; }

python=""
for candidate in ${PYTHON:-} python3.14 python3.13 python3.12; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || skip "pyodide-build needs Python 3.12 or later (name one with PYTHON=); none was found"
folder=.cache/pyodide-venv
"$python" -m venv "$folder/host" || skip "$python has no venv module"
# shellcheck disable=SC1091
. "$folder/host/bin/activate"
pip install --quiet --disable-pip-version-check "$(sed -n 's/^pyodide = \["\(.*\)"\]$/\1/p' pyproject.toml)" ||
    skip "pyodide-build could not be installed"
pyodide xbuildenv install >"$folder/xbuildenv.log" 2>&1 ||
    skip "the cross-build environment cannot be fetched from here (see $folder/xbuildenv.log)"
rm -rf "$folder/pyodide"
pyodide venv "$folder/pyodide"
"$folder/pyodide/bin/pip" install --quiet dist/*.whl pytest
# Not -m pytest: tests/pyodide/absent.py must be found before pytest reads its own pythonpath.
"$folder/pyodide/bin/python" -c 'import sys; sys.path.insert(0, "tests/pyodide"); import pytest; sys.exit(pytest.main(sys.argv[1:]))' \
    -c tests/pyodide/pytest.ini tests/pyodide
