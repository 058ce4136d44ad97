"""Before the front starts: its certificate is laid down, by the user that keeps it."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from seifas import hardening
from seifas.cli.frame import console
from seifas.cli.separating import others_can_enter
from seifas.errors import Invalid, SeifasError
from seifas.settings import Settings
from seifas.shield.certificates import keeping, places


def certifier(settings: Settings, uids: dict[str, int] | None) -> int | None:
    """The user that keeps certificates; None for whoever started this.

    Own files may be root's alone, and are only read. certbot is executed anew, so that a Python that others cannot
    enter leaves only root to run it: that is said.
    """
    if uids is None or settings.shield.certificate == "own":
        return None
    ours = (Path(sys.prefix), Path(sys.executable))
    if settings.shield.certificate == "acme" and not all(map(others_can_enter, ours)):
        console.print(
            "[yellow]at risk[/]: certbot runs as root, because other users cannot run its Python; put Seifas "
            "where they can, such as /opt/seifas",
            markup=True,
        )
        return None
    return uids["certificates"]


def fingerprint_to_compare(data: Path) -> str:
    """Of the clinic's own authority, as phones show it."""
    return hashlib.sha256(places.to_install(data).read_bytes()).digest().hex(" ").upper()


def prepared(data: Path, settings: Settings, uid: int | None) -> None:
    """Lays a certificate down. Raises Invalid with the child's words.

    In a child: what the supervisor has had in memory, every process forked from it would have too.
    """
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(readable)
        said = b"it failed"
        try:
            hardening.forbid_dumps()
            if uid is not None:
                hardening.become(uid)
            keeping.prepare(data, settings)
            said = b""
        except SeifasError as error:
            said = error.message.encode()
        finally:
            os.write(writable, said[:4096])
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if told:
        raise Invalid(f"no certificate for the front: {told.decode('utf-8', 'replace')}", where="shield.certificate")
