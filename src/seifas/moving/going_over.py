"""`seifas move`: the vault goes over to another place, or stays where it is.

In order: the old place is opened once, to see that it is whole; everything is copied and compared; the new place is
opened once, as the keeper will; the settings name it (one rename); what lies in the old place is taken away. Killed
before the rename, the old place is whole and in force, and the clinic may be served meanwhile; killed after it, the new
one is. Either way the same command goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from seifas import settings as settings_module
from seifas.errors import Conflict, Invalid, Unavailable
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.moving import planning
from seifas.moving.alone import alone, one_at_a_time
from seifas.moving.carrying import carry
from seifas.moving.clearing import discard_new, discard_old, empty, require_as_copied, require_free
from seifas.moving.copying import Stage, Watch, copy_keys, copy_rows, copy_state
from seifas.moving.planning import Mark, Plan, marked, planned
from seifas.settings import Paths, Settings, Storage
from seifas.storage.database_places import DatabaseAt
from seifas.storage.opening import key_store, open_rows, open_state
from seifas.storage.opening_objects import open_objects
from seifas.storage.state import Group


class Secrets(NamedTuple):
    """What the vault is opened with: its root, and a token's PIN where the epoch key needs one."""

    root: bytes
    pin: str = ""


def unwatched(stage: Stage) -> Callable[[int], None]:
    return lambda _: None


def move(
    data: Path, storage: Storage, secrets: Callable[[], Secrets], *, watch: Watch = unwatched
) -> dict[str, Any]:
    """Takes the vault in `data`, which nobody may have open, to `storage`. `secrets` are asked for when needed.

    Raises what stood in the way; the vault is where it was then, and the mark says that a copy was begun.
    """
    with one_at_a_time(data):
        return _move(data, storage, secrets, watch)


def _move(data: Path, storage: Storage, secrets: Callable[[], Secrets], watch: Watch) -> dict[str, Any]:
    started = time.perf_counter()
    settings = settings_module.load(data)
    found = marked(data)
    _require_its_settings(settings, found)
    if found is not None and settings.storage == found.new:
        with alone(planned(data, settings_module.replaced(settings, storage=found.old), found.new)):
            cleared = _clear(data, settings, found, watch)
        if storage == settings.storage:
            return {"moved": [], "finished": True, **cleared, "seconds": round(time.perf_counter() - started, 1)}
        found = None
    if found is not None and found.new != storage:
        raise Conflict(
            "a move to another place was cut off: run that one again, or give it up with `seifas move --give-up`",
            where=planning.MARK,
        )
    plan = planned(data, settings, storage)
    with alone(plan) as require_alone:
        told, done = _carry_over(plan, secrets(), watch, begun=found is not None, require_alone=require_alone)
        require_alone()
        _clear(data, plan.new, done, watch)
    return {"moved": list(plan.parts), "finished": False, **told, "seconds": round(time.perf_counter() - started, 1)}


def _carry_over(
    plan: Plan, secrets: Secrets, watch: Watch, *, begun: bool, require_alone: Callable[[], None]
) -> tuple[dict[str, Any], Mark]:
    """All but taking away what lies in the old place; what to tell, and how far it is."""
    data = plan.data
    unlocking.lock(_opened(data, plan.old, secrets, watch, "opening it where it is"))
    if begun:
        discard_new(plan)
    else:
        require_free(plan)
        planning.mark(data, "copying", plan)
    told, size = _copy(plan, watch)
    keeper = _opened(data, plan.new, secrets, watch, "opening it in the new place")
    try:
        told["patients"] = keeper.require_unlocked().vault.patients
        require_alone()
        _require_unused(plan, keeper, size)
        planning.mark(data, "switching", plan, size)
        settings_module.write(data, plan.new)
        try:
            # Once more: this process may have been stopped between looking and switching, for as long as a lease lasts.
            require_alone()
        except BaseException:
            settings_module.write(data, plan.old)
            planning.mark(data, "copying", plan)
            raise
        done = planning.mark(data, "clearing", plan, size)
        _note(keeper, plan)
    finally:
        unlocking.lock(keeper)
    return told, done


def give_up(data: Path, *, leave_copy: bool = False, watch: Watch = unwatched) -> dict[str, Any]:
    """Discards the copy of a move that was cut off; with `leave_copy` it stays where it is, as when its place is gone
    for good. Raises Invalid where none was cut off, Unavailable where the copy is out of reach."""
    with one_at_a_time(data):
        return _give_up(data, leave_copy, watch)


def _give_up(data: Path, leave_copy: bool, watch: Watch) -> dict[str, Any]:
    settings = settings_module.load(data)
    found = marked(data)
    if found is None:
        raise Invalid("no move was cut off here", where=planning.MARK)
    if settings.storage == found.new:
        raise Conflict("this move is done but for the old place: run it again", where=planning.MARK)
    _require_its_settings(settings, found)
    plan = planned(data, settings, found.new)
    if not leave_copy:
        try:
            discard_new(plan)
            if plan.objects:
                empty(open_objects(plan.new.objects_at(data)), watch(Stage("objects", None)))
        except Unavailable as error:
            raise Unavailable(
                "what had been copied cannot be discarded, its place is out of reach: try again when it is there, or, "
                "where it is gone for good, `seifas move --give-up --leave-copy`", where=error.where,
            ) from error
    planning.unmark(data)
    return {"given_up": list(plan.parts), "left": list(plan.parts) if leave_copy else []}


def _require_its_settings(settings: Settings, found: Mark | None) -> None:
    """What is not in force is emptied: so settings that were changed by hand meanwhile must not say which place is."""
    if found is None:
        return
    if found.stage == "copying" and settings.storage == found.new:
        raise Conflict(
            "settings.toml names the new place, but the move there was cut off before it was whole: put [storage] back "
            "as it was, then run this again", where=planning.MARK,
        )
    if found.stage == "clearing" and settings.storage != found.new:
        raise Conflict(
            "settings.toml names another place than the one that the vault was moved to, which may hold what was "
            "written since: put [storage] back as the move left it", where=planning.MARK,
        )
    if settings.storage not in (found.old, found.new):
        # It may be another way to either of them.
        raise Conflict(
            "settings.toml names neither the place that the vault was in nor the one that it was being moved to: put "
            "[storage] back as it was, then run this again", where=planning.MARK,
        )


def _require_unused(plan: Plan, keeper: Keeper, size: int) -> None:
    """Whoever took the old place over while it was copied ended the session that held it; what was written there then
    is in no copy, and would be cleared away. The lease should have kept them out: this looks at what lies there."""
    now = keeper.require_unlocked().audit.size
    if plan.databases:
        state = open_state(plan.old.state_at(plan.data))
        now = state.leaf_count
        state.close()
    if now != size:
        raise Conflict(
            "another node served this vault while it was copied: stop every node, then run this again",
            where="storage.database",
        )


def _copy(plan: Plan, watch: Watch) -> tuple[dict[str, Any], int]:
    """What to tell, and the size of the log that was copied."""
    told: dict[str, Any] = {}
    data, old, new = plan.data, plan.old, plan.new
    with ExitStack() as stack:

        def kept(store: Any) -> Any:
            stack.callback(store.close)
            return store

        # Open for as long as anything is copied: nobody else can serve the vault meanwhile.
        state = kept(open_state(old.state_at(data)))
        size = state.leaf_count
        if plan.databases:
            copied = copy_state(
                state, kept(open_state(new.state_at(data), founding=True)), data / "audit", watch,
                whole_log=isinstance(new.state_at(data), DatabaseAt),
            )
            told |= {"state": copied.rows, "lines": copied.lines}
            rows = kept(open_rows(old.rows_at(data)))
            told["rows"] = copy_rows(rows, kept(open_rows(new.rows_at(data), founding=True)), watch)
        if plan.keys:
            keys = kept(key_store(old.keys_at(data)))
            keys.open(keys.generations()[-1])
            told["keys"] = copy_keys(keys, kept(key_store(new.keys_at(data))), watch)
        if plan.objects:
            carried = carry(open_objects(old.objects_at(data)), open_objects(new.objects_at(data)), watch)
            told |= {"objects": carried.number, "objects_there": carried.there, "object_bytes": carried.size}
    return told, size


def _opened(data: Path, settings: Settings, secrets: Secrets, watch: Watch, what: str) -> Keeper:
    """A keeper that has unlocked the vault, as any will. The second place is not told."""
    watch(Stage(what, None))
    keeper = Keeper(data, settings_module.replaced(settings, paths=Paths(keys=settings.paths.keys)))
    keeper.open = unlocking.unlock(keeper, secrets.root, pin=secrets.pin)
    return keeper


def _note(keeper: Keeper, plan: Plan) -> None:
    """A line in the log that the vault went over. Not before the switch: a log that was published further than the
    place in force knows is taken for a place that was rolled back."""
    opened, said = keeper.require_unlocked(), plan.new.storage
    leaf = keeper.leaf(keeper.now(), Action.UPGRADE, note=f"moved:{'+'.join(plan.parts)}:{said.engine}:{said.objects}")
    opened.audit.commit(opened.state, [Group([leaf])])


def _clear(data: Path, settings: Settings, found: Mark, watch: Watch) -> dict[str, Any]:
    """Takes away what lies in the old place; whatever part of it is gone already."""
    plan = planned(data, settings_module.replaced(settings, storage=found.old), found.new)
    require_as_copied(plan, found.lines)
    discard_old(plan, watch(Stage("clearing the old place", None)))
    planning.unmark(data)
    return {"cleared": list(plan.parts)}
