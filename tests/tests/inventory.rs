//! The inventory with the real program: a table is imported, a device of it enrolls, another that
//! nobody knows does too, and each is told apart.

use serde_json::Value;
use serde_json::json;
use tests::directory;
use tests::guide;
use tests::json;
use tests::lab::Lab;
use tests::lab::items;
use tests::stranger::shown;

/// As Mosyle exports it.
const TABLE: &str = "\u{feff}device_name;serial_number;deviceudid;osversion;wifi_mac_address;useremail;tags\r\n\
    MacBook 1;C02XK1ZZJGH5;00008030-001A2D3E4F500026;14.2;a4:83:e7:00:11:22;anna@example.org;art,staff\r\n\
    iPad;DMPXK2ZZJF88;;17.1;;ben@example.org;\r\n\
    iPad;DMPXK3ZZJF88;;17.1;;ben@example.org;\r\n";

/// Asks for a certificate at the guide's gateway.
fn enroll(lab: &Lab, name: &str, subject: &str, san: &str) {
    let secret = lab.secret(guide::GATEWAY);
    let order = ["--secret", &secret, "--subject", subject, "--san", san];
    lab.ask_for_certificate(name, order).succeeded();
}

fn show(lab: &Lab, device: &str) -> Value {
    lab.ask(["device", "show", device, "--json"]).succeeded().json()
}

#[test]
fn a_device_of_an_imported_table_enrolls_and_is_known() {
    let mut lab = Lab::of_guide();
    let table = lab.directory.write("devices.csv", TABLE);
    let import = ["device", "import", shown(&table)];
    let dry =
        lab.ask(["device", "import", shown(&table), "--dry-run", "--json"]).succeeded().json();
    assert_eq!((&dry["created"], &dry["refused"]), (&json!(3), &json!(0)), "{dry:#}");
    assert!(items(&lab.ask(["device", "list", "--json"])).is_empty());
    let imported = lab.ask(import).succeeded();
    assert!(imported.stdout.contains("+ iPad (DMPXK2ZZJF88)"), "{}", imported.stdout);
    assert!(imported.stdout.contains("3 created, 0 changed, 0 unchanged, 0 refused"));
    let again = lab.ask(import).succeeded();
    assert!(again.stdout.contains("0 created, 0 changed, 3 unchanged"), "{}", again.stdout);
    let listed = lab.ask(["device", "list", "--search", "IPAD"]).succeeded();
    assert!(listed.stdout.contains("DMPXK3ZZJF88") && !listed.stdout.contains("C02X"));

    enroll(&lab, "known", "CN=C02XK1ZZJGH5", "email:someone@example.org");
    let device = show(&lab, "MacBook 1");
    assert_eq!(device["known"], json!(true), "{device:#}");
    let certificate = &device["certificates"][0];
    // Whose it is comes from the table, whatever the request says.
    assert_eq!(certificate["names"], json!(["email:anna@example.org"]));
    assert_eq!(
        (&certificate["assurance"], &certificate["subject"]),
        (&json!(1), &json!("CN=C02XK1ZZJGH5"))
    );
    let event = lab.event("the enrollment", |event| event["kind"] == "certificate.enrollment");
    assert_eq!((&event["device"], &event["device_known"]), (&json!("MacBook 1"), &json!(true)));

    enroll(&lab, "unknown", "CN=stranger", "dns:stranger.example.test");
    let stranger = show(&lab, "stranger");
    assert_eq!(
        (&stranger["known"], &stranger["certificates"][0]["assurance"]),
        (&json!(false), &json!(0))
    );
    assert!(stranger.get("status").is_none(), "{stranger:#}");

    // It is all there after a restart, and without a server.
    lab.stop();
    assert_eq!(items(&lab.ask(["device", "list", "--json"])).len(), 4);
    lab.serve();
    enroll(&lab, "second", "CN=x", "uri:deviceid:00008030-001A2D3E4F500026");
    assert_eq!(json::list(&show(&lab, "C02XK1ZZJGH5"), "/certificates").len(), 2);
}

#[test]
fn a_wrong_table_changes_nothing_and_says_where_it_is_wrong() {
    let lab = Lab::of_guide();
    let text = "name,serial,status\nA,S1,\nB,S2,gone\nC,S1,\n";
    let table = lab.directory.write("devices.csv", text);
    let file = shown(&table);
    let refused = lab.ask(["device", "import", file]).refused();
    let expected = format!("{file}:3: status: \"gone\" is no status");
    assert!(refused.stderr.contains(&expected), "{}", refused.stderr);
    assert!(refused.stderr.contains(&format!("{file}:4: serial: is also that of line 2")));
    assert!(items(&lab.ask(["device", "list", "--json"])).is_empty());
    let skipped = lab.ask(["device", "import", file, "--skip-bad-rows", "--json"]).refused().json();
    assert_eq!((&skipped["created"], &skipped["refused"]), (&json!(0), &json!(3)));
    let wide: Vec<u8> = "\u{feff}name\nA\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table = lab.directory.write("wide.csv", wide);
    let refused = lab.ask(["device", "import", shown(&table)]).refused();
    assert!(refused.stderr.contains("save it as UTF-8"), "{}", refused.stderr);
    assert!(
        lab.ask(["device", "import", "no-such.csv"]).refused().stderr.contains("cannot be read")
    );
}

#[test]
fn a_table_that_takes_from_many_waits_for_a_yes() {
    let lab = Lab::of_guide();
    let table = |status: &str| {
        let rows: String = (0..30).map(|number| format!("d{number},{status}\n")).collect();
        lab.directory.write(&format!("{status}.csv"), format!("name,status\n{rows}"))
    };
    lab.ask(["device", "import", shown(&table("active"))]).succeeded();
    let retired = table("retired");
    let refused = lab.ask(["device", "import", shown(&retired)]).refused();
    assert!(refused.stderr.contains("API-MASS-CHANGE"), "{}", refused.stderr);
    lab.ask(["device", "import", shown(&retired), "--confirm", "29"]).refused();
    let done = lab.ask(["device", "import", shown(&retired), "--yes"]).succeeded();
    assert!(done.stdout.contains("30 of them lose their use"), "{}", done.stdout);
    lab.refusal("API-MASS-CHANGE");
}

#[test]
fn devices_and_people_are_kept_by_hand() {
    let lab = Lab::of_guide();
    let email = "anna@example.org";
    lab.ask(["person", "add", "Anna", "--email", email, "--group", "staff"]).succeeded();
    let add =
        ["device", "add", "Mac", "--serial", "S1", "--owner", "Anna", "--tag", "art", "--mac"];
    let [a, b, c, d, e, f, g, h, i, j] = add;
    lab.ask([a, b, c, d, e, f, g, h, i, j, "A483E7001122"]).succeeded();
    lab.ask(["device", "add", "Mac"]).refused();
    let wrong = lab.ask(["device", "edit", "Mac", "--mac", "nonsense"]).refused();
    assert!(wrong.stderr.contains("mac_addresses: \"nonsense\" is no address"), "{}", wrong.stderr);
    lab.ask(["device", "edit", "a4:83:e7:00:11:22", "--status", "lost", "--tag", ""]).succeeded();
    let device = show(&lab, "Mac");
    assert_eq!((&device["status"]["value"], device.get("tags")), (&json!("lost"), None));
    let lines = lab.ask(["device", "show", "s1"]).succeeded().stdout;
    assert!(lines.contains("owner: Anna  (administrator, "), "{lines}");
    let person = lab.ask(["person", "show", email, "--json"]).succeeded().json();
    assert_eq!(person["devices"], json!(["Mac"]));
    lab.ask(["person", "edit", "Anna", "--status", "disabled"]).succeeded();
    let listed = lab.ask(["person", "list"]).succeeded().stdout;
    assert!(listed.contains("disabled"), "{listed}");
    lab.ask(["device", "remove", "Mac"]).succeeded();
    lab.ask(["device", "show", "Mac"]).refused();
    lab.ask(["person", "remove", "Anna"]).succeeded();
    let table = lab.directory.write("people.csv", "name,email\nBen,ben@example.org\n");
    lab.ask(["person", "import", shown(&table)]).succeeded();
    assert_eq!(items(&lab.ask(["person", "list", "--json"])).len(), 1);
}

#[test]
fn a_declarative_file_tells_of_devices_and_people() {
    let lab = Lab::of_guide();
    let more = "[[person]]\nname = \"Anna\"\nemail = \"anna@example.org\"\n\n\
                [[device]]\nname = \"Mac\"\nserial = \"C02XK1ZZJGH5\"\nowner = \"Anna\"\n\
                tags = [\"art\"]\n";
    let text = guide::and(more);
    let planned = lab.apply(&text, ["--dry-run", "--json"]).succeeded().json();
    let created: Vec<&str> =
        json::list(&planned, "/create").iter().map(|one| json::text(one, "/kind")).collect();
    assert_eq!(created, ["person", "device"]);
    assert!(items(&lab.ask(["device", "list", "--json"])).is_empty());
    lab.apply(&text, []).succeeded();
    let same = lab.apply(&text, ["--json"]).succeeded().json();
    assert_eq!(same["unchanged"], json!(guide::OBJECTS + 2), "{same:#}");
    let device = show(&lab, "Mac");
    assert_eq!(device["serial"]["source"], json!("file"));
    enroll(&lab, "mac", "CN=C02XK1ZZJGH5", "dns:x.example.test");
    assert_eq!(show(&lab, "Mac")["certificates"][0]["names"], json!(["email:anna@example.org"]));
    // What a file does not name stays, pruned or not.
    let changed = lab.apply(&text.replace("\"art\"", "\"lab\""), ["--json"]).succeeded().json();
    assert_eq!(changed["change"][0]["fields"][0]["field"], json!("tags"), "{changed:#}");
    lab.apply(guide::GUIDE, ["--prune"]).succeeded();
    assert_eq!(items(&lab.ask(["device", "list", "--json"])).len(), 1);
    let wrong =
        guide::and("[[device]]\nname = \"A\"\n\n[[device]]\nname = \"A\"\nstatus = \"x\"\n");
    let refused = lab.apply(&wrong, []).refused().stderr;
    assert!(refused.contains("device[1].status"), "{refused}");
    let twice = guide::and("[[device]]\nname = \"A\"\n\n[[device]]\nname = \"A\"\n");
    let refused = lab.apply(&twice, []).refused().stderr;
    let line = directory::text(&lab.directory.file("organization.toml")).lines().count() - 1;
    assert!(refused.contains(&format!("organization.toml:{line}: device[1].name")), "{refused}");
}
