//! Opens and seals a session's cookie. The only place where the header, the keys and the payload
//! meet.

use std::ops::Range;

use crate::cookie_header::CookieName;
use crate::keyring::{Keyring, Signature, Verdict};
use crate::payload;

/// What a `Cookie` header holds of a session.
pub enum Opened {
    /// No cookie, or none with a signature beside it.
    Absent,
    /// A signature that no key made.
    Refused,
    /// A cookie as some key signed it.
    Verified {
        /// Where the cookie's value stands in the header, in bytes.
        value: Range<usize>,
        /// Whether the value is what [`payload::encode`] makes of a text; if so, the text has been
        /// appended to what was given for it.
        canonical: bool,
        /// The newest key's signature, where an older key had signed.
        renewed: Option<Signature>,
    },
}

/// The cookie of one name.
///
/// ```
/// use cookie_session_native::codec::{Codec, Opened};
/// use cookie_session_native::cookie_header::CookieName;
/// use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};
///
/// let mut keyring = Keyring::new(Algorithm::Sha1, Encoding::Base64);
/// keyring.change(&[KeyChange::New(b"key")]);
/// let codec = Codec::new(CookieName::new("session").unwrap());
///
/// let mut value = Vec::new();
/// let signature = codec.seal(&keyring, br#"{"views":1}"#, &mut value).unwrap();
/// let header = [b"session=", &*value, b"; session.sig=", signature.as_bytes()].concat();
///
/// let mut json = Vec::new();
/// assert!(matches!(codec.open(&keyring, &header, &mut json), Opened::Verified { .. }));
/// assert_eq!(json, br#"{"views":1}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Codec {
    name: CookieName,
}

impl Codec {
    /// A codec for the cookie `name` and its signature `name.sig`.
    pub fn new(name: CookieName) -> Self {
        Self { name }
    }

    /// Looks for the session in a `Cookie` header, verifies it, and appends its text to `json`.
    pub fn open(&self, keyring: &Keyring, header: &[u8], json: &mut Vec<u8>) -> Opened {
        let found = self.name.find(header);
        let (Some(value), Some(digest @ [_, ..])) = (found.value, found.signature) else {
            return Opened::Absent;
        };
        let message = [self.name.as_bytes(), b"=", value];
        let renewed = match keyring.verify(&message, digest) {
            Verdict::Refused => return Opened::Refused,
            Verdict::Current => None,
            Verdict::Outdated(newest) => Some(newest),
        };
        let canonical = payload::decode(value, json);
        Opened::Verified { value: range_within(header, value), canonical, renewed }
    }

    /// Appends the cookie's value for a session's text to `value`, and signs it; `None` where
    /// there is no key, or no memory for the value.
    pub fn seal(&self, keyring: &Keyring, json: &[u8], value: &mut Vec<u8>) -> Option<Signature> {
        let start = value.len();
        payload::encode(json, value)?;
        keyring.sign(&[self.name.as_bytes(), b"=", value.get(start..)?])
    }
}

/// Where `part`, a slice of `whole`, stands in it.
fn range_within(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    start..start.saturating_add(part.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::{Algorithm, Encoding, KeyChange};

    fn keyring(keys: &[&str]) -> Keyring {
        let mut keyring = Keyring::new(Algorithm::Sha1, Encoding::Base64);
        keyring.change(&keys.iter().map(|key| KeyChange::New(key.as_bytes())).collect::<Vec<_>>());
        keyring
    }

    fn codec() -> Codec {
        Codec::new(CookieName::new("session").unwrap())
    }

    fn header(key: &str, json: &str) -> String {
        let mut value = Vec::new();
        let signature = codec().seal(&keyring(&[key]), json.as_bytes(), &mut value).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        format!("a=b; session={}; session.sig={}", text(&value), text(signature.as_bytes()))
    }

    /// What cookie-session 2.1.1 sends for this session under the key 'keyboard cat'.
    #[test]
    fn writes_what_cookie_session_writes() {
        assert_eq!(
            header("keyboard cat", r#"{"views":1}"#),
            "a=b; session=eyJ2aWV3cyI6MX0=; session.sig=x-C3NH9bM5O4ofBO-GACcofuXXc"
        );
    }

    #[test]
    fn opens_what_it_sealed() {
        let header = header("k", r#"{"a":"é"}"#);
        let mut json = b"x".to_vec();
        match codec().open(&keyring(&["k"]), header.as_bytes(), &mut json) {
            Opened::Verified { value, canonical: true, renewed: None } => {
                assert_eq!(&header[value], "eyJhIjoiw6kifQ==");
            }
            _ => panic!("not opened"),
        }
        assert_eq!(json, "x{\"a\":\"é\"}".as_bytes());
    }

    #[test]
    fn says_where_an_empty_value_stands() {
        let signature = keyring(&["k"]).sign(&[b"session="]).unwrap();
        let signature = std::str::from_utf8(signature.as_bytes()).unwrap();
        for (value, place) in [("", 13), ("\"", 14), ("\"\"", 14)] {
            let header = format!("a=b; session={value}; session.sig={signature}");
            match codec().open(&keyring(&["k"]), header.as_bytes(), &mut Vec::new()) {
                Opened::Verified { value, .. } => assert_eq!(value, place..place),
                _ => panic!("not opened"),
            }
        }
    }

    #[test]
    fn signs_anew_what_an_older_key_had_signed() {
        let old = header("old", "{}");
        match codec().open(&keyring(&["new", "old"]), old.as_bytes(), &mut Vec::new()) {
            Opened::Verified { renewed: Some(signature), .. } => {
                assert!(header("new", "{}").ends_with(std::str::from_utf8(signature.as_bytes()).unwrap()));
            }
            _ => panic!("not renewed"),
        }
    }

    #[test]
    fn refuses_or_misses_everything_else() {
        let keys = keyring(&["k"]);
        let good = header("k", "{}");
        let open = |header: &str| codec().open(&keys, header.as_bytes(), &mut Vec::new());
        assert!(matches!(open(&good.replace("e30=", "e31=")), Opened::Refused));
        assert!(matches!(open(&header("other", "{}")), Opened::Refused));
        assert!(matches!(open(&good.replace("session.sig", "s.sig")), Opened::Absent));
        assert!(matches!(open("session=e30=; session.sig="), Opened::Absent));
        assert!(matches!(open("session=e30=; session.sig=x"), Opened::Refused));
        assert!(matches!(open(""), Opened::Absent));
    }
}
