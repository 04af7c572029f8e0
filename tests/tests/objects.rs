//! Definitions at the command line, noun by noun: listed, shown, added, changed, removed, and told
//! of; as a table for people and as one JSON document for programs, the noes too.

use std::os::unix::fs::MetadataExt;

use serde_json::Value;
use serde_json::json;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::lab::items;
use tests::outcome;
use tests::outcome::Outcome;
use tests::program;
use tests::stranger::shown;

/// The guide's network policy.
const POLICY: &str = "Mosyle devices to VLAN 20";

/// The guide's objects, one of each kind that is defined one by one.
const GUIDES: [(&str, &str); 9] = [
    ("certificate-authority", "Example School SCEP CA"),
    ("server-certificate", "RADIUS"),
    ("certificate-template", "Mosyle devices"),
    ("gateway", "Mosyle"),
    ("policy-workflow", "Mosyle devices"),
    ("enrollment-policy", "Mosyle enrollment"),
    ("network-policy", POLICY),
    ("network-profile", "Example-Secure"),
    ("access-point", "Loopback"),
];

/// Further objects: the noun, the fields that they need, and one that changes.
const FURTHER: [(&str, &[&str], &str); 9] = [
    (
        "certificate-authority",
        &["type=root", "key=ecdsa-p256", "validity_years=2"],
        "disabled=true",
    ),
    (
        "server-certificate",
        &["certificate_authority=Example School RADIUS CA", "names=[\"other.example.test\"]"],
        "validity_days=30",
    ),
    (
        "certificate-template",
        &["subject=CN=${/device/clientId}", "validity_days=30"],
        "validity_days=7",
    ),
    ("gateway", &["vendor=jamf"], "strict=true"),
    ("policy-workflow", &["rules=[{ field = \"always\" }]"], "grants=device-role"),
    (
        "enrollment-policy",
        &[
            "rules=[{ field = \"always\" }]",
            "settings.certificate_template=Mosyle devices",
            "settings.certificate_authority=Example School SCEP CA",
        ],
        "settings.key_reuse=true",
    ),
    (
        "network-policy",
        &["rules=[{ field = \"always\" }]", "settings.access=refuse"],
        "mode=monitor",
    ),
    (
        "network-profile",
        &[
            "ssid=Guests",
            "security_type=wpa3-enterprise",
            "gateway=Mosyle",
            "server_certificate=RADIUS",
            "trusted_authorities=[\"Example School RADIUS CA\"]",
            "radius_server_names=[\"radius.example.test\"]",
        ],
        "ssid=Visitors",
    ),
    (
        "access-point",
        &["address=192.0.2.7", "shared_secret=sixteen-bytes-and-more"],
        "address=192.0.2.8",
    ),
];

/// Runs a command on the laboratory's organization.
#[track_caller]
fn ask(lab: &Lab, arguments: &[&str]) -> Outcome {
    let mut command = program::command();
    lab.place(command.args(arguments));
    outcome::run(&mut command)
}

/// The same with `--json`: what is printed is one document, also of a no.
#[track_caller]
fn ask_json(lab: &Lab, arguments: &[&str], status: i32) -> Value {
    ask(lab, &[arguments, &["--json"]].concat()).ended_with(status).json()
}

/// Asserts a no with this code that is told to people and to programs.
#[track_caller]
fn refused(lab: &Lab, arguments: &[&str], code: &str) -> Value {
    let said = ask(lab, arguments).refused();
    assert!(said.stdout.is_empty(), "{}: {}", said.command, said.stdout);
    let told = ask_json(lab, arguments, 1);
    assert_eq!(json::text(&told, "/code"), code, "{}: {told:#}", said.command);
    for words in ["/detail", "/fix"] {
        assert!(json::text(&told, words).len() > 10, "{told:#}");
    }
    assert!(json::at(&told, "/complaints").is_array(), "{told:#}");
    told
}

#[track_caller]
fn export(lab: &Lab) -> String {
    lab.ask(["export"]).succeeded().stdout
}

#[track_caller]
fn names(lab: &Lab, noun: &str) -> Vec<String> {
    let listed = items(&ask(lab, &[noun, "list", "--json"]));
    listed.iter().map(|one| json::text(one, "/name").to_owned()).collect()
}

#[test]
fn every_noun_is_listed_shown_and_told_of() {
    let lab = Lab::of_guide();
    lab.enroll("mac-1");
    lab.ask(["person", "add", "Anna", "--email", "anna@example.org"]).succeeded();
    lab.ask(["device", "add", "Mac", "--serial", "C02XK1ZZJGH5"]).succeeded();
    lab.ask(["administrator", "add", "Ann", "--role", "owner"]).succeeded();
    let token = lab.ask(["token", "add", "laptop", "--administrator", "Ann", "--json"]);
    let token = json::text(&token.succeeded().json(), "/id").to_owned();
    let serial = lab.serial("mac-1");
    let more = [
        ("person", "Anna"),
        ("device", "Mac"),
        ("administrator", "Ann"),
        ("token", token.as_str()),
        ("certificate", serial.as_str()),
    ];
    for (noun, name) in GUIDES.into_iter().chain(more) {
        let table = ask(&lab, &[noun, "list"]).succeeded().says(name);
        assert!(table.stdout.lines().count() >= 2, "{}", table.stdout);
        assert!(!items(&ask(&lab, &[noun, "list", "--json"])).is_empty());
        let table = ask(&lab, &[noun, "show", name]).succeeded();
        assert!(table.stdout.lines().count() >= 3, "{}", table.stdout);
        assert!(ask_json(&lab, &[noun, "show", name], 0).is_object());
        // What happened to a token is found by what it is for.
        let told = if noun == "token" { "laptop" } else { name };
        let table = ask(&lab, &[noun, "history", told]).succeeded();
        assert!(!table.stdout.is_empty(), "no history: {noun}");
        let history = ask_json(&lab, &[noun, "history", told], 0);
        assert!(!json::list(&history, "/items").is_empty(), "{noun}: {history:#}");
        if noun != "certificate" {
            refused(&lab, &[noun, "show", "nobody-knows-it"], "API-NOT-FOUND");
        }
    }
    refused(&lab, &["certificate", "show", "0A"], "API-NOT-FOUND");
    for noun in GUIDES.map(|(noun, _)| noun) {
        ask(&lab, &[noun, "list", "--output", "wide"]).succeeded().says("NAME");
        ask(&lab, &[noun, "list", "--watch", "1", "--count", "1"]).succeeded().says("NAME");
        refused(&lab, &[noun, "list", "--cursor", "nowhere"], "API-PARAMETER");
        refused(&lab, &[noun, "history", "nobody-knows-it"], "API-NOT-FOUND");
    }
    lab.ask(["organization", "show"]).succeeded().says("Example School");
    let settings = ask_json(&lab, &["organization", "show"], 0);
    assert_eq!(settings["name"], "Example School");
    lab.ask(["organization", "edit", "--name", "Other School"]).succeeded();
    let history = ask_json(&lab, &["organization", "history"], 0);
    assert!(json::list(&history, "/items").len() >= 2, "{history:#}");
    refused(&lab, &["organization", "edit", "--base-url", "no address"], "API-DOCUMENT");
}

#[test]
fn every_noun_is_added_changed_and_removed() {
    let lab = Lab::of_guide();
    for (noun, fields, change) in FURTHER {
        let sets: Vec<&str> = fields.iter().flat_map(|field| ["--set", field]).collect();
        let add = [&[noun, "add", "Further"], sets.as_slice()].concat();
        let before = export(&lab);
        let tried = ask(&lab, &[add.as_slice(), &["--dry-run"]].concat()).succeeded();
        tried.says("+ ").says("Nothing was changed: this was a dry run.");
        ask_json(&lab, &[add.as_slice(), &["--dry-run"]].concat(), 0);
        assert_eq!(export(&lab), before, "{noun}");
        let made = ask_json(&lab, &add, 0);
        assert_eq!(json::text(&made, "/object/name"), "Further", "{made:#}");
        assert_eq!(json::list(&made, "/plan/create").len(), 1, "{made:#}");
        refused(&lab, &add, "API-CONFLICT");
        let (field, value) = change.split_once('=').unwrap_or_default();
        let edit = [noun, "edit", "Further", "--set", change];
        let before = export(&lab);
        let tried = ask(&lab, &[edit.as_slice(), &["--dry-run"]].concat()).succeeded();
        tried.says("~ ").says(field).says(value).says("dry run");
        assert_eq!(export(&lab), before, "{noun}");
        ask(&lab, &edit).succeeded().says("1 changed");
        let again = ask_json(&lab, &edit, 0);
        assert_eq!(json::list(&again, "/plan/change").len(), 0, "{again:#}");
        let history = ask_json(&lab, &[noun, "history", "Further"], 0);
        assert_eq!(json::list(&history, "/items").len(), 2, "{history:#}");
        ask(&lab, &[noun, "history", "Further"]).succeeded().says(field).says(value);
        check_removal(&lab, noun);
    }
}

/// What holds a key stays, and says why; everything else goes, if nothing names it.
#[track_caller]
fn check_removal(lab: &Lab, noun: &str) {
    let remove = [noun, "remove", "Further"];
    let before = export(lab);
    if matches!(noun, "certificate-authority" | "server-certificate") {
        let told = refused(lab, &remove, "API-DOCUMENT");
        let complaint = json::at(&told, "/complaints/0");
        assert!(json::text(complaint, "/what").contains("key"), "{told:#}");
        assert!(json::text(complaint, "/fix").len() > 10, "{told:#}");
        assert_eq!(export(lab), before, "{noun}");
        return;
    }
    let tried = ask(lab, &[remove.as_slice(), &["--dry-run"]].concat()).succeeded();
    tried.says("could be removed");
    let tried = ask_json(lab, &[remove.as_slice(), &["--dry-run"]].concat(), 0);
    assert_eq!(tried, json!({ "removed": null }));
    assert_eq!(export(lab), before, "{noun}");
    assert_eq!(ask_json(lab, &remove, 0), json!({ "removed": "Further" }));
    refused(lab, &[noun, "show", "Further"], "API-NOT-FOUND");
    refused(lab, &remove, "API-NOT-FOUND");
}

#[test]
fn what_others_name_is_not_removed() {
    let lab = Lab::of_guide();
    let before = export(&lab);
    let told = refused(&lab, &["gateway", "remove", "Mosyle"], "API-DOCUMENT");
    let what = json::text(&told, "/complaints/0/what");
    assert!(what.contains("Mosyle") || what.contains("named"), "{told:#}");
    refused(&lab, &["certificate-template", "remove", "Mosyle devices"], "API-DOCUMENT");
    assert_eq!(export(&lab), before);
}

#[test]
fn a_field_that_is_wrong_is_named_with_its_fix() {
    let lab = Lab::of_guide();
    let before = export(&lab);
    for (arguments, field) in [
        (["gateway", "edit", "Mosyle", "--set", "vendor=mosyl"], "vendor"),
        (
            ["gateway", "edit", "Mosyle", "--set", "certificate_authority=None"],
            "certificate_authority",
        ),
        (["gateway", "edit", "Mosyle", "--set", "colour=red"], "colour"),
        (["gateway", "add", "Jamf", "--set", "vendor=jam"], "vendor"),
        (["network-policy", "edit", POLICY, "--set", "settings.access=maybe"], "settings.access"),
        (
            ["network-policy", "edit", POLICY, "--set", "rules=[{ field = \"never\" }]"],
            "rules[0].field",
        ),
        (["access-point", "edit", "Loopback", "--set", "address=nowhere"], "address"),
        (["access-point", "add", "Roof", "--set", "address=192.0.2.7"], "shared_secret"),
        (
            [
                "enrollment-policy",
                "edit",
                "Mosyle enrollment",
                "--unset",
                "settings.certificate_template",
            ],
            "settings.certificate_template",
        ),
        (
            ["certificate-template", "edit", "Mosyle devices", "--set", "validity_days=0"],
            "validity_days",
        ),
        (["server-certificate", "edit", "RADIUS", "--set", "names=[]"], "names"),
        (
            ["certificate-authority", "edit", "Example School SCEP CA", "--set", "key=rsa-4096"],
            "key",
        ),
    ] {
        let told = refused(&lab, &arguments, "API-DOCUMENT");
        let complaint = json::at(&told, "/complaints/0");
        assert_eq!(json::text(complaint, "/field"), field, "{told:#}");
        assert!(json::text(complaint, "/fix").len() > 5, "{told:#}");
        let said = ask(&lab, &arguments).refused().complains("  fix: ");
        said.complains(&format!("{field}: ")).complains("Nothing was changed.");
    }
    // What is no field at all is wrong before anybody is asked.
    for set in ["vendor", "=x", "a..b=x"] {
        ask(&lab, &["gateway", "edit", "Mosyle", "--set", set])
            .refused()
            .complains("safeconduct: ");
    }
    ask(&lab, &["gateway", "edit", "Mosyle"]).refused().complains("--set");
    let file = lab.directory.write("fields.toml", "vendor = \"other\"\nvendor = \"jamf\"\n");
    let twice = ["gateway", "edit", "Mosyle", "--file", shown(&file)];
    ask(&lab, &twice).refused().complains("fields.toml:2: ");
    let told = ask_json(&lab, &twice, 1);
    assert_eq!(json::at(&told, "/complaints/0/line").as_u64(), Some(2), "{told:#}");
    assert_eq!(export(&lab), before);
}

#[test]
fn an_outdated_version_is_refused_and_both_are_told() {
    let lab = Lab::of_guide();
    let etag = |lab: &Lab| {
        json::text(&ask_json(lab, &["network-policy", "show", POLICY], 0), "/etag").to_owned()
    };
    let old = etag(&lab);
    let edit = |text: &'static str, etag: &str| {
        let set = format!("description={text}");
        ask(&lab, &["network-policy", "edit", POLICY, "--set", &set, "--if-match", etag])
    };
    edit("First", &old).succeeded().says("→ \"First\"");
    let late = edit("Second", &old).refused().complains("API-CONFLICT");
    let late = late.complains(&format!("there is now (etag {})", etag(&lab)));
    late.complains("you meant: ").complains("description: \"First\" → \"Second\"");
    let set = ["--set", "description=Second", "--if-match", &old];
    let told = ask_json(&lab, &[["network-policy", "edit", POLICY].as_slice(), &set].concat(), 1);
    assert_eq!(json::text(&told, "/current/definition/description"), "First", "{told:#}");
    assert_eq!(json::text(&told, "/proposed/description"), "Second", "{told:#}");
    assert_eq!(json::text(&told, "/current/etag"), etag(&lab), "{told:#}");
    let late = ask(&lab, &["network-policy", "remove", POLICY, "--if-match", &old]).refused();
    late.complains("API-CONFLICT").complains("there is now").complains("you meant: to remove it");
    edit("Second", &etag(&lab)).succeeded();
    // Authorities have versions like everything else.
    let authority = ["certificate-authority", "show", "Example School SCEP CA"];
    let etag = json::text(&ask_json(&lab, &authority, 0), "/etag").to_owned();
    assert!(!etag.is_empty(), "an authority tells no etag");
    let edit = ["certificate-authority", "edit", "Example School SCEP CA", "--if-match"];
    let set = ["--set", "description=Ours"];
    ask(&lab, &[edit.as_slice(), &[&etag], &set].concat()).succeeded();
    ask(&lab, &[edit.as_slice(), &[&etag], &["--set", "description=Late"]].concat()).refused();
}

#[test]
fn policies_keep_their_order_and_move_where_they_are_told_to() {
    let lab = Lab::of_guide();
    let add = |name: &str, more: &[&str]| {
        let set = ["--set", "rules=[{ field = \"always\" }]", "--set", "settings.access=refuse"];
        ask(&lab, &[["network-policy", "add", name].as_slice(), &set, more].concat()).succeeded()
    };
    add("Last", &[]);
    add("First", &["--position", "1"]);
    add("Second", &["--position", "2"]);
    assert_eq!(names(&lab, "network-policy"), ["First", "Second", POLICY, "Last"]);
    ask(&lab, &["network-policy", "edit", "Last", "--set", "description=x"]).succeeded();
    assert_eq!(names(&lab, "network-policy"), ["First", "Second", POLICY, "Last"]);
    let moved = ask(&lab, &["network-policy", "edit", "Last", "--position", "1"]).succeeded();
    moved.says("position: 4 → 1 (moved up)");
    assert_eq!(names(&lab, "network-policy"), ["Last", "First", "Second", POLICY]);
    ask(&lab, &["network-policy", "edit", "Last", "--set", "name=Front"]).succeeded();
    ask(&lab, &["network-policy", "edit", "First", "--position", "1000"]).succeeded();
    assert_eq!(names(&lab, "network-policy"), ["Front", "Second", POLICY, "First"]);
    ask(&lab, &["network-policy", "remove", "Second"]).succeeded();
    assert_eq!(names(&lab, "network-policy"), ["Front", POLICY, "First"]);
}

#[test]
fn a_rename_takes_everything_along_and_a_rollback_brings_back() {
    let lab = Lab::of_guide();
    let first = export(&lab);
    let renamed = ask(&lab, &["gateway", "edit", "Mosyle", "--set", "name=Teachers"]).succeeded();
    renamed.says("~ gateway \"Teachers\" (was \"Mosyle\")");
    let shown = ask_json(&lab, &["gateway", "show", "Teachers"], 0);
    assert_eq!(shown["slug"], "mosyle", "{shown:#}");
    assert_eq!(shown["definition"]["renamed_from"], "Mosyle", "{shown:#}");
    let profile = ask_json(&lab, &["network-profile", "show", "Example-Secure"], 0);
    assert_eq!(profile["definition"]["gateway"], "Teachers", "{profile:#}");
    // Its challenge, its URL and the rules that name it go on.
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    let history = ask_json(&lab, &["gateway", "history", "Teachers"], 0);
    let versions = json::list(&history, "/items");
    assert_eq!(versions.len(), 2, "{history:#}");
    let oldest = versions.last().map(|one| json::at(one, "/version").to_string());
    let oldest = oldest.unwrap_or_default();
    ask(&lab, &["gateway", "edit", "Teachers", "--set", "description=Wrong"]).succeeded();
    let back = ["gateway", "rollback", "Teachers", "--to", &oldest];
    let before = export(&lab);
    ask(&lab, &[back.as_slice(), &["--dry-run"]].concat()).succeeded().says("dry run");
    assert_eq!(export(&lab), before);
    // What it said comes back; the name that it has since stays.
    ask(&lab, &back).succeeded().says("description: \"Wrong\" → \"SCEP for the Mosyle tenant\"");
    ask_json(&lab, &back, 0);
    assert_eq!(names(&lab, "gateway"), ["Teachers"]);
    // Called again what it was called once, it is what it was.
    ask(&lab, &["gateway", "edit", "Teachers", "--set", "name=Mosyle"]).succeeded();
    let shown = ask_json(&lab, &["gateway", "show", "Mosyle"], 0);
    assert_eq!(shown["definition"]["renamed_from"], "Teachers", "{shown:#}");
    let identity = lab.enroll("mac-2");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    refused(&lab, &["gateway", "rollback", "Mosyle", "--to", "0"], "API-NOT-FOUND");

    // A policy that was wrong is what it was, word for word.
    let edit = ["network-policy", "edit", POLICY, "--set", "settings.access=refuse"];
    let edit = [edit.as_slice(), &["--unset", "settings.attributes"]].concat();
    ask(&lab, &edit).succeeded();
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).refused();
    let back = ["network-policy", "rollback", POLICY, "--to", "1"];
    ask(&lab, &back).succeeded().says("settings.access: \"refuse\" → \"accept\"");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    let policy = |text: &str| {
        let at = text.find("[[network_policy]]").and_then(|at| text.get(at..));
        at.unwrap_or_default().to_owned()
    };
    assert_eq!(policy(&export(&lab)), policy(&first));
}

#[test]
fn the_secret_of_a_new_gateway_is_safe_in_a_file_before_it_is_there() {
    let lab = Lab::of_guide();
    let csv = lab.directory.write("jamf.csv", "older secrets\n");
    let add = ["gateway", "add", "Jamf", "--set", "vendor=jamf", "--secrets", shown(&csv)];
    ask(&lab, &add).refused().complains("jamf.csv");
    assert_eq!(directory::text(&csv), "older secrets\n");
    assert_eq!(names(&lab, "gateway"), ["Mosyle"]);
    std::fs::remove_file(&csv).expect("a file of our own goes");
    let wrong = ["gateway", "add", "Jamf", "--set", "vendor=jam", "--secrets", shown(&csv)];
    ask(&lab, &wrong).refused();
    assert!(!csv.exists(), "a gateway that was refused has no secret");
    ask(&lab, &[add.as_slice(), &["--dry-run"]].concat()).succeeded();
    assert!(!csv.exists(), "a dry run draws no secret");
    let made = ask(&lab, &add).succeeded().says("jamf.csv");
    let text = directory::text(&csv);
    let secret = text.trim_end().rsplit(',').next().unwrap_or_default();
    assert!(text.starts_with("name,url,secret\nJamf,http://127.0.0.1:8080/scep/jamf,"), "{text}");
    assert!(!made.stdout.contains(secret), "{}", made.stdout);
    let mode = std::fs::metadata(&csv).expect("the file is there").mode() & 0o777;
    assert_eq!(mode, 0o600);
    ask(&lab, &add).refused().complains("there is a gateway \"Jamf\" already");
    assert_eq!(directory::text(&csv), text);
    // Without a file it is shown once, to people and to programs.
    let made = ask(&lab, &["gateway", "add", "Kandji", "--set", "vendor=kandji"]).succeeded();
    made.says("name,url,secret\nKandji,");
    let made = ask_json(&lab, &["gateway", "add", "Addigy", "--set", "vendor=addigy"], 0);
    assert!(json::text(&made, "/secrets/0/secret").len() >= 24, "{made:#}");
    ask(&lab, &["access-point", "add", "X", "--secrets", shown(&csv)])
        .refused()
        .complains("gateways");
}

/// Asks for a certificate at the guide's gateway with a challenge.
#[track_caller]
fn enroll(lab: &Lab, name: &str, challenge: &str) -> Outcome {
    let subject = format!("CN={name}");
    let san = format!("dns:{name}.example.test");
    let order = ["--secret", challenge, "--subject", &subject, "--san", &san];
    lab.ask_for_certificate(name, order)
}

#[test]
fn a_gateway_has_several_challenges_and_each_ends_alone() {
    let lab = Lab::of_guide();
    let first = lab.secret(guide::GATEWAY);
    let add = ["gateway", "add-secret", "Mosyle", "--label", "iPads"];
    let made = ask_json(&lab, &add, 0);
    let second = json::text(&made, "/shown/secret").to_owned();
    let second = if second.is_empty() { json::text(&made, "/secret").to_owned() } else { second };
    assert!(second.len() >= 24, "{made:#}");
    let shown = ask(&lab, &["gateway", "add-secret", "Mosyle", "--label", "Macs"]).succeeded();
    let line = shown.stdout.lines().find(|line| line.starts_with("Mosyle,")).unwrap_or_default();
    let third = line.rsplit(',').next().unwrap_or_default().to_owned();
    for (name, challenge) in [("mac-1", &first), ("mac-2", &second), ("mac-3", &third)] {
        enroll(&lab, name, challenge).succeeded();
    }
    let listed = ask(&lab, &["gateway", "secrets", "Mosyle"]).succeeded().says("iPads");
    let all = items(&ask(&lab, &["gateway", "secrets", "Mosyle", "--json"]));
    assert_eq!(all.len(), 3, "{all:#?}");
    assert!(all.iter().all(|one| !json::text(one, "/last_used_at").is_empty()), "{all:#?}");
    for secret in [&first, &second, &third] {
        assert!(!listed.stdout.contains(secret.as_str()), "{}", listed.stdout);
        tests::api::assert_nowhere(&lab, secret);
    }
    let ipads = all.iter().find(|one| json::text(one, "/label") == "iPads");
    let id = ipads.map(|one| json::text(one, "/id")).unwrap_or_default();
    ask(&lab, &["gateway", "remove-secret", "Mosyle", id]).succeeded().says("removed");
    enroll(&lab, "mac-4", &second).refused();
    enroll(&lab, "mac-5", &first).succeeded();
    enroll(&lab, "mac-6", &third).succeeded();
    refused(&lab, &["gateway", "remove-secret", "Mosyle", id], "API-NOT-FOUND");
    refused(&lab, &["gateway", "secrets", "Nobody"], "API-NOT-FOUND");
    refused(&lab, &["gateway", "add-secret", "Nobody", "--label", "x"], "API-NOT-FOUND");
    refused(&lab, &["gateway", "add-secret", "Mosyle", "--label", ""], "API-DOCUMENT");
}

#[test]
fn a_rotated_secret_replaces_the_old_one() {
    let lab = Lab::of_guide();
    let identity = lab.enroll("mac-1");
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).succeeded();
    let made = ask_json(&lab, &["access-point", "rotate-secret", "Loopback"], 0);
    let secret = json::text(&made, "/shared_secret").to_owned();
    lab.authenticate(&identity, ["--secret", &secret]).succeeded();
    lab.authenticate(&identity, ["--secret", guide::SHARED_SECRET]).refused();
    tests::api::assert_nowhere(&lab, &secret);
    let shown = ask(&lab, &["access-point", "rotate-secret", "Loopback"]).succeeded();
    let line = shown.stdout.lines().last().unwrap_or_default();
    lab.authenticate(&identity, ["--secret", line]).succeeded();
    refused(&lab, &["access-point", "rotate-secret", "Nobody"], "API-NOT-FOUND");
    // Told as a change, and never what it is.
    let told = ask(&lab, &["access-point", "history", "Loopback"]).succeeded();
    assert!(told.stdout.contains("shared_secret: changed"), "{}", told.stdout);
    assert!(!told.stdout.contains(line), "{}", told.stdout);
}
