"""What a certificate is good for: read before it is laid down for the front, so that a wrong one never replaces a right
one."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from seifas.errors import Invalid


def joined(certificate: bytes, key: bytes, host: str, now: datetime) -> bytes:
    """Certificate, those above it, and its key as one PEM. Raises Invalid for what a browser would refuse: a key of
    another certificate, a name that is not `host`, a time that is over or has not begun."""
    try:
        chain = x509.load_pem_x509_certificates(certificate)
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Invalid(
            "the certificate's file and its key's are to be PEM, the key without a passphrase", where="certificate"
        ) from error
    first = chain[0]
    if _public(first.public_key()) != _public(private.public_key()):
        raise Invalid("this key is not the certificate's", where="shield.certificate_key_file")
    if first.not_valid_after_utc <= now:
        raise Invalid(f"the certificate ended on {first.not_valid_after_utc:%Y-%m-%d}", where="certificate")
    if first.not_valid_before_utc > now + timedelta(hours=1):
        raise Invalid(f"the certificate begins on {first.not_valid_before_utc:%Y-%m-%d}", where="certificate")
    if host and not is_for(first, host):
        raise Invalid(f"the certificate is not for {host}", where="listen.host")
    plain = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain) + plain


def ends(pem: Path) -> datetime | None:
    """When the first certificate of a file ends; None where there is no file with one."""
    try:
        return x509.load_pem_x509_certificates(pem.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError):
        return None


def _public(key: object) -> bytes:
    found: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return found


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether a browser takes it for this name or address."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    try:
        return ipaddress.ip_address(host) in found.get_values_for_type(x509.IPAddress)
    except ValueError:
        names = [name.lower() for name in found.get_values_for_type(x509.DNSName)]
    # A star stands for one label, the first (RFC 6125, 6.4.3).
    return host in names or f"*.{host.partition('.')[2]}" in names
