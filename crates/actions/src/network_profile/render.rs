//! `network-profile render`: what devices, consoles and administrators are given for a network.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::complaint::Complaint;
use domain::network_profile::NetworkProfile;
use domain::object::Kind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use profile::card::Card;
use profile::card::Entry;
use profile::check;
use profile::file::File;
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
const LABEL_CHARS_MAX: usize = 120;

/// What is to be written, and for whom.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = RenderOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// For which platform: apple, mosyle, jamf, intune, kandji, addigy, workspace-one, meraki,
    /// google, generic, windows, android, chromeos, linux, eap-config.
    pub platform: String,
    /// Only a part, to find out which fails: trust, scep or wifi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
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

/// Every part that can be written alone: its name, and what people call it.
pub fn parts() -> impl Iterator<Item = (&'static str, &'static str)> {
    Part::ALL.into_iter().map(|part| (part.as_str(), part.label()))
}

/// Writes a network profile for a platform. Whatever enrolls gets a challenge of its own, so that it
/// can be ended alone.
pub async fn render(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Rendered, NotApplied> {
    let shown = object::show(app, actor, Kind::NetworkProfile, name)?;
    let (platform, selection) = order.parse()?;
    // Whatever is wrong is told before a challenge is made.
    let tried = Enrolling { version: 1, challenge: "tried" };
    written(app, &shown.name, &tried, (platform, &selection))?;
    let version = number(app, &shown.name).await?;
    let (challenge, label) = match order.secret {
        Some(given) => (given, None),
        None if selection.only.is_none_or(|only| only == Part::Scep) => {
            let gateway = gateway(&app.snapshot.rules(), &shown.name)?;
            let label = format!("{}, {}, p-{version}", shown.name, platform.as_str());
            let label: String = label.chars().take(LABEL_CHARS_MAX).collect();
            let made = secret::add(app, actor, &gateway, secret::Order { label }).await?;
            (made.shown.secret, Some(made.label))
        }
        None => {
            actor.may(Permission::OrganizationRead)?;
            (Secret::new(""), None)
        }
    };
    let enrolling = Enrolling { version, challenge: challenge.reveal() };
    let (url, rendered) = written(app, &shown.name, &enrolling, (platform, &selection))?;
    Ok(Rendered {
        platform: platform.as_str().to_owned(),
        version,
        url,
        challenge: label,
        files: rendered.files.into_iter().map(RenderedFile::from).collect(),
        card: rendered.card.map(RenderedCard::from),
    })
}

/// Most attempts to get a number: each but the last is lost to somebody else who renders.
const ATTEMPTS_MAX: u32 = 8;

/// The number of what devices are to trust by a profile: one of before, or the next.
async fn number(app: &App, name: &str) -> Result<i64, NotApplied> {
    let mut attempts = 1;
    loop {
        match number_once(app, name).await {
            Err(Refusal::Conflict { .. }) if attempts < ATTEMPTS_MAX => attempts += 1,
            answer => return Ok(answer?),
        }
    }
}

async fn number_once(app: &App, name: &str) -> Result<i64, Refusal> {
    let (rules, at) = (app.snapshot.rules(), app.world.time());
    let found = rules.organization.find::<NetworkProfile>(name);
    let noun = Kind::NetworkProfile.words();
    let profile = found.ok_or_else(|| Refusal::NotFound { noun, name: name.to_owned() })?;
    let roots = super::anchors_of(&rules, profile, at);
    let content = object::etag_of(0, &(profile, &roots));
    let kept = rendering::of_profile(&app.store, name).await.map_err(unavailable)?;
    if let Some(kept) = kept.iter().find(|one| one.content == content) {
        return Ok(kept.number);
    }
    let number = rendering::free_number(&app.store).await.map_err(unavailable)?;
    let (profile, names) = (name.to_owned(), profile.radius_server_names.clone());
    let new = Rendering { number, profile, content, roots, names, at };
    let why = Why::Bookkeeping(Bookkeeping::ProfileRendered);
    let write = rendering::add(Write::new(), &new);
    write.commit(&app.store, why).await.map_err(certificate::conflict)?;
    Ok(number)
}

fn gateway(rules: &Rules, profile: &str) -> Result<String, NotApplied> {
    let found = rules.organization.find::<NetworkProfile>(profile);
    found.map(|profile| profile.gateway.clone()).ok_or_else(|| gone(profile))
}

fn gone(profile: &str) -> NotApplied {
    let noun = Kind::NetworkProfile.words();
    Refusal::NotFound { noun, name: profile.to_owned() }.into()
}

fn written(
    app: &App,
    name: &str,
    enrolling: &Enrolling<'_>,
    (platform, selection): (Platform, &Selection),
) -> Result<(String, profile::render::Rendered), NotApplied> {
    let rules = app.snapshot.rules();
    let definition = rules.organization.find::<NetworkProfile>(name).ok_or_else(|| gone(name))?;
    let network = network::network(&rules, definition, enrolling, app.world.time())
        .map_err(NotApplied::Complaints)?;
    let wrong = check::server(&network, &network::server_chain(&rules, definition));
    if !wrong.is_empty() {
        return Err(complaints(wrong));
    }
    let selection = Selection { login_window: definition.login_window, ..*selection };
    let rendered = profile::render::render(&network, platform, &selection).map_err(complaints)?;
    Ok((network.scep.url, rendered))
}

fn complaints(all: Vec<profile::complaint::Complaint>) -> NotApplied {
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

fn complaint(field: &str, what: String, fix: impl Into<String>) -> NotApplied {
    NotApplied::Complaints(vec![Complaint::new(field, what, fix)])
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
