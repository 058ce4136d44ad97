"""Creating a Patient over HTTP with everything on, beside sekmet-fhir: 16 connections, Lithuanian patients.

A create of ours makes four random keys, seals keys, record and manifest, writes keys and rows durably, then commits
head, audit line and checkpoint; the answer is the stored resource. The peer stores, indexes and commits.
"""

from __future__ import annotations

from bench.figures import Bar, Figure, beside
from bench.hitting import Load
from bench.read import PROGRAM
from bench.setting import Setting
from bench.turns import Side, in_turns, told


def run(setting: Setting) -> list[Figure]:
    load = Load(setting.new_patients(), "POST", "/fhir/Patient", "application/fhir+json")
    figures = []
    with setting.serving() as ours, setting.sekmet() as peer, setting.sekmet(log=True) as recording:
        sides = [
            Side("seifas", ours, ours.program(PROGRAM).token), Side("sekmet", peer), Side("recording", recording)
        ]
        for connections in setting.connections:
            setting.say(f"creating, {connections} connections, in turns")
            turns = in_turns(sides, load, connections=connections, seconds=setting.phase_s, rounds=setting.rounds)
            rates = {name: [phase.hits.per_second for phase in phases] for name, phases in turns.items()}
            title = f"Patient create, {connections} connections"
            bar = Bar(at_least=8) if connections == 16 else None
            figures += [
                beside(title, "req/s", rates["seifas"], "sekmet-fhir", rates["sekmet"], bar,
                       told(turns["seifas"], turns["sekmet"])),
                beside(f"{title}, peer recording requests", "req/s", rates["seifas"], "sekmet-fhir as it comes",
                       rates["recording"]),
            ]  # fmt: skip
    return figures
