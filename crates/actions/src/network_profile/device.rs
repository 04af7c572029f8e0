//! A network profile for one device of the inventory: its variables are filled in here, because no
//! MDM stands between the file and the device.

use std::sync::Arc;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::claim::Claim;
use domain::complaint::Complaint;
use domain::device::Device;
use domain::inventory::matching::Matched;
use domain::network_profile::NetworkProfile;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::slug;
use domain::variable::Variable;
use domain::variable::values::Values;
use pki::certificate::Certificate;
use pki::csr;
use pki::csr::Csr;
use pki::general_name::GeneralName;
use pki::key::KeyType;
use pki::key::PrivateKey;
use pki::name::Name;
use pki::name::NameError;
use profile::network::NameKind;
use profile::network::Network;
use profile::text;
use profile::text::Text;

use super::network::variable;
use super::render::LABEL_CHARS_MAX;
use crate::App;
use crate::certificate::issue;
use crate::device;
use crate::gateway;
use crate::gateway::secret;
use crate::organization::NotApplied;
use crate::rules::Rules;

/// What a bundle's password is drawn from, in characters: 5 bits each, typed by hand into printers.
const PASSWORD_CHARS: usize = 24;

/// A device, and what the inventory knows of it.
pub(super) struct OfDevice {
    device: Arc<Device>,
    values: Values,
}

/// A certificate that was issued for a device, with its key, which is kept nowhere.
pub(super) struct Bundle {
    pub(super) key: PrivateKey,
    /// Its own certificate, then those above it.
    pub(super) chain: Vec<Certificate>,
    /// What the bundle is encrypted with.
    pub(super) password: Secret,
}

impl OfDevice {
    /// The device of this name, number or address.
    pub(super) async fn find(app: &App, actor: &Actor, text: &str) -> Result<Self, NotApplied> {
        actor.may(Permission::InventoryRead)?;
        let (device, _) = device::find(app, text).await?;
        let person = app.snapshot.inventory().owner_of(&device);
        let matched = Matched { device: Some(Arc::clone(&device)), person, ..Matched::default() };
        let values = Values::default().matched(&matched, app.world.time());
        Ok(Self { device, values })
    }

    /// What it is called in names of files.
    pub(super) fn slug(&self) -> String {
        slug::from_name(&self.device.name)
    }

    /// The network with every variable filled in, or all that the inventory does not know.
    pub(super) fn fill(&self, mut network: Network) -> Result<Network, Vec<Complaint>> {
        let mut complaints = Vec::new();
        for (_, text) in &mut network.scep.subject {
            complaints.extend(self.fill_in(text, "subject"));
        }
        for (kind, text) in &mut network.scep.names {
            complaints.extend(self.fill_in(text, kind.as_field()));
        }
        if complaints.is_empty() { Ok(network) } else { Err(complaints) }
    }

    fn fill_in(&self, text: &mut Text, field: &str) -> Option<Complaint> {
        for part in &mut text.0 {
            let text::Part::Variable(wanted) = part else { continue };
            let known = domain::variable::VARIABLES.iter().map(|(one, _)| *one);
            let mut known = known.filter(|one| variable(*one) == Some(*wanted));
            let own = known.next();
            let Some(value) = own.and_then(|own| self.values.value(own)) else {
                let name = own.map(Variable::as_str).unwrap_or_default();
                let what = format!(
                    "holds ${{{name}}}, which the inventory does not know of \"{}\"",
                    self.device.name
                );
                let fix = "add it to the device or its owner, or use another variable";
                return Some(Complaint::new(field, what, fix));
            };
            *part = text::Part::Literal(value.to_owned());
        }
        None
    }
}

/// Asks for a certificate in a device's place: policies answer as they would answer the device. What
/// gives the right to it is a challenge that lives only as long.
pub(super) async fn bundle(
    app: &App,
    actor: &Actor,
    (profile, network): (&NetworkProfile, &Network),
    rendering: Option<i64>,
) -> Result<Bundle, NotApplied> {
    // What printers and the smallest of things can use, unless the network wants more.
    let kind = match network.scep.key_bits {
        4096 => KeyType::Rsa4096,
        _ => KeyType::Rsa2048,
    };
    let made = tokio::task::spawn_blocking(move || PrivateKey::generate(kind)).await;
    let made = made.map_err(|error| internal(&error))?;
    let key = made.map_err(|error| internal(&error))?;
    let (subject, names) = asked(network)?;
    let label = format!("{}, for a bundle", profile.name).chars().take(LABEL_CHARS_MAX).collect();
    let order = secret::Order { label };
    let challenge = secret::add(app, actor, &profile.gateway, order).await?;
    let text = challenge.shown.secret.reveal();
    let claim = csr::build(&key, &subject, &names, Some(text)).map_err(|error| internal(&error));
    let issued = match claim {
        Ok(der) => issue_for(app, profile, (&der, rendering), &challenge).await,
        Err(refusal) => Err(refusal.into()),
    };
    // Whatever became of it, nobody else is to use the challenge; what was issued is not lost by that.
    if let Err(error) = secret::remove(app, actor, &profile.gateway, &challenge.id).await {
        let refusal = error.refusal();
        tracing::warn!(%refusal, challenge = challenge.id, "the challenge of a bundle is still there");
    }
    let leaf = issued?;
    let rules = app.snapshot.rules();
    let mut chain = above(&rules, &leaf);
    chain.insert(0, leaf);
    let password = Secret::new(gateway::draw_text::<PASSWORD_CHARS>(&app.world));
    Ok(Bundle { key, chain, password })
}

async fn issue_for(
    app: &App,
    profile: &NetworkProfile,
    (der, rendering): (&[u8], Option<i64>),
    challenge: &secret::Made,
) -> Result<Certificate, NotApplied> {
    let csr = Csr::parse(der, csr::Strictness::Strict).map_err(|error| internal(&error))?;
    let claim = Claim {
        csr,
        challenge: Some(challenge.shown.secret.clone()),
        renews: None,
        transaction: challenge.id.clone(),
        rendering,
    };
    let gateway = Actor::gateway(&profile.gateway);
    let issued = issue::issue(app, &gateway, &profile.gateway, &claim).await?;
    Certificate::parse(&issued.der).map_err(|error| internal(&error).into())
}

/// The certificates above one, the root last.
fn above(rules: &Rules, leaf: &Certificate) -> Vec<Certificate> {
    let mut keys = rules.authority_keys().map(|key| key.generation);
    let signer = keys.find(|generation| {
        generation.chain.first().is_some_and(|own| {
            own.subject == leaf.issuer && leaf.verify_signed_by(&own.public_key).is_ok()
        })
    });
    signer.map(|signer| signer.chain.clone()).unwrap_or_default()
}

/// What the device would ask for.
fn asked(network: &Network) -> Result<(Name, Vec<GeneralName>), NotApplied> {
    let subject = subject(network).map_err(|error| {
        let fix = "use a variable whose value may stand there";
        NotApplied::Complaints(vec![Complaint::new("subject", error.to_string(), fix)])
    })?;
    let names = network.scep.names.iter().map(|(kind, text)| match kind {
        NameKind::Email => GeneralName::Email(literal(text)),
        NameKind::Dns => GeneralName::Dns(literal(text)),
        NameKind::Uri => GeneralName::Uri(literal(text)),
        NameKind::Upn => GeneralName::Upn(literal(text)),
    });
    Ok((subject, names.collect()))
}

fn subject(network: &Network) -> Result<Name, NameError> {
    let mut attributes = Vec::new();
    for (key, text) in &network.scep.subject {
        // Two letters are a value that every attribute takes, a country too.
        let name = Name::parse_text(&format!("{key}=XX"))?;
        attributes.extend(name.attributes().next().map(|(oid, _)| (oid, literal(text))));
    }
    let pairs: Vec<_> = attributes.iter().map(|(oid, value)| (*oid, value.as_str())).collect();
    Name::from_pairs(&pairs)
}

/// A text whose variables were filled in.
fn literal(text: &Text) -> String {
    let parts = text.0.iter().map(|part| match part {
        text::Part::Literal(literal) => literal.as_str(),
        text::Part::Variable(_) => "",
    });
    parts.collect()
}

fn internal(error: &dyn core::fmt::Display) -> Refusal {
    Refusal::Internal { what: error.to_string() }
}
