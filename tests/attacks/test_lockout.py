"""A thief who wants no records but a clinic at a standstill: he uses up every budget there is, and others go on."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterable

import pytest

from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves import READING, Hands, Stopped, Thief, form_of, harvest, open_all
from seifas.drill.thieves_truth import Truth

pytestmark = pytest.mark.slow

CLINIC_DAY = 100
KEPT_FOR_EMERGENCIES = 12


def _now() -> int:
    return time.time_ns() // 1_000_000


def _use_up(thief: Thief, truth: Truth, account: str, taken: set[str]) -> None:
    """Everything that one account can spend: listing, callers, strangers, booked patients, changes."""
    cards = truth.cards
    harvest(thief, (card.family for card in cards.values()), most=270)  # a few more would freeze the session
    warm = sorted(truth.warm(account, _now()) - taken)
    cold = [one for one in truth.cold(account, _now()) if one not in taken]
    ways: list[Iterable[str]] = [warm, cold]
    for patients in ways:
        open_all(thief, patients, (READING["everything"], READING["read"]))
    for patient in cold[-70:]:
        if thief.caller(cards[patient].family, cards[patient].birth, patient).status == 429:
            break
    for _ in range(15):
        thief.caller("Nerandamas", "1901-01-01", "")
    for patient in warm:
        body = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                "subject": {"reference": f"Patient/{patient}"}}
        thief.send("POST", "/fhir/Observation", body)
        if thief.overwrite(patient, "Sugadinta", "1950-01-01").status == 429:
            break


def _strangers(truth: Truth, account: str, taken: set[str], count: int) -> list[str]:
    return [one for one in truth.cold(account, _now()) if one not in taken][:count]


def _fine(answers: Iterable[Answer]) -> bool:
    return all(answer.status == 200 for answer in answers)


def _click(officer: Browser, place: str, **fields: str) -> int:
    return officer.form(place, {"form": form_of(officer), **fields}).status


def test_one_thief_uses_up_all_he_can_and_colleagues_do_not_notice(
    hands: Hands, large_stage: Stage, truth: Truth
) -> None:
    thief = hands.thief(large_stage, "doctor1", passkey=True)
    with contextlib.suppress(Stopped):
        _use_up(thief, truth, "doctor1", set())
    taken = thief.haul.out
    assert len(taken - truth.warm("doctor1", _now())) >= 40, "he took what he could"
    for account in ("doctor2", "nurse1"):
        colleague = hands.cookie(large_stage, account)
        warm = sorted(truth.warm(account, _now()))[:25]
        assert len(warm) == 25
        assert _fine(colleague.everything(one) for one in warm), "booked patients open as ever"
        assert _fine(colleague.everything(one) for one in _strangers(truth, account, taken, 10)), "and some strangers"
        assert colleague.search(family="Kaz")
    desk = hands.cookie(large_stage, "reception1")
    for patient in _strangers(truth, "reception1", taken, 5):
        card = truth.cards[patient]
        assert desk.caller(card.family, card.birth, patient).status == 200, "callers are helped"
    assert desk.register("Naujokas").status == 201


def test_when_the_clinics_day_is_used_up_the_officer_gets_it_back(
    hands: Hands, large_stage: Stage, truth: Truth
) -> None:
    """Three stolen accounts together: nobody alone can, since a quarter of the day is kept from each."""
    taken: set[str] = set()
    thieves = {}
    for account in ("doctor1", "doctor3", "doctor4"):
        thief = thieves[account] = hands.thief(large_stage, account, passkey=True)
        open_all(thief, [one for one in truth.cold(account, _now()) if one not in taken], (READING["everything"],))
        taken |= thief.haul.out
    assert CLINIC_DAY - KEPT_FOR_EMERGENCIES - 25 <= len(taken) <= CLINIC_DAY
    colleague = hands.thief(large_stage, "doctor2", passkey=True)
    strangers = _strangers(truth, "doctor2", taken, 60)
    opened = 0
    while colleague.everything(strangers[opened]).status == 200:
        opened += 1
    refused = colleague.everything(strangers[opened])
    assert refused.status == 429
    said = refused.json["issue"][0]["diagnostics"]
    assert "officer" in said
    assert re.search(r"\d+ (min|h)", said), "it says when a place is free"
    warm = sorted(truth.warm("doctor2", _now()))[:20]
    assert _fine(colleague.everything(one) for one in warm), "booked patients open as ever"

    officer = large_stage.sign_in("officer1")
    try:
        assert b"doctor1" in officer.read("/desk").body
        took = []
        for account in thieves:
            started = time.monotonic()
            assert _click(officer, "/desk/sessions", do="suspend", account=account, id="00" * 16) == 303
            assert _click(officer, "/desk/people", do="refund", account=account) == 303
            took.append(time.monotonic() - started)
        assert min(took) < 2, took
    finally:
        officer.close()
    for thief in thieves.values():
        with pytest.raises(Stopped):
            thief.card(strangers[0])
    again = _strangers(truth, "doctor2", taken | set(strangers[:opened]), 12)
    assert _fine(colleague.everything(one) for one in again), "the clinic's day is back"
    # And the thief does not come back by the front door.
    back = hands.cookie(large_stage, "doctor1")
    for patient in (sorted(truth.warm("doctor1", _now()))[0], strangers[0]):
        with contextlib.suppress(Stopped):
            assert back.everything(patient).status != 200
    assert not back.haul.out
