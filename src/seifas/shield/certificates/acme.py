"""Certificates of an authority that speaks ACME (RFC 8555), by certbot, which is run as a program of its own.

It answers the authority's question on a port of loopback (http-01); the front passes /.well-known/acme-challenge/ there
and nothing else. What it keeps lies in DATA/certificates/acme; it is asked twice a day and renews in time by itself.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

from seifas.errors import Unavailable
from seifas.settings import Settings
from seifas.shield.certificates import checking

PATIENCE_S: Final = 600.0
_RUN: Final = "import sys; from certbot.main import main; sys.exit(main(sys.argv[1:]))"
_NAME: Final = "seifas"


def answers_on(settings: Settings) -> tuple[str, int]:
    """The address on this machine where certbot answers: the port after the unlock page's."""
    return "127.0.0.1", int(settings.listen.unlock.rpartition(":")[2]) + 1


def asked_for(settings: Settings, kept: Path) -> list[str]:
    """certbot's arguments. The same for the first certificate and for every later one."""
    address, port = answers_on(settings)
    listener = ["--standalone", "--http-01-address", address, "--http-01-port", str(port)]
    account = ["-m", settings.shield.mail] if settings.shield.mail else ["--register-unsafely-without-email"]
    places = [word for name in ("config", "work", "logs") for word in (f"--{name}-dir", str(kept / "acme" / name))]
    return [
        "certonly", "--non-interactive", "--agree-tos", "--keep-until-expiring", "--no-directory-hooks",
        "--key-type", "ecdsa", "--elliptic-curve", "secp256r1", "--server", settings.shield.acme_url,
        "--cert-name", _NAME, "-d", settings.listen.host, *account, *listener, *places,
    ]  # fmt: skip


def ask(settings: Settings, kept: Path) -> None:
    """Asks for a certificate, or for nothing where it lasts a while yet. Raises Unavailable."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter; the host name is checked where settings are read
            [sys.executable, "-c", _RUN, *asked_for(settings, kept)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable("certbot did not run to its end", where="certificate") from error
    if done.returncode != 0:
        raise Unavailable(
            f"the authority gave no certificate for {settings.listen.host}: is port 80 of that name this machine's? "
            f"{kept / 'acme' / 'logs'} says what it answered",
            where="certificate",
        )


def found(settings: Settings, kept: Path, now: datetime) -> bytes | None:
    """The newest certificate with chain and key; None where there is none yet. Raises Invalid for one that ended."""
    live = kept / "acme" / "config" / "live" / _NAME
    try:
        certificate, key = (live / "fullchain.pem").read_bytes(), (live / "privkey.pem").read_bytes()
    except OSError:
        return None
    return checking.joined(certificate, key, settings.listen.host, now)
