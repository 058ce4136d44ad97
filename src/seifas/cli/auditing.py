"""`seifas audit`: verify the log from its files, prove one line to an outsider, and be a witness on another machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from seifas.audit import witness, witness_serve
from seifas.audit.checkpoint import VerifierKey, parse_verifier_key
from seifas.audit.proof import verify_proof
from seifas.audit.verify import verify_log, verify_since
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, tell
from seifas.errors import Invalid, Missing, Tampered

audit = typer.Typer(no_args_is_help=True, help="The audit log: verify, prove, witness.")


@audit.command("verify")
def verify(
    data: Data = Path("."),
    log: Annotated[Path | None, typer.Option("--log", help="The log's directory, if it was copied elsewhere.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The log's public key, kept apart from it.")] = None,
    since: Annotated[Path | None, typer.Option("--since", help="An earlier checkpoint that must be a part.")] = None,
    json: Json = False,
) -> None:
    """Recompute every hash from the log's files. Needs no passphrase and no server."""
    with reporting(json):
        directory = log or data / "audit"
        public = _log_key(key or directory / "key")
        report = verify_log(directory, public)
        if report.ok and since is not None:
            report = verify_since(directory, public, since.read_bytes())
        told = {"size": report.size, "root": report.root, "ok": report.ok, "problems": list(report.problems)}

        def words() -> None:
            if report.ok:
                console.print(f"the log is whole: {report.size} lines, root {report.root}")
            for problem in report.problems:
                console.print(f"[bold red]not whole[/]: {escape(problem)}", markup=True)

        tell(json, told, words)
        if not report.ok:
            raise typer.Exit(Tampered.exit_status)


@audit.command("proof")
def proof(
    index: Annotated[int, typer.Argument(help="Number of the line.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the proof (a new file).")],
    data: Data = Path("."),
    passphrase_file: PassphraseFile = None,
    with_reason: Annotated[bool, typer.Option(help="Open the inner part too, if the patient is not erased.")] = False,
    json: Json = False,
) -> None:
    """Write a file that proves one line, opened, to anyone who has the log's public key."""
    with reporting(json):
        if out.exists():
            raise Invalid("this file exists already", where=str(out))
        with reach.keeper(data, passphrase_file) as keeper:
            made = keeper.call("admin.audit_proof", index=index, with_reason=with_reason)
        out.write_bytes(made["proof"])
        tell(json, {"index": index, "file": str(out)}, f"line {index} is proven by {out}")


@audit.command("check-proof")
def check_proof(
    file: Annotated[Path, typer.Argument(help="A proof.")],
    key: Annotated[Path, typer.Option("--key", help="The log's public key.")],
    json: Json = False,
) -> None:
    """Check a proof and show the line it opens."""
    with reporting(json):
        if not file.is_file():
            raise Missing("there is no such file", where=str(file))
        proven = verify_proof(file.read_bytes(), _log_key(key))
        told = {"ok": True, "index": proven.index, "size": proven.size, "outer": proven.outer, "inner": proven.inner}
        tell(json, told, f"line {proven.index} of {proven.size} is in the log")


@audit.command("witness")
def run_witness(
    source: Annotated[str, typer.Argument(help="The log: a directory, or the address it is served at.")] = "",
    key: Annotated[Path, typer.Option("--key", help="The log's public key.")] = Path("key"),
    state: Annotated[Path, typer.Option("--state", help="The witness's own memory, on this machine.")] = Path(
        "witness.json"
    ),
    own_key: Annotated[Path, typer.Option("--own-key", help="The witness's private key; made if missing.")] = Path(
        "witness.key"
    ),
    name: Annotated[str, typer.Option(help="The witness's name.")] = "witness",
    start: Annotated[bool, typer.Option("--start", help="Begin to watch this log; only the first time.")] = False,
    serve: Annotated[str, typer.Option("--serve", help="HOST:PORT to take checkpoints at (C2SP tlog-witness).")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write the cosigned checkpoint.")] = None,
    json: Json = False,
) -> None:
    """Watch a log from another machine: refuse and name a fork or a rollback, else cosign."""
    with reporting(json):
        public = _log_key(key)
        if not own_key.exists():
            witness.new_witness_key(own_key, name)
        signer = witness.load_witness_key(own_key)
        if serve:
            host, _, port = serve.rpartition(":")
            console.print(f"witness {signer.key} at {serve}")
            witness_serve.witness_serve(host, int(port), public, state, signer, start=start)
            return
        verdict = witness.witness_once(source, public, state, signer, start=start)
        if out is not None and verdict.checkpoint:
            out.write_text(verdict.checkpoint)
        told = {
            "verdict": verdict.name, "message": verdict.message, "size": verdict.size,
            "witnessed": verdict.witnessed, "witness_key": str(signer.key),
        }
        tell(json, told, f"{verdict.name}: {verdict.message}")
        if verdict.exit_status:
            raise typer.Exit(verdict.exit_status)


def _log_key(path: Path) -> VerifierKey:
    if not path.is_file():
        raise Missing("the log's public key is missing; it lies beside the log as `key`", where=str(path))
    return parse_verifier_key(path.read_text("ascii", "replace"))


