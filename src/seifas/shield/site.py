"""Protects a site that is not ours: HAProxy and the control loop before `upstream`, with no vault behind.

Nobody signs in to us there, so a visitor is known by a solved challenge. Evidence goes into sealed files
(sealed_files.py). The applications' own cookies pass through untouched.
"""

from __future__ import annotations

import asyncio
import functools
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import msgspec

from seifas import logs
from seifas.errors import Invalid
from seifas.settings import HOST
from seifas.shield import control, crawling, dropping, haproxy, snapshots
from seifas.shield.control import Control
from seifas.shield.crawling import Bounds
from seifas.shield.dropping_client import Dropper
from seifas.shield.front import configuring, keys, starting
from seifas.shield.front.description import App, Front, Limits, Listening
from seifas.shield.front.starting import LOOPBACK, Start
from seifas.shield.model import Mode
from seifas.shield.sealed_files import SealedFiles

_PAGES: Final = Bounds(answers=400, bytes=64 * 2**20, seconds=60.0)
_SLOTS: Final = 40
_PORTS: Final = {"http": 80, "https": 443}


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """What is protected, and how it is reached. Lists are prefixes of paths; those given fit WordPress."""

    upstream: str  # http://HOST:PORT or https://HOST
    listen: str  # 0.0.0.0:443
    redirect: str = ""  # plain HTTP that leads to TLS
    host: str = ""  # the site's name; empty: any
    certificate: Path | None = None  # PEM of key and chain, readable for the shield's user
    title: str = ""
    trusted_proxies: tuple[str, ...] = ()
    logins: tuple[str, ...] = ("/wp-login.php", "/xmlrpc.php")  # whole paths
    expensive: tuple[str, ...] = ("/wp-admin/admin-ajax.php", "/wp-json/", "/wp-cron.php")
    cached: tuple[str, ...] = ("/wp-content/", "/wp-includes/")
    slots: int = _SLOTS  # requests of known visitors that the site bears at once
    drop: bool = True

    @property
    def url(self) -> str:
        """How visitors reach it."""
        if not self.host:
            return self.upstream
        return f"{'https' if self.certificate else 'http'}://{self.host}"


def checked(site: Site) -> Site:
    """The site. Raises Invalid for what cannot be served, or what others could listen in on."""
    _require_upstream(site.upstream)
    for name, address in addresses(site).items():
        starting.parted(address, "--listen" if name == "public" else "--redirect")
    if not re.fullmatch(HOST, site.host):
        raise Invalid("a site's name is like klinika.example; ä, š and the like as xn--…", where="--host")
    starting.require_networks(site.trusted_proxies, "--trusted-proxy")
    if not all(path.startswith("/") for path in (*site.logins, *site.expensive, *site.cached)):
        raise Invalid("a path begins with /", where="--login, --expensive, --cached")
    if site.certificate is None and site.listen.rpartition(":")[0] not in LOOPBACK:
        raise Invalid(
            "without a certificate the shield listens on this machine only: give --certificate with a PEM of key and "
            "chain, or --listen 127.0.0.1:PORT behind a front of your own",
            where="--listen",
        )
    if site.certificate is not None and not site.certificate.is_file():
        raise Invalid("there is no such certificate", where=str(site.certificate))
    if site.redirect and site.certificate is None:
        raise Invalid("plain HTTP leads to TLS where there is a certificate", where="--redirect")
    return site


def _require_upstream(upstream: str) -> None:
    try:
        parts = urlsplit(upstream)
        sound = parts.scheme in _PORTS and bool(parts.hostname) and parts.path in ("", "/") and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Invalid("the site behind is given as http://HOST:PORT or https://HOST", where="--upstream")


def addresses(site: Site) -> dict[str, str]:
    """What is listened on, by listener."""
    return {"public": site.listen} | ({"redirect": site.redirect} if site.redirect else {})


def front_of(site: Site, directory: Path, binds: Mapping[str, tuple[str, ...]], *, connections: int) -> Front:
    """The description that HAProxy's configuration is made from. Makes the keys' file where there is none."""
    parts = urlsplit(site.upstream)
    name, tls = parts.hostname or "", parts.scheme == "https"
    server = f"[{name}]" if ":" in name else name
    return Front(
        directory=directory,
        listeners=(Listening("public", binds["public"], "site"),),
        apps=(
            App(
                "site", f"{server}:{parts.port or _PORTS[parts.scheme]}", expensive=site.expensive, logins=site.logins,
                cached=site.cached, slots=site.slots, forwarded=True, tls=tls, host=name if tls else "",
            ),
        ),
        keys=keys.read_or_made(directory / "lane.keys", int(time.time())),
        redirects=binds.get("redirect", ()),
        certificates=site.certificate.resolve() if site.certificate is not None else None,
        hosts=(site.host,) if site.host else (),
        proxies=site.trusted_proxies,
        shots=snapshots.held(directory / "snapshot"),
        clinic=site.title,
        limits=Limits(connections=max(100, min(Limits().connections, connections))),
    )


def rendered(site: Site, directory: Path) -> dict[str, bytes]:
    """HAProxy's configuration and the files beside it, by name, to be run in `directory` on any machine."""
    binds = {name: written(address) for name, address in addresses(checked(site)).items()}
    front = front_of(site, directory, binds, connections=Limits().connections)
    return {**configuring.files(front), front.configuration.name: configuring.configured(front).encode()}


def written(address: str) -> tuple[str, ...]:
    """An address as HAProxy binds it."""
    if address.startswith("[::]:"):
        port = address.rpartition(":")[2]
        return (f":::{port} v6only", f"0.0.0.0:{port}")
    return (address,)


def main_front(site: Site, directory: Path, uid: int | None) -> NoReturn:
    """Never returns: this process becomes HAProxy. Raises Invalid, Conflict."""
    logs.start("front")
    run = directory / "run" / "shield"
    starting.become(run, haproxy.found(), addresses(site), uid, functools.partial(_made, site, run))


def _made(site: Site, run: Path, start: Start) -> Front:
    return front_of(site, run, start.binds, connections=start.connections)


def main_shield(site: Site, directory: Path) -> None:
    """The control loop, until it is stopped. As the shield's user."""
    logs.start("shield")
    os.umask(0o077)
    asyncio.run(control.run(control_of(site, directory), SealedFiles(directory)))


def control_of(site: Site, directory: Path) -> Control:
    """Where things are."""
    run = directory / "run" / "shield"
    return Control(
        directory=run,
        lines_socket=run / "lines.sock",
        runtime_socket=run / "haproxy.sock",
        master_socket=run / "master.sock",
        keys=run / "lane.keys",
        take_snapshot=functools.partial(_take, site, run / "snapshot"),
        renew=functools.partial(_renew, site, run),
        watched=(site.certificate,) if site.certificate is not None else (),
        # Behind another front the packets are that one's: the kernel would cut off everybody.
        dropper=Dropper(directory / "run" / "dropping" / "dropping.sock")
        if site.drop and not site.trusted_proxies else None,
    )


def main_dropping(site: Site, directory: Path, uid: int | None, caller: int | None) -> None:
    """Puts addresses into the kernel's sets; started as root, where there is one."""
    ports = [int(address.rpartition(":")[2]) for address in addresses(site).values()]
    dropping.main(directory / "run" / "dropping" / "dropping.sock", ports, uid=uid, caller=caller)


def _take(site: Site, place: Path) -> bool:
    headers = {"X-Forwarded-Proto": urlsplit(site.url).scheme} | ({"Host": site.host} if site.host else {})
    fetch = crawling.over(site.upstream, bounds=_PAGES, headers=headers)
    return snapshots.take(fetch, ("/",), place, url=site.url, bounds=_PAGES)


def _renew(site: Site, run: Path, modes: dict[str, Mode], target: int) -> None:
    starting.renew(run, functools.partial(_made, site, run), modes, target=target)
