"""The tree against a naive recursive reading of RFC 6962, and against transparency-dev/merkle's vectors."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit import tree
from seifas.errors import Invalid, Tampered

VECTORS = Path(__file__).parents[1] / "vectors" / "audit"


def sha(data):
    return hashlib.sha256(data).digest()


def mth(entries):
    """RFC 6962 2.1, word for word."""
    n = len(entries)
    if n == 0:
        return sha(b"")
    if n == 1:
        return sha(b"\0" + entries[0])
    k = 1
    while k * 2 < n:
        k *= 2
    return sha(b"\1" + mth(entries[:k]) + mth(entries[k:]))


def path(m, entries):
    """RFC 6962 2.1.1."""
    n = len(entries)
    if n == 1:
        return []
    k = 1
    while k * 2 < n:
        k *= 2
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def subproof(m, entries, whole):
    """RFC 6962 2.1.2."""
    n = len(entries)
    if m == n:
        return [] if whole else [mth(entries)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*subproof(m, entries[:k], whole), mth(entries[k:])]
    return [*subproof(m - k, entries[k:], False), mth(entries[:k])]


def reader(entries):
    def read(level, index):
        part = entries[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "only complete nodes may be asked for"
        return mth(part)

    return read


ENTRIES = [b"entry %d" % i for i in range(300)]
sizes = st.integers(1, 200)


@settings(max_examples=of_whole(60), deadline=None)
@given(size=st.integers(0, 300), at=st.integers(0, 300))
def test_frontier_is_the_naive_tree(size, at):
    at = min(at, size)
    frontier = tree.Frontier()
    frontier.extend(tree.leaf_hash(e) for e in ENTRIES[:at])
    assert frontier.root() == mth(ENTRIES[:at])
    restored = tree.Frontier.from_bytes(frontier.to_bytes())
    branch = restored.copy()
    branch.append(bytes(32))
    restored.extend(tree.leaf_hash(e) for e in ENTRIES[at:size])
    assert (restored.size, restored.root()) == (size, mth(ENTRIES[:size]))
    assert tree.Frontier.of(size, reader(ENTRIES)).to_bytes() == restored.to_bytes()
    assert frontier.root() == mth(ENTRIES[:at]), "copies do not share"
    assert tree.root_of([tree.leaf_hash(e) for e in ENTRIES[:size]]) == mth(ENTRIES[:size])


@settings(max_examples=of_whole(60), deadline=None)
@given(size=sizes, data=st.data())
def test_inclusion_proofs(size, data):
    index = data.draw(st.integers(0, size - 1))
    entries = ENTRIES[:size]
    proof = tree.inclusion_proof(index, size, reader(entries))
    assert proof == path(index, entries)
    leaf, root = tree.leaf_hash(entries[index]), mth(entries)
    tree.verify_inclusion(index, size, leaf, proof, root)
    spoilt = [
        (index, size, tree.leaf_hash(b"other"), proof, root),
        (index, size, leaf, proof, tree.leaf_hash(b"other")),
        (index, size, leaf, [*proof, bytes(32)], root),
        (size, size, leaf, proof, root),
        (-1, size, leaf, proof, root),
        (index, size, leaf[:31], proof, root),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        spoilt += [
            (index, size, leaf, [*proof[:at], proof[at][:31] + bytes([proof[at][31] ^ 1]), *proof[at + 1 :]], root),
            (index, size, leaf, proof[:-1], root),
            (index, size, leaf, proof[1:], root),
            (index ^ 1, size, leaf, proof, root),
        ]
    for arguments in spoilt:
        with pytest.raises(Tampered):
            tree.verify_inclusion(*arguments)


@settings(max_examples=of_whole(60), deadline=None)
@given(size2=sizes, data=st.data())
def test_consistency_proofs(size2, data):
    size1 = data.draw(st.integers(1, size2))
    entries = ENTRIES[:size2]
    proof = tree.consistency_proof(size1, size2, reader(entries))
    assert proof == (subproof(size1, entries, True) if size1 < size2 else [])
    root1, root2 = mth(entries[:size1]), mth(entries)
    tree.verify_consistency(size1, size2, root1, root2, proof)
    fork = mth([b"forged", *entries[1:size1]])
    spoilt = [
        (size1, size2, fork, root2, proof),
        (size1, size2, root1, fork, proof),
        (size1, size2, root1, root2, [*proof, bytes(32)]),
        (size2 + 1, size2, root1, root2, proof),
        (0, size2, root1, root2, proof),
    ]
    if size1 < size2:
        at = data.draw(st.integers(0, len(proof) - 1))
        spoilt += [
            (size1, size2, root1, root2, [*proof[:at], bytes(32), *proof[at + 1 :]]),
            (size1, size2, root1, root2, proof[:-1]),
            (size1, size2, root1, root2, []),
            (size2, size1, root2, root1, proof),
        ]
    for arguments in spoilt:
        with pytest.raises(Tampered):
            tree.verify_consistency(*arguments)


def test_empty_trees():
    assert tree.Frontier().root() == tree.EMPTY_ROOT == sha(b"")
    assert tree.consistency_proof(0, 5, reader(ENTRIES[:5])) == []
    assert tree.consistency_proof(0, 0, reader([])) == []
    for size in (0, 5):
        with pytest.raises(Tampered):
            tree.verify_consistency(0, size, tree.EMPTY_ROOT, tree.EMPTY_ROOT, [])


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(40), (1).to_bytes(8, "big"), (3).to_bytes(8, "big") + bytes(32),
                                  (1).to_bytes(8, "big") + bytes(33), b"\xff" * 8 + bytes(32 * 64)])
def test_a_damaged_frontier_is_refused(data):
    with pytest.raises(Invalid):
        tree.Frontier.from_bytes(data)


def test_impossible_proofs_are_refused():
    for index, size in ((0, 0), (5, 5), (-1, 5), (1, 2**64)):
        with pytest.raises(Invalid):
            tree.inclusion_proof(index, size, reader(ENTRIES[:5]))
    for one, two in ((6, 5), (-1, 5), (1, 2**64)):
        with pytest.raises(Invalid):
            tree.consistency_proof(one, two, reader(ENTRIES[:5]))


def cases(kind):
    found = json.loads((VECTORS / f"merkle-{kind}.json").read_text())
    assert len(found) >= 20
    return [pytest.param(case, id=name) for name, case in found.items()]


def decode(text):
    return base64.b64decode(text or "")


@pytest.mark.parametrize("case", cases("inclusion"))
def test_transparency_dev_inclusion(case):
    arguments = (case["leafIdx"], case["treeSize"], decode(case["leafHash"]),
                 [decode(p) for p in case["proof"] or []], decode(case["root"]))
    if case["wantErr"]:
        with pytest.raises(Tampered):
            tree.verify_inclusion(*arguments)
    else:
        tree.verify_inclusion(*arguments)


@pytest.mark.parametrize("case", cases("consistency"))
def test_transparency_dev_consistency(case):
    arguments = (case["size1"], case["size2"], decode(case["root1"]), decode(case["root2"]),
                 [decode(p) for p in case["proof"] or []])
    if case["wantErr"]:
        with pytest.raises(Tampered):
            tree.verify_consistency(*arguments)
    else:
        tree.verify_consistency(*arguments)
