//! `inspect`: a profile that somebody made elsewhere, read as a Mac would and held against what the
//! organization knows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::actor::Permission;
use domain::doctor::Finding;
use domain::doctor::Severity;
use domain::gateway::Gateway;
use domain::network_profile::NetworkProfile;
use domain::organization::Organization;
use domain::secret::Secret;
use pki::certificate::Certificate;
use profile::inspect;
use profile::inspect::Profile;
use profile::lint;
use profile::lint::Challenge;
use profile::lint::Expected;
use profile::platform::Platform;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::network;
use super::render::complaint;
use crate::App;
use crate::gateway::secret;
use crate::organization::NotApplied;
use crate::rules::Rules;
use crate::server_certificate::dns_names;

pub use profile::inspect::PROFILE_BYTES_MAX;

/// A profile, and what it is to be compared with.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = InspectOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The file, in base64: XML or binary, signed or not, at most 1 MiB.
    pub content: String,
    /// The network profile that it should be; without, the one whose gateway and SSID it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_profile: Option<String>,
    /// The MDM that is to fill in its variables: mosyle, jamf, intune, kandji, addigy,
    /// workspace-one, meraki, google, generic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
}

impl Order {
    /// A file that is compared with whatever fits.
    pub fn new(file: &[u8]) -> Self {
        Self { content: STANDARD.encode(file), network_profile: None, console: None }
    }
}

/// What is in a profile, and what is wrong with it.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = InspectedProfile)]
pub struct Inspected {
    /// What it is called.
    pub name: String,
    /// What identifies it on a device.
    pub identifier: String,
    /// The network profile that it was compared with.
    pub network_profile: String,
    /// Who signed it, from outside to inside.
    pub signatures: Vec<InspectedSignature>,
    /// Its payloads, in their order.
    pub payloads: Vec<String>,
    /// Where devices enroll.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What they ask for: the subject and the alternative names, with their variables.
    pub asks: Vec<String>,
    /// The wireless network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// The authorities that RADIUS servers are trusted by.
    pub trusted: Vec<String>,
    /// The names that RADIUS servers may have; any if there is none.
    pub radius_server_names: Vec<String>,
    /// What is wrong, the gravest first; none where all is well.
    pub findings: Vec<Finding>,
    /// Whether devices get their certificate and get in, as far as can be told.
    pub ok: bool,
}

/// A signature around a profile.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct InspectedSignature {
    /// Whose it says it is; nothing when no certificate came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Whether it fits the profile.
    pub fits: bool,
}

/// Reads a profile and says what is wrong with it.
pub fn inspect(app: &App, actor: &Actor, order: &Order) -> Result<Inspected, NotApplied> {
    actor.may(Permission::OrganizationRead)?;
    let console = order.console.as_deref().map(console).transpose()?;
    let profile = inspect::read(&content(&order.content)?).map_err(|error| {
        let fix = "give the .mobileconfig as the console exports it, signed or not";
        complaint("content", error.to_string(), fix)
    })?;
    let rules = app.snapshot.rules();
    let named = order.network_profile.as_deref();
    let definition = definition(&rules.organization, named, &profile)?;
    // Whose a challenge is, is for those who may see one.
    let may_judge = actor.can(Permission::PkiChange);
    let findings = findings(app, &rules, definition, (&profile, console, may_judge))?;
    let asked = profile.scep();
    Ok(Inspected {
        name: profile.name.clone(),
        identifier: profile.identifier.clone(),
        network_profile: definition.name.clone(),
        signatures: profile.signatures.iter().map(InspectedSignature::from).collect(),
        payloads: profile.payloads.iter().map(|one| one.title.clone()).collect(),
        url: asked.map(|scep| scep.url.clone()),
        asks: asked.map(asks).unwrap_or_default(),
        ssid: profile.wifi().and_then(|join| join.ssid.clone()),
        trusted: profile.anchors().into_iter().map(|one| one.subject.to_string()).collect(),
        radius_server_names: profile.trusted_names().to_vec(),
        ok: findings.iter().all(|finding| finding.severity != Severity::Problem),
        findings,
    })
}

fn content(text: &str) -> Result<Vec<u8>, NotApplied> {
    // Four digits stand for three bytes; a profile that is too long is not decoded first.
    if text.len() / 4 * 3 > PROFILE_BYTES_MAX + 3 {
        let what = inspect::InspectError::TooLong.to_string();
        return Err(complaint("content", what, "give the profile of the network alone"));
    }
    STANDARD.decode(text).map_err(|error| {
        complaint("content", format!("is no base64: {error}"), "encode the file in base64")
    })
}

fn console(name: &str) -> Result<Platform, NotApplied> {
    let found = Platform::parse(name).filter(|platform| platform.is_console());
    found.ok_or_else(|| {
        let consoles = Platform::ALL.into_iter().filter(|one| one.is_console());
        let names: Vec<&str> = consoles.map(Platform::as_str).collect();
        let what = format!("\"{}\" is no MDM", name.escape_debug());
        complaint("console", what, format!("write one of {}", names.join(", ")))
    })
}

/// The network profile that a file is to be: the one that is named, else the one whose gateway and
/// SSID stand in it, else the only one.
fn definition<'a>(
    organization: &'a Organization,
    named: Option<&str>,
    profile: &Profile,
) -> Result<&'a NetworkProfile, NotApplied> {
    let all = &organization.network_profile;
    if let Some(named) = named {
        let is_it = |one: &&NetworkProfile| one.name == named || one.slug.as_deref() == Some(named);
        return all.iter().find(is_it).ok_or_else(|| {
            let what = format!("there is no network profile \"{}\"", named.escape_debug());
            complaint("network_profile", what, listed(organization))
        });
    }
    let url = profile.scep().map(|scep| scep.url.as_str()).unwrap_or_default();
    let ssid = profile.wifi().map(|join| join.ssid.as_deref());
    let likeness = |one: &&NetworkProfile| {
        let gateway: Option<&Gateway> = organization.find(&one.gateway);
        let slug = gateway.and_then(|gateway| gateway.slug.as_deref()).unwrap_or_default();
        let has_gateway = url.split('/').skip_while(|part| *part != "scep").nth(1) == Some(slug);
        let has_network = ssid.is_some_and(|ssid| ssid == one.ssid.as_deref());
        // The network tells more: a wrong gateway is the commonest mistake of all.
        u8::from(has_gateway) + 2 * u8::from(has_network)
    };
    // Of several that are equally like it, the first.
    let best = all.iter().rev().max_by_key(likeness);
    let is_sure = |one: &&NetworkProfile| all.len() == 1 || likeness(one) > 0;
    best.filter(is_sure).ok_or_else(|| {
        let what = "is missing, and neither URL nor SSID of the file is that of a network profile";
        complaint("network_profile", what.to_owned(), listed(organization))
    })
}

fn listed(organization: &Organization) -> String {
    /// Most names that one line holds.
    const NAMES_MAX: usize = 10;
    let names = organization.network_profile.iter().take(NAMES_MAX);
    let names: Vec<&str> = names.map(|one| one.name.as_str()).collect();
    if names.is_empty() {
        return "make a network profile first".to_owned();
    }
    format!("name one of {}", names.join(", "))
}

fn asks(scep: &inspect::Scep) -> Vec<String> {
    let subject = scep.subject.iter().map(|(key, value)| format!("{key}={value}"));
    let names = scep.names.iter().map(|(kind, value)| format!("{}: {value}", kind.as_key()));
    subject.chain(names).collect()
}

fn findings(
    app: &App,
    rules: &Rules,
    definition: &NetworkProfile,
    (profile, console, may_judge): (&Profile, Option<Platform>, bool),
) -> Result<Vec<Finding>, NotApplied> {
    let organization = &rules.organization;
    let own: Option<&Gateway> = organization.find(&definition.gateway);
    let own = own.and_then(|gateway| Some((gateway, network::chain(rules, gateway)?)));
    let (own, chain) = own.ok_or_else(|| {
        let what = format!("the gateway \"{}\" has no authority with a key", definition.gateway);
        complaint("network_profile", what, "choose another gateway for the network profile")
    })?;
    let known = |gateway: &Gateway| lint::Gateway {
        name: gateway.name.clone(),
        url: organization.enrollment_url(gateway),
    };
    let others = organization.gateway.iter().filter(|gateway| gateway.name != own.name);
    let others: Vec<lint::Gateway> = others.map(known).collect();
    // What is shown now, and what waits to be shown.
    let slots = rules.slots_of(&definition.server_certificate);
    let shown = slots.into_iter().flat_map(|slots| [Some(&slots.active), slots.next.as_ref()]);
    let shown: Vec<_> = shown.flatten().collect();
    let server_names: Vec<_> = shown.iter().map(|one| dns_names(one.certificate())).collect();
    let anchors: Vec<Certificate> = shown.iter().filter_map(|one| one.root.clone()).collect();
    let challenge = |text: &str| match may_judge {
        true => whose(app, rules, own, text),
        false => Challenge::Right,
    };
    let expected = Expected {
        gateway: &known(own),
        others: &others,
        challenge: &challenge,
        chain: &chain,
        anchors: &anchors,
        server_names: &server_names,
        ssid: definition.ssid.as_deref(),
        console,
    };
    Ok(lint::compare(profile, &expected).into_iter().map(finding).collect())
}

fn whose(app: &App, rules: &Rules, own: &Gateway, text: &str) -> Challenge {
    let challenge = Secret::new(text);
    let takes = |gateway: &&Gateway| secret::found(app, rules, gateway, &challenge).is_some();
    if takes(&own) {
        return Challenge::Right;
    }
    match rules.organization.gateway.iter().find(takes) {
        Some(other) => Challenge::OfGateway(other.name.clone()),
        None => Challenge::Unknown,
    }
}

fn finding(found: lint::Finding) -> Finding {
    let lint::Finding { code, severity, place, what, why, fix } = found;
    let severity = match severity {
        lint::Severity::Problem => Severity::Problem,
        lint::Severity::Warning => Severity::Warning,
        lint::Severity::Hint => Severity::Hint,
    };
    Finding { code: code.to_owned(), severity, object: place, what, why, fix }
}

impl From<&inspect::Signature> for InspectedSignature {
    fn from(signature: &inspect::Signature) -> Self {
        Self { signer: signature.signer.clone(), fits: signature.fits }
    }
}
