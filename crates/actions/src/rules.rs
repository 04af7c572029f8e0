//! The rules: every definition with the keys that belong to it, ready to answer.

pub mod slot;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use domain::access_point::Network;
use domain::certificate::Usage;
use domain::certificate_authority::CertificateAuthority;
use domain::certificate_authority::Purpose;
use domain::former_name;
use domain::gateway::Gateway;
use domain::network_policy::NetworkPolicy;
use domain::network_policy::attribute::Reply;
use domain::organization::Organization;
use domain::policy::Policies;
use domain::secret::Secret;
use domain::server_certificate;
use pki::certificate::Certificate;
use pki::draft::Issuer;
use pki::key::PrivateKey;
use store::Store;
use store::StoreError;
use store::gateway::KeptSecret;
use store::private_key::OpenedKey;
use store::seal::MasterKey;
use store::server_slot::ServerSlots;

use crate::responder;
use crate::rules::slot::Parts;
use crate::rules::slot::Slots;
use crate::signer::SigningKey;

/// Most old registration keys kept for decryption beside the newest.
pub const RA_KEYS_MAX: usize = 4;

/// Every definition, with keys and secrets, of one version.
#[derive(Debug, Default)]
pub struct Rules {
    /// The definitions.
    pub organization: Organization,
    /// The same workflows and policies, ready to be asked.
    pub policies: Policies,
    /// Their version.
    pub version: i64,
    authorities: HashMap<String, Authority>,
    servers: HashMap<String, Slots>,
    access_points: Vec<AccessPoint>,
    gateway_secrets: HashMap<String, Vec<KeptSecret>>,
    replies: HashMap<String, Reply>,
}

/// An authority that can sign.
#[derive(Clone, Debug)]
pub struct Authority {
    /// Signs what is issued now.
    pub current: Generation,
    /// Its keys of before, newest first. They issue nothing, and tell of what they have issued.
    pub earlier: Vec<Generation>,
    /// What speaks SCEP for it: newest key first.
    pub registration: Vec<Identity>,
}

/// One of an authority's keys.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Which it is, counted from 1.
    pub number: i64,
    /// Its certificate, then those above it, root last.
    pub chain: Vec<Certificate>,
    /// Signs drafts.
    pub key: SigningKey,
    /// What signs answers of OCSP for it, while there is one.
    pub responder: Option<Responder>,
}

/// What signs answers of OCSP.
#[derive(Clone, Debug)]
pub struct Responder {
    /// Its certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: SigningKey,
}

/// One of an authority's keys, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct AuthorityKey<'a> {
    /// What administrators say of the authority.
    pub definition: &'a CertificateAuthority,
    /// The authority.
    pub authority: &'a Authority,
    /// The key.
    pub generation: &'a Generation,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: Certificate,
    /// Its key.
    pub key: Arc<PrivateKey>,
}

/// What the RADIUS server shows to devices.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its own certificate and key.
    pub identity: Identity,
    /// The certificates above it that devices may lack: without the root.
    pub intermediates: Vec<Certificate>,
}

/// An access point that may ask.
#[derive(Clone, Debug)]
pub struct AccessPoint {
    /// What administrators call it.
    pub name: String,
    /// Where it may come from.
    pub network: Network,
    /// What it and we know.
    pub shared_secret: Secret,
}

/// Most attempts to read the definitions while others change them.
const LOADS_MAX: u32 = 8;

/// Reads every definition and opens every key, all of one version.
pub async fn load(store: &Store, master: &MasterKey) -> Result<Rules, StoreError> {
    for _ in 0..LOADS_MAX {
        let rules = load_once(store, master).await?;
        if store::organization::version(store).await? == rules.version {
            return Ok(rules);
        }
    }
    Err(StoreError::Busy)
}

async fn load_once(store: &Store, master: &MasterKey) -> Result<Rules, StoreError> {
    let (organization, version) = store::organization::load(store).await?;
    let policies = Policies::of(&organization);
    let mut rules = Rules { organization, policies, version, ..Rules::default() };
    let keys = store::private_key::load(store, master).await?;
    rules.take_keys(keys, &store::server_slot::load(store).await?)?;
    let secrets = store::access_point::secrets(store, master).await?;
    for point in &rules.organization.access_point {
        let network = Network::parse(&point.address);
        let (Some(network), Some(secret)) = (network, secrets.get(&point.name)) else { continue };
        let (name, shared_secret) = (point.name.clone(), secret.clone());
        rules.access_points.push(AccessPoint { name, network, shared_secret });
    }
    // The closest network is found first.
    rules.access_points.sort_by_key(|point| core::cmp::Reverse(point.network.prefix_bits()));
    for policy in &rules.organization.network_policy {
        let Some(settings) = &policy.settings else { continue };
        rules.replies.insert(policy.name.clone(), Reply::prepare(&settings.attributes));
    }
    for secret in store::gateway::secrets(store).await? {
        rules.gateway_secrets.entry(secret.gateway.clone()).or_default().push(secret);
    }
    Ok(rules)
}

impl Rules {
    fn take_keys(&mut self, keys: Vec<OpenedKey>, slots: &[ServerSlots]) -> Result<(), StoreError> {
        let mut kept = Keys::default();
        let mut chains: HashMap<String, HashMap<i64, String>> = HashMap::new();
        for mut key in keys {
            if let Some(chain) = key.chain.take() {
                chains.entry(key.owner.clone()).or_default().insert(key.generation, chain);
            }
            let identity = identity(&key).map_err(|what| {
                StoreError::Statement(format!("the key of {} is unsound: {what}", key.owner))
            })?;
            kept.entry((key.usage, key.owner)).or_default().push((key.generation, identity));
        }
        let organization = &self.organization;
        let mut definitions: Vec<&CertificateAuthority> =
            organization.certificate_authority.iter().collect();
        // Those above come first.
        definitions.sort_by_key(|definition| organization.chain_of(definition).len());
        for definition in definitions {
            if let Some(authority) = authority(definition, &self.authorities, &kept) {
                self.authorities.insert(definition.name.clone(), authority);
            }
        }
        for definition in &organization.server_certificate {
            let name = &definition.name;
            let own = kept.get(&(Usage::Server, name.clone()));
            let parts = Parts {
                keys: own.map(Vec::as_slice).unwrap_or_default(),
                chains: chains.entry(name.clone()).or_default(),
                kept: slots.iter().find(|one| one.name == *name),
                authorities: &self.authorities,
            };
            if let Some(slots) = slot::slots(definition, &parts) {
                self.servers.insert(name.clone(), slots);
            }
        }
        Ok(())
    }

    /// The authority of this name.
    pub fn authority(&self, name: &str) -> Option<&Authority> {
        self.authorities.get(name)
    }

    /// The authority, and its key, whose URL has this slug: the authority's own is that of its
    /// first key ([`CertificateAuthority::key_slug`]).
    pub fn authority_key(&self, slug: &str) -> Option<AuthorityKey<'_>> {
        self.authority_keys().find(|key| key.definition.key_slug(key.generation.number) == slug)
    }

    /// The key that the authority of this name signs with now.
    pub fn signing_key(&self, name: &str) -> Option<AuthorityKey<'_>> {
        let definition = self.organization.find(name)?;
        let authority = self.authority(name)?;
        Some(AuthorityKey { definition, authority, generation: &authority.current })
    }

    /// Every key of every authority.
    pub fn authority_keys(&self) -> impl Iterator<Item = AuthorityKey<'_>> {
        let definitions = self.organization.certificate_authority.iter();
        let known = definitions.filter_map(|one| Some((one, self.authority(&one.name)?)));
        known.flat_map(|(definition, authority)| {
            let generations = authority.generations();
            generations.map(move |generation| AuthorityKey { definition, authority, generation })
        })
    }

    /// The gateway whose URL has this slug.
    pub fn gateway_by_slug(&self, slug: &str) -> Option<&Gateway> {
        let mut gateways = self.organization.gateway.iter();
        gateways.find(|gateway| gateway.slug.as_deref() == Some(slug))
    }

    /// What a gateway was called before.
    pub fn former_gateway_names(&self, gateway: &str) -> Vec<String> {
        let found = self.organization.find::<Gateway>(gateway);
        found.map(|gateway| former_name::of(gateway).to_vec()).unwrap_or_default()
    }

    /// The challenges that a gateway accepts.
    pub fn gateway_secrets(&self, gateway: &str) -> &[KeptSecret] {
        self.gateway_secrets.get(gateway).map(Vec::as_slice).unwrap_or_default()
    }

    /// What a policy sends with an accept.
    pub fn reply(&self, policy: &NetworkPolicy) -> Option<&Reply> {
        self.replies.get(&policy.name)
    }

    /// What the RADIUS server shows where no profile says otherwise: the first server certificate.
    pub fn server(&self) -> Option<&Server> {
        self.server_of(self.shown_in(None, false)?)
    }

    /// The server certificate that is shown in the network of this SSID, or on a cable.
    pub fn shown_in(&self, ssid: Option<&str>, is_wired: bool) -> Option<&str> {
        let has = |name: &str| self.servers.contains_key(name);
        server_certificate::shown_in(&self.organization, (ssid, is_wired), has)
    }

    /// What is shown of the server certificate of this name.
    pub fn server_of(&self, name: &str) -> Option<&Server> {
        self.servers.get(name).map(|slots| &slots.active.server)
    }

    /// Everything that the server certificate of this name has.
    pub fn slots_of(&self, name: &str) -> Option<&Slots> {
        self.servers.get(name)
    }

    /// Every authority that has a key.
    pub fn authorities(&self) -> impl Iterator<Item = &Authority> {
        self.authorities.values()
    }

    /// The access point that sends from this address.
    pub fn access_point(&self, address: IpAddr) -> Option<&AccessPoint> {
        self.access_points.iter().find(|point| point.network.contains(address))
    }

    /// The certificates that devices' certificates are signed by: every authority for devices.
    pub fn anchors(&self) -> impl Iterator<Item = (&str, &Certificate)> {
        self.organization
            .certificate_authority
            .iter()
            .filter(|authority| authority.generate_ca_for == Purpose::DeviceAndUserAuthentication)
            .filter_map(|definition| {
                let authority = self.authority(&definition.name)?;
                Some((definition.name.as_str(), authority))
            })
            .flat_map(|(name, authority)| {
                let own = authority.generations().filter_map(|one| one.chain.first());
                own.map(move |certificate| (name, certificate))
            })
    }
}

impl Authority {
    /// The issuer that drafts are written for. A hash that the key cannot use is replaced by the
    /// one that fits it.
    pub fn issuer(&self, hash: pki::key::Hash) -> Option<Issuer> {
        self.current.issuer(hash)
    }

    /// Whether what it signs for another authority would be worth nothing (RFC 5280, 4.2.1.9).
    pub fn signs_leaves_only(&self) -> bool {
        let constraints = self.current.chain.first().and_then(|own| own.basic_constraints());
        constraints.is_some_and(|(_, path_len)| path_len == Some(0))
    }

    /// Its keys, newest first.
    pub fn generations(&self) -> impl Iterator<Item = &Generation> {
        core::iter::once(&self.current).chain(&self.earlier)
    }

    /// Which of its keys a certificate names as the one that signed it.
    pub fn signer_of(&self, certificate: &Certificate) -> Option<&Generation> {
        let key = certificate.authority_key_identifier();
        self.generations().find(|generation| {
            generation.chain.first().is_some_and(|own| {
                own.subject == certificate.issuer && own.subject_key_identifier() == key
            })
        })
    }
}

impl Generation {
    /// As [`Authority::issuer`].
    pub fn issuer(&self, hash: pki::key::Hash) -> Option<Issuer> {
        let key_type = self.key.key().key_type();
        let hash = if key_type.signs_with(hash) { hash } else { key_type.default_hash() };
        let (own, above) = self.chain.split_first()?;
        Issuer::of(own, hash).ok()?.below(above).ok()
    }
}

/// Keys by use and owner, each with its generation, newest first.
type Keys = HashMap<(Usage, String), Vec<(i64, Identity)>>;

fn newest(keys: &Keys, usage: Usage, owner: &str) -> Option<Identity> {
    let (_, newest) = keys.get(&(usage, owner.to_owned()))?.first()?;
    Some(newest.clone())
}

/// An authority with its keys, when those above it are there.
fn authority(
    definition: &CertificateAuthority,
    above: &HashMap<String, Authority>,
    keys: &Keys,
) -> Option<Authority> {
    let of = |usage| keys.get(&(usage, definition.name.clone())).into_iter().flatten();
    let issuer = definition.issuer.as_ref().and_then(|name| above.get(name));
    let mut generations = of(Usage::Authority).map(|(number, own)| {
        let mut chain = vec![own.certificate.clone()];
        let signer = issuer.and_then(|issuer| issuer.signer_of(&own.certificate));
        chain.extend(signer.into_iter().flat_map(|signer| signer.chain.iter().cloned()));
        Generation {
            number: *number,
            chain,
            key: SigningKey::new(Arc::clone(&own.key)),
            responder: responder(keys, &responder::owner(&definition.name, *number)),
        }
    });
    let current = generations.next()?;
    let earlier = generations.collect();
    let registration = of(Usage::Registration).map(|(_, identity)| identity.clone());
    let registration = registration.take(RA_KEYS_MAX).collect();
    Some(Authority { current, earlier, registration })
}

fn responder(keys: &Keys, owner: &str) -> Option<Responder> {
    let Identity { certificate, key } = newest(keys, Usage::Responder, owner)?;
    Some(Responder { certificate, key: SigningKey::new(key) })
}

fn identity(key: &OpenedKey) -> Result<Identity, String> {
    let certificate = Certificate::parse(&key.certificate).map_err(|error| error.to_string())?;
    let private = PrivateKey::from_pkcs8(&key.pkcs8).map_err(|error| error.to_string())?;
    if !private.public_key().is_same_key(&certificate.public_key) {
        return Err("it does not belong to its certificate".to_owned());
    }
    Ok(Identity { certificate, key: Arc::new(private) })
}
