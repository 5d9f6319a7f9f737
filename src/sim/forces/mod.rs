//! Forces, one file each, one line of registration.
//!
//! Each force is an acceleration of one spacecraft in GCRF for the reference tier ([`Force`]); those of the standard tier are
//! also there on lanes of spacecraft, for the RK4 kernel.

mod gravity;
pub mod third_body;
pub mod thrust;

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::gravity::Gravity;
use super::components::Surface;
use crate::astro::constants::{EARTH_MU_M3_S2, EARTH_RADIUS_M, EARTH_ZONALS};
use crate::astro::{CartesianState, Vector3};

/// One spacecraft at one instant, as a force sees it.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Time since the epoch of the [`Environment`] [s].
    pub time_s: f64,
    /// Position and velocity, GCRF.
    pub state: &'a CartesianState,
    /// Distance from the Earth's centre [m].
    pub radius_m: f64,
    /// Mass at this instant [kg].
    pub mass_kg: f64,
    /// What atmosphere and sunlight press on.
    pub surface: &'a Surface,
}

/// A force on one spacecraft.
pub trait Force: Debug + Send + Sync {
    /// The acceleration that it gives, GCRF [m/s²].
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3;

    /// Which of its smooth pieces the force is on, 0 to 63: light, penumbra or umbra, a band of the atmosphere.
    ///
    /// An adaptive integrator ends a step where this changes. Its estimate of the error does not see a jump of 1e-8 m/s², which
    /// would yet cost decimetres a day.
    fn piece(&self, _situation: &Situation<'_>) -> u64 {
        0
    }
}

/// What forces are made from: constants of the Earth, the epoch, and the span of time for which Sun and Moon are needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Environment {
    /// Gravitational parameter [m³/s²].
    pub mu_m3_s2: f64,
    /// Equatorial radius [m].
    pub earth_radius_m: f64,
    /// J2 to J6 [-], of which a force takes its own.
    pub zonals: [f64; 5],
    /// Epoch, as a Julian date (TT).
    pub epoch_jd_tt: f64,
    /// First and last time since the epoch for which the forces are asked [s], in either order.
    pub span_s: [f64; 2],
}

impl Environment {
    /// JGM-3, with Sun and Moon where they are over `span_s` from the epoch on.
    #[must_use]
    pub fn earth(epoch_jd_tt: f64, span_s: [f64; 2]) -> Self {
        Self { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, zonals: EARTH_ZONALS, epoch_jd_tt, span_s }
    }
}

/// Least tier in which a force is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeastTier {
    /// On lanes too: the standard and the reference tier.
    Standard,
    /// The reference tier alone.
    Reference,
}

/// Registers the forces: `Name => module, "snake_case", least tier, how it is made;`. The order is part of the contract.
macro_rules! forces {
    (mod $($module:ident)*; $($(#[$doc:meta])* $name:ident => $snake:literal, $tier:ident, $make:expr;)*) => {
        $(pub mod $module;)*

        /// A force of the registry.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub enum ForceConfig { $($(#[$doc])* $name,)* }

        impl ForceConfig {
            /// Every force, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in `snake_case`, as the command line has it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $snake,)* }
            }

            /// The least tier that has it.
            #[must_use]
            pub fn least_tier(self) -> LeastTier {
                match self { $(Self::$name => LeastTier::$tier,)* }
            }

            /// The force in an environment, for the reference tier.
            #[must_use]
            pub fn make(self, environment: &Environment) -> Box<dyn Force> {
                let make: fn(&Environment) -> Box<dyn Force> = match self { $(Self::$name => $make,)* };
                make(environment)
            }
        }
    };
}

forces! {
    mod two_body zonals drag solar_pressure;

    /// The Earth as a point mass; always needed.
    TwoBody => "two_body", Standard, |earth| Box::new(two_body::TwoBody::of(earth));
    /// Zonal harmonic J2, JGM-3 unless overridden.
    J2 => "j2", Standard, |earth| Box::new(zonals::Zonal::of(earth, 2));
    /// Zonal harmonic J3, JGM-3 unless overridden.
    J3 => "j3", Standard, |earth| Box::new(zonals::Zonal::of(earth, 3));
    /// Zonal harmonic J4, JGM-3 unless overridden.
    J4 => "j4", Standard, |earth| Box::new(zonals::Zonal::of(earth, 4));
    /// Zonal harmonic J5, JGM-3 unless overridden.
    J5 => "j5", Standard, |earth| Box::new(zonals::Zonal::of(earth, 5));
    /// Zonal harmonic J6, JGM-3 unless overridden.
    J6 => "j6", Standard, |earth| Box::new(zonals::Zonal::of(earth, 6));
    /// Drag in an exponential atmosphere that turns with the Earth.
    Drag => "drag", Standard, |earth| Box::new(drag::Drag::of(earth));
    /// Pressure of sunlight on a cannonball, the Earth's shadow a cylinder.
    SrpCylindrical => "srp_cylindrical", Standard,
        |earth| Box::new(solar_pressure::SolarPressure::of(earth, solar_pressure::Shadow::Cylindrical));
    /// Pressure of sunlight on a cannonball, the Earth's shadow a cone with penumbra.
    SrpConical => "srp_conical", Reference,
        |earth| Box::new(solar_pressure::SolarPressure::of(earth, solar_pressure::Shadow::Conical));
    /// The Sun as a point mass.
    Sun => "sun", Reference, |earth| Box::new(third_body::ThirdBody::sun(earth));
    /// The Moon as a point mass.
    Moon => "moon", Reference, |earth| Box::new(third_body::ThirdBody::moon(earth));
}

impl ForceConfig {
    /// The degree of a zonal harmonic, 2 to 6.
    #[must_use]
    pub fn zonal_degree(self) -> Option<usize> {
        [Self::J2, Self::J3, Self::J4, Self::J5, Self::J6]
            .iter()
            .position(|zonal| *zonal == self)
            .map(|index| index + 2)
    }

    /// Whether the force presses on a spacecraft's surface, so that area and coefficients matter.
    #[must_use]
    pub fn is_on_the_surface(self) -> bool {
        matches!(self, Self::Drag | Self::SrpCylindrical | Self::SrpConical)
    }

    /// Whether the force needs to know where Sun or Moon stand.
    #[must_use]
    pub fn needs_ephemeris(self) -> bool {
        matches!(self, Self::SrpCylindrical | Self::SrpConical | Self::Sun | Self::Moon)
    }
}

/// The sum of some forces on one spacecraft at a time.
#[derive(Debug)]
pub struct ForceModel {
    environment: Environment,
    forces: Vec<Box<dyn Force>>,
}

impl ForceModel {
    /// The named forces, summed in this order.
    #[must_use]
    pub fn of(forces: &[ForceConfig], environment: &Environment) -> Self {
        Self { environment: *environment, forces: forces.iter().map(|force| force.make(environment)).collect() }
    }

    /// What the forces were made from.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Which of their smooth pieces the forces are on, in one number.
    #[must_use]
    pub fn piece(&self, time_s: f64, state: &CartesianState, surface: &Surface) -> u64 {
        let situation = Situation { time_s, state, radius_m: state.position_m.norm(), mass_kg: 1.0, surface };
        self.forces.iter().fold(0, |pieces: u64, force| pieces.wrapping_mul(61).wrapping_add(force.piece(&situation)))
    }

    /// Their acceleration, GCRF [m/s²].
    #[must_use]
    pub fn acceleration_m_s2(&self, time_s: f64, state: &CartesianState, mass_kg: f64, surface: &Surface) -> Vector3 {
        let situation = Situation { time_s, state, radius_m: state.position_m.norm(), mass_kg, surface };
        self.forces.iter().fold(Vector3::zeros(), |sum, force| sum + force.acceleration_m_s2(&situation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_variants_and_differ() {
        for (index, force) in ForceConfig::ALL.iter().enumerate() {
            let plain = force.name().replace('_', "");
            assert_eq!(plain, format!("{force:?}").to_lowercase());
            assert!(ForceConfig::ALL[..index].iter().all(|other| other.name() != force.name()));
        }
    }

    #[test]
    fn every_force_does_something_and_nothing_strange() {
        let environment = Environment::earth(2_461_120.0, [0.0, 86_400.0]);
        let surface = Surface { area_m2: 10.0, ..Surface::default() };
        // On the day side: toward the Sun.
        let sunwards = crate::astro::sun::position_gcrf_m(2_461_120.0).normalize();
        let state = CartesianState {
            position_m: sunwards * 6_778e3 + Vector3::new(0.0, 0.0, 1e5),
            velocity_m_s: Vector3::new(0.0, 5_000.0, 5_500.0),
        };
        for force in ForceConfig::ALL {
            let model = ForceModel::of(&[*force], &environment);
            let acceleration = model.acceleration_m_s2(0.0, &state, 100.0, &surface);
            let size = acceleration.norm();
            assert!(size > 1e-9 && size < 10.0, "{force:?}: {size}");
        }
    }
}
