// The engine's ABI (docs/engine-abi.md) and nothing else: runs alike in Node and in a page. No dependency on js/.

const STAGES = [0, 1, 2, 3, 4];
const SHOWN = 24; // texts whose explanation and stages are recorded too

// Answers to `texts` (UTF-8 bytes) at `offsets` (uint32, n + 1), as one Uint8Array: for each call its code (int32), the
// size of what follows (uint32), and that: scores, probabilities, labels and known features, or the engine's output.
export async function run(wasm, model, texts, offsets, k, c) {
  const instance = await WebAssembly.instantiate(wasm, {}); // a compiled module gives the instance itself
  const e = instance.exports;
  const n = offsets.length - 1;
  const record = [];

  const put = (bytes) => {
    const at = e.wcw_alloc(bytes.length) >>> 0;
    if (at === 0) throw new Error(`no room for ${bytes.length} bytes`);
    new Uint8Array(e.memory.buffer, at, bytes.length).set(bytes);
    return at;
  };
  const note = (code, bytes) => {
    const head = new DataView(new ArrayBuffer(8));
    head.setInt32(0, code, true);
    head.setUint32(4, bytes.length, true);
    record.push(new Uint8Array(head.buffer), bytes);
  };
  const output = () =>
    new Uint8Array(e.memory.buffer, e.wcw_output() >>> 0, e.wcw_output_size() >>> 0).slice();

  const handle = e.wcw_load(put(model), model.length);
  if (handle < 0) throw new Error(`wcw_load: ${handle} ${new TextDecoder().decode(output())}`);

  const classify = (from, to) => {
    const count = to - from;
    const own = texts.subarray(offsets[from], offsets[to]);
    const shifted = new Uint32Array(count + 1).map((_, i) => offsets[from + i] - offsets[from]);
    const text = put(own);
    const places = put(new Uint8Array(shifted.buffer));
    const size = count * (8 * k + 8 * c + 8);
    const results = put(new Uint8Array(size));
    const labels = results + 8 * count * (k + c);
    const words = [text, own.length, places, count, results, c ? results + 8 * count * k : 0, labels, labels + 4 * count, 0, 0];
    const request = put(new Uint8Array(Uint32Array.from(words).buffer));
    const code = e.wcw_classify(handle, request);
    note(code, code < 0 ? output() : new Uint8Array(e.memory.buffer, results, size).slice());
    e.wcw_free(request, 40);
    e.wcw_free(results, size);
    e.wcw_free(places, 4 * count + 4);
    e.wcw_free(text, own.length);
    return code;
  };

  // One text that has no answer spoils its batch: then each is asked alone.
  if (classify(0, n) < 0) for (let i = 0; i < n; i++) classify(i, i + 1);
  for (let i = 0; i < Math.min(n, SHOWN); i++) {
    const own = texts.subarray(offsets[i], offsets[i + 1]);
    const text = put(own);
    note(e.wcw_explain(handle, text, own.length), output());
    for (const stage of STAGES) note(e.wcw_stage(handle, stage, text, own.length, 0), output());
    e.wcw_free(text, own.length);
  }
  e.wcw_unload(handle);
  const whole = new Uint8Array(record.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of record) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
