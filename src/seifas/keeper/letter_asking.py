"""Answers "was I affected?" to the contact that the vault has, and to nobody else.

What arrives is stored as it came, sealed, and answered later in rounds that cost the same whoever asked. A contact
that no card has gets nothing; one that a card has gets a message with a code, the same for whoever is affected and
whoever is not, at most one a day. Nothing of a contact is logged, and no number of questions shuts anybody out.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, OverBudget, SeifasError
from seifas.keeper import affected_book, letter_questions
from seifas.keeper.affected_grading import Grade, words_of
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.letter_beginning import new_ref
from seifas.keeper.letter_model import GRADES, QUEUED, Ask, Letter
from seifas.keeper.letter_waves import told_by
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.names.contacts import email_form, phone_digits

MOST_WAITING: Final = 5_000
MOST_ROUND: Final = 200
MOST_OF_CONTACT: Final = 5
"""Patients of one contact: a family."""

KEPT_MS: Final = 30 * 86_400_000
OPEN: Final = "open"
"""In place of a grade: there are cases, and none has told anybody yet."""

_DAY_MS: Final = 86_400_000
_PAGE: Final = 2_000


class Put(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    sealed: bytes


@OPS.op("case.asked", Put, "public")
async def put(keeper: Keeper, caller: Caller, args: Put) -> dict[str, Any]:
    """Stores a sealed question; durable when answered. The same id again is the same question. Raises OverBudget when
    full, whoever asks."""
    moment = keeper.now()
    keeper.require_unlocked()
    if len(args.id) != 16 or len(args.sealed) != letter_questions.SEALED:
        raise Invalid("that is no sealed question")
    asks = keeper.letters.asks
    known = asks.get(args.id)
    if known is not None:
        if known.sealed != args.sealed:
            raise Conflict("another question has this id")
        return {}
    if len(asks) >= MOST_WAITING:
        puts = ring(keeper, moment, "asked-full", 1, f"{MOST_WAITING} questions from the public site wait.")
        if puts:
            await keeper.commit([keeper.leaf(moment, Action.ALARM, note="asked-full")], puts)
        raise OverBudget("The box of questions is full.", where="full")
    one = Ask(args.id, moment.wall_ms, args.sealed)
    asks[one.id] = one  # before it is durable, so that the bound counts those under way
    try:
        await keeper.commit([], [keeper.row(Kind.ASKED, one.id, one)])
    except BaseException:
        asks.pop(one.id, None)
        raise
    return {}


async def resolve(keeper: Keeper, moment: Moment) -> int:
    """Answers what waits, oldest first; how many questions were dealt with."""
    await _forget_old(keeper, moment)
    asks = list(keeper.letters.asks.values())[:MOST_ROUND]
    if not asks:
        return 0
    contacts, known = await asyncio.to_thread(_read, keeper, asks)
    letters: list[Letter] = []
    answered: set[bytes] = set()  # by a contact of theirs that stood earlier in this round
    for contact in dict.fromkeys(contacts):
        people = known.get(contact, [])[:MOST_OF_CONTACT]
        if any(one in answered or _answered(keeper, one, moment) for one in people):
            continue
        answered.update(people)
        for patient in people:
            letters.append(await _answer(keeper, moment, patient, contact))
    leaf = keeper.leaf(moment, Action.ASKED, note="resolved")
    await keeper.commit(
        [leaf], [keeper.row(Kind.LETTER, one.id, one) for one in letters],
        [keeper.tag(Kind.ASKED, one.id) for one in asks],
    )
    for letter in letters:
        keeper.letters.put(letter)
    for one in asks:
        keeper.letters.asks.pop(one.id, None)
    return len(asks)


def _read(keeper: Keeper, asks: list[Ask]) -> tuple[list[str], dict[str, list[bytes]]]:
    """(the contacts that were asked for, patients by every contact on a card). For a thread; everybody's card is read,
    so that it takes as long for a stranger as for a patient."""
    opened = keeper.require_unlocked()
    contacts = []
    for one in asks:
        try:
            typed = letter_questions.unseal(
                opened.keyring.clinic_keys.dropbox, one.sealed, clinic=opened.keyring.clinic
            ).contact
        except SeifasError:
            continue
        contacts.append(email_form(typed) or phone_digits(typed))
    wanted = set(contacts) - {""}
    known: dict[str, list[bytes]] = {}
    after = b""
    while page := keeper.directory.page(after, _PAGE):
        after = page[-1].patient
        for card in page:
            if card.deceased or card.patient in keeper.canaries:
                continue
            for contact in (*card.emails, *card.phones):
                if contact in wanted:
                    known.setdefault(contact, []).append(card.patient)
    return [one for one in contacts if one], known


def _answered(keeper: Keeper, patient: bytes, moment: Moment) -> bool:
    return any(
        not one.wave and 0 <= moment.wall_ms - one.made_ms < _DAY_MS for one in keeper.letters.of_patient(patient)
    )


async def _answer(keeper: Keeper, moment: Moment, patient: bytes, contact: str) -> Letter:
    """An answer in the queue of its channel. Without a gateway for text messages a telephone's goes by mail, to the
    address on the card, if there is one."""
    channel = "mail" if "@" in contact else "sms"
    if channel == "sms" and not keeper.settings.incidents.sms_gateway:
        card = keeper.directory.card(patient)
        channel, contact = "mail", card.emails[0] if card is not None and card.emails else ""
    grade, sure, categories, day_ms = await asyncio.to_thread(state_of, keeper, patient)
    return Letter(
        os.urandom(16), b"", b"", patient, new_ref(keeper), grade, sure, categories, day_ms, False, channel, (), QUEUED,
        moment.wall_ms, address=contact, made_ms=moment.wall_ms,
    )


def state_of(keeper: Keeper, patient: bytes, case: bytes = b"") -> tuple[str, float, tuple[str, ...], int]:
    """(grade, sure, categories, since when that is known, ms) of a patient, from what two people have allowed to be
    told of the case, or of all that are no exercise: the worst. The grade is OPEN where a case has told nobody yet, and
    empty where nothing was found. For a thread."""
    found: tuple[str, float, tuple[str, ...], int] = ("", 1.0, (), 0)
    for one in keeper.cases.cases():
        if (case and one.id != case) or (not case and one.exercise):
            continue
        snapshot = told_by(keeper, one.id)
        if not snapshot:
            if not found[0] and not one.closed_ms:
                found = (OPEN, 1.0, (), 0)
            continue
        # What was read of a record that was merged into this one was read of the same person.
        for each in (patient, *(merge.other for merge in keeper.merges.others_of(patient))):
            told = _row(keeper, each, snapshot)
            if told is not None and (found[0] not in GRADES or GRADES.index(told[0]) < GRADES.index(found[0])):
                found = told
    return found


def _row(keeper: Keeper, patient: bytes, snapshot: bytes) -> tuple[str, float, tuple[str, ...], int] | None:
    who = keeper.require_unlocked().keyring.pseudonym(patient)
    rows = affected_book.frozen_of(keeper, snapshot).rows
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle].who < who:
            low = middle + 1
        else:
            high = middle
    if low == len(rows) or rows[low].who != who:
        return None
    row = rows[low]
    return Grade(row.grade).word, row.sure, words_of(row.categories), keeper.affected.get(snapshot).made_ms


async def _forget_old(keeper: Keeper, moment: Moment) -> None:
    """Answers of a month ago go: their codes are over, and who asked is nobody's business any more."""
    old = [one for one in keeper.letters.letters_of(b"") if moment.wall_ms - one.made_ms > KEPT_MS]
    if old:
        await keeper.commit([], [], [keeper.tag(Kind.LETTER, one.id) for one in old])
        for one in old:
            keeper.letters.drop(one.id)


