//! Secrets at rest: one master key seals them and hashes what is only ever compared.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac, rand};
use zeroize::Zeroizing;

use crate::directory;

/// The key's file in the data directory.
const FILE_NAME: &str = "master.key";

/// Bytes of the master key and of every key derived from it.
const KEY_BYTES: usize = 32;

/// Bytes of the key as hexadecimal digits.
const KEY_DIGITS: usize = KEY_BYTES * 2;

/// Most bytes read of a key file: the digits and a line's end, and enough to see that it is longer.
const FILE_BYTES_MAX: u64 = 128;

/// First byte of everything sealed: AES-256-GCM, then nonce, then ciphertext with its tag.
const VERSION: u8 = 0x01;

/// The key that everything secret in the database hangs on. It is never in the database.
pub struct MasterKey {
    sealing: LessSafeKey,
    hashing: hmac::Key,
    path: Option<PathBuf>,
}

/// Why a key was refused, or something sealed did not open.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SealError {
    /// The key's file can be read by others than its owner.
    #[error("{path} can be read by others (mode {mode:03o}); run: chmod 600 '{path}'")]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key's file does not hold a key.
    #[error("{0} is not a master key (64 hexadecimal digits); put the right file back")]
    Malformed(PathBuf),
    /// The key is gone while the database that it sealed is there.
    #[error(
        "{path} is missing, and the database beside it cannot be read without it; put the file \
         back from where its copy is kept"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The database was sealed with another key.
    #[error("{0} is not the master key that sealed this database; put the right file back")]
    WrongKey(String),
    /// Something sealed is too short, of an unknown version, altered, or of another context.
    #[error("a sealed value does not open: it was altered, or sealed for another use")]
    Broken,
    /// The file system failed.
    #[error("{path} cannot be used: {detail}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        detail: String,
    },
}

impl MasterKey {
    /// Loads the key of a data directory. In a directory without a database it is made, durably,
    /// readable by its owner only.
    pub fn load_or_create(data: &Path) -> Result<Self, SealError> {
        let path = data.join(FILE_NAME);
        match Self::load(&path) {
            Err(SealError::Missing { .. }) if !data.join(directory::DATABASE).exists() => {
                Self::create(data, &path)
            }
            other => other,
        }
    }

    /// Loads the key of a data directory.
    pub fn load_from(data: &Path) -> Result<Self, SealError> {
        Self::load(&data.join(FILE_NAME))
    }

    /// Whether there is a key in a data directory.
    #[must_use]
    pub fn is_in(data: &Path) -> bool {
        data.join(FILE_NAME).exists()
    }

    /// Takes back a key that was made a moment ago in a data directory and that nothing was sealed
    /// with.
    pub fn discard_from(data: &Path) -> io::Result<()> {
        std::fs::remove_file(data.join(FILE_NAME))
    }

    /// Loads the key from a file of its own.
    pub fn load(path: &Path) -> Result<Self, SealError> {
        let file = File::open(path).map_err(|why| {
            if why.kind() == io::ErrorKind::NotFound {
                return SealError::Missing { path: path.to_owned() };
            }
            failed(path, &why)
        })?;
        let mode = file.metadata().map_err(|why| failed(path, &why))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(SealError::Readable { path: path.to_owned(), mode });
        }
        let mut digits = Zeroizing::new(Vec::with_capacity(KEY_DIGITS * 2));
        file.take(FILE_BYTES_MAX).read_to_end(&mut digits).map_err(|why| failed(path, &why))?;
        let key =
            parse_hex(digits.trim_ascii()).ok_or_else(|| SealError::Malformed(path.to_owned()))?;
        Ok(Self { path: Some(path.to_owned()), ..Self::from_bytes(&key) })
    }

    /// Makes a key of bytes that the caller answers for: of an environment's secret store, or of
    /// a test.
    #[must_use]
    pub fn from_bytes(key: &[u8; KEY_BYTES]) -> Self {
        let sealing = derive(key, b"safeconduct seal 1");
        let hashing = derive(key, b"safeconduct keyed hash 1");
        let unbound = UnboundKey::new(&AES_256_GCM, sealing.as_slice())
            .expect("a derived key has the length of AES-256");
        Self {
            sealing: LessSafeKey::new(unbound),
            hashing: hmac::Key::new(hmac::HMAC_SHA256, hashing.as_slice()),
            path: None,
        }
    }

    fn create(data: &Path, path: &Path) -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        rand::fill(key.as_mut_slice()).expect("the system's random source does not end");
        write_key(data, path, &key).map_err(|why| failed(path, &why))?;
        Self::load(path)
    }

    /// Seals a secret for one use, named by `context` (table, column and row id): elsewhere it
    /// does not open.
    #[must_use]
    pub fn seal(&self, context: &str, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0_u8; NONCE_LEN];
        rand::fill(&mut nonce).expect("the system's random source does not end");
        let mut text = Zeroizing::new(plain.to_vec());
        let tag = self
            .sealing
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut text,
            )
            .expect("what is in memory is shorter than the 64 GiB that AES-GCM can seal");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len() + tag.as_ref().len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`MasterKey::seal`] sealed for the same context.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(SealError::Broken)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Broken)?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self
            .sealing
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(context.as_bytes()),
                &mut text,
            )
            .map_err(|_| SealError::Broken)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// Hashes something secret that is only ever compared: a challenge, a token.
    #[must_use]
    pub fn keyed_hash(&self, context: &str, bytes: &[u8]) -> [u8; KEY_BYTES] {
        let length = u64::try_from(context.len()).expect("a length fits 64 bits");
        let mut hash = hmac::Context::with_key(&self.hashing);
        hash.update(&length.to_be_bytes());
        hash.update(context.as_bytes());
        hash.update(bytes);
        hash.sign().as_ref().try_into().expect("HMAC-SHA-256 is 32 bytes")
    }

    /// What the database keeps to know its key again.
    pub(crate) fn check_value(&self) -> String {
        hex(&self.keyed_hash("master key check", b""))
    }

    /// Names the key in a complaint.
    pub(crate) fn name(&self) -> String {
        self.path
            .as_ref()
            .map_or_else(|| "the given master key".to_owned(), |path| path.display().to_string())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Writes bytes as lowercase hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn parse_hex(digits: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    if digits.len() != KEY_DIGITS {
        return None;
    }
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    for (byte, pair) in key.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? << 4 | low?).ok()?;
    }
    Some(key)
}

/// A key cut off in the middle would keep the program from ever starting here.
fn write_key(data: &Path, path: &Path, key: &[u8; KEY_BYTES]) -> io::Result<()> {
    directory::prepare(data)?;
    let mut line = Zeroizing::new(hex(key).into_bytes());
    line.push(b'\n');
    directory::replace_private(path, &line)
}

fn derive(key: &[u8; KEY_BYTES], purpose: &[u8]) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut derived = Zeroizing::new([0_u8; KEY_BYTES]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"safeconduct master key")
        .extract(key)
        .expand(&[purpose], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(derived.as_mut_slice()))
        .expect("HKDF-SHA-256 gives 32 bytes");
    derived
}

fn failed(path: &Path, why: &io::Error) -> SealError {
    SealError::Io { path: path.to_owned(), detail: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::Write;

    use super::*;
    use crate::directory::tests::{TestDirectory, mode};

    fn key() -> MasterKey {
        MasterKey::from_bytes(&[7; KEY_BYTES])
    }

    #[test]
    fn what_is_sealed_opens_again() {
        for plain in [&b""[..], b"x", &[0xa5; 4096]] {
            let sealed = key().seal("gateway.secret", plain);
            assert_eq!(*key().open("gateway.secret", &sealed).unwrap(), plain);
        }
    }

    #[test]
    fn a_nonce_is_never_the_same() {
        assert_ne!(key().seal("a", b"secret"), key().seal("a", b"secret"));
    }

    #[test]
    fn another_key_or_context_does_not_open() {
        let sealed = key().seal("gateway.secret", b"secret");
        let other = MasterKey::from_bytes(&[8; KEY_BYTES]);
        assert_eq!(other.open("gateway.secret", &sealed), Err(SealError::Broken));
        assert_eq!(key().open("gateway.name", &sealed), Err(SealError::Broken));
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_refused() {
        let sealed = key().seal("a", b"secret");
        for length in 0..sealed.len() {
            assert_eq!(key().open("a", &sealed[..length]), Err(SealError::Broken));
        }
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 0x10;
            assert_eq!(key().open("a", &altered), Err(SealError::Broken));
        }
    }

    #[test]
    fn a_keyed_hash_depends_on_key_context_and_bytes() {
        let hash = key().keyed_hash("a", b"bc");
        assert_eq!(hash, key().keyed_hash("a", b"bc"));
        assert_ne!(hash, key().keyed_hash("ab", b"c"));
        assert_ne!(hash, key().keyed_hash("a", b"bd"));
        assert_ne!(hash, MasterKey::from_bytes(&[8; KEY_BYTES]).keyed_hash("a", b"bc"));
    }

    #[test]
    fn a_key_is_made_once_and_loaded_after() {
        let directory = TestDirectory::new();
        let made = MasterKey::load_or_create(&directory.0).unwrap();
        let loaded = MasterKey::load_or_create(&directory.0).unwrap();
        assert_eq!(made.check_value(), loaded.check_value());
        assert_eq!(mode(&directory.0.join(FILE_NAME)), 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_cure() {
        let directory = TestDirectory::new();
        MasterKey::load_or_create(&directory.0).unwrap();
        let path = directory.0.join(FILE_NAME);
        for loose in [0o640, 0o604, 0o620, 0o666] {
            fs::set_permissions(&path, Permissions::from_mode(loose)).unwrap();
            let refusal = MasterKey::load_or_create(&directory.0).unwrap_err();
            let cure = format!("chmod 600 '{}'", path.display());
            assert!(refusal.to_string().ends_with(&cure), "{refusal}");
        }
    }

    #[test]
    fn a_missing_key_beside_a_database_is_not_made_anew() {
        let directory = TestDirectory::new();
        directory::create_private(&directory.0.join(directory::DATABASE)).unwrap();
        let refusal = MasterKey::load_or_create(&directory.0).unwrap_err();
        assert!(matches!(refusal, SealError::Missing { .. }), "{refusal}");
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let directory = TestDirectory::new();
        let path = directory.0.join(FILE_NAME);
        for content in ["", "00", &"0".repeat(63), &"0".repeat(65), &"x".repeat(64)] {
            let mut file = directory::open_private(&path).unwrap();
            file.set_len(0).unwrap();
            file.write_all(content.as_bytes()).unwrap();
            assert_eq!(MasterKey::load(&path).unwrap_err(), SealError::Malformed(path.clone()));
        }
    }

    #[test]
    fn a_key_never_shows_itself() {
        assert_eq!(format!("{:?}", key()), "MasterKey { path: None, .. }");
    }
}
