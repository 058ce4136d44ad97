"""The words of alarms and sessions on the officer's desk, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

ALARM_WORDS: dict[str, tuple[Forms, Forms]] = {
    "alarm-account-added": ("Pridėta nauja paskyra.", "A new account was added."),
    "alarm-account-disabled": ("Paskyra uždaryta.", "An account was shut."),
    "alarm-account-enabled": ("Uždaryta paskyra vėl atidaryta.", "A shut account was opened again."),
    "alarm-approval": ("Kažkas laukia dviejų žmonių pritarimo.", "Something waits for two people's approval."),
    "alarm-caller-cards": (
        "Paskyra per dieną atvėrė tiek skambinančiųjų kortelių, kiek leidžiama.",
        "An account opened as many callers' cards in a day as it may.",
    ),
    "alarm-canaries-listed": (
        "Paieškos rado kelis masalus: kažkas gali eiti per vardus iš eilės.",
        "Searches listed several decoys: somebody may be walking through the names.",
    ),
    "alarm-canary": (
        "Atverta masalo kortelė. Jai atverti priežasties neturi niekas, todėl sesija laikoma pavogta.",
        "A decoy was opened. Nobody has a reason to, so the session counts as stolen.",
    ),
    "alarm-case-exercise": ("Pradėtos pratybos.", "An exercise was begun."),
    "alarm-case-opened": ("Atidaryta incidento byla.", "An incident case was opened."),
    "alarm-case-person": (
        "Pareigūnas atvėrė incidento paliesto žmogaus kortelę.",
        "An officer opened the card of somebody affected by an incident.",
    ),
    "alarm-evidence-exported": (
        "Bylos įrodymai išduodami; tai leido du žmonės.", "A case's evidence is being exported; two people allowed it."
    ),
    "alarm-case-reopened": (
        "Pacientus, kurių duomenys laikyti užrakintais, reikia vertinti iš naujo.",
        "Patients whose data counted as sealed have to be looked at again.",
    ),
    "alarm-case-letters-taken": (
        "Atsisiųsti incidento laiškai pacientams.", "An incident's letters to patients were downloaded."
    ),
    "alarm-asked-full": (
        "Viešojo puslapio klausimų dėžutė pilna.", "The box of questions from the public site is full."
    ),
    "alarm-notice-codes": (
        "Kas nors spėlioja laiškų kodus. Atspėti jų neįmanoma; tikri kodai veikia.",
        "Somebody is guessing codes of letters. They cannot be guessed; real ones work.",
    ),
    "alarm-case-unsent": (
        "Byla ką nors siuntė, bet tai neišėjo arba neaišku, ar išėjo.",
        "Something that a case sends did not go out, or it is not known whether it did.",
    ),
    "alarm-changes": (
        "Paskyra per dieną perrašė ar ištrynė tiek pacientų įrašų, kad buvo sustabdyta.",
        "An account overwrote or deleted records of so many patients in a day that it was stopped.",
    ),
    "alarm-client-added": ("Pridėta programa.", "A program was added."),
    "alarm-client-disabled": ("Programa uždaryta.", "A program was shut."),
    "alarm-clinic-contact": (
        "Pakeistas skelbiamas klinikos telefonas, paštas ar adresas.",
        "The clinic's published telephone, e-mail or address was changed.",
    ),
    "alarm-clinic-near": (
        "Baigiasi visos klinikos dienos šaltų atvėrimų riba.",
        "The whole clinic's cold openings of the day are running out.",
    ),
    "alarm-clock-jump": (
        "Kompiuterio laikrodis pašoko. Ribos dėl to neatsinaujina.",
        "The machine's clock jumped. No budget refills by it.",
    ),
    "alarm-cold-clinic": (
        "Visos klinikos dienos šalti atvėrimai išnaudoti. Užrašyti pacientai ir skubūs atvejai veikia toliau.",
        "The whole clinic's cold openings of the day are used. Booked patients and emergencies go on.",
    ),
    "alarm-cold-day": (
        "Paskyra per dieną atvėrė didžiausią leidžiamą skaičių pacientų be ryšio ir buvo sustabdyta.",
        "An account opened the most patients without a care link that a day allows, and was stopped.",
    ),
    "alarm-cold-kept": (
        "Paskyra norėjo daugiau, kai klinikai jau liko nedaug.",
        "An account wanted more while the clinic had few openings left.",
    ),
    "alarm-cold-month": (
        "Paskyra per mėnesį atvėrė labai daug pacientų be ryšio: lašėjimas arba labai užimta vieta.",
        "An account opened very many patients without a care link in a month: a drip, or a busy desk.",
    ),
    "alarm-erasure": ("Pacientas ištrintas.", "A patient was erased."),
    "alarm-erasure-waits": (
        "Patvirtinto ištrynimo vykdyti negalima: trukdo sulaikymas, saugojimo terminas, dienos riba, neprijungtas "
        "raktų įrenginys ar nebaigtas saugyklos perkėlimas.",
        "An approved erasure cannot be done: a hold, the years of keeping, the day's bound, an absent token or a move "
        "of the vault that was cut off.",
    ),
    "alarm-erasures": (
        "Per dieną paprašyta daugiau ištrynimų, nei leidžiama.",
        "More erasures were asked for in a day than are allowed.",
    ),
    "alarm-export": ("Išvežtas visas vieno paciento įrašas.", "The whole record of one patient was exported."),
    "alarm-exports": (
        "Paskyra per dieną išvežė tiek pacientų įrašų, kiek leidžiama.",
        "An account exported as many patients in a day as it may.",
    ),
    "alarm-glass": (
        "Skubus atvėrimas: vienas pacientas atvertas be ryšio.",
        "The glass was broken: one patient was opened in an emergency.",
    ),
    "alarm-guessing": (
        "Kažkas spėlioja vardus su datomis ar telefonais.",
        "Somebody is guessing names with dates or telephones.",
    ),
    "alarm-hats-taken": (
        "Iš paskyros atimtos pareigos, kurios tvirtina.",
        "A hat that approves was taken from an account.",
    ),
    "alarm-hold-cleared": ("Panaikintas teisinis sulaikymas.", "A legal hold was cleared."),
    "alarm-insisting": (
        "Sesija vis klausė kitų pacientų, nors prieigos raktas taip ir nebuvo paliestas.",
        "A session went on asking for other patients and never showed the passkey that was demanded.",
    ),
    "alarm-invited": (
        "Žmogus pakviestas nusistatyti prisijungimą.",
        "A person was invited to set up how they sign in.",
    ),
    "alarm-invited-again": (
        "Prie kompiuterio dar kartą pakviesta paskyra, kuri jau gali prisijungti.",
        "An account that can sign in already was invited again at the machine.",
    ),
    "alarm-decoy-rung": (
        "Kažkas parašė ar paskambino masalu. Išduotas sąrašas, kuriame jis buvo, yra svetimose rankose.",
        "Somebody wrote to or called a decoy. The list that it was planted in is in somebody's hands.",
    ),
    "alarm-decoys-planted": ("Pasodinta masalų.", "Decoys were planted."),
    "alarm-leak-case": ("Pradėta nutekėjimo byla.", "A leak case was begun."),
    "alarm-leak-demo": (
        "Demonstracija pati pradėjo ir patvirtino nutekėjimo bylą.",
        "The demo began and approved a leak case by itself.",
    ),
    "alarm-leak-open": (
        "Pareigūnas atvėrė nutekėjimo byloje rasto paciento kortelę.",
        "An officer opened the card of a patient found in a leak case.",
    ),
    "alarm-leak-pass": (
        "Prie kompiuterio išduotas leidimas nutekėjimo bylos paieškai.",
        "A pass for a leak case was given at the machine.",
    ),
    "alarm-leak-search": (
        "Pradėta nutekėjimo paieška: ji gali lyginti pavyzdį su visais pacientais.",
        "A leak search was begun: it may compare a sample with all patients.",
    ),
    "alarm-lines-withheld": (
        "Pacientui laikinai nerodomos žurnalo eilutės dėl tyrimo.",
        "Lines of the log are withheld from a patient for a while because of a case.",
    ),
    "alarm-login-link": (
        "Prie kompiuterio padaryta nuoroda, kuria galima prisijungti kito vardu.",
        "A link was made at the machine that signs in as somebody else.",
    ),
    "alarm-watch-changed": (
        "Pasikeitė stebimas puslapis. Kas atėjo, saugoma byloje ir bus palyginta, kai tik pritars du žmonės.",
        "A watched page has changed. What came is kept in its case, and matched as soon as two people approve.",
    ),
    "alarm-watch-silent": (
        "Stebimas adresas penkis kartus iš eilės neatsiliepė.",
        "A watched address has not answered five times in a row.",
    ),
    "alarm-machine-day": (
        "Programa pasiekė savo dienos pacientų ribą.",
        "A program reached its bound of patients for the day.",
    ),
    "alarm-machine-search": (
        "Programos paieškos pasiekė dienos ribą.",
        "A program's searches reached the day's bound.",
    ),
    "alarm-means-taken": (
        "Dviejų žmonių sutarimu iš paskyros atimtas prisijungimo būdas.",
        "Two people had a means of signing in taken from an account.",
    ),
    "alarm-month-near": ("Paskyra artėja prie mėnesio ribos.", "An account is near its bound of the month."),
    "alarm-passkey-added": ("Paskyrai pridėtas prieigos raktas.", "A passkey was added to an account."),
    "alarm-passkey-copied": (
        "Prieigos raktas galėjo būti nukopijuotas: jo skaitiklis nesutampa.",
        "A passkey may have been copied: its counter does not fit.",
    ),
    "alarm-passkey-removed": ("Iš paskyros pašalintas prieigos raktas.", "A passkey was taken away from an account."),
    "alarm-password-set": ("Nustatytas paskyros slaptažodis.", "The password of an account was set."),
    "alarm-portal-erasure": ("Pacientas prašo ištrinti jo duomenis.", "A patient asks to be erased."),
    "alarm-portal-invited-again": (
        "Pacientas į savo puslapį pakviestas dar kartą.",
        "A patient was invited to the portal again.",
    ),
    "alarm-rehearsal-failed": (
        "Atkūrimo repeticija nepavyko: su turimais būdais saugykla neatsidarytų.",
        "A rehearsal of recovery failed: with the ways at hand the vault would not open.",
    ),
    "alarm-requests-full": (
        "Prašymų iš viešosios svetainės dėžutė pilna.",
        "The box of requests from the public site is full.",
    ),
    "alarm-requests-read": (
        "Per trumpą laiką perskaityta neįprastai daug prašymų iš svetainės.",
        "Unusually many requests from the site were read in a short time.",
    ),
    "alarm-search-day": (
        "Paieškos parodė tiek skirtingų pacientų, kad buvo sustabdytos.",
        "Searches listed so many different patients that they were stopped.",
    ),
    "alarm-searches": (
        "Sesija per valandą ieškojo neįprastai daug kartų.",
        "A session searched unusually often within an hour.",
    ),
    "alarm-session-full": (
        "Sesija per dieną be prieigos rakto atvėrė tiek pacientų, kiek galima.",
        "A session opened as many patients in a day as it may without a passkey.",
    ),
    "alarm-settings-changed": (
        "Nustatymų failas pasikeitė nuo praeito atrakinimo.",
        "The settings file is another than at the last unlock.",
    ),
    "alarm-share-passed": (
        "Paskyra viršijo ketvirtį klinikos dienos atvėrimų.",
        "An account passed a quarter of the clinic's openings of the day.",
    ),
    "alarm-sign-in-guessing": (
        "Dešimt nesėkmingų bandymų prisijungti vienu vardu.",
        "Ten wrong attempts to sign in with one name.",
    ),
    "alarm-warm-cards": (
        "Paskyra pasiekė užrašytų pacientų kortelių dienos ribą.",
        "An account reached its bound of booked patients' cards for the day.",
    ),
    "alarm-warm-charts": (
        "Paskyra pasiekė užrašytų pacientų istorijų dienos ribą.",
        "An account reached its bound of booked patients' charts for the day.",
    ),
    "alarm-token-behind": (
        "Raktų įrenginyje liko senas raktas. Prijunkite įrenginį, užrakinkite ir vėl atrakinkite.",
        "A former epoch's key is still in a token. Attach it, lock, and unlock once more.",
    ),
    "alarm-ways-in": (
        "Prie kompiuterio pakeista, kas gali atrakinti saugyklą.",
        "Who can open the vault was changed at the machine.",
    ),
    "alarm-without-witness": (
        "Saugykla atrakinta be liudytojo žodžio.",
        "The vault was unlocked without the witness's word.",
    ),
    "alarm-witness-ahead": (
        "Liudytojas matė daugiau eilučių nei yra čia: kompiuteris grąžintas į ankstesnę dieną.",
        "The witness has seen more lines than are here: this machine was put back to an earlier day.",
    ),
    "alarm-witness-fork": (
        "Liudytojas matė kitokią žurnalo praeitį: žurnalas suklastotas arba sugadintas.",
        "The witness has seen another past of this log: it was forged, or its files are damaged.",
    ),
    "alarm-witness-silent": ("Liudytojas neatsako visą parą.", "The witness has not answered for a day."),
    "alarm-worklist-week": ("Savaitės kvietimų sąrašai pilni.", "The recall lists of this week are full."),
    "alarm-other": (
        "Įvyko tai, ko šis puslapis nepažįsta; apačioje – pačios saugyklos žodžiai.",
        "Something this page has no words for; the vault's own are below.",
    ),
    "alarm-next": ("Ką daryti:", "What to do:"),
    "alarm-note": ("Kas paaiškėjo (nebūtina)", "What you found (optional)"),
    "alarm-told": ("Pranešta:", "Told:"),
    "alarm-told-nobody": ("Dar niekam nepranešta.", "Nobody has been told yet."),
    "alarms-answered": ("Atsakyti neseniai", "Answered lately"),
    "alarms-live": (
        {"one": "{n} skamba", "few": "{n} skamba", "many": "{n} skamba", "other": "{n} skamba"},
        {"one": "{n} ringing", "other": "{n} ringing"},
    ),
    "count-approvals": (
        {
            "one": "laukia pritarimo",
            "few": "laukia pritarimo",
            "many": "laukia pritarimo",
            "other": "laukia pritarimo",
        },
        {"one": "waits for approval", "other": "wait for approval"},
    ),
    "count-reviews": (
        {
            "one": "skubus atvėrimas laukia peržiūros",
            "few": "skubūs atvėrimai laukia peržiūros",
            "many": "skubaus atvėrimo laukia peržiūros",
            "other": "skubių atvėrimų laukia peržiūros",
        },
        {"one": "emergency waits for review", "other": "emergencies wait for review"},
    ),
    "count-erasures": (
        {
            "one": "ištrynimas eigoje",
            "few": "ištrynimai eigoje",
            "many": "ištrynimo eigoje",
            "other": "ištrynimų eigoje",
        },
        {"one": "erasure under way", "other": "erasures under way"},
    ),
    "count-people": (
        {"one": "žmogus", "few": "žmonės", "many": "žmogaus", "other": "žmonių"},
        {"one": "person", "other": "people"},
    ),
    "count-templates": (
        {"one": "šablonas", "few": "šablonai", "many": "šablono", "other": "šablonų"},
        {"one": "template", "other": "templates"},
    ),
    "session-refund": ("Grąžinti ribas ir baigti", "Refund and end"),
    "session-refund-hint": (
        "Grąžina, ką ši sesija išnaudojo per parą, ir ją baigia",
        "Gives back what this session used in a day, and ends it",
    ),
    "log-of-session": ("Ką darė", "What it did"),
    "acts": ("Veiksmai", "Acts"),
    "watch-places": ("Šios darbo vietos puslapiai", "Pages of this desk"),
    "budgets": ("Ribos", "Budgets"),
    "reviews": ("Skubūs atvėrimai", "Reviews"),
    "log": ("Žurnalas", "Log"),
    "undoing": ("Atšaukimas", "Undo"),
    "erasures": ("Ištrynimai", "Erasures"),
    "programs": ("Programos", "Programs"),
    "house": ("Namų būklė", "State of the house"),
}
