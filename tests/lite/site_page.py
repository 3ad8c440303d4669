"""A notebook of the JupyterLite site in a real browser, driven as a reader would."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import offline
from playwright.sync_api import BrowserContext, Locator, Page

SECONDS = 1000
PATIENCE = 900
"""Seconds until a page is given up: the machine may be busy with other things. Tests wait for what must come."""


def expose(site: Path) -> None:
    """Give a built site JupyterLab's own handle for tests, ``window.jupyterapp``, and list its files anew."""
    for file in site.glob("**/jupyter-lite.json"):
        configuration = json.loads(file.read_text(encoding="utf-8"))
        configuration.setdefault("jupyter-config-data", {})["exposeAppInBrowser"] = True
        file.write_text(json.dumps(configuration), encoding="utf-8")
    offline.list_files(site)


KERNEL = "window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel"


_workspaces = itertools.count()


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - the base class's own
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".js": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def served(site: Path, port: int = 0) -> Iterator[str]:
    """The site's address on 127.0.0.1, from a plain static server, while the block runs."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(_Handler, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class SitePage:
    """One notebook open in the site's JupyterLab, with its Pyodide kernel."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE * SECONDS)
        self._address = address

    def open(self, notebook: str, query: str = "") -> None:
        """Open it in a workspace of its own and wait until its kernel is idle."""
        # One that no earlier page has left half saved.
        workspace = f"{notebook.removesuffix('.ipynb')}-{next(_workspaces)}"
        self.page.goto(f"{self._address}lab/index.html?path={notebook}&workspace={workspace}{query}")
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").wait_for()
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.wait_idle()

    def offline(self, *states: str) -> str:
        """Wait until the page says one of ``states`` of its use offline; what its note says."""
        self.page.wait_for_function(
            "(states) => states.includes(document.documentElement.dataset.offline)",
            arg=list(states),
        )
        note = self.page.locator("body > [role=status]")
        return note.inner_text() if note.count() else ""

    def wait_idle(self) -> None:
        self.page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === "connected" && kernel.status === "idle";
            }"""
        )

    def run_all(self) -> list[dict[str, Any]]:
        """Run all cells to the end; the outputs of the cells that raised."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.page.wait_for_function(
            """() => {
                const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
                    .filter((cell) => cell.cell_type === "code");
                const failed = cells.some((c) => c.outputs.some((o) => o.output_type === "error"));
                return failed || cells.every((cell) => cell.execution_count !== null || cell.source.trim() === "");
            }"""
        )
        self.wait_idle()
        return [o for cell in self.cells() for o in cell.get("outputs", []) if o["output_type"] == "error"]

    def run_cell(self, index: int) -> str:
        """Run one cell; what it printed."""
        script = """async (index) => {
            const { content } = window.jupyterapp.shell.currentWidget;
            content.activeCellIndex = index;
            await window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
        self.page.evaluate(script, index)
        return "".join(str(o.get("text", "")) for o in self.cells()[index].get("outputs", []))

    def start(self, code: str) -> None:
        """Begin to run code in the kernel, and do not wait for its end."""
        script = """(code) => {
            const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
            kernel.requestExecute({ code, store_history: false }).done.catch(() => undefined);
        }"""
        self.page.evaluate(script, code)

    def restart(self) -> str:
        """Restart the busy kernel by the menu, and wait until it is idle; what the page asked before."""
        self.page.wait_for_function(f"() => {KERNEL}.status === 'busy'")
        before = self.page.evaluate(f"() => {KERNEL}.id")
        self.page.evaluate("() => void window.jupyterapp.commands.execute('kernelmenu:restart')")
        dialog = self.page.locator(".jp-Dialog-content")
        said = dialog.inner_text()
        dialog.get_by_role("button", name="Confirm Kernel Restart").click()
        dialog.wait_for(state="detached")
        self.page.wait_for_function(f"(before) => {KERNEL}?.id !== before || {KERNEL}.status !== 'busy'", arg=before)
        self.wait_idle()
        return said

    def cells(self) -> list[dict[str, Any]]:
        """The notebook's cells as they stand now, outputs included."""
        script = "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        found: list[dict[str, Any]] = self.page.evaluate(script)
        return found

    def kernel(self, code: str) -> str:
        """Run code in the notebook's kernel; what it printed."""
        script = """async (code) => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({ code, store_history: false });
            let text = "";
            future.onIOPub = (message) => {
                if (message.header.msg_type === "stream") text += message.content.text;
                if (message.header.msg_type === "error") text += message.content.traceback.join("\\n");
            };
            await future.done;
            return text;
        }"""
        return str(self.page.evaluate(script, code))

    def until(self, expression: str) -> None:
        """Wait until a Python expression is true in the kernel."""
        for _ in range(2 * PATIENCE):
            if self.kernel(f"print(bool({expression}))").strip() == "True":
                return
            self.page.wait_for_timeout(500)
        raise TimeoutError(f"{expression} did not come true in {PATIENCE} s")

    def widget(self, index: int = 0) -> Locator:
        """A widget's root element in the outputs."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .wcw").nth(index)
