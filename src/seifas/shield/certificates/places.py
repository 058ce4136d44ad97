"""Where certificates lie.

    DATA/certificates/authority.pem, authority.key    the clinic's own authority
    DATA/certificates/acme/                           what the ACME client keeps
    DATA/run/certificates/served/site.pem             certificate, chain and key as the front reads them
    DATA/run/certificates/ca.html, ca.css, ca.crt     the page for phones and what they install
"""

from __future__ import annotations

import os
from pathlib import Path

from seifas.errors import Invalid
from seifas.settings import Settings

_EVERYWHERE = frozenset({"0.0.0.0", "[::]", "::", ""})  # noqa: S104 - compared with, never bound


def served(data: Path) -> Path:
    """The directory of which the front reads every file as a certificate."""
    return data / "run" / "certificates" / "served"


def site(data: Path) -> Path:
    return served(data) / "site.pem"


def page(data: Path) -> Path:
    return data / "run" / "certificates" / "ca.html"


def style(data: Path) -> Path:
    return data / "run" / "certificates" / "ca.css"


def to_install(data: Path) -> Path:
    return data / "run" / "certificates" / "ca.crt"


def kept(data: Path) -> Path:
    return data / "certificates"


def names_of(settings: Settings) -> tuple[str, ...]:
    """The names that a certificate of our own making is for: the host, and the addresses that are listened on. Raises
    Invalid where there is none."""
    found = [settings.listen.host] if settings.listen.host else []
    for listener in (settings.listen.public, settings.listen.staff):
        address = listener.rpartition(":")[0]
        if address not in _EVERYWHERE:
            found.append(address.strip("[]"))
    if not found:
        raise Invalid("a certificate needs a name: set [listen] host", where="listen.host")
    return tuple(dict.fromkeys(found))


def lay(path: Path, content: bytes, *, mode: int = 0o640) -> None:
    """Puts a file there at once or not at all; the group that may read it comes with the directory."""
    path.parent.mkdir(mode=0o2750, exist_ok=True)
    # Beside what is served lies nothing half-written: the front would read it.
    beside = path.parent.parent if path.parent.name == "served" else path.parent
    new = beside / f".{path.name}.new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(new, mode)
    os.replace(new, path)
