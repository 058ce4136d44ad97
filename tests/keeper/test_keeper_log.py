"""The audit log as the keeper runs it: published by several at once, and whole all the same."""

from __future__ import annotations

import asyncio
from pathlib import Path

from keeper_rig import Asked, Rig

from seifas.audit.checkpoint import parse_verifier_key
from seifas.audit.verify import verify_log


def test_publishing_from_several_threads_leaves_the_log_whole(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        session = await asked.person("gydytoja", "doctor")
        opened = asked.keeper.require_unlocked()

        async def publish() -> None:
            for _ in range(40):
                await asyncio.to_thread(opened.audit.publish, opened.state)

        async def work() -> None:
            for _ in range(80):
                await asked.desk("schedule.day", session=session, date="2026-01-05")

        await asyncio.gather(*(publish() for _ in range(4)), *(work() for _ in range(8)))

    rig.run(deed)
    key = parse_verifier_key((rig.data / "audit" / "key").read_text())
    report = verify_log(rig.data / "audit", key)
    assert report.ok, report.problems
    assert report.size > 640
    rig.run(lambda asked: asked.admin("account_list"))  # and it can be taken up again
