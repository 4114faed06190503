//! cookie-session's own format: the text in base64 in `NAME`, and in `NAME.sig` the HMAC of `NAME=VALUE`.

use crate::codec::Refusal;
use crate::formats::Opened;
use crate::keyring::{Algorithm, Encoding, KeyChange, Keyring, Signature, Verified};
use crate::payload;

/// The keys in the form of each algorithm that is read.
pub(crate) struct Original {
    /// The first one writes.
    keyrings: Vec<Keyring>,
    /// How many of them are read always. The others are read while the older format is.
    current: usize,
}

/// A signature that some key made.
pub(crate) struct Signed {
    pub(crate) key_index: usize,
    /// The newest key's signature in the form that is written, where an older key had signed in that form.
    pub(crate) renewed: Option<Signature>,
    /// Whether it is read only while the older format is.
    pub(crate) is_legacy: bool,
}

impl Original {
    pub(crate) fn new(current: &[Algorithm], legacy: &[Algorithm], encoding: Encoding) -> Self {
        let mut keyrings: Vec<Keyring> = Vec::new();
        let mut add = |algorithms: &[Algorithm]| {
            for &algorithm in algorithms {
                if keyrings.iter().all(|keyring| keyring.algorithm() != algorithm) {
                    keyrings.push(Keyring::new(algorithm, encoding));
                }
            }
            keyrings.len()
        };
        let current = add(current);
        add(legacy);
        Self { keyrings, current }
    }

    pub(crate) fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.keyrings.iter_mut().for_each(|keyring| keyring.change(changes));
    }

    /// In how many forms the format is read.
    pub(crate) fn forms(&self) -> usize {
        self.keyrings.len()
    }

    /// The keys in the form that is written.
    pub(crate) fn writing(&self) -> Option<&Keyring> {
        self.keyrings.first()
    }

    /// Which key signed the value of the cookie `name`. The first form that verifies ends the search.
    pub(crate) fn verify(
        &self,
        name: &[u8],
        value: &[u8],
        digest: Option<&[u8]>,
        reads_legacy: bool,
    ) -> Opened<Signed> {
        let read = if reads_legacy { self.keyrings.len() } else { self.current };
        if read == 0 {
            return Err(Refusal::Legacy);
        }
        let Some(digest @ [_, ..]) = digest else { return Err(Refusal::Unsigned) };
        let message = [name, b"=", value];
        for (form, keyring) in self.keyrings.iter().enumerate().take(read) {
            if let Some(Verified { key_index, renewed }) = keyring.verify(&message, digest) {
                let is_legacy = form >= self.current;
                let renewed = renewed.filter(|_| form == 0 && !is_legacy);
                return Ok(Signed { key_index, renewed, is_legacy });
            }
        }
        Err(Refusal::Signature)
    }

    /// Appends the value for a text to `value`, and signs it. `None` where there is no key, no form, or no memory.
    pub(crate) fn seal(&self, name: &[u8], json: &[u8], value: &mut Vec<u8>) -> Option<Signature> {
        let start = value.len();
        payload::encode(json, value)?;
        self.writing()?.sign(&[name, b"=", value.get(start..)?])
    }
}
