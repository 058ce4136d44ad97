"""When a log is offered to its witness."""

import pytest

from seifas.keeper.witness_watch import Watch


@pytest.mark.parametrize("up_s", [0.0, 5.0, 10_000.0])
def test_a_keeper_offers_its_log_at_once_however_long_the_machine_runs(up_s: float) -> None:
    watch = Watch()
    assert watch.due(0, up_s)
    watch.tried, watch.size = up_s, 7
    assert not watch.due(7, up_s + 899) and watch.due(7, up_s + 900)
    assert not watch.due(8, up_s + 9) and watch.due(8, up_s + 10)
    watch.behind(3)
    assert watch.due(3, up_s + 11)
