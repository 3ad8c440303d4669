#!/usr/bin/env bash
# Runs every fuzz target of engine/fuzz for SECONDS each, by libFuzzer with coverage feedback, on the stable compiler:
# the instrumentation is LLVM's own pass, so neither nightly nor cargo-fuzz is needed.
#     tools/fuzz.sh SECONDS [TARGET…]
set -euo pipefail
cd "$(dirname "$0")/../engine/fuzz"
seconds=$1
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(sed -n 's/^name = "\(fuzz_[a-z_]*\|[a-z_]*\)"$/\1/p' Cargo.toml | tail -n +2)
export RUSTFLAGS="--cfg fuzzing -C codegen-units=1 -C debug-assertions -C overflow-checks -C passes=sancov-module \
-C llvm-args=-sanitizer-coverage-level=4 -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
-C llvm-args=-sanitizer-coverage-pc-table -C llvm-args=-sanitizer-coverage-trace-compares"
# --target keeps these flags from the build scripts, which are not to be instrumented.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --release --locked --quiet --target "$host"
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    echo "fuzz: $target for $seconds s"
    log=$(mktemp)
    if ! "target/$host/release/$target" "corpus/$target" -max_total_time="$seconds" -seed="${WCW_SEED:-0}" \
        -timeout=10 -rss_limit_mb=2048 -artifact_prefix="artifacts/$target/" -print_final_stats=1 >"$log" 2>&1; then
        tail -40 "$log" >&2
        echo "fuzz: $target failed; the input is in engine/fuzz/artifacts/$target/" >&2
        exit 1
    fi
    grep -E 'number_of_executed_units|new_units_added|peak_rss' "$log" || true
    rm -f "$log"
done
