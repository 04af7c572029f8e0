//! The certificates that a network profile lets devices trust: own authorities and public roots.

use actions::certificate_authority::renewal;
use actions::network_profile::Origin;
use actions::network_profile::bundle;
use actions::network_profile::certificates;
use actions::network_profile::choices;
use actions::network_profile::public_roots;
use domain::actor::Actor;
use pki::pem;
use serde_json::json;

use crate::fixture::Fixture;
use crate::fixture::application;
use crate::fixture::mosyle;
use crate::fixture::owner;

const PROFILE: &str = "Example-Secure";
const OWN: &str = "Example School RADIUS CA";
const PUBLIC: &str = "DigiCert Global Root G2";

/// The guide's set-up, whose profile trusts a public root too.
async fn trusting() -> Fixture {
    let fixture = Fixture::mosyle().await;
    let mut document = mosyle();
    document["network_profile"][0]["trusted_authorities"] = json!([OWN, PUBLIC]);
    fixture.apply(application(document)).await.unwrap();
    fixture
}

#[tokio::test]
async fn a_profile_tells_each_certificate_with_its_bytes() {
    let fixture = trusting().await;
    let all = certificates(&fixture.app, &owner(), PROFILE).unwrap();
    let [own, public] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((own.name.as_str(), own.kind, own.generation), (OWN, Origin::Own, Some(1)));
    assert_eq!((public.name.as_str(), public.kind), (PUBLIC, Origin::Public));
    assert_eq!(public.not_after.to_rfc3339(), "2038-01-15T12:00:00Z");
    let read = pem::certificates(&bundle(&all)).unwrap();
    for (one, read) in all.iter().zip(&read) {
        let digits: String =
            read.sha256_fingerprint().iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!((one.sha256.as_str(), one.not_after), (digits.as_str(), read.not_after));
        assert_eq!(one.subject, read.subject.to_string());
    }
    // By its slug as well.
    assert_eq!(certificates(&fixture.app, &owner(), "example-secure").unwrap(), all);
}

#[tokio::test]
async fn a_renewed_authority_is_trusted_with_both_its_keys() {
    let fixture = trusting().await;
    renewal::renew(&fixture.app, &owner(), OWN).await.unwrap();
    let all = certificates(&fixture.app, &owner(), PROFILE).unwrap();
    let of_own = all.iter().filter(|one| one.name == OWN).map(|one| one.generation);
    assert_eq!(of_own.collect::<Vec<_>>(), [Some(2), Some(1)]);
}

#[tokio::test]
async fn everything_that_can_be_trusted_is_offered_and_no_name_is_taken_twice() {
    let fixture = trusting().await;
    let all = choices(&fixture.app, &owner(), "").unwrap();
    assert_eq!(all.left_out, 0);
    let own = all.items.iter().filter(|one| one.kind == Origin::Own).count();
    assert_eq!(own, mosyle()["certificate_authority"].as_array().unwrap().len());
    assert_eq!(all.items.len(), own + pki::public_root::all().len());
    assert!(all.items.iter().all(|one| one.pem.is_none()));
    let found = choices(&fixture.app, &owner(), " global ROOT g3").unwrap().items;
    assert_eq!(
        found.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["DigiCert Global Root G3"]
    );

    let document = json!({ "certificate_authority": [
        { "name": PUBLIC, "type": "root", "generate_ca_for": "radius-server" },
    ] });
    let complaints = fixture.complaints(document).await;
    assert_eq!(complaints[0].path, "certificate_authority[0].name");
    assert!(complaints[0].what.contains("public root"), "{}", complaints[0].what);
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_refused() {
    let fixture = trusting().await;
    let app = &fixture.app;
    let code = |refusal: domain::refusal::Refusal| refusal.code();
    assert_eq!(code(certificates(app, &owner(), "Nothing").unwrap_err()), "API-NOT-FOUND");
    let stranger = Actor::gateway("Mosyle");
    assert_eq!(code(certificates(app, &stranger, PROFILE).unwrap_err()), "API-NOT-PERMITTED");
    assert_eq!(code(choices(app, &stranger, "").unwrap_err()), "API-NOT-PERMITTED");
    assert_eq!(code(public_roots(&stranger, "", (None, 1)).unwrap_err()), "API-NOT-PERMITTED");
    let long = "a".repeat(1025);
    assert_eq!(code(choices(app, &owner(), &long).unwrap_err()), "API-PARAMETER");
    assert_eq!(code(public_roots(&owner(), "", (Some("x"), 1)).unwrap_err()), "API-PARAMETER");
    let complaints = {
        let mut document = mosyle();
        document["network_profile"][0]["trusted_authorities"] = json!(["GlobalSign"]);
        fixture.complaints(document).await
    };
    assert_eq!(complaints[0].path, "network_profile[0].trusted_authorities[0]");
}

#[tokio::test]
async fn public_roots_come_in_pages() {
    let (mut names, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = public_roots(&owner(), "", (cursor.as_deref(), 50)).unwrap();
        names.extend(page.items.into_iter().map(|one| one.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let all: Vec<&str> = pki::public_root::all().iter().map(|root| root.name.as_str()).collect();
    assert_eq!(names, all);
    let found = public_roots(&owner(), "isrg", (None, 1)).unwrap();
    assert_eq!((found.items[0].name.as_str(), found.next.is_some()), ("ISRG Root X1", true));
}
