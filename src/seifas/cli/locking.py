"""`seifas unlock`, `lock` and `status`: of a vault that is being served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.asking_witness import newest
from seifas.cli.frame import Data, Json, PassphraseFile, PinFile, reporting, secret_from, tell
from seifas.errors import Unavailable
from seifas.keeper.client import BlockingClient


def unlock(
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None,
    custodians: Annotated[bool, typer.Option("--custodians", help="Ask for the custodians' secrets instead.")] = False,
    witness: Annotated[
        Path | None, typer.Option("--witness", help="The witness's newest cosigned checkpoint, brought by hand.")
    ] = None,
    without_witness: Annotated[
        bool, typer.Option("--without-witness", help="Unlock without its word; recorded, and rings.")
    ] = False,
    json: Json = False,
) -> None:
    """Unlock a vault that is being served."""
    with reporting(json):
        word = {"witness": b"" if without_witness else newest(data, witness), "without_witness": without_witness}
        with _running(data) as client:
            if custodians:
                secrets = []
                while text := typer.prompt("A custodian's secret (empty to end)", default="", hide_input=True):
                    secrets.append(text)
                pin = secret_from(pin_file, data) if pin_file is not None else ""
                if not pin and settings_module.load(data).hsm.module:
                    pin = str(typer.prompt("The token's PIN (empty: none needed)", default="", hide_input=True))
                done = client.call("admin.unlock_custodians", secrets=secrets, pin=pin, **word)
            else:
                done = client.call("admin.unlock", **reach.opening(data, passphrase_file, pin_file), **word)
        if done.get("standby"):
            tell(json, done, "this node stands by: another one is active; it takes over by itself")
            return
        tell(json, done, "the vault was unlocked already" if done.get("already") else "the vault is unlocked")


def lock(data: Data = Path("."), json: Json = False) -> None:
    """Lock it: no keys in memory until someone unlocks it again; the public site goes on."""
    with reporting(json):
        with _running(data) as client:
            done = client.call("admin.lock")
        tell(json, done, "the vault is locked")


def status(data: Data = Path("."), json: Json = False) -> None:
    """Whether it is served, locked, and how large it is."""
    with reporting(json):
        settings_module.load(data)
        if not reach.is_running(data):
            tell(json, {"served": False, "locked": True}, "not served; locked")
            return
        with _running(data) as client:
            told = client.call("health")
        state = "locked" if told["locked"] else f"unlocked, {told['patients']} patients"
        if told["standby"]:
            state = "stands by: another node is active"
        words = f"served; {state}"
        tell(json, {"served": True, **told}, words)


def _running(data: Path) -> BlockingClient:
    if not reach.is_running(data):
        raise Unavailable("this vault is not being served: start it with `seifas serve`", where=str(data))
    return BlockingClient(data / "run" / "admin.sock")
