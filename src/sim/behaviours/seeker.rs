//! A seeker with a bounded field of view, slew rate and range, and what is known of a target that it does not see.

use crate::astro::Vector3;
use crate::astro::curvilinear::Curvilinear;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::components::Thruster;
use crate::sim::view::{Track, View};

/// A seeker on a mount.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seeker {
    /// Angle between its axis and the edge of what it sees [rad].
    pub(super) half_angle_rad: f64,
    /// Greatest rate at which its axis turns against the stars [rad/s].
    pub(super) slew_rad_s: f64,
    /// Distance up to which it sees [m].
    pub(super) range_m: f64,
}

/// What is known of the target at one moment, and from what it is carried on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lock {
    /// The target relative to own ship: curvilinear coordinates, and in the relative tier its own.
    pub(super) estimate: RelativeState,
    /// Axis of the seeker, own RTN.
    pub(super) boresight_rtn: Vector3,
    /// Acceleration that own ship has been told to take from then on, within its thrust [m/s²].
    pub(super) own_acceleration_rtn_m_s2: Vector3,
    /// Δv that own ship had spent then [m/s].
    pub(super) delta_v_spent_m_s: f64,
    /// When, since the start of the episode [s].
    pub(super) time_s: f64,
}

/// Numbers that a [`Lock`] takes in the scratch of a memory.
pub(super) const LOCK_NUMBERS: usize = 14;

impl Lock {
    /// At the start: the target is where it was last tracked, without error, and the axis points at it.
    pub(super) fn on(view: &View, target: &Track) -> Self {
        let seen = straight(target);
        Self {
            estimate: bend(view, &seen),
            boresight_rtn: direction(&seen.position_rtn_m).unwrap_or_else(Vector3::y),
            own_acceleration_rtn_m_s2: Vector3::zeros(),
            delta_v_spent_m_s: view.own.delta_v_spent_m_s,
            time_s: view.time_s,
        }
    }

    /// The estimate in straight RTN coordinates.
    pub(super) fn straight(&self, view: &View) -> RelativeState {
        if view.relative_tier { self.estimate } else { Curvilinear::about(&view.own.state).straighten(&self.estimate) }
    }

    /// Puts down what own ship is told to do until the next look.
    pub(super) fn set_command(&mut self, view: &View, wanted_rtn_m_s2: &Vector3) {
        let thruster = Thruster { per_axis: view.own.per_axis, ..Thruster::default() };
        self.own_acceleration_rtn_m_s2 = thruster.clip(wanted_rtn_m_s2, view.own.max_acceleration_m_s2);
    }

    /// As the first [`LOCK_NUMBERS`] of a scratch.
    pub(super) fn write(&self, scratch: &mut [f64]) {
        let vectors = [
            self.estimate.position_rtn_m,
            self.estimate.velocity_rtn_m_s,
            self.own_acceleration_rtn_m_s2,
            self.boresight_rtn,
        ];
        for (place, vector) in scratch.chunks_exact_mut(3).zip(vectors) {
            place.copy_from_slice(vector.as_slice());
        }
        (scratch[12], scratch[13]) = (self.delta_v_spent_m_s, self.time_s);
    }

    /// What [`Lock::write`] wrote.
    pub(super) fn read(scratch: &[f64]) -> Self {
        let vector = |index: usize| Vector3::from_column_slice(&scratch[3 * index..3 * index + 3]);
        Self {
            estimate: RelativeState { position_rtn_m: vector(0), velocity_rtn_m_s: vector(1) },
            own_acceleration_rtn_m_s2: vector(2),
            boresight_rtn: vector(3),
            delta_v_spent_m_s: scratch[12],
            time_s: scratch[13],
        }
    }
}

impl Seeker {
    /// What is known now, from what was known at `last`, and whether the target is seen.
    ///
    /// The estimate is carried on by the Clohessy-Wiltshire equations under own burns, the target coasting; the axis turns
    /// towards it as far as the slew rate allows; and a target within range and view then takes the place of the estimate.
    pub(super) fn look(&self, view: &View, target: &Track, last: &Lock) -> (Lock, bool) {
        let elapsed_s = (view.time_s - last.time_s).max(0.0);
        let mut lock = Lock {
            estimate: carried(view, last, elapsed_s),
            delta_v_spent_m_s: view.own.delta_v_spent_m_s,
            time_s: view.time_s,
            ..*last
        };
        let towards = direction(&lock.straight(view).position_rtn_m).unwrap_or(last.boresight_rtn);
        // Own RTN turns by n t about N; an axis at rest among the stars turns back against it.
        let turned = nalgebra::Rotation3::from_axis_angle(&Vector3::z_axis(), -view.own.mean_motion_rad_s * elapsed_s)
            * last.boresight_rtn;
        lock.boresight_rtn = turn_towards(&turned, &towards, self.slew_rad_s * elapsed_s);
        let seen = straight(target);
        let sees = seen.position_rtn_m.norm() <= self.range_m
            && direction(&seen.position_rtn_m)
                .is_none_or(|line| lock.boresight_rtn.angle(&line) <= self.half_angle_rad);
        if sees {
            lock.estimate = bend(view, &seen);
        }
        (lock, sees)
    }
}

fn straight(target: &Track) -> RelativeState {
    RelativeState { position_rtn_m: target.position_rtn_m, velocity_rtn_m_s: target.velocity_rtn_m_s }
}

fn bend(view: &View, state: &RelativeState) -> RelativeState {
    if view.relative_tier { *state } else { Curvilinear::about(&view.own.state).bend(state) }
}

fn direction(vector: &Vector3) -> Option<Vector3> {
    vector.try_normalize(1e-9)
}

/// The estimate of `last` after `elapsed_s`, in which own ship spent what its ledger says in the direction that it was told.
fn carried(view: &View, last: &Lock, elapsed_s: f64) -> RelativeState {
    let thruster = Thruster { per_axis: view.own.per_axis, ..Thruster::default() };
    let told_m_s = thruster.magnitude(&last.own_acceleration_rtn_m_s2) * elapsed_s;
    let spent_m_s = view.own.delta_v_spent_m_s - last.delta_v_spent_m_s;
    let share = if told_m_s > 0.0 { (spent_m_s / told_m_s).clamp(0.0, 1.0) } else { 0.0 };
    let map = ClohessyWiltshire::over(view.own.mean_motion_rad_s, elapsed_s);
    map.apply(&last.estimate, &(last.own_acceleration_rtn_m_s2 * -share))
}

/// The unit vector `from`, turned towards the unit vector `to` by `angle_rad` at most.
fn turn_towards(from: &Vector3, to: &Vector3, angle_rad: f64) -> Vector3 {
    let whole_rad = from.angle(to);
    if whole_rad <= angle_rad {
        return *to;
    }
    // Opposite directions have no plane in common: any will do.
    let across = (to - from * from.dot(to)).try_normalize(1e-9).unwrap_or_else(|| {
        let other = if from.z.abs() < 0.9 { Vector3::z() } else { Vector3::x() };
        from.cross(&other).normalize()
    });
    let (sine, cosine) = libm::sincos(angle_rad);
    from * cosine + across * sine
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;

    fn seeker() -> Seeker {
        Seeker { half_angle_rad: 0.1, slew_rad_s: 0.01, range_m: 5_000.0 }
    }

    #[test]
    fn what_is_written_is_read() {
        let view = Duel::relative([3.0, -4_000.0, 5.0], [0.1, 0.2, 0.3]).pursuer_view();
        let mut lock = Lock::on(&view, view.target().expect("one track"));
        lock.set_command(&view, &Vector3::new(0.001, -0.002, 0.003));
        (lock.time_s, lock.delta_v_spent_m_s) = (7.0, 3.0);
        let mut scratch = [0.0; LOCK_NUMBERS];
        lock.write(&mut scratch);
        assert_eq!(format!("{:?}", Lock::read(&scratch)), format!("{lock:?}"));
    }

    #[test]
    fn sees_within_range_and_view_alone() {
        let duel = Duel::relative([0.0, -4_000.0, 0.0], [0.0; 3]);
        let view = duel.pursuer_view();
        let target = *view.target().expect("one track");
        let lock = Lock::on(&view, &target);
        assert!(seeker().look(&view, &target, &lock).1);
        assert!(!Seeker { range_m: 3_999.0, ..seeker() }.look(&view, &target, &lock).1);
        let aside = Lock { boresight_rtn: Vector3::new(0.2, 1.0, 0.0).normalize(), ..lock };
        assert!(!seeker().look(&view, &target, &aside).1, "0.197 rad off, and no time to turn");
        let mut later = view;
        later.time_s = 12.0;
        assert!(
            seeker().look(&later, &target, &aside).1,
            "0.12 rad in twelve seconds, less 0.013 rad that own RTN turned"
        );
    }

    #[test]
    fn blind_it_still_knows_where_a_coasting_target_is() {
        // Two body motion from 30 km, own ship burning, the target out of range.
        let mut duel = Duel::two_body([500.0, -30_000.0, 2_000.0], [0.5, 3.0, -1.0]);
        let blind = Seeker { range_m: 1_000.0, ..seeker() };
        let mut lock = Lock::on(&duel.pursuer_view(), duel.pursuer_view().target().expect("one track"));
        let burn = Vector3::new(0.004, 0.009, -0.003);
        for _ in 0..60 {
            let view = duel.pursuer_view();
            let (now, sees) = blind.look(&view, view.target().expect("one track"), &lock);
            assert!(!sees);
            lock = now;
            lock.set_command(&view, &burn);
            (0..10).for_each(|_| duel.advance([burn, Vector3::zeros()]));
        }
        let view = duel.pursuer_view();
        let target = *view.target().expect("one track");
        let (lock, _) = blind.look(&view, &target, &lock);
        let error_m = (lock.straight(&view).position_rtn_m - target.position_rtn_m).norm();
        // 5 m/s burnt and ten minutes: three seconds of arc of the orbit's turn, 2e-3 of the range.
        assert!(error_m < 60.0, "{error_m} m");
        let moved_m = (target.position_rtn_m - Vector3::new(-500.0, 30_000.0, -2_000.0)).norm();
        assert!(moved_m > 2_000.0, "{moved_m} m: nothing to foretell");
    }

    #[test]
    fn the_axis_turns_no_faster_than_its_mount() {
        let from = Vector3::x();
        let turned = turn_towards(&from, &Vector3::y(), 0.3);
        assert!((turned.angle(&from) - 0.3).abs() < 1e-12 && turned.z == 0.0 && turned.y > 0.0);
        assert_eq!(turn_towards(&from, &Vector3::y(), 2.0), Vector3::y());
        assert!((turn_towards(&from, &-Vector3::x(), 0.3).angle(&from) - 0.3).abs() < 1e-12);
    }
}
