// Builds the widget's assets (src/wasm_clf_widget/static/) and the npm package (js/dist/).
//
// The worker is a classic script, because every browser starts one of those from a Blob URL; the others are ES modules.
// The engine files are copied into dist/ where they were built before.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { minify } from "terser";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "../src/wasm_clf_widget/static");
const dist = join(here, "dist");
const shared = {
  absWorkingDir: here, bundle: true, minify: true, target: "es2022", jsx: "automatic", jsxImportSource: "preact", legalComments: "none", charset: "utf8",
  external: ["node:*"], logLevel: "warning",
};

// A chunk of views borrows the first chunk's preact: src/lazy/kit.ts says why.
const chunk = {
  ...shared, format: "esm",
  alias: { "preact/jsx-runtime": "./src/lazy/jsx.ts", "preact/hooks": "./src/lazy/hooks.ts", "@preact/signals": "./src/lazy/signals.ts" },
};

/** Once more by another minifier, which looks at a whole file: 3 % less to download. */
const squeeze = async (folder, names) => {
  for (const name of names) {
    const path = join(folder, name);
    const map = existsSync(`${path}.map`) ? { sourceMap: { content: readFileSync(`${path}.map`, "utf8"), filename: name, url: `${name}.map` } } : {};
    const { code, map: mapped } = await minify(readFileSync(path, "utf8"), {
      module: name !== "worker.js", ecma: 2020, compress: { ecma: 2020, passes: 3 }, format: { ecma: 2020 }, ...map,
    });
    writeFileSync(path, code);
    if (mapped !== undefined) writeFileSync(`${path}.map`, mapped);
  }
};

/** A sheet of a chunk's own, which travels in its program. */
const sheet = async (path) => {
  const { code } = await transform(readFileSync(join(here, path), "utf8"), { loader: "css", minify: true, target: shared.target });
  return JSON.stringify(code.trim());
};

// The npm package knows which engines and which worker belong to it: they are cached by hash, and others are refused.
const engines = ["baseline", "simd"].flatMap((variant) => [`engine.${variant}.wasm`, `engine.linear.${variant}.wasm`]).filter((name) => existsSync(join(out, name)));
const hashOf = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
const hashes = Object.fromEntries(engines.map((name) => [name, hashOf(join(out, name))]));
const npm = (css) => ({ ...shared, define: { ...named, WCW_ELEMENT_CSS: css, WCW_FILES: JSON.stringify(JSON.stringify({ ...hashes, "worker.js": hashOf(join(out, "worker.js")) })) } });

mkdirSync(out, { recursive: true });
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
// The worker's build is named by what it is without that name; who starts it knows it too.
const worker = { ...shared, entryPoints: ["src/worker.ts"], format: "iife", outfile: join(out, "worker.js") };
const [{ contents }] = (await build({ ...worker, write: false })).outputFiles;
const named = { WCW_BUILD: JSON.stringify(createHash("sha256").update(contents).digest("hex").slice(0, 8)) };
await build({ ...worker, define: named });
await squeeze(out, ["worker.js"]);
const withWorker = { ...shared, define: { ...named, WCW_WORKER: JSON.stringify(readFileSync(join(out, "worker.js"), "utf8")) } };
await Promise.all([
  build({ ...shared, entryPoints: ["src/loader.ts"], format: "esm", outfile: join(out, "loader.js") }),
  build({ ...withWorker, entryPoints: ["src/widget.ts"], format: "esm", outfile: join(out, "widget.js") }),
  build({ ...shared, define: named, entryPoints: ["src/page/saved.ts"], format: "esm", outfile: join(out, "saved.js") }),
  build({ ...chunk, define: { WCW_PANELS_CSS: await sheet("src/views/panels.css") }, entryPoints: ["src/panels.ts"], outfile: join(out, "panels.js") }),
  build({ ...chunk, define: { WCW_BATCH_CSS: await sheet("src/views/batch/batch.css") }, entryPoints: ["src/batch.ts"], outfile: join(out, "batch.js") }),
  build({ ...shared, entryPoints: ["src/cache/late.ts"], format: "esm", outfile: join(out, "cache.js") }),
  build({ ...shared, entryPoints: ["src/seldom.ts"], format: "esm", outfile: join(out, "seldom.js") }),
  build({ ...shared, entryPoints: ["src/styles.css"], outfile: join(out, "widget.css") }),
]);
await squeeze(out, ["loader.js", "widget.js", "saved.js", "panels.js", "batch.js", "cache.js", "seldom.js"]);
copyFileSync(join(here, "../LICENSE"), join(here, "LICENSE")); // npm takes it from beside package.json
for (const name of ["panels.js", "batch.js", "worker.js", "widget.css"]) copyFileSync(join(out, name), join(dist, name));
// Three entries that share what they have in common, so that a page has one engine for all of them.
await build({
  ...npm(await sheet("src/element/element.css")), format: "esm", splitting: true, outdir: dist, chunkNames: "shared-[hash]", sourcemap: true,
  entryPoints: { index: "src/index.ts", element: "src/element/define.ts", widget: "src/mount.ts" },
});
await squeeze(dist, readdirSync(dist).filter((name) => existsSync(join(dist, `${name}.map`))));
// esbuild's own helper does nothing by itself: who takes nothing out of it need not ask for it. Minified, an import of an
// address that only the page knows has lost the words by which bundlers leave it alone.
const helpers = readdirSync(dist).filter((name) => name.endsWith(".js.map") && JSON.parse(readFileSync(join(dist, name), "utf8")).sources.length === 0);
for (const name of readdirSync(dist).filter((each) => each.endsWith(".js"))) {
  const path = join(dist, name);
  const code = helpers.reduce((text, helper) => text.replace(`import"./${helper.slice(0, -4)}";`, ""), readFileSync(path, "utf8"));
  writeFileSync(path, code.replace(/\bimport\((?!")/g, "import(/* webpackIgnore: true */ /* @vite-ignore */ "));
}
execFileSync(process.execPath, [join(here, "node_modules/typescript/bin/tsc"), "-p", join(here, "tsconfig.types.json")], { stdio: "inherit" });

// Of the declarations only those that a caller's compiler can reach: the others name packages that callers do not have.
const reached = new Set();
const reach = (file) => {
  if (reached.has(file)) return;
  reached.add(file);
  for (const [, path] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)\.js"/g)) reach(join(dirname(file), `${path}.d.ts`));
};
for (const entry of ["index.d.ts", "element/define.d.ts", "mount.d.ts"]) reach(join(dist, entry));
for (const name of readdirSync(dist, { recursive: true })) {
  if (name.endsWith(".d.ts") && !reached.has(join(dist, name))) rmSync(join(dist, name));
}

for (const name of engines) copyFileSync(join(out, name), join(dist, name));

// What a page may pin (integrity=), and what it weighs.
const facts = (path) => {
  const bytes = readFileSync(path);
  return { bytes: bytes.length, brotli: brotliCompressSync(bytes).length, integrity: `sha384-${createHash("sha384").update(bytes).digest("base64")}` };
};
const shipped = readdirSync(dist).filter((name) => /\.(js|css|wasm)$/.test(name)).sort();
writeFileSync(join(dist, "integrity.json"), `${JSON.stringify(Object.fromEntries(shipped.map((name) => [name, facts(join(dist, name))])), null, 1)}\n`);

for (const [folder, names] of [[out, ["loader.js", "widget.js", "panels.js", "batch.js", "cache.js", "seldom.js", "worker.js", "widget.css", "saved.js", ...engines]], [dist, shipped]]) {
  console.log(folder);
  for (const name of names) {
    const { bytes, brotli } = facts(join(folder, name));
    console.log(`  ${name.padEnd(22)} ${String(bytes).padStart(7)} bytes, brotli ${String(brotli).padStart(6)}`);
  }
}
