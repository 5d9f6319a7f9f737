//! What a sensor reports.

use nalgebra::{Matrix4, Vector4};
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::SensorKind;
use crate::astro::Vector3;
use crate::sim::seeds::Generator;

/// One detection of one target, with the noise that the sensor states of itself.
///
/// As a vector its entries are: 0 the angle across, along the azimuth [rad]; 1 the angle in elevation [rad]; 2 range [m];
/// 3 range rate [m/s]. All errors are independent and Gaussian.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// What made it.
    pub kind: SensorKind,
    /// Direction to the target.
    pub direction: Option<Direction>,
    /// Range [m].
    pub range_m: Option<Reading>,
    /// Range rate [m/s], positive when the two part.
    pub range_rate_m_s: Option<Reading>,
    /// How strong the target's signal was; not a part of the vector, and no filter uses it.
    pub signal: Option<Signal>,
}

/// How strong a target's signal was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Signal {
    /// Radar cross-section of this look, by the radar range equation at the measured range.
    CrossSection {
        /// Cross-section [m²].
        m2: f64,
    },
    /// Brightness as it was seen, its error included.
    Magnitude {
        /// Apparent visual magnitude [-].
        apparent: f64,
    },
}

/// A number with the standard deviation of its error, in the same unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What was measured.
    pub value: f64,
    /// One standard deviation.
    pub sigma: f64,
}

impl Reading {
    /// `truth` with a drawn error.
    #[must_use]
    pub fn of(truth: f64, sigma: f64, generator: &mut Generator) -> Self {
        let normal: f64 = StandardNormal.sample(generator);
        Self { value: truth + sigma * normal, sigma }
    }
}

/// A direction in own RTN, with an error that is alike on all sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// From R towards T [rad], -π to π.
    pub azimuth_rad: f64,
    /// From the R-T plane towards N [rad].
    pub elevation_rad: f64,
    /// One standard deviation of the angle on each of two axes across the line of sight [rad].
    pub sigma_rad: f64,
}

impl Direction {
    /// The direction of a vector (own RTN, not zero), taken as free of error.
    #[must_use]
    pub fn along(vector_rtn: &Vector3, sigma_rad: f64) -> Self {
        let across = libm::hypot(vector_rtn.x, vector_rtn.y);
        Self {
            azimuth_rad: libm::atan2(vector_rtn.y, vector_rtn.x),
            elevation_rad: libm::atan2(vector_rtn.z, across),
            sigma_rad,
        }
    }

    /// `line_of_sight` (unit, own RTN) with a drawn error.
    #[must_use]
    pub fn of(line_of_sight: &Vector3, sigma_rad: f64, generator: &mut Generator) -> Self {
        let [_, azimuthal, upward] = Self::along(line_of_sight, sigma_rad).axes();
        let (first, second): (f64, f64) = (StandardNormal.sample(generator), StandardNormal.sample(generator));
        Self::along(&(line_of_sight + (azimuthal * first + upward * second) * sigma_rad), sigma_rad)
    }

    /// The unit vector along the direction, that of growing azimuth and that of growing elevation, own RTN.
    ///
    /// They stay orthonormal at the poles too, where an azimuth error has no meaning but an error across has.
    #[must_use]
    pub fn axes(&self) -> [Vector3; 3] {
        let (sine_azimuth, cosine_azimuth) = libm::sincos(self.azimuth_rad);
        let (sine_elevation, cosine_elevation) = libm::sincos(self.elevation_rad);
        [
            Vector3::new(cosine_elevation * cosine_azimuth, cosine_elevation * sine_azimuth, sine_elevation),
            Vector3::new(-sine_azimuth, cosine_azimuth, 0.0),
            Vector3::new(-sine_elevation * cosine_azimuth, -sine_elevation * sine_azimuth, cosine_elevation),
        ]
    }
}

impl Measurement {
    /// Which of the four entries are there.
    #[must_use]
    pub fn present(&self) -> [bool; 4] {
        let direction = self.direction.is_some();
        [direction, direction, self.range_m.is_some(), self.range_rate_m_s.is_some()]
    }

    /// Number of entries that are there: the degrees of freedom of its innovation.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.present().into_iter().filter(|present| *present).count()
    }

    /// Covariance of the errors (R), in the order of the entries; 1 on the diagonal for an entry that is not there.
    #[must_use]
    pub fn covariance(&self) -> Matrix4<f64> {
        let angle = self.direction.map_or(1.0, |direction| direction.sigma_rad);
        let sigma = |reading: Option<Reading>| reading.map_or(1.0, |reading| reading.sigma);
        let sigmas = Vector4::new(angle, angle, sigma(self.range_m), sigma(self.range_rate_m_s));
        Matrix4::from_diagonal(&sigmas.component_mul(&sigmas))
    }

    /// This measurement and another of the same time and target as one, each entry weighted by the inverse of its variance: a filter
    /// makes of it what it would make of both in turn, to first order in the angle between the two directions. Signals stay apart.
    #[must_use]
    pub fn joined(&self, other: &Self) -> Self {
        let weight = |sigma: f64| 1.0 / (sigma * sigma);
        let reading = |one: Option<Reading>, other: Option<Reading>| match (one, other) {
            (Some(one), Some(other)) => {
                let [a, b] = [one, other].map(|reading| weight(reading.sigma));
                Some(Reading { value: (a * one.value + b * other.value) / (a + b), sigma: 1.0 / (a + b).sqrt() })
            }
            (one, other) => one.or(other),
        };
        let direction = match (&self.direction, &other.direction) {
            (Some(one), Some(other)) => {
                let [a, b] = [one, other].map(|direction| weight(direction.sigma_rad));
                let sum = one.axes()[0] * a + other.axes()[0] * b;
                Some(Direction::along(&sum, 1.0 / (a + b).sqrt()))
            }
            (one, other) => one.or(*other),
        };
        Self {
            direction,
            range_m: reading(self.range_m, other.range_m),
            range_rate_m_s: reading(self.range_rate_m_s, other.range_rate_m_s),
            signal: None,
            ..*self
        }
    }

    /// Whether every number in it is finite, and every standard deviation above zero.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let sound = |value: f64, sigma: f64| value.is_finite() && sigma.is_finite() && sigma > 0.0;
        self.time_s.is_finite()
            && self.direction.is_none_or(|direction| {
                sound(direction.azimuth_rad, direction.sigma_rad) && direction.elevation_rad.is_finite()
            })
            && self.range_m.is_none_or(|range| sound(range.value, range.sigma))
            && self.range_rate_m_s.is_none_or(|rate| sound(rate.value, rate.sigma))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_error_of_a_direction_is_alike_on_all_sides_at_the_pole_too() {
        let sigma_rad = 1e-3;
        for sight in [Vector3::z(), Vector3::new(0.6, -0.8, 0.0), Vector3::new(-0.6, 0.0, -0.8)] {
            let mut generator = Generator::seed_from_u64(3);
            let count = 20_000;
            let mut spread = nalgebra::Matrix3::zeros();
            for _ in 0..count {
                let error = Direction::of(&sight, sigma_rad, &mut generator).axes()[0] - sight;
                spread += error * error.transpose() / f64::from(count);
            }
            let expected = (nalgebra::Matrix3::identity() - sight * sight.transpose()) * (sigma_rad * sigma_rad);
            // The spread of a variance over 20,000 draws is 1 %.
            assert!((spread - expected).abs().max() < 0.05 * sigma_rad * sigma_rad, "{sight} {spread}");
        }
    }

    proptest! {
        #[test]
        fn axes_are_orthonormal_and_angles_come_back(vector in prop::array::uniform3(-1.0..1.0f64)) {
            let vector = Vector3::from(vector);
            prop_assume!(vector.norm() > 1e-3);
            let [along, azimuthal, upward] = Direction::along(&vector, 1.0).axes();
            prop_assert!((along - vector.normalize()).norm() < 1e-14);
            prop_assert!((along.cross(&azimuthal) - upward).norm() < 1e-14);
        }
    }
}
