"""Thieves with stolen sessions take no more than the budget says, through whatever way there is.

Over HTTP on a served clinic of 1,500, of whom half are strangers to the desk; and, where it takes hours or weeks, on a
vault in this process whose clocks are moved on. The totals are printed: `pytest -rP tests/attacks/test_thieves.py`.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seifas.drill.stage import Stage
from seifas.drill.thieves import (
    READING,
    Hands,
    Stopped,
    Thief,
    alarms_in,
    encounter,
    form_of,
    harvest,
    open_all,
    sign_in,
    word_of,
)
from seifas.drill.thieves_clock import MovedVault
from seifas.drill.thieves_haul import Haul
from seifas.drill.thieves_truth import Truth

WARM_CHARTS, WARM_CHARTS_WITH_PASSKEY, WARM_CARDS, CALLER_CARDS = 30, 60, 200, 60
TREATING = ("doctor1", "doctor2", "doctor3", "doctor4", "doctor5", "doctor6", "nurse1", "nurse2", "nurse3",
            "reception1")
Vaults = Callable[[], MovedVault]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def take_all(thief: Thief, cold: Iterable[str], warm: Iterable[str]) -> None:
    """First the strangers, by every way in turn, then those who are booked; goes on until nothing comes."""
    open_all(thief, cold, READING.values())
    open_all(thief, warm, READING.values())


def told_after(stage: Stage, kind: str) -> float:
    """Seconds from the alarm of this kind to its delivery."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found = [one for one in alarms_in(stage.log.read_bytes()) if one.kind == kind]
        if found:
            return found[0].delivered - found[0].raised
        time.sleep(0.1)
    pytest.fail(f"nobody was told of {kind}")


def colleague_works(hands: Hands, stage: Stage, truth: Truth, taken: set[str], *, strangers: int = 5) -> None:
    """Somebody else opens booked patients and a few strangers, and searches."""
    colleague = hands.cookie(stage, "nurse2")
    warm = sorted(truth.warm("nurse2", now_ms()) - taken)[:10]
    cold = [one for one in truth.cold("nurse2", now_ms()) if one not in taken][:strangers]
    assert [colleague.everything(one).status for one in warm] == [200] * len(warm)
    assert [colleague.everything(one).status for one in cold] == [200] * strangers
    assert colleague.search(family="Kaz")


@pytest.fixture(scope="module")
def served(places: Path, large_clinic: Path) -> Iterator[Stage]:
    """One clinic for thieves who take little, each by another account: those who spend the clinic's day have their
    own, and an account that opened a decoy is frozen for it."""
    stage = Stage(places / "thieves")
    stage.copy_from(large_clinic)
    stage.start()
    yield stage
    stage.remove()


# -- the counter


def test_the_counter_counts_what_it_should_and_nothing_else() -> None:
    haul = Haul()
    ident, other = "ab" * 16, "cd" * 16
    masked = {"resourceType": "Patient", "id": other, "meta": {"security": [{"code": "MASKED"}]}}
    plain = {"resourceType": "Patient", "id": ident}
    clinical = {"resourceType": "Observation", "id": "01" * 16, "subject": {"reference": f"Patient/{ident}"}}
    doctor = {"resourceType": "Practitioner", "id": "02" * 16}
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in (masked, plain, clinical, doctor)]}
    haul.json(json.dumps(bundle).encode(), "x")
    assert (haul.charts, haul.cards, haul.listed) == ({ident}, {ident}, {other})
    haul.json(b'{"resourceType":"OperationOutcome","issue":[]}', "x")
    assert haul.out == {ident}
    assert haul.ways["x"] == 2


def test_every_way_works_for_whoever_may_use_it(hands: Hands, served: Stage, truth: Truth) -> None:
    """Else "nothing came out" would mean nothing: each way gives a booked patient, as the cards of the truth say."""
    someone = hands.thief(served, "doctor1", passkey=False)
    warm = sorted(truth.warm("doctor1", now_ms()))
    for number, (name, way) in enumerate(READING.items()):
        answer = way(someone, warm[number])
        assert answer.status in (200, 304), name
        assert warm[number] in someone.haul.out, name
    card = truth.cards[warm[0]]
    body = someone.card(warm[0]).json
    assert body["name"][0]["family"] == card.family
    assert body["birthDate"] == card.birth
    proof = truth.cards[warm[20]]
    assert someone.caller(proof.family, proof.birth, warm[20]).status == 200
    assert warm[20] in someone.haul.cards


# -- over HTTP, at once


@pytest.mark.slow
def test_a_stolen_session_without_its_passkey(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    thief = hands.thief(large_stage, "doctor1", passkey=False)
    warm, cold = truth.warm("doctor1", now_ms()), truth.cold("doctor1", now_ms())
    listed = harvest(thief, (card.family for card in truth.cards.values()))
    take_all(thief, cold, sorted(warm))
    haul = thief.haul
    print(f"stolen session: {len(haul.charts)} charts, {len(haul.charts - warm)} beyond; {len(haul.cards)} cards, "
          f"{len(haul.cards - warm)} beyond; {len(listed)} listed; {dict(haul.ways)}")
    assert len(haul.out - warm) == 10  # the hour's bound; the day's is below, where time can pass
    assert len(haul.charts & warm) <= WARM_CHARTS
    assert len(haul.cards & warm) <= WARM_CARDS
    assert len(haul.listed) <= 60

    with pytest.raises(Stopped):
        open_all(thief, reversed(cold), READING.values(), careful=False)
    assert thief.stopped_at
    assert thief.froze_at - thief.stopped_at < 1.0
    assert len(haul.out - warm) == 10
    for way in READING.values():
        with pytest.raises(Stopped):
            way(thief, next(iter(warm)))
    assert told_after(large_stage, "insisting") <= 10
    colleague_works(hands, large_stage, truth, haul.out)


@pytest.mark.slow
def test_a_stolen_session_with_its_passkey(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    thief = hands.thief(large_stage, "doctor1", passkey=True)
    warm, cold = truth.warm("doctor1", now_ms()), truth.cold("doctor1", now_ms())
    harvest(thief, (card.family for card in truth.cards.values()), most=270)
    open_all(thief, sorted(warm), READING.values())
    open_all(thief, cold, READING.values())
    haul = thief.haul
    print(f"with passkey: {len(haul.charts)} charts, {len(haul.charts - warm)} beyond; {len(haul.cards)} cards, "
          f"{len(haul.cards - warm)} beyond; {len(haul.listed)} listed; {thief.gestures} gestures; {dict(haul.ways)}")
    assert 40 <= len(haul.out - warm) <= 60
    assert len(haul.charts & warm) <= WARM_CHARTS_WITH_PASSKEY
    assert len(haul.cards & warm) <= WARM_CARDS
    assert thief.gestures >= len(haul.out - warm) - 10  # one gesture opens one patient
    with pytest.raises(Stopped):
        open_all(thief, reversed(cold), careful=False)
    assert thief.froze_at - thief.stopped_at < 1.0
    assert told_after(large_stage, "cold-day") <= 10

    # A fresh session opens no budget anew.
    assert thief.passkey is not None
    again = hands.with_browser(large_stage, sign_in(large_stage, thief.passkey), thief.passkey)
    with pytest.raises(Stopped):
        open_all(again, (one for one in cold if one not in haul.out), careful=False)
    assert not again.haul.out
    colleague_works(hands, large_stage, truth, haul.out)


@pytest.mark.slow
@pytest.mark.parametrize("passkeys", [False, True], ids=["cookies", "passkeys"])
def test_ten_sessions_of_ten_accounts(hands: Hands, large_stage: Stage, truth: Truth, passkeys: bool) -> None:
    together, gone = Haul(), set[str]()
    for account in TREATING:
        thief = hands.thief(large_stage, account, passkey=passkeys)
        cold = [one for one in truth.cold(account, now_ms()) if one not in gone]
        ways = [READING["read"], READING["by-id"]] if account == "reception1" else list(READING.values())
        open_all(thief, cold, ways)
        gone |= thief.haul.out
        together.add(thief.haul)
    beyond = gone - truth.warm("nurse1", now_ms())
    print(f"ten accounts: {len(together.charts)} charts, {len(beyond)} beyond; {dict(together.answers)}")
    assert 80 <= len(beyond) <= 100
    colleague_works(hands, large_stage, truth, gone, strangers=0)


def test_one_session_asked_by_fifty_at_once(hands: Hands, served: Stage, truth: Truth) -> None:
    """Requests under way together cannot spend the same place twice."""
    first = hands.thief(served, "doctor2", passkey=False)
    cold = truth.cold("doctor2", now_ms())[:400]
    many = [hands.with_browser(served, served.browser()) for _ in range(50)]

    def take(number: int) -> None:
        hand = many[number]
        hand.browser.cookie = first.browser.cookie
        with contextlib.suppress(Stopped):
            open_all(hand, cold[number * 8 : number * 8 + 8], [Thief.everything, Thief.bundled], careful=False)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    out = set().union(*(hand.haul.out for hand in many))
    assert 1 <= len(out) <= 10


def test_one_transaction_that_reads_a_thousand(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    thief = hands.thief(large_stage, "doctor1", passkey=False)
    cold = truth.cold("doctor1", now_ms())
    assert word_of(thief.transaction(cold[:500])) == "step-up"
    assert not thief.haul.out  # all or nothing: what was paid for is not even shown
    with contextlib.suppress(Stopped):
        for number in range(20):
            thief.transaction(cold[10 + number : 500])
    assert thief.froze_at
    assert not thief.haul.out


# -- decoys


def test_listing_decoys_says_nothing_and_rings(hands: Hands, served: Stage, truth: Truth) -> None:
    thief = hands.thief(served, "reception1", passkey=False)
    for card in truth.decoys.values():
        assert thief.search(family=card.family, birthdate=card.birth)
    assert truth.decoys.keys() <= thief.haul.listed
    assert set(thief.haul.answers) == {"ok"}  # listed like anybody else, and the session goes on
    assert told_after(served, "canaries-listed") <= 10
    assert thief.search(family="Kaz")


@pytest.mark.parametrize("way", ["read", "everything", "inside", "by-id", "history", "unchanged", "transaction",
                                 "card-page", "chart-page", "visit", "overwrite", "caller"])
def test_opening_a_decoy_stops_and_rings(
    hands: Hands, served: Stage, truth: Truth, way: str, accounts: list[str]
) -> None:
    account = accounts.pop()
    decoy = sorted(truth.decoys)[0]
    thief = hands.cookie(served, account)
    form_of(thief.browser)
    if way == "visit":
        answer = thief.visit(decoy, datetime.now(UTC).isoformat())
    elif way == "overwrite":
        answer = thief.overwrite(decoy, "Naujas", "1990-01-01")
    elif way == "caller":
        answer = thief.caller(truth.decoys[decoy].family, truth.decoys[decoy].birth, decoy)
    else:
        answer = READING[way](thief, decoy)
    assert answer.status == 429
    assert not thief.haul.out
    with pytest.raises(Stopped):
        thief.search(family="Kaz")
    give_up = time.monotonic() + 60
    while not any(one.kind == "canary" and one.account == account for one in alarms_in(served.log.read_bytes())):
        assert time.monotonic() < give_up
        time.sleep(0.1)


@pytest.fixture(scope="module")
def accounts() -> list[str]:
    return [*TREATING[:9], *TREATING[:3]]


def test_a_stolen_program_has_its_own_number_and_no_more(hands: Hands, served: Stage, truth: Truth) -> None:
    program = served.program(25)
    thief = hands.with_browser(served, program)
    open_all(thief, truth.cold("doctor1", now_ms())[:200], [Thief.card, Thief.everything, Thief.inside], careful=False)
    assert len(thief.haul.out) == 25
    assert told_after(served, "machine-day") <= 10


def test_a_write_answers_with_what_was_sent(hands: Hands, served: Stage, truth: Truth) -> None:
    """And never with what was there."""
    thief = hands.thief(served, "doctor4", passkey=False)
    patient = truth.cold("doctor4", now_ms())[0]
    body = encounter(patient, datetime.now(UTC).isoformat())
    answer = thief.send("POST", "/fhir/Encounter", body, {"Prefer": "return=representation"})
    assert answer.status == 201
    assert set(answer.json) <= {*body, "id", "meta"}
    card = truth.cards[patient]
    assert card.family.encode() not in answer.body
