"""The installation itself: what runs is what is installed and set, and it is no demo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas import __version__, upgrading
from seifas.checking.model import HIGH, LOW, MEDIUM, POLYCLINICS, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.errors import SeifasError
from seifas.keeper.noticing_settings import digest

DEMO: Final = Kind(
    "demo-on", HIGH, "This is a demo", STOLEN,
    "A demo's passphrase lies beside its data, anybody at the machine signs in as an officer, and its own people "
    "approve. It is for made-up patients.",
    "Make a vault for real patients with seifas init; a demo cannot become one.",
)
SCHEMA: Final = Kind(
    "schema-old", MEDIUM, "An older program wrote this vault", POLYCLINICS,
    "Nothing serves it until it is upgraded: after the next restart the clinic would stand still.",
    "Stop the service, make a backup, then seifas upgrade (docs/running/upgrade.md).",
)
NEWER: Final = Kind(
    "program-not-restarted", LOW, "What runs is not what is installed", POLYCLINICS,
    "Whatever the new program mends is not mended before it runs.",
    "systemctl restart seifas, then unlock it.",
)
SETTINGS: Final = Kind(
    "settings-not-in-force", MEDIUM, "The settings were changed since the vault was started", POLYCLINICS,
    "What this check reads is not what is in force; and whoever changed them waits for the next restart.",
    "Look at settings.toml: was it you? Then restart the service; the change is a line, and rings.",
)
KINDS: Final = (DEMO, SCHEMA, NEWER, SETTINGS)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    if sight.settings.demo:
        yield DEMO.seen("demo is true in the settings")
    yield from _schema(sight)
    told = sight.keeper
    if told is None or not sight.served:
        yield unseen((NEWER, SETTINGS), "seen only while the vault is being served")
        return
    if told.version != __version__:
        yield NEWER.seen(f"the keeper is {told.version}, this program {__version__}")
    if told.settings != digest(sight.settings):
        yield SETTINGS.seen("their digest is not the one that the keeper was started with")


def _schema(sight: Sight) -> Iterator[Finding | Unseen]:
    if (sight.data / upgrading.MARK).exists():
        yield SCHEMA.seen("an upgrade was cut off")
        return
    if sight.settings.storage.engine == "postgresql":
        yield unseen((SCHEMA,), "in PostgreSQL it is seen when the vault is opened, which refuses another")
        return
    try:
        behind = upgrading.due(sight.data, sight.settings)
    except SeifasError as error:
        yield unseen((SCHEMA,), f"{error.message}; if it is there, run this as root")
        return
    if behind:
        yield SCHEMA.seen("; ".join(f"{one.name} has schema {one.schema}" for one in behind))
