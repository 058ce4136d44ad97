"""What the portal keeps: who may sign in for which patient, sessions, invitations, messages, requests, withheld lines.

All are sealed state rows. What a person wrote, and their address, is sealed once more under the patient's own key, so
that erasing the patient reaches it wherever a copy of the row lies (docs/portal.md).
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.keeper.identity.accounts import Account

IDLE_MS: Final = 10 * 60_000
ABSOLUTE_MS: Final = 2 * 3_600_000
INVITED_MS: Final = 14 * 86_400_000
MOST_SESSIONS: Final = 5
MOST_TEXT: Final = 4000
"""Letters of a message, a request or an answer."""



class PortalAccount(msgspec.Struct, frozen=True, array_like=True):
    """One person's way to one patient's pages. `login` holds the passkeys and the networks they came from; its id is
    this account's, its name means nothing. `related`: the RelatedPerson who acts for a minor, empty for the patient;
    `until_ms`: when that ends (0: never). `mail`: the sealed address, `mail_tag` its HMAC, both empty where none."""

    id: bytes
    patient: bytes
    login: Account
    made_ms: int
    made_by: bytes
    related: bytes = b""
    until_ms: int = 0
    mail: bytes = b""
    mail_tag: bytes = b""
    language: str = ""
    entered_ms: int = 0


class PortalSession(msgspec.Struct, frozen=True, array_like=True):
    """`way`: invitation, mail or passkey; `others`: accounts of the same mailbox, which the same code opened."""

    id: bytes
    token_hash: bytes
    account: bytes
    way: str
    network: str
    made_ms: int
    seen_ms: int
    expires_ms: int
    others: tuple[bytes, ...] = ()


class PortalCode(msgspec.Struct, frozen=True, array_like=True):
    """An invitation that waits. `tag` is the HMAC of the code, `birth` of the patient's birth date with this id."""

    id: bytes
    tag: bytes
    birth: bytes
    account: bytes
    made_ms: int
    expires_ms: int
    tries: int = 0


class PortalMessage(msgspec.Struct, frozen=True, array_like=True):
    """`by`: the account that wrote it for the clinic, empty when it came through the portal (then `account` did)."""

    id: bytes
    patient: bytes
    account: bytes
    by: bytes
    sent_ms: int
    text: bytes
    read_ms: int = 0
    told: bool = False


class PortalRequest(msgspec.Struct, frozen=True, array_like=True):
    """`kind`: access, correction, erasure, cancel. `due`: an ISO date. `state`: open, done or refused."""

    id: bytes
    patient: bytes
    account: bytes
    kind: str
    made_ms: int
    due: str
    text: bytes
    about: bytes = b""
    state: str = "open"
    answer: bytes = b""
    answered_ms: int = 0
    answered_by: bytes = b""
    told: bool = False


class Withheld(msgspec.Struct, frozen=True, array_like=True):
    """A decision to keep lines of the log from a patient for a while; `why` sealed under the patient's own key."""

    id: bytes
    patient: bytes
    lines: tuple[int, ...]
    made_ms: int
    until_ms: int
    by: bytes
    why: bytes


class OpeningRow(msgspec.Struct, frozen=True, array_like=True):
    """Keys of consecutive lines of one log, eight bytes each (portal_index.py)."""

    origin: str
    number: int
    keys: bytes
