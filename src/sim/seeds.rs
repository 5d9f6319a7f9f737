//! Generators: one stream a purpose, seeded from (run seed, domain, arena, episode).

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// The generator used wherever the simulator or a policy draws.
pub type Generator = Xoshiro256PlusPlus;

/// What a seed may be used for; the domains never share an episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SeedDomain {
    /// Episodes that a policy learns from.
    Train,
    /// Episodes on which the best of several checkpoints is picked.
    Select,
    /// Episodes on which figures are told.
    Report,
}

impl SeedDomain {
    /// The name by which files and the command line call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Select => "select",
            Self::Report => "report",
        }
    }
}

/// What a stream of random numbers is drawn for; adding a draw to one leaves the others as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial states and drawn parameters.
    Initial,
    /// Decisions of scripted adversaries.
    Adversary,
    /// Sampling of a stochastic policy.
    Policy,
    /// Shuffling of minibatches and other draws of the trainer.
    Trainer,
    /// Detections and noise of the sensors.
    Sensor,
    /// The systems of spacecraft: what they are set to, fading, traffic, noise.
    Bus,
    /// What the objective draws.
    Objective,
    /// Where the Sun stands, in the relative tier.
    Sun,
    /// How telemetry is sampled.
    Telemetry,
}

/// The generator of one purpose in one episode of one arena.
#[must_use]
pub fn stream(run_seed: u64, domain: SeedDomain, arena: u64, episode: u64, purpose: Purpose) -> Generator {
    let mut hash = mix(run_seed ^ 0x9e37_79b9_7f4a_7c15);
    for word in [domain as u64 + 1, arena, episode, purpose as u64 + 1] {
        hash = mix(hash ^ mix(word.wrapping_add(0x9e37_79b9_7f4a_7c15)));
    }
    Generator::seed_from_u64(hash)
}

/// The finaliser of SplitMix64, a bijection on 64 bits. Source: Steele, Lea and Flood, OOPSLA 2014.
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
