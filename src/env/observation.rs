//! The observation: 16 numbers of own ship and 16 of each of 7 tracks, from tables that code and documentation read.
//!
//! The last two places, where no sixth and seventh object take them, show the target's manoeuvre (see [`super::manoeuvre`])
//! and its intercept (see [`super::intercept`]), in tables of their own. To the spacecraft that has to inspect another, the
//! place before them, where no fifth object takes it, shows how its inspection stands (see [`super::sight`]). Without the intercept a network has to learn products
//! of range, direction, velocity and time before it can learn anything else: pursuit was at 1 % after 12 M steps.

use super::blocks::Blocks;
use super::intercept::Intercept;
use super::logarithms::Logarithms;
use super::manoeuvre::Manoeuvre;
use super::sight::Sight;
use crate::astro::Vector3;
use crate::sim::config::ObservationConfig;
use crate::sim::integrators::lanes::MAX_LANES;
use crate::sim::view::{MAX_TRACKS, Mark, OwnShip, Track, View};

/// Version of the tables below; it stands in every checkpoint, and a policy trained on another is refused.
pub const OBSERVATION_VERSION: u32 = 3;
/// Numbers of own ship, and of each track.
pub const BLOCK: usize = 16;
/// Numbers of an observation.
pub const OBSERVATION: usize = BLOCK * (1 + MAX_TRACKS);

/// How a physical value becomes a number of about [-1, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// As it is.
    Plain,
    /// log10(max(value, floor) / centre) / decades, which is ±1 at `decades` from the centre.
    Log {
        /// Value that becomes 0.
        centre: f64,
        /// Decades to either side that become ±1.
        decades: f64,
    },
    /// sign × log10(1 + |value| / unit) / decades: linear below the unit, logarithmic above, ±1 at `decades` above it.
    SignedLog {
        /// Value at which linear turns into logarithmic.
        unit: f64,
        /// Decades above the unit that become ±1.
        decades: f64,
    },
}

impl Scale {
    /// The scaled number, at most 2 in magnitude.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        let scaled = match self {
            Self::Plain => value,
            Self::Log { centre, decades } => libm::log10(Self::log_argument(centre, value)) / decades,
            Self::SignedLog { unit, decades } => (libm::log10(1.0 + value.abs() / unit) / decades).copysign(value),
        };
        scaled.clamp(-2.0, 2.0)
    }

    /// What [`Scale::Log`] takes the logarithm of.
    #[inline]
    pub(super) fn log_argument(centre: f64, value: f64) -> f64 {
        value.max(Self::floor(centre)) / centre
    }

    /// The least value that [`Scale::Log`] tells from others.
    #[inline]
    pub(super) fn floor(centre: f64) -> f64 {
        centre * 1e-6
    }

    /// The scaled number with the sign that the scale gives it.
    #[inline]
    pub(super) fn sign(self, scaled: f32, value: f64) -> f32 {
        if matches!(self, Self::SignedLog { .. }) { scaled.copysign(value as f32) } else { scaled }
    }
}

/// One number of the observation.
pub struct Entry<T: ?Sized> {
    /// Name.
    pub name: &'static str,
    /// Unit of the physical value.
    pub unit: &'static str,
    /// How it is scaled.
    pub scale: Scale,
    /// What it is.
    pub meaning: &'static str,
    value: fn(&View, &T) -> f64,
}

impl<T> Entry<T> {
    /// The number, as it is shown.
    #[cold]
    pub(super) fn exact(&self, view: &View, of: &T) -> f32 {
        self.scale.apply((self.value)(view, of)) as f32
    }
}

const UNIT: Scale = Scale::Plain;
const RANGE: Scale = Scale::Log { centre: 100.0, decades: 3.0 };
const SPEED: Scale = Scale::SignedLog { unit: 1.0, decades: 4.0 };

/// A dimensionless entry that is used as it is, or one with its unit and scale.
macro_rules! entry {
    ($name:literal, $meaning:literal, $value:expr) => {
        entry!($name, "-", UNIT, $meaning, $value)
    };
    ($name:literal, $unit:literal, $scale:expr, $meaning:literal, $value:expr) => {
        Entry { name: $name, unit: $unit, scale: $scale, meaning: $meaning, value: $value }
    };
}

fn flag(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Share of a bounded budget; 1 where it is not bounded.
fn share(left: f64, initial: f64) -> f64 {
    if initial.is_finite() && initial > 0.0 { left / initial } else { flag(initial > 0.0) }
}

/// (a - b) / (a + b), with an infinity counting as much more than anything finite.
fn contrast(a: f64, b: f64) -> f64 {
    let (a, b) = (a.min(1e9), b.min(1e9));
    if a + b > 0.0 { (a - b) / (a + b) } else { 0.0 }
}

/// Distance [m] of the closest approach on a straight line, not before now.
fn miss_m(track: &Track) -> f64 {
    let time_s = track.time_to_closest_approach_s().clamp(0.0, 1e6);
    (track.position_rtn_m + track.velocity_rtn_m_s * time_s).norm()
}

/// Entries 0 to 15: own ship.
pub static OWN_SHIP: [Entry<OwnShip>; BLOCK] = [
    entry!("mass", "share of the initial", |_, own| own.mass_kg / own.initial_mass_kg),
    entry!("delta_v_left_share", "share of the initial", |_, own| share(own.delta_v_left_m_s, own.initial_delta_v_m_s)),
    entry!("time_left_share", "share of the limit", |view, _| {
        view.time_left_s / (view.time_left_s + view.time_s).max(1e-9)
    }),
    entry!(
        "turn_per_segment",
        "rad",
        Scale::SignedLog { unit: 1e-3, decades: 3.0 },
        "mean motion × segment",
        |view, own| own.mean_motion_rad_s * view.segment_s
    ),
    entry!("sun_radial", "unit vector to the Sun, R", |_, own| own.sun_rtn.x),
    entry!("sun_transverse", "unit vector to the Sun, T", |_, own| own.sun_rtn.y),
    entry!("sun_normal", "unit vector to the Sun, N", |_, own| own.sun_rtn.z),
    entry!("eclipsed", "1 in the Earth's shadow", |_, own| flag(own.eclipsed)),
    entry!(
        "max_acceleration",
        "m/s²",
        Scale::Log { centre: 1e-3, decades: 3.0 },
        "acceleration authority",
        |_, own| own.max_acceleration_m_s2
    ),
    entry!("role_pursuer", "1 for this role", |_, own| flag(own.role == 0)),
    entry!("role_evader", "1 for this role", |_, own| flag(own.role == 1)),
    entry!("role_guard", "1 for this role", |_, own| flag(own.role == 2)),
    entry!("role_target", "1 for this role", |_, own| flag(own.role == 3)),
    entry!("last_throttle", "throttle of the last segment", |_, own| own.last_throttle),
    entry!("delta_v_left", "m/s", Scale::Log { centre: 1.0, decades: 3.0 }, "Δv left", |_, own| own
        .delta_v_left_m_s
        .min(1e6)),
    entry!("time_left", "s", Scale::Log { centre: 1000.0, decades: 3.0 }, "time until the limit", |view, _| view
        .time_left_s),
];

/// The entries of one track, at 16 × (1 + place); all zero where there is none.
pub static TRACK: [Entry<Track>; BLOCK] = [
    entry!("direction_radial", "unit vector to the object, R", |_, track| track.position_rtn_m.x / range_m(track)),
    entry!("direction_transverse", "unit vector to the object, T", |_, track| track.position_rtn_m.y / range_m(track)),
    entry!("direction_normal", "unit vector to the object, N", |_, track| track.position_rtn_m.z / range_m(track)),
    entry!("range", "m", RANGE, "distance", |_, track| range_m(track)),
    entry!("velocity_radial", "m/s", SPEED, "relative velocity, turning frame, R", |_, track| track.velocity_rtn_m_s.x),
    entry!("velocity_transverse", "m/s", SPEED, "relative velocity, turning frame, T", |_, track| track
        .velocity_rtn_m_s
        .y),
    entry!("velocity_normal", "m/s", SPEED, "relative velocity, turning frame, N", |_, track| track.velocity_rtn_m_s.z),
    entry!(
        "time_of_closest_approach",
        "s",
        Scale::SignedLog { unit: 1.0, decades: 5.0 },
        "on a straight line; past if negative",
        |_, track| track.time_to_closest_approach_s()
    ),
    entry!("distance_of_closest_approach", "m", RANGE, "on a straight line, from now on", |_, track| miss_m(track)),
    entry!(
        "estimated_acceleration",
        "m/s²",
        Scale::SignedLog { unit: 1e-4, decades: 4.0 },
        "by thrust, last segment",
        |_, track| track.acceleration_rtn_m_s2.norm()
    ),
    entry!(
        "covariance",
        "m",
        Scale::SignedLog { unit: 0.1, decades: 6.0 },
        "position, one standard deviation",
        |_, track| track.position_sigma_m
    ),
    entry!("sun_phase", "angle Sun-object-own ship over π", |_, track| {
        libm::acos(track.sun_phase_cosine) / std::f64::consts::PI
    }),
    entry!("team", "1 own, -1 other, 0 no track", |view, track| if track.team == view.own.team { 1.0 } else { -1.0 }),
    entry!("capability", "contrast of Δv left, own against its", |view, track| {
        contrast(view.own.delta_v_left_m_s, track.delta_v_left_m_s)
    }),
    entry!("threat", "how far it can shift its closest approach: reach over reach plus distance", |_, track| {
        let time_s = track.time_to_closest_approach_s().clamp(0.0, 1e4);
        let reach_m = 0.5 * track.max_acceleration_m_s2 * time_s * time_s;
        reach_m / (reach_m + miss_m(track) + 1.0)
    }),
    entry!("mark", "1 goal, -1 keep out", |_, track| match track.mark {
        Mark::Goal => 1.0,
        Mark::KeepOut => -1.0,
        Mark::None => 0.0,
    }),
];

/// Entries 112 to 127 where no seventh object is tracked: the intercept; all zero where there is no target.
pub static INTERCEPT: [Entry<Intercept>; BLOCK] = [
    entry!("impulse_radial", "unit vector of the impulse that nulls the miss, R", |_, it| unit(&it.impulse_m_s).x),
    entry!("impulse_transverse", "unit vector of the impulse, T", |_, it| unit(&it.impulse_m_s).y),
    entry!("impulse_normal", "unit vector of the impulse, N", |_, it| unit(&it.impulse_m_s).z),
    entry!("miss", "m", RANGE, "zero-effort miss", |_, it| it.miss_m.norm()),
    entry!("thrust_radial", "share of full thrust of feedback on the miss, R", |view, it| thrust(view, it).x),
    entry!("thrust_transverse", "share of full thrust, T", |view, it| thrust(view, it).y),
    entry!("thrust_normal", "share of full thrust, N", |view, it| thrust(view, it).z),
    entry!("throttle", "its size", |view, it| thrust(view, it).norm()),
    entry!("time_to_go", "s", Scale::Log { centre: 100.0, decades: 1.0 }, "until arrival", |_, it| it.time_s),
    entry!("impulse", "m/s", Scale::Log { centre: 1.0, decades: 2.0 }, "size of the impulse", |_, it| it
        .impulse_m_s
        .norm()),
    entry!("burn_share", "impulse over what full thrust gives in a decision, at most 1", |view, it| {
        (it.impulse_m_s.norm() / decision_delta_v_m_s(view)).min(1.0)
    }),
    entry!("target_radial", "target's acceleration over own authority, R", |view, it| target(view, it).x),
    entry!("target_transverse", "target's acceleration over own authority, T", |view, it| target(view, it).y),
    entry!("target_normal", "target's acceleration over own authority, N", |view, it| target(view, it).z),
    entry!("target_delta_v_left", "m/s", SPEED, "as far as known", |_, it| it.target_delta_v_left_m_s.min(1e6)),
    entry!("delta_v_margin", "Δv left less impulse and target's Δv left, over the initial", |view, it| {
        let OwnShip { delta_v_left_m_s: left, initial_delta_v_m_s: initial, .. } = view.own;
        if initial.is_finite() && initial > 0.0 {
            (left - it.impulse_m_s.norm() - it.target_delta_v_left_m_s.min(1e6)) / initial
        } else {
            flag(initial > 0.0)
        }
    }),
];

/// Entries 96 to 111 where no sixth object is tracked: the target's manoeuvre; all zero where there is no target.
pub static MANOEUVRE: [Entry<Manoeuvre>; BLOCK] = [
    entry!("coasting_thrust_radial", "thrust of the intercept if the target coasts from now on, R", |view, it| {
        over_authority(view, &it.if_it_coasts_m_s2).x
    }),
    entry!("coasting_thrust_transverse", "the same, T", |view, it| over_authority(view, &it.if_it_coasts_m_s2).y),
    entry!("coasting_thrust_normal", "the same, N", |view, it| over_authority(view, &it.if_it_coasts_m_s2).z),
    entry!("holding_thrust_radial", "thrust of the intercept if the target burns on until then, R", |view, it| {
        over_authority(view, &it.if_it_burns_on_m_s2).x
    }),
    entry!("holding_thrust_transverse", "the same, T", |view, it| over_authority(view, &it.if_it_burns_on_m_s2).y),
    entry!("holding_thrust_normal", "the same, N", |view, it| over_authority(view, &it.if_it_burns_on_m_s2).z),
    entry!("burn_away", "target's acceleration along the line of sight over its size", |_, it| it.burn_direction.x),
    entry!("burn_out_of_plane", "across it, out of plane", |_, it| it.burn_direction.y),
    entry!("burn_in_plane", "across it, in plane", |_, it| it.burn_direction.z),
    entry!("burn_along_miss", "cosine of target's acceleration and the miss as it sees it", |_, it| it.burn_along_miss),
    entry!("burn_held", "min", UNIT, "time for which it has held its acceleration, at most 2", |_, it| {
        (it.held_s / 60.0).min(2.0)
    }),
    entry!("closest_approach_soon", "200 s", UNIT, "time of closest approach on a straight line, ±2", |_, it| {
        it.closest_approach_s / 200.0
    }),
    entry!("near", "km", UNIT, "distance, at most 2", |_, it| it.range_m / 1000.0),
    entry!("closing_speed", "10 m/s", UNIT, "along the line of sight", |_, it| it.closing_speed_m_s / 10.0),
    entry!("crossing_speed", "10 m/s", UNIT, "across it", |_, it| it.crossing_speed_m_s / 10.0),
    entry!("closest_approach_so_far", "m", RANGE, "least distance so far of the objective's pair", |view, _| view
        .closest_approach_m),
];

/// Entries 80 to 95 of a spacecraft that has to inspect another, where no fifth object is tracked: how its inspection stands.
pub static INSPECTION: [Entry<Sight>; BLOCK] = [
    entry!("inspected", "share of the weight inspected", |_, it| it.share),
    entry!("from_target_radial", "100 m", UNIT, "own position from the target, ±2, R", |_, it| it.position_rtn_m.x
        / 100.0),
    entry!("from_target_transverse", "100 m", UNIT, "the same, T", |_, it| it.position_rtn_m.y / 100.0),
    entry!("from_target_normal", "100 m", UNIT, "the same, N", |_, it| it.position_rtn_m.z / 100.0),
    entry!("left_radial", "weighted mean direction of the points left, R", |_, it| it.left.x),
    entry!("left_transverse", "the same, T", |_, it| it.left.y),
    entry!("left_normal", "the same, N", |_, it| it.left.z),
    entry!("left_lit_radial", "weighted mean direction of the points left that are lit, R", |_, it| it.left_lit.x),
    entry!("left_lit_transverse", "the same, T", |_, it| it.left_lit.y),
    entry!("left_lit_normal", "the same, N", |_, it| it.left_lit.z),
    entry!("priority_radial", "direction of the points that weigh most, R", |_, it| it.priority.x),
    entry!("priority_transverse", "the same, T", |_, it| it.priority.y),
    entry!("priority_normal", "the same, N", |_, it| it.priority.z),
    entry!("lit_share", "share of the weight left that is lit", |_, it| it.lit_share),
    entry!("visible_share", "share of the weight left that is in sight, lit or not", |_, it| it.visible_share),
    entry!("sun_behind", "cosine of the angle at the target between own ship and the Sun", |_, it| it.sun_cosine),
];

/// The place of a track that an inspector is shown its inspection in.
const INSPECTION_PLACE: usize = MAX_TRACKS - 3;

fn unit(vector: &Vector3) -> Vector3 {
    vector / vector.norm().max(1e-9)
}

/// The vector over own full thrust, clipped to the unit ball; zero without propellant.
fn over_authority(view: &View, acceleration_m_s2: &Vector3) -> Vector3 {
    let authority = view.own.max_acceleration_m_s2;
    if authority > 0.0 { acceleration_m_s2 / authority.max(acceleration_m_s2.norm()) } else { Vector3::zeros() }
}

fn thrust(view: &View, it: &Intercept) -> Vector3 {
    over_authority(view, &it.acceleration_m_s2)
}

fn target(view: &View, it: &Intercept) -> Vector3 {
    over_authority(view, &it.target_acceleration_m_s2)
}

/// Δv of full thrust from one decision to the next [m/s].
fn decision_delta_v_m_s(view: &View) -> f64 {
    (view.own.max_acceleration_m_s2 * view.segment_s * view.replan_every as f64).max(1e-9)
}

fn range_m(track: &Track) -> f64 {
    track.range_m().max(1e-9)
}

/// Writes the observation of a view; `out` has [`OBSERVATION`] numbers.
pub fn write(view: &View, shown: ObservationConfig, out: &mut [f32]) {
    write_rows(std::slice::from_ref(view), &[0], shown, out);
}

/// Writes the observations of some rows of `views`; `out` has [`OBSERVATION`] numbers a view.
///
/// The same numbers as one by one, many times as fast: intercepts and logarithms are computed side by side.
pub fn write_rows(views: &[View], rows: &[usize], shown: ObservationConfig, out: &mut [f32]) {
    for row in rows {
        let tracks = views[*row].tracks().count();
        out[row * OBSERVATION..][(1 + tracks) * BLOCK..OBSERVATION].fill(0.0);
    }
    write_rows_over_zeros(views, rows, shown, out);
}

/// As [`write_rows`], where the places that show nothing are zero already.
pub(super) fn write_rows_over_zeros(views: &[View], rows: &[usize], shown: ObservationConfig, out: &mut [f32]) {
    let (mut blocks, mut logarithms) = (Blocks::new(), Logarithms::new());
    for rows in rows.chunks(MAX_LANES) {
        blocks.write_own(rows.iter().map(|row| (&views[*row], row * OBSERVATION)), out);
        for place in 0..MAX_TRACKS {
            let mut seen = [(&views[rows[0]], &Track::ABSENT, 0); MAX_LANES];
            let mut count = 0;
            for row in rows {
                let view = &views[*row];
                if view.tracks[place].team != 0 {
                    seen[count] = (view, &view.tracks[place], row * OBSERVATION + (1 + place) * BLOCK);
                    count += 1;
                }
            }
            if count == 0 {
                break;
            }
            blocks.write_tracks(&seen[..count], out);
        }
        for row in rows {
            let view = &views[*row];
            if view.tracks[INSPECTION_PLACE].team == 0
                && let Some((inspection, inspected)) = &view.inspection
            {
                let sight = Sight::of(view, inspection, inspected);
                let at = row * OBSERVATION + (1 + INSPECTION_PLACE) * BLOCK;
                write_block(view, &sight, &INSPECTION, at, out, &mut logarithms);
            }
        }
        if !shown.intercept {
            continue;
        }
        let mut seen = [(&views[rows[0]], &Track::ABSENT); MAX_LANES];
        let mut firsts = [0; MAX_LANES];
        let mut targets = 0;
        for row in rows {
            let view = &views[*row];
            if view.tracks[MAX_TRACKS - 1].team == 0
                && let Some(target) = view.target()
            {
                (seen[targets], firsts[targets]) = ((view, target), row * OBSERVATION);
                targets += 1;
            }
        }
        if targets == 0 {
            continue;
        }
        let planned = Intercept::plan_all(&seen[..targets]);
        for ((intercept, (view, target)), first) in planned.iter().zip(&seen[..targets]).zip(firsts) {
            write_block(view, intercept, &INTERCEPT, first + MAX_TRACKS * BLOCK, out, &mut logarithms);
            if view.tracks[MAX_TRACKS - 2].team == 0 {
                let manoeuvre = Manoeuvre::of(target, intercept);
                write_block(view, &manoeuvre, &MANOEUVRE, first + (MAX_TRACKS - 1) * BLOCK, out, &mut logarithms);
            }
        }
    }
    logarithms.finish(out);
}

/// Writes a block that begins at `first`.
///
/// Written out entry by entry, so that each call goes to a known function with a known scale and what entries share is computed
/// once: as a loop over function pointers it took three times as long.
#[inline(always)]
fn write_block<T>(
    view: &View,
    of: &T,
    entries: &'static [Entry<T>; BLOCK],
    first: usize,
    out: &mut [f32],
    logarithms: &mut Logarithms,
) {
    macro_rules! write_each {
        ($($index:literal)*) => {$(
            let Entry { scale, value, .. } = &entries[$index];
            let value = value(view, of);
            if let Scale::Plain = scale {
                out[first + $index] = scale.apply(value) as f32;
            } else {
                logarithms.scale(*scale, value, first + $index, out);
            }
        )*};
    }
    write_each!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

/// The table as Markdown, for the documentation.
#[must_use]
pub fn table() -> String {
    let scale = |scale: Scale| match scale {
        Scale::Plain => "as it is".to_owned(),
        Scale::Log { centre, decades } => format!("log10(x / {centre}) / {decades}"),
        Scale::SignedLog { unit, decades } => format!("±log10(1 + |x| / {unit}) / {decades}"),
    };
    let mut text = "| entry | name | unit | scale (bounds ±2) | meaning |\n|---|---|---|---|---|\n".to_owned();
    let mut row = |index: String, name: &str, unit: &str, of: Scale, meaning: &str| {
        text.push_str(&format!("| {index} | `{name}` | {unit} | {} | {meaning} |\n", scale(of)));
    };
    for (index, entry) in OWN_SHIP.iter().enumerate() {
        row(index.to_string(), entry.name, entry.unit, entry.scale, entry.meaning);
    }
    for (index, entry) in TRACK.iter().enumerate() {
        row(format!("16 k + {index}"), entry.name, entry.unit, entry.scale, entry.meaning);
    }
    for (index, entry) in INSPECTION.iter().enumerate() {
        row(format!("80 + {index}"), entry.name, entry.unit, entry.scale, entry.meaning);
    }
    for (index, entry) in MANOEUVRE.iter().enumerate() {
        row(format!("96 + {index}"), entry.name, entry.unit, entry.scale, entry.meaning);
    }
    for (index, entry) in INTERCEPT.iter().enumerate() {
        row(format!("112 + {index}"), entry.name, entry.unit, entry.scale, entry.meaning);
    }
    text.push_str(
        "\nTrack k stands at 16 k, k from 1 to 7. Where no sixth or seventh object is tracked, its block shows the target's \
         manoeuvre or its intercept; where no fifth is, it shows an inspector how its inspection stands.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`write_rows`] has to give: number by number, the intercept by the exact search.
    fn write_plainly(view: &View, out: &mut [f32]) {
        fn block<T>(view: &View, of: &T, entries: &[Entry<T>; BLOCK], out: &mut [f32]) {
            for (number, entry) in out.iter_mut().zip(entries) {
                *number = entry.scale.apply((entry.value)(view, of)) as f32;
            }
        }
        let (own, tracks) = out.split_at_mut(BLOCK);
        block(view, &view.own, &OWN_SHIP, own);
        for (track, out) in view.tracks.iter().zip(tracks.chunks_exact_mut(BLOCK)) {
            out.fill(0.0);
            if track.team != 0 {
                block(view, track, &TRACK, out);
            }
        }
        if let Some((inspection, inspected)) = view.inspection.as_ref().filter(|_| view.tracks[4].team == 0) {
            block(view, &Sight::of(view, inspection, inspected), &INSPECTION, &mut tracks[4 * BLOCK..5 * BLOCK]);
        }
        if let Some(target) = view.target().filter(|_| view.tracks[MAX_TRACKS - 1].team == 0) {
            let intercept = Intercept::plan(view, target);
            block(view, &intercept, &INTERCEPT, &mut tracks[6 * BLOCK..]);
            if view.tracks[MAX_TRACKS - 2].team == 0 {
                block(view, &Manoeuvre::of(target, &intercept), &MANOEUVRE, &mut tracks[5 * BLOCK..6 * BLOCK]);
            }
        }
    }

    prop_compose! {
        fn any_view()(
            directions in prop::array::uniform9(-1.0..1.0_f64),
            range_m in prop::sample::select(vec![0.0, 1.0, 50.0, 3e3, 4e4, 2e6]),
            speed_m_s in prop::sample::select(vec![0.0, 0.1, 3.0, 40.0, 9e3]),
            acceleration_m_s2 in prop::sample::select(vec![0.0, 1e-4, 0.01, 0.3]),
            mean_motion_rad_s in prop::sample::select(vec![0.0, 7.3e-5, 3e-4, 1.1e-3]),
            time_left_s in prop_oneof![Just(0.0), Just(10.0), 20.0..6000.0_f64, 1e4..1e5_f64],
            segment_s in prop::sample::select(vec![1.0, 10.0, 60.0]),
            left in prop::array::uniform2(prop::sample::select(vec![0.0, 0.4, 20.0, 500.0, f64::INFINITY])),
            authority_m_s2 in prop::sample::select(vec![0.0, 1e-3, 0.02, 1.0]),
            tracks in 0..8_usize,
            mark in prop::sample::select(vec![Mark::Goal, Mark::KeepOut, Mark::None]),
            sun_phase_cosine in prop_oneof![Just(-1.0), Just(0.0), Just(1.0), -1.0..1.0_f64, 0.999_999..1.0_f64],
            (role, sign) in (0..5_u8, prop::sample::select(vec![1.0, -0.0, 0.0])),
        ) -> View {
            let vector = |from: usize, size: f64| Vector3::from_column_slice(&directions[from..from + 3]) * size;
            let mut view = View::EMPTY;
            (view.time_left_s, view.segment_s, view.closest_approach_m) = (time_left_s, segment_s, range_m);
            (view.own.team, view.own.role, view.own.eclipsed) = (1, role, role == 2);
            (view.own.mass_kg, view.own.initial_mass_kg) = (400.0, 500.0);
            (view.own.mean_motion_rad_s, view.own.max_acceleration_m_s2) = (mean_motion_rad_s, authority_m_s2);
            (view.own.delta_v_left_m_s, view.own.initial_delta_v_m_s) = (left[0], left[0]);
            for (place, track) in view.tracks.iter_mut().enumerate().take(tracks) {
                *track = Track {
                    slot: place + 1,
                    team: 1 + (place % 2 == 0) as u8,
                    position_rtn_m: vector(0, range_m * (1.0 + place as f64)),
                    velocity_rtn_m_s: vector(3, speed_m_s).map(|component| component * sign),
                    position_sigma_m: if role == 3 { range_m } else { 0.0 },
                    max_acceleration_m_s2: authority_m_s2,
                    sun_phase_cosine,
                    acceleration_rtn_m_s2: vector(6, acceleration_m_s2),
                    delta_v_left_m_s: left[1],
                    mark,
                    ..Track::ABSENT
                };
            }
            view
        }
    }

    proptest! {
        #[test]
        fn side_by_side_it_is_to_the_bit_what_it_is_number_by_number(
            views in prop::collection::vec(any_view(), 1..40),
        ) {
            let rows: Vec<usize> = (0..views.len()).collect();
            let mut together = vec![9.0; views.len() * OBSERVATION];
            write_rows(&views, &rows, ObservationConfig::default(), &mut together);
            let mut alone = [0.0; OBSERVATION];
            for (view, together) in views.iter().zip(together.chunks_exact(OBSERVATION)) {
                write_plainly(view, &mut alone);
                for (index, (together, alone)) in together.iter().zip(&alone).enumerate() {
                    prop_assert_eq!(together.to_bits(), alone.to_bits(), "entry {} of {:?}", index, view);
                }
            }
        }
    }
}
