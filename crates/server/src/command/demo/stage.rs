//! The stage of the demo: a server on loopback, an organization from the guide, and the scenes.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use device::enrollment;
use device::enrollment::Enrolled;
use device::enrollment::Order;
use device::network;
use device::network::Certified;
use device::network::Options;
use device::network::Outcome;
use device::network::Trusted;
use domain::event::Shown;
use domain::refusal::Reason;
use domain::secret::Secret;
use domain::session::Limits;
use pki::certificate::Certificate;
use pki::key::KeyType;
use pki::name::Name;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use tokio::task::JoinSet;

use crate::clock;
use crate::command::apply;
use crate::command::authenticate;
use crate::command::demo::cast::Actor;
use crate::command::demo::cast::Fate;
use crate::config::Database;
use crate::config::Listen;
use crate::config::Place;
use crate::config::Seal;
use crate::connection::Connection;
use crate::instance::Instance;
use crate::output;
use crate::running::Opening;
use crate::running::Running;

/// The guide's set-up.
const MOSYLE: &str = include_str!("../../../../../examples/mosyle.toml");

/// What the demo adds to it.
const ADDITIONS: &str = include_str!("../../../../../examples/demo.toml");

/// The address in the guide's file, in whose place the demo's own goes.
const BASE_URL: &str = "http://127.0.0.1:8080";

/// The shared secret of the access point in the guide's file.
const SHARED_SECRET: &str = "a-long-shared-secret-for-the-lab";

/// The network of the guide's profile, its server's name and its root.
const SSID: &str = "Example-Secure";
const SERVER_NAME: &str = "radius.example.test";
const RADIUS_ROOT: &str = "example-school-radius-ca";

/// Devices that act at once: their keys are made on the same machine.
const AT_ONCE_MAX: usize = 8;

/// One thing that was done.
#[derive(Clone, Debug, Serialize)]
struct Scene {
    name: String,
    ok: bool,
    detail: String,
}

/// How it went for one device.
#[derive(Clone, Debug, Serialize)]
struct Review {
    name: String,
    enrolled: bool,
    authenticated: Option<bool>,
    tls: Option<String>,
    vlan: Option<String>,
    reason: Option<Reason>,
    #[serde(skip)]
    as_told: bool,
}

/// The server and what has been told so far.
pub(crate) struct Stage {
    running: Running,
    data: PathBuf,
    temporary: bool,
    json: bool,
    exit: bool,
    scenes: Vec<Scene>,
    reviews: Vec<Review>,
}

impl Stage {
    /// Starts a server on loopback and free ports, with an empty organization.
    pub(crate) async fn open(
        keep: Option<PathBuf>,
        json: bool,
        exit: bool,
    ) -> anyhow::Result<Self> {
        let temporary = keep.is_none();
        let data = keep.unwrap_or_else(temporary_directory);
        if store::directory::holds_database(&data) {
            bail!("{} holds an organization already; name an empty directory", data.display());
        }
        let instance = {
            let (seal, database) = (Seal::default(), Database::default());
            let sessions = Limits::default();
            Instance::open(&Place { data: data.clone(), seal, database, sessions }).await?
        };
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let listen = Listen {
            http: vec![free],
            https: vec![free],
            radius_auth: vec![free],
            radius_acct: vec![free],
            health: vec![free],
        };
        let (limits, portal) = (api::Limits::default(), portal::Settings::default());
        let opening = Opening { listen: &listen, limits, portal, shown: None };
        let running = Running::start(instance, &data, opening).await?;
        let (scenes, reviews) = (Vec::new(), Vec::new());
        let mut stage = Self { running, data, temporary, json, exit, scenes, reviews };
        let (http, radius) = (stage.http()?, stage.radius()?);
        stage.scene(
            "Start the server",
            true,
            format!("SCEP at http://{http}, RADIUS at {radius}"),
        )?;
        Ok(stage)
    }

    /// Plays every scene; whether all went as told.
    pub(crate) async fn play(&mut self, actors: Vec<Actor>) -> anyhow::Result<bool> {
        let secrets = self.set_up().await?;
        let enrolled = self.enroll(&actors, &secrets).await?;
        self.revoke(&actors, &enrolled).await?;
        self.join(&actors, enrolled).await?;
        Ok(self.scenes.iter().all(|scene| scene.ok)
            && self.reviews.iter().all(|review| review.as_told))
    }

    /// Says a line to people; programs want JSON only.
    pub(crate) fn say(&self, text: &str) {
        if !self.json {
            output::line(text);
        }
    }

    /// The table at the end, or the document.
    pub(crate) fn end(&self, ok: bool, took: Duration) -> anyhow::Result<()> {
        if self.json {
            if !self.exit {
                for review in &self.reviews {
                    output::json_line(&json!({ "device": review }))?;
                }
                return output::json_line(&json!({ "portal": self.portal(), "ok": ok }));
            }
            return output::json(&json!({
                "steps": self.scenes, "devices": self.reviews, "portal": self.portal(), "ok": ok,
            }));
        }
        let head = ["DEVICE", "ENROLLED", "ACCESS", "TLS", "VLAN", "REASON"];
        let rows: Vec<Vec<String>> = self.reviews.iter().map(Review::row).collect();
        output::line("");
        output::table(&head, &rows);
        output::line("");
        for review in &self.reviews {
            if let Some(reason) = &review.reason {
                output::line(&format!("{}: {}.", review.name, reason.sentence));
                output::line(&format!("  fix: {}", reason.fix));
            }
        }
        let told = if ok { "All went as told" } else { "NOT all went as told" };
        output::line(&format!("\n{told}, in {:.1} seconds.", took.as_secs_f64()));
        if !self.temporary {
            let data = self.data.display();
            output::line(&format!("Look around: safeconduct event list --data {data}"));
        }
        Ok(())
    }

    /// Where the portal is.
    fn portal(&self) -> Option<String> {
        self.running.https.first().map(|address| format!("https://{address}/"))
    }

    /// Says how the portal is entered: by whoever reads this.
    pub(crate) async fn invite(&self) {
        let Some(portal) = self.portal() else { return };
        match actions::setup::begin(self.running.app()).await {
            Ok(Some(code)) => {
                self.say(&format!("The portal is at {portal}setup"));
                self.say(&format!("Its set-up code: {}", code.reveal()));
            }
            Ok(None) => self.say(&format!("The portal is at {portal}")),
            Err(refusal) => tracing::warn!(%refusal, "there is no set-up code"),
        }
    }

    /// Stops the server; an organization that nobody wants to keep goes.
    pub(crate) async fn close(self) {
        self.running.stop().await;
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.data)
        {
            tracing::warn!(%error, "{} could not be removed", self.data.display());
        }
    }

    fn http(&self) -> anyhow::Result<SocketAddr> {
        self.running.http.first().copied().context("the server has no address for SCEP")
    }

    fn radius(&self) -> anyhow::Result<SocketAddr> {
        self.running.radius_auth.first().copied().context("the server has no address for RADIUS")
    }

    fn scene(&mut self, name: &str, ok: bool, detail: String) -> anyhow::Result<()> {
        let scene = Scene { name: name.to_owned(), ok, detail };
        if self.json && !self.exit {
            output::json_line(&json!({ "step": scene }))?;
        }
        self.say(&format!("{} {name}: {}", if ok { "ok  " } else { "FAIL" }, scene.detail));
        self.scenes.push(scene);
        Ok(())
    }

    /// The guide, from Certificate Authorities to Access Points, as two declarative files.
    async fn set_up(&mut self) -> anyhow::Result<BTreeMap<String, Secret>> {
        let connection = Connection::within(self.running.instance());
        let own_url = format!("http://{}", self.http()?);
        let text = MOSYLE.replace(BASE_URL, &own_url);
        let mut secrets = apply::apply_text(&connection, &text).await?;
        secrets.append(&mut apply::apply_text(&connection, ADDITIONS).await?);
        let organization: Value = connection.get("/api/v1/organization").await?;
        for (step, noun) in GUIDE {
            let objects = organization.get(noun).and_then(Value::as_array);
            let names: Vec<&str> =
                objects.into_iter().flatten().filter_map(|o| o.get("name")?.as_str()).collect();
            self.scene(step, !names.is_empty(), names.join(", "))?;
        }
        Ok(secrets)
    }

    /// Every device asks its gateway for a certificate.
    async fn enroll(
        &mut self,
        actors: &[Actor],
        secrets: &BTreeMap<String, Secret>,
    ) -> anyhow::Result<Vec<Option<Enrolled>>> {
        let mut orders = Vec::new();
        for actor in actors {
            orders.push(self.order(actor, secrets)?);
        }
        let enrolled = at_once(orders, |order| async move {
            enrollment::enroll(&order, clock::now().time()).await
        });
        let enrolled = enrolled.await?;
        let mut certificates = Vec::new();
        let mut count = 0;
        for (actor, answer) in actors.iter().zip(enrolled) {
            count += usize::from(answer.is_ok());
            let mut review = Review::of(actor, answer.is_ok());
            if let Err(error) = &answer {
                review.reason = self.enrollment_reason(actor).await?;
                if review.reason.is_none() {
                    bail!("{} did not enroll, and no event says why: {error}", actor.name);
                }
            }
            review.judge(actor);
            self.reviews.push(review);
            certificates.push(answer.ok());
        }
        let refused = actors.len() - count;
        let detail = format!("{count} devices have a certificate, {refused} was refused");
        let told = actors.iter().filter(|actor| actor.fate != Fate::WrongChallenge).count();
        self.scene("Devices enroll over SCEP", count == told, detail)?;
        Ok(certificates)
    }

    fn order(&self, actor: &Actor, secrets: &BTreeMap<String, Secret>) -> anyhow::Result<Order> {
        let secret = secrets.get(actor.gateway).context("a gateway has no secret")?;
        let challenge = match actor.fate {
            Fate::WrongChallenge => "a-secret-of-somebody-else".to_owned(),
            Fate::Accepted(_) | Fate::NoNetworkPolicy | Fate::Revoked => secret.reveal().to_owned(),
        };
        let slug = domain::slug::from_name(actor.gateway);
        Ok(Order {
            url: format!("http://{}/scep/{slug}", self.http()?),
            challenge: Some(challenge),
            subject: Name::parse_text(&actor.subject)?,
            names: actor.names.clone(),
            key: KeyType::Rsa2048,
        })
    }

    /// One certificate is revoked a moment before its device joins.
    async fn revoke(
        &mut self,
        actors: &[Actor],
        enrolled: &[Option<Enrolled>],
    ) -> anyhow::Result<()> {
        let connection = Connection::within(self.running.instance());
        for (actor, enrolled) in actors.iter().zip(enrolled) {
            let (Fate::Revoked, Some(enrolled)) = (actor.fate, enrolled) else { continue };
            let serial = &enrolled.certificate.serial;
            let path = format!("/api/v1/certificates/{serial}/revoke");
            let reason = json!({ "reason": "keyCompromise" });
            let revoked: Value = connection.post(&path, &reason).await?;
            let ok = revoked.get("status") == Some(&json!("revoked"));
            let detail = format!("{} of {}", serial, actor.name);
            self.scene("A certificate is revoked", ok, detail)?;
        }
        Ok(())
    }

    /// Every device that has a certificate joins the network.
    async fn join(
        &mut self,
        actors: &[Actor],
        enrolled: Vec<Option<Enrolled>>,
    ) -> anyhow::Result<()> {
        let root = self.radius_root().await?;
        let mut visits = Vec::new();
        for (index, (actor, enrolled)) in actors.iter().zip(enrolled).enumerate() {
            let Some(enrolled) = enrolled else { continue };
            let options = self.options(actor, &enrolled, &root)?;
            visits.push((index, enrolled.certificate.serial.to_string(), options));
        }
        let joined = at_once(visits, |(index, serial, options)| async move {
            let now = clock::now().time();
            let joined = tokio::task::spawn_blocking(move || network::authenticate(&options, now));
            (index, serial, joined.await)
        });
        let mut accepted = 0;
        for (index, serial, outcome) in joined.await? {
            let outcome = outcome.context("a device came to no end")??;
            accepted += usize::from(outcome.accepted);
            let reason = if outcome.accepted { None } else { self.access_reason(&serial).await? };
            let (actor, review) = (actors.get(index), self.reviews.get_mut(index));
            if let (Some(actor), Some(review)) = (actor, review) {
                review.joined(&outcome, reason);
                review.judge(actor);
            }
        }
        let into = |actor: &&Actor| matches!(actor.fate, Fate::Accepted(_));
        let told = actors.iter().filter(into).count();
        let detail = format!("{accepted} devices are in");
        self.scene("Devices join the network over EAP-TLS", accepted == told, detail)
    }

    /// What the profile installs: downloaded as an administrator would.
    async fn radius_root(&self) -> anyhow::Result<Certificate> {
        let url = format!("http://{}/ca/{RADIUS_ROOT}.cer", self.http()?);
        let bytes = reqwest::get(&url).await?.error_for_status()?.bytes().await?;
        Ok(Certificate::parse(&bytes)?)
    }

    fn options(
        &self,
        actor: &Actor,
        enrolled: &Enrolled,
        root: &Certificate,
    ) -> anyhow::Result<Options> {
        let name = enrolled.certificate.subject.common_names().next().unwrap_or("anonymous");
        let issuers = enrolled.chain.iter().filter(|above| !above.is_self_signed());
        let leaf = core::iter::once(&enrolled.certificate);
        let chain = leaf.chain(issuers).map(|certificate| certificate.der.clone()).collect();
        Ok(Options {
            server: self.radius()?,
            secret: device::access_point::Secret(SHARED_SECRET.as_bytes().to_vec()),
            name: name.to_owned(),
            identity: Some(Certified { chain, key: enrolled.key.to_pkcs8().to_vec() }),
            trusted: Some(Trusted {
                anchors: vec![root.der.clone()],
                names: vec![SERVER_NAME.to_owned()],
            }),
            tls_lowest: actor.tls,
            tls_highest: actor.tls,
            access_point: authenticate::describe(SSID, &actor.mac),
            fragment_size: authenticate::FRAGMENT_SIZE,
            patience: authenticate::PATIENCE,
        })
    }

    /// Why a device was refused a certificate, as its event says.
    async fn enrollment_reason(&self, actor: &Actor) -> anyhow::Result<Option<Reason>> {
        self.reason(|event| event.details.get("asked_subject") == Some(&json!(actor.subject))).await
    }

    /// Why a device was refused access, as its event says.
    async fn access_reason(&self, serial: &str) -> anyhow::Result<Option<Reason>> {
        let object = format!("certificate:{serial}");
        self.reason(|event| event.kind == "network.access" && event.object == object).await
    }

    async fn reason(&self, about: impl Fn(&Shown) -> bool) -> anyhow::Result<Option<Reason>> {
        self.running.app().snapshot.journal().flush().await;
        let connection = Connection::within(self.running.instance());
        let page: api::certificate::Page<Shown> =
            connection.get("/api/v1/events?limit=1000").await?;
        Ok(page.items.into_iter().find(about).and_then(|event| event.reason))
    }
}

/// The guide's steps, and the noun that each makes.
const GUIDE: [(&str, &str); 9] = [
    ("Dynamic PKI > Certificate Authorities", "certificate_authority"),
    ("RADIUS > Server Certificates", "server_certificate"),
    ("Dynamic PKI > Certificate Templates", "certificate_template"),
    ("Integrations Hub > Device Management Platforms", "gateway"),
    ("Policy Management > Policy Workflows", "policy_workflow"),
    ("Policy Management > Enrollment", "enrollment_policy"),
    ("Policy Management > Network", "network_policy"),
    ("Device Onboarding > Network Profiles", "network_profile"),
    ("RADIUS > Access Points", "access_point"),
];

impl Review {
    fn of(actor: &Actor, enrolled: bool) -> Self {
        Self {
            name: actor.name.clone(),
            enrolled,
            authenticated: None,
            tls: None,
            vlan: None,
            reason: None,
            as_told: false,
        }
    }

    fn joined(&mut self, outcome: &Outcome, reason: Option<Reason>) {
        self.authenticated = Some(outcome.accepted);
        self.tls = outcome.tls_version.map(|version| version.to_string());
        self.vlan = outcome.vlan.clone();
        self.reason = reason;
    }

    /// Whether it went for this device as it was to go.
    fn judge(&mut self, actor: &Actor) {
        let code = self.reason.as_ref().map(|reason| reason.code.as_str());
        self.as_told = code == actor.fate.code()
            && match actor.fate {
                Fate::Accepted(vlan) => {
                    self.authenticated == Some(true) && self.vlan.as_deref() == Some(vlan)
                }
                Fate::WrongChallenge => !self.enrolled && self.authenticated.is_none(),
                Fate::NoNetworkPolicy | Fate::Revoked => {
                    self.enrolled && self.authenticated == Some(false)
                }
            };
    }

    fn row(&self) -> Vec<String> {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let access = match self.authenticated {
            None => "-",
            Some(true) => "accepted",
            Some(false) => "refused",
        };
        let enrolled = if self.enrolled { "yes" } else { "refused" };
        let reason = self.reason.as_ref().map(|reason| reason.code.clone());
        vec![
            self.name.clone(),
            enrolled.to_owned(),
            access.to_owned(),
            text(&self.tls),
            text(&self.vlan),
            reason.unwrap_or_default(),
        ]
    }
}

/// Does the same for each, a few at once; answers in their order.
async fn at_once<I, F, O>(items: Vec<I>, action: impl Fn(I) -> F) -> anyhow::Result<Vec<O>>
where
    F: Future<Output = O> + Send + 'static,
    O: Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut answers = BTreeMap::new();
    for (index, item) in items.into_iter().enumerate() {
        if tasks.len() == AT_ONCE_MAX
            && let Some(done) = tasks.join_next().await
        {
            let (index, answer) = done?;
            answers.insert(index, answer);
        }
        let action = action(item);
        tasks.spawn(async move { (index, action.await) });
    }
    while let Some(done) = tasks.join_next().await {
        let (index, answer) = done?;
        answers.insert(index, answer);
    }
    Ok(answers.into_values().collect())
}

fn temporary_directory() -> PathBuf {
    let mut random = [0; 8];
    clock::fill(&mut random);
    let name = format!("safeconduct-demo-{:016x}", u64::from_be_bytes(random));
    std::env::temp_dir().join(name)
}
