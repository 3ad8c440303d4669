// Builds the widget's assets (src/wasm_clf_widget/static/) and the npm package (js/dist/).
//
// The worker is a classic script, because every browser starts one of those from a Blob URL; the others are ES modules.
// The engine files are copied into dist/ where they were built before.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/wasm_clf_widget/static");
const dist = join(here, "dist");
const shared = {
  absWorkingDir: here, bundle: true, minify: true, target: "es2022", jsx: "automatic", jsxImportSource: "preact", legalComments: "none",
  external: ["node:*"], logLevel: "warning",
};

// A chunk of views borrows the first chunk's preact: src/lazy/kit.ts says why.
const chunk = {
  ...shared, format: "esm",
  alias: { "preact/jsx-runtime": "./src/lazy/jsx.ts", "preact/hooks": "./src/lazy/hooks.ts", "@preact/signals": "./src/lazy/signals.ts" },
};

// The npm package knows which engines and which worker belong to it: they are cached by hash, and others are refused.
const engines = ["engine.baseline.wasm", "engine.simd.wasm"].filter((name) => existsSync(join(out, name)));
const hashOf = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const hashes = Object.fromEntries(engines.map((name) => [name, hashOf(join(out, name))]));
const npm = () => ({ ...shared, define: { WCW_FILES: JSON.stringify({ ...hashes, "worker.js": hashOf(join(dist, "worker.js")) }) } });

mkdirSync(out, { recursive: true });
rmSync(dist, { recursive: true, force: true });
await Promise.all([
  build({ ...shared, entryPoints: ["src/loader.ts"], format: "esm", outfile: join(out, "loader.js") }),
  build({ ...shared, entryPoints: ["src/widget.ts"], format: "esm", outfile: join(out, "widget.js") }),
  build({ ...shared, entryPoints: ["src/page/saved.ts"], format: "esm", outfile: join(out, "saved.js") }),
  build({ ...chunk, entryPoints: ["src/panels.ts"], outfile: join(out, "panels.js") }),
  build({ ...chunk, entryPoints: ["src/batch.ts"], outfile: join(out, "batch.js") }),
  build({ ...shared, entryPoints: ["src/worker.ts"], format: "iife", outfile: join(out, "worker.js") }),
  build({ ...shared, entryPoints: ["src/styles.css"], outfile: join(out, "widget.css") }),
  build({ ...shared, entryPoints: ["src/worker.ts"], format: "iife", outfile: join(dist, "worker.js") }),
]);
await build({ ...npm(), entryPoints: ["src/index.ts"], format: "esm", outfile: join(dist, "index.js"), sourcemap: true });
execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", join(here, "tsconfig.types.json")], { stdio: "inherit" });

for (const name of engines) copyFileSync(join(out, name), join(dist, name));

const size = (path) => brotliCompressSync(readFileSync(path)).length;
const assets = ["loader.js", "widget.js", "panels.js", "batch.js", "worker.js", "widget.css", "saved.js", ...engines];
for (const name of assets) {
  console.log(`${name.padEnd(22)} ${String(statSync(join(out, name)).size).padStart(7)} bytes, brotli ${String(size(join(out, name))).padStart(6)}`);
}
