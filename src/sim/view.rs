//! What one spacecraft knows when it decides: its own ship and the tracks that it holds.

use super::components::Orbit;
use super::goals::Progress;
use super::goals::inspection::{Inspected, Inspection};
use super::reset::mean_motion;
use super::schedule::{Arena, Known};
use super::template::{Goal, Template};
use super::tracks::motion::Vantage;
use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3, eclipse, sun};

/// Tracks that a view holds at most; the observation has a place for each.
pub const MAX_TRACKS: usize = 7;

/// Own ship, known without error.
#[derive(Clone, Copy, Debug)]
pub struct OwnShip {
    /// Slot in the arena.
    pub slot: usize,
    /// Index of the team, 1 and up, in the order in which the scenario names them.
    pub team: u8,
    /// Index into the table of roles.
    pub role: u8,
    /// State in GCRF; in the `relative` tier, in the Hill frame of the reference orbit.
    pub state: CartesianState,
    /// Mass [kg], propellant included.
    pub mass_kg: f64,
    /// Mass at the start of the episode [kg].
    pub initial_mass_kg: f64,
    /// Greatest acceleration now [m/s²]: thrust over mass, an axis where thrusters are per axis; zero without propellant.
    pub max_acceleration_m_s2: f64,
    /// Whether thrusters act per axis (a box) and not as one vector (a ball).
    pub per_axis: bool,
    /// Δv left [m/s]; infinite where the scenario bounds neither propellant nor Δv.
    pub delta_v_left_m_s: f64,
    /// Δv at the start of the episode [m/s].
    pub initial_delta_v_m_s: f64,
    /// Δv spent so far in the episode [m/s].
    pub delta_v_spent_m_s: f64,
    /// Throttle of the last segment flown, 0 to 1.
    pub last_throttle: f64,
    /// Mean motion of the (reference) orbit [rad/s].
    pub mean_motion_rad_s: f64,
    /// Unit vector to the Sun, RTN of own ship.
    pub sun_rtn: Vector3,
    /// Whether own ship is in the Earth's shadow.
    pub eclipsed: bool,
}

/// One tracked object, as own ship estimates it.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    /// Slot in the arena of the object tracked.
    pub slot: usize,
    /// Index of its team; 0 means that there is no track in this place.
    pub team: u8,
    /// Position relative to own ship, own RTN [m].
    pub position_rtn_m: Vector3,
    /// Velocity relative to own ship in the rotating RTN frame of own ship [m/s].
    pub velocity_rtn_m_s: Vector3,
    /// Estimate of the acceleration that its thrusters gave it in the last segment, own RTN [m/s²].
    pub acceleration_rtn_m_s2: Vector3,
    /// Time for which that acceleration has been about the same [s].
    pub acceleration_held_s: f64,
    /// Its greatest acceleration, as far as known [m/s²].
    pub max_acceleration_m_s2: f64,
    /// Its Δv left, as far as known [m/s].
    pub delta_v_left_m_s: f64,
    /// Its Δv at the start of the episode, as far as known [m/s].
    pub initial_delta_v_m_s: f64,
    /// One standard deviation of the position estimate [m]: the root of the sum of its three variances; zero with perfect sensing.
    pub position_sigma_m: f64,
    /// Cosine of the angle at the object between the Sun and own ship: 1 when it is fully lit as seen from own ship.
    pub sun_phase_cosine: f64,
    /// What the scenario's objective makes of it for own team.
    pub mark: Mark,
}

/// What an object is to an observer under the scenario's objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Neither of the following.
    None,
    /// Own team's goal is at this object.
    Goal,
    /// Own team must keep away from this object.
    KeepOut,
}

impl Track {
    /// A place without a track.
    pub const ABSENT: Self = Self {
        slot: usize::MAX,
        team: 0,
        position_rtn_m: Vector3::new(0.0, 0.0, 0.0),
        velocity_rtn_m_s: Vector3::new(0.0, 0.0, 0.0),
        acceleration_rtn_m_s2: Vector3::new(0.0, 0.0, 0.0),
        acceleration_held_s: 0.0,
        max_acceleration_m_s2: 0.0,
        delta_v_left_m_s: 0.0,
        initial_delta_v_m_s: 0.0,
        position_sigma_m: 0.0,
        sun_phase_cosine: 1.0,
        mark: Mark::None,
    };

    /// Range [m].
    #[must_use]
    pub fn range_m(&self) -> f64 {
        self.position_rtn_m.norm()
    }

    /// Time to the closest approach on a straight line at constant relative velocity [s]; negative when it is past.
    #[must_use]
    pub fn time_to_closest_approach_s(&self) -> f64 {
        -self.position_rtn_m.dot(&self.velocity_rtn_m_s) / (self.velocity_rtn_m_s.norm_squared() + 1e-12)
    }
}

/// Everything that a behaviour or a policy decides from.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// Time until the episode's limit [s].
    pub time_left_s: f64,
    /// Length of a segment of the plan [s].
    pub segment_s: f64,
    /// Segments of a plan that are executed before the next decision.
    pub replan_every: usize,
    /// Whether states are those of the `relative` tier (Clohessy-Wiltshire).
    pub relative_tier: bool,
    /// Gravitational parameter [m³/s²].
    pub mu_m3_s2: f64,
    /// Least distance so far of the objective's pair [m]; with sensors, as own ship estimates it, at the ends of segments, and infinite before
    /// both were tracked.
    pub closest_approach_m: f64,
    /// What own ship has to inspect and has inspected; `None` for everybody else, and where the goal is another. Directions
    /// are those of the target's RTN frame, from which own RTN differs by range over orbital radius.
    pub inspection: Option<(Inspection, Inspected)>,
    /// How much of the objective's goal is met, 0 to 1; `None` where it counts nothing.
    pub goal_share: Option<f64>,
    /// Own ship.
    pub own: OwnShip,
    /// Tracks: marked goals first, then keep-out objects, then the others by slot; absent ones last.
    pub tracks: [Track; MAX_TRACKS],
}

impl View {
    /// Tracks that are present.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().take_while(|track| track.team != 0)
    }

    /// Becomes a copy of `other`. Places without a track in both, the most by far, are left alone.
    pub fn copy_from(&mut self, other: &Self) {
        let Self {
            time_s,
            time_left_s,
            segment_s,
            replan_every,
            relative_tier,
            mu_m3_s2,
            closest_approach_m,
            inspection,
            goal_share,
            own,
            tracks,
        } = self;
        (*time_s, *time_left_s, *segment_s) = (other.time_s, other.time_left_s, other.segment_s);
        (*replan_every, *relative_tier, *mu_m3_s2) = (other.replan_every, other.relative_tier, other.mu_m3_s2);
        (*closest_approach_m, *own) = (other.closest_approach_m, other.own);
        (*inspection, *goal_share) = (other.inspection, other.goal_share);
        for (track, other) in tracks.iter_mut().zip(&other.tracks) {
            if track.team == 0 && other.team == 0 {
                break;
            }
            *track = *other;
        }
    }

    /// The track that own team's goal is at; without one, the nearest object of another team.
    #[must_use]
    pub fn target(&self) -> Option<&Track> {
        self.tracks().find(|track| track.mark == Mark::Goal).or_else(|| self.nearest_opponent())
    }

    /// The nearest object of another team.
    #[must_use]
    pub fn nearest_opponent(&self) -> Option<&Track> {
        self.tracks()
            .filter(|track| track.team != self.own.team)
            .min_by(|a, b| a.position_rtn_m.norm_squared().total_cmp(&b.position_rtn_m.norm_squared()))
    }
}

/// Where the Sun stands during an episode.
#[derive(Clone, Copy, Debug)]
pub(super) enum SunModel {
    /// At this position, GCRF [m], in this direction from the Earth; its motion of a degree a day is left out.
    Fixed(Vector3, Vector3),
    /// In the plane of the reference orbit, turning at minus the mean motion [rad/s] in the Hill frame; where it stands at
    /// the start is drawn.
    ///
    /// Then its angle at the start, from R against T [rad].
    Hill(f64, f64),
}

impl SunModel {
    pub(super) fn of(template: &Template) -> Self {
        match template.physics.hill_mean_motion_rad_s {
            Some(rate_rad_s) => Self::Hill(rate_rad_s, 0.0),
            None => {
                let position_m = sun::position_gcrf_m(template.epoch_jd_tt);
                Self::Fixed(position_m, position_m / position_m.norm())
            }
        }
    }

    /// Unit vector to the Sun in the Hill frame, `time_s` after the start; along R in the other models.
    pub(super) fn hill_direction(&self, start_rad: f64, time_s: f64) -> Vector3 {
        let Self::Hill(rate_rad_s, _) = self else { return Vector3::x() };
        let angle_rad = start_rad + rate_rad_s * time_s;
        Vector3::new(libm::cos(angle_rad), -libm::sin(angle_rad), 0.0)
    }

    /// Unit vector to the Sun from `position_m`, own RTN; `frame`: own axes, none in the Hill frame.
    pub(super) fn direction_rtn(&self, frame: Option<&RtnFrame>, position_m: &Vector3, time_s: f64) -> Vector3 {
        match self {
            Self::Fixed(sun_m, _) => {
                let direction = sun_m - position_m;
                frame.map_or(direction, |frame| frame.to_rtn(&direction)).normalize()
            }
            Self::Hill(_, start_rad) => self.hill_direction(*start_rad, time_s),
        }
    }

    /// The Sun of an arena's episode.
    pub(super) fn in_arena(&self, arena: &Arena) -> Self {
        match self {
            Self::Hill(rate_rad_s, _) => Self::Hill(*rate_rad_s, arena.sun_angle_rad),
            Self::Fixed(..) => *self,
        }
    }
}

impl View {
    /// A view of nothing, to be filled.
    pub(crate) const EMPTY: Self = Self {
        time_s: 0.0,
        time_left_s: 0.0,
        segment_s: 0.0,
        replan_every: 1,
        relative_tier: false,
        mu_m3_s2: 0.0,
        closest_approach_m: 0.0,
        inspection: None,
        goal_share: None,
        own: OwnShip {
            slot: 0,
            team: 0,
            role: 0,
            state: CartesianState {
                position_m: Vector3::new(0.0, 0.0, 0.0),
                velocity_m_s: Vector3::new(0.0, 0.0, 0.0),
            },
            mass_kg: 0.0,
            initial_mass_kg: 0.0,
            max_acceleration_m_s2: 0.0,
            per_axis: false,
            delta_v_left_m_s: 0.0,
            initial_delta_v_m_s: 0.0,
            delta_v_spent_m_s: 0.0,
            last_throttle: 0.0,
            mean_motion_rad_s: 0.0,
            sun_rtn: Vector3::new(0.0, 0.0, 0.0),
            eclipsed: false,
        },
        tracks: [Track::ABSENT; MAX_TRACKS],
    };

    /// What slot `slot` of the arena knows, over a view that is [`View::EMPTY`] or of the same template; `arena_index` tells its rows.
    ///
    /// With sensors, a place holds the estimate of a track, and there is none for what is not tracked. What no sensor can tell, the Δv
    /// and the authority of others, is the mean of the scenario's distributions; team and mark are public.
    pub(super) fn see(
        &mut self,
        template: &Template,
        sun: &SunModel,
        known: &Known<'_>,
        arena: &Arena,
        arena_index: usize,
        slot: usize,
    ) {
        let slots = template.slots.len();
        let first = arena_index * slots;
        let row = first + slot;
        let state = known.orbits[row].state();
        let (mass, thruster, ledger) = (&known.masses[row], &known.thrusters[row], &known.ledgers[row]);
        let frame = template.physics.hill_mean_motion_rad_s.is_none().then(|| RtnFrame::of(&state));
        let vantage = Vantage { own: state, frame };
        let sun_rtn = sun.in_arena(arena).direction_rtn(frame.as_ref(), &state.position_m, arena.time_s);
        let eclipsed = match sun {
            SunModel::Fixed(_, direction) => {
                eclipse::in_shadow_behind(&state.position_m, direction, template.physics.earth_radius_m)
            }
            SunModel::Hill(..) => false,
        };
        let knowledge = known.sensing.knowledge(arena_index, slot);
        self.own = OwnShip {
            slot,
            team: known.identities[row].team,
            role: known.identities[row].role,
            state,
            mass_kg: mass.mass_kg,
            initial_mass_kg: mass.initial_mass_kg,
            max_acceleration_m_s2: max_acceleration(thruster.max_thrust_n, mass),
            per_axis: thruster.per_axis,
            delta_v_left_m_s: mass.delta_v_left_m_s,
            initial_delta_v_m_s: mass.initial_delta_v_m_s,
            delta_v_spent_m_s: ledger.delta_v_m_s,
            last_throttle: ledger.last_throttle,
            mean_motion_rad_s: mean_motion(template, &known.orbits[row]),
            sun_rtn,
            eclipsed,
        };
        self.time_s = arena.time_s;
        self.time_left_s = (template.time_limit_s - arena.time_s).max(0.0);
        self.segment_s = template.segment_s;
        self.replan_every = template.replan_every;
        self.relative_tier = template.physics.hill_mean_motion_rad_s.is_some();
        self.mu_m3_s2 = template.physics.mu_m3_s2;
        self.closest_approach_m = match &knowledge {
            Some(knowledge) => knowledge.closest_approach_m,
            None => arena.closest_approach_m.min(pair_distance_m(template, known.orbits, first)),
        };
        self.note_goal(template, arena, slot);
        let mut count = 0;
        for &(other, wanted) in &known.companions[slot] {
            let row = first + other;
            if !known.identities[row].is_present() {
                continue;
            }
            if count == MAX_TRACKS {
                return;
            }
            if let Some(knowledge) = &knowledge {
                let Some(track) = knowledge.track(other) else { continue };
                let sighting = track.sighting(&vantage);
                let prior = knowledge.prior(other);
                self.tracks[count] = Track {
                    slot: other,
                    team: known.identities[row].team,
                    position_rtn_m: sighting.relative.position_rtn_m,
                    velocity_rtn_m_s: sighting.relative.velocity_rtn_m_s,
                    acceleration_rtn_m_s2: sighting.acceleration_rtn_m_s2,
                    acceleration_held_s: track.contact.acceleration_held_s,
                    max_acceleration_m_s2: prior.max_acceleration_m_s2,
                    delta_v_left_m_s: prior.delta_v_m_s,
                    initial_delta_v_m_s: prior.delta_v_m_s,
                    position_sigma_m: sighting.position_sigma_m,
                    sun_phase_cosine: sun_phase_cosine(&sun_rtn, &sighting.relative.position_rtn_m),
                    mark: wanted,
                };
                count += 1;
                continue;
            }
            let seen = known.orbits[row].state();
            let relative = vantage.relative_state(&seen);
            let mass = &known.masses[row];
            self.tracks[count] = Track {
                slot: other,
                team: known.identities[row].team,
                position_rtn_m: relative.position_rtn_m,
                velocity_rtn_m_s: relative.velocity_rtn_m_s,
                acceleration_rtn_m_s2: vantage.to_own(&known.ledgers[row].last_acceleration_m_s2),
                acceleration_held_s: known.ledgers[row].acceleration_held_s,
                max_acceleration_m_s2: max_acceleration(known.thrusters[row].max_thrust_n, mass),
                delta_v_left_m_s: mass.delta_v_left_m_s,
                initial_delta_v_m_s: mass.initial_delta_v_m_s,
                position_sigma_m: 0.0,
                sun_phase_cosine: sun_phase_cosine(&sun_rtn, &relative.position_rtn_m),
                mark: wanted,
            };
            count += 1;
        }
        for place in &mut self.tracks[count..] {
            if place.team == 0 {
                break;
            }
            *place = Track::ABSENT;
        }
    }

    /// What slot `slot` knows of the goal.
    #[inline]
    pub(super) fn note_goal(&mut self, template: &Template, arena: &Arena, slot: usize) {
        self.inspection = match (&template.objective.goal, &arena.progress) {
            (Goal::Inspect(inspection), Progress::Inspected(inspected)) if slot == template.objective.who => {
                Some((*inspection, *inspected))
            }
            _ => None,
        };
        self.goal_share = arena.progress.share(&template.objective.goal);
    }
}

/// The slots that slot `slot` may track, in order, and what each is to it.
pub(super) fn others(template: &Template, slot: usize) -> impl Iterator<Item = (usize, Mark)> {
    let slots = template.slots.len();
    let marked = move |wanted: Mark| {
        let others = (0..slots).filter(move |other| *other != slot);
        others.filter(move |other| mark(template, slot, *other) == wanted).map(move |other| (other, wanted))
    };
    [Mark::Goal, Mark::KeepOut, Mark::None].into_iter().flat_map(marked)
}

/// The others of each slot, as [`others`] gives them.
pub(super) fn companions(template: &Template) -> Vec<Vec<(usize, Mark)>> {
    (0..template.slots.len()).map(|slot| others(template, slot).collect()).collect()
}

/// Cosine of the angle at an object between the Sun and own ship.
fn sun_phase_cosine(sun_rtn: &Vector3, position_rtn_m: &Vector3) -> f64 {
    let range_m = position_rtn_m.norm();
    let cosine = if range_m > 0.0 { -sun_rtn.dot(position_rtn_m) / range_m } else { 1.0 };
    cosine.clamp(-1.0, 1.0)
}

/// Distance now of the objective's pair [m]; `first`: the arena's first row.
fn pair_distance_m(template: &Template, orbits: &[Orbit], first: usize) -> f64 {
    let position_m = |slot: usize| Vector3::from(orbits[first + slot].position_m);
    (position_m(template.objective.who) - position_m(template.objective.target)).norm()
}

fn max_acceleration(max_thrust_n: f64, mass: &super::components::Mass) -> f64 {
    if mass.delta_v_left_m_s > 0.0 { max_thrust_n / mass.mass_kg } else { 0.0 }
}

/// What slot `other` is to slot `slot`: its goal where it is its target or the two are the objective's pair, to be kept
/// away from where a failure names the two.
fn mark(template: &Template, slot: usize, other: usize) -> Mark {
    use super::template::Failure;
    let objective = &template.objective;
    let target = template.slots[slot].target.or((objective.who == slot).then_some(objective.target));
    if target == Some(other) {
        return Mark::Goal;
    }
    let kept_apart = objective.failures.iter().any(|failure| match failure {
        Failure::KeepOut { pair, .. } => *pair == [slot, other] || *pair == [other, slot],
        _ => false,
    });
    if kept_apart { Mark::KeepOut } else { Mark::None }
}
