//! Whether devices that do what a network profile says could get in at all.

use pki::general_name::covers;
use pki::key::KeyType;
use pki::public_root;

use super::Checker;
use crate::certificate_authority::CertificateAuthority;
use crate::certificate_authority::Purpose;
use crate::gateway::Gateway;
use crate::network_profile::NetworkProfile;
use crate::network_profile::SecurityType;
use crate::object::Kind;
use crate::organization::Organization;
use crate::server_certificate::ServerCertificate;

impl Checker<'_> {
    /// Only what no device could live with is refused; what is merely unwise is told by doctor.
    pub(super) fn network_profiles(&mut self) {
        let organization = self.organization;
        for profile in &organization.network_profile {
            let server: Option<&ServerCertificate> = organization.find(&profile.server_certificate);
            let Some(server) = server else { continue };
            // What was saved before is told by doctor: nobody is kept from saving something else.
            if !self.is_touched(profile) {
                continue;
            }
            self.accepted_names(profile, server);
            self.trusted_roots(profile, server);
            if profile.security_type == SecurityType::Wpa3Enterprise192 {
                self.suite_192(profile, server);
            }
        }
    }

    /// Whether the document speaks of a profile, or of what it rests on.
    fn is_touched(&self, profile: &NetworkProfile) -> bool {
        let named = |kind: Kind, name: &str| self.places.contains_key(&(kind, name.to_owned()));
        named(Kind::NetworkProfile, &profile.name)
            || named(Kind::ServerCertificate, &profile.server_certificate)
            || named(Kind::Gateway, &profile.gateway)
    }

    /// Devices accept a name that the RADIUS server's certificate carries.
    fn accepted_names(&mut self, profile: &NetworkProfile, server: &ServerCertificate) {
        let names = &profile.radius_server_names;
        let accepted = |carried: &String| names.iter().any(|name| covers(name, carried));
        if names.is_empty() || server.names.iter().any(accepted) {
            return;
        }
        let what = format!(
            "holds no name that the server certificate \"{}\" carries, so no device would get in",
            server.name
        );
        let fix = format!("name one of {}", server.names.join(", "));
        self.complain::<NetworkProfile>(&profile.name, "radius_server_names", &what, &fix);
    }

    /// Devices trust one of the authorities above it. A public root, or one that is given as PEM,
    /// may be that of an imported certificate, of which definitions say nothing.
    fn trusted_roots(&mut self, profile: &NetworkProfile, server: &ServerCertificate) {
        let organization = self.organization;
        let Some(authority) = organization.find(&server.certificate_authority) else { return };
        let above = organization.chain_of(authority);
        // One that is for RADIUS servers may have signed a certificate that was imported.
        let leads = |name: &String| match organization.find::<CertificateAuthority>(name) {
            Some(own) => {
                above.iter().any(|one| one.name == *name)
                    || own.generate_ca_for == Purpose::RadiusServer
            }
            None => public_root::find(name).is_some(),
        };
        let trusted = &profile.trusted_authorities;
        let given = !profile.trusted_certificates.is_empty();
        if trusted.is_empty() || given || trusted.iter().any(leads) {
            return;
        }
        let what = format!(
            "holds no root of the server certificate \"{}\", so no device would get in",
            server.name
        );
        let root = organization.root_of(authority).unwrap_or_default();
        let fix = format!("name \"{root}\"");
        self.complain::<NetworkProfile>(&profile.name, "trusted_authorities", &what, &fix);
    }

    /// 192-bit security takes P-384, and RSA keys from 3072 bits (WPA3 specification, 3.5).
    fn suite_192(&mut self, profile: &NetworkProfile, server: &ServerCertificate) {
        let organization = self.organization;
        if !is_strong(server.key) {
            let what = weak(&format!("the server certificate \"{}\"", server.name), server.key);
            self.complain::<NetworkProfile>(&profile.name, "server_certificate", &what, FIX);
        }
        let gateway: Option<&Gateway> = organization.find(&profile.gateway);
        let issuing = gateway.and_then(|gateway| organization.authority_of(gateway));
        let signing = organization.find(&server.certificate_authority);
        for (field, authority) in [("server_certificate", signing), ("gateway", issuing)] {
            let Some(found) = authority.and_then(|it| weak_above(organization, it)) else {
                continue;
            };
            let what = weak(&format!("the authority \"{}\"", found.name), found.key);
            self.complain::<NetworkProfile>(&profile.name, field, &what, FIX);
        }
    }
}

const FIX: &str = "use keys of ecdsa-p384, rsa-3072 or rsa-4096 there, or wpa3-enterprise here";

fn weak(what: &str, key: KeyType) -> String {
    format!("leads to {what} with a key of {}, too weak for 192-bit security", key.as_str())
}

/// The first authority of a chain whose key is too weak.
fn weak_above<'a>(
    organization: &'a Organization,
    authority: &'a CertificateAuthority,
) -> Option<&'a CertificateAuthority> {
    organization.chain_of(authority).into_iter().find(|one| !is_strong(one.key))
}

fn is_strong(key: KeyType) -> bool {
    match key {
        KeyType::Rsa3072 | KeyType::Rsa4096 | KeyType::EcdsaP384 => true,
        KeyType::Rsa2048 | KeyType::EcdsaP256 => false,
    }
}
