//! Certificate requests whose signature fits whatever stands inside.

use pki::{algorithm::SignatureAlgorithm, key::PrivateKey, tlv};

use crate::{draw::Draw, seed};

/// A request for a drawn name with drawn attributes, signed by a key that is its own.
///
/// # Panics
/// The key does not sign.
pub fn signed(mut draw: Draw<'_>, key: &PrivateKey) -> Vec<u8> {
    let name = draw.piece().unwrap_or_default();
    let info = tlv::sequence(&[
        tlv::integer(0),
        name.to_vec(),
        key.public_key().der().to_vec(),
        tlv::encode(tlv::context(0), draw.0),
    ]);
    let hash = key.key_type().default_hash();
    let signature = tlv::bit_string(&key.sign(hash, &info).expect("the key signs"));
    let algorithm = SignatureAlgorithm::identifier_der(key.key_type(), hash);
    tlv::sequence(&[info, algorithm, signature])
}

/// What the requests of the corpus are made of: a name with its length, then attributes.
pub fn parts() -> Vec<Vec<u8>> {
    let whole = seed::corpus(".inner.der");
    let parts = whole.iter().filter_map(|der| {
        let request = tlv::only(der, tlv::SEQUENCE).ok()?.children(3).ok()?;
        let fields = request.first()?.children(4).ok()?;
        let [_, name, _, attributes] = fields.as_slice() else { return None };
        let length = u8::try_from(name.raw.len()).ok()?;
        Some([&[length], name.raw, attributes.content].concat())
    });
    parts.collect()
}
