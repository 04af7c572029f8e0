//! Which public keys are strong enough to be certified: size, exponent, and the marks of generators
//! that are known to have failed.

use std::sync::LazyLock;

use aws_lc_rs::signature;
use num_bigint::BigUint;

use super::{KeyKind, PublicKey};
use crate::tlv;

/// The smallest RSA modulus that is trusted, in bits.
pub const RSA_BITS_MIN: usize = 2048;
/// The largest RSA modulus, in bits: the cryptography beneath verifies no larger one.
pub const RSA_BITS_MAX: usize = 8192;
/// The smallest public exponent; smaller ones have a history of attacks.
pub const RSA_EXPONENT_MIN: u64 = 65_537;
/// The largest public exponent: the cryptography beneath takes 33 bits.
pub const RSA_EXPONENT_MAX: u64 = (1 << 33) - 1;

/// Primes below this divide no honest modulus.
const SMALL_FACTOR_MAX: u32 = 1000;
/// The largest prime of which a modulus with the mark of ROCA (CVE-2017-15361) tells.
const ROCA_PRIME_MAX: u32 = 167;
/// The number that generates what such a modulus leaves behind, modulo each of those primes.
const ROCA_GENERATOR: u32 = 65_537;
/// Steps of Fermat's way to factors that lie close together (CVE-2022-26320).
const FERMAT_STEPS: u32 = 100;
/// Moduli that tell most numbers from squares: one in some thousand others passes them all.
const SQUARE_MODULI: [u32; 9] = [64, 9, 5, 7, 11, 13, 17, 19, 23];

/// Why a public key is too weak to certify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakKey {
    /// The RSA modulus is outside [`RSA_BITS_MIN`] to [`RSA_BITS_MAX`], or no multiple of 8 bits.
    #[error("an RSA key of {0} bits; 2048 to 8192 in whole octets are accepted")]
    RsaSize(usize),
    /// The RSA exponent is even, below [`RSA_EXPONENT_MIN`] or above [`RSA_EXPONENT_MAX`].
    #[error("the RSA exponent {0}; odd ones from 65537 are accepted")]
    RsaExponent(u64),
    /// The RSA modulus has a small factor.
    #[error("an RSA modulus that {0} divides")]
    RsaSmallFactor(u32),
    /// The RSA modulus was made by a library whose keys can be factored.
    #[error("an RSA key with the mark of ROCA (CVE-2017-15361): whoever sees it can compute it")]
    Roca,
    /// The factors of the RSA modulus lie so close together that they are found at once.
    #[error("an RSA modulus whose factors lie close together (CVE-2022-26320)")]
    RsaCloseFactors,
    /// The point is not on the curve it names.
    #[error("the elliptic curve point is not on its curve")]
    OffCurve,
    /// Neither RSA nor P-256, P-384 or P-521.
    #[error("a key that is neither RSA nor on P-256, P-384 or P-521")]
    Kind,
}

impl PublicKey {
    /// Checks that this key is strong enough to be certified.
    ///
    /// # Errors
    /// [`WeakKey`] says what is wrong with it.
    pub fn check_strength(&self) -> Result<(), WeakKey> {
        let curve = match self.kind {
            KeyKind::Rsa { bits, exponent } => return self.check_rsa(bits, exponent),
            KeyKind::EcdsaP256 => &signature::ECDSA_P256_SHA256_ASN1,
            KeyKind::EcdsaP384 => &signature::ECDSA_P384_SHA384_ASN1,
            KeyKind::EcdsaP521 => &signature::ECDSA_P521_SHA512_ASN1,
            KeyKind::Other => return Err(WeakKey::Kind),
        };
        signature::ParsedPublicKey::new(curve, &self.bits).map_err(|_| WeakKey::OffCurve)?;
        Ok(())
    }

    fn check_rsa(&self, bits: usize, exponent: u64) -> Result<(), WeakKey> {
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) || !bits.is_multiple_of(8) {
            return Err(WeakKey::RsaSize(bits));
        }
        let in_range = (RSA_EXPONENT_MIN..=RSA_EXPONENT_MAX).contains(&exponent);
        if !in_range || exponent.is_multiple_of(2) {
            return Err(WeakKey::RsaExponent(exponent));
        }
        let modulus = self.modulus().ok_or(WeakKey::Kind)?;
        let rests = rests(modulus);
        if let Some((prime, _)) = rests.iter().find(|(_, rest)| *rest == 0) {
            return Err(WeakKey::RsaSmallFactor(*prime));
        }
        let mut telling = rests.iter().take_while(|(prime, _)| *prime <= ROCA_PRIME_MAX);
        if telling.all(|(prime, rest)| is_power(*rest, *prime)) {
            return Err(WeakKey::Roca);
        }
        if has_close_factors(&BigUint::from_bytes_be(modulus)) {
            return Err(WeakKey::RsaCloseFactors);
        }
        Ok(())
    }

    /// The modulus of an RSA key, most significant byte first.
    fn modulus(&self) -> Option<&[u8]> {
        let mut numbers = tlv::only(&self.bits, tlv::SEQUENCE).ok()?.reader();
        numbers.read().ok()?.magnitude().ok()
    }
}

/// The primes up to `max`.
fn primes(max: u32) -> impl Iterator<Item = u32> {
    (2..=max).filter(|n| (2..*n).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d)))
}

/// The primes up to [`SMALL_FACTOR_MAX`], as many together as their product fits 32 bits: one long
/// division serves them all.
static BATCHES: LazyLock<Vec<(u32, Vec<u32>)>> = LazyLock::new(|| {
    let mut batches: Vec<(u32, Vec<u32>)> = Vec::new();
    for prime in primes(SMALL_FACTOR_MAX) {
        match batches.last_mut() {
            Some((product, batch)) if product.checked_mul(prime).is_some() => {
                *product *= prime;
                batch.push(prime);
            }
            Some(_) | None => batches.push((prime, vec![prime])),
        }
    }
    batches
});

/// Every prime up to [`SMALL_FACTOR_MAX`], with what is left of a number after division by it.
fn rests(number: &[u8]) -> Vec<(u32, u32)> {
    let rests = BATCHES.iter().flat_map(|(product, batch)| {
        let left = rest(number, *product);
        batch.iter().map(move |prime| (*prime, left % prime))
    });
    rests.collect()
}

/// What is left of a number after division.
fn rest(number: &[u8], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let rest = number.rchunks(4).rev().fold(0_u64, |rest, chunk| {
        let chunk = chunk.iter().fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        // The first chunk may be shorter, but then nothing is left yet.
        ((rest << 32) | chunk) % divisor
    });
    u32::try_from(rest).unwrap_or(u32::MAX)
}

/// Whether a number is a power of the generator modulo a prime.
fn is_power(number: u32, prime: u32) -> bool {
    let next = |power: u32| power * (ROCA_GENERATOR % prime) % prime;
    // The powers repeat after at most as many steps as the prime says.
    std::iter::successors(Some(1 % prime), |power| Some(next(*power)))
        .take(prime as usize)
        .any(|power| power == number)
}

/// Whether `modulus` is the product of two factors that differ so little that their mean is found
/// within [`FERMAT_STEPS`] of the square root.
fn has_close_factors(modulus: &BigUint) -> bool {
    let root = modulus.sqrt();
    if &(&root * &root) == modulus {
        return true;
    }
    // A square is one modulo everything, and few other numbers are: small remainders spare nearly
    // every large one.
    let small = |number: &BigUint| {
        SQUARE_MODULI.map(|modulo| u32::try_from(number % modulo).unwrap_or_default())
    };
    let (roots, moduli) = (small(&root), small(modulus));
    (1..=FERMAT_STEPS).any(|step| {
        let may_be_square =
            SQUARE_MODULI.iter().zip(roots.iter().zip(moduli)).all(|(modulo, (root, modulus))| {
                let mean = (root + step) % modulo;
                is_square_modulo((mean * mean + modulo - modulus) % modulo, *modulo)
            });
        may_be_square && {
            let mean = &root + step;
            let distance = &mean * &mean - modulus;
            let difference = distance.sqrt();
            &difference * &difference == distance
        }
    })
}

fn is_square_modulo(number: u32, modulo: u32) -> bool {
    (0..=modulo / 2).any(|root| root * root % modulo == number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oid;

    fn rsa(modulus: &[u8], exponent: u64) -> PublicKey {
        let algorithm = tlv::sequence(&[tlv::oid(&oid::RSA_ENCRYPTION)]);
        let numbers =
            tlv::sequence(&[tlv::integer_from_magnitude(modulus), tlv::integer(exponent)]);
        PublicKey::parse(&tlv::sequence(&[algorithm, tlv::bit_string(&numbers)])).unwrap()
    }

    /// A modulus of all ones, which 3 divides whenever its size is even.
    fn ones(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0xff; bits.div_ceil(8)];
        if !bits.is_multiple_of(8) {
            modulus[0] >>= 8 - bits % 8;
        }
        modulus
    }

    /// The first number from `start` on that no prime below 1000 divides.
    fn without_small_factors(start: BigUint) -> BigUint {
        let mut number = start | BigUint::from(1_u32);
        while rests(&number.to_bytes_be()).iter().any(|(_, rest)| *rest == 0) {
            number += 2_u32;
        }
        number
    }

    #[test]
    fn sizes_and_exponents_are_named() {
        assert_eq!(rsa(&ones(1024), 65_537).check_strength(), Err(WeakKey::RsaSize(1024)));
        assert_eq!(rsa(&ones(2047), 65_537).check_strength(), Err(WeakKey::RsaSize(2047)));
        assert_eq!(rsa(&ones(8200), 65_537).check_strength(), Err(WeakKey::RsaSize(8200)));
        for exponent in [1, 3, 65_538, 1 << 33] {
            let found = rsa(&ones(2048), exponent).check_strength();
            assert_eq!(found, Err(WeakKey::RsaExponent(exponent)));
        }
    }

    #[test]
    fn a_modulus_with_a_small_factor_is_weak() {
        assert_eq!(rsa(&ones(2048), 65_537).check_strength(), Err(WeakKey::RsaSmallFactor(3)));
        let mut even = ones(2048);
        even[255] = 0xfe;
        assert_eq!(rsa(&even, 65_537).check_strength(), Err(WeakKey::RsaSmallFactor(2)));
    }

    #[test]
    fn factors_that_lie_close_together_are_found() {
        let low = without_small_factors(BigUint::from(3_u32) << 1022_u32);
        let high = without_small_factors(&low + (BigUint::from(1_u32) << 500_u32));
        for factor in [&low, &high] {
            let key = rsa(&(&low * factor).to_bytes_be(), 65_537);
            assert_eq!(key.check_strength(), Err(WeakKey::RsaCloseFactors));
        }
    }

    #[test]
    fn the_mark_of_roca_is_found() {
        // As that library made primes: a multiple of the product of many small primes, plus a
        // power of the generator.
        let product: BigUint = primes(701).map(BigUint::from).product();
        let generator = BigUint::from(ROCA_GENERATOR);
        let made = |power: u32| {
            let start = ((BigUint::from(3_u32) << 1022_u32) / &product) * &product;
            start + generator.modpow(&BigUint::from(power), &product)
        };
        let modulus = made(77_777) * made(123_456_789);
        let key = rsa(&modulus.to_bytes_be(), 65_537);
        assert_eq!(key.check_strength(), Err(WeakKey::Roca));
    }

    #[test]
    fn a_point_off_its_curve_is_weak() {
        let algorithm = tlv::sequence(&[tlv::oid(&oid::EC_PUBLIC_KEY), tlv::oid(&oid::SECP256R1)]);
        let mut point = vec![4];
        point.extend([1; 64]);
        let key = PublicKey::parse(&tlv::sequence(&[algorithm, tlv::bit_string(&point)])).unwrap();
        assert_eq!(key.check_strength(), Err(WeakKey::OffCurve));
    }

    #[test]
    fn remainders_are_those_of_the_library() {
        let number = BigUint::from(65_537_u32).pow(129);
        let rests = rests(&number.to_bytes_be());
        assert_eq!(rests.iter().map(|(prime, _)| *prime).max(), Some(997));
        for (prime, rest) in rests {
            assert_eq!(BigUint::from(rest), &number % prime, "{prime}");
        }
    }
}
