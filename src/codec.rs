//! Opens and seals a session's cookie, in every format there is. The only place where the header, the keys and the
//! formats meet.

use std::ops::Range;

use crate::cookie_header::CookieName;
use crate::formats::encrypted::Encrypted;
use crate::formats::original::{Original, Signed};
use crate::formats::timed::Timed;
use crate::formats::{E1, V1};
use crate::keyring::{Algorithm, Encoding, KeyChange, Signature};
use crate::payload;
use crate::times::Times;

/// A format with times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimedFormat {
    /// `v1.`: signed by that algorithm.
    V1(Algorithm),
    /// `e1.`: encrypted.
    E1,
}

/// What a [`Codec`] reads and writes.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// The format with times, if there is one.
    pub timed: Option<TimedFormat>,
    /// The algorithms of the original's format: all are read, the first is written.
    pub current: &'a [Algorithm],
    /// Those that are read beside them while the older format is. The first is written where `current` has none.
    pub legacy: &'a [Algorithm],
    /// How signatures of the original's format are written.
    pub encoding: Encoding,
}

/// What a `Cookie` header holds of a session.
pub enum Opened {
    /// No cookie of that name.
    Absent,
    /// A cookie that is none of ours.
    Refused(Refusal),
    /// A cookie of the original's format, as some key signed it.
    Original {
        /// Where the cookie's value stands in the header, in bytes.
        value: Range<usize>,
        /// Whether the value is what [`payload::encode`] makes of a text; if so, the text has been appended to what was
        /// given for it.
        canonical: bool,
        /// The place of the key that signed; 0 is the newest.
        key_index: usize,
        /// The newest key's signature, where an older key had signed by the algorithm that is written.
        renewed: Option<Signature>,
        /// Whether it is read only while the older format is.
        is_legacy: bool,
    },
    /// A cookie of the format with times. The session's text, which is not empty, has been appended to what was given for
    /// it.
    Timed {
        /// Where the cookie's value stands in the header, in bytes.
        value: Range<usize>,
        /// The place of the key that signed or encrypted; 0 is the newest.
        key_index: usize,
        /// As they stand in the cookie, whatever the clock says.
        times: Times,
    },
}

/// Why a cookie is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No signature beside it, where its format asks for one.
    Unsigned,
    /// No key signed or encrypted it.
    Signature,
    /// It is of a format that is not read here, or a key made it of what is no session.
    Malformed,
    /// It is of the original's format, which is not read, or no longer.
    Legacy,
}

/// The keys of the format with times.
enum TimedKeys {
    V1(Timed),
    E1(Encrypted),
}

/// The cookie of one name, and the keys for it in each form that its formats need. All of them are wiped when it is
/// dropped.
///
/// ```
/// use cookie_session_native::codec::{Codec, Opened, Settings, TimedFormat};
/// use cookie_session_native::cookie_header::CookieName;
/// use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange};
/// use cookie_session_native::times::Times;
///
/// let name = CookieName::new("session").unwrap();
/// let settings = Settings {
///     timed: Some(TimedFormat::E1),
///     current: &[],
///     legacy: &[Algorithm::Sha1],
///     encoding: Encoding::Base64,
/// };
/// let mut codec = Codec::new(name, settings);
/// codec.change(&[KeyChange::New(b"a key of at least thirty-two bytes")]);
///
/// let times = Times::parse(br#"{"issued":2,"created":1}"#).unwrap();
/// let mut header = b"session=".to_vec();
/// codec.seal_timed(br#"{"views":1}"#, &times, &mut header).unwrap();
///
/// let mut json = Vec::new();
/// assert!(matches!(codec.open(&header, false, &mut json), Opened::Timed { key_index: 0, .. }));
/// assert_eq!(json, br#"{"views":1}"#);
/// ```
///
/// Guaranteed: a value is read by the format that its first characters name and by no other, and comparisons take the
/// same time wherever a signature differs. Not guaranteed: that a cookie is fresh, which its reader says by its times; and
/// see [`encryption`](crate::encryption).
pub struct Codec {
    /// What is looked for in a header.
    header_name: CookieName,
    /// What keys and signatures are bound to.
    name: Box<[u8]>,
    original: Original,
    timed: Option<TimedKeys>,
}

impl Codec {
    /// A codec without keys for the cookie `name` and its signature `name.sig`: it opens nothing.
    pub fn new(name: CookieName, settings: Settings<'_>) -> Self {
        let bytes = Box::from(name.as_bytes());
        Self::with_header_name(bytes, name, settings)
    }

    /// A codec for a cookie whose name is none that is searched for: its caller finds it, and passes headers that have it
    /// under `header_name`.
    pub fn with_header_name(name: Box<[u8]>, header_name: CookieName, settings: Settings<'_>) -> Self {
        let timed = settings.timed.map(|format| match format {
            TimedFormat::V1(algorithm) => TimedKeys::V1(Timed::new(algorithm, &name)),
            TimedFormat::E1 => TimedKeys::E1(Encrypted::new(&name)),
        });
        let original = Original::new(settings.current, settings.legacy, settings.encoding);
        Self { header_name, name, original, timed }
    }

    /// Replaces the keys, which are those of the app, newest first: see
    /// [`Keyring::change`](crate::keyring::Keyring::change). A key of fewer than 32 bytes keeps its place, and is of use
    /// for the original's format alone.
    pub fn change(&mut self, changes: &[KeyChange<'_>]) {
        self.original.change(changes);
        match &mut self.timed {
            Some(TimedKeys::V1(timed)) => timed.change(changes),
            Some(TimedKeys::E1(encrypted)) => encrypted.change(changes),
            None => {}
        }
    }

    /// Looks for the session in a `Cookie` header, verifies or decrypts it, and appends its text to `json`. `reads_legacy`
    /// says whether the older format is read.
    ///
    /// Of several cookies of one name, or several signatures, the first counts.
    pub fn open(&self, header: &[u8], reads_legacy: bool, json: &mut Vec<u8>) -> Opened {
        let found = self.header_name.find(header);
        let Some(value) = found.value else { return Opened::Absent };
        let place = range_within(header, value);
        if self.knows_prefixes() && (value.starts_with(V1) || value.starts_with(E1)) {
            let opened = match &self.timed {
                Some(TimedKeys::V1(timed)) if value.starts_with(V1) => {
                    timed.open(value, found.signature, json)
                }
                Some(TimedKeys::E1(encrypted)) if value.starts_with(E1) => encrypted.open(value, json),
                _ => Err(Refusal::Malformed),
            };
            return match opened {
                Ok((key_index, times)) => Opened::Timed { value: place, key_index, times },
                Err(refusal) => Opened::Refused(refusal),
            };
        }
        match self.original.verify(&self.name, value, found.signature, reads_legacy) {
            Ok(Signed { key_index, renewed, is_legacy }) => {
                let canonical = payload::decode(value, json);
                Opened::Original { value: place, canonical, key_index, renewed, is_legacy }
            }
            Err(refusal) => Opened::Refused(refusal),
        }
    }

    /// Where the original's format is all that there ever was, a value is the original's, whatever it begins with.
    fn knows_prefixes(&self) -> bool {
        self.timed.is_some() || self.original.forms() > 1
    }

    /// Appends the cookie's value in the original's format to `value`, and signs it. `None` where there is no key, no
    /// algorithm, or no memory for the value.
    pub fn seal_original(&self, json: &[u8], value: &mut Vec<u8>) -> Option<Signature> {
        self.original.seal(&self.name, json, value)
    }

    /// Appends the cookie's value in the format with times to `value`, and signs it where that format is `v1.`. `None`
    /// where there is no such format, no newest key of at least 32 bytes, no memory, or no randomness.
    pub fn seal_timed(&self, json: &[u8], times: &Times, value: &mut Vec<u8>) -> Option<Option<Signature>> {
        match self.timed.as_ref()? {
            TimedKeys::V1(timed) => timed.seal(json, times, value).map(Some),
            TimedKeys::E1(encrypted) => encrypted.seal(json, times, value).map(|()| None),
        }
    }

    /// Signs a text by the algorithm of the original's format that is written, with the newest key. `None` where there is
    /// no key or no algorithm.
    pub fn sign(&self, text: &[u8]) -> Option<Signature> {
        self.original.writing()?.sign(&[text])
    }

    /// The place of the first key under which `digest` is the signature of `text` by that algorithm.
    pub fn index(&self, text: &[u8], digest: &[u8]) -> Option<usize> {
        self.original.writing()?.index(&[text], digest)
    }

    /// How long a signature of the original's format is, in characters; 0 where there is no algorithm.
    pub fn signature_length(&self) -> usize {
        self.original.writing().map_or(0, crate::keyring::Keyring::signature_length)
    }

    /// How long a signature of the format with times is, in characters; 0 where it has none.
    pub fn timed_signature_length(&self) -> usize {
        match &self.timed {
            Some(TimedKeys::V1(timed)) => timed.signature_length(),
            _ => 0,
        }
    }
}

/// Where `part`, a slice of `whole`, stands in it.
pub(crate) fn range_within(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start.saturating_add(part.len())
}

#[cfg(test)]
mod tests;
