//! Opens or seals a session so many times, for a tool that counts instructions:
//! `instructions <open|outdated|refused|wrong-first|wrong-final|seal> <bytes of JSON> <times>`; the wrong ones differ from
//! the right signature in one character. See `__test__/once/instructions`.

use cookie_session_native::codec::{Codec, Opened};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};

const KEYS: [&[u8]; 3] = [b"0123456789abcdefghij", b"klmnopqrstuvwxyz0123", b"456789abcdefghijklmn"];

fn keyring(keys: &[&[u8]]) -> Keyring {
    let mut keyring = Keyring::new(Algorithm::Sha1, Encoding::Base64);
    keyring.change(&keys.iter().map(|key| KeyChange::New(key)).collect::<Vec<_>>());
    keyring
}

fn main() -> Result<(), &'static str> {
    let usage = "usage: instructions <open|outdated|refused|wrong-first|wrong-final|seal> <bytes> <times>";
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().ok_or(usage)?;
    let mut number = || arguments.next().and_then(|argument| argument.parse::<usize>().ok()).ok_or(usage);
    let (bytes, times) = (number()?, number()?);

    let codec = Codec::new(CookieName::new("session").ok_or("no name")?);
    let json = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes.saturating_sub(8)));
    let ours = keyring(&KEYS);
    let [newest, older, _] = KEYS;
    let signing: &[u8] = match what.as_str() {
        "outdated" => older,
        "refused" => b"another key",
        _ => newest,
    };
    let signer = keyring(&[signing]);
    let mut value = Vec::new();
    let signature = codec.seal(&signer, json.as_bytes(), &mut value).ok_or("no key")?;
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
            "seal" => codec.seal(&ours, json.as_bytes(), &mut out).is_some(),
            "refused" | "wrong" => {
                matches!(codec.open(&ours, &header, &mut out), Opened::Refused)
            }
            "outdated" => {
                matches!(codec.open(&ours, &header, &mut out), Opened::Verified { renewed: Some(_), .. })
            }
            "open" => matches!(codec.open(&ours, &header, &mut out), Opened::Verified { renewed: None, .. }),
            _ => return Err(usage),
        };
        if !done {
            return Err("another outcome than was asked for");
        }
    }
    Ok(())
}
