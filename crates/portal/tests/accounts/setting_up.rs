//! The set-up, from the code to the first device, as a browser walks through it.

use actions::world::Said;
use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use domain::actor::Actor;
use domain::event::EventKind;
use tower::ServiceExt;

use crate::browser::Browser;
use crate::browser::PASSWORD;

#[tokio::test]
async fn without_an_administrator_signing_in_leads_to_the_set_up() {
    let mut browser = Browser::new().await;
    assert_eq!(browser.get("/sign-in").await.to(), "/setup");
}

fn owner_form(code: &str) -> [(&str, &str); 5] {
    [("code", code), ("name", "Ann"), ("email", ""), ("new", PASSWORD), ("again", PASSWORD)]
}

/// Every step between the owner and the first device, as somebody fills it in.
const STEPS: [(&str, &[(&str, &str)]); 10] = [
    ("organization", &[("name", "School"), ("base_url", "http://pki.example.org")]),
    (
        "authorities",
        &[
            ("root", "Root"),
            ("root_key", "ecdsa-p384"),
            ("scep", "School SCEP CA"),
            ("scep_key", "rsa-2048"),
            ("radius", "RADIUS CA"),
        ],
    ),
    ("server", &[("server_name", "radius.example.org")]),
    ("template", &[("name", "Devices"), ("days", "365")]),
    ("gateway", &[("name", "Mosyle"), ("vendor", "mosyle")]),
    ("workflow", &[("name", "Managed")]),
    ("enrollment", &[("name", "Managed enroll")]),
    ("network", &[("name", "Managed get in"), ("vlan", "20")]),
    ("profile", &[("ssid", "School-Secure"), ("security_type", "wpa2-enterprise")]),
    ("access_point", &[("name", "Hall"), ("address", "192.0.2.7"), ("shared_secret", "")]),
];

#[tokio::test]
async fn the_set_up_leads_from_the_code_to_the_first_device() {
    let mut browser = Browser::new().await;
    let code = actions::setup::begin(&browser.app).await.unwrap().unwrap();
    let page = browser.get("/setup").await;
    assert!(page.text.contains("name=\"code\""), "{}", page.text);
    let got = browser.post("/setup", &owner_form("AAAA-AAAA")).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.text.contains("set-up code is wrong") && !got.text.contains(PASSWORD));
    let got = browser.post("/setup", &owner_form(code.reveal())).await;
    assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/setup"), "{}", got.text);
    assert!(browser.has_session());
    for (step, fields) in STEPS {
        // Whoever comes back goes on where it was left.
        let list = browser.get("/setup").await.text;
        let here = format!("href=\"/setup/{step}\" aria-current=\"step\"");
        assert!(list.contains(&here), "{step}: {list}");
        let path = format!("/setup/{step}");
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{step}");
        assert!(page.text.contains("safeconduct "), "{step} has its command");
        let got = browser.post(&path, fields).await;
        let is_secret = matches!(step, "gateway" | "access_point");
        let expected = if is_secret { StatusCode::CREATED } else { StatusCode::SEE_OTHER };
        assert_eq!(got.status, expected, "{step}: {}", got.text);
    }
    assert!(browser.get("/setup").await.text.contains("Wait for the first device"));
    // Nothing that is done is overwritten by doing it again.
    let page = browser.get("/setup/organization").await;
    assert!(page.status == StatusCode::OK && page.text.contains("href=\"/settings\""));
    let other = [("name", "Another"), ("base_url", "http://elsewhere.example.org")];
    let got = browser.post("/setup/organization", &other).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    assert!(got.text.contains("Nothing was changed") && got.text.contains("href=\"/settings\""));
    assert!(!browser.get("/settings").await.text.contains("elsewhere"));
    let got = browser.post("/setup/gateway", &[("name", "Mosyle"), ("vendor", "jamf")]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    assert!(got.text.contains("href=\"/gateways/mosyle/edit\""), "{}", got.text);
    // The same once more changes nothing, and goes on.
    for (step, fields) in
        STEPS.into_iter().filter(|(step, _)| matches!(*step, "organization" | "workflow"))
    {
        let got = browser.post(&format!("/setup/{step}"), fields).await;
        assert_eq!((got.status, got.to()), (StatusCode::SEE_OTHER, "/setup/_device"), "{step}");
    }
    let page = browser.get("/setup/_device").await.text;
    assert!(page.contains("id=\"waiting\"") && page.contains("data-live="), "{page}");
    assert!(page.contains("School-Secure") && page.contains("/scep/mosyle"), "{page}");
    let (_, rest) = page.split_once("data-live=\"").unwrap();
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = Request::builder()
        .uri(rest.split('"').next().unwrap())
        .header("host", "localhost")
        .header("cookie", cookies.join("; "));
    let request = request.body(Body::empty()).unwrap();
    let live = browser.router.clone().oneshot(request).await.unwrap();
    assert_eq!(live.status(), StatusCode::OK, "the stream that it follows is there");
    let said = Said {
        actor: "access point Hall".into(),
        object: "device:Mac 1".into(),
        details: serde_json::Map::new(),
    };
    let joined = browser.app.world.event(EventKind::VisitAnswered, None, said);
    browser.app.snapshot.journal().note(joined);
    browser.app.snapshot.journal().flush().await;
    let page = browser.get("/setup/_device").await.text;
    assert!(page.contains("id=\"joined\"") && page.contains("Mac 1"), "{page}");
    // What decides is whole: nothing of it is wrong or missing.
    let owner = Actor::owner("test");
    let report = actions::doctor::examine(&browser.app, &owner).await.unwrap();
    let codes: Vec<&str> = report.iter().map(|finding| finding.code.as_str()).collect();
    assert!(!codes.iter().any(|code| code.contains("DRAFT") || code.contains("NONE")), "{codes:?}");
}

#[tokio::test]
async fn a_step_that_is_refused_keeps_what_was_written() {
    let mut browser = Browser::signed_in().await;
    let fields = [("name", "Hall"), ("address", "nowhere"), ("shared_secret", "")];
    let got = browser.post("/setup/access_point", &fields).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("value=\"nowhere\"") && got.text.contains("field-wrong"));
    assert_eq!(browser.get("/setup/elsewhere").await.status, StatusCode::NOT_FOUND);
}
