"""A thief who speaks the keeper's own wire with a session that is not his: every op a person's session may call.

This is what code inside a web process can do, and what a thief could do through pages that are still to be built:
the schedule, worklists, breaking the glass. `call` asks the keeper and raises its errors.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.thieves import encounter
from seifas.drill.thieves_haul import Haul
from seifas.errors import Missing, OverBudget, Refused, SeifasError, SignIn, StepUp
from seifas.keeper.identity.gestures import request_digest

Call = Callable[..., Any]
NO_DOCTOR: Final = bytes(16)


class WireThief:
    """`passkey` and `origin` belong to the account whose session was taken, or None."""

    def __init__(self, call: Call, session: str, passkey: SoftAuthenticator | None = None, origin: str = "") -> None:
        self.call = call
        self.session = session
        self.passkey = passkey
        self.origin = origin
        self.haul = Haul()
        self.frozen = False

    # -- asking

    def ask(self, op: str, over: bytes = b"", sign: str = "open", **args: Any) -> Any:
        """The answer, or None where it was refused; with a gesture over `over` where one is asked for."""
        try:
            found = self._asked(op, over, sign, args)
        except SeifasError as error:
            self.haul.answers[error.code] += 1
            self.frozen = self.frozen or isinstance(error, SignIn) or getattr(error, "where", "") == "frozen"
            return None
        self.haul.answers["ok"] += 1
        return found

    def _asked(self, op: str, over: bytes, sign: str, args: dict[str, Any]) -> Any:
        try:
            return self.call(op, session=self.session, **args)
        except StepUp:
            if self.passkey is None:
                raise
        self.gesture(request_digest(sign, {"patient": over}))
        return self.call(op, session=self.session, **args)

    def gesture(self, digest: bytes) -> None:
        assert self.passkey is not None
        begun = self.call("stepup.begin", session=self.session, digest=digest)
        self.call(
            "stepup.finish", session=self.session, handle=begun["handle"],
            credential=self.passkey.get(begun["options"], self.origin),
        )

    # -- ways to a patient

    def search(self, **fields: str) -> list[str]:
        hits = self.ask("patient.search", b"", "search", **fields) or []
        found = [hit["patient"].hex() for hit in hits]
        self.haul.listed.update(found)
        return found

    def everything(self, patient: str) -> bool:
        rows = self.ask("record.list", over=bytes.fromhex(patient), patient=bytes.fromhex(patient), reason="visit")
        self.haul.rows(rows or [], "everything")
        return rows is not None

    def card(self, patient: str, version: int = 0) -> bool:
        key = bytes.fromhex(patient)
        row = self.ask("record.read", over=key, type="Patient", id=key, reason="visit", version=version)
        self.haul.rows([row] if row else [], "card")
        return row is not None

    def glass(self, patient: str) -> bool:
        key = bytes.fromhex(patient)
        broken = self.ask("glass.break", over=key, sign="glass", patient=key, reason="emergency")
        return broken is not None and self.everything(patient)

    def caller(self, surname: str, birthdate: str) -> bool:
        row = self.ask("patient.caller", sign="caller", surname=surname, birthdate=birthdate)
        self.haul.rows([row] if row else [], "caller")
        return row is not None

    def worklist(self, patients: Iterable[str]) -> int:
        """Cards got through a worklist of these patients; it takes a passkey."""
        keys = [bytes.fromhex(one) for one in patients]
        title = "recall"
        if self.passkey is not None:
            self.gesture(request_digest("worklist.make", {"title": title, "patients": keys}))
        made = self.ask("worklist.make", title=title, patients=keys)
        if made is None:
            return 0
        got = 0
        for key in keys:
            row = self.ask("worklist.open", id=made["id"], patient=key)
            if row is not None:
                self.haul.rows([row], "worklist")
                got += 1
        return got

    def day(self, date: str) -> list[dict[str, Any]]:
        """A day of the schedule, for what stands in it about patients who are not warm."""
        found: list[dict[str, Any]] = self.ask("schedule.day", date=date) or []
        return found

    # -- ways to make a patient warm

    def book(self, patient: str, start_ms: int, *, walk_in: bool = False) -> bytes | None:
        """An appointment, or with `walk_in` somebody who is there now."""
        key = bytes.fromhex(patient)
        made = self.ask(
            "schedule.book", over=key, doctor=NO_DOCTOR, start_ms=start_ms, minutes=15, patient=key, walk_in=walk_in,
            force=not walk_in,
        )
        return made["id"] if made else None

    def arrive(self, entry: bytes, patient: str) -> bool:
        return self.ask("schedule.status", over=bytes.fromhex(patient), id=entry, status="arrived") is not None

    def write(self, changes: list[dict[str, Any]], over: bytes) -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] | None = self.ask("record.write", over=over, changes=changes, reason="visit")
        return found

    def visit(self, patient: str, at_ms: int, *, ident: bytes = b"", expect: int = 0) -> bool:
        """Writes a visit: a new one, or with `expect` over one that is there."""
        key, ident = bytes.fromhex(patient), ident or os.urandom(16)
        return self.write([visit_change(key, ident, at_ms, expect)], key) is not None

    def register(self, family: str) -> bool:
        ident = os.urandom(16)
        body = {"resourceType": "Patient", "id": ident.hex(), "name": [{"family": family}]}
        change = {"op": "create", "type": "Patient", "id": ident, "patient": ident, "expect": 0}
        return self.write([{**change, "body": json.dumps(body).encode()}], ident) is not None

    def overwrite(self, patient: str, family: str, birth: str) -> bool:
        """Another identity over a patient whose version is guessed."""
        key = bytes.fromhex(patient)
        body = {"resourceType": "Patient", "id": patient, "name": [{"family": family}], "birthDate": birth}
        change = {"op": "update", "type": "Patient", "id": key, "patient": key, "expect": 1}
        return self.write([{**change, "body": json.dumps(body).encode()}], key) is not None


def visit_change(patient: bytes, ident: bytes, at_ms: int, expect: int = 0) -> dict[str, Any]:
    """The change that writes a visit of a patient at a moment."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
    body = encounter(patient.hex(), at, ident.hex())
    return {
        "op": "update" if expect else "create", "type": "Encounter", "id": ident, "patient": patient, "expect": expect,
        "body": json.dumps(body).encode(),
    }


def enrol_by_wire(call: Call, session: str, origin: str) -> SoftAuthenticator:
    """A passkey for the account of a session that has just been opened."""
    authenticator = SoftAuthenticator()
    begun = call("passkey.add_begin", session=session)
    made = authenticator.create(begun["options"], origin)
    call("passkey.add_finish", session=session, handle=begun["handle"], credential=made, label="own")
    return authenticator


def sign_in_by_wire(call: Call, authenticator: SoftAuthenticator, origin: str) -> str:
    """The token of a new session, opened with a passkey."""
    begun = call("session.passkey_begin", address="127.0.0.1")
    touched = authenticator.get(begun["options"], origin)
    token: str = call("session.passkey_finish", handle=begun["handle"], credential=touched, address="127.0.0.1")[
        "token"
    ]
    return token


def forged_tokens() -> list[str]:
    """Tokens that no keeper ever gave: of the right form, too long, empty, of other alphabets."""
    return [
        base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("="), "A" * 43, "", "A" * 42, "A" * 44, "\x00" * 43,
        "ą" * 43, "A" * 100_000, os.urandom(16).hex(), "null", "' OR 1=1 --",
    ]


REFUSED: Final = (Refused, OverBudget, Missing)
