//! `seed`, and lists of what it made: by the command line of the real program.

use serde_json::Value;
use tests::json;
use tests::lab::Lab;
use tests::outcome::Outcome;

const SEED: [&str; 6] = ["seed", "--certificates", "60", "--revoked", "6", "--json"];

/// The devices on a page.
fn devices(page: &Outcome) -> Vec<String> {
    let page = page.clone().succeeded().json();
    let text = |item: &Value| json::text(item, "/device").to_owned();
    json::list(&page, "/items").iter().map(text).collect()
}

#[test]
fn a_seed_is_found_again_by_what_it_begins_with() {
    let lab = Lab::empty();
    let made = lab.ask(SEED).succeeded().json();
    assert_eq!(json::at(&made, "/certificates"), &60);
    assert_eq!(json::at(&made, "/revoked"), &6);
    assert!(json::at(&made, "/seconds").is_f64());
    let list = ["certificate", "list", "--json", "--limit", "4", "--device", "seed-0000001"];
    let page = lab.ask(list);
    let expected = [10, 11, 12, 13].map(|number| format!("SEED-{number:08}"));
    assert_eq!(devices(&page), expected);
    let page = page.json();
    let next = json::text(&page, "/next");
    let [certificate, list, json, limit, four, device, start] = list;
    let rest = [certificate, list, json, limit, four, device, start, "--cursor", next];
    assert_eq!(devices(&lab.ask(rest)).first().map(String::as_str), Some("SEED-00000014"));
    let person = ["certificate", "list", "--json", "--person", "PERSON.0000005@"];
    assert_eq!(devices(&lab.ask(person)).len(), 2);
    let revoked = ["certificate", "list", "--json", "--status", "revoked"];
    assert_eq!(devices(&lab.ask(revoked)).len(), 6);
    let subject = "cn=seed-00000001";
    let gateway = ["certificate", "list", "--gateway", "Seed gateway 1", "--subject", subject];
    lab.ask(gateway).succeeded().says("person.0000000@seed.example");
    let wrong = ["certificate", "list", "--device", "win", "--cursor", next];
    lab.ask(wrong).refused().complains("API-PARAMETER");
    lab.ask(["certificate", "list", "--device", "a", "--person", "b"]).ended_with(2);
    lab.ask(["seed", "--certificates", "1", "--revoked", "2"]).refused().complains("API-PARAMETER");
    lab.ask(["event", "list"]).succeeded().says("certificate.seeded");
}

#[test]
fn a_seed_needs_the_data_for_itself_and_no_real_devices() {
    let mut lab = Lab::of_guide();
    lab.enroll("mac-1");
    lab.ask(SEED).refused().complains("stop it to seed");
    lab.stop();
    lab.ask(SEED).refused().complains("API-REAL-DEVICES");
    lab.ask(["seed", "--certificates", "0"]).ended_with(2);
    lab.ask(["seed", "--certificates", "10000001"]).ended_with(2);
    lab.ask(["seed", "--events", "10"]).refused().complains("API-REAL-DEVICES");
    lab.ask(["seed"]).ended_with(2);
}

#[test]
fn events_of_a_seed_are_listed_and_counted() {
    let lab = Lab::empty();
    let made = lab.ask(["seed", "--events", "300", "--json"]).succeeded().json();
    assert_eq!(json::at(&made, "/events"), &300);
    let list = ["event", "list", "--filter", "outcome:refused", "--json", "--limit", "1000"];
    let listed = lab.ask(list).succeeded().json();
    assert_eq!(json::list(&listed, "/items").len(), 15);
    // Every thirtieth is of one day.
    lab.ask(["overview"]).succeeded().says("TLS-NO-CERTIFICATE");
}
