"""The widget, its batch table above all, for those who do not see it or use no mouse, and in a narrow cell."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

import wasm_clf_widget as wcw
from axe import violations
from test_saved_page import PASTE, drop, give, open_page, rows_csv

LABELS = ["customer service and everything about it", "电池和充电", "refund", "a_name_without_a_blank_that_goes_on"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wcw.Classifier.load("sentiment-zh-en").to_html(
        tmp_path_factory.mktemp("pages") / "sentiment.html", text="好"
    )


@pytest.fixture
def topics(tmp_path: Path) -> Path:
    """A page of a model whose names are long."""
    coefficients = [[1.0, 2.0, 0.0], [0.0, 1.0, 2.0], [2.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    clf = wcw.Classifier.from_weights(
        ["good", "bad", "film"], coefficients, [0.1, 0.2, 0.3, 0.0], LABELS, name="topics of tickets", head="softmax"
    )
    return clf.to_html(tmp_path / "topics.html", text="good film")


def focused(page: Page) -> str:
    """The words of what has the focus; "BODY" where nothing has."""
    words: str = page.evaluate(
        """() => {
            const { activeElement: at } = document;
            return at === document.body ? "BODY" : at.ariaLabel || at.textContent || at.labels?.[0]?.textContent;
        }"""
    )
    return words.strip()


def paste(page: Page, text: str) -> None:
    """Rows into the batch table, whose panel is open."""
    page.get_by_label("Paste rows").evaluate(PASTE, text)
    expect(page.locator(".wcw-scroll tbody tr").first).to_be_visible(timeout=15_000)


def test_the_focus_is_never_lost(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    page.get_by_role("tab", name="Batch").click()
    choose = page.get_by_role("button", name="Choose a file…")
    choose.focus()
    give_chosen(page, "reviews.csv")
    assert focused(page) == "reviews.csv"
    header = page.get_by_label("first row is a header")
    header.focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("tabpanel")).to_contain_text("1–10 of 43 rows")
    expect(header).to_be_focused()
    page.get_by_role("button", name="Next page").focus()
    for _ in range(6):
        page.keyboard.press("Enter")
    expect(page.get_by_role("tabpanel")).to_contain_text("41–43 of 43 rows")
    expect(page.get_by_role("button", name="Next page")).to_have_attribute("aria-disabled", "true")
    assert focused(page) == "Next page"
    page.get_by_role("button", name="Another file").focus()
    page.keyboard.press("Enter")
    expect(choose).to_be_focused()
    paste(page, "one\ntwo\n")
    assert focused(page) == "the pasted text"
    page.get_by_role("button", name="Another file").click()
    paste(page, "id\ttext\n1\tgood\n")
    header.uncheck()
    expect(page.get_by_role("tabpanel")).to_contain_text("1–2 of 2 rows")
    page.get_by_role("button", name="Another file").click()
    page.locator("input[type=file]").set_input_files({"name": "one.csv", "mimeType": "text/csv", "buffer": b"a,b\n"})
    expect(page.get_by_role("alert")).to_contain_text("one.csv has no rows below its header.")
    expect(choose).to_be_focused()


def give_chosen(page: Page, name: str) -> None:
    """As `give`, without a click that would move the focus."""
    file = {"name": name, "mimeType": "text/csv", "buffer": rows_csv()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.locator(".wcw-scroll tbody tr").first).to_be_visible(timeout=15_000)


def test_a_dropped_file_does_not_take_the_focus(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    field = page.get_by_role("textbox", name="Text to classify")
    field.focus()
    drop(page, "a.txt", b"one\ntwo\n")
    expect(page.locator("tbody tr")).to_have_count(2, timeout=15_000)
    expect(field).to_be_focused()


def test_what_is_no_table_is_refused_with_the_way_out(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    drop(page, "book.xlsx", b"PK\x03\x04\xff\xfe")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("book.xlsx is a spreadsheet: save it as CSV.", timeout=15_000)
    expect(page.get_by_label("Read it as")).to_have_count(0)
    drop(page, "rows.json", b"[]")
    expect(alert).to_contain_text("rows.json is JSON: save it as .jsonl")


def test_a_sort_and_the_order_are_said(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    give(page, "a.csv", rows_csv())
    said = page.get_by_role("tabpanel").get_by_role("status").filter(has_text="of 42 rows")
    expect(said).to_have_text("1–10 of 42 rows, sorted by row")
    page.get_by_role("button", name="confidence", exact=True).click()
    page.get_by_role("button", name="confidence", exact=True).click()
    expect(said).to_have_text("1–10 of 42 rows, sorted by confidence, descending")
    expect(page.get_by_role("table", name="Classified rows")).to_be_visible()


def outside(widget: Locator) -> list[str]:
    """Controls that are cut off by the widget's border."""
    found: list[str] = widget.evaluate(
        """(widget) => {
            const { left, right } = widget.getBoundingClientRect();
            const all = [...widget.querySelectorAll("button, select, input, label, textarea")];
            const shown = all.filter((e) => e.checkVisibility() && e.closest(".wcw-hidden, .wcw-scroll") === null);
            const cut = (box) => box.right > right || box.left < left;
            return shown.filter((e) => cut(e.getBoundingClientRect())).map((e) => e.outerHTML);
        }"""
    )
    return found


def test_at_260_pixels_every_control_can_be_reached(watched: BrowserContext, topics: Path, shots: Path) -> None:
    page = open_page(watched, topics)
    page.set_viewport_size({"width": 260, "height": 900})
    widget = page.locator(".wcw")
    tops = {tab.bounding_box()["y"] for tab in page.get_by_role("tab").all()}  # type: ignore[index]
    assert len(tops) == 1, "the tabs stand in one row"
    expect(page.get_by_role("button", name="answers replayed")).to_be_visible()
    expect(page.get_by_role("button", name="in this tab · wasm simd")).to_be_visible()
    page.get_by_role("tab", name="Batch").click()
    field = page.get_by_label("Paste rows")
    assert field.evaluate("e => e.scrollHeight - e.clientHeight") <= 0, "its placeholder is not cut"
    column = "a column's name that is much longer than any cell of a dashboard is wide"
    paste(page, f"id\t{column}\n1\tgood film\n2\tzzz\n3\tbad film\n")
    assert outside(widget) == []
    widget.screenshot(path=shots / "batch-260.png")
    page.get_by_role("tab", name="Why").click()
    expect(page.get_by_label("What speaks for")).to_be_visible()
    assert outside(widget) == []
    page.get_by_role("tab", name="Runtime").click()
    expect(page.get_by_role("button", name="Keep")).to_be_visible()
    assert outside(widget) == []
    assert violations(page) == []


def test_at_600_pixels_the_text_has_the_room(watched: BrowserContext, saved: Path, shots: Path) -> None:
    page = open_page(watched, saved)
    page.set_viewport_size({"width": 600, "height": 900})
    give(page, "reviews.csv", rows_csv())
    text = page.locator("td.wcw-text").first.bounding_box()
    assert text is not None
    assert text["width"] > 220
    chips = page.locator("tr", has_text="no known feature").first.locator(".wcw-chip")
    first, second = (chips.nth(i).bounding_box() for i in range(2))
    assert first is not None
    assert second is not None
    gap = second["x"] - first["x"] - first["width"]
    assert gap >= 4 or second["y"] >= first["y"] + first["height"], "they do not touch"
    page.locator(".wcw").screenshot(path=shots / "batch-600.png")


def test_a_panel_without_controls_takes_the_focus(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    page.get_by_role("tab", name="Parity").click()
    page.get_by_role("tab", name="Parity").press("Tab")
    expect(page.get_by_role("tabpanel")).to_be_focused()


def test_an_answer_is_said_once_after_a_pause(watched: BrowserContext, saved: Path) -> None:
    page = open_page(watched, saved)
    said = page.locator(".wcw-verdict [role=status]")
    expect(said).to_have_text("positive, 0.70", timeout=5_000)
    said.evaluate(
        """(element) => {
            globalThis.heard = [];
            const options = { childList: true, characterData: true, subtree: true };
            new MutationObserver(() => globalThis.heard.push(element.textContent)).observe(element, options);
        }"""
    )
    field = page.get_by_role("textbox", name="Text to classify")
    field.fill("")
    field.press_sequentially("great value, great value", delay=60)
    expect(page.locator("[data-wcw=label]")).to_have_text("positive")
    page.wait_for_timeout(1500)
    assert page.evaluate("heard") == [], "the same label again"
    field.fill("服务态度差再也不来了")
    page.wait_for_timeout(1500)
    (heard,) = page.evaluate("heard")
    assert heard.startswith("negative, 0.")
    field.fill("")
    expect(page.locator(".wcw-verdict")).to_contain_text("no text")
    expect(page.locator("[data-wcw=label]")).to_have_count(0)
