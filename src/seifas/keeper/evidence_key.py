"""The clinic's evidence certificate: made once, self-signed, its key sealed in the state and used here alone.

Protocols of evidence and statements are signed with it. Whoever checks them gets the certificate's fingerprint from the
clinic by another way than the document. ECDSA on P-256 with SHA-256: what every PDF reader and openssl verify.
"""

from __future__ import annotations

import datetime
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from seifas.errors import Invalid

DIGEST: Final = 32
_YEARS: Final = 10
_MOST_NAME: Final = 64
"""X.520, ub-organization-name."""


class EvidenceKey(msgspec.Struct, frozen=True, array_like=True):
    """`private` is PKCS #8, `certificate` X.509, both DER."""

    id: bytes
    private: bytes
    certificate: bytes
    made_ms: int

    def __repr__(self) -> str:
        return "EvidenceKey(...)"


ROW: Final = b"evidence key"
"""There is one."""


def make(clinic: str, now_ms: int) -> EvidenceKey:
    """A new key and its certificate, good for ten years from a day before `now_ms`."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.fromtimestamp(now_ms // 1000, datetime.UTC)
    name = x509.Name([
        x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, clinic[:_MOST_NAME].strip() or "Seifas"),
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "Seifas evidence"),
    ])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=_YEARS * 365))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return EvidenceKey(ROW, private, certificate.public_bytes(serialization.Encoding.DER), now_ms)


def sign(key: EvidenceKey, digest: bytes) -> bytes:
    """An ECDSA signature (DER) over a SHA-256 digest. Raises Invalid for anything of another length."""
    if len(digest) != DIGEST:
        raise Invalid("what is signed is a SHA-256 digest of 32 bytes", where="digest")
    private = serialization.load_der_private_key(key.private, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return private.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
