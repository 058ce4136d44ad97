"""The flood: Seifas's shield beside the page alone, nginx, and HAProxy by hand; and a clinic that is flooded whole.

Our own open-loop generator (flood.c; seifas.drill.flooding where there is no compiler), 200,000 source addresses on
loopback, server on core 0, generator on core 1. docs/bench.md says what each figure means.
"""

from __future__ import annotations

from bench.figures import Figure
from bench.flood import clinic, rows, siege, slow
from bench.setting import Setting


def run(setting: Setting) -> list[Figure]:
    """About seven minutes; two at quick."""
    work, quick = setting.work / "flood", setting.quick
    figures: list[Figure] = []
    turns = rows.table(work, seconds=3.0 if quick else 6.0, rounds=1 if quick else 2, say=setting.say)
    figures += rows.figures(turns)
    figures += slow.slow_connections(work, 7.0 if quick else 12.0, setting.say)
    figures += slow.handshakes(work, 5.0 if quick else 8.0, setting.say)
    figures += siege.guarded(work, 10.0 if quick else 14.0, setting.say)
    besieged = siege.OursFree(work)
    try:
        besieged.start()
        figures += siege.busy_day(besieged, 4.0 if quick else 6.0, setting.say)
        figures += siege.besieged(besieged, 30.0 if quick else 42.0, setting.say)
        calming = siege.Calming(besieged)
        # The way back takes more than a minute of nothing: the clinic is flooded meanwhile.
        figures += clinic.run(setting)
        figures += siege.over(besieged, calming, setting.say)
    finally:
        besieged.stop()
    return figures
