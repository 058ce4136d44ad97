"""Passes for the darkroom, in the keeper's memory only: each is 32 random bytes, works once and not for long.

A grant lets it seal and store one new photo, a ticket lets it open one picture and show it to the process that asked,
a print lets it make one publication. Who has a pass has that one picture and nothing else; a keeper that restarts has
forgotten all of them. A capture is a telephone's session: it may begin photos of one patient and do nothing else.
All times here are of the boot clock, in ms: setting the wall clock makes no pass live longer.
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Missing, OverBudget
from seifas.keeper.photo_model import About, Publication

GRANT_MS: Final = 30 * 60_000
TICKET_MS: Final = 60_000
CAPTURE_MS: Final = 10 * 60_000
MOST_GRANTS: Final = 64
"""Photos that one session may have under way."""
MOST_TICKETS: Final = 512
"""Pictures of one session on their way out; beyond it the oldest ticket goes."""
MOST_CAPTURED: Final = 60
_MOST_CAPTURES: Final = 8
_MOST_SPENT: Final = 4096
_GONE: Final = "there is no such pass; it works once and not for long"


class Grant(msgspec.Struct, frozen=True):
    """What the darkroom may seal: photo and patient (16 bytes), the photo's key, the names of its objects.

    `account` and `session` are who began it, both empty for an import.
    """

    photo: bytes
    patient: bytes
    key: bytes
    epoch: int
    objects: dict[str, bytes]
    account: bytes
    session: bytes
    source: str
    began_ms: int
    about: About = About()
    redeemed: bool = False


class Spent(msgspec.Struct, frozen=True):
    """A grant whose photo was kept, and what the darkroom was told then: it is told the same if it has to ask again."""

    patient: bytes
    began_ms: int
    answer: dict[str, Any]


class Ticket(msgspec.Struct, frozen=True):
    """A picture that was charged and logged, for the process of `role` that asked: which object, its key, its view.

    `view` (16 bytes) chooses the watermark; `publication` is set where the object is a published copy, which carries
    its mark already.
    """

    photo: bytes
    patient: bytes
    object: bytes
    key: bytes
    epoch: int
    rendition: str
    view: bytes
    role: str
    session: bytes
    made_ms: int
    visible: str = ""
    publication: bytes = b""


class Print(msgspec.Struct, frozen=True):
    """A publication to be made: the ticket of its source, and the row it becomes (width and height still 0)."""

    source: Ticket
    publication: Publication
    account: bytes
    session: bytes
    redeemed: bool = False


class Capture(msgspec.Struct, frozen=True):
    """A telephone's way in: one patient, for the session that made it. `opened`: redeemed, its token is a session's;
    `ghost`: the photo (16 bytes) that the next ones are to look like, or none; `about`: what they will likely show."""

    patient: bytes
    account: bytes
    session: bytes
    expires_ms: int
    opened: bool = False
    begun: int = 0
    ghost: bytes = b""
    about: About = About()


class PassTable:
    """All passes. Nothing here is stored; everything is bounded."""

    def __init__(self) -> None:
        self._grants: OrderedDict[bytes, Grant] = OrderedDict()
        self._spent: OrderedDict[bytes, Spent] = OrderedDict()
        self._tickets: OrderedDict[bytes, Ticket] = OrderedDict()
        self._prints: OrderedDict[bytes, Print] = OrderedDict()
        self._captures: dict[bytes, Capture] = {}
        self._tickets_of: dict[bytes, OrderedDict[bytes, None]] = {}
        self._glass: dict[tuple[bytes, bytes], int] = {}
        self._arrived: OrderedDict[bytes, tuple[bytes, bytes]] = OrderedDict()
        self.finishing: set[bytes] = set()
        """Photos and publications whose commit is under way: their passes are spent, and nobody may sweep them."""

    # -- grants

    def require_room(self, session: bytes) -> None:
        """Raises OverBudget while the session has as many photos under way as it may."""
        if sum(one.session == session for one in self._grants.values()) >= MOST_GRANTS:
            raise OverBudget(f"{MOST_GRANTS} photos are under way; let some of them finish first", where="photos")

    def grant(self, grant: Grant) -> bytes:
        token = os.urandom(32)
        self._grants[token] = grant
        return token

    def redeem_grant(self, token: bytes, now_ms: int) -> Grant:
        """For sealing, once. Raises Missing."""
        grant = self._grants.get(token)
        if grant is None or grant.redeemed or not _fresh(grant.began_ms, GRANT_MS, now_ms):
            raise Missing(_GONE)
        self._grants[token] = msgspec.structs.replace(grant, redeemed=True)
        return grant

    def finish_grant(self, token: bytes, now_ms: int) -> Grant:
        """Takes a redeemed grant away: what comes of it is decided now. Raises Missing."""
        grant = self._grants.get(token)
        if grant is None or not grant.redeemed or not _fresh(grant.began_ms, GRANT_MS, now_ms):
            raise Missing(_GONE)
        del self._grants[token]
        return grant

    def spend_grant(self, token: bytes, grant: Grant, answer: dict[str, Any]) -> None:
        """Its photo is kept: from now on the grant is good for the answer, and for nothing else."""
        self._spent[token] = Spent(grant.patient, grant.began_ms, answer)
        if len(self._spent) > _MOST_SPENT:
            self._spent.popitem(last=False)

    def spent(self, token: bytes, now_ms: int) -> dict[str, Any] | None:
        """What was answered when the photo of this grant was kept; None where it was not, or the grant is over."""
        known = self._spent.get(token)
        return known.answer if known is not None and _fresh(known.began_ms, GRANT_MS, now_ms) else None

    # -- tickets

    def ticket(self, ticket: Ticket) -> bytes:
        token = os.urandom(32)
        self._tickets[token] = ticket
        mine = self._tickets_of.setdefault(ticket.session, OrderedDict())
        mine[token] = None
        if len(mine) > MOST_TICKETS:
            oldest, _ = mine.popitem(last=False)
            self._tickets.pop(oldest, None)
        return token

    def redeem_ticket(self, token: bytes, now_ms: int) -> Ticket:
        """Once, whatever comes of it. Raises Missing."""
        ticket = self._tickets.pop(token, None)
        if ticket is None:
            raise Missing(_GONE)
        self._untie(token, ticket)
        if not _fresh(ticket.made_ms, TICKET_MS, now_ms):
            raise Missing(_GONE)
        return ticket

    def _untie(self, token: bytes, ticket: Ticket) -> None:
        mine = self._tickets_of.get(ticket.session)
        if mine is not None:
            mine.pop(token, None)
            if not mine:
                del self._tickets_of[ticket.session]

    # -- prints

    def print(self, made: Print) -> bytes:
        token = os.urandom(32)
        self._prints[token] = made
        return token

    def redeem_print(self, token: bytes, now_ms: int) -> Print:
        """For marking and sealing, once. Raises Missing."""
        made = self._prints.get(token)
        if made is None or made.redeemed or not _fresh(made.source.made_ms, GRANT_MS, now_ms):
            raise Missing(_GONE)
        self._prints[token] = msgspec.structs.replace(made, redeemed=True)
        return made

    def finish_print(self, token: bytes, now_ms: int) -> Print:
        made = self._prints.get(token)
        if made is None or not made.redeemed or not _fresh(made.source.made_ms, GRANT_MS, now_ms):
            raise Missing(_GONE)
        del self._prints[token]
        return made

    # -- captures

    def capture(self, capture: Capture) -> str:
        """A new link's token; a session's oldest of more than eight goes."""
        mine = [key for key, one in self._captures.items() if one.session == capture.session]
        for key in mine[: max(0, len(mine) - _MOST_CAPTURES + 1)]:
            del self._captures[key]
        return self._keep(capture)

    def redeem_capture(self, token: str, now_ms: int) -> Capture:
        """The link, once. Raises Missing."""
        capture = self._captures.pop(_hash(token), None)
        if capture is None or capture.opened or not _fresh(capture.expires_ms - CAPTURE_MS, CAPTURE_MS, now_ms):
            raise Missing("this link does not work any more; ask for a new one")
        return capture

    def open_capture(self, capture: Capture, now_ms: int) -> tuple[str, Capture]:
        """The telephone's session: its token, and what it stands for."""
        opened = msgspec.structs.replace(capture, opened=True, expires_ms=now_ms + CAPTURE_MS)
        return self._keep(opened), opened

    def captured(self, token: str, now_ms: int) -> Capture | None:
        """The telephone's session that this token is, if it is one and still lives."""
        capture = self._captures.get(_hash(token))
        if capture is None or not capture.opened or not _fresh(capture.expires_ms - CAPTURE_MS, CAPTURE_MS, now_ms):
            return None
        return capture

    def count_capture(self, token: str) -> None:
        """One more photo begun. Raises OverBudget past the most."""
        capture = self._captures[_hash(token)]
        if capture.begun >= MOST_CAPTURED:
            raise OverBudget(f"one link takes {MOST_CAPTURED} photos; ask for a new one", where="capture")
        self._captures[_hash(token)] = msgspec.structs.replace(capture, begun=capture.begun + 1)

    def end_capture(self, token: str) -> None:
        self._captures.pop(_hash(token), None)

    def arrive(self, photo: bytes, session: bytes, patient: bytes) -> None:
        """A telephone's photo is kept: whoever let the telephone in may be told."""
        self._arrived[photo] = (session, patient)
        if len(self._arrived) > MOST_TICKETS:
            self._arrived.popitem(last=False)

    def arrived(self, session: bytes, patient: bytes) -> list[bytes]:
        """The photos of a patient that came from a session's telephones lately, oldest first."""
        return [photo for photo, whose in self._arrived.items() if whose == (session, patient)]

    def _keep(self, capture: Capture) -> str:
        token = secrets.token_urlsafe(32)
        self._captures[_hash(token)] = capture
        return token

    # -- photos of a patient behind broken glass

    def pass_glass(self, session: bytes, patient: bytes, until_ms: int) -> None:
        """This session has stepped up for the photos of this patient."""
        self._glass[session, patient] = until_ms

    def passed_glass(self, session: bytes, patient: bytes, now_ms: int) -> bool:
        return self._glass.get((session, patient), 0) > now_ms

    # -- upkeep

    def revoke(self, patient: bytes) -> None:
        """Everything of a patient who is erased."""
        self._grants = OrderedDict((key, one) for key, one in self._grants.items() if one.patient != patient)
        self._spent = OrderedDict((key, one) for key, one in self._spent.items() if one.patient != patient)
        self._prints = OrderedDict(
            (key, one) for key, one in self._prints.items() if one.publication.patient != patient
        )
        self._captures = {key: one for key, one in self._captures.items() if one.patient != patient}
        self._arrived = OrderedDict((key, one) for key, one in self._arrived.items() if one[1] != patient)
        for token, ticket in list(self._tickets.items()):
            if ticket.patient == patient:
                del self._tickets[token]
                self._untie(token, ticket)

    def live(self, now_ms: int) -> set[bytes]:
        """The photos and publications whose objects may still be written or committed."""
        photos = {one.photo for one in self._grants.values() if _fresh(one.began_ms, GRANT_MS, now_ms)}
        return self.finishing | photos | {
            one.publication.id for one in self._prints.values() if _fresh(one.source.made_ms, GRANT_MS, now_ms)
        }

    def sweep(self, now_ms: int) -> None:
        """Drops what is over."""
        for token, grant in list(self._grants.items()):
            if not _fresh(grant.began_ms, GRANT_MS, now_ms):
                del self._grants[token]
        for token, spent in list(self._spent.items()):
            if not _fresh(spent.began_ms, GRANT_MS, now_ms):
                del self._spent[token]
        for token, made in list(self._prints.items()):
            if not _fresh(made.source.made_ms, GRANT_MS, now_ms):
                del self._prints[token]
        for token, ticket in list(self._tickets.items()):
            if not _fresh(ticket.made_ms, TICKET_MS, now_ms):
                del self._tickets[token]
                self._untie(token, ticket)
        self._captures = {
            key: one for key, one in self._captures.items()
            if _fresh(one.expires_ms - CAPTURE_MS, CAPTURE_MS, now_ms)
        }
        self._glass = {key: until for key, until in self._glass.items() if until > now_ms}


def _fresh(made_ms: int, lifetime_ms: int, now_ms: int) -> bool:
    return now_ms - made_ms < lifetime_ms


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
