"""An exercise over HTTP: begun in one click, moved on step by step, and never out of the house."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable

import msgspec
import pytest
from desk_browser import Browser
from running_vault import RunningVault

from seifas.errors import Invalid, Refused
from seifas.incidents.exercise import EXERCISES

SignedIn = Callable[[str], Browser]


@pytest.fixture(scope="module")
def officer(browser: SignedIn) -> Browser:
    return browser("pareigune")


def _begun(officer: Browser, year: str) -> str:
    here = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    sent = {"form": officer.form_token(), "script": "2017", "year": year}
    answer = officer.post("/desk/cases/exercise", data=sent, headers=here, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _entries(vault: RunningVault, officer: Browser, case: str, *kinds: str) -> list[dict[str, object]]:
    rows = vault.desk(
        "case.entries", session=officer.cookies["seifas"], case=bytes.fromhex(case[-32:]), kinds=list(kinds)
    )
    return [msgspec.json.decode(one["body"]) for one in rows]


def test_one_click_begins_the_case_of_2017(vault: RunningVault, officer: Browser) -> None:
    case = _begun(officer, "2017")
    page = officer.get(f"{case}/exercise").text
    assert "2017-03-24 09:0" in page  # the clock that runs, and the first step
    assert page.count("not known yet") == len(EXERCISES["2017"].steps) - 2
    claims = officer.get(f"{case}/claims").text
    assert "24,000 patients" in claims
    assert "not clear" in claims.lower()
    demands = officer.get(f"{case}/demands").text
    assert "300 BTC" in demands
    assert "260,302" in demands  # what 300 BTC were worth on the day of the report
    due = officer.get(f"{case}/deadlines").text
    assert "Nothing is due" in due
    assert "do not go out" in due


def test_it_goes_on_step_by_step_and_repeats_nothing(vault: RunningVault, officer: Browser) -> None:
    case = _begun(officer, "2026")
    script = EXERCISES["2017"]
    shown = officer.get(f"{case}/exercise").text
    assert "2026-03-24" in shown
    assert "The case is moved to 2026" in shown
    for number in range(1, len(script.steps)):
        page = officer.submit(f"{case}/exercise", step=str(number))
        assert page.status_code == 200
        assert script.steps[number].title_en in html.unescape(page.text)
        again = officer.submit(f"{case}/exercise", step=str(number))
        assert again.status_code == 412
        assert "This has happened already" in again.text
        status = vault.desk("case.status", session=officer.cookies["seifas"], case=bytes.fromhex(case[-32:]))
        assert 0 <= status["now_ms"] - script.at_ms(number, 2026) < 60_000
    for wrong in ("", "0", "99", "x", "7"):
        assert officer.submit(f"{case}/exercise", step=wrong).status_code == 412
    assert len(_entries(vault, officer, case, "exercise")) == len(script.steps)
    assert len(_entries(vault, officer, case, "demand")) == 3
    assert "Let it happen" not in officer.get(f"{case}/exercise").text


def test_a_clock_goes_forward_and_in_exercises_only(vault: RunningVault, officer: Browser) -> None:
    session = officer.cookies["seifas"]
    real = vault.desk("case.open", session=session, title="Tikra byla", kind="hand")["case"]
    with pytest.raises(Refused):
        vault.desk("case.move", session=session, case=real, shift_ms=1000)
    case = bytes.fromhex(_begun(officer, "2019")[-32:])
    now = vault.desk("case.status", session=session, case=case)["shift_ms"]
    for wrong in (now - 1, 1 << 60):
        with pytest.raises(Invalid):
            vault.desk("case.move", session=session, case=case, shift_ms=wrong)
    assert officer.get(f"/desk/cases/{real.hex()}/exercise").status_code == 404
    own = vault.desk("case.open", session=session, title="Savos pratybos", kind="hand", exercise=True)["case"]
    assert "no script" in officer.get(f"/desk/cases/{own.hex()}/exercise").text
    for fields in ({"script": "2017", "year": "2018"}, {"script": "x", "year": "2017"}, {}):
        assert officer.submit("/desk/cases/exercise", **fields).status_code == 400


def test_nothing_of_an_exercise_leaves(vault: RunningVault, officer: Browser) -> None:
    case = bytes.fromhex(_begun(officer, "2017")[-32:])
    session = officer.cookies["seifas"]
    with pytest.raises(Refused) as error:
        vault.desk("case.feed_open", session=session, case=case)
    assert error.value.where == "exercise"
    payload = msgspec.json.encode({"query": base64.b64encode(bytes(64)).decode()})
    vault.desk("case.send", session=session, case=case, kind="stamp", payload=payload)
    assert [one["state"] for one in vault.desk("case.sendings", session=session, case=case)] == ["exercise"]


def test_only_an_officer_begins_one(browser: SignedIn) -> None:
    assert browser("gydytoja").submit("/desk/cases/exercise", script="2017", year="2017").status_code == 403
    assert re.search("Exercise", browser("pareigune").get("/desk/cases").text)
