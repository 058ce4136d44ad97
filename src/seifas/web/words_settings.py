"""What each setting does, in Lithuanian and English."""

from __future__ import annotations

from seifas.web.forms_of_words import Forms

SETTING_WORDS: dict[str, tuple[Forms, Forms]] = {
    "set-demo": (
        "Išgalvota klinika: silpnesni slaptažodžiai, prisijungimo nuorodos, savi pritarimai.",
        "A synthetic clinic: weaker passphrases, login links, approvals by its own people.",
    ),
    "set-witness-key": (
        "Liudytojo viešasis raktas. Tuščia – liudytojo nėra.",
        "The witness's public key. Empty: no witness.",
    ),
    "set-witness-url": ("Kur liudytojo klausiama.", "Where the witness is asked."),
    "set-clinic-name": ("Klinikos pavadinimas puslapiuose.", "The clinic's name on pages."),
    "set-clinic-zone": ("Tvarkaraščio laiko juosta.", "Time zone of the schedule."),
    "set-clinic-languages": ("Siūlomos kalbos, pirmoji – įprasta.", "Languages offered, the first by default."),
    "set-listen-public": ("Viešosios svetainės adresas.", "Address of the public listener."),
    "set-listen-staff": (
        "Darbuotojų adresas; tik vietiniame tinkle.",
        "Address of the staff listener; local network only.",
    ),
    "set-listen-unlock": ("Atrakinimo puslapis; tik šiame kompiuteryje.", "The unlock page; this machine only."),
    "set-listen-staff-url": ("Kaip naršyklės pasiekia darbuotojų puslapį.", "How browsers reach the staff listener."),
    "set-listen-host": ("Vardas, kuriuo klinika pasiekiama internete.", "The name under which the clinic is reached."),
    "set-listen-redirect": (
        "Adresas be šifravimo: nukreipia į saugų ir padeda gauti sertifikatą.",
        "Address without encryption: leads to the safe one and helps to get the certificate.",
    ),
    "set-shield-on": (
        "Ar prieš viską stovi skydas (HAProxy).",
        "Whether the shield (HAProxy) stands before everything.",
    ),
    "set-shield-haproxy": ("Kur yra HAProxy programa.", "Where the HAProxy program is."),
    "set-shield-certificate": (
        "Iš kur sertifikatas: acme, own (savas) ar clinic-ca (klinikos įstaiga). Tuščia – nešifruojama.",
        "Where the certificate comes from: acme, own or clinic-ca. Empty: no encryption.",
    ),
    "set-shield-certificate-file": ("Savo sertifikato failas.", "File of one's own certificate."),
    "set-shield-certificate-key-file": ("Savo sertifikato rakto failas.", "File of that certificate's key."),
    "set-shield-mail": ("Kam rašo sertifikatų įstaiga.", "Whom the certificate authority writes to."),
    "set-shield-acme-url": ("Sertifikatų įstaigos adresas.", "Address of the certificate authority."),
    "set-shield-trusted-proxies": (
        "Savi tarpininkai, kurių pasakytu lankytojo adresu tikima.",
        "One's own proxies, whose word for a visitor's address is believed.",
    ),
    "set-shield-asn-file": ("Failas: kam priklauso tinklai.", "File: whose the networks are."),
    "set-shield-calm-after-seconds": (
        "Po kiek ramių sekundžių skydas tampa mažiau griežtas.",
        "Seconds of quiet after which the shield becomes less strict.",
    ),
    "set-shield-drop": (
        "Ar daugiausia siunčiančius ir patikros neįveikiančius adresus atmeta pati sistema (nftables).",
        "Whether the kernel drops addresses that send most and never pass the check (nftables).",
    ),
    "set-shield-provider": ("Interneto tiekėjas, jei linija pilna.", "Whom to call when the line is full."),
    "set-shield-provider-phone": ("Tiekėjo telefonas gedimams.", "The provider's telephone for disturbances."),
    "set-shield-provider-number": ("Sutarties ar linijos numeris.", "Number of the contract or line."),
    "set-shield-line-megabits": (
        "Linijos greitis pagal sutartį, Mbit/s; 0 – kiek sako tinklo plokštė.",
        "The line's speed by contract, Mbit/s; 0: as the network card says.",
    ),
    "set-backups-data": ("Kur dedamos duomenų kopijos.", "Where backups of the data are put."),
    "set-backups-keys": (
        "Kur dedamos raktų saugyklos kopijos; kitame diske nei duomenų.",
        "Where copies of the key store are put; another disk than the data's.",
    ),
    "set-paths-keys": ("Raktų vieta; geriau kitas diskas.", "Place of the keys; better another disk."),
    "set-paths-replica": (
        "Antra vieta, į kurią rašoma prieš patvirtinant.",
        "A second place, written before a change is acknowledged.",
    ),
    "set-storage-engine": ("Kur laikomi įrašai: sqlite ar postgresql.", "Where records lie: sqlite or postgresql."),
    "set-storage-database": (
        "Kaip pasiekiama duomenų bazė, be slaptažodžio.",
        "How the database is reached, without a password.",
    ),
    "set-storage-database-password-file": ("Duomenų bazės slaptažodžio failas.", "File with the database's password."),
    "set-storage-keys-database": (
        "Raktų saugyklos duomenų bazė. Tuščia – raktai failuose.",
        "Database of the key store. Empty: keys in files.",
    ),
    "set-storage-keys-password-file": (
        "Raktų saugyklos duomenų bazės slaptažodžio failas.", "File with the password of the key store's database.",
    ),
    "set-storage-objects": (
        "Kur laikomos nuotraukos ir dokumentai: files ar s3.", "Where pictures and documents lie: files or s3."
    ),
    "set-storage-s3-endpoint": ("S3 paslaugos adresas.", "Address of the S3 service."),
    "set-storage-s3-bucket": ("Talpykla (bucket) S3 paslaugoje.", "The bucket."),
    "set-storage-s3-region": ("Talpyklos regionas.", "The bucket's region."),
    "set-storage-s3-prefix": (
        "Kas rašoma prieš kiekvieno objekto pavadinimą, jei talpykla bendra.",
        "Put before every name, where the bucket is shared.",
    ),
    "set-storage-s3-key-file": ("S3 rakto failas.", "File with the key of the S3 service."),
    "set-storage-s3-ca-file": (
        "Įstaigos, pasirašiusios S3 sertifikatą, failas. Tuščia – kuriomis pasitiki šis kompiuteris.",
        "File of the authority that signed the S3 certificate. Empty: those that this machine trusts.",
    ),
    "set-identity-rp-id": ("Prieigos raktų sritis (domenas).", "The domain of passkeys."),
    "set-identity-origins": ("Iš kur prieigos raktai priimami.", "Origins that passkeys are taken from."),
    "set-alarms-log": ("Pavojai ir serverio žurnale.", "Alarms in the server's log too."),
    "set-alarms-webhook": ("Adresai, kuriems siunčiami pavojai.", "Addresses that alarms are sent to."),
    "set-alarms-smtp-host": ("Pašto serveris. Tuščia – pašto nėra.", "Mail server. Empty: no mail."),
    "set-alarms-smtp-port": ("Jo prievadas.", "Its port."),
    "set-alarms-smtp-from": ("Siuntėjas.", "Sender."),
    "set-alarms-smtp-user": ("Naudotojas pašto serveryje.", "User at the mail server."),
    "set-alarms-smtp-password-file": ("Failas su slaptažodžiu.", "File with the password."),
    "set-alarms-mail-to": ("Kam pranešama; pirmas – pirmiausia.", "Who is told, the first first."),
    "set-alarms-escalate-after-seconds": (
        "Po kiek sekundžių pranešama kitam.",
        "After how many seconds the next person is told.",
    ),
    "set-separation-first-uid": (
        "Pirmas iš eilės einančių procesų naudotojų.",
        "First of the users that the processes run as.",
    ),
    "set-processes-desks": ("Kiek procesų rodo darbuotojų puslapius.", "How many processes serve the staff's pages."),
    "set-processes-portals": ("Kiek procesų rodo pacientų puslapius.", "How many processes serve the patients' pages."),
    "set-processes-darkrooms": ("Kiek procesų apdoroja nuotraukas.", "How many darkrooms work on photos."),
    "set-sizes-resource-bytes": ("Didžiausias FHIR įrašas.", "Largest FHIR resource."),
    "set-sizes-bundle-bytes": ("Didžiausias FHIR paketas.", "Largest FHIR transaction."),
    "set-hsm-module": (
        "PKCS#11 biblioteka: per ją pasiekiamas raktų įrenginys (HSM).",
        "The PKCS#11 library through which the HSM or card is reached.",
    ),
    "set-retention-years": (
        "Kiek metų po paskutinio vizito neleidžiama trinti. 0 – netikrinama.",
        "Years after the last visit in which erasing is refused. 0: not checked.",
    ),
    "set-retention-key-backup-days": (
        "Kiek dienų laikomos senų raktų kopijos.",
        "Days that copies of older keys are kept.",
    ),
    "set-portal-on": ("Ar pacientai gali prisijungti.", "Whether patients may sign in."),
    "set-portal-names": (
        "Ar pacientui rodomi atvėrusiųjų vardai, ne tik pareigos.",
        "Whether a patient sees who opened by name, not by role only.",
    ),
    "set-portal-url": ("Kaip pacientai pasiekia svetainę.", "How patients reach the site."),
    "set-portal-mail-from": ("Kodų ir pranešimų siuntėjas.", "Sender of codes and notices."),
    "set-portal-own-age": (
        "Nuo kokio amžiaus nepilnametis kviečiamas pats.",
        "From which age a minor is invited for themselves.",
    ),
    "set-decoys-mail-domain": ("Kuriame domene masalai turi adresus.", "In which domain decoys have addresses."),
    "set-decoys-phone-first": ("Pirmas masalų telefono numeris.", "First telephone number of decoys."),
    "set-decoys-phone-last": ("Paskutinis masalų telefono numeris.", "Last telephone number of decoys."),
    "set-decoys-maildir": (
        "Aplankas, į kurį pristatomi laiškai masalams.", "Folder where mail to decoys is delivered.",
    ),
    "set-watching-proxy": (
        "Per kurį tarpininką žiūrima į stebimus adresus, pvz., „Tor“.",
        "Proxy through which watched addresses are fetched, for example Tor's.",
    ),
    "set-watching-own-network": (
        "Ar galima stebėti adresus klinikos vidaus tinkle.",
        "Whether addresses inside the clinic's own network may be watched.",
    ),
    "set-reminders-on": ("Ar primenama dieną prieš vizitą.", "Whether patients are reminded the day before."),
    "set-reminders-hour": ("Nuo kurios valandos primenama.", "From which hour reminders go out."),
    "set-reminders-mail-from": ("Priminimų siuntėjas.", "Sender of reminders."),
    "set-incidents-notice-from": ("Pranešimų pacientams siuntėjas.", "Sender of notices to patients."),
    "set-incidents-notice-address": (
        "Kodų puslapio adresas, rašomas laiškuose.", "Address of the page for codes, as letters print it."
    ),
    "set-incidents-mail-from": ("Bylos laiškų siuntėjas.", "Sender of what a case sends."),
    "set-incidents-tsa-url": ("Laiko žymų tarnybos adresas.", "Address of the time stamp authority."),
    "set-incidents-tsa-certificates": ("Failas su jos sertifikatais.", "File with its certificates."),
    "set-incidents-dpo": ("Duomenų apsaugos pareigūnas.", "The data protection officer."),
    "set-incidents-ksis-kind": (
        "Kaip klinika įregistruota kibernetinio saugumo informacinėje sistemoje.",
        "How the clinic is registered under the cybersecurity law.",
    ),
    "set-incidents-ksis-since": ("Nuo kurios dienos įregistruota.", "Since which day it is registered."),
    "set-reminders-sms-webhook": ("Adresas, kuris siunčia trumpąsias žinutes.", "Address that sends text messages."),
    "set-reminders-sms-token-file": ("Failas su jo raktu.", "File with its token."),
    "set-budget-visit-days": (
        "Kiek dienų po vizito pacientas laikomas savu.",
        "Days after a visit that keep a patient warm.",
    ),
    "set-budget-appointment-days": (
        "Kiek dienų prieš ir po vizito laiko pacientas savas.",
        "Days around an appointment that make a patient warm.",
    ),
    "set-budget-own-link-hours": (
        "Po kiek valandų galioja paties padarytas ryšys.",
        "Hours after which a link made by the opener counts.",
    ),
    "set-budget-links-kept-days": (
        "Kiek dienų paties užrašytas pacientas prie vizito laikomas savu.",
        "Days that a patient booked by oneself is warm near the appointment.",
    ),
    "set-budget-warm-charts": ("Savų pacientų istorijų per dieną.", "Warm charts an account may open a day."),
    "set-budget-warm-times-median": (
        "Arba tiek kartų daugiau už įprastą dieną.",
        "Or so many times the account's median day.",
    ),
    "set-budget-warm-history-days": ("Iš kiek dienų skaičiuojama įprasta diena.", "Days the median is taken over."),
    "set-budget-warm-history-least": (
        "Kiek darbo dienų reikia, kad ji galiotų.",
        "Days needed before the median counts.",
    ),
    "set-budget-warm-growth-percent": (
        "Kiek procentų viena diena gali ją pakelti.",
        "Percent that one day may raise the median.",
    ),
    "set-budget-warm-charts-most": (
        "Daugiau savų istorijų neleidžiama niekada.",
        "No history raises the warm ceiling above this.",
    ),
    "set-budget-warm-lifts": (
        "Kiek kartų per dieną raktas pakelia savų ribą.",
        "Gestures a day that lift the warm ceiling.",
    ),
    "set-budget-warm-cards": ("Savų pacientų kortelių per dieną.", "Warm cards a day."),
    "set-budget-repeat-hours": (
        "Kiek valandų atvertas pacientas atveriamas nemokamai.",
        "Hours in which what was paid opens again for free.",
    ),
    "set-budget-cold-session-hour": (
        "Svetimų per valandą sesijoje be rakto.",
        "Cold patients an hour on a session, without a gesture.",
    ),
    "set-budget-cold-session-day": (
        "Svetimų per dieną sesijoje be rakto.",
        "Cold patients a day on a session, without a gesture.",
    ),
    "set-budget-cold-account-day": (
        "Svetimų per dieną paskyroje, su raktu.",
        "Cold patients an account a day, with gestures.",
    ),
    "set-budget-cold-account-month": ("Svetimų paskyroje per mėnesį.", "Cold patients an account in a month."),
    "set-budget-month-days": ("Kiek dienų mėnesyje.", "How many days a month is."),
    "set-budget-cold-clinic-day": ("Svetimų per dieną visai klinikai.", "Cold openings a day of the whole clinic."),
    "set-budget-cold-share-percent": (
        "Kokią klinikos dalį viena paskyra gali naudoti laisvai.",
        "Part of the clinic's day that one account may use freely.",
    ),
    "set-budget-insist": (
        "Kiek kartų galima klausti toliau, kai prašoma rakto.",
        "How often one may go on asking once a passkey is demanded.",
    ),
    "set-budget-caller-cards": ("Skambinančiųjų kortelių per dieną.", "Callers' cards a day."),
    "set-budget-caller-misses": ("Nesėkmingų spėjimų prieš prašant rakto.", "Misses before a gesture is asked for."),
    "set-budget-caller-misses-day": ("Nesėkmingų spėjimų per dieną.", "Misses a day."),
    "set-budget-search-hits": ("Kiek pacientų rodo viena paieška.", "Patients listed by one query."),
    "set-budget-search-session": (
        "Kiek skirtingų pacientų randa sesija be rakto.",
        "Different patients listed on a session before a gesture.",
    ),
    "set-budget-search-account-day": (
        "Kiek skirtingų pacientų randa paskyra per dieną.",
        "Different patients listed to an account a day.",
    ),
    "set-budget-search-queries": ("Paieškų per valandą prieš prašant rakto.", "Searches an hour before a gesture."),
    "set-budget-worklist-patients": ("Pacientų viename kvietimų sąraše.", "Patients on one recall list."),
    "set-budget-worklist-week": ("Pacientų kvietimų sąrašuose per savaitę.", "Patients on recall lists in a week."),
    "set-budget-worklist-week-days": ("Kiek dienų tokia savaitė.", "How many days such a week has."),
    "set-budget-worklist-days": ("Kiek dienų sąrašas atveria korteles.", "Days for which a list opens cards."),
    "set-budget-glass-account": ("Skubių atvėrimų paskyrai.", "Emergencies of an account."),
    "set-budget-glass-hours": ("Per kiek valandų.", "In how many hours."),
    "set-budget-glass-clinic-day": ("Skubių atvėrimų klinikai per dieną.", "Emergencies of the clinic a day."),
    "set-budget-glass-kept": (
        "Kiek klinikos vietų laikoma skubiems.",
        "Places of the clinic's day kept for emergencies.",
    ),
    "set-budget-change-patients": (
        "Kiek pacientų įrašų paskyra gali perrašyti ar ištrinti per dieną.",
        "Patients whose records an account overwrites or deletes a day.",
    ),
    "set-budget-erase-day": ("Ištrynimų klinikai per dieną.", "Erasures of the clinic a day."),
    "set-budget-export-day": ("Išvežtų pacientų paskyrai per dieną.", "Patients an account exports a day."),
    "set-budget-bulk-exports": (
        "Visų klinikos įrašų išvežimų per mėnesį; kiekvieną leidžia du žmonės.",
        "Bulk exports of the clinic a month, each allowed by two people.",
    ),
    "set-budget-machine-listed-times": (
        "Kiek kartų daugiau programa gali rasti nei atverti.",
        "How many times as many a program may list as open.",
    ),
    "set-budget-machine-without-approval": (
        "Kiek pacientų programa atveria be dviejų pritarimo.",
        "Patients a day a program gets without two approvals.",
    ),
    "set-budget-canaries-session": ("Kiek rastų masalų sesijoje suskamba.", "Decoys listed on a session that ring."),
    "set-budget-canaries-account": (
        "Kiek rastų masalų paskyroje suskamba.",
        "Decoys listed to an account that ring.",
    ),
    "set-budget-warn-percent": ("Nuo kurios ribos dalies perspėjama.", "Part of a bound from which it warns."),
    "set-budget-alarm-again-minutes": (
        "Po kiek minučių tas pats pavojus skamba vėl.",
        "Minutes after which the same alarm rings again.",
    ),
    "set-budget-clock-jump-seconds": (
        "Kiek sekundžių laikrodžiai gali išsiskirti.",
        "Seconds by which the clocks may part.",
    ),
    "set-budget-off-hours": (
        "Kiek išjungto kompiuterio valandų skaičiuojama.",
        "Hours of a switched-off machine that count.",
    ),
}
