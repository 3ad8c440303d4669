"""``<wasm-text-classifier>`` on pages of people who write HTML: in a form, styled, broken, removed, under a policy."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

import wasm_clf_widget as wcw
from axe import violations
from element_page import HTML, MODEL, TAG, serve, tag, visit, wait_state
from site_server import ROOT, Reply, Site, file_reply

EXAMPLES = ROOT / "js/examples"


@pytest.fixture
def examples(site: Site) -> Site:
    """The site with the example pages, as they stand in the package."""
    for file in EXAMPLES.iterdir():
        site.replies[f"/{file.name}"] = file_reply(file.read_bytes(), file.name)
    site.replies["/sentiment.safetensors"] = file_reply(MODEL, "m.safetensors")
    site.replies["/favicon.ico"] = Reply(204)
    return site


def test_the_form_sends_the_label_of_what_is_typed(watched: BrowserContext, examples: Site) -> None:
    page = visit(watched, examples, "element.html")
    wait_state(page, "ready")
    assert page.evaluate("[...new FormData(document.forms[0]).keys()]") == ["comment"], "no text, no value"
    page.get_by_label("Comment", exact=True).press_sequentially("服务态度差再也不来了")
    expect(page.locator("form")).to_have_attribute("data-mood", "negative")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#sent")).to_contain_text("mood=negative")
    label = page.locator("wasm-text-classifier [part=label]")
    expect(label).to_have_text("negative")
    color = label.evaluate("e => getComputedStyle(e).color")
    assert color == "rgb(181, 83, 12)", "the page's custom property --wcw-orange"
    assert label.evaluate("e => getComputedStyle(e).fontSize") == "18px", "the page's ::part(label)"
    page.get_by_role("button", name="Clear").click()
    expect(label).to_have_count(0)
    assert page.evaluate("[...new FormData(document.forms[0]).keys()]") == ["comment"]
    assert tag(page, "value") == ""


def test_its_answer_is_the_kernels(watched: BrowserContext, examples: Site) -> None:
    page = visit(watched, examples, "element.html")
    wait_state(page, "ready")
    text = "great value, 但是 arrived broken"
    page.get_by_label("Comment", exact=True).fill(text)
    expect(page.locator("wasm-text-classifier [part=label]")).to_have_count(1)
    here = {"ran_on": None, "variant": None}
    kernel = wcw.Classifier.load("sentiment-zh-en").classify(text).to_dict()
    assert {**tag(page, "result"), **here} == {**kernel, **here}, "the same bits"


def test_nothing_global_is_left_by_it(watched: BrowserContext, site: Site) -> None:
    serve(site, '<wasm-text-classifier src="/models/sentiment-zh-en.safetensors"></wasm-text-classifier>')
    site.replies["/bare"] = Reply(body=b'<!doctype html><link rel="icon" href="data:,"><p>bare', headers=HTML)
    names = "Object.getOwnPropertyNames(globalThis).concat(Object.getOwnPropertySymbols(globalThis).map(String)).sort()"
    bare = visit(watched, site, "bare").evaluate(names)
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    assert set(page.evaluate(names)) - set(bare) == set()
    assert page.evaluate(
        "[document.adoptedStyleSheets.length, document.querySelectorAll('style, link[rel=stylesheet]').length]"
    ) == [0, 0]


def test_labels_and_names_that_are_html_are_shown_as_text(watched: BrowserContext, site: Site) -> None:
    evil = '<img src=x onerror="globalThis.hurt = 1">'
    clf = wcw.Classifier.from_weights(["good"], [[2.0]], [0.1], ["<b>no</b>", evil], name=evil, head="sigmoid")
    site.replies["/m.safetensors"] = file_reply(clf.model_bytes, "m.safetensors")
    serve(site, '<wasm-text-classifier src="m.safetensors" explore></wasm-text-classifier>')
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    page.get_by_role("textbox", name="Text to classify").fill("good")
    expect(page.locator("[part=label]")).to_have_text(evil)
    page.get_by_role("button", name="Why?").click()
    expect(page.locator(".wcw-ngrams li")).to_have_count(1)
    page.get_by_role("tab", name="Runtime").click()
    assert page.locator("img").count() == 0
    assert page.evaluate("'hurt' in globalThis") is False


def test_a_model_that_does_not_come_is_said_and_tried_again(browser: Any, site: Site) -> None:
    site.replies["/m.safetensors"] = Reply(404)
    serve(site, '<wasm-text-classifier src="m.safetensors"></wasm-text-classifier>')
    context = browser.new_context()  # not watched: the browser itself logs the 404
    page = visit(context, site, "page")
    wait_state(page, "failed")
    status = page.locator("wasm-text-classifier").get_by_role("status")
    expect(status).to_contain_text("404")
    assert tag(page, "problem")["code"] == "http-404"
    site.replies["/m.safetensors"] = file_reply(MODEL, "m.safetensors")
    page.get_by_role("button", name="Try again").click()
    wait_state(page, "ready")
    expect(status).to_have_text("")
    context.close()


def test_a_field_that_is_not_there_is_said(watched: BrowserContext, site: Site) -> None:
    serve(site, '<wasm-text-classifier src="/models/sentiment-zh-en.safetensors" for="nobody"></wasm-text-classifier>')
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    expect(page.locator("wasm-text-classifier").get_by_role("status")).to_contain_text(
        'no element with the id "nobody"'
    )
    assert tag(page, "problem")["code"] == "no-field"


def test_moved_it_goes_on_removed_it_lets_go_and_put_back_it_starts_again(watched: BrowserContext, site: Site) -> None:
    serve(
        site,
        '<wasm-text-classifier src="/models/sentiment-zh-en.safetensors"></wasm-text-classifier><div id="b"></div>',
    )
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    workers = len(page.workers)
    assert workers == 1
    page.evaluate(f"globalThis.kept = {TAG}; document.getElementById('b').append(kept)")
    assert tag(page, "state") == "ready"
    page.evaluate("kept.remove()")
    page.wait_for_timeout(200)
    assert page.evaluate("kept.state") == "idle"
    assert len(page.workers) == 0, "its worker is gone, and the memory with it"
    page.evaluate("document.body.append(kept)")
    wait_state(page, "ready")


def test_a_megabyte_pasted_does_not_freeze_the_page(watched: BrowserContext, site: Site) -> None:
    serve(site, '<wasm-text-classifier src="/models/sentiment-zh-en.safetensors"></wasm-text-classifier>')
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    longest = page.evaluate(
        """async () => {
            const field = document.querySelector("wasm-text-classifier").shadowRoot.querySelector("textarea");
            const data = new DataTransfer();
            data.setData("text/plain", "服务态度差 a dull film ".repeat(60_000));
            let last = performance.now(), longest = 0, running = true;
            const tick = () => {
                const now = performance.now();
                longest = Math.max(longest, now - last);
                last = now;
                if (running) requestAnimationFrame(tick);
            };
            requestAnimationFrame(tick);
            const answered = new Promise((resolve) => document.addEventListener("wcw-result", resolve, { once: true }));
            field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
            const { detail } = await answered;
            running = false;
            return [longest, detail.text.length, field.value.length, detail.result.label];
        }"""
    )
    assert longest[1] > 1_000_000, "it is classified whole"
    assert longest[2] < 3_000, "its beginning is shown"
    assert longest[3] == "negative"
    assert longest[0] < 1_000, f"the page stood still for {longest[0]:.0f} ms"


def test_who_hears_it_hears_the_answer_once_the_typing_pauses(watched: BrowserContext, site: Site) -> None:
    serve(site, '<wasm-text-classifier src="/models/sentiment-zh-en.safetensors"></wasm-text-classifier>')
    page = visit(watched, site, "page")
    wait_state(page, "ready")
    page.evaluate(
        f"""() => {{
            globalThis.said = [];
            const live = {TAG}.shadowRoot.querySelector("[aria-live=polite]");
            const told = () => said.push(live.textContent);
            new MutationObserver(told).observe(live, {{ childList: true, characterData: true, subtree: true }});
        }}"""
    )
    page.get_by_role("textbox").press_sequentially("a very good film", delay=100)
    page.wait_for_function("said.length > 0")
    assert page.evaluate("said") == [page.locator("[part=outcome]").inner_text()], "not after every key"
    assert "positive" in page.evaluate("said[0]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_and_the_keyboard(watched: BrowserContext, examples: Site, scheme: Any) -> None:
    page = visit(watched, examples, "element.html")
    page.emulate_media(color_scheme=scheme)
    wait_state(page, "ready")
    page.get_by_label("Comment", exact=True).fill("great value")
    expect(page.locator("[part=label]")).to_have_text("positive")
    assert violations(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Why?"
    expect(page.locator(".wcw-ngrams li").first).to_be_visible(timeout=15_000)
    assert violations(page) == []
    page.keyboard.press("Enter")  # "Close"
    expect(page.locator(".wcw")).to_have_count(0)


def test_the_library_and_the_whole_widget_under_a_strict_policy(watched: BrowserContext, examples: Site) -> None:
    page = visit(watched, examples, "module.html")
    expect(page.locator("#out")).to_contain_text("all the same", timeout=20_000)
    expect(page.locator("#out")).to_contain_text("negative")
    page = visit(watched, examples, "widget.html")
    expect(page.locator("[data-wcw=label]")).to_have_text("negative", timeout=20_000)
    page.get_by_role("tab", name="Parity").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("recorded answers replayed here")


@pytest.mark.parametrize("width", [200, 320])
def test_in_a_narrow_column_no_number_is_cropped(watched: BrowserContext, examples: Site, width: int) -> None:
    page = visit(watched, examples, "widget.html")
    page.set_viewport_size({"width": width, "height": 700})
    page.get_by_role("tab", name="Why").click()
    expect(page.locator(".wcw-ngrams li").first).to_be_visible(timeout=15_000)
    cropped = page.evaluate(
        """() => {
            const body = document.querySelector(".wcw-body");
            const { paddingRight } = getComputedStyle(body);
            const end = body.getBoundingClientRect().right - parseFloat(paddingRight);
            return [...document.querySelectorAll(".wcw-number")]
                .filter((el) => el.getBoundingClientRect().right > end + 0.5)
                .map((el) => el.textContent);
        }"""
    )
    assert cropped == []
