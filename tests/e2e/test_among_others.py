"""A widget is not alone in its notebook: it stands in boxes, beside others, and under JupyterLab's shortcuts."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from conftest import OpenNotebook
from notebook_page import NotebookPage
from test_widget_in_lab import REVIEWS, open_ready

BOXES = REVIEWS.replace(
    "w = wcw.ClassifierWidget(clf)\nw\n",
    """
import ipywidgets as ipw

def widget():
    return wcw.ClassifierWidget(clf)

display(
    ipw.HBox([widget()]),
    ipw.Box([widget()]),
    ipw.HBox([widget(), widget()], layout=ipw.Layout(width="700px")),
    ipw.Box([widget()], layout=ipw.Layout(width="260px")),
    widget(),
)
""",
)


def widths(boxes: Locator) -> list[float]:
    found: list[float] = boxes.evaluate_all("all => all.map((e) => e.getBoundingClientRect().width)")
    return found


def test_it_has_a_width_in_every_box(open_notebook: OpenNotebook, shots: Path) -> None:
    notebook = open_ready(open_notebook, BOXES)
    found = widths(notebook.page.locator(".wcw"))
    alone, boxed, left, right, narrow, bare = found
    assert alone == boxed == bare == 720
    assert left == right
    assert 300 < left <= 350, "two share their box"
    assert 200 < narrow <= 260
    overflow = notebook.page.evaluate(
        """() => [...document.querySelectorAll(".wcw")].map((widget) => {
            const box = widget.closest(".widget-box, .jp-OutputArea-output");
            return box.scrollWidth - box.clientWidth;
        })"""
    )
    assert max(overflow) <= 0, overflow
    cramped = notebook.widget(4).root
    cramped.get_by_role("tab", name="Runtime").click()
    row = cramped.get_by_role("list", name="Kept in this browser").get_by_role("listitem").first
    expect(row).to_be_visible()
    button = row.get_by_role("button").bounding_box()
    frame = cramped.bounding_box()
    assert button is not None
    assert frame is not None
    assert button["x"] + button["width"] < frame["x"] + frame["width"]
    cramped.screenshot(path=shots / "runtime-260.png")
    row.get_by_role("button").click()
    expect(cramped.locator(".wcw-cache")).to_be_focused()


def test_no_two_elements_of_a_page_have_one_id(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS, "w", "wcw.ClassifierWidget(clf)")
    views = notebook.page.locator(".wcw")
    expect(views).to_have_count(3)
    for view in views.all():
        view.get_by_role("tab", name="Why").click()
        expect(view.get_by_role("tabpanel", name="Why")).to_be_visible()
    ids: list[str] = views.locator("[id]").evaluate_all("all => all.map(({ id }) => id)")
    assert len(ids) >= 3 * 6
    assert len(set(ids)) == len(ids)
    notebook.page.get_by_text("Text to classify", exact=True).nth(1).evaluate("label => label.click()")
    expect(notebook.widget(1).text).to_be_focused()


def cell_texts(notebook: NotebookPage) -> list[str]:
    """What the cells are, from first to last, the active one marked."""
    script = """() => window.jupyterapp.shell.currentWidget.content.widgets.map(
        (cell) => (cell.node.classList.contains("jp-mod-active") ? "*" : "") + cell.model.sharedModel.getSource())"""
    found: list[str] = notebook.page.evaluate(script)
    return found


@pytest.mark.parametrize("mode", ["command", "edit"])
def test_its_keys_are_its_own(open_notebook: OpenNotebook, mode: str) -> None:
    """In both modes from which the reader may come: what is pressed in the widget is no command to the notebook."""
    notebook = open_ready(open_notebook, REVIEWS, "1 + 1", "2 + 2")
    view, keyboard = notebook.widget(), notebook.page.keyboard
    notebook.cells().nth(0).locator(".cm-content").click()
    keyboard.type("  ")  # there is something to undo
    if mode == "command":
        keyboard.press("Escape")
    view.type("a good film")
    view.expect_label("positive")
    before = cell_texts(notebook)
    assert before[0].startswith("*")
    prompt = notebook.cells().nth(0).locator(".jp-InputArea-prompt")
    number = prompt.inner_text()
    for chord in ("Shift+Enter", "Control+Enter", "Alt+Enter", "Control+z", "Control+z"):
        keyboard.press(chord)
    expect(view.text).to_be_focused()
    view.type("an awful film")
    view.root.get_by_role("tab", name="Why").click()
    commands = (
        "x",
        "b",
        "a",
        "m",
        "d",
        "d",
        "ArrowDown",
        "ArrowUp",
        "Shift+Enter",
        "Control+Shift+ArrowDown",
        "Control+a",
    )
    for key in commands:
        view.root.get_by_role("tab", name="Why").press(key)
    view.root.get_by_role("tab", name="Batch").click()
    view.root.get_by_role("tab", name="Why").click()
    chosen = view.root.get_by_label("What speaks for")
    for key in ("ArrowDown", "ArrowUp", "x", "ArrowDown"):
        chosen.press(key)
    notebook.page.wait_for_timeout(500)
    expect(chosen).to_be_focused()
    expect(chosen).to_have_value("1")
    expect(view.text).to_have_value("an awful film")
    assert cell_texts(notebook) == before
    assert notebook.page.locator(".jp-Cell.jp-mod-multiSelected").count() == 0
    assert prompt.inner_text() == number, "it was not run again"


def test_it_leaves_the_notebooks_and_the_browsers_keys_to_them(open_notebook: OpenNotebook) -> None:
    notebook = open_ready(open_notebook, REVIEWS)
    view = notebook.widget()
    view.type("a good film")
    notebook.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.model.dirty")
    view.text.press("ControlOrMeta+s")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    view.text.press("Tab")
    expect(view.root.get_by_role("tab", name="Why")).to_be_focused()
