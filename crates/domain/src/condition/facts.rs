//! What is known when a policy is asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use pki::algorithm::Digest;
use pki::certificate::Serial;
use pki::general_name::GeneralName;
use pki::key::PublicKey;
use pki::name::Name;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;

use crate::certificate_template::purpose::ExtendedKeyUsage;
use crate::certificate_template::purpose::key_name;
use crate::device::Device;
use crate::former_name::CurrentNames;
use crate::object::Kind;
use crate::person::Person;

/// The device role that every device has.
pub const DEVICE_ROLE_DEFAULT: &str = "Default";

/// Longest value that is looked at, in characters; what is longer is cut.
pub const VALUE_CHARS_MAX: usize = 512;

/// Most names of one certificate or request that are looked at.
pub const NAMES_MAX: usize = 64;

/// What is known when a policy is asked. Its JSON is what is kept of a decision: everything in it
/// stays true, and what depends on the moment is worked out from [`Facts::at`], which is the
/// event's.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// When the policy is asked.
    #[serde(skip, default = "no_time")]
    pub at: Time,
    /// The gateway that vouches for the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Roles granted by workflows: worked out, and never kept.
    #[serde(skip)]
    pub roles: Vec<String>,
    /// Roles of the device: worked out, and never kept.
    #[serde(skip, default = "default_device_roles")]
    pub device_roles: Vec<String>,
    /// The device's record, if there is one.
    #[serde(default, with = "shared", skip_serializing_if = "Option::is_none")]
    pub device: Option<Arc<Device>>,
    /// The owner's record, if there is one.
    #[serde(default, with = "shared", skip_serializing_if = "Option::is_none")]
    pub person: Option<Arc<Person>>,
    /// The certificate that the device showed; in an enrollment, only the authority asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateFacts>,
    /// The request for a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestFacts>,
    /// Where the device stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkFacts>,
    /// The inventory could not be read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inventory_unreachable: bool,
}

/// The names of a certificate or a request.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NameFacts {
    /// The whole subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Its common names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub common_name: Vec<String>,
    /// dNSNames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<String>,
    /// rfc822Names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email: Vec<String>,
    /// uniformResourceIdentifiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uri: Vec<String>,
    /// Principal names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upn: Vec<String>,
    /// All of them, as `kind:value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub san: Vec<String>,
}

/// What a certificate says, and what is on record of it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFacts {
    /// The authority that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// The template that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Whom it names.
    #[serde(default)]
    pub names: NameFacts,
    /// What it may be used for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eku: Vec<String>,
    /// The kind of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<String>,
    /// When it expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Time>,
    /// How the device was known when it enrolled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<u8>,
}

/// A request for a certificate.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFacts {
    /// The gateway that is asked.
    pub gateway: String,
    /// Whom it names.
    #[serde(default)]
    pub names: NameFacts,
    /// The kind of its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<String>,
    /// Whether the device renews with its certificate.
    #[serde(default, skip_serializing_if = "is_false")]
    pub renewal: bool,
}

/// Where a device stands, as the access point tells it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFacts {
    /// The access point.
    pub access_point: String,
    /// The wireless network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssid: Option<String>,
    /// The radio's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bssid: Option<String>,
    /// The kind of port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nas_port_type: Option<String>,
    /// The device's address, as the access point wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The address that the access point gave as its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The outer identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The version of TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// The attributes of the request that some rule looks at, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Vec<String>>,
}

fn no_time() -> Time {
    Time(0)
}

fn default_device_roles() -> Vec<String> {
    vec![DEVICE_ROLE_DEFAULT.to_owned()]
}

/// For `skip_serializing_if`: a flag that is off is not written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A record that memory shares, written as what it holds.
mod shared {
    use std::sync::Arc;

    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<Arc<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<T>>, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map(Arc::new))
    }
}

/// What a decision rested on, as it is kept: once, however often it is rested on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inputs {
    /// The beginning of the SHA-256 of the body, in hexadecimal digits: its name.
    pub digest: String,
    /// The JSON of [`Facts`].
    pub body: String,
}

/// Bytes of a digest that are kept.
const DIGEST_BYTES: usize = 16;

impl Inputs {
    /// What is kept of facts.
    pub fn of(facts: &Facts) -> Self {
        let body = serde_json::to_string(facts).unwrap_or_default();
        let digest = Self::digest(&body);
        Self { digest, body }
    }

    /// The facts again, as they were at a moment; none if this is not what was kept.
    pub fn facts(&self, at: Time) -> Option<Facts> {
        if Self::digest(&self.body) != self.digest {
            return None;
        }
        let facts: Facts = serde_json::from_str(&self.body).ok()?;
        Some(Facts { at, ..facts })
    }

    fn digest(body: &str) -> String {
        let digest = Digest::Sha256.compute(body.as_bytes()).unwrap_or_default();
        digest.iter().take(DIGEST_BYTES).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl NameFacts {
    /// What a subject and alternative names say.
    pub fn of(subject: &Name, names: &[GeneralName]) -> Self {
        let names = || names.iter().take(NAMES_MAX);
        let of = |kind: &str| names().filter(|name| name.kind() == kind).map(value).collect();
        Self {
            subject: cut(&subject.to_string()),
            common_name: subject.common_names().take(NAMES_MAX).map(cut).collect(),
            dns: of("dns"),
            email: of("email"),
            uri: of("uri"),
            upn: of("upn"),
            san: names().map(|name| cut(&name.to_string())).collect(),
        }
    }

    /// The same with the first name of each kind only: what a certificate made of a request can
    /// say, so that no policy is asked about another.
    #[must_use]
    pub fn first_of_each(mut self) -> Self {
        let kinds =
            [&mut self.common_name, &mut self.dns, &mut self.email, &mut self.uri, &mut self.upn];
        kinds.into_iter().for_each(|texts| texts.truncate(1));
        self
    }
}

impl CertificateFacts {
    /// What a certificate says; what is on record of it is added by who knows it.
    pub fn of(certificate: &pki::certificate::Certificate) -> Self {
        let purposes = certificate.extended_key_usages();
        Self {
            authority: None,
            template: None,
            serial: Some(Serial::to_string(&certificate.serial)),
            names: NameFacts::of(&certificate.subject, &certificate.general_names()),
            eku: purposes.into_iter().map(|oid| ExtendedKeyUsage(oid).to_string()).collect(),
            key_type: Some(key_type(&certificate.public_key)),
            not_after: Some(certificate.not_after),
            assurance: None,
        }
    }
}

/// The name of a key's kind, as rules write it: `rsa-2048`.
pub fn key_type(key: &PublicKey) -> String {
    key_name(key.kind())
}

fn value(name: &GeneralName) -> String {
    cut(&name.value())
}

fn cut(text: &str) -> String {
    text.chars().take(VALUE_CHARS_MAX).collect()
}

impl Facts {
    /// Nothing is known at this moment.
    pub fn new(at: Time) -> Self {
        Self {
            at,
            provider: None,
            roles: Vec::new(),
            device_roles: default_device_roles(),
            device: None,
            person: None,
            certificate: None,
            request: None,
            network: None,
            inventory_unreachable: false,
        }
    }

    /// The same under the names of now: a certificate says for ever what gateway and template were
    /// called when it was made, and a decision on record what the access point was called.
    #[must_use]
    pub fn under(mut self, names: &CurrentNames) -> Self {
        if names.is_empty() {
            return self;
        }
        let known = [
            (Kind::Gateway, self.provider.as_mut()),
            (Kind::Gateway, self.request.as_mut().map(|request| &mut request.gateway)),
            (
                Kind::CertificateTemplate,
                self.certificate.as_mut().and_then(|certificate| certificate.template.as_mut()),
            ),
            (Kind::AccessPoint, self.network.as_mut().map(|network| &mut network.access_point)),
        ];
        for (kind, name) in known {
            if let Some(name) = name {
                names.bring_up_to_date(kind, name);
            }
        }
        self
    }

    /// What is known of a device that enrolled at `provider`, before any role was granted.
    pub fn of_provider(provider: Option<&str>, at: Time) -> Self {
        Self { provider: provider.map(str::to_owned), ..Self::new(at) }
    }
}
