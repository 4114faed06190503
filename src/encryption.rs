//! Encrypts texts with XAES-256-GCM: <https://c2sp.org/XAES-256-GCM>.
//!
//! AES-256-GCM with a nonce of 192 bits, which may be drawn at random for as many messages as anyone sends: half
//! of it and the key make a key for one message (the KDF of NIST SP 800-108r1 section 4.1 over CMAC of SP 800-38B),
//! under which the other half is the nonce of AES-256-GCM (SP 800-38D).
//!
//! Guaranteed: without the key nobody reads a text or makes one that opens. Not guaranteed: that a text's length
//! stays hidden, or that it is fresh; and, GCM being what it is, one value can be made to open under two
//! keys by who has both.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::AeadInOut as _;
use zeroize::Zeroizing;

use crate::base64url;
use crate::keyring::{KeyChange, KeyList};

/// Bytes of a key.
pub const KEY: usize = 32;
/// Bytes of a nonce.
pub const NONCE: usize = 24;
/// Bytes of a tag.
pub const TAG: usize = 16;
const HALF: usize = NONCE / 2;
/// Bytes of a block of AES.
const BLOCK: usize = 16;

const _: () = assert!(HALF + 4 == BLOCK);

/// One key, with what it makes the keys of messages from.
#[derive(Clone)]
struct XaesKey {
    aes: Aes256,
    /// The first subkey of CMAC.
    subkey: Zeroizing<[u8; BLOCK]>,
}

impl XaesKey {
    fn new(key: &[u8; KEY]) -> Self {
        let aes = Aes256::new(key.into());
        let mut zero = [0; BLOCK].into();
        aes.encrypt_block(&mut zero);
        let doubled = u128::from_be_bytes(zero.into());
        // SP 800-38B section 6.1: doubling in the field, where a bit that falls out comes back as 0x87.
        let subkey = (doubled << 1) ^ if doubled >> 127 == 1 { 0x87 } else { 0 };
        Self { aes, subkey: Zeroizing::new(subkey.to_be_bytes()) }
    }

    /// The key of one message.
    fn derive(&self, half: &[u8; HALF]) -> Aes256Gcm {
        let mut key = Zeroizing::new([0; KEY]);
        for (counter, part) in (1..).zip(key.as_chunks_mut::<BLOCK>().0) {
            let label = [0, counter, b'X', 0];
            let mut block = [0; BLOCK];
            for (to, (byte, mask)) in block.iter_mut().zip(label.iter().chain(half).zip(self.subkey.iter())) {
                *to = byte ^ mask;
            }
            let mut block = block.into();
            self.aes.encrypt_block(&mut block);
            *part = block.into();
        }
        Aes256Gcm::new((&*key).into())
    }

    /// Encrypts a text in place.
    fn encrypt(&self, nonce: &[u8; NONCE], data: &[u8], text: &mut [u8]) -> Option<[u8; TAG]> {
        let (first, rest) = nonce.split_first_chunk()?;
        let last: &[u8; HALF] = rest.first_chunk()?;
        let tag = self.derive(first).encrypt_inout_detached(last.into(), data, text.into()).ok()?;
        Some(tag.into())
    }

    /// Decrypts a text in place, and says whether it is one that this key encrypted.
    fn decrypt(&self, nonce: &[u8; NONCE], data: &[u8], text: &mut [u8], tag: &[u8; TAG]) -> Option<()> {
        let (first, rest) = nonce.split_first_chunk()?;
        let last: &[u8; HALF] = rest.first_chunk()?;
        self.derive(first).decrypt_inout_detached(last.into(), data, text.into(), tag.into()).ok()
    }
}

/// Keys that encrypt and decrypt: the newest encrypts, all decrypt.
///
/// ```
/// use cookie_session_native::encryption::EncryptionKeyring;
/// use cookie_session_native::keyring::KeyChange;
///
/// let mut keyring = EncryptionKeyring::default();
/// keyring.change(&[KeyChange::New(&[1; 32]), KeyChange::New(&[2; 32])]);
/// let mut value = Vec::new();
/// keyring.seal(&[b"te", b"xt"], &mut value).unwrap();
///
/// let mut text = Vec::new();
/// assert_eq!(keyring.open(&value, &mut text), Some(0));
/// assert_eq!(text, b"text");
/// ```
#[derive(Default)]
pub struct EncryptionKeyring {
    keys: KeyList<XaesKey>,
}

impl EncryptionKeyring {
    /// Replaces the keys, see [`Keyring::change`](crate::keyring::Keyring::change). A key that has not
    /// [`KEY`] bytes keeps its place, and neither encrypts nor decrypts.
    pub fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.keys.change(changes, |key| key.try_into().ok().map(XaesKey::new));
    }

    /// Replaces the keys by what `derive` makes of them. Where it makes nothing, the place stays empty.
    pub(crate) fn change_derived(
        &mut self,
        changes: &[KeyChange<'_>],
        derive: impl Fn(&[u8]) -> Option<Zeroizing<[u8; KEY]>>,
    ) {
        self.keys.change(changes, |key| Some(XaesKey::new(&*derive(key)?)));
    }

    /// Appends nonce, ciphertext and tag of the concatenation of `text` to `value` in base64url (RFC 4648 section 5)
    /// without padding. The nonce comes from the operating system. `None`, and `value` as it was, where there is no
    /// newest key, no memory, or no randomness.
    pub fn seal(&self, text: &[&[u8]], value: &mut Vec<u8>) -> Option<()> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        self.seal_with(&nonce, text, value)
    }

    pub(crate) fn seal_with(&self, nonce: &[u8; NONCE], text: &[&[u8]], value: &mut Vec<u8>) -> Option<()> {
        let key = self.keys.newest()?;
        let length = text.iter().try_fold(NONCE + TAG, |length, part| length.checked_add(part.len()))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).ok()?;
        bytes.extend_from_slice(nonce);
        text.iter().for_each(|part| bytes.extend_from_slice(part));
        let tag = key.encrypt(nonce, &[], bytes.get_mut(NONCE..)?)?;
        bytes.extend_from_slice(&tag);
        base64url::encode(&bytes, value)
    }

    /// Appends the text of a value to `text`, and gives the place of the key that had encrypted it. `None`, and `text`
    /// as it was, where no key had, or where the value is not written as [`seal`](Self::seal) writes it.
    pub fn open(&self, value: &[u8], text: &mut Vec<u8>) -> Option<usize> {
        let start = text.len();
        base64url::decode(value, text)?;
        let place = text.get_mut(start..).and_then(|bytes| self.decrypt(bytes));
        let end = text.len().saturating_sub(TAG);
        text.truncate(if place.is_some() { end } else { start });
        if place.is_some() {
            text.drain(start..start.saturating_add(NONCE));
        }
        place
    }

    /// Decrypts what stands between nonce and tag, where it stands. A key that had not encrypted it changes nothing.
    fn decrypt(&self, bytes: &mut [u8]) -> Option<usize> {
        let (nonce, rest) = bytes.split_first_chunk_mut::<NONCE>()?;
        let (sealed, tag) = rest.split_last_chunk_mut::<TAG>()?;
        self.keys.iter().find_map(|(place, key)| key.decrypt(nonce, &[], sealed, tag).map(|()| place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha3::Shake128;
    use sha3::digest::{ExtendableOutput as _, Update as _, XofReader};

    const VECTOR_NONCE: &[u8; NONCE] = b"ABCDEFGHIJKLMNOPQRSTUVWX";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn keyring(keys: &[&[u8]]) -> EncryptionKeyring {
        let mut keyring = EncryptionKeyring::default();
        keyring.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
        keyring
    }

    // C2SP's XAES-256-GCM, section "Test vectors": the most significant bit of L is 0 in the first and 1 in the second.
    #[test]
    fn vectors_of_c2sp() {
        let mut text = *b"XAES-256-GCM";
        let tag = XaesKey::new(&[1; KEY]).encrypt(VECTOR_NONCE, b"", &mut text).unwrap();
        assert_eq!(hex(&text) + &hex(&tag), "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271");

        let mut text = *b"XAES-256-GCM";
        let tag = XaesKey::new(&[3; KEY]).encrypt(VECTOR_NONCE, b"c2sp.org/XAES-256-GCM", &mut text).unwrap();
        assert_eq!(hex(&text) + &hex(&tag), "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d");
    }

    // The same document, section "Accumulated randomized tests", 10,000 iterations.
    #[test]
    fn accumulated_vectors_of_c2sp() {
        let mut random = Shake128::default().finalize_xof();
        let mut read = |length: usize| {
            let mut bytes = vec![0; length];
            random.read(&mut bytes);
            bytes
        };
        let mut hash = Shake128::default();
        for _ in 0..10_000 {
            let key: [u8; KEY] = read(KEY).try_into().unwrap();
            let nonce: [u8; NONCE] = read(NONCE).try_into().unwrap();
            let length = usize::from(read(1)[0]);
            let text = read(length);
            let length = usize::from(read(1)[0]);
            let data = read(length);
            let key = XaesKey::new(&key);
            let mut sealed = text.clone();
            let tag = key.encrypt(&nonce, &data, &mut sealed).unwrap();
            hash.update(&sealed);
            hash.update(&tag);
            key.decrypt(&nonce, &data, &mut sealed, &tag).unwrap();
            assert_eq!(sealed, text);
        }
        let mut result = [0; 32];
        hash.finalize_xof().read(&mut result);
        assert_eq!(hex(&result), "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939");
    }

    #[test]
    fn opens_what_any_key_sealed_and_says_which() {
        let mut value = Vec::new();
        keyring(&[&[2; KEY]]).seal(&["{\"a\":\"\u{e9}\"}".as_bytes()], &mut value).unwrap();
        let mut text = b"before".to_vec();
        assert_eq!(keyring(&[&[1; KEY], &[2; KEY]]).open(&value, &mut text), Some(1));
        assert_eq!(text, "before{\"a\":\"\u{e9}\"}".as_bytes());
    }

    #[test]
    fn short_keys_keep_their_places() {
        let mut value = Vec::new();
        keyring(&[&[2; KEY]]).seal(&[], &mut value).unwrap();
        assert_eq!(keyring(&[&[1; KEY], b"short", &[2; KEY]]).open(&value, &mut Vec::new()), Some(2));
        assert_eq!(keyring(&[b"short", &[2; KEY]]).seal(&[], &mut Vec::new()), None);
        assert_eq!(EncryptionKeyring::default().seal(&[], &mut Vec::new()), None);
    }

    #[test]
    fn seals_with_another_nonce_each_time() {
        let keyring = keyring(&[&[1; KEY]]);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        keyring.seal(&[b"text"], &mut one).unwrap();
        keyring.seal(&[b"text"], &mut other).unwrap();
        assert_ne!(one, other);
    }

    #[test]
    fn refuses_every_other_value() {
        let keyring = keyring(&[&[1; KEY]]);
        let mut value = Vec::new();
        keyring.seal(&[b"some text ", b"of a session"], &mut value).unwrap();
        let refused = |value: &[u8]| {
            let mut text = Vec::new();
            keyring.open(value, &mut text).is_none() && text.is_empty()
        };
        for place in 0..value.len() {
            for bit in 0..8 {
                let mut other = value.clone();
                other[place] ^= 1 << bit;
                assert!(refused(&other), "bit {bit} of {place}");
            }
            assert!(refused(&value[..place]));
        }
        for end in [&b"A"[..], b"=", b"==", b" ", b"AAAA"] {
            assert!(refused(&[&value, end].concat()));
        }
    }
}
