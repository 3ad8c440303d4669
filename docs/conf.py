"""The documentation: MyST pages, the API from the docstrings, notebooks executed, and the JupyterLite site at /lite/.

jupyterlite-sphinx is not used: it adds a style sheet from a font CDN to every page, and it would build the site a second
time with six apps. `make docs` copies dist/lite instead, and pages embed it with a plain iframe.
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
]
exclude_patterns = ["_build", "README.md"]
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
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
}
html_show_sourcelink = False
html_show_sphinx = False
suppress_warnings = ["mystnb.unknown_mime_type"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
