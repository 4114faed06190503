//! Each target over its seeds and over random inputs, without a fuzzer and on any Rust: what holds where there is no
//! nightly Rust. FUZZ_SEED and FUZZ_INPUTS say which inputs and how many.

use std::fs;
use std::path::Path;

use cookie_session_native_fuzz::TARGETS;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) % end as u64) as usize
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(300);
        (0..length).map(|_| self.below(256) as u8).collect()
    }

    /// A seed with a few changes, or nothing but random bytes.
    fn input(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        if seeds.is_empty() || self.below(4) == 0 {
            return self.bytes();
        }
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..self.below(5) {
            let place = self.below(input.len() + 1);
            match self.below(4) {
                0 => input.insert(place, self.below(256) as u8),
                1 => input.truncate(place),
                2 => {
                    let other = &seeds[self.below(seeds.len())];
                    let part = &other[self.below(other.len() + 1)..];
                    drop(input.splice(place.., part.iter().copied()));
                }
                _ if place < input.len() => input[place] = self.below(256) as u8,
                _ => {}
            }
        }
        input
    }
}

/// Says what the input was when a target panics.
struct Shown<'a>(&'a str, &'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{} fails on {:?} (\"{}\")", self.0, self.1, self.1.escape_ascii());
        }
    }
}

#[test]
fn every_target_over_its_seeds_and_random_inputs() {
    let (seed, count) = (number("FUZZ_SEED", 1), number("FUZZ_INPUTS", 20_000));
    println!("FUZZ_SEED={seed} FUZZ_INPUTS={count}");
    for (name, run) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        let mut files: Vec<_> =
            fs::read_dir(&folder).expect("seeds").map(|entry| entry.expect("a seed").path()).collect();
        files.sort();
        let seeds: Vec<_> = files.iter().map(|file| fs::read(file).expect("a seed")).collect();
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for input in &seeds {
            let _shown = Shown(name, input);
            run(input);
        }
        let mut random = Random(seed);
        for _ in 0..count {
            let input = random.input(&seeds);
            let _shown = Shown(name, &input);
            run(&input);
        }
        println!("{name}: {} seeds and {count} random inputs", seeds.len());
    }
}
