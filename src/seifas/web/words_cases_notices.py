"""The words of notices to patients: waves, letters, what came back, packets."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_NOTICES_WORDS: dict[str, tuple[Forms, Forms]] = {
    "notice-what": (
        "Kiekvienam pacientui jo kalba: kas atskleista, kiek tai tikra ir ką daryti. Siunčiama bangomis, kai dvi "
        "poros akių pasako „taip“. Vokas, siuntėjas ir žinutė klinikos neišduoda.",
        "To each patient in their language: what was exposed, how sure that is, what to do. It goes out in waves that "
        "two people approve. Envelope, sender and text message do not give the clinic away.",
    ),
    "notice-none": ("Dar niekam nerašyta.", "Nobody was written to yet."),
    "notice-people": ("Žmonių", "People"),
    "notice-exempt-too": ("ir tiems, kurių duomenys liko neperskaitomi", "also those whose data stayed unreadable"),
    "notice-preview": ("Kaip atrodys laiškas (PDF)", "How the letter looks (PDF)"),
    "notice-sample": ("Vardas Pavardė (pavyzdys)", "Name Surname (sample)"),
    "notice-asked": ("laukia antro žmogaus", "waits for a second person"),
    "notice-asked-how": (
        "Niekas neišsiunčiama, kol nepatvirtins du žmonės.", "Nothing goes out before two people have approved it."
    ),
    "notice-approvals": ("Prašymai", "Requests"),
    "notice-refused": ("nepatvirtinta", "refused"),
    "notice-over": ("terminas praėjo", "lapsed"),
    "notice-approved": ("patvirtinta, ruošiama", "approved, being laid out"),
    "notice-going": ("siunčiama", "going out"),
    "notice-done": ("išsiųsta", "gone out"),
    "notice-stopped": ("sustabdyta", "stopped"),
    "notice-progress": ("Kiek jau padaryta", "How far it is"),
    "notice-channel": ("Kaip", "By"),
    "notice-state": ("Būklė", "State"),
    "notice-left-it": ("Nepavyko šiuo būdu", "Did not work this way"),
    "notice-by-mail": ("el. paštu", "e-mail"),
    "notice-by-sms": ("SMS", "text message"),
    "notice-by-letter": ("laišku", "letter"),
    "notice-queued": ("laukia", "waiting"),
    "notice-given": ("siunčiama dabar", "being sent"),
    "notice-made": ("paruošta paketuose", "ready in batches"),
    "notice-sent": ("išsiųsta", "sent"),
    "notice-delivered": ("įteikta", "delivered"),
    "notice-bounced": ("atmesta", "bounced"),
    "notice-returned": ("grįžo", "came back"),
    "notice-unsure": ("neaišku, ar išėjo", "not sure it went"),
    "notice-nowhere": ("nėra adreso", "no address"),
    "notice-held": ("sulaikyta (pratybos ar demonstracija)", "held back (exercise or demo)"),
    "notice-gone": ("paciento nebėra", "the patient is gone"),
    "notice-batches": ("Paketai", "Batches"),
    "notice-batches-how": (
        "Atsisiųskite, perduokite spaustuvei ar SMS siuntėjui, tada pažymėkite, kad perduota: paketas čia ištrinamas.",
        "Download, hand over to the printing house or whoever sends text messages, then say so: the batch is deleted "
        "here.",
    ),
    "notice-batch": ("Paketas", "Batch"),
    "notice-download": ("Atsisiųsti", "Download"),
    "touch-notice-batch": (
        "Bus atsisiųsti šios bangos laiškai su pacientų vardais ir adresais.",
        "The letters of this wave will be downloaded, with patients' names and addresses.",
    ),
    "notice-taken": ("atsisiųsta", "downloaded"),
    "notice-hand": ("Perduota", "Handed over"),
    "notice-handed": ("perduota", "handed over"),
    "notice-stop": ("Stabdyti, kas dar neišėjo", "Stop what has not gone"),
    "notice-back": ("Kas grįžo", "What came back"),
    "notice-back-how": (
        "Įrašykite numerius nuo grįžusių vokų ar atmestų žinučių: tiems žmonėms rašoma kitu būdu.",
        "Give the numbers from envelopes that came back or messages that bounced: those people are written to another "
        "way.",
    ),
    "notice-refs": ("Laiškų numeriai", "Numbers of letters"),
    "notice-back-do": ("Įrašyti", "Take down"),
    "notice-unknown": ("Tokių numerių šioje byloje nėra:", "Numbers that are of no letter in this case:"),
    "notice-public": ("Viešas pranešimas nepasiektiesiems", "Public notice to those who were not reached"),
    "notice-unreached": ("Nepasiekta žmonių", "People who were not reached"),
    "notice-public-how": (
        "BDAR 34 straipsnio 3 dalies c punktas: kai asmeniškai pasiekti nepavyko, skelbiama viešai. Tekstą galite "
        "paimti čia:",
        "GDPR 34(3)(c): whom one could not reach in person is told in public. Take the text to:",
    ),
    "notice-public-do": ("Įrašyti skaičių į bylą", "Keep the number in the case"),
    "notice-add": ("Nauja banga", "A new wave"),
    "notice-first": ("Pirmiausia apskaičiuokite, kas paliesti:", "Compute first who is affected:"),
    "notice-snapshot": ("Pagal būklę", "By the snapshot of"),
    "notice-grades": ("Kam rašoma", "Who is written to"),
    "notice-exempt": (
        "Rašyti ir tiems, kurių duomenys liko neperskaitomi", "Write also to those whose data stayed unreadable"
    ),
    "notice-order": ("Kuo rašoma", "By what"),
    "notice-order-all": ("el. paštu, tada SMS, tada laišku", "e-mail, then text message, then letter"),
    "notice-order-letter": ("tik laišku", "letter only"),
    "notice-order-mail": ("el. paštu, tada laišku", "e-mail, then letter"),
    "notice-order-sms": ("SMS, tada laišku", "text message, then letter"),
    "notice-known-on": ("Kada klinika sužinojo", "When the clinic learned of it"),
    "notice-happened-lt": ("Kas įvyko, lietuviškai", "What happened, in Lithuanian"),
    "notice-happened-en": ("Kas įvyko, angliškai", "What happened, in English"),
    "notice-no-names": (
        "Šis tekstas yra kiekviename laiške: nė vieno paciento vardo.",
        "This stands in every letter: no patient's name.",
    ),
    "notice-measures-lt": ("Ką padarėme, lietuviškai", "What was done, in Lithuanian"),
    "notice-measures-en": ("Ką padarėme, angliškai", "What was done, in English"),
    "notice-dpo": ("Duomenų apsaugos pareigūnas", "Data protection officer"),
    "notice-dpo-hint": ("Vardas, telefonas, el. paštas.", "Name, telephone, e-mail."),
    "notice-phone": ("Telefonas klausimams", "Telephone for questions"),
    "notice-clinic": ("Klinikos adresas laiške", "The clinic's address inside the letter"),
    "notice-return": ("Grąžinimo adresas ant voko", "Return address on the envelope"),
    "notice-return-hint": (
        "Be klinikos pavadinimo, pavyzdžiui, pašto dėžutė.", "Without the clinic's name, a post-office box for example."
    ),
    "notice-ask": ("Prašyti patvirtinti", "Ask for approval"),
    "notice-packet": ("Rinkinys nukentėjusiajam", "Packet for who was extorted"),
    "notice-packet-what": (
        "Pacientui, iš kurio reikalaujama pinigų: jo gauti reikalavimai, jo įrodymų išrašas ir paruoštas pareiškimas "
        "policijai. Atveriama jo kortelė.",
        "For a patient from whom money is demanded: the demands they got, an extract of the evidence about them, and "
        "a complaint to the police ready to sign. It opens their card.",
    ),
    "notice-packet-person": ("Paciento žymuo", "The patient's label"),
    "notice-packet-reason": ("Kodėl", "Why"),
    "notice-packet-do": ("Parengti rinkinį (PDF)", "Make the packet (PDF)"),
    "notice-said-grades": ("Pažymėkite, kam rašoma.", "Tick who is written to."),
    "notice-said-channels": ("Pasirinkite, kuo rašoma.", "Choose by what it goes."),
    "notice-said-mail": (
        "Pašto serveris nenurodytas. Pasirinkite kitą būdą arba jį įrašykite nustatymuose.",
        "No mail server is set. Choose another way, or set one in the settings.",
    ),
    "notice-said-texts": (
        "Kas įvyko ir kas padaryta, parašykite lietuviškai ir angliškai, iki 4000 ženklų.",
        "Say what happened and what was done, in Lithuanian and in English, at most 4,000 letters each.",
    ),
    "notice-said-dpo": (
        "Įrašykite, kas atsakys į klausimus ir kokiu telefonu.", "Say who answers questions, and on which telephone."
    ),
    "notice-said-day": ("Įrašykite dieną, kada sužinojote.", "Give the day on which you learned of it."),
    "notice-said-nobody": (
        "Nėra nė vieno, kam dar nebūtų rašyta.", "There is nobody who was not written to already."
    ),
    "notice-said-named": (
        "Tekste paminėtas pacientas. Išimkite vardą, kodą ar telefoną.",
        "A patient is named in the text. Take the name, code or telephone number out.",
    ),
    "notice-said-untaken": ("Pirmiausia atsisiųskite paketą.", "Download the batch first."),
    "notice-said-handed": (
        "Šis paketas jau perduotas ir čia ištrintas.", "This batch was handed over and is deleted here."
    ),
    "notice-said-stopped": ("Ši banga sustabdyta.", "This wave was stopped."),
    "notice-said-refs": ("Įrašykite bent vieną laiško numerį.", "Give at least one number of a letter."),
    "notice-said-full": ("Byloje jau per daug bangų.", "There are too many waves in this case."),
    "notice-said-approvals": (
        "Laukia per daug prašymų. Pirmiausia juos išspręskite.", "Too many requests wait. Have some decided first."
    ),
    "notice-said-snapshot": ("Pirmiausia apskaičiuokite, kas paliesti.", "Compute first who is affected."),
    "notice-said-person": (
        "Tokio žymens šioje būklėje nėra, arba jis ne vienas.",
        "There is no such label in this snapshot, or there are several.",
    ),
}
