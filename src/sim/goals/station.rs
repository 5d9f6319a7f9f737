//! Keeping a station: seconds within a cone about a direction from the target, and within a band of range.

use super::inspection::Look;
use crate::astro::Vector3;

/// Where the station is, and for how long it has to be held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// The cone's axis, from the target.
    pub direction: Axis,
    /// The cone's half angle [rad].
    pub half_angle_rad: f64,
    /// Least and greatest distance from the target [m].
    pub range_m: [f64; 2],
    /// Time to be spent on station, in all [s].
    pub seconds: f64,
}

/// The axis of a station.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    /// Towards the Sun: on station, the Sun is blocked (or at the back of the one that looks).
    Sun,
    /// A unit vector in the target's RTN frame.
    Rtn(Vector3),
}

/// Moments of a segment that are looked at.
const SAMPLES: u32 = 8;

impl Station {
    /// Unit vector of the cone's axis, target's RTN.
    #[must_use]
    pub fn axis_rtn(&self, sun_rtn: &Vector3) -> Vector3 {
        match self.direction {
            Axis::Sun => *sun_rtn,
            Axis::Rtn(direction) => direction,
        }
    }

    /// Whether a position is on station. Whether the Sun is behind the Earth does not count.
    #[must_use]
    pub fn holds(&self, look: &Look) -> bool {
        let distance_m = look.position_rtn_m.norm();
        let [least_m, greatest_m] = self.range_m;
        let along_m = self.axis_rtn(&look.sun_rtn).dot(&look.position_rtn_m);
        (least_m..=greatest_m).contains(&distance_m) && along_m >= distance_m * libm::cos(self.half_angle_rad)
    }

    /// Adds the time on station within a segment's first `lasted_s` to `held_s`; gives the time [s] at which it is enough.
    ///
    /// Eighths of it are looked at, so that a passage is counted to within an eighth of a segment.
    pub(super) fn count(&self, held_s: &mut f64, lasted_s: f64, look: impl Fn(f64) -> Look) -> Option<f64> {
        let share_s = lasted_s / f64::from(SAMPLES);
        for sample in 1..=SAMPLES {
            let time_s = f64::from(sample) * share_s;
            if self.holds(&look(time_s)) {
                *held_s += share_s;
                // A sum of many eighths may miss the whole by their rounding.
                if *held_s >= self.seconds * (1.0 - 1e-12) {
                    return Some(time_s);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position_rtn_m: Vector3) -> Look {
        Look { position_rtn_m, sun_rtn: Vector3::y(), sunlit: true }
    }

    fn station(direction: Axis) -> Station {
        Station { direction, half_angle_rad: 0.2, range_m: [50.0, 150.0], seconds: 60.0 }
    }

    #[test]
    fn a_station_is_a_piece_of_a_cone() {
        let sunward = station(Axis::Sun);
        assert!(sunward.holds(&at(Vector3::new(0.0, 100.0, 0.0))));
        assert!(sunward.holds(&at(Vector3::new(0.0, 100.0, 19.0))));
        for outside in [[0.0, 100.0, 21.0], [0.0, -100.0, 0.0], [0.0, 49.0, 0.0], [0.0, 151.0, 0.0]] {
            assert!(!sunward.holds(&at(outside.into())), "{outside:?}");
        }
        assert!(station(Axis::Rtn(-Vector3::x())).holds(&at(Vector3::new(-100.0, 0.0, 10.0))));
    }

    #[test]
    fn time_on_station_adds_up_to_the_moment_at_which_it_is_enough() {
        // Enters the cone after half of each segment of 16 s, and leaves it at its end: 8 s a segment.
        let passing = |time_s: f64| at(Vector3::new(0.0, if time_s > 8.0 { 100.0 } else { 10.0 }, 0.0));
        let (station, mut held_s) = (station(Axis::Sun), 0.0);
        for segment in 1..=7 {
            assert_eq!(station.count(&mut held_s, 16.0, passing), None);
            assert_eq!(held_s, 8.0 * f64::from(segment));
        }
        assert_eq!(station.count(&mut held_s, 16.0, passing), Some(12.0));
    }
}
