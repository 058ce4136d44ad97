"""Ways to a case's evidence that are none: without two people's yes, with another's, twice, another's, too late."""

import asyncio
import hashlib
import os

import msgspec
import pytest
from keeper_rig import Clocks, Rig
from leak_rig import GROUND, LeakClinic

from seifas.audit.proof import verify_proof
from seifas.audit.tiles import TileReader
from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Invalid, Missing, Refused, StepUp
from seifas.incidents import custody
from seifas.keeper import case_exporting, evidence_key
from seifas.keeper import keeper as keeper_module
from seifas.keeper.door import OPS, Caller, Door
from seifas.keeper.lines import Action, decode_line
from seifas.keeper.wire import parse_request, request

DAY = 86_400_000
BODY = "Šimkūnaitė;Žydronė;1981-03-17\n".encode()
OTHERS = ("gydytoja", "adminas", "tikrintoja", "registratore", "slaugytoja")


@pytest.fixture
def clocks(monkeypatch):
    made = Clocks()
    monkeypatch.setattr(keeper_module, "time", made)
    return made


@pytest.fixture
def run(tmp_path, clocks):
    rig = Rig(tmp_path / "vault", demo=False)

    def running(deed):
        async def main(asked):
            await deed(await LeakClinic(asked, clocks).open(patients=0))

        rig.run(main)

    running.rig = rig
    return running


async def desk(clinic, who, op, **args):
    return await clinic.asked.desk(op, session=await clinic.session(who), **args)


async def case_with(clinic, *bodies, title="35 eilutės forume"):
    """(case, its files): bodies are sealed as the leaks process does it."""
    case = (await desk(clinic, "vyr", "case.open", title=title, kind="hand"))["case"]
    leak = (await desk(clinic, "vyr", "case.status", case=case))["leak"]
    return case, [await kept(clinic, leak, body) for body in bodies]


async def kept(clinic, leak, body):
    session = await clinic.session("vyr")
    begun = await clinic.leaks("file_begin", case=leak, name="pavyzdys.csv", size=len(body), session=session)
    blob = stream.seal_object(
        begun["key"], body, purpose=Purpose.OBJECT, clinic=begun["clinic"], patient=leak, record=begun["object"],
        version=1, epoch=begun["epoch"],
    )
    clinic.asked.keeper.require_unlocked().objects.put(begun["object"], [blob])
    await clinic.leaks("keep_file", case=leak, file=begun["file"], sha256=hashlib.sha256(body).digest(),
                       sha512=hashlib.sha512(body).digest(), size=len(body), session=session)  # fmt: skip
    return bytes(begun["file"])


async def asked_for(clinic, case, who="vyr"):
    return bytes((await desk(clinic, who, "case.export_ask", case=case, purpose="Kauno VPK, 12-1"))["approval"])


async def allowed(clinic, case):
    """An approval of vyr and pav, not begun."""
    approval = await asked_for(clinic, case)
    assert await clinic.asked.approve(await clinic.session("pav"), clinic.keys["pav"], approval) == "approved"
    return approval


async def opened(clinic, case, file, approval, who="vyr"):
    return await clinic.leaks("file_open", session=await clinic.session(who), case=case, file=file, approval=approval)


async def exported(clinic):
    """How many lines say that a file left."""
    audit = clinic.asked.keeper.require_unlocked().audit
    audit.publish(clinic.asked.keeper.require_unlocked().state)
    reader = TileReader(audit.directory, audit.published)
    lines = [audit.read(reader.entry(one), one)[0] for one in range(audit.published)]
    return [one for one in lines if one.action == Action.CUSTODY and one.note == "exported"]


def test_nothing_leaves_before_two_people_said_yes(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        for approval in (b"", bytes(16), os.urandom(16), case, file):
            with pytest.raises(Missing):
                await opened(clinic, case, file, approval)
        approval = await asked_for(clinic, case)
        with pytest.raises(Refused):
            await opened(clinic, case, file, approval)
        with pytest.raises(Refused):
            await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        with pytest.raises(Refused):  # nobody approves what they asked for
            await clinic.asked.approve(await clinic.session("vyr"), clinic.keys["vyr"], approval)
        with pytest.raises(StepUp):  # and it takes a passkey over this very request
            await desk(clinic, "pav", "approval.decide", id=approval, approve=True)
        assert await clinic.asked.approve(await clinic.session("pav"), clinic.keys["pav"], approval) == "approved"
        with pytest.raises(Refused):  # approved, but not begun
            await opened(clinic, case, file, approval)
        with pytest.raises(Refused):
            await clinic.asked.op("admin", "case.admin_export_pass", case=case, approval=approval)
        assert await exported(clinic) == []
        told = await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        assert told["files"] == [file]
        assert (await opened(clinic, case, file, approval))["size"] == len(BODY)
        (line,) = await exported(clinic)
        assert line.objects[1:] == (file, approval, hashlib.sha256(BODY).digest())

    run(deed)


def test_one_approval_is_begun_once_and_two_are_not_asked_at_once(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        approval = await allowed(clinic, case)
        with pytest.raises(Conflict):
            await asked_for(clinic, case)
        begun = await asyncio.gather(
            *(desk(clinic, "vyr", "case.export_begin", case=case, approval=approval) for _ in range(5)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, dict) for one in begun) == 1
        assert sum(isinstance(one, Refused) for one in begun) == 4
        with pytest.raises(Refused):
            await desk(clinic, "pav", "case.export_begin", case=case, approval=approval)
        later = await kept(clinic, (await desk(clinic, "vyr", "case.status", case=case))["leak"], b"new " + BODY)
        with pytest.raises(Missing):  # what came after it was asked was not allowed
            await opened(clinic, case, later, approval)
        assert (await opened(clinic, case, file, approval))["key"]

    run(deed)


def test_another_cases_file_and_approval_open_nothing(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        other, (theirs,) = await case_with(clinic, b"other " + BODY, title="kita byla")
        approval = await allowed(clinic, case)
        await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        for tried in ((case, theirs), (other, theirs), (other, file), (bytes(16), file), (case, bytes(16))):
            with pytest.raises(Missing):
                await opened(clinic, *tried, approval)
        for op in ("case.export_begin",):
            with pytest.raises(Missing):
                await desk(clinic, "vyr", op, case=other, approval=approval)
        # A yes to search is none to export.
        leak = await clinic.approved()
        search = clinic.asked.keeper.leaks.get(leak).approval
        with pytest.raises(Missing):
            await desk(clinic, "vyr", "case.export_begin", case=case, approval=search)
        with pytest.raises(Missing):
            await opened(clinic, case, file, search)

    run(deed)


def test_other_hats_other_roles_and_other_officers(run, tmp_path):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        for who in OTHERS:
            for op, args in (
                ("case.evidence", {}), ("case.custody", {}), ("case.proofs", {"lines": (0,)}), ("case.exports", {}),
                ("case.export_ask", {"purpose": "man pačiam"}), ("case.export_begin", {"approval": bytes(16)}),
                ("case.sign_digest", {"digest": bytes(32)}),
            ):  # fmt: skip
                with pytest.raises(Refused):
                    await desk(clinic, who, op, case=case, **args)
            with pytest.raises(Refused):
                await desk(clinic, who, "case.certificate")
        approval = await asked_for(clinic, case)
        await clinic.asked.approve(await clinic.session("adminas"), clinic.keys["adminas"], approval)
        with pytest.raises(Refused):  # an officer, but none of those who stand behind it
            await desk(clinic, "pav", "case.export_begin", case=case, approval=approval)
        await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        for who in (*OTHERS, "pav"):  # who said yes under another hat does not fetch under it
            with pytest.raises(Refused):
                await opened(clinic, case, file, approval, who)
        assert await opened(clinic, case, file, approval)
        door = Door(clinic.asked.keeper, tmp_path, {})
        args = {"session": await clinic.session("vyr"), "case": case, "file": file, "approval": approval}
        for role in ("desk", "public", "portal", "jobs", "darkroom", "admin"):
            _, _, raw = parse_request(request(1, "leak.file_open", args)[4:])
            with pytest.raises(Invalid, match="no op"):  # keys of files are for the leaks process alone
                await door.dispatch(Caller(role, os.getpid(), os.geteuid()), "leak.file_open", raw)
        for op in ("case.export_begin", "case.sign_digest", "case.proofs", "case.admin_export_pass"):
            assert "leaks" not in OPS.table[op].roles

    run(deed)


def test_after_a_day_it_is_over_and_so_are_passes(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        approval = await allowed(clinic, case)
        await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        given = await clinic.asked.op("admin", "case.admin_export_pass", case=case, approval=approval)
        args = {"case": case, "file": file, "approval": approval}
        assert await clinic.leaks("file_open", admin_pass=given["pass"], **args)
        with pytest.raises(Missing):  # good for this export, not for searching or sending in
            await clinic.leaks("check", case=(await desk(clinic, "vyr", "case.evidence", case=case))["leak"],
                               admin_pass=given["pass"])  # fmt: skip
        with pytest.raises(Missing):
            await clinic.leaks("file_open", admin_pass=os.urandom(32), **args)
        clinic.clocks.run(31 * 60_000)
        with pytest.raises(Missing):
            await clinic.leaks("file_open", admin_pass=given["pass"], **args)
        assert await opened(clinic, case, file, approval)
        clinic.clocks.run(case_exporting.FETCHED_MS)
        with pytest.raises(Refused):
            await opened(clinic, case, file, approval)
        clinic.clocks.set(-10 * DAY)  # before it was begun is no day after it
        with pytest.raises(Refused):
            await opened(clinic, case, file, approval)

    run(deed)


def test_an_approval_survives_a_restart_as_used_and_a_lost_line_uses_nothing(run, monkeypatch):
    made = {}

    async def first(clinic):
        case, (file,) = await case_with(clinic, BODY)
        approval = await allowed(clinic, case)

        async def full(*_, **__):
            raise Conflict("the disk is full")

        keeper = clinic.asked.keeper
        commit, keeper.commit = keeper.commit, full
        with pytest.raises(Conflict):
            await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        keeper.commit = commit
        await desk(clinic, "vyr", "case.export_begin", case=case, approval=approval)
        keeper.commit = full  # without a durable line, no key
        with pytest.raises(Conflict):
            await opened(clinic, case, file, approval)
        keeper.commit = commit
        made.update(case=case, file=file, approval=approval, keys=clinic.keys,
                    certificate=(await desk(clinic, "vyr", "case.certificate"))["certificate"])  # fmt: skip

    run(first)

    async def second(asked):
        session = await asked.by_passkey(made["keys"]["vyr"])
        with pytest.raises(Refused):
            await asked.desk("case.export_begin", session=session, case=made["case"], approval=made["approval"])
        assert await asked.op("leaks", "leak.file_open", session=session, case=made["case"], file=made["file"],
                              approval=made["approval"])  # fmt: skip
        again = await asked.desk("case.certificate", session=session)
        assert again["certificate"] == made["certificate"]  # there is never a second one

    run.rig.run(second)


def test_custody_is_this_cases_own_and_its_proofs_hold(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        other, _ = await case_with(clinic, b"other", title="kita byla")
        remark = custody.encoded(custody.Remark(file=file.hex(), retracted="ne tas failas"))
        await desk(clinic, "vyr", "case.append", case=case, kind="evidence", body=remark)
        await desk(clinic, "vyr", "case.append", case=case, kind="note", body=b"{}")
        await asked_for(clinic, case)
        told = await desk(clinic, "vyr", "case.custody", case=case)
        theirs = await desk(clinic, "vyr", "case.custody", case=other)
        assert [one["note"] for one in told["lines"]] == ["received", "evidence", "export-asked"]
        assert told["lines"][1]["body"] == remark
        hashes = (hashlib.sha256(BODY).digest(), hashlib.sha512(BODY).digest())
        assert tuple(told["lines"][0]["objects"][1:]) == (file, *hashes)
        numbers = tuple(one["line"] for one in told["lines"])
        proofs = (await desk(clinic, "vyr", "case.proofs", case=case, lines=numbers))["proofs"]
        key = clinic.asked.keeper.require_unlocked().audit.key
        for line, proof in zip(told["lines"], proofs, strict=True):
            proven = verify_proof(proof, key)
            assert proven.index == line["line"]
            assert decode_line(proven.outer).note == line["note"]
        for stranger in (theirs["lines"][0]["line"], 0, -1, 10**9):
            with pytest.raises(Missing):
                await desk(clinic, "vyr", "case.proofs", case=case, lines=(stranger,))

    run(deed)


def test_the_evidence_key_signs_digests_only_and_stays(run):
    async def deed(clinic):
        case, _ = await case_with(clinic, BODY)
        for digest in (b"", bytes(31), bytes(33), bytes(64), BODY):
            with pytest.raises(Invalid):
                await desk(clinic, "vyr", "case.sign_digest", case=case, digest=digest)
        with pytest.raises(Missing):
            await desk(clinic, "vyr", "case.sign_digest", case=bytes(16), digest=bytes(32))
        answers = [
            await desk(clinic, "vyr", "case.sign_digest", case=case, digest=bytes(32)),
            await desk(clinic, "vyr", "case.certificate"), await desk(clinic, "vyr", "case.evidence", case=case),
        ]  # fmt: skip
        key = clinic.asked.keeper.evidence_key
        assert key.private not in msgspec.msgpack.encode(answers)
        assert repr(key) == "EvidenceKey(...)"
        with pytest.raises(Invalid):
            evidence_key.sign(key, b"short")

    run(deed)
    stored = b"".join(one.read_bytes() for one in run.rig.data.rglob("*") if one.is_file())
    assert b"Seifas evidence" not in stored  # the certificate's name: sealed with its key
    assert GROUND.encode() not in stored


def test_evidence_is_not_forgotten_through_its_leak_case(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        leak = (await desk(clinic, "vyr", "case.evidence", case=case))["leak"]
        with pytest.raises(Refused):
            await desk(clinic, "vyr", "leak.forget_file", case=leak, file=file)
        await desk(clinic, "vyr", "leak.close", case=leak)  # nor does closing that one help
        with pytest.raises(Refused):
            await desk(clinic, "vyr", "leak.forget_file", case=leak, file=file)
        await desk(clinic, "vyr", "case.close", case=case, word="baigta")
        await desk(clinic, "vyr", "leak.forget_file", case=leak, file=file)
        notes = [one["note"] for one in (await desk(clinic, "vyr", "case.custody", case=case))["lines"]]
        assert notes == ["received", "destroyed"]

    run(deed)


def test_what_is_said_of_a_file_is_bounded_and_of_its_own_case(run):
    async def deed(clinic):
        case, (file,) = await case_with(clinic, BODY)
        _, (theirs,) = await case_with(clinic, b"other", title="kita byla")
        leak = (await desk(clinic, "vyr", "case.evidence", case=case))["leak"]
        begin = {"case": leak, "name": "a.csv", "size": 10, "session": await clinic.session("vyr")}
        for said, error in (
            ({"origin": "x" * 501}, Invalid), ({"origin": "http://a\n"}, Invalid), ({"tool": "\x1b[2J"}, Invalid),
            ({"clock_ms": 10**15}, Invalid), ({"derived_from": theirs}, Missing),
            ({"derived_from": bytes(16)}, Missing),
        ):  # fmt: skip
            with pytest.raises(error):
                await clinic.leaks("file_begin", **begin, **said)
        assert await clinic.leaks("file_begin", **begin, derived_from=file, origin="čia", tool="t 1", clock_ms=-5000)

    run(deed)


def test_bad_purposes_and_a_case_without_evidence(run):
    async def deed(clinic):
        empty, _ = await case_with(clinic)
        with pytest.raises(Invalid):
            await asked_for(clinic, empty)
        case, _ = await case_with(clinic, BODY, title="su failu")
        for purpose in ("", "a", "  ", "x" * 201, "\x1b[2Jpolicija"):
            with pytest.raises(Invalid):
                await desk(clinic, "vyr", "case.export_ask", case=case, purpose=purpose)
        await desk(clinic, "vyr", "case.close", case=case, word="baigta")
        with pytest.raises(Refused):
            await asked_for(clinic, case)

    run(deed)
