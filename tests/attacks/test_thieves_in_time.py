"""Thieves who have hours, weeks, helpers, an older leak: on a vault in this process whose clocks are moved on.

They speak the wire as the desk's process would, so what has no page yet (booking, worklists, moving) is tried as well.
"""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from seifas.drill import thieves_slowly as slowly
from seifas.drill.thieves_clock import DAY_MS, HOUR_MS, MovedVault
from seifas.drill.thieves_truth import Truth
from seifas.drill.thieves_wire import WireThief, enrol_by_wire

WARM_CHARTS, WARM_CHARTS_WITH_PASSKEY, CALLER_CARDS = 30, 60, 60
TREATING = ("doctor1", "doctor2", "doctor3", "doctor4", "doctor5", "doctor6", "nurse1", "nurse2", "nurse3",
            "reception1")
Vaults = Callable[[], MovedVault]


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
