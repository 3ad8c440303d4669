"""A notebook open in JupyterLab and the widgets in it, driven as a reader would."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Locator, Page, expect

from lab import Lab
from watch import Watch

SECONDS = 1000
Answer = TypeVar("Answer")


def eventually(ask: Callable[[], Answer], holds: Callable[[Answer], bool], seconds: float = 15) -> Answer:
    """Ask until the answer holds or time is over; the last answer. What the tab sends arrives a moment later."""
    end = time.monotonic() + seconds
    while not holds(answer := ask()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer


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

    def reload(self) -> None:
        """Reload the page, as a reader does; the kernel goes on."""
        self.page.reload()
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").wait_for(timeout=60 * SECONDS)
        self.page.wait_for_function("() => window.jupyterapp !== undefined")

    def restart_kernel(self) -> None:
        """A new kernel, which knows nothing of the widgets on the page."""
        # Asked too early, the old kernel still says "idle"; and a page that is reloaded then loses the widgets.
        self.page.evaluate(
            """() => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                window.restarting = new Promise((resolve) => {
                    kernel.statusChanged.connect((_, status) => { if (status === "restarting") resolve(); });
                });
            }"""
        )
        self.command("notebook:restart-kernel")
        self.page.locator("dialog.jp-Dialog button.jp-mod-accept").click()
        self.page.evaluate("() => window.restarting")
        self.wait_idle()

    def start_all(self) -> None:
        """Run all cells without waiting for them."""
        self.command("notebook:run-all-cells")

    def is_busy(self) -> bool:
        """Whether the kernel works on a cell, as JupyterLab shows it."""
        script = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
        return bool(self.page.evaluate(script) == "busy")

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute one of JupyterLab's commands, as its menus do."""
        # Not waited for: a command that asks back in a dialog ends only with the answer.
        script = "([name, args]) => { void window.jupyterapp.commands.execute(name, args); }"
        self.page.evaluate(script, [name, arguments or {}])

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

    def kernel(self, code: str, seconds: float = 60) -> str:
        """Run code in the notebook's kernel without a cell; what it printed.

        Raises:
            AssertionError: the code raised; has its traceback.
        """
        printed, error = self.page.evaluate(
            """async ([code, timeout]) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute({ code, store_history: false, stop_on_error: true });
                let printed = "", error = "";
                future.onIOPub = ({ header, content }) => {
                    if (header.msg_type === "stream") printed += content.text;
                    if (header.msg_type === "error") error = content.traceback.join("\\n");
                };
                const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), timeout));
                await Promise.race([future.done, late]);
                return [printed, error];
            }""",
            [code, seconds * SECONDS],
        )
        assert not error, error
        return str(printed).strip()

    def widget(self, index: int = 0) -> WidgetView:
        """The ``index``-th view of a classifier widget in the page."""
        return WidgetView(self.page.locator(".wcw").nth(index))

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


class WidgetView:
    """One view of a ClassifierWidget, by the names that the design promises."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.text = root.get_by_role("textbox", name="Text to classify")
        self.label = root.locator("[data-wcw=label]")
        self.status = root.locator("[data-wcw=status]")
        self.parity = root.locator("[data-wcw=parity]")
        self.capabilities = root.locator("[data-wcw=capabilities]")

    def wait_ready(self, seconds: float = 60) -> WidgetView:
        expect(self.status).to_contain_text("ready", timeout=seconds * SECONDS)
        return self

    def type(self, text: str) -> None:
        """Replace the text, key by key, as a reader does."""
        self.text.click()
        self.text.press("ControlOrMeta+a")
        self.text.press_sequentially(text)

    def expect_label(self, label: str, seconds: float = 15) -> None:
        expect(self.label).to_have_text(label, timeout=seconds * SECONDS)


def write_notebook(file: Path, cells: list[str]) -> None:
    file.write_text(json.dumps(notebook_json(cells)), encoding="utf-8")
