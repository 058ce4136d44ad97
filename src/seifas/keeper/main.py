"""The keeper's process: hardens itself, opens its door, unlocks if the supervisor holds the root, and serves."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import threading
from pathlib import Path

import uvloop

from seifas import hardening, logs
from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper import (
    administering,
    affected,
    affected_opening,
    appointments,
    approving,
    backing_up,
    budgets_watched,
    capture_looking,
    capturing,
    case_admin,
    case_custody,
    case_entries,
    case_exercise,
    case_exporting,
    case_feed,
    case_lines,
    case_opening,
    case_scanning,
    case_sending,
    case_signing,
    case_statements,
    charts,
    clinic_profile,
    decoy_planting,
    dropping,
    enrolling,
    erasing,
    erasing_watched,
    exploring,
    export_keys,
    exporting,
    finding_lot,
    flood_admin,
    flood_desk,
    flood_reading,
    flood_taking,
    flood_telling,
    following,
    glass_colleague,
    health,
    holding,
    house,
    importing,
    inspecting,
    leak_admin,
    leak_candidates,
    leak_cases,
    leak_keeping,
    leak_lines,
    leak_people,
    leak_photos,
    leak_results,
    leak_searching,
    letter_asking,
    letter_batches,
    letter_carrying,
    letter_codes,
    letter_waves,
    living,
    merging,
    notices,
    officer,
    opening,
    own_budget,
    patient_lines,
    photo_correcting,
    photo_importing,
    photo_resources,
    photo_restoring,
    photo_showing,
    photographing,
    portal_entering,
    portal_inviting,
    portal_letters,
    portal_means,
    portal_messages,
    portal_openings,
    portal_photos,
    portal_requests,
    portal_showing,
    portal_withholding,
    printing,
    programs,
    proving,
    publishing,
    recalls,
    recovery,
    relaying,
    reminding,
    reviewing,
    rotating,
    schedule_views,
    scheduling,
    searching,
    session_locks,
    settings_shown,
    signing_in,
    staffing,
    taking_turns,
    templates_of,
    tip_adopting,
    tip_entering,
    tip_reading,
    tip_receiving,
    token_ways,
    treating,
    typing_ahead,
    unpublishing,
    versions,
    watch_matching,
    watching_leaks,
    ways_in,
    witnessing,
    writing,
)
from seifas.keeper.door import Door
from seifas.keeper.keeper import Keeper
from seifas.keeper.unlock_page import UnlockPage
from seifas.settings import Settings
from seifas.supervisor import child_channel

log = logging.getLogger("seifas.keeper")

# Importing a module of ops is what puts them on the table.
SERVED = (
    administering, affected, affected_opening, appointments, approving, backing_up, budgets_watched,
    capture_looking, capturing, case_admin, case_custody, case_entries, case_exercise, case_exporting, case_feed,
    case_lines, case_opening, case_scanning, case_sending, case_signing, case_statements, charts, clinic_profile,
    decoy_planting, dropping, enrolling, erasing, erasing_watched, exploring, export_keys, exporting, finding_lot,
    flood_admin, flood_desk, flood_reading, flood_taking, flood_telling, glass_colleague, health, holding, house,
    importing, inspecting, leak_admin, leak_candidates, leak_cases, leak_keeping, leak_lines, leak_people, leak_photos,
    leak_results, leak_searching, letter_asking, letter_batches, letter_carrying, letter_codes, letter_waves,
    living, merging, notices, officer, opening, own_budget, patient_lines, photo_correcting, photo_importing,
    photo_resources, photo_restoring, photo_showing, photographing, portal_entering, portal_inviting,
    portal_letters, portal_means, portal_messages, portal_openings, portal_photos, portal_requests, portal_showing,
    portal_withholding, printing, programs, proving, publishing, recalls, recovery, relaying, reminding, reviewing,
    rotating, schedule_views, scheduling, searching, session_locks, settings_shown, signing_in, staffing,
    templates_of, tip_adopting, tip_entering, tip_reading, tip_receiving, token_ways, treating, typing_ahead,
    unpublishing, versions, watch_matching, watching_leaks, ways_in, witnessing, writing,
)


def main(
    data: Path, settings: Settings, *, uids: dict[str, int] | None = None, alone: bool = False, holder: str = ""
) -> None:
    """Runs until SIGTERM. `alone`: for one command only, with nothing but the admin socket. `holder` names the node and
    its start: where several have this vault, one holds its lease."""
    logs.start("keeper")
    threading.stack_size(1 << 20)
    if not hardening.lock_memory():
        log.warning("memory cannot be locked: keys may reach swap; raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
    uvloop.run(_serve(data, settings, uids, alone, holder or secrets.token_hex(8)))


async def _serve(data: Path, settings: Settings, uids: dict[str, int] | None, alone: bool, holder: str) -> None:
    keeper = Keeper(data, settings)
    keeper.lease = taking_turns.lease_of(data, settings, holder)
    keeper.channel = child_channel()
    held = living.held_from_supervisor(keeper.channel)
    keeper.returning = held is not None
    door = Door(keeper, data / "run", _roles(uids, alone))
    await door.open()
    page = UnlockPage(
        locked=lambda: keeper.open is None, unlock=lambda secret, pin: _unlock(keeper, secret, pin),
        clinic=settings.clinic.name, with_token=bool(settings.hsm.module),
    )
    if not alone:
        host, _, port = settings.listen.unlock.rpartition(":")
        await page.listen(host, int(port))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    keeper.spawn(taking_turns.renewing(keeper, living.start_anew))
    if held is not None:
        try:
            await living.with_root(keeper, held.root, "restart", pin=held.pin)
            keeper.returning = False
        except SeifasError as error:
            keeper.returning = False
            log.error("it stays locked", extra={"code": error.code, "where": error.where})
            if isinstance(error, Unavailable | Tampered):  # until it is put back
                keeper.spawn(living.reopen(keeper))
    del held
    keeper.spawn(living.every_second(keeper))
    keeper.spawn(relaying.nightly(keeper))
    await stopped.wait()
    following.forget(keeper)  # the process does not end before a look that is under way
    page.close()
    await door.close()
    await living.close(keeper)


async def _unlock(keeper: Keeper, passphrase: str, pin: str) -> None:
    await living.with_passphrase(keeper, passphrase, pin=pin)


def _roles(uids: dict[str, int] | None, alone: bool) -> dict[str, frozenset[int]]:
    """Who may knock at which socket. Root may always: it could anyway."""
    own = os.geteuid()
    roles = {"admin": frozenset({0, own})}
    if not alone:
        for role in ("desk", "public", "jobs", "portal", "darkroom", "leaks", "shield"):
            if uids is not None and role not in uids:
                continue
            roles[role] = frozenset({own if uids is None else uids[role]})
    return roles
