//! Signing in and out, sessions, and what open pages ask by themselves.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use domain::actor::Actor;
use tower::ServiceExt;

use crate::browser::Browser;
use crate::browser::NOW;
use crate::browser::OTHER;
use crate::browser::PASSWORD;

#[tokio::test]
async fn a_password_opens_the_page_that_was_wanted_and_signing_out_closes_it() {
    let mut browser = Browser::of_ann().await;
    let got = browser.get("/sessions").await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sign-in?to=%2Fsessions"));
    let got = browser.get("/sign-in?to=%2Fsessions").await;
    assert!(got.text.contains("name=\"to\" value=\"/sessions\""), "{}", got.text);
    let fields = [("name", "Ann"), ("password", PASSWORD), ("to", "/sessions")];
    let got = browser.post("/sign-in", &fields).await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sessions"));
    assert!(browser.has_session());
    let got = browser.get("/sessions").await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text.contains("This browser"), "{}", got.text);
    let elsewhere = browser.get("/sign-in?to=https://evil.example").await;
    assert_eq!(elsewhere.to(), "/", "whoever is signed in is sent on, within the portal");
    browser.get("/sessions").await;
    let got = browser.post("/sign-out", &[]).await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(!browser.has_session());
    assert_eq!(browser.get("/sessions").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_wrong_password_says_so_keeps_the_name_and_slows_down() {
    let mut browser = Browser::of_ann().await;
    for name in ["Ann", "Eve", "Ann", "Ann", "<b>"] {
        let got = browser.sign_in(name, OTHER).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
        assert!(got.text.contains("no administrator has this name and this password"));
        assert!(!got.text.contains(OTHER) && !got.text.contains("<b>"), "{}", got.text);
    }
    let got = browser.sign_in("Ann", PASSWORD).await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(got.headers["retry-after"], "1");
    assert!(!browser.has_session());
    browser.wait(5);
    assert_eq!(browser.sign_in("Ann", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_that_was_given_is_changed_before_anything_else() {
    let mut browser = Browser::signed_in().await;
    let fields = [("name", "Bob"), ("role", "auditor"), ("email", "bob@example.org")];
    let got = browser.post("/administrators/_new", &fields).await;
    assert_eq!(got.to(), "/administrators/Bob/password?done=created", "{}", got.text);
    let twice = [("new", PASSWORD), ("again", OTHER)];
    let got = browser.post("/administrators/Bob/password", &twice).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let twice = [("new", PASSWORD), ("again", PASSWORD)];
    let got = browser.post("/administrators/Bob/password", &twice).await;
    assert_eq!(got.to(), "/administrators/Bob?done=password_set");
    assert!(browser.get("/administrators/Bob").await.text.contains("to be changed"));
    browser.post("/sign-out", &[]).await;
    let got = browser.sign_in("bob@example.org", PASSWORD).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text.contains("action=\"/sign-in/password\"") && !browser.has_session());
    let fields = |old, new| [("name", "Bob"), ("password", old), ("new", new), ("again", new)];
    for (old, new, status) in [
        (PASSWORD, "short", StatusCode::UNPROCESSABLE_ENTITY),
        (PASSWORD, PASSWORD, StatusCode::UNPROCESSABLE_ENTITY),
        (OTHER, OTHER, StatusCode::FORBIDDEN),
    ] {
        let got = browser.post("/sign-in/password", &fields(old, new)).await;
        assert_eq!(got.status, status, "{}", got.text);
    }
    let got = browser.post("/sign-in/password", &fields(PASSWORD, OTHER)).await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/"));
    assert!(browser.has_session());
    assert!(browser.get("/account").await.text.contains("Bob"));
}

#[tokio::test]
async fn codes_are_set_up_shown_once_and_asked_for() {
    let mut browser = Browser::signed_in().await;
    browser.get("/account").await;
    let got = browser.post("/account/totp", &[]).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    assert!(got.text.contains("<svg class=\"qr\"") && got.text.contains("h1v1h-1z"));
    let got = browser.post("/account/totp/code", &[("code", "000000")]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.text.contains("<svg class=\"qr\""), "the same picture again");
    let got = browser.post("/account/totp/remove", &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "there is nothing to turn off");
}

#[tokio::test]
async fn an_open_page_keeps_no_session_from_going_idle() {
    let mut browser = Browser::signed_in().await;
    for _ in 0..3 {
        browser.wait(11 * 60);
        let request = Request::builder().uri("/account").header("x-live", "refresh");
        let got = browser.send(request, String::new()).await;
        let expected = if browser.clock.load(Ordering::Relaxed) < NOW + 30 * 60 * 1000 {
            StatusCode::OK
        } else {
            StatusCode::SEE_OTHER
        };
        assert_eq!(got.status, expected);
    }
    assert_eq!(browser.get("/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_stream_ends_with_the_right_to_listen() {
    let mut browser = Browser::signed_in().await;
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let ask = || {
        let request = Request::builder().uri("/live").header("host", "localhost");
        request.header("cookie", cookies.join("; ")).body(Body::empty()).unwrap()
    };
    let response = browser.router.clone().oneshot(ask()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut more = Vec::new();
    for _ in 1..actions::live::OF_ACTOR_MAX {
        more.push(browser.router.clone().oneshot(ask()).await.unwrap());
    }
    let refused = browser.router.clone().oneshot(ask()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(more);
    browser.post("/sign-out", &[]).await;
    browser.wait(60);
    browser.add("Bob", "auditor").await;
    // It ends with what would be told next: nothing of it is told.
    let whole = axum::body::to_bytes(response.into_body(), 1 << 16).await.unwrap();
    assert_eq!(&whole[..], b"retry: 2000\n\n");
}

#[tokio::test]
async fn signing_in_again_ends_the_session_of_before() {
    let mut browser = Browser::signed_in().await;
    browser.add("Bob", "owner").await;
    let page = browser.get("/account").await;
    assert_eq!(page.status, StatusCode::OK);
    browser.sign_in("Bob", PASSWORD).await;
    let all = actions::session::list(&browser.app, &Actor::owner("test"), None).await.unwrap();
    let names: Vec<&str> = all.iter().map(|one| one.administrator.as_str()).collect();
    assert_eq!(names, ["Bob"]);
    // One that fails ends nothing.
    browser.sign_in("Ann", OTHER).await;
    assert_eq!(browser.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn sessions_are_seen_and_ended() {
    let mut browser = Browser::signed_in().await;
    let here = browser.cookies.clone();
    browser.cookies.clear();
    browser.sign_in("Ann", PASSWORD).await;
    let there = std::mem::replace(&mut browser.cookies, here);
    let page = browser.get("/sessions").await.text;
    assert!(page.contains("Browser &#60;1&#62;") || page.contains("Browser &lt;1&gt;"), "{page}");
    let got = browser.post("/sessions/_others/remove", &[]).await;
    assert_eq!(got.to(), "/sessions?done=session_ended");
    browser.cookies = there;
    assert_eq!(browser.get("/sessions").await.status, StatusCode::SEE_OTHER);
}
