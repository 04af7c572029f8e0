//! Rules as an administrator's document has them: made ready or complained about, asked about a
//! device of which everything and one of which nothing is known, and shown to people.
#![no_main]

use std::sync::Arc;

use domain::{
    complaint::Complaints,
    condition::{
        Condition, Facts, Match, RULES_MAX, Rule,
        facts::{CertificateFacts, Inputs, NameFacts, NetworkFacts, RequestFacts},
        field::FIELDS,
    },
    device::{Device, DeviceId, Fact, Source},
    person::Person,
};
use fuzz::seed;
use libfuzzer_sys::fuzz_target;
use pki::time::Time;

const NOW: Time = Time(1_795_681_800);

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        if let Ok(rules) = serde_json::from_slice::<Vec<Rule>>(data) {
            check(&rules);
        }
    }
);

/// A rule for each field with each operator that fits it, and groups of them.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![
        br#"[{"match":"any","rules":[{"field":"always"},{"field":"device.known","operator":"is","value":true,"not":true}]}]"#.to_vec(),
        br#"[{"field":"time.of_day","operator":"less","value":"08:30","zone":"Europe/Berlin"}]"#.to_vec(),
        br#"[{"field":"device.model","operator":"matches","value":"^(a+)+$"}]"#.to_vec(),
        br#"[{"field":"network.attribute.NAS-IP-Address","operator":"in-network","value":["10.0.0.0/8"]}]"#.to_vec(),
    ];
    for row in FIELDS {
        for value in [r#""1""#, "1", "true", r#"["a","1"]"#] {
            let operator = if value.starts_with('[') { "is-one-of" } else { "is" };
            let name = row.name;
            seeds.push(
                format!(r#"[{{"field":"{name}","operator":"{operator}","value":{value}}}]"#)
                    .into_bytes(),
            );
        }
    }
    seeds
}

fn check(rules: &[Rule]) {
    for how in [Match::All, Match::Any] {
        let mut list = Vec::new();
        let ready = Condition::ready(how, rules, &mut Complaints::new("p", &mut list));
        let Some(condition) = ready else {
            assert!(!list.is_empty(), "refused without a word: {rules:?}");
            for complaint in list {
                assert!(!complaint.what.is_empty() && !complaint.fix.is_empty(), "{complaint:?}");
                assert!(complaint.path.starts_with("p."), "{complaint:?}");
            }
            continue;
        };
        assert!(list.is_empty() && rules.len() <= RULES_MAX);
        for facts in [everything(), Facts::new(NOW)] {
            let verdict = condition.decide(&facts);
            let outcomes = condition.outcomes(rules, &facts);
            assert_eq!(outcomes.len(), rules.len());
            let holds = |place: usize| outcomes.get(place).is_some_and(|one| one.matched);
            match (how, verdict.decided_by) {
                (Match::All, Some(place)) => assert!(!holds(place.into()) && !verdict.matched),
                (Match::Any, Some(place)) => assert!(holds(place.into()) && verdict.matched),
                (Match::All, None) => assert_eq!(verdict.matched, !rules.is_empty()),
                (Match::Any, None) => assert!(!verdict.matched),
            }
            for outcome in &outcomes {
                let _ = (outcome.expectation(), outcome.finding());
            }
        }
        let written = serde_json::to_string(rules).expect("it is plain data");
        let again: Vec<Rule> = serde_json::from_str(&written).expect("what was written is read");
        assert_eq!(again, rules);
    }
}

fn everything() -> Facts {
    let told =
        |value: &str| Some(Fact { value: value.to_owned(), source: Source::Import, at: NOW });
    let mut device = Device::new(DeviceId(1), "Anna's Mac");
    (device.serial, device.os, device.os_version) = (told("C02X"), told("macOS"), told("14.2.1"));
    device.model = told(&"a".repeat(300));
    let names = NameFacts {
        subject: "CN=C02X".into(),
        common_name: vec!["C02X".into()],
        san: vec!["dns:mac.example.org".into()],
        ..NameFacts::default()
    };
    let certificate = CertificateFacts {
        names: names.clone(),
        not_after: Some(NOW.plus_seconds(86_400)),
        assurance: Some(1),
        ..CertificateFacts::default()
    };
    let request = RequestFacts { gateway: "Mosyle".into(), names, ..RequestFacts::default() };
    let network = NetworkFacts {
        access_point: "Loopback".into(),
        mac: Some("02-00-00-00-00-01".into()),
        address: Some("10.1.2.3".into()),
        ..NetworkFacts::default()
    };
    let facts = Facts {
        device: Some(Arc::new(device)),
        person: Some(Arc::new(Person::new("Anna", Source::Import, NOW))),
        certificate: Some(certificate),
        request: Some(request),
        network: Some(network),
        ..Facts::of_provider(Some("Mosyle"), NOW)
    };
    let again = Inputs::of(&facts).facts(NOW).expect("what is kept is read");
    assert_eq!(again, facts);
    facts
}
