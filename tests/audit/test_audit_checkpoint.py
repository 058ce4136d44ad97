"""Notes, keys and cosignatures to the letter of C2SP; anything else refused."""

import base64
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit import checkpoint as notes
from seifas.audit.checkpoint import LogSigner, WitnessSigner, parse_checkpoint, verify_checkpoint
from seifas.errors import Invalid, Tampered

ROOT = bytes(range(32))


def test_the_key_of_the_specification():
    """c2sp.org/signed-note, Example."""
    key = notes.parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert (key.name, key.kind, key.key_id.hex()) == ("example.com/foo", 1, "530d903a")
    assert str(key) == "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    line = notes.parse_signature("— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjO"
                                 "BH3mFXmRKuwHjG1Yu72IneyaQM=")
    assert line.key_id == key.key_id
    Ed25519PublicKey.from_public_bytes(key.public).verify(line.body, b"This is an example message.\n")


def test_the_checkpoint_of_the_specification():
    """c2sp.org/tlog-cosignature, the example at its beginning (its keys are not published)."""
    note = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()  # noqa: E501
    found = parse_checkpoint(note)
    assert (found.origin, found.size, found.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert int.from_bytes(found.signatures[1].body[:8], "big") == 1679315147
    assert found.text + b"\n" + b"".join(s.line() for s in found.signatures) == note


def test_sign_and_verify(signer):
    note = signer.sign(777, ROOT)
    found = verify_checkpoint(note, signer.key)
    assert (found.origin, found.size, found.root) == (signer.key.name, 777, ROOT)
    assert note.decode().split("\n")[:4] == [signer.key.name, "777", base64.b64encode(ROOT).decode(), ""]
    assert verify_checkpoint(note, notes.parse_verifier_key(str(signer.key))) == found
    assert signer.key.name == "seifas.invalid/audit/000102030405060708090a0b0c0d0e0f"


def test_every_changed_byte_is_refused(signer):
    note = signer.sign(777, ROOT)
    for at in range(len(note)):
        for bit in (1, 128):
            bad = bytearray(note)
            bad[at] ^= bit
            with pytest.raises(Tampered):
                verify_checkpoint(bytes(bad), signer.key)
    for cut in range(len(note)):
        with pytest.raises(Tampered):
            verify_checkpoint(note[:cut], signer.key)


def test_other_keys_names_and_origins_are_refused(signer):
    stranger = LogSigner(Ed25519PrivateKey.generate(), signer.key.name)
    other = LogSigner(Ed25519PrivateKey.generate(), "other.example/log")
    note = signer.sign(1, ROOT)
    for bad, key, origin in (
        (stranger.sign(1, ROOT), signer.key, None),
        (other.sign(1, ROOT), signer.key, None),
        (note, other.key, None),
        (note, other.key, signer.key.name),
        (note, signer.key, "other.example/log"),
    ):
        with pytest.raises(Tampered):
            verify_checkpoint(bad, key, origin=origin)
    # Lines of unknown keys change nothing; a false line of the known key condemns the note.
    extra = notes.parse_checkpoint(stranger.sign(1, ROOT)).signatures
    assert verify_checkpoint(notes.with_signatures(note, extra), signer.key).size == 1
    false = notes.Signature(signer.key.name, signer.key.key_id, bytes(64))
    with pytest.raises(Tampered, match="false signature"):
        verify_checkpoint(note + false.line(), signer.key)


@pytest.mark.parametrize("note", [
    b"", b"\n", b"\n\n", b"o\n1\n\n", b"o\n01\n%R\n\n%S", b"o\n-1\n%R\n\n%S", b"o\n+1\n%R\n\n%S", b"\n1\n%R\n\n%S",
    b"o\n1\nAAAA\n\n%S", b"o\n1\n%R\n\n", b"o\n1\n%R\n%S", b"o\n1\n%R\n\nhello\n", b"o\n1\n%R\n\n\xe2\x80\x94 a b\n",
    b"o\n1\n%R\n\n\xe2\x80\x94 a AAAA\n", b"o\n9223372036854775808\n%R\n\n%S", b"o\n1_0\n%R\n\n%S", b"o\r\n1\n%R\n\n%S",
    b"o\n1\n%R\n\next\n\n%S", b"\xff\n1\n%R\n\n%S", b"o\n1\n%R\n\n" + b"%S" * 65, b"o\x00\n1\n%R\n\n%S",
    "o\n١\n%R\n\n%S".encode(), b"o\n1\n%R\n\n%S " * 2, b"o\n1\n%R\n\n" + b"x" * 70_000,
])
def test_malformed_notes_are_refused(note):
    line = notes.Signature("a", b"1234", bytes(64)).line()
    note = note.replace(b"%R", base64.b64encode(ROOT)).replace(b"%S", line)
    with pytest.raises(Tampered):
        parse_checkpoint(note)


@settings(max_examples=of_whole(200), deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_rubbish_is_refused_without_other_errors(data):
    with pytest.raises(Tampered):
        parse_checkpoint(data)


def test_extension_lines_are_signed_over_and_kept(signer):
    note = signer.sign(5, ROOT, ["state abc", "second"])
    assert note.split(b"\n\n")[0] == signer.sign(5, ROOT).split(b"\n\n")[0] + b"\nstate abc\nsecond"
    assert verify_checkpoint(note, signer.key).extensions == ("state abc", "second")
    with pytest.raises(Tampered):
        verify_checkpoint(note.replace(b"abc", b"abd"), signer.key)
    for bad in ("", "a\n", "a\nb", "a\rb", "\x00"):
        with pytest.raises(Invalid):
            signer.sign(5, ROOT, [bad])


@pytest.mark.parametrize("text", [
    "", "a", "a+b+c", "a+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
    "a b+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
])
def test_malformed_keys_are_refused(text):
    with pytest.raises(Invalid):
        notes.parse_verifier_key(text)


def test_a_key_of_the_wrong_type_is_refused(signer, witness_signer):
    with pytest.raises(Invalid):
        notes.parse_verifier_key(str(signer.key), kind=notes.COSIGN)
    with pytest.raises(Invalid):
        notes.parse_verifier_key(str(witness_signer.key), kind=notes.SIGN)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "x" * 300])
def test_names_that_cannot_be_signed_under(name):
    with pytest.raises(Invalid):
        LogSigner(Ed25519PrivateKey.generate(), name)


def test_cosignatures(signer, witness_signer):
    note = signer.sign(777, ROOT)
    line = witness_signer.cosign(parse_checkpoint(note), 1_700_000_000)
    both = notes.with_signatures(note, [line])
    found = verify_checkpoint(both, signer.key)
    assert notes.cosignature_times(found, [witness_signer.key]) == {"witness.example/nas": 1_700_000_000}
    Ed25519PublicKey.from_public_bytes(witness_signer.key.public).verify(
        line.body[8:], b"cosignature/v1\ntime 1700000000\n" + note.split(b"\n\n")[0] + b"\n")
    stranger = WitnessSigner(Ed25519PrivateKey.generate(), "witness.example/nas")
    assert notes.cosignature_times(found, [stranger.key]) == {}
    later = witness_signer.cosign(found, 1_700_000_001)
    assert notes.with_signatures(both, [later]).count("—".encode()) == 2
    # The time is signed: an old cosignature cannot be made to look fresh, nor moved to another checkpoint.
    fresh = notes.Signature(line.name, line.key_id, (1_800_000_000).to_bytes(8, "big") + line.body[8:])
    other = signer.sign(778, ROOT)
    for bad in (notes.with_signatures(note, [fresh]), notes.with_signatures(other, [line]),
                notes.with_signatures(note, [notes.Signature(line.name, line.key_id, line.body[:-1])])):
        with pytest.raises(Tampered):
            notes.cosignature_times(verify_checkpoint(bad, signer.key), [witness_signer.key])
    with pytest.raises(Invalid):
        witness_signer.cosign(found, 0)


def test_impossible_checkpoints_are_not_signed(signer):
    for size, root in ((-1, ROOT), (2**63, ROOT), (1, b"short")):
        with pytest.raises(Invalid):
            signer.sign(size, root)
    with pytest.raises(Invalid):
        notes.log_origin(b"short")


def test_signing_is_cheap(signer):
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        for _ in range(100):
            signer.sign(1_000_000, ROOT)
        best = min(best, (time.process_time() - start) / 100)
    assert best < 250e-6
