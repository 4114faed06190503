//! Opens or seals sessions, for a tool that counts the instructions of the function `measured`:
//! `instructions [<open|outdated|refused|wrong-first|wrong-final|seal> <original|v1|e1> <bytes of JSON>]...`; the wrong
//! ones differ from the right signature in one character. See `__test__/once/instructions.test.js`.

use cookie_session_native::codec::{Codec, Opened, Refusal, Settings, TimedFormat};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Signature};
use cookie_session_native::times::Times;

const KEYS: [&[u8]; 3] = [
    b"0123456789abcdefghij0123456789abcdefghij",
    b"klmnopqrstuvwxyz0123klmnopqrstuvwxyz0123",
    b"456789abcdefghijklmn456789abcdefghijklmn",
];
/// How often each is done in one call of `measured`.
const COUNT: usize = 50;
const TIMES: &[u8] = br#"{"issued":1893553445678,"created":1893549845678}"#;

fn codec(timed: Option<TimedFormat>, keys: &[&[u8]]) -> Option<Codec> {
    let settings = Settings { timed, current: &[Algorithm::Sha1], legacy: &[], encoding: Encoding::Base64 };
    let mut codec = Codec::new(CookieName::new("session")?, settings);
    codec.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
    Some(codec)
}

fn seal(codec: &Codec, times: Option<&Times>, json: &[u8], value: &mut Vec<u8>) -> Option<Option<Signature>> {
    match times {
        Some(times) => codec.seal_timed(json, times, value),
        None => codec.seal_original(json, value).map(Some),
    }
}

/// What is done, with all that it needs.
struct Work {
    what: String,
    codec: Codec,
    times: Option<Times>,
    json: String,
    header: Vec<u8>,
}

impl Work {
    fn new(what: &str, format: &str, bytes: &str) -> Option<Work> {
        let timed = match format {
            "original" => None,
            "v1" => Some(TimedFormat::V1(Algorithm::Sha256)),
            "e1" => Some(TimedFormat::E1),
            _ => return None,
        };
        let bytes: usize = bytes.parse().ok()?;
        let json = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes.saturating_sub(8)));
        let times = timed.and_then(|_| Times::parse(TIMES));
        let [newest, older, _] = KEYS;
        let key: &[u8] = match what {
            "outdated" => older,
            "refused" => b"another key, which is long enough for each format",
            _ => newest,
        };
        let signer = codec(timed, &[key])?;
        let mut value = Vec::new();
        let signature = seal(&signer, times.as_ref(), json.as_bytes(), &mut value)?;
        let mut signature = signature.map(|signature| signature.as_bytes().to_vec()).unwrap_or_default();
        let wrong = match what {
            "wrong-first" => signature.first_mut(),
            "wrong-final" => signature.last_mut(),
            _ => None,
        };
        if let Some(character) = wrong {
            *character = if *character == b'A' { b'B' } else { b'A' };
        }
        let header = [
            b"_ga=GA1.2.1234567890.1234567890; theme=dark; session=",
            value.as_slice(),
            b"; session.sig=",
            signature.as_slice(),
            b"; lang=en",
        ]
        .concat();
        // The same text for both wrong ones, so that looking at it costs the same.
        let what = what.split('-').next().unwrap_or_default().to_owned();
        Some(Work { what, codec: codec(timed, &KEYS)?, times, json, header })
    }

    /// Whether the outcome was the one that is asked for.
    fn is_done(&self, out: &mut Vec<u8>) -> bool {
        match self.what.as_str() {
            "seal" => seal(&self.codec, self.times.as_ref(), self.json.as_bytes(), out).is_some(),
            "refused" | "wrong" => {
                matches!(self.codec.open(&self.header, false, out), Opened::Refused(Refusal::Signature))
            }
            "outdated" => matches!(
                self.codec.open(&self.header, false, out),
                Opened::Original { key_index: 1, renewed: Some(_), .. } | Opened::Timed { key_index: 1, .. }
            ),
            "open" => matches!(
                self.codec.open(&self.header, false, out),
                Opened::Original { key_index: 0, renewed: None, .. } | Opened::Timed { key_index: 0, .. }
            ),
            _ => false,
        }
    }
}

#[inline(never)]
fn measured(work: &Work, out: &mut Vec<u8>) -> bool {
    (0..COUNT).all(|_| {
        out.clear();
        work.is_done(out)
    })
}

fn main() -> Result<(), &'static str> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = Vec::new();
    for one in arguments.chunks(3) {
        let [what, format, bytes] = one else { return Err("expected three arguments for each") };
        let work = Work::new(what, format, bytes).ok_or("expected what is done, a format, and bytes")?;
        // It has its memory before it is measured.
        if !work.is_done(&mut out) || !measured(&work, &mut out) {
            return Err("another outcome than was asked for");
        }
    }
    Ok(())
}
