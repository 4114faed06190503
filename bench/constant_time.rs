//! Measures whether the time of a verification tells where a signature is wrong, in the manner of dudect (Reparaz,
//! Balasch, Verbauwhede: "Dude, is my code constant time?", 2016): single calls of two kinds in random order, cropped at
//! several percentiles, since what interrupts a call says nothing of it, and compared by Welch's t-test. A |t| over 10
//! tells the kinds apart; between 4.5 and 10 more measurements are needed.
//!
//! `cargo run --release --example constant_time [millions of calls of a pair]`
//!
//! Whether a signature is right is no secret: the answer tells it. So right ones, which take one branch less, are measured
//! and decide nothing. The same is done with a comparison that ends at the first difference: a harness that does not see
//! that one sees nothing.
#![allow(clippy::arithmetic_side_effects, reason = "its numbers are its own")]

use std::hint::black_box;
use std::time::Instant;

use cookie_session_native::keyring::{Algorithm, Encoding, KeyChange, Keyring};

/// Percentiles of the first calls' times beyond which calls are left out, in thousandths; the last leaves out none.
const CROPS: [usize; 8] = [100, 250, 500, 750, 900, 970, 990, 1000];
/// Calls whose times set the limits.
const FIRST: usize = 20_000;
const SUSPECT: f64 = 4.5;
const CERTAIN: f64 = 10.0;

/// Mean and variance of a stream of numbers (Welford).
#[derive(Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        let before = number - self.mean;
        self.mean += before / self.count;
        self.squares += before * (number - self.mean);
    }

    fn variance_of_mean(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// Welch's t of two streams.
fn t(of: &[Moments; 2]) -> f64 {
    let [one, other] = of;
    let t = (one.mean - other.mean) / (one.variance_of_mean() + other.variance_of_mean()).sqrt();
    if t.is_finite() { t } else { 0.0 }
}

/// Random bits (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// The largest |t| over all crops, and the mean times (ns) of both kinds without the slowest tenth.
fn compare(calls: usize, kinds: [&[u8]; 2], run: &dyn Fn(&[u8]) -> bool) -> (f64, [f64; 2]) {
    // Both are read from the same place, so that the place tells nothing.
    let mut place = vec![0; kinds.iter().map(|kind| kind.len()).max().unwrap_or(0)];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut one = |random: &mut Random| {
        let kind = usize::from(random.next() >> 40 & 1 == 1);
        let digest = kinds.get(kind).copied().unwrap_or_default();
        let room = place.get_mut(..digest.len()).unwrap_or_default();
        room.copy_from_slice(digest);
        let digest = black_box(&*room);
        let started = Instant::now();
        black_box(run(digest));
        (kind, started.elapsed().as_nanos() as f64)
    };

    let mut times: Vec<f64> = (0..FIRST).map(|_| one(&mut random).1).collect();
    times.sort_by(f64::total_cmp);
    let limits = CROPS.map(|crop| times.get(FIRST * crop / 1000).copied().unwrap_or(f64::INFINITY));

    let mut moments = [[Moments::default(); 2]; CROPS.len()];
    for _ in 0..calls {
        let (kind, time) = one(&mut random);
        for (of, limit) in moments.iter_mut().zip(limits) {
            if time <= limit
                && let Some(of) = of.get_mut(kind)
            {
                of.add(time);
            }
        }
    }
    let largest = moments.iter().map(|of| t(of).abs()).fold(0.0, f64::max);
    let [.., ninety, _, _, _] = moments;
    (largest, ninety.map(|of| of.mean))
}

fn changed(signature: &[u8], place: usize) -> Vec<u8> {
    let mut wrong = signature.to_vec();
    if let Some(byte) = wrong.get_mut(place) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    wrong
}

/// Compares as no signature may be compared.
fn ends_at_the_first_difference(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| black_box(one) == black_box(other))
}

fn main() -> Result<(), &'static str> {
    let millions = std::env::args().nth(1).map_or(Ok(5.0), |argument| argument.parse::<f64>());
    let calls = (millions.map_err(|_| "usage: constant_time [millions of calls of a pair]")? * 1e6) as usize;
    println!(
        "{calls} calls a pair; |t| over {SUSPECT} is suspect, over {CERTAIN} certain, where two are refused"
    );

    let mut certain = false;
    let report = |name: &str, pair: &str, (t, [one, other]): (f64, [f64; 2])| {
        println!("{name:14} {pair:22} |t| {t:7.2}   {one:6.1} and {other:6.1} ns");
        t > CERTAIN
    };
    for (name, algorithm) in [("verify sha1", Algorithm::Sha1), ("verify sha512", Algorithm::Sha512)] {
        let mut keyring = Keyring::new(algorithm, Encoding::Base64);
        keyring.change(&[KeyChange::New(b"a key of twenty byte")]);
        let message: [&[u8]; 3] = [b"session", b"=", b"eyJ1c2VyIjo0NzExLCJuYW1lIjoiWm/DqyJ9"];
        let signature = keyring.sign(&message).ok_or("no key")?;
        let right = signature.as_bytes();
        let (first, last) = (changed(right, 0), changed(right, right.len() - 1));
        let verify = |digest: &[u8]| keyring.verify(&message, digest).is_some();
        if !verify(right) || verify(&first) || verify(&last) {
            return Err("a verdict is wrong");
        }
        for (pair, kinds) in
            [("first and last wrong", [&*first, &*last]), ("last and first wrong", [&*last, &*first])]
        {
            certain |= report(name, pair, compare(calls, kinds, &verify));
        }
        report(name, "first wrong and right", compare(calls, [&first, right], &verify));
        report(name, "right and right", compare(calls, [right, right], &verify));
        let leaky = |digest: &[u8]| ends_at_the_first_difference(digest, right);
        if !report("leaky", "first and last wrong", compare(calls, [&first, &last], &leaky)) {
            return Err("the machine is too noisy: not even a comparison that leaks was told apart");
        }
    }
    if certain {
        return Err("the time of a verification tells where a signature is wrong");
    }
    println!("passed: two that are refused are not told apart, and a comparison that leaks is");
    Ok(())
}
