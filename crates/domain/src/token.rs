//! API tokens: how programs prove for whom they act.

use core::net::IpAddr;

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access_point::Network;
use crate::actor::Permission;
use crate::actor::Role;
use crate::complaint::Complaint;
use crate::complaint::Complaints;
use crate::object::check_name;
use crate::refusal::Refusal;
use crate::secret::Secret;

/// What every token begins with: a search for leaked secrets knows it by that.
pub const PREFIX: &str = "sct_";

/// Characters of the part that names a token.
pub const ID_CHARS: usize = 12;

/// Characters of the part that nobody else knows; 32 of 32 letters carry 160 bits.
pub const SECRET_CHARS: usize = 32;

/// Longest text that is looked at as a token, in bytes.
pub const TEXT_BYTES_MAX: usize = PREFIX.len() + ID_CHARS + 1 + SECRET_CHARS;

/// How long a token lives if nothing is said, in days: a quarter of a year, as most rules ask.
pub const DAYS_DEFAULT: u32 = 90;

/// Longest life of a token, in days: a year and a day, so that a yearly date can be kept.
pub const DAYS_MAX: u32 = 366;

/// Most addresses and networks that a token is bound to.
pub const ADDRESSES_MAX: usize = 64;

/// Most tokens of one administrator; one a program, and every one is a way in.
pub const TOKENS_MAX: usize = 100;

/// A token as it is kept: everything but its secret.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct Token {
    /// The part of the token that names it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// For whom it acts.
    pub administrator: String,
    /// What it is limited to; the administrator's whole role if empty.
    pub scopes: Vec<Permission>,
    /// The addresses and networks that it may come from; any if empty.
    pub addresses: Vec<String>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// When it was last used, to the minute; never if none.
    pub last_used_at: Option<Time>,
}

/// What is asked of a new token.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = TokenOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What it is for.
    pub name: String,
    /// For whom it is to act; whoever asks if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator: Option<String>,
    /// What it is to be limited to; the administrator's whole role if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Permission>,
    /// The addresses and networks that it may come from; any if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// How many days it is to live, 1 to 366; 90 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

impl Order {
    /// Complains about what cannot be, for an administrator of this role.
    pub fn check(&self, role: Role) -> Vec<Complaint> {
        let mut list = Vec::new();
        let mut complaints = Complaints::new("", &mut list);
        check_name(&self.name, &mut complaints);
        let days = self.days();
        if !(1..=DAYS_MAX).contains(&days) {
            let fix = format!("use 1 to {DAYS_MAX}");
            complaints.add("days", format!("{days} is outside what is possible"), fix);
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            if !role.may(*scope) {
                let what = format!("{scope} is not part of the role {role}");
                let fix = "leave it out, or give the administrator another role";
                complaints.add(&format!("scopes[{index}]"), what, fix);
            }
        }
        if self.addresses.len() > ADDRESSES_MAX {
            let what =
                format!("has {} entries, {ADDRESSES_MAX} are possible", self.addresses.len());
            complaints.add("addresses", what, "name networks instead of addresses");
        }
        for (index, address) in self.addresses.iter().enumerate() {
            if Network::parse(address).is_none() {
                let what = format!("\"{}\" is not an address or network", address.escape_debug());
                let fix = "write it like 192.0.2.7 or 192.0.2.0/24, with zeros behind the prefix";
                complaints.add(&format!("addresses[{index}]"), what, fix);
            }
        }
        list
    }

    /// How many days it is to live.
    pub fn days(&self) -> u32 {
        self.days.unwrap_or(DAYS_DEFAULT)
    }
}

impl Token {
    /// Refuses a token that has ended, or that comes from where it may not come from. Without an
    /// address it came by way of this machine, which no network speaks of.
    pub fn check(&self, from: Option<IpAddr>, now: Time) -> Result<(), Refusal> {
        if now >= self.expires_at {
            let (token, at) = (self.name.clone(), self.expires_at);
            return Err(Refusal::TokenExpired { token, at });
        }
        let comes_from = |from: IpAddr| {
            let networks = self.addresses.iter().filter_map(|text| Network::parse(text));
            self.addresses.is_empty() || networks.into_iter().any(|network| network.contains(from))
        };
        match from {
            Some(from) if !comes_from(from) => Err(Refusal::TokenElsewhere {
                token: self.name.clone(),
                address: from.to_canonical().to_string(),
            }),
            Some(_) | None => Ok(()),
        }
    }
}

/// The whole text of a token.
pub fn text(id: &str, secret: &Secret) -> Secret {
    Secret::new(format!("{PREFIX}{id}_{}", secret.reveal()))
}

/// Takes the text of a token apart: which one it claims to be, and its secret.
pub fn parse(text: &str) -> Option<(&str, Secret)> {
    if text.len() != TEXT_BYTES_MAX {
        return None;
    }
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let is_plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let fits = id.len() == ID_CHARS && is_plain(id) && is_plain(secret);
    fits.then(|| (id, Secret::new(secret)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(addresses: &[&str]) -> Token {
        Token {
            id: "abcdefghijkm".into(),
            name: "laptop".into(),
            administrator: "Ann".into(),
            scopes: vec![],
            addresses: addresses.iter().map(|text| (*text).to_owned()).collect(),
            created_at: Time(0),
            expires_at: Time(100),
            last_used_at: None,
        }
    }

    #[track_caller]
    fn check(addresses: &[&str], from: &str, now: i64, code: Option<&str>) {
        let checked = token(addresses).check(from.parse().ok(), Time(now));
        assert_eq!(checked.err().as_ref().map(Refusal::code), code);
    }

    #[test]
    fn a_token_ends() {
        check(&[], "192.0.2.7", 99, None);
        check(&[], "192.0.2.7", 100, Some("API-TOKEN-EXPIRED"));
    }

    #[test]
    fn a_token_comes_from_where_it_may() {
        check(&["192.0.2.0/24"], "192.0.2.7", 1, None);
        check(&["192.0.2.0/24"], "::ffff:192.0.2.7", 1, None);
        check(&["192.0.2.0/24", "2001:db8::/32"], "2001:db8::1", 1, None);
        check(&["192.0.2.0/24"], "198.51.100.1", 1, Some("API-TOKEN-ELSEWHERE"));
        check(&["192.0.2.0/24"], "this machine", 1, None);
    }

    #[test]
    fn a_text_is_taken_apart_or_is_none() {
        let secret = Secret::new("x".repeat(SECRET_CHARS));
        let whole = text("abcdefghijkm", &secret);
        assert_eq!(parse(whole.reveal()), Some(("abcdefghijkm", secret)));
        let long = format!("{}x", whole.reveal());
        let upper = whole.reveal().to_uppercase();
        let cut = whole.reveal().replace('_', "-");
        for wrong in ["", "sct_", long.as_str(), upper.as_str(), cut.as_str()] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_order_says_what_is_possible() {
        let order: Order = serde_json::from_value(serde_json::json!({
            "name": "", "days": 0, "scopes": ["event-read", "pki-change"],
            "addresses": ["192.0.2.7", "192.0.2.7/24"],
        }))
        .unwrap();
        let complaints = order.check(Role::Helpdesk);
        let paths: Vec<&str> = complaints.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["name", "days", "scopes[1]", "addresses[1]"]);
        let order = Order { name: "terraform".into(), ..Order::default() };
        assert_eq!((order.check(Role::Owner), order.days()), (vec![], 90));
    }
}
