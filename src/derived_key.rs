//! Keys for one purpose and one cookie, made of an app's: what was sealed for one purpose, or under one name, is nothing
//! under another.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

/// What the keys and the signatures of this version of the formats are bound to.
pub(crate) const VERSION: &[u8] = b"cookie-session-native/v1";
/// Bytes of a derived key, and the fewest of an app's key that one is derived of.
pub(crate) const LENGTH: usize = 32;

/// What a derived key is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Sign,
    Encrypt,
}

/// HKDF-SHA256 (RFC 5869) without salt: of each key of the app, one for this purpose and this cookie.
pub(crate) struct Derivation {
    info: Box<[u8]>,
}

impl Derivation {
    pub(crate) fn new(purpose: Purpose, name: &[u8]) -> Self {
        let purpose: &[u8] = match purpose {
            Purpose::Sign => b"sign",
            Purpose::Encrypt => b"encrypt",
        };
        Self { info: [VERSION, purpose, name].join(&0).into() }
    }

    /// `None` for a key that is too short to make one of.
    pub(crate) fn derive(&self, key: &[u8]) -> Option<Zeroizing<[u8; LENGTH]>> {
        if key.len() < LENGTH {
            return None;
        }
        let (mut pseudorandom, hkdf) = Hkdf::<Sha256>::extract(None, key);
        pseudorandom.zeroize();
        let mut derived = Zeroizing::new([0; LENGTH]);
        hkdf.expand(&self.info, &mut *derived).ok()?;
        Some(derived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    // docs/format.md, section "Vectors".
    #[test]
    fn vectors_of_the_document() {
        for (purpose, derived) in [
            (Purpose::Encrypt, "2c88e2532e2786df83711e0fc6183c04fbd0a8a709bb869792d3836b7c1e8a5e"),
            (Purpose::Sign, "f730bafb57086572914a60785b38d37e3cfab82a9d2c31066c99026de597ed5e"),
        ] {
            let key = b"correct horse battery staple, as 32 bytes";
            assert_eq!(hex(&*Derivation::new(purpose, b"session").derive(key).unwrap()), derived);
        }
    }

    // RFC 5869 appendix A.3, the first 32 bytes: without salt and info.
    #[test]
    fn vector_of_rfc_5869() {
        let derivation = Derivation { info: Box::new([]) };
        let (_, hkdf) = Hkdf::<Sha256>::extract(None, &[0x0b; 22]);
        let mut derived = [0; LENGTH];
        hkdf.expand(&derivation.info, &mut derived).unwrap();
        assert_eq!(hex(&derived), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    }

    #[test]
    fn differ_by_key_purpose_and_name() {
        let derive = |purpose, name: &[u8], key: &[u8]| *Derivation::new(purpose, name).derive(key).unwrap();
        let one = derive(Purpose::Sign, b"session", &[1; 32]);
        assert_ne!(one, derive(Purpose::Encrypt, b"session", &[1; 32]));
        assert_ne!(one, derive(Purpose::Sign, b"sessio", &[1; 32]));
        assert_ne!(one, derive(Purpose::Sign, b"session", &[1; 33]));
        assert_eq!(one, derive(Purpose::Sign, b"session", &[1; 32]));
        for length in 0..LENGTH {
            assert!(Derivation::new(Purpose::Sign, b"session").derive(&vec![1; length]).is_none());
        }
    }
}
