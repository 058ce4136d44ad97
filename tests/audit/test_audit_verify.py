"""Whatever happens to a stored file, verification names it."""

import shutil

import pytest
from audit_clinic import Log, line
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from seifas.audit.checkpoint import LogSigner
from seifas.audit.publishing import TileWriter
from seifas.audit.tiles import parse_path, width_at
from seifas.audit.tree import EMPTY_ROOT
from seifas.audit.verify import verify_log, verify_since
from seifas.errors import Tampered


def all_files(directory):
    return sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())


def named(report):
    return {problem.split(": ")[0] for problem in report.problems}


def write(log, path, data):
    file = log.directory / path
    file.chmod(0o644)
    file.write_bytes(data)


def needed(path):
    """Older partial tiles may be gone without harm."""
    found = parse_path(path)
    return found is None or found[2] == width_at(777, found[0], found[1])


def test_a_sound_log(pristine):
    seen = []
    report = verify_log(pristine.directory, pristine.key, progress=lambda *step: seen.append(step))
    assert (report.size, report.ok, report.problems, report.beyond) == (777, True, (), 0)
    assert report.root == TileWriter(pristine.directory, 777).root().hex()
    assert seen[-1] == (777, 777)


@pytest.mark.parametrize("deed", ["flip first", "flip middle", "flip last", "cut", "empty", "grow", "gone", "zero"])
def test_every_file_spoilt_in_every_way_is_named(pristine, log, deed):
    paths = all_files(log.directory)
    assert len(paths) >= 14
    for path in paths:
        data = (log.directory / path).read_bytes()
        at = {"flip first": 0, "flip middle": len(data) // 2, "flip last": len(data) - 1}.get(deed, 0)
        if deed == "gone":
            (log.directory / path).unlink()
        else:
            write(log, path, {"cut": data[:-1], "empty": b"", "grow": data + data[:32], "zero": bytes(len(data))}.get(
                deed, data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]))
        report = verify_log(log.directory, log.key)
        if deed == "gone" and not needed(path):
            assert report.ok
        else:
            assert not report.ok, path
            assert named(report) == {path}
        (log.directory / path).unlink(missing_ok=True)
        shutil.copyfile(pristine.directory / path, log.directory / path)
    assert verify_log(log.directory, log.key).ok


def test_any_two_files_swapped_are_both_named(log):
    paths = [path for path in all_files(log.directory) if needed(path)]
    data = {path: (log.directory / path).read_bytes() for path in paths}
    swaps = 0
    for i, one in enumerate(paths):
        for two in paths[i + 1 :]:
            write(log, one, data[two])
            write(log, two, data[one])
            report = verify_log(log.directory, log.key)
            assert not report.ok
            # With the checkpoint itself swapped there is no size to look for.
            assert named(report) >= ({one, two} - {"checkpoint"} if "checkpoint" not in (one, two) else {"checkpoint"})
            write(log, one, data[one])
            write(log, two, data[two])
            swaps += 1
    assert swaps >= 36


def test_a_changed_entry_is_named_by_its_number(log):
    path = "tile/entries/001"
    data = bytearray((log.directory / path).read_bytes())
    data[len(data) // 2] ^= 1
    write(log, path, bytes(data))
    (problem,) = verify_log(log.directory, log.key).problems
    number = int(problem.rsplit(" ", 1)[1])
    assert problem == f"tile/entries/001: not what was logged: entry {number}"
    assert 256 <= number < 512


def test_a_bundle_and_its_tile_forged_together_are_both_named(log, tmp_path):
    other = Log(tmp_path / "other", log.signer, [])
    other.grow(777, line=lambda i: line(i) if i != 300 else b"forged")
    for path in ("tile/entries/001", "tile/0/001"):
        write(log, path, (other.directory / path).read_bytes())
    assert named(verify_log(log.directory, log.key)) == {"tile/entries/001", "tile/0/001"}


def test_damage_in_many_places_is_all_named(log):
    paths = ("tile/entries/000", "tile/0/001", "tile/0/003.p/9", "tile/entries/002")
    for path in paths:
        data = (log.directory / path).read_bytes()
        write(log, path, data[:-1] + bytes([data[-1] ^ 1]))
    assert named(verify_log(log.directory, log.key)) == set(paths)


def test_another_whole_log_under_the_signed_checkpoint(log, tmp_path):
    other = Log(tmp_path / "other", log.signer, [])
    other.grow(777)
    shutil.copyfile(log.directory / "checkpoint", tmp_path / "kept")
    (other.directory / "checkpoint").unlink()
    shutil.copyfile(tmp_path / "kept", other.directory / "checkpoint")
    report = verify_log(other.directory, log.key)
    assert not report.ok
    assert "checkpoint" in named(report)


def test_a_wrong_key_is_reported(log, signer):
    stranger = LogSigner(Ed25519PrivateKey.generate(), signer.key.name)
    report = verify_log(log.directory, stranger.key)
    assert not report.ok
    assert named(report) == {"checkpoint"}


def test_a_checkpoint_of_absurd_size_ends_at_once(log):
    write(log, "checkpoint", log.signer.sign(2**62, bytes(32)))
    report = verify_log(log.directory, log.key)
    assert not report.ok
    assert len(report.problems) == 1


def test_lost_last_entries_are_named(log):
    for path in ("tile/entries/003.p/9", "tile/0/003.p/9"):
        (log.directory / path).unlink()
    assert named(verify_log(log.directory, log.key)) == {"tile/entries/003.p/9", "tile/0/003.p/9"}


def test_strange_names_are_named(log):
    for path in ("tile/0/x000/001", "tile/readme.txt"):
        (log.directory / path).parent.mkdir(exist_ok=True)
        (log.directory / path).write_bytes(b"x")
    assert named(verify_log(log.directory, log.key)) == {"tile/0/x000/001", "tile/readme.txt"}


def test_an_unfinished_publication_is_counted_and_no_damage(log):
    log.grow(40, checkpoint=False)
    report = verify_log(log.directory, log.key)
    assert (report.ok, report.size, report.beyond) == (True, 777, 40)
    log.grow(300, checkpoint=False)
    report = verify_log(log.directory, log.key)
    assert (report.ok, report.size, report.beyond) == (True, 777, 340)


def test_empty_and_missing_logs(tmp_path, signer):
    log = Log(tmp_path / "empty", signer, [])
    assert named(verify_log(log.directory, log.key)) == {"checkpoint"}
    log.grow(0)
    report = verify_log(log.directory, log.key)
    assert (report.ok, report.size, report.root) == (True, 0, EMPTY_ROOT.hex())
    (log.directory / "checkpoint").unlink()
    TileWriter(log.directory).write_checkpoint(signer.sign(0, bytes(32)))
    assert not verify_log(log.directory, log.key).ok


def test_a_log_of_three_levels(tmp_path, signer):
    log = Log(tmp_path / "large", signer, [])
    log.grow(66_000, line=lambda i: b"entry %d" % i)
    assert verify_log(log.directory, log.key).ok
    for path in ("tile/1/000", "tile/2/000.p/1", "tile/entries/200", "tile/0/100"):
        data = (log.directory / path).read_bytes()
        write(log, path, data[:-1] + bytes([data[-1] ^ 1]))
        assert named(verify_log(log.directory, log.key)) == {path}
        write(log, path, data)


def test_since_an_earlier_checkpoint(log):
    before = (log.directory / "checkpoint").read_bytes()
    assert verify_since(log.directory, log.key, before).ok
    log.grow(350)
    report = verify_since(log.directory, log.key, before)
    assert (report.ok, report.size) == (True, 1127)
    path = "tile/entries/004"
    data = (log.directory / f"{path}.p/103").read_bytes()
    write(log, f"{path}.p/103", data[:-1] + bytes([data[-1] ^ 1]))
    assert named(verify_since(log.directory, log.key, before)) == {"checkpoint", f"{path}.p/103"}


def test_since_names_fork_and_rollback(log, tmp_path):
    early = (log.directory / "checkpoint").read_bytes()
    log.grow(10)
    late = (log.directory / "checkpoint").read_bytes()
    write(log, "checkpoint", early)
    (problem,) = verify_since(log.directory, log.key, late).problems
    assert "rolled back" in problem
    fork = Log(tmp_path / "fork", log.signer, [])
    fork.grow(900)
    assert verify_log(fork.directory, log.key).ok, "a fork is sound in itself"
    (problem,) = verify_since(fork.directory, log.key, late).problems
    assert "forked" in problem
    with pytest.raises(Tampered):
        verify_since(log.directory, log.key, late.replace(b"787", b"788"))
