"""The clinic's own certificate authority: for a vault that no name in the DNS leads to, and phones that trust it once.

ECDSA over P-256 (a handshake costs a third of what RSA costs, docs/running/certificates.md). The authority may sign
for this clinic's name and addresses only (RFC 5280, 4.2.1.10), so that who steals its key cannot make certificates for
a bank: a phone that trusts it trusts it for nothing else.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from seifas.errors import Invalid

AUTHORITY_YEARS: Final = 10
LEAF_DAYS: Final = 90
STAND_IN_DAYS: Final = 7
"""Short, so that it rings where no authority has given another one (keeper/flood_telling.py)."""

_SKEW: Final = timedelta(hours=1)  # phones' clocks go wrong a little


def new_authority(clinic: str, names: tuple[str, ...], now: datetime) -> tuple[bytes, bytes]:
    """A new authority for `names` (host names and addresses): its certificate and its key, both PEM. Raises Invalid."""
    hosts, addresses = _apart(names)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Seifas {clinic}"[:64])])
    permitted: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    permitted += [x509.IPAddress(ipaddress.ip_network(address)) for address in addresses]
    # A kind of name without a permitted subtree would not be constrained at all.
    excluded: list[x509.GeneralName] = [] if hosts else [x509.DNSName("")]
    for everything in (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")):
        if not any(address.version == everything.version for address in addresses):
            excluded.append(x509.IPAddress(everything))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.NameConstraints(permitted or None, excluded or None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM), _pem_of(key)


def issued(
    authority: bytes, authority_key: bytes, names: tuple[str, ...], now: datetime, days: int = LEAF_DAYS
) -> bytes:
    """A new key and its certificate for `names`, one PEM as HAProxy takes it. Raises Invalid where the authority may
    not sign for one of them."""
    hosts, addresses = _apart(names)
    above = x509.load_pem_x509_certificate(authority)
    signing = serialization.load_pem_private_key(authority_key, None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise Invalid("this is not the authority's key", where="certificate")
    if not covers(authority, names):
        raise Invalid("the clinic's authority was made for other names: remove DATA/certificates/authority.pem and "
                      "let every phone trust the new one", where="listen.host")
    key = ec.generate_private_key(ec.SECP256R1())
    others: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
    others += [x509.IPAddress(address.network_address) for address in addresses]
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(above.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)  # type: ignore[arg-type]
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM) + authority + _pem_of(key)


def covers(authority: bytes, names: tuple[str, ...]) -> bool:
    """Whether this authority was made for all of these names."""
    hosts, addresses = _apart(names)
    allowed = x509.load_pem_x509_certificate(authority).extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = allowed.permitted_subtrees or []
    known = {one.value for one in permitted}
    return all(host in known for host in hosts) and all(address in known for address in addresses)


def stand_in(names: tuple[str, ...], now: datetime) -> bytes:
    """A certificate that nobody trusts, for the minutes until the real one is there: without any HAProxy would not
    start, and an authority asks this very front whether the name is ours. One PEM."""
    certificate, key = new_authority("stand-in", names, now)
    return issued(certificate, key, names, now, STAND_IN_DAYS)


def names_in(pem: bytes) -> frozenset[str]:
    """The names that the first certificate of a PEM is for."""
    found = x509.load_pem_x509_certificates(pem)[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    addresses = found.value.get_values_for_type(x509.IPAddress)
    return frozenset([*found.value.get_values_for_type(x509.DNSName), *map(str, addresses)])


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a PEM certificate, as phones show it: pairs of capital hex digits."""
    digest = x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256())
    return digest.hex(" ").upper()


def der_of(certificate: bytes) -> bytes:
    """A PEM certificate in the form that phones install."""
    return x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)


def _apart(
    names: tuple[str, ...],
) -> tuple[tuple[str, ...], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    hosts, addresses = [], []
    for name in names:
        try:
            addresses.append(ipaddress.ip_network(name))
        except ValueError:
            hosts.append(name)
    if not names:
        raise Invalid("a certificate needs a name: set [listen] host", where="listen.host")
    return tuple(hosts), tuple(addresses)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=signs, crl_sign=signs, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
