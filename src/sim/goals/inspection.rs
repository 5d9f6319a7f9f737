//! Inspection under sunlight: points on a sphere about the target, each seen once when it is near, in front and lit.

use std::f64::consts::PI;
use std::sync::OnceLock;

use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::astro::Vector3;
use crate::sim::seeds::Generator;

/// Points at most: a mask of them is one word.
pub const MOST_POINTS: usize = 128;

/// What has to be inspected, and what it takes to inspect a point.
///
/// The points lie on a sphere about the target and keep their places in its RTN frame. Source: van Wijk, Dunlap, Majji and
/// Hobbs, Deep reinforcement learning for autonomous spacecraft inspection using illumination, AAS 23-342, 2023; weights
/// and the threshold of 0.95 are those of the same laboratory's weighted task (safe-autonomy-sims,
/// `weighted_translational_inspection`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inspection {
    /// Points.
    pub points: usize,
    /// Radius of the sphere [m].
    pub sphere_radius_m: f64,
    /// Whether weights fall with the angle from a priority direction, drawn an episode; all alike otherwise.
    pub weighted: bool,
    /// Share of the weight that is success at the time limit.
    pub share: f64,
    /// Share of the weight that is success at once.
    pub complete_share: f64,
    /// Greatest distance from which a point is made out [m]; infinite where any will do.
    pub range_m: f64,
    /// Half angle of the sensor's cone, which is held on the target's centre [rad].
    pub half_angle_rad: f64,
    /// Greatest angle between a point's normal and the Sun at which it is lit [rad].
    pub sun_angle_rad: f64,
}

/// What has been inspected so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// A bit a point.
    pub points: u128,
    /// Their weight, of 1 in all.
    pub share: f64,
    /// Direction of the points that weigh most, a unit vector in the target's RTN frame.
    pub priority_rtn: Vector3,
    /// Sum of the weights before they are divided by it.
    total: f64,
}

/// A look at the target, in the target's RTN frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Position of the one that looks, from the target's centre [m].
    pub position_rtn_m: Vector3,
    /// Unit vector to the Sun.
    pub sun_rtn: Vector3,
    /// Whether the target is outside the Earth's shadow.
    pub sunlit: bool,
}

/// Unit vectors to `count` points spread evenly over a sphere, at most [`MOST_POINTS`].
///
/// z = 1 - (2 i + 1) / N, the longitude growing by the golden angle π (3 - √5) from point to point.
/// Source: González, Measurement of areas on a sphere using Fibonacci and latitude-longitude lattices, Mathematical
/// Geosciences 42, 2010.
#[must_use]
pub fn directions(count: usize) -> &'static [Vector3] {
    static LATTICES: [OnceLock<Vec<Vector3>>; MOST_POINTS + 1] = [const { OnceLock::new() }; MOST_POINTS + 1];
    let count = count.min(MOST_POINTS);
    LATTICES[count].get_or_init(|| {
        let golden_rad = PI * (3.0 - 5.0_f64.sqrt());
        let point = |index: usize| {
            let height = 1.0 - (2 * index + 1) as f64 / count as f64;
            let (sine, cosine) = libm::sincos(golden_rad * index as f64);
            let radius = (1.0 - height * height).sqrt();
            Vector3::new(radius * cosine, radius * sine, height)
        };
        (0..count).map(point).collect()
    })
}

impl Inspection {
    /// Unit vectors to the points, target's RTN.
    #[must_use]
    pub fn directions(&self) -> &'static [Vector3] {
        directions(self.points)
    }

    /// Whether a point is in sight: on the near side, within range and within the sensor's cone.
    ///
    /// A point p = R n of the sphere is on the near side of the plane that touches it there where n · r > R.
    #[must_use]
    pub fn sees(&self, position_rtn_m: &Vector3, normal: &Vector3) -> bool {
        if normal.dot(position_rtn_m) <= self.sphere_radius_m {
            return false;
        }
        let line = normal * self.sphere_radius_m - position_rtn_m;
        let distance_m = line.norm();
        if distance_m > self.range_m {
            return false;
        }
        // Beyond a right angle a cone about the centre holds all of the near side.
        if self.half_angle_rad >= 0.5 * PI {
            return true;
        }
        let cosine = -line.dot(position_rtn_m) / (distance_m * position_rtn_m.norm());
        cosine >= libm::cos(self.half_angle_rad)
    }

    /// Whether the Sun shines on a point.
    #[must_use]
    pub fn lights(&self, sun_rtn: &Vector3, normal: &Vector3) -> bool {
        // The far side is dark whatever angle is asked for, and so is a point that the light grazes.
        let cosine = normal.dot(sun_rtn);
        cosine > 0.0 && cosine >= libm::cos(self.sun_angle_rad)
    }

    /// Weight of a point before division by the sum of all: 1 - angle / π from the priority direction.
    fn raw_weight(&self, priority_rtn: &Vector3, normal: &Vector3) -> f64 {
        if self.weighted { 1.0 - libm::acos(priority_rtn.dot(normal).clamp(-1.0, 1.0)) / PI } else { 1.0 }
    }
}

impl Inspected {
    /// Nothing yet; draws the priority direction, uniform on the sphere.
    pub(crate) fn start(inspection: &Inspection, generator: &mut Generator) -> Self {
        let priority_rtn = loop {
            let normal = Vector3::from_fn(|_, _| StandardNormal.sample(generator));
            if let Some(direction) = normal.try_normalize(1e-9) {
                break direction;
            }
        };
        let total =
            inspection.directions().iter().map(|normal| inspection.raw_weight(&priority_rtn, normal)).sum::<f64>();
        Self { points: 0, share: 0.0, priority_rtn, total }
    }

    /// The points that are not inspected: unit vector and weight, of 1 over all points.
    pub fn left<'a>(&self, inspection: &'a Inspection) -> impl Iterator<Item = (&'static Vector3, f64)> + use<'a> {
        let Self { points, priority_rtn, total, .. } = *self;
        let left = inspection.directions().iter().enumerate().filter(move |(index, _)| points >> index & 1 == 0);
        left.map(move |(_, normal)| (normal, inspection.raw_weight(&priority_rtn, normal) / total))
    }

    /// Adds the points that are inspected by a look.
    pub fn look(&mut self, inspection: &Inspection, look: &Look) {
        if !look.sunlit {
            return;
        }
        for (index, normal) in inspection.directions().iter().enumerate() {
            let new = self.points >> index & 1 == 0;
            if new && inspection.lights(&look.sun_rtn, normal) && inspection.sees(&look.position_rtn_m, normal) {
                self.points |= 1 << index;
                self.share += inspection.raw_weight(&self.priority_rtn, normal) / self.total;
            }
        }
        // A sum of a hundred roundings would miss 1 by some 1e-15.
        if self.points.count_ones() as usize == inspection.points {
            self.share = 1.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    pub(crate) const AFRL: Inspection = Inspection {
        points: 100,
        sphere_radius_m: 10.0,
        weighted: true,
        share: 0.95,
        complete_share: 1.0,
        range_m: f64::INFINITY,
        half_angle_rad: PI,
        sun_angle_rad: 0.5 * PI,
    };

    fn begin(inspection: &Inspection, seed: u64) -> Inspected {
        Inspected::start(inspection, &mut Generator::seed_from_u64(seed))
    }

    #[test]
    fn points_are_unit_vectors_spread_evenly() {
        let points = directions(100);
        assert_eq!(points.len(), 100);
        assert!(points.iter().all(|point| (point.norm() - 1.0).abs() < 1e-12));
        // Evenly spread points balance, and each has a neighbour at about √(4π/100) = 0.35 rad, none much nearer.
        assert!(points.iter().sum::<Vector3>().norm() < 1.0);
        for (index, point) in points.iter().enumerate() {
            let others = points.iter().enumerate().filter(|(other, _)| *other != index);
            let nearest_rad = others.map(|(_, other)| point.angle(other)).fold(f64::INFINITY, f64::min);
            assert!((0.2..0.45).contains(&nearest_rad), "point {index}: {nearest_rad}");
        }
    }

    #[test]
    fn weights_sum_to_one_and_fall_with_the_angle_from_the_priority() {
        let inspected = begin(&AFRL, 3);
        let left: Vec<_> = inspected.left(&AFRL).collect();
        assert!((left.iter().map(|(_, weight)| weight).sum::<f64>() - 1.0).abs() < 1e-12);
        let mut by_angle: Vec<(f64, f64)> =
            left.iter().map(|(normal, weight)| (normal.angle(&inspected.priority_rtn), *weight)).collect();
        by_angle.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(by_angle.windows(2).all(|pair| pair[1].1 <= pair[0].1 + 1e-15));
        let even = Inspection { weighted: false, ..AFRL };
        assert!(begin(&even, 3).left(&even).all(|(_, weight)| (weight - 0.01).abs() < 1e-15));
    }

    #[test]
    fn a_point_is_inspected_only_in_front_lit_near_and_in_the_cone() {
        let sun_rtn = Vector3::x();
        let look = |inspection: &Inspection, position_rtn_m: Vector3, sunlit: bool| {
            let mut inspected = begin(inspection, 1);
            inspected.look(inspection, &Look { position_rtn_m, sun_rtn, sunlit });
            inspected
        };
        let from_the_sun = Vector3::new(50.0, 0.0, 0.0);
        let seen = look(&AFRL, from_the_sun, true);
        // The cap within acos(R/r) of the Sun's direction: cos 78.5° = 0.2, of area (1 - 0.2) / 2 = 40 of 100 points.
        let expected = directions(100).iter().filter(|normal| normal.x > 0.2).count() as u32;
        assert_eq!(seen.points.count_ones(), expected);
        assert!((36..=44).contains(&expected), "{expected}");
        let weight_left: f64 = seen.left(&AFRL).map(|(_, weight)| weight).sum();
        assert!((seen.share + weight_left - 1.0).abs() < 1e-12);
        // From behind, in the Earth's shadow, from afar and through a keyhole nothing or less is seen.
        assert_eq!(look(&AFRL, -from_the_sun, true).points, 0);
        assert_eq!(look(&AFRL, from_the_sun, false).points, 0);
        let short = Inspection { range_m: 39.0, ..AFRL };
        assert_eq!(look(&short, from_the_sun, true).points, 0);
        // Half of the sphere's apparent radius: atan(0.1) reaches to within 5 m of the axis or so.
        let narrow = Inspection { half_angle_rad: 0.1, ..AFRL };
        let in_the_keyhole = look(&narrow, from_the_sun, true).points.count_ones();
        assert!(in_the_keyhole > 0 && in_the_keyhole < expected / 3, "{in_the_keyhole}");
        let steep = Inspection { sun_angle_rad: 0.5, ..AFRL };
        assert!(look(&steep, from_the_sun, true).points.count_ones() < expected / 2);
        // Inside the sphere there is nothing to see.
        assert_eq!(look(&AFRL, Vector3::new(5.0, 0.0, 0.0), true).points, 0);
    }

    #[test]
    fn a_turn_with_the_sun_inspects_all_and_the_share_becomes_one() {
        let mut inspected = begin(&AFRL, 9);
        let mut before = 0.0;
        for step in 0..360 {
            let angle_rad = f64::from(step).to_radians();
            let sun_rtn = Vector3::new(libm::cos(angle_rad), -libm::sin(angle_rad), 0.0);
            for height_m in [0.0, 60.0, -60.0] {
                let position_rtn_m = sun_rtn * 80.0 + Vector3::z() * height_m;
                inspected.look(&AFRL, &Look { position_rtn_m, sun_rtn, sunlit: true });
            }
            assert!(inspected.share >= before);
            before = inspected.share;
        }
        assert_eq!((inspected.points.count_ones(), inspected.share), (100, 1.0));
    }
}
