"""A served clinic with patients whose names nobody else has, samples that name them, and the leaks process as its own
peers see it."""

import contextlib
import csv
import io
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from darkroom_stage import Desk, being

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.drill.stage import Stage
from seifas.keeper.client import BlockingClient
from seifas.leaks.client import BlockingLeaks

PEOPLE = (
    ("Šimkūnaitė-Vėgelė", "Žydronė", "1981-03-17"), ("Gudžiūnas", "Eimutis", "1959-11-02"),
    ("Čepulkauskienė", "Rasvilė", "1990-06-30"), ("Trakšelis", "Jogintas", "1974-01-09"),
    ("Žvinklytė", "Ugnėja", "2001-08-21"), ("Plukšnienė", "Austra", "1948-12-05"),
)
MARK = "kilpadrobulis"
"""A word that stands in samples and nowhere else."""


def registered(stage: Stage) -> dict[tuple[str, str, str], str]:
    """Registers `PEOPLE`; their ids."""
    program = stage.program(1_000_000)
    found = {}
    for family, given, birth in PEOPLE:
        answer = program.send("POST", "/fhir/Patient", {
            "resourceType": "Patient", "name": [{"family": family, "given": [given]}], "birthDate": birth,
        })  # fmt: skip
        assert answer.status == 201, answer.body
        found[family, given, birth] = str(answer.json["id"])
    return found


def table(rows: list[tuple[str, ...]], header: tuple[str, ...] = ("Surname", "Name", "Born", "Note")) -> bytes:
    """A CSV as thieves write it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def strangers(count: int) -> list[tuple[str, ...]]:
    """Rows of people who do not exist."""
    return [
        (f"Nezinomas{secrets.token_hex(5)}", f"Vardas{secrets.token_hex(3)}", f"19{20 + n % 60}-0{n % 9 + 1}-17", MARK)
        for n in range(count)
    ]


def asked(stage: Stage, case: bytes) -> dict[str, Any]:
    """A pass of the machine's own."""
    with stage.admin() as admin:
        return {"admin_pass": admin.call("leak.admin_pass", case=case)["pass"]}


def begun(stage: Stage, title: str = "bandymas") -> bytes:
    """A case of the demo's own, approved."""
    with stage.admin() as admin:
        return bytes(admin.call("leak.admin_begin", title=title, ground="bandymas")["case"])


def sent(stage: Stage, door: BlockingLeaks, case: bytes, name: str, body: bytes) -> bytes:
    """A whole file; its id."""
    return door.keep(lambda: asked(stage, case), case, name, io.BytesIO(body), len(body))


def searched(stage: Stage, door: BlockingLeaks, case: bytes, kind: str = "match") -> bytes:
    """Begins a search over all files of the case; its id."""
    return bytes(door.call("search.begin", **asked(stage, case), case=case, kind=kind)["job"])


def until(
    door: BlockingLeaks, job: bytes, fits: Callable[[dict[str, Any]], bool], seconds: float = 60
) -> dict[str, Any]:
    """The first progress that fits."""
    give_up, seen = time.monotonic() + seconds, -1
    while time.monotonic() < give_up:
        told: dict[str, Any] = door.call("search.progress", job=job, seen=seen)
        if fits(told):
            return told
        seen = told["version"]
    raise AssertionError(f"it did not come so far: {told}")


def ended(door: BlockingLeaks, job: bytes) -> dict[str, Any]:
    return until(door, job, lambda told: told["state"] in ("done", "failed", "cancelled"))


def door_of(stage: Stage) -> BlockingLeaks:
    """The leaks process as the machine's owner has it."""
    return BlockingLeaks(stage.data / "run" / "samples.sock")


@contextlib.contextmanager
def door_as(stage: Stage, role: str) -> Iterator[BlockingClient]:
    """The leaks process as another process of the clinic reaches it."""
    with BlockingClient(stage.data / "run" / "samples.sock", patience=60.0, timeout=60.0) as client:
        with being(stage, role):
            client._socket = client._connect()
        yield client


def agree(stage: Stage, person: Desk, request: bytes) -> None:
    """Says yes to a request, with a passkey made for it."""
    origin, passkey = f"http://localhost:{stage.staff}", SoftAuthenticator()
    begun = person.ask("passkey.add_begin")
    person.ask("passkey.add_finish", handle=begun["handle"], credential=passkey.create(begun["options"], origin))
    digest = next(row["digest"] for row in person.ask("approval.list") if row["id"] == request)
    touched = person.ask("stepup.begin", digest=digest)
    made = passkey.get(touched["options"], origin)
    person.ask("stepup.finish", handle=touched["handle"], credential=made)
    assert person.ask("approval.decide", id=request, approve=True)["state"] == "approved"


def command(stage: Stage, *args: str) -> subprocess.CompletedProcess[bytes]:
    """`seifas leaks ...`"""
    return subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "leaks", *args, "--data", str(stage.data), "--json"],
        capture_output=True, check=False, timeout=120, stdin=subprocess.DEVNULL,
    )


def told(done: subprocess.CompletedProcess[bytes]) -> Any:
    assert done.returncode == 0, (done.stdout[-800:], done.stderr[-800:])
    return json.loads(done.stdout)


def gone(stage: Stage, pid: int, seconds: float = 60) -> int:
    """Waits until the leaks process with this id has ended and another has come; its id."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        now = stage.pids().get("leaks", pid)
        if now != pid and not os.path.exists(f"/proc/{pid}"):
            return now
        time.sleep(0.05)
    raise AssertionError("the leaks process is still the same")


def in_memory(pid: int, word: bytes) -> int:
    """How often a word stands in a process's readable memory."""
    hits = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            start, end = (int(one, 16) for one in place.split("-"))
            if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                hits += memory.read(end - start).count(word)
    return hits


def holding(places: list[Path], word: bytes) -> list[Path]:
    """Plain files in which a word stands."""
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for path in (Path(folder) / name for name in names):
                with contextlib.suppress(OSError):
                    if path.is_file() and not path.is_symlink() and word in path.read_bytes():
                        found.append(path)
    return found
