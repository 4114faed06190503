//! Opens or seals a session so many times, for a tool that counts instructions:
//! `instructions <open|outdated|refused|wrong-first|wrong-final|seal> <original|v1|e1> <bytes of JSON> <times>`; the wrong
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

fn main() -> Result<(), &'static str> {
    let usage = "usage: instructions <open|outdated|refused|wrong-first|wrong-final|seal> <original|v1|e1> <bytes> <times>";
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().ok_or(usage)?;
    let timed = match arguments.next().as_deref() {
        Some("original") => None,
        Some("v1") => Some(TimedFormat::V1(Algorithm::Sha256)),
        Some("e1") => Some(TimedFormat::E1),
        _ => return Err(usage),
    };
    let mut number = || arguments.next().and_then(|argument| argument.parse::<usize>().ok()).ok_or(usage);
    let (bytes, count) = (number()?, number()?);

    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes.saturating_sub(8)));
    let times = timed.and_then(|_| Times::parse(TIMES));
    let ours = codec(timed, &KEYS).ok_or("no name")?;
    let [newest, older, _] = KEYS;
    let key: &[u8] = match what.as_str() {
        "outdated" => older,
        "refused" => b"another key, which is long enough for each format",
        _ => newest,
    };
    let signer = codec(timed, &[key]).ok_or("no name")?;
    let mut value = Vec::new();
    let signature = seal(&signer, times.as_ref(), json.as_bytes(), &mut value).ok_or("no key")?;
    let mut signature = signature.map(|signature| signature.as_bytes().to_vec()).unwrap_or_default();
    let wrong = match what.as_str() {
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
    let what = what.split('-').next().unwrap_or_default();
    let mut out = Vec::new();
    for _ in 0..count {
        out.clear();
        let done = match what {
            "seal" => seal(&ours, times.as_ref(), json.as_bytes(), &mut out).is_some(),
            "refused" | "wrong" => {
                matches!(ours.open(&header, false, &mut out), Opened::Refused(Refusal::Signature))
            }
            "outdated" => matches!(
                ours.open(&header, false, &mut out),
                Opened::Original { key_index: 1, renewed: Some(_), .. } | Opened::Timed { key_index: 1, .. }
            ),
            "open" => matches!(
                ours.open(&header, false, &mut out),
                Opened::Original { key_index: 0, renewed: None, .. } | Opened::Timed { key_index: 0, .. }
            ),
            _ => return Err(usage),
        };
        if !done {
            return Err("another outcome than was asked for");
        }
    }
    Ok(())
}
