//! The keys that a finished EAP-TLS conversation leaves behind (RFC 5216 section 2.3, RFC 9190 section 2.3).

use rustls::ConnectionCommon;
use zeroize::Zeroize;
use zeroize::ZeroizeOnDrop;

use crate::settings::TlsVersion;
use crate::tls;

/// Length of each key.
pub const KEY_LENGTH: usize = 64;

const LABEL_TLS_12: &[u8] = b"client EAP encryption";
const LABEL_TLS_13: &[u8] = b"EXPORTER_EAP_TLS_Key_Material";

/// MSK and EMSK; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Keys {
    msk: [u8; KEY_LENGTH],
    emsk: [u8; KEY_LENGTH],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keys(hidden)")
    }
}

impl Keys {
    /// The master session key, which becomes the access point's keys.
    #[must_use]
    pub fn msk(&self) -> &[u8; KEY_LENGTH] {
        &self.msk
    }

    /// The extended master session key, which never leaves this program.
    #[must_use]
    pub fn emsk(&self) -> &[u8; KEY_LENGTH] {
        &self.emsk
    }

    /// Exports both keys of a finished handshake. TLS 1.3 mixes the length asked for into the
    /// result, so that it is always 128 bytes.
    pub(crate) fn export<Side>(connection: &ConnectionCommon<Side>) -> Option<Self> {
        let tls_13 = tls::version(connection)? == TlsVersion::Tls13;
        let (label, context) = if tls_13 {
            (LABEL_TLS_13, Some([crate::packet::METHOD_TLS]))
        } else {
            (LABEL_TLS_12, None)
        };
        let context = context.as_ref().map(<[u8; 1]>::as_slice);
        let material = [0; 2 * KEY_LENGTH];
        let mut material = connection.export_keying_material(material, label, context).ok()?;
        let mut keys = Self { msk: [0; KEY_LENGTH], emsk: [0; KEY_LENGTH] };
        let (msk, emsk) = material.split_at(KEY_LENGTH);
        keys.msk.copy_from_slice(msk);
        keys.emsk.copy_from_slice(emsk);
        material.zeroize();
        Some(keys)
    }
}
