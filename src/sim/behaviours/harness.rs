//! A closed loop of two spacecraft for the tests of behaviours, in Clohessy-Wiltshire or two-body motion.
//!
//! It plays a duel as the simulator does: the pursuer plans several segments ahead, its own motion predicted and its
//! target's acceleration held, while the evader decides in every segment.

use super::Behaviour;
use crate::astro::constants::EARTH_MU_M3_S2;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3, kepler};
use crate::sim::distribution::Distribution;
use crate::sim::seeds::{self, Generator, Purpose, SeedDomain};
use crate::sim::view::{MAX_TRACKS, Mark, OwnShip, Track, View};

/// One of the two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ship {
    pub(crate) state: CartesianState,
    pub(crate) max_acceleration_m_s2: f64,
    pub(crate) initial_delta_v_m_s: f64,
    pub(crate) delta_v_left_m_s: f64,
    pub(crate) delta_v_spent_m_s: f64,
    pub(crate) per_axis: bool,
    pub(crate) acceleration_rtn_m_s2: Vector3,
}

/// The two, and the rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Duel {
    pub(crate) ships: [Ship; 2],
    pub(crate) mean_motion_rad_s: f64,
    pub(crate) relative_tier: bool,
    pub(crate) time_s: f64,
    pub(crate) time_limit_s: f64,
    pub(crate) segment_s: f64,
    pub(crate) replan_every: usize,
    pub(crate) capture_radius_m: f64,
    /// One standard deviation of the pursuer's knowledge of its target, in each axis: position [m], velocity [m/s].
    pub(crate) noise: [f64; 2],
    /// Step of the harness [s]; between two, the motion is taken as straight.
    pub(crate) step_s: f64,
}

/// How a duel went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) captured: bool,
    pub(crate) least_range_m: f64,
    pub(crate) speed_at_end_m_s: f64,
    /// Greatest speed above 0.2 + 0.002054 (range - 0.5) [m/s], AFRL's limit; only the docking tests read it.
    pub(crate) worst_overspeed_m_s: f64,
    pub(crate) pursuer_delta_v_m_s: f64,
    pub(crate) evader_delta_v_m_s: f64,
    pub(crate) duration_s: f64,
}

const PURSUER: usize = 0;
const EVADER: usize = 1;

impl Duel {
    /// The game of the shipped scenarios in the Hill frame: where the pursuer starts relative to the evader.
    pub(crate) fn relative(position_m: [f64; 3], velocity_m_s: [f64; 3]) -> Self {
        let ship = |state, acceleration, delta_v| Ship {
            state,
            max_acceleration_m_s2: acceleration,
            initial_delta_v_m_s: delta_v,
            delta_v_left_m_s: delta_v,
            delta_v_spent_m_s: 0.0,
            per_axis: false,
            acceleration_rtn_m_s2: Vector3::zeros(),
        };
        let origin = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let offset = CartesianState { position_m: position_m.into(), velocity_m_s: velocity_m_s.into() };
        Self {
            ships: [ship(offset, 0.02, 20.0), ship(origin, 0.01, 6.0)],
            mean_motion_rad_s: 0.001_106_8,
            relative_tier: true,
            time_s: 0.0,
            time_limit_s: 1_200.0,
            segment_s: 10.0,
            replan_every: 4,
            capture_radius_m: 50.0,
            noise: [0.0; 2],
            step_s: 1.0,
        }
    }

    /// A day in which nothing is decided: more Δv than is needed, no capture, plans of one segment of 30 s.
    pub(crate) fn quiet_day(mut self) -> Self {
        self.time_limit_s = 86_400.0;
        self.segment_s = 30.0;
        self.step_s = 10.0;
        self.replan_every = 1;
        self.capture_radius_m = 0.0;
        self.ships[PURSUER].delta_v_left_m_s = 100.0;
        self.ships[PURSUER].initial_delta_v_m_s = 100.0;
        self
    }

    /// The same with errors in what the pursuer knows of its target, new ones in each segment.
    pub(crate) fn with_noise(mut self, position_sigma_m: f64, velocity_sigma_m_s: f64) -> Self {
        self.noise = [position_sigma_m, velocity_sigma_m_s];
        self
    }

    /// The same in two-body motion, the evader on a circular, inclined orbit at 500 km.
    pub(crate) fn two_body(position_m: [f64; 3], velocity_m_s: [f64; 3]) -> Self {
        let mut duel = Self::relative(position_m, velocity_m_s);
        let radius_m = 6_878_136.3;
        let speed_m_s = (EARTH_MU_M3_S2 / radius_m).sqrt();
        let evader = CartesianState {
            position_m: Vector3::new(0.6, 0.8, 0.0) * radius_m,
            velocity_m_s: Vector3::new(-0.8 * 0.6, 0.6 * 0.6, 0.8) * speed_m_s,
        };
        let offset = RelativeState { position_rtn_m: position_m.into(), velocity_rtn_m_s: velocity_m_s.into() };
        duel.ships[PURSUER].state = offset.to_gcrf(&evader);
        duel.ships[EVADER].state = evader;
        duel.mean_motion_rad_s = speed_m_s / radius_m;
        duel.relative_tier = false;
        duel
    }

    /// AFRL's docking: 12 kg, 1 N an axis, a target that does not burn.
    pub(crate) fn docking(position_m: [f64; 3], velocity_m_s: [f64; 3]) -> Self {
        let mut duel = Self::relative(position_m, velocity_m_s);
        duel.mean_motion_rad_s = 0.001_027;
        duel.time_limit_s = 2_000.0;
        duel.segment_s = 5.0;
        duel.capture_radius_m = 0.5;
        let chaser = &mut duel.ships[PURSUER];
        chaser.max_acceleration_m_s2 = 1.0 / 12.0;
        chaser.per_axis = true;
        chaser.initial_delta_v_m_s = f64::INFINITY;
        chaser.delta_v_left_m_s = f64::INFINITY;
        let target = &mut duel.ships[EVADER];
        target.max_acceleration_m_s2 = 0.0;
        target.initial_delta_v_m_s = 0.0;
        target.delta_v_left_m_s = 0.0;
        duel
    }

    /// What the pursuer knows.
    pub(crate) fn pursuer_view(&self) -> View {
        self.view(PURSUER)
    }

    /// What the evader knows.
    pub(crate) fn evader_view(&self) -> View {
        self.view(EVADER)
    }

    fn view(&self, slot: usize) -> View {
        let (own, other) = (&self.ships[slot], &self.ships[1 - slot]);
        let relative = self.relative_state(slot);
        let to_own_axes = |vector: &Vector3| {
            if self.relative_tier {
                *vector
            } else {
                RtnFrame::of(&own.state).to_rtn(&RtnFrame::of(&other.state).to_gcrf(vector))
            }
        };
        let mut noise_of = seeds::stream(self.time_s.to_bits(), SeedDomain::Train, 0, 0, Purpose::Sensor);
        let mut noise = |sigma: f64| match slot {
            PURSUER => Vector3::from_fn(|_, _| Distribution::Normal(0.0, sigma).sample(&mut noise_of)),
            _ => Vector3::zeros(),
        };
        let sun_rtn = if self.relative_tier {
            // In the plane, along R at the start, as the simulator has it.
            let angle_rad = self.mean_motion_rad_s * self.time_s;
            Vector3::new(libm::cos(angle_rad), -libm::sin(angle_rad), 0.0)
        } else {
            RtnFrame::of(&own.state).to_rtn(&Vector3::x())
        };
        let mut tracks = [Track::ABSENT; MAX_TRACKS];
        tracks[0] = Track {
            slot: 1 - slot,
            team: 2 - slot as u8,
            position_rtn_m: relative.position_rtn_m + noise(self.noise[0]),
            velocity_rtn_m_s: relative.velocity_rtn_m_s + noise(self.noise[1]),
            position_sigma_m: self.noise[0],
            acceleration_rtn_m_s2: to_own_axes(&other.acceleration_rtn_m_s2),
            max_acceleration_m_s2: other.max_acceleration_m_s2,
            delta_v_left_m_s: other.delta_v_left_m_s,
            initial_delta_v_m_s: other.initial_delta_v_m_s,
            mark: if slot == PURSUER { Mark::Goal } else { Mark::KeepOut },
            ..Track::ABSENT
        };
        View {
            time_s: self.time_s,
            time_left_s: self.time_limit_s - self.time_s,
            segment_s: self.segment_s,
            replan_every: self.replan_every,
            relative_tier: self.relative_tier,
            closest_approach_m: f64::INFINITY,
            inspection: None,
            goal_share: None,
            mu_m3_s2: EARTH_MU_M3_S2,
            own: OwnShip {
                slot,
                team: 1 + slot as u8,
                role: slot as u8,
                state: own.state,
                mass_kg: 12.0,
                initial_mass_kg: 12.0,
                max_acceleration_m_s2: if own.delta_v_left_m_s > 0.0 { own.max_acceleration_m_s2 } else { 0.0 },
                per_axis: own.per_axis,
                delta_v_left_m_s: own.delta_v_left_m_s,
                initial_delta_v_m_s: own.initial_delta_v_m_s,
                delta_v_spent_m_s: own.delta_v_spent_m_s,
                last_throttle: 0.0,
                mean_motion_rad_s: self.mean_motion_rad_s,
                sun_rtn,
                eclipsed: false,
            },
            tracks,
        }
    }

    fn relative_state(&self, slot: usize) -> RelativeState {
        let (own, other) = (&self.ships[slot].state, &self.ships[1 - slot].state);
        if self.relative_tier {
            RelativeState {
                position_rtn_m: other.position_m - own.position_m,
                velocity_rtn_m_s: other.velocity_m_s - own.velocity_m_s,
            }
        } else {
            RelativeState::between(own, other)
        }
    }

    /// One step under `commands`, which are clipped to the thrust and to the Δv that is left.
    pub(crate) fn advance(&mut self, commands: [Vector3; 2]) {
        for (ship, command) in self.ships.iter_mut().zip(commands) {
            let mut acceleration = command;
            if ship.per_axis {
                acceleration.apply(|axis| *axis = axis.clamp(-ship.max_acceleration_m_s2, ship.max_acceleration_m_s2));
            } else if command.norm() > ship.max_acceleration_m_s2 {
                acceleration *= ship.max_acceleration_m_s2 / command.norm();
            }
            let asked = if ship.per_axis { acceleration.lp_norm(1) } else { acceleration.norm() } * self.step_s;
            let spent = asked.min(ship.delta_v_left_m_s);
            if spent < asked {
                acceleration *= spent / asked;
            }
            ship.delta_v_left_m_s -= spent;
            ship.delta_v_spent_m_s += spent;
            ship.acceleration_rtn_m_s2 = acceleration;
            if self.relative_tier {
                let state =
                    RelativeState { position_rtn_m: ship.state.position_m, velocity_rtn_m_s: ship.state.velocity_m_s };
                let after = ClohessyWiltshire::over(self.mean_motion_rad_s, self.step_s).apply(&state, &acceleration);
                ship.state = CartesianState { position_m: after.position_rtn_m, velocity_m_s: after.velocity_rtn_m_s };
            } else {
                // Half a kick, a drift, half a kick: second order in a step of which gravity's part is exact.
                let kick = |state: &mut CartesianState| {
                    state.velocity_m_s += RtnFrame::of(state).to_gcrf(&acceleration) * (0.5 * self.step_s);
                };
                kick(&mut ship.state);
                ship.state = kepler::propagate(&ship.state, EARTH_MU_M3_S2, self.step_s);
                kick(&mut ship.state);
            }
        }
        self.time_s += self.step_s;
    }

    /// Plays until capture or the time limit; `seed` gives the generators.
    pub(crate) fn play(self, pursuer: &dyn Behaviour, evader: &dyn Behaviour, seed: u64) -> Report {
        self.play_watched(pursuer, evader, seed, |_| {})
    }

    /// As [`Duel::play`], and calls `watch` after each segment.
    pub(crate) fn play_watched(
        mut self,
        pursuer: &dyn Behaviour,
        evader: &dyn Behaviour,
        seed: u64,
        mut watch: impl FnMut(&Self),
    ) -> Report {
        let generator = |purpose| seeds::stream(seed, SeedDomain::Train, 0, 0, purpose);
        let mut generators: [Generator; 2] = [generator(Purpose::Policy), generator(Purpose::Adversary)];
        let mut pursuer_memory = pursuer.begin(&mut generators[PURSUER]);
        let mut evader_memory = evader.begin(&mut generators[EVADER]);
        let mut report = Report {
            captured: false,
            least_range_m: f64::INFINITY,
            speed_at_end_m_s: 0.0,
            worst_overspeed_m_s: f64::NEG_INFINITY,
            pursuer_delta_v_m_s: 0.0,
            evader_delta_v_m_s: 0.0,
            duration_s: 0.0,
        };
        let steps = (self.segment_s / self.step_s).round() as usize;
        'episode: while self.time_s < self.time_limit_s {
            let mut imagined = self;
            let held = self.ships[EVADER].acceleration_rtn_m_s2;
            let plan: Vec<Vector3> = (0..self.replan_every)
                .map(|_| {
                    let command =
                        pursuer.accelerate(&imagined.pursuer_view(), &mut pursuer_memory, &mut generators[PURSUER]);
                    (0..steps).for_each(|_| imagined.advance([command, held]));
                    command
                })
                .collect();
            for command in plan {
                let evasion = evader.accelerate(&self.evader_view(), &mut evader_memory, &mut generators[EVADER]);
                for _ in 0..steps {
                    let before = self.relative_state(PURSUER);
                    self.advance([command, evasion]);
                    let after = self.relative_state(PURSUER);
                    report.pursuer_delta_v_m_s = self.ships[PURSUER].delta_v_spent_m_s;
                    report.evader_delta_v_m_s = self.ships[EVADER].delta_v_spent_m_s;
                    report.duration_s = self.time_s;
                    let moved = after.position_rtn_m - before.position_rtn_m;
                    let nearest = (-before.position_rtn_m.dot(&moved) / (moved.norm_squared() + 1e-12)).clamp(0.0, 1.0);
                    let range_m = (before.position_rtn_m + moved * nearest).norm();
                    report.least_range_m = report.least_range_m.min(range_m);
                    report.speed_at_end_m_s = after.velocity_rtn_m_s.norm();
                    let limit_m_s = 0.2 + 0.002_054 * (after.position_rtn_m.norm() - 0.5);
                    if range_m >= self.capture_radius_m {
                        report.worst_overspeed_m_s =
                            report.worst_overspeed_m_s.max(report.speed_at_end_m_s - limit_m_s);
                    } else {
                        report.captured = true;
                        break 'episode;
                    }
                }
                watch(&self);
            }
        }
        report
    }
}
