"""Runs one web application in its own process: uvicorn on uvloop and httptools, nothing logged by uvicorn itself."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvicorn

from seifas import logs
from seifas.darkroom.client import DarkroomClient
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.several import numbered
from seifas.web.access_log import App
from seifas.web.desk.app import build_desk
from seifas.web.fronted import FrontedProtocol, fronted
from seifas.web.guarded import GuardedProtocol, allow_connections
from seifas.web.portal.app import build_portal
from seifas.web.public.app import build_public

_KEPT_S = 30
_KEPT_FOR_FRONT_S = 3600  # the front closes what it does not need; whoever closes first must not be the application


def main_desk(data: Path, settings: Settings, front: int | None, number: int = 1) -> None:
    """The staff listener: desk pages, FHIR, sign-in. Behind the front a unix socket for its user (`front`; None: our
    own user), else the address of the settings. `number`: of several, which."""
    logs.start("desk")
    app = build_desk(KeeperClient(data / "run" / "desk.sock"), settings)
    if settings.shield.on:
        _fronted(app, numbered(data / "run" / "desk" / "desk-http.sock", number), (front,))
    else:
        _listening(app, settings.listen.staff)


def main_public(data: Path, settings: Settings, front: int | None) -> None:
    """The public listener: the clinic's public page, and without the front the way to the patients' portal."""
    logs.start("public")
    darkroom = DarkroomClient(data / "run" / "pictures.sock", patience=1.0)
    app = build_public(KeeperClient(data / "run" / "public.sock"), settings, data, darkroom.show)
    if settings.shield.on:
        _fronted(app, data / "run" / "public" / "public-http.sock", (front,))
    else:
        _listening(app, settings.listen.public)


def main_portal(
    data: Path, settings: Settings, public: int | None, front: int | None, number: int = 1
) -> None:
    """The patients' pages, on a unix socket for the front's user, or without the front for the public process's, which
    then carries them (None: our own user)."""
    logs.start("portal")
    run = data / "run"
    app = build_portal(KeeperClient(run / "portal.sock"), settings, run / "pictures.sock")
    _fronted(app, numbered(run / "portal" / "portal-http.sock", number), (front if settings.shield.on else public,))


def _fronted(app: App, place: Path, users: Sequence[int | None]) -> None:
    place.unlink(missing_ok=True)
    FrontedProtocol.allowed = frozenset(os.geteuid() if user is None else user for user in users)
    _serve(fronted(app), FrontedProtocol, uds=str(place), timeout_keep_alive=_KEPT_FOR_FRONT_S)


def _listening(app: App, address: str) -> None:
    host, _, port = address.rpartition(":")
    _serve(app, GuardedProtocol, host=host.strip("[]"), port=int(port), timeout_keep_alive=_KEPT_S)


def _serve(app: App, protocol: type[GuardedProtocol], **where: Any) -> None:
    protocol.most = allow_connections()
    uvicorn.Server(
        uvicorn.Config(
            app,
            **where,
            loop="uvloop",
            http=protocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            date_header=False,
            backlog=2048,
            h11_max_incomplete_event_size=16384,
        )
    ).run()
