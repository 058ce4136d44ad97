"""Walks pages in a real browser: a page in a language, a theme and a width; what axe, the words and the weight say."""

from __future__ import annotations

import contextlib
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from browsing import public_of, sign_in, staff_of, with_passkey
from playwright.sync_api import Browser, Page

from seifas.drill.stage import Stage

LANGUAGES = ("lt", "en")
LOCALES = {"lt": "lt-LT", "en": "en-GB"}
THEMES = ("light", "dark")
LOOKS = {"lt": (("light", 390), ("dark", 1440)), "en": (("light", 1440), ("dark", 390))}
"""The theme and the width of the four looks of a page: every two of language, theme and width together once. All eight
would tell nothing more: a theme changes colours, and a width changes places."""
PORTAL = "portal"
INVITED = "kviestinis"
"""Who is no account of the demo's: a patient at the portal, and somebody who has just accepted an invitation."""

_TOUCHING = ("doctor1",)
PATIENCE_MS = 60_000
"""For what a page is waited for: somebody else's work may keep the machine."""
_MILD = ["region", "heading-order", "landmark-one-main", "landmark-unique", "page-has-heading-one", "empty-heading",
         "empty-table-header", "image-redundant-alt", "aria-allowed-role", "skip-link"]
"""Rules of axe that find nothing worse than moderate: not asked."""
_COLOURS = "color-contrast"
"""What four fifths of axe's time go to."""
_OF_LOOKS = [_COLOURS, "link-in-text-block", "scrollable-region-focusable", "aria-hidden-focus",
             "html-has-lang", "html-lang-valid", "valid-lang"]
"""Rules of axe that a theme, a width or a language can break."""
ALL, BUT_COLOURS, OF_LOOKS = "all", "all but colours", "of looks"

every_look = False
"""Whether a page is looked at in all of its four looks, each for its colours, too (--whole)."""

_AXE = """async ({off, only}) => (await axe.run(document, {
    resultTypes: ["violations"], ...(only ? {runOnly: only}
      : {rules: Object.fromEntries(off.map((id) => [id, {enabled: false}]))}),
  })).violations
  .filter((one) => one.impact === "serious" || one.impact === "critical")
  .map((one) => ({rule: one.id, at: one.nodes.slice(0, 3).map((node) => node.target.join(" "))}))"""
# Colours on their way to others would be measured in between; and some things move for ever.
SETTLED = """Promise.race([Promise.allSettled(document.getAnimations().map((one) => one.finished)),
  new Promise((done) => setTimeout(done, 600))]).then(() => document.documentElement.scrollWidth - innerWidth)"""
_OF_PEOPLE = re.compile(r"/desk/photo/|/gallery/|/my/photo/")


@dataclass(frozen=True)
class Visit:
    """One page: `name` for people, `who` an account ("" nobody), `address` without the origin, the `pattern` of its
    route if it has one of its own, and the `status` of the answer. `door` is the listener: staff, public or unlock.
    `before` does something to the clinic first; `prepare` leads on from the address to the page that is meant."""

    name: str
    who: str
    address: str
    pattern: str = ""
    status: int = 200
    door: str = "staff"
    before: Callable[[Clinic], None] | None = None
    prepare: Callable[[Page, Clinic], None] | None = None


@dataclass
class Clinic:
    """The served stage, and what its pages are about: ids by name."""

    stage: Stage
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def staff(self) -> str:
        return staff_of(self.stage)

    @property
    def public(self) -> str:
        return public_of(self.stage)

    def origin(self, visit: Visit) -> str:
        return {"staff": self.staff, "public": self.public, "unlock": f"http://localhost:{self.stage.port + 2}"}[
            visit.door
        ]


class Weighed:
    """Bytes of a page and of all that it loads but pictures of people, nothing of it from a cache."""

    def __init__(self, page: Page) -> None:
        self._bytes: dict[str, int] = {}
        self._addresses: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._loaded)

    def _answered(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["response"]["url"]

    def _loaded(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._addresses:  # else it is a late one of the page before
            self._bytes[event["requestId"]] = int(event["encodedDataLength"])

    def clear(self) -> None:
        self._bytes.clear()
        self._addresses.clear()

    @property
    def sum(self) -> int:
        return sum(
            size for ident, size in self._bytes.items() if not _OF_PEOPLE.search(self._addresses[ident])
        )


class Walker:
    """Signed-in browsers, one context for each account; the language is a cookie, the theme and width are set."""

    def __init__(self, browser: Browser, clinic: Clinic) -> None:
        self.clinic = clinic
        self._browser = browser
        self._pages: dict[str, tuple[Page, Weighed]] = {}
        self._looks: dict[Page, tuple[str, int]] = {}

    def page(self, who: str) -> Page:
        """The page of an account, signed in when it is first asked for."""
        return self._of(who)[0]

    def _of(self, who: str) -> tuple[Page, Weighed]:
        if who not in self._pages:
            context = self._browser.new_context(
                locale=LOCALES["lt"], viewport={"width": 390, "height": 844}, reduced_motion="reduce"
            )
            context.set_default_timeout(PATIENCE_MS)
            context.add_init_script(AXE_SCRIPT)  # sent once, not to every page anew
            page = context.new_page()
            if who == PORTAL:
                self._enter(page)
            elif who == INVITED:
                self._accept(page)
            elif who in _TOUCHING:
                with_passkey(page, self.clinic.stage, who)
            elif who:
                sign_in(page, self.clinic.stage, who)
            self._pages[who] = page, Weighed(page)
        return self._pages[who]

    def _enter(self, page: Page) -> None:
        with self.clinic.stage.admin() as admin:
            invited = admin.call("admin.portal_demo")[0]
        self.clinic.facts["portal:patient"] = invited["patient"].hex()
        page.goto(f"{self.clinic.public}/my")
        page.fill("[name=code]", invited["code"])
        page.fill("[name=birth]", invited["birth"])
        page.locator("form:has([name=code]) button").first.click()
        page.wait_for_load_state("load")

    def _accept(self, page: Page) -> None:
        with self.clinic.stage.admin() as admin:
            admin.call("admin.account_add", name=INVITED, display="Rūta Kviestinė", hats=["nurse"])
            token = admin.call("admin.invite", name=INVITED)["token"]
        page.goto(f"{self.clinic.staff}/auth/invite/{token}")
        page.locator("main form button").click()
        page.wait_for_url("**/desk/account")

    def show(self, visit: Visit, language: str) -> tuple[Page, int, int]:
        """(the page, loaded; the status of its answer; its weight in bytes) of a visit in a language."""
        if visit.before is not None:
            visit.before(self.clinic)
        page, weighed = self._of(visit.who)
        origin = self.clinic.origin(visit)
        page.context.add_cookies([{"name": "language", "value": language, "url": origin}])
        weighed.clear()
        answer = page.goto(origin + visit.address, wait_until="load")
        assert answer is not None
        if visit.prepare is not None:
            visit.prepare(page, self.clinic)
        return page, answer.status, weighed.sum

    def look(self, page: Page, theme: str, width: int) -> int:
        """Shows a page in a theme at a width, until nothing moves; the pixels by which it is wider than the screen.
        What is so already is left: the next page of the same browser begins as the last one was looked at."""
        before = self._looks.get(page)
        if before is None or before[0] != theme:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        if before is None or before[1] != width:
            page.set_viewport_size({"width": width, "height": 844 if width < 700 else 1000})
        self._looks[page] = theme, width
        return int(page.evaluate(SETTLED))

    def close(self) -> None:
        for page, _ in self._pages.values():
            page.context.close()


def asked_of(name: str, language: str) -> list[tuple[int, str]]:
    """How the page of this name is looked at in a language: [(which of the language's two looks, which of axe's
    rules: ALL, BUT_COLOURS, OF_LOOKS or none)].

    Without `every_look` it is one look in each language, of one theme and both widths, and the name picks which, in
    which of the two axe is asked, and whether for colours: pages share their frame, their parts and their colours, so
    that every rule meets them in each language, theme and width on many pages.
    """
    if every_look:
        return [(0, ALL), (1, OF_LOOKS)]
    picked = zlib.crc32(name.encode())
    asked = LANGUAGES[picked // 2 % len(LANGUAGES)] == language
    return [(picked % 2, (ALL if picked // 4 % 2 else BUT_COLOURS) if asked else "")]


def grave(page: Page, rules: str = ALL) -> list[dict[str, Any]]:
    """What axe finds serious or critical: [{rule, at: selectors of the first three}]."""
    if not rules:
        return []
    off = [*_MILD, _COLOURS] if rules == BUT_COLOURS else _MILD
    found: list[dict[str, Any]] = page.evaluate(_AXE, {"off": off, "only": _OF_LOOKS if rules == OF_LOOKS else None})
    return found


def report(rows: list[dict[str, Any]]) -> str:
    """Findings as lines to read."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def browse(clinic: Clinic, account: str) -> contextlib.closing[Any]:
    """A browser without pages, signed in to the desk."""
    return contextlib.closing(clinic.stage.sign_in(account))
