"""The front's certificate: the clinic's own authority, own files, and what certbot is asked."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.keeper.flood_telling import ENDING_MS
from seifas.settings import Clinic, Identity, Listen, Settings, Shield
from seifas.shield.certificates import acme, authority, checking, keeping, places

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = ("klinika.lan", "127.0.0.1")


def settings(**shield: str) -> Settings:
    return Settings(
        clinic=Clinic(id="0" * 32, name="Klinika „Žvaigždė“ & <Co>"),
        listen=Listen(public="0.0.0.0:443", staff="127.0.0.1:8443", host="klinika.lan", redirect="0.0.0.0:80"),
        identity=Identity(rp_id="klinika.lan"), shield=Shield(**shield),  # type: ignore[arg-type]
    )


def shaken(pem: bytes, root: bytes, name: str, tmp_path: Path) -> str:
    """A real handshake with OpenSSL, verified against `root` for `name`; the TLS version."""
    file = tmp_path / f"{os.urandom(4).hex()}.pem"
    file.write_bytes(pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cadata=root.decode())
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with ours, pytest.MonkeyPatch.context():
            try:
                serving.wrap_socket(ours, server_side=True).close()
            except (ssl.SSLError, OSError):
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with trusting.wrap_socket(theirs, server_hostname=name) as met:
            return met.version() or ""
    finally:
        theirs.close()
        thread.join(5)


def test_a_browser_takes_what_the_authority_issued_for_each_of_its_names(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    root, key = authority.new_authority("Klinika", NAMES, now)
    pem = authority.issued(root, key, NAMES, now)
    for name in NAMES:
        assert shaken(pem, root, name, tmp_path) == "TLSv1.3"
    leaf = x509.load_pem_x509_certificates(pem)[0]
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    assert leaf.not_valid_after_utc - now <= timedelta(days=authority.LEAF_DAYS)


@pytest.mark.parametrize("name", ["bank.lt", "x.klinika.lan.evil.lt", "10.0.0.1", "2001:db8::1"])
def test_what_a_stolen_authority_signs_for_others_no_browser_takes(name: str, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    root, key = authority.new_authority("Klinika", NAMES, now)
    with pytest.raises(Invalid):
        authority.issued(root, key, (name,), now)
    # The thief asks nobody: he signs by himself.
    signing = serialization.load_pem_private_key(key, None)
    own = ec.generate_private_key(ec.SECP256R1())
    try:
        other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        other = x509.DNSName(name)
    forged = (
        x509.CertificateBuilder().subject_name(x509.Name([]))
        .issuer_name(x509.load_pem_x509_certificate(root).subject).public_key(own.public_key())
        .serial_number(7).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([other]), critical=True)
        .sign(signing, hashes.SHA256())  # type: ignore[arg-type]
    )
    pem = forged.public_bytes(serialization.Encoding.PEM) + root + own.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(pem, root, name, tmp_path)


@given(st.lists(st.sampled_from(["a.lt", "b.lt", "127.0.0.1", "10.1.2.3", "::1"]), min_size=1, unique=True),
       st.sampled_from(["a.lt", "b.lt", "c.lt", "127.0.0.1", "::1", "10.1.2.4"]))
def test_an_authority_covers_its_own_names_only(names: list[str], asked: str) -> None:
    root, _ = authority.new_authority("Klinika", tuple(names), NOW)
    assert authority.covers(root, (asked,)) is (asked in names)


def test_own_files_are_read_before_they_are_served() -> None:
    root, key = authority.new_authority("Klinika", NAMES, NOW)
    pem = authority.issued(root, key, NAMES, NOW)
    cut = pem.index(b"-----BEGIN PRIVATE KEY-----")
    chain, own = pem[:cut], pem[cut:]
    assert checking.joined(chain, own, "klinika.lan", NOW).count(b"BEGIN CERTIFICATE") == 2
    other = authority.issued(root, key, NAMES, NOW)
    for certificate, private, host, when in (
        (chain, other[other.index(b"-----BEGIN PRIVATE"):], "klinika.lan", NOW),
        (chain, own, "other.lan", NOW),
        (chain, own, "10.9.9.9", NOW),
        (chain, own, "klinika.lan", NOW + timedelta(days=91)),
        (chain, own, "klinika.lan", NOW - timedelta(days=1)),
        (b"", own, "klinika.lan", NOW),
        (chain, b"", "klinika.lan", NOW),
        (chain[:200], own, "klinika.lan", NOW),
        (os.urandom(300), os.urandom(300), "klinika.lan", NOW),
        ("Žemė".encode("utf-16"), own, "klinika.lan", NOW),
    ):
        with pytest.raises(Invalid):
            checking.joined(certificate, private, host, when)


def test_the_clinics_own_is_laid_down_kept_and_renewed(tmp_path: Path) -> None:
    for name in ("run/certificates", "certificates"):
        (tmp_path / name).mkdir(parents=True)
    asked = settings(certificate="clinic-ca")
    keeping.prepare(tmp_path, asked)
    first, root = places.site(tmp_path).read_bytes(), (tmp_path / "certificates" / "authority.pem").read_bytes()
    assert (tmp_path / "certificates" / "authority.key").stat().st_mode & 0o077 == 0
    assert authority.names_in(first) == {"klinika.lan", "127.0.0.1"}
    keeping.prepare(tmp_path, asked)
    assert places.site(tmp_path).read_bytes() == first, "it is not made anew while it lasts"
    keeping._of_clinic(tmp_path, asked, datetime.now(UTC) + timedelta(days=70))
    assert places.site(tmp_path).read_bytes() != first
    assert (tmp_path / "certificates" / "authority.pem").read_bytes() == root
    page = places.page(tmp_path).read_text()
    assert authority.fingerprint(root) in page
    assert "<Co>" not in page
    assert "Žvaigždė" in page
    assert 'lang="lt"' in page
    assert 'lang="en"' in page
    assert "<script" not in page
    assert "style=" not in page
    elsewhere = msgspec.structs.replace(asked, listen=msgspec.structs.replace(asked.listen, host="kita.lan"))
    with pytest.raises(Invalid, match="other names"):
        keeping.prepare(tmp_path, elsewhere)
    assert list(places.served(tmp_path).iterdir()) == [places.site(tmp_path)], "the front reads every file in it"


def test_until_the_authority_answers_a_stand_in_is_served(tmp_path: Path) -> None:
    for name in ("run/certificates", "certificates"):
        (tmp_path / name).mkdir(parents=True)
    asked = settings(certificate="acme", mail="it@klinika.lt")
    keeping.prepare(tmp_path, asked)
    assert authority.names_in(places.site(tmp_path).read_bytes()) == {"klinika.lan"}
    ends = checking.ends(places.site(tmp_path))
    assert ends is not None
    assert (ends - datetime.now(UTC)).total_seconds() * 1000 < ENDING_MS, "one that stays rings"
    live = tmp_path / "certificates" / "acme" / "config" / "live" / "seifas"
    live.mkdir(parents=True)
    now = datetime.now(UTC)
    root, key = authority.new_authority("Klinika", NAMES, now)
    pem = authority.issued(root, key, NAMES, now)
    cut = pem.index(b"-----BEGIN PRIVATE KEY-----")
    (live / "fullchain.pem").write_bytes(pem[:cut])
    (live / "privkey.pem").write_bytes(pem[cut:])
    keeping.prepare(tmp_path, asked)
    assert root in places.site(tmp_path).read_bytes()
    without = msgspec.structs.replace(asked, listen=Listen())
    with pytest.raises(Invalid):
        keeping.prepare(tmp_path, without)


def test_certbot_is_asked_without_a_shell_and_answers_on_loopback(tmp_path: Path) -> None:
    words = acme.asked_for(settings(certificate="acme", mail="it@klinika.lt"), tmp_path)
    assert words[words.index("-d") + 1] == "klinika.lan"
    assert words[words.index("--http-01-address") + 1] == "127.0.0.1"
    assert words[words.index("--key-type") + 1] == "ecdsa"
    assert words[words.index("-m") + 1] == "it@klinika.lt"
    assert "--no-directory-hooks" in words
