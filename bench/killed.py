"""kill -9 at random under load (drill/killing.py): is every answer kept, has every record shown its line, and how soon
is service back.

Keeper, desk, public and jobs are killed one after another, the keeper twice as often, while six programs write and
read. 100 kills; 1,000 with --whole. A lost or unreadable write, or a record shown without its line, fails the bar.
"""

from __future__ import annotations

from bench.figures import Bar, Figure, alone
from bench.setting import SEED, Setting
from seifas.drill.killing import harass

_PATIENTS = 300


def run(setting: Setting) -> list[Figure]:
    setting.say(f"killing {setting.kills} times")
    with setting.serving(patients=_PATIENTS) as served:
        outcome = harass(
            served, kills=setting.kills, seed=SEED,
            told=lambda number: setting.say(f"{number} killed") if number % 50 == 0 else None,
        )
    broken = len(outcome.lost) + len(outcome.unreadable) + len(outcome.without_line)
    killed = outcome.kills.total()
    whom = ", ".join(f"{name} {times}" for name, times in sorted(outcome.kills.items()))
    back = sorted(outcome.back_s)
    return [
        alone(f"promises broken by {killed} kills", "", [broken], Bar(at_most=0, unit=""),
              f"{whom}; {sum(map(len, outcome.written.values())):,} versions acknowledged, "
              f"{outcome.shown.total():,} records shown, {outcome.lines:,} lines"),
        alone("longest time until a write was acknowledged again", "s", [back[-1]], Bar(at_most=5, unit="s"),
              f"median {back[len(back) // 2]:.2f} s"),
    ]  # fmt: skip
