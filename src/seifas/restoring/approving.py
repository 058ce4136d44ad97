"""Two people stand behind a restore: each names an account of the vault that comes back and shows a secret of theirs.

Offline nobody can be asked for a passkey. What can be shown is a passphrase or a custodian's secret that was made under
that person's name: names are bound into what those open (crypto.slots), and they have to be the login or the name of an
account that wore the officer's or administrator's hat when the backup was made. So it proves that two people who were
entitled then, or whoever holds both their secrets, were there; and the new log's first line says who.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seifas.crypto import slots
from seifas.crypto.slots import CustodianSlot, PassphraseSlot, Slot
from seifas.errors import Invalid, Refused
from seifas.keeper.identity.accounts import Account, fold
from seifas.keeper.identity.hats import Hat

_HATS = frozenset({Hat.OFFICER, Hat.ADMINISTRATOR})


def approvers(
    names: Sequence[str], secrets: Sequence[str], accounts: Iterable[Account], ways: Sequence[Slot]
) -> tuple[Account, Account]:
    """The two accounts, each proven by a secret of its own. Raises Refused, Invalid."""
    if len(names) != 2 or not all(names):
        raise Refused("a restore is approved by two people: --approved-by NAME --and NAME", where="--approved-by")
    by_name = {fold(account.name): account for account in accounts}
    found: list[Account] = []
    shown: set[str] = set()
    for name in names:
        account = by_name.get(fold(name))
        if account is None or account.disabled or not _HATS & set(account.hats):
            raise Refused("that is no account with the officer's or administrator's hat in this vault", where=name[:60])
        proof = _proof(account, secrets, ways)
        if proof is None:
            raise Refused(
                "nothing was shown that was made under this person's name: their passphrase, or their custodian's "
                "secret", where=account.name,
            )
        if proof in shown or account in found:
            raise Refused("two people are two: one was named twice", where=account.name)
        shown.add(proof)
        found.append(account)
    return found[0], found[1]


def demo_people(accounts: Iterable[Account]) -> tuple[Account, Account]:
    """In a demo its own people approve."""
    able = sorted(
        (one for one in accounts if not one.disabled and _HATS & set(one.hats)), key=lambda account: account.name
    )
    if len(able) < 2:
        raise Refused("this demo has no two people who could approve")
    return able[0], able[1]


def _proof(account: Account, secrets: Sequence[str], ways: Sequence[Slot]) -> str | None:
    """Which secret of this person was shown: words that tell one from another, or None."""
    mine = {fold(account.name), fold(account.display)}
    for number, slot in enumerate(ways):
        for secret in secrets:
            if isinstance(slot, CustodianSlot):
                holder = _custodian(slot, secret)
                if holder is not None and fold(slot.names[holder - 1]) in mine:
                    return f"{number}:{holder}"
            elif isinstance(slot, PassphraseSlot) and fold(slot.name) in mine and _opens(slot, secret):
                return f"{number}"
    return None


def _custodian(slot: CustodianSlot, secret: str) -> int | None:
    try:
        return slots.check_custodian(slot, secret)
    except (Invalid, Refused):
        return None


def _opens(slot: PassphraseSlot, secret: str) -> bool:
    try:
        slots.open_passphrase(slot, secret)
    except (Invalid, Refused):
        return False
    return True
