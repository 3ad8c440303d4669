import { Classifier } from "./dist/index.js";

const out = document.getElementById("out");
const classifier = await Classifier.load("sentiment.safetensors", {
  onProgress: (loaded, total) => { out.textContent = `loading: ${loaded} of ${total ?? "?"} bytes`; },
});

const texts = ["这个产品非常好用推荐购买", "服务态度差再也不来了", "arrived broken, twice"];
const lines = (await classifier.classify(texts)).map(({ label, confidence }, i) => `${label} ${confidence.toFixed(3)}  ${texts[i]}`);

const { spans, classes } = await classifier.explain(texts[1]);
const strongest = spans.sort((a, b) => Math.abs(b.weights[1]) - Math.abs(a.weights[1]))[0];
lines.push(`strongest part for ${classes[1]}: ${strongest.ngram} ${strongest.weights[1].toFixed(2)}`);

// The recorded answers of scikit-learn, replayed in this very browser.
const { ok, checked } = await classifier.verify();
lines.push(`${checked} recorded answers replayed: ${ok ? "all the same" : "different!"}`);
out.textContent = lines.join("\n");
classifier.dispose(); // the last one of a page lets go of its worker and memory
