"""What the leaks process asks of the keeper: a search of one case, and what that search may be told.

`Who` is passed on, not judged here: whether this session or this pass may search that case, the keeper decides, and
writes down before it answers. A `CaseKeeper` belongs to one search and one thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom.renditions import Place
from seifas.errors import OverBudget, SeifasError
from seifas.keeper.client import BlockingClient
from seifas.leaks.explaining import Opening
from seifas.leaks.people import Care, Person
from seifas.storage.objects import Objects

PEOPLE_AT_ONCE: Final = 2000
CARE_AT_ONCE: Final = 500
LINES_AT_ONCE: Final = 10_000


class Who(msgspec.Struct, frozen=True):
    """Who asks: a session of the desk's, or a pass that the keeper gave to the machine's own command line."""

    session: str = ""
    admin_pass: bytes = b""

    @property
    def asked(self) -> dict[str, Any]:
        """As the arguments of an op of the keeper's."""
        return {"admin_pass": self.admin_pass} if self.admin_pass else {"session": self.session}

    def __repr__(self) -> str:
        return "Who(...)"


class Started(msgspec.Struct, frozen=True):
    """The keeper's answer to `leak.start`: a token for one search."""

    search: bytes
    mentions_left: int

    def __repr__(self) -> str:
        return "Started(...)"


class CaseFile(msgspec.Struct, frozen=True):
    """A sample that was kept for the case, and what opens it."""

    file: bytes
    name: str
    size: int
    object: bytes
    key: bytes
    clinic: bytes
    epoch: int

    def __repr__(self) -> str:
        return "CaseFile(...)"


class Printed(msgspec.Struct, frozen=True):
    """A photo's fingerprint, empty where it was kept before there was one, and whose photo it is."""

    photo: bytes
    fingerprint: bytes
    patient: bytes


class View(msgspec.Struct, frozen=True):
    """A view of a photo that left, the seed of its mark, and the session it was made for, if any."""

    view: bytes
    seed: bytes
    session: bytes = b""

    def __repr__(self) -> str:
        return "View(...)"


class Seen(msgspec.Struct, frozen=True):
    """What the log's line says of a view."""

    account: str = ""
    display: str = ""
    hat: str = ""
    session: bytes = b""
    wall_ms: int = 0
    line: int = -1
    rendition: str = ""
    how: str = ""


class CaseKeeper:
    """One search of one case: everything is asked with its token, which the keeper may end at any time."""

    def __init__(self, socket: Path) -> None:
        self._client = BlockingClient(socket, patience=10.0)
        self.search = b""
        self.case = b""
        self.left = 0

    def start(self, who: Who, case: bytes) -> None:
        """Begins the search; the keeper ends the one before. Raises Refused where the case is not approved for who
        asks."""
        started = msgspec.convert(self._client.call("leak.start", case=case, **who.asked), Started)
        self.search, self.case, self.left = started.search, case, started.mentions_left

    def end(self) -> None:
        """Tells the keeper that what was read is forgotten."""
        search, self.search = self.search, b""
        if search:
            with contextlib.suppress(SeifasError):
                self._client.call("leak.end", search=search)

    def close(self) -> None:
        self.end()
        self._client.close()

    def charge(self, mentions: int) -> int:
        """Pays for as many as the approval covers, durable on return: how many, which may be fewer, or none."""
        count = min(mentions, self.left)
        if count <= 0:
            return 0
        try:
            self.left = int(self._client.call("leak.charge", search=self.search, mentions=count)["left"])
        except OverBudget:  # another search of this case was faster
            self.left = 0
            return 0
        return count

    def people(self) -> Iterator[list[Person]]:
        """Everybody, in pages. The keeper writes down that they were read before the first page leaves it."""
        after = b""
        while True:
            told = self._client.call("leak.people", search=self.search, after=after, count=PEOPLE_AT_ONCE)
            yield msgspec.convert(told["people"], list[Person])
            after = told["next"]
            if not after:
                return

    def care(self, patients: Iterable[bytes]) -> dict[bytes, Care]:
        """What was done for these patients."""
        asked = list(patients)
        found: dict[bytes, Care] = {}
        for start in range(0, len(asked), CARE_AT_ONCE):
            told = self._client.call("leak.care", search=self.search, patients=asked[start : start + CARE_AT_ONCE])
            found.update((one.patient, one) for one in msgspec.convert(told, list[Care]))
        return found

    def fingerprints(self) -> Iterator[list[Printed]]:
        """Of every photo, in pages."""
        after = b""
        while True:
            told = self._client.call("leak.fingerprints", search=self.search, after=after, count=PEOPLE_AT_ONCE)
            yield msgspec.convert(told["photos"], list[Printed])
            after = told["next"]
            if not after:
                return

    def original(self, photo: bytes) -> Place:
        """Where the unmarked rendition for screens lies, and what opens it."""
        return msgspec.convert(self._client.call("leak.original", search=self.search, photo=photo), Place)

    def compare(self, views: int) -> int:
        """Has so many comparisons counted, durable on return: how many the whole case has now."""
        return int(self._client.call("leak.compare", search=self.search, views=views)["compared"])

    def views(self, photo: bytes) -> list[View]:
        """Every view of a photo that ever left."""
        return msgspec.convert(self._client.call("leak.views", search=self.search, photo=photo), list[View])

    def seen(self, photo: bytes, view: bytes) -> Seen:
        """What the log says of a view."""
        told = self._client.call("leak.seen", search=self.search, photo=photo, view=view)
        return msgspec.convert(told, Seen)

    def so_far(self) -> tuple[list[bytes], int]:
        """(bodies of the case's newest results, newest first; how many patients the clinic has)."""
        told = self._client.call("leak.so_far", search=self.search)
        return [bytes(one["body"]) for one in told["results"]], int(told["patients"])

    def lines(self, since_ms: int = 0) -> Iterator[tuple[list[Opening], dict[bytes, str]]]:
        """Every line that showed something, oldest first, in pages; and the accounts' logins by id."""
        after = -1
        while True:
            told = self._client.call(
                "leak.lines", search=self.search, since_ms=since_ms, until_ms=0, after=after, count=LINES_AT_ONCE
            )
            yield [_opening(one) for one in told["lines"]], dict(told["accounts"])
            after = int(told["next"])
            if after < 0:
                return

    def found(self, kind: str, body: bytes) -> bytes:
        """Has a result kept, and returns its id."""
        return bytes(self._client.call("leak.found", search=self.search, kind=kind, body=body)["result"])

    def files(self) -> list[CaseFile]:
        """The case's samples, oldest first."""
        return msgspec.convert(self._client.call("leak.files", search=self.search), list[CaseFile])

    def opened(self, objects: Objects, file: CaseFile) -> Iterator[bytes]:
        """A kept sample's bytes, piece by piece. Raises Tampered where they are not what was kept."""
        return stream.open_stream(
            file.key, objects.get(file.object), purpose=Purpose.OBJECT, clinic=file.clinic, patient=self.case,
            record=file.object, version=1, epoch=file.epoch,
        )


def _opening(told: list[Any]) -> Opening:
    n, wall_ms, deed, _, account, session, patient, patients, photos = told
    shown = tuple(dict.fromkeys((*((patient,) if patient else ()), *patients)))
    return Opening(n, wall_ms, deed, account, session, shown, tuple(photos))
