//! `v1.`: signed, with times. `NAME` holds `v1.BASE64URL(TIMES).BASE64URL(SESSION)`, and `NAME.sig` the HMAC, under the
//! key derived for `sign`, of NUL, the version, NUL and `NAME=VALUE`: no name holds NUL, so that this is never a text
//! that the original's format signs.

use crate::base64url;
use crate::codec::Refusal;
use crate::derived_key::{Derivation, Purpose, VERSION};
use crate::formats::{Opened, V1};
use crate::keyring::{Algorithm, Encoding, KeyChange, Keyring, Signature, Verified};
use crate::times::Times;

/// Bytes of the longest times in a cookie of this crate's, in base64url, rounded up.
const LONGEST_TIMES: usize = 256;

/// The keys for it, and what is signed before the value.
pub(crate) struct Timed {
    keyring: Keyring,
    derivation: Derivation,
    before: Box<[u8]>,
}

impl Timed {
    pub(crate) fn new(algorithm: Algorithm, name: &[u8]) -> Self {
        Self {
            keyring: Keyring::new(algorithm, Encoding::Base64),
            derivation: Derivation::new(Purpose::Sign, name),
            before: [b"\0", VERSION, b"\0", name, b"="].concat().into(),
        }
    }

    pub(crate) fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.keyring.change_derived(changes, |key| self.derivation.derive(key));
    }

    pub(crate) fn signature_length(&self) -> usize {
        self.keyring.signature_length()
    }

    /// Appends the session of a value to `json`, and says which key signed it.
    pub(crate) fn open(
        &self,
        value: &[u8],
        digest: Option<&[u8]>,
        json: &mut Vec<u8>,
    ) -> Opened<(usize, Times)> {
        let digest = digest.ok_or(Refusal::Signature)?;
        let Some(Verified { key_index, .. }) = self.keyring.verify(&[&self.before, value], digest) else {
            return Err(Refusal::Signature);
        };
        let start = json.len();
        let times = parse(value, json).ok_or_else(|| {
            json.truncate(start);
            Refusal::Malformed
        })?;
        Ok((key_index, times))
    }

    /// Appends the value for a text to `value`, and signs it. `None` where there is no newest key that is long enough,
    /// or no memory.
    pub(crate) fn seal(&self, json: &[u8], times: &Times, value: &mut Vec<u8>) -> Option<Signature> {
        let start = value.len();
        let mut text = Vec::new();
        times.write(&mut text)?;
        value.try_reserve(V1.len().saturating_add(LONGEST_TIMES)).ok()?;
        value.extend_from_slice(V1);
        base64url::encode(&text, value)?;
        value.push(b'.');
        base64url::encode(json, value)?;
        self.sign(value.get(start..)?)
    }

    /// The signature of a value by the newest key, if that is long enough.
    pub(crate) fn sign(&self, value: &[u8]) -> Option<Signature> {
        self.keyring.sign(&[&self.before, value])
    }
}

/// The times of a value, whose session is appended to `json`.
fn parse(value: &[u8], json: &mut Vec<u8>) -> Option<Times> {
    let rest = value.strip_prefix(V1)?;
    let dot = rest.iter().position(|byte| *byte == b'.')?;
    let (times, session) = rest.split_at_checked(dot)?;
    let start = json.len();
    base64url::decode(times, json)?;
    let times = json.get(start..).and_then(Times::parse)?;
    json.truncate(start);
    // A second dot is no digit of base64url.
    base64url::decode(session.strip_prefix(b".")?, json)?;
    let session = json.get(start..).unwrap_or_default();
    (!session.is_empty() && std::str::from_utf8(session).is_ok()).then_some(times)
}
