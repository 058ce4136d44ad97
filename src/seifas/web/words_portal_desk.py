"""The words of the desk's side of the portal: invitations, requests that came in, messages."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

PORTAL_DESK_WORDS: dict[str, tuple[Forms, Forms]] = {
    "mydesk-requests": ("Pacientų prašymai", "Patients' requests"),
    "mydesk-requests-what": (
        "Susipažinti, ištaisyti ir ištrinti: per vieną mėnesį (BDAR 12(3)).",
        "Access, correction and erasure: within one month (GDPR 12(3)).",
    ),
    "mydesk-none": ("Prašymų nėra.", "There are no requests."),
    "mydesk-open": ("Laukia atsakymo", "Waiting for an answer"),
    "mydesk-settled": ("Atsakyta", "Answered"),
    "mydesk-late": ("vėluoja", "late"),
    "mydesk-due": ("Iki", "Due"),
    "mydesk-came": ("Gauta", "Came in"),
    "mydesk-answer": ("Atsakymas pacientui", "Answer to the patient"),
    "mydesk-answer-hint": (
        "Pacientas jį perskaitys savo puslapyje; laiške bus tik tai, kad yra žinutė.",
        "The patient reads it on their page; the mail only says that there is a message.",
    ),
    "mydesk-done": ("Įvykdyta", "Done"),
    "mydesk-refuse": ("Atsisakyti", "Refuse"),
    "mydesk-refuse-hint": ("Atsisakant nurodoma priežastis.", "A refusal says why."),
    "mydesk-cancel-hint": (
        "„Įvykdyta“ iš karto atšaukia vizitą.",
        "“Done” calls the appointment off at once.",
    ),
    "mydesk-erase-hint": (
        "Ištrynimą vykdo pareigūnas atskirai; čia tik atsakymas.",
        "The erasure itself is the officer's and apart; this is only the answer.",
    ),
    "mydesk-messages": ("Pacientų žinutės", "Patients' messages"),
    "mydesk-messages-none": ("Niekas nerašė.", "Nobody has written."),
    "mydesk-reply": ("Atsakyti", "Reply"),
    "mydesk-words": ("Žinutė pacientui", "Message to the patient"),
    "mydesk-nobody": (
        "Šio paciento puslapio niekas neturi: parašyti nėra kam.",
        "Nobody has this patient's page: there is nobody to write to.",
    ),
    "mydesk-patient": ("Paciento puslapis", "Patient's own page"),
    "mydesk-invite": ("Kviesti", "Invite"),
    "mydesk-invite-who": ("Ką kviesti", "Who is invited"),
    "mydesk-invite-patient": ("Pacientą", "The patient"),
    "mydesk-invite-guardian": ("Nepilnamečio globėją: {name}", "The guardian of a minor: {name}"),
    "mydesk-self": ("Pacientas", "The patient"),
    "mydesk-guardian": ("Globėjas", "Guardian"),
    "mydesk-invite-what": (
        "Kodą atspausdinkite ir įteikite į rankas, įsitikinę, kas priešais Jus. Prireiks ir gimimo datos.",
        "Print the code and hand it over, once you know who stands before you. The birth date is needed too.",
    ),
    "mydesk-again": (
        "Šis asmuo jau turi puslapį: naujas kvietimas uždarys jo sesijas ir praneš pareigūnui.",
        "This person has the page already: a new invitation ends their sessions and tells the officer.",
    ),
    "mydesk-people": ("Kas turi puslapį", "Who has the page"),
    "mydesk-people-none": ("Niekas dar nekviestas.", "Nobody was invited yet."),
    "mydesk-waiting": ("kvietimas laukia", "an invitation waits"),
    "mydesk-entered": ("prisijungė", "entered"),
    "mydesk-never": ("neprisijungė", "has not entered"),
    "mydesk-shut": ("Uždaryti puslapį", "Shut this page"),
    "mydesk-slip": ("Kvietimas", "Invitation"),
    "mydesk-slip-how": (
        "Atverkite naršyklėje ir įveskite kodą bei paciento gimimo datą.",
        "Open in a browser and type the code and the patient's birth date.",
    ),
    "mydesk-slip-until": ("Galioja iki", "Good until"),
    "mydesk-slip-once": (
        "Veikia vieną kartą. Niekam nerodykite; telefonu kodo niekas neprašys.",
        "Works once. Show it to nobody; nobody will ask for it by telephone.",
    ),
    "mydesk-slip-given": (
        "Kodas rodomas vieną kartą. Atspausdinkite dabar.",
        "The code is shown this once. Print it now.",
    ),
    "mydesk-withheld": ("Laikinai slepiamos eilutės", "Lines kept back"),
    "mydesk-withheld-what": (
        "Kol tiriamas įvykis, nurodytas žurnalo eilutes galima iki 30 dienų slėpti nuo paciento. Sprendimas "
        "patvirtinamas prieigos raktu ir įrašomas; vėliau pacientas mato eilutes, kad jos buvo slėptos ir kodėl.",
        "While a case is open, named lines of the log may be kept from a patient for at most 30 days. The decision "
        "takes a passkey and is a line itself; afterwards the patient sees the lines, that they were kept back, and "
        "why.",
    ),
    "mydesk-withheld-lines": (
        {"one": "{n} eilutė", "few": "{n} eilutės", "many": "{n} eilutės", "other": "{n} eilučių"},
        {"one": "{n} line", "other": "{n} lines"},
    ),
    "mydesk-decisions": ("Sprendimai", "Decisions"),
    "mydesk-decisions-none": ("Sprendimų nėra.", "There are none."),
    "mydesk-live": ("slepiama", "kept back"),
    "mydesk-over": ("baigėsi", "over"),
    "mydesk-withhold": ("Naujas sprendimas", "A new decision"),
    "mydesk-withhold-do": ("Slėpti šias eilutes", "Keep these lines back"),
    "mydesk-withhold-not": ("Sprendimas nepriimtas.", "The decision was not taken."),
    "mydesk-withhold-patient": ("Pacientas", "Patient"),
    "mydesk-withhold-patient-hint": (
        "32 ženklai iš paciento puslapio adreso.",
        "The 32 letters of the address of the patient's page.",
    ),
    "mydesk-withhold-lines": ("Eilučių numeriai", "Numbers of the lines"),
    "mydesk-withhold-lines-hint": (
        "Iš žurnalo, atskirti tarpais. Visos turi būti šio paciento.",
        "From the log, apart by blanks. All have to be this patient's.",
    ),
    "mydesk-withhold-days": ("Kiek dienų (iki 30)", "For how many days (at most 30)"),
    "mydesk-withhold-why": ("Priežastis", "Reason"),
    "mydesk-withhold-why-hint": ("Pacientas ją perskaitys vėliau.", "The patient reads it afterwards."),
    "mydesk-print": ("Spausdinti", "Print"),
    "mydesk-no": (
        "Kviesti negalima: {why}",
        "No invitation: {why}",
    ),
}  # fmt: skip
