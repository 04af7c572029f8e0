//! Finding certificates by what they begin with, and by where they come from.

use actions::certificate::list;
use actions::certificate::revocation::hold;
use domain::actor::Actor;
use domain::certificate::Certificate;
use domain::certificate::Status;
use domain::certificate::search::Field;
use domain::certificate::search::Name;
use domain::certificate::search::Search;
use domain::certificate::search::Start;
use pki::general_name::GeneralName;

use crate::fixture::Fixture;
use crate::fixture::owner;

/// Devices and their owners; two have the same name, and some have characters that act elsewhere.
const DEVICES: [(&str, &str); 7] = [
    ("MAC-1", "Anna@example.org"),
    ("mac-1", "anna@example.org"),
    ("mac-1", "bert@example.org"),
    ("mac-2", "a_nna@example.org"),
    ("m%c-3", "a%na@example.org"),
    ("Öl-4", "anna.b@example.org"),
    ("win-5", "zoe@example.org"),
];

async fn filled() -> Fixture {
    let fixture = Fixture::mosyle().await;
    for (device, person) in DEVICES {
        let names = [GeneralName::email(person).unwrap()];
        fixture.issue(&fixture.claim_of(&format!("CN={device}"), &names)).await.unwrap();
    }
    fixture
}

fn by(field: Field, text: &str) -> Search {
    Search { start: Some(Start::parse(field, text).unwrap()), ..Search::default() }
}

/// Every certificate of a search, page by page.
async fn pages(fixture: &Fixture, search: &Search, limit: u32) -> Vec<Certificate> {
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = (cursor.as_deref(), limit);
        let page = list(&fixture.app, &owner(), search, page).await.unwrap();
        seen.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return seen;
        }
    }
}

async fn count(fixture: &Fixture, search: &Search) -> usize {
    let all = pages(fixture, search, 1000).await;
    // However a list is cut into pages, it is the same.
    assert_eq!(pages(fixture, search, 1).await, all);
    assert_eq!(pages(fixture, search, 2).await, all);
    all.len()
}

#[tokio::test]
async fn a_search_finds_what_begins_so_whatever_the_case_and_nothing_else() {
    let fixture = filled().await;
    for (field, text, found) in [
        (Field::Device, "mac-", 4),
        (Field::Device, "MAC-1", 3),
        (Field::Device, "mac-1x", 0),
        (Field::Device, "m", 5),
        (Field::Device, "m%", 1),
        (Field::Device, "%", 0),
        (Field::Device, "_", 0),
        (Field::Device, "Öl", 1),
        (Field::Device, "a", 0),
        (Field::Person, "ANNA@", 2),
        (Field::Person, "anna", 3),
        (Field::Person, "a_", 1),
        (Field::Person, "a%", 1),
        (Field::Subject, "cn=mac-2", 1),
        (Field::Subject, "CN=", 13),
        (Field::Subject, "mac", 0),
    ] {
        assert_eq!(count(&fixture, &by(field, text)).await, found, "{field:?} {text}");
    }
}

#[tokio::test]
async fn a_search_by_number_finds_it_however_it_is_written() {
    let fixture = filled().await;
    let wanted = pages(&fixture, &by(Field::Device, "win"), 9).await.swap_remove(0);
    let text = wanted.serial.to_string();
    let pairs: Vec<&str> =
        text.as_bytes().chunks(2).map(|two| str::from_utf8(two).unwrap()).collect();
    for written in [text.clone(), text.to_lowercase(), pairs.join(":"), format!("00:{text}")] {
        let found = pages(&fixture, &by(Field::Serial, &written), 9).await;
        assert_eq!(found, std::slice::from_ref(&wanted), "{written}");
    }
    let first = by(Field::Serial, &text[..1]);
    assert!(pages(&fixture, &first, 9).await.contains(&wanted));
    assert!(count(&fixture, &first).await >= 1);
    assert_eq!(count(&fixture, &by(Field::Serial, &format!("{text}0"))).await, 0);
}

#[tokio::test]
async fn filters_are_exact_and_go_with_any_search() {
    let fixture = filled().await;
    let serial = pages(&fixture, &by(Field::Device, "mac-2"), 9).await.swap_remove(0).serial;
    hold(&fixture.app, &owner(), &serial).await.unwrap();
    let name = |name: &str| Some(Name::parse("name", name).unwrap());
    let held = Some(Status::Held);
    let authority = name("Example School SCEP CA");
    for (search, found) in [
        (Search { status: held, ..Search::default() }, 1),
        (Search { status: Some(Status::Revoked), ..Search::default() }, 0),
        (Search { status: Some(Status::Issued), ..Search::default() }, 12),
        (Search { gateway: name("Mosyle"), ..Search::default() }, 7),
        (Search { gateway: name("mosyle"), ..Search::default() }, 0),
        (Search { gateway: name("Mosyle"), status: held, ..Search::default() }, 1),
        (Search { gateway: name("Mosyle"), status: Some(Status::Issued), ..Search::default() }, 6),
        (Search { authority: authority.clone(), gateway: name("Mosyle"), ..Search::default() }, 7),
        (Search { authority: name("Nobody's"), gateway: name("Mosyle"), ..Search::default() }, 0),
        (Search { status: held, ..by(Field::Device, "mac-") }, 1),
        (Search { status: held, ..by(Field::Device, "mac-1") }, 0),
        (Search { gateway: name("Mosyle"), authority, ..by(Field::Person, "anna") }, 3),
    ] {
        assert_eq!(count(&fixture, &search).await, found, "{search:?}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_and_a_stranger_are_refused() {
    let fixture = filled().await;
    let mac = by(Field::Device, "mac");
    let page = list(&fixture.app, &owner(), &mac, (None, 1)).await.unwrap();
    let cursor = page.next.unwrap();
    for other in [Search::default(), by(Field::Device, "win"), by(Field::Person, "mac")] {
        let refusal = list(&fixture.app, &owner(), &other, (Some(&cursor), 1)).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER", "{other:?}");
    }
    let newest = list(&fixture.app, &owner(), &Search::default(), (None, 1)).await.unwrap();
    let refusal = list(&fixture.app, &owner(), &mac, (newest.next.as_deref(), 1)).await;
    assert_eq!(refusal.unwrap_err().code(), "API-PARAMETER");
    let refusal = list(&fixture.app, &Actor::gateway("Mosyle"), &mac, (None, 1)).await;
    assert_eq!(refusal.unwrap_err().code(), "API-NOT-PERMITTED");
}
