"""kill -9 at random under load: nothing shown without its line, nothing acknowledged lost, service back by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seifas.drill.killing import harass
from seifas.drill.stage import Stage

KILLS = 40  # the bench does 1,000


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_random_forty_times(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    stage.start()
    outcome = harass(stage, kills=KILLS, seed=7)
    assert sum(outcome.kills.values()) >= KILLS - 5
    assert outcome.kills["keeper"] >= 5
    assert len(outcome.written) > 50
    assert sum(outcome.shown.values()) > 100
    assert outcome.lost == []
    assert outcome.unreadable == []
    assert outcome.without_line == []
    assert max(outcome.back_s) <= 5.0
