"""Step "killed at random": processes are killed under load, and every answer is held against what is left."""

from __future__ import annotations

from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.killing import harass

BACK_S = 5.0
_QUICK, _WHOLE = 12, 60


def run(context: Context) -> StepResult:
    kills = _QUICK if context.quick else _WHOLE
    stage = context.stage("killed")
    stage.start()
    try:
        with context.screen.bar("kill -9", kills) as advance:
            outcome = harass(stage, kills=kills, seed=context.seed, told=lambda _: advance(1))
    finally:
        stage.stop()
    killed = sum(outcome.kills.values())
    written = sum(len(versions) for versions in outcome.written.values())
    shown = sum(outcome.shown.values())
    slowest = max(outcome.back_s, default=0.0)
    kept = not (outcome.lost or outcome.unreadable or outcome.without_line) and slowest <= BACK_S and killed > 0
    return StepResult(
        promise="What was acknowledged is not lost, what was shown has its line in the log, and service comes back by "
        "itself within five seconds.",
        deed=f"{killed} times a process was killed in the middle of its work, while people wrote and read.",
        loot="Nothing was lost." if kept else "Something was lost, or service was away too long: see the figures.",
        kept=kept,
        figures=(
            Figure("processes killed", ", ".join(f"{name} {n}" for name, n in sorted(outcome.kills.items()))),
            Figure("writes acknowledged", str(written)),
            Figure("acknowledged and lost or changed", str(len(outcome.lost)), "0"),
            Figure("acknowledged and unreadable", str(len(outcome.unreadable)), "0"),
            Figure("records shown", str(shown)),
            Figure("shown without a line in the log", str(len(outcome.without_line)), "0"),
            Figure("slowest return to service", f"{slowest:.1f} s", f"at most {BACK_S:.0f} s"),
        ),
    )
