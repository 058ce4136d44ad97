"""The shield's page in a real browser, as whoever is woken by it sees it: on a telephone, on a desk, with and without
scripts; what is to be read in five seconds stands on the first screen, and it renews itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import walking
from flood_teller import FULL_LINE, SIEGE_LANES, Teller, state
from looked_at import looked_at
from playwright.sync_api import Browser, Page
from running_vault import RunningVault, running_vault

from seifas.settings import Shield
from seifas.web.desk.app import build_desk
from seifas.web.public.app import build_public
from seifas.web.words import say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

AT = "/desk/shield"
PHONE = "+370 37 111 222"
FEW_STAFF = {**SIEGE_LANES, "staff": {"served": 20, "shed": 22}}


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    told = Shield(on=True, provider="Tiekėjas", provider_phone=PHONE, provider_number="KL-17")
    with running_vault(tmp_path_factory.mktemp("vault"), build_desk, build_public, shield=told) as running:
        running.account("pareigune", "officer")
        yield running


@pytest.fixture(scope="module")
def teller(vault: RunningVault) -> Teller:
    """Of a flood that goes on."""
    made = Teller(vault.shield, vault.settings.clinic_id)
    made.flood()
    return made


@pytest.fixture
def arrive(chromium: Browser, vault: RunningVault) -> Iterator[Callable[..., Page]]:
    contexts = []

    def come(**look: Any) -> Page:
        context = chromium.new_context(
            locale="lt-LT", extra_http_headers={"Accept-Language": "lt"}, reduced_motion="reduce", **look
        )
        contexts.append(context)
        context.add_init_script(walking.AXE_SCRIPT)
        page = context.new_page()
        page.goto(f"{vault.staff}/auth/link/{vault.link('pareigune')}")
        page.wait_for_url("**/desk")
        return page

    yield come
    for one in contexts:
        one.close()


def in_sight(page: Page, selector: str) -> bool:
    """Whether all of it is on the first screen."""
    return bool(page.evaluate(
        "(one) => { const at = document.querySelector(one).getBoundingClientRect(); "
        "return at.top >= 0 && at.bottom <= innerHeight }", selector,
    ))  # fmt: skip


def fit(page: Page, vault: RunningVault, address: str, name: str) -> None:
    """In both languages and widths: nothing grave, nothing too wide, no word of the other language."""

    def show() -> None:
        answer = page.goto(vault.staff + address)
        assert answer is not None
        assert answer.status == 200

    looked_at(page, vault.staff, f"shield, {name}", unfolded=True, show=show)


def test_the_first_screen_of_a_telephone_answers(
    arrive: Callable[..., Page], vault: RunningVault, teller: Teller
) -> None:
    teller.tell(state(2, SIEGE_LANES))
    page = arrive(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(f"{vault.staff}{AT}")
    for selector in (".shield-now h1", ".shield-doors li:nth-child(2)", ".shield-must p", "#call-provider"):
        assert in_sight(page, selector), selector
    assert say("lt", "shield-is-siege") in page.inner_text(".shield-now h1")
    assert page.locator(".shield-doors strong").all_inner_texts() == ["100 %"] * 3
    assert say("lt", "shield-must-none") in page.inner_text(".shield-must")
    assert page.get_attribute("#call-provider", "href") == "tel:+37037111222"


def test_it_renews_itself_and_says_only_news_aloud(
    arrive: Callable[..., Page], vault: RunningVault, teller: Teller
) -> None:
    teller.tell(state(2, SIEGE_LANES))
    page = arrive(viewport={"width": 390, "height": 844})
    complaints: list[str] = []
    page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    page.goto(f"{vault.staff}{AT}")
    page.select_option("#o-mode", "guarded")
    assert page.inner_text("#shield-said") == ""
    teller.tell(state(2, FEW_STAFF, line=FULL_LINE))
    page.locator("#call-now").wait_for()
    assert say("lt", "shield-is-shut-out") in page.inner_text(".shield-now h1")
    assert say("lt", "shield-is-shut-out") in page.inner_text("#shield-said")
    assert page.input_value("#o-mode") == "guarded"  # what is being chosen is left alone
    assert page.locator("#shield-said").count() == 1
    page.evaluate("document.querySelector('#shield-said').textContent = ''")
    teller.tell(state(2, {**FEW_STAFF, "staff": {"served": 19, "shed": 23}}, line=FULL_LINE))
    page.get_by_text("19 iš 42").wait_for()
    assert page.inner_text("#shield-said") == ""  # the same sentence is not said again
    assert complaints == []


def test_orders_and_the_notice_by_hand(arrive: Callable[..., Page], vault: RunningVault, teller: Teller) -> None:
    teller.tell(state(1, FEW_STAFF))
    page = arrive(viewport={"width": 390, "height": 844})
    page.goto(f"{vault.staff}{AT}")
    with page.expect_navigation():
        page.click("#siege-now")
    assert teller.tell(state(2, SIEGE_LANES))["orders"]["public"]["mode"] == "siege"
    page.goto(f"{vault.staff}{AT}")
    with page.expect_navigation():
        page.click("#auto-now")
    assert teller.tell(state(2, SIEGE_LANES))["orders"]["public"]["mode"] == "auto"
    page.goto(f"{vault.staff}{AT}")
    with page.expect_navigation():
        page.click("#notice-now")
    assert page.locator("section[aria-labelledby=notice] .tag.on").count() == 1
    with page.expect_navigation():
        page.locator("section[aria-labelledby=notice] button").click()
    assert page.locator("section[aria-labelledby=notice] .tag.on").count() == 0


def test_evidence_is_downloaded_and_an_incident_begun(
    arrive: Callable[..., Page], vault: RunningVault, teller: Teller
) -> None:
    page = arrive(viewport={"width": 390, "height": 844})
    page.goto(f"{vault.staff}{AT}")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=floods] a").first.click()
    for what in ("summary", "csv", "nft"):
        with page.expect_download() as waiting:
            page.click(f".shield-exports button[value={what}]")
        name = waiting.value.suggested_filename
        assert name.startswith("flood-")
        body = waiting.value.path().read_bytes()
        assert body.startswith({"summary": b"%PDF-", "csv": b"address,", "nft": b"#!/usr/sbin/nft"}[what])
    with page.expect_navigation():
        page.locator("section[aria-labelledby=case] a").click()
    with page.expect_navigation():
        page.get_by_role("button", name=say("lt", "case-begin-do"), exact=True).click()
    assert page.locator(".case-title").count() == 1


def test_without_scripts_everything_is_there(arrive: Callable[..., Page], vault: RunningVault, teller: Teller) -> None:
    teller.tell(state(2, SIEGE_LANES))
    page = arrive(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page.goto(f"{vault.staff}{AT}")
    assert page.locator(".shield-doors strong").first.inner_text() == "100 %"
    assert page.locator("figure.flood-chart svg polygon").count() >= 6
    page.select_option("#o-listener", "staff")
    page.select_option("#o-mode", "guarded")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=order] button").click()
    assert teller.tell(state(2, SIEGE_LANES))["orders"]["staff"]["mode"] == "guarded"
    page.select_option("#o-listener", "staff")
    with page.expect_navigation():
        page.locator("section[aria-labelledby=order] button").click()
    with page.expect_navigation():
        page.get_by_role("link", name=say("lt", "shield-renew")).click()
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize("name", ["siege", "bad", "calm", "off"])
def test_every_state_is_fit_to_be_read(
    arrive: Callable[..., Page], vault: RunningVault, teller: Teller, name: str
) -> None:
    told = {
        "siege": state(2, SIEGE_LANES), "bad": state(1, FEW_STAFF, line=FULL_LINE), "calm": state(),
        "off": state(0, {}, haproxy=""),
    }  # fmt: skip
    teller.tell(told[name])
    page = arrive(viewport={"width": 390, "height": 844})
    fit(page, vault, AT, name)


def test_pages_of_a_flood_are_fit_to_be_read(
    arrive: Callable[..., Page], vault: RunningVault, teller: Teller
) -> None:
    page = arrive(viewport={"width": 390, "height": 844})
    at = f"{AT}/floods/{teller.event.hex()}"
    for name, address in (("flood", at), ("call", f"{at}/call"), ("minutes", f"{AT}/minutes")):
        fit(page, vault, address, name)
    page.emulate_media(forced_colors="active")
    page.goto(vault.staff + at)
    assert page.locator("figure.flood-chart svg").first.is_visible()
