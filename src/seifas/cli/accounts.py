"""`seifas account` and `seifas client`: people and programs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, tell
from seifas.errors import Invalid

account = typer.Typer(no_args_is_help=True, help="People: doctors, nurses, reception, officers, administrators.")
client = typer.Typer(no_args_is_help=True, help="Programs, each with a key and a budget of its own.")

Name = Annotated[str, typer.Argument(help="The login name.")]


@account.command("add")
def account_add(
    name: Name,
    hats: Annotated[str, typer.Option("--hats", help="doctor,nurse,reception,officer,administrator,auditor")],
    display: Annotated[str, typer.Option("--display", help="The name that colleagues see.")] = "",
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Add a person."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        made = keeper.call(
            "admin.account_add", name=name, display=display or name, hats=[hat.strip() for hat in hats.split(",")]
        )
        told = {**made, "waits_for_approval": bool(made["approval"])}

        def words() -> None:
            console.print(f"added {made['name']}: {', '.join(made['hats']) or 'no hat yet'}")
            if made["approval"]:
                console.print("[yellow]hats that approve are given when two people have approved it[/]", markup=True)

        tell(json, told, words)


@account.command("list")
def account_list(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List people."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        found = keeper.call("admin.account_list")

        def words() -> None:
            for one in found:
                state = "disabled" if one["disabled"] else ", ".join(one["hats"])
                console.print(f"{one['name']:20} {state}  passkeys {one['passkeys']}, sessions {one['sessions']}")

        tell(json, {"accounts": found}, words)


@account.command("disable")
def account_disable(
    name: Name, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False
) -> None:
    """Shut an account; its sessions end at once."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        tell(json, keeper.call("admin.account_disable", name=name), f"{name} is disabled")


@account.command("enable")
def account_enable(
    name: Name, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False
) -> None:
    """Open a shut account again; it approves nothing for a day."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        tell(json, keeper.call("admin.account_enable", name=name), f"{name} is open again")


@account.command("login-link")
def login_link(
    name: Name, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False
) -> None:
    """Make a link that signs in once, within 15 minutes."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        made = keeper.call("admin.login_link", name=name)
        url = f"{reach.staff_url(data)}/auth/link/{made['token']}"
        tell(json, {"url": url, "expires_ms": made["expires_ms"], "account": made["account"]}, lambda: print(url))


@account.command("invite")
def invite(name: Name, data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """Make a link with which a person sets up how they sign in; 72 hours, once."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        made = keeper.call("admin.invite", name=name)
        url = f"{reach.staff_url(data)}/auth/invite/{made['token']}"
        tell(json, {"url": url, "expires_ms": made["expires_ms"], "account": made["account"]}, lambda: print(url))


@client.command("add")
def client_add(
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    patients_per_day: Annotated[int, typer.Option("--patients-per-day", help="Patients it may open in a day.")],
    scopes: Annotated[str, typer.Option(help="SMART scopes.")] = "system/*.cruds",
    jwks: Annotated[Path | None, typer.Option(help="Its public keys, if it has its own.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="Where to write its private key (new file, mode 0600).")] = None,
    by: Annotated[str, typer.Option(help="Who wants it, for those who approve.")] = "",
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Add a program. Where programs may open more than 200 patients a day together, two people approve."""
    with reporting(json):
        path = _new_key_file(key_file, data, name) if jwks is None else None
        with reach.keeper(data, passphrase_file) as keeper:
            made = keeper.call(
                "admin.client_add", name=name, per_day=patients_per_day, scopes=scopes, by=by,
                jwks=jwks.read_text() if jwks is not None else None,
            )
        if path is not None:
            _write_secret(path, made["private_jwk"])
        base = reach.staff_url(data)
        told = {
            "client_id": made["client_id"], "private_key_file": str(path) if path else "",
            "token_url": f"{base}/auth/token", "fhir_base": f"{base}/fhir",
            "patients_per_day": made["effective_per_day"], "waits_for_approval": bool(made["approval"]),
            "scopes": made["scopes"],
        }

        def words() -> None:
            console.print(f"client {told['client_id']}: {told['patients_per_day']} patients a day")
            console.print(f"its private key (JWK): {told['private_key_file']}\ntoken  {told['token_url']}")
            if told["waits_for_approval"]:
                console.print("[yellow]it stays shut until two people have approved it[/]", markup=True)
            elif patients_per_day > 200:
                console.print("[yellow]approved by the demo's own people[/]", markup=True)

        tell(json, told, words)


@client.command("list")
def client_list(data: Data = Path("."), passphrase_file: PassphraseFile = None, json: Json = False) -> None:
    """List programs."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        found = keeper.call("admin.client_list")

        def words() -> None:
            for one in found:
                state = "disabled" if one["disabled"] else f"{one['effective_per_day']} patients a day"
                console.print(f"{one['client_id']}  {one['name']:24} {state}")

        tell(json, {"clients": found}, words)


@client.command("disable")
def client_disable(
    name: Annotated[str, typer.Argument(help="Its id or name.")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Shut a program; its tokens end at once."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        tell(json, keeper.call("admin.client_disable", name=name), f"{name} is disabled")


@client.command("export-key")
def client_export_key(
    name: Annotated[str, typer.Argument(help="Its id or name.")],
    key: Annotated[Path, typer.Argument(help="The recipient's public key: X25519 as PEM, or of `seifas exports key`.")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Say to whose key a program's bulk exports are sealed. Two people allow each export, and see the fingerprint."""
    with reporting(json):
        try:
            public = key.read_bytes()
        except OSError as error:
            raise Invalid(f"the key cannot be read: {type(error).__name__}", where=str(key)) from error
        with reach.keeper(data, passphrase_file) as keeper:
            made = keeper.call("admin.client_recipient", name=name, key=public)
        tell(json, made, f"{name}: exports are sealed to the key with SHA-256 {made['fingerprint']}")


def _new_key_file(chosen: Path | None, data: Path, name: str) -> Path:
    """Where the private key goes: beside the vault, never inside it, never over another file."""
    safe = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name.lower())
    full = data.resolve()
    path = chosen or full.with_name(f"{full.name}.client-{safe}.jwk")
    number = 1
    while chosen is None and path.exists():
        number += 1
        path = full.with_name(f"{full.name}.client-{safe}-{number}.jwk")
    if path.exists():
        raise Invalid("this file exists already; name a new one with --key-file", where=str(path))
    if path.resolve().is_relative_to(full):
        raise Invalid("keep a program's private key outside the vault's directory", where=str(path))
    return path


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")


