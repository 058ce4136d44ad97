"""The words of leak cases: the case, its files, its searches, watches and decoys. Results: words_leak_results.py."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms
from seifas.web.words_leak_results import LEAK_RESULT_WORDS

LEAKS_WORDS: dict[str, tuple[Forms, Forms]] = {
    **LEAK_RESULT_WORDS,
    "leaks": ("Nutekėjimai", "Leaks"),
    "leak-cases": ("Nutekėjimų bylos", "Leak cases"),
    "leak-case": ("Byla", "Case"),
    "leak-what": (
        "Kai internete ar kitur atsiranda duomenų, kurie gali būti iš klinikos, čia sužinosite, kieno jie ir pro kur "
        "išėjo. Ieškoma tarp visų pacientų, todėl kiekvienai bylai reikia teisinio pagrindo ir antro žmogaus.",
        "When data turn up that may be the clinic's, here you learn whose they are and which way they went out. The "
        "search goes through all patients, so each case takes a legal basis and a second person.",
    ),
    "leak-cases-none": ("Bylų nėra.", "There are no cases."),
    "leak-left": ("Liko paminėjimų", "Mentions left"),
    "leak-files": ("Failai", "Files"),
    "leak-file": ("Failas", "File"),
    "leak-bytes": ("Baitai", "Bytes"),
    "leak-came": ("Gauta", "Received"),
    "leak-results": ("Kas rasta", "What was found"),
    "leak-begun": ("Pradėta", "Begun"),
    "leak-until": ("Galioja iki", "Good until"),
    "leak-watched": (
        {"one": "stebimas adresas", "few": "stebimi adresai", "many": "stebimo adreso", "other": "stebimų adresų"},
        {"one": "watched address", "other": "watched addresses"},
    ),
    "leak-silent": ("neatsiliepia: {n}", "no answer: {n}"),
    "leak-planted-n": (
        {"one": "pasodintas masalas", "few": "pasodinti masalai", "many": "pasodinto masalo",
         "other": "pasodintų masalų"},
        {"one": "decoy planted", "other": "decoys planted"},
    ),
    "leak-rung-n": ("panaudoti sąrašai: {n}", "lists used: {n}"),
    "leak-begin": ("Pradėti bylą", "Begin a case"),
    "leak-begin-do": ("Pradėti", "Begin"),
    "leak-title": ("Pavadinimas", "Title"),
    "leak-title-hint": (
        "Iš ko bylą atpažinsite. Pacientų vardų čia nerašykite.",
        "What you will know the case by. Write no patient's name here.",
    ),
    "leak-ground": ("Teisinis pagrindas", "Legal basis"),
    "leak-ground-hint": (
        "Kuo remdamiesi žiūrite į pavyzdį ir kas tai nusprendė, pvz.: BDAR 33 str., direktorės sprendimas.",
        "On what basis the sample is looked at, and who decided it, e.g. GDPR Art. 33, the director's decision.",
    ),
    "leak-state-new": ("Nauja", "New"),
    "leak-state-asked": ("Laukia antro žmogaus", "Waits for a second person"),
    "leak-state-approved": ("Leista ieškoti", "May be searched"),
    "leak-state-used-up": ("Paminėjimai išnaudoti", "Mentions used up"),
    "leak-state-over": ("Leidimas baigėsi", "The yes is over"),
    "leak-state-refused": ("Nepritarta", "Refused"),
    "leak-state-closed": ("Užbaigta", "Closed"),
    "leak-next": ("Kas toliau:", "Next:"),
    "leak-go": ("Pereiti", "Go there"),
    "leak-next-new": (
        "paprašykite antro žmogaus leidimo; kol jis skaito, jau galite įkelti pavyzdį.",
        "ask a second person; while they read, you can drop the sample already.",
    ),
    "leak-next-asked": (
        "laukiama antro žmogaus: prašymą jis mato puslapyje",
        "a second person has to say yes; they see the request under",
    ),
    "leak-next-refused": (
        "pasikalbėkite su tuo, kas nepritarė, ir prašykite iš naujo arba bylą užbaikite.",
        "talk to whoever refused, then ask again or close the case.",
    ),
    "leak-next-over": (
        "dviejų žmonių leidimas galioja 24 valandas; jei dar reikia ieškoti, prašykite iš naujo.",
        "two people's yes is good for 24 hours; if there is more to search, ask again.",
    ),
    "leak-next-used-up": (
        "palyginta tiek paminėjimų, kiek leista; jei yra dar, prašykite iš naujo.",
        "as many mentions were compared as were allowed; if there are more, ask again.",
    ),
    "leak-next-drop": ("įkelkite pavyzdį.", "drop the sample."),
    "leak-next-search": (
        "ieškokite: kieno tai duomenys, o jei yra nuotraukų – pro kur jos išėjo.",
        "search: whose it is and, if there are pictures, which way they went out.",
    ),
    "leak-next-searching": ("ieškoma; rezultatas atsiras čia pat.", "a search runs; what it finds comes up here."),
    "leak-next-explain": (
        "peržiūrėkite, kas rasta, ir paaiškinkite visą rinkinį pagal žurnalą.",
        "look at what was found, then have the whole set explained from the log.",
    ),
    "leak-next-look": (
        "peržiūrėkite, kas rasta, parsisiųskite ataskaitą, o baigę bylą užbaikite.",
        "look at what was found, take the report, and close the case when you are done.",
    ),
    "leak-next-closed": (
        "nieko; byla užbaigta, tai, kas rasta, lieka.",
        "nothing; the case is closed, what was found stays.",
    ),
    "leak-deaf": (
        "Paieškos programa šiuo metu paleidžiama iš naujo. Palaukite kelias sekundes.",
        "The search program is being started anew. Wait a few seconds.",
    ),
    "leak-job-waiting": ("laukia", "waiting"),
    "leak-job-loading": ("skaitoma, su kuo lyginti", "reading what to compare with"),
    "leak-job-searching": ("lyginama", "comparing"),
    "leak-job-keeping": ("išsaugoma", "being kept"),
    "leak-job-failed": ("nepavyko", "failed"),
    "leak-job-cancelled": ("nutraukta; nieko neišsaugota", "ended; nothing was kept"),
    "leak-count-people": ("pacientų palyginti", "patients to compare with"),
    "leak-count-photos": ("nuotraukų palyginti", "photos to compare with"),
    "leak-count-mentions": ("paminėjimų rasta", "mentions found"),
    "leak-count-pictures": ("vaizdų rasta", "pictures found"),
    "leak-count-compared": ("palyginimų", "comparisons"),
    "leak-count-lines": ("žurnalo eilučių perskaityta", "lines of the log read"),
    "leak-count-unread": ("neperskaityta", "not read"),
    "leak-count-left-out": ("liko nepalyginta", "left out"),
    "leak-cancel": ("Nutraukti paiešką", "End the search"),
    "leak-refresh": ("Atnaujinti", "Load again"),
    "leak-results-none": ("Dar nieko neieškota.", "Nothing was searched yet."),
    "leak-warm": (
        "Ką paieška perskaitė, dar iki 10 minučių lieka jos programos atmintyje kitai šios bylos paieškai.",
        "What the search has read stays in its program's memory for up to 10 minutes, for this case's next search.",
    ),
    "leak-wipe": ("Ištrinti iš atminties dabar", "Wipe it from memory now"),
    "leak-drop-head": ("Įkelti pavyzdį", "Drop the sample"),
    "leak-choose": ("Pasirinkti failus", "Choose files"),
    "leak-drop": (
        "Arba nutempkite failus čia: kelis iš karto, ir didelius.",
        "Or drop files here: several at once, big ones too.",
    ),
    "leak-drop-what": (
        "Lentelės, dokumentai, laiškai, archyvai, ekrano nuotraukos, vaizdai. Iki 4 GB failas. Užšifruojama iš karto, "
        "čia nerodoma, į diską atvirai nerašoma.",
        "Tables, documents, e-mails, archives, screenshots, pictures. Up to 4 GB a file. Sealed at once, never shown "
        "here, never on a disk in clear.",
    ),
    "leak-send": ("Įkelti", "Send"),
    "leak-sealing": ("užšifruojama", "being sealed"),
    "leak-sealed": ("užšifruota ir priimta", "sealed and kept"),
    "leak-sent-show": ("Rodyti failus", "Show the files"),
    "leak-kept": ("Failas užšifruotas ir priimtas.", "The file is sealed and kept."),
    "leak-forget": ("Pamiršti failą", "Forget the file"),
    "leak-files-none": ("Failų dar nėra.", "There are no files yet."),
    "leak-files-sealed": (
        "Failai saugomi užšifruoti kaip įrodymas; čia jie nerodomi ir neatiduodami.",
        "Files are kept sealed, as evidence. Nothing here shows them or gives them back.",
    ),
    "leak-search": ("Ieškoti", "Search"),
    "leak-do-match": ("Kieno tai?", "Whose is it?"),
    "leak-do-match-hint": (
        "Vardai, datos, telefonai ir kita lentelėse, tekste ir vaizduose lyginami su visais pacientais.",
        "Names, dates, telephones and more in tables, texts and pictures are compared with all patients.",
    ),
    "leak-do-attribute": ("Pro kur išėjo?", "Which way did it go out?"),
    "leak-do-attribute-hint": (
        "Vaizdai lyginami su klinikos nuotraukomis ir su kiekviena jų peržiūra.",
        "Pictures are compared with the clinic's photos, and with every view of those.",
    ),
    "leak-do-explain": ("Paaiškinti visą rinkinį", "Explain the whole set"),
    "leak-do-explain-hint": (
        "Iš to, kas rasta, ir iš žurnalo: kuri sesija, paskyra ar kopija tai paaiškina.",
        "From what was found, and the log: which session, account or copy explains it.",
    ),
    "leak-only": ("Tik kai kuriuos failus", "Only some files"),
    "leak-asked-how": (
        "Prašymą mato pareigūnas ir kiti, kas tvirtina. Pritarti turi ne tas, kas prašė.",
        "The officer and others who approve see the request. Somebody other than who asked has to say yes.",
    ),
    "leak-ask-how": (
        "Prieš ieškant antras žmogus turi pritarti: tada 24 valandas galima palyginti iki 5000 paminėjimų.",
        "Before anything is searched a second person has to say yes: for 24 hours and up to 5,000 mentions.",
    ),
    "leak-ask": ("Prašyti antro žmogaus", "Ask a second person"),
    "leak-about": ("Apie bylą", "About the case"),
    "leak-spent": ("Palyginta paminėjimų", "Mentions compared"),
    "leak-number": ("Numeris", "Number"),
    "leak-closed": ("Užbaigta", "Closed"),
    "leak-no-answer": ("neatsiliepia", "no answer"),
    "leak-watches-case": ("Šiai bylai niekas nestebima.", "Nothing is watched for this case."),
    "leak-close": ("Užbaigti bylą", "Close the case"),
    "leak-close-how": (
        "Paieškos ir stebėjimai nutrūksta, leidimas nustoja galioti. Kas rasta, lieka.",
        "Its searches and watches end, and the yes with them. What was found stays.",
    ),
    "leak-close-do": ("Užbaigti", "Close"),
    # -- refusals
    "leak-said-approval": (
        "Šiai bylai dar nepritarė du žmonės arba jų leidimas baigėsi. Paprašykite antro žmogaus.",
        "Two people have not said yes to this case, or their yes is over. Ask a second person.",
    ),
    "leak-said-closed": ("Byla užbaigta. Pradėkite kitą.", "This case is closed. Begin another one."),
    "leak-said-people": (
        "Ieškoti leista kitiems: tam, kas prašė, ir tam, kas pritarė. Prašykite savo vardu.",
        "Others were allowed to search: who asked and who said yes. Ask under your own name.",
    ),
    "leak-said-mentions": (
        "Leisti 5000 paminėjimų jau išnaudoti. Prašykite iš naujo.",
        "The 5,000 mentions that were allowed are used up. Ask again.",
    ),
    "leak-said-photos": (
        "Palyginta tiek nuotraukų, kiek leista. Prašykite iš naujo.",
        "As many photos were compared as were allowed. Ask again.",
    ),
    "leak-said-evidence": (
        "Šis failas yra atidarytos incidento bylos įrodymas. Ten jį galima atsiimti; jis liks, pažymėtas.",
        "This file is evidence of an open incident. Retract it there; it stays, marked.",
    ),
    "leak-said-full": (
        "Vienu metu tiek bylų, failų ar paieškų nelaikoma. Ką nors užbaikite ir bandykite vėl.",
        "So many cases, files or searches are not kept at a time. Finish some and try again.",
    ),
    "leak-said-asked": ("Jau paprašyta arba leista.", "It was asked for already, or is allowed."),
    "leak-said-busy": (
        "Jau vyksta kita paieška. Palaukite arba ją nutraukite.",
        "Another search runs. Wait for it, or end it.",
    ),
    "leak-said-files": (
        "Nėra ko ieškoti: pirmiausia įkelkite failą, o rinkiniui aiškinti – raskite, kieno jis.",
        "There is nothing to search: drop a file first, or find whose it is before the set is explained.",
    ),
    "leak-said-search": (
        "Tokios paieškos nebėra. Ką ji rado, yra byloje.",
        "There is no such search any more. What it found is in its case.",
    ),
    "leak-said-failed": (
        "Paieška nepavyko; nieko neišsaugota. Bandykite dar kartą.",
        "The search failed; nothing was kept. Try again.",
    ),
    "leak-said-title": ("Pavadinime turi būti nuo 3 iki 120 ženklų.", "A title has from 3 to 120 letters."),
    "leak-said-ground": (
        "Parašykite teisinį pagrindą: nuo 3 iki 300 ženklų.",
        "Write the legal basis: from 3 to 300 letters.",
    ),
    "leak-said-empty": ("Failas tuščias.", "The file is empty."),
    "leak-said-name": ("Failas neturi vardo.", "The file has no name."),
    "leak-said-too-large": (
        "Failas didesnis nei 4 GB. Įkelkite jį dalimis.",
        "The file is larger than 4 GB. Send it in pieces.",
    ),
    "leak-said-spool": (
        "Dabar šiam failui nėra vietos. Palaukite, kol kiti bus priimti.",
        "There is no room for this file now. Wait until others are kept.",
    ),
    "leak-said-url": (
        "Adresas turi prasidėti http:// arba https://, būti be slaptažodžio ir šioje byloje dar nestebimas.",
        "An address begins with http:// or https://, holds no password, and is not watched for this case yet.",
    ),
    "leak-said-every": ("Žiūrima kas 1–1440 minučių.", "It is looked at every 1 to 1440 minutes."),
    "leak-said-watches": ("Tiek adresų jau stebima. Kurį nors sustabdykite.", "That many are watched. Stop one first."),
    "leak-said-label": (
        "Parašykite, kam masalai skirti: 2–80 ženklų.",
        "Say what the decoys are for: 2 to 80 letters.",
    ),
    "leak-said-count": ("Iš karto pasodinama nuo 1 iki 50 masalų.", "From 1 to 50 decoys are planted at once."),
    "leak-said-decoys": (
        "Masalų jau per daug arba nustatymuose nurodytas netinkamas telefono numerių ruožas.",
        "There are too many decoys already, or the settings name no range of telephone numbers.",
    ),
    "leak-said-reason": ("Parašykite, kodėl atveriate: nuo 3 ženklų.", "Say why you open: at least 3 letters."),
    "leak-said-decoy": (
        "Tai masalas: jis rodo, iš kurio sąrašo pavyzdys, bet toks žmogus neegzistuoja.",
        "This is a decoy: it tells which list the sample is from, and is nobody.",
    ),
    # -- watches
    "leak-watches": ("Stebimi adresai", "Watched addresses"),
    "leak-watches-how": (
        "Klinika pati žiūri į šiuos adresus ir kiekvieną naują puslapį saugo byloje su laiku ir SHA-256. Pasikeitus "
        "kainai, terminui ar turiniui, skamba.",
        "The clinic looks at these addresses by itself and keeps each new page in the case, with its time and SHA-256. "
        "A changed price, deadline or content rings.",
    ),
    "leak-watches-none": ("Niekas nestebima.", "Nothing is watched."),
    "leak-watch-add": ("Stebėti adresą", "Watch an address"),
    "leak-watch-do": ("Stebėti", "Watch"),
    "leak-watch-stop": ("Nebestebėti", "Stop watching"),
    "leak-watch-stopped": ("nebestebima", "stopped"),
    "leak-watch-live": ("stebima", "watched"),
    "leak-watch-case-first": (
        "Stebima tik bylai. Pirmiausia ją pradėkite.",
        "Watching is for a case. Begin one first.",
    ),
    "leak-failed-n": ("neatsiliepė kartų iš eilės: {n}", "no answer, times in a row: {n}"),
    "leak-every": ("Kas kiek", "How often"),
    "leak-every-n": ("kas {n} min.", "every {n} min"),
    "leak-every-min": ("Kas kiek minučių", "Every how many minutes"),
    "leak-looked": ("Žiūrėta", "Last look"),
    "leak-looked-not": ("dar ne", "not yet"),
    "leak-address": ("Adresas", "Address"),
    "leak-address-hint": (
        "http:// arba https://; .onion adresams reikia SOCKS tarpininko nustatymuose.",
        "http:// or https://; .onion addresses take a SOCKS proxy in the settings.",
    ),
    "leak-change-first": ("Pirmas puslapis išsaugotas", "The first page was kept"),
    "leak-change": ("Pasikeitė: +{added}, −{removed} eil.", "Changed: +{added}, −{removed} lines"),
    "leak-changed": ("pasikeitė", "changed"),
    "leak-prices": ("Kainos", "Prices"),
    "leak-dates": ("Datos", "Dates"),
    "leak-change-kept": ("Saugoma byloje", "Kept in the case"),
    "leak-trouble-address": ("adresas netinkamas", "the address cannot be"),
    "leak-trouble-moved-elsewhere": ("nukreipia kitur", "leads elsewhere"),
    "leak-trouble-redirects": ("nukreipia be galo", "leads on without end"),
    "leak-trouble-too-large": ("puslapis per didelis", "the page is too large"),
    "leak-trouble-too-slow": ("per lėtas", "too slow"),
    "leak-trouble-needs-proxy": ("reikia SOCKS tarpininko nustatymuose", "takes a SOCKS proxy in the settings"),
    "leak-trouble-own-network": ("adresas yra klinikos tinkle", "the address is in the clinic's own network"),
    "leak-trouble-certificate": ("netinkamas sertifikatas", "its certificate is not good"),
    "leak-trouble-no-answer": ("neatsiliepia", "does not answer"),
    "leak-trouble-empty": ("nieko neatsiuntė", "sent nothing"),
    "leak-trouble-case-full": ("byla pilna failų", "the case is full of files"),
    "leak-trouble-other": ("nepavyko", "did not work"),
    # -- decoys
    "leak-decoys": ("Masalai", "Decoys"),
    "leak-decoys-how": (
        "Išgalvoti žmonės, kurių niekas kitas neturi. Įrašyti į išvežamą sąrašą, jie pasako, iš kurio sąrašo yra "
        "pavyzdys; tarp pacientų – skamba, kai juos atveria.",
        "Invented people whom nobody else has. In a list that leaves the clinic they tell which list a sample is from; "
        "among the patients they ring when opened.",
    ),
    "leak-told-once": ("Įrašykite juos į sąrašą dabar", "Put these into the list now"),
    "leak-told-how": (
        "Rodoma tik šį kartą: daugiau jų niekas nepamatys. Parsisiųskite ir įterpkite tarp kitų eilučių.",
        "Shown this once: nobody will see them again. Download them and mix them among the other rows.",
    ),
    "leak-told-file": ("Parsisiųsti (CSV)", "Download (CSV)"),
    "leak-sets": ("Pasodinta", "Planted"),
    "leak-sets-none": ("Masalų dar nėra.", "There are no decoys yet."),
    "leak-label": ("Kam skirta", "What for"),
    "leak-label-hint": (
        "Kuris sąrašas ir kam jis atiduodamas, pvz.: buhalterija, 2026 m. lapkritis.",
        "Which list, and to whom it goes, e.g. bookkeeping, November 2026.",
    ),
    "leak-decoy-kind": ("Kur", "Where"),
    "leak-decoy-export": ("Išvežamame sąraše", "In a list that leaves"),
    "leak-decoy-canary": ("Tarp pacientų", "Among the patients"),
    "leak-decoy-count": ("Kiek", "How many"),
    "leak-decoy-by": ("Pasodino", "Planted by"),
    "leak-rung": ("Panaudota", "Used"),
    "leak-rung-not": ("ne", "no"),
    "leak-plant": ("Pasodinti masalų", "Plant decoys"),
    "leak-plant-do": ("Pasodinti", "Plant"),
    "leak-planted": ("Pasodinta.", "Planted."),
}  # fmt: skip
