"""Lays a certificate down for the front, and keeps it from ending: before the front starts, and as a program beside it.

The front is told to read anew by the control loop, which sees that the file is another one (shield/control.py).
"""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from seifas import logs
from seifas.errors import Invalid, SeifasError
from seifas.settings import Settings
from seifas.shield.certificates import acme, authority, checking, places
from seifas.shield.certificates.phone_page import STYLE, page_for_phones

log = logging.getLogger("seifas.certificates")

RENEWED_BEFORE: Final = timedelta(days=30)
_LOOK_S: Final = 60.0
_ASK_S: Final = 12 * 3600.0
_FIRST_WAIT_S: Final = 900.0  # an authority refuses who asks in vain more than five times an hour


def prepare(data: Path, settings: Settings) -> None:
    """Before the front starts: a certificate is there, if need be a stand-in. Raises Invalid for wrong files."""
    now = datetime.now(UTC)
    os.umask(0o027)
    match settings.shield.certificate:
        case "own":
            places.lay(places.site(data), own(settings, now))
        case "clinic-ca":
            _of_clinic(data, settings, now)
        case "acme":
            if not settings.listen.host:
                raise Invalid("an authority gives certificates for a name only: set [listen] host", where="listen.host")
            got = acme.found(settings, places.kept(data), now)
            places.lay(places.site(data), got or authority.stand_in((settings.listen.host,), now))


def main(data: Path, settings: Settings) -> None:
    """Runs for good: looks every minute, asks an authority twice a day."""
    logs.start("certificates")
    os.umask(0o027)
    wait, ask_at = _FIRST_WAIT_S, 0.0
    seen = _stamp(settings)
    while True:
        try:
            if settings.shield.certificate == "acme" and time.monotonic() >= ask_at:
                ask_at = time.monotonic() + wait
                wait = min(_ASK_S, wait * 2)
                acme.ask(settings, places.kept(data))
                wait, ask_at = _FIRST_WAIT_S, time.monotonic() + _ASK_S
                _lay_if_other(data, acme.found(settings, places.kept(data), datetime.now(UTC)))
            elif settings.shield.certificate == "own" and _stamp(settings) != seen:
                seen = _stamp(settings)
                _lay_if_other(data, own(settings, datetime.now(UTC)))
            elif settings.shield.certificate == "clinic-ca":
                _of_clinic(data, settings, datetime.now(UTC))
        except SeifasError as error:
            log.error("no new certificate: %s", error.message, extra={"where": error.where})
        time.sleep(_LOOK_S)


def own(settings: Settings, now: datetime) -> bytes:
    """The files of the settings as one PEM. Raises Invalid."""
    try:
        certificate = Path(settings.shield.certificate_file).read_bytes()
        key = Path(settings.shield.certificate_key_file).read_bytes()
    except OSError as error:
        raise Invalid(
            "the certificate's file or its key's cannot be read: set certificate_file and certificate_key_file",
            where="shield",
        ) from error
    return checking.joined(certificate, key, settings.listen.host, now)


def _of_clinic(data: Path, settings: Settings, now: datetime) -> None:
    names = places.names_of(settings)
    certificate_file = places.kept(data) / "authority.pem"
    key_file = places.kept(data) / "authority.key"
    try:
        certificate, key = certificate_file.read_bytes(), key_file.read_bytes()
    except FileNotFoundError:
        certificate, key = authority.new_authority(settings.clinic.name, names, now)
        places.lay(key_file, key, mode=0o600)
        places.lay(certificate_file, certificate, mode=0o600)
    ends = checking.ends(places.site(data))
    if ends is None or ends - now < RENEWED_BEFORE or not _same_names(places.site(data), certificate, names):
        places.lay(places.site(data), authority.issued(certificate, key, names, now))
    places.lay(places.to_install(data), authority.der_of(certificate))
    places.lay(places.style(data), STYLE.encode())
    places.lay(places.page(data), page_for_phones(settings, authority.fingerprint(certificate), names))


def _same_names(site: Path, certificate: bytes, names: tuple[str, ...]) -> bool:
    """Whether what is served comes from this authority, for these names."""
    try:
        pem = site.read_bytes()
    except OSError:
        return False
    return certificate in pem and authority.names_in(pem) == frozenset(names)


def _lay_if_other(data: Path, pem: bytes | None) -> None:
    if pem is not None and pem != places.site(data).read_bytes():
        places.lay(places.site(data), pem)
        log.info("a new certificate", extra={"until": str(checking.ends(places.site(data)))})


def _stamp(settings: Settings) -> tuple[int, ...]:
    """Changes when one of the own files does."""
    if settings.shield.certificate != "own":
        return ()
    found = []
    for name in (settings.shield.certificate_file, settings.shield.certificate_key_file):
        try:
            found.append(os.stat(name).st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)
