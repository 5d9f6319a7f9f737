//! What the behaviours of motion show: station keeping, a crossing, an inspection, a shadow, on 200 seeds each.
//!
//! Each figure stands beside what the null behaviour, a neighbour that never burns or a phase that is drawn at random, gives.

use astroshield::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
use astroshield::astro::{CartesianState, Vector3, kepler};
use astroshield::scenario::Scenario;
use astroshield::sim::schedule::Rows;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::sim::threat_class::ThreatClass;

use super::shipped;

const SEEDS: u64 = 200;
const TARGET: usize = 0;
const NEIGHBOUR: usize = 1;

/// A target in low orbit and a neighbour of another team, both of 500 kg with 5 N: 0.01 m/s².
struct Pair {
    forces: &'static str,
    segment_s: f64,
    duration_s: f64,
    target_control: &'static str,
    start: &'static str,
    behaviour: String,
}

impl Pair {
    fn text(&self) -> String {
        let Self { forces, segment_s, duration_s, target_control, start, behaviour } = self;
        let propulsion = "(thrusters: Vectored(thrust_n: Fixed(5.0)), isp_s: Fixed(220.0), delta_v_m_s: Fixed(40.0))";
        format!(
            r#"(
                name: "pair", summary: "A target and its neighbour", epoch: "2026-03-20T12:00:00Z",
                physics: (tier: Standard(forces: [{forces}], substep_s: 30.0)),
                timing: (segment_s: {segment_s:?}, replan_every: 1, time_limit_s: {duration_s:?}),
                spacecraft: [
                    (
                        name: "target", team: "blue", role: Target, mass_kg: Fixed(500.0), propulsion: {propulsion},
                        orbit: Keplerian(
                            perigee_altitude_km: Uniform(500.0, 800.0), eccentricity: Uniform(0.0, 0.002),
                            inclination_deg: Uniform(30.0, 100.0), raan_deg: Uniform(0.0, 360.0),
                            argument_of_perigee_deg: Uniform(0.0, 360.0), true_anomaly_deg: Uniform(0.0, 360.0),
                        ),
                        control: {target_control},
                    ),
                    (
                        name: "neighbour", team: "red", role: Pursuer, mass_kg: Fixed(500.0), propulsion: {propulsion},
                        orbit: {start}, target: "target", control: Scripted([{behaviour}]),
                    ),
                ],
                objective: (team: "blue", success: Survive(who: "target", from: "neighbour"), failure: [Escape(who: "target", from: "neighbour", range_m: 1.0e9)]),
                rewards: (terms: [Time(weight_per_s: 1.0)]),
            )"#
        )
    }

    fn compile(&self) -> Scenario {
        Scenario::from_source("pair.ron", &self.text()).unwrap_or_else(|error| panic!("{}", error.render(false)))
    }

    fn shard(&self) -> Shard {
        Shard::new(&self.compile().template, &shipped::seeds(SeedDomain::Report, SEEDS))
    }

    /// Plays to the end; `watch(arena, time, rows)` sees the start and the end of each segment, and `fly(time, plans)` the target's plans before it.
    fn play(&self, mut fly: impl FnMut(f64, &mut [[f64; 3]]), mut watch: impl FnMut(usize, f64, &Rows<'_>)) {
        let mut shard = self.shard();
        for arena in 0..SEEDS as usize {
            shard.with_rows(arena, |_, _, rows| watch(arena, 0.0, rows));
        }
        let segments = (self.duration_s / self.segment_s).round() as usize;
        for segment in 0..segments {
            fly(segment as f64 * self.segment_s, shard.plans_mut());
            shard.advance_watched(|arena, state, rows| watch(arena, state.time_s, rows));
        }
    }

    fn watch(&self, watch: impl FnMut(usize, f64, &Rows<'_>)) {
        self.play(|_, _| {}, watch);
    }
}

fn states(rows: &Rows<'_>) -> [CartesianState; 2] {
    [rows.orbits[TARGET].state(), rows.orbits[NEIGHBOUR].state()]
}

fn offset_m(rows: &Rows<'_>) -> Vector3 {
    let [target, neighbour] = states(rows);
    neighbour.position_m - target.position_m
}

/// Semi-major axis [m], by vis-viva.
fn axis_m(state: &CartesianState) -> f64 {
    1.0 / (2.0 / state.position_m.norm() - state.velocity_m_s.norm_squared() / EARTH_MU_M3_S2)
}

fn share(of: impl Iterator<Item = bool>) -> f64 {
    of.map(|is| if is { 1.0 } else { 0.0 }).sum::<f64>() / SEEDS as f64
}

/// Δv of an arena's neighbour as it grows: how often it burns, segments that follow each other counting once.
#[derive(Clone, Copy, Default)]
struct Burns {
    count: usize,
    spent_m_s: f64,
    is_burning: bool,
}

impl Burns {
    fn see(&mut self, rows: &Rows<'_>) {
        let spent_m_s = rows.ledgers[NEIGHBOUR].delta_v_m_s;
        let burns = spent_m_s > self.spent_m_s;
        self.count += usize::from(burns && !self.is_burning);
        self.is_burning = burns;
        self.spent_m_s = spent_m_s;
    }
}

#[test]
fn a_nominal_neighbour_keeps_its_box_by_few_small_burns() {
    // Two revolutions and a little.
    let run = |behaviour: &str| {
        let pair = Pair {
            forces: "TwoBody, J2, J3, J4",
            segment_s: 30.0,
            duration_s: 12_000.0,
            target_control: "Scripted([Ballistic()])",
            start: r#"RtnOffset(
                to: "target",
                position_m: (Uniform(-200.0, 200.0), Choice([-9000.0, -5000.0, 5000.0, 9000.0]), Uniform(-300.0, 300.0)),
                velocity_m_s: (Uniform(-0.05, 0.05), Uniform(-0.05, 0.05), Uniform(-0.05, 0.05)),
            )"#,
            behaviour: behaviour.to_owned(),
        };
        let mut start_m = vec![0.0; SEEDS as usize];
        let mut strayed_m = vec![0.0_f64; SEEDS as usize];
        let mut burns = vec![Burns::default(); SEEDS as usize];
        pair.watch(|arena, time_s, rows| {
            let range_m = offset_m(rows).norm();
            if time_s == 0.0 {
                start_m[arena] = range_m;
            }
            strayed_m[arena] = strayed_m[arena].max((range_m - start_m[arena]).abs());
            burns[arena].see(rows);
        });
        (strayed_m, burns)
    };
    let (strayed_m, burns) = run("Nominal(maintenance_probability: Fixed(0.0))");
    let (drifted_m, none) = run("Ballistic()");
    // The ellipse that is left once the drift is taken off, up to 2 × 290 m along the track each way, and what burns of up to 3 cm/s drift in a period.
    let box_m = 2_500.0;
    let strays = share(strayed_m.iter().map(|strayed| *strayed > box_m));
    let drifts = share(drifted_m.iter().map(|strayed| *strayed > box_m));
    assert!(strays == 0.0, "{strays} stray; worst {}", strayed_m.iter().copied().fold(0.0, f64::max));
    assert!(drifts > 0.6, "without burns only {drifts} leave the box");
    for (seed, burns) in burns.iter().enumerate() {
        // One for the drift, then two a period of 0.3 to 1 revolutions. A ballistic neighbour has none.
        assert!((2..=18).contains(&burns.count), "{seed}: {} burns", burns.count);
        assert!(burns.spent_m_s < 2.0, "{seed}: {} m/s", burns.spent_m_s);
    }
    assert!(none.iter().all(|burns| burns.count == 0));
}

#[test]
fn a_conjunction_is_fast_and_ballistic_and_passes_as_asked() {
    let (after_s, miss_m) = (300.0, 250.0);
    for forces in ["TwoBody", "TwoBody, J2"] {
        let pair = Pair {
            forces,
            segment_s: 10.0,
            duration_s: 600.0,
            target_control: "Scripted([Ballistic()])",
            start: r#"Crossing(
                with: "target", after_s: Fixed(300.0), miss_m: Fixed(250.0), relative_speed_m_s: LogUniform(500.0, 14000.0),
            )"#,
            behaviour: "Conjunction()".to_owned(),
        };
        let mut start = vec![None; SEEDS as usize];
        pair.watch(|arena, time_s, rows| {
            let [target, neighbour] = states(rows);
            let started = *start[arena].get_or_insert(neighbour);
            assert_eq!(rows.ledgers[NEIGHBOUR].delta_v_m_s, 0.0);
            let predicted = kepler::propagate(&started, EARTH_MU_M3_S2, time_s);
            let residual_m = (predicted.position_m - neighbour.position_m).norm();
            // J2 accelerates by 3 J2 μ R²/r⁴ at most: two objects part by twice half of that times the time squared.
            let radius_m = EARTH_RADIUS_M + 120_000.0;
            let pull_m_s2 = 3.0 * EARTH_J2 * EARTH_MU_M3_S2 * (EARTH_RADIUS_M / (radius_m * radius_m)).powi(2);
            let by_j2_m = if forces == "TwoBody" { 0.0 } else { pull_m_s2 * time_s * time_s };
            // RK4 errs by less; a burn of 1 cm/s at the start would show by 6 m at the end.
            assert!(residual_m < 1.0 + 0.5 * by_j2_m, "{forces} {arena}: {residual_m} m off at {time_s} s");
            if time_s == after_s {
                let (offset_m, relative_m_s) =
                    (neighbour.position_m - target.position_m, neighbour.velocity_m_s - target.velocity_m_s);
                let speed_m_s = relative_m_s.norm();
                let late_s = offset_m.dot(&relative_m_s) / (speed_m_s * speed_m_s);
                // A neighbour that keeps its station passes at centimetres a second.
                assert!(speed_m_s > 490.0, "{arena}: {speed_m_s} m/s");
                if forces == "TwoBody" {
                    assert!((offset_m.norm() - miss_m).abs() < 1.0 && late_s.abs() < 0.1, "{arena}: {late_s} s");
                } else {
                    let off_m = (offset_m.norm() - miss_m).abs();
                    assert!(off_m < by_j2_m, "{arena}: {off_m} m off under J2");
                }
            }
        });
    }
    let pair = Pair {
        forces: "TwoBody",
        segment_s: 10.0,
        duration_s: 600.0,
        target_control: "Scripted([Ballistic()])",
        start: r#"Crossing(with: "target", after_s: Fixed(0.0), miss_m: Fixed(1.0), relative_speed_m_s: Fixed(20000.0))"#,
        behaviour: "Conjunction()".to_owned(),
    };
    let refusal = Scenario::from_source("pair.ron", &pair.text()).expect_err("no bound orbit passes at 20 km/s");
    assert!(refusal.render(false).contains("20000 m/s is more than meeting 'target' head-on gives"));
}

/// When an inspection has settled [s]: after four and a half revolutions, in which 12 km fall to 1.5 m.
const SETTLED_S: f64 = 27_000.0;

/// How an inspection went after it settled.
#[derive(Clone, Copy)]
struct Look {
    nearest_m: f64,
    farthest_m: f64,
    axis_m: f64,
    /// Sum of the cosine of the Sun's phase angle, and of how many looks it is.
    phase: [f64; 2],
    burns: Burns,
    settled_count: usize,
    settled_m_s: f64,
    size_m: f64,
    keep_out_m: f64,
}

fn looks(behaviour: &str) -> Vec<Look> {
    let pair = Pair {
        forces: "TwoBody, J2, J3, J4",
        segment_s: 60.0,
        duration_s: 48_000.0,
        target_control: "Scripted([Ballistic()])",
        start: r#"RtnOffset(
            to: "target",
            position_m: (Uniform(-300.0, 300.0), Choice([-12000.0, -6000.0, 4000.0, 9000.0]), Uniform(-500.0, 500.0)),
            velocity_m_s: (Fixed(0.0), Uniform(-0.2, 0.2), Uniform(-0.2, 0.2)),
        )"#,
        behaviour: behaviour.to_owned(),
    };
    let sun = astroshield::astro::sun::position_gcrf_m(pair.compile().template.epoch_jd_tt).normalize();
    let none = Look {
        nearest_m: f64::INFINITY,
        farthest_m: 0.0,
        axis_m: 0.0,
        phase: [0.0; 2],
        burns: Burns::default(),
        settled_count: 0,
        settled_m_s: 0.0,
        size_m: 0.0,
        keep_out_m: 0.0,
    };
    let mut looks = vec![none; SEEDS as usize];
    pair.watch(|arena, time_s, rows| {
        let look = &mut looks[arena];
        let [target, neighbour] = states(rows);
        let offset_m = neighbour.position_m - target.position_m;
        look.nearest_m = look.nearest_m.min(offset_m.norm());
        look.burns.see(rows);
        let [size_m, _, _, keep_out_m, ..] = rows.pilots[NEIGHBOUR].memory.parameters;
        (look.size_m, look.keep_out_m) = (size_m.max(2.5 * keep_out_m), keep_out_m);
        if time_s < SETTLED_S {
            (look.settled_count, look.settled_m_s) = (look.burns.count, look.burns.spent_m_s);
            return;
        }
        look.farthest_m = look.farthest_m.max(offset_m.norm());
        look.axis_m = look.axis_m.max((axis_m(&neighbour) - axis_m(&target)).abs());
        look.phase[0] += offset_m.dot(&sun) / offset_m.norm();
        look.phase[1] += 1.0;
    });
    looks
}

#[test]
fn an_inspector_circles_within_bounds_with_the_sun_at_its_back() {
    let size = "size_m: LogUniform(200.0, 1500.0), approach_orbits: Fixed(1.5)";
    let inspectors = looks(&format!("Inspection({size})"));
    for (seed, look) in inspectors.iter().enumerate() {
        assert!(look.nearest_m > look.keep_out_m, "{seed}: {} m within {} m", look.nearest_m, look.keep_out_m);
        // 2.2 sizes at the ends of the ellipse, a tenth for its variation, the rest for what is tolerated. The null behaviour stays where it began, kilometres away.
        assert!(look.farthest_m < 3.0 * look.size_m, "{seed}: {} m of {} m", look.farthest_m, look.size_m);
        // Bound: a third of the size in the axis is three sizes a revolution, which the next look takes off.
        assert!(look.axis_m < 0.35 * look.size_m, "{seed}: axis off by {} m of {} m", look.axis_m, look.size_m);
        // Small ones, again and again: 21,000 s are 3.5 revolutions. The null behaviour has none.
        let (count, spent_m_s) = (look.burns.count - look.settled_count, look.burns.spent_m_s - look.settled_m_s);
        assert!(count >= 1, "{seed}: {count} burns");
        assert!(spent_m_s < 0.005 * look.size_m, "{seed}: {spent_m_s} m/s at {} m", look.size_m);
    }
    let often = share(inspectors.iter().map(|look| look.burns.count - look.settled_count >= 3));
    assert!(often > 0.85, "only {often} burn three times and more");
    let mean = |looks: &[Look]| looks.iter().map(|look| look.phase[0] / look.phase[1]).sum::<f64>() / SEEDS as f64;
    let by_chance = looks(&format!("Inspection({size}, sun_offset_rad: Uniform(-3.1415, 3.1415))"));
    let sunny = share(inspectors.iter().map(|look| look.phase[0] > 0.0));
    assert!(sunny > 0.95, "the Sun is at the back of {sunny}");
    assert!(mean(&inspectors) > 0.5, "mean cosine of the phase angle {}", mean(&inspectors));
    assert!(mean(&by_chance).abs() < 0.15, "by chance {}", mean(&by_chance));
}

/// When the target burns [s].
const BURN_S: f64 = 30_000.0;

/// How a shadow went.
#[derive(Clone, Default)]
struct Shadow {
    /// Own Δv at the end of each segment from the target's burn on [m/s].
    spent_m_s: Vec<f64>,
    /// How far it is off its station at the burn and at the end [m].
    off_m: [f64; 2],
    station_m: f64,
    lag_s: f64,
}

impl Shadow {
    /// Δv from the burn to the end [m/s].
    fn answer_m_s(&self) -> f64 {
        self.spent_m_s[self.spent_m_s.len() - 1] - self.spent_m_s[0]
    }
}

fn shadows(burn_m_s: f64) -> Vec<Shadow> {
    let pair = Pair {
        forces: "TwoBody, J2, J3, J4",
        segment_s: 60.0,
        duration_s: 51_000.0,
        target_control: "Learned",
        start: r#"RtnOffset(
            to: "target",
            position_m: (Uniform(-200.0, 200.0), Choice([-12000.0, -4000.0, 4000.0, 12000.0]), Uniform(-300.0, 300.0)),
            velocity_m_s: (Fixed(0.0), Uniform(-0.1, 0.1), Uniform(-0.1, 0.1)),
        )"#,
        behaviour: "Shadowing(station_m: LogUniform(3000.0, 20000.0), approach_orbits: Fixed(1.5))".to_owned(),
    };
    let mut shadows = vec![Shadow::default(); SEEDS as usize];
    pair.play(
        // 0.01 m/s² for a segment of 60 s is 0.6 m/s.
        |time_s, plans| plans.fill(if time_s == BURN_S { [0.0, burn_m_s / 0.6, 0.0] } else { [0.0; 3] }),
        |arena, time_s, rows| {
            let shadow = &mut shadows[arena];
            let [station_m, _, lag_s, ..] = rows.pilots[NEIGHBOUR].memory.parameters;
            (shadow.station_m, shadow.lag_s) = (station_m, lag_s);
            let [target, neighbour] = states(rows);
            let angle_rad = target.position_m.angle(&neighbour.position_m);
            let now_m = (angle_rad * target.position_m.norm() - station_m).abs();
            if time_s <= BURN_S {
                shadow.off_m[0] = now_m;
            } else {
                shadow.off_m[1] = now_m;
            }
            if time_s >= BURN_S {
                shadow.spent_m_s.push(rows.ledgers[NEIGHBOUR].delta_v_m_s);
            }
        },
    );
    shadows
}

#[test]
fn a_shadow_holds_its_station_and_answers_a_burn_after_its_lag() {
    let (left_alone, burnt_at) = (shadows(0.0), shadows(0.5));
    // Dead band, 1 % of the separation, and J2's swing of it.
    let bound_m = |station_m: f64| 700.0 + 0.03 * station_m;
    let holds = |shadows: &[Shadow], when: usize| {
        share(shadows.iter().map(|shadow| shadow.off_m[when] < bound_m(shadow.station_m)))
    };
    // Whoever never burns is off by the kilometres between its start and the station, and by 3 × 0.5 m/s × 21,000 s = 31 km in the end.
    assert!(holds(&left_alone, 0) > 0.97, "{} hold their station", holds(&left_alone, 0));
    assert!(holds(&left_alone, 1) > 0.97, "{} hold their station to the end", holds(&left_alone, 1));
    assert!(holds(&burnt_at, 1) > 0.97, "{} are back on their station", holds(&burnt_at, 1));
    let answers = share(burnt_at.iter().map(|shadow| shadow.answer_m_s() > 0.25));
    let unasked = share(left_alone.iter().map(|shadow| shadow.answer_m_s() > 0.25));
    assert!(answers > 0.97 && unasked < 0.1, "{answers} answer, {unasked} burn as much unasked");
    let pairs = || burnt_at.iter().zip(&left_alone);
    // Until the lag is over it spends no more than if nothing had happened.
    let patient = share(pairs().map(|(shadow, alone)| {
        let segments = (shadow.lag_s / 60.0) as usize;
        let both = shadow.spent_m_s.iter().zip(&alone.spent_m_s);
        both.take(segments + 1).all(|(spent, alone)| *spent <= alone + 1e-9)
    }));
    // And in the hour after it much more.
    let prompt = share(pairs().map(|(shadow, alone)| {
        let segment = ((shadow.lag_s + 3_600.0) / 60.0) as usize;
        shadow.spent_m_s[segment] > alone.spent_m_s[segment] + 0.1
    }));
    assert!(patient > 0.97, "{patient} wait for their lag");
    assert!(prompt > 0.9, "{prompt} answer within an hour");
}

#[test]
fn each_is_of_its_class() {
    use astroshield::sim::behaviours::{Behaviour, registry};
    let expected = [
        ("nominal", ThreatClass::Nominal),
        ("conjunction", ThreatClass::Conjunction),
        ("inspection", ThreatClass::Inspection),
        ("shadowing", ThreatClass::Shadowing),
    ];
    for (name, class) in expected {
        let (behaviour, _) =
            registry().into_iter().find(|(behaviour, _)| behaviour.name() == name).expect("registered");
        assert_eq!(behaviour.class(&Default::default(), 100.0), class);
    }
}
