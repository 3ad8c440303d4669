"""Pages that stand alone: what is in the file, what its policy says, and that nothing of a user's breaks out of it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html as escapes
import json
import re
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

import wasm_clf_widget as wcw
from wasm_clf_widget.assets import tab_asset
from wasm_clf_widget.html import PARTS, page

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def clf() -> wcw.Classifier:
    return wcw.Classifier.from_weights(
        ["good", "bad"], [[1.5, -1.75]], [0.125], [HOSTILE, "positive"], name=HOSTILE, head="sigmoid"
    )


def blocks(html: str) -> dict[str, tuple[str, str]]:
    """Name → (hash written beside it, content) of each data block."""
    found = re.findall(
        r'<script type="application/octet-stream" data-wcw="([^"]+)" data-sha256="([^"]+)">([^<]*)<', html
    )
    return {name: (digest, content) for name, digest, content in found}


def test_it_holds_the_model_both_engines_and_the_program_under_their_hashes(clf: wcw.Classifier) -> None:
    found = blocks(page(clf))
    assert set(found) == {"model", *PARTS}
    for name, (digest, content) in found.items():
        data = gzip.decompress(base64.b64decode(content))
        assert data == (clf.model_bytes if name == "model" else tab_asset(name, clf.model).data)
        assert hashlib.sha256(data).hexdigest() == digest


def test_its_policy_allows_no_request_and_only_its_own_script(clf: wcw.Classifier) -> None:
    html = page(clf)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    directives = {words[0]: words[1:] for words in (part.split() for part in policy[1].split(";"))}
    script = re.search(r'<script type="module">(.*?)</script>', html, re.S)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert directives["default-src"] == ["'none'"]
    assert "connect-src" not in directives, "the default holds for it"
    assert directives["script-src"] == [f"'sha256-{digest}'", "blob:", "'wasm-unsafe-eval'"]
    assert not re.search(r"(?:src|href)=[\"']?https?:", re.sub(r"<script.*?</script>", "", html, flags=re.S))


def test_nothing_of_a_users_breaks_out_of_it(clf: wcw.Classifier) -> None:
    html = page(clf, title=HOSTILE, text=f"{HOSTILE}<!--<script>\ud800")
    assert html.lower().count("<img") == 0
    assert html.lower().count("</script>") == len(PARTS) + 3, "settings, model, parts and program end theirs"
    settings = re.search(r'data-wcw="settings">(.*?)</script>', html)
    assert settings is not None
    assert json.loads(settings[1]) == {"title": HOSTILE, "text": f"{HOSTILE}<!--<script>\ufffd"}


def test_it_is_the_same_bytes_every_time(clf: wcw.Classifier) -> None:
    assert page(clf) == page(clf)


def test_a_page_is_written_whole_or_not_at_all(
    clf: wcw.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "reviews.html"
    assert clf.to_html(target, text="good") == target
    old = target.read_bytes()
    assert old.decode("utf-8") == page(clf, text="good")

    def broken(_fd: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        clf.to_html(target, text="bad")
    assert target.read_bytes() == old
    assert list(tmp_path.iterdir()) == [target], "nothing half-written is left"


@pytest.mark.parametrize("path", ["reviews", "reviews.safetensors", "reviews.txt"])
def test_a_page_ends_in_html(clf: wcw.Classifier, path: str) -> None:
    with pytest.raises(wcw.InputError, match=r"ends in \.html"):
        clf.to_html(path)


@pytest.mark.parametrize("height", [0, 10_000, "300", True, 3.5])
def test_a_height_that_is_none(clf: wcw.Classifier, height: object) -> None:
    with pytest.raises(wcw.InputError, match="160 to 4000"):
        wcw.ClassifierWidget(clf).embed(height=height)  # type: ignore[arg-type]


def test_a_title_that_is_no_text(clf: wcw.Classifier) -> None:
    with pytest.raises(wcw.InputError, match="title is a str"):
        clf.to_html("a.html", title=3)  # type: ignore[arg-type]


def test_the_widgets_page_has_its_text(clf: wcw.Classifier, tmp_path: Path) -> None:
    widget = wcw.ClassifierWidget(clf, text="so good")
    assert '"text": "so good"' in widget.to_html(tmp_path / "w.html").read_text("utf-8")


def test_embed_stays_in_what_nbconvert_exports(clf: wcw.Classifier) -> None:
    shown = wcw.ClassifierWidget(clf, text="so good").embed(title=HOSTILE)
    output = nbformat.v4.new_output("display_data", {"text/html": shown._repr_html_(), "text/plain": "a page"})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w.embed()", outputs=[output])])
    html, _ = HTMLExporter(mathjax_url="", require_js_url="").from_notebook_node(notebook)
    frame = re.search(r'<iframe sandbox="([^"]*)"', html)
    assert frame is not None
    assert frame[1].split() == ["allow-scripts", "allow-downloads"], "an origin of its own: never allow-same-origin"
    srcdoc = re.search(r'srcdoc="([^"]*)"', html)
    assert srcdoc is not None
    assert escapes.unescape(srcdoc[1]) == shown.html
