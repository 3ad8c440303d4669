"""The documentation: MyST pages, the API from the docstrings, and the JupyterLite site at /lite/.

`make docs` copies dist/lite there; pages show notebooks of it by jupyterlite-sphinx (_ext/lite_site.py).
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "docs/_ext"))

import wasm_clf_widget  # noqa: E402

project = "wasm_clf_widget"
author = "the wasm_clf_widget developers"
copyright = author
release = version = wasm_clf_widget.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.autosectionlabel",
    "sphinx_design",
    "lite_site",
]
jupyterlite_bind_ipynb_suffix = False
jupyterlite_content_dir = "_build/contents"  # where it would put notebooks for a site of its own: stays empty
exclude_patterns = ["_build", "_generated", "README.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
autosectionlabel_prefix_document = True
autosectionlabel_maxdepth = 1
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
# Widget state of executed notebooks would ask a CDN for its front end.
nb_ipywidgets_js = {}

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_title = "wasm_clf_widget"
html_css_files = ["site.css"]
html_favicon = "_static/icon.svg"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 4,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
html_show_sourcelink = False
html_show_sphinx = False
suppress_warnings = ["mystnb.unknown_mime_type"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"


def _write_command_line(_app: object) -> None:
    """The reference of the command line, from the program itself."""
    import subprocess

    folder = ROOT / "docs/_generated"
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "typer", "wasm_clf_widget.cli", "utils", "docs", "--name", "wasm-clf"]
    written = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (folder / "command-line.md").write_text(written.split("\n", 1)[1], encoding="utf-8")


def setup(app: object) -> None:
    """Sphinx's hook."""
    app.connect("builder-inited", _write_command_line)  # type: ignore[attr-defined]
