# shellcheck shell=bash
# .venv with exactly the versions of requirements.txt, and this package in editable mode.

find_python() { # the first interpreter that is 3.11 or later; PYTHON= chooses
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

setup_python() {
    local python wanted
    if [ ! -x .venv/bin/python ]; then
        python=$(find_python) || fail "no Python 3.11 or later found (give one with PYTHON=/path/to/python3)"
        if ! "$python" -m venv .venv 2>/dev/null; then
            # Debian splits venv from Python.
            rm -rf .venv
            can_apt || fail "$python has no venv module: install it (on Debian: apt-get install python3-venv)"
            apt_install python3-venv
            "$python" -m venv .venv
        fi
        printf 'setup: .venv with %s\n' "$(.venv/bin/python -V)"
    fi
    wanted=$(hash_of requirements.txt requirements-data.txt pyproject.toml hatch_build.py tools/setup/python.sh)-$(.venv/bin/python -V)
    stamped python "$wanted" && return
    # uv is pinned in requirements.txt like the rest; pip brings it, then it installs the others in seconds.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements.txt)"
    local uv=(.venv/bin/uv pip install --quiet --python .venv/bin/python)
    "${uv[@]}" -r requirements.txt
    "${uv[@]}" --no-deps -r requirements-data.txt
    # The engine and the page are built by `make build`, which runs after this.
    WCW_BUILD=0 "${uv[@]}" --no-deps --no-build-isolation -e .
    stamp python "$wanted"
}
