//! Refusals read as sentences, and the handbook knows them all.

use super::*;
use crate::refusal::MassChange;

#[track_caller]
fn check(refusal: Refusal, sentence: &str) {
    assert_eq!(refusal.sentence(), sentence);
    assert!(!refusal.fix().is_empty());
    let json = serde_json::to_value(&refusal).unwrap();
    assert_eq!(json["code"], refusal.code());
    assert_eq!(serde_json::from_value::<Refusal>(json).unwrap(), refusal);
}

#[test]
fn a_refusal_reads_as_a_sentence_and_survives_its_json() {
    check(
        Refusal::ChallengeWrong { gateway: "Mosyle".into() },
        "the challenge is not the secret of gateway Mosyle",
    );
    check(
        Refusal::NetworkPolicyMissing { roles: vec!["loaners".into()], nearest: None },
        "no network policy matches the role loaners",
    );
    check(
        Refusal::NetworkPolicyMissing { roles: vec![], nearest: None },
        "no network policy matches a device without a role",
    );
    let beyond = |asked: &[&str]| Refusal::BeyondTemplate {
        template: "T".into(),
        asked: asked.iter().map(|thing| (*thing).to_owned()).collect(),
    };
    check(
        beyond(&["key usage cRLSign"]),
        "the request asks for more than the template T gives: key usage cRLSign",
    );
    check(
        beyond(&["a", "b", "2 more"]),
        "the request asks for more than the template T gives: a, b and 2 more",
    );
    check(
        Refusal::AttributeValue {
            policy: "P".into(),
            attribute: "Filter-Id".into(),
            what: "${/device/serial} has no value".into(),
        },
        "the network policy P cannot send Filter-Id: ${/device/serial} has no value",
    );
    check(
        mass_change(&[]),
        "this would remove 7 of 40 objects, and 5 is the most without a confirmation",
    );
    check(
        mass_change(&["A", "B"]),
        "this would remove 7 of 40 objects, and 5 is the most without a confirmation: A, B and 5 \
         more",
    );
    check(Refusal::CertificateMissing, "the device showed no certificate");
}

#[test]
fn the_handbook_lists_every_code_with_its_fix() {
    let page = include_str!("../../../../../docs/refusals.md");
    let (table, _) = include_str!("../words.rs").split_once("fn and(").unwrap();
    let table = format!("{table}{}", include_str!("request.rs"));
    let families = ["ENR-", "NAS-", "EAP-", "TLS-", "CERT-", "DEV-", "POL-", "SYS-", "API-"];
    let codes = table.split('"').filter(|text| {
        families.iter().any(|family| text.starts_with(family)) && !text.contains(' ')
    });
    let mut count = 0;
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "{code} is not in docs/refusals.md");
        count += 1;
    }
    assert!(count > 40, "only {count} codes were found");
}

#[test]
fn what_is_left_to_another_table_has_a_row_there() {
    let (_, left) =
        include_str!("../words.rs").split_once("            Self::Unauthenticated\n").unwrap();
    let (left, _) = left.split_once("request::words(self)").unwrap();
    let rows = include_str!("request.rs");
    let mut count = 1;
    for name in left.split("Self::").skip(1) {
        let name = name.split([' ', '\n']).next().unwrap();
        let fits = |row: &str| row.starts_with([' ', '{']) || row.is_empty();
        assert!(rows.split(&format!("Refusal::{name}")).skip(1).any(fits), "{name} has no row");
        count += 1;
    }
    assert!(count > 20, "only {count} were found");
}

fn mass_change(names: &[&str]) -> Refusal {
    let what = MassChange::Objects;
    let refusal = Refusal::MassChange { count: 7, of: 40, allowed: 5, what, names: Vec::new() };
    refusal.naming(names.iter().map(|name| (*name).to_owned()))
}

#[test]
fn a_mass_change_names_a_few_and_each_in_a_few_words() {
    let long = "x".repeat(200);
    let refusal = mass_change(&[long.as_str(); 20]);
    let Refusal::MassChange { names, .. } = &refusal else { panic!("no mass change") };
    assert_eq!(names.len(), 10);
    assert!(names.iter().all(|name| name.len() == 64));
    assert_eq!(Refusal::CertificateMissing.naming(["A".to_owned()]), Refusal::CertificateMissing);
}
