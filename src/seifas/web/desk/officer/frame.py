"""The frame of the pages of those who watch and run the clinic: tabs by hat, and what all of the pages share."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import parameters
from seifas.web.desk.room import Room, Visit

Tab = tuple[str, str]

_PROGRAMS: Tab = ("/desk/programs", "programs")
_HOUSE: Tab = ("/desk/house", "house")
_APPROVALS: Tab = ("/desk/approvals", "approvals")
_SHIELD: Tab = ("/desk/shield", "shield-page")
TABS: dict[str, tuple[Tab, ...]] = {
    "officer": (
        ("/desk", "alarms"), _SHIELD, ("/desk/budgets", "budgets"), _APPROVALS, ("/desk/reviews", "reviews"),
        ("/desk/leaks", "leaks"), ("/desk/cases", "cases"), ("/desk/log", "log"), ("/desk/undo", "undoing"),
        ("/desk/erasures", "erasures"), _PROGRAMS, _HOUSE,
    ),
    "auditor": (("/desk/log", "log"), ("/desk/log/whole", "log-whole")),
    "administrator": (
        ("/desk", "overview"), ("/desk/people", "people-all"), ("/desk/clinic", "clinic-profile"),
        ("/desk/team", "team"), ("/desk/prices", "prices"), ("/desk/templates", "templates"), _PROGRAMS, _APPROVALS,
        _SHIELD, ("/desk/settings", "settings"), _HOUSE,
    ),
    "outside": (_APPROVALS,),
}  # fmt: skip


async def show(
    room: Room, exchange: Exchange, template: str, visit: Visit, *, tab: str, **values: Any
) -> None:
    """Answer with one of the pages; `tab` is the address of the tab that it lies in."""
    await room.show(exchange, template, visit, tabs=TABS.get(visit.hat, ()), tab=tab, **values)


def of_hat(visit: Visit, *hats: str) -> None:
    """Raise Refused for other hats. The keeper refuses them too; this says so before anything is asked."""
    if visit.hat not in hats:
        raise Refused("This hat does not see this page. Change hats, or ask someone who may.")


def asked(exchange: Exchange) -> dict[str, str]:
    """The query of an address. The last of a repeated name counts."""
    return dict(parameters(exchange.query))


def ident(text: str) -> bytes:
    """An id in hex. Raises Invalid."""
    if len(text) != 32:
        raise Invalid("This is no id.", where="id")
    return some_bytes(text)


def some_bytes(text: str) -> bytes:
    """Bytes in hex, at most 32 of them. Raises Invalid."""
    try:
        if len(text) > 64:
            raise ValueError
        return bytes.fromhex(text)
    except ValueError:
        raise Invalid("This is no id.", where="id") from None


def number(text: str, where: str, most: int = 10**9) -> int:
    """A whole number from 0. Raises Invalid."""
    plain = text.strip()
    if not plain.isascii() or not plain.isdigit() or len(plain) > 15 or int(plain) > most:
        raise Invalid("This is no number.", where=where)
    return int(plain)
