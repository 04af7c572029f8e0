//! `demo`: the story of the guide, told to the end by the program alone.

use std::ffi::OsStr;

use serde_json::Value;
use tests::directory::Directory;
use tests::http;
use tests::json;
use tests::lab;
use tests::process::Process;
use tests::program;
use tests::stranger::shown;

#[track_caller]
fn devices(document: &Value) -> (Vec<&Value>, Vec<&Value>) {
    let devices = json::list(document, "/devices").iter();
    devices.partition(|device| json::at(device, "/authenticated") == &Value::Bool(true))
}

#[test]
fn the_demo_lets_five_in_and_keeps_four_out_with_reasons() {
    let told = program::run(["demo", "--exit", "--json"]).succeeded().json();
    assert_eq!(told["ok"], true, "{told:#}");
    let steps = json::list(&told, "/steps");
    assert!(steps.len() >= 5, "{told:#}");
    for step in steps {
        assert_eq!(step["ok"], true, "{step:#}");
        assert!(step["name"].is_string() && step["detail"].is_string(), "{step:#}");
    }
    assert!(told.as_object().unwrap().contains_key("portal"), "{told:#}");
    let (inside, outside) = devices(&told);
    assert!(inside.len() >= 5, "{told:#}");
    for device in &inside {
        assert_eq!(device["enrolled"], true, "{device:#}");
        assert!(device["reason"].is_null(), "{device:#}");
        assert!(json::text(device, "/vlan").parse::<u16>().is_ok(), "{device:#}");
        assert!(["1.2", "1.3"].contains(&json::text(device, "/tls")), "{device:#}");
    }
    for version in ["1.2", "1.3"] {
        assert!(inside.iter().any(|device| device["tls"] == version), "{told:#}");
    }
    assert!(outside.len() >= 4, "{told:#}");
    for device in outside {
        for words in ["/name", "/reason/code", "/reason/sentence", "/reason/fix"] {
            assert!(!json::text(device, words).is_empty(), "{words}: {device:#}");
        }
        assert!(device["vlan"].is_null(), "{device:#}");
    }
}

#[test]
fn the_demos_mdm_pushes_profiles_and_says_how_devices_took_them() {
    let told = program::run(["demo", "--exit", "--json"]).succeeded().json();
    let detail = |words: &str| {
        let mut steps = json::list(&told, "/steps").iter();
        let step = steps.find(|step| json::text(step, "/name").contains(words));
        json::text(step.expect("the step is told"), "/detail")
    };
    let held = detail("uploaded to Mosyle");
    assert!(held.contains("%Email%") && held.contains("%WiFiMac%"), "{held}");
    let first = detail("All current and future Devices");
    assert!(first.starts_with("7 installed, 1 failed (C02SC00005: the server refused"), "{first}");
    let last = detail("added later");
    assert!(last.starts_with("8 installed, 1 failed (C02SC00005: the server refused"), "{last}");
}

#[test]
fn the_demo_plays_as_many_devices_as_it_is_told() {
    let told = program::run(["demo", "--exit", "--json", "--devices", "8"]).succeeded().json();
    assert_eq!(devices(&told).0.len(), 8, "{told:#}");
}

#[test]
fn the_demo_tells_its_story_to_people_too() {
    let told = program::run(["demo", "--exit"]).succeeded();
    told.says("ENR-CHALLENGE-WRONG")
        .says("POL-NO-MATCH")
        .says("CERT-REVOKED")
        .says("server refused")
        .says("TLS-BAD-CERTIFICATE")
        .says("VLAN");
}

#[test]
fn without_exit_the_demo_prints_a_document_a_line_and_serves_on() {
    let directory = Directory::fresh();
    let arguments = ["demo", "--json"].map(OsStr::new);
    let demo = Process::start(arguments, &directory.file("demo.log"));
    let (mut kinds, mut address) = (Vec::new(), None);
    loop {
        let line: Value = serde_json::from_str(&demo.line()).unwrap();
        if line.get("ok") == Some(&Value::Bool(true)) {
            break;
        }
        kinds.extend(["step", "device"].into_iter().filter(|kind| line.get(kind).is_some()));
        let detail = json::text(&line, "/step/detail").strip_prefix("SCEP at http://");
        let found = detail.and_then(|detail| detail.split(',').next());
        address = address.or(found.map(str::to_owned));
    }
    let devices = kinds.iter().filter(|kind| **kind == "device").count();
    assert!(devices >= 9 && kinds.len() > devices, "{kinds:?}");
    let capabilities = http::get(&address.unwrap(), "/scep/mosyle?operation=GetCACaps");
    assert_eq!(capabilities.status, 200);
    assert_eq!(demo.end("INT"), 0);
}

#[test]
fn what_the_demo_keeps_can_be_looked_at() {
    let directory = Directory::fresh();
    let keep = directory.file("kept");
    let told = program::run(["demo", "--exit", "--json", "--keep", shown(&keep)]).succeeded();
    let told = told.json();
    let events =
        program::run(["event", "list", "--limit", "1000", "--json", "--data", shown(&keep)]);
    let events = lab::items(&events);
    let (inside, outside) = devices(&told);
    let visits: Vec<&Value> =
        events.iter().filter(|event| json::text(event, "/kind") == "network.access").collect();
    let accepted = visits.iter().filter(|visit| visit["outcome"] == "accepted").count();
    assert!(accepted >= inside.len(), "{events:#?}");
    for device in outside {
        let code = json::text(device, "/reason/code");
        let found = events.iter().any(|event| json::text(event, "/reason/code") == code);
        assert!(found, "no event says {code}: {events:#?}");
    }
    let certificates = ["certificate", "list", "--limit", "1000", "--json", "--data", shown(&keep)];
    let certificates = lab::items(&program::run(certificates));
    assert!(certificates.iter().any(|one| one["status"] == "revoked"), "{certificates:#?}");
    // A second story does not write over the first.
    let before = lab::items(&program::run([
        "event",
        "list",
        "--limit",
        "1000",
        "--json",
        "--data",
        shown(&keep),
    ]));
    program::run(["demo", "--exit", "--keep", shown(&keep)]).refused();
    let after = lab::items(&program::run([
        "event",
        "list",
        "--limit",
        "1000",
        "--json",
        "--data",
        shown(&keep),
    ]));
    assert_eq!(after, before);
}
