"""The words of what a case sends."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_OUTGOING_WORDS: dict[str, tuple[Forms, Forms]] = {
    "outgoing": ("Išsiųsta", "Sent"),
    "outgoing-how": (
        "Kiekvienas laiškas išeina vieną kartą. Jei serveris neatsako, bandoma savaitę; jei neaišku, ar išėjo, "
        "nusprendžiate jūs. Pacientams rašoma iš skirtuko „Laiškai pacientams“.",
        "Each goes out once. A server that does not answer is tried for a week; where nobody knows whether it went, "
        "you decide. Patients are written to under Notices.",
    ),
    "outgoing-all": ("Kas turėjo išeiti", "What was to go out"),
    "outgoing-none": ("Dar nieko nesiųsta.", "Nothing was sent yet."),
    "outgoing-mail": ("Laiškas", "Mail"),
    "outgoing-sms": ("Trumpoji žinutė", "Text message"),
    "outgoing-stamp": ("Laiko žymos prašymas", "Request for a time stamp"),
    "outgoing-queued": ("laukia", "waits"),
    "outgoing-sent": ("išėjo", "gone out"),
    "outgoing-failed": ("neišėjo", "not gone"),
    "outgoing-refused": ("nepriimta", "refused"),
    "outgoing-exercise": ("pratybos, neišeina", "exercise, never leaves"),
    "outgoing-why-no-answer": ("Serveris neatsako.", "The server does not answer."),
    "outgoing-why-busy": ("Serveris prašo bandyti vėliau.", "The server asks to try later."),
    "outgoing-why-not-set-up": (
        "Nustatymuose nėra serverio, adreso arba rakto.", "The settings name no server, address or token."
    ),
    "outgoing-why-refused": (
        "Gavėjo pusė nepriėmė: dažniausiai netikslus adresas.", "The other side refused it: mostly a wrong address."
    ),
    "outgoing-why-unsure": (
        "Neaišku, ar išėjo. Paklauskite gavėjo prieš siųsdami dar kartą.",
        "Nobody knows whether it went. Ask the receiver before you send it again.",
    ),
    "outgoing-tries": ("bandymų: {n}", "tries: {n}"),
    "outgoing-open": ("Parodyti", "Show"),
    "outgoing-shut": ("Uždaryti", "Close"),
    "outgoing-again": ("Siųsti dar kartą", "Send again"),
    "outgoing-file": ("Priedas", "Attachment"),
    "outgoing-write": ("Rašyti laišką", "Write a mail"),
    "outgoing-to": ("Kam", "To"),
    "outgoing-to-hint": ("Vienas adresas. Ne pacientas.", "One address. No patient."),
    "outgoing-subject": ("Tema", "Subject"),
    "outgoing-text": ("Laiškas", "Text"),
    "outgoing-text-hint": (
        "Laiškas peržiūrimas: jei jame atpažįstamas pacientas, jis neišeina.",
        "It is looked through: if a patient is told in it, it does not go.",
    ),
    "outgoing-do": ("Pasirašyti ir siųsti", "Sign and send"),
    "outgoing-said-to": ("Įrašykite vieną el. pašto adresą.", "Give one e-mail address."),
    "outgoing-said-subject": ("Temai skirta viena eilutė iki 200 ženklų.", "Give a subject of at most 200 letters."),
    "outgoing-said-text": ("Parašykite iki 4000 ženklų.", "Write something, at most 4000 letters."),
    "outgoing-said-named": (
        "Laiške atpažįstamas pacientas: vardas, kodas, telefonas ar paštas. Išimkite, arba rašykite iš skirtuko "
        "„Laiškai pacientams“.",
        "A patient is told in it: a name, code, telephone or address. Take that out, or write under Notices.",
    ),
    "outgoing-said-full": ("Per daug laukia išsiuntimo.", "Too much waits to be sent."),
    "outgoing-said-gone": ("Tai jau išėjo, dar laukia arba neišeina niekada.", "It has gone, waits, or never leaves."),
    "touch-case-send": (
        "Prieigos raktu patvirtinate, kad šis laiškas išeina klinikos vardu.",
        "With your passkey you confirm that this mail goes out in the clinic's name.",
    ),
}  # fmt: skip
