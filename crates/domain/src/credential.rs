//! What an administrator signs in with.

use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::secret::Secret;

/// Everything that an administrator signs in with; it is kept sealed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Credential {
    /// The password; none if nobody has set one.
    pub password: Option<Password>,
    /// The secret of one-time codes, if they are asked for.
    pub totp: Option<Totp>,
    /// A secret of one-time codes that was shown and not proved yet (Base32).
    pub offered: Option<Secret>,
    /// Keyed hashes of the recovery codes that are left, as hexadecimal digits.
    pub recovery: Vec<String>,
}

/// A password, as a hash.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Password {
    /// The hash, as a PHC string.
    pub hash: Secret,
    /// When it was set.
    pub set_at: Time,
    /// If somebody else set it: until when it can be used to choose an own one.
    pub one_time_until: Option<Time>,
}

/// One-time codes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Totp {
    /// The secret (Base32).
    pub secret: Secret,
    /// Since when they are asked for.
    pub since: Time,
    /// The newest step of which a code was used.
    pub used: Option<i64>,
}

/// What may be told of a credential.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[schema(as = CredentialShown)]
pub struct Shown {
    /// Since when there is a password; none if there is none.
    pub password_since: Option<Time>,
    /// Whether the password is to be used once, to choose an own one.
    pub is_one_time: bool,
    /// Since when one-time codes are asked for; none if they are not.
    pub totp_since: Option<Time>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
}

impl Credential {
    /// What may be told of it.
    pub fn shown(&self) -> Shown {
        let password = self.password.as_ref();
        Shown {
            password_since: password.map(|password| password.set_at),
            is_one_time: password.is_some_and(|password| password.one_time_until.is_some()),
            totp_since: self.totp.as_ref().map(|totp| totp.since),
            recovery_codes: self.recovery.len(),
        }
    }
}

impl Password {
    /// Whether it can be used no more: it was to be used once, and nobody did in time.
    pub fn is_over(&self, now: Time) -> bool {
        self.one_time_until.is_some_and(|until| now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_no_secret() {
        let password = Password {
            hash: Secret::new("canary"),
            set_at: Time(1),
            one_time_until: Some(Time(9)),
        };
        assert!(!password.is_over(Time(8)) && password.is_over(Time(9)));
        let totp = Totp { secret: Secret::new("CANARY"), since: Time(2), used: Some(3) };
        let credential = Credential {
            password: Some(password),
            totp: Some(totp),
            offered: Some(Secret::new("CANARY")),
            recovery: vec!["canary".into(); 4],
        };
        let shown = credential.shown();
        assert_eq!((shown.is_one_time, shown.recovery_codes), (true, 4));
        let text = format!("{shown:?}{}", serde_json::to_string(&shown).unwrap());
        assert!(!text.to_lowercase().contains("canary"), "{text}");
    }
}
