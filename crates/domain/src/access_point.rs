//! Access points: the RADIUS clients that bring devices to us, RADIUS > Access Points.

pub mod knock;

use core::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::complaint::Complaints;
use crate::former_name::FormerNames;
use crate::object::DESCRIPTION_CHARS_MAX;
use crate::object::Kind;
use crate::object::Object;
use crate::object::Reference;
use crate::object::check_name;
use crate::object::check_text;
use crate::secret::Secret;

/// Shortest shared secret, in bytes; below, an attacker with one packet can try them all.
pub const SHARED_SECRET_BYTES_MIN: usize = 16;

/// Longest shared secret, in bytes; longer ones are cut by common access points.
pub const SHARED_SECRET_BYTES_MAX: usize = 128;

/// A RADIUS client, or a network of them that shares one secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessPoint {
    /// Unique among access points.
    pub name: String,
    /// The part of its URLs that names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// What it was called before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<FormerNames>,
    /// What administrators say of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The addresses it may come from: `192.0.2.7` or `192.0.2.0/24`.
    pub address: String,
    /// What it and we know; never stored here, never written back.
    #[serde(default, skip_serializing_if = "is_never_written")]
    #[schema(write_only)]
    pub shared_secret: Option<Secret>,
}

/// A schema tells only of what may be written; nothing of a secret ever is.
fn is_never_written(_: &Option<Secret>) -> bool {
    true
}

/// Addresses with a common prefix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Reads `ADDRESS` or `ADDRESS/BITS`; bits beyond the prefix must be zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width: u8 = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= width)?,
            None => width,
        };
        let network = Self { address, prefix_bits };
        (masked(address, prefix_bits) == as_bits(address)).then_some(network)
    }

    /// Whether `address` lies within. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && masked(address, self.prefix_bits) == masked(self.address, self.prefix_bits)
    }

    /// How many leading bits are fixed: the more, the closer the match.
    pub fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }
}

/// The address as a left-aligned number.
fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn masked(address: IpAddr, prefix_bits: u8) -> u128 {
    let free_bits = 128 - u32::from(prefix_bits);
    let mask = u128::MAX.checked_shl(free_bits).unwrap_or(0);
    as_bits(address) & mask
}

impl Object for AccessPoint {
    const KIND: Kind = Kind::AccessPoint;

    fn name(&self) -> &str {
        &self.name
    }

    fn slug(&self) -> Option<&str> {
        self.slug.as_deref()
    }

    fn keep_slug(&mut self, slug: String) {
        self.slug = Some(slug);
    }

    fn renamed_from(&self) -> Option<&FormerNames> {
        self.renamed_from.as_ref()
    }

    fn keep_renamed_from(&mut self, former: Option<FormerNames>) {
        self.renamed_from = former;
    }

    fn check(&self, complaints: &mut Complaints<'_>) {
        check_name(&self.name, complaints);
        check_text("description", &self.description, DESCRIPTION_CHARS_MAX, complaints);
        if Network::parse(&self.address).is_none() {
            complaints.add(
                "address",
                format!("\"{}\" is not an address or network", self.address.escape_debug()),
                "write it like 192.0.2.7 or 192.0.2.0/24, with zeros behind the prefix",
            );
        }
        let Some(secret) = &self.shared_secret else { return };
        let length = secret.reveal().len();
        if !(SHARED_SECRET_BYTES_MIN..=SHARED_SECRET_BYTES_MAX).contains(&length) {
            complaints.add(
                "shared_secret",
                format!(
                    "is {length} bytes long; {SHARED_SECRET_BYTES_MIN} to \
                     {SHARED_SECRET_BYTES_MAX} are needed"
                ),
                "let a password generator make one of 32 characters",
            );
        }
    }

    fn references(&self) -> Vec<Reference> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, address: &str, expected: bool) {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected);
    }

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        check("127.0.0.1/32", "127.0.0.1", true);
        check("127.0.0.1", "127.0.0.2", false);
        check("192.0.2.0/24", "192.0.2.255", true);
        check("192.0.2.0/24", "192.0.3.0", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("::/0", "2001:db8:1::1", true);
        check("192.0.2.0/24", "::ffff:192.0.2.1", true);
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for text in ["", "x", "192.0.2.0/33", "192.0.2.1/24", "192.0.2.0/", "1.2.3", "::/129"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_shared_secret_is_not_written_back() {
        let point = AccessPoint {
            renamed_from: None,
            name: "a".into(),
            slug: None,
            description: String::new(),
            address: "127.0.0.1".into(),
            shared_secret: Some(Secret::new("canary-canary-canary")),
        };
        assert!(!serde_json::to_string(&point).unwrap().contains("canary"));
    }
}
