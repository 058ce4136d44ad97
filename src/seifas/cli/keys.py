"""`seifas rotate`, `passphrase`, `custodians` and `recovery-test`: the keys of a vault and the ways to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.asking_witness import newest
from seifas.cli.founding import custodians_of
from seifas.cli.frame import (
    Data,
    Json,
    PassphraseFile,
    PinFile,
    asked_secrets,
    console,
    reporting,
    secret_from,
    secret_lines,
    tell,
)
from seifas.crypto import slots
from seifas.errors import Invalid, Locked, Refused, Tampered
from seifas.keeper import token_kit
from seifas.keeper.client import BlockingClient
from seifas.restoring import checking, rehearsing

passphrase = typer.Typer(no_args_is_help=True, help="Passphrases that open the vault, one a person.")
custodians = typer.Typer(no_args_is_help=True, help="Custodians who together can recover the vault.")

KEY_COPIES_DEAD = "copies of the key store made until now are dead: make a new one now (seifas backup)"

Holder = Annotated[str, typer.Argument(help="Whose passphrase it is: a login, so that it can approve a restore.")]
NewFile = Annotated[
    Path | None, typer.Option("--new-passphrase-file", help="A file with the new passphrase; one is made up otherwise.")
]
SecretsFile = Annotated[
    Path | None, typer.Option("--secrets-file", help="Custodians' secrets, one a line, in place of a passphrase.")
]


def rotate(
    data: Data = Path("."), passphrase_file: PassphraseFile = None, pin_file: PinFile = None, json: Json = False
) -> None:
    """Go over to a new epoch: copies of the key store made until now open nothing that is written from now on."""
    with reporting(json), reach.keeper(data, passphrase_file, pin_file=pin_file) as keeper:
        made = keeper.call("admin.rotate")
        dead = f"; {KEY_COPIES_DEAD}" if made["ended"] else ""
        words = f"key store generation {made['generation']}: {made['patients']} patients, {made['seconds']} s{dead}"
        tell(json, made, words)


@passphrase.command("list")
def passphrase_list(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List who can open the vault."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        found = keeper.call("admin.ways")

        def words() -> None:
            for one in found:
                who = one["name"] if "name" in one else f"{one['needed']} of {', '.join(one['names'])}"
                console.print(f"{one['kind']:11} {who}")

        tell(json, {"ways": found}, words)


@passphrase.command("add")
def passphrase_add(
    name: Holder, new_file: NewFile = None, data: Data = Path("."), passphrase_file: PassphraseFile = None,
    secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Give one more person a passphrase. Proven by one that opens the vault."""
    with reporting(json):
        _set("admin.passphrase_add", name, new_file, data, passphrase_file, secrets_file, json)


@passphrase.command("change")
def passphrase_change(
    name: Holder, new_file: NewFile = None, data: Data = Path("."), passphrase_file: PassphraseFile = None,
    secrets_file: SecretsFile = None, json: Json = False,
) -> None:
    """Give a person another passphrase, also in place of one that was forgotten."""
    with reporting(json):
        _set("admin.passphrase_change", name, new_file, data, passphrase_file, secrets_file, json)


@passphrase.command("remove")
def passphrase_remove(
    name: Holder, data: Data = Path("."), passphrase_file: PassphraseFile = None, secrets_file: SecretsFile = None,
    json: Json = False,
) -> None:
    """Take a person's passphrase away. Copies of the key store made before still open with it, until they run out."""
    with reporting(json), proving(data, passphrase_file, secrets_file) as (keeper, proof):
        tell(json, keeper.call("admin.passphrase_remove", name=name, proof=proof), f"{name}'s passphrase is gone")


def _set(
    op: str, name: str, new_file: Path | None, data: Path, passphrase_file: Path | None, secrets_file: Path | None,
    json: bool,
) -> None:
    new = secret_from(new_file, data) if new_file is not None else slots.generate_passphrase(6)
    with proving(data, passphrase_file, secrets_file) as (keeper, proof):
        told = keeper.call(op, name=name, new=new, proof=proof)
    if new_file is None:
        told = {**told, "passphrase": new}

    def words() -> None:
        if new_file is None:
            head = f"[bold]{escape(name)}'s passphrase[/] (write it down now, it is nowhere else)"
            console.print(f"{head}: {new}", markup=True)
        else:
            console.print(f"{name} opens the vault with the new passphrase")

    tell(json, told, words)


@custodians.command("new")
def custodians_new(
    people: Annotated[str, typer.Option("--custodians", help="K of these people: \"3:Ana,Jonas,Rasa,Tomas,Ieva\"")],
    data: Data = Path("."), passphrase_file: PassphraseFile = None, secrets_file: SecretsFile = None,
    json: Json = False,
) -> None:
    """Name new custodians in place of those there were; their secrets are shown once."""
    with reporting(json):
        needed, names = custodians_of(people)
        with proving(data, passphrase_file, secrets_file) as (keeper, proof):
            told = keeper.call("admin.custodians_new", needed=needed, names=names, proof=proof)

        def words() -> None:
            for person, secret in told["secrets"].items():
                console.print(f"[bold]{escape(person)}[/]: {secret}", markup=True)
            console.print(f"any {needed} of these {len(names)} recover the vault; rehearse it: seifas recovery-test")

        tell(json, told, words)


def recovery_test(
    keys_from: Annotated[Path, typer.Option("--keys-from", help="A copy of the key store, or the place with several.")],
    by_custodians: Annotated[bool, typer.Option("--custodians", help="By the custodians' secrets.")] = False,
    secrets_file: SecretsFile = None,
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    pin_file: PinFile = None,
    json: Json = False,
) -> None:
    """Prove that the vault could be recovered, from a copied key store alone. The live vault is not touched."""
    with reporting(json):
        settings = settings_module.load(data)
        pin = secret_from(pin_file, data) if pin_file is not None else ""
        secrets: list[str] = []
        secret = ""
        if secrets_file is not None:
            secrets = list(secret_lines(secrets_file))
        elif by_custodians:
            secrets = _one_by_one(keys_from)
        elif passphrase_file is not None:
            secret = secret_from(passphrase_file, data)
        else:
            raise Invalid("rehearse with --custodians, or with a passphrase (--passphrase-file)", where="--custodians")
        way = "custodians" if secrets else "passphrase"
        generation = _generation(keys_from)
        try:
            found = rehearsing.rehearse(
                keys_from, settings.clinic_id, passphrase=secret, secrets=secrets,
                token=token_kit.opener(settings.hsm.module, pin),
            )
        except (Refused, Tampered):
            _record(data, way, max(1, len(secrets)), generation, opened=False)
            raise
        recorded = _record(data, way, max(1, len(secrets)), found.generation, opened=True)
        told: dict[str, Any] = {
            "opened": True, "way": way, "people": list(found.people), "needed": found.needed,
            "generation": found.generation, "epoch": found.epoch, "recorded": recorded,
        }

        def words() -> None:
            who = ", ".join(found.people) or "this passphrase"
            console.print(f"{who} can recover the vault: key store generation {found.generation} opens")
            console.print("its date is in the audit log" if recorded else "not written down: the vault is not served")

        tell(json, told, words)


@contextlib.contextmanager
def proving(
    data: Path, passphrase_file: Path | None, secrets_file: Path | None, pin: str = ""
) -> Iterator[tuple[BlockingClient, dict[str, Any]]]:
    """A keeper, unlocked if need be, and what proves that whoever asks may open the vault."""
    proof: dict[str, Any]
    if secrets_file is not None:
        unlock, proof = "admin.unlock_custodians", {"secrets": secret_lines(secrets_file)}
    else:
        unlock, asked = "admin.unlock", reach.passphrase(data, passphrase_file)
        proof = {"passphrase": asked} if asked else {"pin": pin}
    with reach.keeper(data, unlocked=False) as keeper:
        if keeper.call("health")["locked"]:
            keeper.call(unlock, **{"pin": pin, **proof}, witness=newest(data))
        yield keeper, proof


def _generation(keys_from: Path) -> int:
    """Which key store is rehearsed with; raises Missing, Tampered."""
    return checking.keys_at(keys_from).generation


def _one_by_one(keys_from: Path) -> list[str]:
    """Asks each custodian, and says at once whose secret it is."""
    secrets = []
    for secret in asked_secrets("A custodian's secret"):
        console.print(f"  right: {rehearsing.recognised(keys_from, secret)}")
        secrets.append(secret)
    if not secrets:
        raise Refused("no secret was given")
    return secrets


def _record(data: Path, way: str, people: int, generation: int, *, opened: bool) -> bool:
    if not reach.is_running(data):
        return False
    with BlockingClient(data / "run" / "admin.sock") as client:
        try:
            client.call("admin.rehearsed", way=way, people=people, generation=generation, opened=opened)
        except Locked:
            return False
    return True
