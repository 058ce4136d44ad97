"""The words of what leak searches find: whose, which way, the whole set; and of the report."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

LEAK_RESULT_WORDS: dict[str, tuple[Forms, Forms]] = {
    "leak-result-match": ("Kieno tai", "Whose it is"),
    "leak-result-attribute": ("Pro kur išėjo", "Which way it went out"),
    "leak-result-explain": ("Visas rinkinys pagal žurnalą", "The whole set by the log"),
    "leak-to-case": ("Į bylą", "To the case"),
    "leak-took": ("{n} s", "took {n} s"),
    "leak-sum": ("Trumpai", "In short"),
    "leak-gone": ("nežinomas arba ištrintas", "unknown or erased"),
    "leak-unread": ("Kas liko neperskaityta", "What could not be read"),
    # -- whose
    "leak-rows": ("Eilučių ir paminėjimų", "Rows and mentions"),
    "leak-people": ("Skirtingų pacientų", "Different patients"),
    "leak-all": ("Visi", "All"),
    "leak-show": ("Ką rodyti", "What to show"),
    "leak-kind-sure": ("Tikrai vienas pacientas", "Surely one patient"),
    "leak-kind-several": ("Galimi keli", "One of several"),
    "leak-kind-nobody": ("Ne mūsų pacientas", "Nobody here"),
    "leak-is-sure": ("vienas pacientas", "one patient"),
    "leak-is-several": ("galimi keli", "one of several"),
    "leak-is-nobody": ("ne mūsų", "nobody here"),
    "leak-rows-none": ("Tokių eilučių nėra.", "There are no such rows."),
    "leak-match-how": (
        "Tikimybės kalibruotos: iš šimto eilučių, kurioms parašyta 90 %, apie 90 yra to paciento. „Nė vienas iš mūsų“ "
        "yra tikras atsakymas. Kol neatvėrėte, matote tik raides ir gimimo metus.",
        "Probabilities are calibrated: of a hundred rows that say 90 %, about 90 are that patient's. “Nobody here” is "
        "an answer of its own. Until you open one, you see letters and the year of birth.",
    ),
    "leak-probability": ("Tikimybė", "Probability"),
    "leak-nobody": ("Nė vienas iš mūsų", "Nobody here"),
    "leak-more": ("ir dar {n}, kartu", "and {n} more, together"),
    "leak-p-sure": ("beveik tikra", "almost certain"),
    "leak-p-very": ("labai tikėtina", "very likely"),
    "leak-p-likely": ("tikėtina", "likely"),
    "leak-p-possible": ("galima", "possible"),
    "leak-p-hardly": ("vargu", "hardly"),
    "leak-why-surname": ("pavardė", "surname"),
    "leak-why-surname-form": ("kita pavardės forma", "another form of the surname"),
    "leak-why-initial": ("inicialas", "initial"),
    "leak-why-given": ("vardas", "given name"),
    "leak-why-birth-date": ("gimimo data", "birth date"),
    "leak-why-birth-year": ("gimimo metai", "birth year"),
    "leak-why-code": ("asmens kodas", "personal code"),
    "leak-why-phone": ("telefonas", "telephone"),
    "leak-why-phone-tail": ("telefono pabaiga", "end of the telephone"),
    "leak-why-email": ("el. paštas", "e-mail"),
    "leak-why-procedure": ("procedūra", "procedure"),
    "leak-why-doctor": ("gydytojas", "doctor"),
    "leak-why-city": ("miestas", "town"),
    "leak-why-transliterated": ("kitomis raidėmis", "in other letters"),
    "leak-why-misspelt": ("su klaida", "misspelt"),
    "leak-why-swapped": ("sukeista vietomis", "swapped"),
    "leak-decoy": ("Masalas", "Decoy"),
    "leak-decoy-for": ("pasodinta: {label}", "planted for {label}"),
    "leak-decoy-found": (
        {"one": "Pavyzdyje yra {n} masalas.", "few": "Pavyzdyje yra {n} masalai.", "many": "Pavyzdyje yra {n} masalo.",
         "other": "Pavyzdyje yra {n} masalų."},
        {"one": "{n} decoy is in the sample.", "other": "{n} decoys are in the sample."},
    ),
    "leak-decoy-canary-found": (
        "Jis buvo tarp pacientų: pavyzdys imtas iš pačios klinikos.",
        "It was among the patients: the sample was taken from the clinic itself.",
    ),
    "leak-left-out": (
        "{n} paminėjimų liko nepalyginta, nes leista 5000. Prašykite iš naujo ir ieškokite dar kartą.",
        "{n} mentions were left out, for 5,000 were allowed. Ask again and search once more.",
    ),
    "leak-pages": ("Puslapiai", "Pages"),
    "leak-page": ("{page} iš {pages}", "{page} of {pages}"),
    "leak-page-before": ("Ankstesnis", "Before"),
    "leak-page-after": ("Kitas", "Next"),
    "leak-open": ("Atverti…", "Open…"),
    "leak-open-head": ("Atverti kandidatą", "Open a candidate"),
    "leak-open-how": (
        "Atversite vieno paciento kortelę. Tai šaltas atvėrimas: reikia priežasties ir prieigos rakto, jis įrašomas į "
        "žurnalą, skamba ir pacientui matomas.",
        "You open one patient's card. It is a cold opening: it takes a reason and your passkey, is written into the "
        "log, rings, and the patient sees it.",
    ),
    "leak-reason": ("Kodėl atveriate", "Why you open it"),
    "leak-open-do": ("Atverti kortelę", "Open the card"),
    "touch-leak-open": (
        "Raktas atvers šio vieno bylos kandidato kortelę.",
        "The passkey opens this one candidate's card.",
    ),
    "leak-card": ("Kandidato kortelė", "A candidate's card"),
    "leak-card-said": (
        "Atvėrimas įrašytas į žurnalą. Uždarykite puslapį, kai perskaitėte.",
        "The opening is in the log. Close this page when you have read it.",
    ),
    "leak-card-log": ("Kas atvėrė šį pacientą", "Who opened this patient"),
    "leak-givens": ("Vardas", "Given name"),
    "leak-codes": ("Asmens kodas", "Personal code"),
    "leak-emails": ("El. paštas", "E-mail"),
    "leak-city": ("Miestas", "Town"),
    # -- which way
    "leak-never-thief": ("Įvardijama peržiūra, niekada – vagis.", "A view is named, never a thief."),
    "leak-never-thief-why": (
        "Pavogtas prisijungimas ar prie ekrano pridėtas telefonas veda į tą pačią paskyrą. Paklauskite žmogaus ir "
        "palyginkite su žurnalu.",
        "A stolen login or a camera at the screen leads to the same account. Ask the person, and compare with the log.",
    ),
    "leak-led-to": ("Į ką veda ženklai", "What the marks lead to"),
    "leak-pictures": ("Vaizdai", "Pictures"),
    "leak-picture": ("Vaizdas", "Picture"),
    "leak-pictures-none": ("Pavyzdyje vaizdų nerasta.", "No pictures were found in the sample."),
    "leak-together": ("Keli vaizdai kartu", "Several pictures together"),
    "leak-photo": ("Nuotrauka", "Photo"),
    "leak-session": ("Sesija", "Session"),
    "leak-session-log": ("ką ji darė", "what it did"),
    "leak-when": ("Kada parodyta", "When it was shown"),
    "leak-how": ("Kaip išėjo", "How it left"),
    "leak-how-desk": ("darbo vietoje", "at the desk"),
    "leak-how-capture": ("fotografuojant telefonu", "while taking photos by telephone"),
    "leak-how-portal": ("paciento portale", "in the patient's portal"),
    "leak-how-publication": ("viešai paskelbta", "published"),
    "leak-how-print": ("atspausdinta", "printed"),
    "leak-how-export": ("išvežta", "exported"),
    "leak-line": ("Žurnalo eilutė", "Line of the log"),
    "leak-lines": ("Žurnalo eilutės", "Lines of the log"),
    "leak-lines-read": ("Perskaityta žurnalo eilučių", "Lines of the log read"),
    "leak-view": ("Peržiūra", "View"),
    "leak-view-led": ("Peržiūra ir skaičiai", "View and figures"),
    "leak-threshold": ("Slenkstis", "Threshold"),
    "leak-bound": ("Klaidos riba", "Bound on a false name"),
    "leak-tested": ("Palyginimų byloje", "Comparisons of the case"),
    "leak-dummy": ("Bandomojo ženklo z", "z of a dummy mark"),
    "leak-inliers": ("Sutampančių taškų", "Points that agree"),
    "leak-proof": (
        "Kairėje klinikos nuotrauka, viduryje ant jos uždėtas pavyzdys, dešinėje – kur jie sutampa (žalia) ir kur ne. "
        "Sulieta tyčia; aiškesnių nesaugoma.",
        "Left the clinic's photo, in the middle the sample laid on it, right where they agree (green) and where not. "
        "Blurred on purpose; nothing sharper is kept.",
    ),
    "leak-proof-alt": ("Sulieta pora: pavyzdys ir nuotrauka", "A blurred pair: the sample and the photo"),
    "leak-verdict": ("Išvada", "Verdict"),
    "leak-verdict-named": ("Peržiūra įvardyta", "A view is named"),
    "leak-verdict-named-together": ("Sesija įvardyta kelių vaizdų", "A session is named by several"),
    "leak-verdict-unmarked": ("Be ženklo", "Unmarked"),
    "leak-verdict-cannot-tell": ("Pasakyti negalima", "Cannot tell"),
    "leak-verdict-not-registered": ("Nepavyko sugretinti", "Could not be laid on the photo"),
    "leak-verdict-no-photo": ("Ne mūsų nuotrauka", "None of our photos"),
    "leak-means-named": (
        "Vaizde yra būtent šios peržiūros ženklas. Tai sako, pro kur vaizdas išėjo, bet ne kas jį paėmė ir ne kodėl.",
        "The picture bears the mark of exactly this view. It says which way the picture went, not who took it or why.",
    ),
    "leak-means-named-together": (
        "Nė vieno vaizdo ženklas atskirai nepakankamas, bet kartu jie rodo vieną sesiją. Kuri peržiūra – nepasakyta.",
        "No picture's mark is enough alone, but together they point to one session. Which view it was is not said.",
    ),
    "leak-means-unmarked": (
        "Tai mūsų nuotrauka, bet nė vienos peržiūros ženklo nėra, nors po tokio apdorojimo jis būtų išlikęs. Tikėtina, "
        "kad paimta iš saugyklos, kopijos ar nepažymėto failo. Tai nekaltina nė vienos paskyros.",
        "It is our photo, but bears the mark of no view, though one would have survived what was done to it. It likely "
        "came from the storage, a backup or an unmarked file. It speaks against no account.",
    ),
    "leak-means-cannot-tell": (
        "Tai mūsų nuotrauka, bet taip pakeista, kad ženklas nebūtų išlikęs. Nieko nesako nei už, nei prieš.",
        "It is our photo, but so changed that no mark would have survived. It says nothing for or against anyone.",
    ),
    "leak-means-not-registered": (
        "Panašu į mūsų nuotrauką, bet nepavyko tiksliai sugretinti, todėl ženklo neieškota.",
        "It resembles our photo but could not be laid on it exactly, so no mark was looked for.",
    ),
    "leak-means-no-photo": (
        "Tarp klinikos nuotraukų tokios nerasta. Jei ji labai apkarpyta ar perdaryta, galėjo likti nepastebėta.",
        "No such photo was found among the clinic's. One that is heavily cropped or remade may have been missed.",
    ),
    # -- the whole set
    "leak-explained-opened": ("Išėjo per atvėrimus", "It went out through openings"),
    "leak-explained-one-of-several": ("Vienas iš kelių kelių", "One of several ways"),
    "leak-explained-storage": ("Iš saugyklos ar kopijos", "From the storage or a copy"),
    "leak-explained-cannot-tell": ("Pasakyti negalima", "Cannot tell"),
    "leak-explains-opened": (
        "Pirmasis kelias paaiškina rinkinį daug geriau nei visi kiti ir nei atsitiktinumas. Tai paskyra, pro kurią "
        "išėjo, o ne žmogus, kuris paėmė.",
        "The first way explains the set far better than all others, and than chance. It is the account that it went "
        "through, not the person who took it.",
    ),
    "leak-explains-one-of-several": (
        "Rinkinį atvėrė kelios paskyros, ir iš žurnalo vieno kelio išskirti negalima. Tirkite visus išvardytus.",
        "Several accounts opened the set, and the log does not single one out. Look into all that are listed.",
    ),
    "leak-explains-storage": (
        "Jokia sesija, paskyra ar išvežimas rinkinio nepaaiškina. Tikėtina disko ar atsarginės kopijos vagystė.",
        "No session, account or export explains the set. A copy of the disk or of a backup is likely.",
    ),
    "leak-explains-cannot-tell": (
        "Rinkinys per mažas arba per įprastas, kad žurnalas ką nors pasakytų. Daugiau pavyzdžio padėtų.",
        "The set is too small or too ordinary for the log to tell. More of the sample would help.",
    ),
    "leak-sample": ("Rinkinyje", "In the set"),
    "leak-sample-of": ("pacientų: {patients}, nuotraukų: {photos}", "patients: {patients}, photos: {photos}"),
    "leak-storage": ("Saugyklos kopija", "A copy of the storage"),
    "leak-not-before": ("Kopija ne senesnė kaip", "No copy older than"),
    "leak-backups": ("Kopijos nuo tada", "Backups since then"),
    "leak-ways": ("Keliai, tikėtiniausi pirmi", "Ways, the likeliest first"),
    "leak-ways-none": ("Niekas šio rinkinio neatvėrė.", "Nobody opened any of this set."),
    "leak-way": ("Kelias", "Way"),
    "leak-way-session": ("Sesija", "Session"),
    "leak-way-export": ("Išvežimas ar spausdinys", "Export or print"),
    "leak-way-day": ("Paskyros diena", "An account's day"),
    "leak-way-week": ("Paskyros savaitė", "An account's week"),
    "leak-way-month": ("Paskyros mėnuo", "An account's month"),
    "leak-way-hour": ("Klinikos valanda", "An hour of the clinic"),
    "leak-way-together": ("Kelios sesijos kartu", "Several sessions together"),
    "leak-way-other": ("Kitas kelias", "Another way"),
    "leak-window": ("Nuo–iki", "From–to"),
    "leak-hits": ("Pataikė / atvėrė", "Hits / opened"),
    "leak-posterior": ("Tikimybė", "Posterior"),
    "leak-chance": ("Atsitiktinai", "By chance"),
    "leak-explain-how": (
        "„Pataikė / atvėrė“: kiek rinkinio tuo keliu atverta iš visko, kas juo atverta. „Atsitiktinai“: kaip dažnai "
        "bent vienas nekaltas kelias turėtų tiek pat.",
        "“Hits / opened”: how much of the set was opened that way, of all that was. “By chance”: how often some "
        "innocent way would have as many.",
    ),
    # -- what could not be read
    "leak-unread-empty": ("tuščia", "empty"),
    "leak-unread-unknown-kind": ("rūšis, kurios neskaitome", "of a kind that is not read"),
    "leak-unread-encrypted": ("apsaugota slaptažodžiu", "protected by a password"),
    "leak-unread-old-office": ("senas „Office“ failas; išsaugokite nauju formatu", "an old office file; save it anew"),
    "leak-unread-archive-kind": ("šios rūšies archyvą išskleiskite patys", "unpack this kind of archive yourself"),
    "leak-unread-link": ("nuoroda archyve", "a link in an archive"),
    "leak-unread-unpacks-too-large": ("išsiskleidžia per didelis: spąstai", "unpacks to far too much: a trap"),
    "leak-unread-too-deep": ("archyvas archyve per giliai", "archives in archives, too deep"),
    "leak-unread-too-many-files": ("archyve per daug failų", "too many files in the archive"),
    "leak-unread-damaged": ("sugadinta; iki tos vietos perskaityta", "damaged; read up to there"),
    "leak-unread-truncated": ("nukirsta; kas yra, perskaityta", "cut off; what there is was read"),
    "leak-unread-too-large": ("per didelis", "too large"),
    "leak-unread-too-much-work": ("per daug darbo skaityti", "too much work to read"),
    "leak-unread-unsupported": ("vaizdas, kurio neskaitome", "a picture of a kind that is not read"),
    "leak-unread-too-small": ("per mažas vaizdas", "too small a picture"),
    "leak-unread-animated": ("judantis vaizdas", "a moving picture"),
    "leak-unread-no-text": ("be teksto", "without text"),
    "leak-unread-no-recognition": ("tekstui vaizde skaityti reikia „Tesseract“", "text in pictures takes Tesseract"),
    "leak-unread-stopped": ("skaitymas sustabdytas", "reading it was stopped"),
    "leak-unread-too-many-pictures": ("vaizdų daugiau nei 500", "more than 500 pictures"),
    "leak-unread-old-photos": (
        "klinikos nuotraukos, išsaugotos dar be atspaudo; nepalygintos",
        "of the clinic's photos are from before there were fingerprints; not compared",
    ),
    "leak-unread-more": ("ir daugiau: sąraše tik pirmi 1000", "and more: the list has the first 1,000 only"),
    "leak-unread-other": ("neperskaityta", "not read"),
    # -- the report
    "leak-report": ("Nutekėjimo bylos ataskaita", "Report of a leak case"),
    "leak-report-do": ("Ataskaita (PDF)", "Report (PDF)"),
    "leak-report-by": ("Ataskaitą sudarė", "Report made by"),
    "leak-report-foot": (
        "Byla {case}, {at}. Pacientai paslėpti; pavyzdžio tekstas neperrašytas.",
        "Case {case}, {at}. Patients are masked; no text of the sample is repeated.",
    ),
    "leak-report-more": (
        "Šioje ataskaitoje neparodyta dar eilučių: {n}.",
        "Rows that this report does not show: {n}.",
    ),
    "leak-asked-by": ("Paprašė", "Asked by"),
    "leak-approved-by": ("Pritarė", "Approved by"),
    "leak-approved-unknown": ("prašymas nebesaugomas; žr. žurnalą", "the request is not kept any more; see the log"),
    "leak-place": ("Vieta pavyzdyje", "Place in the sample"),
    "leak-candidates": ("Kandidatai (paslėpti)", "Candidates (masked)"),
    "leak-method": ("Metodas ir ribos", "Method and limits"),
    "leak-method-match": (
        "Kiekvienas paminėjimas lyginamas su visų pacientų kortelėmis: vardų formos, perrašymai, klaidos, datos, "
        "kodai, telefonai; kur lieka keli, dar ir procedūros, gydytojai, dienos. Tikimybės kalibruotos ir su „nė "
        "vienas iš mūsų“ sudaro 1.",
        "Each mention is compared with the cards of all patients: forms of names, transliterations, mistakes, dates, "
        "codes, telephones; where several remain, also procedures, doctors and days. Probabilities are calibrated and "
        "make 1 together with “nobody here”.",
    ),
    "leak-limit-match": (
        "Tikimybė nėra tikrumas: bendravardžiai su ta pačia gimimo data neatskiriami. Ko pavyzdyje neperskaityta, apie "
        "tai nieko nepasakyta.",
        "A probability is no certainty: namesakes with the same birth date cannot be told apart. Nothing is said of "
        "what could not be read.",
    ),
    "leak-limit-masked": (
        "Pacientai parodyti raidėmis, gimimo metais ir kodo pradžia; atveriami tik su priežastimi ir raktu.",
        "Patients are shown by letters, year of birth and the beginning of an id; opening one takes a reason and a "
        "passkey.",
    ),
    "leak-method-attribute": (
        "Vaizdas uždedamas ant nepažymėto originalo, kas paaiškinta, atimama, o likutis lyginamas su kiekvienos "
        "peržiūros ženklu. Byloje palyginimų: {n}. Klaidos riba įrodyta visiems jiems kartu.",
        "The picture is laid on the unmarked original, what is explained is taken away, and the rest is held against "
        "the mark of every view. Comparisons of the case: {n}. The bound is proven for all of them together.",
    ),
    "leak-limit-attribute": (
        "Įvardijama peržiūra, niekada – vagis: pavogtas prisijungimas ar fotografuotas ekranas veda į tą pačią "
        "paskyrą.",
        "A view is named, never a thief: a stolen login or a photographed screen leads to the same account.",
    ),
    "leak-method-explain": (
        "Kiekvienai sesijai, paskyros dienai, išvežimui ir laiko tarpui skaičiuojama, kiek geriau jis paaiškina "
        "rinkinį nei saugyklos kopija; šalia – kaip dažnai tiek pataikytų atsitiktinai.",
        "For each session, day of an account, export and window it is weighed how much better it explains the set than "
        "a copy of the storage; beside it, how often chance would hit as many.",
    ),
    "leak-limit-explain": (
        "Žurnalas žino tik atvėrimus. Jei rinkinys atrinktas pagal tai, kas pro vieną paskyrą ėjo, jis gali ją "
        "apšmeižti.",
        "The log knows openings only. A set that was picked to look like one account's work can accuse it wrongly.",
    ),
}  # fmt: skip
