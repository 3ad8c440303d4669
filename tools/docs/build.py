"""Build the documentation: `make docs` → docs/_build/html/, with the JupyterLite site at /lite/.

    python tools/docs/build.py [--no-lite]

Warnings are errors. Links between pages are Sphinx's; links into the JupyterLite site are checked here, and so is that
no page asks another host for a script, a style or a picture.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import stamps

DOCS = stamps.ROOT / "docs"
HTML = DOCS / "_build/html"
LITE = stamps.ROOT / "dist/lite"
PAGE = DOCS / "_static/wcw"
MODEL = stamps.ROOT / "src/wasm_clf_widget/models/sentiment-zh-en.safetensors"
ASKS = re.compile(
    r"""<(?:script|img|iframe|source)[^>]*\ssrc=["'](?:https?:)?//([^/"']+)|<link[^>]*\shref=["'](?:https?:)?//([^/"']+)"""
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-lite", action="store_true", help="leave the JupyterLite site out (for a quick look)")
    arguments = parser.parse_args()
    with stamps.alone("docs"):
        build(with_lite=not arguments.no_lite)


def build(with_lite: bool) -> None:
    """Sphinx's pages, and the JupyterLite site among them."""
    _put_page()
    shutil.rmtree(DOCS / "_build", ignore_errors=True)
    _run(
        [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-q", "-b", "html", str(DOCS), str(HTML)]
    )
    if with_lite:
        _run([sys.executable, str(stamps.ROOT / "tools/lite/make_site.py")])
        with stamps.alone("lite"):
            shutil.copytree(LITE, HTML / "lite")
        _check_links()
    _check_hosts()
    print(f"docs: {HTML}; to look at them: python -m http.server -b 127.0.0.1 -d {HTML}")


def _put_page() -> None:
    """The npm package's files and a model, for the classifier on the home page."""
    shutil.rmtree(PAGE, ignore_errors=True)
    shutil.copytree(stamps.ROOT / "js/dist", PAGE, ignore=shutil.ignore_patterns("*.d.ts", "*.map"))
    shutil.copy(MODEL, PAGE)


def _check_links() -> None:
    """Every link into the JupyterLite site names a file and a notebook that lie there."""
    wrong = []
    for page in HTML.glob("*/*.html"):
        for link in re.findall(r'(?:href|src)="([^"]*\blite/[^"]*)"', page.read_text(encoding="utf-8")):
            target, _, query = link.partition("?")
            notebook = re.search(r"path=([^&]+)", query)
            if not (page.parent / target).exists() or (notebook and not (HTML / "lite/files" / notebook[1]).exists()):
                wrong.append(f"{page.relative_to(HTML)}: {link}")
    if wrong:
        sys.exit("docs: links into the JupyterLite site that lead nowhere:\n" + "\n".join(wrong))


def _check_hosts() -> None:
    """No page makes the reader's browser ask another host."""
    found = {
        f"{page.relative_to(HTML)}: {' '.join(filter(None, match))}"
        for page in HTML.rglob("*.html")
        for match in ASKS.findall(page.read_text(encoding="utf-8", errors="replace"))
    }
    if found:
        sys.exit("docs: pages that ask other hosts:\n" + "\n".join(sorted(found)))


def _run(command: list[str]) -> None:
    if subprocess.run(command, check=False).returncode != 0:
        sys.exit(f"docs: `{' '.join(command)}` failed")


if __name__ == "__main__":
    main()
