//! Imports: the admin centre's users CSV in its real shapes, and vCards of every version.
#![allow(clippy::unwrap_used)]

use graph_sim::fleet::csv::{CsvError, users_from_csv};
use graph_sim::fleet::vcard::contacts_from_vcard;
use graph_sim::fleet::{Fleet, MailboxState, OrgContact, PersonKind};
use std::path::PathBuf;

mod shared;

/// The header as the admin centre writes it, in its order.
const HEADER: &str = "Block credential,City,Country/Region,Department,DirSyncEnabled,Display name,Fax,First name,\
Last dirsync time,Last name,Last password change time stamp,License assignment details,Licenses,Mobile Phone,\
Oath token meta data,Object Id,Office,Password never expires,Phone number,Postal code,Preferred data location,\
Preferred language,Proxy addresses,Release track,Soft deletion time stamp,State,Street address,\
Strong password required,Title,Usage location,User principal name,When created";

fn export(rows: &[&str]) -> String {
    format!("\u{feff}{HEADER}\r\n{}\r\n", rows.join("\r\n"))
}

const ADELE: &str = "False,San Diego,United States,Retail,,Adele Vance,,Adele,,Vance,,,Microsoft 365 E5+Power BI,\
+1 425 555 0101,,96CA293C-29dd-4668-a763-ee407bd935d7,18/2111,,+1 425 555 0109,98004,,en-US,\
SMTP:adele@contoso.example+smtp:adele+news@contoso.example+X500:/o=x,,,WA,\"205 108th Ave. NE, Suite 400\",,\
\"Manager, \"\"Retail\"\"\",US,adele@contoso.example,2020-05-23 19:59:00Z";

#[test]
fn a_row_becomes_a_person_with_every_column_in_its_place() {
    let imported = users_from_csv(export(&[ADELE]).as_bytes()).unwrap();
    assert_eq!(imported.domain, "contoso.example");
    let adele = &imported.people[0];
    assert_eq!(adele.id, "96ca293c-29dd-4668-a763-ee407bd935d7");
    assert_eq!(adele.job_title.as_deref(), Some("Manager, \"Retail\""));
    assert_eq!(adele.address.street, "205 108th Ave. NE, Suite 400");
    assert_eq!(adele.business_phones, ["+1 425 555 0109"]);
    assert_eq!(adele.mobile_phone.as_deref(), Some("+1 425 555 0101"));
    assert_eq!(adele.mail.as_deref(), Some("adele@contoso.example"));
    assert_eq!(adele.aliases, ["adele+news@contoso.example"]);
    assert_eq!(adele.created.as_deref(), Some("2020-05-23T19:59:00Z"));
    assert!(adele.is_enabled() && adele.is_licensed() && !adele.guest);
    assert_eq!(adele.mailbox_state(), MailboxState::Online);
}

#[test]
fn guests_shared_mailboxes_and_people_without_mail_are_told_apart() {
    let header = "Display name,User principal name,Licenses,Block credential,Proxy addresses,Soft deletion time stamp";
    let rows = "Ann,ann_f_abrikam.com#EXT#@contoso.example,Unlicensed,False,,\n\
        Info,info@contoso.example,Unlicensed,True,SMTP:info@contoso.example,\n\
        Lager,lager@contoso.example,Unlicensed,False,,\n\
        Ex,ex@contoso.example,Unlicensed,False,,2026-01-01 00:00:00Z\n\
        Nobody,,,,,\n";
    let imported = users_from_csv(format!("{header}\n{rows}").as_bytes()).unwrap();
    let [guest, shared, none] = &imported.people[..] else {
        panic!("{imported:?}")
    };
    assert!(guest.guest);
    assert_eq!(guest.mail.as_deref(), Some("ann_f@abrikam.com"));
    assert_eq!(
        (shared.kind, shared.mailbox_state()),
        (PersonKind::Shared, MailboxState::Online)
    );
    assert_eq!(
        (none.kind, none.mailbox_state()),
        (PersonKind::User, MailboxState::None)
    );
    assert_eq!(
        imported.left_out,
        [
            "row 5: ex@contoso.example is soft-deleted",
            "row 6: it has no user principal name",
        ]
    );
}

#[test]
fn semicolons_the_newer_header_and_excels_encoding_are_read_too() {
    let text = "Display name;User principal name;CountryOrRegion;StateOrProvince;Street address\r\n\
        Jürgen Groß;jg@contoso.example;Deutschland;NRW;\"Hohe Straße 1; Hof\"\r\n";
    let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
    for bytes in [text.as_bytes(), &latin] {
        let imported = users_from_csv(bytes).unwrap();
        assert_eq!(imported.people[0].name, "Jürgen Groß");
        assert_eq!(imported.people[0].address.street, "Hohe Straße 1; Hof");
        assert_eq!(imported.people[0].address.state, "NRW");
    }
    let backtick =
        "Display name,User principal name,Phone number\nA B,a@b.example,`+1 425 555 0100\n";
    let imported = users_from_csv(backtick.as_bytes()).unwrap();
    assert_eq!(imported.people[0].business_phones, ["+1 425 555 0100"]);
}

#[test]
fn a_file_that_is_not_the_export_is_refused_with_the_column_it_lacks() {
    let said = users_from_csv(b"Name,Phone\nA,1\n")
        .unwrap_err()
        .to_string();
    assert_eq!(
        said,
        "the CSV has no column \"User principal name\"; is it the export of Users > Active users?"
    );
    assert!(matches!(
        users_from_csv(HEADER.as_bytes()),
        Err(CsvError::Empty)
    ));
}

#[test]
fn an_import_is_a_fleet() {
    let imported = users_from_csv(export(&[ADELE]).as_bytes()).unwrap();
    let mut fleet = Fleet {
        seed: 1,
        tenants: vec![imported.into_tenant()],
    };
    fleet.complete().unwrap();
    assert_eq!(Fleet::from_yaml(&fleet.to_yaml().unwrap()).unwrap(), fleet);
}

const OLD: &str = "BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;Dr.;\r\n\
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Dr. J=C3=BCrgen M=C3=BCller\r\nTEL;WORK;VOICE:0221/5550-12\r\n\
TEL;CELL:+49 171 1\r\nTEL;HOME:0221 9\r\nTEL;WORK;FAX:0221 77\r\nEND:VCARD\r\n";

const NEW: &str = "BEGIN:VCARD\nVERSION:4.0\nFN:佐藤 翔太\nN:佐藤;翔太;;;\nX-PHONETIC-LAST-NAME:サトウ\n\
ORG:Paper\\, Pens & Co;Sales\nTITLE:Head\nEMAIL;TYPE=work:s@paper.example\nEMAIL:t@paper.example\n\
EMAIL:u@paper.example\nEMAIL:v@paper.example\nTEL;VALUE=uri;TYPE=\"cell,voice\":tel:+81-90-1234\n\
ADR;TYPE=work:;;1 Main St;Tokyo;;100-0001;Japan\nBDAY:19700815\nNOTE:two\\nlines\nEND:VCARD\n";

#[test]
fn old_and_new_cards_fill_the_same_fields() {
    let imported = contacts_from_vcard(format!("{OLD}{NEW}").as_bytes());
    let [old, new] = &imported.contacts[..] else {
        panic!("{imported:?}")
    };
    assert_eq!(
        (old.name.as_str(), old.title.as_deref()),
        ("Dr. Jürgen Müller", Some("Dr."))
    );
    assert_eq!(old.surname.as_deref(), Some("Müller"));
    assert_eq!(old.business_phones, ["0221/5550-12"]);
    assert_eq!(
        (old.mobile_phone.as_deref(), &old.home_phones[..]),
        (Some("+49 171 1"), &["0221 9".to_owned()][..])
    );
    assert_eq!(
        (new.company.as_deref(), new.department.as_deref()),
        (Some("Paper, Pens & Co"), Some("Sales"))
    );
    assert_eq!(new.yomi_surname.as_deref(), Some("サトウ"));
    assert_eq!(new.mobile_phone.as_deref(), Some("+81-90-1234"));
    assert_eq!(
        (
            new.business_address.city.as_str(),
            new.business_address.country.as_str()
        ),
        ("Tokyo", "Japan")
    );
    assert_eq!(
        (new.birthday.as_deref(), new.notes.as_deref()),
        (Some("1970-08-15"), Some("two\nlines"))
    );
    assert_eq!(new.emails.len(), 3);
    assert_eq!(
        imported.left_out,
        ["card 2 (佐藤 翔太): 1 e-mail addresses too many"]
    );
    let outside = OrgContact::from(new.clone());
    assert_eq!(outside.mail.as_deref(), Some("s@paper.example"));
}

/// Skipped where the corpus is absent.
#[test]
fn cards_from_the_wild_give_named_contacts() {
    let Some(folder) = shared::shared("data/corpus") else {
        return;
    };
    let (mut files, mut contacts, mut rich) = (0, 0, 0);
    for file in cards(&folder) {
        let imported = contacts_from_vcard(&std::fs::read(&file).unwrap());
        files += 1;
        contacts += imported.contacts.len();
        rich += imported
            .contacts
            .iter()
            .filter(|c| {
                !c.emails.is_empty()
                    || c.mobile_phone.is_some()
                    || !c.business_phones.is_empty()
                    || !c.home_phones.is_empty()
            })
            .count();
        assert!(
            imported.contacts.iter().all(|c| !c.name.trim().is_empty()),
            "{}",
            file.display()
        );
    }
    println!("{files} files, {contacts} contacts, {rich} of them with an address or a number");
    assert!(files >= 70 && contacts >= files * 9 / 10 && rich > contacts / 3);
}

fn cards(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(e) if e == "vcf" => all.push(path),
                _ => {}
            }
        }
    }
    all.sort();
    all
}
