#!/usr/bin/env bash
# clippy for wasm32 in both variants. It needs std for rustup's own compiler: Debian's fallback toolchain has another version,
# so there only the native run of clippy remains, and this says so.
set -euo pipefail
cd "$(dirname "$0")/../engine"
target=wasm32-unknown-unknown
if ! compgen -G "$(rustc --print sysroot)/lib/rustlib/$target/lib/libstd-*.rlib" >/dev/null; then
    echo "check: clippy for $target left out: this machine compiles it with Debian's rustc-web" >&2
    exit 0
fi
for flags in "" "-C target-feature=+simd128"; do
    RUSTFLAGS="$flags" cargo clippy --locked --lib --quiet --target "$target" --target-dir "target/clippy${flags:+-simd}" -- -D warnings
done
