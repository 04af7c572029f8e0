//! What a refusal is to HTTP: the API and the portal answer alike.

use super::Refusal;

impl Refusal {
    /// The status of an answer that says this no (RFC 9110, 15).
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other no is about content")]
    pub fn http_status(&self) -> u16 {
        match self {
            Self::Unauthenticated
            | Self::TokenUnknown
            | Self::TokenExpired { .. }
            | Self::SessionOver => 401,
            Self::NotPermitted { .. }
            | Self::TokenElsewhere { .. }
            | Self::AdministratorDisabled { .. }
            | Self::SetupCodeWrong
            | Self::LoginWrong
            | Self::CodeNeeded { .. }
            | Self::CodeWrong { .. }
            | Self::PasswordDue { .. }
            | Self::PasswordByToken { .. }
            | Self::ProofNeeded => 403,
            Self::TooManyRequests { .. } | Self::LoginSlowed { .. } | Self::OwnListeners { .. } => {
                429
            }
            Self::NotFound { .. } | Self::SlotEmpty { .. } => 404,
            Self::Conflict { .. }
            | Self::SlugTaken { .. }
            | Self::RootDiffers { .. }
            | Self::SlotNotValid { .. }
            | Self::AlreadyRevoked { .. }
            | Self::AlreadyHeld { .. }
            | Self::NotHeld { .. }
            | Self::LastOwner { .. }
            | Self::IdempotencyKeyUsed { .. }
            | Self::MassChange { .. } => 409,
            Self::StoreUnavailable { .. }
            | Self::Overloaded
            | Self::TooManyListeners { .. }
            | Self::SignerBusy { .. }
            | Self::LoginBusy => 503,
            Self::Internal { .. } => 500,
            Self::ParameterWrong { .. } => 400,
            _ => 422,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_says_whose_turn_it_is() {
        let missing = Refusal::NotFound { noun: "gateway".into(), name: "x".into() };
        let parameter = Refusal::ParameterWrong { parameter: "x".into(), what: "y".into() };
        for (refusal, status) in [
            (Refusal::Unauthenticated, 401),
            (Refusal::ProofNeeded, 403),
            (missing, 404),
            (Refusal::Conflict { what: "x".into() }, 409),
            (Refusal::CertificateMissing, 422),
            (Refusal::Overloaded, 503),
            (Refusal::Internal { what: "x".into() }, 500),
            (parameter, 400),
        ] {
            assert_eq!(refusal.http_status(), status, "{refusal:?}");
        }
    }
}
