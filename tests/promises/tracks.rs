//! Sensors measure as published figures say, and tracks know how well they know.

use astroshield::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
use astroshield::astro::elements::KeplerianElements;
use astroshield::astro::rtn::RelativeState;
use astroshield::astro::{CartesianState, Vector3};
use astroshield::sim::seeds::{Generator, Purpose, SeedDomain, stream};
use astroshield::sim::sensors::measurement::{Direction, Measurement, Reading};
use astroshield::sim::sensors::optical::{Optical, magnitude};
use astroshield::sim::sensors::radar::Radar;
use astroshield::sim::sensors::rf::Rf;
use astroshield::sim::sensors::scene::Scene;
use astroshield::sim::sensors::signature::{Emitter, Signature};
use astroshield::sim::sensors::{Sensor, SensorConfig, SensorKind};
use astroshield::sim::tracks::config::TrackingConfig;
use astroshield::sim::tracks::estimate::{Estimate, STATES};
use astroshield::sim::tracks::filter::{Filter, LONGEST_STEP_S};
use astroshield::sim::tracks::innovation::Innovation;
use astroshield::sim::tracks::manoeuvres::Manoeuvres;
use astroshield::sim::tracks::motion::Motion;
use astroshield::sim::tracks::track::{Track, Tracker, Verdict};
use nalgebra::{SMatrix, SVector};
use proptest::prelude::*;
use rand_distr::{Distribution as _, StandardNormal};

const ORBIT: Motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2: EARTH_J2 };
const HILL: Motion = Motion::Hill { mean_motion_rad_s: 1.027e-3 };
const SIGNATURE: Signature = Signature {
    radar_cross_section_m2: 1.0,
    standard_magnitude: 5.0,
    emitter: Some(Emitter { eirp_w: 1.0, frequency_hz: 2.2e9 }),
};

#[test]
fn the_published_figures_hold() {
    // Diffuse sphere, standard magnitude 5.5 at 1000 km and 90°: 5.5 + 5 log10(1.6) at 1600 km.
    assert!((magnitude(5.5, 1.6e6, std::f64::consts::FRAC_PI_2) - 6.52).abs() < 1e-3);
    // Swerling 1, Pfa 1e-6, SNR 20.
    assert!((Radar::default().detection_probability(20.0) - 0.518).abs() < 5e-4);
}

/// The chi-square value that a sum of `degrees` squares exceeds with the probability of `deviates` standard normal deviates.
///
/// Wilson and Hilferty, Proc. Nat. Acad. Sci. 17, 1931: within 1e-4 of the exact value for more than a thousand degrees.
fn chi_square_point(degrees: f64, deviates: f64) -> f64 {
    let spread = 2.0 / (9.0 * degrees);
    degrees * (1.0 - spread + deviates * spread.sqrt()).powi(3)
}

/// The two-sided 99 % bounds.
pub(crate) fn bounds(degrees: f64) -> (f64, f64) {
    (chi_square_point(degrees, -2.575_829), chi_square_point(degrees, 2.575_829))
}

/// Two craft and a sensor between them.
#[derive(Clone)]
struct Study {
    motion: Motion,
    sensor: SensorConfig,
    /// What the target truly does, and what the filter supposes.
    manoeuvres: Manoeuvres,
    /// Start of own ship, and of the target relative to it in own rotating frame.
    own: CartesianState,
    relative: RelativeState,
    /// One standard deviation of the first estimate's position [m] and velocity [m/s].
    first_sigmas: [f64; 2],
    interval_s: f64,
}

impl Study {
    fn target(&self) -> CartesianState {
        match self.motion {
            Motion::Orbit { .. } => self.relative.to_gcrf(&self.own),
            Motion::Hill { .. } => CartesianState {
                position_m: self.own.position_m + self.relative.position_rtn_m,
                velocity_m_s: self.own.velocity_m_s + self.relative.velocity_rtn_m_s,
            },
        }
    }

    fn scene(&self, time_s: f64, own: &CartesianState, target: &CartesianState) -> Scene {
        match self.motion {
            Motion::Orbit { earth_radius_m, .. } => {
                let sun_m = Vector3::new(0.8, 0.5, 0.33) * ASTRONOMICAL_UNIT_M;
                Scene::in_orbit(time_s, own, target, &sun_m, earth_radius_m, SIGNATURE)
            }
            Motion::Hill { .. } => Scene::in_hill_frame(time_s, own, target, Vector3::x(), SIGNATURE),
        }
    }
}

fn normal(generator: &mut Generator) -> f64 {
    StandardNormal.sample(generator)
}

/// A draw of the noise that a filter supposes over a step, for the truth: its lower factor times normal deviates.
fn drawn_noise(filter: &Filter, seconds: f64, generator: &mut Generator) -> SVector<f64, STATES> {
    let axis = filter.manoeuvres.noise(seconds);
    // The lasting part may be zero: its row is then zero too.
    let mut root = nalgebra::Matrix3::<f64>::zeros();
    for row in 0..3 {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| root[(row, k)] * root[(column, k)]).sum();
            let left = axis[(row, column)] - known;
            root[(row, column)] = match (row == column, root[(column, column)] > 0.0) {
                (true, _) => left.max(0.0).sqrt(),
                (false, true) => left / root[(column, column)],
                (false, false) => 0.0,
            };
        }
    }
    let mut noise = SVector::<f64, STATES>::zeros();
    for component in 0..3 {
        let deviates = nalgebra::Vector3::from_fn(|_, _| normal(generator));
        let drawn = root * deviates;
        for block in 0..3 {
            noise[3 * block + component] = drawn[block];
        }
    }
    noise
}

/// The truth an interval later, in two halves: natural motion and lasting acceleration by the filter's own prediction of the mean,
/// whose integrator is tested against closed forms, then the noise of the half.
fn move_truth(
    filter: &Filter,
    truth: &SVector<f64, STATES>,
    from_s: f64,
    to_s: f64,
    generator: &mut Generator,
) -> SVector<f64, STATES> {
    let step_s = 0.5 * (to_s - from_s);
    let mut truth = *truth;
    for time_s in [from_s, from_s + step_s] {
        let covariance = SMatrix::<f64, STATES, STATES>::identity();
        let exact = Estimate { time_s, mean: truth, covariance };
        truth = filter.predict(&exact, time_s + step_s).expect("sound").mean;
        truth += drawn_noise(filter, step_s, generator);
    }
    truth
}

fn state(mean: &SVector<f64, STATES>) -> CartesianState {
    CartesianState {
        position_m: mean.fixed_rows::<3>(0).into_owned(),
        velocity_m_s: mean.fixed_rows::<3>(3).into_owned(),
    }
}

/// Sums over runs of the normalised squares, and their degrees of freedom.
#[derive(Clone, Copy, Debug, Default)]
struct Consistency {
    /// Normalised squared innovations.
    nis: f64,
    nis_degrees: f64,
    /// Normalised squared errors after the last update of each run.
    last_nees: f64,
    last_nees_degrees: f64,
    /// Those of each update, whose errors depend on each other within a run.
    nees: f64,
}

const RUNS: u64 = 200;
const UPDATES: u32 = 60;

fn consistency(study: &Study) -> Consistency {
    let filter = Filter { motion: study.motion, manoeuvres: study.manoeuvres, longest_step_s: LONGEST_STEP_S };
    let quiet = Manoeuvres { white_density_m2_s3: 1e-15, sigma_m_s2: 0.0, ..study.manoeuvres };
    let own_filter = Filter { manoeuvres: quiet, ..filter };
    let mut sums = Consistency::default();
    for run in 0..RUNS {
        let mut generator = stream(20, SeedDomain::Report, run, 0, Purpose::Sensor);
        let target = study.target();
        let sigmas = [study.first_sigmas[0], study.first_sigmas[1], study.manoeuvres.sigma_m_s2];
        let mut estimate = Estimate::about(0.0, &target, sigmas);
        let mut truth = estimate.mean;
        // The truth is drawn about the first estimate.
        for row in 0..STATES {
            truth[row] += sigmas[row / 3] * normal(&mut generator);
        }
        let mut own = Estimate::about(0.0, &study.own, [1.0, 1.0, 0.0]);
        let mut nees = f64::NAN;
        for update in 1..=UPDATES {
            let time_s = f64::from(update) * study.interval_s;
            truth = move_truth(&filter, &truth, time_s - study.interval_s, time_s, &mut generator);
            own = own_filter.predict(&own, time_s).expect("sound");
            estimate = filter.predict(&estimate, time_s).expect("sound");
            let scene = study.scene(time_s, &own.state(), &state(&truth));
            if let Some(measurement) = study.sensor.observe(&scene, &mut generator) {
                let innovation =
                    Innovation::of(&estimate, &measurement, &filter.motion.vantage(own.state())).expect("sound");
                sums.nis += innovation.normalised_square;
                sums.nis_degrees += innovation.dimension as f64;
                estimate = filter.update(&estimate, &innovation).expect("sound");
            }
            nees = estimate.normalised_squared_error(&state(&truth)).expect("positive definite");
            sums.nees += nees;
        }
        sums.last_nees += nees;
        sums.last_nees_degrees += 6.0;
    }
    sums
}

/// Holds a study's sums within the two-sided 99 % bounds of chi-square.
fn assert_consistent(name: &str, study: &Study) {
    let sums = consistency(study);
    let seen = sums.nis_degrees / (f64::from(UPDATES) * RUNS as f64);
    assert!(seen > 0.5, "{name}: {seen} measured numbers an update are too few to judge");
    // Innovations of a consistent filter are white, so that their squares add up over time as well.
    let (low, high) = bounds(sums.nis_degrees);
    assert!((low..high).contains(&sums.nis), "{name}: NIS {} outside {low} to {high}", sums.nis);
    // Errors are independent between runs only.
    let (low, high) = bounds(sums.last_nees_degrees);
    assert!((low..high).contains(&sums.last_nees), "{name}: NEES {} outside {low} to {high}", sums.last_nees);
    // Over time they hang together: were each run one draw, its mean would spread as that of RUNS draws.
    let (low, high) = bounds(6.0 * RUNS as f64);
    let mean = sums.nees / f64::from(UPDATES);
    assert!((low..high).contains(&mean), "{name}: mean NEES {mean} outside {low} to {high}");
}

fn low_orbit() -> CartesianState {
    KeplerianElements {
        semi_latus_rectum_m: 6.9e6,
        eccentricity: 0.002,
        inclination_rad: 0.9,
        raan_rad: 0.4,
        argument_of_perigee_rad: 0.3,
        true_anomaly_rad: 0.2,
    }
    .to_cartesian(EARTH_MU_M3_S2)
}

fn relative(position: [f64; 3], velocity: [f64; 3]) -> RelativeState {
    RelativeState { position_rtn_m: position.into(), velocity_rtn_m_s: velocity.into() }
}

const DRIFTING: Manoeuvres = Manoeuvres { white_density_m2_s3: 1e-6, sigma_m_s2: 0.0, time_constant_s: 100.0 };

#[test]
fn radar_tracks_are_consistent_in_orbit() {
    let study = Study {
        motion: ORBIT,
        sensor: SensorConfig::Radar(Radar::default()),
        manoeuvres: DRIFTING,
        own: low_orbit(),
        relative: relative([2e3, -2e4, 3e3], [3.0, 10.0, -2.0]),
        first_sigmas: [100.0, 2.0],
        interval_s: 10.0,
    };
    assert_consistent("radar, orbit", &study);
}

#[test]
fn radar_tracks_are_consistent_with_a_lasting_acceleration() {
    let study = Study {
        motion: HILL,
        sensor: SensorConfig::Radar(Radar::default()),
        manoeuvres: Manoeuvres { white_density_m2_s3: 1e-6, sigma_m_s2: 0.01, time_constant_s: 60.0 },
        own: CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() },
        relative: relative([2e3, -1.5e4, 3e3], [1.0, 5.0, -2.0]),
        first_sigmas: [100.0, 2.0],
        interval_s: 10.0,
    };
    assert_consistent("radar, Hill, Singer", &study);
}

#[test]
fn angles_only_tracks_are_consistent() {
    let study = Study {
        motion: ORBIT,
        sensor: SensorConfig::Optical(Optical::default()),
        manoeuvres: Manoeuvres { white_density_m2_s3: 1e-8, ..DRIFTING },
        own: low_orbit(),
        relative: relative([4e3, 3e4, 2e3], [-3.0, 12.0, 5.0]),
        first_sigmas: [100.0, 0.2],
        interval_s: 20.0,
    };
    assert_consistent("optical, orbit", &study);
}

#[test]
fn tracks_of_an_emitter_are_consistent() {
    let study = Study {
        motion: ORBIT,
        sensor: SensorConfig::Rf(Rf::default()),
        manoeuvres: DRIFTING,
        own: low_orbit(),
        relative: relative([4e3, -2e4, 5e3], [-3.0, 12.0, 5.0]),
        first_sigmas: [200.0, 1.0],
        interval_s: 15.0,
    };
    assert_consistent("RF, orbit", &study);
}

#[test]
fn a_filter_that_supposes_too_little_is_found_out() {
    // The bounds can fail: the same target drifts with a hundred times the noise that the filter supposes.
    let study = Study {
        motion: HILL,
        sensor: SensorConfig::Radar(Radar::default()),
        manoeuvres: DRIFTING,
        own: CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() },
        relative: relative([1e3, -1e4, 2e3], [1.0, 5.0, -2.0]),
        first_sigmas: [100.0, 2.0],
        interval_s: 10.0,
    };
    let truth = Filter {
        motion: HILL,
        manoeuvres: Manoeuvres { white_density_m2_s3: 1e-2, ..DRIFTING },
        longest_step_s: LONGEST_STEP_S,
    };
    let filter = Filter { motion: HILL, manoeuvres: study.manoeuvres, longest_step_s: LONGEST_STEP_S };
    let (mut sum, mut degrees) = (0.0, 0.0);
    let mut generator = stream(21, SeedDomain::Report, 0, 0, Purpose::Sensor);
    let mut estimate = Estimate::about(0.0, &study.target(), [100.0, 2.0, 0.0]);
    let mut mean = estimate.mean;
    for update in 1..=UPDATES {
        let time_s = f64::from(update) * 10.0;
        mean = move_truth(&truth, &mean, time_s - 10.0, time_s, &mut generator);
        estimate = filter.predict(&estimate, time_s).expect("sound");
        let scene = study.scene(time_s, &study.own, &state(&mean));
        let Some(measurement) = study.sensor.observe(&scene, &mut generator) else { continue };
        let innovation = Innovation::of(&estimate, &measurement, &HILL.vantage(study.own)).expect("sound");
        sum += innovation.normalised_square;
        degrees += innovation.dimension as f64;
        estimate = filter.update(&estimate, &innovation).expect("sound");
    }
    assert!(sum > 2.0 * bounds(degrees).1, "{sum} of {degrees} degrees");
}

/// A target 10 km ahead in the Hill frame that burns 0.05 m/s² out of the plane from 300 s to 500 s, seen by radar each 5 s: what
/// becomes of it, as (time, NIS over its degrees, estimated acceleration).
fn watch_a_burn(config: TrackingConfig) -> Vec<(f64, f64, Vector3)> {
    let tracker = Tracker::new(HILL, config);
    let radar = Radar::default();
    let own = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
    let truth_filter = Filter {
        motion: HILL,
        manoeuvres: Manoeuvres { time_constant_s: 1e6, ..DRIFTING },
        longest_step_s: LONGEST_STEP_S,
    };
    let mut generator = stream(22, SeedDomain::Report, 0, 0, Purpose::Sensor);
    let start = CartesianState { position_m: Vector3::y() * 1e4, velocity_m_s: Vector3::zeros() };
    let mut truth = Estimate::about(0.0, &start, [1.0, 1.0, 1.0]);
    let mut track: Option<Track> = None;
    let mut story = Vec::new();
    for look in 1..=120 {
        let time_s = 5.0 * f64::from(look);
        truth.mean[8] = if (300.0..500.0).contains(&truth.time_s) { 0.05 } else { 0.0 };
        truth = truth_filter.predict(&truth, time_s).expect("sound");
        let scene = Scene::in_hill_frame(time_s, &own, &truth.state(), Vector3::x(), SIGNATURE);
        let measurement = radar.observe(&scene, &mut generator);
        let verdict = tracker.step(&mut track, time_s, &HILL.vantage(own), measurement.as_ref()).expect("sound");
        if let (Verdict::Taken(misfit, degrees) | Verdict::Refused(misfit, degrees), Some(track)) = (verdict, &track) {
            story.push((time_s, misfit / degrees as f64, track.estimate.acceleration_m_s2()));
        }
    }
    story
}

#[test]
fn a_burn_makes_the_misfit_jump_and_the_acceleration_finds_it() {
    let mean = |story: &[(f64, f64, Vector3)], from_s: f64, to_s: f64| {
        let within: Vec<f64> =
            story.iter().filter(|look| look.0 > from_s && look.0 <= to_s).map(|look| look.1).collect();
        assert!(within.len() > 5, "{} looks from {from_s} to {to_s}", within.len());
        within.iter().sum::<f64>() / within.len() as f64
    };
    // A filter without manoeuvres: the misfit is 1 before the burn and far above in it. No gate, so that all is seen.
    let config = TrackingConfig { manoeuvres: DRIFTING, gate_tail_probability: 0.0, ..TrackingConfig::default() };
    let blind = watch_a_burn(config);
    let before = mean(&blind, 100.0, 300.0);
    assert!((0.6..1.4).contains(&before), "{before}");
    let during = mean(&blind, 340.0, 420.0);
    assert!(during > 5.0 * before, "{during} against {before}");
    assert!(blind.iter().all(|look| look.2 == Vector3::zeros()));
    // One that estimates a lasting acceleration holds the track and finds it.
    let lasting = Manoeuvres { white_density_m2_s3: 1e-6, sigma_m_s2: 0.03, time_constant_s: 120.0 };
    let config = TrackingConfig { manoeuvres: lasting, ..TrackingConfig::default() };
    let seeing = watch_a_burn(config);
    assert!(mean(&seeing, 340.0, 420.0) < 2.0, "{}", mean(&seeing, 340.0, 420.0));
    let at = |time_s: f64| seeing.iter().rfind(|look| look.0 <= time_s).expect("seen").2;
    let (quiet, burning) = (at(300.0), at(500.0));
    assert!(quiet.norm() < 0.02, "{quiet}");
    assert!((burning - Vector3::z() * 0.05).norm() < 0.02, "{burning}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn covariance_stays_positive_definite_whatever_is_measured(
        hill in any::<bool>(),
        offset in prop::array::uniform3(-3e4..3e4f64),
        looks in prop::collection::vec(
            (any::<[bool; 4]>(), prop::array::uniform4(-3.0..3.0f64), prop::array::uniform3(1e-6..1.0f64), 0.1..120.0f64),
            1..60,
        ),
    ) {
        let motion = if hill { HILL } else { ORBIT };
        let own_start = if hill {
            CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() }
        } else {
            low_orbit()
        };
        let config = TrackingConfig { coast_s: 80_000.0, greatest_sigma_m: 1e8, ..TrackingConfig::default() };
        let tracker = Tracker::new(motion, config);
        let mut own = Estimate::about(0.0, &own_start, [1.0, 1.0, 0.0]);
        let mut track = None;
        let mut time_s = 0.0;
        for ([has_direction, has_range, has_rate, dropout], values, sigmas, wait_s) in looks {
            time_s += wait_s;
            own = tracker.filter().predict(&own, time_s).expect("sound");
            let about = Vector3::from(offset) + Vector3::new(values[0], values[1], values[2]) * 300.0;
            let measurement = Measurement {
                time_s,
                kind: SensorKind::Radar,
                direction: has_direction.then(|| Direction::along(&about, sigmas[0] * 0.1)),
                range_m: has_range.then(|| Reading { value: about.norm(), sigma: sigmas[1] * 100.0 }),
                range_rate_m_s: has_rate.then(|| Reading { value: values[3] * 10.0, sigma: sigmas[2] }),
                signal: None,
            };
            let given = (!dropout).then_some(&measurement);
            let verdict = tracker.step(&mut track, time_s, &motion.vantage(own.state()), given);
            prop_assert!(verdict.is_ok(), "{verdict:?}");
            if let Some(Track { estimate, .. }) = &track {
                prop_assert!(estimate.is_sound(), "at {time_s} s: {}", estimate.covariance);
                prop_assert_eq!(estimate.covariance, estimate.covariance.transpose());
                prop_assert_eq!(estimate.time_s, time_s);
            }
        }
    }
}
