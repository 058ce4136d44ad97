"""`seifas init`: a new, empty vault with its ways in."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from seifas import settings as settings_module
from seifas.cli.asking_front import Asked, answered, next_steps, with_front
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, secret_from, tell
from seifas.crypto import keys, slots
from seifas.errors import Invalid
from seifas.keeper import founding
from seifas.keeper.identity import guessing
from seifas.settings import Clinic, Paths, Settings
from seifas.web.site.starting import write_starter


def init(
    data: Data = Path("."),
    name: Annotated[str, typer.Option(help="The clinic's name.")] = "Clinic",
    keys_at: Annotated[str, typer.Option("--keys", help="The key store's directory; better another disk.")] = "keys",
    replica: Annotated[str, typer.Option(help="A second place for keys, heads and log.")] = "",
    holder: Annotated[str, typer.Option(help="Whose passphrase the first slot is.")] = "owner",
    passphrase_file: PassphraseFile = None,
    custodians: Annotated[str, typer.Option(help="K of these people recover the vault: \"3:Ana,Jonas,Rasa\"")] = "",
    host: Annotated[str, typer.Option(help="Name under which patients and staff reach it: klinika.lt.")] = "",
    certificate: Annotated[str, typer.Option(help="acme, own, clinic-ca or none (this machine only).")] = "",
    certificate_file: Annotated[str, typer.Option(help="With own: PEM of the certificate and those above it.")] = "",
    certificate_key: Annotated[str, typer.Option(help="With own: PEM of its key.")] = "",
    mail: Annotated[str, typer.Option(help="With acme: whom the authority may write to.")] = "",
    staff: Annotated[str, typer.Option(help="Address of the staff listener: 192.168.1.10:8443.")] = "",
    json: Json = False,
) -> None:
    """Make a vault. A passphrase is made up for you unless you bring one."""
    with reporting(json):
        data.mkdir(mode=0o755, parents=True, exist_ok=True)
        if (data / settings_module.FILE).exists():
            raise Invalid("there is a vault in this directory already", where=str(data))
        _clear_cut_off(data, keys_at)
        asked = Asked(host, certificate, certificate_file, certificate_key, mail, staff)
        asked = answered(asked, at_terminal=sys.stdin.isatty() and not json)
        clinic = Clinic(id=os.urandom(16).hex(), name=name)
        settings = with_front(Settings(clinic=clinic, paths=Paths(keys=keys_at, replica=replica)), asked)
        passphrase = secret_from(passphrase_file, data) if passphrase_file else slots.generate_passphrase(6)
        if passphrase_file:
            guessing.refuse_guessable(passphrase, (holder, name, host))
        root = keys.new_root()
        ways: list[slots.Slot] = [slots.new_passphrase_slot(root, passphrase, holder)]
        secrets: dict[str, str] = {}
        if custodians:
            needed, people = custodians_of(custodians)
            texts, slot = slots.new_custodian_slots(root, needed, people)
            ways.append(slot)
            secrets = dict(zip(people, texts, strict=True))
        # The settings last: where they are, a vault is. What an init leaves that was killed before is nobody's vault.
        (data / founding.UNFINISHED).touch()
        founding.found(data, settings, root, tuple(ways))
        settings_module.write(data, settings)
        (data / founding.UNFINISHED).unlink()
        write_starter(data, settings.clinic.languages)
        told = {"data": str(data), "clinic": settings.clinic.id, "custodians": secrets}
        if passphrase_file is None:
            told["passphrase"] = passphrase

        def words() -> None:
            console.print(f"a vault for {name} in {data}")
            if passphrase_file is None:
                console.print(f"[bold]passphrase[/] (write it down now, it is nowhere else): {passphrase}", markup=True)
            for person, secret in secrets.items():
                console.print(f"[bold]{escape(person)}[/]: {secret}", markup=True)
            for step in next_steps(settings):
                console.print(step)
            console.print("next: seifas account add NAME --hats administrator, then seifas serve")

        tell(json, told, words)


def _clear_cut_off(data: Path, keys_at: str) -> None:
    """Takes away what an earlier init left that was killed before it wrote settings: its passphrase was never told to
    anybody. Raises Invalid for anything else that lies there, and for a vault whose settings somebody took away."""
    places = [data / place for place in (*founding.PLACES, "run")] + [data / keys_at]
    left = [path for place in places if place.is_dir() for path in sorted(place.rglob("*")) if not path.is_dir()]
    if not left:
        return
    if not (data / founding.UNFINISHED).is_file():
        raise Invalid(
            "there are files of a vault here, but no settings: put settings.toml back, or choose an empty directory",
            where=str(data),
        )
    for path in left:
        path.unlink()


def custodians_of(text: str) -> tuple[int, tuple[str, ...]]:
    """How many are needed, and who they are. Raises Invalid."""
    needed, _, people = text.partition(":")
    names = tuple(person.strip() for person in people.split(",") if person.strip())
    if not needed.strip().isdigit() or not names:
        raise Invalid('custodians are given as "3:Ana,Jonas,Rasa": how many are needed, then who', where="--custodians")
    return int(needed), names
