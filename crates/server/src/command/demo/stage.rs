//! The stage of the demo: a server on loopback, an organization from the guide, and the scenes.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use device::network;
use device::network::Certified;
use device::network::Options;
use domain::event::Shown;
use domain::refusal::Reason;
use domain::session::Limits;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use tokio::task::JoinSet;

use crate::clock;
use crate::command::apply;
use crate::command::authenticate;
use crate::command::demo::cast::Actor;
use crate::command::demo::cast::Fate;
use crate::command::demo::console;
use crate::command::demo::console::Answer;
use crate::command::demo::console::Console;
use crate::command::demo::console::Installed;
use crate::command::demo::review::Review;
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

/// Devices that act at once: their keys are made on the same machine.
const AT_ONCE_MAX: usize = 8;

/// One thing that was done.
#[derive(Clone, Debug, Serialize)]
struct Scene {
    name: String,
    ok: bool,
    detail: String,
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
        self.set_up().await?;
        self.reviews = actors.iter().map(Review::of).collect();
        let mut console = self.console(&actors).await?;
        let installed = self.push(&mut console, &actors).await?;
        self.revoke(&actors, &installed).await?;
        self.join(&actors, installed).await?;
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
    async fn set_up(&mut self) -> anyhow::Result<()> {
        let connection = Connection::within(self.running.instance());
        let own_url = format!("http://{}", self.http()?);
        let text = MOSYLE.replace(BASE_URL, &own_url);
        apply::apply_text(&connection, &text).await?;
        apply::apply_text(&connection, ADDITIONS).await?;
        let organization: Value = connection.get("/api/v1/organization").await?;
        for (step, noun) in GUIDE {
            let objects = organization.get(noun).and_then(Value::as_array);
            let names: Vec<&str> =
                objects.into_iter().flatten().filter_map(|o| o.get("name")?.as_str()).collect();
            self.scene(step, !names.is_empty(), names.join(", "))?;
        }
        Ok(())
    }

    /// An administrator takes the profiles to the MDM.
    async fn console(&mut self, actors: &[Actor]) -> anyhow::Result<Console> {
        let connection = Connection::within(self.running.instance());
        let console = Console::set_up(&connection, actors).await?;
        self.scene("Profiles are rendered and uploaded to Mosyle", true, console.contents())?;
        Ok(console)
    }

    /// The MDM pushes its profile to all current devices, and to one that is added later; each
    /// installs it and so enrolls.
    async fn push(
        &mut self,
        console: &mut Console,
        actors: &[Actor],
    ) -> anyhow::Result<Vec<Option<Installed>>> {
        let mut installed: Vec<Option<Installed>> = actors.iter().map(|_| None).collect();
        let scenes = [
            (false, "Mosyle pushes the profile to All current and future Devices"),
            (true, "A device is added later, and Mosyle pushes the profile to it too"),
        ];
        for (is_late, scene) in scenes {
            for actor in actors.iter().filter(|actor| actor.is_late == is_late) {
                console.add(actor)?;
            }
            let answers = at_once(console.due(), |push| async move {
                let answer = console::install(&push.file).await;
                (push, answer)
            });
            let answers = answers.await?;
            let mut told = !answers.is_empty();
            for (push, answer) in answers {
                let is_meant = |actor: &Actor| actor.device.serial == push.serial;
                let index = actors.iter().position(is_meant).context("nobody has this serial")?;
                let actor = actors.get(index).context("nobody has this serial")?;
                let took = answer.installed.as_ref().map(drop).map_err(Clone::clone);
                console.record(actor, &push, took);
                told &= answer.installed.is_ok() == (actor.fate != Fate::WrongChallenge);
                self.enrolled(index, actor, &answer).await?;
                if let Some(place) = installed.get_mut(index) {
                    *place = answer.installed.ok();
                }
            }
            self.scene(scene, told, console.state())?;
        }
        Ok(installed)
    }

    /// Notes whether a device has its certificate, and why not.
    async fn enrolled(
        &mut self,
        index: usize,
        actor: &Actor,
        answer: &Answer,
    ) -> anyhow::Result<()> {
        let mut reason = None;
        if let Err(error) = &answer.installed {
            reason = self.enrollment_reason(answer.subject.as_deref()).await?;
            if reason.is_none() {
                bail!("{} did not enroll, and no event says why: {error}", actor.name);
            }
        }
        if let Some(review) = self.reviews.get_mut(index) {
            review.enrolled = answer.installed.is_ok();
            review.reason = reason;
            review.judge(actor);
        }
        Ok(())
    }

    /// One certificate is revoked a moment before its device joins.
    async fn revoke(
        &mut self,
        actors: &[Actor],
        installed: &[Option<Installed>],
    ) -> anyhow::Result<()> {
        let connection = Connection::within(self.running.instance());
        for (actor, installed) in actors.iter().zip(installed) {
            let (Fate::Revoked, Some(installed)) = (actor.fate, installed) else { continue };
            let serial = &installed.enrolled.certificate.serial;
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
        installed: Vec<Option<Installed>>,
    ) -> anyhow::Result<()> {
        let mut visits = Vec::new();
        for (index, (actor, installed)) in actors.iter().zip(installed).enumerate() {
            let Some(installed) = installed else { continue };
            visits.push((index, self.options(actor, installed)?));
        }
        let joined = at_once(visits, |(index, options)| async move {
            let now = clock::now().time();
            let joined = tokio::task::spawn_blocking(move || network::authenticate(&options, now));
            (index, joined.await)
        });
        let mut accepted = 0;
        for (index, outcome) in joined.await? {
            let outcome = outcome.context("a device came to no end")??;
            accepted += usize::from(outcome.accepted);
            let Some(actor) = actors.get(index) else { continue };
            let reason = if outcome.accepted { None } else { self.access_reason(actor).await? };
            if let Some(review) = self.reviews.get_mut(index) {
                review.joined(&outcome, reason);
                review.judge(actor);
            }
        }
        let into = |actor: &&Actor| matches!(actor.fate, Fate::Accepted(_));
        let told = actors.iter().filter(into).count();
        let detail = format!("{accepted} devices are in");
        self.scene("Devices join the network over EAP-TLS", accepted == told, detail)
    }

    /// How a device joins as its profile says, with the version of TLS that it speaks.
    fn options(&self, actor: &Actor, installed: Installed) -> anyhow::Result<Options> {
        let Installed { enrolled, network } = installed;
        let own = enrolled.certificate.subject.common_names().next().map(str::to_owned);
        let issuers = enrolled.chain.iter().filter(|above| !above.is_self_signed());
        let leaf = core::iter::once(&enrolled.certificate);
        let chain = leaf.chain(issuers).map(|certificate| certificate.der.clone()).collect();
        let ssid = network.ssid.context("the profile names no wireless network")?;
        Ok(Options {
            server: self.radius()?,
            secret: device::access_point::Secret(SHARED_SECRET.as_bytes().to_vec()),
            name: network.outer_identity.or(own).unwrap_or_else(|| "anonymous".to_owned()),
            identity: Some(Certified { chain, key: enrolled.key.to_pkcs8().to_vec() }),
            trusted: Some(network.trusted),
            tls_lowest: actor.tls,
            tls_highest: actor.tls,
            access_point: authenticate::describe(&ssid, &actor.station()),
            fragment_size: authenticate::FRAGMENT_SIZE,
            patience: authenticate::PATIENCE,
        })
    }

    /// Why a device was refused a certificate, as its event says.
    async fn enrollment_reason(&self, subject: Option<&str>) -> anyhow::Result<Option<Reason>> {
        let Some(subject) = subject else { return Ok(None) };
        self.reason(|event| event.details.get("asked_subject") == Some(&json!(subject))).await
    }

    /// Why a device was not let in, as its event says.
    async fn access_reason(&self, actor: &Actor) -> anyhow::Result<Option<Reason>> {
        let station = json!(actor.station());
        let is_meant = |event: &Shown| event.details.get("calling_station") == Some(&station);
        self.reason(|event| event.kind == "network.access" && is_meant(event)).await
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
