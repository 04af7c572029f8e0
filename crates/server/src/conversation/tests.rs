//! Conversations that begin, go on, fall silent and are taken by the wrong one.

use actions::App;
use actions::organization::Application;
use domain::actor::Actor;
use domain::event::Shown;
use domain::secret::Secret;
use eap::packet::Fragment;
use radius::attribute::number;
use radius::request;
use store::Store;
use store::seal::MasterKey;

use super::*;
use crate::clock;

mod hostile;
mod resumption;
mod showing;

const MOSYLE: &str = include_str!("../../../../examples/mosyle.toml");

/// One shard, and the access point that asks it.
struct Fixture {
    app: Arc<App>,
    conversations: Conversations,
    access_point: AccessPoint,
    start: Instant,
    asked: u8,
    /// The secret of the gateway.
    secret: Secret,
}

/// Where a device's conversation stands.
struct Dialog {
    station: &'static str,
    state: Vec<u8>,
    identifier: u8,
}

impl Fixture {
    async fn new() -> Self {
        let master = Arc::new(MasterKey::from_bytes(&[7; 32]));
        let store = Store::scratch(&master).unwrap();
        let app = App::open(store, master, clock::world()).await.unwrap();
        let document = toml::from_str(MOSYLE).unwrap();
        let application = Application { document, ..Application::default() };
        let owner = Actor::owner("test");
        let applied = actions::organization::apply(&app, &owner, application).await.unwrap();
        let secret = applied.secrets[0].secret.clone();
        let cookies = Arc::new(Cookies::new());
        let handshakes = Arc::new(Handshakes::default());
        let snapshot = Arc::clone(&app.snapshot);
        let conversations = Conversations::new(snapshot, cookies, handshakes, (1, 3));
        let rules = app.snapshot.rules();
        let access_point = rules.access_point([127, 0, 0, 1].into()).unwrap().clone();
        Self { app, conversations, access_point, start: clock::instant(), asked: 0, secret }
    }

    /// Asks after so many seconds; the reply as the access point reads it.
    fn ask(
        &mut self,
        (station, second): (&str, u64),
        state: Option<&[u8]>,
        eap: &[u8],
    ) -> Option<Packet> {
        self.asked += 1;
        let secret = self.access_point.shared_secret.reveal().as_bytes();
        let mut sent = request::build(self.asked, [self.asked; 16]);
        sent = sent.attribute(number::CALLING_STATION_ID, station.as_bytes()).eap_message(eap);
        if let Some(state) = state {
            sent = sent.attribute(number::STATE, state);
        }
        let sent = sent.finish(secret).unwrap();
        let asked = Asked {
            request: &Packet::parse(&sent, secret).unwrap(),
            access_point: &self.access_point,
            source: ([127, 0, 0, 1], 1000).into(),
            at: self.start + Duration::from_secs(second),
        };
        let reply = self.conversations.resume(&asked)?.finish(secret).unwrap();
        Some(request::verify_reply(&sent, &reply, secret).unwrap())
    }

    /// Identity, Start, and the first piece of a message that never ends.
    fn begin(&mut self, station: &'static str, second: u64) -> Dialog {
        let identity = packet::identity_response(1, b"host/x");
        let start = self.ask((station, second), None, &identity).unwrap();
        let mut dialog = followed(station, &start);
        self.go_on(&mut dialog, second);
        dialog
    }

    fn go_on(&mut self, dialog: &mut Dialog, second: u64) {
        let eap = piece(dialog.identifier);
        let reply = self.ask((dialog.station, second), Some(&dialog.state), &eap).unwrap();
        assert_eq!(reply.code(), Code::AccessChallenge);
        *dialog = followed(dialog.station, &reply);
    }

    fn sweep(&mut self, second: u64) {
        self.conversations.sweep(self.start + Duration::from_secs(second));
    }

    fn is_open(&self, dialog: &Dialog) -> bool {
        let state = State::try_from(dialog.state.as_slice()).unwrap();
        self.conversations.open.contains_key(&state)
    }

    /// What is kept of the order is kept of what is open, and nothing else.
    fn check(&self, open: usize) {
        assert_eq!(self.conversations.open.len(), open);
        assert_eq!(self.conversations.order.len(), open);
    }

    /// The newest events first.
    async fn events(&self) -> Vec<Shown> {
        self.app.snapshot.journal().flush().await;
        let actor = Actor::owner("test");
        let ask = actions::event::Ask { limit: 1000, ..Default::default() };
        actions::event::list(&self.app, &actor, ask).await.unwrap().items
    }

    async fn codes(&self) -> Vec<String> {
        let events = self.events().await;
        events.into_iter().filter_map(|event| Some(event.reason?.code)).collect()
    }
}

fn followed(station: &'static str, reply: &Packet) -> Dialog {
    let identifier = reply.eap_message().unwrap()[1];
    Dialog { station, state: reply.state().unwrap().to_vec(), identifier }
}

/// A fragment that says that more is to come.
fn piece(identifier: u8) -> Vec<u8> {
    let fragment = Fragment { more: true, data: &[22; 10], ..Fragment::default() };
    Eap { code: packet::Code::Response, identifier, body: Body::Tls(fragment) }.write()
}

#[tokio::test]
async fn who_is_silent_is_forgotten_also_behind_one_who_talks_for_long() {
    let mut fixture = Fixture::new().await;
    let mut talks = fixture.begin("02-00-00-00-00-01", 0);
    let silent = fixture.begin("02-00-00-00-00-02", 5);
    let late = fixture.begin("02-00-00-00-00-03", 20);
    fixture.check(3);
    fixture.go_on(&mut talks, 25);
    fixture.sweep(34);
    fixture.check(3);
    fixture.sweep(36);
    fixture.check(2);
    assert!(fixture.is_open(&talks) && !fixture.is_open(&silent) && fixture.is_open(&late));
    assert_eq!(fixture.codes().await, ["EAP-STALLED"]);
    fixture.sweep(100);
    fixture.check(0);
    assert_eq!(fixture.codes().await, ["EAP-STALLED"; 3]);
}

#[tokio::test]
async fn a_conversation_that_failed_leaves_nothing_behind() {
    let mut fixture = Fixture::new().await;
    let dialog = fixture.begin("02-00-00-00-00-01", 0);
    let nak = packet::nak_response(dialog.identifier);
    let reply = fixture.ask((dialog.station, 1), Some(&dialog.state), &nak).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    // EAP-Failure answers the request that was refused (RFC 3748, 4.2).
    assert_eq!(reply.eap_message().unwrap()[..2], [4, dialog.identifier]);
    fixture.check(0);
    assert_eq!(fixture.codes().await, ["EAP-METHOD"]);
    // Its State is worth nothing any more.
    let eap = piece(dialog.identifier);
    let reply = fixture.ask((dialog.station, 2), Some(&dialog.state), &eap).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    assert_eq!(fixture.codes().await, ["EAP-STATE-UNKNOWN", "EAP-METHOD"]);
}

/// Many devices say nothing more once they were told in TLS what is wrong.
#[tokio::test]
async fn who_is_silent_after_an_alert_is_remembered_with_its_reason() {
    let mut fixture = Fixture::new().await;
    let mut dialog = fixture.begin("02-00-00-00-00-01", 0);
    let last = Fragment { data: &[22; 10], ..Fragment::default() };
    let eap =
        Eap { code: packet::Code::Response, identifier: dialog.identifier, body: Body::Tls(last) };
    let reply = fixture.ask((dialog.station, 1), Some(&dialog.state), &eap.write()).unwrap();
    assert_eq!(reply.code(), Code::AccessChallenge);
    dialog = followed(dialog.station, &reply);
    assert!(fixture.is_open(&dialog));
    fixture.sweep(40);
    fixture.check(0);
    assert_eq!(fixture.codes().await, ["TLS-MALFORMED"]);
}

#[tokio::test]
async fn a_start_keeps_nothing_and_its_cookie_is_good_for_one_device_and_a_minute() {
    let mut fixture = Fixture::new().await;
    let identity = packet::identity_response(1, b"host/x");
    let start = fixture.ask(("02-00-00-00-00-01", 0), None, &identity).unwrap();
    fixture.check(0);
    let dialog = followed("02-00-00-00-00-01", &start);
    let eap = piece(dialog.identifier);
    for who in [("02-00-00-00-00-02", 1), ("02-00-00-00-00-01", 70)] {
        let reply = fixture.ask(who, Some(&dialog.state), &eap).unwrap();
        assert_eq!(reply.code(), Code::AccessReject);
        fixture.check(0);
    }
    let reply = fixture.ask(("02-00-00-00-00-01", 1), Some(&dialog.state), &eap).unwrap();
    assert_eq!(reply.code(), Code::AccessChallenge);
    fixture.check(1);
}

#[tokio::test]
async fn another_access_point_cannot_take_a_conversation_over() {
    let mut fixture = Fixture::new().await;
    let mut dialog = fixture.begin("02-00-00-00-00-01", 0);
    let own = fixture.access_point.clone();
    fixture.access_point.name = "another".to_owned();
    let eap = piece(dialog.identifier);
    let reply = fixture.ask((dialog.station, 1), Some(&dialog.state), &eap).unwrap();
    assert_eq!(reply.code(), Code::AccessReject);
    fixture.access_point = own;
    fixture.go_on(&mut dialog, 2);
    fixture.check(1);
}

#[tokio::test]
async fn every_state_leads_back_to_its_shard() {
    let fixture = Fixture::new().await;
    for shard in 0..3 {
        let snapshot = Arc::clone(&fixture.app.snapshot);
        let (cookies, handshakes) = (Arc::new(Cookies::new()), Arc::new(Handshakes::default()));
        let conversations = Conversations::new(snapshot, cookies, handshakes, (shard, 3));
        for _ in 0..1000 {
            assert_eq!(shard_of(&conversations.draw_state(), 3), shard);
        }
    }
}
