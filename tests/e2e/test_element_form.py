"""``<wasm-text-classifier>`` as a form's control, and the field that it watches."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from element_page import HTML, OWN, SRC, TAG, serve, tag, visit, wait_state
from site_server import Reply, Site

FORM = f"""<form><textarea id="c" name="c"></textarea>
<wasm-text-classifier {SRC} for="c" name="mood"></wasm-text-classifier></form>"""
OWN_FORM = (
    f'<form action="sent"><wasm-text-classifier {SRC} name="mood"></wasm-text-classifier><button>Send</button></form>'
)
SENT = "[...new FormData(document.forms[0])].map((pair) => pair.join('='))"
TYPE = """(text) => {
    const field = document.getElementById("c");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""
EVENTS = """() => {
    globalThis.events = [];
    for (const name of ["wcw-ready", "wcw-result", "wcw-empty", "wcw-error"]) {
        document.addEventListener(name, ({ detail }) => events.push([name, detail?.text ?? detail?.code ?? null]));
    }
}"""


def ready(context: BrowserContext, site: Site, body: str) -> Page:
    serve(site, body)
    page = visit(context, site, "page")
    wait_state(page, "ready")
    return page


def labelled(page: Page, label: str) -> None:
    """Waits until this label is what the form sends."""
    page.wait_for_function(f"(label) => {TAG}.value === label", arg=label, timeout=8000)


def test_no_form_sends_the_label_of_another_text(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(TYPE, "great value")
    labelled(page, "positive")
    assert page.evaluate(SENT) == ["c=great value", "mood=positive"]
    page.evaluate(TYPE, "服务态度差")
    at_once = page.evaluate(f"(text) => {{ ({TYPE})(text); return {SENT}; }}", "服务态度差")
    assert at_once == ["c=服务态度差"]
    labelled(page, "negative")
    assert page.evaluate(f"(text) => {{ ({TYPE})(text); return {SENT}; }}", "") == ["c="]


def test_a_form_that_is_reset_sends_no_label(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(TYPE, "great value")
    labelled(page, "positive")
    assert page.evaluate(f"() => {{ document.forms[0].reset(); return {SENT}; }}") == ["c="]
    expect(page.locator("[part=label]")).to_have_count(0)


def test_a_text_that_a_script_sets_without_telling_is_not_sent_with_the_old_label(
    watched: BrowserContext, site: Site
) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(TYPE, "great value")
    labelled(page, "positive")
    page.evaluate(
        f"""() => {{
            document.forms[0].addEventListener("submit", (event) => {{
                event.preventDefault();
                globalThis.sent = {SENT};
            }});
            document.getElementById("c").value = "";
            document.forms[0].requestSubmit();
        }}"""
    )
    assert page.evaluate("sent") == ["c="]


def test_a_text_typed_while_the_model_loads_goes_without_a_label_until_there_is_one(
    watched: BrowserContext, site: Site
) -> None:
    serve(site, FORM)
    held: list[Route] = []
    page = watched.new_page()
    page.route("**/*.safetensors", lambda route: held.append(route))
    page.goto(f"{site.url}page")
    wait_state(page, "loading")
    page.evaluate(TYPE, "great value")
    page.wait_for_timeout(100)
    assert page.evaluate(SENT) == ["c=great value"]
    held[0].continue_()
    labelled(page, "positive")


def test_blanks_are_no_text_and_an_emptied_text_is_told(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(EVENTS)
    page.evaluate(TYPE, " \n")
    page.wait_for_timeout(150)
    page.evaluate(TYPE, "great value")
    labelled(page, "positive")
    page.evaluate(TYPE, "  ")
    page.wait_for_function("events.length === 2")
    assert page.evaluate("events") == [["wcw-result", "great value"], ["wcw-empty", None]]
    assert page.evaluate(SENT) == ["c=  "]
    expect(page.locator("[part=label]")).to_have_count(0)


def test_a_word_in_the_midst_of_its_composition_is_not_classified(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(EVENTS)
    page.evaluate(
        """() => {
            const field = document.getElementById("c");
            for (const text of ["f", "fu", "fuwu"]) {
                field.value = text;
                field.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
            }
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("events") == []
    page.evaluate(
        """() => {
            const field = document.getElementById("c");
            field.value = "服务态度差";
            field.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true, data: "服务态度差" }));
        }"""
    )
    labelled(page, "negative")
    assert page.evaluate("events") == [["wcw-result", "服务态度差"]]


def test_its_own_field_is_reset_with_the_form(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, OWN_FORM)
    page.get_by_role("textbox").fill("great value")
    labelled(page, "positive")
    assert page.evaluate(f"() => {{ document.forms[0].reset(); return [{SENT}, {OWN}.value]; }}") == [[], ""]
    expect(page.locator("[part=label]")).to_have_count(0)


def test_its_own_field_comes_back_with_the_reader(watched: BrowserContext, site: Site) -> None:
    site.replies["/sent"] = Reply(body=b'<!doctype html><link rel="icon" href="data:,"><p>sent', headers=HTML)
    page = ready(watched, site, OWN_FORM)
    page.get_by_role("textbox").fill("great value")
    labelled(page, "positive")
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/sent?mood=positive")
    page.go_back()
    wait_state(page, "ready")
    assert tag(page, "text") == "great value"
    labelled(page, "positive")


def test_its_own_field_keeps_its_text_where_it_is_removed_and_put_back(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, OWN_FORM)
    for text in ("great value", "great value " * 9_000):
        page.evaluate(f"(text) => {{ {TAG}.text = text; }}", text)
        labelled(page, "positive")
        page.evaluate(f"() => {{ globalThis.kept = {TAG}; kept.remove(); }}")
        page.wait_for_timeout(100)
        page.evaluate("() => document.forms[0].append(kept)")
        assert tag(page, "text") == text
        labelled(page, "positive")


def test_a_long_text_can_be_cleared(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, OWN_FORM)
    clear = page.locator("wasm-text-classifier").get_by_role("button", name="Clear")
    expect(clear).to_have_count(0)
    page.evaluate(f"() => {{ {TAG}.text = 'great value '.repeat(90_000); }}")
    labelled(page, "positive")
    expect(clear).to_contain_text("1,080,000 characters")
    clear.click()
    assert tag(page, "text") == ""
    page.keyboard.type("服务态度差")
    labelled(page, "negative")
    expect(clear).to_have_count(0)


@pytest.mark.parametrize(("fieldset", "own"), [("", "disabled"), ("disabled", "")], ids=["tag", "fieldset"])
def test_disabled_it_takes_no_text(watched: BrowserContext, site: Site, fieldset: str, own: str) -> None:
    element = f"<wasm-text-classifier {SRC} {own}></wasm-text-classifier>"
    page = ready(watched, site, f"<form><fieldset {fieldset}>{element}</fieldset></form>")
    expect(page.get_by_role("textbox")).to_be_disabled()
    page.evaluate(f"() => {{ {TAG}.disabled = document.querySelector('fieldset').disabled = false; }}")
    expect(page.get_by_role("textbox")).to_be_enabled()


def test_properties_set_before_the_tag_is_defined_count(watched: BrowserContext, site: Site) -> None:
    set_early = """<script type="module">
        Object.assign(document.querySelector("wasm-text-classifier"), {
            src: "/models/sentiment-zh-en.safetensors", name: "mood", htmlFor: "c", text: "great value",
        });
        await import("/dist/element.js");
    </script>"""
    serve(site, '<form><textarea id="c"></textarea><wasm-text-classifier></wasm-text-classifier></form>', set_early)
    page = visit(watched, site, "page")
    labelled(page, "positive")
    assert page.evaluate(SENT) == ["mood=positive"]
    assert page.evaluate("document.getElementById('c').value") == "great value"
    page.evaluate(f"() => {{ {TAG}.htmlFor = ''; }}")
    assert tag(page, "getAttribute('for')") == "", "the property is the class's again"


def test_a_field_that_comes_later_or_is_replaced_is_found(watched: BrowserContext, site: Site) -> None:
    serve(site, f'<form><wasm-text-classifier {SRC} for="c"></wasm-text-classifier><p id="here"></p></form>')
    page = watched.new_page()
    page.add_init_script(f"({EVENTS})()")
    page.goto(f"{site.url}page")
    wait_state(page, "ready")
    assert ["wcw-error", "no-field"] in page.evaluate("events")
    assert tag(page, "problem")["code"] == "no-field"
    put = "(text) => { document.getElementById('here').innerHTML = `<textarea id=c>${text}</textarea>`; }"
    page.evaluate(put, "great value")
    labelled(page, "positive")
    assert tag(page, "problem") is None
    expect(page.locator("wasm-text-classifier").get_by_role("status")).to_have_text("")
    page.evaluate(put, "服务态度差")
    labelled(page, "negative")
    page.locator("#c").fill("great value")
    labelled(page, "positive")


def test_a_field_added_in_the_same_turn_is_no_error(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, FORM)
    page.evaluate(EVENTS)
    page.evaluate(
        """() => {
            const late = document.createElement("wasm-text-classifier");
            late.htmlFor = "late";
            document.body.append(late);
            const field = document.createElement("textarea");
            field.id = "late";
            document.body.append(field);
        }"""
    )
    page.wait_for_timeout(100)
    assert page.evaluate("events") == []


def test_for_that_is_set_later_takes_the_place_of_its_own_field(watched: BrowserContext, site: Site) -> None:
    page = ready(
        watched, site, f'<textarea id="c">great value</textarea><wasm-text-classifier {SRC}></wasm-text-classifier>'
    )
    page.evaluate(f"() => {{ {TAG}.text = '服务态度差'; }}")
    labelled(page, "negative")
    page.evaluate(f"() => {{ {TAG}.htmlFor = 'c'; }}")
    labelled(page, "positive")
    assert page.evaluate(OWN) is None
    page.evaluate(f"() => {{ {TAG}.removeAttribute('for'); }}")
    labelled(page, "negative")


@pytest.mark.parametrize("body", [FORM, OWN_FORM], ids=["page's field", "own field"])
def test_a_form_waits_for_a_required_label(watched: BrowserContext, site: Site, body: str) -> None:
    page = ready(
        watched,
        site,
        body.replace('name="mood"', 'name="mood" id="w" required').replace("<form", "<label for=w>Mood</label><form"),
    )
    state: Any = page.evaluate(
        f"[{TAG}.checkValidity(), {TAG}.validity.valueMissing, {TAG}.willValidate, {TAG}.labels.length]"
    )
    assert state == [False, True, True, 1]
    assert tag(page, "validationMessage") != ""
    page.evaluate(
        """() => document.forms[0].addEventListener("submit", (event) => {
            event.preventDefault();
            globalThis.sent = true;
        })"""
    )
    page.evaluate("document.forms[0].requestSubmit()")
    assert page.evaluate("globalThis.sent") is None
    page.evaluate(f"() => {{ {TAG}.text = 'great value'; }}")
    labelled(page, "positive")
    page.evaluate("document.forms[0].requestSubmit()")
    assert page.evaluate("globalThis.sent") is True


def test_in_a_row_it_has_a_width(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, f'<div style="display: flex"><wasm-text-classifier {SRC}></wasm-text-classifier></div>')
    assert tag(page, "getBoundingClientRect().width") >= 240


def test_every_attribute_is_a_property_and_undefined_takes_it_away(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, f"<wasm-text-classifier {SRC}></wasm-text-classifier>")
    given: Any = page.evaluate(
        """() => {
            const el = document.createElement("wasm-text-classifier");
            const words = ["src", "htmlFor", "name", "base", "sha256"];
            const switches = ["required", "disabled", "explore"];
            for (const name of words) el[name] = name;
            for (const name of switches) el[name] = true;
            const set = [el.outerHTML, words.map((name) => el[name]), switches.map((name) => el[name])];
            for (const name of [...words, ...switches]) el[name] = undefined; // as React 19 does
            return [...set, el.outerHTML, words.map((name) => el[name]), switches.map((name) => el[name])];
        }"""
    )
    words = ["src", "htmlFor", "name", "base", "sha256"]
    tag_of = '<wasm-text-classifier src="src" for="htmlFor" name="name" base="base" sha256="sha256"'
    assert given == [
        f'{tag_of} required="" disabled="" explore=""></wasm-text-classifier>',
        words,
        [True, True, True],
        "<wasm-text-classifier></wasm-text-classifier>",
        [""] * 5,
        [False] * 3,
    ]


def test_a_hash_set_as_a_property_pins_the_model(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, f"<wasm-text-classifier {SRC}></wasm-text-classifier>")
    page.evaluate(f"() => {{ {TAG}.sha256 = '0'.repeat(64); }}")
    wait_state(page, "failed")
    assert tag(page, "problem")["code"] == "model-altered"


def test_a_text_that_is_none_is_empty_and_a_number_is_its_digits(watched: BrowserContext, site: Site) -> None:
    page = ready(watched, site, OWN_FORM)
    page.evaluate(f"() => {{ {TAG}.text = 42; }}")
    assert tag(page, "text") == "42"
    for none in ("null", "undefined"):
        page.evaluate(f"() => {{ {TAG}.text = 'great value'; }}")
        labelled(page, "positive")
        page.evaluate(f"() => {{ {TAG}.text = {none}; }}")
        assert tag(page, "text") == ""
        labelled(page, "")


def test_the_lines_of_an_editable_element_are_kept_apart(watched: BrowserContext, site: Site) -> None:
    page = ready(
        watched,
        site,
        f'<div id="c" contenteditable></div><wasm-text-classifier {SRC} for="c"></wasm-text-classifier>',
    )
    page.locator("#c").click()
    page.keyboard.type("great value")
    page.keyboard.press("Enter")
    page.keyboard.type("works well")
    labelled(page, "positive")
    assert tag(page, "text") == "great value\nworks well"


def test_moved_to_another_shadow_root_it_watches_the_field_there(watched: BrowserContext, site: Site) -> None:
    page = ready(
        watched, site, f'<wasm-text-classifier {SRC} for="c"></wasm-text-classifier><textarea id="c"></textarea>'
    )
    page.evaluate(
        f"""() => {{
            const host = document.createElement("div");
            document.body.append(host);
            globalThis.inner = host.attachShadow({{ mode: "open" }});
            inner.innerHTML = '<form><textarea id="c">服务态度差</textarea></form>';
            globalThis.kept = {TAG};
            inner.querySelector("form").append(kept);
        }}"""
    )
    page.wait_for_function("kept.value === 'negative'")
    assert page.evaluate("kept.state") == "ready", "it is not loaded again"
    page.evaluate("inner.querySelector('textarea').value = 'great value'")
    page.evaluate(
        """() => inner.querySelector("form").addEventListener("submit", (event) => {
            event.preventDefault();
            globalThis.sent = [...new FormData(event.target).keys()];
        })"""
    )
    page.evaluate("inner.querySelector('form').requestSubmit()")
    assert page.evaluate("sent") == [], "the new root's forms are looked at too"


def test_the_focus_stays_in_the_element_when_the_reader_tries_again(browser: Any, site: Site) -> None:
    site.replies["/m.safetensors"] = Reply(404)
    serve(
        site,
        '<wasm-text-classifier src="m.safetensors"></wasm-text-classifier>'
        '<textarea id="c"></textarea><wasm-text-classifier src="m.safetensors" for="c"></wasm-text-classifier>',
    )
    context = browser.new_context()  # not watched: the browser itself logs the 404
    page = visit(context, site, "page")
    expect(page.locator("wasm-text-classifier:state(failed)")).to_have_count(2)
    for i, part in enumerate(["field", "box"]):
        page.get_by_role("button", name="Try again").nth(i).press("Enter")
        focused = f"document.querySelectorAll('wasm-text-classifier')[{i}].shadowRoot.activeElement?.part.value"
        assert page.evaluate(focused) == part
        expect(page.locator("wasm-text-classifier:state(failed)")).to_have_count(2)
    context.close()


def test_its_own_field_has_the_name_that_the_page_gives_the_element(watched: BrowserContext, site: Site) -> None:
    label = '<label for="w">Your comment</label>'
    page = ready(watched, site, f'{label}<wasm-text-classifier id="w" {SRC}></wasm-text-classifier>')
    expect(page.get_by_role("textbox", name="Your comment", exact=True)).to_be_visible()
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate(f"() => {{ {TAG}.src += '?again'; }}")
    expect(page.get_by_role("textbox", name="Text to classify", exact=True)).to_be_visible()
