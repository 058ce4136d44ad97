"""Forms that only our own pages can send: a token bound to the session, and a check of where the request comes from."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
from pathlib import Path
from typing import Final

from seifas.errors import Invalid, Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import FORM_LIMIT, MOST_PARAMETERS, form_sent

FIELD = "form"
KEY_FILE: Final = "forms.key"
_OWN_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*)?\Z")


KEY_SIZE: Final = 32


def shared_key(directory: Path) -> bytes:
    """The key of all processes that have this directory: what one of them showed, another takes. Whoever comes first
    makes it; it goes when the vault is served anew (cli/separating.py). A process where there is no such directory has
    one of its own."""
    if not directory.is_dir():
        return os.urandom(KEY_SIZE)
    descriptor = os.open(directory / KEY_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        key = os.pread(descriptor, KEY_SIZE, 0)
        if len(key) != KEY_SIZE:
            key = os.urandom(KEY_SIZE)
            os.pwrite(descriptor, key, 0)
    finally:
        os.close(descriptor)
    return key


class FormGuard:
    """Makes and checks form tokens: HMAC-SHA256 over the session token, under a key of the process or of several.

    No state is kept. Under a key of the process alone, open pages have to be loaded again after a restart.
    """

    def __init__(self, origins: tuple[str, ...], key: bytes = b"") -> None:
        self._key = key or os.urandom(KEY_SIZE)
        self._origins = origins

    def token(self, session: str) -> str:
        """The token that a page of this session puts into its forms."""
        return hmac.new(self._key, session.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    def bound(self, account: str, path: str) -> str:
        """A token that says: this path was this account's page. Whoever else signs in is not led to it."""
        return self.token(f"{account}\n{path}")

    def way_back(self, sent: dict[str, str], account: str) -> str:
        """The path in a form's `back`, if it is of the desk and was `bound` to the account; else the desk."""
        back = desk_path(sent.get("back", ""))
        known = self.bound(account, back).encode("ascii")
        return back if hmac.compare_digest(sent.get("bound", "").encode("utf-8", "replace"), known) else "/desk"

    async def fields(
        self, exchange: Exchange, session: str, *, most: int = MOST_PARAMETERS, limit: int = FORM_LIMIT
    ) -> dict[str, str]:
        """The fields of a form that one of this session's pages sent, at most so many, in at most `limit` bytes. Raises
        Refused for any other."""
        self.from_here(exchange)
        sent = dict(await form_sent(exchange, most=most, limit=limit))
        self.check(sent, session)
        return sent

    def check(self, sent: dict[str, str], session: str) -> None:
        """Raise Refused unless these are fields of a form that one of this session's pages showed."""
        if not hmac.compare_digest(sent.get(FIELD, "").encode("utf-8", "replace"), self.token(session).encode("ascii")):
            raise Refused("This page is out of date. Load it again and repeat.", where="form")

    def from_here(self, exchange: Exchange) -> None:
        """Raise Refused unless a page of ours sent this request (before there is a session)."""
        if not exchange.same_origin(self._origins):
            raise Refused("This was not sent by one of our pages.", where="origin")


def own_path(text: str) -> str:
    """A path of ours as it is, "" for anything else."""
    return text if _OWN_PATH.match(text) else ""


def desk_path(text: str) -> str:
    """A page of the desk as it is; the desk's first page for anything else."""
    return text if own_path(text) and text.startswith("/desk/") else "/desk"


def patient_id(text: str) -> bytes:
    """A patient id out of a path or form. Raises Invalid."""
    if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
        return bytes.fromhex(text)
    raise Invalid("This is no patient's address.")
