"""People who may sign in: their names, hats and means of signing in. One Struct a person, one table in memory.

Login names are compared folded (compatibility forms, letter case, diacritics and look-alike scripts removed), so that
nobody can be given a name that only looks like a colleague's, and a person may type theirs without Lithuanian letters.
An account is never deleted, only disabled: the audit log names it for as long as the log lives.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator

import msgspec
from anyascii import anyascii
from msgspec.structs import replace

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.identity.backoff import Brake
from seifas.keeper.identity.hats import PERSONS, Hat
from seifas.keeper.identity.networks import UNKNOWN

MOST_PASSKEYS = 10
MOST_FAMILIAR = 8
FAMILIAR_MS = 30 * 86_400_000
_RECENT_MS = 30 * 86_400_000
_LOGIN = re.compile(r"[^\W_][\w.@-]{1,63}")
_FOLDED = re.compile(r"[a-z0-9][a-z0-9._@-]{1,127}")
# Losing the last of these locks the clinic out of its own accounts and alarms.
_NEVER_NONE = (Hat.ADMINISTRATOR, Hat.OFFICER)


class Passkey(msgspec.Struct, frozen=True):
    """One WebAuthn credential. `public_key` is COSE; `syncable` and `backed_up` are the BE and BS flags."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    label: str
    added_ms: int
    aaguid: str
    syncable: bool
    backed_up: bool
    transports: tuple[str, ...] = ()
    used_ms: int = 0


class Familiar(msgspec.Struct, frozen=True):
    """A network this account signed in from, with its own back-off."""

    network: str
    seen_ms: int
    brake: Brake = Brake()


class Account(msgspec.Struct, frozen=True):
    """A person. `id` 16 random bytes; times in wall ms, 0 for never; `practitioner` the FHIR id this person acts as.

    `hats_since_ms` is when the hats last changed: fresh hats do not yet approve (approvals.py).
    """

    id: bytes
    name: str
    display: str
    hats: tuple[Hat, ...]
    created_ms: int
    hats_since_ms: int
    disabled: bool = False
    disabled_ms: int = 0
    practitioner: bytes | None = None
    password_hash: str = ""
    totp_secret: str = ""
    totp_last_step: int = 0
    recovery_hashes: tuple[bytes, ...] = ()
    passkeys: tuple[Passkey, ...] = ()
    strangers: Brake = Brake()
    familiar: tuple[Familiar, ...] = ()


def fold(name: str) -> str:
    """The form in which login names are compared. Two names that fold alike are one name."""
    return anyascii(unicodedata.normalize("NFKC", name)).casefold().strip()


def check_name(name: str) -> str:
    """A login name as kept: 2 to 64 letters, digits and `. _ @ -`, starting with a letter or digit. Raises Invalid."""
    kept = unicodedata.normalize("NFKC", name[:200]).strip()
    if not _LOGIN.fullmatch(kept) or not _FOLDED.fullmatch(fold(kept)):
        raise Invalid("A login name has 2 to 64 letters, digits or . _ @ -, and starts with a letter.", where="name")
    return kept


def check_text(text: str, *, where: str, most: int = 120) -> str:
    """A one-line text of 1 to `most` characters without control or direction-changing characters. Raises Invalid."""
    kept = unicodedata.normalize("NFC", text[: most * 4]).strip()
    if not 1 <= len(kept) <= most or any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in kept):
        raise Invalid(f"This must be one line of 1 to {most} ordinary characters.", where=where)
    return kept


def check_hats(hats: Iterable[str]) -> tuple[Hat, ...]:
    """Hats for a person, sorted and distinct. Raises Invalid for what no person can wear together."""
    try:
        worn = {Hat(hat) for hat in hats}
    except ValueError:
        raise Invalid("There is no such hat.", where="hats") from None
    if not worn <= PERSONS:
        raise Invalid("This hat is for programs, not for people.", where="hats")
    if Hat.OUTSIDE in worn and len(worn) > 1:
        raise Invalid("An outside approver owns no hat of the clinic.", where="hats")
    return tuple(sorted(worn))


class AccountTable:
    """All accounts, found by id, by folded login name and by passkey."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, Account] = {}
        self._by_name: dict[str, bytes] = {}
        self._by_credential: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Account]:
        return iter(tuple(self._by_id.values()))

    def put(self, account: Account) -> None:
        """Add or replace by id. Raises Conflict when the name or a passkey belongs to another account."""
        folded = fold(account.name)
        if self._by_name.get(folded, account.id) != account.id:
            raise Conflict("This login name is taken.", where="name")
        if any(self._by_credential.get(key.credential_id, account.id) != account.id for key in account.passkeys):
            raise Conflict("This passkey belongs to another account.", where="passkey")
        self.remove(account.id)
        self._by_id[account.id] = account
        self._by_name[folded] = account.id
        for key in account.passkeys:
            self._by_credential[key.credential_id] = account.id

    def remove(self, ident: bytes) -> None:
        """Forget an account (only to undo one that could not be stored). Unknown ids are no error."""
        old = self._by_id.pop(ident, None)
        if old is not None:
            self._by_name.pop(fold(old.name), None)
            for key in old.passkeys:
                self._by_credential.pop(key.credential_id, None)

    def load(self, accounts: Iterable[Account]) -> None:
        """Replace everything, as at unlock."""
        self._by_id.clear()
        self._by_name.clear()
        self._by_credential.clear()
        for account in accounts:
            self.put(account)

    def get(self, ident: bytes) -> Account:
        """Raises Missing."""
        try:
            return self._by_id[ident]
        except KeyError:
            raise Missing("There is no such account.", where="account") from None

    def lookup(self, ident: bytes) -> Account | None:
        """By id, or None."""
        return self._by_id.get(ident)

    def find(self, name: str) -> Account | None:
        """By login name in any spelling that folds alike."""
        ident = self._by_name.get(fold(name[:200]))
        return None if ident is None else self._by_id[ident]

    def by_credential(self, credential_id: bytes) -> Account | None:
        """The owner of a passkey, or None."""
        ident = self._by_credential.get(credential_id)
        return None if ident is None else self._by_id[ident]

    def clock_set(self, by_ms: int, now_ms: int) -> list[Account]:
        """After the wall clock was set by so much, to `now_ms`: hats and disablings of the last 30 days stay as young
        as they were, so that setting a clock seasons nobody. The caller stores what changed."""
        since = now_ms - by_ms - _RECENT_MS
        moved = [
            replace(
                account,
                hats_since_ms=account.hats_since_ms + by_ms * (account.hats_since_ms > since),
                disabled_ms=account.disabled_ms + by_ms * (account.disabled_ms > since),
            )
            for account in self
            if max(account.hats_since_ms, account.disabled_ms) > since
        ]
        for account in moved:
            self.put(account)
        return moved

    def active_with(self, hat: Hat) -> int:
        """How many enabled accounts own this hat."""
        return sum(1 for account in self._by_id.values() if not account.disabled and hat in account.hats)


def create(
    table: AccountTable, *, name: str, display: str, hats: Iterable[str], now_ms: int,
    practitioner: bytes | None = None,
) -> Account:
    """A new account without any means of signing in yet (an invitation link comes next). Raises Invalid, Conflict."""
    account = Account(
        id=os.urandom(16), name=check_name(name), display=check_text(display, where="display"), hats=check_hats(hats),
        created_ms=now_ms, hats_since_ms=now_ms, practitioner=practitioner,
    )
    table.put(account)
    return account


def rename(table: AccountTable, ident: bytes, *, name: str | None = None, display: str | None = None) -> Account:
    """Change the login name, the display name or both. Raises Missing, Invalid, Conflict."""
    old = table.get(ident)
    return _put(table, replace(
        old,
        name=old.name if name is None else check_name(name),
        display=old.display if display is None else check_text(display, where="display"),
    ))


def set_hats(table: AccountTable, ident: bytes, hats: Iterable[str], *, by: bytes, now_ms: int) -> Account:
    """Give an account exactly these hats. Never one's own, and never the last administrator's or officer's away.

    The caller then ends the sessions that wear a hat taken away (`SessionTable.end_hats`).
    """
    old = table.get(ident)
    if by == ident:
        raise Refused("Nobody changes their own hats. Ask a colleague.", where="hats")
    new = check_hats(hats)
    _keep_one(table, old, lost=set(old.hats) - set(new))
    return _put(table, replace(old, hats=new, hats_since_ms=now_ms if new != old.hats else old.hats_since_ms))


def disable(table: AccountTable, ident: bytes, *, by: bytes, now_ms: int) -> Account:
    """Shut an account. The caller then ends its sessions and drops its links. Raises Refused for one's own."""
    old = table.get(ident)
    if by == ident:
        raise Refused("Nobody disables their own account. Ask a colleague.", where="account")
    _keep_one(table, old, lost=set(old.hats))
    return _put(table, replace(old, disabled=True, disabled_ms=old.disabled_ms if old.disabled else now_ms))


def enable(table: AccountTable, ident: bytes, *, by: bytes, now_ms: int) -> Account:
    """Open a disabled account again. Its hats count as fresh, so that waking an account does not make an approver."""
    old = table.get(ident)
    if by == ident:
        raise Refused("Nobody enables their own account. Ask a colleague.", where="account")
    return _put(table, replace(old, disabled=False, disabled_ms=0, hats_since_ms=now_ms)) if old.disabled else old


def unseasoned(table: AccountTable, ident: bytes, now_ms: int) -> Account:
    """The account with hats that count as just given: somebody may have taken it over."""
    return _put(table, replace(table.get(ident), hats_since_ms=now_ms))


def set_password_hash(table: AccountTable, ident: bytes, encoded: str) -> Account:
    """Keep a new password hash (passwords.hash_password). The caller ends the account's other sessions."""
    return _put(table, replace(table.get(ident), password_hash=encoded))


def set_totp(table: AccountTable, ident: bytes, secret: str, step: int) -> Account:
    """Keep a confirmed one-time-code secret; `step` is the step of the code that confirmed it, thereby used."""
    return _put(table, replace(table.get(ident), totp_secret=secret, totp_last_step=step))


def set_recovery(table: AccountTable, ident: bytes, hashes: tuple[bytes, ...]) -> Account:
    """Replace all recovery codes (recovery.new_codes)."""
    return _put(table, replace(table.get(ident), recovery_hashes=hashes))


def add_passkey(table: AccountTable, ident: bytes, key: Passkey) -> Account:
    """Raises Conflict when the passkey is known already (to anyone), Invalid when there are too many."""
    old = table.get(ident)
    if table.by_credential(key.credential_id) is not None:
        raise Conflict("This passkey is already registered.", where="passkey")
    if len(old.passkeys) >= MOST_PASSKEYS:
        raise Invalid(f"An account has at most {MOST_PASSKEYS} passkeys. Remove one first.", where="passkey")
    return _put(table, replace(old, passkeys=(*old.passkeys, key)))


def remove_passkey(table: AccountTable, ident: bytes, credential_id: bytes) -> Account:
    """Raises Missing, and Refused when nothing would be left to sign in with."""
    old = table.get(ident)
    left = tuple(key for key in old.passkeys if key.credential_id != credential_id)
    if len(left) == len(old.passkeys):
        raise Missing("There is no such passkey.", where="passkey")
    if not left and not (old.password_hash and old.totp_secret):
        raise Refused("This is the only way to sign in. Add another passkey first.", where="passkey")
    return _put(table, replace(old, passkeys=left))


def take_means(table: AccountTable, ident: bytes, credential_id: bytes | None, now_ms: int) -> Account:
    """One passkey taken away, or (None) every means of signing in: what two people approved. Nothing may be left; the
    person is invited then. The hats count as just given. Raises Missing."""
    old = table.get(ident)
    if credential_id is None:
        bare = replace(old, passkeys=(), password_hash="", totp_secret="", totp_last_step=0, recovery_hashes=())
    else:
        left = tuple(key for key in old.passkeys if key.credential_id != credential_id)
        if len(left) == len(old.passkeys):
            raise Missing("There is no such passkey.", where="passkey")
        bare = replace(old, passkeys=left)
    return _put(table, replace(bare, hats_since_ms=now_ms))


def passkey_used(table: AccountTable, ident: bytes, key: Passkey) -> Account:
    """Replace one passkey of an account by its newer self (counter, backed-up flag, time of use)."""
    old = table.get(ident)
    return _put(table, replace(
        old, passkeys=tuple(key if known.credential_id == key.credential_id else known for known in old.passkeys),
    ))


def signed_in_from(account: Account, network: str, now_ms: int) -> Account:
    """Pure: the account after a sign-in from this network, which is familiar from now on. Brakes of it are released.

    An unreadable address is nobody's home. The least recently used of more than `MOST_FAMILIAR` networks, and any not
    used for 30 days, are forgotten.
    """
    if network == UNKNOWN:
        return account
    kept = [f for f in account.familiar if f.network != network and f.seen_ms > now_ms - FAMILIAR_MS]
    kept = sorted(kept, key=lambda f: f.seen_ms)[-(MOST_FAMILIAR - 1):]
    return replace(account, familiar=(*kept, Familiar(network=network, seen_ms=now_ms)))


def _put(table: AccountTable, account: Account) -> Account:
    table.put(account)
    return account


def _keep_one(table: AccountTable, account: Account, *, lost: set[Hat]) -> None:
    if account.disabled:
        return
    for hat in _NEVER_NONE:
        if hat in lost and table.active_with(hat) == 1:
            raise Refused(f"The last account with the hat '{hat}': give it to someone else first.", where="hats")
