"""Runs the attacker's code as the desk's user against a served clinic, and looks at the keeper meanwhile."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from seifas.drill.stage import Browser, Stage
from seifas.drill.web_process_code import Findings, Orders
from seifas.errors import SeifasError, Unavailable

_PATIENCE_S = 120


class Beside(msgspec.Struct, frozen=True):
    """What others saw while the attacker was at work. `slowest_s`: of the admin's calls, of the public page's, of a
    colleague's reads; `grew_mib`: by how much the keeper's memory grew at most; `alive`: it was never restarted."""

    slowest_admin_s: float
    slowest_public_s: float
    failed: int
    grew_mib: int
    alive: bool


def desk_uid(stage: Stage) -> int:
    """The desk's user where separation is on, else -1."""
    return _uid_of(stage.pids()["desk"])


def _uid_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("Uid:"):
            uid = int(line.split()[1])
            return uid if uid != os.geteuid() else -1
    return -1


def orders_for(stage: Stage, *deeds: str, **more: Any) -> Orders:
    """Orders for these deeds as the desk's user of this stage."""
    processes = {name: pid for name, pid in stage.pids().items() if name != "desk"}
    assert stage.process is not None
    return Orders(
        data=str(stage.data), uid=desk_uid(stage), deeds=deeds,
        processes={**processes, "supervisor": stage.process.pid}, **more,
    )


def carry_out(orders: Orders) -> Findings:
    """Runs the attacker to his end. Raises Unavailable where the program itself failed."""
    process = _started(orders)
    told, said = process.communicate(timeout=_PATIENCE_S)
    if process.returncode != 0:
        raise Unavailable(f"the attacker's program failed: {said[-1000:]!r}")
    return msgspec.json.decode(told, type=Findings)


def beside(stage: Stage, orders: Orders) -> Beside:
    """Runs the attacker and, until he ends, calls the keeper as its owner and the public page as a visitor would."""
    keeper = stage.pids()["keeper"]
    before = _resident_mib(keeper)
    process = _started(orders)
    grew = failed = 0
    admin_s: list[float] = []
    public_s: list[float] = []
    with stage.admin() as admin:
        while process.poll() is None:
            for times, ask in ((admin_s, lambda: admin.call("health")), (public_s, lambda: _visit(stage))):
                began = time.monotonic()
                try:
                    ask()
                except (SeifasError, OSError, http.client.HTTPException):
                    failed += 1
                times.append(time.monotonic() - began)
            grew = max(grew, _resident_mib(keeper) - before)
            time.sleep(0.02)
    _, said = process.communicate(timeout=_PATIENCE_S)
    if process.returncode != 0:
        raise Unavailable(f"the attacker's program failed: {said[-1000:]!r}")
    return Beside(
        slowest_admin_s=max(admin_s, default=0.0), slowest_public_s=max(public_s, default=0.0), failed=failed,
        grew_mib=grew, alive=stage.pids().get("keeper") == keeper,
    )


def _started(orders: Orders) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-m", "seifas.drill.web_process_code"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, cwd="/",
    )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(orders))
    process.stdin.close()
    process.stdin = None
    return process


def _visit(stage: Stage) -> None:
    visitor = Browser(stage.port, timeout=10)
    try:
        visitor.ask("GET", "/health")
    finally:
        visitor.close()


def _resident_mib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return 0
