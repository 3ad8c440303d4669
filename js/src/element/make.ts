/** An element that style sheets reach by `::part(part)`. */
export function make<K extends keyof HTMLElementTagNameMap>(tag: K, part: string): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  el.part.add(part);
  return el;
}
