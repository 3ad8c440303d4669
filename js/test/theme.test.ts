/** Which backgrounds are light, dark, or none at all. */
import { expect, test } from "vitest";
import { luminance } from "../src/views/theme.js";

test("luminance of computed colours", () => {
  expect(luminance("rgb(255, 255, 255)")).toBeCloseTo(1);
  expect(luminance("rgb(24, 27, 32)")).toBeLessThan(0.2);
  expect(luminance("rgba(0, 0, 0, 0)")).toBeNull();
  expect(luminance("rgba(0, 0, 0, 0.9)")).toBe(0);
  expect(luminance("color(srgb 0.9 0.9 0.9)")).toBeCloseTo(0.9);
  expect(luminance("")).toBeNull();
});
