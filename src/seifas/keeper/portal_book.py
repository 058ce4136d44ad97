"""The portal's rows in memory: found by token, code, address, passkey and patient. Holds no rule; the ops do."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from seifas.errors import Missing, SignIn
from seifas.keeper.identity.accounts import AccountTable
from seifas.keeper.identity.challenges import ChallengeTable
from seifas.keeper.identity.sessions import CLOCK_BACK_MS, TOKEN_CHARS
from seifas.keeper.portal_model import (
    IDLE_MS,
    PortalAccount,
    PortalCode,
    PortalMessage,
    PortalRequest,
    PortalSession,
    Withheld,
)
from seifas.keeper.portal_pace import MailDesk, Pace

_SAVE_AFTER_MS = 60_000


class PortalBook:
    """Everything of the portal while the vault is unlocked."""

    def __init__(self) -> None:
        self.logins = AccountTable()
        self.challenges = ChallengeTable()
        self.mails = MailDesk()
        self.pace = Pace()
        self.offers: OrderedDict[bytes, list[int]] = OrderedDict()  # invitations of late, by who made them: wall ms
        self._accounts: dict[bytes, PortalAccount] = {}
        self._of_patient: dict[bytes, set[bytes]] = {}
        self._of_mail: dict[bytes, set[bytes]] = {}
        self._sessions: dict[bytes, PortalSession] = {}
        self._by_hash: dict[bytes, bytes] = {}
        self._seen: dict[bytes, int] = {}
        self._codes: dict[bytes, PortalCode] = {}
        self._by_tag: dict[bytes, bytes] = {}
        self.messages: dict[bytes, PortalMessage] = {}
        self.requests: dict[bytes, PortalRequest] = {}
        self.withheld: dict[bytes, Withheld] = {}

    # -- accounts

    def put_account(self, account: PortalAccount) -> None:
        self.drop_account(account.id)
        self.logins.put(account.login)
        self._accounts[account.id] = account
        self._of_patient.setdefault(account.patient, set()).add(account.id)
        if account.mail_tag:
            self._of_mail.setdefault(account.mail_tag, set()).add(account.id)

    def drop_account(self, ident: bytes) -> None:
        old = self._accounts.pop(ident, None)
        if old is None:
            return
        self.logins.remove(ident)
        for index, key in ((self._of_patient, old.patient), (self._of_mail, old.mail_tag)):
            siblings = index.get(key)
            if siblings is not None:
                siblings.discard(ident)
                if not siblings:
                    del index[key]

    def account(self, ident: bytes) -> PortalAccount | None:
        return self._accounts.get(ident)

    def accounts_of(self, patient: bytes) -> list[PortalAccount]:
        return sorted((self._accounts[one] for one in self._of_patient.get(patient, ())), key=lambda one: one.made_ms)

    def accounts_at(self, mail_tag: bytes) -> list[PortalAccount]:
        """Those who are reached at an address: the patient's own first, then the children's, oldest first."""
        found = [self._accounts[one] for one in self._of_mail.get(mail_tag, ())]
        return sorted(found, key=lambda one: (bool(one.related), one.made_ms))

    # -- sessions

    def put_session(self, session: PortalSession) -> None:
        self._sessions[session.id] = session
        self._by_hash[session.token_hash] = session.id
        self._seen[session.id] = max(self._seen.get(session.id, 0), session.seen_ms)

    def drop_session(self, ident: bytes) -> None:
        old = self._sessions.pop(ident, None)
        if old is not None:
            self._by_hash.pop(old.token_hash, None)
            self._seen.pop(ident, None)

    def session(self, token: str, now_ms: int, *, touch: bool = True) -> PortalSession:
        """The live session of a token. Raises SignIn, in the same words whatever is wrong with it."""
        if len(token) == TOKEN_CHARS and token.isascii():
            ident = self._by_hash.get(sha256(token.encode()).digest())
            session = None if ident is None else self._sessions[ident]
            if session is not None and not self._over(session, now_ms):
                if touch:
                    self._seen[session.id] = max(now_ms, self._seen[session.id])
                return session
        raise SignIn("Sign in again.")

    def sessions_of(self, account: bytes) -> list[PortalSession]:
        """Newest first, with the true time of last use."""
        mine = [replace(one, seen_ms=self._seen[one.id]) for one in self._sessions.values() if one.account == account]
        return sorted(mine, key=lambda one: -one.made_ms)

    def _over(self, session: PortalSession, now_ms: int) -> bool:
        idle = now_ms - self._seen[session.id]
        return now_ms >= session.expires_ms or not -CLOCK_BACK_MS <= idle < IDLE_MS

    # -- invitations

    def put_code(self, code: PortalCode) -> None:
        self.drop_code(code.id)
        self._codes[code.id] = code
        self._by_tag[code.tag] = code.id

    def drop_code(self, ident: bytes) -> None:
        old = self._codes.pop(ident, None)
        if old is not None:
            self._by_tag.pop(old.tag, None)

    def code(self, tag: bytes) -> PortalCode | None:
        ident = self._by_tag.get(tag)
        return None if ident is None else self._codes[ident]

    def codes_of(self, account: bytes) -> list[PortalCode]:
        return [one for one in self._codes.values() if one.account == account]

    # -- what is written to and fro

    def messages_of(self, patient: bytes) -> list[PortalMessage]:
        return sorted((one for one in self.messages.values() if one.patient == patient), key=lambda one: one.sent_ms)

    def requests_of(self, patient: bytes) -> list[PortalRequest]:
        """Newest first."""
        return sorted((one for one in self.requests.values() if one.patient == patient), key=lambda one: -one.made_ms)

    def withheld_of(self, patient: bytes) -> list[Withheld]:
        return sorted((one for one in self.withheld.values() if one.patient == patient), key=lambda one: one.made_ms)

    def request(self, ident: bytes) -> PortalRequest:
        found = self.requests.get(ident)
        if found is None:
            raise Missing("there is no such request")
        return found

    # -- upkeep

    def load(self, rows: Iterable[msgspec.Struct]) -> None:
        """Takes what was stored, at unlock."""
        for row in rows:
            if isinstance(row, PortalAccount):
                self.put_account(row)
            elif isinstance(row, PortalSession):
                self.put_session(row)
            elif isinstance(row, PortalCode):
                self.put_code(row)
            elif isinstance(row, PortalMessage):
                self.messages[row.id] = row
            elif isinstance(row, PortalRequest):
                self.requests[row.id] = row
            elif isinstance(row, Withheld):
                self.withheld[row.id] = row

    def used_since_saved(self) -> list[PortalSession]:
        """Sessions whose last use is to be stored, so that a restart signs nobody out who is reading."""
        due = [
            replace(one, seen_ms=self._seen[one.id])
            for one in self._sessions.values() if self._seen[one.id] - one.seen_ms >= _SAVE_AFTER_MS
        ]
        for one in due:
            self._sessions[one.id] = one
        return due

    def sweep(self, now_ms: int) -> tuple[list[PortalSession], list[PortalCode]]:
        """Drops what is over; the caller deletes the rows."""
        sessions = [one for one in self._sessions.values() if self._over(one, now_ms)]
        codes = [
            one for one in self._codes.values()
            if now_ms >= one.expires_ms or one.made_ms - CLOCK_BACK_MS > now_ms
        ]
        for session in sessions:
            self.drop_session(session.id)
        for code in codes:
            self.drop_code(code.id)
        self.challenges.sweep(now_ms)
        self.mails.sweep(now_ms)
        self.pace.sweep(now_ms)
        return sessions, codes

    def everything_of(self, patient: bytes) -> Iterator[tuple[str, bytes]]:
        """(kind of row, id) of all that hangs on a patient: what erasing takes away."""
        for account in self.accounts_of(patient):
            yield "account", account.id
            yield from (("session", one.id) for one in self.sessions_of(account.id))
            yield from (("code", one.id) for one in self.codes_of(account.id))
        yield from (("message", one.id) for one in self.messages_of(patient))
        yield from (("request", one.id) for one in self.requests_of(patient))
        yield from (("withheld", one.id) for one in self.withheld_of(patient))

    def drop(self, kind: str, ident: bytes) -> None:
        """Forgets one row named by `everything_of`."""
        if kind == "account":
            self.drop_account(ident)
        elif kind == "session":
            self.drop_session(ident)
        elif kind == "code":
            self.drop_code(ident)
        else:
            {"message": self.messages, "request": self.requests, "withheld": self.withheld}[kind].pop(ident, None)  # type: ignore[attr-defined]
