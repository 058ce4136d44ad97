"""Group commit: nobody is answered before the disk, one refusal is one caller's, a failing disk is everybody's."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.audit.tiles import TileReader
from seifas.errors import Conflict, SeifasError, Unavailable
from seifas.keeper.commit import Committer, Writer
from seifas.keeper.lines import Action, Line
from seifas.keeper.model import Kind
from seifas.storage.state import Group


class Disk:
    """In place of the log and the store: what was written in which batch, slowly, with faults on demand."""

    def __init__(self) -> None:
        self.batches: list[list[bytes]] = []
        self.fault: BaseException | None = None
        self.threads: set[str] = set()
        self.began = threading.Event()
        self.may_go = threading.Event()
        self.may_go.set()

    def commit(self, store: Any, groups: Sequence[Group], copy: Any) -> list[SeifasError | None]:
        self.began.set()
        assert self.may_go.wait(60)
        self.threads.add(threading.current_thread().name)
        if self.fault is not None:
            raise self.fault
        time.sleep(0.002)
        self.batches.append([leaf for group in groups for leaf in group.leaves if leaf != b"clash"])
        return [Conflict("clash") if b"clash" in group.leaves else None for group in groups]


def _committer(disk: Disk) -> Committer:
    return Committer(None, disk, copy=None)  # type: ignore[arg-type]


def test_what_waits_shares_one_transaction_in_the_order_it_came() -> None:
    disk = Disk()

    async def deed() -> None:
        committer = _committer(disk)
        disk.may_go.clear()
        waiting = [committer.submit([b"%04d" % n]) for n in range(5)]
        await asyncio.to_thread(disk.began.wait, 60)
        waiting += [committer.submit([b"%04d" % n]) for n in range(5, 1200)]
        assert not any(future.done() for future in waiting), "nothing is acknowledged before it is written"
        disk.may_go.set()
        await asyncio.gather(*waiting)
        await committer.drain()
        assert not committer.running
        committer.close()

    asyncio.run(deed())
    assert [leaf for batch in disk.batches for leaf in batch] == [b"%04d" % n for n in range(1200)]
    assert [len(batch) for batch in disk.batches] == [5, 512, 512, 171]
    assert len(disk.threads) == 1, "one writer"


def test_a_conflict_is_one_callers() -> None:
    disk = Disk()

    async def deed() -> list[object]:
        committer = _committer(disk)
        futures = [committer.submit([b"clash" if n % 3 == 0 else b"fine"]) for n in range(9)]
        done = await asyncio.gather(*futures, return_exceptions=True)
        committer.close()
        return done

    outcomes = asyncio.run(deed())
    assert [isinstance(outcome, Conflict) for outcome in outcomes] == [n % 3 == 0 for n in range(9)]


@pytest.mark.parametrize("fault", [Unavailable("the disk is full"), OSError(5, "x"), KeyError("defect")])
def test_a_failing_disk_is_everybodys_and_the_next_batch_goes_on(fault: Exception) -> None:
    disk = Disk()

    async def deed() -> None:
        committer = _committer(disk)
        disk.fault = fault
        done = await asyncio.gather(*(committer.submit([b"x"]) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(outcome, Unavailable) for outcome in done)
        disk.fault = None
        await committer.submit([b"y"])
        committer.close()

    asyncio.run(deed())
    assert disk.batches == [[b"y"]]


def test_a_caller_that_gave_up_holds_nobody_up() -> None:
    disk = Disk()

    async def deed() -> None:
        committer = _committer(disk)
        disk.may_go.clear()
        futures = [committer.submit([b"x"]) for _ in range(6)]
        await asyncio.to_thread(disk.began.wait, 60)
        for future in futures[::2]:
            future.cancel()
        disk.may_go.set()
        await asyncio.gather(*futures[1::2])
        await committer.submit([b"y"])
        committer.close()

    asyncio.run(deed())
    assert disk.batches == [[b"x"] * 6, [b"y"]], "what was begun is written all the same"


def test_rows_that_clash_refuse_only_their_own_request() -> None:
    stored: dict[bytes, bytes] = {}

    def put_many(items: list[tuple[bytes, bytes]]) -> None:
        if len({row for row, _ in items}) < len(items) or any(row in stored for row, _ in items):
            raise Conflict("there already")
        stored.update(items)

    async def deed() -> list[object]:
        writer = Writer(put_many, "rows")
        await writer.put([(b"one", b"1")])
        asked = [[(b"two", b"2")], [(b"one", b"!")], [(b"three", b"3"), (b"four", b"4")], [(b"three", b"!")]]
        done = await asyncio.gather(*(writer.put(items) for items in asked), return_exceptions=True)
        await writer.drain()
        writer.close()
        return done

    outcomes = asyncio.run(deed())
    assert [isinstance(outcome, Conflict) for outcome in outcomes] == [False, True, False, True]
    assert stored == {b"one": b"1", b"two": b"2", b"three": b"3", b"four": b"4"}


def test_a_failing_row_store_is_everybodys() -> None:
    faults: list[Exception] = [Unavailable("full"), OSError(28, "x"), ValueError("defect")]

    def put_many(items: list[tuple[bytes, bytes]]) -> None:
        if faults:
            raise faults[0]

    async def deed() -> None:
        writer = Writer(put_many, "rows")
        while faults:
            done = await asyncio.gather(*(writer.put([(b"a", b"b")]) for _ in range(5)), return_exceptions=True)
            assert all(isinstance(outcome, Unavailable) for outcome in done)
            faults.pop(0)
        await writer.put([(b"a", b"b")])
        writer.close()

    asyncio.run(deed())


def test_lines_stand_in_the_log_in_the_order_they_were_committed(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        keeper = asked.keeper
        moment = keeper.now()
        leaves = [keeper.leaf(moment, Action.AUDIT_VIEW, note=f"line:{n}") for n in range(700)]
        await asyncio.gather(*(keeper.commit([leaf]) for leaf in leaves))

    rig.run(deed)

    async def read(asked: Asked) -> list[str]:
        audit = asked.keeper.require_unlocked().audit
        found: list[Line] = [
            audit.read(leaf, index)[0] for index, leaf in enumerate(TileReader(rig.data / "audit").entries())
        ]
        return [line.note for line in found if line.note.startswith("line:")]

    assert rig.run(read) == [f"line:{n}" for n in range(700)]


def test_of_two_who_built_on_the_same_state_one_wins(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        keeper = asked.keeper
        leaf = keeper.leaf(keeper.now(), Action.AUDIT_VIEW)
        tag, first = keeper.row(Kind.CANARY, b"a" * 16, True)
        await keeper.commit([leaf], [(tag, first)], (), [(tag, None)])
        expected = hashlib.sha256(first).digest()
        before = keeper.require_unlocked().audit.size
        done = await asyncio.gather(
            *(keeper.commit([leaf], [keeper.row(Kind.CANARY, b"a" * 16, True)], (), [(tag, expected)])
              for _ in range(8)),
            return_exceptions=True,
        )
        assert sum(isinstance(outcome, Conflict) for outcome in done) == 7
        assert keeper.require_unlocked().audit.size == before + 1, "who lost has no line"

    rig.run(deed)


def test_what_was_committed_is_there_after_kill_9(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient", name=[{"family": "Petrauskas"}])
        (rig.data / "patient").write_bytes(patient)
        asked.keeper.commit([asked.keeper.leaf(asked.keeper.now(), Action.AUDIT_VIEW, note="not waited for")])

    rig.killed(deed)
    patient = (rig.data / "patient").read_bytes()

    async def look(asked: Asked) -> Any:
        return asked.bodies(patient)[f"Patient/{patient.hex()}"][2]["name"]

    assert rig.run(look) == [{"family": "Petrauskas"}]
