//! Identifiers that stay: the same network gets the same ones, whenever it is rendered.

use uuid::Uuid;

use crate::network::Network;

/// The identifier of a part of what is rendered for a network. A device that gets the part again
/// updates what it has.
pub(crate) fn of(network: &Network, part: &str) -> Uuid {
    let name = format!("{}.{}.{part}", network.identifier, network.slug);
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, name.as_bytes())
}
