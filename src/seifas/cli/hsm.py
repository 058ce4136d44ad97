"""`seifas hsm`: the tokens of a vault, as a way in and as half of every epoch's key. docs/running/hsm.md"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, PinFile, console, reporting, secret_from, tell
from seifas.cli.keys import KEY_COPIES_DEAD, SecretsFile, proving
from seifas.errors import Locked

hsm = typer.Typer(
    no_args_is_help=True,
    help="Tokens (HSM, card): a way in, and half of every key, so that erased is dead at once.",
)

Label = Annotated[str, typer.Argument(help="The token's label or serial number, as `seifas hsm list` shows it.")]
Labels = Annotated[list[str], typer.Argument(help="Labels or serial numbers of all tokens of the kit; two or more.")]
Holder = Annotated[str, typer.Option("--name", help="A name for this way in; empty: the token's label.")]
_NOT_YET = (
    "copies of the key store made until now open without this kit, until they run out (seifas backup prune): make a "
    "new backup now"
)


@hsm.command("list")
def listed(
    data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None, json: Json = False
) -> None:
    """Show the attached tokens, and what they are for this vault."""
    with reporting(json), reach.keeper(data, passphrase_file, pin_file=pin_file) as keeper:
        found = keeper.call("admin.hsm_list")

        def words() -> None:
            for one in found["attached"]:
                said = f"{one['label']:20} {one['serial']}  {one['maker']}, {one['model']}"
                last = "; [bold red]locked, or one try left[/]" if one["last_try"] else ""
                console.print(f"{escape(said)}{last}", markup=True)
            for word, kind in (("kit", "half of the keys"), ("slots", "a way in")):
                for one in found[word]:
                    there = "attached" if one["attached"] else "[yellow]not attached[/]"
                    console.print(f"{kind}: {escape(one.get('label') or one['name'])}, {there}", markup=True)
            if found["kit"]:
                final = "at once" if found["final"] else "with the last copy of the key store from before the kit"
                console.print(f"what is erased now is dead {final}")

        tell(json, found, words)


@hsm.command("bind")
def bind(
    tokens: Labels, data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None,
    secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Put half of every key behind these tokens: a new epoch, and with every later one the old half is destroyed."""
    with reporting(json):
        pin = _pin(data, pin_file)
        with proving(data, passphrase_file, secrets_file, pin) as (keeper, proof):
            made = keeper.call("admin.hsm_bind", tokens=tokens, pin=pin, proof=proof)

        def words() -> None:
            console.print(f"epoch {made['epoch']} opens only with one of: {', '.join(made['tokens'])}")
            if len(made["tokens"]) == 1:
                console.print("[bold red]one token only[/]: when it is lost, everything is; bind a second", markup=True)
            console.print(KEY_COPIES_DEAD if made["ended"] else _NOT_YET)

        tell(json, made, words)


@hsm.command("release")
def release(
    data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None,
    secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Go back to keys that open without tokens."""
    with reporting(json):
        pin = secret_from(pin_file, data) if pin_file is not None else ""
        with proving(data, passphrase_file, secrets_file, pin) as (keeper, proof):
            made = keeper.call("admin.hsm_release", proof=proof)
        tell(json, made, f"epoch {made['epoch']} opens without tokens: make a new backup now, and put the tokens away")


@hsm.command("add")
def add(
    token: Label, name: Holder = "", data: Data = Path("."), passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None, secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Make this token a way in: with it and its PIN the vault unlocks without a passphrase."""
    with reporting(json):
        pin = _pin(data, pin_file)
        with proving(data, passphrase_file, secrets_file, pin) as (keeper, proof):
            made = keeper.call("admin.hsm_slot_add", token=token, name=name or token, pin=pin, proof=proof)
        tell(json, made, f"{made['token']} with its PIN opens the vault")


@hsm.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="The way in, by the name that `seifas hsm list` shows.")],
    data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None,
    secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Take a token away as a way in; with --pin-file its key is destroyed in it, too."""
    with reporting(json):
        pin = secret_from(pin_file, data) if pin_file is not None else ""
        with proving(data, passphrase_file, secrets_file, pin) as (keeper, proof):
            made: dict[str, Any] = keeper.call("admin.hsm_slot_remove", name=name, pin=pin, proof=proof)
        said = "its key is destroyed" if made["destroyed"] else "its key is still in the token, and opens older slots"
        tell(json, made, f"{name} is no way in any more; {said}")


def _pin(data: Path, file: Path | None) -> str:
    if file is not None:
        return secret_from(file, data)
    if sys.stdin.isatty():
        return str(typer.prompt("The token's PIN", hide_input=True))
    raise Locked("give the token's PIN with --pin-file, or run this at a terminal")
