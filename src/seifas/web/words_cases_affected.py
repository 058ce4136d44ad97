"""The words of who is affected."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

CASES_AFFECTED_WORDS: dict[str, tuple[Forms, Forms]] = {
    "affected-how": (
        "Kas nukentėjo, apskaičiuojama iš seifo žurnalo ir iš to, kas rasta paskelbta, kiekvienam su įrodymu. "
        "Vardų čia nėra: žmogus atveriamas po vieną, nurodžius priežastį.",
        "Who is affected is computed from the vault's own log and from what was found published, each person with the "
        "proof. There are no names here: people are opened one by one, with a reason.",
    ),
    "affected-none": (
        "Dar neskaičiuota. Nurodykite laiką ir sesijas, kuriomis dirbo ne jų savininkai.",
        "Nothing was computed yet. Say the time, and the sessions that were not in their owners' hands.",
    ),
    "affected-published": ("paskelbti", "published"),
    "affected-taken": ("paimti", "taken"),
    "affected-reachable": ("pasiekiami", "reachable"),
    "affected-ciphertext": ("tik užrakinti", "sealed only"),
    "affected-what-published": (
        "Rasti tarp paskelbtų ar atsiųstų duomenų.", "Found in what was published or sent in.",
    ),
    "affected-what-taken": (
        "Žurnalo eilutė sako, kad svetima sesija, paskyra ar išrašas juos parodė arba pakeitė.",
        "A line of the log says that a hostile session, account or export was shown them, or changed something.",
    ),
    "affected-what-reachable": (
        "Paimti nebuvo, bet galėjo būti: matyti dienos sąraše, priklausė tos paskyros pacientams arba nebesaugūs "
        "raktai.",
        "Not taken, but they could have been: in a day's list that was looked at, in that account's care, or behind "
        "keys that fell.",
    ),
    "affected-what-ciphertext": (
        "Nors ir nukopijuoti, liko neįskaitomi: BDAR 34 str. 3 d. a punktas. Jei vėliau paaiškėtų, kad raktai "
        "nesaugūs, skaičiuokite iš naujo.",
        "Even if copied, they stayed unreadable: GDPR 34(3)(a). If keys turn out to have fallen, compute again.",
    ),
    "affected-who": ("Žmonės", "People"),
    "affected-all": ("Rodyti visus", "Show all"),
    "affected-next": ("Kiti", "Next"),
    "affected-nobody": ("Tokių nėra.", "There is nobody."),
    "affected-open": ("Atverti…", "Open…"),
    "affected-open-head": ("Atverti nukentėjusio kortelę", "Open the card of somebody affected"),
    "affected-open-how": (
        "Atvėrimas įrašomas į žurnalą, skaičiuojamas kaip svetimo paciento ir praneša kitam pareigūnui.",
        "The opening is written into the log, counts as that of a stranger's chart, and rings for the other officers.",
    ),
    "touch-affected-open": (
        "Patvirtinate, kad atveriate vieno nukentėjusio žmogaus kortelę.",
        "You confirm that you open the card of one affected person.",
    ),
    "affected-of-identity": ("vardas, gimimo data", "name, date of birth"),
    "affected-of-contact": ("telefonas, adresas", "telephone, address"),
    "affected-of-code": ("asmens kodas", "personal code"),
    "affected-of-health": ("sveikata", "health"),
    "affected-of-photos": ("nuotraukos", "photos"),
    "affected-of-appointments": ("vizitai", "appointments"),
    "affected-of-messages": ("žinutės", "messages"),
    "affected-of-account": ("prisijungimas prie portalo", "access to the portal"),
    "affected-of-masked": ("sutrumpintas įrašas paieškoje", "a masked line in a search"),
    "affected-of-changed": ("įrašas galėjo būti pakeistas", "the record may have been changed"),
    "affected-minor": ("nepilnamečiai", "minors"),
    "affected-minor-one": ("nepilnametis", "minor"),
    "affected-countries": ("Šalys", "Countries"),
    "affected-country-none": ("nežinoma", "not known"),
    "affected-by-match": ("rasta, eilutė", "found, row"),
    "affected-by-canary": ("su masalu, eilutė", "with a decoy, row"),
    "affected-by-export": ("išrašas, žurnalo eilutė", "export, line"),
    "affected-by-line": ("žurnalo eilutė", "line"),
    "affected-by-session": ("paskyros pacientas, sesija", "in the account's care, session"),
    "affected-by-key": ("raktai nesaugūs", "keys fell"),
    "affected-by-log": ("tuo metu žurnalo nėra", "no log of that time"),
    "affected-more": ("ir dar {n}", "and {n} more"),
    "affected-exempt-one": ("raktų ir žurnalo pėdsakų nėra", "no trace in keys or log"),
    "affected-erased": (
        {"one": "{n} žmogaus įrašas vėliau ištrintas.", "few": "{n} žmonių įrašai vėliau ištrinti.",
         "many": "{n} žmogaus įrašas vėliau ištrintas.", "other": "{n} žmonių įrašai vėliau ištrinti."},
        {"one": "{n} of them was erased since.", "other": "{n} of them were erased since."},
    ),
    "affected-falls": (
        "Vėliau sužinota, kad raktai nesaugūs: šiuo sąrašu nebesiremkite.",
        "Later it was learnt that keys fell: this list can no longer be relied on.",
    ),
    "affected-reopened": (
        {"one": "{n} žmogui, kurio duomenys laikyti užrakintais, pranešti dabar gali reikėti.",
         "few": "{n} žmonėms, kurių duomenys laikyti užrakintais, pranešti dabar gali reikėti.",
         "many": "{n} žmogaus, kurio duomenys laikyti užrakintais, vertinti reikia iš naujo.",
         "other": "{n} žmonių, kurių duomenys laikyti užrakintais, vertinti reikia iš naujo."},
        {"one": "{n} person whose data counted as sealed has to be looked at again.",
         "other": "{n} people whose data counted as sealed have to be looked at again."},
    ),
    "affected-diff": ("Kas pasikeitė", "What changed"),
    "affected-diff-from": ("Palyginti su", "Compared with"),
    "affected-diff-same": ("Nepasikeitė: {n}.", "Unchanged: {n}."),
    "affected-diff-reopened": ("Išimtis nebegalioja: {n}.", "No longer exempt: {n}."),
    "affected-diff-closed": ("Išimtis nuo šiol galioja: {n}.", "Exempt from now on: {n}."),
    "affected-diff-who": ("Pasikeitę žmonės: {n}", "People who changed: {n}"),
    "affected-not-there": ("nebuvo", "not there"),
    "affected-again": ("vertinti iš naujo", "look again"),
    "affected-kept": ("Suskaičiuota anksčiau ir dabar", "Computed so far"),
    "affected-compare": ("Palyginti", "Compare"),
    "affected-from": (
        "sesijų {sessions}, paskyrų {accounts}, išrašų {exports}",
        "sessions {sessions}, accounts {accounts}, exports {exports}",
    ),
    "affected-left-out": ("atsiimta įrodymų {n}", "evidence taken back {n}"),
    "affected-gone": ("ištrinta žmonių {n}", "people erased {n}"),
    "affected-undecided": ("neaišku, kieno eilučių {n}", "rows of nobody for sure {n}"),
    "affected-broken": ("neatsivėrė rezultatų {n}", "results that do not open {n}"),
    "affected-jumps": ("laikrodis keistas kartų {n}", "times the clock was set {n}"),
    "affected-do": ("Apskaičiuoti", "Compute"),
    "affected-again-do": ("Skaičiuoti iš naujo", "Compute again"),
    "affected-compute": ("Apskaičiuoti ir užrakinti", "Compute and freeze"),
    "affected-since": ("Nuo kada", "From when"),
    "affected-until": ("Iki kada", "Until when"),
    "affected-hints": ("Įtartinos sesijos", "Sessions that something points at"),
    "affected-hints-how": (
        "Pažymėkite tas, kuriomis dirbo ne jų savininkai. Ženklas nuotraukoje rodo sesiją, ne vagį.",
        "Tick those that were not in their owners' hands. A mark in a picture names a session, not a thief.",
    ),
    "affected-hint-mark": ("ženklas paskelbtoje nuotraukoje", "mark in a published picture"),
    "affected-hint-way": ("žurnalas taip aiškina paskelbtą sąrašą", "the log explains the sample by it"),
    "affected-hint-frozen": ("sustabdyta", "stopped"),
    "affected-hint-alarm": ("nurodyta pavojaus signale", "named by an alarm"),
    "affected-nobody-known": ("nežinoma paskyra", "an account that is not known"),
    "affected-sessions": ("Sesijos", "Sessions"),
    "affected-sessions-hint": (
        "Sesijų ženklai iš žurnalo, 32 ženklai, atskirti tarpais.",
        "Sessions as the log names them, 32 characters each, with spaces between.",
    ),
    "affected-accounts": ("Visa paskyra svetimose rankose", "A whole account in hostile hands"),
    "affected-accounts-how": (
        "Tada skaičiuojama viskas, ką ši paskyra per tą laiką atvėrė.",
        "Then everything counts that this account opened in that time.",
    ),
    "affected-exports": ("Išrašai, sąrašai, vaizdai", "Exports, lists, views"),
    "affected-exports-ids": ("Jų ženklai", "Their marks"),
    "affected-exports-hint": (
        "Sąrašo, darbo ar nuotraukos peržiūros ženklas, kaip jį nurodo žurnalas.",
        "The mark of a list, a job or a view of a photo, as the log has it.",
    ),
    "affected-keys": ("Raktai", "Keys"),
    "affected-keys-none": ("Nėra ženklų, kad raktai nesaugūs", "Nothing says that keys fell"),
    "affected-keys-host": ("Įsilaužta į atrakintą mašiną", "The unlocked machine was broken into"),
    "affected-keys-root": ("Atskleistas šakninis raktas ar slaptafrazė", "The root or a passphrase fell"),
    "affected-keys-epoch": ("Atskleistas laikotarpio raktas", "A key of an epoch fell"),
    "affected-keys-keys": ("Paimta raktų saugykla ir tai, kas ją atveria", "A key store and what opens it fell"),
    "affected-keys-hint": (
        "Jei raktai nesaugūs, visi laikomi pasiekiamais ir BDAR 34 str. 3 d. a punkto išimtis netaikoma niekam.",
        "If keys fell, everybody counts as reachable, and nobody is exempt by GDPR 34(3)(a).",
    ),
    "affected-keys-event": ("Iš ko tai žinoma", "How that is known"),
    "affected-keys-event-none": ("Dar neįrašyta į eigą", "Not on the timeline yet"),
    "affected-retracted": (
        "Atsiimti įrodymai neskaičiuojami: {n}.", "Evidence that was taken back is left out: {n}.",
    ),
    "affected-decoys": ("Rasti masalai", "Decoys that were found"),
    "affected-decoys-how": (
        "Sąrašas, į kurį jie buvo įdėti, yra svetimose rankose.",
        "The list that they were put into is in somebody's hands.",
    ),
    "affected-decoy-canary": ("Pacientų sąrašas", "The list of patients"),
    "affected-said-until": (
        "Laikas baigiasi anksčiau, nei prasideda.", "The time ends before it begins.",
    ),
    "affected-said-long": (
        "Per tą laiką žurnalo eilučių per daug. Nurodykite trumpesnį laiką.",
        "There are too many lines of the log in that time. Choose a shorter one.",
    ),
    "affected-said-when": ("Nurodykite dieną ir laiką, kurie yra buvę.", "Give a day and a time that there was."),
    "affected-said-keys": ("Pasirinkite iš sąrašo, kas nutiko raktams.", "Choose from the list what happened to keys."),
    "affected-said-id": (
        "Ženklai yra iš 32 raidžių a–f ir skaitmenų.", "Marks are 32 characters of a–f and digits.",
    ),
    "affected-said-many": ("Vienu metu galima nurodyti iki 300.", "At most 300 may be named at once."),
    "affected-said-full": (
        "Šiame incidente jau 200 sąrašų. Pradėkite naują incidentą.",
        "This incident has 200 lists already. Open another incident.",
    ),
}
