"""jupyterlite-sphinx with the JupyterLite site that `make lite` built: its directives, frames and prompts.

Two things of it are left out. Its own build makes a second site, of six applications, with none of our wheels in it.
And it adds a style sheet of a font CDN to every page. tools/docs/build.py checks that no page asks another host.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import jupyterlite_sphinx.jupyterlite_sphinx as theirs


class NotebookOfTheSite(theirs.NotebookLiteDirective):
    """A notebook of the site: `{notebooklite} try-it.ipynb`. Theirs puts a notebook into the site that it builds."""

    required_arguments = 1

    def run(self) -> list[Any]:
        (name,) = self.arguments
        self.arguments = []
        nodes: list[Any] = super().run()
        for node in nodes:
            root = node["iframe_src"].removesuffix("tree/")
            node["iframe_src"] = f"{root}notebooks/index.html?path={quote(name)}"
        return nodes


def setup(app: Any) -> dict[str, bool]:
    """Sphinx's hook."""
    app.setup_extension("jupyterlite_sphinx")
    builds = [at for at in app.events.listeners["build-finished"] if at.handler is theirs.jupyterlite_build]
    fonts = [entry for entry in app.registry.css_files if entry[0].startswith("https:")]
    if not (builds and fonts):
        raise RuntimeError("this jupyterlite-sphinx is another than the one in requirements.txt: look at it again")
    for listener in builds:
        app.disconnect(listener.id)
    for entry in fonts:
        app.registry.css_files.remove(entry)
    app.add_directive("notebooklite", NotebookOfTheSite, override=True)
    return {"parallel_read_safe": True}
