/** What the page reads of a model file, and the message for each thing that can be wrong with it. */
import { expect, test } from "vitest";
import { parseModelFile, readCertificate } from "../src/engine/document.js";
import { ModelFileError } from "../src/errors.js";
import { golden } from "./engine-files.js";
import { makeModel } from "./model-maker.js";

test("reads the document", () => {
  const { document } = parseModelFile(makeModel());
  expect(document).toMatchObject({ name: "handmade", classes: ["negative", "positive"], targets: "single", shape: { scores: 1, probabilities: 2, labels: 1 }, n_features: 2, uncertain_below: 0.6 });
  expect(document.pipeline).toEqual([
    "vectorize (method=vocabulary, analyzer=word, ngram_range=1–1, lowercase=true, token_pattern=(?u)\\b\\w\\w+\\b, n_features=2)",
    "linear (kind=linear, link=logistic, label=sign, outputs=1)",
  ]);
});

test("reads what Python wrote", () => {
  expect(parseModelFile(golden("head-twenty-classes")).document).toMatchObject({ format: 1, shape: { scores: 20, probabilities: 20, labels: 1 } });
});

test("classes keep their type, integers beyond 2^53 their digits", () => {
  const classes = (type: string, values: unknown[]) => parseModelFile(makeModel({ classes: { type, values } })).document.classes;
  expect(classes("int", [-3, 5])).toEqual([-3, 5]);
  expect(classes("bool", [false, true])).toEqual([false, true]);
  const big = makeModel({ rawClasses: '{"type": "int", "values": [7, 9007199254740993]}', document: { name: '"values": [1, 2]' } });
  expect(parseModelFile(big).document.classes).toEqual([7, 9007199254740993n]);
});

test("reads the certificate", () => {
  const file = makeModel({ certificate: { texts: ["good", "差\0"], scores: [2.5, 0.25], labels: [1, 1], engineProbabilities: [0.1, 0.9, 0.4, 0.6] } });
  const certificate = readCertificate(file, parseModelFile(file));
  expect(certificate).toMatchObject({ by: "scikit-learn 1.9.1", texts: ["good", "差\0"] });
  expect([...(certificate?.scores ?? [])]).toEqual([2.5, 0.25]);
  expect(readCertificate(makeModel(), parseModelFile(makeModel()))).toBeNull();
});

const truncated = makeModel().slice(0, 300);
const html = new TextEncoder().encode("<!doctype html><title>404</title>".repeat(4));
test.each([
  ["empty", new Uint8Array(), /0 bytes/],
  ["an HTML page", html, /HTML page/],
  ["cut within the header", truncated, /its header would have \d+ bytes/],
  ["cut within the data", makeModel().slice(0, -8), /lies outside the file/],
  ["a later format", makeModel({ document: { format: 2 } }), /format 2; this version reads format 1/],
  ["one class", makeModel({ classes: { type: "str", values: ["a"] } }), /1 classes/],
  ["a class of another type", makeModel({ classes: { type: "str", values: ["a", 1] } }), /one of its classes is 1/],
  ["no pipeline", makeModel({ document: { pipeline: [] } }), /pipeline/],
  ["no name", makeModel({ document: { name: 5 } }), /`name` is 5, not a string/],
])("%s is a ModelFileError that says so", (_name, bytes, message) => {
  expect(() => parseModelFile(bytes)).toThrow(ModelFileError);
  expect(() => parseModelFile(bytes)).toThrow(message);
});

test("reads a union, a head with members, and several targets", () => {
  const vectorize = (n: number) => ({ stage: "vectorize", method: "hashing", analyzer: "char", ngram_range: [1, 2], n_features: n });
  const linear = { stage: "linear", kind: "linear", link: "logistic", label: "sign", outputs: 1 };
  const { document } = parseModelFile(makeModel({
    document: {
      targets: "multilabel", outputs: { scores: 2, probabilities: 2, labels: 2 },
      pipeline: [
        { stage: "union", branches: [[vectorize(4)], [vectorize(8), { stage: "sublinear_tf" }]] },
        { stage: "one_vs_rest", label: "each", members: [[linear], [linear]] },
      ],
    },
  }));
  expect(document).toMatchObject({ targets: "multilabel", shape: { scores: 2, probabilities: 2, labels: 2 }, n_features: 12 });
  expect(document.pipeline[0]).toBe("union [vectorize (method=hashing, analyzer=char, ngram_range=1–2, n_features=4) | vectorize (method=hashing, analyzer=char, ngram_range=1–2, n_features=8) → sublinear_tf]");
  const several = parseModelFile(makeModel({
    rawClasses: '[{"type":"int","values":[1,9007199254740993]},{"type":"str","values":["a","b","c"]}]',
    document: { targets: "multioutput", outputs: { scores: 5, probabilities: 5, labels: 2 } },
  })).document;
  expect(several.groups).toEqual([[1, 9007199254740993n], ["a", "b", "c"]]);
  expect(several.classes).toHaveLength(5);
  expect(() => parseModelFile(makeModel({ document: { outputs: { scores: 1, probabilities: 3, labels: 1 } } }))).toThrow(/do not fit 2 classes/);
});
