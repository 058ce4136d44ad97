"""The settings as they are in force, beside their defaults: read only, for the administrator and the officer.

No secret stands in settings; of addresses that alarms are sent to only the host is shown, since such an address may
hold a token.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from seifas.keeper.budget.limits import Limits
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper
from seifas.keeper.opening import acting
from seifas.settings import Clinic, Settings

_FEWER_IS_LOOSER: Final = frozenset({
    "own_link_hours", "warm_history_least", "warm_history_days", "glass_kept", "month_days", "worklist_week_days",
    "glass_hours",
})
"""Of the budget's numbers those where fewer lets more through; of all others more does."""


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("settings.view", OfSession, "desk")
async def view(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """[{section, key, value, usual, changed, looser, what}] in the order of the file; values as text. `looser`: this
    number lets more through than the default, which is what the tests were run against."""
    acting(keeper, args.session, "settings.view", keeper.now())
    return rows(keeper.settings)


def rows(settings: Settings) -> list[dict[str, Any]]:
    """Every key of the settings, those at the top under the section ""."""
    usual = Settings(clinic=Clinic(id=settings.clinic.id))
    found = []
    for field in settings.__struct_fields__:
        value, other = getattr(settings, field), getattr(usual, field)
        if not isinstance(value, msgspec.Struct):
            found.append(_row("", field, value, other))
            continue
        for key in value.__struct_fields__:
            if (field, key) != ("clinic", "id"):
                found.append(_row(field, key, getattr(value, key), getattr(other, key)))
    return found


def _row(section: str, key: str, value: Any, usual: Any) -> dict[str, Any]:
    return {
        "section": section, "key": key, "value": _said(key, value), "usual": _said(key, usual),
        "changed": value != usual, "looser": section == "budget" and looser(key, value, usual),
        "what": _WHAT.get(key, "") if section == "budget" else "",
    }


def looser(key: str, value: int, usual: int) -> bool:
    """Whether this number of the budget lets more through than `usual`."""
    return value < usual if key in _FEWER_IS_LOOSER else value > usual


def _said(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(_said(key, one) for one in value)
    text = str(value)
    if key in ("webhook", "witness_url") and "://" in text:
        return f"{urlsplit(text).scheme}://{urlsplit(text).hostname or ''}/…"
    return text


def _descriptions() -> dict[str, str]:
    """What each number of the budget does, as its own definition says."""
    found = {}
    for field in msgspec.inspect.type_info(Limits).fields:  # type: ignore[attr-defined]
        extra = getattr(field.type, "extra_json_schema", None) or {}
        found[field.name] = str(extra.get("description", ""))
    return found


_WHAT: Final = _descriptions()
