//! A wired profile, `LANProfile` version 1.

use crate::network::Network;
use crate::windows::eap;
use crate::xml;
use crate::xml::Element;

const LAN_1: &str = "http://www.microsoft.com/networking/LAN/profile/v1";

/// The profile. 802.1X is not enforced, so that a port without it still works.
pub(crate) fn profile(network: &Network) -> String {
    let security = Element::parent(
        "security",
        vec![
            Element::leaf("OneXEnforced", "false"),
            Element::leaf("OneXEnabled", "true"),
            eap::one_x(network),
        ],
    );
    let msm = Element::parent("MSM", vec![security]);
    xml::document(&Element::parent("LANProfile", vec![msm]).with("xmlns", LAN_1))
}
