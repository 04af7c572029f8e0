//! BER and TLV: what is made definite stays so, and what is canonical is written back alike.
#![no_main]

use fuzz::{canonical, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    ber,
    certificate::{Certificate, Serial},
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    name::Name,
    tlv::{self, Element},
};

fuzz_target!(
    init: seed::plant(seed::corpus(".der")),
    |data: &[u8]| check(data)
);

fn check(data: &[u8]) {
    let clean = ber::definite(data);
    let canonical = canonical::is_canonical(data);
    if let Ok(clean) = &clean {
        // An element of 64 KiB or more may grow by one byte when its length becomes definite.
        assert!(clean.len() <= data.len() + 64);
        assert_eq!(ber::definite(clean).as_ref(), Ok(clean));
        if canonical {
            assert_eq!(clean, data);
        }
    }
    let Ok(written) = canonical::visit(clean.as_deref().unwrap_or(data), &mut look) else {
        return;
    };
    assert!(canonical::is_canonical(&written));
    assert_eq!(canonical::rewrite(&written).as_ref(), Ok(&written));
    if canonical {
        assert_eq!(written, data);
    }
}

/// Reads an element as everything that it might be; whatever it is, it is written back alike.
fn look(element: &Element<'_>) {
    let again = |written: Vec<u8>| {
        // The length may have been longer than it had to be, nothing else.
        assert_eq!(tlv::encode(element.tag, element.content), written);
    };
    if let Ok(oid) = element.oid() {
        again(tlv::oid(&oid));
    }
    if let Ok(magnitude) = element.magnitude() {
        let written = tlv::integer_from_magnitude(magnitude);
        let read = tlv::only(&written, tlv::INTEGER).expect("we wrote it");
        assert_eq!(read.magnitude(), Ok(magnitude));
        if let Ok(number) = element.unsigned() {
            assert_eq!(tlv::integer(number), written);
        }
    }
    if let Ok(bits) = element.whole_bits() {
        again(tlv::bit_string(bits));
    }
    if let Ok(time) = element.time() {
        let written = tlv::time(time);
        let read = tlv::Reader::new(&written).read().expect("we wrote it");
        assert_eq!(read.time(), Ok(time));
    }
    if let Ok(octets) = ber::octets(element) {
        assert!(octets.len() <= element.content.len());
    }
    if let Some(text) = element.text() {
        assert!(text.len() <= 3 * element.content.len());
    }
    let _ = element.boolean();
    if let Ok(serial) = Serial::from_content(element.content) {
        assert_eq!(serial.content(), element.content);
        let again = Serial::parse_text(&serial.to_string());
        assert!(
            again.is_ok_and(|again| again.magnitude() == serial.magnitude())
                || !serial.is_of_our_own()
        );
    }
    structures(element);
}

fn structures(element: &Element<'_>) {
    let raw = element.raw;
    if let Ok(name) = Name::from_der(raw) {
        assert_eq!(name.der(), raw);
        name_as_text(&name);
    }
    if let Ok(names) = GeneralName::parse_all(raw) {
        let written = GeneralName::all_der(&names);
        assert_eq!(GeneralName::parse_all(&written), Ok(names));
    }
    if let Ok(extensions) = Extension::parse_all(element) {
        let parts: Vec<_> = extensions.iter().map(Extension::der).collect();
        let written = tlv::sequence(&parts);
        let list = tlv::only(&written, tlv::SEQUENCE).expect("we wrote it");
        assert_eq!(Extension::parse_all(&list), Ok(extensions));
    }
    if let Ok(usage) = KeyUsage::parse(raw) {
        assert_eq!(KeyUsage::parse(&usage.der()), Ok(usage));
    }
    if let Ok(constraints) = BasicConstraints::parse(raw) {
        let written = constraints.der();
        assert_eq!(BasicConstraints::parse(&written), Ok(constraints));
    }
    if let Ok(purposes) = extension::parse_extended_key_usages(raw) {
        let written = extension::extended_key_usages_der(&purposes);
        assert_eq!(extension::parse_extended_key_usages(&written), Ok(purposes));
    }
    if let Ok(certificate) = Certificate::parse(raw) {
        assert_eq!(certificate.der, raw);
        let _ = (certificate.general_names(), certificate.basic_constraints());
        let _ = (certificate.is_self_signed(), certificate.extended_key_usages());
        let pem = pki::pem::certificate(&certificate);
        assert_eq!(pki::pem::certificates(&pem), Ok(vec![certificate]));
    }
}

/// What a name shows of itself is a text without control characters that says the same again.
fn name_as_text(name: &Name) {
    let text = name.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let Ok(again) = Name::parse_text(&text) else { return };
    let values = |name: &Name| -> Vec<_> {
        let mut values: Vec<_> =
            name.attributes().map(|(oid, value)| (oid, value.to_owned())).collect();
        // A SET is sorted when it is written.
        values.sort();
        values
    };
    assert_eq!(values(&again), values(name), "{text}");
}
