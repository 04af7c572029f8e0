//! Looking at what network policies may send.

use domain::actor::Actor;
use domain::actor::Permission;
use domain::network_policy::listing;
use domain::network_policy::listing::ListedDictionary;
use domain::network_policy::listing::ListedPreset;
use domain::refusal::Refusal;

/// Every dictionary with its attributes.
pub fn dictionaries(actor: &Actor) -> Result<Vec<ListedDictionary>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(listing::dictionaries())
}

/// Every preset.
pub fn presets(actor: &Actor) -> Result<Vec<ListedPreset>, Refusal> {
    actor.may(Permission::OrganizationRead)?;
    Ok(listing::presets())
}
