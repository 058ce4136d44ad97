"""Honest newcomers in a siege: those of the drill and the bench get to their page by the challenge, as browsers do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from front_rig import FrontRig, haproxies
from hypothesis import given
from hypothesis import strategies as st

from seifas.drill.newcomers import newcomers, reached_share, solved, visit
from seifas.errors import Unavailable
from seifas.shield.model import Mode

PAGE = b"of the application"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontRig]:
    rig = FrontRig(tmp_path_factory.mktemp("front") / "f", haproxies()[0])
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.mark.parametrize("script", [True, False])
def test_a_newcomer_is_challenged_in_a_siege_and_gets_to_his_page(rig: FrontRig, script: bool) -> None:
    rig.mode(Mode.SIEGE)
    found = newcomers(
        "127.0.0.1", rig.port(), "/dynamic", PAGE, number=4, per_second=20, first=f"127.2{int(script)}.0.1",
        script=script, patience_s=60.0,
    )  # fmt: skip
    assert reached_share(found) == 1.0
    assert all(one.asked for one in found)
    assert len({one.source for one in found}) == 4
    lane = "solved" if script else "waited"
    assert all(f"seifas_lane=1.{lane}." in one.cookie for one in found)
    assert script or all(one.seconds >= 2.0 for one in found)


def test_in_calm_he_is_not_asked(rig: FrontRig) -> None:
    rig.mode(Mode.CALM)
    found = visit("127.0.0.1", rig.port(), "/dynamic", PAGE, source="127.22.0.1")
    assert found.reached
    assert not found.asked
    assert found.requests == 1


def test_who_never_gets_his_page_is_told_so_in_time(rig: FrontRig) -> None:
    rig.mode(Mode.CALM)
    taken = []
    for _ in range(3):  # a visitor who is told late is so each time, a busy machine is not
        found = visit(
            "127.0.0.1", rig.port(), "/dynamic", b"a page that nobody has", source="127.23.0.1", patience_s=1.0
        )
        assert not found.reached
        assert found.status == 200
        taken.append(found.seconds)
        if found.seconds < 3.0:
            break
    assert 1.0 <= min(taken) < 3.0


def test_nobody_is_there() -> None:
    found = visit("127.0.0.1", 1, "/", PAGE, patience_s=0.7)
    assert not found.reached
    assert found.status == 0


@given(st.text(max_size=60))
def test_a_challenge_of_another_form_is_not_worked_for(challenge: str) -> None:
    parts = challenge.split(".")
    if len(parts) > 3 and parts[3].isdigit():
        return
    with pytest.raises(Unavailable):
        solved(challenge)


@pytest.mark.parametrize("target", ["0", "1", "255", "-5"])
def test_a_challenge_that_would_take_minutes_is_not_worked_for(target: str) -> None:
    with pytest.raises(Unavailable):
        solved(f"a.1795346296.8da44fc420c5.{target}.5C1D578BD2AA3E98DCE1BB1B002EB6FA")


def test_of_nobody_everybody_came() -> None:
    assert reached_share(()) == 1.0
