//! What the risk is told from: one table of inputs, from which code, files and documentation are made.

use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::{CHANNELS, TABLE, index_of};
use crate::telemetry::scaling::Scaling;

/// Inputs of a [`RiskModel`](super::RiskModel).
pub const RISK_INPUTS: usize = ThreatClass::ALL.len() + READINGS.len() + 1 + PRODUCTS.len();
/// Time until closest approach at which imminence has fallen to 1/e [s].
const IMMINENT_S: f64 = 1_800.0;

/// The channels that count for themselves, with what they tell of risk: their newest measured values, drawn together and scaled as in
/// a tile; 0 where nothing was measured.
pub static READINGS: [(&str, &str); 14] = [
    ("log10_collision_probability", "how probable a collision is at the next approach"),
    ("time_of_closest_approach", "how soon that is"),
    ("mahalanobis_miss", "how far it passes, in standard deviations"),
    ("range", "how near it is"),
    ("range_rate", "how fast it closes: below 0 where it does"),
    ("acceleration", "capability: how hard it can thrust"),
    ("cumulative_delta_v", "capability: how much it has spent"),
    ("uplink_cn0", "margin of the uplink"),
    ("downlink_cn0", "margin of the downlink"),
    ("gnss_cn0", "margin of the navigation signals"),
    ("focal_plane_saturation", "how blind we are"),
    ("rejected_commands", "how often commands are tried on us"),
    ("command_counter_gap", "whether commands reach us that we did not send"),
    ("navigation_offset", "how wrong we are about where we are"),
];

/// What each class's probability is multiplied by, since a reading means more where it is what that class does harm by.
static PRODUCTS: [(ThreatClass, Factor); 18] = [
    (ThreatClass::Conjunction, Factor::Reading("log10_collision_probability")),
    (ThreatClass::Conjunction, Factor::Reading("mahalanobis_miss")),
    (ThreatClass::Conjunction, Factor::Imminence),
    (ThreatClass::Inspection, Factor::Reading("range")),
    (ThreatClass::Shadowing, Factor::Reading("range")),
    (ThreatClass::KineticIntercept, Factor::Reading("range_rate")),
    (ThreatClass::KineticIntercept, Factor::Reading("mahalanobis_miss")),
    (ThreatClass::KineticIntercept, Factor::Imminence),
    (ThreatClass::UplinkJamming, Factor::Reading("uplink_cn0")),
    (ThreatClass::DownlinkJamming, Factor::Reading("downlink_cn0")),
    (ThreatClass::DownlinkJamming, Factor::Reading("gnss_cn0")),
    (ThreatClass::LaserDazzle, Factor::Reading("focal_plane_saturation")),
    (ThreatClass::CyberSpoofing, Factor::Reading("command_counter_gap")),
    (ThreatClass::CyberSpoofing, Factor::Reading("navigation_offset")),
    (ThreatClass::Grapple, Factor::Reading("range")),
    (ThreatClass::Grapple, Factor::Imminence),
    (ThreatClass::SubsatelliteRelease, Factor::Reading("log10_collision_probability")),
    (ThreatClass::Fragmentation, Factor::Reading("log10_collision_probability")),
];

/// What a probability is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Factor {
    /// A channel of [`READINGS`].
    Reading(&'static str),
    /// How soon an approach comes.
    Imminence,
}

/// The inputs of one window, in the order of [`names`].
#[derive(Clone, Debug, PartialEq)]
pub struct RiskInputs(pub [f64; RISK_INPUTS]);

impl RiskInputs {
    /// Of a posterior and the newest measured value of each channel (NaN where there is none), read through a detector's scaling.
    ///
    /// In order: the 12 probabilities; the readings; imminence, exp(-t / 30 min) of the time t until closest approach, 0 where none is
    /// ahead; the products. Not finite only where the posterior is not.
    #[must_use]
    pub fn of(posterior: &[f64; ThreatClass::ALL.len()], newest_measured: &[f64; CHANNELS], scaling: &Scaling) -> Self {
        let reading = |name: &str| {
            let Some(channel) = index_of(name) else { return 0.0 };
            let value = newest_measured[channel];
            let drawn_together = (!value.is_nan()).then(|| TABLE[channel].spread.apply(value));
            f64::from(scaling.tile[0][channel].scale(drawn_together))
        };
        let ahead_s = time_until_approach_s(newest_measured);
        let imminence = ahead_s.map_or(0.0, |ahead_s| libm::exp(-ahead_s / IMMINENT_S));
        let product = |(class, factor): &(ThreatClass, Factor)| {
            posterior[class.index()]
                * match factor {
                    Factor::Reading(name) => reading(name),
                    Factor::Imminence => imminence,
                }
        };
        let mut inputs = [0.0; RISK_INPUTS];
        let readings = READINGS.iter().map(|(name, _)| reading(name));
        let all = posterior.iter().copied().chain(readings).chain([imminence]).chain(PRODUCTS.iter().map(product));
        inputs.iter_mut().zip(all).for_each(|(input, value)| *input = value);
        Self(inputs)
    }
}

/// Time until a closest approach that is still ahead [s].
#[must_use]
pub fn time_until_approach_s(newest_measured: &[f64; CHANNELS]) -> Option<f64> {
    let time_s = newest_measured[index_of("time_of_closest_approach")?];
    (time_s > 0.0 && time_s.is_finite()).then_some(time_s)
}

/// The names of the inputs, in order, as files have them: `grapple`, `range`, `imminence`, `grapple × range`.
#[must_use]
pub fn names() -> Vec<String> {
    let classes = ThreatClass::ALL.iter().map(|class| class.name().to_owned());
    let readings = READINGS.iter().map(|(name, _)| (*name).to_owned());
    let products = PRODUCTS.iter().map(|(class, factor)| match factor {
        Factor::Reading(name) => format!("{} × {name}", class.name()),
        Factor::Imminence => format!("{} × imminence", class.name()),
    });
    classes.chain(readings).chain(["imminence".to_owned()]).chain(products).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::telemetry::features::FEATURES;
    use crate::telemetry::scaling::Extent;

    pub(in super::super) fn unit_scaling() -> Scaling {
        Scaling { tile: vec![[Extent::UNIT; CHANNELS]; 3], features: vec![Extent::UNIT; FEATURES] }
    }

    pub(in super::super) fn certain_of(class: ThreatClass) -> [f64; 12] {
        std::array::from_fn(|index| f64::from(u8::from(index == class.index())))
    }

    #[test]
    fn every_input_has_a_name_and_every_reading_is_a_channel() {
        let names: BTreeSet<String> = names().into_iter().collect();
        assert_eq!(names.len(), RISK_INPUTS);
        for (name, meaning) in &READINGS {
            assert!(index_of(name).is_some() && !meaning.is_empty(), "{name}");
        }
        for (class, factor) in &PRODUCTS {
            let Factor::Reading(reading) = factor else { continue };
            assert!(READINGS.iter().any(|(name, _)| name == reading), "{class:?} × {reading}");
        }
    }

    #[test]
    fn inputs_are_what_their_names_say() {
        let mut newest = [f64::NAN; CHANNELS];
        newest[0] = 999.0;
        newest[11] = 1_800.0;
        let RiskInputs(inputs) = RiskInputs::of(&certain_of(ThreatClass::Grapple), &newest, &unit_scaling());
        let told = |name: &str| inputs[names().iter().position(|known| known == name).expect(name)];
        assert_eq!((told("grapple"), told("nominal")), (1.0, 0.0));
        // log10(1 + 999 m / 1 m)
        assert!((told("range") - 3.0).abs() < 1e-6);
        assert!((told("grapple × range") - 3.0).abs() < 1e-6 && told("inspection × range") == 0.0);
        assert!((told("imminence") - (-1.0_f64).exp()).abs() < 1e-12);
        assert_eq!((told("uplink_cn0"), told("log10_collision_probability")), (0.0, 0.0), "never measured");
        newest[11] = -5.0;
        let RiskInputs(past) = RiskInputs::of(&certain_of(ThreatClass::Grapple), &newest, &unit_scaling());
        assert_eq!(past[12 + READINGS.len()], 0.0, "an approach that is over is not imminent");
        let RiskInputs(nothing) = RiskInputs::of(&[0.0; 12], &[f64::NAN; CHANNELS], &unit_scaling());
        assert_eq!(nothing, [0.0; RISK_INPUTS]);
    }
}
