//! Gateways: the secrets that their devices carry.

pub mod secret;

use domain::gateway::Gateway;
use domain::organization::Organization;
use domain::secret::Secret;
use pki::time::Time;
use serde::Deserialize;
use serde::Serialize;
use store::gateway::KeptSecret;
use store::gateway::LABEL_FIRST;
use store::write::Write;
use utoipa::ToSchema;

use crate::App;
use crate::world::World;

/// Characters of a generated secret: 32 of 32 letters carry 160 bits.
const SECRET_CHARS: usize = 32;

/// Letters and digits that nobody mistakes for each other.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A secret in the moment in which it is shown: once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
pub struct ShownSecret {
    /// The gateway.
    pub name: String,
    /// The Enrollment URL.
    pub url: String,
    /// The API Secret.
    pub secret: Secret,
}

/// Draws a secret.
pub fn draw_secret(world: &World) -> Secret {
    Secret::new(draw_text::<SECRET_CHARS>(world))
}

/// Draws so many letters and digits.
pub(crate) fn draw_text<const N: usize>(world: &World) -> String {
    let random: [u8; N] = world.random();
    let letters = random.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)).copied());
    letters.map(char::from).collect()
}

/// Adds a secret to a new gateway: only its keyed hash is kept.
pub(crate) fn add_secret(
    write: Write,
    app: &App,
    gateway: &Gateway,
    secret: &Secret,
    now: Time,
) -> Write {
    let kept = KeptSecret {
        id: app.world.id().to_string(),
        gateway: gateway.name.clone(),
        hash: store::gateway::hash(&app.master, &gateway.name, secret),
    };
    store::gateway::add_secret(write, &kept, LABEL_FIRST, now)
}

/// The secret as it is shown once.
pub(crate) fn show_secret(
    organization: &Organization,
    gateway: &Gateway,
    secret: &Secret,
) -> ShownSecret {
    ShownSecret {
        name: gateway.name.clone(),
        url: organization.enrollment_url(gateway),
        secret: secret.clone(),
    }
}
