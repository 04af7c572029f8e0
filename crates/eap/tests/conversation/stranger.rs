//! Debian's `eapol_test` (package eapoltest) as the device, over RADIUS on loopback: what our
//! server does must please somebody else's code, keys included.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use eap::packet::Body;
use eap::session::Kind;
use eap::session::Session;
use eap::session::Step;
use eap::settings::Settings;
use eap::settings::TlsVersion;
use eap::verdict::Alert;
use pki::key::KeyType;
use radius::dictionary;
use radius::mppe::Keys;
use radius::mppe::Salts;
use radius::packet::Code;
use radius::packet::Packet;
use radius::reply::Reply;

use crate::certificates::DEVICE;
use crate::certificates::DEVICE_CA;
use crate::certificates::NOW;
use crate::certificates::Purpose;
use crate::certificates::SERVER;
use crate::certificates::SERVER_CA;
use crate::certificates::Wish;
use crate::fixture::Memory;
use crate::fixture::Scene;

const SECRET: &[u8] = b"a-long-shared-secret-for-the-lab";

/// A RADIUS server just large enough for one access point.
struct Server {
    scene: Scene,
    settings: Settings,
    socket: UdpSocket,
    sessions: HashMap<Vec<u8>, Session>,
    proved: Vec<(TlsVersion, Kind)>,
}

impl Server {
    fn serve(mut self, stop: &AtomicBool) -> Vec<(TlsVersion, Kind)> {
        let mut buffer = [0; 4096];
        while !stop.load(Ordering::Relaxed) {
            let Ok((length, from)) = self.socket.recv_from(&mut buffer) else { continue };
            let request = Packet::parse(&buffer[..length], SECRET).expect("eapol_test is honest");
            let reply = self.answer(&request).proxy_states(&request).finish(SECRET).unwrap();
            self.socket.send_to(&reply, from).unwrap();
        }
        self.proved
    }

    fn answer(&mut self, request: &Packet) -> Reply {
        let message = request.eap_message().expect("eapol_test speaks EAP");
        let eap = eap::packet::Packet::parse(&message).unwrap();
        let Some(state) = request.state().map(<[u8]>::to_vec) else {
            assert!(matches!(eap.body, Body::Identity(_)));
            let identifier = eap.identifier.wrapping_add(1);
            let start = eap::packet::start_request(identifier);
            return Reply::new(Code::AccessChallenge, request)
                .eap_message(&start)
                .state(&[identifier; 16]);
        };
        let session = match self.sessions.remove(&state) {
            Some(session) => session,
            None => {
                let memory = self.scene.memory.clone();
                Session::start(&self.settings, memory, eap.identifier).unwrap()
            }
        };
        self.step(request, &message, state, session)
    }

    fn step(
        &mut self,
        request: &Packet,
        eap: &[u8],
        state: Vec<u8>,
        mut session: Session,
    ) -> Reply {
        let mut step = session.step(eap, NOW, self.scene.server_fragment);
        if let Step::Proved(proof) = step {
            self.proved.push((proof.tls_version, proof.kind));
            step = session.confirm();
        }
        match step {
            Step::Ask(next) => {
                let reply =
                    Reply::new(Code::AccessChallenge, request).eap_message(&next).state(&state);
                self.sessions.insert(state, session);
                reply
            }
            Step::Done(keys) => {
                let success = eap::packet::success(session.identifier());
                let mut reply = Reply::new(Code::AccessAccept, request).eap_message(&success);
                for (name, value) in [
                    ("Tunnel-Type", "VLAN"),
                    ("Tunnel-Medium-Type", "IEEE-802"),
                    ("Tunnel-Private-Group-Id", "20"),
                ] {
                    let attribute = dictionary::find("RADIUS:IETF", name).unwrap();
                    let value = attribute.encode(value, 0).unwrap();
                    reply = reply.attribute(attribute.wire_number(), &value);
                }
                reply.keys(&Keys::from_msk(keys.msk()), Salts::from_random([3, 4]), SECRET)
            }
            Step::Failed(_) => {
                let failure = eap::packet::failure(session.identifier());
                Reply::new(Code::AccessReject, request).eap_message(&failure)
            }
            Step::Proved(_) | Step::Ignored => panic!("unexpected step"),
        }
    }
}

struct Running {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<(TlsVersion, Kind)>>,
}

fn start(scene: Scene) -> Running {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let port = socket.local_addr().unwrap().port();
    let stop = Arc::new(AtomicBool::new(false));
    let (settings, sessions, proved) = (scene.settings(), HashMap::new(), Vec::new());
    let server = Server { scene, settings, socket, sessions, proved };
    let thread = std::thread::spawn({
        let stop = stop.clone();
        move || server.serve(&stop)
    });
    Running { port, stop, thread }
}

fn write(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    File::create(&path).unwrap().write_all(content).unwrap();
    path
}

/// Runs `eapol_test`, which comes back so many times, against the scene's server; returns its log
/// and what was proved each time.
fn run(
    name: &str,
    version: TlsVersion,
    key_type: KeyType,
    times: &str,
    change: impl Fn(&mut Scene),
) -> (String, Vec<(TlsVersion, Kind)>) {
    let mut scene = Scene::of(version);
    // eapol_test looks at the real clock.
    let years = Wish { key_type, from_days: -3000, to_days: 3600, ..DEVICE };
    // No server's certificate lives that long; one without a purpose may.
    scene.server = SERVER_CA.issue(&Wish { dns: SERVER.dns, purpose: Purpose::Unnamed, ..years });
    let device = DEVICE_CA.issue(&years);
    change(&mut scene);
    let running = start(scene);

    let anchor = write(&format!("{name}-ca.der"), &SERVER_CA.der());
    let certificate = write(&format!("{name}-device.der"), &device.chain[0]);
    let key = write(&format!("{name}-device.key"), &device.key);
    let disabled = match version {
        TlsVersion::Tls12 => 1,
        TlsVersion::Tls13 => 0,
    };
    let settings = format!(
        "network={{\n key_mgmt=WPA-EAP\n eap=TLS\n identity=\"anonymous@example.test\"\n \
         ca_cert=\"{}\"\n client_cert=\"{}\"\n private_key=\"{}\"\n \
         domain_match=\"radius.example.test\"\n fragment_size=300\n \
         phase1=\"tls_disable_tlsv1_3={disabled}\"\n}}\n",
        anchor.display(),
        certificate.display(),
        key.display(),
    );
    let settings = write(&format!("{name}.conf"), settings.as_bytes());
    let output = Command::new("eapol_test")
        .arg("-c")
        .arg(settings)
        .args(["-r", times, "-a", "127.0.0.1", "-p", &running.port.to_string(), "-t", "10", "-s"])
        .arg(String::from_utf8_lossy(SECRET).as_ref())
        .output()
        .expect("this test needs eapol_test: apt-get install eapoltest");
    running.stop.store(true, Ordering::Relaxed);
    let proved = running.thread.join().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), proved)
}

fn check(name: &str, version: TlsVersion, key_type: KeyType) {
    let (log, proved) = run(name, version, key_type, "0", |_| {});
    assert!(log.trim_end().ends_with("SUCCESS"), "{log}");
    assert!(log.contains("MPPE keys OK: 1  mismatch: 0"), "{log}");
    for attribute in [
        "Attribute 64 (Tunnel-Type)",
        "Attribute 65 (Tunnel-Medium-Type)",
        "Attribute 81 (Tunnel-Private-Group-Id)",
    ] {
        assert!(log.contains(attribute), "{attribute}: {log}");
    }
    assert_eq!(proved, [(version, Kind::Full)]);
}

#[test]
fn eapol_test_gets_in_with_tls_1_2_and_p256() {
    check("p256-12", TlsVersion::Tls12, KeyType::EcdsaP256);
}

#[test]
fn eapol_test_gets_in_with_tls_1_3_and_p256() {
    check("p256-13", TlsVersion::Tls13, KeyType::EcdsaP256);
}

#[test]
fn eapol_test_gets_in_with_tls_1_2_and_rsa() {
    check("rsa-12", TlsVersion::Tls12, KeyType::Rsa2048);
}

#[test]
fn eapol_test_gets_in_with_tls_1_3_and_rsa() {
    check("rsa-13", TlsVersion::Tls13, KeyType::Rsa2048);
}

#[test]
fn eapol_test_is_told_that_its_certificate_was_revoked() {
    for (name, version) in [("no-12", TlsVersion::Tls12), ("no-13", TlsVersion::Tls13)] {
        let revoked =
            |scene: &mut Scene| scene.memory = Memory::new(Err(Alert::CertificateRevoked));
        let (log, proved) = run(name, version, KeyType::EcdsaP256, "0", revoked);
        assert!(log.trim_end().ends_with("FAILURE"), "{log}");
        assert!(log.contains("certificate revoked"), "{log}");
        assert_eq!(proved, []);
    }
}

#[test]
fn eapol_test_comes_back_three_times_and_is_resumed_each_time() {
    for (name, version) in [("back-12", TlsVersion::Tls12), ("back-13", TlsVersion::Tls13)] {
        for key_type in [KeyType::EcdsaP256, KeyType::Rsa2048] {
            let name = format!("{name}-{key_type:?}");
            let (log, proved) = run(&name, version, key_type, "3", |_| {});
            assert!(log.trim_end().ends_with("SUCCESS"), "{log}");
            assert!(log.contains("MPPE keys OK: 4  mismatch: 0"), "{log}");
            let kinds = [Kind::Full, Kind::Resumed, Kind::Resumed, Kind::Resumed];
            assert_eq!(proved, kinds.map(|kind| (version, kind)));
        }
    }
}
