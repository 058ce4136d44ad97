"""Audit lines a second beside bare commits of the same bytes in the same batches; one process, no HTTP.

Ours is what the keeper's commit thread does: the leaves join the Merkle tree, a checkpoint over log and state is signed
(Ed25519), leaves, checkpoint and the tree's edge go to keeper.db in one transaction. The leaves are sealed beforehand,
as in the keeper, where another thread does it; "sealing too" counts that as well.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time

from bench.bare import SLOW_SYNC_S, BareCommits
from bench.figures import Bar, Figure, beside
from bench.setting import Setting
from seifas.audit.leaf import seal_leaf
from seifas.keeper.lines import Action, Line, encode
from seifas.keeper.log import AuditLog
from seifas.storage.state import Group
from seifas.storage.state_sqlite import sqlite_state

_BAR = Bar(at_least=0.8)


def run(setting: Setting) -> list[Figure]:
    figures = []
    for sync_s, words in ((0.0, ""), (SLOW_SYNC_S, f", with a sync of {SLOW_SYNC_S * 1e3:.0f} ms")):
        for batch in (8, 128):
            setting.say(f"audit lines in batches of {batch}{words}")
            figures += _measured(setting, batch, sync_s, words)
    return figures


class _Log:
    """A new log in a new keeper.db."""

    def __init__(self, setting: Setting, sync_s: float) -> None:
        self.directory = setting.work / f"log-{os.getpid()}"
        shutil.rmtree(self.directory, ignore_errors=True)
        (self.directory / "audit").mkdir(parents=True)
        self.store = sqlite_state(self.directory / "keeper.db")
        list(self.store.load())
        self.key = os.urandom(32)
        self.audit = AuditLog(
            audit_key=self.key, signing=os.urandom(32), clinic=os.urandom(16), directory=self.directory / "audit"
        )
        self._sync_s = sync_s

    def leaf(self) -> bytes:
        """The line of a Patient read by a program, with its charge."""
        line = Line(
            time.time_ns() // 1_000_000, 1, Action.OPEN_CARD, 0, os.urandom(16), os.urandom(16), os.urandom(16),
            (os.urandom(16),), os.urandom(70),
        )  # fmt: skip
        return seal_leaf(self.key, encode(line))

    def commit(self, leaves: list[bytes]) -> None:
        if self._sync_s:
            time.sleep(self._sync_s)
        refused = self.audit.commit(self.store, [Group([leaf]) for leaf in leaves])
        assert not any(refused)

    def close(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)


def _measured(setting: Setting, batch: int, sync_s: float, words: str) -> list[Figure]:
    log = _Log(setting, sync_s)
    size = len(log.leaf())
    bare = BareCommits(setting.work, size, sync_s)
    rates: list[float] = []
    with_sealing: list[float] = []
    limits: list[float] = []
    try:
        for _ in range(setting.rounds * 2):
            committing: list[float] = []
            sealing: list[float] = []
            end = time.perf_counter() + setting.phase_s / 4
            while time.perf_counter() < end:
                began = time.perf_counter()
                leaves = [log.leaf() for _ in range(batch)]
                sealed = time.perf_counter()
                log.commit(leaves)
                committing.append(time.perf_counter() - sealed)
                sealing.append(sealed - began)
            mean = statistics.fmean(committing)
            rates.append(batch / mean)
            with_sealing.append(batch / (mean + statistics.fmean(sealing)))
            limits.append(bare.leaves_per_second(batch, setting.phase_s / 4))
    finally:
        bare.close()
        log.close()
    title = f"audit lines, batches of {batch}{words}"
    return [
        beside(title, "lines/s", rates, "bare commits", limits, _BAR, f"leaves of {size} bytes"),
        beside(f"{title}, sealing too", "lines/s", with_sealing, "bare commits", limits),
    ]
