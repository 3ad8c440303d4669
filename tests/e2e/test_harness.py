"""The browser tests' own tools, with a widget of a few lines: what passes, and that each guard can fail."""

from __future__ import annotations

from conftest import OpenNotebook

COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
        const button = document.createElement("button");
        button.textContent = "count";
        button.addEventListener("click", () => { model.set("value", model.get("value") + 1); model.save_changes(); });
        el.append(button);
    } };
    """
    value = traitlets.Int(0).tag(sync=True)

counter = Counter()
counter
'''


def test_a_widget_reaches_the_kernel_and_nothing_leaves_the_machine(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook([COUNTER, "print('value', counter.value)"])
    notebook.run(0)
    notebook.page.get_by_role("button", name="count").click()
    assert "value 1" in notebook.run(1)
    assert notebook.errors() == []
    assert b'"value":1' in notebook.watch.sent_and_received().replace(b" ", b""), "the spy sees comm messages"


def test_each_guard_can_fail(open_notebook: OpenNotebook) -> None:
    notebook = open_notebook(["1 + 1"])
    for script, problem in [
        ("fetch('https://example.invalid/x').catch(() => 0)", "request to another host: https://example.invalid/x"),
        ("console.error('broken')", "console error: broken"),
        ("setTimeout(() => { throw new Error('thrown') }, 0)", "uncaught: thrown"),
        (
            "new Worker(URL.createObjectURL(new Blob([`fetch('https://in.worker.invalid/')`])))",
            "https://in.worker.invalid/",
        ),
    ]:
        notebook.page.evaluate(f"() => {{ {script} }}")
        notebook.page.wait_for_timeout(500)
        assert any(problem in found for found in notebook.watch.problems()), (problem, notebook.watch.problems())
        notebook.watch.foreign.clear()
        notebook.watch.errors.clear()
    notebook.theme("JupyterLab Dark")
    notebook.theme("JupyterLab Light")
