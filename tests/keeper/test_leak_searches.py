"""One search stands at a time: what a killed leaks process left at the keeper is ended by the next search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Clocks, Rig
from leak_rig import LeakClinic
from photo_rig import lines

from seifas.errors import Missing, Refused
from seifas.keeper.lines import Action
from seifas.keeper.sweeping_objects import sweep


def test_twenty_processes_killed_in_the_middle_shut_nobody_out(tmp_path: Path, clocks: Clocks) -> None:
    async def main(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open(3)
        one, other, unasked = await clinic.approved(), await clinic.approved(), await clinic.case()
        tokens = [await clinic.search(case) for case in [one, other] * 10]
        for token in tokens[:-1]:
            for op in ("people", "fingerprints", "files", "end"):
                with pytest.raises(Missing):
                    await clinic.leaks(op, search=token)
        assert (await clinic.leaks("people", search=tokens[-1]))["people"]
        # What is refused ends nothing.
        with pytest.raises(Refused):
            await clinic.search(unasked)
        assert (await clinic.leaks("people", search=tokens[-1]))["people"]
        session = await clinic.session("vyr")
        told = {row["case"]: row["searches"] for row in await asked.desk("leak.list", session=session)}
        assert told == {one: 0, other: 1, unasked: 0}
        # Each that was ended has its line, once.
        written = await lines(asked, Action.LEAK_CASE)
        begun, ended = ([one.objects for one in written if one.note == note] for note in ("search", "search-ended"))
        assert (len(begun), ended) == (20, begun[:-1])

    Rig(tmp_path / "vault", demo=False).run(main)


def test_a_sweep_beside_a_result_that_is_being_kept_takes_nothing(
    tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(asked: Asked) -> None:
        clinic = await LeakClinic(asked, clocks).open(2)
        keeper, case = asked.keeper, await clinic.approved()
        search = await clinic.search(case)
        commit = keeper.commit

        async def beside(*args: Any, **more: Any) -> Any:
            await sweep(keeper)
            return await commit(*args, **more)

        monkeypatch.setattr(keeper, "commit", beside)
        result = await clinic.found(search, clinic.patients[0])
        monkeypatch.undo()
        kept = await asked.desk("leak.results", session=await clinic.session("vyr"), case=case, result=result)
        assert clinic.patients[0] in kept["body"]

    Rig(tmp_path / "vault", demo=False).run(main)
