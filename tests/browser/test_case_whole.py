"""A whole incident in a real browser, as its officer goes through it from the first signal to the last word. Each page
is looked at by axe in both languages and both widths, and may speak one language only."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Callable

import pytest
import walking
from browsing import staff_of, with_passkey
from looked_at import looked_at
from playwright.sync_api import Page

from seifas.drill.stage import Stage
from seifas.web.desk.cases.sections import MORE, SECTIONS
from seifas.web.words import LANGUAGES, say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SAMPLE = "Surname;Name;Born\r\nPetraitis;Jonas;1970-01-01\r\n"
WORDING = "Pay 300 BTC to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa until the end of June or we publish everything."


class Officer:
    """An officer at their browser, who reads one language."""

    def __init__(self, page: Page, staff: str, language: str) -> None:
        self.page, self.staff, self.language = page, staff, language
        self.looking = language == LANGUAGES[0]
        self.case = ""

    def say(self, key: str, **words: object) -> str:
        return say(self.language, key, **words)

    def go(self, last: str = "") -> None:
        answer = self.page.goto(f"{self.case}/{last}".rstrip("/"))
        assert answer is not None
        assert answer.status == 200, last

    def press(self, key: str, within: str = "main") -> None:
        with self.page.expect_navigation():
            self.page.locator(within).get_by_role("button", name=self.say(key), exact=True).first.click()
        refused = self.page.locator("div.said[role=alert]")
        assert refused.count() == 0, refused.first.inner_text()

    def sign(self, key: str, within: str = "main") -> None:
        """Presses a button whose deed is signed, and touches the passkey that is asked for."""
        self.press(key, within)
        self.page.locator("main [data-passkey] button").click()
        self.page.locator(".case-places").wait_for()

    def fill(self, **fields: str) -> None:
        """Fields by their ids; hyphens are written as underscores."""
        for name, value in fields.items():
            self.page.fill(f"#{name.replace('_', '-')}", value)

    def choose(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.select_option(f"#{name.replace('_', '-')}", value)

    def see(self, name: str) -> None:
        """Looks at the page, if this officer is the one who does."""
        if self.looking:
            self.look(name)

    def look(self, name: str) -> None:
        """Whatever is wrong with the page that is shown fails here."""
        before = self.page.viewport_size
        looked_at(self.page, self.staff, name, language=self.language)
        self.page.set_viewport_size(before or {"width": 390, "height": 844})


@pytest.fixture
def arrive(opened: Callable[..., Page], shared_stage: Stage) -> Callable[[str, str, int], Officer]:
    def come(account: str, language: str, width: int) -> Officer:
        page = opened(
            viewport={"width": width, "height": 900}, extra_http_headers={"Accept-Language": language},
            reduced_motion="reduce",
        )
        page.context.add_init_script(walking.AXE_SCRIPT)
        with_passkey(page, shared_stage, account)
        return Officer(page, staff_of(shared_stage), language)

    return come


@pytest.mark.parametrize(("account", "language", "width"), [("officer1", "lt", 390), ("officer2", "en", 1440)])
def test_an_incident_from_its_first_signal_to_its_last_word(
    arrive: Callable[[str, str, int], Officer], account: str, language: str, width: int
) -> None:
    officer = arrive(account, language, width)
    _opened(officer)
    _worked_on(officer)
    _clocks(officer)
    _evidence(officer)
    _demanded(officer)
    _decided(officer)
    _counted(officer)
    _tipped(officer)
    _filed(officer)
    _spoken(officer)
    for last, _ in (*SECTIONS, *MORE):
        officer.go(last)
        officer.see(last or "overview")
    _closed(officer)


def _ago(**before: int) -> datetime.datetime:
    """The clinic's time so long ago: there is no wrong hour in the night of a change of clocks."""
    at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(**before)
    return at.astimezone(zoneinfo.ZoneInfo("Europe/Vilnius"))


def _opened(officer: Officer) -> None:
    page = officer.page
    page.goto(f"{officer.staff}/desk")
    page.get_by_role("link", name=officer.say("cases"), exact=True).click()
    officer.fill(c_title="Laiškas su 35 pacientų įrašais")
    officer.choose(c_kind="extortion")
    officer.press("case-begin-do")
    officer.case = page.url
    assert officer.say("case-aware-none") in page.inner_text("main")
    officer.see("overview, empty")


def _worked_on(officer: Officer) -> None:
    page = officer.page
    page.locator("section[aria-labelledby=g-do] a").click()
    officer.press("case-steps-do")
    assert page.locator("li.task").count() == 8
    page.locator("li.task input[name=outcome]").first.fill("Serveriai palikti įjungti")
    with page.expect_navigation():
        page.locator("li.task button[value=done]").first.click()
    assert page.locator("li.task").count() == 7
    page.locator(".case-more").get_by_role("link", name=officer.say("case-people"), exact=True).click()
    for name, role in (("Jonas Pavyzdys", "director"), ("Aistė Pavyzdė", "counsel"), ("Rasa Pavyzdienė", "officer")):
        officer.fill(p_name=name)
        officer.choose(p_role=role)
        officer.press("case-keep", "#add")
    assert page.locator("p.said.note").count() == 0  # everybody who has to know stands here
    now = _ago(minutes=10)
    officer.fill(k_day=now.strftime("%Y-%m-%d"), k_time=now.strftime("%H:%M"), k_what="35 įrašai yra pas svetimus")
    officer.press("case-told-keep", "section[aria-labelledby=told-head]")
    assert "35 įrašai yra pas svetimus" in page.inner_text("table")
    officer.go("claims")
    for says, kind in (("24 000 pacientų", "extorter"), ("25 000 nuotraukų", "press")):
        officer.fill(m_subject="Kiek paimta", m_says=says, m_source="Pats laiškas")
        officer.choose(m_kind=kind)
        officer.press("case-keep", "#add")
    assert officer.say("case-claims-differ") in page.inner_text("main")


def _clocks(officer: Officer) -> None:
    """An event that a clock hangs on is signed, and the clock is what is seen first."""
    page, now = officer.page, _ago(minutes=5)
    officer.go()
    officer.fill(e_what="Įrašai sutampa su mūsų pacientų", e_day=now.strftime("%Y-%m-%d"),
                 e_time=now.strftime("%H:%M"), e_source="Pareigūnė")  # fmt: skip
    officer.choose(e_word="aware")
    officer.sign("case-event-keep", "#add")
    assert officer.say("case-signed") in page.inner_text(".chronicle")
    assert officer.say("case-left", left="").strip() in page.inner_text("section.due")
    page.locator("section.due a").click()
    officer.choose(q_risk="high")
    officer.press("case-keep", "section[aria-labelledby=profile]")
    officer.press("due-issue", "section[aria-labelledby=pending]")
    assert page.locator("li.task").count() >= 2


def _evidence(officer: Officer) -> None:
    page = officer.page
    officer.go("evidence")
    officer.fill(a_origin="Laiško priedas")
    page.set_input_files("#a-file", {"name": "sample.csv", "mimeType": "text/csv", "buffer": SAMPLE.encode()})
    officer.press("evidence-send", "#add")
    assert "sample.csv" in page.inner_text(".evidence-item")


def _demanded(officer: Officer) -> None:
    page, now = officer.page, _ago()
    officer.go("demands")
    officer.fill(m_amount="300", m_seen=now.strftime("%Y-%m-%d"), m_wording=WORDING)
    officer.choose(m_unit="BTC", m_fixed="BTC")
    officer.press("demand-keep")
    assert "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa" in page.inner_text("main")
    officer.go("takedown")
    officer.fill(t_url="http://198.51.100.7/sample")
    officer.press("takedown-keep")
    assert "198.51.100.7" in page.inner_text("main")


def _decided(officer: Officer) -> None:
    officer.go("decisions")
    officer.fill(d_question="Ar mokėti?", d_decided="Nemokėti", d_grounds="Policijos patarimas")
    officer.sign("case-decision-keep")
    assert "Nemokėti" in officer.page.inner_text("article.decision")


def _counted(officer: Officer) -> None:
    """A host that held the keys was in strange hands: everybody is within reach. A wave of notices is asked for."""
    page = officer.page
    officer.go("affected")
    officer.choose(a_keys="host")
    officer.press("affected-compute", "#add")
    officer.go()
    reachable = page.locator("dl.sums div", has_text=officer.say("case-n-reachable")).locator("dd")
    assert int("".join(one for one in reachable.inner_text() if one.isdigit())) >= 300
    officer.go("notices")
    page.check("input[name=grade-reachable]")
    for language in LANGUAGES:
        page.fill(f"#n-happened-{language}", "Svetimi galėjo skaityti įrašus.")
        page.fill(f"#n-measures-{language}", "Raktai pakeisti, prieiga uždaryta.")
    officer.fill(n_dpo="Rasa Pavyzdienė, clinic@example.org", n_phone="+370 37 000 000")
    officer.press("notice-ask", "section[aria-labelledby=add]")


def _tipped(officer: Officer) -> None:
    """Somebody calls; the officer writes it down, and brings it into the incident."""
    page = officer.page
    page.goto(f"{officer.staff}/desk/tips/new")
    officer.fill(t_text="Mačiau nuotraukas kanale, kurio vardas prasideda raide K.")
    officer.press("tip-take-do")
    assert len(page.inner_text("main code")) >= 20
    page.goto(f"{officer.staff}/desk/cases/tips")
    with page.expect_navigation():
        page.locator("td a").first.click()
    assert "raide K" in page.inner_text("main")
    officer.see("a tip")
    with page.expect_navigation():
        page.get_by_role("link", name=officer.say("case-into"), exact=True).click()
    ident = officer.case.rpartition("/")[2]
    with page.expect_navigation():
        page.locator(f"form[action='/desk/cases/{ident}/links'] button").click()
    officer.go("tips")
    assert page.locator("td a").count() == 1


def _filed(officer: Officer) -> None:
    """Facts once, and the form of an authority from them, sealed though something is to follow."""
    page = officer.page
    officer.go("filings/facts")
    officer.press("facts-keep", "#facts")
    officer.see("facts")
    officer.go("filings")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=forms] a").first.click()
    officer.see("a filing")
    if page.locator("input[name=later]").count():
        page.check("input[name=later]")
    officer.press("filing-finish-do")
    officer.go("filings")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=done] a").first.click()
    officer.see("a filing, sealed")


def _spoken(officer: Officer) -> None:
    page = officer.page
    officer.go("voice")
    for language, title, text in (
        ("lt", "Apie laišką", "Klinika gavo laišką. Tyrimą atlieka policija."),
        ("en", "About a letter", "The clinic got a letter. The police investigate."),
    ):
        page.fill(f"#v-title-{language}", title)
        page.fill(f"#v-text-{language}", text)
    officer.fill(v_basis="BDAR 34 str. 3 d. c p.")
    officer.choose(v_speaker="")
    officer.press("voice-prepare")
    officer.see("a statement")
    officer.sign("voice-publish")
    assert officer.say("voice-withdraw") in page.inner_text("main")


def _closed(officer: Officer) -> None:
    page = officer.page
    officer.go()
    page.get_by_text(officer.say("case-end-how"), exact=True).click()
    officer.fill(c_word="Pacientams pranešta, tyrimas perduotas policijai")
    officer.press("case-end-do")
    assert officer.say("case-closed") in page.inner_text(".case-head")
    assert page.locator(f"form[action^='{officer.case.removeprefix(officer.staff)}']").count() == 0
    officer.see("overview, closed")
