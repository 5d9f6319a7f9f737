//! Commands: counted, rejected, executed unasked.

use rand::RngExt;
use rand_distr::{Binomial, Distribution as _, Poisson};
use serde::{Deserialize, Serialize};

use super::link_budget::power_ratio;
use super::settings::settings;
use crate::sim::seeds::Generator;

settings! {
    /// The owner's traffic of commands.
    CommandingConfig => CommandingSettings {
        /// Rate of genuine commands [1/s].
        commands_1_s: LogUniform(2e-3, 2e-2), 0.0, 100.0;
        /// Bits of a command [-].
        command_bits: Choice(vec![256.0, 512.0, 1024.0]), 1.0, 1e6;
        /// Share of genuine commands that are refused for what they say [-].
        invalid_share: LogUniform(1e-3, 3e-2), 0.0, 1.0;
    }
}

/// Eb/N₀ at which a link has no margin [dB]: that of a bit error rate of 1e-5 of uncoded BPSK.
const REQUIRED_EB_N0_DB: f64 = 9.59;
/// Margin below which the receiver hears nothing [dB].
const DEAF_BELOW_DB: f64 = -6.0;
/// Commands of one step at most, so that counters hold for any rate.
const MOST_COMMANDS: f64 = 1e6;

/// Commands from elsewhere that arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FalseCommands {
    /// Their rate [1/s].
    pub commands_1_s: f64,
    /// Share of them that passes as genuine, 0 to 1.
    pub accepted_share: f64,
}

/// The command system.
///
/// Genuine commands come as a Poisson process. One that meets a bit error is rejected: 1 - (1 - BER)^bits, BER = erfc(√(Eb/N₀))/2
/// (uncoded BPSK; Proakis, Digital Communications, 5th ed., eq. 4.3-13), Eb/N₀ being 9.59 dB and the uplink's margin; below -6 dB of margin it is not
/// heard at all. The owner learns of an execution by telemetry, while the downlink has margin; until then the
/// counter on board is ahead of his, and by false commands it stays so. Retransmission and the sequence control of COP-1 are left out:
/// a lost command leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commanding {
    /// What was drawn.
    pub settings: CommandingSettings,
    /// Whether it executes nothing: what arrives is rejected, and the owner sends nothing.
    pub is_locked: bool,
    /// Whether keys were changed, so that false commands are rejected.
    pub is_rekeyed: bool,
    /// Commands executed since the start of the episode.
    pub executed: u32,
    /// Those that the owner knows of.
    pub acknowledged: u32,
    /// Genuine ones that he will learn of when telemetry comes down.
    pub unconfirmed: u32,
    /// Commands rejected since the start of the episode.
    pub rejected: u32,
    /// False commands executed since the start of the episode.
    pub unauthorised: u32,
}

impl Commanding {
    /// At the start of an episode.
    pub(super) fn begin(settings: CommandingSettings) -> Self {
        Self {
            settings,
            is_locked: false,
            is_rekeyed: false,
            executed: 0,
            acknowledged: 0,
            unconfirmed: 0,
            rejected: 0,
            unauthorised: 0,
        }
    }

    /// The counter on board less the owner's.
    #[must_use]
    pub fn counter_gap(&self) -> u32 {
        self.executed.saturating_sub(self.acknowledged)
    }

    /// Receives for a time.
    pub(super) fn step(
        &mut self,
        uplink_margin_db: f64,
        downlink_margin_db: f64,
        intrusion: &FalseCommands,
        duration_s: f64,
        generator: &mut Generator,
    ) {
        let genuine = arrivals(self.settings.commands_1_s * duration_s, generator);
        if genuine > 0 && !self.is_locked && uplink_margin_db > DEAF_BELOW_DB {
            let garbled = garbled_share(uplink_margin_db, self.settings.command_bits);
            let refused = 1.0 - (1.0 - garbled) * (1.0 - self.settings.invalid_share);
            let rejected = some_of(genuine, refused, generator);
            self.rejected = self.rejected.saturating_add(rejected);
            self.executed = self.executed.saturating_add(genuine - rejected);
            self.unconfirmed = self.unconfirmed.saturating_add(genuine - rejected);
        }
        if intrusion.commands_1_s > 0.0 {
            let count = arrivals(intrusion.commands_1_s * duration_s, generator);
            let is_closed = self.is_locked || self.is_rekeyed;
            let accepted = if is_closed { 0 } else { some_of(count, intrusion.accepted_share, generator) };
            self.unauthorised = self.unauthorised.saturating_add(accepted);
            self.executed = self.executed.saturating_add(accepted);
            self.rejected = self.rejected.saturating_add(count - accepted);
        }
        if downlink_margin_db > 0.0 {
            self.acknowledged = self.acknowledged.saturating_add(self.unconfirmed);
            self.unconfirmed = 0;
        }
    }
}

/// Bit error rate of uncoded BPSK at a margin over the need of 9.6 dB.
#[must_use]
pub fn bit_error_rate(margin_db: f64) -> f64 {
    0.5 * libm::erfc(power_ratio(REQUIRED_EB_N0_DB + margin_db).sqrt())
}

/// Share of commands of so many bits that meet a bit error.
#[must_use]
pub fn garbled_share(margin_db: f64, bits: f64) -> f64 {
    -libm::expm1(bits * libm::log1p(-bit_error_rate(margin_db)))
}

/// How many events of a Poisson process happen, of which so many are expected.
fn arrivals(mean: f64, generator: &mut Generator) -> u32 {
    if mean <= 0.0 {
        return 0;
    }
    if mean < 10.0 {
        // Knuth: uniform numbers are multiplied until they are below e^-mean, which is at least 1 - mean.
        let mut product: f64 = generator.random();
        if product < 1.0 - mean {
            return 0;
        }
        let least = libm::exp(-mean);
        let mut count = 0;
        while product > least {
            product *= generator.random::<f64>();
            count += 1;
        }
        return count;
    }
    Poisson::new(mean.min(MOST_COMMANDS)).map_or(0, |poisson| poisson.sample(generator).min(2.0 * MOST_COMMANDS) as u32)
}

/// How many of `count` are chosen, each by the same chance.
fn some_of(count: u32, chance: f64, generator: &mut Generator) -> u32 {
    let binomial = Binomial::new(u64::from(count), chance.clamp(0.0, 1.0));
    binomial.map_or(0, |binomial| binomial.sample(generator) as u32).min(count)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn commanding() -> Commanding {
        Commanding::begin(CommandingSettings { commands_1_s: 0.1, command_bits: 512.0, invalid_share: 0.0 })
    }

    #[test]
    fn bits_err_as_the_tables_of_bpsk_say() {
        // 1e-5 at 9.59 dB, 7.8e-4 at 7 dB, 0.0786 at 0 dB.
        for (eb_n0_db, expected) in [(9.59, 1e-5), (7.0, 7.727e-4), (0.0, 7.865e-2)] {
            let found = bit_error_rate(eb_n0_db - REQUIRED_EB_N0_DB);
            assert!((found / expected - 1.0).abs() < 0.01, "{eb_n0_db} dB: {found}");
        }
        assert!((garbled_share(0.0, 512.0) - 512.0 * 1e-5).abs() < 1e-4 && garbled_share(10.0, 1024.0) < 1e-15);
        assert!(garbled_share(-6.0, 512.0) > 0.999);
    }

    #[test]
    fn arrivals_are_as_many_as_expected_and_as_scattered() {
        let mut generator = Generator::seed_from_u64(5);
        for mean in [0.05, 0.7, 4.0, 40.0] {
            let counts: Vec<f64> = (0..20_000).map(|_| f64::from(arrivals(mean, &mut generator))).collect();
            let count = counts.len() as f64;
            let average = counts.iter().sum::<f64>() / count;
            let variance = counts.iter().map(|of| (of - average).powi(2)).sum::<f64>() / count;
            // Five standard errors of a Poisson mean, and of its variance √((2 m² + m)/n).
            assert!((average - mean).abs() < 5.0 * (mean / count).sqrt(), "{mean}: {average}");
            assert!((variance - mean).abs() < 5.0 * ((2.0 * mean * mean + mean) / count).sqrt(), "{mean}: {variance}");
        }
        assert_eq!(arrivals(0.0, &mut generator), 0);
        assert!(arrivals(1e300, &mut generator) > 900_000);
    }

    #[test]
    fn without_telemetry_the_owner_lags_and_then_catches_up() {
        let mut generator = Generator::seed_from_u64(2);
        let mut commanding = commanding();
        for _ in 0..100 {
            commanding.step(10.0, -1.0, &FalseCommands::default(), 10.0, &mut generator);
        }
        assert!((60..140).contains(&commanding.executed) && commanding.counter_gap() == commanding.executed);
        commanding.step(10.0, 1.0, &FalseCommands::default(), 10.0, &mut generator);
        assert_eq!((commanding.counter_gap(), commanding.rejected), (0, 0));
    }

    #[test]
    fn false_commands_leave_a_gap_until_keys_change_or_all_is_locked() {
        let mut generator = Generator::seed_from_u64(2);
        let mut commanding = commanding();
        let attack = FalseCommands { commands_1_s: 0.5, accepted_share: 0.4 };
        let mut attacked = |commanding: &mut Commanding| {
            let before = *commanding;
            for _ in 0..100 {
                commanding.step(10.0, 10.0, &attack, 10.0, &mut generator);
            }
            [commanding.unauthorised - before.unauthorised, commanding.rejected - before.rejected]
        };
        // Of 500: 200 executed, 300 rejected, each within five standard deviations.
        let [executed, rejected] = attacked(&mut commanding);
        assert!((130..270).contains(&executed) && (210..390).contains(&rejected), "{executed}, {rejected}");
        assert_eq!(commanding.counter_gap(), executed);
        commanding.is_rekeyed = true;
        let [executed, rejected] = attacked(&mut commanding);
        assert!(executed == 0 && rejected > 380);
        let genuine = commanding.executed;
        commanding.is_locked = true;
        assert_eq!(attacked(&mut commanding)[0], 0);
        assert_eq!(commanding.executed, genuine, "the owner's commands wait too");
    }

    #[test]
    fn a_thin_margin_rejects_and_none_is_silence() {
        let mut generator = Generator::seed_from_u64(2);
        let received = |margin_db: f64, generator: &mut Generator| {
            let mut commanding = commanding();
            for _ in 0..1_000 {
                commanding.step(margin_db, 1.0, &FalseCommands::default(), 10.0, generator);
            }
            (commanding.executed, commanding.rejected)
        };
        let (executed, rejected) = received(-2.0, &mut generator);
        let share = f64::from(rejected) / f64::from(executed + rejected);
        assert!((share - garbled_share(-2.0, 512.0)).abs() < 0.08, "{share}");
        assert_eq!(received(-7.0, &mut generator), (0, 0));
    }
}
