"""How long the JupyterLite site takes to a drawn widget, and what memory its tab needs: `python tests/lite/measure.py`.

In Chromium, the site on the same machine: cold (a new profile), warm (the same profile, a new browser), offline (no
server). The clock starts at the navigation; all cells of try-it run as soon as the notebook stands there; it stops when
the widget shows a label. CPU seconds, of all of Chromium until then, say what is needed where a machine is busy with
other things. Memory is the proportional set size (PSS) of Chromium's processes, which the kernel counts.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parents[1] / "tools", HERE.parents[1] / "tools/lite"):
    sys.path.insert(0, str(folder))

import psutil  # noqa: E402
from playwright.sync_api import Playwright, sync_playwright  # noqa: E402
from site_page import SECONDS, SitePage, expose, served  # noqa: E402

from browser import FLAGS, PATH  # noqa: E402

ROUNDS = 3
DRAWN = "() => /itive|ative/.test(document.querySelector('.wcw [data-wcw=label]')?.textContent ?? '')"


def main() -> None:
    rows: dict[str, list[tuple[float, ...]]] = {"cold": [], "warm": [], "offline": []}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder) / "site"
        shutil.copytree(HERE.parents[1] / "dist/lite", site)
        expose(site)
        for n in range(ROUNDS):
            profile = Path(folder) / f"profile-{n}"
            with served(site) as address:
                rows["cold"].append(visit(playwright, profile, address, wait_until_kept=True))
                rows["warm"].append(visit(playwright, profile, address))
            rows["offline"].append(visit(playwright, profile, address))
            print(f"round {n + 1}: load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    print("visit     seconds  (each)              CPU s  tab MB  all of Chromium MB")
    for name, measured in rows.items():
        seconds, cpu, tab, total = ([row[i] for row in measured] for i in range(4))
        each = " ".join(f"{value:.1f}" for value in seconds)
        print(
            f"{name:8}  {median(seconds):7.1f}  ({each:18})  "
            f"{median(cpu):5.1f}  {median(tab):6.0f}  {median(total):6.0f}"
        )


def visit(playwright: Playwright, profile: Path, address: str, wait_until_kept: bool = False) -> tuple[float, ...]:
    """Seconds to the drawn widget, CPU seconds until then; MB of the tab's process, and of all of Chromium's."""
    context = playwright.chromium.launch_persistent_context(profile, executable_path=PATH, args=FLAGS)
    try:
        page = SitePage(context, address)
        started = time.monotonic()
        page.page.goto(f"{address}lab/index.html?path=try-it.ipynb")
        page.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel")
        page.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.page.wait_for_function(DRAWN, timeout=300 * SECONDS)
        seconds = time.monotonic() - started
        used = spent(profile)
        if wait_until_kept:
            page.offline("kept")
        return (seconds, *used)
    finally:
        context.close()


def spent(profile: Path) -> tuple[float, float, float]:
    """CPU seconds of this profile's Chromium; MB of its largest renderer (a tab with its workers), and of all."""
    browsers = [
        p for p in psutil.process_iter(["cmdline"]) if f"--user-data-dir={profile}" in (p.info["cmdline"] or [])
    ]
    everyone = {p for b in browsers for p in (b, *b.children(recursive=True))}
    sizes = {p: p.memory_full_info().pss / 1e6 for p in everyone}
    renderers = [size for p, size in sizes.items() if "--type=renderer" in p.cmdline()]
    cpu = sum(p.cpu_times().user + p.cpu_times().system for p in everyone)
    return cpu, max(renderers), sum(sizes.values())


if __name__ == "__main__":
    main()
