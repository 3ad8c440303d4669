"""Pages that Python saved, opened from the disk: in Chromium and in Firefox, offline, with every view of the widget."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

import firefox
import wasm_clf_widget as wcw
from axe import violations
from site_server import FOLDERS

TEXTS = [
    "这个产品非常好用推荐购买",
    "arrived broken, twice",
    "it is a phone",
    'he said "great", then\nleft',
    "¯\\_(ツ)_/¯",
    "",
    "great value and quick delivery",
] * 6


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.load("sentiment-zh-en")


@pytest.fixture(scope="module")
def saved(clf: wcw.Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return clf.to_html(tmp_path_factory.mktemp("pages") / "sentiment.html", text="东西还行,但是服务态度差")


def open_page(context: BrowserContext, file: Path) -> Page:
    context.set_offline(True)
    page = context.new_page()
    page.goto(file.as_uri())
    expect(page.locator("[data-wcw=status]")).to_contain_text("ready", timeout=30_000)
    return page


def rows_csv() -> bytes:
    """A file as spreadsheets write it: a mark, quotes, line breaks in cells, another column."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "review"])
    writer.writerows([i, text] for i, text in enumerate(TEXTS))
    return out.getvalue().encode("utf-8-sig")


def give(page: Page, name: str, data: bytes) -> None:
    page.get_by_role("tab", name="Batch").click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    expect(page.locator(".wcw-scroll tbody tr").first).to_be_visible(timeout=15_000)


def test_it_classifies_offline_with_the_kernels_bits(watched: BrowserContext, saved: Path, clf: wcw.Classifier) -> None:
    page = open_page(watched, saved)
    expect(page.locator("[data-wcw=label]")).to_have_text("negative")
    expect(page.locator("[data-wcw=parity]")).to_have_attribute("data-ok", "true")
    expect(page.locator("[data-wcw=requests]")).to_have_text("0 requests since ready")
    assert len(page.workers) == 1, "it runs in a Worker, which is of the page's own build"
    page.get_by_role("textbox", name="Text to classify").fill("great value")
    expect(page.locator("[data-wcw=label]")).to_have_text("positive")
    scores = page.locator("[data-wcw=score]").evaluate_all(
        "all => all.map((e) => [e.dataset.label, Number(e.dataset.value)])"
    )
    assert dict(scores) == {
        entry["label"]: entry["score"] for entry in clf.classify("great value").to_dict()["all_scores"]
    }


def test_its_policy_stops_a_request(browser: Browser, saved: Path) -> None:
    context = browser.new_context()  # not watched: the browser logs what it stopped
    page = open_page(context, saved)
    blocked = page.evaluate(
        """async () => {
            const seen = new Promise((resolve) => addEventListener("securitypolicyviolation", resolve, { once: true }));
            await fetch("http://127.0.0.1:9/").catch(() => undefined);
            return (await seen).effectiveDirective;
        }"""
    )
    context.close()
    assert blocked == "connect-src"


def test_every_view_and_axe(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator(f".wcw[data-theme={scheme}]")).to_have_count(1)
        for tab, words in [
            ("Why", "What speaks for"),
            ("Batch", "Choose a file"),
            ("Parity", "205 of 205"),
            ("Runtime", "SHA-256"),
        ]:
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("tabpanel")).to_contain_text(words, timeout=15_000)
            assert violations(page) == [], (scheme, tab)
    give(page, "a.csv", rows_csv())
    assert violations(page) == []


def test_the_keyboard_reaches_everything(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    names = []
    page.keyboard.press("Tab")
    for _ in range(12):
        names.append(page.evaluate("document.activeElement.textContent || document.activeElement.tagName"))
        page.keyboard.press("Tab")
    assert "TEXTAREA" in names
    assert "Why" in names
    page.get_by_role("tab", name="Why").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Batch")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    page.keyboard.press(" ")
    expect(page.get_by_role("tab", name="Runtime")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel")).to_contain_text("What speaks for", timeout=15_000)
    page.keyboard.press("Tab")
    expect(page.get_by_label("What speaks for")).to_have_value("0")  # the label that is shown
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("What speaks for")).to_have_value("1")


def test_a_table_is_classified_sorted_filtered_and_saved(
    watched: BrowserContext, saved: Path, clf: wcw.Classifier, tmp_path: Path
) -> None:
    page = open_page(watched, saved)
    give(page, "my reviews.csv", rows_csv())
    expected = clf.classify(TEXTS)
    panel = page.get_by_role("tabpanel")
    expect(panel).to_contain_text("42 rows")
    expect(panel.get_by_label("text in")).to_have_value("1")
    expect(panel).to_contain_text("1–10 of 42 rows")
    page.get_by_role("button", name="Next page").click()
    expect(panel).to_contain_text("11–20 of 42 rows")
    page.get_by_role("button", name="low confidence first").click()
    lowest = min(result.confidence or 0 for result in expected)
    expect(page.locator("tbody tr").first).to_contain_text(f"{lowest:.3f}".lstrip("0"))
    page.get_by_label("show").select_option("negative · " + str(sum(r.label == "negative" for r in expected)))
    page.get_by_role("button", name="label").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save CSV").click()
    assert download.value.suggested_filename == "my-reviews-classified.csv"
    download.value.save_as(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["id"]) for row in rows] == [i for i, r in enumerate(expected) if r.label == "negative"]
    for row in rows:
        result = expected[int(row["id"])]
        assert row["review"] == TEXTS[int(row["id"])]
        assert float(row["confidence"]) == result.confidence, "every bit of it"
        assert float(row["probability_positive"]) == result.all_scores[1]["score"]  # type: ignore[index]
    page.locator(".wcw-text button").first.click()
    expect(page.get_by_role("textbox", name="Text to classify")).to_have_value(rows[0]["review"])


def drop(page: Page, name: str, data: bytes) -> None:
    page.evaluate(
        """([name, data]) => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name));
            const options = { dataTransfer, bubbles: true, cancelable: true };
            for (const type of ["dragover", "drop"])
                document.querySelector(".wcw").dispatchEvent(new DragEvent(type, options));
        }""",
        [name, base64.b64encode(data).decode()],
    )


def test_dropped_and_pasted_rows(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    panel = page.get_by_role("tabpanel")
    lines = [json.dumps({"id": i, "comment": text}) for i, text in enumerate(TEXTS[:3])]
    drop(page, "a.jsonl", "\n".join([*lines, "{broken"]).encode())
    expect(panel).to_contain_text("3 rows", timeout=15_000)
    expect(panel).to_contain_text("Not JSON and left out: line 4.")
    drop(page, "a.txt", "好\r\n很差\r\n".encode("gb18030"))
    expect(panel.get_by_role("alert")).to_contain_text("a.txt is not UTF-8. Choose its encoding.")
    panel.get_by_label("Read it as").select_option("gb18030")
    expect(panel.locator("tbody tr")).to_have_count(2)
    expect(panel.locator("tbody")).to_contain_text("很差")
    panel.get_by_role("button", name="Another file").click()
    panel.get_by_label("Paste rows").evaluate(
        """(field) => {
            const data = new DataTransfer();
            data.setData("text/plain", "no\\ttext\\n1\\tgreat value\\n2\\t服务态度差\\n");
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(panel.locator("tbody tr")).to_have_count(2)
    panel.get_by_label("first row is a header").uncheck()
    expect(panel.locator("tbody tr")).to_have_count(3)


PASTE = """(field, text) => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def paste(page: Page, text: str) -> Locator:
    """Rows into the batch table; its panel, once they are classified."""
    page.get_by_role("tab", name="Batch").click()
    page.get_by_label("Paste rows").evaluate(PASTE, text)
    panel = page.get_by_role("tabpanel")
    expect(panel.locator("tbody tr").first).to_be_visible(timeout=15_000)
    return panel


@pytest.mark.parametrize("width", [320, 280])
def test_a_narrow_page_crops_nothing_of_the_table(watched: BrowserContext, saved: Path, width: int) -> None:
    page = open_page(watched, saved)
    page.set_viewport_size({"width": width, "height": 900})
    panel = paste(page, "the film was fine\nwhat a lovely day it was\nzzz\n")
    expect(panel.get_by_text("not sure").last).to_be_visible()
    cropped = page.evaluate(
        """() => [...document.querySelectorAll(".wcw-scroll, .wcw-tabs")].map((e) => e.scrollWidth - e.clientWidth)"""
    )
    assert max(cropped) <= 0


@pytest.mark.parametrize("name", ["many-rest", "outputs-forest"])
def test_several_labels_and_several_outputs_in_the_table(watched: BrowserContext, tmp_path: Path, name: str) -> None:
    clf = wcw.Classifier.load(FOLDERS["/data/"] / f"wide/{name}.safetensors")
    texts = ["good film", "bad plot", "a very good, very bad film"]
    answers = clf.classify(texts)
    page = open_page(watched, clf.to_html(tmp_path / "page.html"))
    panel = paste(page, "".join(f"{text}\n" for text in texts))
    shown = panel.locator("tbody tr")
    for row, answer in zip(shown.all(), answers, strict=True):
        assert isinstance(answer.label, tuple)
        expect(row.locator(".wcw-tone")).to_have_text(", ".join(map(str, answer.label)) or "(none)")
    expect(panel.get_by_role("button", name="low confidence first")).to_have_count(0)
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save CSV").click()
    download.value.save_as(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, answer in zip(rows, answers, strict=True):
        assert isinstance(answer.label, tuple)
        if name == "outputs-forest":
            assert [row[f"label_{i}"] for i in range(len(answer.label))] == [str(label) for label in answer.label]
        else:
            on = [label for label in clf.classes_ if row[f"is_{label}"] == "true"]
            assert on == list(answer.label)


def test_a_hundred_thousand_rows_and_cancel(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    page.get_by_role("tab", name="Batch").click()
    page.get_by_role("button", name="Choose a file").wait_for()
    drop(page, "many.txt", "\n".join(f"a dull film number {i}, 服务态度差" for i in range(100_000)).encode())
    expect(page.get_by_role("tabpanel")).to_contain_text("1–10 of 100,000 rows", timeout=60_000)
    page.get_by_role("button", name="low confidence first").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("confidence")


def test_an_exported_notebook_stays_live(watched: BrowserContext, clf: wcw.Classifier, tmp_path: Path) -> None:
    shown = wcw.ClassifierWidget(clf, text="服务态度差").embed()
    output = nbformat.v4.new_output("display_data", {"text/html": shown._repr_html_()})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w.embed()", outputs=[output])])
    # nbconvert's own page would fetch MathJax and RequireJS from a CDN; it needs neither for this.
    html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
    file = tmp_path / "notebook.html"
    file.write_text(html, encoding="utf-8")
    watched.set_offline(True)
    page = watched.new_page()
    page.goto(file.as_uri())
    frame = page.frame_locator("iframe")
    expect(frame.locator("[data-wcw=label]")).to_have_text("negative", timeout=30_000)
    frame.get_by_role("textbox", name="Text to classify").fill("great value")
    expect(frame.locator("[data-wcw=label]")).to_have_text("positive")
    frame.get_by_role("tab", name="Why").click()
    expect(frame.get_by_role("tabpanel")).to_contain_text("What speaks for", timeout=15_000)


def test_in_firefox_too(saved: Path, clf: wcw.Classifier, tmp_path: Path, shots: Path) -> None:
    if firefox.path() is None:
        pytest.skip("no Firefox on this machine")
    with firefox.Firefox(tmp_path / "profile") as browser:
        browser.goto(saved.as_uri())
        browser.until("return document.querySelector('[data-wcw=status]')?.dataset.state === 'ready'", 40)
        browser.run("document.querySelectorAll('[role=tab]')[0].click()")
        browser.until("return document.querySelectorAll('.wcw-ngrams li').length > 0")
        label = browser.run("return document.querySelector('[data-wcw=label]').textContent")
        ok = browser.run("return document.querySelector('[data-wcw=parity]').dataset.ok")
        pairs = "[...document.querySelectorAll('[data-wcw=score]')].map(({ dataset: d }) => [d.label, Number(d.value)])"
        scores: list[Any] = browser.run(f"return {pairs}")
        browser.screenshot(shots / "saved-page-firefox.png")
    assert (label, ok) == ("negative", "true")
    expected = clf.classify("东西还行,但是服务态度差").to_dict()["all_scores"]
    assert dict(scores) == {entry["label"]: entry["score"] for entry in expected}, "the same bits in another engine"
