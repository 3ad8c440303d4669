#!/usr/bin/env bash
# `make demo`: from a fresh clone to JupyterLab, step by step. What a step prints goes into a file, of which the end is
# shown where the step fails. Chromium is not among the steps: only the tests need one of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

log=.cache/demo.log
of=6
now=0
mkdir -p .cache
: >"$log"

announce() { # WHAT HOW-LONG
    now=$((now + 1))
    printf 'demo: step %d of %d: %s (%s)\n' "$now" "$of" "$1" "$2"
}

step() { # WHAT HOW-LONG COMMAND…
    announce "$1" "$2"
    shift 2
    if ! "$@" >>"$log" 2>&1; then
        tail -n 60 "$log" >&2
        printf '\ndemo: step %d failed; above is the end of what it said, all of it is in %s\n' "$now" "$log" >&2
        exit 1
    fi
}

echo 'demo: the first time this takes about 5 minutes, more on a busy machine; after that 10 seconds'
step 'Python packages' 'the first time about 1 minute' bash tools/setup.sh python
step "Rust's target for WebAssembly" 'the first time about 20 seconds' bash tools/setup.sh rust
step 'npm packages' 'the first time about 20 seconds' bash tools/setup.sh node
step 'the engine, from Rust to WebAssembly' 'the first time about 2 minutes' .venv/bin/python tools/build_engine.py
step 'the page, from TypeScript' 'the first time about 10 seconds' .venv/bin/python tools/build_js.py
announce 'JupyterLab' 'about 5 seconds'
exec .venv/bin/python tools/demo.py "$@"
