/** Where the weights stand in a text: overlapping n-grams, astral characters, spans of padding. */
import { expect, test } from "vitest";
import { runs, strongest } from "../src/views/shading.js";

const span = (start: number, end: number, weight: number, ngram = "x") => ({ start, end, ngram, weights: [-weight, weight] });

test("runs cover the whole text, once", () => {
  const text = "😀 not a good film 好";
  const parts = runs(text, [span(3, 6, -1), span(3, 8, -0.5), span(9, 13, 2), span(19, 20, 1)], 1);
  expect(parts.map((part) => part.text).join("")).toBe(text);
  expect(parts.filter(({ weight }) => weight !== 0).map((part) => part.text)).toEqual(["not", " a", "good", "好"]);
});

test("overlapping spans add up, shared by their characters", () => {
  expect(runs("abcd", [span(0, 4, 4), span(1, 3, -2)], 1)).toEqual([
    { text: "a", weight: 1 }, { text: "bc", weight: 0 }, { text: "d", weight: 1 },
  ]);
});

test("a span without characters (padding) shades nothing", () => {
  expect(runs("ab", [span(1, 1, 3)], 1)).toEqual([{ text: "ab", weight: 0 }]);
  expect(runs("", [span(0, 0, 3)], 1)).toEqual([]);
});

test("the strongest n-grams come first, occurrences summed, for the class asked for", () => {
  const spans = [span(0, 1, 0.4, "a"), span(2, 3, 0.4, "a"), span(4, 5, -0.7, "b"), span(6, 7, 0.1, "c")];
  expect(strongest(spans, 1)).toEqual([{ ngram: "a", weight: 0.8 }, { ngram: "b", weight: -0.7 }, { ngram: "c", weight: 0.1 }]);
  expect(strongest(spans, 0)[0]).toEqual({ ngram: "a", weight: -0.8 });
});
