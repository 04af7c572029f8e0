//! PKCS #12 bundles: a key and its certificates in one file, for printers and others that cannot
//! ask for a certificate.

use p12_keystore::EncryptionAlgorithm;
use p12_keystore::KeyStore;
use p12_keystore::KeyStoreEntry;
use p12_keystore::MacAlgorithm;
use p12_keystore::Pkcs12ImportPolicy;
use p12_keystore::PrivateKeyChain;
use pki::certificate::Certificate;
use pki::key::PrivateKey;

use crate::complaint::Complaint;
use crate::file::File;

/// Shortest password, in bytes: the bundle lies in mail and on sticks, and can be tried offline.
pub const PASSWORD_BYTES_MIN: usize = 12;
/// Longest password, in bytes: printers have short fields.
pub const PASSWORD_BYTES_MAX: usize = 64;
/// Most certificates in a bundle, its own and those above it.
pub const CHAIN_MAX: usize = 10;
/// Rounds of the password's derivation; old readers take seconds for many more.
const ITERATIONS: u32 = 10_000;

/// How a bundle is encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// AES-256 under PBES2, authenticated with HMAC-SHA-256: whatever is not old.
    Modern,
    /// Triple DES and SHA-1: older Windows, macOS, printers.
    Legacy,
}

/// A key with its certificates, its own first.
pub struct Identity<'a> {
    /// The key.
    pub key: &'a PrivateKey,
    /// The certificates.
    pub chain: &'a [Certificate],
}

/// Both forms of a bundle; `slug` begins their names. The salts inside are drawn from the system by
/// the crate that writes them, so that no two bundles are equal.
///
/// # Errors
/// What is wrong with the key, the certificates or the password.
pub fn files(
    slug: &str,
    identity: &Identity<'_>,
    password: &str,
) -> Result<Vec<File>, Vec<Complaint>> {
    let file = |form, ending: &str| -> Result<File, Vec<Complaint>> {
        Ok(File {
            name: format!("{slug}{ending}.p12"),
            media_type: "application/x-pkcs12",
            content: bundle(identity, password, form)?,
            is_secret: true,
        })
    };
    Ok(vec![file(Form::Modern, "")?, file(Form::Legacy, "-legacy")?])
}

/// One form of a bundle.
///
/// # Errors
/// What is wrong with the key, the certificates or the password.
pub fn bundle(
    identity: &Identity<'_>,
    password: &str,
    form: Form,
) -> Result<Vec<u8>, Vec<Complaint>> {
    let complaints = check(identity, password);
    if !complaints.is_empty() {
        return Err(complaints);
    }
    write(identity, password, form).map_err(|error| {
        let fix = "issue the certificate again";
        vec![Complaint::new("certificate", format!("does not go into a bundle: {error}"), fix)]
    })
}

/// The key of a bundle from elsewhere, and its certificates, its own first.
///
/// # Errors
/// What is wrong with the bundle or the password.
pub fn open(bundle: &[u8], password: &str) -> Result<(Vec<Certificate>, PrivateKey), Complaint> {
    let store = KeyStore::from_pkcs12(bundle, password, Pkcs12ImportPolicy::Strict);
    let store = store.map_err(|error| {
        let fix = "give the PKCS #12 file as it was made, and its password";
        Complaint::new("pkcs12", format!("is not opened by the password: {error}"), fix)
    })?;
    let mut chains = store.entries().filter_map(|(_, entry)| match entry {
        KeyStoreEntry::PrivateKeyChain(chain) => Some(chain),
        KeyStoreEntry::Certificate(_) | KeyStoreEntry::Secret(_) => None,
    });
    let fix = "give a bundle of one key with its certificates";
    let chain = match (chains.next(), chains.next()) {
        (Some(chain), None) => chain,
        (None, _) => {
            return Err(Complaint::new("pkcs12", "holds no key that has a certificate", fix));
        }
        (Some(_), Some(_)) => return Err(Complaint::new("pkcs12", "holds several keys", fix)),
    };
    let key = PrivateKey::from_pkcs8(chain.key().as_der()).map_err(|error| {
        let fix = "use a key of RSA 2048, 3072, 4096 or ECDSA P-256, P-384";
        Complaint::new("pkcs12", format!("holds a key that is not taken: {error}"), fix)
    })?;
    let certificates = chain.certs().iter().map(|one| Certificate::parse(one.as_der()));
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(|error| {
        Complaint::new("pkcs12", format!("holds a certificate that is none: {error}"), fix)
    })?;
    Ok((certificates, key))
}

fn check(identity: &Identity<'_>, password: &str) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let length = password.len();
    let printable = password.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&length) {
        complaints.push(Complaint::new(
            "password",
            "cannot be typed everywhere",
            format!("use {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} letters, digits and signs"),
        ));
    }
    let chain = identity.chain;
    if chain.len() > CHAIN_MAX {
        let what = format!("has {} certificates in its chain", chain.len());
        complaints.push(Complaint::new("certificate", what, format!("{CHAIN_MAX} are possible")));
    }
    let fits = |one: &Certificate| one.public_key.is_same_key(identity.key.public_key());
    if !chain.first().is_some_and(fits) {
        complaints.push(Complaint::new(
            "certificate",
            "is not that of the key",
            "give the certificate that was issued for the key first",
        ));
    }
    for pair in chain.windows(2) {
        if let [below, above] = pair
            && below.verify_signed_by(&above.public_key).is_err()
        {
            let what = format!("{} is not signed by {}", below.subject, above.subject);
            complaints.push(Complaint::new("certificate", what, "give the chain in its order"));
        }
    }
    complaints
}

fn write(
    identity: &Identity<'_>,
    password: &str,
    form: Form,
) -> Result<Vec<u8>, p12_keystore::error::Error> {
    let key = p12_keystore::PrivateKey::from_der(&identity.key.to_pkcs8())?;
    let certificates: Vec<p12_keystore::Certificate> = identity
        .chain
        .iter()
        .map(|one| p12_keystore::Certificate::from_der(&one.der))
        .collect::<Result<_, _>>()?;
    let identifier = identity.key.public_key().identifier().to_vec();
    let chain = PrivateKeyChain::new(identifier, key, certificates);
    let mut store = KeyStore::new();
    store.add_entry("device", KeyStoreEntry::PrivateKeyChain(chain));
    let (encryption, mac) = match form {
        Form::Modern => (EncryptionAlgorithm::PbeWithHmacSha256AndAes256, MacAlgorithm::HmacSha256),
        Form::Legacy => {
            (EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc, MacAlgorithm::HmacSha1)
        }
    };
    store
        .writer(password)
        .encryption_algorithm(encryption)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(mac)
        .mac_iterations(ITERATIONS)
        .write()
}
