"""Every figure of the vault beside its peer or its limit: `python -m bench [--only NAME,...] [--quick] [--list]`.

Prints the figures as they come, a summary at the end, and writes all of it to build/bench.json. docs/bench.md says
what each figure means. A missed bar is a figure, not a failure; the exit status is 1 only where a part could not be
measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import (
    affected,
    audit,
    chart,
    create,
    drilled,
    engines,
    evidence,
    explaining,
    febrl,
    killed,
    letters,
    machine,
    marking,
    matching,
    objects,
    pages,
    photo_finding,
    photos,
    promise,
    read,
    report,
    restore,
    scale,
    search,
    unlock,
)
from bench.charts import write as write_charts
from bench.figures import Figure, shown
from bench.flood import whole as flood
from bench.served import ROOT
from bench.setting import Setting
from bench.table import write as write_table
from seifas.errors import SeifasError

PARTS: dict[str, Callable[[Setting], list[Figure]]] = {
    "read": read.run,
    "create": create.run,
    "engines": engines.run,
    "search": search.run,
    "promise": promise.run,
    "chart": chart.run,
    "pages": pages.run,
    "audit": audit.run,
    "unlock": unlock.run,
    "objects": objects.run,
    "photos": photos.run,
    "marking": marking.run,
    "finding": photo_finding.run,
    "explaining": explaining.run,
    "affected": affected.run,
    "evidence": evidence.run,
    "letters": letters.run,
    "restore": restore.run,
    "killed": killed.run,
    "matching": matching.run,
    "febrl": febrl.run,
    "flood": flood.run,
    "scale": scale.run,
    "drill": drilled.run,
}


def main() -> int:
    chosen = _arguments()
    # Told to end, it still stops its servers, of which some are halted just then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if chosen.list:
        for name, part in PARTS.items():
            print(f"{name:10} {(sys.modules[part.__module__].__doc__ or '').splitlines()[0]}")
        return 0
    names = chosen.only.split(",") if chosen.only else list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; see --list", file=sys.stderr)
        return 2
    work: Path = chosen.work
    work.mkdir(parents=True, exist_ok=True)
    os.chmod(work, 0o755)  # as root, the vault's processes have users of their own, who must be able to enter
    setting = _setting(chosen)
    told = report.begun(setting, datetime.now(UTC).isoformat(timespec="seconds"))
    if chosen.resume:
        try:
            told = report.resumed(chosen.json, told)
        except SeifasError as error:
            print(f"{error} ({error.where})", file=sys.stderr)
            return 2
        names = [name for name in names if name not in told.figures]
    print(" ".join(f"{key}={value}" for key, value in {**told.machine, "patients": setting.patients}.items()))
    try:
        for name in names:
            print(f"\n{name}", flush=True)
            _wait_for_quiet(chosen.quiet_below)
            began, load = time.perf_counter(), machine.load()
            try:
                told.figures[name] = PARTS[name](setting)
            except Exception:
                traceback.print_exc()
                told.failed.append(name)
                continue
            for figure in told.figures[name]:
                print(shown(figure), flush=True)
            told.took_s[name] = round(time.perf_counter() - began, 1)
            print(f"  {told.took_s[name]:.0f} s, load {load:.1f} to {machine.load():.1f}", flush=True)
            told.write(chosen.json)
    finally:
        if not chosen.keep:
            shutil.rmtree(work, ignore_errors=True)
        told.write(chosen.json)
    if chosen.charts is not None:
        write_charts(told, chosen.charts)
        write_table(told, chosen.charts)
    _summary(told.figures, told.failed)
    return 1 if told.failed else 0


def _wait_for_quiet(load: float) -> None:
    """Returns when fewer processes than that want a core, or after half an hour."""
    give_up = time.monotonic() + 1800
    while load and machine.load() >= load and time.monotonic() < give_up:
        time.sleep(5)


def _setting(chosen: argparse.Namespace) -> Setting:
    kills = 1000 if chosen.whole else 100
    if chosen.quick:
        return Setting(
            chosen.work, patients=chosen.patients or 2_400, phase_s=2.0, rounds=2, kills=10, large=False, quick=True
        )
    return Setting(
        chosen.work, patients=chosen.patients or 24_000, phase_s=chosen.seconds, rounds=chosen.rounds, kills=kills,
        large=chosen.large,
    )  # fmt: skip


def _summary(found: dict[str, list[Figure]], failed: list[str]) -> None:
    held = [figure for figures in found.values() for figure in figures if figure.bar]
    missed = [figure for figure in held if not figure.met]
    print(f"\nbars: {len(held) - len(missed)} met, {len(missed)} missed")
    for figure in missed:
        value = "-" if figure.value is None else f"{figure.value:.3g}"
        print(f"  MISSED  {figure.what}: {value} (bar {figure.bar})")
    for name in failed:
        print(f"  FAILED  {name}: not measured")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", default="", help="parts, separated by commas")
    parser.add_argument("--list", action="store_true", help="what parts there are")
    parser.add_argument("--quick", action="store_true", help="2,400 patients and short phases: does it run at all")
    parser.add_argument("--whole", action="store_true", help="1,000 kills instead of 100")
    parser.add_argument("--large", action="store_true", help="a clinic of a million, too: 20 GB of disk, half an hour")
    parser.add_argument("--patients", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one phase under load")
    parser.add_argument("--rounds", type=int, default=3, help="how often the sides take turns")
    parser.add_argument(
        "--quiet-below", type=float, default=0.0, metavar="LOAD",
        help="before each part wait, half an hour at most, until the load average is below",
    )
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="on the disk to be measured")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    parser.add_argument("--resume", action="store_true", help="measure only what the report does not hold yet")
    parser.add_argument("--charts", type=Path, help="a directory for a picture of each part, and a page of all figures")
    parser.add_argument("--keep", action="store_true", help="leave the built clinics for the next run")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
