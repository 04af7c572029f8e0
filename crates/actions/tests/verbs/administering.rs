//! Who may come in: the first owner, administrators, tokens, and requests that are sent twice.

use actions::administrator;
use actions::idempotency;
use actions::idempotency::Turn;
use actions::organization::NotApplied;
use actions::setup;
use actions::token;
use actions::token::ShownToken;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::Told;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::token::Order;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;

fn told(json: serde_json::Value) -> Told {
    serde_json::from_value(json).unwrap()
}

async fn add(fixture: &Fixture, name: &str, role: Role) {
    let told = told(json!({ "name": name, "role": role }));
    administrator::create(&fixture.app, &owner(), told).await.unwrap();
}

async fn token_of(fixture: &Fixture, order: serde_json::Value) -> ShownToken {
    let order: Order = serde_json::from_value(order).unwrap();
    token::create(&fixture.app, &owner(), order).await.unwrap()
}

#[track_caller]
fn code<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> String {
    answer.unwrap_err().refusal().code().to_owned()
}

/// The code with which a text is not let in.
async fn refused(fixture: &Fixture, text: &str, from: &str) -> &'static str {
    let from = from.parse().ok();
    token::authenticate(&fixture.app, text, from).await.unwrap_err().code()
}

fn set_up(code: &str) -> setup::Order {
    setup::Order { code: Secret::new(code), name: "Ann".into(), email: None, password: None }
}

#[tokio::test]
async fn whoever_has_the_code_is_the_first_owner_and_nobody_after() {
    let fixture = Fixture::empty().await;
    let printed = setup::begin(&fixture.app).await.unwrap().unwrap();
    assert_eq!(printed.reveal().len(), 19, "four groups of four");
    assert_eq!(code(setup::finish(&fixture.app, &set_up("AAAA-AAAA")).await), "API-SETUP-CODE");
    let long = "A".repeat(1000);
    assert_eq!(code(setup::finish(&fixture.app, &set_up(&long)).await), "API-SETUP-CODE");
    // As people type it.
    let typed = printed.reveal().to_lowercase().replace('-', " ");
    let done = setup::finish(&fixture.app, &set_up(&typed)).await.unwrap();
    let made_token = done.token.unwrap();
    assert_eq!((done.administrator.role, done.administrator.disabled), (Role::Owner, false));
    let actor = token::authenticate(&fixture.app, made_token.secret.reveal(), None).await.unwrap();
    assert!(actor.can(Permission::AdministratorChange), "{actor:?}");
    assert_eq!(code(setup::finish(&fixture.app, &set_up(&typed)).await), "API-SETUP-CODE");
    assert!(setup::begin(&fixture.app).await.unwrap().is_none(), "there is an owner");
    let events = fixture.events().await;
    let made = events.iter().filter(|event| event.kind == "object.created");
    let made: Vec<&str> = made.map(|event| event.object.as_str()).collect();
    assert_eq!(made, ["token:set-up", "administrator:Ann"]);
    let all = serde_json::to_string(&events).unwrap();
    assert!(!all.contains(printed.reveal()), "a code is never told");
    assert!(!all.contains(made_token.secret.reveal()), "a token is never told");
}

#[tokio::test]
async fn a_code_ends_after_a_day_and_with_the_first_administrator() {
    let fixture = Fixture::empty().await;
    let late = setup::begin(&fixture.app).await.unwrap().unwrap();
    fixture.set_clock(NOW.plus_seconds(setup::CODE_SECONDS + 1));
    assert_eq!(code(setup::finish(&fixture.app, &set_up(late.reveal())).await), "API-SETUP-CODE");
    let other = setup::begin(&fixture.app).await.unwrap().unwrap();
    add(&fixture, "Bob", Role::Owner).await;
    assert_eq!(code(setup::finish(&fixture.app, &set_up(other.reveal())).await), "API-SETUP-CODE");
}

#[tokio::test]
async fn administrators_are_kept_and_told_of() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    add(&fixture, "Bob", Role::Helpdesk).await;
    let twice = told(json!({ "name": "Ann", "role": "auditor" }));
    assert_eq!(code(administrator::create(app, &owner(), twice).await), "API-CONFLICT");
    let list = administrator::list(app, &owner()).await.unwrap();
    let names: Vec<&str> = list.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Ann", "Bob"]);
    let change = told(json!({ "role": "auditor", "email": "bob@example.org" }));
    let bob = administrator::change(app, &owner(), ("Bob", None), change).await.unwrap();
    assert_eq!((bob.role, bob.email.as_deref()), (Role::Auditor, Some("bob@example.org")));
    let nobody = administrator::change(app, &owner(), ("Eve", None), Told::default()).await;
    assert_eq!(code(nobody), "API-NOT-FOUND");
    administrator::remove(app, &owner(), "Bob").await.unwrap();
    assert_eq!(
        administrator::show(app, &owner(), "Bob").await.unwrap_err().code(),
        "API-NOT-FOUND"
    );
    let events = fixture.events().await;
    let removed = events.iter().find(|event| event.kind == "object.removed").unwrap();
    assert_eq!(removed.object, "administrator:Bob");
    assert_eq!(removed.details["before"]["role"], "auditor");
    let changed = events.iter().find(|event| event.kind == "object.changed").unwrap();
    let fields = changed.details["fields"].as_array().unwrap();
    let role = fields.iter().find(|field| field["field"] == "role").unwrap();
    assert_eq!((&role["before"], &role["after"]), (&json!("helpdesk"), &json!("auditor")));
}

#[tokio::test]
async fn an_administrator_is_changed_in_the_version_that_is_meant() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Bob", Role::Auditor).await;
    let bob = administrator::show(app, &owner(), "Bob").await.unwrap();
    let seen = administrator::etag(&bob);
    let change = told(json!({ "role": "helpdesk" }));
    let bob = administrator::change(app, &owner(), ("Bob", Some(&seen)), change).await.unwrap();
    let change = told(json!({ "role": "owner" }));
    let stale = administrator::change(app, &owner(), ("Bob", Some(&seen)), change).await;
    assert_eq!(code(stale), "API-CONFLICT");
    assert_eq!(administrator::show(app, &owner(), "Bob").await.unwrap(), bob);
}

#[tokio::test]
async fn the_last_owner_stays_what_they_are() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    add(&fixture, "Bob", Role::Owner).await;
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled":true})))
        .await
        .unwrap();
    for change in [json!({"disabled":true}), json!({"role":"auditor"})] {
        let answer = administrator::change(app, &owner(), ("Ann", None), told(change)).await;
        assert_eq!(code(answer), "API-LAST-OWNER");
    }
    assert_eq!(code(administrator::remove(app, &owner(), "Ann").await), "API-LAST-OWNER");
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled":false})))
        .await
        .unwrap();
    administrator::remove(app, &owner(), "Ann").await.unwrap();
}

#[tokio::test]
async fn only_owners_change_administrators_and_everybody_sees_themselves() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    add(&fixture, "Bob", Role::Helpdesk).await;
    let bob = Actor::administrator("Bob", Role::Helpdesk);
    let change =
        administrator::change(app, &bob, ("Bob", None), told(json!({"role":"owner"}))).await;
    assert_eq!(code(change), "API-NOT-PERMITTED");
    assert_eq!(code(administrator::remove(app, &bob, "Ann").await), "API-NOT-PERMITTED");
    assert!(administrator::list(app, &bob).await.is_err());
    assert!(administrator::show(app, &bob, "Ann").await.is_err());
    assert_eq!(administrator::show(app, &bob, "Bob").await.unwrap().name, "Bob");
}

#[tokio::test]
async fn a_token_lets_in_until_it_ends_and_from_where_it_may() {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::PkiOperator).await;
    let made = token_of(
        &fixture,
        json!({
            "name": "terraform", "administrator": "Ann", "days": 1,
            "scopes": ["event-read", "pki-change"], "addresses": ["192.0.2.0/24"],
        }),
    )
    .await;
    let text = made.secret.reveal();
    let from = "192.0.2.7".parse().ok();
    let actor = token::authenticate(&fixture.app, text, from).await.unwrap();
    assert_eq!(actor.name(), "administrator Ann (token terraform)");
    assert!(actor.can(Permission::PkiChange) && !actor.can(Permission::CertificateRead));
    assert_eq!(refused(&fixture, text, "198.51.100.1").await, "API-TOKEN-ELSEWHERE");
    let mut wrong = text.to_owned();
    let last = if wrong.ends_with('a') { 'b' } else { 'a' };
    wrong.pop();
    wrong.push(last);
    assert_eq!(refused(&fixture, &wrong, "192.0.2.7").await, "API-TOKEN-UNKNOWN");
    for text in ["", "sct_", "owner", &text.to_uppercase()] {
        assert_eq!(refused(&fixture, text, "192.0.2.7").await, "API-TOKEN-UNKNOWN");
    }
    fixture.set_clock(NOW.plus_days(1).plus_seconds(1));
    assert_eq!(refused(&fixture, text, "192.0.2.7").await, "API-TOKEN-EXPIRED");
}

#[tokio::test]
async fn what_becomes_of_an_administrator_acts_at_once() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    add(&fixture, "Bob", Role::PkiOperator).await;
    let made = token_of(&fixture, json!({ "name": "x", "administrator": "Bob" })).await;
    let text = made.secret.reveal();
    administrator::change(app, &owner(), ("Bob", None), told(json!({"role":"auditor"})))
        .await
        .unwrap();
    let actor = token::authenticate(app, text, None).await.unwrap();
    assert_eq!(actor.role(), Some(Role::Auditor));
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled":true})))
        .await
        .unwrap();
    assert_eq!(refused(&fixture, text, "").await, "API-ADMINISTRATOR-DISABLED");
    administrator::remove(app, &owner(), "Bob").await.unwrap();
    assert_eq!(refused(&fixture, text, "").await, "API-TOKEN-UNKNOWN");
    // Somebody of the same name is somebody else.
    add(&fixture, "Bob", Role::Owner).await;
    assert_eq!(refused(&fixture, text, "").await, "API-TOKEN-UNKNOWN");
}

#[tokio::test]
async fn a_token_is_removed_and_its_use_is_noted() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    let made = token_of(&fixture, json!({ "name": "x", "administrator": "Ann" })).await;
    let text = made.secret.reveal();
    token::authenticate(app, text, None).await.unwrap();
    let noted = async {
        while token::show(app, &owner(), &made.token.id).await.unwrap().last_used_at.is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(core::time::Duration::from_secs(60), noted).await.unwrap();
    token::remove(app, &owner(), &made.token.id).await.unwrap();
    assert_eq!(refused(&fixture, text, "").await, "API-TOKEN-UNKNOWN");
    assert_eq!(code(token::remove(app, &owner(), &made.token.id).await), "API-NOT-FOUND");
}

#[tokio::test]
async fn nobody_makes_a_token_that_may_more_than_they_may() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    add(&fixture, "Bob", Role::Helpdesk).await;
    let bob = Actor::administrator("Bob", Role::Helpdesk);
    let order = |json| serde_json::from_value::<Order>(json).unwrap();
    let for_ann = order(json!({ "name": "x", "administrator": "Ann" }));
    assert_eq!(code(token::create(app, &bob, for_ann).await), "API-NOT-PERMITTED");
    let beyond = order(json!({ "name": "x", "scopes": ["pki-change"] }));
    assert_eq!(code(token::create(app, &bob, beyond).await), "API-DOCUMENT");
    let own = token::create(app, &bob, order(json!({ "name": "x" }))).await.unwrap();
    assert_eq!(own.token.administrator, "Bob");
    let narrow = order(json!({ "name": "y", "scopes": ["token-own", "event-read"], "days": 10 }));
    let narrow = token::create(app, &bob, narrow).await.unwrap();
    let narrow = token::authenticate(app, narrow.secret.reveal(), None).await.unwrap();
    // Neither the whole role, nor a longer life.
    let whole = token::create(app, &narrow, order(json!({ "name": "z" }))).await;
    assert_eq!(code(whole), "API-DOCUMENT");
    let scopes = json!(["event-read"]);
    let longer = order(json!({ "name": "z", "scopes": scopes, "days": 11 }));
    assert_eq!(code(token::create(app, &narrow, longer).await), "API-DOCUMENT");
    let same = order(json!({ "name": "z", "scopes": scopes }));
    let same = token::create(app, &narrow, same).await.unwrap();
    assert_eq!(same.token.expires_at, NOW.plus_days(10));
    let whoever = token::create(app, &owner(), order(json!({ "name": "z" }))).await;
    assert_eq!(code(whoever), "API-DOCUMENT", "whoever is on no record names an administrator");
    let seen = token::list(app, &bob, None).await.unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!(token::list(app, &bob, Some("Ann")).await.unwrap_err().code(), "API-NOT-PERMITTED");
    assert_eq!(token::list(app, &owner(), Some("Ann")).await.unwrap(), []);
}

#[tokio::test]
async fn an_administrator_has_a_bounded_number_of_tokens() {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::Owner).await;
    for _ in 0..domain::token::TOKENS_MAX {
        token_of(&fixture, json!({ "name": "x", "administrator": "Ann" })).await;
    }
    let order = serde_json::from_value(json!({ "name": "x", "administrator": "Ann" })).unwrap();
    assert_eq!(code(token::create(&fixture.app, &owner(), order).await), "API-CONFLICT");
}

#[tokio::test]
async fn a_row_that_was_edited_lets_nobody_in() {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::Auditor).await;
    let made = token_of(&fixture, json!({ "name": "x", "administrator": "Ann" })).await;
    let edited = store::write::Write::new()
        .execute("update administrator set body = replace(body, 'auditor', 'owner')", []);
    let why = store::write::Why::Bookkeeping(store::write::Bookkeeping::SessionKept);
    edited.commit(&fixture.app.store, why).await.unwrap();
    let answer = token::authenticate(&fixture.app, made.secret.reveal(), None).await;
    assert_eq!(answer.unwrap_err().code(), "SYS-STORE");
}

#[tokio::test]
async fn a_request_under_a_key_is_carried_out_once() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    let take = |sender, key, request: &'static [u8]| {
        let app = app.clone();
        async move { idempotency::take(&app, (sender, key), &[request]).await }
    };
    let Turn::First(ticket) = take("a", "k", b"1").await.unwrap() else { panic!("it is new") };
    let busy = take("a", "k", b"1").await.unwrap_err();
    assert!(matches!(&busy, Refusal::IdempotencyKeyUsed { what } if what.contains("carried out")));
    idempotency::keep(app, ticket, 201, b"secret answer").await.unwrap();
    let Turn::Again { status, body } = take("a", "k", b"1").await.unwrap() else { panic!("again") };
    assert_eq!((status, body.as_slice()), (201, &b"secret answer"[..]));
    assert_eq!(take("a", "k", b"2").await.unwrap_err().code(), "API-IDEMPOTENCY-KEY");
    assert!(matches!(take("b", "k", b"3").await.unwrap(), Turn::First(_)), "another's key");
    for key in [String::new(), "k".repeat(idempotency::KEY_BYTES_MAX + 1)] {
        let refusal = idempotency::take(app, ("a", &key), &[]).await.unwrap_err();
        assert_eq!(refusal.code(), "API-PARAMETER");
    }
    fixture.set_clock(NOW.plus_seconds(120));
    let dead = take("b", "k", b"3").await.unwrap_err();
    assert!(matches!(&dead, Refusal::IdempotencyKeyUsed { what } if what.contains("not finished")));
    fixture.set_clock(NOW.plus_seconds(2 * store::idempotency::KEPT_SECONDS));
    assert!(matches!(take("a", "k", b"2").await.unwrap(), Turn::First(_)), "it is past its time");
}

#[tokio::test]
async fn a_narrow_token_makes_none_that_is_wider() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    add(&fixture, "Ann", Role::Owner).await;
    let all: Vec<&str> = Permission::ALL.map(Permission::as_str).to_vec();
    let order = json!({
        "name": "bound", "administrator": "Ann", "scopes": all, "addresses": ["192.0.2.0/24"],
    });
    let bound = token_of(&fixture, order).await;
    let from = "192.0.2.7".parse().ok();
    let bound = token::authenticate(app, bound.secret.reveal(), from).await.unwrap();
    let order = |json| serde_json::from_value::<Order>(json).unwrap();
    let scopes = json!(["event-read"]);
    // The role may grow, and the scopes do not.
    assert_eq!(
        code(token::create(app, &bound, order(json!({ "name": "x" }))).await),
        "API-DOCUMENT"
    );
    let elsewhere = json!({ "name": "x", "scopes": scopes, "addresses": ["198.51.100.7"] });
    assert_eq!(code(token::create(app, &bound, order(elsewhere)).await), "API-DOCUMENT");
    let same = order(json!({ "name": "x", "scopes": scopes }));
    let same = token::create(app, &bound, same).await.unwrap();
    assert_eq!(same.token.addresses, ["192.0.2.0/24"]);
    let narrow = json!({
        "name": "narrow", "administrator": "Ann", "scopes": ["administrator-change"],
    });
    let narrow = token_of(&fixture, narrow).await;
    let narrow = token::authenticate(app, narrow.secret.reveal(), None).await.unwrap();
    let owner_made = told(json!({ "name": "Eve", "role": "owner" }));
    assert_eq!(code(administrator::create(app, &narrow, owner_made).await), "API-NOT-PERMITTED");
}

#[tokio::test]
async fn tokens_that_have_ended_make_room() {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::Owner).await;
    let order = || json!({ "name": "daily", "administrator": "Ann", "days": 1 });
    for _ in 0..domain::token::TOKENS_MAX {
        token_of(&fixture, order()).await;
    }
    fixture.set_clock(NOW.plus_days(2));
    token_of(&fixture, order()).await;
    let left = token::list(&fixture.app, &owner(), Some("Ann")).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn who_may_not_see_administrators_sees_no_more_of_them_in_events() {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::Owner).await;
    let ask = actions::event::Ask { limit: 10, ..actions::event::Ask::default() };
    let helpdesk = Actor::administrator("Bob", Role::Helpdesk);
    let seen = actions::event::list(&fixture.app, &helpdesk, ask).await.unwrap().items;
    assert!(seen[0].details.is_empty() && seen[0].object == "administrator:Ann", "{seen:?}");
    let seen = actions::event::list(&fixture.app, &owner(), ask).await.unwrap().items;
    assert_eq!(seen[0].details["after"]["role"], "owner");
}
