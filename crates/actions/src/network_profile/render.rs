//! `network-profile render`: what devices, consoles and administrators are given for a network.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::complaint::Complaint;
use domain::gateway::Gateway;
use domain::network_profile::NetworkProfile;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use pki::cms::signed_data::Signer;
use profile::apple;
use profile::card::Card;
use profile::card::Entry;
use profile::check;
use profile::file::File;
use profile::network::Network;
use profile::p12::Identity;
use profile::platform::Platform;
use profile::render::Part;
use profile::render::Selection;
use serde::Deserialize;
use serde::Serialize;
use store::rendering;
use store::rendering::Rendering;
use store::write::Bookkeeping;
use store::write::Why;
use store::write::Write;
use utoipa::ToSchema;

use super::device;
use super::device::OfDevice;
use super::network;
use super::network::Enrolling;
use crate::App;
use crate::certificate;
use crate::gateway::secret;
use crate::object;
use crate::organization::NotApplied;
use crate::rules::Rules;
use crate::unavailable;

/// Longest label of a challenge: names of objects are no longer.
pub(super) const LABEL_CHARS_MAX: usize = 120;

/// What is to be written, and for whom.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = RenderOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// For which platform: apple, mosyle, jamf, intune, kandji, addigy, workspace-one, meraki,
    /// google, generic, windows, android, chromeos, linux, eap-config, p12.
    pub platform: String,
    /// Only a part, to find out which fails: trust, scep or wifi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// The device of the inventory whose values are filled in, by its name, number or address;
    /// without, variables stay for an MDM to fill in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The challenge to write; the gateway gets a further one if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub secret: Option<Secret>,
}

/// What was written.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = RenderedProfile)]
pub struct Rendered {
    /// For which platform.
    pub platform: String,
    /// The number of what was handed out: the Enrollment URL ends in it. The same network profile
    /// with the same roots and names of servers has the same.
    pub version: i64,
    /// Where devices enroll.
    pub url: String,
    /// What the gateway's new challenge is called; none if one was given, or none is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// What the bundle with the device's key is encrypted with, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// The files.
    pub files: Vec<RenderedFile>,
    /// What to enter into the console, if the platform is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<RenderedCard>,
}

/// A file that was written.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RenderedFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// What is in it, in base64.
    pub content: String,
    /// Whether it holds a secret.
    pub secret: bool,
}

/// What to enter into a console, form by form.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RenderedCard {
    /// What it is about.
    pub title: String,
    /// What to know before.
    pub intro: Vec<String>,
    /// The forms, in the console's order.
    pub sections: Vec<RenderedSection>,
}

/// A form of a console.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RenderedSection {
    /// What is made there.
    pub title: String,
    /// Where it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The fields, in the form's order.
    pub fields: Vec<RenderedField>,
    /// What to know besides.
    pub notes: Vec<String>,
}

/// A field of a form.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct RenderedField {
    /// What the console calls it.
    pub label: String,
    /// What to do there: type, secret, complete, choose, tick, untick, leave, upload or press.
    pub entry: String,
    /// With which value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What to know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Every platform: its name, and what people call it.
pub fn platforms() -> impl Iterator<Item = (&'static str, &'static str)> {
    Platform::ALL.into_iter().map(|platform| (platform.as_str(), platform.label()))
}

/// Every MDM that has a console: its name, and what people call it.
pub fn consoles() -> impl Iterator<Item = (&'static str, &'static str)> {
    let consoles = Platform::ALL.into_iter().filter(|platform| platform.is_console());
    consoles.map(|platform| (platform.as_str(), platform.label()))
}

/// Every part that can be written alone: its name, and what people call it.
pub fn parts() -> impl Iterator<Item = (&'static str, &'static str)> {
    Part::ALL.into_iter().map(|part| (part.as_str(), part.label()))
}

/// Writes a network profile for a platform. Whatever enrolls gets a challenge of its own, so that it
/// can be ended alone; what holds the key of a device is issued its certificate on the way.
pub async fn render(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Rendered, NotApplied> {
    let shown = object::show(app, actor, Kind::NetworkProfile, name)?;
    let (platform, selection) = order.parse()?;
    let device = match &order.device {
        Some(device) => Some(OfDevice::find(app, actor, device).await?),
        None => None,
    };
    let tried = Job { name: &shown.name, platform, selection, device: device.as_ref(), version: 1 };
    if let Some(device) = tried.keyed() {
        return tried.write_with_key(app, actor, device).await;
    }
    // Whatever is wrong is told before a challenge is made.
    tried.write(app, &app.snapshot.rules(), "tried")?;
    let (rules, version) = number(app, &shown.name).await?;
    let job = Job { version, ..tried };
    let (challenge, label) = match order.secret {
        Some(given) => (given, None),
        None if job.asks() => {
            let gateway = &definition(&rules, &shown.name)?.gateway;
            let label = format!("{}, {}, p-{version}", shown.name, platform.as_str());
            let label: String = label.chars().take(LABEL_CHARS_MAX).collect();
            let made = secret::add(app, actor, gateway, secret::Order { label }).await?;
            (made.shown.secret, Some(made.label))
        }
        None => {
            actor.may(Permission::OrganizationRead)?;
            (Secret::new(""), None)
        }
    };
    // What is written is what the number stands for, whatever somebody changed meanwhile.
    Ok(Rendered { challenge: label, ..job.write(app, &rules, challenge.reveal())? })
}

/// What is to be written.
struct Job<'a> {
    name: &'a str,
    platform: Platform,
    selection: Selection,
    device: Option<&'a OfDevice>,
    version: i64,
}

impl Job<'_> {
    /// Whether what is written holds a challenge.
    fn asks(&self) -> bool {
        self.platform.holds_challenge() && self.selection.includes(Part::Scep)
    }

    /// The device whose key is in what is written.
    fn keyed(&self) -> Option<&OfDevice> {
        let holds_key = matches!(self.platform, Platform::P12 | Platform::EapConfig);
        self.device.filter(|_| holds_key)
    }

    /// The network, with what the inventory knows of the device.
    fn network(&self, app: &App, rules: &Rules, challenge: &str) -> Result<Network, NotApplied> {
        let definition = definition(rules, self.name)?;
        // A part alone does not bring what its number would say that devices trust.
        let version = if self.selection.only.is_some() { 0 } else { self.version };
        let enrolling = Enrolling { version, challenge };
        let network = network::network(rules, definition, &enrolling, app.world.time());
        let network = network.map_err(NotApplied::Complaints)?;
        let wrong = check::server(&network, &network::server_chain(rules, definition));
        if !wrong.is_empty() {
            return Err(complaints(wrong));
        }
        match self.device {
            Some(device) => device.fill(network).map_err(NotApplied::Complaints),
            None => Ok(network),
        }
    }

    fn write(&self, app: &App, rules: &Rules, challenge: &str) -> Result<Rendered, NotApplied> {
        let network = self.network(app, rules, challenge)?;
        let login_window = definition(rules, self.name)?.login_window;
        let selection = Selection { login_window, ..self.selection };
        let written = profile::render::render(&network, self.platform, &selection);
        let mut written = written.map_err(complaints)?;
        if self.platform == Platform::Apple {
            self.sign(rules, &mut written.files)?;
        }
        Ok(self.rendered(&network, written))
    }

    async fn write_with_key(
        &self,
        app: &App,
        actor: &Actor,
        device: &OfDevice,
    ) -> Result<Rendered, NotApplied> {
        actor.may(Permission::PkiChange)?;
        if self.selection.only.is_some() {
            let what = "is not possible for what holds a key".to_owned();
            return Err(complaint("only", what, "leave it out"));
        }
        let network = self.network(app, &app.snapshot.rules(), "")?;
        if self.platform == Platform::EapConfig {
            // Whatever is wrong is told before a certificate is issued.
            profile::render::render(&network, self.platform, &self.selection)
                .map_err(complaints)?;
        }
        let (rules, version) = number(app, self.name).await?;
        let job = Self { version, ..*self };
        let network = job.network(app, &rules, "")?;
        let profile = definition(&rules, self.name)?;
        // A bundle alone brings no roots that its device would trust servers by.
        let rendering = (self.platform == Platform::EapConfig).then_some(version);
        let bundle = device::bundle(app, actor, (profile, &network), rendering).await?;
        let identity = Identity { key: &bundle.key, chain: &bundle.chain };
        let name = format!("{}-{}", network.slug, device.slug());
        let with = (name.as_str(), &identity, bundle.password.reveal());
        let written = profile::render::with_key(&network, self.platform, with);
        let rendered = job.rendered(&network, written.map_err(complaints)?);
        Ok(Rendered { password: Some(bundle.password), ..rendered })
    }

    /// Devices show people who made a profile that they install by hand: the gateway's authority,
    /// by the certificate with which it speaks SCEP.
    fn sign(&self, rules: &Rules, files: &mut [File]) -> Result<(), NotApplied> {
        let gateway: Option<&Gateway> =
            rules.organization.find(&definition(rules, self.name)?.gateway);
        let authority = gateway.and_then(|gateway| rules.organization.authority_of(gateway));
        let authority = authority.and_then(|authority| rules.authority(&authority.name));
        let signing = authority.and_then(|it| Some((it, it.registration.first()?)));
        let Some((authority, identity)) = signing else {
            let what = "there is nothing to sign the profile with".to_owned();
            return Err(Refusal::Internal { what }.into());
        };
        let hash = identity.key.key_type().default_hash();
        let signer = Signer { certificate: &identity.certificate, key: &identity.key, hash };
        for file in files {
            file.content = apple::sign(&file.content, &signer, &authority.current.chain)
                .map_err(|error| Refusal::Internal { what: error.to_string() })?;
        }
        Ok(())
    }

    fn rendered(&self, network: &Network, written: profile::render::Rendered) -> Rendered {
        Rendered {
            platform: self.platform.as_str().to_owned(),
            version: self.version,
            url: network.scep.url.clone(),
            challenge: None,
            password: None,
            files: written.files.into_iter().map(RenderedFile::from).collect(),
            card: written.card.map(RenderedCard::from),
        }
    }
}

/// Most attempts to get a number: each but the last is lost to somebody else who renders.
const ATTEMPTS_MAX: u32 = 8;

/// The number of what devices are to trust by a profile: one of before, or the next. The rules are
/// those that it stands for.
async fn number(app: &App, name: &str) -> Result<(Arc<Rules>, i64), NotApplied> {
    let mut attempts = 1;
    loop {
        match number_once(app, name).await {
            Err(Refusal::Conflict { .. }) if attempts < ATTEMPTS_MAX => attempts += 1,
            answer => return Ok(answer?),
        }
    }
}

async fn number_once(app: &App, name: &str) -> Result<(Arc<Rules>, i64), Refusal> {
    let (rules, at) = (app.snapshot.rules(), app.world.time());
    let found = rules.organization.find::<NetworkProfile>(name);
    let noun = Kind::NetworkProfile.words();
    let profile = found.ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })?;
    let roots = super::anchors_of(&rules, profile, at);
    let content = object::etag_of(0, &(profile, &roots));
    let kept = rendering::of_profile(&app.store, name).await.map_err(unavailable)?;
    if let Some(kept) = kept.iter().find(|one| one.content == content) {
        let number = kept.number;
        return Ok((rules, number));
    }
    let number = rendering::free_number(&app.store).await.map_err(unavailable)?;
    let (profile, names) = (name.to_owned(), profile.radius_server_names.clone());
    let new = Rendering { number, profile, content, roots, names, at };
    let why = Why::Bookkeeping(Bookkeeping::ProfileRendered);
    let write = rendering::add(Write::new(), &new);
    write.commit(&app.store, why).await.map_err(certificate::conflict)?;
    Ok((rules, number))
}

/// The network profile, which somebody may have removed in the meantime.
pub(super) fn definition<'a>(
    rules: &'a Rules,
    name: &str,
) -> Result<&'a NetworkProfile, NotApplied> {
    rules.organization.find(name).ok_or_else(|| {
        let noun = Kind::NetworkProfile.words();
        Refusal::NotFound { noun, name: name.to_owned() }.into()
    })
}

pub(super) fn complaints(all: Vec<profile::complaint::Complaint>) -> NotApplied {
    let all = all.into_iter().map(|one| Complaint::new(one.field, one.what, one.fix));
    NotApplied::Complaints(all.collect())
}

impl Order {
    fn parse(&self) -> Result<(Platform, Selection), NotApplied> {
        let platform = Platform::parse(&self.platform).ok_or_else(|| {
            let all: Vec<&str> = Platform::ALL.map(Platform::as_str).to_vec();
            let what = format!("\"{}\" is no platform", self.platform.escape_debug());
            complaint("platform", what, format!("write one of {}", all.join(", ")))
        })?;
        let only = match self.only.as_deref() {
            None => None,
            Some(part) => Some(Part::parse(part).ok_or_else(|| {
                let what = format!("\"{}\" is no part", part.escape_debug());
                complaint("only", what, "write trust, scep or wifi")
            })?),
        };
        Ok((platform, Selection { only, ..Selection::default() }))
    }
}

pub(super) fn complaint(field: &str, what: String, fix: impl Into<String>) -> NotApplied {
    NotApplied::Complaints(vec![Complaint::new(field, what, fix)])
}

impl RenderedFile {
    /// What is in it, if that is text.
    pub fn text(&self) -> Option<String> {
        String::from_utf8(STANDARD.decode(&self.content).ok()?).ok()
    }
}

impl From<File> for RenderedFile {
    fn from(file: File) -> Self {
        Self {
            name: file.name,
            media_type: file.media_type.to_owned(),
            content: STANDARD.encode(&file.content),
            secret: file.is_secret,
        }
    }
}

impl From<Card> for RenderedCard {
    fn from(card: Card) -> Self {
        let sections = card.sections.into_iter().map(|section| RenderedSection {
            title: section.title,
            place: section.place,
            fields: section.fields.into_iter().map(RenderedField::from).collect(),
            notes: section.notes,
        });
        Self { title: card.title, intro: card.intro, sections: sections.collect() }
    }
}

impl From<profile::card::Field> for RenderedField {
    fn from(field: profile::card::Field) -> Self {
        let (entry, value) = match field.entry {
            Entry::Type(text) => ("type", Some(text)),
            Entry::Secret(text) => ("secret", Some(text)),
            Entry::Complete(text) => ("complete", Some(text)),
            Entry::Choose(text) => ("choose", Some(text)),
            Entry::Upload(text) => ("upload", Some(text)),
            Entry::Tick => ("tick", None),
            Entry::Untick => ("untick", None),
            Entry::Leave => ("leave", None),
            Entry::Press => ("press", None),
        };
        Self { label: field.label, entry: entry.to_owned(), value, note: field.note }
    }
}
