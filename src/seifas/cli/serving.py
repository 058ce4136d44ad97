"""`seifas serve`: every process, each under its own user when started as root."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from rich.markup import escape

from seifas import hardening, logs
from seifas import settings as settings_module
from seifas.cli.asking_witness import newest
from seifas.cli.certifying import certifier, fingerprint_to_compare, prepared
from seifas.cli.frame import console, kept_outside, secret_from
from seifas.cli.ports import on_ports
from seifas.cli.reach import hold_serving, is_running
from seifas.cli.separating import how_many, separate, shared_group
from seifas.darkroom import intake
from seifas.darkroom import main as darkroom_main
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Conflict, Invalid, SeifasError
from seifas.jobs import main as jobs_main
from seifas.keeper import main as keeper_main
from seifas.keeper.client import BlockingClient
from seifas.keeper.identity import leaked
from seifas.leaks import main as leaks_main
from seifas.leaks.reading import program as reading_program
from seifas.settings import Settings
from seifas.several import program
from seifas.shield import fronting, haproxy
from seifas.shield import program as shield_program
from seifas.shield.certificates import keeping
from seifas.shield.front import starting
from seifas.supervisor import Program, run
from seifas.upgrading import refuse_if_due
from seifas.web import pages
from seifas.web import serve as web_serve

_LONGEST_SOCKET: Final = 97
"""Bytes of a unix socket's path that HAProxy takes: the kernel's 107, and room for a suffix of its own."""

_KEEPER_STARTS_S: Final = 120.0
"""A machine that starts everything at once may take long for it; who gave up before would leave the vault locked."""


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
    if not settings.shield.on and max(settings.processes.desks, settings.processes.portals) > 1:
        raise Invalid(
            "without the shield nothing leads visitors to several desks or portals: set [processes] desks and portals "
            "to 1, or [shield] on = true", where="processes",
        )  # fmt: skip
    listeners = fronting.listened(settings) if settings.shield.on else of_applications(settings)
    for listener in (*listeners.values(), settings.listen.unlock):
        starting.require_free(listener)
    uids = separate(data, settings)
    groups = () if uids is None else (shared_group(settings),)
    zone = ZoneInfo(settings.clinic.zone)
    place = settings.objects_at(data)
    holder = secrets.token_hex(8)  # of this start: a keeper that dies takes up its lease again
    say_risks(settings, data, separated=uids is not None)
    programs = [
        Program(
            "keeper", lambda: keeper_main.main(data, settings, uids=uids, holder=holder), _uid(uids, "keeper"),
            holds_root=True, groups=groups,
        ),
        *_each("intake", settings, lambda number: Program(
            "intake", lambda: intake.main(data / "run", _uid(uids, "darkroom"), number), _uid(uids, "intake"),
        )),
        *_each("darkroom", settings, lambda number: Program(
            "darkroom", lambda: darkroom_main.main(data, uids, zone, place, number), _uid(uids, "darkroom"),
            groups=groups,
        )),
        Program("leaks", lambda: leaks_main.main(data, uids, place), _uid(uids, "leaks"), groups=groups, renewed=True),
        Program("reading", lambda: reading_program.main(data / "run", _uid(uids, "leaks")), _uid(uids, "reading")),
        *_each("desk", settings, lambda number: Program(
            "desk", lambda: web_serve.main_desk(data, settings, _uid(uids, "shield"), number), _uid(uids, "desk"),
        )),
        Program("public", lambda: web_serve.main_public(data, settings, _uid(uids, "shield")), _uid(uids, "public")),
        *_each("portal", settings, lambda number: Program(
            "portal", lambda: web_serve.main_portal(data, settings, _uid(uids, "public"), _uid(uids, "shield"), number),
            _uid(uids, "portal"),
        )),
        Program("jobs", lambda: jobs_main.main(data, settings), _uid(uids, "jobs")),
    ]  # fmt: skip
    if settings.shield.on:
        programs += _shield(data, settings, uids)
    hold_serving(data)
    (data / "run" / "staff_url").write_text(settings.staff_url + "\n")
    logs.start("supervisor")
    console.print(
        f"public  {settings.public_url}\nstaff   {settings.staff_url}\n"
        f"unlock  http://{settings.listen.unlock}/unlock (this machine only)"
    )
    if settings.tls and settings.shield.certificate == "clinic-ca":
        console.print(f"phones  http://{settings.listen.host}/ca  SHA-256 {fingerprint_to_compare(data)}")
    if passphrase_file is not None:
        _unlock_later(data, passphrase_file)
    pages.templates()
    leaked.hold()
    return run(programs)


def _each(name: str, settings: Settings, made: Callable[[int], Program]) -> list[Program]:
    """One program for each process of a kind, numbered."""
    numbers = range(1, how_many(settings.processes, name) + 1)
    return [msgspec.structs.replace(made(number), name=program(name, number)) for number in numbers]


def of_applications(settings: Settings) -> dict[str, str]:
    """The addresses that the applications listen on themselves, where the shield is off."""
    return {"public": settings.listen.public, "staff": settings.listen.staff}


def _shield(data: Path, settings: Settings, uids: dict[str, int] | None) -> list[Program]:
    """The front, what decides beside it, and what keeps its certificate. The front last: it is stopped first."""
    haproxy.found(settings.shield.haproxy)
    longest = data / "run" / "portal" / "portal-http.sock"
    if len(os.fsencode(longest)) > _LONGEST_SOCKET:
        raise Invalid(
            f"{data} is too long a path for HAProxy's sockets: put the vault somewhere shorter, such as "
            "/var/lib/seifas", where="--data",
        )  # fmt: skip
    programs = []
    if settings.tls:
        certifying = certifier(settings, uids)
        prepared(data, settings, certifying)
        programs.append(Program("certificates", lambda: keeping.main(data, settings), certifying))
    programs.append(Program("shield", lambda: shield_program.main(data, settings), _uid(uids, "shield")))
    if settings.shield.drop and not settings.shield.trusted_proxies:
        # Gives up root itself, but for the one right that it needs.
        programs.append(
            Program("dropping", lambda: shield_program.main_dropping(
                data, settings, _uid(uids, "dropping"), _uid(uids, "shield")
            ))
        )  # fmt: skip
    # It takes its ports as root, and gives root up itself.
    programs.append(Program("front", lambda: fronting.main(data, settings, _uid(uids, "shield"))))
    return programs


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
        with BlockingClient(data / "run" / "admin.sock", patience=_KEEPER_STARTS_S) as client:
            client.call("admin.unlock", passphrase=secret, witness=newest(data))
    except SeifasError as error:
        console.print(f"[bold red]still locked[/]: {escape(error.message)}", markup=True)
        status = error.exit_status
    finally:
        os._exit(status)


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
    if not settings.shield.on:
        risks.append("the shield is off: a flood reaches the applications, and TLS is a front of yours ([shield] on)")
    if (data / settings.paths.keys).resolve().is_relative_to(data.resolve()):
        risks.append("the key store lies beside the data ([paths] keys)")
    for risk in risks:
        console.print(f"[yellow]at risk[/]: {escape(risk)}", markup=True)
