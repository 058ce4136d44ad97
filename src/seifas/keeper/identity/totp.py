"""One-time codes (RFC 6238: SHA-1, 6 digits, 30 s), the second half of a password. Each time step is good once.

Enrolling takes two steps, so that nobody is locked out by a code that was never scanned: the secret is shown, and kept
only when the first code from the person's device comes back.
"""

from __future__ import annotations

import hmac
import io

import msgspec
import pyotp
import segno

from seifas.errors import Invalid

STEP_MS = 30_000
_DRIFT = 1


class Enrolment(msgspec.Struct, frozen=True):
    """A secret on offer: base32 of 160 bits, its otpauth URI, and the URI as a QR picture (SVG, for serving inline).

    Held by the caller in memory, for one session, until `confirm`; all three are as secret as the secret.
    """

    secret: str
    uri: str
    svg: str


def enrol(name: str, issuer: str) -> Enrolment:
    """Offer a new secret. `name` and `issuer` are what the person's app will show."""
    secret = pyotp.random_base32(32)
    uri = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)
    picture = io.BytesIO()
    segno.make(uri, error="m").save(picture, kind="svg", scale=4, xmldecl=False, svgns=True)
    return Enrolment(secret=secret, uri=uri, svg=picture.getvalue().decode())


def confirm(enrolment: Enrolment, code: str, now_ms: int) -> int:
    """The step of the first code, to be stored with the secret (`accounts.set_totp`). Raises Invalid."""
    step = verify(enrolment.secret, code, 0, now_ms)
    if step is None:
        raise Invalid("This code does not match. Check the clock of your device and try the next one.", where="code")
    return step


def verify(secret: str, code: str, last_step: int, now_ms: int) -> int | None:
    """The step this code belongs to, or None. One step of clock drift either way; only steps after `last_step`.

    The caller stores the step returned as the new `last_step` before it answers: that is what makes a code that was
    read over a shoulder worthless, and every earlier one with it.
    """
    code = "".join(code[:16].split())
    if not secret or len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    now_step = now_ms // STEP_MS
    found = None
    for step in range(max(0, now_step - _DRIFT), now_step + _DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step), code) and step > last_step and found is None:
            found = step
    return found
