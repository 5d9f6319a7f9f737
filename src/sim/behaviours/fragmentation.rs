//! Breaks up.

use rand_distr::{Distribution as _, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::countdown;
use super::{Act, Behaviour, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::release::{Datum, MOST_CHILDREN, Release};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Breaks up after a while; what is left tumbles, and never burns again.
///
/// Each fragment takes a spare slot of the team. Its Δv relative to the whole has a direction uniform on the sphere and a speed
/// log₁₀ Δv ~ N(μ, 0.4), μ = 0.9 χ + 2.9 after a collision and 0.2 χ + 1.85 after an explosion, χ = log₁₀ of its area over its mass
/// [m²/kg] and Δv in m/s. The remains recoil, so that momentum is conserved. Before, it coasts.
/// Source: Johnson, Krisko, Liou and Anz-Meador, NASA's new breakup model of EVOLVE 4.0, Advances in Space Research 28, 2001,
/// equations 11 and 12.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Fragmentation {
    /// Time from its beginning to the break-up [s].
    pub delay_s: Distribution,
    /// Fragments, beside the remains; rounded, 1 to 6, and no more than there are spare slots [-].
    pub fragments: Distribution,
    /// Why it breaks up, which tells how fast the fragments are.
    pub cause: BreakupCause,
    /// Area over mass of a fragment, drawn for each [m²/kg].
    pub area_to_mass_m2_kg: Distribution,
    /// Rate at which remains and fragments tumble [rad/s].
    pub tumble_rad_s: Distribution,
}

/// Why something breaks up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BreakupCause {
    /// A battery or a tank bursts.
    #[default]
    Explosion,
    /// Something has hit it at kilometres a second.
    Collision,
}

impl BreakupCause {
    /// Mean of log₁₀ of the speed [m/s] at χ = log₁₀ of area over mass [m²/kg].
    fn mean_log_speed(self, chi: f64) -> f64 {
        match self {
            Self::Collision => 0.9 * chi + 2.9,
            Self::Explosion => 0.2 * chi + 1.85,
        }
    }
}

/// Standard deviation of log₁₀ of the speed [-].
const LOG_SPEED_SIGMA: f64 = 0.4;

impl Default for Fragmentation {
    fn default() -> Self {
        Self {
            delay_s: Distribution::Uniform(60.0, 1_200.0),
            fragments: Distribution::Uniform(3.0, 6.0),
            cause: BreakupCause::Explosion,
            // The middle of what the same model gives fragments of a spacecraft above 10 cm.
            area_to_mass_m2_kg: Distribution::LogUniform(0.01, 0.3),
            tumble_rad_s: Distribution::LogUniform(0.05, 2.0),
        }
    }
}

impl Fragmentation {
    /// The velocity of a fragment relative to the whole [m/s].
    fn velocity_m_s(&self, generator: &mut Generator) -> Vector3 {
        let chi = libm::log10(self.area_to_mass_m2_kg.sample(generator));
        let normal: f64 = StandardNormal.sample(generator);
        let speed_m_s = libm::pow(10.0, self.cause.mean_log_speed(chi) + LOG_SPEED_SIGMA * normal);
        let vector: Vector3 = Vector3::from_fn(|_, _| StandardNormal.sample(generator));
        vector.try_normalize(1e-9).unwrap_or_else(Vector3::x) * speed_m_s
    }
}

impl Behaviour for Fragmentation {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.delay_s.sample(generator);
        memory.parameters[1] = self.fragments.sample(generator).round().clamp(1.0, MOST_CHILDREN as f64);
        memory.parameters[2] = self.tumble_rad_s.sample(generator);
        memory
    }

    fn accelerate(&self, _view: &View, _memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        Vector3::zeros()
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        let [delay_s, fragments, tumble_rad_s, ..] = memory.parameters;
        if !countdown::fires(memory, delay_s, view.time_s) {
            return Act::default();
        }
        let count = fragments as usize;
        let mut velocities_rtn_m_s = [Vector3::zeros(); MOST_CHILDREN];
        for velocity in &mut velocities_rtn_m_s[..count] {
            *velocity = self.velocity_m_s(generator);
        }
        let pieces = Release { count, velocities_rtn_m_s, relative_to: Datum::Whole, tumble_rad_s };
        Act { release: Some(pieces), ..Act::default() }
    }

    fn class(&self, memory: &Memory, _time_s: f64) -> ThreatClass {
        if countdown::is_done(memory) { ThreatClass::Fragmentation } else { ThreatClass::Nominal }
    }

    fn needs(&self) -> Needs {
        // As many as it has at least: what is drawn above the spare slots is cut to them.
        let least = self.fragments.bounds().0.round().clamp(1.0, MOST_CHILDREN as f64);
        Needs { spare_slots: least as usize, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("delay_s", self.delay_s.fault_outside(0.0, f64::MAX)),
            ("fragments", self.fragments.fault_outside(1.0, MOST_CHILDREN as f64)),
            ("area_to_mass_m2_kg", self.area_to_mass_m2_kg.fault_outside(1e-4, 100.0)),
            ("tumble_rad_s", self.tumble_rad_s.fault_outside(0.0, 100.0)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn speeds_have_the_median_and_the_spread_of_the_model() {
        for (cause, chi, expected) in [
            (BreakupCause::Explosion, -1.0, 1.65),
            (BreakupCause::Explosion, 0.0, 1.85),
            (BreakupCause::Collision, -1.0, 2.0),
            (BreakupCause::Collision, -2.0, 1.1),
        ] {
            let area_to_mass_m2_kg = Distribution::Fixed(libm::pow(10.0, chi));
            let behaviour = Fragmentation { cause, area_to_mass_m2_kg, ..Fragmentation::default() };
            let mut generator = Generator::seed_from_u64(4);
            const DRAWS: usize = 20_000;
            let logs: Vec<f64> = (0..DRAWS).map(|_| behaviour.velocity_m_s(&mut generator).norm().log10()).collect();
            let mean = logs.iter().sum::<f64>() / DRAWS as f64;
            let variance = logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / DRAWS as f64;
            // Four standard errors: 0.4/√20000 = 0.0028 and 0.4/√40000 = 0.002.
            assert!((mean - expected).abs() < 0.0113, "{cause:?} at {chi}: {mean}");
            assert!((variance.sqrt() - 0.4).abs() < 0.008, "{cause:?} at {chi}: {}", variance.sqrt());
        }
    }

    #[test]
    fn breaks_up_once_and_never_burns() {
        let behaviour = Fragmentation { delay_s: Distribution::Fixed(45.0), ..Fragmentation::default() };
        assert!(behaviour.faults().is_empty());
        assert_eq!(behaviour.needs(), Needs { spare_slots: 3, ..Needs::default() });
        let mut generator = Generator::seed_from_u64(1);
        let mut memory = behaviour.begin(&mut generator);
        let mut view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        let mut broken_at = Vec::new();
        for time_s in (0..30).map(|segment| 10.0 * f64::from(segment)) {
            view.time_s = time_s;
            let act = behaviour.act(&view, &mut memory, &mut generator);
            assert_eq!(act.acceleration_rtn_m_s2, Vector3::zeros());
            if let Some(pieces) = act.release {
                broken_at.push(time_s);
                assert!((3..=6).contains(&pieces.count) && pieces.tumble_rad_s >= 0.05);
                let moving = pieces.velocities_rtn_m_s.iter().filter(|velocity| velocity.norm() > 0.0).count();
                assert_eq!(moving, pieces.count);
            }
            let class = if time_s < 50.0 { ThreatClass::Nominal } else { ThreatClass::Fragmentation };
            assert_eq!(behaviour.class(&memory, time_s), class);
        }
        assert_eq!(broken_at, [50.0]);
    }
}
