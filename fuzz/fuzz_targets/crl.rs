//! Revocation lists: raw ones, drafted ones, and ones whose signature fits whatever stands inside.
#![no_main]

use std::sync::LazyLock;

use fuzz::{draw::Draw, holder::Holder, seed};
use libfuzzer_sys::fuzz_target;
use pki::{
    algorithm::SignatureAlgorithm,
    certificate::Serial,
    crl::{Crl, CrlDraft, Entry, ReasonCode},
    draft::Issuer,
    key::Hash,
    time::Time,
    tlv,
};

static HOLDER: LazyLock<Holder> = LazyLock::new(Holder::standalone);

/// The times that lists can say: the years 1950 to 9999.
const TIMES: std::ops::Range<i64> = -631_152_000..253_402_300_800;

fuzz_target!(
    init: seed::plant(seeds()),
    |data: &[u8]| {
        let mut draw = Draw(data);
        match draw.byte().map(|mark| mark % 3) {
            Some(0) => read(draw.0),
            Some(1) => read(&signed(draw.0)),
            Some(_) => drafted(draw),
            None => {}
        }
    }
);

fn issuer() -> Issuer {
    Issuer::of(&HOLDER.certificate, Hash::Sha256).expect("it is an authority")
}

fn entry(number: u8, reason: ReasonCode) -> Entry {
    let serial = Serial::from_random([number; 16]);
    Entry { serial, at: HOLDER.certificate.not_before, reason }
}

/// Lists with and without entries and an address; whole, and their inside.
fn seeds() -> Vec<Vec<u8>> {
    let some = vec![entry(1, ReasonCode::KeyCompromise), entry(2, ReasonCode::Unspecified)];
    let url = Some("http://pki.example.test/crl".to_owned());
    let lists = [(vec![], None), (some.clone(), None), (some, url)].map(|(entries, url)| {
        let this_update = HOLDER.now();
        let next_update = this_update.plus_days(7);
        let draft =
            CrlDraft { issuer: issuer(), number: 7, this_update, next_update, url, entries };
        draft.lint().expect("it is in order").sign(&HOLDER.key).expect("the key is its own")
    });
    let inside = lists.iter().filter_map(|der| {
        let whole = tlv::only(der, tlv::SEQUENCE).ok()?.children(3).ok()?;
        Some(whole.first()?.content.to_vec())
    });
    let inside: Vec<_> = inside.collect();
    let drawn = vec![[7; 40].to_vec(), (0..90).collect()];
    let whole = seed::marked(0, lists.to_vec());
    whole.chain(seed::marked(1, inside)).chain(seed::marked(2, drawn)).collect()
}

/// A list whose inside is drawn, and whose signature fits.
fn signed(content: &[u8]) -> Vec<u8> {
    let tbs = tlv::encode(tlv::SEQUENCE, content);
    let signature = HOLDER.key.sign(Hash::Sha256, &tbs).expect("the key signs");
    let algorithm = SignatureAlgorithm::identifier_der(HOLDER.key.key_type(), Hash::Sha256);
    tlv::sequence(&[tbs, algorithm, tlv::bit_string(&signature)])
}

fn read(der: &[u8]) {
    let Ok(list) = Crl::parse(der) else { return };
    let _ = list.verify_signed_by(HOLDER.key.public_key());
    let mut entries = list.entries.clone();
    // What we write is sorted, of our own, and not of the future.
    entries.retain(|entry| {
        entry.serial.is_of_our_own() && entry.at <= list.this_update && TIMES.contains(&entry.at.0)
    });
    entries.sort_by(|one, other| one.serial.cmp(&other.serial));
    entries.dedup_by(|one, other| one.serial == other.serial);
    let next_update = list.next_update.unwrap_or_else(|| list.this_update.plus_days(7));
    write(list.number().unwrap_or_default(), (list.this_update, next_update), None, entries);
}

/// A list of drawn numbers and times.
fn drawn_entries(draw: &mut Draw<'_>, now: Time) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let (Some(serial), Some(reason), Some(age)) = (draw.piece(), draw.byte(), draw.number()) {
        let Ok(serial) = Serial::from_content(serial) else { continue };
        let reason = ReasonCode::from_number(reason % 11).unwrap_or(ReasonCode::Unspecified);
        let age = i64::try_from(age).unwrap_or_default();
        entries.push(Entry { serial, at: now.plus_seconds(60 - age), reason });
    }
    entries
}

fn drafted(mut draw: Draw<'_>) {
    let number = draw.number().unwrap_or_default();
    let life = i64::try_from(draw.number().unwrap_or_default()).unwrap_or_default();
    let url = draw.piece().unwrap_or_default();
    let url = (!url.is_empty()).then(|| String::from_utf8_lossy(url).into_owned());
    let now = HOLDER.now();
    let entries = drawn_entries(&mut draw, now);
    let number = u64::try_from(number).unwrap_or_default().wrapping_mul(0x0001_0203_0405_0607);
    write(number, (now, now.plus_seconds(life)), url, entries);
}

/// What passes the rules is read as it was meant, and its signature fits.
fn write(number: u64, times: (Time, Time), url: Option<String>, entries: Vec<Entry>) {
    let (this_update, next_update) = times;
    let (kept, serials) = (entries.clone(), entries.len());
    let draft = CrlDraft { issuer: issuer(), number, this_update, next_update, url, entries };
    let linted = match draft.lint() {
        Ok(linted) => linted,
        Err(complaint) => {
            let said = complaint.to_string();
            let sayable = [this_update, next_update].iter().all(|time| TIMES.contains(&time.0));
            assert!(!(sayable && said.contains("does not read back")), "{said}");
            return;
        }
    };
    let der = linted.sign(&HOLDER.key).expect("the key is its own");
    let list = Crl::parse(&der).expect("we wrote it");
    assert_eq!((list.entries.len(), list.entries == kept), (serials, true));
    assert_eq!((list.this_update, list.next_update), (this_update, Some(next_update)));
    assert_eq!(list.number(), Some(number));
    assert_eq!(list.issuer, HOLDER.certificate.subject);
    assert!(list.verify_signed_by(HOLDER.key.public_key()).is_ok());
}
