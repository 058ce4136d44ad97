"""Runs one web application in its own process: uvicorn on uvloop and httptools, nothing logged by uvicorn itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import uvicorn

from seifas import logs
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web.desk.app import build_desk
from seifas.web.guarded import GuardedProtocol, allow_connections
from seifas.web.public.app import build_public


def main_desk(data: Path, settings: Settings) -> None:
    """The staff listener: desk pages, FHIR, sign-in."""
    logs.start("desk")
    _run(build_desk(KeeperClient(data / "run" / "desk.sock"), settings), settings.listen.staff)


def main_public(data: Path, settings: Settings) -> None:
    """The public listener: the clinic's public page and the patients' portal."""
    logs.start("public")
    _run(build_public(KeeperClient(data / "run" / "public.sock"), settings), settings.listen.public)


def _run(app: Any, address: str) -> None:
    host, _, port = address.rpartition(":")
    GuardedProtocol.most = allow_connections()
    uvicorn.Server(
        uvicorn.Config(
            app,
            host=host.strip("[]"),
            port=int(port),
            loop="uvloop",
            http=GuardedProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            date_header=False,
            backlog=2048,
            timeout_keep_alive=30,
            h11_max_incomplete_event_size=16384,
        )
    ).run()
