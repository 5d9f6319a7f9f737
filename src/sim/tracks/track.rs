//! The life of a track: begun from a measurement, confirmed, coasted over dropouts, dropped.

use nalgebra::{Matrix3, SMatrix};
use pulp::NullaryFnOnce;
use serde::{Deserialize, Serialize};

use super::config::TrackingConfig;
use super::contact::Contact;
use super::estimate::{Estimate, STATES};
use super::filter::Filter;
use super::innovation::Innovation;
use super::motion::{Motion, Vantage};
use super::stride::Stride;
use super::{TrackError, chi_square};
use crate::astro::rtn::RelativeState;
use crate::astro::{CartesianState, Vector3};
use crate::sim::sensors::measurement::{Measurement, Reading};

/// How one spacecraft follows one target.
///
/// Which target a measurement is of is taken as known: there is no clutter and no confusion of targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracker {
    filter: Filter,
    /// The step of predictions over the usual interval.
    stride: Option<Stride>,
    config: TrackingConfig,
    /// Logarithm of the gate's tail probability.
    log_gate: f64,
}

/// What is known of one target; plain data that a checkpoint may hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// State at the last time that the track was moved to.
    pub estimate: Estimate,
    /// Measurements that it was updated by, the first included.
    pub hits: u32,
    /// Time of the last of them [s].
    pub last_hit_s: f64,
    /// Measurements refused by the gate since then.
    pub refused: u32,
    /// The last measurement and how the target looked.
    pub contact: Contact,
}

/// A track as own ship's decisions need it: the entries of a view that sensing gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sighting {
    /// Relative state, own RTN.
    pub relative: RelativeState,
    /// Lasting acceleration, own RTN [m/s²].
    pub acceleration_rtn_m_s2: Vector3,
    /// One standard deviation of the position [m].
    pub position_sigma_m: f64,
}

/// What became of a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// There was none: the track, if any, was moved on.
    Coasted,
    /// It began a track.
    Begun,
    /// It could not begin a track: no range is measured and none supposed.
    TooLittle,
    /// It was taken, with this normalised square and these degrees of freedom.
    Taken(f64, usize),
    /// It fitted too badly and was refused, with this normalised square and these degrees of freedom.
    Refused(f64, usize),
    /// It was refused once too often: a track was begun anew from it.
    Restarted,
    /// The track was dropped: too old, too vague, or lost.
    Dropped,
}

impl Track {
    /// A track that begins from an estimate that is given, and not measured.
    #[must_use]
    pub fn given(estimate: Estimate) -> Self {
        let time_s = estimate.time_s;
        Self { estimate, hits: 0, last_hit_s: time_s, refused: 0, contact: Contact::begin(time_s) }
    }

    /// What it says of its target to own ship, at a state of the same time as the estimate.
    #[must_use]
    pub fn sighting(&self, vantage: &Vantage) -> Sighting {
        Sighting {
            relative: vantage.relative_state(&self.estimate.state()),
            acceleration_rtn_m_s2: vantage.to_own(&self.estimate.acceleration_m_s2()),
            position_sigma_m: self.estimate.position_sigma_m(),
        }
    }

    /// Whether enough measurements stand behind it.
    #[must_use]
    pub fn is_confirmed(&self, config: &TrackingConfig) -> bool {
        self.hits >= config.confirm_after
    }
}

impl Tracker {
    /// A tracker in the frame of `motion`. `config` must be without [`TrackingConfig::faults`].
    #[must_use]
    pub fn new(motion: Motion, config: TrackingConfig) -> Self {
        Self {
            filter: Filter { motion, manoeuvres: config.manoeuvres, longest_step_s: config.longest_step_s },
            stride: None,
            config,
            log_gate: libm::log(config.gate_tail_probability),
        }
    }

    /// The same, quicker at predictions over `interval_s`.
    #[must_use]
    pub fn with_interval(mut self, interval_s: f64) -> Self {
        self.stride = Some(self.filter.stride_of(interval_s));
        self
    }

    /// The filter that it moves and updates tracks by.
    #[must_use]
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The parameters.
    #[must_use]
    pub fn config(&self) -> &TrackingConfig {
        &self.config
    }

    /// Moves `track` to `time_s` and gives it a measurement of that time, if there is one.
    ///
    /// `vantage`: own ship at `time_s`, in the frame of the motion.
    ///
    /// # Errors
    /// [`TrackError::Measurement`] for a measurement that is not of finite numbers and [`TrackError::Time`] for a time before the track's
    /// or a measurement of another time; the track stays as it was. What loses a track drops it instead.
    #[inline(always)]
    pub fn step(
        &self,
        track: &mut Option<Track>,
        time_s: f64,
        vantage: &Vantage,
        measurement: Option<&Measurement>,
    ) -> Result<Verdict, TrackError> {
        if let Some(measurement) = measurement {
            if !measurement.is_finite() {
                return Err(TrackError::Measurement { time_s: measurement.time_s });
            }
            if measurement.time_s != time_s {
                return Err(TrackError::Time { from_s: measurement.time_s, to_s: time_s, limit_s: 0.0 });
            }
        }
        let Some(held) = track else {
            let Some(measurement) = measurement else { return Ok(Verdict::Coasted) };
            *track = self.begin(vantage, measurement)?;
            return Ok(if track.is_some() { Verdict::Begun } else { Verdict::TooLittle });
        };
        let verdict = match self.follow(held, time_s, vantage, measurement) {
            Err(TrackError::Lost { .. } | TrackError::Coincident { .. }) => Verdict::Dropped,
            other => other?,
        };
        let old = time_s - held.last_hit_s > self.config.coast_s;
        let vague = held.estimate.position_sigma_m() > self.config.greatest_sigma_m;
        if verdict == Verdict::Dropped || old || vague {
            *track = None;
            return Ok(Verdict::Dropped);
        }
        Ok(verdict)
    }

    /// As [`Tracker::step`], to the same bits, by the instructions of `arch`: wider vectors take less time, and nothing is fused.
    ///
    /// # Errors
    /// As [`Tracker::step`].
    pub fn step_on(
        &self,
        arch: pulp::Arch,
        track: &mut Option<Track>,
        time_s: f64,
        vantage: &Vantage,
        measurement: Option<&Measurement>,
    ) -> Result<Verdict, TrackError> {
        arch.dispatch(Step { tracker: self, track, time_s, vantage, measurement })
    }

    #[inline(always)]
    fn follow(
        &self,
        track: &mut Track,
        time_s: f64,
        vantage: &Vantage,
        measurement: Option<&Measurement>,
    ) -> Result<Verdict, TrackError> {
        // In place: what fails after this loses the track.
        self.filter.advance(self.stride.as_ref(), &mut track.estimate, time_s)?;
        let Some(measurement) = measurement else {
            return Ok(Verdict::Coasted);
        };
        let innovation = Innovation::of(&track.estimate, measurement, vantage)?;
        let Innovation { normalised_square, dimension, .. } = innovation;
        track.contact.compare(&innovation);
        let gate = self.config.gate_tail_probability;
        if chi_square::is_beyond(dimension, normalised_square, gate, self.log_gate) {
            track.refused += 1;
            if track.refused >= self.config.restart_after
                && let Some(again) = self.begin(vantage, measurement)?
            {
                *track = again;
                return Ok(Verdict::Restarted);
            }
            return Ok(Verdict::Refused(normalised_square, dimension));
        }
        self.filter.improve(&mut track.estimate, &innovation)?;
        track.hits += 1;
        track.last_hit_s = time_s;
        track.refused = 0;
        Ok(Verdict::Taken(normalised_square, dimension))
    }

    /// A track from a first measurement; `None` where it holds no direction, or no range and none is supposed.
    ///
    /// The position is that of direction and range, its covariance ρ² σ² across and the range's along the line of
    /// sight. The velocity is that of rest in own rotating frame with the configured spread, then updated by the range
    /// rate, if that was measured. The lasting acceleration is zero with its stationary spread.
    fn begin(&self, vantage: &Vantage, measurement: &Measurement) -> Result<Option<Track>, TrackError> {
        let supposed = self.config.range_prior.map(|prior| Reading { value: prior.mean_m, sigma: prior.sigma_m });
        let (Some(direction), Some(range)) = (measurement.direction, measurement.range_m.or(supposed)) else {
            return Ok(None);
        };
        if range.value <= 0.0 {
            return Ok(None);
        }
        let sight = vantage.from_own(&direction.axes()[0]);
        let offset_m = sight * range.value;
        let along = sight * sight.transpose();
        let across_sigma_m = range.value * direction.sigma_rad;
        let position_covariance =
            along * (range.sigma * range.sigma) + (Matrix3::identity() - along) * (across_sigma_m * across_sigma_m);
        let state = CartesianState {
            position_m: vantage.own.position_m + offset_m,
            velocity_m_s: vantage.velocity_at_rest(&offset_m),
        };
        let sigmas = [1.0, self.config.initial_speed_sigma_m_s, self.config.manoeuvres.sigma_m_s2];
        let mut estimate = Estimate::about(measurement.time_s, &state, sigmas);
        // In orbit the velocity at rest turns with the offset, whose error (ω × δ, mm/s) is small against the spread.
        let mut covariance: SMatrix<f64, STATES, STATES> = estimate.covariance;
        covariance.fixed_view_mut::<3, 3>(0, 0).copy_from(&position_covariance);
        estimate.covariance = covariance;
        if measurement.range_rate_m_s.is_some() {
            let rate_alone = Measurement { direction: None, range_m: None, ..*measurement };
            let innovation = Innovation::of(&estimate, &rate_alone, vantage)?;
            estimate = self.filter.update(&estimate, &innovation)?;
        }
        let contact = Contact::begin(measurement.time_s);
        Ok(Some(Track { estimate, hits: 1, last_hit_s: measurement.time_s, refused: 0, contact }))
    }
}

/// The arguments of [`Tracker::step`], which is compiled anew for each instruction set.
struct Step<'a> {
    tracker: &'a Tracker,
    track: &'a mut Option<Track>,
    time_s: f64,
    vantage: &'a Vantage,
    measurement: Option<&'a Measurement>,
}

impl NullaryFnOnce for Step<'_> {
    type Output = Result<Verdict, TrackError>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        self.tracker.step(self.track, self.time_s, self.vantage, self.measurement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
    use crate::astro::kepler;
    use crate::sim::sensors::SensorKind;
    use crate::sim::sensors::measurement::Direction;
    use crate::sim::tracks::config::RangePrior;

    const OWN: Vantage = Vantage {
        own: CartesianState { position_m: Vector3::new(0.0, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 0.0, 0.0) },
        frame: None,
    };
    const HILL: Motion = Motion::Hill { mean_motion_rad_s: 1.1e-3 };

    fn radar(time_s: f64, position_m: Vector3) -> Measurement {
        Measurement {
            time_s,
            kind: SensorKind::Radar,
            direction: Some(Direction::along(&position_m, 1e-3)),
            range_m: Some(Reading { value: position_m.norm(), sigma: 2.0 }),
            range_rate_m_s: Some(Reading { value: 3.0, sigma: 0.1 }),
            signal: None,
        }
    }

    #[test]
    fn a_track_begins_where_the_measurement_says() {
        let tracker = Tracker::new(HILL, TrackingConfig::default());
        let mut track = None;
        assert_eq!(tracker.step(&mut track, 5.0, &OWN, None), Ok(Verdict::Coasted));
        let seen = radar(10.0, Vector3::new(0.0, 5_000.0, 0.0));
        assert_eq!(tracker.step(&mut track, 10.0, &OWN, Some(&seen)), Ok(Verdict::Begun));
        let begun = track.expect("begun");
        assert!((begun.estimate.state().position_m - Vector3::y() * 5_000.0).norm() < 1e-9);
        // Along: 2 m; across: 5 km × 1 mrad on two axes.
        assert!((begun.estimate.position_sigma_m() - 54f64.sqrt()).abs() < 1e-9);
        // The range rate tells the velocity along, to 0.1 m/s and what 20 m/s across turn in with 5 m across at 5 km
        // (2 × 20² × 5² / 5000² = 0.0008 m²/s²), and nothing across.
        assert!((begun.estimate.state().velocity_m_s - Vector3::y() * 3.0).norm() < 1e-3);
        assert!((begun.estimate.covariance[(3, 3)].sqrt() - 20.0).abs() < 1e-6);
        assert!((begun.estimate.covariance[(4, 4)] - 0.0108).abs() < 1e-5);
        assert!(!begun.is_confirmed(tracker.config()));
        let sighting = begun.sighting(&OWN);
        assert!((sighting.relative.velocity_rtn_m_s - Vector3::y() * 3.0).norm() < 1e-3);
        assert_eq!(sighting.position_sigma_m, begun.estimate.position_sigma_m());
    }

    #[test]
    fn a_direction_needs_a_supposed_range() {
        let direction = Measurement { range_m: None, range_rate_m_s: None, ..radar(0.0, Vector3::x() * 900.0) };
        let mut track = None;
        let blind = Tracker::new(HILL, TrackingConfig::default());
        assert_eq!(blind.step(&mut track, 0.0, &OWN, Some(&direction)), Ok(Verdict::TooLittle));
        let range_prior = Some(RangePrior { mean_m: 2_000.0, sigma_m: 500.0 });
        let supposing = Tracker::new(HILL, TrackingConfig { range_prior, ..TrackingConfig::default() });
        assert_eq!(supposing.step(&mut track, 0.0, &OWN, Some(&direction)), Ok(Verdict::Begun));
        assert!((track.expect("begun").estimate.covariance[(0, 0)].sqrt() - 500.0).abs() < 1e-9);
    }

    #[test]
    fn an_outlier_is_refused_and_a_run_of_them_begins_anew() {
        let tracker = Tracker::new(HILL, TrackingConfig::default());
        let mut track = None;
        for step in 0..20 {
            let time_s = f64::from(step);
            let seen = radar(time_s, Vector3::new(0.0, 5_000.0 + 3.0 * time_s, 0.0));
            let verdict = tracker.step(&mut track, time_s, &OWN, Some(&seen)).expect("sound");
            assert!(matches!(verdict, Verdict::Begun | Verdict::Taken(..)), "{verdict:?} at {time_s}");
        }
        assert!(track.expect("held").is_confirmed(tracker.config()));
        let elsewhere = |time_s| radar(time_s, Vector3::new(3_000.0, 2_000.0, 0.0));
        for time_s in [20.0, 21.0] {
            let verdict = tracker.step(&mut track, time_s, &OWN, Some(&elsewhere(time_s))).expect("sound");
            assert!(matches!(verdict, Verdict::Refused(misfit, 4) if misfit > 1e3), "{verdict:?}");
            assert!((track.expect("held").estimate.state().position_m.y - 5_000.0 - 3.0 * time_s).abs() < 5.0);
        }
        assert_eq!(tracker.step(&mut track, 22.0, &OWN, Some(&elsewhere(22.0))), Ok(Verdict::Restarted));
        assert!((track.expect("anew").estimate.state().position_m.x - 3_000.0).abs() < 1e-6);
    }

    #[test]
    fn a_track_coasts_and_is_dropped_when_it_is_old_or_vague() {
        let seen = radar(0.0, Vector3::new(0.0, 5_000.0, 0.0));
        for (config, dropped_at_s) in [
            (TrackingConfig { coast_s: 60.0, ..TrackingConfig::default() }, 61.0),
            // 20 m/s on the two axes across grow to 1 km in 35 s.
            (TrackingConfig { greatest_sigma_m: 1_000.0, ..TrackingConfig::default() }, 36.0),
        ] {
            let tracker = Tracker::new(HILL, config);
            let mut track = None;
            tracker.step(&mut track, 0.0, &OWN, Some(&seen)).expect("sound");
            let mut last_s = 0.0;
            for step in 1..100 {
                last_s = f64::from(step);
                if tracker.step(&mut track, last_s, &OWN, None).expect("sound") == Verdict::Dropped {
                    break;
                }
            }
            assert_eq!(last_s, dropped_at_s);
            assert_eq!(track, None);
        }
    }

    #[test]
    fn no_instruction_set_changes_a_bit() {
        let own =
            CartesianState { position_m: Vector3::new(6.9e6, 1e5, 0.0), velocity_m_s: Vector3::new(10.0, 5e3, 5.7e3) };
        let ahead = CartesianState { position_m: own.position_m + Vector3::new(500.0, 4e3, 300.0), ..own };
        let motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2: EARTH_J2 };
        let tracker = Tracker::new(motion, TrackingConfig::default()).with_interval(30.0);
        let (mut plain, mut wide) = (None, None);
        for look in 0..300 {
            let time_s = 30.0 * f64::from(look);
            let vantage = motion.vantage(kepler::propagate(&own, EARTH_MU_M3_S2, time_s));
            let target = vantage.relative_state(&kepler::propagate(&ahead, EARTH_MU_M3_S2, time_s));
            let seen = Measurement { range_rate_m_s: None, ..radar(time_s, target.position_rtn_m) };
            let seen = (look % 7 != 3).then_some(&seen);
            let verdict = tracker.step(&mut plain, time_s, &vantage, seen);
            assert_eq!(tracker.step_on(pulp::Arch::new(), &mut wide, time_s, &vantage, seen), verdict, "look {look}");
            assert_eq!(plain, wide, "look {look}");
        }
        assert!(plain.is_some_and(|track: Track| track.hits > 20), "{plain:?}");
    }

    #[test]
    fn bad_measurements_leave_the_track_as_it_was() {
        let tracker = Tracker::new(HILL, TrackingConfig::default());
        let mut track = None;
        let sound = radar(10.0, Vector3::new(0.0, 5_000.0, 0.0));
        tracker.step(&mut track, 10.0, &OWN, Some(&sound)).expect("sound");
        let before = track;
        let mut bad = radar(11.0, Vector3::new(0.0, 5_000.0, 0.0));
        bad.range_m = Some(Reading { value: f64::NAN, sigma: 1.0 });
        assert!(matches!(tracker.step(&mut track, 11.0, &OWN, Some(&bad)), Err(TrackError::Measurement { .. })));
        bad.range_m = Some(Reading { value: 5_000.0, sigma: 0.0 });
        assert!(matches!(tracker.step(&mut track, 11.0, &OWN, Some(&bad)), Err(TrackError::Measurement { .. })));
        assert!(matches!(tracker.step(&mut track, 9.0, &OWN, None), Err(TrackError::Time { .. })));
        assert!(matches!(tracker.step(&mut track, 12.0, &OWN, Some(&sound)), Err(TrackError::Time { .. })));
        assert_eq!(track, before);
    }
}
