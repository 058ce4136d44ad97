"""One page of a flow under axe, in both languages, at two widths; and a form that is sent without a refusal."""

from __future__ import annotations

from collections.abc import Callable

import walking
from playwright.sync_api import Page
from shown_words import read, wrong

from seifas.web.words import say

_UNFOLD = "for (const one of document.querySelectorAll('main details')) one.open = true"


def looked_at(
    page: Page, staff: str, name: str, *, unfolded: bool = False, language: str = "lt",
    show: Callable[[], object] | None = None,
) -> None:
    """Whatever is wrong with the page that is shown fails here. `unfolded`: with all of its details open; `language`
    is the one that it is left in; `show` loads it, if that is not to load again what is there."""
    texts = {}
    for one in (*(each for each in walking.LANGUAGES if each != language), language):
        page.context.add_cookies([{"name": "language", "value": one, "url": staff}])
        (show or page.reload)()
        assert page.locator("html").get_attribute("lang") == one, name
        assert page.locator("h1").count() == 1, name
        if unfolded:
            page.evaluate(_UNFOLD)
        texts[one] = read(page)
        for place, rules in walking.asked_of(name, one):
            theme, width = walking.LOOKS[one][place]
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(walking.SETTLED) <= 0, (name, width)
            found = walking.grave(page, rules)
            assert not found, (name, one, width, theme, walking.report(found))
    mistakes = wrong(texts["lt"], texts["en"])
    assert not any(mistakes.values()), (name, mistakes)


def sent(page: Page, button: str) -> None:
    """Presses a button of a Lithuanian page."""
    with page.expect_navigation():
        page.get_by_role("button", name=say("lt", button), exact=True).first.click()
    said = page.locator("div.said[role=alert]")
    assert said.count() == 0, said.inner_text()
