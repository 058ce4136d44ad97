"""Fills the keeper's tables with what was read from the state at unlock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seifas.keeper.daybook import DayBook
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import Facts, Kind

_PORTAL = (
    Kind.PORTAL_ACCOUNT, Kind.PORTAL_SESSION, Kind.PORTAL_CODE, Kind.PORTAL_MESSAGE, Kind.PORTAL_REQUEST, Kind.WITHHELD,
)


def fill(keeper: Keeper, rows: Mapping[int, Any], facts: Facts) -> None:
    """`rows`: all structs of each kind."""
    keeper.facts = facts
    keeper.accounts.load(rows[Kind.ACCOUNT])
    keeper.sessions.load(rows[Kind.SESSION])
    keeper.links.load(rows[Kind.LOGIN_LINK])
    keeper.clients.load(rows[Kind.CLIENT])
    keeper.publications.load(rows[Kind.PUBLICATION])
    keeper.underway = {one.photo: one for one in rows[Kind.CAPTURE]}
    keeper.spent.load(rows[Kind.SPENT])
    keeper.approvals.load(rows[Kind.APPROVAL])
    keeper.schedule = DayBook(keeper.settings.clinic.zone)
    keeper.schedule.load(rows[Kind.DAY_PAGE])
    keeper.worklists.load(rows[Kind.WORKLIST])
    keeper.alarms.load(rows[Kind.ALARM])
    keeper.evidence_key = next(iter(rows[Kind.EVIDENCE_KEY]), None)
    keeper.profile = next(iter(rows[Kind.CLINIC_PROFILE]), None)
    keeper.templates.load(rows[Kind.TEMPLATE])
    keeper.reviews = {one.id: one for one in rows[Kind.REVIEW]}
    keeper.tombstones = {stone.tag: stone for stone in rows[Kind.TOMBSTONE]}
    keeper.holds = {hold.patient: hold for hold in rows[Kind.HOLD]}
    keeper.merges.load(rows[Kind.MERGE], keeper.directory)
    keeper.lot_jobs.load(rows[Kind.JOB])
    keeper.exports.load(rows[Kind.BULK_EXPORT])
    for kind in _PORTAL:
        keeper.portal.load(rows[kind])
    keeper.openings.load(rows[Kind.OPENINGS])
    keeper.drops = {one.id: one for one in rows[Kind.DROPPED]}
    keeper.reminders = {one.entry: one for one in rows[Kind.REMINDER]}
    keeper.decoys.load(rows[Kind.DECOY])
    keeper.watches.load(rows[Kind.WATCH])
    keeper.cases.load(rows[Kind.CASE], rows[Kind.CASE_ENTRY], rows[Kind.CASE_SENDING])
    keeper.statements.load(rows[Kind.STATEMENT])
    keeper.letters.load(rows[Kind.WAVE], rows[Kind.LETTER], rows[Kind.ASKED])
    keeper.tips.load(rows[Kind.TIP], rows[Kind.TIP_PART])
    floods = (Kind.FLOOD, Kind.FLOOD_CHANGE, Kind.FLOOD_MINUTE, Kind.FLOOD_PART, Kind.FLOOD_STANDING)
    keeper.floods.load(*(rows[kind] for kind in floods))
    keeper.leaks.load(rows[Kind.LEAK_CASE], rows[Kind.LEAK_FILE], rows[Kind.LEAK_RESULT])
    keeper.affected.load(rows[Kind.SNAPSHOT])
