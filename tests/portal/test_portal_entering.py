"""Into the portal: invitations, mailed codes, passkeys; how long it lasts and how it ends."""

from __future__ import annotations

import pytest
from keeper_rig import Asked, Clocks, Rig
from portal_people import BORN, HOME, code_in, doctor, enter, letters, patient, with_mail

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.errors import Invalid, Missing, OverBudget, Refused, SeifasError, SignIn, StepUp
from seifas.keeper import keeper as keeper_module
from seifas.keeper import living
from seifas.keeper.portal_entering import plain_date, plain_mail


def test_an_invitation_opens_once_with_the_birth_date(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        code = await ona.invited()
        assert len(code) == 11
        with pytest.raises(SignIn) as wrong:
            await enter(asked, code, "1980-02-04")
        token = await enter(asked, f" {code.lower().replace('-', ' ')} ", "1980.02.03")
        who = await asked.op("portal", "portal.who", session=token)
        assert (who["name"], who["behalf"], who["way"]) == ("Ona Žukauskienė", False, "invitation")
        with pytest.raises(SignIn) as spent:
            await enter(asked, code, BORN)
        with pytest.raises(SignIn) as unknown:
            await enter(asked, "ABCDE-23456", BORN)
        assert wrong.value.message == spent.value.message == unknown.value.message

    rig.run(deed)


def test_five_wrong_dates_shut_an_invitation_and_only_that_one(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona, rasa = await patient(asked, staff), await patient(asked, staff, "Rasaitė")
        code, other = await ona.invited(), await rasa.invited()
        for day in range(10, 15):
            with pytest.raises(SignIn):
                await enter(asked, code, f"1980-02-{day}")
        with pytest.raises(SignIn):
            await enter(asked, code, BORN)
        assert await enter(asked, other, BORN)

    rig.run(deed)


def test_guessing_makes_a_network_wait_and_no_other(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        code = await ona.invited()
        for number in range(10):
            with pytest.raises(SignIn):
                await enter(asked, f"AAAAA-AAA{number + 11}", BORN, "203.0.113.9")
        with pytest.raises(OverBudget):
            await enter(asked, "AAAAA-AAAAA", BORN, "203.0.113.10")
        assert await enter(asked, code, BORN, HOME)

    rig.run(deed)


def test_a_mailed_code_signs_in_and_an_unknown_address_gets_the_same_answer(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        await with_mail(asked, await ona.entered(), "ona@example.lt")
        begun = await asked.op("portal", "portal.mail_begin", mail=" Ona@Example.LT ", address=HOME)
        nobody = await asked.op("portal", "portal.mail_begin", mail="nobody@example.lt", address=HOME)
        assert {key: len(value) for key, value in begun.items()} == {key: len(value) for key, value in nobody.items()}
        sent = await letters(asked)
        assert [one["to"] for one in sent] == ["ona@example.lt"]
        text = f"{sent[0]['subject']} {sent[0]['text']}"
        assert not any(word in text.lower() for word in ("klinik", "clinic", "gydy", "ona", "žukausk", "seifas"))
        code = text.rpartition(": ")[2].split()[0]
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.mail_finish", handle=nobody["handle"], code=code, address=HOME)
        signed = await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=code, address=HOME)
        assert (await asked.op("portal", "portal.who", session=signed["token"]))["way"] == "mail"
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=code, address=HOME)

    rig.run(deed)


def test_a_code_has_five_tries(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        await with_mail(asked, await ona.entered(), "ona@example.lt")
        begun = await asked.op("portal", "portal.mail_begin", mail="ona@example.lt", address=HOME)
        code = await code_in(asked, "ona@example.lt")
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        for _ in range(5):
            with pytest.raises(SignIn):
                await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=wrong, address=HOME)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=code, address=HOME)

    rig.run(deed)


def test_a_network_that_floods_the_door_waits_and_no_other(rig: Rig) -> None:
    async def flood(asked: Asked) -> None:
        for number in range(300):
            await asked.op("portal", "portal.mail_begin", mail=f"a{number}@example.lt", address="203.0.113.9")

    async def deed(asked: Asked) -> None:
        with pytest.raises(OverBudget):
            await flood(asked)
        assert await asked.op("portal", "portal.mail_begin", mail="b@example.lt", address=HOME)
        assert await asked.op("portal", "portal.passkey_begin", address=HOME)

    rig.run(deed)


def test_strangers_cannot_use_up_the_owners_codes(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        await with_mail(asked, await ona.entered(), "ona@example.lt")
        for number in range(30):
            await asked.op("portal", "portal.mail_begin", mail="ona@example.lt", address=f"203.0.{number}.9")
        assert len(await letters(asked)) <= 10, "nor flood the mailbox"
        begun = await asked.op("portal", "portal.mail_begin", mail="ona@example.lt", address=HOME)
        code = await code_in(asked, "ona@example.lt")
        assert await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=code, address=HOME)

    rig.run(deed)


def test_a_passkey_signs_in_and_is_asked_to_verify_the_person(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        token, device = await ona.entered(), SoftAuthenticator()
        await add_passkey(asked, token, device)
        signed = await by_passkey(asked, device)
        who = await asked.op("portal", "portal.who", session=signed)
        assert (who["way"], who["passkeys"]) == ("passkey", 1)
        key = (await asked.op("portal", "portal.means", session=signed))["passkeys"][0]
        with pytest.raises(Refused) as last:
            await asked.op("portal", "portal.key_remove", session=signed, id=key["id"])
        assert last.value.where == "last"
        await with_mail(asked, signed, "ona@example.lt")
        await asked.op("portal", "portal.key_remove", session=signed, id=key["id"])
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)
        with pytest.raises(SignIn):
            await by_passkey(asked, device)

    rig.run(deed)


async def add_passkey(asked: Asked, token: str, device: SoftAuthenticator) -> None:
    begun = await asked.op("portal", "portal.key_begin", session=token)
    assert '"userVerification": "required"' in begun["options"]
    assert "Ona" not in begun["options"]
    made = device.create(begun["options"], asked.keeper.settings.portal_url)
    await asked.op("portal", "portal.key_finish", session=token, handle=begun["handle"], credential=made)


async def by_passkey(asked: Asked, device: SoftAuthenticator) -> str:
    begun = await asked.op("portal", "portal.passkey_begin", address=HOME)
    touched = device.get(begun["options"], asked.keeper.settings.portal_url)
    signed = await asked.op(
        "portal", "portal.passkey_finish", handle=begun["handle"], credential=touched, address=HOME
    )
    return str(signed["token"])


def test_a_session_idles_out_ends_and_is_listed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks()
    monkeypatch.setattr(keeper_module, "time", clocks)

    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        token = await ona.entered()
        clocks.run(9 * 60_000)
        await asked.op("portal", "portal.who", session=token)
        clocks.run(9 * 60_000)
        with pytest.raises(Refused) as stale:
            await asked.op("portal", "portal.key_begin", session=token)
        assert stale.value.where == "fresh"
        clocks.run(11 * 60_000)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)
        await living.sweep(asked.keeper)
        ona.staff = await asked.sign_in("gydytoja")
        token = await ona.entered()
        for _ in range(20):
            clocks.run(6 * 60_000 + 1000)
            if _ < 19:
                await asked.op("portal", "portal.who", session=token)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)

    rig.run(deed)


def test_sessions_and_accounts_outlive_a_restart_and_what_ended_stays_ended(rig: Rig) -> None:
    async def first(asked: Asked) -> tuple[str, str, str]:
        ona = await patient(asked, await doctor(asked))
        kept = await ona.entered()
        await with_mail(asked, kept, "ona@example.lt")
        left = await by_mail(asked)
        await asked.op("portal", "portal.leave", session=left)
        return kept, left, (await ona.invited())

    async def then(asked: Asked) -> None:
        assert (await asked.op("portal", "portal.who", session=kept))["mail"]
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=left)
        assert await enter(asked, code, BORN)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=kept)

    kept, left, code = rig.run(first)
    rig.run(then)


def test_a_guardian_comes_in_for_a_child_until_it_is_of_age(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks()
    monkeypatch.setattr(keeper_module, "time", clocks)
    year = 1970 + clocks.wall // 31_556_952_000_000_000

    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        child = await patient(asked, staff, "Žukauskaitė", f"{year - 10}-06-15")
        with pytest.raises(Invalid) as young:
            await child.invited()
        assert young.value.where == "age"
        mother = os_urandom()
        await asked.desk("record.write", session=staff, changes=[change(mother, child.ident)])
        token = await child.entered(mother)
        who = await asked.op("portal", "portal.who", session=token)
        assert who["behalf"]
        assert who["until_ms"] > 0
        grown = await patient(asked, staff, "Senis", f"{year - 30}-06-15")
        other = os_urandom()
        await asked.desk("record.write", session=staff, changes=[change(other, grown.ident)])
        with pytest.raises(Invalid):
            await grown.invited(other)
        with pytest.raises(Missing):
            await child.invited(other)
        clocks.run(9 * 366 * 86_400_000)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)

    rig.run(deed)


async def by_mail(asked: Asked) -> str:
    begun = await asked.op("portal", "portal.mail_begin", mail="ona@example.lt", address=HOME)
    code = await code_in(asked, "ona@example.lt")
    signed = await asked.op("portal", "portal.mail_finish", handle=begun["handle"], code=code, address=HOME)
    return str(signed["token"])


def os_urandom() -> bytes:
    import os

    return os.urandom(16)


def change(ident: bytes, patient_id: bytes) -> dict[str, object]:
    body = (f'{{"resourceType":"RelatedPerson","id":"{ident.hex()}","active":true,'
            f'"patient":{{"reference":"Patient/{patient_id.hex()}"}},"name":[{{"family":"Žukauskienė"}}]}}')
    return {"op": "create", "type": "RelatedPerson", "id": ident, "patient": patient_id, "expect": 0,
            "body": body.encode()}


def test_a_mothers_mailbox_opens_hers_and_the_childs(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        mother, child = await patient(asked, staff), await patient(asked, staff, "Žukauskaitė", "2019-05-06")
        related = os_urandom()
        await asked.desk("record.write", session=staff, changes=[change(related, child.ident)])
        await with_mail(asked, await mother.entered(), "ona@example.lt")
        await with_mail(asked, await child.entered(related), "ona@example.lt")
        token = await by_mail(asked)
        who = await asked.op("portal", "portal.who", session=token)
        assert not who["behalf"]
        assert [one["behalf"] for one in who["others"]] == [True]
        went = await asked.op("portal", "portal.behalf", session=token, account=who["others"][0]["account"])
        assert (await asked.op("portal", "portal.who", session=went["token"]))["behalf"]
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)
        with pytest.raises(Missing):
            await asked.op("portal", "portal.behalf", session=went["token"], account=bytes(16))

    rig.run(deed)


def test_who_has_a_passkey_confirms_an_invitation_with_it(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        await asked.account("gydytoja", "doctor")
        passkey = await asked.enrol("gydytoja")
        staff = await asked.by_passkey(passkey)
        ona = await patient(asked, staff)
        with pytest.raises(StepUp) as asks:
            await ona.invited()
        await asked.gesture(staff, passkey, bytes.fromhex(asks.value.where))
        assert await ona.entered()
        with pytest.raises(StepUp):
            await ona.invited()

    rig.run(deed)


def test_without_a_passkey_only_who_is_expected_is_invited(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        stranger = await asked.create(staff, "Patient", name=[{"family": "Kitas"}], birthDate="1970-01-01")
        with pytest.raises(Refused):
            await asked.desk("portal.invite", session=staff, patient=stranger)

    rig.run(deed)


def test_the_dead_and_the_erased_have_no_pages(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        staff = await doctor(asked)
        ona = await patient(asked, staff)
        token = await ona.entered()
        await asked.change(staff, "update", "Patient", ona.ident, ona.ident, 1, name=[{"family": "Žukauskienė"}],
                           birthDate=BORN, deceasedBoolean=True)
        with pytest.raises(SignIn):
            await asked.op("portal", "portal.who", session=token)
        with pytest.raises(Invalid):
            await ona.invited()

    rig.run(deed)


@pytest.mark.parametrize(("written", "meant"), [
    ("1980-02-03", "1980-02-03"), ("1980 02 03", "1980-02-03"), ("19800203", "1980-02-03"), ("", ""), ("3.2.1980", ""),
    ("x" * 5000, ""), ("１９８００２０３", ""),
])
def test_birth_dates_as_people_write_them(written: str, meant: str) -> None:
    assert plain_date(written) == meant


@pytest.mark.parametrize("mail", ["", "a", "a@b", "a b@c.lt", "a@b.lt\nBcc: x@y.lt", "<a@b.lt>", "a@b.lt,c@d.lt",
                                  "a@" + "b" * 300 + ".lt", "@b.lt", "a@-b.lt", "a@b..", "\x00@b.lt"])
def test_what_is_no_address_is_refused(mail: str) -> None:
    with pytest.raises(Invalid):
        plain_mail(mail)


def test_switched_off_nobody_is_in(make_rig: object) -> None:
    from seifas.settings import Portal

    made = make_rig(portal=Portal(on=False))  # type: ignore[operator]

    async def deed(asked: Asked) -> None:
        ona = await patient(asked, await doctor(asked))
        with pytest.raises(SeifasError):
            await ona.invited()
        assert (await asked.op("portal", "portal.about"))["on"] is False

    made.run(deed)
