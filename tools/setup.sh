#!/usr/bin/env bash
# Installs all that the other commands need, once: `make setup`. Running it again costs a second, because every step leaves
# a stamp with the hash of what it was made from. On Debian it installs by apt as root; elsewhere it says what is missing.
# Steps that are named, as in `tools/setup.sh python rust`, are the only ones done.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- python rust node browser
for step in "$@"; do
    # shellcheck source=/dev/null
    . "tools/setup/$step.sh"
done

stamped() { # NAME HASH: true where this step was done with just this input
    [ -f ".cache/stamps/setup-$1" ] && [ "$(cat ".cache/stamps/setup-$1")" = "$2" ]
}
stamp() { mkdir -p .cache/stamps && printf '%s' "$2" >".cache/stamps/setup-$1"; }
hash_of() { sha256sum "$@" | sha256sum | cut -d' ' -f1; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

can_apt() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
apt_install() { # PACKAGE…: one update for all steps of this run
    if [ -z "${apt_updated:-}" ]; then
        printf 'setup: apt-get update\n'
        apt-get update -qq
        apt_updated=1
    fi
    printf 'setup: apt-get install %s\n' "$*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

for step in "$@"; do
    "setup_$step"
done
