//! One's own account, administrators, tokens, the organization and the audit, as browsers use them.

use axum::http::StatusCode;

use crate::browser::Browser;
use crate::browser::OTHER;
use crate::browser::PASSWORD;

#[tokio::test]
async fn what_does_harm_asks_for_the_password_again() {
    let mut browser = Browser::signed_in().await;
    browser.wait(11 * 60);
    browser.get("/account").await;
    let got = browser.post("/account/totp", &[]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.text.contains("name=\"proof_password\""), "{}", got.text);
    let got = browser.post("/account/totp", &[("proof_password", OTHER)]).await;
    assert!(got.text.contains("no administrator has this name"), "{}", got.text);
    let got = browser.post("/account/totp", &[("proof_password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    assert!(got.text.contains("<svg class=\"qr\""));
}

#[tokio::test]
async fn an_own_password_is_changed_with_the_old_one() {
    let mut browser = Browser::signed_in().await;
    browser.get("/account").await;
    let fields = |old, new, again| [("password", old), ("new", new), ("again", again)];
    let path = "/account/password";
    let got = browser.post(path, &fields(PASSWORD, OTHER, PASSWORD)).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let got = browser.post(path, &fields(OTHER, OTHER, OTHER)).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let got = browser.post(path, &fields(PASSWORD, OTHER, OTHER)).await;
    assert_eq!(got.to(), "/account?done=password");
    assert!(browser.get("/account?done=password").await.text.contains("password is changed"));
}

/// The version that a form was made for.
fn etag_of(page: &str) -> String {
    let rest = page.split("name=\"etag\" value=\"").nth(1).expect("the form has a version");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_stale_form_of_an_administrator_changes_nothing_and_shows_both() {
    let mut browser = Browser::signed_in().await;
    browser.add("Bob", "auditor").await;
    let seen = etag_of(&browser.get("/administrators/Bob/edit").await.text);
    let first = [("role", "helpdesk"), ("disabled", "on"), ("etag", &*seen)];
    let got = browser.post("/administrators/Bob/edit", &first).await;
    assert_eq!(got.to(), "/administrators/Bob?done=saved");
    let stale = [("role", "owner"), ("email", "bob@example.org"), ("etag", &*seen)];
    let got = browser.post("/administrators/Bob/edit", &stale).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    for part in ["Somebody else changed this", "value=\"bob@example.org\"", "helpdesk"] {
        assert!(got.text.contains(part), "{part}: {}", got.text);
    }
    assert!(browser.get("/administrators/Bob").await.text.contains("disabled"));
    let over = [("role", "auditor"), ("etag", &etag_of(&got.text))];
    let got = browser.post("/administrators/Bob/edit", &over).await;
    assert_eq!(got.to(), "/administrators/Bob?done=saved");
}

#[tokio::test]
async fn administrators_are_added_changed_and_removed() {
    let mut browser = Browser::signed_in().await;
    let wrong = [("name", "Bob"), ("role", "auditor"), ("email", "nowhere")];
    let got = browser.post("/administrators/_new", &wrong).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("is not an e-mail address") && got.text.contains("value=\"Bob\""));
    let hostile = "B/o\"b <script>";
    let fields = [("name", hostile), ("role", "auditor")];
    browser.post("/administrators/_new", &fields).await;
    let list = browser.get("/administrators").await.text;
    assert!(!list.contains("<script>") && list.contains("/administrators/B%2Fo%22b"), "{list}");
    let url = "/administrators/B%2Fo%22b%20%3Cscript%3E";
    assert_eq!(browser.get(url).await.status, StatusCode::OK);
    let fields = [("role", "helpdesk"), ("disabled", "on")];
    let got = browser.post(&format!("{url}/edit"), &fields).await;
    assert_eq!(got.to(), format!("{url}?done=saved"), "{}", got.text);
    assert!(browser.get(url).await.text.contains("disabled"));
    let got = browser.post(&format!("{url}/remove"), &[]).await;
    assert_eq!(got.to(), "/administrators?done=removed");
    let own = browser.post("/administrators/Ann/remove", &[]).await;
    assert_eq!(own.status, StatusCode::CONFLICT);
    assert!(own.text.contains("only owner"), "{}", own.text);
}

#[tokio::test]
async fn a_token_is_shown_once_and_removed() {
    let mut browser = Browser::signed_in().await;
    let page = browser.get("/tokens/_new").await.text;
    assert!(page.contains("value=\"event-read\""), "{page}");
    let wrong = [("name", "x"), ("days", "9999")];
    let got = browser.post("/tokens/_new", &wrong).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields =
        [("name", "script"), ("days", "30"), ("scopes", "event-read"), ("addresses", "192.0.2.7")];
    let got = browser.post("/tokens/_new", &fields).await;
    assert_eq!(got.status, StatusCode::CREATED, "{}", got.text);
    let (_, rest) = got.text.split_once("<code>sct_").unwrap();
    let (id, secret) = rest.split('<').next().unwrap().split_once('_').unwrap();
    let list = browser.get("/tokens").await.text;
    assert!(list.contains(id) && !list.contains(secret), "{list}");
    let url = format!("/tokens/{id}");
    assert!(browser.get(&url).await.text.contains("192.0.2.7"));
    let got = browser.post(&format!("{url}/remove"), &[]).await;
    assert_eq!(got.to(), "/tokens?done=token_removed");
    assert_eq!(browser.get(&url).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_organization_is_changed_and_the_audit_tells() {
    let mut browser = Browser::signed_in().await;
    browser.get("/settings").await;
    let wrong = [("name", "School"), ("base_url", "nowhere")];
    let got = browser.post("/settings", &wrong).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("value=\"nowhere\"") && got.text.contains("field-wrong"));
    let good = [("name", "School"), ("base_url", "http://pki.example.org")];
    // The difference first; nothing is changed by looking at it.
    let shown = browser.get("/settings").await;
    let got = browser.post("/settings", &good).await;
    assert!(got.status == StatusCode::OK && got.text.contains("id=\"review\""), "{}", got.text);
    assert!(!browser.get("/settings").await.text.contains("value=\"School\""));
    let (name, url) = (good[0], good[1]);
    let seen = ("etag", etag_of(&shown.text));
    let sure = [name, url, ("etag", &seen.1), ("sure", "yes")];
    assert_eq!(browser.post("/settings", &sure).await.to(), "/settings?done=saved");
    // Somebody who looked before is told of it, and keeps what they wrote.
    let stale = [("name", "Mine"), url, ("etag", &seen.1), ("sure", "yes")];
    let got = browser.post("/settings", &stale).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    for part in ["Somebody else changed this", "value=\"Mine\"", "<td class=\"after\">School"] {
        assert!(got.text.contains(part), "{part}: {}", got.text);
    }
    let now = etag_of(&got.text);
    assert_ne!(now, seen.1);
    let over = [("name", "School"), url, ("etag", &now), ("sure", "yes")];
    assert_eq!(browser.post("/settings", &over).await.to(), "/settings?done=saved");
    assert!(browser.get("/settings").await.text.contains("School"));
    let audit = browser.get("/audit").await.text;
    assert!(audit.contains("signed in") && audit.contains("Administrator Ann"));
    let verified = browser.get("/audit/verify").await.text;
    assert!(verified.contains("none is missing"), "{verified}");
    let got = browser.post("/audit/checkpoints", &[]).await;
    assert_eq!(got.to(), "/audit/checkpoints?done=signed");
    assert!(browser.get("/audit/checkpoints").await.text.contains("Fingerprint"));
    let file = browser.get("/audit/rows.json").await;
    let rows: Vec<serde_json::Value> = serde_json::from_str(&file.text).unwrap();
    assert_eq!(rows[0]["sequence"], 1);
}
