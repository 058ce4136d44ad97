"""How the step of the flood judges what it saw. The step itself is walked by the drill; parts die in tests/shield."""

from __future__ import annotations

import msgspec
import pytest

from seifas.drill.flood_plan import Count, Tally
from seifas.drill.flooded import Evidence, Lived, _read, _recovered, _told
from seifas.drill.newcomers import Newcomer

KILLS = {"shield": 18.0, "front": 22.0, "desk": 26.0}
CAME = Newcomer("127.10.0.1", True, True, 0.5, True, 2, 200, "")


def count(name: str, *failed: float, sent: int = 100, distinct: int = 100) -> Count:
    return Count(
        name, sent, sent, sent - len(failed), {200: sent}, 0, 0, 0, 0, distinct, 0, 1.0, 2.0, 3.0, (), tuple(failed)
    )


def lived(*failed: float, **change: object) -> Lived:
    streams = (count("strangers", distinct=1000), count("staff", *failed, distinct=3), count("patients"))
    return msgspec.structs.replace(Lived(Tally(0, 32.0, streams), 5.0, 14.0, (CAME,) * 12, KILLS), **change)


EVIDENCE = Evidence(1015, 79, 0)


def test_a_flood_that_was_lived_through_keeps_the_promise() -> None:
    result = _told(lived(), EVIDENCE)
    assert result.kept
    assert result.loot.startswith("Every one of 200")
    assert "1 of 200 requests of staff and patients failed, all" in _told(lived(22.1), EVIDENCE).loot
    assert "2 of 200 requests of staff and patients failed, 1 of" in _told(lived(3.0, 22.1), EVIDENCE).loot


def test_failures_just_after_a_kill_are_part_of_it() -> None:
    assert _told(lived(22.1, 26.9), EVIDENCE).kept
    assert _recovered(count("staff", 22.1, 26.9), KILLS) == (pytest.approx(0.9), 0)
    # What was under way when its server died had begun before.
    assert _recovered(count("staff", 21.5), KILLS)[1] == 0


@pytest.mark.parametrize(
    "seen",
    [
        lived(3.0), lived(17.0 - 0.1), lived(31.9), lived(noticed=None, siege=None), lived(noticed=12.0),
        lived(siege=25.0), lived(visits=(CAME, msgspec.structs.replace(CAME, reached=False))),
    ],
)  # fmt: skip
def test_what_was_not_lived_through_breaks_it(seen: Lived) -> None:
    assert not _told(seen, EVIDENCE).kept


@pytest.mark.parametrize(
    "evidence", [None, Evidence(900, 79, 0), Evidence(1200, 79, 0), Evidence(1015, 79, 1)]
)
def test_evidence_that_does_not_fit_breaks_it(evidence: Evidence | None) -> None:
    assert not _told(lived(), evidence).kept


def test_files_are_read_by_code_of_its_own() -> None:
    table = "address,first\n127.16.0.1,x\n127.16.0.2,y\n127.16.0.2,z\n"
    assert _read(table, "# ends\n127.16.0.0/24\n127.17.0.0/24 # 3\n") == Evidence(2, 2, 0)
    assert _read(table, "127.0.0.0/24\n127.0.0.2/32\n127.16.0.0/24\n").good_listed == 2
    assert _read("", "") == Evidence(0, 0, 0)
