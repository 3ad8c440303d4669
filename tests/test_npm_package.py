"""The npm package as somebody else gets it: types that compile alone, hashes that are those of the files."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).resolve().parent.parent / "js"
DIST = JS / "dist"
CALLER = """
import { cacheInspector, Classifier, type ClassificationResult } from "wasm-clf-widget";
import type { WasmTextClassifier } from "wasm-clf-widget/element";
import "wasm-clf-widget/element";
import { mountClassifier } from "wasm-clf-widget/widget";

export async function use(el: HTMLElement): Promise<void> {
  const classifier = await Classifier.load("x.safetensors", { cache: "off", onProgress: (loaded: number) => loaded });
  const result: ClassificationResult = await classifier.classify("a");
  const results: ClassificationResult[] = await classifier.classify(["a"]);
  const tag: WasmTextClassifier = document.createElement("wasm-text-classifier");
  tag.addEventListener("wcw-result", ({ detail }) => { console.log(detail.result.label, results, result); });
  mountClassifier(el, "x", { panel: "why" }).close();
  await cacheInspector().clear();
  // @ts-expect-error a number is no model
  await Classifier.load(3);
  // @ts-expect-error no such panel
  mountClassifier(el, "x", { panel: "what" });
}
"""


@pytest.mark.parametrize(("module", "resolution"), [("es2022", "bundler"), ("nodenext", "nodenext")])
def test_its_types_compile_without_any_other_package(tmp_path: Path, module: str, resolution: str) -> None:
    package = tmp_path / "node_modules/wasm-clf-widget"
    shutil.copytree(DIST, package / "dist")
    shutil.copy(JS / "package.json", package)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "caller.ts").write_text(CALLER)
    flags = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--types", ""]
    command = ["node", str(JS / "node_modules/typescript/bin/tsc"), *flags]
    command += ["--module", module, "--moduleResolution", resolution, "caller.ts"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_each_file_has_the_hash_that_is_written_down() -> None:
    written = json.loads((DIST / "integrity.json").read_text())
    assert set(written) == {path.name for path in DIST.glob("*") if path.suffix in {".js", ".css", ".wasm"}}
    for name, facts in written.items():
        data = (DIST / name).read_bytes()
        assert facts["bytes"] == len(data)
        assert facts["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def test_its_modules_import_only_each_other_and_name_no_host() -> None:
    for path in DIST.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        imports = re.findall(r'(?:from|import)\s*\(?\s*"([^"]+)"', text)
        for found in imports:
            assert found.startswith(("./", "node:")), (path.name, found)
            assert found.startswith("node:") or (DIST / found).is_file(), (path.name, found)
        assert re.findall(r"https?://(?!www\.w3\.org/|localhost|127\.0\.0\.1)[a-z0-9.-]+\.[a-z]{2,}", text) == [], (
            path.name
        )
