/**
 * Light or dark, as the page around it is: hosts say it in many ways, and in a shadow root no selector sees the page.
 *
 * JupyterLab says it in words; elsewhere the background that the reader sees decides, so that a page which stays white on a
 * dark system gets a light widget. Watched: the attributes in which hosts keep their theme, and the system's setting.
 */

const DARK_SYSTEM = "(prefers-color-scheme: dark)";

export function isDark(el: Element): boolean {
  const { jpThemeLight } = document.body.dataset;
  if (jpThemeLight !== undefined) return jpThemeLight === "false";
  for (let at: Node | null = el; at !== null; at = at instanceof ShadowRoot ? at.host : at.parentNode) {
    if (!(at instanceof Element)) continue;
    const light = luminance(getComputedStyle(at).backgroundColor);
    if (light !== null) return light < 0.4;
  }
  const scheme = getComputedStyle(document.documentElement).colorScheme;
  return scheme.includes("dark") && (!scheme.includes("light") || matchMedia(DARK_SYSTEM).matches);
}

/** Calls back at once and whenever the theme may have changed, until the signal aborts. */
export function watchTheme(el: Element, signal: AbortSignal, apply: (dark: boolean) => void): void {
  const look = (): void => apply(isDark(el));
  // Hosts fade from one background to the other: look again when they have arrived.
  const change = (): void => {
    look();
    setTimeout(() => { if (!signal.aborted) look(); }, 500);
  };
  const observer = new MutationObserver(change);
  for (const root of [document.documentElement, document.body]) {
    observer.observe(root, { attributes: true, attributeFilter: ["class", "style", "data-jp-theme-light", "data-theme", "theme", "data-bs-theme", "data-vscode-theme-kind"] });
  }
  matchMedia(DARK_SYSTEM).addEventListener("change", change, { signal });
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  look();
}

/** 0 to 1 of a computed colour; null where it lets shine through what is behind. */
export function luminance(color: string): number | null {
  const [r, g, b, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  if (r === undefined || g === undefined || b === undefined || alpha < 0.5) return null;
  const scale = color.startsWith("color(") ? 1 : 255;
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / scale;
}
