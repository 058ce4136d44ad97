"""The words of filings: the facts, the forms, what was sealed and sent. The words of the forms themselves are data."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_FILINGS_WORDS: dict[str, tuple[Forms, Forms]] = {
    "filings-what": (
        "Faktai įrašomi vieną kartą, iš jų susideda visi pranešimai. Prie kiekvieno lauko matyti, kuo jis remiasi. "
        "Užbaigtas pranešimas užantspauduojamas: vėlesni faktai jo nekeičia, o tampa papildomu pranešimu.",
        "Facts are entered once, and all filings are made of them. Each field shows what it rests on. A finished "
        "filing is sealed: later facts do not change it, they make a supplementary one.",
    ),
    "filings-facts": ("Faktai", "Facts"),
    "filings-facts-do": ("Peržiūrėti ir papildyti faktus", "Look through the facts and add to them"),
    "filings-facts-n": ("Žinoma {n} iš {all}", "{n} of {all} are known"),
    "filings-facts-none": (
        "Dar niekas nieko neįrašė: rodoma, ką sako pati byla.",
        "Nobody has written anything yet: what the case itself says is shown.",
    ),
    "filings-counted": ("Skaičiai iš sąrašo", "Numbers from the list"),
    "filings-newer": (
        "Yra naujesnis nukentėjusiųjų sąrašas: pasirinkite jį tarp faktų, jei skaičiai turi būti iš jo.",
        "There is a newer list of those affected: choose it among the facts if the numbers are to be from it.",
    ),
    "filings-forms": ("Pranešimai", "Filings"),
    "filings-done": ("Užbaigti", "Finished"),
    "filings-done-none": ("Dar nė vieno.", "None yet."),
    "filing-to": ("Kam", "To"),
    "filing-lacks": (
        {"one": "trūksta {n} lauko", "few": "trūksta {n} laukų", "many": "trūksta {n} lauko",
         "other": "trūksta {n} laukų"},
        {"one": "{n} field is missing", "other": "{n} fields are missing"},
    ),
    "filing-whole": ("viskas užpildyta", "nothing is missing"),
    "filing-sent": ("Išsiųsta", "Sent"),
    "filing-ready": ("Paruošta, neišsiųsta", "Ready, not sent"),
    "filing-dropped": ("Nesiunčiama", "Not to be sent"),
    "filing-changed": ("faktai pasikeitė: papildykite", "facts have changed: supplement it"),
    "filing-draft-form": ("dar negalioja", "not in force yet"),
    "filing-unchecked": (
        "Laukų sąrašo teisininkas dar nepalygino su galiojančia forma. Šaltinis:",
        "No lawyer has compared this list of fields with the form in force yet. Source:",
    ),
    "filing-checked": (
        "Laukų sąrašą patikrino {who}, {day}. Šaltinis:", "The list of fields was checked by {who}, {day}. Source:",
    ),
    "filing-kind-first": ("Pirminis", "First"),
    "filing-kind-supplementary": ("Papildomas", "Supplementary"),
    "filing-kind-final": ("Galutinis", "Final"),
    "filing-language": ("Kalba", "Language"),
    "filing-pdf": ("Juodraštis PDF", "Draft as PDF"),
    "filing-json": ("Juodraštis JSON", "Draft as JSON"),
    "filing-missing": ("Trūksta privalomų laukų:", "Needed and missing:"),
    "filing-rests": ("Kuo remiasi", "Rests on"),
    "filing-named": (
        "Pavadinti žmonės arba asmens kodai laukuose {fields}: pataisykite, kitaip pranešimas neišeis.",
        "People are named, or there are personal codes, in fields {fields}: change them, or the filing does not leave.",
    ),
    "filing-black": (
        {"one": "Svetimuose žodžiuose užtušuota {n} vieta.", "few": "Svetimuose žodžiuose užtušuotos {n} vietos.",
         "many": "Svetimuose žodžiuose užtušuota {n} vietos.", "other": "Svetimuose žodžiuose užtušuota {n} vietų."},
        {"one": "{n} place in strangers' words was blacked out.",
         "other": "{n} places in strangers' words were blacked out."},
    ),
    "filing-clean": ("Pacientų vardų ir asmens kodų nerasta.", "No patients' names and no personal codes were found."),
    "filing-look": ("Tikrinti, ar neįvardytas pacientas", "Look whether a patient is named"),
    "filing-finish": ("Užbaigti", "Finish"),
    "filing-finish-what": (
        "Abi kalbos užantspauduojamos kaip PDF ir JSON su maišos reikšmėmis. Tada išsiųskite ir pažymėkite.",
        "Both languages are sealed as PDF and JSON, with their hashes. Then send it, and mark it as sent.",
    ),
    "filing-finish-do": ("Užantspauduoti", "Seal"),
    "filing-later": (
        "Trūkstama bus papildyta vėliau (BDAR 33 straipsnio 4 dalis)",
        "What is missing follows later (GDPR, article 33(4))",
    ),
    "filing-finish-changed": ("Papildomas pranešimas anksčiau išsiųstam", "Supplements the one sent before"),
    "filing-one": ("Užbaigtas pranešimas", "Finished filing"),
    "filing-files": ("Failai", "Files"),
    "filing-hash": ("Baitų maiša (SHA-256)", "Hash of the bytes (SHA-256)"),
    "filing-number": ("Įrašas", "Entry"),
    "filing-by": ("Užbaigė", "Finished by"),
    "filing-left": ("Palikta vėliau", "Left for later"),
    "filing-snapshots": ("Sąrašai, iš kurių skaičiai", "Lists the numbers are from"),
    "filing-basis": ("Pagrindas", "Basis"),
    "filing-mark": ("Pažymėti kaip išsiųstą", "Mark as sent"),
    "filing-mark-again": ("Įrašyti jų numerį", "Add their reference"),
    "filing-at": ("Kada išsiųsta", "When it was sent"),
    "filing-channel": ("Kaip", "How"),
    "filing-reference": ("Jų numeris, jei jau yra", "Their reference, if there is one yet"),
    "filing-mark-do": ("Pažymėti", "Mark"),
    "filing-drop": ("Nesiųsti", "Do not send"),
    "filing-drop-why": ("Kodėl nesiunčiama", "Why it is not sent"),
    "filing-changes": ("Kas nuo tada pasikeitė", "What has changed since"),
    "filing-changes-none": ("Nieko.", "Nothing."),
    "filing-before": ("Pranešta", "Told"),
    "filing-now": ("Dabar", "Now"),
    "filing-supplement": ("Rengti papildomą pranešimą", "Make a supplementary filing"),
    "filing-said-named": (
        "Pranešime įvardytas pacientas arba yra asmens kodas ({fields}). Pakeiskite tuos faktus.",
        "The filing names a patient or holds a personal code ({fields}). Change those facts.",
    ),
    "filing-said-later": (
        "Trūksta privalomų laukų. Papildykite faktus arba pažymėkite, kad bus papildyta vėliau.",
        "Needed fields are missing. Add to the facts, or tick that they follow later.",
    ),
    "filing-said-draft": (
        "Ši forma dar negalioja: galima žiūrėti, negalima užbaigti.",
        "This form is not in force yet: it can be looked at, and not finished.",
    ),
    "filing-said-at": ("Įrašykite laiką kaip 2026-03-24 14:05.", "Give the time as 2026-03-24 14:05."),
    "filing-said-channel": ("Parašykite trumpai, viena eilute.", "Write it shortly, in one line."),
    "filing-said-language": ("Pasirinkite, kuri kalba išsiųsta.", "Choose which language was sent."),
    "filing-said-state": (
        "Jau išsiųsta. Jei faktai pasikeitė, rengkite papildomą pranešimą.",
        "It was sent already. If facts have changed, make a supplementary filing.",
    ),
    "filing-said-body": ("Pranešimas per ilgas: sutrumpinkite tekstus.", "The filing is too long: shorten its texts."),
    # -- the facts
    "facts-what": (
        "Pažymėta tai, ką sako pati byla; jei nekeisite, tai ir toliau seks bylą. Nerašykite pacientų vardų ir kodų.",
        "What is marked is what the case itself says; unless you change it, it goes on following the case. Write no "
        "patients' names or codes.",
    ),
    "facts-offered": ("iš bylos", "from the case"),
    "facts-counted": ("suskaičiuota", "counted"),
    "facts-rests": ("Kuo remiasi (kodai)", "Rests on (codes)"),
    "facts-nothing": ("nežinoma", "not known"),
    "facts-snapshot": ("Iš kurio sąrašo skaičiuoti", "Which list the numbers are from"),
    "facts-snapshot-none": ("Iš jokio: skaičiai įrašomi ranka", "None: numbers are typed"),
    "facts-grounds": ("Kuo galima remtis", "What facts may rest on"),
    "facts-grounds-none": (
        "Byloje dar nėra nei failų, nei įvykių, nei reikalavimų.",
        "The case has no files, no events and no demands yet.",
    ),
    "facts-grounds-how": (
        "Prie fakto įrašykite kodus, pavyzdžiui, F-1a2b E-3c4d.",
        "Write codes beside a fact, for example F-1a2b E-3c4d.",
    ),
    "facts-file": ("failas", "file"),
    "facts-event": ("įvykis", "event"),
    "facts-demand": ("reikalavimas", "demand"),
    "facts-keep": ("Išsaugoti faktus", "Keep the facts"),
    "facts-said-line": ("„{field}“: viena eilutė, iki 300 ženklų.", "“{field}”: one line of at most 300 letters."),
    "facts-said-text": ("„{field}“: tekstas iki 6000 ženklų.", "“{field}”: a text of at most 6,000 letters."),
    "facts-said-moment": (
        "„{field}“: laikas kaip 2026-03-24 14:05 arba diena kaip 2026-03-24.",
        "“{field}”: a time as 2026-03-24 14:05, or a day as 2026-03-24.",
    ),
    "facts-said-day": ("„{field}“: diena kaip 2026-03-24.", "“{field}”: a day as 2026-03-24."),
    "facts-said-number": ("„{field}“: sveikasis skaičius.", "“{field}”: a whole number."),
    "facts-said-one": ("„{field}“: pasirinkite iš sąrašo.", "“{field}”: choose from the list."),
    "facts-said-many": ("„{field}“: pasirinkite iš sąrašo.", "“{field}”: choose from the list."),
    "facts-said-snapshot": ("Tokio sąrašo byloje nėra.", "The case has no such list."),
    "facts-said-grounds": (
        "Tokio kodo nėra: pažiūrėkite į sąrašą šone.", "There is nothing of this code: look at the list beside.",
    ),
}  # fmt: skip
