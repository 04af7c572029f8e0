//! What devices have in their hands, held against what the database says: the promises that hold
//! after any end of the server.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::base64;
use crate::http;
use crate::json;
use crate::lab::Lab;

/// Every certificate that a device received.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Names asked for, with the certificate that came, as base64.
    received: BTreeMap<String, String>,
    /// What the database said of serial numbers that it called issued, as base64.
    seen: BTreeMap<String, String>,
}

/// How many certificates of devices the database has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Count {
    /// Signed and recorded.
    pub issued: usize,
    /// Recorded before they were signed, and nothing more.
    pub intended: usize,
}

impl Ledger {
    /// A device received this for the name that it asked for; asked again, the same.
    #[track_caller]
    pub fn receive(&mut self, name: &str, certificate: &[u8]) {
        let certificate = base64::encode(certificate);
        let before = self.received.insert(name.to_owned(), certificate.clone());
        let same = before.is_none_or(|before| before == certificate);
        assert!(same, "{name} was given two certificates for one request");
    }

    /// How many names have one.
    pub fn len(&self) -> usize {
        self.received.len()
    }

    /// Whether nobody has one.
    pub fn is_empty(&self) -> bool {
        self.received.is_empty()
    }

    /// Asserts of a served laboratory what must hold after any end of its server: every
    /// certificate that a device received is there as it was received, each number and each
    /// request has one, what is only intended says so, and the audit is complete.
    #[track_caller]
    pub fn check(&mut self, lab: &Lab) -> Count {
        let (mut serials, mut names) = (BTreeSet::new(), BTreeMap::new());
        let mut count = Count::default();
        for certificate in lab.device_certificates() {
            let serial = json::text(&certificate, "/serial").to_owned();
            let name = json::text(&certificate, "/subject").trim_start_matches("CN=").to_owned();
            assert!(serials.insert(serial.clone()), "{serial} is there twice");
            match json::text(&certificate, "/status") {
                "intended" => count.intended += 1,
                "issued" => {
                    count.issued += 1;
                    let before = names.insert(name.clone(), serial.clone());
                    assert_eq!(before, None, "{name} has two certificates for one request");
                    let bytes = self.bytes(lab, &serial);
                    let received = self.received.get(&name);
                    let same = received.is_none_or(|received| *received == bytes);
                    assert!(same, "{serial} was signed twice: {name} has another one of it");
                }
                other => assert_eq!(other, "issued or intended", "{certificate:#}"),
            }
        }
        for name in self.received.keys() {
            assert!(names.contains_key(name), "{name} holds a certificate that is not on record");
        }
        for serial in self.seen.keys() {
            assert!(serials.contains(serial), "{serial} was on record and is gone");
        }
        lab.ask(["audit", "verify"]).succeeded().says("complete and unedited");
        count
    }

    /// The bytes of an issued certificate; the database never says anything else of them.
    #[track_caller]
    fn bytes(&mut self, lab: &Lab, serial: &str) -> String {
        if let Some(bytes) = self.seen.get(serial) {
            return bytes.clone();
        }
        let path = format!("/api/v1/certificates/{serial}");
        let shown = http::get_from_socket(&lab.data(), &path);
        let bytes = base64::of_pem(json::text(&shown, "/pem"));
        assert!(!bytes.is_empty(), "{serial} is called issued and has no bytes");
        self.seen.insert(serial.to_owned(), bytes.clone());
        bytes
    }

    /// Forgets what the database said, so that the next check reads all of it again.
    pub fn read_anew(&mut self) {
        self.seen.clear();
    }
}
