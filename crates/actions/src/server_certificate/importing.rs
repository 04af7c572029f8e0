//! Importing a server certificate from elsewhere, with its key.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::actor::Actor;
use domain::certificate::Usage;
use domain::complaint::Complaint;
use domain::event::EventKind;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::server_certificate::import;
use pki::certificate::Certificate;
use pki::key::PrivateKey;
use pki::pem;
use profile::p12;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use store::private_key::OpenedKey;
use store::write::Write;
use utoipa::ToSchema;

use super::Change;
use super::Place;
use super::Shown;
use super::begin;
use super::commit;
use super::coverage;
use super::find;
use super::look;
use super::named;
use super::note;
use super::placed;
use super::renewal::differs;
use super::switching::is_same_to_devices;
use super::told;
use crate::App;
use crate::organization;
use crate::organization::NotApplied;
use crate::rules::Identity;
use crate::rules::Rules;
use crate::rules::Server;
use crate::rules::slot::Slot;
use crate::rules::slot::Slots;
use crate::rules::slot::root_of;

/// Longest chain and longest key, each as PEM, in bytes: eight certificates with large keys and
/// many names are shorter.
pub const PEM_BYTES_MAX: usize = 64 * 1024;

/// Longest PKCS #12 bundle, in bytes.
pub const PKCS12_BYTES_MAX: usize = 64 * 1024;

/// Longest password of a bundle, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// What is imported: a chain and a key, or a bundle of both.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = ServerImport)]
#[serde(deny_unknown_fields, default)]
pub struct Order {
    /// The server's certificate, then each one above it, as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// Its key, as unencrypted PKCS #8 PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub key: Option<Secret>,
    /// A PKCS #12 bundle of both, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pkcs12: Option<Secret>,
    /// The password of the bundle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Secret>,
    /// Put it beside what is shown, in place of it.
    pub next: bool,
}

/// Takes a certificate from elsewhere. It is shown at once if no device would be cut off by that;
/// else it has to wait, and that has to be said.
pub async fn import(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Shown, NotApplied> {
    let answer = try_import(app, actor, name, order).await;
    note(app, actor, name, &answer).await;
    answer
}

async fn try_import(
    app: &App,
    actor: &Actor,
    name: &str,
    order: Order,
) -> Result<Shown, NotApplied> {
    let name = &named(app, actor, name)?;
    let waits = order.next;
    // The password of a bundle is stretched for a moment, on purpose.
    let read = tokio::task::spawn_blocking(move || order.read()).await;
    let read = read.map_err(|error| Refusal::Internal { what: error.to_string() })?;
    let (chain, key) = read.map_err(|complaint| NotApplied::Complaints(vec![complaint]))?;
    let one_at_a_time = begin(app).await?;
    let rules = app.snapshot.rules();
    let (definition, slots) = find(&rules, name)?;
    let complaints = import::check(definition, &chain, key.public_key(), app.world.time());
    if !complaints.is_empty() {
        return Err(NotApplied::Complaints(complaints));
    }
    let generation = organization::generations(app, name).await? + 1;
    let slot =
        slot(&rules, generation, &chain, key).map_err(|one| NotApplied::Complaints(vec![one]))?;
    let place = place(app, &rules, (name, slots, &slot), waits).await?;
    let opened = OpenedKey {
        usage: Usage::Server,
        owner: name.clone(),
        generation,
        certificate: slot.certificate().der.clone(),
        chain: Some(chain.iter().skip(1).map(pem::certificate).collect()),
        pkcs8: slot.server.identity.key.to_pkcs8(),
    };
    let write = store::private_key::add(Write::new(), &app.master, &opened, app.world.time());
    let mut details = told(slot.certificate(), (generation, slot.root_name()));
    let into = if place == Place::Active { "active" } else { "next" };
    details.insert("slot".into(), Value::from(into));
    let kept = placed(slots, name, generation, place);
    let event = Some((EventKind::ServerImported, details));
    let change = Change { name, kept, made: Vec::new(), write, event };
    commit(app, actor, (one_at_a_time, &rules), change).await?;
    Ok(look(app, name)?)
}

/// What is imported as a slot, with the root that it leads to.
fn slot(
    rules: &Rules,
    generation: i64,
    chain: &[Certificate],
    key: PrivateKey,
) -> Result<Slot, Complaint> {
    let empty = || Complaint::new("certificate", "holds no certificate", "give the chain");
    let (own, above) = chain.split_first().ok_or_else(empty)?;
    let last = above.last().unwrap_or(own);
    let given = above.last().filter(|last| last.issuer == last.subject).cloned();
    let Some(root) = given.or_else(|| root_of(last, rules.authorities())) else {
        let what = format!("ends with {}, whose issuer is not known here", last.subject);
        let fix = "put the certificates above it behind it, and the root last";
        return Err(Complaint::new("certificate", what, fix));
    };
    let intermediates = above.iter().filter(|one| one.issuer != one.subject).cloned().collect();
    let identity = Identity { certificate: own.clone(), key: std::sync::Arc::new(key) };
    let server = Server { identity, intermediates };
    Ok(Slot { generation, server, root: Some(root), imported: true })
}

/// Where it goes. What is not valid yet waits; what would cut devices off is not shown unseen.
async fn place(
    app: &App,
    rules: &Rules,
    (name, slots, slot): (&str, &Slots, &Slot),
    waits: bool,
) -> Result<Place, NotApplied> {
    if waits {
        return Ok(Place::Next);
    }
    let above = slot.server.intermediates.iter().chain(&slot.root);
    let mut all = core::iter::once(slot.certificate()).chain(above);
    let now = app.world.time();
    if let Some(certificate) = all.find(|one| !one.is_valid_at(now)) {
        let (from, to) = (certificate.not_before.to_rfc3339(), certificate.not_after.to_rfc3339());
        let what = format!("has {}, which is valid from {from} to {to}", certificate.subject);
        let fix = "let it wait with --next, and switch then";
        return Err(NotApplied::Complaints(vec![Complaint::new("certificate", what, fix)]));
    }
    if is_same_to_devices(slots, slot) {
        return Ok(Place::Active);
    }
    let tally = coverage::count(app, rules, (name, slot)).await?;
    match (&slot.root, tally.devices.cut_off()) {
        (_, 0) | (None, _) => Ok(Place::Active),
        (Some(root), _) => Err(differs(name, slots, root).into()),
    }
}

impl Order {
    /// The chain and the key; what is wrong with the first field otherwise.
    fn read(&self) -> Result<(Vec<Certificate>, PrivateKey), Complaint> {
        match (&self.certificate, &self.key, &self.pkcs12) {
            (Some(certificate), Some(key), None) => read_pem(certificate, key),
            (None, None, Some(bundle)) => read_pkcs12(bundle, self.password.as_ref()),
            (_, _, Some(_)) => {
                let what = "is there beside certificate or key";
                Err(Complaint::new("pkcs12", what, "give either a bundle, or chain and key"))
            }
            (Some(_), None, None) => {
                let fix = "give the key of the certificate, as unencrypted PKCS #8 PEM";
                Err(Complaint::new("key", "is missing", fix))
            }
            (None, _, None) => {
                let fix = "give the server's certificate and those above it, as PEM";
                Err(Complaint::new("certificate", "is missing", fix))
            }
        }
    }
}

fn read_pem(certificate: &str, key: &Secret) -> Result<(Vec<Certificate>, PrivateKey), Complaint> {
    for (field, text) in [("certificate", certificate), ("key", key.reveal())] {
        if text.len() > PEM_BYTES_MAX {
            let what = format!("is longer than {PEM_BYTES_MAX} bytes");
            return Err(Complaint::new(field, what, "give the chain of one server, and its key"));
        }
    }
    let chain = pem::certificates(certificate).map_err(|error| {
        let fix = "give the server's certificate and those above it, as PEM";
        Complaint::new("certificate", error.to_string(), fix)
    })?;
    let key = pem::parse_private_key(key.reveal()).map_err(|error| {
        let fix = "give unencrypted PKCS #8 of RSA 2048, 3072, 4096 or ECDSA P-256, P-384: openssl \
                   pkcs8 -topk8 -nocrypt -in KEY -out KEY.pem makes it of other forms";
        Complaint::new("key", error.to_string(), fix)
    })?;
    Ok((chain, key))
}

fn read_pkcs12(
    bundle: &Secret,
    password: Option<&Secret>,
) -> Result<(Vec<Certificate>, PrivateKey), Complaint> {
    let wrong = |what: String| {
        let fix = "give a PKCS #12 bundle that holds the key, its certificate and those above it";
        Complaint::new("pkcs12", what, fix)
    };
    // Base64 has four characters for three bytes.
    if bundle.reveal().len() > PKCS12_BYTES_MAX / 3 * 4 + 4 {
        return Err(wrong(format!("is longer than {PKCS12_BYTES_MAX} bytes")));
    }
    let text: String = bundle.reveal().chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = STANDARD.decode(text).map_err(|_| wrong("is not base64".to_owned()))?;
    let password = password.map(Secret::reveal).unwrap_or_default();
    if password.len() > PASSWORD_BYTES_MAX {
        let what = format!("is longer than {PASSWORD_BYTES_MAX} bytes");
        return Err(Complaint::new("password", what, "give the password of the bundle"));
    }
    p12::open(&bytes, password).map_err(|one| Complaint::new(one.field, one.what, one.fix))
}
