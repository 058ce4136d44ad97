"""`seifas init`: a new, empty vault with its ways in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from seifas import settings as settings_module
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, secret_from, tell
from seifas.crypto import keys, slots
from seifas.errors import Invalid
from seifas.keeper import founding
from seifas.settings import Clinic, Paths, Settings


def init(
    data: Data = Path("."),
    name: Annotated[str, typer.Option(help="The clinic's name.")] = "Clinic",
    keys_at: Annotated[str, typer.Option("--keys", help="The key store's directory; better another disk.")] = "keys",
    replica: Annotated[str, typer.Option(help="A second place for keys, heads and log.")] = "",
    holder: Annotated[str, typer.Option(help="Whose passphrase the first slot is.")] = "owner",
    passphrase_file: PassphraseFile = None,
    custodians: Annotated[str, typer.Option(help="K of these people recover the vault: \"3:Ana,Jonas,Rasa\"")] = "",
    json: Json = False,
) -> None:
    """Make a vault. A passphrase is made up for you unless you bring one."""
    with reporting(json):
        data.mkdir(mode=0o755, parents=True, exist_ok=True)
        if (data / settings_module.FILE).exists():
            raise Invalid("there is a vault in this directory already", where=str(data))
        passphrase = secret_from(passphrase_file, data) if passphrase_file else slots.generate_passphrase(6)
        root = keys.new_root()
        ways: list[slots.Slot] = [slots.new_passphrase_slot(root, passphrase, holder)]
        secrets: dict[str, str] = {}
        if custodians:
            needed, people = custodians_of(custodians)
            texts, slot = slots.new_custodian_slots(root, needed, people)
            ways.append(slot)
            secrets = dict(zip(people, texts, strict=True))
        settings = Settings(
            clinic=Clinic(id=os.urandom(16).hex(), name=name), paths=Paths(keys=keys_at, replica=replica)
        )
        settings_module.write(data, settings)
        founding.found(data, settings, root, tuple(ways))
        told = {"data": str(data), "clinic": settings.clinic.id, "custodians": secrets}
        if passphrase_file is None:
            told["passphrase"] = passphrase

        def words() -> None:
            console.print(f"a vault for {name} in {data}")
            if passphrase_file is None:
                console.print(f"[bold]passphrase[/] (write it down now, it is nowhere else): {passphrase}", markup=True)
            for person, secret in secrets.items():
                console.print(f"[bold]{person}[/]: {secret}", markup=True)
            console.print("next: seifas account add NAME --hats administrator, then seifas serve")

        tell(json, told, words)


def custodians_of(text: str) -> tuple[int, tuple[str, ...]]:
    """How many are needed, and who they are. Raises Invalid."""
    needed, _, people = text.partition(":")
    names = tuple(person.strip() for person in people.split(",") if person.strip())
    if not needed.strip().isdigit() or not names:
        raise Invalid('custodians are given as "3:Ana,Jonas,Rasa": how many are needed, then who', where="--custodians")
    return int(needed), names
