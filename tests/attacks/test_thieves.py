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

from seifas.demo.population import canaries
from seifas.drill import thieves_slowly as slowly
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
from seifas.drill.thieves_clock import DAY_MS, HOUR_MS, MovedVault
from seifas.drill.thieves_haul import Haul
from seifas.drill.thieves_truth import Truth
from seifas.drill.thieves_wire import WireThief, enrol_by_wire

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


def told_within(stage: Stage, kind: str, seconds: float) -> float:
    """Seconds from the alarm of this kind to its delivery; waits for it as long as it may take."""
    give_up = time.monotonic() + seconds
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


def test_every_way_works_for_whoever_may_use_it(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    """Else "nothing came out" would mean nothing: each way gives a booked patient, as the cards of the truth say."""
    someone = hands.thief(large_stage, "doctor1", passkey=False)
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
    assert told_within(large_stage, "insisting", 10) <= 10
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
    assert told_within(large_stage, "cold-day", 10) <= 10

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


def test_one_session_asked_by_fifty_at_once(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    """Requests under way together cannot spend the same place twice."""
    first = hands.thief(large_stage, "doctor1", passkey=False)
    cold = truth.cold("doctor1", now_ms())[:400]
    many = [hands.with_browser(large_stage, large_stage.browser()) for _ in range(50)]

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


def test_listing_decoys_says_nothing_and_rings(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    thief = hands.thief(large_stage, "reception1", passkey=False)
    names = [decoy_name(ident) for ident in sorted(truth.decoys)]
    for family, birth in names:
        hits = thief.search(family=family, birthdate=birth)
        assert hits
    assert truth.decoys <= thief.haul.listed
    assert set(thief.haul.answers) == {"ok"}  # listed like anybody else, and the session goes on
    assert told_within(large_stage, "canaries-listed", 10) <= 10
    assert thief.search(family="Kaz")


def decoy_name(decoy: str) -> tuple[str, str]:
    """Surname and birth date of a decoy of the demo."""
    files = canaries(1, 3, datetime.now().astimezone().date()).files
    body = next(one.body for file in files if file.id == decoy for one in file.resources if one.type == "Patient")
    patient = json.loads(body)
    return patient["name"][0]["family"], patient["birthDate"]


@pytest.mark.parametrize("way", ["read", "everything", "inside", "by-id", "history", "unchanged", "transaction",
                                 "card-page", "chart-page", "visit", "overwrite", "caller"])
def test_opening_a_decoy_stops_and_rings(
    hands: Hands, decoy_stage: Stage, truth: Truth, way: str, accounts: list[str]
) -> None:
    account = accounts.pop()
    decoy = sorted(truth.decoys)[0]
    thief = hands.cookie(decoy_stage, account)
    form_of(thief.browser)
    if way == "visit":
        answer = thief.visit(decoy, datetime.now(UTC).isoformat())
    elif way == "overwrite":
        answer = thief.overwrite(decoy, "Naujas", "1990-01-01")
    elif way == "caller":
        answer = thief.caller(*decoy_name(decoy), decoy)
    else:
        answer = READING[way](thief, decoy)
    assert answer.status == 429
    assert not thief.haul.out
    with pytest.raises(Stopped):
        thief.search(family="Kaz")
    give_up = time.monotonic() + 10
    while not any(one.kind == "canary" and one.account == account for one in alarms_in(decoy_stage.log.read_bytes())):
        assert time.monotonic() < give_up
        time.sleep(0.1)


@pytest.fixture(scope="module")
def decoy_stage(places: Path, large_clinic: Path) -> Iterator[Stage]:
    """One clinic for all ways to a decoy, each tried by another account: every one of them is frozen for it."""
    stage = Stage(places / "decoys")
    stage.copy_from(large_clinic)
    stage.start()
    yield stage
    stage.remove()


@pytest.fixture(scope="module")
def accounts() -> list[str]:
    return [*TREATING[:9], *TREATING[:3]]


# -- with time


@pytest.mark.slow
def test_a_session_ridden_for_its_twelve_hours(moved_vault: Vaults, truth: Truth) -> None:
    gang = slowly.Gang(moved_vault(), truth)
    theft = slowly.ride_a_session(gang, gang.join("doctor1", with_passkey=False))
    print(f"twelve hours: {theft}")
    assert theft.beyond == 20
    assert theft.warm_day <= WARM_CHARTS


@pytest.mark.slow
def test_ten_accounts_with_passkeys_for_a_day(moved_vault: Vaults, truth: Truth) -> None:
    gang = slowly.Gang(moved_vault(), truth)
    for account in TREATING:
        gang.join(account, with_passkey=True)
    theft = slowly.ride_many(gang)
    print(f"ten accounts with passkeys, breaking the glass as well: {theft}")
    assert 88 <= theft.beyond_day <= 100
    assert theft.warm_day <= WARM_CHARTS_WITH_PASSKEY


@pytest.mark.slow
def test_an_insider_who_takes_a_little_every_day(moved_vault: Vaults, truth: Truth) -> None:
    gang = slowly.Gang(moved_vault(), truth)
    gang.join("doctor1", with_passkey=True)
    theft = slowly.drip(gang, 31)
    print(f"31 days: {theft}")
    assert theft.beyond_day <= 60
    assert theft.beyond_month == 300


@pytest.mark.slow
def test_two_who_book_for_each_other(moved_vault: Vaults, truth: Truth) -> None:
    gang = slowly.Gang(moved_vault(), truth)
    for account in ("doctor1", "nurse1"):
        gang.join(account, with_passkey=True)
    theft = slowly.drip(gang, 12)
    print(f"two for each other, twelve days: {theft}")
    assert theft.beyond_month <= 300
    assert theft.beyond_day <= 100
    assert theft.beyond <= 600
    assert theft.warm_day <= WARM_CHARTS_WITH_PASSKEY


def test_a_link_of_ones_own_is_paid_when_it_is_made_and_warms_the_other_a_day_later(
    moved_vault: Vaults, truth: Truth
) -> None:
    vault = moved_vault()
    one = WireThief(vault.call, vault.sign_in("doctor1"))
    other = WireThief(vault.call, vault.sign_in("doctor2"))
    victims = truth.cold("doctor1", vault.now_ms)[:9]
    before = left(vault, truth, "doctor1")
    for number, patient in enumerate(victims):
        made = (
            one.visit(patient, vault.now_ms - 60_000) if number % 3 == 0
            else one.book(patient, vault.now_ms + 20 * HOUR_MS) if number % 3 == 1
            else one.book(patient, vault.now_ms, walk_in=True)
        )
        assert made
    assert before - left(vault, truth, "doctor1") == 9
    had = left(vault, truth, "doctor2")
    assert other.everything(victims[0])  # at once: a stranger to the other
    assert had - left(vault, truth, "doctor2") == 1
    vault.let_pass(25 * HOUR_MS)
    other.session = vault.sign_in("doctor2")
    had = left(vault, truth, "doctor2")
    assert all(other.everything(patient) for patient in victims[1:])
    assert had == left(vault, truth, "doctor2")  # a day later: warm, and paid for by the one who booked


def left(vault: MovedVault, truth: Truth, account: str) -> int:
    """Cold patients that the account may still open in this month."""
    moment = vault.keeper.now()
    remaining = vault.keeper.ledger.remaining(truth.accounts[account], bytes(16), moment.budget_ms)
    return remaining.cold_account_month


def test_an_old_visit_written_again_costs_what_a_link_costs(moved_vault: Vaults, truth: Truth) -> None:
    """Entries of the schedule's past name patients and visits; moving such a visit to today is making a link."""
    vault = moved_vault()
    nurse = WireThief(vault.call, vault.sign_in("nurse1"))
    seen = sorted(truth.warm("nurse1", vault.now_ms))[:15]
    visits = {patient: bytes([number]) * 16 for number, patient in enumerate(seen, 1)}
    assert all(nurse.visit(patient, vault.now_ms - 60_000, ident=ident) for patient, ident in visits.items())
    vault.let_pass(20 * DAY_MS)
    thief = WireThief(vault.call, vault.sign_in("doctor1"))
    strangers = [patient for patient in seen if not truth.is_warm("doctor1", patient, vault.now_ms)]
    assert len(strangers) >= 10
    before = left(vault, truth, "doctor1")
    moved = [one for one in strangers if thief.visit(one, vault.now_ms - 60_000, ident=visits[one], expect=1)]
    assert len(moved) == 10  # the hour's bound
    assert before - left(vault, truth, "doctor1") == 10


def test_moving_and_reviving_old_entries_costs_what_a_link_costs(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("reception2"))
    far = [
        row for days in range(4, 15) for row in thief.day(_date(vault.now_ms + days * DAY_MS))
        if not truth.is_warm("reception2", row["patient"].hex(), vault.now_ms) and row["status"] == "booked"
    ]
    assert len({row["patient"] for row in far}) >= 30
    before = left(vault, truth, "reception2")
    moved = []
    for number, row in enumerate(far[:40]):
        start = _morning(vault.now_ms + DAY_MS) + number * 600_000
        done = thief.ask("schedule.move", row["patient"], id=row["id"], doctor=bytes(16), start_ms=start, minutes=5)
        if done is not None:
            moved.append(row["patient"])
    assert len(set(moved)) <= 10
    assert before - left(vault, truth, "reception2") == len(set(moved))


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def _morning(at_ms: int) -> int:
    day = datetime.fromtimestamp(at_ms / 1000, UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    return int(day.timestamp() * 1000)


def test_far_days_of_the_schedule_name_nobody(moved_vault: Vaults, truth: Truth) -> None:
    """Else the schedule's past and future would be a list of names, and its notes a list of treatments, for nothing."""
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("reception1"))
    rows = [row for days in range(5, 15) for row in thief.day(_date(vault.now_ms + days * DAY_MS))]
    strangers = [row for row in rows if not truth.is_warm("reception1", row["patient"].hex(), vault.now_ms)]
    assert len(strangers) > 100
    assert not any(truth.cards[row["patient"].hex()].family in row["name"] for row in strangers)
    assert not any(row["note"] for row in strangers)


# -- cards


def test_cards_by_callers_proof_and_by_worklists(moved_vault: Vaults, truth: Truth) -> None:
    """A thief who knows names and birth dates from an older leak gets cards, bounded, and no chart."""
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("reception1"), origin)
    thief = WireThief(vault.call, vault.sign_in("reception1"), key, origin)
    cold = truth.cold("reception1", vault.now_ms)
    for patient in cold[:150]:
        thief.caller(truth.cards[patient].family, truth.cards[patient].birth)
    by_caller = len(thief.haul.cards)
    print(f"cards by caller's proof: {by_caller}")
    assert 40 <= by_caller <= CALLER_CARDS
    by_list = thief.worklist(cold[200:240]) + thief.worklist(cold[240:280])
    print(f"cards by worklists: {by_list}")
    assert by_list == 40
    thief.everything(cold[0])  # reception opens no chart, whatever it has paid for
    assert not thief.haul.charts


def test_guessing_birth_dates_of_callers_stops(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("reception1"))
    patient = next(one for one in truth.cold("reception1", vault.now_ms) if truth.cards[one].birth[5:] > "03")
    card = truth.cards[patient]
    got = [thief.caller(card.family, f"{card.birth[:4]}-{1 + n // 28:02}-{1 + n % 28:02}") for n in range(60)]
    assert not any(got)
    assert thief.haul.answers["missing"] == 10
    assert thief.haul.answers["step-up"] == 50


def test_another_identity_over_a_stranger_gives_no_more_cards(moved_vault: Vaults, truth: Truth) -> None:
    """Overwrites strangers blindly, proves them as callers by what was written, reads the card of before."""
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("reception1"))
    cold = truth.cold("reception1", vault.now_ms)
    for number, patient in enumerate(cold[:100]):
        family = f"Svetimasis{'abcdefghijklmnopqrstuvwxyz'[number % 26]}{'abcdefghij'[number // 26]}"
        if thief.overwrite(patient, family, "1901-02-03") and thief.caller(family, "1901-02-03"):
            thief.card(patient, version=1)
    known = {one for one in thief.haul.cards if one in cold}
    print(f"cards by writing another identity: {len(known)}; {dict(thief.haul.answers)}")
    assert len(known) <= 30  # patients an account may change a day
    assert thief.frozen
    assert not thief.haul.charts


def test_masks_are_not_read_off_by_asking_again(moved_vault: Vaults, truth: Truth) -> None:
    """Searching whom one was listed already costs nothing, and each answer says yes or no to a guessed birth date."""
    vault = moved_vault()
    origin = vault.keeper.settings.origins[0]
    key = enrol_by_wire(vault.call, vault.sign_in("reception1"), origin)
    thief = WireThief(vault.call, vault.sign_in("reception1"))
    learnt = birth_dates(thief, truth, truth.cold("reception1", vault.now_ms)[:40])
    print(f"birth dates read off the masks in an hour: {learnt}; {dict(thief.haul.answers)}")
    assert 2 <= learnt <= 8
    assert thief.haul.answers["step-up"] > 100
    assert [one.kind for one in vault.keeper.alarms.all()].count("searches") == 1
    other = WireThief(vault.call, vault.sign_in("reception2"))
    assert other.search(family="Kaz")
    owner = WireThief(vault.call, thief.session, key, origin)
    assert owner.search(family="Kaz")  # with a gesture a busy desk goes on
    assert owner.search(family="Kaz")
    assert owner.haul.answers["ok"] == 2
    for _ in range(8):
        vault.let_pass(8 * 60_000)
        thief.ask("session.list")
    assert thief.search(family="Kaz")  # and without one when the hour is over


def birth_dates(thief: WireThief, truth: Truth, patients: list[str]) -> int:
    """How many full birth dates come out by asking for month after month and day after day."""
    learnt = 0
    for patient in patients:
        card = truth.cards[patient]
        year = card.birth[:4]
        month = next((m for m in range(1, 13) if patient in thief.search(family=card.family, given=card.given[0],
                                                                         birthdate=f"{year}-{m:02}")), 0)
        days = range(1, 29) if month else ()
        learnt += any(
            patient in thief.search(family=card.family, given=card.given[0], birthdate=f"{year}-{month:02}-{d:02}")
            for d in days
        )
    return learnt


def test_registering_patients_opens_nobody_else(moved_vault: Vaults, truth: Truth) -> None:
    vault = moved_vault()
    thief = WireThief(vault.call, vault.sign_in("doctor1"))
    assert all(thief.register(f"Naujas{number}") for number in range(40))
    before = left(vault, truth, "doctor1")
    for patient in truth.cold("doctor1", vault.now_ms)[:30]:
        thief.everything(patient)
    assert len(thief.haul.charts & truth.cards.keys()) == 10
    assert before - left(vault, truth, "doctor1") == 10


def test_a_stolen_program_has_its_own_number_and_no_more(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    program = large_stage.program(25)
    thief = hands.with_browser(large_stage, program)
    open_all(thief, truth.cold("doctor1", now_ms())[:200], [Thief.card, Thief.everything, Thief.inside], careful=False)
    assert len(thief.haul.out) == 25
    assert told_within(large_stage, "machine-day", 10) <= 10


def test_a_write_answers_with_what_was_sent(hands: Hands, large_stage: Stage, truth: Truth) -> None:
    """And never with what was there."""
    thief = hands.thief(large_stage, "doctor1", passkey=False)
    patient = truth.cold("doctor1", now_ms())[0]
    body = encounter(patient, datetime.now(UTC).isoformat())
    answer = thief.send("POST", "/fhir/Encounter", body, {"Prefer": "return=representation"})
    assert answer.status == 201
    assert set(answer.json) <= {*body, "id", "meta"}
    card = truth.cards[patient]
    assert card.family.encode() not in answer.body


def test_an_officers_session_does_not_refill_a_thiefs_budget(moved_vault: Vaults, truth: Truth) -> None:
    """Giving back is one click, so it may not be a pump: two stolen sessions, of an officer and of a doctor."""
    vault = moved_vault()
    officer = WireThief(vault.call, vault.sign_in("officer1"))
    thief = WireThief(vault.call, vault.sign_in("doctor1"))
    cold = iter(truth.cold("doctor1", vault.now_ms))
    for _ in range(3):
        while thief.everything(next(cold)):
            continue
        officer.ask("budget.refund", account="doctor1")
        officer.ask("budget.suspend", account="doctor1")
        officer.ask("budget.refund", account="doctor1")
        officer.ask("budget.release", account="doctor1")
        thief.session = vault.sign_in("doctor1")
        thief.frozen = False
    assert len(thief.haul.charts) == 10
    other = WireThief(vault.call, vault.sign_in("officer2"))
    assert other.ask("budget.release", account="doctor1") is not None  # who did not give back may release
    assert thief.everything(next(cold))
    vault.let_pass(25 * HOUR_MS)
    officer.session = vault.sign_in("officer1")
    assert officer.ask("budget.suspend", account="doctor1") is not None
    assert officer.ask("budget.release", account="doctor1") is not None  # a day later
