//! Issuing: a draft is linted, and only what was linted is signed, once.

mod lint;
pub mod rule;

use const_oid::ObjectIdentifier;

use crate::{
    algorithm::SignatureAlgorithm,
    certificate::{Certificate, CertificateError, Serial},
    constraint::Constraints,
    extension::{self, BasicConstraints, Extension, KeyUsage},
    general_name::GeneralName,
    key::{Hash, KeyError, KeyType, PrivateKey, PublicKey, VerifyError, strength::WeakKey},
    name::{Name, NameError},
    oid,
    time::Time,
    tlv,
};

/// The furthest that a beginning is set back, in seconds: a certificate does not claim to be older
/// than that beside the event that explains it.
pub const BACKDATED_SECONDS_MAX: i64 = 3600;
/// The longest life of a server's certificate in days; Apple devices refuse longer ones.
pub const SERVER_LIFE_DAYS_MAX: i64 = 825;

/// Who signs a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The subject of the issuing certificate, which becomes the issuer byte for byte.
    pub name: Name,
    /// Its subject key identifier, which becomes the authority key identifier.
    pub key_identifier: Vec<u8>,
    /// The key that the signature must verify with.
    pub public_key: PublicKey,
    /// The type of that key.
    pub key_type: KeyType,
    /// The hash to sign with.
    pub hash: Hash,
    /// The end of the issuing certificate, beyond which nothing lives.
    pub not_after: Time,
    /// What the issuing certificate, and those above it, let a certificate below them be.
    pub constraints: Vec<Constraints>,
}

/// Why a certificate cannot issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoIssuer {
    /// It is no certificate authority.
    #[error("the certificate is not a certificate authority's")]
    NotAnAuthority,
    /// Its key is none of our types.
    #[error("the authority's key is neither RSA 2048, 3072, 4096 nor P-256, P-384")]
    Key,
    /// What it lets those below it be cannot be read.
    #[error("the authority's constraints cannot be read")]
    Constraints,
}

impl Issuer {
    /// The issuer that holds this certificate.
    ///
    /// # Errors
    /// [`NoIssuer`].
    pub fn of(certificate: &Certificate, hash: Hash) -> Result<Self, NoIssuer> {
        if !certificate.basic_constraints().is_some_and(|(ca, _)| ca) {
            return Err(NoIssuer::NotAnAuthority);
        }
        let public_key = certificate.public_key.clone();
        let key_identifier = certificate
            .subject_key_identifier()
            .map_or_else(|| public_key.identifier().to_vec(), <[u8]>::to_vec);
        Ok(Self {
            name: certificate.subject.clone(),
            key_identifier,
            key_type: public_key.key_type().ok_or(NoIssuer::Key)?,
            public_key,
            hash,
            not_after: certificate.not_after,
            constraints: vec![Constraints::of(certificate).map_err(|_| NoIssuer::Constraints)?],
        })
    }

    /// The same below these certificates, which constrain it and what it issues.
    ///
    /// # Errors
    /// [`NoIssuer::Constraints`].
    pub fn below(mut self, above: &[Certificate]) -> Result<Self, NoIssuer> {
        for certificate in above {
            let constraints = Constraints::of(certificate).map_err(|_| NoIssuer::Constraints)?;
            self.constraints.push(constraints);
        }
        Ok(self)
    }

    /// The issuer of a self-signed root that is about to be made.
    #[must_use]
    pub fn itself(subject: &Name, key: &PrivateKey, hash: Hash, not_after: Time) -> Self {
        Self {
            name: subject.clone(),
            key_identifier: key.public_key().identifier().to_vec(),
            public_key: key.public_key().clone(),
            key_type: key.key_type(),
            hash,
            not_after,
            constraints: Vec::new(),
        }
    }
}

/// A certificate that is wanted; nothing about it is checked yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The serial number.
    pub serial: Serial,
    /// Who will sign.
    pub issuer: Issuer,
    /// Whom it names.
    pub subject: Name,
    /// The key to certify.
    pub public_key: PublicKey,
    /// The first second of validity.
    pub not_before: Time,
    /// The last second of validity.
    pub not_after: Time,
    /// The alternative names.
    pub general_names: Vec<GeneralName>,
    /// The purposes of the key.
    pub key_usage: KeyUsage,
    /// The extended purposes, in this order.
    pub extended_key_usages: Vec<ObjectIdentifier>,
    /// Whether it is an authority.
    pub basic_constraints: BasicConstraints,
    /// What else it says, in this order.
    pub further: Vec<Extension>,
}

/// Why a draft is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    /// RFC 5280 4.1.2.2.
    #[error("the serial number {0} is not a positive integer of 1 to 20 octets")]
    Serial(Serial),
    /// Fewer bits than anybody draws: it could be guessed.
    #[error("the serial number {0} has fewer than 64 bits")]
    SerialShort(Serial),
    /// The validity ends before it begins.
    #[error("the validity ends at {1}, before it begins at {0}")]
    ValidityOrder(Time, Time),
    /// A time that certificates cannot say.
    #[error("the validity {0} to {1} is outside the years 1950 to 9999")]
    ValidityRange(Time, Time),
    /// The certificate would outlive its issuer.
    #[error("the validity ends at {0}, after the issuer's own end {1}")]
    OutlivesIssuer(Time, Time),
    /// Neither subject nor alternative name.
    #[error("there is neither a subject nor an alternative name")]
    NoName,
    /// An authority without a subject (RFC 5280 4.1.2.6).
    #[error("an authority needs a subject")]
    AuthorityName,
    /// A value of the subject is longer than others read (RFC 5280, appendix A.1).
    #[error("{0} in the subject has {1} characters; {2} is the most")]
    SubjectLength(&'static str, usize, usize),
    /// An issuer without a name (RFC 5280 4.1.2.4).
    #[error("the issuer has no name")]
    IssuerName,
    /// keyCertSign and the authority bit disagree (RFC 5280 4.2.1.9).
    #[error("certificate signing and being an authority must go together")]
    AuthorityKeyUsage,
    /// A path length where there is no path.
    #[error("a path length is only for an authority")]
    PathLength,
    /// The key may do nothing.
    #[error("the key usage is empty")]
    NoKeyUsage,
    /// anyExtendedKeyUsage defeats the purpose.
    #[error("any extended key usage is asked for; name the purposes instead")]
    AnyExtendedKeyUsage,
    /// An extended key usage twice.
    #[error("the extended key usage {0} is there twice")]
    ExtendedKeyUsageTwice(ObjectIdentifier),
    /// A purpose that an authority above was not made for.
    #[error("the extended key usage {0} is none of the authority's")]
    ExtendedKeyUsageOutside(ObjectIdentifier),
    /// A name outside what an authority above was made for (RFC 5280 4.2.1.10).
    #[error("the name {0} is outside the authority's permitted names")]
    NameNotPermitted(String),
    /// The extended purpose asks for what the key may not do (RFC 5280 4.2.1.12).
    #[error("the key usage has nothing that the extended key usage {0} needs")]
    UsageConflict(ObjectIdentifier),
    /// Who meets a server looks for its name among the alternative ones (RFC 9525 6.3).
    #[error("a server's certificate has neither a DNS name nor an address")]
    ServerName,
    /// Apple devices refuse servers whose certificates live longer.
    #[error("a server's certificate lives for {0} seconds; 825 days (71280000 s) is the most")]
    ServerLife(i64),
    /// Elliptic curve keys do not encipher keys (RFC 8813 3).
    #[error("an elliptic curve key cannot encipher keys")]
    KeyEncipherment,
    /// The key is too weak.
    #[error("the key is too weak: {0}")]
    WeakKey(WeakKey),
    /// The issuer's key does not sign with the hash.
    #[error("the issuer's {} key does not sign with {}", .0.as_str(), .1.as_str())]
    Hash(KeyType, Hash),
    /// An alternative name is not legal in its kind.
    #[error("an alternative name is not legal: {0}")]
    GeneralName(NameError),
    /// More alternative names than [`GENERAL_NAMES_MAX`](crate::general_name::GENERAL_NAMES_MAX).
    #[error("there are {0} alternative names; 64 is the most")]
    GeneralNames(usize),
    /// An extension twice (RFC 5280 4.2), or one that is written from another field.
    #[error("the extension {0} is there twice")]
    ExtensionTwice(ObjectIdentifier),
    /// Addresses to ask at and the word that there is nothing to ask (RFC 9608 4).
    #[error("it says where revocation is told and that it is not told")]
    RevocationContradiction,
    /// What was written does not read back as what was meant.
    #[error("the encoded certificate does not read back: {0}")]
    Encoding(String),
}

impl Draft {
    /// Checks the draft and writes the part to be signed.
    ///
    /// # Errors
    /// Everything there is to complain about.
    pub fn lint(self) -> Result<Linted, Vec<Complaint>> {
        let mut complaints = Vec::new();
        self.lint_validity(&mut complaints);
        self.lint_names(&mut complaints);
        self.lint_key(&mut complaints);
        self.lint_purposes(&mut complaints);
        self.lint_constraints(&mut complaints);
        self.lint_server(&mut complaints);
        self.lint_extensions(&mut complaints);
        if !complaints.is_empty() {
            return Err(complaints);
        }
        let tbs = self.tbs_der();
        self.lint_encoding(&tbs).map_err(|text| vec![Complaint::Encoding(text)])?;
        Ok(Linted { draft: self, tbs })
    }
}

impl Draft {
    fn algorithm_der(&self) -> Vec<u8> {
        SignatureAlgorithm::identifier_der(self.issuer.key_type, self.issuer.hash)
    }

    fn extensions(&self) -> Vec<Extension> {
        let plain = |oid, value| Extension { oid, critical: false, value };
        let critical = |oid, value| Extension { oid, critical: true, value };
        let authority = tlv::encode(tlv::context_primitive(0), &self.issuer.key_identifier);
        let subject = tlv::octet_string(&self.public_key.identifier());
        let mut extensions = vec![
            plain(oid::AUTHORITY_KEY_IDENTIFIER, tlv::sequence(&[authority])),
            plain(oid::SUBJECT_KEY_IDENTIFIER, subject),
            critical(oid::BASIC_CONSTRAINTS, self.basic_constraints.der()),
            critical(oid::KEY_USAGE, self.key_usage.der()),
        ];
        if !self.extended_key_usages.is_empty() {
            let value = extension::extended_key_usages_der(&self.extended_key_usages);
            extensions.push(plain(oid::EXTENDED_KEY_USAGE, value));
        }
        if !self.general_names.is_empty() {
            let value = GeneralName::all_der(&self.general_names);
            // RFC 5280 4.2.1.6: critical exactly when it is the only name.
            let critical = self.subject.is_empty();
            extensions.push(Extension { oid: oid::SUBJECT_ALT_NAME, critical, value });
        }
        extensions.extend(self.further.iter().cloned());
        extensions
    }

    fn tbs_der(&self) -> Vec<u8> {
        let extensions: Vec<Vec<u8>> = self.extensions().iter().map(Extension::der).collect();
        tlv::sequence(&[
            // Version 3.
            tlv::encode(tlv::context(0), &tlv::integer(2)),
            tlv::encode(tlv::INTEGER, self.serial.content()),
            self.algorithm_der(),
            self.issuer.name.der().to_vec(),
            tlv::sequence(&[tlv::time(self.not_before), tlv::time(self.not_after)]),
            self.subject.der().to_vec(),
            self.public_key.der().to_vec(),
            tlv::encode(tlv::context(3), &tlv::sequence(&extensions)),
        ])
    }
}

/// A draft that passed every rule, with the exact bytes to be signed. Signing consumes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Linted {
    draft: Draft,
    tbs: Vec<u8>,
}

/// Why signing failed; none of these is the requester's fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is not the issuer's.
    #[error("the signing key is not the issuer's key")]
    WrongKey,
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The signed certificate does not read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The signed bytes are not the linted ones.
    #[error("the signed bytes are not the linted ones")]
    Altered,
    /// The fresh signature does not verify.
    #[error("the fresh signature does not verify: {0}")]
    Signature(#[from] VerifyError),
}

impl Linted {
    /// The part to be signed, to be made durable before the key is used.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// The serial number to be certified.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.draft.serial
    }

    /// The draft that was linted.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Signs the linted bytes, then reads and verifies what came out.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(self, key: &PrivateKey) -> Result<Certificate, SignError> {
        let issuer = &self.draft.issuer;
        if !key.public_key().is_same_key(&issuer.public_key) {
            return Err(SignError::WrongKey);
        }
        let signature = key.sign(issuer.hash, &self.tbs)?;
        let parts = [self.tbs.clone(), self.draft.algorithm_der(), tlv::bit_string(&signature)];
        let certificate = Certificate::parse(&tlv::sequence(&parts))?;
        if certificate.tbs != self.tbs {
            return Err(SignError::Altered);
        }
        certificate.verify_signed_by(&issuer.public_key)?;
        Ok(certificate)
    }
}
