//! Signing in: passwords, one-time codes, sessions, and every no on the way.

use actions::administrator;
use actions::live::right::CHECK_SECONDS;
use actions::live::right::Right;
use actions::organization::NotApplied;
use actions::password;
use actions::session;
use actions::session::Login;
use actions::session::Opened;
use actions::session::Place;
use actions::session::Present;
use actions::setup;
use actions::totp;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::actor::Role;
use domain::administrator::Told;
use domain::event::Shown;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::session::ABSOLUTE_SECONDS;
use domain::session::FRESH_SECONDS;
use domain::session::IDLE_SECONDS;
use domain::session::SESSIONS_MAX;
use domain::token::Token;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::NOW;
use crate::fixture::owner;

/// What everybody in these tests signs in with.
pub(crate) const PASSWORD: &str = "lamp river 7 socks";

/// Another one.
const OTHER: &str = "chalk window 9 boats";

fn told(json: serde_json::Value) -> Told {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text)
}

pub(crate) fn place() -> Place {
    place_at("192.0.2.7")
}

fn place_at(address: &str) -> Place {
    Place { address: address.parse().ok(), user_agent: "Browser 1.0".into() }
}

pub(crate) fn login(name: &str, password: &str) -> Login {
    Login { name: name.into(), password: secret(password), code: None }
}

#[track_caller]
fn code<T: core::fmt::Debug>(answer: Result<T, NotApplied>) -> String {
    answer.unwrap_err().refusal().code().to_owned()
}

/// An administrator with a password that was set on the server.
async fn add(fixture: &Fixture, name: &str, role: Role) {
    let email = format!("{}@example.org", name.to_lowercase());
    let told = told(json!({ "name": name, "role": role, "email": email }));
    administrator::create(&fixture.app, &owner(), told).await.unwrap();
    set(fixture, &owner(), name, PASSWORD).await.unwrap();
}

async fn set(fixture: &Fixture, by: &Actor, name: &str, text: &str) -> Result<(), NotApplied> {
    let order = password::Order { password: secret(text), old: None };
    password::set(&fixture.app, by, name, &order, &place()).await
}

pub(crate) async fn ann() -> Fixture {
    let fixture = Fixture::empty().await;
    add(&fixture, "Ann", Role::Owner).await;
    fixture
}

pub(crate) async fn sign_in(fixture: &Fixture, name: &str) -> Opened {
    session::log_in(&fixture.app, &login(name, PASSWORD), &place()).await.unwrap()
}

pub(crate) async fn present(fixture: &Fixture, opened: &Opened) -> Result<Present, Refusal> {
    session::authenticate(&fixture.app, opened.secret.reveal(), &place()).await
}

/// The code of the no with which somebody is not let in.
pub(crate) async fn refused(fixture: &Fixture, login: &Login) -> &'static str {
    session::log_in(&fixture.app, login, &place()).await.unwrap_err().code()
}

async fn is_over(fixture: &Fixture, opened: &Opened) -> bool {
    present(fixture, opened).await.is_err_and(|refusal| refusal == Refusal::SessionOver)
}

pub(crate) async fn newest(fixture: &Fixture, kind: &str) -> Shown {
    fixture.events().await.into_iter().find(|event| event.kind == kind).unwrap()
}

#[tokio::test]
async fn a_password_opens_a_session_until_they_sign_out() {
    let fixture = ann().await;
    let opened = sign_in(&fixture, "Ann").await;
    assert_eq!(opened.secret.reveal().len(), 64);
    let here = present(&fixture, &opened).await.unwrap();
    assert_eq!((here.actor.name(), here.actor.role()), ("administrator Ann", Some(Role::Owner)));
    assert_eq!(here.session, opened.session);
    assert_eq!(here.session.user_agent, "Browser 1.0");
    let by_mail = login("ANN@example.org", PASSWORD);
    let other = session::log_in(&fixture.app, &by_mail, &place()).await.unwrap();
    assert_ne!(other.secret, opened.secret, "a new secret each time");
    session::log_out(&fixture.app, &here).await.unwrap();
    assert!(is_over(&fixture, &opened).await);
    assert!(!is_over(&fixture, &other).await);
    let events = fixture.events().await;
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    let expected =
        ["session.ended", "session.opened", "session.opened", "object.changed", "object.created"];
    assert_eq!(kinds, expected);
    assert_eq!(events[1].object, "administrator:Ann");
    assert_eq!(events[1].details["address"], "192.0.2.7");
    let all = serde_json::to_string(&events).unwrap();
    for hidden in [PASSWORD, opened.secret.reveal(), "argon2"] {
        assert!(!all.contains(hidden), "{hidden} is told");
    }
}

#[tokio::test]
async fn a_cookie_that_is_none_opens_nothing() {
    let fixture = ann().await;
    let opened = sign_in(&fixture, "Ann").await;
    let good = opened.secret.reveal();
    let other = "0".repeat(64);
    for wrong in ["", "x", &good[1..], &good.to_uppercase(), &other, &format!("{good}0")] {
        let refusal = session::authenticate(&fixture.app, wrong, &place()).await.unwrap_err();
        assert_eq!(refusal, Refusal::SessionOver, "{wrong}");
    }
}

#[tokio::test]
async fn wrong_names_and_passwords_get_one_answer_and_are_recorded() {
    let fixture = ann().await;
    let told = told(json!({ "name": "Bob", "role": "auditor" }));
    administrator::create(&fixture.app, &owner(), told).await.unwrap();
    let long = "x".repeat(10_000);
    let attempts = [
        ("Ann", OTHER),
        ("Ann", ""),
        ("Eve", PASSWORD),
        ("Bob", ""),
        ("", PASSWORD),
        (long.as_str(), PASSWORD),
        ("Ann", long.as_str()),
    ];
    for (number, (name, text)) in attempts.into_iter().enumerate() {
        let from = place_at(&format!("192.0.2.{number}"));
        let refusal = session::log_in(&fixture.app, &login(name, text), &from).await.unwrap_err();
        assert_eq!(refusal, Refusal::LoginWrong, "{name}");
    }
    let event = newest(&fixture, "session.refused").await;
    assert_eq!(
        (event.actor.as_str(), event.object.as_str()),
        ("somebody at 192.0.2.6", "administrator:Ann")
    );
    assert_eq!(event.details["address"], "192.0.2.6");
    let all = serde_json::to_string(&fixture.events().await).unwrap();
    assert!(!all.contains("Eve") && !all.contains(OTHER), "what was typed is not kept");
}

#[tokio::test]
async fn whoever_fails_often_waits_and_gets_in_after() {
    let fixture = ann().await;
    for _ in 0..5 {
        assert_eq!(refused(&fixture, &login("Ann", OTHER)).await, "API-LOGIN-WRONG");
    }
    let slowed = session::log_in(&fixture.app, &login("Ann", PASSWORD), &place()).await;
    assert_eq!(slowed.unwrap_err(), Refusal::LoginSlowed { seconds: 1 }, "untried");
    // By any of their names, from anywhere; and for anybody from there.
    let elsewhere = place_at("198.51.100.1");
    let by_mail = login("ann@example.org", PASSWORD);
    let slowed = session::log_in(&fixture.app, &by_mail, &elsewhere).await;
    assert_eq!(slowed.unwrap_err().code(), "API-LOGIN-SLOWED");
    assert_eq!(refused(&fixture, &login("Eve", PASSWORD)).await, "API-LOGIN-SLOWED");
    let events = fixture.events().await;
    let count = events.iter().filter(|event| event.kind == "session.refused").count();
    assert_eq!(count, 5, "what was not tried is not recorded");
    fixture.set_clock(NOW.plus_seconds(30));
    sign_in(&fixture, "Ann").await;
    // Whoever got in begins anew, and the place does not.
    assert_eq!(refused(&fixture, &login("Ann", OTHER)).await, "API-LOGIN-WRONG");
    assert_eq!(refused(&fixture, &login("Ann", PASSWORD)).await, "API-LOGIN-SLOWED");
    assert!(session::log_in(&fixture.app, &login("Ann", PASSWORD), &elsewhere).await.is_ok());
}

#[tokio::test]
async fn whoever_guesses_without_end_keeps_nobody_out() {
    let fixture = ann().await;
    sign_in(&fixture, "Ann").await;
    for number in 0..9 {
        let elsewhere = place_at(&format!("198.51.100.{number}"));
        let guess = session::log_in(&fixture.app, &login("Ann", OTHER), &elsewhere).await;
        assert!(guess.is_err());
    }
    let elsewhere = place_at("198.51.100.77");
    let slowed = session::log_in(&fixture.app, &login("Ann", PASSWORD), &elsewhere).await;
    assert_eq!(slowed.unwrap_err().code(), "API-LOGIN-SLOWED");
    sign_in(&fixture, "Ann").await;
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_after_a_day() {
    let fixture = ann().await;
    let opened = sign_in(&fixture, "Ann").await;
    fixture.set_clock(NOW.plus_seconds(IDLE_SECONDS - 10));
    present(&fixture, &opened).await.unwrap();
    // The use is noted on the side.
    let noted = async {
        loop {
            let list = session::list(&fixture.app, &owner(), None).await.unwrap();
            if list[0].last_used_at > NOW.plus_seconds(100) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    noted.await;
    fixture.set_clock(NOW.plus_seconds(IDLE_SECONDS * 2 - 20));
    present(&fixture, &opened).await.unwrap();
    let idle = sign_in(&fixture, "Ann").await;
    fixture.set_clock(NOW.plus_seconds(IDLE_SECONDS * 3));
    assert!(is_over(&fixture, &idle).await);
    assert!(session::list(&fixture.app, &owner(), None).await.unwrap().is_empty());
    let opened = sign_in(&fixture, "Ann").await;
    fixture.set_clock(opened.session.created_at.plus_seconds(ABSOLUTE_SECONDS));
    assert!(is_over(&fixture, &opened).await);
}

#[tokio::test]
async fn what_a_page_asks_by_itself_is_no_use_of_a_session() {
    let fixture = ann().await;
    let opened = sign_in(&fixture, "Ann").await;
    let secret = opened.secret.reveal();
    for part in 1..3 {
        fixture.set_clock(NOW.plus_seconds(IDLE_SECONDS / 3 * part));
        let present = session::recognize(&fixture.app, secret).await.unwrap();
        assert_eq!(present.session.last_used_at, opened.session.last_used_at);
    }
    fixture.set_clock(opened.session.last_used_at.plus_seconds(IDLE_SECONDS));
    let over = session::recognize(&fixture.app, secret).await.unwrap_err();
    assert_eq!(over.code(), "API-SESSION-OVER");
}

#[tokio::test]
async fn whoever_listens_is_looked_at_again() {
    let fixture = ann().await;
    let app = &fixture.app;
    add(&fixture, "Bob", Role::Auditor).await;
    let bob = || async {
        let opened = sign_in(&fixture, "Bob").await;
        let present = present(&fixture, &opened).await.unwrap();
        (Right::new(app, &present.actor, Some(&present)), present)
    };
    let mut at = NOW;
    let mut later = || {
        at = at.plus_seconds(CHECK_SECONDS + 1);
        fixture.set_clock(at);
    };
    let (mut right, first) = bob().await;
    later();
    assert!(right.holds(app).await);
    session::remove(app, &owner(), &first.session.id).await.unwrap();
    // It is looked up now and then, and by no means later than that.
    assert!(right.holds(app).await);
    later();
    assert!(!right.holds(app).await);
    // Another role sees other things; one who is shut out sees none.
    for change in [json!({"role": "helpdesk"}), json!({"disabled": true})] {
        let (mut right, _) = bob().await;
        administrator::change(app, &owner(), ("Bob", None), told(change)).await.unwrap();
        later();
        assert!(!right.holds(app).await);
    }
    // Nobody sits there any more.
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled": false})))
        .await
        .unwrap();
    let (mut right, _) = bob().await;
    fixture.set_clock(at.plus_seconds(IDLE_SECONDS + 1));
    assert!(!right.holds(app).await);
    // Whoever a door knows goes on.
    let mut right = Right::new(app, &owner(), None);
    fixture.set_clock(at.plus_seconds(ABSOLUTE_SECONDS * 2));
    assert!(right.holds(app).await);
}

#[tokio::test]
async fn what_becomes_of_an_administrator_acts_on_their_sessions_at_once() {
    let fixture = ann().await;
    let app = &fixture.app;
    add(&fixture, "Bob", Role::PkiOperator).await;
    let opened = sign_in(&fixture, "Bob").await;
    administrator::change(app, &owner(), ("Bob", None), told(json!({"role":"auditor"})))
        .await
        .unwrap();
    assert_eq!(present(&fixture, &opened).await.unwrap().actor.role(), Some(Role::Auditor));
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled":true})))
        .await
        .unwrap();
    assert!(is_over(&fixture, &opened).await);
    assert_eq!(newest(&fixture, "session.ended").await.object, "administrator:Bob");
    assert_eq!(refused(&fixture, &login("Bob", PASSWORD)).await, "API-ADMINISTRATOR-DISABLED");
    assert_eq!(refused(&fixture, &login("Bob", OTHER)).await, "API-LOGIN-WRONG");
    administrator::change(app, &owner(), ("Bob", None), told(json!({"disabled":false})))
        .await
        .unwrap();
    let opened = sign_in(&fixture, "Bob").await;
    administrator::remove(app, &owner(), "Bob").await.unwrap();
    assert!(is_over(&fixture, &opened).await);
    // Somebody of the same name is somebody else.
    let again = told(json!({ "name": "Bob", "role": "owner" }));
    administrator::create(app, &owner(), again).await.unwrap();
    assert!(is_over(&fixture, &opened).await);
    assert_eq!(refused(&fixture, &login("Bob", PASSWORD)).await, "API-LOGIN-WRONG");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_whoever_may() {
    let fixture = ann().await;
    let app = &fixture.app;
    add(&fixture, "Bob", Role::Helpdesk).await;
    let anns = sign_in(&fixture, "Ann").await;
    let bobs = [sign_in(&fixture, "Bob").await, sign_in(&fixture, "Bob").await];
    let bob = present(&fixture, &bobs[0]).await.unwrap();
    let own = session::list(app, &bob.actor, None).await.unwrap();
    assert_eq!(own.len(), 2);
    let others = session::list(app, &bob.actor, Some("Ann")).await.unwrap_err();
    assert_eq!(others.code(), "API-NOT-PERMITTED");
    assert_eq!(session::list(app, &owner(), None).await.unwrap().len(), 3);
    let not_theirs = session::remove(app, &bob.actor, &anns.session.id).await;
    assert_eq!(code(not_theirs), "API-NOT-PERMITTED");
    assert_eq!(code(session::remove(app, &bob.actor, "nothing").await), "API-NOT-FOUND");
    assert_eq!(session::remove_others(app, &bob).await.unwrap(), 1);
    assert_eq!(session::remove_others(app, &bob).await.unwrap(), 0);
    assert!(is_over(&fixture, &bobs[1]).await && !is_over(&fixture, &bobs[0]).await);
    session::remove(app, &owner(), &bobs[0].session.id).await.unwrap();
    assert!(is_over(&fixture, &bobs[0]).await && !is_over(&fixture, &anns).await);
    let ended = newest(&fixture, "session.ended").await;
    assert_eq!(
        (ended.actor.as_str(), ended.object.as_str()),
        (owner().name(), "administrator:Bob")
    );
}

#[tokio::test]
async fn the_session_that_was_used_longest_ago_makes_room() {
    let fixture = ann().await;
    let first = sign_in(&fixture, "Ann").await;
    for number in 1..SESSIONS_MAX {
        fixture.set_clock(NOW.plus_seconds(i64::try_from(number).unwrap()));
        sign_in(&fixture, "Ann").await;
    }
    assert!(!is_over(&fixture, &first).await);
    fixture.set_clock(NOW.plus_seconds(59));
    sign_in(&fixture, "Ann").await;
    assert!(is_over(&fixture, &first).await);
    let list = session::list(&fixture.app, &owner(), Some("Ann")).await.unwrap();
    assert_eq!(list.len(), SESSIONS_MAX);
}

#[tokio::test]
async fn the_password_given_again_proves_who_sits_there() {
    let fixture = ann().await;
    let app = &fixture.app;
    let opened = sign_in(&fixture, "Ann").await;
    assert!(opened.session.is_fresh(NOW));
    let later = NOW.plus_seconds(FRESH_SECONDS + 1);
    fixture.set_clock(later);
    let here = present(&fixture, &opened).await.unwrap();
    assert!(!here.session.is_fresh(later));
    assert_eq!(totp::offer(app, &here).await.unwrap_err(), Refusal::ProofNeeded);
    let wrong = session::prove(app, &here, &secret(OTHER), None).await.unwrap_err();
    assert_eq!(wrong, Refusal::LoginWrong);
    // What was noted on the side may come between.
    let proved = async {
        loop {
            match session::prove(app, &here, &secret(PASSWORD), None).await {
                Ok(()) => return,
                Err(Refusal::Conflict { .. }) => tokio::task::yield_now().await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    proved.await;
    let here = session::again(app, &here).await.unwrap();
    assert!(here.session.is_fresh(later.plus_seconds(60)));
    session::log_out(app, &here).await.unwrap();
    let gone = session::prove(app, &here, &secret(PASSWORD), None).await.unwrap_err();
    assert_eq!(gone, Refusal::SessionOver);
    assert_eq!(session::again(app, &here).await.unwrap_err(), Refusal::SessionOver);
}

#[tokio::test]
async fn an_own_password_is_changed_with_the_old_one_and_ends_other_sessions() {
    let fixture = ann().await;
    let app = &fixture.app;
    let (first, second) = (sign_in(&fixture, "Ann").await, sign_in(&fixture, "Ann").await);
    let here = present(&fixture, &first).await.unwrap();
    let wrong = password::change(app, &here, &secret(OTHER), &secret("boats 9 window chalk")).await;
    assert_eq!(code(wrong), "API-LOGIN-WRONG");
    for bad in ["short", "passwordpassword1"] {
        let answer = password::change(app, &here, &secret(PASSWORD), &secret(bad)).await;
        assert_eq!(code(answer), "API-DOCUMENT", "{bad}");
    }
    password::change(app, &here, &secret(PASSWORD), &secret(OTHER)).await.unwrap();
    assert!(!is_over(&fixture, &first).await && is_over(&fixture, &second).await);
    assert_eq!(refused(&fixture, &login("Ann", PASSWORD)).await, "API-LOGIN-WRONG");
    session::log_in(app, &login("Ann", OTHER), &place()).await.unwrap();
    let changed = newest(&fixture, "object.changed").await;
    let field = json!([{ "field": "password", "before": null, "after": "changed" }]);
    assert_eq!(changed.details["fields"], field);
}

#[tokio::test]
async fn a_password_that_somebody_else_set_is_used_once() {
    let fixture = ann().await;
    let app = &fixture.app;
    let told = told(json!({ "name": "Bob", "role": "auditor" }));
    administrator::create(app, &owner(), told).await.unwrap();
    let ann = Actor::administrator("Ann", Role::Owner);
    set(&fixture, &ann, "Bob", PASSWORD).await.unwrap();
    assert_eq!(refused(&fixture, &login("Bob", PASSWORD)).await, "API-PASSWORD-DUE");
    assert!(session::list(app, &owner(), Some("Bob")).await.unwrap().is_empty());
    let replace = |old: &str, new: &str| {
        let (login, new) = (login("Bob", old), secret(new));
        async move { password::replace(app, &login, &new, &place()).await }
    };
    assert_eq!(code(replace(OTHER, OTHER).await), "API-LOGIN-WRONG");
    assert_eq!(code(replace(PASSWORD, PASSWORD).await), "API-DOCUMENT");
    assert_eq!(code(replace(PASSWORD, "bob").await), "API-DOCUMENT");
    let opened = replace(PASSWORD, OTHER).await.unwrap();
    assert!(!is_over(&fixture, &opened).await);
    assert_eq!(refused(&fixture, &login("Bob", PASSWORD)).await, "API-LOGIN-WRONG");
    session::log_in(app, &login("Bob", OTHER), &place()).await.unwrap();
    // Not used in time it is none, and it ended what was open.
    set(&fixture, &ann, "Bob", PASSWORD).await.unwrap();
    assert!(is_over(&fixture, &opened).await);
    fixture.set_clock(NOW.plus_days(3).plus_seconds(1));
    assert_eq!(refused(&fixture, &login("Bob", PASSWORD)).await, "API-LOGIN-WRONG");
}

#[tokio::test]
async fn nobody_sets_a_password_that_opens_more_than_they_may() {
    let fixture = ann().await;
    let app = &fixture.app;
    add(&fixture, "Bob", Role::Helpdesk).await;
    let bob = Actor::administrator("Bob", Role::Helpdesk);
    assert_eq!(code(set(&fixture, &bob, "Ann", OTHER).await), "API-NOT-PERMITTED");
    assert_eq!(code(set(&fixture, &bob, "Bob", OTHER).await), "API-DOCUMENT");
    assert_eq!(code(totp::remove_of(app, &bob, "Ann").await), "API-NOT-PERMITTED");
    assert_eq!(code(set(&fixture, &owner(), "Eve", OTHER).await), "API-NOT-FOUND");
    let actor = |scopes: serde_json::Value, addresses: serde_json::Value| {
        let token = Token {
            id: "abcdefghijkm".into(),
            name: "t".into(),
            administrator: "Ann".into(),
            scopes: serde_json::from_value(scopes).unwrap(),
            addresses: serde_json::from_value(addresses).unwrap(),
            created_at: NOW,
            expires_at: NOW.plus_days(1),
            last_used_at: None,
        };
        Actor::administrator("Ann", Role::Owner).by_token(&token)
    };
    let narrow = actor(json!(["administrator-change"]), json!([]));
    assert_eq!(code(set(&fixture, &narrow, "Bob", OTHER).await), "API-NOT-PERMITTED");
    let all: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
    for bound in [actor(json!(all), json!([])), actor(json!([]), json!(["192.0.2.0/24"]))] {
        assert_eq!(code(set(&fixture, &bound, "Bob", OTHER).await), "API-PASSWORD-TOKEN");
        assert_eq!(code(totp::remove_of(app, &bound, "Bob").await), "API-PASSWORD-TOKEN");
    }
    // Whoever knows the present one may do with it what they like.
    let own = password::Order { password: secret(OTHER), old: Some(secret(PASSWORD)) };
    password::set(app, &narrow, "Ann", &own, &place()).await.unwrap();
    session::log_in(app, &login("Ann", OTHER), &place()).await.unwrap();
}

#[tokio::test]
async fn the_first_owner_signs_in_with_the_password_of_the_set_up() {
    let fixture = Fixture::empty().await;
    let app = &fixture.app;
    let printed = setup::begin(app).await.unwrap().unwrap();
    assert!(setup::is_open(app).await.unwrap());
    let order = |code: &str, password: &str| setup::Order {
        code: secret(code),
        name: "Ann".into(),
        email: None,
        password: Some(secret(password)),
    };
    assert_eq!(code(setup::finish(app, &order("AAAA-AAAA", PASSWORD)).await), "API-SETUP-CODE");
    assert_eq!(code(setup::finish(app, &order(printed.reveal(), "ann")).await), "API-DOCUMENT");
    for _ in 0..5 {
        let guess = setup::enter(app, &order("AAAA-AAAA", PASSWORD), &place()).await;
        assert_eq!(code(guess), "API-SETUP-CODE");
    }
    let slowed = setup::enter(app, &order(printed.reveal(), PASSWORD), &place()).await;
    assert_eq!(code(slowed), "API-LOGIN-SLOWED");
    let refused = newest(&fixture, "api.refused").await;
    assert_eq!(
        (refused.object.as_str(), refused.details["address"].as_str()),
        ("api:set-up", Some("192.0.2.7"))
    );
    fixture.set_clock(NOW.plus_seconds(60));
    let opened = setup::enter(app, &order(printed.reveal(), PASSWORD), &place()).await.unwrap();
    assert_eq!(present(&fixture, &opened).await.unwrap().actor.role(), Some(Role::Owner));
    let tokens = actions::token::list(app, &owner(), None).await.unwrap();
    assert_eq!(tokens, [], "whoever has a password needs no token");
    assert_eq!(code(setup::finish(app, &order(printed.reveal(), OTHER)).await), "API-SETUP-CODE");
    assert!(!setup::is_open(app).await.unwrap());
    let opened = sign_in(&fixture, "Ann").await;
    assert!(present(&fixture, &opened).await.unwrap().actor.can(Permission::AdministratorChange));
}

#[tokio::test]
async fn a_row_that_was_edited_lets_nobody_in() {
    let fixture = ann().await;
    let opened = sign_in(&fixture, "Ann").await;
    let edit = |sql: &'static str| {
        let edited = store::write::Write::new().execute(sql, []);
        let why = store::write::Why::Bookkeeping(store::write::Bookkeeping::SessionKept);
        let store = fixture.app.store.clone();
        async move { edited.commit(&store, why).await.unwrap() }
    };
    edit("update session set administrator = 'Bob'").await;
    edit("insert into administrator select 'Bob', body, version, stamp from administrator").await;
    assert_eq!(present(&fixture, &opened).await.unwrap_err().code(), "SYS-STORE");
    edit("delete from administrator where name = 'Bob'").await;
    edit("update credential set version = version + 1").await;
    assert_eq!(refused(&fixture, &login("Ann", PASSWORD)).await, "SYS-STORE");
}
