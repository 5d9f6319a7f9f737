//! Views of many spacecraft at once: what [`View::see`] gives, computed on lanes, to the same bits.

use pulp::{Arch, Simd, WithSimd};

use super::frames::Frames;
use super::integrators::lanes::{Lanes, MAX_LANES};
use super::integrators::vectors;
use super::schedule::{Arena, Known};
use super::template::Template;
use super::view::{MAX_TRACKS, Mark, SunModel, Track, View, others};
use crate::astro::Vector3;

/// Numbers of own ship that the lanes are given: position, velocity, the objective's pair (each a position), greatest thrust,
/// mass, Δv left.
const OWN_ASKED: usize = 15;
/// Numbers of own ship that they give: direction of the Sun, whether it is eclipsed, mean motion, greatest acceleration,
/// distance of the pair, whether there is a frame.
const OWN_SEEN: usize = 8;
/// Numbers of another spacecraft that they are given: position, velocity, acceleration, greatest thrust, mass, Δv left.
const OTHER_ASKED: usize = 12;
/// Numbers of another spacecraft that they give: position, velocity, acceleration, greatest acceleration, cosine of the phase.
const OTHER_SEEN: usize = 11;

/// Where the views of some spacecraft are computed, with room kept from one use to the next.
pub(super) struct Sight {
    arch: Arch,
    /// The tracks of each learned slot, in order.
    others: Vec<Vec<(usize, Mark)>>,
    own: [[f64; MAX_LANES]; OWN_ASKED],
    own_seen: [[f64; MAX_LANES]; OWN_SEEN],
    asked: Vec<[[f64; MAX_LANES]; OTHER_ASKED]>,
    seen: Vec<[[f64; MAX_LANES]; OTHER_SEEN]>,
    view: View,
}

impl Sight {
    /// For the views of the learned slots of a scenario.
    pub(super) fn of(template: &Template, learned: &[usize]) -> Self {
        let tracks = (template.slots.len().saturating_sub(1)).min(MAX_TRACKS);
        Self {
            arch: Arch::new(),
            others: learned.iter().map(|slot| others(template, *slot).take(MAX_TRACKS).collect()).collect(),
            own: [[1.0; MAX_LANES]; OWN_ASKED],
            own_seen: [[0.0; MAX_LANES]; OWN_SEEN],
            asked: vec![[[1.0; MAX_LANES]; OTHER_ASKED]; tracks],
            seen: vec![[[0.0; MAX_LANES]; OTHER_SEEN]; tracks],
            view: View::EMPTY,
        }
    }

    /// Calls `visit(arena, k, view)` for each of at most [`MAX_LANES`] seats, in order: an arena and a place among the learned
    /// slots `learned`.
    ///
    /// Not for the relative tier, nor where anybody has sensors.
    pub(super) fn look(
        &mut self,
        scene: &Scene<'_>,
        seats: &[(usize, usize)],
        mut visit: impl FnMut(usize, usize, &View),
    ) {
        self.ask(scene, seats);
        let Self { own, own_seen, asked, seen, .. } = self;
        let physics = &scene.template.physics;
        self.arch.dispatch(Kernel {
            sun_m: scene.sun.0,
            sun_direction: scene.sun.1,
            mu_m3_s2: physics.mu_m3_s2,
            earth_radius_m: physics.earth_radius_m,
            lanes: seats.len(),
            own,
            own_seen,
            asked,
            seen,
        });
        for (lane, (index, k)) in seats.iter().enumerate() {
            if self.own_seen[7][lane] > 0.0 && self.are_there(scene, *index, *k) {
                self.fill(scene, lane, *index, *k);
            } else {
                // Without a plane of motion the frame is another matter, and where some are not there so are the places.
                let model = SunModel::Fixed(scene.sun.0, scene.sun.1);
                let slot = scene.learned[*k];
                self.view.see(scene.template, &model, &scene.known, &scene.arenas[*index], *index, slot);
            }
            visit(*index, *k, &self.view);
        }
    }

    /// Fills the lanes.
    fn ask(&mut self, scene: &Scene<'_>, seats: &[(usize, usize)]) {
        let Scene { template, known, learned, .. } = scene;
        let put = |columns: &mut [[f64; MAX_LANES]], first: usize, lane: usize, vector: &[f64; 3]| {
            for (column, number) in columns[first..first + 3].iter_mut().zip(vector) {
                column[lane] = *number;
            }
        };
        for (lane, (index, k)) in seats.iter().enumerate() {
            let first = index * template.slots.len();
            let row = first + learned[*k];
            put(&mut self.own, 0, lane, &known.orbits[row].position_m);
            put(&mut self.own, 3, lane, &known.orbits[row].velocity_m_s);
            put(&mut self.own, 6, lane, &known.orbits[first + template.objective.who].position_m);
            put(&mut self.own, 9, lane, &known.orbits[first + template.objective.target].position_m);
            self.own[12][lane] = known.thrusters[row].max_thrust_n;
            self.own[13][lane] = known.masses[row].mass_kg;
            self.own[14][lane] = known.masses[row].delta_v_left_m_s;
            for ((slot, _), asked) in self.others[*k].iter().zip(&mut self.asked) {
                let row = first + slot;
                put(asked, 0, lane, &known.orbits[row].position_m);
                put(asked, 3, lane, &known.orbits[row].velocity_m_s);
                put(asked, 6, lane, known.ledgers[row].last_acceleration_m_s2.as_ref());
                asked[9][lane] = known.thrusters[row].max_thrust_n;
                asked[10][lane] = known.masses[row].mass_kg;
                asked[11][lane] = known.masses[row].delta_v_left_m_s;
            }
        }
    }

    /// Whether all that a seat may track are there.
    #[inline]
    fn are_there(&self, scene: &Scene<'_>, index: usize, k: usize) -> bool {
        let first = index * scene.template.slots.len();
        self.others[k].iter().all(|(slot, _)| scene.known.identities[first + slot].is_present())
    }

    /// Fills the view from a lane.
    #[inline]
    fn fill(&mut self, scene: &Scene<'_>, lane: usize, index: usize, k: usize) {
        let Scene { template, known, learned, arenas, .. } = scene;
        let Self { own_seen, seen, others, view, .. } = self;
        let (arena, slot) = (&arenas[index], learned[k]);
        let first = index * template.slots.len();
        let row = first + slot;
        let (mass, thruster, ledger) = (&known.masses[row], &known.thrusters[row], &known.ledgers[row]);
        let vector = |columns: &[[f64; MAX_LANES]], first: usize| {
            Vector3::new(columns[first][lane], columns[first + 1][lane], columns[first + 2][lane])
        };
        // Field by field: made whole and moved into place, it took as long as all the lanes.
        let own = &mut view.own;
        own.slot = slot;
        own.team = known.identities[row].team;
        own.role = known.identities[row].role;
        own.state = known.orbits[row].state();
        own.mass_kg = mass.mass_kg;
        own.initial_mass_kg = mass.initial_mass_kg;
        own.max_acceleration_m_s2 = own_seen[5][lane];
        own.per_axis = thruster.per_axis;
        own.delta_v_left_m_s = mass.delta_v_left_m_s;
        own.initial_delta_v_m_s = mass.initial_delta_v_m_s;
        own.delta_v_spent_m_s = ledger.delta_v_m_s;
        own.last_throttle = ledger.last_throttle;
        own.mean_motion_rad_s = own_seen[4][lane];
        own.sun_rtn = vector(own_seen, 0);
        own.eclipsed = own_seen[3][lane] > 0.0;
        view.time_s = arena.time_s;
        view.time_left_s = (template.time_limit_s - arena.time_s).max(0.0);
        view.segment_s = template.segment_s;
        view.replan_every = template.replan_every;
        view.relative_tier = false;
        view.mu_m3_s2 = template.physics.mu_m3_s2;
        view.closest_approach_m = arena.closest_approach_m.min(own_seen[6][lane]);
        view.note_goal(template, arena, slot);
        for (((other, mark), seen), track) in others[k].iter().zip(seen.iter()).zip(&mut view.tracks) {
            let row = first + other;
            let mass = &known.masses[row];
            *track = Track {
                slot: *other,
                team: known.identities[row].team,
                position_rtn_m: vector(seen, 0),
                velocity_rtn_m_s: vector(seen, 3),
                acceleration_rtn_m_s2: vector(seen, 6),
                acceleration_held_s: known.ledgers[row].acceleration_held_s,
                max_acceleration_m_s2: seen[9][lane],
                delta_v_left_m_s: mass.delta_v_left_m_s,
                initial_delta_v_m_s: mass.initial_delta_v_m_s,
                position_sigma_m: 0.0,
                sun_phase_cosine: seen[10][lane].clamp(-1.0, 1.0),
                mark: *mark,
            };
        }
    }
}

/// What the views are of.
pub(super) struct Scene<'a> {
    pub(super) template: &'a Template,
    pub(super) known: Known<'a>,
    pub(super) arenas: &'a [Arena],
    pub(super) learned: &'a [usize],
    /// Position of the Sun, GCRF [m], and its direction from the Earth.
    pub(super) sun: (Vector3, Vector3),
}

struct Kernel<'a> {
    sun_m: Vector3,
    sun_direction: Vector3,
    mu_m3_s2: f64,
    earth_radius_m: f64,
    lanes: usize,
    own: &'a [[f64; MAX_LANES]; OWN_ASKED],
    own_seen: &'a mut [[f64; MAX_LANES]; OWN_SEEN],
    asked: &'a [[[f64; MAX_LANES]; OTHER_ASKED]],
    seen: &'a mut [[[f64; MAX_LANES]; OTHER_SEEN]],
}

impl WithSimd for Kernel<'_> {
    type Output = ();

    /// Operation by operation what [`View::see`], `RtnFrame`, `RelativeState` and `eclipse` do, in their order.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (zero, one, two) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 1.0), Lanes::splat(simd, 2.0));
        let minus_one = Lanes::splat(simd, -1.0);
        let mu = Lanes::splat(simd, self.mu_m3_s2);
        let earth_radius_squared = Lanes::splat(simd, self.earth_radius_m * self.earth_radius_m);
        for from in (0..self.lanes).step_by(Lanes::<S>::COUNT) {
            let position = vectors::load(simd, self.own, 0, from);
            let velocity = vectors::load(simd, self.own, 3, from);
            let frame = Frames::of(&position, &velocity);

            let to_sun = frame.to_rtn(&vectors::minus(&vectors::splat(simd, &self.sun_m), &position));
            let sun = vectors::over(&to_sun, vectors::norm(&to_sun));
            vectors::store(&sun, self.own_seen, 0, from);

            let direction = vectors::splat(simd, &self.sun_direction);
            let along = vectors::dot(&position, &direction);
            let shadow_axis = [direction[0] * along, direction[1] * along, direction[2] * along];
            let across = vectors::minus(&position, &shadow_axis);
            let inside = vectors::dot(&across, &across).where_less(earth_radius_squared, one, zero);
            along.where_less(zero, inside, zero).store(&mut self.own_seen[3][from..]);

            let radius = vectors::norm(&position);
            let inverse_axis = two / radius - vectors::dot(&velocity, &velocity) / mu;
            let axis = zero.where_less(inverse_axis, one / inverse_axis, radius);
            (mu / (axis * axis * axis)).sqrt().store(&mut self.own_seen[4][from..]);

            let [thrust, mass, left] = vectors::load(simd, self.own, 12, from);
            zero.where_less(left, thrust / mass, zero).store(&mut self.own_seen[5][from..]);
            let (who, target) = (vectors::load(simd, self.own, 6, from), vectors::load(simd, self.own, 9, from));
            vectors::norm(&vectors::minus(&who, &target)).store(&mut self.own_seen[6][from..]);
            frame.soundness.store(&mut self.own_seen[7][from..]);

            let omega = [zero, zero, frame.rate_rad_s];
            for (asked, seen) in self.asked.iter().zip(self.seen.iter_mut()) {
                let away = vectors::minus(&vectors::load(simd, asked, 0, from), &position);
                let relative = frame.to_rtn(&away);
                let drift = vectors::minus(&vectors::load(simd, asked, 3, from), &velocity);
                let inertial = frame.to_rtn(&drift);
                let turning = vectors::cross(&omega, &relative);
                vectors::store(&relative, seen, 0, from);
                vectors::store(&vectors::minus(&inertial, &turning), seen, 3, from);
                vectors::store(&frame.to_rtn(&vectors::load(simd, asked, 6, from)), seen, 6, from);
                let [thrust, mass, left] = vectors::load(simd, asked, 9, from);
                zero.where_less(left, thrust / mass, zero).store(&mut seen[9][from..]);
                let range = vectors::norm(&relative);
                let cosine = minus_one * vectors::dot(&sun, &relative) / range;
                zero.where_less(range, cosine, one).store(&mut seen[10][from..]);
            }
        }
    }
}
