//! Opens or seals a session so many times, for a tool that counts instructions:
//! `instructions <open|outdated|refused|wrong-first|wrong-final|seal> <bytes of JSON> <times>`; the wrong ones differ from
//! the right signature in one character. See `__test__/instructions`.

use cookie_session_native::codec::{Codec, Opened, Refusal, Settings};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange};

const KEYS: [&[u8]; 3] = [b"0123456789abcdefghij", b"klmnopqrstuvwxyz0123", b"456789abcdefghijklmn"];

fn codec(keys: &[&[u8]]) -> Option<Codec> {
    let current = &[Algorithm::Sha1];
    let settings = Settings { timed: None, current, legacy: &[], encoding: Encoding::Base64 };
    let mut codec = Codec::new(CookieName::new("session")?, settings);
    codec.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
    Some(codec)
}

fn main() -> Result<(), &'static str> {
    let usage = "usage: instructions <open|outdated|refused|wrong-first|wrong-final|seal> <bytes> <times>";
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().ok_or(usage)?;
    let mut number = || arguments.next().and_then(|argument| argument.parse::<usize>().ok()).ok_or(usage);
    let (bytes, times) = (number()?, number()?);

    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes.saturating_sub(8)));
    let ours = codec(&KEYS).ok_or("no name")?;
    let [newest, older, _] = KEYS;
    let signing: &[u8] = match what.as_str() {
        "outdated" => older,
        "refused" => b"another key",
        _ => newest,
    };
    let signer = codec(&[signing]).ok_or("no name")?;
    let mut value = Vec::new();
    let signature = signer.seal_original(json.as_bytes(), &mut value).ok_or("no key")?;
    let mut signature = signature.as_bytes().to_vec();
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
    for _ in 0..times {
        out.clear();
        let done = match what {
            "seal" => ours.seal_original(json.as_bytes(), &mut out).is_some(),
            "refused" | "wrong" => {
                matches!(ours.open(&header, false, &mut out), Opened::Refused(Refusal::Signature))
            }
            "outdated" => {
                matches!(ours.open(&header, false, &mut out), Opened::Original { renewed: Some(_), .. })
            }
            "open" => matches!(ours.open(&header, false, &mut out), Opened::Original { renewed: None, .. }),
            _ => return Err(usage),
        };
        if !done {
            return Err("another outcome than was asked for");
        }
    }
    Ok(())
}
