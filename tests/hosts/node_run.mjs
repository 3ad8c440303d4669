// node node_run.mjs FOLDER: each job of FOLDER/jobs.json on both variants, into FOLDER/node/JOB.VARIANT
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { run } from "./run_model.mjs";

const folder = process.argv[2];
const bytes = (name) => new Uint8Array(readFileSync(`${folder}/${name}`));
mkdirSync(`${folder}/node`, { recursive: true });
for (const variant of ["baseline", "simd"]) {
  const wasm = await WebAssembly.compile(bytes(`engine.${variant}.wasm`));
  for (const { name, k, c } of JSON.parse(readFileSync(`${folder}/jobs.json`, "utf8"))) {
    const offsets = new Uint32Array(bytes(`${name}.offsets`).buffer);
    const answer = await run(wasm, bytes(`${name}.model`), bytes(`${name}.texts`), offsets, k, c);
    writeFileSync(`${folder}/node/${name}.${variant}`, answer);
  }
}
