//! A codec of any settings, against docs/format.md one step after the other.

use std::ops::Range;

use arbitrary::Unstructured;
use cookie_session_native::codec::{Codec, Opened, Refusal, Settings, TimedFormat};
use cookie_session_native::cookie_header::CookieName;
use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange};
use cookie_session_native::times::{Millis, Times};

use crate::keyring::{algorithm, encoding};
use crate::oracle::{
    decode_base64, decode_payload, decrypt, derive, encode_base64, encrypt, find, sign, signed_text, signer,
    times,
};
use crate::{below, byte, bytes, changed};

const NAME: &str = "session";

/// What is looked for, and with what.
struct Case {
    timed: Option<TimedFormat>,
    current: Vec<Algorithm>,
    legacy: Vec<Algorithm>,
    encoding: Encoding,
    keys: Vec<Vec<u8>>,
}

/// What a session is, in a form that two of them can be compared in.
#[derive(Debug, PartialEq)]
enum Outcome {
    Absent,
    Refused(Refusal),
    Original {
        value: Range<usize>,
        canonical: bool,
        key_index: usize,
        renewed: Option<Vec<u8>>,
        is_legacy: bool,
    },
    Timed {
        value: Range<usize>,
        key_index: usize,
        times: crate::oracle::Times,
    },
}

/// The input: the settings, bytes that are there before, two changes of keys, whether the older format is read, and what
/// the header is made of; where nothing is left of it, what is sealed.
pub fn run(input: &[u8]) {
    let input = &mut Unstructured::new(input);
    let timed = match below(input, 5) {
        0 => None,
        1 => Some(TimedFormat::E1),
        2 => Some(TimedFormat::V1(Algorithm::Sha384)),
        3 => Some(TimedFormat::V1(Algorithm::Sha512)),
        _ => Some(TimedFormat::V1(Algorithm::Sha256)),
    };
    let algorithms = |input: &mut Unstructured| (0..below(input, 3)).map(|_| algorithm(input)).collect();
    let (current, legacy) = (algorithms(input), algorithms(input));
    let mut case = Case { timed, current, legacy, encoding: encoding(input), keys: Vec::new() };
    let before = bytes(input);
    let name = CookieName::new(NAME).expect("an ordinary name");
    let (current, legacy) = (&case.current, &case.legacy);
    let mut codec = Codec::new(name, Settings { timed, current, legacy, encoding: case.encoding });
    for _ in 0..2 {
        let changes: Vec<_> = (0..below(input, 4)).map(|_| (below(input, 4), key(input))).collect();
        let changes: Vec<_> = changes
            .iter()
            .map(|(kind, key)| if *kind == 0 { KeyChange::Kept(key.len() % 4) } else { KeyChange::New(key) })
            .collect();
        codec.change(&changes);
        case.keys = changes
            .iter()
            .filter_map(|change| match change {
                KeyChange::Kept(place) => case.keys.get(*place).cloned(),
                KeyChange::New(key) => Some(key.to_vec()),
            })
            .collect();
    }

    let reads_legacy = below(input, 2) == 1;
    let mut header = Vec::new();
    for _ in 0..4 {
        if input.is_empty() {
            break;
        }
        header.extend(piece(input, &case));
    }
    check_open(&codec, &case, &header, reads_legacy, before);
    check_seal(&codec, &case, input, before);
}

/// Long enough, most of the time, and few different ones.
fn key(input: &mut Unstructured) -> Vec<u8> {
    let kind = byte(input);
    vec![kind & 3; if kind < 64 { usize::from(kind) } else { 32 + usize::from(kind >> 7) }]
}

/// A part of a header: anything, or cookies that are right, or nearly.
fn piece(input: &mut Unstructured, case: &Case) -> Vec<u8> {
    let kind = below(input, 8);
    if kind == 0 {
        return bytes(input).to_vec();
    }
    // A key that there is, or another one.
    let other = [9; 40];
    let key = case.keys.get(below(input, 4)).map_or(&other[..], Vec::as_slice);
    let derived = |purpose| derive(key, purpose, NAME).unwrap_or([8; 32]);
    let by = match case.timed {
        Some(TimedFormat::V1(algorithm)) => algorithm,
        _ => algorithm(input),
    };
    let text = bytes(input);
    let (value, digest) = match kind {
        1..3 => {
            let value = if below(input, 4) == 0 { text.to_vec() } else { encode_base64(text, false) };
            let algorithms = [&case.current[..], &case.legacy[..], &[by]].concat();
            let by = algorithms[below(input, algorithms.len())];
            let digest = sign(by, case.encoding, key, &[NAME.as_bytes(), b"=", &value].concat());
            (value, digest)
        }
        3..6 => {
            let session = encode_base64(bytes(input), true);
            let mut value = [b"v1.", &*encode_base64(text, true), b".", &session].concat();
            if below(input, 4) == 0 {
                value = [b"v1.", &*changed(input, value.split_off(3))].concat();
            }
            let digest = sign(by, Encoding::Base64, &derived("sign"), &signed_text(NAME, &value));
            (value, digest)
        }
        _ => {
            let sealed = encrypt(&derived("encrypt"), &[byte(input); 24], text);
            ([b"e1.", &*encode_base64(&sealed, true)].concat(), Vec::new())
        }
    };
    let (value, digest) = match below(input, 8) {
        0 => (changed(input, value), digest),
        1 => (value, changed(input, digest)),
        2 => ([b"\"", &value[..], b"\""].concat(), [b"\"", &digest[..], b"\""].concat()),
        _ => (value, digest),
    };
    let pair = [format!("; {NAME}=").as_bytes(), &value].concat();
    if digest.is_empty() {
        return [&pair[..], b";"].concat();
    }
    [&pair[..], format!("; {NAME}.sig=").as_bytes(), &digest, b";"].concat()
}

fn check_open(codec: &Codec, case: &Case, header: &[u8], reads_legacy: bool, before: &[u8]) {
    let mut out = before.to_vec();
    let opened = match codec.open(header, reads_legacy, &mut out) {
        Opened::Absent => Outcome::Absent,
        Opened::Refused(refusal) => Outcome::Refused(refusal),
        Opened::Original { value, canonical, key_index, renewed, is_legacy } => {
            let renewed = renewed.map(|signature| signature.as_bytes().to_vec());
            Outcome::Original { value, canonical, key_index, renewed, is_legacy }
        }
        Opened::Timed { value, key_index, times } => {
            let Times { issued, created, expires, max_age } = times;
            let get = |millis: Option<Millis>| millis.map(Millis::get);
            let times = (issued.get(), created.get(), get(expires), max_age.map(get));
            Outcome::Timed { value, key_index, times }
        }
    };
    let (expected, text) = expected(case, header, reads_legacy);
    assert_eq!(opened, expected);
    assert_eq!(out, [before, &text].concat());
}

fn expected(case: &Case, header: &[u8], reads_legacy: bool) -> (Outcome, Vec<u8>) {
    let Some(place) = find(header, format!("{NAME}=").as_bytes()) else {
        return (Outcome::Absent, Vec::new());
    };
    let value = &header[place.clone()];
    let digest = find(header, format!("{NAME}.sig=").as_bytes()).map(|digest| &header[digest]);
    let forms: Vec<_> = case.current.iter().chain(&case.legacy).collect();
    let one_form = case.timed.is_none() && forms.iter().all(|form| *form == forms[0]);
    let opened = if one_form || !(value.starts_with(b"v1.") || value.starts_with(b"e1.")) {
        original(case, place, value, digest, reads_legacy)
    } else {
        let timed = match case.timed {
            Some(TimedFormat::V1(algorithm)) if value.starts_with(b"v1.") => {
                signed(case, algorithm, value, digest)
            }
            Some(TimedFormat::E1) if value.starts_with(b"e1.") => encrypted(case, value),
            _ => Err(Refusal::Malformed),
        };
        timed.map(|(key_index, times, text)| (Outcome::Timed { value: place, key_index, times }, text))
    };
    opened.unwrap_or_else(|refusal| (Outcome::Refused(refusal), Vec::new()))
}

type Found = Result<(usize, crate::oracle::Times, Vec<u8>), Refusal>;

fn signed(case: &Case, algorithm: Algorithm, value: &[u8], digest: Option<&[u8]>) -> Found {
    let text = signed_text(NAME, value);
    let key_index = case
        .keys
        .iter()
        .position(|key| {
            derive(key, "sign", NAME)
                .is_some_and(|key| Some(&*sign(algorithm, Encoding::Base64, &key, &text)) == digest)
        })
        .ok_or(Refusal::Signature)?;
    let parts: Vec<_> = value.split(|byte| *byte == b'.').map(|part| decode_base64(part, true)).collect();
    match &parts[1..] {
        [Some(text), Some(session)] => finish(key_index, text, session),
        _ => Err(Refusal::Malformed),
    }
}

fn encrypted(case: &Case, value: &[u8]) -> Found {
    let keys: Vec<Vec<u8>> = case
        .keys
        .iter()
        .map(|key| derive(key, "encrypt", NAME).map_or(Vec::new(), |key| key.to_vec()))
        .collect();
    let (key_index, text) = decrypt(&keys, &value[3..]).ok_or(Refusal::Signature)?;
    let nul = text.iter().position(|byte| *byte == 0).ok_or(Refusal::Malformed)?;
    finish(key_index, &text[..nul], &text[nul + 1..])
}

fn finish(key_index: usize, text: &[u8], session: &[u8]) -> Found {
    let times = times(text).ok_or(Refusal::Malformed)?;
    if session.is_empty() || std::str::from_utf8(session).is_err() {
        return Err(Refusal::Malformed);
    }
    Ok((key_index, times, session.to_vec()))
}

fn original(
    case: &Case,
    place: Range<usize>,
    value: &[u8],
    digest: Option<&[u8]>,
    reads_legacy: bool,
) -> Result<(Outcome, Vec<u8>), Refusal> {
    let legacy: &[Algorithm] = if reads_legacy { &case.legacy } else { &[] };
    if case.current.is_empty() && legacy.is_empty() {
        return Err(Refusal::Legacy);
    }
    let digest = digest.filter(|digest| !digest.is_empty()).ok_or(Refusal::Unsigned)?;
    let message = [NAME.as_bytes(), b"=", value].concat();
    for algorithm in case.current.iter().chain(legacy) {
        let Some(key_index) = signer(*algorithm, case.encoding, &case.keys, &message, digest) else {
            continue;
        };
        let text = decode_payload(value);
        let is_renewed = key_index > 0 && case.current.first() == Some(algorithm);
        let outcome = Outcome::Original {
            value: place,
            canonical: text.is_some(),
            key_index,
            renewed: is_renewed.then(|| sign(*algorithm, case.encoding, &case.keys[0], &message)),
            is_legacy: !case.current.contains(algorithm),
        };
        return Ok((outcome, text.unwrap_or_default()));
    }
    Err(Refusal::Signature)
}

/// What is sealed is opened again; and is what the document says, but for the nonce.
fn check_seal(codec: &Codec, case: &Case, input: &mut Unstructured, before: &[u8]) {
    let time = |input: &mut Unstructured| {
        let bits = below(input, 54);
        Millis::new(input.arbitrary::<u64>().unwrap_or(0) & ((1 << bits) - 1)).expect("at most 53 bits")
    };
    let (issued, created) = (time(input), time(input));
    let expires = (below(input, 2) == 1).then(|| time(input));
    let max_age = match below(input, 3) {
        0 => None,
        1 if expires.is_some() => Some(None),
        _ => Some(Some(time(input))),
    };
    let times = Times { issued, created, expires, max_age };
    let session = bytes(input);

    let mut value = b"before".to_vec();
    let signature = codec.seal_original(session, &mut value);
    if let (Some(signature), [_, ..]) = (&signature, &case.keys[..]) {
        let value = value.strip_prefix(b"before").expect("what was there");
        assert_eq!(value, encode_base64(session, false));
        let by = case.current.first().or(case.legacy.first()).expect("an algorithm");
        let message = [NAME.as_bytes(), b"=", value].concat();
        assert_eq!(signature.as_bytes(), sign(*by, case.encoding, &case.keys[0], &message));
        assert_eq!(codec.index(&message, signature.as_bytes()), Some(0));
        assert_eq!(signature.as_bytes().len(), codec.signature_length());
    } else {
        assert!(case.keys.is_empty() || case.current.is_empty() && case.legacy.is_empty());
    }

    let mut header = format!("{NAME}=").into_bytes();
    let long = case.keys.first().is_some_and(|key| key.len() >= 32);
    match codec.seal_timed(session, &times, &mut header) {
        Some(signature) => {
            assert!(long);
            let signature = signature.as_ref().map_or(&b""[..], |signature| signature.as_bytes());
            assert_eq!(signature.len(), codec.timed_signature_length());
            header.extend([b"; ", NAME.as_bytes(), b".sig=", signature].concat());
            check_open(codec, case, &header, false, before);
            let opened = codec.open(&header, false, &mut Vec::new());
            match opened {
                Opened::Timed { key_index: 0, times: found, .. } => assert_eq!(found, times),
                Opened::Refused(Refusal::Malformed) => {
                    assert!(session.is_empty() || std::str::from_utf8(session).is_err());
                }
                _ => panic!("not opened"),
            }
        }
        None => assert!(!long || case.timed.is_none()),
    }
}
