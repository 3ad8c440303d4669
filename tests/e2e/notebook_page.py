"""A notebook open in JupyterLab, driven as a reader would: run cells, read outputs, touch widgets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from lab import Lab
from watch import Watch

SECONDS = 1000


def notebook_json(cells: list[str]) -> dict[str, Any]:
    """A notebook of code cells, without outputs."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "cells": [
            {
                "id": f"c{i}",
                "cell_type": "code",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for i, source in enumerate(cells)
        ],
    }


class NotebookPage:
    """``page`` is Playwright's; ``watch`` has what it did; ``file`` is the notebook on disk."""

    def __init__(self, page: Page, lab: Lab, watch: Watch, file: Path) -> None:
        self.page = page
        self.lab = lab
        self.watch = watch
        self.file = file

    def open(self, path: str) -> None:
        """Open in a workspace of its own, so that no earlier test's tabs are restored, and wait for its kernel."""
        address = f"{self.lab.url}lab/workspaces/{self.file.stem}/tree/{path}?token={self.lab.token}"
        self.page.goto(address)
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").wait_for(timeout=60 * SECONDS)
        self.page.wait_for_function("() => window.jupyterapp !== undefined")
        self.wait_idle()

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute one of JupyterLab's commands, as its menus do."""
        self.page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments or {}])

    def wait_idle(self, seconds: float = 60) -> None:
        """The kernel is connected and has nothing to do (JupyterLab's indicator says idle before it is)."""
        self.page.wait_for_function(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
                return kernel?.connectionStatus === "connected" && kernel.status === "idle";
            }""",
            timeout=seconds * SECONDS,
        )

    def cells(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell")

    def output(self, index: int) -> Locator:
        """The output area of a cell."""
        return self.cells().nth(index).locator(".jp-Cell-outputArea")

    def run_all(self, seconds: float = 120) -> None:
        """Run all cells and wait until the last one has its number."""
        self.command("notebook:run-all-cells")
        last = self.cells().last.locator(".jp-InputArea-prompt")
        expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=seconds * SECONDS)
        self.wait_idle(seconds)

    def run(self, index: int, seconds: float = 60) -> str:
        """Run one cell by Shift+Enter in its editor; its output's text."""
        prompt = self.cells().nth(index).locator(".jp-InputArea-prompt")
        before = prompt.inner_text()
        self.cells().nth(index).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        # "[*]:" while it runs, then a number that was not there before.
        numbered = re.compile(rf"^(?!{re.escape(before)})\[\d+\]:$")
        expect(prompt).to_have_text(numbered, timeout=seconds * SECONDS)
        return self.output(index).inner_text()

    def errors(self) -> list[str]:
        """Tracebacks in the outputs."""
        return self.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()

    def save(self) -> str:
        """Save; the file's text."""
        self.command("docmanager:save")
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        return self.file.read_text(encoding="utf-8")

    def theme(self, name: str) -> None:
        """'JupyterLab Light' or 'JupyterLab Dark'."""
        self.command("apputils:change-theme", {"theme": name})
        light = "true" if name.endswith("Light") else "false"
        self.page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")


def write_notebook(file: Path, cells: list[str]) -> None:
    file.write_text(json.dumps(notebook_json(cells)), encoding="utf-8")
