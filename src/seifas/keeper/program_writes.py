"""What a program may not write, whatever its scopes: a patient's word.

A consent to the use of a photo opens that photo to the public: it is signed before a person, at the desk or in the
portal. A program may pass on that a patient has withdrawn one, which takes only away. (Pictures inside other records
nobody writes: inline_pictures.py.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Refused
from seifas.keeper.model import Entry, Head
from seifas.keeper.photo_model import USES
from seifas.keeper.vault import Change, Vault

_WITHDRAWN: Final = frozenset({"inactive", "rejected", "entered-in-error"})
_CONSENT: Final = "a program may only pass on that a consent to the use of a photo was withdrawn (status inactive)"


def check(vault: Vault, head: Head | None, change: Change) -> None:
    """Raises Refused, naming the type. `head` is the patient's, None for one who is new."""
    if change.type == "Consent":
        _check_consent(vault, head, change)


def _read(change: Change) -> Any:
    try:
        return msgspec.json.decode(change.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("the body is not JSON", where=f"{change.type}/{change.id.hex()}") from None


def _check_consent(vault: Vault, head: Head | None, change: Change) -> None:
    if change.op == "delete":
        raise Refused("a program deletes no consent; it may pass on that it was withdrawn (status inactive)",
                      where="Consent")
    body = _read(change)
    ours = about_photos(body)
    entry = _now(vault, head, change)
    if entry is not None and head is not None and not ours:
        ours = about_photos(msgspec.json.decode(vault.record(head, entry).body))
    if ours and (entry is None or _status(body) not in _WITHDRAWN):
        raise Refused(_CONSENT, where="Consent")


def _status(consent: Any) -> str:
    status = consent.get("status") if isinstance(consent, dict) else None
    return status if isinstance(status, str) else ""


def _now(vault: Vault, head: Head | None, change: Change) -> Entry | None:
    return None if head is None else vault.manifest(head).get(change.id)


def about_photos(consent: Any) -> bool:
    """Whether any provision of a Consent, however deep, names a photo or a use of photos."""
    provision = consent.get("provision") if isinstance(consent, dict) else None
    for one in _objects_in(provision):
        reference, code = one.get("reference"), one.get("code")
        if isinstance(reference, str) and reference.rpartition("/")[0].endswith("Media"):
            return True
        if isinstance(code, str) and code in USES:
            return True
    return False


def _objects_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value, however deep."""
    stack = [value]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            yield one
            stack += one.values()
        elif isinstance(one, list):
            stack += one
