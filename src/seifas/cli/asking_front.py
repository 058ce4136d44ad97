"""What `seifas init` asks about the name under which the clinic is reached, and where its certificate comes from."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import typer

from seifas.errors import Invalid
from seifas.settings import HOST, Identity, Listen, Settings, Shield
from seifas.shield import fronting
from seifas.shield.certificates import keeping

CERTIFICATES = ("acme", "own", "clinic-ca", "none")
_PUBLIC = "0.0.0.0:443"
_REDIRECT = "0.0.0.0:80"
_STAFF = "127.0.0.1:8443"
_QUESTION = (
    "Certificate: acme (free, for a name that leads to this machine), own (files that you have), clinic-ca (an "
    "authority of the clinic's own, which every phone is told to trust once), none (this machine only)"
)


class Asked(msgspec.Struct, frozen=True):
    """What was given on the command line; "" is asked for at a terminal."""

    host: str = ""
    certificate: str = ""
    certificate_file: str = ""
    certificate_key_file: str = ""
    mail: str = ""
    staff: str = ""


def answered(asked: Asked, *, at_terminal: bool) -> Asked:
    """With what is missing asked for, where somebody is there to answer."""
    if not at_terminal:
        return asked
    host = asked.host or _said("Name under which patients and staff reach it, such as klinika.lt (empty: this machine)")
    if not host:
        return asked
    certificate = asked.certificate or _said(_QUESTION, "acme")
    mail, certificate_file, key_file = asked.mail, asked.certificate_file, asked.certificate_key_file
    if certificate == "acme":
        mail = mail or _said("Whom the authority may write to (e-mail, may be empty)")
    if certificate == "own":
        certificate_file = certificate_file or _said("File of the certificate and those above it (PEM)")
        key_file = key_file or _said("File of its key (PEM)")
    staff = asked.staff
    if certificate != "none":
        staff = staff or _said("Address of the staff listener, in the clinic's own network (192.168.1.10:8443)", _STAFF)
    return Asked(host, certificate, certificate_file, key_file, mail, staff)


def with_front(settings: Settings, asked: Asked) -> Settings:
    """The settings of a vault that is reached so. Raises Invalid for what cannot be."""
    certificate = asked.certificate or ("acme" if asked.host else "none")
    if certificate not in CERTIFICATES:
        raise Invalid(f"--certificate is one of {', '.join(CERTIFICATES)}", where="--certificate")
    if certificate == "none":
        if asked.host:
            raise Invalid("without a certificate nobody outside this machine is let in: choose one for --host",
                          where="--certificate")
        return settings
    host = asked.host.strip().rstrip(".").lower()
    if not 0 < len(host) <= 253 or not re.fullmatch(HOST, host):
        raise Invalid("--host is a name such as klinika.lt; ä, š and the like as xn--…", where="--host")
    if certificate == "own" and not (asked.certificate_file and asked.certificate_key_file):
        raise Invalid("own files are named by --certificate-file and --certificate-key", where="--certificate")
    if asked.mail.strip() and "@" not in asked.mail:
        raise Invalid("--mail is an address such as it@klinika.lt, or is left away", where="--mail")
    made = msgspec.structs.replace(
        settings,
        listen=Listen(public=_PUBLIC, staff=asked.staff or _STAFF, host=host, redirect=_REDIRECT),
        identity=Identity(rp_id=host),
        shield=Shield(
            certificate=certificate, mail=asked.mail.strip(),
            certificate_file=_whole(asked.certificate_file), certificate_key_file=_whole(asked.certificate_key_file),
        ),
    )
    fronting.listened(made)
    if certificate == "own":
        keeping.own(made, datetime.now(UTC))
    return made


def next_steps(settings: Settings) -> tuple[str, ...]:
    """What is to be done about it before and after the first `seifas serve`."""
    if not settings.tls:
        return ()
    if settings.shield.certificate == "acme":
        return (f"the authority asks http://{settings.listen.host}/ of this machine: let port 80 through to it",)
    if settings.shield.certificate == "clinic-ca":
        return (
            f"phones and computers open http://{settings.listen.host}/ca once; `seifas serve` prints the fingerprint "
            "to compare",
        )
    return ()


def _whole(path: str) -> str:
    return str(Path(path).resolve()) if path else ""


def _said(question: str, usual: str = "") -> str:
    return str(typer.prompt(question, default=usual, show_default=bool(usual))).strip()
