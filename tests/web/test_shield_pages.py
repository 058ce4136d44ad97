"""The shield's pages over HTTP: what is told is shown, orders and the notice reach it, evidence is taken away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from desk_browser import Browser
from flood_teller import FULL_LINE, GOOD_VISITOR, SENDER, SIEGE_LANES, Teller, minute, now_ms, state
from running_vault import RunningVault, running_vault

from seifas.settings import Shield
from seifas.web.desk.app import build_desk
from seifas.web.public.app import build_public

AT = "/desk/shield"
PHONE = "+370 37 111 222"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    settings = Shield(on=True, provider="Tiekėjas", provider_phone=PHONE, provider_number="KL-17")
    with running_vault(tmp_path_factory.mktemp("vault"), build_desk, build_public, shield=settings) as running:
        for name, hat in (("pareigune", "officer"), ("adminas", "administrator"), ("auditore", "auditor")):
            running.account(name, hat)
        yield running


@pytest.fixture(scope="module")
def browser(vault: RunningVault) -> Iterator[Callable[[str], Browser]]:
    opened: dict[str, Browser] = {}

    def sign_in(name: str) -> Browser:
        if name not in opened:
            made = Browser(base_url=vault.staff, follow_redirects=True, timeout=60, headers={"Accept-Language": "en"})
            assert made.get(f"/auth/link/{vault.link(name)}").status_code == 200
            opened[name] = made
        return opened[name]

    yield sign_in
    for one in opened.values():
        one.close()


@pytest.fixture(scope="module")
def officer(browser: Callable[[str], Browser]) -> Browser:
    return browser("pareigune")


@pytest.fixture(scope="module")
def teller(vault: RunningVault) -> Teller:
    one = Teller(vault.shield, vault.settings.clinic_id)
    one.flood()
    return one


def flood_at(teller: Teller) -> str:
    return f"{AT}/floods/{teller.event.hex()}"


def told(vault: RunningVault) -> list[tuple[str, str]]:
    """(action, note) of what the log says of floods."""
    session = vault.sign_in("pareigune")
    rows = vault.desk("audit.list", session=session, count=50)
    return [(one["action"], one.get("note", "")) for one in rows if one["action"].startswith("flood")]


def test_before_anything_was_told_the_page_says_so(vault: RunningVault, officer: Browser) -> None:
    page = officer.get(AT)
    assert page.status_code == 200
    assert "The shield has told nothing yet" in page.text
    assert PHONE in page.text
    assert "cert@nksc.lt" in page.text
    assert 'class="shield-doors"' not in page.text
    assert "Counts requests" not in page.text


def test_under_siege_the_first_screen_answers(officer: Browser, teller: Teller) -> None:
    teller.tell(state(2, SIEGE_LANES))
    page = officer.get(AT).text
    head = page[page.index('id="live"'):page.index('id="does"')]
    assert "The site is flooded, but staff and patients get in" in head
    assert "42 of 42 in 10 s" in head
    assert "131 of 131 in 10 s" in head
    assert "<strong>Nothing.</strong>" in head
    assert f'href="tel:{PHONE.replace(" ", "")}"' in head
    assert "21,400 (bound 6,000)" in page
    assert "180 addresses are dropped" in page
    assert page.count("<figure") == 3
    assert re.search(r'<svg [^>]*role="img" aria-label="All requests a second\. From \d\d:\d\d to', page)
    assert 'style="' not in page
    assert "<script>" not in page


def test_the_same_in_lithuanian(officer: Browser, teller: Teller) -> None:
    page = officer.get(AT, headers={"Accept-Language": "lt"}).text
    assert "Svetainė tvindoma, bet darbuotojai ir pacientai patenka" in page
    assert "<strong>Nieko.</strong>" in page


def test_an_open_page_asks_again_and_is_answered_only_with_news(officer: Browser, teller: Teller) -> None:
    teller.tell(state(2, SIEGE_LANES))
    page = officer.get(AT).text
    again = re.search(r'hx-get="(/desk/shield/live\?seen=[^"]+)"', page)
    assert again is not None
    address = again[1].replace("&amp;", "&")
    charts = re.search(r'hx-get="(/desk/shield/traffic\?seen=[^"]+)"', page)
    assert charts is not None
    assert officer.get(address).status_code == 204
    assert "paler: now" in page
    assert officer.get(charts[1]).status_code in (204, 200)  # 200 where a minute has just become full
    teller.tell(state(2, {**SIEGE_LANES, "staff": {"served": 20, "shed": 22}}, line=FULL_LINE))
    part = officer.get(address)
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "Not all staff and patients get in" in part.text
    assert 'hx-swap-oob="innerHTML"' in part.text
    assert "Call the internet provider: the line itself is full" in part.text
    assert "<figure" in officer.get(f"{AT}/traffic?seen=").text
    teller.tell(state(2, SIEGE_LANES))


def test_an_order_reaches_the_shield_and_ends(vault: RunningVault, officer: Browser, teller: Teller) -> None:
    page = officer.submit(f"{AT}/order", listener="all", mode="siege", minutes="60")
    assert page.status_code == 200
    assert "set by Pareigune, until" in page.text
    orders = teller.tell(state(2, SIEGE_LANES))["orders"]
    assert {name: one["mode"] for name, one in orders.items()} == {"public": "siege", "staff": "siege"}
    officer.submit(f"{AT}/order", listener="staff", mode="auto")
    orders = teller.tell(state(2, SIEGE_LANES))["orders"]
    assert {name: one["mode"] for name, one in orders.items()} == {"public": "siege", "staff": "auto"}
    officer.submit(f"{AT}/order", listener="all", mode="auto")
    assert "set by" not in officer.get(AT).text
    assert [one for _, one in told(vault)].count("order-public-siege") == 1


@pytest.mark.parametrize(("fields", "says"), [
    ({"listener": "all", "mode": "siege", "minutes": "7"}, "Choose for how long"),
    ({"listener": "all", "mode": "siege", "minutes": "-1"}, "Choose for how long"),
    ({"listener": "all", "mode": "siege", "minutes": "9" * 400}, "Choose for how long"),
    ({"listener": "all", "mode": "siege"}, "Choose for how long"),
    ({"listener": "all", "mode": "war", "minutes": "60"}, "Choose a place and a mode"),
    ({"listener": "moon", "mode": "calm", "minutes": "60"}, "Choose a place and a mode"),
    ({}, "Choose"),
])  # fmt: skip
def test_an_order_that_makes_no_sense_is_said_above_the_page(
    officer: Browser, teller: Teller, fields: dict[str, str], says: str
) -> None:
    page = officer.submit(f"{AT}/order", **fields)
    assert page.status_code == 400
    assert says in page.text
    assert teller.tell(state(2, SIEGE_LANES))["orders"]["public"]["mode"] == "auto"


def test_the_notice_is_one_press(officer: Browser, teller: Teller) -> None:
    page = officer.submit(f"{AT}/notice", do="on")
    assert "Published since" in page.text
    # The shield hears of it when the public site has it, or after five seconds.
    until = time.monotonic() + 60
    while not teller.tell(state(2, SIEGE_LANES))["notice"]:
        assert time.monotonic() < until
        time.sleep(0.2)
    assert "Not published" in officer.submit(f"{AT}/notice", do="off").text
    assert teller.tell(state(2, SIEGE_LANES))["notice"] is False
    assert officer.submit(f"{AT}/notice", do="perhaps").status_code == 400


def test_a_flood_has_a_page(officer: Browser, teller: Teller) -> None:
    listed = officer.get(AT).text
    assert f'href="{flood_at(teller)}"' in listed
    page = officer.get(flood_at(teller)).text
    assert "198.51.100.0/24" in page
    assert "4f1c0a77e21b9d03" in page
    assert "AS64500 Example" in page
    assert "/lt/kainos x" in page  # decoded once
    assert "Guarded → Siege" in page
    assert page.count("<figure") == 3
    assert "Minutes in figures" in page
    assert SENDER not in page
    assert officer.get(f"{AT}/minutes").text.count("<tr>") >= 12
    assert officer.get(f"{AT}/floods/{'0' * 32}").status_code == 404
    assert officer.get(f"{AT}/floods/x").status_code == 400


def test_what_to_say_to_the_provider_can_be_read_out(officer: Browser, teller: Teller) -> None:
    for language, says in (("en", "Read it out as it stands"), ("lt", "Skaitykite į telefoną")):
        page = officer.get(f"{flood_at(teller)}/call", headers={"Accept-Language": language}).text
        assert says in page
        assert "KL-17" in page
        assert SENDER not in page


def taken(officer: Browser, teller: Teller, what: str, **fields: str) -> httpx.Response:
    answer = officer.submit(f"{flood_at(teller)}/export", what=what, **fields)
    assert answer.status_code == 200, answer.text
    said = answer.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="flood-\d{4}-\d\d-\d\d-[0-9a-f]{8}-[a-z.-]+"', said), said
    assert answer.headers["cache-control"] == "no-store"
    return answer


def test_addresses_are_taken_after_a_line(vault: RunningVault, officer: Browser, teller: Teller) -> None:
    before = told(vault).count(("flood-shown", "book"))
    rows = taken(officer, teller, "csv").text.splitlines()
    assert rows[0].startswith("address,first_seen")
    assert len(rows) == 252
    assert any(one.startswith(f"{GOOD_VISITOR},") and one.endswith(",good") for one in rows)
    assert told(vault).count(("flood-shown", "book")) == before + 1
    read = json.loads(taken(officer, teller, "json").content)
    assert read["event"] == teller.event.hex()
    assert len(read["addresses"]) == 251
    assert told(vault).count(("flood-shown", "book")) == before + 2


@pytest.mark.parametrize("what", ["nft", "haproxy", "cidr"])
def test_no_good_visitor_is_in_a_list(officer: Browser, teller: Teller, what: str) -> None:
    body = taken(officer, teller, what, hours="6").text
    assert "198.51.100." in body
    assert GOOD_VISITOR not in body
    assert GOOD_VISITOR.rpartition(".")[0] not in body


@pytest.mark.parametrize(("what", "language"), [("summary", "lt"), ("summary", "en"), ("call", "lt"), ("call", "en")])
def test_papers_are_made_in_the_readers_language(officer: Browser, teller: Teller, what: str, language: str) -> None:
    officer.headers["Accept-Language"] = language
    try:
        answer = taken(officer, teller, what)
    finally:
        officer.headers["Accept-Language"] = "en"
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"].endswith(f'-{language}-{what}.pdf"')


def test_minutes_are_a_table(officer: Browser, teller: Teller) -> None:
    assert len(taken(officer, teller, "minutes-csv").text.splitlines()) == 13
    lines = [json.loads(one) for one in taken(officer, teller, "minutes").text.splitlines()]
    assert [one["number"] for one in lines] == list(range(12))
    assert all(one["line"] > 0 and len(one["sha256"]) == 64 for one in lines)


@pytest.mark.parametrize("fields", [{"what": "all"}, {}, {"what": "nft", "hours": "5"}, {"what": "nft", "hours": "x"}])
def test_what_cannot_be_taken_is_said(officer: Browser, teller: Teller, fields: dict[str, str]) -> None:
    page = officer.submit(f"{flood_at(teller)}/export", **fields)
    assert page.status_code == 400
    assert "Choose what to download" in page.text


def test_a_flood_without_a_book_offers_no_addresses(vault: RunningVault, officer: Browser) -> None:
    young = Teller(vault.shield, vault.settings.clinic_id)
    young.change(0, 1)
    page = officer.get(flood_at(young)).text
    assert "There is no book of addresses yet" in page
    assert 'value="csv"' not in page
    refused = officer.submit(f"{flood_at(young)}/export", what="csv")
    assert refused.status_code == 404
    assert "There is no whole book of addresses yet" in refused.text
    assert taken(officer, young, "summary").content.startswith(b"%PDF-")
    young.change(1, 0, why="quiet")


def test_an_incident_is_opened_for_a_flood(officer: Browser, teller: Teller) -> None:
    form = officer.get(f"/desk/cases?flood={teller.event.hex()}").text
    title = re.search(r'value="(Flood of the site, \d{4}-\d\d-\d\d)"', form)
    assert title is not None
    assert '<option value="flood" selected>' in form
    case = officer.submit("/desk/cases", title=title[1], kind="flood", link=teller.event.hex())
    assert case.status_code == 200
    page = officer.get(flood_at(teller)).text
    assert "This flood belongs to an incident" in page
    assert f'href="{case.url.path}"' in page
    assert officer.get(f"/desk/cases?flood={'0' * 32}").status_code == 404


def test_the_administrator_sees_it_and_the_auditor_does_not(
    browser: Callable[[str], Browser], teller: Teller
) -> None:
    administrator = browser("adminas")
    assert "Shield" in administrator.get("/desk").text
    assert "The site is flooded" in administrator.get(AT).text
    page = administrator.get(flood_at(teller)).text
    assert "/desk/cases" not in page[page.index("<main"):]
    for path in (AT, f"{AT}/live", f"{AT}/traffic", f"{AT}/minutes", flood_at(teller), f"{flood_at(teller)}/call"):
        assert browser("auditore").get(path).status_code == 403


def test_after_the_flood_the_page_is_calm(officer: Browser, teller: Teller) -> None:
    teller.over()
    page = officer.get(AT).text
    assert "Calm: the site is open to everybody" in page
    assert "All is as usual." in page
    assert "goes on" not in page


def test_evidence_that_nobody_needs_is_removed(
    vault: RunningVault, officer: Browser, browser: Callable[[str], Browser], teller: Teller
) -> None:
    at = f"{flood_at(teller)}/remove"
    assert "stays with it" in officer.submit(at, sure="1").text  # an incident holds it
    other = Teller(vault.shield, vault.settings.clinic_id)
    other.flood(2)
    at = f"{flood_at(other)}/remove"
    assert "still goes on" in officer.submit(at, sure="1").text
    other.over()
    assert "Tick that you understand" in officer.submit(at).text
    assert browser("adminas").submit(at, sure="1").status_code == 403
    assert officer.submit(at, sure="1").url.path == AT
    assert officer.get(flood_at(other)).status_code == 404
    assert ("flood", "removed") in told(vault)


def test_a_minute_that_was_made_up_does_no_harm(vault: RunningVault, officer: Browser) -> None:
    """A shield that was taken over tells nonsense: pages stand, and nothing of it is markup."""
    one = Teller(vault.shield, vault.settings.clinic_id)
    one.flood(3)
    hostile = state(2, {"stranger": {"challenged": 10**60}, "staff": {"served": 5}})
    one.tell(hostile)
    assert officer.get(AT).status_code == 200
    evil = '"><script>alert(1)</script>\u202e'
    one.minute(minute(
        now_ms() // 60_000 * 60_000, 2, SIEGE_LANES, prefixes4=((evil, 5),), paths=((evil, 7),),
        signatures=((evil, 9),), samples=(evil,),
    ))  # fmt: skip
    page = officer.get(flood_at(one))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    one.over()
