"""The front of a clinic's server: which listeners, which applications behind them, and the program `front`."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn

from seifas import logs
from seifas.errors import Invalid
from seifas.settings import Settings
from seifas.several import numbered
from seifas.shield import haproxy, snapshots
from seifas.shield.certificates import acme, places
from seifas.shield.front import keys, starting
from seifas.shield.front.description import App, Front, Limits, Listening
from seifas.shield.front.starting import LOOPBACK, Start

_RATES: Final = {"logins": 300, "staff_rate": 3000, "machine_rate": 100_000, "machine_at_once": 256}
"""Sign-ins of one network in a minute: a whole clinic, or a telephone company's patients, may come from one address;
what is guessed is braked by the keeper, by account. Requests of one cookie or token in 10 s: a program that carries a
clinic's records over is let run as fast as the keeper takes them."""

_EVERYBODYS: Final = ("/health",)


def main(data: Path, settings: Settings, uid: int | None) -> NoReturn:
    """Never returns: this process becomes HAProxy. Raises Invalid, Conflict."""
    logs.start("front")
    program = haproxy.found(settings.shield.haproxy)
    starting.become(_directory(data), program, listened(settings), uid, functools.partial(_made, data, settings))


def renew(data: Path, settings: Settings, modes: Mapping[str, int], *, target: int | None = None) -> None:
    """Writes the configuration anew (front/starting.py)."""
    starting.renew(_directory(data), functools.partial(_made, data, settings), modes, target=target)


def _made(data: Path, settings: Settings, start: Start) -> Front:
    return front_of(data, settings, start.binds, connections=start.connections)


def _directory(data: Path) -> Path:
    return data / "run" / "shield"


def listened(settings: Settings) -> dict[str, str]:
    """The addresses of the front's listeners, by name. Raises Invalid for what is none, and for one that others could
    listen in on."""
    found = {"public": settings.listen.public, "staff": settings.listen.staff}
    if settings.tls and settings.listen.redirect:
        found["redirect"] = settings.listen.redirect
    starting.require_networks(settings.shield.trusted_proxies, "shield.trusted_proxies")
    for name, address in found.items():
        starting.parted(address, f"listen.{name}")
        if not settings.tls and address.rpartition(":")[0] not in LOOPBACK:
            raise Invalid(
                f"without a certificate the shield listens on this machine only, not on {address}: set [shield] "
                "certificate (docs/running/certificates.md), or [shield] on = false behind a front of your own",
                where=f"listen.{name}",
            )
    return found


def front_of(data: Path, settings: Settings, binds: dict[str, tuple[str, ...]], *, connections: int) -> Front:
    """The description that HAProxy's configuration is made from. Makes the keys' file where there is none."""
    run = data / "run"
    directory = run / "shield"
    snapshot = directory / "snapshot"
    of_tls, processes = settings.tls, settings.processes
    portal, desk = run / "portal" / "portal-http.sock", run / "desk" / "desk-http.sock"
    host, port = acme.answers_on(settings)
    return Front(
        directory=directory,
        listeners=(
            Listening("public", binds["public"], "public", (("/my", "portal"), ("/auth", "portal")),
                      exempt=_EVERYBODYS),
            Listening("staff", binds["staff"], "desk", exempt=(*_EVERYBODYS, "/metrics", "/auth/token")),
        ),
        apps=(
            App("public", _unix(run / "public" / "public-http.sock"), shared=True, expensive=("/gallery",),
                cached=("/static/", "/files/")),
            App("portal", _unix(portal), ("patient",), patience_s=120, others=_others(portal, processes.portals),
                logins=("/my/enter", "/my/code", "/my/code/check", "/my/passkey/finish")),
            App("desk", _unix(desk), ("staff", "machine"), patience_s=600, others=_others(desk, processes.desks),
                logins=("/auth/sign-in", "/auth/passkey/finish")),
        ),
        keys=keys.read_or_made(directory / "lane.keys", int(time.time())),
        redirects=binds.get("redirect", ()),
        certificates=places.served(data) if of_tls else None,
        hosts=places.names_of(settings) if of_tls and settings.listen.host else (),
        acme=f"{host}:{port}" if of_tls and settings.shield.certificate == "acme" else "",
        plain=_plain(data) if of_tls and settings.shield.certificate == "clinic-ca" else (),
        proxies=settings.shield.trusted_proxies,
        shots=snapshots.held(snapshot),
        languages=settings.clinic.languages,
        clinic=settings.clinic.name,
        limits=Limits(connections=max(100, min(Limits().connections, connections)), **_RATES),
    )  # fmt: skip


def _plain(data: Path) -> tuple[snapshots.Shot, ...]:
    """What the redirect listener answers itself: the page for phones, its style, and what they install."""
    policy = ("content-security-policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
    return tuple(
        snapshots.Shot(path, 200, str(Path("..") / "certificates" / file.name), "", kind, "", (policy,))
        for path, file, kind in (
            ("/ca", places.page(data), "text/html; charset=utf-8"),
            ("/ca.css", places.style(data), "text/css; charset=utf-8"),
            ("/ca.crt", places.to_install(data), "application/x-x509-ca-cert"),
        )
    )


def _unix(path: Path) -> str:
    return f"unix@{path}"


def _others(path: Path, count: int) -> tuple[str, ...]:
    """The sockets of an application's second process and those after it."""
    return tuple(_unix(numbered(path, number)) for number in range(2, count + 1))
