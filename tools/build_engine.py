"""Build the engine: engine/ → src/wasm_clf_widget/static/engine.{,linear.}{baseline,simd}.wasm.

    python tools/build_engine.py [--force] [--features F --output DIR]

Both variants come from the same compiler and source; only `+simd128` differs. Each in two editions: the complete
engine, and the linear one for models that need no more (docs/engine-abi.md). Paths are remapped and names stripped, so
the bytes do not depend on where the tree lies. A variant is built again only where its inputs changed, and replaces the
old file in one step. `--features` with `--output` makes the test builds (a deliberately broken engine).
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stamps
import wasm_panics
import wasm_toolchain

ENGINE = stamps.ROOT / "engine"
STATIC = stamps.ROOT / "src/wasm_clf_widget/static"
WASM_OPT = stamps.ROOT / "tools/node_modules/.bin/wasm-opt"
VARIANTS = {"baseline": "", "simd": "-C target-feature=+simd128"}
# By what stands in the file's name, the arguments for cargo.
EDITIONS = {"": [], "linear.": ["--no-default-features"]}
# What must be inlined for speed says so in the source; low thresholds for the rest save 4 kB (brotli), loops that
# nobody unrolled by hand another 3, and loops in two versions, for arrays that overlap and for others, another 1.
# None of it costs anything that could be measured.
SMALL = " ".join(
    f"-C llvm-args=-{option}"
    for option in (
        "inline-threshold=8",
        "inlinehint-threshold=100",
        "vectorize-memory-check-threshold=0",
        "unroll-runtime=false",
        "unroll-allow-partial=false",
        "unroll-full-max-count=4",
    )
)

# What every browser since 2021 has and rustc emits by default. No relaxed SIMD: its results differ between processors.
WASM_FEATURES = [
    "--mvp-features",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-call-indirect-overlong",
]


def check(module: bytes, variant: str) -> None:
    """Refuse what would not load everywhere: the engine's promise is one file without imports."""
    if module[:8] != b"\0asm\1\0\0\0":
        sys.exit(f"build: the {variant} engine is not a WebAssembly module")
    if any(kind == wasm_panics.IMPORTS for kind, _ in wasm_panics.sections(module)):
        sys.exit(f"build: the {variant} engine has imports; it must have none (is something calling into a host?)")


def compile_variant(variant: str, edition: str, toolchain: wasm_toolchain.Toolchain, features: str) -> bytes:
    """Compile, optimise, check."""
    cargo_home = os.environ.get("CARGO_HOME") or str(Path.home() / ".cargo")
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True).stdout.strip()
    flags = [VARIANTS[variant], SMALL, "-C strip=none", f"--remap-path-prefix={stamps.ROOT}=/wcw"]
    flags += [f"--remap-path-prefix={cargo_home}=/cargo", f"--remap-path-prefix={sysroot}=/rust"]
    environment = {**os.environ, **toolchain.environment, "RUSTFLAGS": " ".join(flag for flag in flags if flag)}
    environment.pop("CARGO_ENCODED_RUSTFLAGS", None)  # it would win over RUSTFLAGS
    # A folder for each: different flags in one folder would compile everything again at every turn.
    target = (
        Path(os.environ.get("CARGO_TARGET_DIR") or ENGINE / "target")
        / f"wasm-{edition}{variant}{'-' + features if features else ''}"
    )
    command = [
        "cargo",
        "build",
        "--release",
        "--locked",
        "--lib",
        "--target",
        wasm_toolchain.TARGET,
        "--target-dir",
        str(target),
    ]
    command += [*toolchain.arguments, *EDITIONS[edition], *(["--features", features] if features else [])]
    if subprocess.run(command, cwd=ENGINE, env=environment, check=False).returncode != 0:
        sys.exit(f"build: cargo could not build the {variant} engine (toolchain: {toolchain.name})")
    compiled = target / wasm_toolchain.TARGET / "release/wcw_engine.wasm"
    with tempfile.TemporaryDirectory(prefix="wcw-engine-") as folder:
        named, optimised = Path(folder) / "named.wasm", Path(folder) / "engine.wasm"
        try:
            named.write_bytes(wasm_panics.trapping(compiled.read_bytes()))
        except ValueError as error:
            sys.exit(f"build: {error}")
        simd = ["--enable-simd"] if variant == "simd" else []
        # Data in one piece, zeros and all, compresses better than in a hundred; code compresses better where it repeats
        # itself than where what repeats was taken out. The browser's own compiler takes it out again.
        # What the source keeps out of line stays so: in the midst of a long function a compiler runs out of registers.
        apart = ["--one-caller-inline-max-function-size=0"]
        strip = ["--strip-debug", "--strip-producers", "--strip-target-features"]
        plain = [f"--skip-pass={name}" for name in ("memory-packing", "local-cse", "code-folding")]
        options = ["-O3", "--converge", *plain, *apart, *strip, *WASM_FEATURES, *simd]
        if subprocess.run([str(WASM_OPT), str(named), "-o", str(optimised), *options], check=False).returncode != 0:
            sys.exit(f"build: wasm-opt could not optimise the {variant} engine")
        module = optimised.read_bytes()
    check(module, variant)
    return module


def require_wasm_opt() -> None:
    """binaryen comes from npm, pinned in tools/package-lock.json."""
    if WASM_OPT.exists():
        return
    if shutil.which("npm") is None:
        sys.exit(
            "build: npm was not found; the engine's build needs Node 20 (for wasm-opt from the npm package binaryen)"
        )
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=stamps.ROOT / "tools", check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--force", action="store_true", help="build even where nothing changed")
    parser.add_argument("--features", default="", help="cargo features, for test builds; needs --output")
    parser.add_argument("--output", type=Path, default=STATIC, help="folder for the files")
    options = parser.parse_args()
    if options.features and options.output.resolve() == STATIC:
        parser.error("--features is for test builds: give --output too, so that they never become the shipped engine")
    if not (ENGINE / "Cargo.toml").exists():
        sys.exit(f"build: {ENGINE} has no Cargo.toml: this is not a source tree of wasm_clf_widget")
    try:
        toolchain = wasm_toolchain.find()
    except wasm_toolchain.ToolchainError as error:
        sys.exit(f"build: {error}")
    inputs = [
        *stamps.files_under(ENGINE),
        Path(__file__),
        Path(wasm_panics.__file__),
        stamps.ROOT / "tools/package-lock.json",
    ]
    # Test builds are complete ones.
    for edition, variant in itertools.product([""] if options.features else EDITIONS, VARIANTS):
        output = options.output / f"engine.{edition}{variant}.wasm"
        stamp = stamps.ROOT / ".cache/stamps" / stamps.digest([], str(output.resolve()))[:16]
        wanted = stamps.digest(inputs, edition, variant, options.features, toolchain.name)
        made_from = stamp.read_text() if stamp.exists() and output.exists() else ""
        if not options.force and made_from and made_from == wanted + stamps.digest([output]):
            continue
        require_wasm_opt()
        module = compile_variant(variant, edition, toolchain, options.features)
        stamps.write_atomically(output, module)
        stamps.write_atomically(stamp, (wanted + stamps.digest([output])).encode())
        print(f"build: {output} {len(module):,} bytes ({toolchain.name})")


if __name__ == "__main__":
    main()
