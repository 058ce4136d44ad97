"""What the listeners answer, asked for real: headers, TLS, the certificate that is shown."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from seifas.checking.asking import TLS_1_0, TLS_1_1, Answer, ask, takes_old_tls
from seifas.checking.model import ACCESS, FLOOD, HIGH, MEDIUM, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.settings import Settings
from seifas.shield.certificates import checking, places

HEADERS: Final = Kind(
    "headers-weak", MEDIUM, "Answers lack headers that hold a page together", ACCESS,
    "They keep a foreign script, a frame or a false page from reading what staff see, and names out of others' logs.",
    "Seifas sends them; a front of yours that takes them away or a site of your own must not.",
)
OLD_TLS: Final = Kind(
    "tls-old", MEDIUM, "A listener still speaks TLS 1.0 or 1.1", STOLEN,
    "They can be broken by whoever stands on the way; no browser of the last years needs them.",
    "Take them away in the front of your own (Seifas's speaks 1.2 and 1.3 only).",
)
ENDING: Final = Kind(
    "certificate-ending", MEDIUM, "The certificate ends within two weeks", FLOOD,
    "On that day nobody reaches the site, without any flood; or people learn to click warnings away.",
    "An authority is asked anew 30 days before, so look at the log of `certificates`; own files: lay the new ones in "
    "their places (docs/running/certificates.md).",
)
WRONG: Final = Kind(
    "certificate-wrong", HIGH, "The certificate that is shown is not for this name", ACCESS,
    "Browsers warn of it, and people who are used to the warning type their password into a thief's page as well.",
    "Until an authority has answered, a stand-in is shown: is port 80 of the name this machine's? Files of your own: "
    "take those that were made for [listen] host (docs/running/certificates.md).",
)
KINDS: Final = (HEADERS, OLD_TLS, ENDING, WRONG)

_PUBLIC: Final = ("/", "/my")
_STAFF: Final = ("/desk", "/auth/sign-in", "/fhir/metadata")
_DAYS: Final = 14
_STAND_IN: Final = "Seifas stand-in"
_LEAST_HSTS_S: Final = 180 * 86_400
_CHALLENGE: Final = "seifas_ask"
_UNSAFE: Final = re.compile(r"unsafe-(inline|eval|hashes)|(^|[\s;])(default|script|style|connect|object)-src[^;]*\*")


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    settings = sight.settings
    if not sight.served:
        yield unseen((HEADERS, OLD_TLS, WRONG), "nothing listens while the vault is not being served")
        yield from _certificate_on_disk(sight)
        return
    faults: list[str] = []
    shown = b""
    for name, listener, paths in (
        ("public", settings.listen.public, _PUBLIC), ("staff", settings.listen.staff, _STAFF),
    ):
        try:
            for path in paths:
                answer = ask(listener, path, settings.listen.host, tls=settings.tls)
                shown = shown or answer.certificate
                faults += [f"{name} {path}: {fault}" for fault in faults_of(answer, tls=settings.tls)]
            if old := _old(listener, settings):
                yield OLD_TLS.seen(f"{name} ({listener}) answered a hello of {old}")
        except (OSError, http.client.HTTPException) as error:
            yield unseen(KINDS, f"the {name} listener ({listener}) does not answer: {type(error).__name__}")
    if faults:
        yield HEADERS.seen("; ".join(faults[:12]))
    if shown:
        yield from _certificate(x509.load_der_x509_certificate(shown), sight)


def faults_of(answer: Answer, *, tls: bool) -> Iterator[str]:
    """What one answer lacks, in words."""
    policy = answer.of("content-security-policy")
    if "default-src" not in policy:
        yield "no Content-Security-Policy with default-src"
    elif _UNSAFE.search(policy):
        yield "a Content-Security-Policy that lets foreign or inline code run"
    if "frame-ancestors" not in policy and not answer.of("x-frame-options"):
        yield "may be framed"
    if answer.of("x-content-type-options").lower() != "nosniff":
        yield "no X-Content-Type-Options: nosniff"
    if answer.of("referrer-policy") not in ("no-referrer", "same-origin", "strict-origin"):
        yield "no Referrer-Policy that keeps addresses to itself"
    age = re.search(r"max-age=(\d+)", answer.of("strict-transport-security"))
    if tls and (age is None or int(age[1]) < _LEAST_HSTS_S):
        yield "no Strict-Transport-Security of half a year"
    if re.search(r"\d", answer.of("server")) or answer.of("x-powered-by"):
        yield "names its program's version"
    for name, value in answer.headers:
        if name == "set-cookie" and not _needed(value, tls=tls) <= _attributes(value):
            yield "a cookie without HttpOnly, SameSite or Secure"


def _needed(cookie: str, *, tls: bool) -> set[str]:
    """A challenge is read by the script that solves it, and opens nothing by itself."""
    challenge = cookie.partition("=")[0].removeprefix("__Host-") == _CHALLENGE
    return {"samesite"} | ({"secure"} if tls else set()) | (set() if challenge else {"httponly"})


def _attributes(cookie: str) -> set[str]:
    return {word.strip().partition("=")[0].lower() for word in cookie.split(";")[1:]}


def _old(listener: str, settings: Settings) -> str:
    if not settings.tls:
        return ""
    spoken = {TLS_1_0: "TLS 1.0", TLS_1_1: "TLS 1.1"}
    return next((name for number, name in spoken.items() if takes_old_tls(listener, settings.listen.host, number)), "")


def _certificate(shown: x509.Certificate, sight: Sight) -> Iterator[Finding]:
    issuer = [str(one.value) for one in shown.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)]
    host = sight.settings.listen.host
    if _STAND_IN in issuer:
        yield WRONG.seen("a stand-in is shown: no authority has given one yet")
    elif host and not checking.is_for(shown, host):
        yield WRONG.seen(f"it is not for [listen] host {host}")
    yield from _ending(shown.not_valid_after_utc, sight)


def _certificate_on_disk(sight: Sight) -> Iterator[Finding | Unseen]:
    if not sight.settings.tls:
        return
    ends = checking.ends(places.site(sight.data))
    if ends is None:
        yield unseen((ENDING,), f"{places.site(sight.data)} is not there or cannot be read")
    else:
        yield from _ending(ends, sight)


def _ending(ends: datetime, sight: Sight) -> Iterator[Finding]:
    left = (ends - datetime.fromtimestamp(sight.now_ms / 1000, UTC)).days
    if left < _DAYS:
        yield ENDING.seen(f"it ends on {ends:%Y-%m-%d}")

