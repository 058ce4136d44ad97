"""The first page of the desk, by hat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from seifas.fhir.exchange import Exchange
from seifas.keeper.identity.hats import PERSONS
from seifas.web.desk.administrator import clinic
from seifas.web.desk.day import today
from seifas.web.desk.officer import alarms, deciding, log
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit

Home = Callable[[Room, Exchange, Visit], Awaitable[None]]


async def _log(room: Room, exchange: Exchange, visit: Visit) -> None:
    await log.log(room, exchange)


async def _approvals(room: Room, exchange: Exchange, visit: Visit) -> None:
    await deciding.approvals(room, exchange)


_WATCHING: dict[str, Home] = {
    "officer": alarms.home, "administrator": clinic.home, "auditor": _log, "outside": _approvals,
}
HOMES: dict[str, Home] = {
    hat.value: today.home if hat.value in SEES_PATIENTS else _WATCHING[hat.value] for hat in PERSONS
}
