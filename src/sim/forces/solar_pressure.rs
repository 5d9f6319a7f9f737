//! Pressure of sunlight.

use pulp::Simd;

use super::{Environment, Force, Situation};
use crate::astro::chebyshev::ChebyshevPath;
use crate::astro::constants::{ASTRONOMICAL_UNIT_M, SOLAR_PRESSURE_N_M2};
use crate::astro::{Vector3, eclipse};
use crate::sim::forces::third_body::sun_path;
use crate::sim::integrators::lanes::Lanes;

/// Shape of the Earth's shadow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shadow {
    /// A cylinder: light or dark.
    Cylindrical,
    /// A cone with penumbra: by the part of the Sun's disc that is seen.
    Conical,
}

/// Sunlight on a sphere that reflects evenly, a "cannonball": a = -ν P (Cr A/m) (1 au)² d / |d|³, d from spacecraft to Sun.
///
/// P is the pressure at one astronomical unit, [`SOLAR_PRESSURE_N_M2`], ν the part of the Sun that is seen. Cr is 1 for what absorbs
/// all light, 2 for a mirror that faces the Sun. The Moon's shadow, light from the Earth and attitude are left out.
/// Source: Montenbruck and Gill, Satellite Orbits, eq. 3.75.
#[derive(Clone, Debug)]
pub struct SolarPressure {
    sun: ChebyshevPath,
    earth_radius_m: f64,
    shadow: Shadow,
}

impl SolarPressure {
    /// With the Sun of the environment's epoch and span.
    #[must_use]
    pub fn of(environment: &Environment, shadow: Shadow) -> Self {
        Self { sun: sun_path(environment), earth_radius_m: environment.earth_radius_m, shadow }
    }

    /// The part of the Sun that is seen, 0 to 1.
    fn seen(&self, position_m: &Vector3, sun_m: &Vector3) -> f64 {
        match self.shadow {
            Shadow::Cylindrical => f64::from(!eclipse::in_cylindrical_shadow(position_m, sun_m, self.earth_radius_m)),
            Shadow::Conical => eclipse::sunlit_fraction(position_m, sun_m, self.earth_radius_m),
        }
    }
}

impl Force for SolarPressure {
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3 {
        let (position_m, sun_m) = (&situation.state.position_m, self.sun.at(situation.time_s));
        let seen = match self.shadow {
            Shadow::Cylindrical => {
                f64::from(!eclipse::in_cylindrical_shadow(position_m, &sun_m, self.earth_radius_m))
            }
            Shadow::Conical => eclipse::sunlit_fraction(position_m, &sun_m, self.earth_radius_m),
        };
        if seen == 0.0 {
            return Vector3::zeros();
        }
        let to_sun_m = sun_m - position_m;
        let distance_m = to_sun_m.norm();
        let surface = situation.surface;
        let reflective_m2_kg = surface.radiation_coefficient * surface.area_m2 / situation.mass_kg;
        let au_squared = ASTRONOMICAL_UNIT_M * ASTRONOMICAL_UNIT_M;
        to_sun_m
            * (-seen * SOLAR_PRESSURE_N_M2 * reflective_m2_kg * au_squared / (distance_m * distance_m * distance_m))
    }

    /// 0 in the light, 1 in the penumbra, 2 in the dark.
    fn piece(&self, situation: &Situation<'_>) -> u64 {
        match self.seen(&situation.state.position_m, &self.sun.at(situation.time_s)) {
            1.0 => 0,
            0.0 => 2,
            _ => 1,
        }
    }
}

/// [`SolarPressure`] with [`Shadow::Cylindrical`] on lanes.
///
/// `reflective_m2_kg`: Cr A/m. `sun_direction`, `sun_distance_m`: from the Earth's centre, held over a segment.
#[inline(always)]
pub(in crate::sim) fn acceleration<S: Simd>(
    simd: S,
    state: &[Lanes<S>; 6],
    earth_radius_m: f64,
    reflective_m2_kg: Lanes<S>,
    sun_direction: &[Lanes<S>; 3],
    sun_distance_m: Lanes<S>,
) -> [Lanes<S>; 3] {
    let [x, y, z, ..] = *state;
    let [sx, sy, sz] = *sun_direction;
    let along = x * sx + y * sy + z * sz;
    let (ax, ay, az) = (x - sx * along, y - sy * along, z - sz * along);
    let across_squared = ax * ax + ay * ay + az * az;
    let (zero, one) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0));
    let in_cylinder = across_squared.where_less(Lanes::splat(simd, earth_radius_m * earth_radius_m), zero, one);
    let seen = along.where_less(zero, in_cylinder, one);
    let (dx, dy, dz) = (sx * sun_distance_m - x, sy * sun_distance_m - y, sz * sun_distance_m - z);
    let inverse_squared = one / (dx * dx + dy * dy + dz * dz);
    let pressure = Lanes::splat(simd, -SOLAR_PRESSURE_N_M2 * ASTRONOMICAL_UNIT_M * ASTRONOMICAL_UNIT_M);
    let factor = pressure * reflective_m2_kg * seen * inverse_squared * inverse_squared.sqrt();
    [factor * dx, factor * dy, factor * dz]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::astro::constants::EARTH_RADIUS_M;
    use crate::sim::components::Surface;
    use crate::sim::integrators::lanes::MAX_LANES;

    struct At([f64; 3], Vector3);

    impl pulp::WithSimd for At {
        type Output = [f64; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f64; 3] {
            let [x, y, z] = self.0.map(|number| Lanes::splat(simd, number));
            let state = [x, y, z, x, y, z];
            let distance_m = self.1.norm();
            let direction = <[f64; 3]>::from(self.1 / distance_m).map(|number| Lanes::splat(simd, number));
            let distance = Lanes::splat(simd, distance_m);
            let found = acceleration(simd, &state, EARTH_RADIUS_M, Lanes::splat(simd, 0.03), &direction, distance);
            found.map(|lanes| {
                let mut column = [0.0; MAX_LANES];
                lanes.store(&mut column);
                column[0]
            })
        }
    }

    #[test]
    fn lanes_and_the_single_spacecraft_agree_in_light_and_shadow() {
        let environment = Environment::earth(2_461_120.0, [0.0, 3_600.0]);
        let pressure = SolarPressure::of(&environment, Shadow::Cylindrical);
        let surface = Surface { area_m2: 2.0, radiation_coefficient: 1.5, ..Surface::default() };
        let (mut lit, mut dark) = (0, 0);
        for step in 0..360 {
            let (sine, cosine) = libm::sincos(f64::from(step).to_radians());
            let position_m = Vector3::new(7e6 * cosine, 6e6 * sine, 3.6e6 * sine);
            let state = CartesianState { position_m, velocity_m_s: Vector3::zeros() };
            let radius_m = position_m.norm();
            let situation = Situation { time_s: 1_800.0, state: &state, radius_m, mass_kg: 100.0, surface: &surface };
            let expected = pressure.acceleration_m_s2(&situation);
            let found =
                Vector3::from(pulp::Arch::new().dispatch(At(position_m.into(), pressure.sun.at(1_800.0))));
            assert!((found - expected).norm() <= 1e-14 * 2e-7, "{step}°: {found} {expected}");
            if expected.norm() == 0.0 {
                dark += 1;
            } else {
                lit += 1;
                // 4.56e-6 N/m² × 0.03 m²/kg, the Sun at 0.996 au on that day.
                assert!((expected.norm() / 1.368e-7 - 1.0).abs() < 0.01, "{}", expected.norm());
                assert!(expected.dot(&pressure.sun.at(0.0)) < 0.0, "light pushes away from the Sun");
            }
        }
        assert!(lit > 200 && dark > 90, "{lit} lit, {dark} dark");
    }
}
