//! What a gateway can do (RFC 8894 3.5), and which old algorithms it accepts.

use pki::{algorithm::Digest, cms::enveloped_data::Cipher, csr::Strictness};

/// Which old algorithms a gateway accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Algorithms {
    /// Refuses SHA-1 and triple DES, which are accepted by default.
    pub strict: bool,
    /// Accepts single DES, unless strict. MD5 is never accepted: nothing here computes it.
    pub legacy: bool,
}

impl Algorithms {
    /// Whether messages may be digested with this.
    #[must_use]
    pub fn accept_digest(self, digest: Digest) -> bool {
        match digest {
            Digest::Md5 => false,
            Digest::Sha1 => !self.strict,
            Digest::Sha256 | Digest::Sha384 | Digest::Sha512 => true,
        }
    }

    /// Whether messages may be encrypted with this.
    #[must_use]
    pub fn accept_cipher(self, cipher: Cipher) -> bool {
        match cipher {
            Cipher::Des => self.legacy && !self.strict,
            Cipher::TripleDes => !self.strict,
            Cipher::Aes128 | Cipher::Aes192 | Cipher::Aes256 => true,
        }
    }

    /// How old the signature of a certificate request may be.
    #[must_use]
    pub fn strictness(self) -> Strictness {
        if self.strict { Strictness::Strict } else { Strictness::AcceptSha1 }
    }
}

/// The answer to `GetCACaps`: one word a line, line feeds only, no empty line. The order and the
/// SHA-384 line are for strongSwan 5.9.8, whose parser confuses its flags otherwise.
#[must_use]
pub fn text(algorithms: &Algorithms) -> String {
    let words = [
        ("AES", true),
        ("DES3", !algorithms.strict),
        ("SHA-1", !algorithms.strict),
        ("SHA-256", true),
        ("SHA-384", true),
        ("SHA-512", true),
        ("POSTPKIOperation", true),
        ("Renewal", true),
        ("SCEPStandard", true),
    ];
    words.iter().filter(|(_, said)| *said).map(|(word, _)| format!("{word}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_exact() {
        let default = Algorithms::default();
        assert_eq!(
            text(&default),
            "AES\nDES3\nSHA-1\nSHA-256\nSHA-384\nSHA-512\nPOSTPKIOperation\nRenewal\nSCEPStandard\n"
        );
        let strict = Algorithms { strict: true, legacy: false };
        assert_eq!(
            text(&strict),
            "AES\nSHA-256\nSHA-384\nSHA-512\nPOSTPKIOperation\nRenewal\nSCEPStandard\n"
        );
    }

    #[test]
    fn old_algorithms_need_their_switch() {
        let default = Algorithms::default();
        let strict = Algorithms { strict: true, legacy: true };
        let legacy = Algorithms { strict: false, legacy: true };
        assert!(default.accept_digest(Digest::Sha1) && !strict.accept_digest(Digest::Sha1));
        assert!(default.accept_cipher(Cipher::TripleDes));
        assert!(!strict.accept_cipher(Cipher::TripleDes));
        assert!(!default.accept_cipher(Cipher::Des) && legacy.accept_cipher(Cipher::Des));
        assert!(!strict.accept_cipher(Cipher::Des));
        assert!(!legacy.accept_digest(Digest::Md5));
    }
}
