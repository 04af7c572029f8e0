//! An authority that lets devices wait for their certificate, as one does whose requests somebody
//! approves: SCEP over HTTP, spoken by the server's side of our own crate.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;

use pki::certificate::Certificate;
use pki::certificate::Serial;
use pki::cms::signed_data;
use pki::cms::signed_data::Attribute;
use pki::cms::signed_data::Signer;
use pki::csr::Csr;
use pki::draft::Draft;
use pki::draft::Issuer;
use pki::extension::BasicConstraints;
use pki::extension::KeyUsage;
use pki::key::Hash;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::oid;
use pki::tlv;
use scep::capabilities::Algorithms;
use scep::message;
use scep::message::Context;
use scep::reply;
use scep::reply::Responder;
use scep::request::NoRequest;
use scep::request::Recipient;
use scep::request::Request;

use crate::NOW;

/// What it was asked, in order.
pub(crate) type Asked = Arc<Mutex<Vec<&'static str>>>;

/// A running authority.
pub(crate) struct Authority {
    /// Where it is.
    pub(crate) url: String,
    /// What it was asked.
    pub(crate) asked: Asked,
    /// Its certificate.
    pub(crate) certificate: Certificate,
}

struct House {
    key: PrivateKey,
    certificate: Certificate,
    /// What it shows behind its own certificate.
    further: Vec<Certificate>,
    waiting: u32,
    asked: Asked,
    requested: Option<Csr>,
}

impl Authority {
    /// One that approves when it was asked so often whether it has.
    pub(crate) fn start(waiting: u32) -> Self {
        Self::open(waiting, Vec::new())
    }

    /// One that shows another's certificate as its root.
    pub(crate) fn impostor(genuine: &Self) -> Self {
        Self::open(0, vec![genuine.certificate.clone()])
    }

    fn open(waiting: u32, further: Vec<Certificate>) -> Self {
        // Devices of other tests may have done so already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let key = PrivateKey::generate(KeyType::Rsa2048).unwrap();
        let certificate = root(&key);
        let own = certificate.clone();
        let asked = Asked::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/scep", listener.local_addr().unwrap());
        let (requested, noted) = (None, asked.clone());
        let mut house = House { key, certificate, further, waiting, asked: noted, requested };
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| house.serve(stream));
        });
        Self { url, asked, certificate: own }
    }
}

fn root(key: &PrivateKey) -> Certificate {
    let subject = Name::parse_text("CN=Patient CA").unwrap();
    let not_after = NOW.plus_days(1000);
    let draft = Draft {
        serial: Serial::from_random([1; 16]),
        issuer: Issuer::itself(&subject, key, Hash::Sha256, not_after),
        subject,
        public_key: key.public_key().clone(),
        not_before: NOW,
        not_after,
        general_names: Vec::new(),
        key_usage: KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN,
        extended_key_usages: Vec::new(),
        basic_constraints: BasicConstraints { ca: true, path_len: Some(0) },
        further: Vec::new(),
    };
    draft.lint().unwrap().sign(key).unwrap()
}

impl House {
    fn serve(&mut self, mut stream: TcpStream) {
        let (head, body) = read(&mut stream);
        let (kind, answer) = if head.contains("operation=GetCACaps") {
            self.note("GetCACaps");
            ("text/plain", b"AES\nSHA-256\nPOSTPKIOperation\n".to_vec())
        } else if head.contains("operation=GetCACert") {
            self.note("GetCACert");
            let own = core::slice::from_ref(&self.certificate);
            let all = [own, self.further.as_slice()].concat();
            ("application/x-x509-ca-ra-cert", reply::certificates(&all))
        } else {
            ("application/x-pki-message", self.answer(&body))
        };
        let length = answer.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(&[head.into_bytes(), answer].concat()).unwrap();
    }

    fn note(&self, what: &'static str) {
        self.asked.lock().unwrap().push(what);
    }

    fn answer(&mut self, body: &[u8]) -> Vec<u8> {
        let recipients = [Recipient { certificate: &self.certificate, key: &self.key }];
        match Request::parse(body, &recipients, Algorithms::default()) {
            Ok(request) => {
                self.note("PKCSReq");
                self.requested = Some(request.csr);
                self.decide(&request.context)
            }
            Err(NoRequest::Refused(refused)) => {
                assert!(refused.text.contains("polling (20)"), "{}", refused.text);
                self.note("CertPoll");
                self.decide(&refused.context)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn decide(&mut self, context: &Context) -> Vec<u8> {
        if self.waiting > 0 {
            self.waiting -= 1;
            return self.pending(context);
        }
        let csr = self.requested.as_ref().unwrap();
        let draft = Draft {
            serial: Serial::from_random([2; 16]),
            issuer: Issuer::of(&self.certificate, Hash::Sha256).unwrap(),
            subject: csr.subject.clone(),
            public_key: csr.public_key.clone(),
            not_before: NOW,
            not_after: NOW.plus_days(10),
            general_names: Vec::new(),
            key_usage: KeyUsage::DIGITAL_SIGNATURE,
            extended_key_usages: vec![oid::CLIENT_AUTH],
            basic_constraints: BasicConstraints::LEAF,
            further: Vec::new(),
        };
        let issued = draft.lint().unwrap().sign(&self.key).unwrap();
        let responder = Responder { certificate: &self.certificate, key: &self.key, chain: &[] };
        reply::success(context, &[issued], &responder, NOW, [7; 16]).unwrap()
    }

    /// RFC 8894, 3.3.2.3: not decided yet.
    fn pending(&self, context: &Context) -> Vec<u8> {
        let printable = |text: &str| vec![tlv::encode(tlv::PRINTABLE_STRING, text.as_bytes())];
        let attributes = [
            Attribute { oid: message::MESSAGE_TYPE, values: printable("3") },
            Attribute { oid: message::PKI_STATUS, values: printable("3") },
            Attribute {
                oid: message::TRANSACTION_ID,
                values: vec![context.transaction_id.element().to_vec()],
            },
            Attribute {
                oid: message::RECIPIENT_NONCE,
                values: vec![tlv::octet_string(&context.sender_nonce)],
            },
        ];
        let signer = Signer { certificate: &self.certificate, key: &self.key, hash: Hash::Sha256 };
        signed_data::build(&[], &attributes, &signer, &[]).unwrap()
    }
}

/// The head of a request, and its body.
fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        read.extend_from_slice(&byte);
    }
    let head = String::from_utf8(read).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}
