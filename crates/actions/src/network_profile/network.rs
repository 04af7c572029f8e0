//! A network profile with all that the organization knows about it, as devices are told.

use core::fmt::Display;

use domain::complaint::Complaint;
use domain::gateway::Gateway;
use domain::network_profile::NetworkProfile;
use domain::network_profile::SecurityType;
use domain::network_profile::TlsVersion;
use domain::network_profile::uploaded;
use domain::organization::Organization;
use domain::slug;
use domain::variable::Expression;
use domain::variable::Piece;
use domain::variable::Variable;
use pki::certificate::Certificate;
use pki::name::Name;
use pki::time::Time;
use profile::network::Medium;
use profile::network::NameKind;
use profile::network::Network;
use profile::network::Protection;
use profile::network::Scep;
use profile::network::TlsRange;
use profile::text;
use profile::text::Text;

use crate::rules::Rules;

/// Size of the RSA keys that devices make: what Apple's devices and every console can.
const KEY_BITS: u16 = 2048;

/// The size for 192-bit security, which takes no less than 3072 bits: the next that all can make.
const KEY_BITS_192: u16 = 4096;

/// What the identifiers of payloads begin with; the organization's name follows.
const IDENTIFIER: &str = "net.safeconduct";

/// Where a device enrolls, and with what.
pub(super) struct Enrolling<'a> {
    /// The number of the rendering.
    pub(super) version: i64,
    /// The challenge.
    pub(super) challenge: &'a str,
}

/// The network of a profile, or all that is missing for it.
pub(super) fn network(
    rules: &Rules,
    profile: &NetworkProfile,
    enrolling: &Enrolling<'_>,
    now: Time,
) -> Result<Network, Vec<Complaint>> {
    let organization = &rules.organization;
    let gateway = organization.find::<Gateway>(&profile.gateway);
    let Some((gateway, chain)) = gateway.and_then(|one| Some((one, chain(rules, one)?))) else {
        let what = "has no authority with a key, so that nothing is issued there";
        return Err(vec![Complaint::new("gateway", what, "choose another gateway")]);
    };
    let url = match enrolling.version {
        // It stands for nothing that devices trust.
        0 => organization.enrollment_url(gateway),
        version => format!("{}/p-{version}", organization.enrollment_url(gateway)),
    };
    let (subject, names) = (subject(profile)?, names(profile)?);
    Ok(Network {
        organization: organization.settings.name.clone(),
        identifier: identifier(organization),
        name: profile.name.clone(),
        slug: profile.slug.clone().unwrap_or_default(),
        version: u64::try_from(enrolling.version).unwrap_or_default(),
        medium: medium(profile),
        auto_join: profile.auto_join,
        disable_mac_randomization: profile.disable_mac_randomization,
        outer_identity: profile.outer_identity.clone(),
        tls: TlsRange { lowest: tls(profile.tls_minimum), highest: tls(profile.tls_maximum) },
        anchors: anchors(rules, profile, now),
        server_names: profile.radius_server_names.clone(),
        chain,
        scep: Scep {
            url,
            challenge: enrolling.challenge.to_owned(),
            subject,
            names,
            key_bits: match profile.security_type {
                SecurityType::Wpa3Enterprise192 => KEY_BITS_192,
                SecurityType::Wpa2Enterprise
                | SecurityType::Wpa3Enterprise
                | SecurityType::Wired => KEY_BITS,
            },
            allow_all_apps: profile.allow_all_apps,
        },
    })
}

/// The chain of the certificate that the RADIUS server shows: its own first.
pub(super) fn server_chain(rules: &Rules, profile: &NetworkProfile) -> Vec<Certificate> {
    let Some(slots) = rules.slots_of(&profile.server_certificate) else { return Vec::new() };
    let active = &slots.active;
    let above = active.server.intermediates.iter().chain(&active.root);
    core::iter::once(active.certificate()).chain(above).cloned().collect()
}

/// The issuing authority's certificate and those above it, the root last.
pub(super) fn chain(rules: &Rules, gateway: &Gateway) -> Option<Vec<Certificate>> {
    let authority = rules.organization.authority_of(gateway)?;
    Some(rules.authority(&authority.name)?.current.chain.clone())
}

/// The roots that RADIUS servers are trusted by: those that are named, and those that are given.
pub(super) fn anchors(rules: &Rules, profile: &NetworkProfile, now: Time) -> Vec<Certificate> {
    let named = profile.trusted_authorities.iter();
    let named = named.flat_map(|name| super::anchors(rules, name, now));
    let given = profile.trusted_certificates.iter();
    let given = given.filter_map(|text| uploaded(text).ok());
    named.map(|(_, one)| one.clone()).chain(given).collect()
}

fn medium(profile: &NetworkProfile) -> Medium {
    let protection = match profile.security_type {
        SecurityType::Wired => return Medium::Wired,
        SecurityType::Wpa2Enterprise => Protection::Wpa2,
        SecurityType::Wpa3Enterprise => Protection::Wpa3,
        SecurityType::Wpa3Enterprise192 => Protection::Wpa3Suite192,
    };
    let ssid = profile.ssid.clone().unwrap_or_default();
    Medium::Wireless { ssid, protection, hidden: profile.hidden }
}

fn tls(version: TlsVersion) -> profile::network::TlsVersion {
    match version {
        TlsVersion::V12 => profile::network::TlsVersion::Tls12,
        TlsVersion::V13 => profile::network::TlsVersion::Tls13,
    }
}

/// `net.safeconduct.example-school`
fn identifier(organization: &Organization) -> String {
    let slug = slug::from_name(&organization.settings.name);
    format!("{IDENTIFIER}.{slug}")
}

fn subject(profile: &NetworkProfile) -> Result<Vec<(String, Text)>, Vec<Complaint>> {
    let name = Name::parse_text(&profile.subject).map_err(|error| wrong("subject", error))?;
    let keys = name.texts().map(|text| text.split('=').next().unwrap_or_default().to_owned());
    let values = name.attributes().map(|(_, value)| text("subject", value));
    keys.zip(values).map(|(key, value)| Ok((key, value?))).collect()
}

fn names(profile: &NetworkProfile) -> Result<Vec<(NameKind, Text)>, Vec<Complaint>> {
    let san = &profile.san;
    let kinds = [
        (NameKind::Email, "san.email", &san.email),
        (NameKind::Dns, "san.dns", &san.dns),
        (NameKind::Uri, "san.uri", &san.uri),
        (NameKind::Upn, "san.upn", &san.upn),
    ];
    let all = kinds.into_iter().flat_map(|(kind, field, names)| {
        names.iter().map(move |name| Ok((kind, text(field, name)?)))
    });
    all.collect()
}

fn text(field: &str, value: &str) -> Result<Text, Vec<Complaint>> {
    let expression = Expression::parse(value).map_err(|error| wrong(field, error))?;
    let parts = expression.pieces().map(|piece| match piece {
        Piece::Text(literal) => Ok(text::Part::Literal(literal.to_owned())),
        Piece::Variables(variables) => {
            let known = variables.first().copied().and_then(variable);
            let name = variables.first().map_or("", |one| one.as_str());
            let what = format!("${{{name}}} is not known to any device or MDM");
            known.map(text::Part::Variable).ok_or_else(|| wrong(field, what))
        }
    });
    Ok(Text(parts.collect::<Result<_, _>>()?))
}

/// What a profile calls a variable, if an MDM or a device can know its value.
pub(super) fn variable(variable: Variable) -> Option<text::Variable> {
    match variable {
        Variable::DeviceSerial => Some(text::Variable::DeviceSerial),
        Variable::DeviceUdid => Some(text::Variable::DeviceUdid),
        Variable::DeviceName => Some(text::Variable::DeviceName),
        Variable::DeviceModel => Some(text::Variable::DeviceModel),
        Variable::DeviceMac => Some(text::Variable::DeviceMac),
        Variable::PersonEmail => Some(text::Variable::PersonEmail),
        Variable::PersonName => Some(text::Variable::PersonName),
        Variable::PersonUpn => Some(text::Variable::PersonUpn),
        Variable::DeviceClientId
        | Variable::DeviceIdentity
        | Variable::CsrCommonName
        | Variable::CsrDns
        | Variable::CsrEmail
        | Variable::CsrUri
        | Variable::CsrUpn
        | Variable::DeviceOs
        | Variable::DeviceOsVersion
        | Variable::DeviceTags
        | Variable::PersonSid
        | Variable::PersonGroups => None,
    }
}

fn wrong(field: &str, what: impl Display) -> Vec<Complaint> {
    let fix = "write a variable that MDMs know, such as ${/device/serial} or ${/person/email}";
    vec![Complaint::new(field, what.to_string(), fix)]
}
