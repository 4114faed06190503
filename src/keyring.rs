//! Keys that sign and verify as the npm package `keygrip` 1.1.0 does: the newest key signs, every
//! key verifies, in order, and the first match ends the search.
//!
//! Each key is hashed into an HMAC state once. Signing clones the state, which saves hashing the
//! key again for each message. The states are wiped when dropped (RustCrypto's `zeroize` feature);
//! the keys themselves are not kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq as _;

use crate::wiped::Wiped;

/// The hash functions that a [`Keyring`] has states for, by the names that Node gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1, the default of keygrip. HMAC-SHA1 stays unforgeable although SHA-1 collides.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The algorithm that Node's `crypto.createHmac` knows as `name`, spelled exactly so.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha384" => Some(Self::Sha384),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Bytes of a MAC.
    const fn mac_length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// RFC 4648 section 5 without padding, which is what keygrip makes of base64.
    Base64,
    /// Lower-case hexadecimal digits.
    Hex,
}

impl Encoding {
    /// The encoding that Node's `Hmac.digest` knows as `name`, spelled exactly so.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(Self::Base64),
            "hex" => Some(Self::Hex),
            _ => None,
        }
    }
}

/// SHA-512 in hexadecimal is the longest.
const MAX_SIGNATURE: usize = 128;

/// A signature as text, all ASCII.
#[derive(Clone, Copy)]
pub struct Signature {
    text: [u8; MAX_SIGNATURE],
    length: usize,
}

impl Signature {
    fn encode(mac: &[u8], encoding: Encoding) -> Self {
        let mut text = [0; MAX_SIGNATURE];
        let length = match encoding {
            Encoding::Base64 => URL_SAFE_NO_PAD.encode_slice(mac, &mut text).unwrap_or(0),
            Encoding::Hex => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(0);
                for (pair, byte) in text.chunks_exact_mut(2).zip(mac) {
                    pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
                }
                mac.len().saturating_mul(2)
            }
        };
        Self { text, length }
    }

    /// The signature's text.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or(&[])
    }

    /// Whether `digest` is this signature. The time taken depends on the length of `digest`
    /// alone; the length of a signature is no secret.
    pub fn matches(&self, digest: &[u8]) -> bool {
        self.as_bytes().ct_eq(digest).into()
    }
}

/// One key, hashed into the state that every message starts from.
#[derive(Clone)]
enum MacKey {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

macro_rules! each_algorithm {
    ($value:expr, $state:ident => $body:expr) => {
        match $value {
            MacKey::Sha1($state) => $body,
            MacKey::Sha256($state) => $body,
            MacKey::Sha384($state) => $body,
            MacKey::Sha512($state) => $body,
        }
    };
}

impl MacKey {
    /// HMAC takes keys of any length (RFC 2104 section 3), so that no key is ever refused.
    fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        Some(match algorithm {
            Algorithm::Sha1 => Self::Sha1(Hmac::new_from_slice(key).ok()?),
            Algorithm::Sha256 => Self::Sha256(Hmac::new_from_slice(key).ok()?),
            Algorithm::Sha384 => Self::Sha384(Hmac::new_from_slice(key).ok()?),
            Algorithm::Sha512 => Self::Sha512(Hmac::new_from_slice(key).ok()?),
        })
    }

    fn sign(&self, message: &[&[u8]], encoding: Encoding) -> Signature {
        each_algorithm!(self, state => {
            let mut state = state.clone();
            message.iter().for_each(|part| state.update(part));
            Signature::encode(&state.finalize().into_bytes(), encoding)
        })
    }
}

/// What becomes of one place in a keyring when its keys change.
#[derive(Clone, Copy)]
pub enum KeyChange<'a> {
    /// The key that stood at this place before, its state as it is.
    Kept(usize),
    /// A key that was not there.
    New(&'a [u8]),
}

/// A signature that a key made.
pub struct Verified {
    /// The place of that key; 0 is the newest.
    pub key_index: usize,
    /// The signature that the newest key makes, where an older one had signed.
    pub renewed: Option<Signature>,
}

/// Keys of one kind, newest first. A place is empty where its key is of no use for that kind.
pub(crate) struct KeyList<K>(Wiped<Option<K>>);

impl<K: Clone> KeyList<K> {
    /// Replaces the keys: those that stay are copied, those that go are wiped, and `make` makes the new ones. A
    /// [`KeyChange::Kept`] of a place that never was is skipped.
    pub(crate) fn change(&mut self, changes: &[KeyChange<'_>], make: impl Fn(&[u8]) -> Option<K>) {
        let before = self.0.as_slice();
        let keys = changes.iter().filter_map(|change| match *change {
            KeyChange::Kept(place) => before.get(place).cloned(),
            KeyChange::New(key) => Some(make(key)),
        });
        self.0 = Wiped::new(changes.len(), keys);
    }

    pub(crate) fn newest(&self) -> Option<&K> {
        self.0.as_slice().first()?.as_ref()
    }

    /// The keys and their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &K)> {
        self.0.as_slice().iter().enumerate().filter_map(|(place, key)| Some((place, key.as_ref()?)))
    }
}

impl<K> Default for KeyList<K> {
    fn default() -> Self {
        Self(Wiped::default())
    }
}

/// Keys, newest first, in the form of one algorithm and one encoding.
///
/// ```
/// use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};
///
/// let mut keyring = Keyring::new(Algorithm::Sha1, Encoding::Base64);
/// keyring.change(&[KeyChange::New(b"newer"), KeyChange::New(b"older")]);
/// let signature = keyring.sign(&[b"session=e30="]).unwrap();
/// assert_eq!(keyring.index(&[b"session=", b"e30="], signature.as_bytes()), Some(0));
/// ```
///
/// Guaranteed: comparisons take the same time wherever the signature differs. Not guaranteed: that
/// the number of keys tried, hence an old key's use, cannot be timed; keygrip shows that as well.
pub struct Keyring {
    algorithm: Algorithm,
    encoding: Encoding,
    keys: KeyList<MacKey>,
}

impl Keyring {
    /// A keyring without keys: it signs nothing and verifies nothing.
    pub fn new(algorithm: Algorithm, encoding: Encoding) -> Self {
        Self { algorithm, encoding, keys: KeyList::default() }
    }

    /// Replaces the keys. States of keys that stay are copied, not made again; those of keys that
    /// go are wiped. A [`KeyChange::Kept`] of a place that never was is skipped.
    pub fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.keys.change(changes, |key| MacKey::new(self.algorithm, key));
    }

    /// Replaces the keys by what `derive` makes of them. Where it makes nothing, the place stays empty.
    pub(crate) fn change_derived<D: AsRef<[u8]>>(
        &mut self,
        changes: &[KeyChange<'_>],
        derive: impl Fn(&[u8]) -> Option<D>,
    ) {
        self.keys.change(changes, |key| MacKey::new(self.algorithm, derive(key)?.as_ref()));
    }

    /// The hash function.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// How long a signature is, in characters.
    pub fn signature_length(&self) -> usize {
        let bytes = self.algorithm.mac_length();
        match self.encoding {
            Encoding::Base64 => bytes.saturating_mul(4).div_ceil(3),
            Encoding::Hex => bytes.saturating_mul(2),
        }
    }

    /// Signs the concatenation of `message` with the newest key; `None` where there is no key.
    pub fn sign(&self, message: &[&[u8]]) -> Option<Signature> {
        Some(self.keys.newest()?.sign(message, self.encoding))
    }

    /// Whether `digest` is the signature of `message`, and of which key. Signs once with each key at most; not at all
    /// where the length of `digest`, which is no secret, is another one.
    pub fn verify(&self, message: &[&[u8]], digest: &[u8]) -> Option<Verified> {
        if digest.len() != self.signature_length() {
            return None;
        }
        let mut newest = None;
        for (key_index, key) in self.keys.iter() {
            let signature = key.sign(message, self.encoding);
            if signature.matches(digest) {
                return Some(Verified { key_index, renewed: newest });
            }
            if key_index == 0 {
                newest = Some(signature);
            }
        }
        None
    }

    /// The place of the first key under which `digest` is the signature of `message`.
    pub fn index(&self, message: &[&[u8]], digest: &[u8]) -> Option<usize> {
        Some(self.verify(message, digest)?.key_index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: [Algorithm; 4] =
        [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];

    fn keyring(algorithm: Algorithm, encoding: Encoding, keys: &[&[u8]]) -> Keyring {
        let mut keyring = Keyring::new(algorithm, encoding);
        keyring.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
        keyring
    }

    fn hex(algorithm: Algorithm, key: &[u8], data: &[u8]) -> String {
        let signature = keyring(algorithm, Encoding::Hex, &[key]).sign(&[data]).unwrap();
        String::from_utf8(signature.as_bytes().to_vec()).unwrap()
    }

    /// An HMAC state is two of these and a buffer.
    #[test]
    fn states_are_wiped_when_they_are_dropped() {
        fn assert_wiped<T: zeroize::ZeroizeOnDrop>() {}
        assert_wiped::<<Sha1 as hmac::EagerHash>::Core>();
        assert_wiped::<<Sha256 as hmac::EagerHash>::Core>();
        assert_wiped::<<Sha384 as hmac::EagerHash>::Core>();
        assert_wiped::<<Sha512 as hmac::EagerHash>::Core>();
    }

    // RFC 2202 section 3, test cases 1, 2 and 6.
    #[test]
    fn hmac_sha1_of_rfc_2202() {
        let sign = |key: &[u8], data: &[u8]| hex(Algorithm::Sha1, key, data);
        assert_eq!(sign(&[0x0b; 20], b"Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00");
        assert_eq!(
            sign(b"Jefe", b"what do ya want for nothing?"),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            sign(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First"),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112"
        );
    }

    // RFC 4231 section 4.3, test case 2.
    #[test]
    fn hmac_sha2_of_rfc_4231() {
        let sign = |algorithm| hex(algorithm, b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            sign(Algorithm::Sha256),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            sign(Algorithm::Sha384),
            "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"
        );
        assert_eq!(
            sign(Algorithm::Sha512),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
        );
    }

    #[test]
    fn the_first_key_signs_and_the_first_match_counts() {
        for algorithm in ALGORITHMS {
            for encoding in [Encoding::Base64, Encoding::Hex] {
                let both = keyring(algorithm, encoding, &[b"a", b"b", b"b"]);
                let b = keyring(algorithm, encoding, &[b"b"]).sign(&[b"data"]).unwrap();
                assert_eq!(both.index(&[b"da", b"", b"ta"], b.as_bytes()), Some(1));
                assert_eq!(both.index(&[b"date"], b.as_bytes()), None);
                assert!(both.sign(&[b"data"]).unwrap().as_bytes() != b.as_bytes());
            }
        }
    }

    #[test]
    fn a_signature_matches_whole_and_unchanged_or_not_at_all() {
        let keyring = keyring(Algorithm::Sha1, Encoding::Base64, &[b"k"]);
        let signature = keyring.sign(&[b"data"]).unwrap();
        let text = signature.as_bytes();
        for place in 0..text.len() {
            for bit in 0..8 {
                let mut wrong = text.to_vec();
                wrong[place] ^= 1 << bit;
                assert!(!signature.matches(&wrong));
            }
            assert!(!signature.matches(&text[..place]));
        }
        assert!(signature.matches(text));
        assert!(!signature.matches(&[text, b"="].concat()));
    }

    #[test]
    fn a_signature_that_an_older_key_made_comes_with_a_newer_one() {
        for algorithm in ALGORITHMS {
            for encoding in [Encoding::Base64, Encoding::Hex] {
                let both = keyring(algorithm, encoding, &[b"a", b"b"]);
                let [a, b] =
                    [b"a", b"b"].map(|key| keyring(algorithm, encoding, &[key]).sign(&[b"data"]).unwrap());
                assert_eq!(a.as_bytes().len(), both.signature_length());
                let current = both.verify(&[b"data"], a.as_bytes()).unwrap();
                assert!(current.key_index == 0 && current.renewed.is_none());
                let outdated = both.verify(&[b"data"], b.as_bytes()).unwrap();
                assert_eq!(outdated.key_index, 1);
                assert_eq!(outdated.renewed.unwrap().as_bytes(), a.as_bytes());
                assert!(both.verify(&[b"date"], b.as_bytes()).is_none());
            }
        }
    }

    #[test]
    fn places_without_a_key_count() {
        let mut keyring = Keyring::new(Algorithm::Sha256, Encoding::Base64);
        let longer = |key: &[u8]| (key.len() > 1).then(|| key.to_vec());
        keyring.change_derived(&[KeyChange::New(b"a"), KeyChange::New(b"bb")], longer);
        let signature =
            self::keyring(Algorithm::Sha256, Encoding::Base64, &[b"bb"]).sign(&[b"data"]).unwrap();
        assert!(keyring.sign(&[b"data"]).is_none());
        assert_eq!(keyring.index(&[b"data"], signature.as_bytes()), Some(1));
        keyring.change_derived(&[KeyChange::Kept(1), KeyChange::Kept(0)], longer);
        assert_eq!(keyring.sign(&[b"data"]).unwrap().as_bytes(), signature.as_bytes());
    }

    #[test]
    fn keys_that_stay_keep_their_states() {
        let mut keyring = keyring(Algorithm::Sha256, Encoding::Hex, &[b"a", b"b"]);
        let a = keyring.sign(&[b"data"]).unwrap();
        keyring.change(&[KeyChange::New(b"c"), KeyChange::Kept(0), KeyChange::Kept(7)]);
        assert_eq!(keyring.index(&[b"data"], a.as_bytes()), Some(1));
        keyring.change(&[]);
        assert!(keyring.sign(&[b"data"]).is_none());
        assert_eq!(keyring.index(&[b"data"], a.as_bytes()), None);
    }
}
