//! The life of the RADIUS server's certificates: renewed, imported, switched, and whom a switch
//! would cut off.

use actions::certificate;
use actions::certificate_authority::renewal as authority;
use actions::network_profile::render;
use actions::organization::NotApplied;
use actions::server_certificate;
use actions::server_certificate::Shown;
use actions::server_certificate::coverage;
use actions::server_certificate::coverage::Ask;
use actions::server_certificate::coverage::Coverage;
use actions::server_certificate::keeper;
use actions::server_certificate::renewal;
use actions::server_certificate::switching;
use domain::actor::Actor;
use domain::actor::Role;
use domain::refusal::MassChange;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::server_certificate::Slot;
use domain::server_certificate::coverage::Verdict;
use pki::certificate::Certificate;
use pki::time::Time;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

pub(crate) const SERVER: &str = "RADIUS";
const AUTHORITY: &str = "Example School RADIUS CA";
const PROFILE: &str = "Example-Secure";

fn slots(fixture: &Fixture) -> Shown {
    server_certificate::show(&fixture.app, &owner(), SERVER).unwrap()
}

/// The serial numbers in the slots: active, next, previous.
fn serials(shown: &Shown) -> [Option<String>; 3] {
    let Shown { active, next, previous, .. } = shown.clone();
    [Some(active.serial), next.map(|slot| slot.serial), previous.map(|slot| slot.serial)]
}

async fn renew(fixture: &Fixture, next: bool) -> Result<Shown, NotApplied> {
    renewal::renew(&fixture.app, &owner(), SERVER, renewal::Order { next }).await
}

async fn switch(fixture: &Fixture, back: bool, confirm: Option<u64>) -> Result<Shown, NotApplied> {
    let order = switching::Order { back, confirm, sha256: None };
    switching::switch(&fixture.app, &owner(), SERVER, order).await
}

/// A new root for the next server certificate.
async fn new_root(fixture: &Fixture) {
    authority::renew(&fixture.app, &owner(), AUTHORITY).await.unwrap();
}

/// The number of what the network profile would be handed out with now.
async fn rendered(fixture: &Fixture) -> i64 {
    let secret = Some(Secret::new("given"));
    let order = render::Order { platform: "mosyle".to_owned(), only: None, device: None, secret };
    render::render(&fixture.app, &owner(), PROFILE, order).await.unwrap().version
}

/// A device that enrolls by a rendering.
async fn enroll(fixture: &Fixture, name: &str, rendering: Option<i64>) -> Certificate {
    // What is newer is told by the second.
    fixture.set_clock(fixture.app.world.time().plus_seconds(1));
    let claim = fixture.claim_of(&format!("CN={name}"), &[]);
    let claim = domain::claim::Claim { rendering, ..claim };
    Certificate::parse(&fixture.issue(&claim).await.unwrap().der).unwrap()
}

async fn covered(fixture: &Fixture, ask: Ask) -> Coverage {
    let ask = Ask { limit: ask.limit.max(1), ..ask };
    coverage::look(&fixture.app, &owner(), SERVER, &ask).await.unwrap()
}

#[track_caller]
pub(crate) fn code<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> &'static str {
    let Err(NotApplied::Refused(refusal)) = answer else { panic!("{answer:?}") };
    refusal.code()
}

fn shown_now(fixture: &Fixture) -> String {
    let rules = fixture.app.snapshot.rules();
    rules.server_of(SERVER).unwrap().identity.certificate.serial.to_string()
}

#[tokio::test]
async fn a_certificate_of_the_same_root_is_shown_at_once_and_the_old_one_is_kept() {
    let fixture = Fixture::mosyle().await;
    let before = slots(&fixture);
    assert_eq!((before.next.is_none(), before.previous.is_none()), (true, true));
    assert_eq!(before.network_profiles, [PROFILE]);
    let after = renew(&fixture, false).await.unwrap();
    assert_eq!(after.previous.as_ref().unwrap().serial, before.active.serial);
    assert_ne!(after.active.serial, before.active.serial);
    assert_eq!(after.active.root_sha256, before.active.root_sha256);
    assert!(after.active.same_root && !after.active.imported);
    assert_eq!(after.active.names, ["radius.example.test"]);
    assert_eq!(shown_now(&fixture), after.active.serial);
    // A program that reads it all anew knows the same.
    assert_eq!(slots(&fixture.beside().await), after);
    let events = fixture.events().await;
    let event = events.iter().find(|event| event.kind == "server.renewed").unwrap();
    assert_eq!(event.object, "server_certificate:RADIUS");
    assert_eq!(
        (&event.details["slot"], &event.details["generation"]),
        (&json!("active"), &json!(2))
    );
    // The next renewal ends the way back to the first.
    let third = renew(&fixture, false).await.unwrap();
    assert_eq!(third.previous.unwrap().serial, after.active.serial);
}

#[tokio::test]
async fn another_root_is_shown_only_after_it_waited() {
    let fixture = Fixture::mosyle().await;
    let before = slots(&fixture);
    new_root(&fixture).await;
    assert_eq!(code(renew(&fixture, false).await), "API-ROOT-DIFFERS");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-ROOT-DIFFERS"));
    assert_eq!(slots(&fixture), before);
    let waits = renew(&fixture, true).await.unwrap();
    let next = waits.next.clone().unwrap();
    assert!(!next.same_root);
    assert_eq!(shown_now(&fixture), before.active.serial);
    // A further one takes its place; nobody was ever shown the dropped one.
    let other = renew(&fixture, true).await.unwrap().next.unwrap();
    assert_ne!(other.serial, next.serial);
    let keys = |fixture: &Fixture| slots(fixture).next.unwrap().generation;
    assert_eq!(keys(&fixture.beside().await), other.generation);
    // Nobody enrolled yet, so nobody is cut off.
    let switched = switch(&fixture, false, None).await.unwrap();
    let expected = [Some(other.serial.clone()), None, Some(before.active.serial.clone())];
    assert_eq!(serials(&switched), expected);
    assert_eq!(shown_now(&fixture), other.serial);
    let back = switch(&fixture, true, None).await.unwrap();
    assert_eq!(serials(&back), [Some(before.active.serial), Some(other.serial), None]);
    let events = fixture.events().await;
    let events: Vec<_> = events.iter().filter(|event| event.kind == "server.switched").collect();
    let from: Vec<_> = events.iter().map(|event| &event.details["from"]).collect();
    assert_eq!(from, [&json!("previous"), &json!("next")]);
}

#[tokio::test]
async fn what_waits_can_be_dropped_and_an_empty_slot_is_told() {
    let fixture = Fixture::mosyle().await;
    for answer in [switch(&fixture, false, None).await, switch(&fixture, true, None).await] {
        assert_eq!(code(answer), "API-SLOT-EMPTY");
    }
    let discarded = server_certificate::discard(&fixture.app, &owner(), SERVER).await;
    assert_eq!(code(discarded), "API-SLOT-EMPTY");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-SLOT-EMPTY"));
    let ask = Ask { slot: Some(Slot::Next), limit: 1, cursor: None };
    let asked = coverage::look(&fixture.app, &owner(), SERVER, &ask).await;
    assert_eq!(asked.unwrap_err().code(), "API-SLOT-EMPTY");
    renew(&fixture, true).await.unwrap();
    let after = server_certificate::discard(&fixture.app, &owner(), SERVER).await.unwrap();
    assert!(after.next.is_none());
    let events = fixture.events().await;
    assert_eq!(events[0].kind, "server.discarded");
    assert_eq!(slots(&fixture.beside().await), after);
    // The number may be used again, and nothing of before comes back.
    renew(&fixture, true).await.unwrap();
    assert_eq!(slots(&fixture.beside().await), slots(&fixture));
    let order = renewal::Order::default();
    let missing = renewal::renew(&fixture.app, &owner(), "Nobody", order).await;
    assert_eq!(code(missing), "API-NOT-FOUND");
}

#[tokio::test]
async fn what_is_not_valid_or_not_meant_is_not_switched_to() {
    let fixture = Fixture::mosyle().await;
    renew(&fixture, true).await.unwrap();
    let order = switching::Order { sha256: Some("AB".repeat(32)), ..Default::default() };
    let other = switching::switch(&fixture.app, &owner(), SERVER, order).await;
    assert_eq!(code(other), "API-CONFLICT");
    let next = slots(&fixture).next.unwrap();
    fixture.set_clock(next.not_after.plus_seconds(1));
    assert_eq!(code(switch(&fixture, false, None).await), "API-SLOT-NOT-VALID");
    fixture.set_clock(NOW);
    let sha256 = Some(next.sha256.to_lowercase());
    let order = switching::Order { sha256, ..Default::default() };
    switching::switch(&fixture.app, &owner(), SERVER, order).await.unwrap();
}

#[tokio::test]
async fn a_switch_says_whom_it_would_cut_off() {
    let fixture = Fixture::mosyle().await;
    let first = rendered(&fixture).await;
    enroll(&fixture, "mac-old", Some(first)).await;
    enroll(&fixture, "mac-unknown", None).await;
    new_root(&fixture).await;
    // The profile did not change, and what it is handed out with did: both roots are in it.
    let second = rendered(&fixture).await;
    assert_ne!(first, second);
    enroll(&fixture, "mac-new", Some(second)).await;
    renew(&fixture, true).await.unwrap();
    let all = covered(&fixture, Ask { limit: 10, ..Ask::default() }).await;
    assert_eq!((all.slot, all.same_root, all.cut_off), (Slot::Next, false, 2));
    let counts = (all.devices.covered, all.devices.uncovered, all.devices.unknown);
    assert_eq!(counts, (1, 1, 1));
    assert_eq!(all.network_profiles.len(), 1);
    let of = &all.network_profiles[0];
    assert_eq!((of.name.as_str(), of.devices, of.trusts_now), (PROFILE, all.devices, true));
    let mut named: Vec<_> =
        all.items.iter().map(|one| (one.device.as_str(), one.verdict)).collect();
    named.sort_unstable();
    assert_eq!(named, [("mac-old", Verdict::Uncovered), ("mac-unknown", Verdict::Unknown)]);
    assert!(
        all.items.iter().all(|one| one.network_profiles == [PROFILE] && one.device_id.is_some())
    );
    // What is shown now, two know and one never said.
    let now = covered(&fixture, Ask { slot: Some(Slot::Active), ..Ask::default() }).await;
    assert_eq!((now.devices.covered, now.cut_off), (2, 1));

    let Err(NotApplied::Refused(refusal)) = switch(&fixture, false, None).await else { panic!() };
    let Refusal::MassChange { count, of, allowed, what, mut names } = refusal else { panic!() };
    names.sort();
    assert_eq!((count, of, allowed, what), (2, 3, 0, MassChange::Server));
    assert_eq!(names, ["mac-old", "mac-unknown"]);
    assert_eq!(code(switch(&fixture, false, Some(1)).await), "API-MASS-CHANGE");
    assert_eq!(fixture.newest_code().await.as_deref(), Some("API-MASS-CHANGE"));
    assert!(slots(&fixture).next.is_some());
    // One gets the new profile and enrolls by it.
    enroll(&fixture, "mac-old", Some(second)).await;
    assert_eq!(covered(&fixture, Ask::default()).await.cut_off, 1);
    switch(&fixture, false, Some(1)).await.unwrap();
    let events = fixture.events().await;
    let event = events.iter().find(|event| event.kind == "server.switched").unwrap();
    let told = (&event.details["covered"], &event.details["not_covered"]);
    assert_eq!(told, (&json!(2), &json!(1)));
    // The way back is judged by the same measure: the old root is in what all were given.
    assert_eq!(code(switch(&fixture, true, None).await), "API-MASS-CHANGE");
    switch(&fixture, true, Some(1)).await.unwrap();
}

#[tokio::test]
async fn devices_that_are_not_covered_are_listed_page_by_page() {
    let fixture = Fixture::mosyle().await;
    for number in 0..5 {
        enroll(&fixture, &format!("mac-{number}"), None).await;
    }
    let (mut cursor, mut names) = (None, Vec::new());
    for _ in 0..3 {
        let page = covered(&fixture, Ask { cursor, limit: 2, slot: None }).await;
        assert_eq!((page.slot, page.devices.unknown), (Slot::Active, 5));
        names.extend(page.items.into_iter().map(|one| one.device));
        cursor = page.next;
    }
    assert_eq!(cursor, None);
    names.sort();
    assert_eq!(names, ["mac-0", "mac-1", "mac-2", "mac-3", "mac-4"]);
    let ask = Ask { cursor: Some("elsewhere".to_owned()), limit: 2, slot: None };
    let wrong = coverage::look(&fixture.app, &owner(), SERVER, &ask).await.unwrap_err();
    assert_eq!(wrong.code(), "API-PARAMETER");
    // Revoked and expired certificates are nobody's any more.
    let later = NOW.plus_days(4000);
    fixture.set_clock(later);
    assert_eq!(covered(&fixture, Ask::default()).await.devices.all(), 0);
}

#[tokio::test]
async fn a_renewal_by_the_old_certificate_says_what_its_own_address_says() {
    let fixture = Fixture::mosyle().await;
    let number = rendered(&fixture).await;
    let device = enroll(&fixture, "mac-1", Some(number)).await;
    let kept = certificate::show(&fixture.app, &owner(), &device.serial).await.unwrap();
    assert_eq!(kept.certificate.rendering, Some(number));
    let events = fixture.events().await;
    let event = events.iter().find(|one| one.kind == "certificate.enrollment").unwrap();
    assert_eq!(event.details["rendering"], number);
    // A number that was never handed out is kept, and says nothing.
    enroll(&fixture, "mac-1", Some(number + 1000)).await;
    let after = covered(&fixture, Ask::default()).await;
    assert_eq!((after.devices.covered, after.devices.unknown), (0, 1));
    let other = rendered(&fixture).await;
    assert_eq!(other, number);
}

#[tokio::test]
async fn who_may_not_change_keys_is_refused_and_who_may_look_may() {
    let fixture = Fixture::mosyle().await;
    enroll(&fixture, "mac-1", None).await;
    for role in [Role::NetworkOperator, Role::Helpdesk, Role::Auditor] {
        let actor = Actor::administrator("Ann", role);
        let app = &fixture.app;
        let order = renewal::Order { next: true };
        assert_eq!(code(renewal::renew(app, &actor, SERVER, order).await), "API-NOT-PERMITTED");
        let order = switching::Order::default();
        assert_eq!(code(switching::switch(app, &actor, SERVER, order).await), "API-NOT-PERMITTED");
        let dropped = server_certificate::discard(app, &actor, SERVER).await;
        assert_eq!(code(dropped), "API-NOT-PERMITTED");
        server_certificate::show(app, &actor, SERVER).unwrap();
        let ask = Ask { limit: 10, ..Ask::default() };
        let looked = coverage::look(app, &actor, SERVER, &ask).await.unwrap();
        let may = actor.can(domain::actor::Permission::InventoryRead);
        assert_eq!((looked.cut_off, looked.items.len()), (1, usize::from(may)), "{role}");
    }
    let device = Actor::gateway("Mosyle");
    assert!(server_certificate::show(&fixture.app, &device, SERVER).is_err());
    assert!(coverage::look(&fixture.app, &device, SERVER, &Ask::default()).await.is_err());
}

#[tokio::test]
async fn a_definition_of_another_root_waits_where_devices_would_be_cut_off() {
    let fixture = Fixture::mosyle().await;
    enroll(&fixture, "mac-1", None).await;
    let before = slots(&fixture);
    new_root(&fixture).await;
    let mut document = mosyle();
    document["server_certificate"][0]["validity_days"] = json!(90);
    fixture.apply(application(document)).await.unwrap();
    let after = slots(&fixture);
    assert_eq!(after.active.serial, before.active.serial);
    assert!(!after.next.unwrap().same_root);
}

fn days_before(end: Time, days: i64) -> Time {
    end.plus_seconds(-days * 86_400)
}

fn renewed(events: &[domain::event::Shown]) -> usize {
    events.iter().filter(|event| event.kind == "server.renewed").count()
}

#[tokio::test]
async fn a_certificate_is_renewed_by_itself_before_it_ends() {
    let fixture = Fixture::mosyle().await;
    let before = slots(&fixture);
    let end = before.active.not_after;
    fixture.set_clock(days_before(end, 31));
    keeper::renew_due(&fixture.app).await;
    assert_eq!(slots(&fixture), before);
    fixture.set_clock(days_before(end, 29));
    keeper::renew_due(&fixture.app).await;
    let after = slots(&fixture);
    assert_ne!(after.active.serial, before.active.serial);
    assert!(after.active.not_after > end);
    assert_eq!(shown_now(&fixture), after.active.serial);
    let events = fixture.events().await;
    let event = events.iter().find(|event| event.kind == "server.renewed").unwrap();
    assert_eq!((event.actor.as_str(), &event.details["slot"]), ("server", &json!("active")));
    keeper::renew_due(&fixture.app).await;
    assert_eq!(slots(&fixture), after);
}

#[tokio::test]
async fn of_two_servers_one_renews() {
    let fixture = Fixture::mosyle().await;
    let other = fixture.beside().await;
    let end = slots(&fixture).active.not_after;
    for one in [&fixture, &other] {
        one.set_clock(days_before(end, 10));
    }
    tokio::join!(keeper::renew_due(&fixture.app), keeper::renew_due(&other.app));
    keeper::renew_due(&fixture.app).await;
    keeper::renew_due(&other.app).await;
    assert_eq!(slots(&fixture), slots(&other));
    assert_eq!(renewed(&fixture.events().await), 1);
    assert_eq!(slots(&fixture).active.generation, 2);
}

#[tokio::test]
async fn what_would_lead_to_another_root_waits_and_the_doctor_says_so() {
    let fixture = Fixture::mosyle().await;
    let first = rendered(&fixture).await;
    enroll(&fixture, "mac-1", Some(first)).await;
    let before = slots(&fixture);
    new_root(&fixture).await;
    fixture.set_clock(days_before(before.active.not_after, 20));
    keeper::renew_due(&fixture.app).await;
    let after = slots(&fixture);
    assert_eq!(after.active.serial, before.active.serial);
    let next = after.next.clone().unwrap();
    assert!(!next.same_root);
    keeper::renew_due(&fixture.app).await;
    assert_eq!(slots(&fixture), after);
    let codes = async || {
        let found = actions::doctor::examine(&fixture.app, &owner()).await.unwrap();
        let codes = found.into_iter().filter(|one| one.code.starts_with("DOC-SERVER-"));
        codes.map(|one| one.code).collect::<Vec<_>>()
    };
    // Its device certificate has ended by then, unless it enrolled again.
    enroll(&fixture, "mac-1", Some(first)).await;
    assert_eq!(codes().await, ["DOC-SERVER-NEXT-WAITS"]);
    let second = rendered(&fixture).await;
    enroll(&fixture, "mac-1", Some(second)).await;
    assert_eq!(codes().await, ["DOC-SERVER-NEXT-READY"]);
    switch(&fixture, false, None).await.unwrap();
    assert!(codes().await.is_empty());
}

#[tokio::test]
async fn what_cannot_be_renewed_is_told_and_tried_again() {
    let fixture = Fixture::mosyle().await;
    let before = slots(&fixture);
    let disable = async |disabled: bool| {
        let mut document = mosyle();
        document["certificate_authority"][2]["disabled"] = json!(disabled);
        fixture.apply(application(document)).await.unwrap();
    };
    disable(true).await;
    fixture.set_clock(days_before(before.active.not_after, 13));
    keeper::renew_due(&fixture.app).await;
    assert_eq!(slots(&fixture), before);
    let event = fixture.events().await.swap_remove(0);
    assert_eq!((event.kind.as_str(), event.actor.as_str()), ("request.refused", "server"));
    assert_eq!(event.reason.unwrap().code, "ENR-AUTHORITY-DISABLED");
    let found = actions::doctor::examine(&fixture.app, &owner()).await.unwrap();
    assert!(found.iter().any(|one| one.code == "DOC-SERVER-EXPIRING"), "{found:#?}");
    disable(false).await;
    keeper::renew_due(&fixture.app).await;
    assert_ne!(slots(&fixture).active.serial, before.active.serial);
}

/// Under an authority that ends soon, each certificate would be as short-lived as the last.
#[tokio::test]
async fn under_an_authority_that_ends_nothing_is_made_again_and_again() {
    let fixture = Fixture::empty().await;
    let mut document = mosyle();
    document["certificate_authority"][2]["validity_years"] = json!(1);
    let fixture = {
        fixture.apply(application(document)).await.unwrap();
        fixture
    };
    let before = slots(&fixture);
    fixture.set_clock(days_before(before.active.not_after, 5));
    keeper::renew_due(&fixture.app).await;
    assert_eq!(slots(&fixture), before);
    let found = actions::doctor::examine(&fixture.app, &owner()).await.unwrap();
    let found = found.iter().find(|one| one.code == "DOC-SERVER-EXPIRING").unwrap();
    assert!(found.what.contains("signs nothing longer"), "{}", found.what);
}
