"""The administrator's pages over HTTP: people, the clinic's profile, prices, team, templates, settings."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable

import pytest
from desk_browser import Browser
from hypothesis import given
from hypothesis import strategies as st
from running_vault import RunningVault

from seifas.errors import Invalid
from seifas.keeper.settings_shown import rows
from seifas.settings import Clinic, Settings
from seifas.web.desk.administrator.clinic import _cents, _euros, _holidays, _hours
from seifas.web.desk.administrator.settings_words import WHAT, what_of
from seifas.web.words import WORDS

SignedIn = Callable[[str], Browser]


def _version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_somebody_is_added_invited_and_shut(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")
    page = boss.submit(
        "/desk/people/add", account="nauja.sese", display="Nauja Sesė", **{"hat-nurse": "1", "hat-reception": "1"}
    )
    assert "Nauja Sesė" in page.text
    here = page.url.path
    assert re.fullmatch(r"/desk/people/[0-9a-f]{32}", here)
    invited = boss.submit(here, do="invite")
    link = re.search(r"/auth/invite/([\w-]{20,})", invited.text)
    assert link is not None
    assert "data:image/svg+xml;base64," in invited.text
    assert "img-src 'self' data:" in invited.headers["content-security-policy"]
    assert link[1] not in boss.get(here).text  # shown once
    taken = browser("")
    assert taken.get(f"/auth/invite/{link[1]}").status_code == 200
    shut = boss.submit(here, do="shut")
    assert "The account is shut" in shut.text
    assert taken.post(f"/auth/invite/{link[1]}", headers={"Sec-Fetch-Site": "same-origin"}).status_code >= 400
    assert boss.submit(here, do="invite").status_code == 403
    assert boss.submit(here, do="dance").status_code == 400
    assert boss.submit("/desk/people/add", account="", display="", hats="").status_code == 400
    assert boss.get("/desk/people/" + "ab" * 16).status_code == 404


def test_a_hat_that_approves_waits(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")
    page = boss.submit("/desk/people/add", account="busimas", display="Būsimas", **{"hat-officer": "1"})
    assert "Waits for a second person" in page.text
    assert "Give hats that approve" in boss.get("/desk/approvals").text


def test_the_profile_is_written_and_not_over_somebody_elses(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")
    version = _version(boss.get("/desk/clinic").text)
    sent = {
        "version": version, "name": "Kauno <klinika>", "street": "Laisvės al. 1", "postcode": "44001",
        "city": "Kaunas", "country": "LT", "phone": "+370 37 123456", "mail": "a@b.lt", "languages": "lt, en",
        "about-lt": "Gydome.", "about-en": "We treat.", "day-0": "8:00–12:00, 13:00-17:00", "day-5": "",
        "holidays": "2027-02-16 Valstybės atkūrimo diena | Day of Restoration\n\n2027-03-11",
    }  # fmt: skip
    page = boss.submit("/desk/clinic", **sent).text
    assert "Kauno &lt;klinika&gt;" in page
    assert 'value="08:00-12:00, 13:00-17:00"' in page
    assert "2027-02-16 Valstybės atkūrimo diena | Day of Restoration" in page
    assert boss.submit("/desk/clinic", **sent).status_code == 412  # built on the version before
    sent["version"] = _version(page)
    for wrong in ({"phone": "x"}, {"day-1": "always"}, {"holidays": "Velykos"}, {"country": "lt"}, {"version": "x"}):
        assert boss.submit("/desk/clinic", **{**sent, **wrong}).status_code == 400, wrong


def test_prices_are_added_changed_moved_and_taken_out(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")

    def send(**fields: str) -> str:
        version = _version(boss.get("/desk/prices").text)
        answer = boss.submit("/desk/prices", version=version, **fields)
        assert answer.status_code == 200
        return answer.text

    line = {"group-en": "Skin", "group-lt": "Oda", "name-en": "Peeling", "name-lt": "Šveitimas"}
    send(do="add", **line, **{"from": "149,50", "to": ""})
    page = send(do="add", **{**line, "name-en": "Laser"}, **{"from": "90", "to": "160"})
    assert "149.50" in page
    assert "90–160" in page
    page = send(do="up", at="1", **{"from": ""})
    assert page.index("Laser") < page.index("Peeling")
    page = send(do="save", at="0", **{**line, "name-en": "Big laser"}, **{"from": "200", "to": "200"})
    assert "Big laser" in page
    assert "Big laser" not in send(do="remove", at="0")
    version = _version(boss.get("/desk/prices").text)
    for wrong in ({"do": "save", "at": "99"}, {"do": "dance", "at": "0"}, {"do": "add", "from": "free"},
                  {"do": "add", "from": "5", "to": "1", "name-en": "x"}):  # fmt: skip
        assert boss.submit("/desk/prices", version=version, **wrong).status_code == 400, wrong


def test_the_team_and_the_templates(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")
    version = _version(boss.get("/desk/team").text)
    page = boss.submit(
        "/desk/team", version=version, name="gyd. Jonas", account="gydytoja", colour="plum", minutes="45",
        shown="1", active="1", **{"role-en": "surgeon"},
    ).text  # fmt: skip
    assert "gyd. Jonas" in page
    assert "colour-plum" in page
    assert boss.submit("/desk/team", version=_version(page), name="x", colour="pink", minutes="45").status_code == 400
    text = "# Sutikimas\n\n" + "Labai ilgas tekstas. " * 900  # longer than other forms may be
    saved = boss.submit(
        "/desk/templates/new", purpose="treatment",
        **{"title-lt": "Sutikimas", "text-lt": text, "title-en": "", "text-en": ""},
    )
    assert saved.status_code == 200
    here = saved.url.path
    again = boss.submit(
        here, do="save", version="1", purpose="treatment",
        **{"title-lt": "Sutikimas 2", "text-lt": "# Naujas", "title-en": "Consent", "text-en": "# New"},
    )
    assert "Version 2" in again.text
    assert "Labai ilgas" in boss.get(f"{here}/1").text
    assert boss.submit(here, do="save", version="1", purpose="treatment", **{"title-lt": "x", "text-lt": "y"}
                       ).status_code == 412  # fmt: skip
    assert "Out of use" in boss.submit(here, do="retire").text
    assert boss.get("/desk/templates/" + "ab" * 16).status_code == 404
    assert boss.get(f"{here}/77").status_code == 404


def test_settings_are_shown_and_not_changed(vault: RunningVault, browser: SignedIn) -> None:
    boss = browser("adminas")
    page = boss.get("/desk/settings").text
    assert "cold_account_day" in page
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    assert boss.submit("/desk/settings", cold_account_day="9999").status_code == 404


@given(st.integers(0, 10**7))
def test_prices_read_back_as_they_were_written(cents: int) -> None:
    assert _cents(_euros(cents)) == cents


@given(st.text(max_size=30))
def test_what_is_typed_as_a_price_is_one_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert 0 <= _cents(text) < 10**10


@given(st.dictionaries(st.sampled_from([f"day-{day}" for day in range(8)]), st.text(max_size=20)), st.text())
def test_hours_and_holidays_as_typed(fields: dict[str, str], text: str) -> None:
    with contextlib.suppress(Invalid):
        assert all(0 <= one["day"] <= 6 for one in _hours(fields))
    assert all(one["date"] for one in _holidays(text))


@pytest.mark.parametrize(("typed", "cents"), [("150", 15000), ("149,50", 14950), ("149.5", 14950), ("0", 0)])
def test_prices_as_people_type_them(typed: str, cents: int) -> None:
    assert _cents(typed) == cents


def test_every_setting_says_what_it_does() -> None:
    told = rows(Settings(clinic=Clinic(id="00" * 16)))
    assert not [(one["section"], one["key"]) for one in told if what_of(one["section"], one["key"]) not in WORDS]
    assert len(told) == len(WHAT)
