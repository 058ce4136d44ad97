"""`seifas upgrade`: brings a vault that an older program wrote to this program's schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seifas import __version__, hardening, upgrading
from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, PinFile, bar, console, reporting, tell
from seifas.cli.separating import own
from seifas.errors import Conflict
from seifas.keeper import unlocking
from seifas.settings import Settings


def upgrade(
    data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None, json: Json = False
) -> None:
    """Upgrade the databases: copied first, tried by unlocking, put back if that fails. Stop the service before."""
    with reporting(json):
        settings = settings_module.load(data)
        if reach.is_running(data):
            raise Conflict("this vault is being served: stop it first, an upgrade works alone", where=str(data))
        hardening.forbid_dumps()
        owner = reach.owner(data)
        try:
            put_back = upgrading.recover(data, settings)
            told = _upgrade(data, settings, passphrase_file, pin_file, quiet=json)
        finally:
            if owner is not None:
                own(data, settings, owner)
        told = {"put_back": put_back, **told}
        if told["upgraded"]:
            with reach.keeper(data, passphrase_file, pin_file=pin_file) as keeper:
                keeper.call("admin.upgraded", program=__version__, steps=len(told["steps"]))

        def words() -> None:
            if put_back:
                console.print("an earlier upgrade had been cut off; it was undone")
            for step in told["steps"]:
                console.print(f"done: {step}")
            if told["upgraded"]:
                console.print(f"{told['patients']} patients open; the copies from before are gone")
            else:
                console.print(f"nothing to do: everything has the schemas of {__version__}")

        tell(json, told, words)


def _upgrade(
    data: Path, settings: Settings, passphrase_file: Path | None, pin_file: Path | None, *, quiet: bool
) -> dict[str, Any]:
    behind = upgrading.due(data, settings)
    if not behind:
        return {"upgraded": False, "steps": []}
    secrets = reach.opening(data, passphrase_file, pin_file)
    root = unlocking.root_by_passphrase(settings.keys_at(data), secrets["passphrase"])
    with bar("copying", upgrading.size_of(behind), quiet=quiet) as advance:
        return upgrading.upgrade(data, settings, root, pin=secrets["pin"], copied=advance)
