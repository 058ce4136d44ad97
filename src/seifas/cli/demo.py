"""`seifas demo`: a synthetic clinic, built and served. Loud about being one."""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from seifas import settings as settings_module
from seifas.cli.frame import Json, bar, console, reporting, tell
from seifas.cli.ports import on_ports
from seifas.crypto import slots
from seifas.demo import made
from seifas.demo.building import build
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Conflict, Invalid
from seifas.settings import Clinic, Settings
from seifas.web.site.starting import write_starter

# What a demo whose building was cut off leaves behind.
_OURS = frozenset({"audit", "data", "keys", "kit", "run", "site", "state", made.FILE})


def demo(
    data: Annotated[Path, typer.Option("--data", help="A new directory for the demo.")] = Path("demo-data"),
    patients: Annotated[int, typer.Option(help="How many patients.")] = 24_000,
    seed: Annotated[int, typer.Option(help="The same seed, the same clinic.")] = 1,
    port: Annotated[int, typer.Option(help="Public listener; staff is PORT+1, unlock page PORT+2.")] = 8400,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Build only.")] = False,
    json: Json = False,
) -> None:
    """Build a synthetic clinic and serve it. An existing demo in DATA is served as it is."""
    with reporting(json):
        told = _build(data, patients, seed, port, quiet=json)
        command = f"seifas serve --data {data}"
        _announce(data, told, (patients, seed))
        if json or no_serve:
            tell(json, told, f"serve it with: {command}")
        if no_serve:
            return
        # A new program image: this process has had keys in memory, and what it starts would inherit them.
        sys.stdout.flush()
        os.execv(  # noqa: S606 - our own interpreter and module
            sys.executable,
            [sys.executable, "-m", "seifas.cli.main", "demo-serve", "--data", str(data), "--port", str(port)]
            + (["--json"] if json else []),
        )


def _build(data: Path, patients: int, seed: int, port: int, *, quiet: bool) -> dict[str, object]:
    if patients < 0 or patients > 1_000_000:
        raise Invalid("a demo has between 0 and 1,000,000 patients", where="--patients")
    secret = demo_passphrase_file(data)
    told: dict[str, object] = {"data": str(data), "patients": patients, "seed": seed, "passphrase_file": str(secret)}
    if (data / settings_module.FILE).exists():
        if not settings_module.load(data).demo:
            raise Conflict("there is a vault in this directory that is no demo", where=str(data))
        return {**told, **_made(data), "seconds": 0.0, "built": False}
    if data.exists() and any(one.name not in _OURS for one in data.iterdir()):
        raise Conflict("there are other files in this directory: choose an empty one", where=str(data))
    if (data / "keys").exists():
        said = "a vault without settings lies here: if it is a demo whose building was cut off, remove the directory"
        raise Conflict(said, where=str(data))
    settings = on_ports(
        Settings(clinic=Clinic(id=os.urandom(16).hex(), name="Demonstracinė klinika · Demo clinic"), demo=True), port
    )
    data.mkdir(mode=0o755, parents=True, exist_ok=True)
    passphrase = slots.generate_passphrase(6)
    started = time.perf_counter()
    today = datetime.now(ZoneInfo(settings.clinic.zone)).date()
    try:
        with bar("demo clinic", patients, quiet=quiet) as advance:
            counts = build(
                data, settings, patients=patients, seed=seed, passphrase=passphrase, progress=advance, today=today
            )
    except BaseException:  # Ctrl-C too: half a demo would be in the way of the next try
        for name in _OURS:
            shutil.rmtree(data / name, ignore_errors=True)
        raise
    descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(passphrase + "\n")
    made.write(data, made.Made(patients, seed, today))
    write_starter(data, settings.clinic.languages)
    # Last, so that a directory with settings is a demo that was built to its end.
    settings_module.write(data, settings)
    return {**told, **counts, "seconds": round(time.perf_counter() - started, 1), "built": True}


def _made(data: Path) -> dict[str, object]:
    """What the demo that is here was built with."""
    kept = made.read(data)
    return {} if kept is None else {"patients": kept.patients, "seed": kept.seed}


def _announce(data: Path, told: dict[str, object], asked: tuple[int, int]) -> None:
    loud = "[bold black on yellow] THIS IS A DEMO: every patient is synthetic. Never put a real one into it. [/]"
    console.print(loud, markup=True)
    if told["built"]:
        console.print(f"built {told['patients']} patients in {told['seconds']} s, seed {told['seed']}, in {data}")
    elif (told["patients"], told["seed"]) != asked:
        console.print(f"{data} holds a demo of {told['patients']} patients, seed {told['seed']}; it stays as it is")
    console.print(f"its passphrase: {told['passphrase_file']}")
