# shellcheck shell=bash
# The npm packages of js/ and tools/, exactly as their lock files say.

setup_node() {
    command -v node >/dev/null || fail "Node was not found: install Node 20 or later"
    [ "$(node -p 'parseInt(process.versions.node) >= 20')" = true ] || fail "Node $(node -v) is too old: 20 or later is needed"
    .venv/bin/python tools/build_js.py --install-only
}
