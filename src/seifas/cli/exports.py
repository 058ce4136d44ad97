"""`seifas exports`: for whoever receives a bulk export. Makes the key that it is sealed to, and opens its files.

Neither needs a vault: both run where the export is wanted. docs/formats/export.md says how other programs open it.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path
from typing import Annotated

import typer

from seifas.cli.frame import Json, reporting, tell
from seifas.cli.handing_out import handed_out
from seifas.crypto import dropbox, recipient
from seifas.errors import Invalid

exports = typer.Typer(no_args_is_help=True, help="Bulk exports: make a recipient's key, open what was fetched.")

_LARGEST = 64 * 2**20


@exports.command("key")
def key(
    out: Annotated[Path, typer.Argument(help="New file for the private half; the public one goes beside it as .pub.")],
    json: Json = False,
) -> None:
    """Make a recipient's key (ML-KEM-768 with X25519). Give the clinic the .pub, and its fingerprint by telephone."""
    with reporting(json):
        seed = os.urandom(32)
        public = dropbox.public_half(seed)
        shown = out.with_name(out.name + ".pub")
        with handed_out(out) as private:
            private.write(recipient.private_text(seed).encode("ascii"))
        with handed_out(shown) as file:
            file.write(base64.encodebytes(public))
        told = {"private": str(out), "public": str(shown), "fingerprint": recipient.fingerprint(public)}
        tell(json, told, f"private half: {out}\npublic half:  {shown}\nfingerprint:  {told['fingerprint']}")


@exports.command("open")
def open_file(
    sealed: Annotated[Path, typer.Argument(help="A file as it was fetched.")],
    key_file: Annotated[Path, typer.Option("--key", help="Private half: of `seifas exports key`, or X25519 PEM.")],
    info: Annotated[str, typer.Option(help="`urn:seifas:hpke-info` of this file in the manifest.")],
    out: Annotated[Path, typer.Option(help="New file for the lines in clear; - for standard output.")],
    json: Json = False,
) -> None:
    """Open one file of an export. What comes out is patients' records in clear."""
    with reporting(json):
        try:
            bound = base64.b64decode(info, validate=True)
        except (binascii.Error, ValueError):
            raise Invalid("the info is base64, as the manifest has it", where="--info") from None
        text = recipient.open_sealed(_read(key_file), _read(sealed), info=bound)
        with handed_out(out) as file:
            file.write(text)
        lines = text.count(b"\n")
        if str(out) != "-":
            tell(json, {"lines": lines, "file": str(out)}, f"{lines} resources: {out}")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(_LARGEST + 1)
    except OSError as error:
        raise Invalid(f"the file cannot be read: {type(error).__name__}", where=str(path)) from error
    if len(body) > _LARGEST:
        raise Invalid("no file of an export is so large", where=str(path))
    return body
