//! `network-profile configure`: what access points and switches are told of the RADIUS server and
//! the network, in their maker's words.

use core::net::IpAddr;

use domain::actor::Actor;
use domain::actor::Permission;
use domain::secret::Secret;
use profile::access_point;
use profile::access_point::RadiusServer;
use profile::access_point::Vendor;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::network;
use super::network::Enrolling;
use super::render::RenderedFile;
use super::render::complaint;
use super::render::complaints;
use super::render::definition;
use crate::App;
use crate::object;
use crate::organization::NotApplied;

/// The ports that RADIUS servers have (RFC 2865, section 3; RFC 2866, section 3).
const AUTH_PORT: u16 = 1812;
const ACCT_PORT: u16 = 1813;

/// For whose access points, and where they find the RADIUS server.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = ConfigureOrder)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Who made them: cisco-ios-xe, meraki, aruba, unifi, mikrotik, hostapd, openwrt, freeradius.
    pub vendor: String,
    /// The addresses of the RADIUS server as they reach it, 1 to 3, in the order in which they are
    /// tried.
    #[schema(value_type = Vec<String>)]
    pub addresses: Vec<IpAddr>,
    /// The port for authentication.
    #[serde(default = "auth_port")]
    pub auth_port: u16,
    /// The port for accounting.
    #[serde(default = "acct_port")]
    pub acct_port: u16,
    /// The shared secret; without, a placeholder stands in its place. It is kept nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub shared_secret: Option<Secret>,
}

/// What they are told.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Configured {
    /// Who made them.
    pub vendor: String,
    /// The files.
    pub files: Vec<RenderedFile>,
}

fn auth_port() -> u16 {
    AUTH_PORT
}

fn acct_port() -> u16 {
    ACCT_PORT
}

impl Order {
    /// A server at these addresses, on the ports that all have.
    pub fn new(vendor: &str, addresses: Vec<IpAddr>) -> Self {
        let (auth_port, acct_port) = (AUTH_PORT, ACCT_PORT);
        Self { vendor: vendor.to_owned(), addresses, auth_port, acct_port, shared_secret: None }
    }
}

/// Every maker of access points: the name, and what people call it.
pub fn vendors() -> impl Iterator<Item = (&'static str, &'static str)> {
    Vendor::ALL.into_iter().map(|vendor| (vendor.as_str(), vendor.label()))
}

/// Writes what access points are told.
pub fn configure(
    app: &App,
    actor: &Actor,
    name: &str,
    order: &Order,
) -> Result<Configured, NotApplied> {
    actor.may(Permission::OrganizationRead)?;
    let shown = object::show(app, actor, domain::object::Kind::NetworkProfile, name)?;
    let vendor = Vendor::ALL.into_iter().find(|vendor| vendor.as_str() == order.vendor);
    let vendor = vendor.ok_or_else(|| {
        let names: Vec<&str> = Vendor::ALL.into_iter().map(Vendor::as_str).collect();
        let what = format!("\"{}\" is no maker that is known here", order.vendor.escape_debug());
        complaint("vendor", what, format!("write one of {}", names.join(", ")))
    })?;
    let rules = app.snapshot.rules();
    let definition = definition(&rules, &shown.name)?;
    // Access points are told nothing of enrollment.
    let enrolling = Enrolling { version: 0, challenge: "" };
    let network = network::network(&rules, definition, &enrolling, app.world.time());
    let server = RadiusServer {
        addresses: order.addresses.clone(),
        auth_port: order.auth_port,
        acct_port: order.acct_port,
        shared_secret: order.shared_secret.as_ref().map(|secret| secret.reveal().to_owned()),
        // Neither is spoken by the server.
        radsec_port: None,
        coa_port: None,
    };
    let network = network.map_err(NotApplied::Complaints)?;
    let files = access_point::files(vendor, &network, &server).map_err(complaints)?;
    Ok(Configured {
        vendor: vendor.as_str().to_owned(),
        files: files.into_iter().map(RenderedFile::from).collect(),
    })
}
