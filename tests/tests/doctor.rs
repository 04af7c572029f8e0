//! `doctor`: each problem of the guide's troubleshooting list that lies in the set-up is staged for
//! real, with requests of strangers, and found with its code and a fix.

use serde_json::Value;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::patience;
use tests::stranger;
use tests::supplicant::Supplicant;

/// The rule by which the guide's workflow is mapped to its gateway.
const PROVIDER: &str = "operator = \"is-one-of\", value = [\"Mosyle\"] }]";

/// The rules by which its enrollment policy is mapped to roles.
const ROLE: &str =
    "  { field = \"identity.role\", operator = \"is-one-of\", value = [\"Mosyle devices\"] },";
const DEVICE_ROLE: &str =
    "  { field = \"device.role\", operator = \"is-one-of\", value = [\"Default\"] },";

/// The alternative name of its template.
const NAME: &str = "dns = [\"${/device/identity}\"]";

const TRUSTED: &str = "trusted_authorities = [\"Example School RADIUS CA\"]";

/// What the doctor finds; its status says whether a problem is among it.
#[track_caller]
fn findings(lab: &Lab) -> Vec<Value> {
    let outcome = lab.ask(["doctor", "--json"]);
    let told = outcome.json();
    let findings = json::list(&told, "/findings").to_vec();
    let has_problem = findings.iter().any(|one| json::text(one, "/severity") == "problem");
    outcome.ended_with(i32::from(has_problem));
    findings
}

#[track_caller]
fn problems(lab: &Lab) -> Vec<String> {
    let mut findings = findings(lab);
    findings.retain(|one| json::text(one, "/severity") == "problem");
    findings.iter().map(|one| json::text(one, "/code").to_owned()).collect()
}

/// Asserts that a problem is found at an object, with what, why and a fix that has these words.
#[track_caller]
fn is_found(lab: &Lab, code: &str, object: &str, fix: &str) {
    let is_meant =
        |one: &&Value| json::text(one, "/code") == code && json::text(one, "/object") == object;
    // Answers to devices become durable within a second.
    let found = patience::until(|| findings(lab).iter().find(is_meant).cloned());
    let found = found.unwrap_or_default();
    assert!(!found.is_null(), "no {code} at {object}; there are: {:#?}", findings(lab));
    assert_eq!(json::text(&found, "/severity"), "problem", "{found:#}");
    for words in ["/what", "/why", "/fix"] {
        assert!(json::text(&found, words).len() > 10, "no {words}: {found:#}");
    }
    assert!(json::text(&found, "/fix").contains(fix), "{found:#}");
}

/// Asks with strongSwan for a certificate at the guide's gateway.
#[track_caller]
fn strongswan_asks(lab: &Lab, subject: &str, names: &[&str]) -> i32 {
    let (url, directory) = (lab.url("/scep/mosyle"), lab.directory.path());
    let fetch = ["--scepca", "--url", &url, "--caout", "ca.crt", "--raout", "ra.crt", "--force"];
    stranger::pki(directory, fetch).succeeded();
    let key = ["--gen", "--type", "rsa", "--size", "2048"];
    lab.directory.write("swan.key.der", stranger::pki(directory, key).succeeded().bytes);
    let secret = lab.secret(guide::GATEWAY);
    let ask = ["--scep", "--url", &url, "--in", "swan.key.der", "--dn", subject];
    let rest = ["--password", &secret, "--cacert", "ca.crt"];
    let authorities = ["--cacert-enc", "ra.crt", "--cacert-sig", "ca-1.crt"];
    let names = names.iter().flat_map(|name| ["--san", name]);
    let arguments = ask.into_iter().chain(rest).chain(authorities).chain(names);
    stranger::pki(directory, arguments).status
}

#[test]
fn the_guide_as_it_stands_has_no_problem_before_and_after_its_story() {
    let lab = Lab::of_guide();
    assert_eq!(problems(&lab), Vec::<String>::new());
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    Supplicant::new(&identity, &root).join(lab.radius()).is_in();
    let quiet = patience::until(|| findings(&lab).is_empty().then_some(()));
    assert!(quiet.is_some(), "{:#?}", findings(&lab));
    lab.ask(["doctor"]).succeeded().says("No problems found.");
}

#[test]
fn a_stopped_organization_is_examined_too_and_people_read_blocks() {
    let toml = guide::with([(TRUSTED, "trusted_authorities = [\"DigiCert Global Root G2\"]")]);
    let lab = Lab::unserved(&toml);
    let told = lab.ask(["doctor"]).ended_with(1);
    let first = "problem DOC-TRUST-MISSING network_profile:Example-Secure\n  what  it trusts";
    assert!(told.stdout.starts_with(first), "{}", told.stdout);
    told.says("  why   devices break off").says("  fix   add the root").says("1 problem, ");
    Lab::empty().ask(["doctor"]).refused().complains("there is no organization");
}

#[test]
fn a_workflow_that_is_not_mapped_to_the_gateway_is_found() {
    let elsewhere =
        "operator = \"is-one-of\", value = [\"Other\"] }]\n[[gateway]]\nname = \"Other\"";
    let lab = Lab::of(&guide::with([(PROVIDER, elsewhere)]));
    assert_ne!(strongswan_asks(&lab, "CN=swan", &["swan.lab.test"]), 0);
    lab.refusal("ENR-NO-ROLE");
    is_found(&lab, "DOC-GATEWAY-NO-WORKFLOW", "gateway:Mosyle", "identity.provider");
    let nobody = "operator = \"starts-with\", value = \"Other\" }]";
    let lab = Lab::unserved(&guide::with([(PROVIDER, nobody)]));
    let workflow = "policy_workflow:Mosyle devices";
    is_found(&lab, "DOC-WORKFLOW-NO-GATEWAY", workflow, "name of a gateway");
    is_found(&lab, "DOC-GATEWAY-NO-WORKFLOW", "gateway:Mosyle", "identity.provider");
}

#[test]
fn an_enrollment_policy_that_is_not_mapped_to_the_user_role_is_found() {
    let other = "  { field = \"identity.role\", operator = \"is\", value = \"Others\" },";
    let toml = guide::with([(ROLE, other)]) + "\n[[policy_workflow]]\nname = \"Others\"\n";
    let lab = Lab::of(&toml);
    assert_ne!(strongswan_asks(&lab, "CN=swan", &["swan.lab.test"]), 0);
    lab.refusal("ENR-NO-POLICY");
    let policy = "enrollment_policy:Mosyle enrollment";
    is_found(&lab, "DOC-ENROLLMENT-NO-ROLE", policy, "identity.role");
    is_found(&lab, "DOC-GATEWAY-NO-ENROLLMENT", "gateway:Mosyle", "[[enrollment_policy]]");
}

#[test]
fn an_enrollment_policy_that_is_not_mapped_to_the_default_device_role_is_found() {
    let other = "  { field = \"device.role\", operator = \"is\", value = \"Mosyle devices\" },";
    let lab = Lab::of(&guide::with([(DEVICE_ROLE, other)]));
    assert_ne!(strongswan_asks(&lab, "CN=swan", &["swan.lab.test"]), 0);
    lab.refusal("ENR-NO-POLICY");
    let policy = "enrollment_policy:Mosyle enrollment";
    is_found(&lab, "DOC-ENROLLMENT-NO-DEVICE-ROLE", policy, "Default");
}

#[test]
fn an_attribute_without_a_value_is_found_and_so_is_a_name_of_the_wrong_kind() {
    let lab = Lab::of(&guide::with([(NAME, "email = [\"${/csr/san/email}\"]")]));
    let template = "certificate_template:Mosyle devices";
    assert_eq!(strongswan_asks(&lab, "CN=swan", &[]), 0);
    is_found(&lab, "DOC-SAN-MISSING", template, "Subject Alternative Name");
    assert_eq!(strongswan_asks(&lab, "CN=swan", &["swan.lab.test"]), 0);
    is_found(&lab, "DOC-SAN-KIND", template, "RFC822");
    assert_eq!(problems(&lab), ["DOC-SAN-KIND"]);

    // The subject has none: no certificate at all.
    assert_ne!(strongswan_asks(&lab, "O=Lab", &[]), 0);
    lab.refusal("ENR-VARIABLE-EMPTY");
    is_found(&lab, "DOC-VARIABLE-EMPTY", template, "map the attribute");
    assert_ne!(strongswan_asks(&lab, "CN=%Email%", &[]), 0);
    is_found(&lab, "DOC-VARIABLE-UNEXPANDED", "gateway:Mosyle", "user in the MDM");

    // Mended: the name comes as it should, and those that were refused are past.
    assert_eq!(strongswan_asks(&lab, "CN=swan", &["anna@lab.test"]), 0);
    assert_eq!(problems(&lab), Vec::<String>::new());
}

#[test]
fn a_trusted_root_that_is_missing_in_the_network_profile_is_found() {
    let wrong = "trusted_authorities = [\"DigiCert Global Root G2\"]";
    let lab = Lab::of(&guide::with([(TRUSTED, wrong)]));
    // A device that was set up by this profile breaks off.
    let identity = lab.enroll("mac-1");
    let root = lab.authority("example-school-root-ca");
    Supplicant::new(&identity, &root).join(lab.radius()).is_not_in().says("unknown CA");
    lab.refusal("TLS-UNKNOWN-CA");
    let profile = "network_profile:Example-Secure";
    is_found(&lab, "DOC-TRUST-MISSING", profile, "trusted_authorities");
    lab.apply(guide::GUIDE, []).succeeded();
    assert_eq!(problems(&lab), Vec::<String>::new());
}

#[test]
fn an_access_point_with_another_secret_is_found() {
    let lab = Lab::of_guide();
    let (identity, root) = (lab.enroll("mac-1"), lab.radius_root());
    let right = Supplicant::new(&identity, &root);
    let wrong = Supplicant { shared_secret: "another-shared-secret", ..right.clone() };
    wrong.meets_silence(lab.radius());
    lab.refusal("NAS-SECRET-WRONG");
    is_found(&lab, "DOC-ACCESS-POINT-SECRET", "access_point:Loopback", "shared_secret");
    assert_eq!(problems(&lab), ["DOC-ACCESS-POINT-SECRET"]);
}
