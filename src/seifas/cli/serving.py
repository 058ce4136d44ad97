"""`seifas serve`: every process, each under its own user when started as root."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from rich.markup import escape

from seifas import hardening, logs
from seifas import settings as settings_module
from seifas.cli.asking_witness import newest
from seifas.cli.frame import console, kept_outside, secret_from
from seifas.cli.reach import is_running
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Conflict, Invalid, SeifasError
from seifas.jobs import main as jobs_main
from seifas.keeper import main as keeper_main
from seifas.keeper.client import BlockingClient
from seifas.settings import Listen, Settings
from seifas.supervisor import Program, run
from seifas.upgrading import refuse_if_due
from seifas.web import serve as web_serve

KEPT_BY_KEEPER = ("state", "data", "audit", "kit")


def on_ports(settings: Settings, port: int | None) -> Settings:
    """The settings with the listeners moved to `port` (public), `port`+1 (staff) and `port`+2 (unlock page)."""
    if port is None:
        return settings
    if not 1 <= port <= 65533:
        raise Invalid("--port is between 1 and 65533", where="--port")
    hosts = [listener.rpartition(":")[0] for listener in (settings.listen.public, settings.listen.staff)]
    listen = Listen(public=f"{hosts[0]}:{port}", staff=f"{hosts[1]}:{port + 1}", unlock=f"127.0.0.1:{port + 2}")
    return settings_module.replaced(settings, listen=listen)


def serve(data: Path, port: int | None, passphrase_file: Path | None) -> int:
    """Runs until it is told to stop. Raises Conflict when this vault is being served already."""
    settings = on_ports(settings_module.load(data), port)
    data = data.resolve()
    if is_running(data):
        raise Conflict("this vault is being served already", where=str(data))
    refuse_if_due(data, settings)
    if passphrase_file is None and settings.demo and demo_passphrase_file(data).exists():
        passphrase_file = demo_passphrase_file(data)
    if passphrase_file is not None:
        kept_outside(passphrase_file, data)
    for listener in (settings.listen.public, settings.listen.staff, settings.listen.unlock):
        _require_free(listener)
    uids = separate(data, settings)
    say_risks(settings, data, separated=uids is not None)
    programs = [
        Program("keeper", lambda: keeper_main.main(data, settings, uids=uids), _uid(uids, "keeper"), holds_root=True),
        Program("desk", lambda: web_serve.main_desk(data, settings), _uid(uids, "desk")),
        Program("public", lambda: web_serve.main_public(data, settings), _uid(uids, "public")),
        Program("jobs", lambda: jobs_main.main(data, settings), _uid(uids, "jobs")),
    ]
    (data / "run" / "staff_url").write_text(settings.staff_url + "\n")
    logs.start("supervisor")
    console.print(
        f"public  http://{settings.listen.public}\nstaff   {settings.staff_url}\n"
        f"unlock  http://{settings.listen.unlock}/unlock (this machine only)"
    )
    if passphrase_file is not None:
        _unlock_later(data, passphrase_file)
    return run(programs)


def _require_free(listener: str) -> None:
    host, _, port = listener.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            raise Conflict(f"{listener} is taken or not this machine's: choose another", where="--port") from error


def _uid(uids: dict[str, int] | None, name: str) -> int | None:
    return None if uids is None else uids[name]


def _unlock_later(data: Path, file: Path) -> None:
    """A short-lived child reads the passphrase and carries it to the keeper.

    Not the supervisor: what it had in memory, every process forked from it would have too.
    """
    parent = os.getpid()
    if os.fork() != 0:
        return
    status = 0
    try:
        hardening.forbid_dumps()
        hardening.die_with_parent(parent)
        secret = secret_from(file, data)
        with BlockingClient(data / "run" / "admin.sock", patience=20.0) as client:
            client.call("admin.unlock", passphrase=secret, witness=newest(data))
    except SeifasError as error:
        console.print(f"[bold red]still locked[/]: {error.message}", markup=True)
        status = error.exit_status
    finally:
        os._exit(status)


def separate(data: Path, settings: Settings) -> dict[str, int] | None:
    """Gives each process its own user when this is root and those users can get at the directory; else None.

    The key store, state, rows and log belong to the keeper's user alone.
    """
    run_directory = data / "run"
    run_directory.mkdir(mode=0o755, exist_ok=True)
    if os.geteuid() != 0:
        return None
    if not _others_can_enter(data):
        console.print(
            f"[bold yellow]separation is off[/]: other users cannot enter {data}; put the vault where they can, "
            "such as /var/lib/seifas",
            markup=True,
        )
        own(data, settings, 0)
        return None
    first = settings.separation.first_uid
    uids = {name: first + number for number, name in enumerate(("keeper", "desk", "public", "jobs"))}
    os.chmod(data, 0o755)  # noqa: S103 - the directory itself is entered by all; what is inside is not
    own(data, settings, uids["keeper"])
    os.chmod(run_directory, 0o711)  # noqa: S103 - sockets are reached by name, and checked by user
    return uids


def own(data: Path, settings: Settings, uid: int) -> None:
    """Gives what the keeper keeps to its user, and to nobody else."""
    places = [data / name for name in KEPT_BY_KEEPER] + [data / settings.paths.keys, *data.glob("audit-before-*")]
    if settings.paths.replica:
        # The keeper's user may not be able to make it where it belongs.
        (data / settings.paths.replica).mkdir(mode=0o700, parents=True, exist_ok=True)
        places.append(data / settings.paths.replica)
    for place in places:
        if not place.exists():
            continue
        for directory, _, files in os.walk(place):
            os.chown(directory, uid, uid)
            os.chmod(directory, 0o700)
            for name in files:
                os.chown(Path(directory) / name, uid, uid)
    os.chown(data / "run", uid, uid)


def _others_can_enter(data: Path) -> bool:
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in data.resolve().parents)


def say_risks(settings: Settings, data: Path, *, separated: bool) -> None:
    """Says loudly what this installation does without."""
    risks = []
    if settings.demo:
        risks.append("THIS IS A DEMO: synthetic patients, a passphrase on this disk, login links on the terminal")
    if not separated:
        risks.append("separation is off: all processes run as one user (start as root, or with the systemd units)")
    if not settings.paths.replica:
        risks.append("no replica: what was written since the last backup is lost with this disk ([paths] replica)")
    if not settings.witness_key:
        risks.append("no witness: no single object can be rolled back, but a whole machine can (witness_key)")
    if (data / settings.paths.keys).resolve().is_relative_to(data.resolve()):
        risks.append("the key store lies beside the data ([paths] keys)")
    for risk in risks:
        console.print(f"[yellow]at risk[/]: {escape(risk)}", markup=True)
