//! Tables as they come, and as they should not.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::device::told::Told;

fn devices(text: &str) -> Table<Told> {
    read(text.as_bytes()).unwrap()
}

fn refusal(bytes: &[u8]) -> String {
    read::<Told>(bytes).unwrap_err().to_string()
}

/// The complaints about the row of a line.
#[track_caller]
fn check(text: &[u8], line: u64, expected: &str) {
    let table = read::<Told>(text).unwrap();
    let row = table.rows.iter().find(|row| row.line == line).unwrap();
    let shown: Vec<String> = row.complaints.iter().map(ToString::to_string).collect();
    assert!(shown.len() == 1 && shown[0].starts_with(expected), "{shown:?}");
}

#[test]
fn a_table_with_our_own_names_is_read_whole() {
    let table = devices(
        "name,serial,udid,model,os,os_version,mac_addresses,owner,tags,status\n\
         MacBook 1,C02X,U1,Air,macOS,14.2,a4:83:e7:00:11:22;a4:83:e7:00:11:33,Anna,art; lab,Lost\n\
         \n\
         \"iPad, 2\",,,,,,,,,\n",
    );
    assert_eq!(table.rows.len(), 2);
    let told = &table.rows[0].told;
    assert_eq!(told.name.as_deref(), Some("MacBook 1"));
    assert_eq!(told.tags.as_deref(), Some(&["art".to_owned(), "lab".to_owned()][..]));
    assert_eq!(told.mac_addresses.as_ref().unwrap().len(), 2);
    assert_eq!(told.status, Some(DeviceStatus::Lost));
    // What is empty says nothing.
    let expected = Told { name: Some("iPad, 2".into()), ..Told::default() };
    assert_eq!((table.rows[1].line, &table.rows[1].told), (4, &expected));
    assert!(table.rows.iter().all(|row| row.complaints.is_empty()));
}

#[test]
fn exports_of_mdms_are_read_by_their_own_names_and_separators() {
    for (text, serial, owner) in [
        (
            "\u{feff}deviceudid;serial_number;device_name;osversion;wifi_mac_address;useremail;tags\r\n\
             U1;C02X;iPad;17.1;A4-83-E7-00-11-22;anna@example.org;a,b\r\n",
            "C02X",
            "anna@example.org",
        ),
        (
            "Computer Name\tSerial Number\tEmail Address\tLast Check-in\nMac\tC02Y\tb@x.example\tnever\n",
            "C02Y",
            "b@x.example",
        ),
        (
            "Device name,Serial number,OS version,Wi-Fi MAC,Primary user UPN,Compliance\n\
             PC,C02Z,10,a483e7001122,c@x.example,yes\n",
            "C02Z",
            "c@x.example",
        ),
    ] {
        let table = devices(text);
        let row = &table.rows[0];
        assert!(row.complaints.is_empty(), "{:?}", row.complaints);
        assert_eq!(row.told.serial.as_deref(), Some(serial));
        assert_eq!(row.told.owner.as_deref(), Some(owner));
    }
    let table = devices("serial,Compliance,\"Last\nseen\"\nS1,yes,no\n");
    assert_eq!(table.ignored, ["Compliance", "Last\nseen"]);
}

#[test]
fn a_table_that_is_none_is_refused_with_what_to_do() {
    assert!(refusal(b"").contains("the table is empty"));
    assert!(refusal(b"\xff\xfen\0a\0m\0e\0").contains("save it as UTF-8"));
    assert!(refusal(b"n\0a\0m\0e\0").contains("save it as UTF-8"));
    let wrong = refusal(b"colour,size\nred,1\n");
    assert!(wrong.contains("names no column for name, serial, udid"), "{wrong}");
    assert!(wrong.contains("found: colour, size"), "{wrong}");
    assert!(refusal(b"Serial Number,serial_number\na,b\n").contains("two columns are called"));
    let wide = "x,".repeat(COLUMNS_MAX);
    assert!(refusal(format!("{wide}name\n").as_bytes()).contains("more than 256 columns"));
    let long = vec![b'x'; TABLE_BYTES_MAX + 1];
    assert!(refusal(&long).contains("is longer than"));
    // Nothing but the names of columns is a table without rows.
    assert!(devices("name,serial\n").rows.is_empty());
}

#[test]
fn a_space_of_unicode_says_nothing_of_which_record_a_row_is_about() {
    check("name,os\n\u{3000},macOS\n".as_bytes(), 2, ": has neither name nor serial nor udid");
    check("name,os\n \u{a0} ,macOS\n".as_bytes(), 2, ": has neither name nor serial nor udid");
}

#[test]
fn a_row_too_many_is_refused() {
    let mut text = "name\n".to_owned();
    for number in 0..ROWS_MAX {
        text.push_str(&format!("d{number}\n"));
    }
    assert_eq!(devices(&text).rows.len(), ROWS_MAX);
    text.push_str("one more\n");
    assert!(refusal(text.as_bytes()).contains("more than 250000 rows"));
}

#[test]
fn each_wrong_row_says_which_cell_and_why() {
    check(b"name,serial\na,b,c\n", 2, ": has 3 cells, and the first line 2");
    check(b"name,serial\nok,1\nGr\xf6\xdfe,2\n", 3, "name: is not UTF-8");
    check(b"name,status\na,enrolled\n", 2, "status: \"enrolled\" is no status; use one of active");
    check(b"name,mac\na,12:34\n", 2, "mac_addresses: \"12:34\" is no address");
    check(b"name,serial,os\n , ,macOS\n", 2, ": has neither name nor serial nor udid");
    let long = format!("name,os\na,{}\n", "x".repeat(CELL_CHARS_MAX + 1));
    let what = format!("os: is longer than {CELL_CHARS_MAX} characters");
    check(long.as_bytes(), 2, &what);
    // A quote that is not closed takes the rest of the table, and is told of where it began.
    let open = format!("name,os\na,\"mac\n{}", "b,c\n".repeat(CELL_CHARS_MAX));
    check(open.as_bytes(), 2, &what);
}

#[test]
fn lines_are_counted_as_editors_do() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["name,os", "a,\"x", "y\"", "", "", "b,1", "c,2", ""].join(end);
        let table = devices(&text);
        let lines: Vec<u64> = table.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [2, 6, 7], "{end:?}");
    }
}

#[test]
fn what_looks_like_a_formula_is_a_text() {
    let table = devices("name,model\n=cmd|' /C calc'!A0,+1+1\n@SUM(1),-1\n");
    assert!(table.rows.iter().all(|row| row.complaints.is_empty()));
    assert_eq!(table.rows[0].told.name.as_deref(), Some("=cmd|' /C calc'!A0"));
}

#[test]
fn rows_about_the_same_record_name_each_other() {
    let mut table = devices("serial\nS1\nS2\ns1\nS1\n");
    let key = |told: &Told| told.serial.as_ref().map(|serial| serial.to_lowercase());
    check_twice(&mut table.rows, "line", ("serial", key));
    let of = |row: usize| -> Vec<String> {
        table.rows[row].complaints.iter().map(|complaint| complaint.what.clone()).collect()
    };
    assert_eq!(of(0), ["is also that of line 4"]);
    assert!(of(1).is_empty());
    assert_eq!(of(2), ["is also that of line 2"]);
    assert_eq!(of(3), ["is also that of line 2"]);
}

#[test]
fn people_are_read_too() {
    let table: Table<person::Told> =
        read(b"name,email,upn,sid,groups,status\nAnna,anna@x.example,,S-1-5,art;staff,disabled\n")
            .unwrap();
    let told = &table.rows[0].told;
    assert_eq!(told.groups.as_deref(), Some(&["art".to_owned(), "staff".to_owned()][..]));
    assert_eq!((told.status, &told.upn), (Some(PersonStatus::Disabled), &None));
    let table: Table<person::Told> = read(b"name,email,status\nA,anna,gone\n").unwrap();
    let paths: Vec<&str> =
        table.rows[0].complaints.iter().map(|complaint| complaint.path.as_str()).collect();
    assert_eq!(paths, ["status", "email"]);
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read::<Told>(&bytes);
        let _ = read::<person::Told>(&bytes);
    }

    #[test]
    fn any_table_answers_each_of_its_rows(text in "name,serial,mac\n([a-z\",;\n\r\t =:]{0,12}\n){0,12}") {
        if let Ok(table) = read::<Told>(text.as_bytes()) {
            let lines = u64::try_from(text.len()).unwrap();
            prop_assert!(table.rows.iter().all(|row| (1..=lines).contains(&row.line)));
        }
    }
}
