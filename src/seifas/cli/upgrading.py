"""`seifas upgrade`: brings a vault that an older program wrote to this program's schemas."""

from __future__ import annotations

from pathlib import Path

from seifas import __version__, hardening, upgrading
from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.cli.serving import own
from seifas.errors import Conflict
from seifas.keeper import unlocking


def upgrade(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """Upgrade the databases: copied first, tried by unlocking, put back if that fails. Stop the service before."""
    with reporting(json):
        settings = settings_module.load(data)
        if reach.is_running(data):
            raise Conflict("this vault is being served: stop it first, an upgrade works alone", where=str(data))
        hardening.forbid_dumps()
        owner = reach.owner(data)
        behind = upgrading.due(data, settings)
        if not behind and not (data / upgrading.MARK).exists():
            tell(json, {"upgraded": False, "steps": []}, f"nothing to do: everything has the schemas of {__version__}")
            return
        secret = reach.passphrase(data, passphrase_file)
        root = unlocking.root_by_passphrase(data / settings.paths.keys, secret)
        try:
            with bar("copying", upgrading.size_of(behind), quiet=json) as advance:
                told = upgrading.upgrade(data, settings, root, copied=advance)
        finally:
            if owner is not None:
                own(data, settings, owner)
        if told["upgraded"]:
            with reach.keeper(data, passphrase_file) as keeper:
                keeper.call("admin.upgraded", program=__version__, steps=len(told["steps"]))

        def words() -> None:
            if told["put_back"]:
                console.print("an earlier upgrade had been cut off; it was undone first")
            for step in told["steps"]:
                console.print(f"done: {step}")
            console.print(f"{told.get('patients', 0)} patients open; the copies from before are gone")

        tell(json, told, words)
