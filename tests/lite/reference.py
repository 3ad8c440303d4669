"""The three reference texts, typed into the widget of try-it."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import expect
from site_page import PATIENCE, SECONDS, SitePage

REFERENCE = ["这个产品非常好用推荐购买", "服务态度差再也不来了", "今天天气不错适合出门"]


def reference(page: SitePage) -> list[dict[str, Any]]:
    """What the tab says of each, and what the kernel says."""
    widget = page.widget()
    field = widget.get_by_label("Text to classify")
    rows = []
    for text in REFERENCE:
        field.fill("")
        field.fill(text)
        # The tab's answer is here when it is the one to this text, which has as many known features.
        page.until(f"w.result and w.result['known_features'] == clf.classify({text!r}).known_features")
        label = page.kernel(f"print(clf.classify({text!r}).label)").strip()
        expect(widget.locator("[data-wcw=label]")).to_have_text(re.compile(label), timeout=PATIENCE * SECONDS)
        asked = f"import json; print(json.dumps([w.result, clf.classify({text!r}).to_dict()]))"
        tab, kernel = json.loads(page.kernel(asked))
        rows.append({"tab": tab, "kernel": kernel})
    return rows
