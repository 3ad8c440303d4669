"""What axe finds wrong with a page, for those who read it by ear, by keyboard or with tired eyes."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from site_server import ROOT


@cache
def _source() -> str:
    return (ROOT / "js/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, selector: str = "body") -> list[str]:
    """Rule, what it says, and where; shadow roots are looked into."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(f"{_source()}; 0")
    found: list[str] = page.evaluate(
        """async (selector) => {
            const { violations } = await axe.run(selector, { resultTypes: ["violations"] });
            const where = ({ target }) => target.flat().join(" ");
            return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help} (${where(node)})`));
        }""",
        selector,
    )
    return found
