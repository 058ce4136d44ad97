"""`--port`: all listeners moved at once. Apart from `serving`, so that whoever serves nothing loads no servers."""

from __future__ import annotations

import msgspec

from seifas import settings as settings_module
from seifas.errors import Invalid
from seifas.settings import Settings


def on_ports(settings: Settings, port: int | None) -> Settings:
    """The settings with the listeners moved to `port` (public), `port`+1 (staff) and `port`+2 (unlock page)."""
    if port is None:
        return settings
    if not 1 <= port <= 65533:
        raise Invalid("--port is between 1 and 65533", where="--port")
    hosts = [listener.rpartition(":")[0] for listener in (settings.listen.public, settings.listen.staff)]
    return settings_module.replaced(settings, listen=msgspec.structs.replace(
        settings.listen, public=f"{hosts[0]}:{port}", staff=f"{hosts[1]}:{port + 1}", unlock=f"127.0.0.1:{port + 2}",
        staff_url="",
    ))  # fmt: skip
