"""Who is affected, over HTTP: computed by a form, looked at by grade, compared, opened; refusals are said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from desk_browser import Browser
from running_vault import RunningVault

SignedIn = Callable[[str], Browser]
FAMILY = "Žukauskienė"


@pytest.fixture(scope="module")
def officer(browser: SignedIn) -> Browser:
    return browser("pareigune")


@pytest.fixture(scope="module")
def hostile(vault: RunningVault, ona: str) -> str:
    """A session that read the patient, in hex."""
    token = vault.sign_in("gydytoja")
    vault.desk("record.read", session=token, type="Patient", id=bytes.fromhex(ona), reason="visit")
    mine = vault.desk("session.list", session=token)
    return str(next(one["id"] for one in mine if one["current"]).hex())


@pytest.fixture
def case(officer: Browser) -> str:
    return str(officer.submit("/desk/cases", title="Pavogta sesija", kind="hand").url.path)


def fields(**more: str) -> dict[str, str]:
    day = datetime.fromtimestamp(time.time() - 86_400, ZoneInfo("Europe/Vilnius")).date().isoformat()
    return {"since-day": day, "since-time": "00:00", "until-day": "", "until-time": "", "keys": "", **more}


def test_it_is_computed_by_a_form_and_names_nobody(officer: Browser, case: str, hostile: str) -> None:
    page = officer.get(f"{case}/affected").text
    assert "Nothing was computed yet" in page
    done = officer.submit(f"{case}/affected", **fields(sessions=hostile))
    assert done.status_code == 200
    page = done.text
    assert re.search(r'<strong class="number">1</strong> taken', page)
    assert FAMILY not in page
    assert "Žuk" not in page
    label = re.search(r"<code class=\"strong\">(P-[0-9A-F]{8})</code>", page)
    assert label is not None
    line = re.search(r'href="(/desk/log\?before=\d+)"', page)
    assert line is not None
    assert officer.get(line[1]).status_code == 200
    assert hostile in page  # the form begins where the last one stood
    grade = re.search(rf'href="({case}/affected\?snapshot=[0-9a-f]+&amp;grade=taken)"', page)
    assert grade is not None
    only = officer.get(grade[1].replace("&amp;", "&"))
    assert only.text.count("<code class=\"strong\">") == 1
    assert officer.get(f"{case}/affected?grade=worst&after=zz&snapshot=q").status_code == 400


def test_a_fallen_key_is_a_new_list_beside_the_old_one(officer: Browser, case: str, ona: str) -> None:
    assert "no trace in keys or log" in officer.submit(f"{case}/affected", **fields()).text
    page = officer.submit(f"{case}/affected", **fields(keys="host")).text
    assert "What changed" in page
    assert "No longer exempt" in page
    assert "have to be looked at again" in page or "has to be looked at again" in page
    listed = re.findall(rf'href="{case}/affected\?snapshot=([0-9a-f]{{32}})"', page)
    old = listed[-1]
    page = officer.get(f"{case}/affected?snapshot={old}").text
    assert "can no longer be relied on" in page


def test_a_card_is_opened_with_a_reason_and_one_by_one(officer: Browser, case: str, hostile: str) -> None:
    page = officer.submit(f"{case}/affected", **fields(sessions=hostile)).text
    person = re.search(r'name="person" value="([0-9a-f]{32})"', page)
    snapshot = re.search(r'name="snapshot" value="([0-9a-f]{32})"', page)
    assert person is not None
    assert snapshot is not None
    sent = {"person": person[1], "snapshot": snapshot[1]}
    asked = officer.submit(f"{case}/affected/open", **sent).text
    assert "Why you open it" in asked
    assert FAMILY not in asked
    refused = officer.submit(f"{case}/affected/open", **sent, reason="x")
    assert refused.status_code == 400
    assert "at least 3 letters" in refused.text
    opened = officer.submit(f"{case}/affected/open", **sent, reason="laiškas grįžo")
    assert FAMILY in opened.text or opened.status_code == 403  # a vault with passkeys asks for one first
    assert "<script>alert(1)</script>" not in opened.text


@pytest.mark.parametrize(("more", "says"), [
    ({"since-day": "2026-02-31"}, "Give a day and a time that there was"),
    ({"since-day": ""}, "Give a day and a time that there was"),
    ({"until-day": "2001-01-01"}, "ends before it begins"), ({"sessions": "nonsense"}, "Marks are 32 characters"),
    ({"exports": "zz" * 16}, "Marks are 32 characters"), ({"keys": "luck"}, "Choose from the list"),
    ({"sessions": " ".join(f"{n:032x}" for n in range(301))}, "At most 300"),
])  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    officer: Browser, case: str, more: dict[str, str], says: str
) -> None:
    page = officer.submit(f"{case}/affected", **fields(**more))
    assert page.status_code == 400
    assert says in page.text
    assert "Nothing was computed yet" in page.text
    if "sessions" in more:
        assert more["sessions"][:60] in page.text


@pytest.mark.parametrize("name", ["gydytoja", "registratore", "adminas", "auditore"])
def test_other_hats_see_none_of_it(browser: SignedIn, officer: Browser, case: str, name: str) -> None:
    other = browser(name)
    assert other.get(f"{case}/affected").status_code == 403
    assert other.submit(f"{case}/affected", **fields()).status_code == 403
    assert other.submit(f"{case}/affected/open", snapshot="0" * 32, person="0" * 32).status_code == 403
