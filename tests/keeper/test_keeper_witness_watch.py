"""When a log is offered to its witness."""

import pytest

from seifas.keeper.witness_watch import Watch


@pytest.mark.parametrize("up_s", [0.0, 5.0, 10_000.0])
def test_a_keeper_offers_its_log_at_once_however_long_the_machine_runs(up_s: float) -> None:
    watch = Watch()
    assert watch.due(0, up_s)
    watch.tried, watch.size = up_s, 7
    assert [watch.due(7, up_s + later) for later in (899, 900)] == [False, True]
    assert [watch.due(8, up_s + later) for later in (9, 10)] == [False, True]
    watch.behind(3)
    assert watch.due(3, up_s + 11)
