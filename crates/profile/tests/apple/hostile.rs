//! Bytes from people who mean harm: refused by name, in bounded time and memory.

use profile::inspect;
use profile::inspect::InspectError;
use profile::property_list;
use profile::property_list::DEPTH_MAX;
use profile::property_list::LIST_BYTES_MAX;
use profile::property_list::Unreadable;
use profile::property_list::VALUES_MAX;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::inspecting::binary;
use crate::inspecting::ours;

fn xml(inside: &str) -> Vec<u8> {
    format!("<?xml version=\"1.0\"?><plist version=\"1.0\">{inside}</plist>").into_bytes()
}

fn unreadable(bytes: &[u8]) -> Unreadable {
    property_list::read(bytes).unwrap_err()
}

#[test]
fn entities_are_refused_before_anything_is_read() {
    let laughs =
        b"<?xml version=\"1.0\"?><!DOCTYPE plist [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>\
        <plist><string>&b;</string></plist>";
    assert_eq!(unreadable(laughs), Unreadable::Entities);
    let outside = b"<!DOCTYPE plist [<!ENTITY % x SYSTEM \"file:///etc/passwd\"> %x;]><plist/>";
    assert_eq!(unreadable(outside), Unreadable::Entities);
    assert_eq!(
        inspect::read(laughs).unwrap_err().to_string(),
        "the profile cannot be read: it defines XML entities, which no profile does"
    );
    let wide: Vec<u8> =
        String::from_utf8_lossy(laughs).encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(property_list::read(&wide).is_err(), "in another encoding nothing is read at all");
}

#[test]
fn nesting_ends_at_its_bound() {
    let nested =
        |depth: usize| xml(&format!("{}{}", "<array>".repeat(depth), "</array>".repeat(depth)));
    assert!(property_list::read(&nested(DEPTH_MAX)).is_ok());
    assert_eq!(unreadable(&nested(DEPTH_MAX + 1)), Unreadable::TooDeep);
    assert_eq!(unreadable(&xml(&"<array>".repeat(140_000))), Unreadable::TooDeep);
    assert_eq!(unreadable(&xml(&"<dict><key>a</key>".repeat(50_000))), Unreadable::TooDeep);
}

#[test]
fn many_values_end_at_their_bound() {
    let many = xml(&format!("<array>{}</array>", "<true/>".repeat(VALUES_MAX + 1)));
    assert_eq!(unreadable(&many), Unreadable::TooMuch);
    let keys: String = (0..600).map(|number| format!("<key>{number}</key><true/>")).collect();
    assert_eq!(unreadable(&xml(&format!("<dict>{keys}</dict>"))), Unreadable::TooMuch);
    assert_eq!(unreadable(&vec![b'<'; LIST_BYTES_MAX + 1]), Unreadable::TooLong);
}

#[test]
fn what_is_ambiguous_is_refused() {
    let twice = xml("<dict><key>a</key><true/><key>a</key><false/></dict>");
    assert_eq!(unreadable(&twice), Unreadable::KeyTwice("a".into()));
    let lonely = xml("<dict><key>a</key></dict>");
    assert_eq!(unreadable(&lonely), Unreadable::Key("a".into()));
    let keyless = xml("<dict><true/><true/></dict>");
    assert_eq!(unreadable(&keyless), Unreadable::Key(String::new()));
    assert_eq!(unreadable(&xml("<true/><true/>")), Unreadable::Root);
    assert_eq!(unreadable(&xml("")), Unreadable::Root);
    let section = xml("<string><![CDATA[x]]></string>");
    assert!(matches!(unreadable(&section), Unreadable::Foreign(_)));
    for broken in ["<array>", "<dict><key>a", "<what/>", "<integer>x</integer>", "<data>*</data>"] {
        assert!(property_list::read(&xml(broken)).is_err(), "{broken}");
    }
}

/// A binary list: objects one after another, then their table, then the trailer.
fn binary_list(objects: &[Vec<u8>], reference_bytes: u8) -> Vec<u8> {
    let mut list = b"bplist00".to_vec();
    let mut table = Vec::new();
    for object in objects {
        table.extend(u32::try_from(list.len()).unwrap().to_be_bytes());
        list.extend(object);
    }
    let table_at = list.len() as u64;
    list.extend(table);
    list.extend([0, 0, 0, 0, 0, 0, 4, reference_bytes]);
    for number in [objects.len() as u64, 0, table_at] {
        list.extend(number.to_be_bytes());
    }
    list
}

#[test]
fn a_binary_list_cannot_laugh_a_billion_times() {
    // Each array holds the next one ten times.
    let mut objects: Vec<Vec<u8>> =
        (1..=12_u8).map(|next| [vec![0xaa], vec![next; 10]].concat()).collect();
    objects.push(vec![0x51, b'x']);
    assert_eq!(unreadable(&binary_list(&objects, 1)), Unreadable::TooMuch);
    // One long string, many times.
    let text = [vec![0x5f, 0x12, 0, 3, 0xff, 0xff], vec![b'x'; 0x3_ffff]].concat();
    let list = binary_list(&[[vec![0xaf, 0x10, 200], vec![1; 200]].concat(), text], 1);
    assert_eq!(unreadable(&list), Unreadable::TooMuch);
    // An array in itself.
    assert!(matches!(unreadable(&binary_list(&[vec![0xa1, 0]], 1)), Unreadable::Broken(_)));
}

#[test]
fn what_a_binary_list_claims_is_not_believed() {
    for claim in [
        vec![0xaf, 0x13, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xdf, 0x12, 0xff, 0xff, 0xff, 0xff],
        vec![0x4f, 0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x6f, 0x12, 0x7f, 0xff, 0xff, 0xff],
        vec![0x14, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x80, 1],
        vec![0xff],
        vec![],
    ] {
        assert!(
            property_list::read(&binary_list(std::slice::from_ref(&claim), 1)).is_err(),
            "{claim:?}"
        );
    }
    let long = [vec![0xaf, 0x12, 0, 1, 0, 0], vec![1; 65_536]].concat();
    assert_eq!(unreadable(&binary_list(&[long, vec![0x09]], 1)), Unreadable::TooMuch);
    for short in [&b"bplist00"[..], b"bplist0", b"bplist99xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"] {
        assert!(property_list::read(short).is_err());
    }
}

#[test]
fn every_cut_of_a_profile_is_refused_or_read() {
    for whole in [ours(), binary(&ours())] {
        for length in (0..whole.len()).step_by(5) {
            let _ = inspect::read(&whole[..length]);
        }
    }
}

#[test]
fn signed_bytes_are_bounded() {
    let deep = [vec![[0x30_u8, 0x80]; 400_000].concat()].concat();
    assert!(matches!(inspect::read(&deep).unwrap_err(), InspectError::Envelope(_)));
    let long = [vec![0x30, 0x83, 0x0f, 0xff, 0x00], vec![0; 900_000]].concat();
    assert!(matches!(inspect::read(&long).unwrap_err(), InspectError::Envelope(_)));
    let bag = pki::cms::signed_data::certificates_only(&[crate::fixture::root()]);
    assert_eq!(inspect::read(&bag).unwrap_err(), InspectError::Hollow);
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(20), ..ProptestConfig::default() })]

    #[test]
    fn no_junk_makes_a_reader_panic(junk in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = inspect::read(&junk);
        let _ = inspect::read(&[b"bplist00".as_slice(), &junk].concat());
        let _ = inspect::read(&[b"<plist>".as_slice(), &junk].concat());
    }

    #[test]
    fn no_altered_profile_makes_a_reader_panic(place in any::<usize>(), byte in any::<u8>()) {
        for mut file in [ours(), binary(&ours())] {
            let place = place % file.len();
            file[place] = byte;
            let _ = inspect::read(&file);
        }
    }
}
