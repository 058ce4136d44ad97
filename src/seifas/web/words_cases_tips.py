"""The words of tips on the desk, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_TIPS_WORDS: dict[str, tuple[Forms, Forms]] = {
    "tips": ("Liudijimų dėžutė", "Tips"),
    "tips-what": (
        "Ką žmonės papasakojo svetainėje, telefonu, prie registratūros ar raštu. Kas liudijime parašyta, matyti tik jį "
        "atvėrus, ir kiekvienas atvėrimas įrašomas.",
        "What people told on the site, by telephone, at the counter or on paper. What a tip says is seen only when it "
        "is opened, and each opening leaves a record.",
    ),
    "tips-waiting": ("Gauti", "Received"),
    "tips-none": ("Liudijimų nėra.", "There are no tips."),
    "tips-closed": ("Baigti", "Closed"),
    "case-tips-none": (
        "Šiam incidentui nepriskirtas nė vienas liudijimas.", "No tip belongs to this incident.",
    ),
    "tip-one": ("Liudijimas", "Tip"),
    "tip-number": ("Numeris", "Number"),
    "tip-via": ("Kaip gauta", "How it came"),
    "tip-via-site": ("Svetainėje", "On the site"),
    "tip-via-phone": ("Telefonu", "By telephone"),
    "tip-via-oral": ("Žodžiu", "In person"),
    "tip-via-paper": ("Raštu", "On paper"),
    "tip-last": ("Paskutinį kartą gauta", "Last received"),
    "tip-texts": ("Tekstai", "Texts"),
    "tip-files": ("Failai", "Files"),
    "tip-unread": (
        {
            "one": "{n} neskaitytas", "few": "{n} neskaityti", "many": "{n} neskaityto", "other": "{n} neskaitytų",
        },
        {"one": "{n} unread", "other": "{n} unread"},
    ),
    "tip-in-case": ("incidente", "in an incident"),
    "tip-status": ("Kaip stovi reikalas", "How it stands"),
    "tip-status-received": ("Gauta", "Received"),
    "tip-status-read": ("Perskaityta", "Read"),
    "tip-status-question": ("Turime klausimą", "We have a question"),
    "tip-status-passed": ("Perduota pareigūnams", "Passed on to the authorities"),
    "tip-status-closed": ("Baigta", "Closed"),
    "tip-told": ("Kas pasakyta", "What was told"),
    "tip-told-how": (
        "Tai nepatikrinti svetimi žodžiai. Failai čia nerodomi: priimkite juos kaip įrodymą, tada byloje juos palygins "
        "paieška, o vaizdai bus sulieti.",
        "These are strangers' words, unchecked. Files are not shown: take them as evidence, and the search of the leak "
        "case compares them there, with pictures blurred.",
    ),
    "tip-older": (
        {
            "one": "Dar {n} ankstesnis įrašas nerodomas.", "few": "Dar {n} ankstesni įrašai nerodomi.",
            "many": "Dar {n} ankstesnio įrašo nerodoma.", "other": "Dar {n} ankstesnių įrašų nerodoma.",
        },
        {"one": "{n} earlier part is not shown.", "other": "{n} earlier parts are not shown."},
    ),
    "tip-part-text": ("Pasakyta", "Told"),
    "tip-part-file": ("Failas", "File"),
    "tip-part-answer": ("Mūsų atsakymas", "Our answer"),
    "tip-part-note": ("Pastaba sau", "Note of our own"),
    "tip-unreadable": (
        "Šito perskaityti negalima: kažkas įmetė ne liudijimą.", "This cannot be read: somebody put in what is no tip.",
    ),
    "tip-no-words": ("(be žodžių)", "(no words)"),
    "tip-adopt": ("Priimti kaip įrodymą", "Take as evidence"),
    "tip-adopt-where": ("Kurioje nutekėjimo byloje", "In which leak case"),
    "tip-adopt-none": (
        "Kad failą priimtumėte kaip įrodymą, pirma pradėkite incidentą ar nutekėjimo bylą.",
        "To take the file as evidence, first open an incident or a leak case.",
    ),
    "tip-adopted-in": ("Priimta kaip įrodymas", "Taken as evidence"),
    "tip-answer": ("Atsakyti", "Answer"),
    "tip-answer-how": (
        "Atsakymą perskaitys tik tas, kas turi kodą. Nerašykite nieko, ko jis nežino apie pacientus.",
        "Only whoever has the code can read the answer. Write nothing about patients that they do not know.",
    ),
    "tip-answer-text": ("Žodžiai (galima ir be jų)", "Words (or none)"),
    "tip-answer-do": ("Atsakyti", "Answer"),
    "tip-note": ("Pastaba", "Note"),
    "tip-note-how": ("Matys tik darbuotojai.", "Staff alone see it."),
    "tip-remove": ("Tai ne liudijimas", "This is no tip"),
    "tip-remove-how": (
        "Išnyks su visais failais, liks tik įrašas žurnale. Kas priimta kaip įrodymas, lieka.",
        "It goes with all its files; a line in the log stays. What was taken as evidence stays.",
    ),
    "tip-remove-do": ("Pašalinti", "Remove"),
    "tip-kept": ("Įrašyta.", "Kept."),
    "tip-adopted": (
        "Failas priimtas kaip įrodymas. Paiešką pradėkite byloje.",
        "The file is evidence now. Begin the search in its case.",
    ),
    "tip-removed": ("Pašalinta.", "Removed."),
    "tip-said-text": ("Parašykite nuo 1 iki 4000 ženklų.", "Write between 1 and 4,000 characters."),
    "tip-said-status": ("Pasirinkite, kaip stovi reikalas.", "Choose how it stands."),
    "tip-said-no-key": (
        "Atsakyti negalima: liudijimas atėjo be rakto atsakymams.",
        "It cannot be answered: the tip came without a key for answers.",
    ),
    "tip-said-adopted": ("Šis failas toje byloje jau yra.", "This file is in that case already."),
    "tip-said-in-case": (
        "Liudijimas priklauso incidentui ir lieka su juo.", "The tip belongs to an incident and stays with it.",
    ),
    "tip-said-leak": ("Pasirinkite bylą, kuri dar vyksta.", "Choose a case that is still open."),
    "tip-said-leak-full": (
        "Toje byloje failų jau tiek, kiek telpa. Pradėkite kitą.",
        "That case holds as many files as fit. Begin another one.",
    ),
    "tip-said-via": ("Pasirinkite, kaip gauta.", "Choose how it came."),
    "tip-said-entered": (
        "Daugiau pranešimų dabar užrašyti negalima. Užsirašykite ant popieriaus ir praneškite pareigūnui.",
        "No more tips can be taken down now. Write it on paper, and tell the officer.",
    ),
    "tip-said-receipt": (
        "Kodas su klaida: jame 24 raidės ir skaitmenys. Paprašykite perskaityti dar kartą arba palikite tuščią.",
        "There is a slip in the code: it has 24 letters and digits. Ask for it again, or leave it empty.",
    ),
    "tip-take": ("Užrašyti liudijimą", "Take down a tip"),
    "tip-take-what": (
        "Kai kas nors paskambina, ateina ar palieka raštelį apie pavogtus duomenis. Vardo neklauskite, jei nesako "
        "pats. Užrašę teksto nebematysite: jį skaitys duomenų apsaugos pareigūnas.",
        "For when somebody calls, comes in or leaves a note about stolen data. Do not ask for a name that is not "
        "given. Once it is taken down you will not see it again: the data protection officer reads it.",
    ),
    "tip-take-text": ("Kas pasakyta, kuo tiksliau", "What was said, as exactly as you can"),
    "tip-take-text-hint": (
        "Popierių perrašykite, o originalą atiduokite pareigūnui.",
        "Copy out a paper, and hand the original to the officer.",
    ),
    "tip-take-receipt": ("Kodas, jei jau turi", "Their code, if they have one"),
    "tip-take-receipt-hint": (
        "Tada tekstas prisidės prie to, kas papasakota anksčiau.", "The text then joins what they told before.",
    ),
    "tip-take-do": ("Užrašyti ir duoti kodą", "Keep it and give a code"),
    "tip-take-another": ("Užrašyti kitą", "Take down another"),
    "tip-taken-down": ("Užrašyta ir užrakinta.", "Taken down and sealed."),
    "tip-receipt": ("Kodas pasakojusiam", "The code for whoever told it"),
    "tip-receipt-give": ("Perskaitykite arba atspausdinkite", "Read it out, or print it"),
    "tip-receipt-how": (
        "Kodas matomas tik dabar ir niekur nesaugomas. Su juo svetainėje galima perskaityti atsakymą ir parašyti "
        "daugiau. Neprašykite telefono ar adreso.",
        "The code is seen only now and is kept nowhere. With it answers are read on the site and more can be told. Do "
        "not ask for a telephone number or an address.",
    ),
    "tip-receipt-print": ("Lapelis", "Slip"),
    "tip-slip": ("Jūsų kodas", "Your code"),
    "tip-slip-what": (
        "Su šiuo kodu nurodytu adresu perskaitysite atsakymą ir galėsite parašyti daugiau ar pridėti failų.",
        "With this code you can read the answer at the address above, write more and add files.",
    ),
    "tip-slip-keep": (
        "Laikykite jį ten, kur neras kiti. Kodo niekur nesaugome ir atkurti negalėsime.",
        "Keep it where others do not look. We keep it nowhere and cannot bring it back.",
    ),
    "tip-slip-phone": (
        "Jei neturite interneto, paskambinkite ir perskaitykite kodą: galėsite papasakoti daugiau.",
        "Without the internet, call and read the code out to tell more.",
    ),
    "tip-take-link": (
        "Kas nors praneša apie pavogtus duomenis? Užrašykite liudijimą",
        "Somebody tells of stolen data? Take down the tip",
    ),
    # -- alarms
    "alarm-tip": (
        "Gautas liudijimas. Kas jame, matyti tik liudijimų dėžutėje.",
        "A tip has come in. What it says is seen in the box of tips alone.",
    ),
    "alarm-tips-full": (
        "Liudijimų dėžutė pilna: daugiau nebepriimama.", "The box of tips is full: no more is taken.",
    ),
    "alarm-tips-guessing": (
        "Kažkas bando labai daug liudijimų kodų. Atspėti jų neįmanoma.",
        "Somebody tries very many codes of tips. They cannot be guessed.",
    ),
    "alarm-tips-pace": (
        "Per valandą atsiųsta daugiau liudijimų, nei priimama: dalis atmetama.",
        "More tips came in an hour than are taken: some are turned away.",
    ),
    "alarm-tips-read": (
        "Paskyra per dieną atvėrė tiek liudijimų, kiek leidžiama.",
        "An account opened as many tips in a day as it may.",
    ),
    "next-tip": (
        "Atverkite liudijimų dėžutę: perskaitykite, atsakykite, o kas ne liudijimas, pašalinkite.",
        "Open the box of tips: read, answer, and remove what is no tip.",
    ),
}
