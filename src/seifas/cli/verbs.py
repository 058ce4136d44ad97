"""Every verb of the command: where it lives, and the line that `seifas --help` has for it.

The line stands here as well as at the verb, so that the list needs none of them loaded; a test holds the two together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from seifas.cli.loading import loaded


class Verb(NamedTuple):
    """`place` is module:attribute below seifas.cli: a function, or a Typer with verbs of its own."""

    name: str
    place: str
    help: str
    hidden: bool = False


VERBS = (
    Verb(
        "erase", "erasing:erase",
        "Erase a patient: two people approve at the desk, 72 hours pass, then the keys are destroyed.",
    ),
    Verb(
        "restore", "restoring:bring_back",
        "Restore a vault from a backup or a replica. "
        "Two people approve, each with a passphrase or secret of their own.",
    ),
    Verb(
        "rotate", "keys:rotate",
        "Go over to a new epoch: copies of the key store made until now open nothing that is written from now on.",
    ),
    Verb(
        "recovery-test", "keys:recovery_test",
        "Prove that the vault could be recovered, from a copied key store alone. The live vault is not touched.",
    ),
    Verb(
        "upgrade", "upgrading:upgrade",
        "Upgrade the databases: copied first, tried by unlocking, put back if that fails. Stop the service before.",
    ),
    Verb(
        "move", "moving:move",
        "Take the vault to PostgreSQL or S3, or back to files: copied, compared, opened, then switched. "
        "Stop it before.",
    ),
    Verb("init", "founding:init", "Make a vault. A passphrase is made up for you unless you bring one."),
    Verb(
        "demo", "demo:demo",
        "Build a synthetic clinic and serve it. An existing demo in DATA is served as it is.",
    ),
    Verb("demo-serve", "demo_serving:demo_serve", "", hidden=True),
    Verb(
        "drill", "drilling:drill",
        "Replay the attack on a synthetic clinic, and measure what the thief gets. Ends with 1 if a promise is broken.",
    ),
    Verb("unlock", "locking:unlock", "Unlock a vault that is being served."),
    Verb("lock", "locking:lock", "Lock it: no keys in memory until someone unlocks it again; the public site goes on."),
    Verb("status", "locking:status", "Whether it is served, locked, and how large it is."),
    Verb(
        "check", "checking:check",
        "Look for holes in this installation; nothing is changed. Ends with 1 if there are any.",
    ),
    Verb("serve", "running:serve", "Serve the clinic: every process, each under its own user when started as root."),
    Verb("version", "versioning:version", "Print the version."),
    Verb("account", "accounts:account", "People: doctors, nurses, reception, officers, administrators."),
    Verb("client", "accounts:client", "Programs, each with a key and a budget of its own."),
    Verb("audit", "auditing:audit", "The audit log: verify, prove, witness."),
    Verb("import", "importing:importer", "Bring records in: FHIR files, or tables."),
    Verb("exports", "exports:exports", "Bulk exports: make a recipient's key, open what was fetched."),
    Verb("hold", "erasing:hold", "Legal holds: a held patient is not erased."),
    Verb("leaks", "leaks:leaks", "Whose is a leaked sample, and which way did it go out?"),
    Verb("cases", "cases:cases", "Incident cases: what stands in them, and their evidence."),
    Verb(
        "shield", "shield:shield",
        "Floods: what was seen of them, and their evidence; and the shield for a site that is not Seifas.",
    ),
    Verb("backup", "backup:backup", "Copies of the vault; all of it sealed, keys apart from data."),
    Verb("passphrase", "keys:passphrase", "Passphrases that open the vault, one a person."),
    Verb("custodians", "keys:custodians", "Custodians who together can recover the vault."),
    Verb("hsm", "hsm:hsm", "Tokens (HSM, card): a way in, and half of every key, so that erased is dead at once."),
)
_BY_NAME = {verb.name: verb for verb in VERBS}


def command_of(verb: Verb) -> Any:
    """The verb itself, as Typer makes it: a command, or a group of them."""
    found = loaded(f"seifas.cli.{verb.place}")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.callback()(_unused)  # so that one command is a group too, and keeps its name
    if isinstance(found, typer.Typer):
        alone.add_typer(found, name=verb.name)
    else:
        alone.command(verb.name, hidden=verb.hidden)(found)
    group = typer.main.get_command(alone)
    assert isinstance(group, TyperGroup)
    return group.commands[verb.name]


class Verbs(TyperGroup):
    """The root: names and lines from the table, a verb itself once it was chosen."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        verb = _BY_NAME.get(name or "")
        return name, command if verb is None else command_of(verb), rest


def listed(app: typer.Typer) -> None:
    """Puts every verb on the list of `app`, whose class is Verbs."""
    for verb in VERBS:
        app.command(verb.name, help=verb.help, hidden=verb.hidden)(_unused)


def _unused() -> None: ...
