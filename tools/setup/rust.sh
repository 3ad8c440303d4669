# shellcheck shell=bash
# A compiler for wasm32: rustup's target, else Debian's rustc-web (tools/wasm_toolchain.py says how).

setup_rust() {
    local wanted
    command -v cargo >/dev/null || fail "cargo was not found: install Rust by rustup (stable, 1.85 or later)"
    if ! command -v cc >/dev/null; then
        can_apt || fail "no C linker (cc) was found: install gcc"
        apt_install gcc libc6-dev
    fi
    wanted=$(hash_of tools/wasm_toolchain.py)-$(rustc --version)-${WCW_DEBIAN_RUST:-}-$(rustc --print sysroot)
    stamped rust "$wanted" && return
    .venv/bin/python tools/wasm_toolchain.py
    for component in rustfmt clippy; do
        cargo "${component/rust/}" --version >/dev/null 2>&1 || rustup component add "$component" ||
            printf 'setup: %s is missing; `make check` needs it\n' "$component"
    done
    cargo fetch --quiet --locked --manifest-path engine/Cargo.toml
    stamp rust "$wanted"
}
