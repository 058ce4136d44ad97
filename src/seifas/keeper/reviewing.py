"""Reviews of broken glass: each use waits until an officer has looked at it, and who used it may answer.

The review begins in the commit that opens the patient, so there is no use without one. The officer sees who, when,
under which hat and the word that was given; nothing of the chart. What was given as the reason is sealed under the
patient's own key, as in the log.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Any, Final

import msgspec

from seifas.crypto import envelope
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.review_book import Review, Said, State

_MOST_WORD: Final = 300
_SHOWN: Final = 200
_KEPT_MS: Final = 730 * 86_400_000


class Verdict(StrEnum):
    """What an officer says of a use."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"
    ASK = "ask"


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Decide(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    verdict: str
    word: str = ""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    word: str


def begun(
    keeper: Keeper, moment: Moment, session: Session, patient: bytes, reason: str, second: bytes = b""
) -> Review:
    """A new review, for the commit of the use. `second` is the colleague who confirmed it."""
    keyring = keeper.require_unlocked().keyring
    head = keeper.require_unlocked().vault.head(patient)
    ident = os.urandom(16)
    why = envelope.seal(
        keyring.patient(patient, head.check).card, reason.encode(), purpose=Purpose.STATE, clinic=keyring.clinic,
        patient=patient, record=ident, version=0, epoch=keyring.epoch,
    )
    return Review(ident, session.account, session.id, session.hat.value, patient, moment.wall_ms, why, second)


def kept(keeper: Keeper, review: Review) -> tuple[bytes, bytes]:
    """(tag, sealed state row)."""
    return keeper.row(Kind.REVIEW, review.id, review)


def without_patient(keeper: Keeper, patient: bytes) -> list[Review]:
    """The reviews that name a patient, without them: an erasure leaves that there was a use, and not of whom."""
    return [
        msgspec.structs.replace(one, patient=b"", why=b"") for one in keeper.reviews.values() if one.patient == patient
    ]


@OPS.op("review.list", OfSession, "desk")
async def reviews(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Those that wait first, 200 in all: {id, account, display, hat, at_ms, reason, session, patient (pseudonym),
    second, state, said: [{by, at_ms, what, word}]}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "review.list", moment)
    found = sorted(keeper.reviews.values(), key=lambda one: (one.state not in _OPEN, -one.at_ms))[:_SHOWN]
    leaf = keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="reviews")
    await keeper.commit([leaf])
    return [_told(keeper, one) for one in found]


_OPEN = frozenset({State.WAITING, State.ASKED})


@OPS.op("alarm.waiting", OfSession, "desk")
async def waiting(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, int]:
    """{approvals, reviews, erasures}: how many of each wait for the officer. Numbers only."""
    acting(keeper, args.session, "alarm.waiting", keeper.now())
    erasing = [one for one in keeper.approvals if one.kind is approvals.Kind.ERASE and one.state in _LIVE]
    return {
        "approvals": len(keeper.approvals.pending()), "erasures": len(erasing),
        "reviews": sum(one.state in _OPEN for one in keeper.reviews.values()),
    }


_LIVE = frozenset({approvals.State.PENDING, approvals.State.APPROVED})


@OPS.op("review.decide", Decide, "desk")
async def decide(keeper: Keeper, caller: Caller, args: Decide) -> dict[str, Any]:
    """Justified, not justified, or a question to who used it. Nobody reviews their own, or what they confirmed."""
    moment = keeper.now()
    session = acting(keeper, args.session, "review.decide", moment)
    review = _get(keeper, args.id)
    try:
        verdict = Verdict(args.verdict)
    except ValueError:
        raise Invalid("a use is justified, not-justified, or asked about", where="verdict") from None
    if session.account in (review.account, review.second):
        raise Refused("nobody reviews their own use, or one they confirmed; another officer has to", where="account")
    if review.state not in _OPEN:
        raise Conflict("this use was reviewed already", where="review")
    word = _word(args.word, least=0 if verdict is Verdict.JUSTIFIED else 3)
    state = {Verdict.JUSTIFIED: State.JUSTIFIED, Verdict.NOT_JUSTIFIED: State.NOT_JUSTIFIED, Verdict.ASK: State.ASKED}
    await _say(keeper, moment, session, review, state[verdict], verdict.value, word)
    return {"state": state[verdict].value}


@OPS.op("review.mine", OfSession, "desk")
async def mine(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """One's own uses of the last reviews, with what the officer asked."""
    session = acting(keeper, args.session, "review.mine", keeper.now())
    own = sorted((one for one in keeper.reviews.values() if one.account == session.account), key=lambda one: -one.at_ms)
    return [{**_told(keeper, one), "patient": b""} for one in own[:50]]


@OPS.op("review.answer", Answer, "desk")
async def answer(keeper: Keeper, caller: Caller, args: Answer) -> dict[str, Any]:
    """An answer to the officer's question; the use waits for the officer again."""
    moment = keeper.now()
    session = acting(keeper, args.session, "review.answer", moment)
    review = _get(keeper, args.id)
    if review.account != session.account:
        raise Missing("there is no such review", where="review")
    if review.state is not State.ASKED:
        raise Conflict("nothing is asked about this use", where="review")
    await _say(keeper, moment, session, review, State.WAITING, "answer", _word(args.word, least=3))
    return {"state": State.WAITING.value}


def _get(keeper: Keeper, ident: bytes) -> Review:
    found = keeper.reviews.get(ident)
    if found is None:
        raise Missing("there is no such review", where="review")
    return found


async def _say(
    keeper: Keeper, moment: Moment, session: Session, review: Review, state: State, what: str, word: str
) -> None:
    said = Said(account_name(keeper, session.account), moment.wall_ms, what, word)
    changed = msgspec.structs.replace(review, state=state, said=(*review.said, said))
    leaf = keeper.leaf(
        moment, Action.REVIEWED, account=session.account, session=session.id, patient=review.patient or None,
        objects=(review.id,), note=what, reason=word,
    )
    # The log keeps what is older; here it would only make the list long.
    old = [
        one.id for one in keeper.reviews.values()
        if one.state not in _OPEN and moment.wall_ms - one.at_ms > _KEPT_MS
    ]
    await keeper.commit([leaf], [kept(keeper, changed)], [keeper.tag(Kind.REVIEW, one) for one in old])
    keeper.reviews[review.id] = changed
    for one in old:
        keeper.reviews.pop(one, None)


def _told(keeper: Keeper, one: Review) -> dict[str, Any]:
    account = keeper.accounts.lookup(one.account)
    keyring = keeper.require_unlocked().keyring
    return {
        "id": one.id, "account": account.name if account else "", "display": account.display if account else "",
        "hat": one.hat, "at_ms": one.at_ms, "reason": _why(keeper, one), "session": one.session,
        "patient": keyring.pseudonym(one.patient) if one.patient else b"",
        "second": account_name(keeper, one.second), "state": one.state.value,
        "said": [msgspec.structs.asdict(each) for each in one.said],
    }


def _why(keeper: Keeper, one: Review) -> str:
    opened = keeper.require_unlocked()
    head = opened.vault.heads.get(one.patient) if one.patient else None
    if head is None:
        return ""
    return envelope.open_sealed(
        opened.keyring.patient(one.patient, head.check).card, one.why, purpose=Purpose.STATE,
        clinic=opened.keyring.clinic, patient=one.patient, record=one.id, version=0,
    ).decode()


def _word(text: str, *, least: int) -> str:
    word = " ".join(text.split())
    if not least <= len(word) <= _MOST_WORD or not (word.isprintable() or not word):
        raise Invalid(f"say it in {least} to {_MOST_WORD} letters", where="word")
    return word
