// The same checks in every browser: golden cases bit for bit, cache, ladder. What was found stands in globalThis.conformance.
import { cacheInspector, Classifier } from "/dist/index.js";

const failures = [];
const check = (holds, what) => { if (!holds && failures.length < 20) failures.push(what); };
const hex = (value) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};
const bytesOf = async (url) => (await fetch(url)).arrayBuffer();
const codeOf = (promise) => promise.then(() => "no error", (error) => error.code ?? error.name);

async function golden(name, variant, engine, worker) {
  const model = await bytesOf(`/data/${name}.safetensors`);
  const { texts: cases } = await (await fetch(`/data/${name}.json`)).json();
  const texts = cases.map(({ text, text_utf16 }) => text ?? String.fromCharCode(...text_utf16));
  const classifier = await Classifier.load(model, { engine: { bytes: engine, variant }, worker });
  const raw = await classifier.classifyRaw(texts);
  const columns = raw.scores.length / raw.n;
  const labels = raw.labels.length / raw.n;
  for (const [i, expected] of cases.entries()) {
    const where = `${name} ${variant} text ${i}`;
    const scores = [...raw.scores.subarray(i * columns, (i + 1) * columns)];
    if (expected.tolerance === undefined) check(String(scores.map(hex)) === String(expected.score_bits), `${where}: scores ${scores}`);
    else check(scores.every((score, k) => Math.abs(score - expected.scores[k]) <= expected.tolerance[k]), `${where}: scores ${scores}`);
    check(String([...raw.labels.subarray(i * labels, (i + 1) * labels)]) === String([expected.labels ?? expected.label].flat()), `${where}: label`);
    check(raw.known[i] === expected.known, `${where}: known features`);
    check(raw.replaced[i] === expected.replaced, `${where}: replaced surrogates`);
  }
  const report = await classifier.verify();
  check(report.first_difference === null, `${name} ${variant}: ${JSON.stringify(report.first_difference)}`);
  // All bits of all scores and probabilities, for comparing browsers with each other.
  const bits = [...raw.scores, ...(raw.probabilities ?? [])].map(hex).join("");
  const { rung } = classifier.capabilities;
  classifier.dispose();
  return { texts: cases.length, bits, rung };
}

async function goldenCases(names) {
  const bits = [];
  const rungs = new Set();
  let texts = 0;
  for (const variant of ["baseline", "simd"]) {
    const engine = await bytesOf(`/dist/engine.${variant}.wasm`);
    for (const [i, name] of names.entries()) {
      // One in eight in a Worker: each of those starts one.
      const found = await golden(name, variant, engine, i % 8 === 0 ? undefined : null);
      texts += found.texts;
      rungs.add(found.rung);
      bits.push(found.bits);
    }
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(bits.join(" "))));
  return { texts, rungs: [...rungs].sort(), bits: [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("") };
}

async function damage() {
  const db = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("wasm-clf-widget");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const transaction = db.transaction("chunks", "readwrite");
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.objectStore("chunks").openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (cursor === null) return;
      cursor.value[100] ^= 1;
      cursor.update(cursor.value);
      cursor.continue();
    };
  });
  db.close();
}

async function cache() {
  const address = "/models/sentiment-zh-en.safetensors";
  const inspector = cacheInspector();
  await inspector.clear();
  const label = async () => {
    const classifier = await Classifier.load(address);
    const { label: found } = await classifier.classify("这个产品非常好用推荐购买");
    classifier.dispose();
    return found;
  };
  check((await label()) === "positive", "first visit");
  const { storage, entries } = await inspector.report();
  check(storage.mode === "indexeddb", `storage: ${storage.reason}`);
  check(entries.some(({ kind }) => kind === "model"), "the model is cached");
  await damage();
  check((await label()) === "positive", "a damaged cache");
  check((await inspector.report()).log.some((line) => line.includes("was damaged")), "a line in the log");
  check((await label()) === "positive", "a third visit");
  return storage;
}

async function ladder() {
  const workers = [];
  const Real = Worker;
  globalThis.Worker = class extends Real {
    constructor(...options) {
      super(...options);
      workers.push(this);
    }
  };
  const address = "/models/sentiment-zh-en.safetensors";
  const classifier = await Classifier.load(address);
  check(classifier.capabilities.rung === "tab-worker", `rung ${classifier.capabilities.rung}: ${classifier.capabilities.rung_reason}`);
  workers[0]?.terminate();
  check((await classifier.classify("good")).label === "positive", "after its Worker ended");
  check(workers.length === 2, `${workers.length} Workers`);
  const texts = Array.from({ length: 20_000 }, (_, i) => `a dull and awful film ${i}`);
  const ending = new AbortController();
  const cancelled = codeOf(classifier.predictProba(texts, { signal: ending.signal, onProgress: (done) => { if (done > 100) ending.abort(); } }));
  check((await cancelled) === 20 || (await cancelled) === "AbortError", `cancelled: ${await cancelled}`);
  const rows = await classifier.predictProba(texts.slice(0, 3_000));
  check(rows.length === 3_000 && rows.every((row) => Math.abs(row[0] + row[1] - 1) < 1e-12), "a batch");
  classifier.dispose();
  const main = await Classifier.load(address, { worker: null });
  check((await main.classify("good")).ran_on === "tab-main", "on the main thread");
  main.dispose();
  check((await codeOf(Classifier.load("/nothing"))) === "http-404", "404");
}

async function all() {
  const names = await (await fetch("/golden.json")).json();
  const goldens = await goldenCases(names);
  const storage = await cache();
  await ladder();
  return { ...goldens, cases: names.length, storage, capabilities: navigator.userAgent };
}

globalThis.conformance = null;
all().then(
  (found) => { globalThis.conformance = JSON.stringify({ ...found, failures }); },
  (error) => { globalThis.conformance = JSON.stringify({ failures: [...failures, String(error?.stack ?? error)] }); },
);
