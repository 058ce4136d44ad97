"""One opened leaf convinces whoever has the public keys, and nothing else about the log is shown."""

import base64

import pytest
from audit_clinic import AUDIT_KEY, PATIENT_KEY
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit import checkpoint as notes
from seifas.audit.leaf import disclose, disclose_inner
from seifas.audit.proof import build_proof, pack_opening, unpack_opening, verify_proof
from seifas.audit.tiles import TileReader
from seifas.errors import Invalid, Missing, SeifasError, Tampered


@pytest.fixture
def reader(pristine):
    return TileReader(pristine.directory)


@pytest.fixture
def note(pristine):
    return (pristine.directory / "checkpoint").read_bytes()


def keys(reader, index):
    leaf = reader.entry(index)
    return {"outer_key": disclose(AUDIT_KEY, leaf), "inner_key": disclose_inner(PATIENT_KEY, leaf)}


@pytest.mark.parametrize("index", [0, 3, 255, 258, 768, 774])
def test_a_proof_proves(pristine, reader, note, index):
    proof = build_proof(reader, note, index, **keys(reader, index))
    found = verify_proof(proof, pristine.key)
    assert (found.index, found.size, found.root) == (index, 777, reader.root())
    assert (found.outer, found.inner) == (b"line %d" % index, b"reason %d" % index)
    assert found.leaf == pristine.entries[index]
    assert found.witnesses == {}


def test_form_is_that_of_the_specification(reader, note):
    proof = build_proof(reader, note, 3, **keys(reader, 3))
    head, _, rest = proof.partition(b"\n\n")
    lines = head.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[2] == "index 3"
    assert [base64.b64decode(line) for line in lines[3:]] == reader.inclusion_proof(3)
    assert rest == note
    leaf, outer_key, inner_key = unpack_opening(base64.b64decode(lines[1].removeprefix("extra ")))
    assert (leaf, {"outer_key": outer_key, "inner_key": inner_key}) == (reader.entry(3), keys(reader, 3))


def test_only_what_is_disclosed_is_shown(pristine, reader, note):
    both = keys(reader, 3)
    outer = verify_proof(build_proof(reader, note, 3, outer_key=both["outer_key"]), pristine.key)
    assert (outer.outer, outer.inner) == (b"line 3", None)
    inner = verify_proof(build_proof(reader, note, 3, inner_key=both["inner_key"]), pristine.key)
    assert (inner.outer, inner.inner) == (None, b"reason 3")


def test_a_proof_is_not_built_on_sand(pristine, log, note):
    reader = TileReader(log.directory)
    both = keys(reader, 3)
    with pytest.raises(Invalid):
        build_proof(reader, note, 3)
    with pytest.raises(Tampered):
        build_proof(reader, note, 4, outer_key=both["outer_key"])
    with pytest.raises(Missing):
        build_proof(reader, note, 777, **both)
    with pytest.raises(Invalid):
        build_proof(reader, note, 4, outer_key=disclose(AUDIT_KEY, reader.entry(4)), inner_key=both["inner_key"])
    other = pristine.signer.sign(777, bytes(32))
    with pytest.raises(Tampered):
        build_proof(reader, other, 3, **both)
    file = log.directory / "tile/0/000"
    file.chmod(0o644)
    file.write_bytes(bytes(8192))
    with pytest.raises(Tampered):
        build_proof(TileReader(log.directory), note, 3, **both)


def test_every_changed_byte_is_refused(pristine, reader, note):
    proof = build_proof(reader, note, 3, **keys(reader, 3))
    for at in range(len(proof)):
        bad = bytearray(proof)
        bad[at] ^= 1
        with pytest.raises(SeifasError):
            verify_proof(bytes(bad), pristine.key)
    for cut in range(0, len(proof), 3):
        with pytest.raises(SeifasError):
            verify_proof(proof[:cut], pristine.key)
    with pytest.raises(Tampered):
        verify_proof(proof + b"\n", pristine.key)
    with pytest.raises(SeifasError):
        verify_proof(proof + bytes(300_000), pristine.key)


def test_parts_of_two_proofs_do_not_mix(pristine, reader, note):
    one = build_proof(reader, note, 3, **keys(reader, 3)).split(b"\n")
    two = build_proof(reader, note, 6, **keys(reader, 6)).split(b"\n")
    for at in (1, 2, 3):
        mixed = [*one[:at], two[at], *one[at + 1 :]]
        with pytest.raises(Tampered):
            verify_proof(b"\n".join(mixed), pristine.key)
    crossed = pack_opening(reader.entry(3), keys(reader, 6)["outer_key"], None)
    one[1] = b"extra " + base64.b64encode(crossed)
    with pytest.raises(Tampered, match="commits"):
        verify_proof(b"\n".join(one), pristine.key)


def test_witnesses_are_asked_for(pristine, reader, note, witness_signer):
    cosigned = notes.with_signatures(note, [witness_signer.cosign(notes.parse_checkpoint(note), 1_700_000_000)])
    proof = build_proof(reader, cosigned, 3, **keys(reader, 3))
    assert verify_proof(proof, pristine.key).witnesses == {}
    found = verify_proof(proof, pristine.key, [witness_signer.key])
    assert found.witnesses == {"witness.example/nas": 1_700_000_000}
    stranger = notes.WitnessSigner(Ed25519PrivateKey.generate(), "witness.example/other")
    with pytest.raises(Tampered, match="cosignatures"):
        verify_proof(proof, pristine.key, [witness_signer.key, stranger.key])
    assert verify_proof(proof, pristine.key, [witness_signer.key, stranger.key], quorum=1).witnesses
    with pytest.raises(Tampered, match="cosignatures"):
        verify_proof(build_proof(reader, note, 3, **keys(reader, 3)), pristine.key, [witness_signer.key])


@settings(max_examples=of_whole(150), deadline=None)
@given(opening=st.binary(max_size=300))
def test_rubbish_for_an_opening(opening):
    proof = b"c2sp.org/tlog-proof@v1\nextra " + base64.b64encode(b"SP\x01" + opening) + b"\nindex 0\n\nnote"
    with pytest.raises(Tampered):
        verify_proof(proof, notes.VerifierKey("a", 1, bytes(32)))
