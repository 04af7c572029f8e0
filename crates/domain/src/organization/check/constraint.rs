//! Whether what authorities are to sign lies within what they, and those above them, are for.

use pki::constraint::is_within;

use super::Checker;
use crate::certificate_authority::CertificateAuthority;
use crate::certificate_template::CertificateTemplate;
use crate::certificate_template::purpose::ExtendedKeyUsage;
use crate::enrollment_policy::EnrollmentPolicy;
use crate::organization::Organization;
use crate::server_certificate::ServerCertificate;

const SERVER_FIX: &str = "name an authority that has it";

impl Checker<'_> {
    /// Nothing is signed that a verifier would refuse for the authorities above it.
    pub(super) fn constraints(&mut self) {
        let organization = self.organization;
        for authority in &organization.certificate_authority {
            self.authority(organization, authority);
        }
        for certificate in &organization.server_certificate {
            self.server(organization, certificate);
        }
        for policy in &organization.enrollment_policy {
            self.policy(organization, policy);
        }
    }

    /// What an authority lets through must pass those above it.
    fn authority(&mut self, organization: &Organization, authority: &CertificateAuthority) {
        for above in organization.chain_of(authority).iter().skip(1) {
            let lost = authority.usages().iter().find(|usage| !passes(above, **usage));
            if let Some(usage) = lost {
                let what = format!("{usage} is none of the uses of \"{}\" above it", above.name);
                let fix = "leave it out, or name an issuer whose extended_key_usage has it";
                self.complain::<CertificateAuthority>(
                    &authority.name,
                    "extended_key_usage",
                    &what,
                    fix,
                );
            }
            for (index, name) in authority.permitted_names.iter().enumerate() {
                if permits(above, name) {
                    continue;
                }
                let field = format!("permitted_names[{index}]");
                let what = format!("{name} is outside the permitted names of \"{}\"", above.name);
                let fix = "name a domain below those of the issuer";
                self.complain::<CertificateAuthority>(&authority.name, &field, &what, fix);
            }
        }
    }

    fn server(&mut self, organization: &Organization, certificate: &ServerCertificate) {
        let Some(authority) = organization.find(&certificate.certificate_authority) else { return };
        let usage = ExtendedKeyUsage::SERVER_AUTHENTICATION;
        if let Some(bound) = bound_of_usage(organization, authority, usage) {
            let what = format!("{usage} is none of the uses of \"{}\"", bound.name);
            let field = "certificate_authority";
            self.complain::<ServerCertificate>(&certificate.name, field, &what, SERVER_FIX);
        }
        for (index, name) in certificate.names.iter().enumerate() {
            let chain = organization.chain_of(authority);
            let Some(bound) = chain.into_iter().find(|bound| !permits(bound, name)) else {
                continue;
            };
            let field = format!("names[{index}]");
            let what = format!("{name} is outside the permitted names of \"{}\"", bound.name);
            let fix = "use a name below one of these, or another authority";
            self.complain::<ServerCertificate>(&certificate.name, &field, &what, fix);
        }
    }

    fn policy(&mut self, organization: &Organization, policy: &EnrollmentPolicy) {
        let Some(settings) = &policy.settings else { return };
        let authority = organization.find(&settings.certificate_authority);
        let template = organization.find::<CertificateTemplate>(&settings.certificate_template);
        let (Some(authority), Some(template)) = (authority, template) else { return };
        for usage in &template.extended_key_usage {
            let Some(bound) = bound_of_usage(organization, authority, *usage) else { continue };
            let what = format!(
                "\"{}\" says {usage}, which is none of the uses of \"{}\"",
                template.name, bound.name
            );
            self.complain::<EnrollmentPolicy>(
                &policy.name,
                "settings.certificate_template",
                &what,
                "name another template, or an authority whose extended_key_usage has it",
            );
        }
    }
}

/// The authority, itself or above it, that a use of what it signs would not pass.
fn bound_of_usage<'a>(
    organization: &'a Organization,
    authority: &'a CertificateAuthority,
    usage: ExtendedKeyUsage,
) -> Option<&'a CertificateAuthority> {
    let own = authority.usages();
    if !own.is_empty() && !own.contains(&usage) {
        return Some(authority);
    }
    organization.chain_of(authority).into_iter().skip(1).find(|above| !passes(above, usage))
}

/// Whether a use passes an authority above: one that has others below it says only what is given.
fn passes(above: &CertificateAuthority, usage: ExtendedKeyUsage) -> bool {
    let given = above.extended_key_usage.as_deref().unwrap_or_default();
    given.is_empty() || given.contains(&usage)
}

fn permits(authority: &CertificateAuthority, name: &str) -> bool {
    let permitted = &authority.permitted_names;
    permitted.is_empty() || permitted.iter().any(|subtree| is_within(name, subtree))
}
