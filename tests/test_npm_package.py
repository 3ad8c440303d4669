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
  document.addEventListener("wcw-error", ({ detail }) => { console.log(detail.code); });
  const maybe: AbortSignal | undefined = results.length > 0 ? AbortSignal.timeout(1) : undefined;
  await classifier.classify(["a"], { signal: maybe, onProgress: undefined });
  await Classifier.load("x", { signal: maybe, sha256: undefined, base: undefined });
  Object.assign(tag, { sha256: tag.sha256, explore: tag.explore });
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
    flags = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "false",
        "--exactOptionalPropertyTypes",
        "--target",
        "es2022",
        "--lib",
        "es2023,dom,dom.iterable",
        "--types",
        "",
    ]
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


NODE = """
import "./dist/element.js";
import { Classifier } from "./dist/index.js";
const classifier = await Classifier.load("m.safetensors");
const { label } = await classifier.classify("great value");
const { name, code, message } = await Classifier.load("nothing.safetensors").catch((error) => error);
console.log(JSON.stringify({ label, missing: { name, code, message } }));
"""


def test_in_node_paths_are_the_programs_own_and_nothing_is_said_of_a_cache(tmp_path: Path) -> None:
    shutil.copytree(DIST, tmp_path / "dist")
    shutil.copy(JS.parent / "src/wasm_clf_widget/models/sentiment-zh-en.safetensors", tmp_path / "m.safetensors")
    (tmp_path / "run.mjs").write_text(NODE)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    done = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    [line] = done.stdout.splitlines()
    found = json.loads(line)
    assert found["label"] == "positive"
    assert (found["missing"]["name"], found["missing"]["code"]) == ("ModelFileError", "not-found")
    assert "nothing.safetensors cannot be used: there is no such file" in found["missing"]["message"]


def test_it_carries_its_licence() -> None:
    done = subprocess.run(["npm", "pack", "--dry-run", "--json"], cwd=JS, capture_output=True, text=True, check=True)
    files = {file["path"] for file in json.loads(done.stdout)[0]["files"]}
    assert {"LICENSE", "README.md", "package.json", "dist/element.js", "examples/element.js"} <= files
