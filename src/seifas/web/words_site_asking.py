"""The words of the public pages "was I affected?" and of codes, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

SITE_ASKING_WORDS: dict[str, tuple[Forms, Forms]] = {
    "asked-affected": ("Ar tai liečia mane?", "Was I affected?"),
    "asked-lead": (
        "Įrašykite telefoną arba el. paštą, kurį esate davę klinikai. Jei toks kontaktas pas mus yra, atsakysime juo.",
        "Give the telephone number or e-mail that you once gave the clinic. If we have it, we answer to it.",
    ),
    "asked-field": ("Telefonas arba el. paštas", "Telephone or e-mail"),
    "asked-field-hint": ("Tas pats, kurį nurodėte klinikoje.", "The one that you gave at the clinic."),
    "asked-do": ("Paklausti", "Ask"),
    "asked-contact": (
        "Įrašykite telefono numerį arba el. pašto adresą.", "Please give a telephone number or an e-mail address."
    ),
    "asked-full": (
        "Šiuo metu klausimų nepriimame. Pabandykite vėliau arba paskambinkite.",
        "We cannot take questions just now. Please try again later, or call.",
    ),
    "asked-thanks": ("Klausimas gautas", "Your question has arrived"),
    "asked-thanks-more": (
        "Jei šis kontaktas yra tarp mūsų įrašų, juo gausite kodą, o su kodu – atsakymą. Per parą siunčiame ne daugiau "
        "kaip vieną atsakymą. Jei žinios nėra, ateikite su asmens dokumentu arba paskambinkite.",
        "If this contact is in our records, a code will come to it, and with the code the answer. We send at most one "
        "answer a day. If nothing comes, please visit us with an identity document, or call.",
    ),
    "asked-how": ("Kaip atsakome", "How we answer"),
    "asked-how-same": (
        "Šis puslapis visiems sako tą patį: jis nežino, kas yra mūsų pacientas.",
        "This page says the same to everybody: it does not know who is a patient of ours.",
    ),
    "asked-how-vault": (
        "Atsakymas siunčiamas tik kontaktu, kurį jau turime, ir niekam kitam.",
        "The answer goes only to the contact that we have already, and to nobody else.",
    ),
    "asked-how-sealed": (
        "Tai, ką įrašote, iš karto užšifruojama; nei kontakto, nei jūsų tinklo adreso neįrašome į žurnalus.",
        "What you write is sealed at once; neither the contact nor your network address is kept in any log.",
    ),
    "asked-have-code": ("Jau turite kodą?", "Do you have a code already?"),
    "asked-code": ("Atsakymas pagal kodą", "The answer to your code"),
    "code-lead": (
        "Įrašykite kodą iš laiško ar žinutės: pamatysite, kas žinoma apie jūsų duomenis ir ką daryti.",
        "Type the code from the letter or message: you will see what is known about your data, and what to do.",
    ),
    "code-field": ("Kodas", "Code"),
    "code-field-hint": (
        "24 ženklai; brūkšneliai ir didžiosios raidės nesvarbu.", "24 characters; dashes and capitals do not matter."
    ),
    "code-do": ("Rodyti", "Show"),
    "code-none": ("Kodo neturite?", "You have no code?"),
    "code-wrong": (
        "Pagal šį kodą nėra ką rodyti. Patikrinkite, ar įrašėte teisingai. Panaudotas kodas galioja parą.",
        "There is nothing to show for this code. Please check the spelling. A code that was used is good for one day.",
    ),
    "code-paced": (
        "Per daug bandymų iš jūsų tinklo. Pabandykite po valandos arba paskambinkite.",
        "Too many attempts from your network. Please try again in an hour, or call.",
    ),
    "code-later": (
        "Šiuo metu kodų tikrinti negalime. Pabandykite po kelių minučių.",
        "Codes cannot be checked just now. Please try again in a few minutes.",
    ),
    "code-state": ("Kas žinoma apie jūsų duomenis", "What is known about your data"),
    "code-ref": ("Laiško numeris", "Number of the letter"),
    "code-again": (
        "Šį puslapį su tuo pačiu kodu galite atverti dar parą. Niekada neprašome pinigų, slaptažodžių ar kodų "
        "telefonu.",
        "You can open this page with the same code for one more day. We never ask for money, passwords or codes by "
        "telephone.",
    ),
}
