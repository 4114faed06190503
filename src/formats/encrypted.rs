//! `e1.`: encrypted, with times. `NAME` holds `e1.BASE64URL(NONCE CIPHERTEXT TAG)`; encrypted are `TIMES`, NUL and
//! `SESSION`, with XAES-256-GCM under the key derived for `encrypt`.

use crate::codec::Refusal;
use crate::derived_key::{Derivation, LENGTH, Purpose};
use crate::encryption::{EncryptionKeyring, KEY};
use crate::formats::{E1, Opened};
use crate::keyring::KeyChange;
use crate::times::Times;

const _: () = assert!(LENGTH == KEY);

/// The keys for it.
pub(crate) struct Encrypted {
    keyring: EncryptionKeyring,
    derivation: Derivation,
}

impl Encrypted {
    pub(crate) fn new(name: &[u8]) -> Self {
        let derivation = Derivation::new(Purpose::Encrypt, name);
        Self { keyring: EncryptionKeyring::default(), derivation }
    }

    pub(crate) fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.keyring.change_derived(changes, |key| self.derivation.derive(key));
    }

    /// Appends the session of a value to `json`, and says which key encrypted it.
    pub(crate) fn open(&self, value: &[u8], json: &mut Vec<u8>) -> Opened<(usize, Times)> {
        let start = json.len();
        let sealed = value.strip_prefix(E1).ok_or(Refusal::Malformed)?;
        let key_index = self.keyring.open(sealed, json).ok_or(Refusal::Signature)?;
        let Some((end, times)) = json.get(start..).and_then(parse) else {
            json.truncate(start);
            return Err(Refusal::Malformed);
        };
        json.drain(start..start.saturating_add(end));
        Ok((key_index, times))
    }

    /// Appends the value for a text to `value`. `None` where there is no newest key that is long enough, no memory, or
    /// no randomness.
    pub(crate) fn seal(&self, json: &[u8], times: &Times, value: &mut Vec<u8>) -> Option<()> {
        let mut text = Vec::new();
        times.write(&mut text)?;
        value.try_reserve(E1.len()).ok()?;
        value.extend_from_slice(E1);
        self.keyring.seal(&[&text, b"\0", json], value)
    }
}

/// The times of a text, and where the session starts in it.
fn parse(text: &[u8]) -> Option<(usize, Times)> {
    let nul = text.iter().position(|byte| *byte == 0)?;
    let (times, session) = text.split_at_checked(nul)?;
    let times = Times::parse(times)?;
    let session = session.strip_prefix(b"\0")?;
    (!session.is_empty() && std::str::from_utf8(session).is_ok()).then_some((nul.saturating_add(1), times))
}
