"""Time stamps (RFC 3161): what is sent to an authority, and whether its answer stamps what was asked.

Only a hash leaves. The answer is judged without the network; whose certificates count is the clinic's setting.
"""

from __future__ import annotations

import hashlib
from typing import Final

import rfc3161_client
from cryptography import x509
from rfc3161_client import HashAlgorithm, PKIStatus, TimestampRequestBuilder, VerificationError, VerifierBuilder

from seifas.errors import Invalid, Tampered

MOST_ANSWER: Final = 64 * 1024
_HASHES: Final = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.3": "sha512"}
"""By object identifier (NIST CSOR)."""


def query(data: bytes) -> bytes:
    """A request (DER) for a stamp over the SHA-256 of `data`, with a nonce, asking for the authority's certificate."""
    asked = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
    return asked.cert_request(cert_request=True).build().as_bytes()


def stamped(answer: bytes, data: bytes, roots: bytes = b"") -> int:
    """When the authority saw `data`: ms since 1970. `roots`: PEM certificates that are believed; without any, only that
    the answer is granted and over this data is checked. Raises Invalid, Tampered."""
    if not 0 < len(answer) <= MOST_ANSWER:
        raise Invalid("the time stamp authority sent no answer of a time stamp's size", where="stamp")
    try:
        response = rfc3161_client.decode_timestamp_response(answer)
    except ValueError:
        raise Invalid("the time stamp authority sent no time stamp", where="stamp") from None
    if PKIStatus(response.status) is not PKIStatus.GRANTED:
        raise Invalid("the time stamp authority refused", where="stamp")
    imprint = response.tst_info.message_imprint
    if imprint.message != _digest(imprint.hash_algorithm.dotted_string, data):
        raise Tampered("the time stamp is over something else", where="stamp")
    if roots:
        _check_chain(response, data, roots)
    return int(response.tst_info.gen_time.timestamp() * 1000)


def _digest(algorithm: str, data: bytes) -> bytes:
    name = _HASHES.get(algorithm)
    if name is None:
        raise Invalid("the time stamp uses another hash than was asked for", where="stamp")
    return hashlib.new(name, data).digest()


def _check_chain(response: rfc3161_client.TimeStampResponse, data: bytes, roots: bytes) -> None:
    try:
        certificates = x509.load_pem_x509_certificates(roots)
    except ValueError:
        raise Invalid("the certificates of the time stamp authority cannot be read", where="stamp") from None
    verifier = VerifierBuilder()
    for one in certificates:
        verifier = verifier.add_root_certificate(one)
    try:
        verifier.build().verify_message(response, data)
    except VerificationError:
        raise Tampered("the time stamp is not of the authority that the settings name", where="stamp") from None
