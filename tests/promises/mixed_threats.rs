//! Nothing gives a threat away before it begins, and much does afterwards.

use astroshield::eval::telemetry_windows::windows;
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::nominal::Nominal;
use astroshield::sim::distribution::Distribution;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::sensing::config::SensingConfig;
use astroshield::sim::sensors::bias::BiasConfig;
use astroshield::sim::template::Template;
use astroshield::sim::threat_class::ThreatClass;
use astroshield::telemetry::channels::{CHANNELS, index_of};
use astroshield::telemetry::config::TelemetrySource;
use astroshield::telemetry::features::{FEATURES, features};
use astroshield::telemetry::labelled::{Label, LabelledWindow};
use astroshield::telemetry::planes::Planes;
use nalgebra::{DMatrix, DVector};

use super::shipped;

const EPISODES: u64 = 1_600;
const CLASSES: usize = ThreatClass::ALL.len();

/// One window an episode, with what the episode turns into.
struct Sample {
    seed: u64,
    class: usize,
    features: Vec<f64>,
}

/// The shipped scenario, and whose telemetry of it is recorded.
fn shipped_ground() -> (Template, TelemetrySource) {
    let scenario = shipped::scenario("mixed_threats");
    (scenario.template, scenario.telemetry.expect("it is recorded"))
}

/// The shipped scenario in its nominal cast alone, with a record that is told at once.
fn calm() -> (Template, TelemetrySource) {
    let (mut template, source) = shipped_ground();
    template.casts.retain(|cast| cast.name == "nominal");
    (Template { time_limit_s: 9_000.0, ..template }, TelemetrySource { latency_s: Distribution::Fixed(0.0), ..source })
}

/// Every sample of an episode, with its time.
type Samples = Vec<(f64, [f64; CHANNELS])>;

/// Every sample of each of these episodes, in order.
fn samples_by_episode(template: &Template, source: &TelemetrySource, episodes: u64) -> Vec<Samples> {
    let seeds = shipped::seeds(SeedDomain::Select, episodes);
    let mut all: Vec<Samples> = vec![Vec::new(); seeds.len()];
    for LabelledWindow { window, label } in windows(template, source, &seeds) {
        assert_eq!(label.class, ThreatClass::Nominal);
        let count = window.samples.len();
        let time_s = |index: usize| label.end_s - window.interval_s * (count - 1 - index) as f64;
        all[label.seed as usize].extend(window.samples.iter().enumerate().map(|(index, row)| (time_s(index), *row)));
    }
    all
}

#[test]
fn windows_are_the_same_for_any_threads_and_whatever_an_arena_played_before() {
    let (template, source) = shipped_ground();
    let template = Template { time_limit_s: 5_000.0, ..template };
    let seeds = shipped::seeds(SeedDomain::Select, 200);
    // Debugged, since gaps are not numbers.
    let told = |windows: Vec<LabelledWindow>| windows.iter().map(|window| format!("{window:?}")).collect::<Vec<_>>();
    let [one, four] =
        [1, 4].map(|threads| told(shipped::with_threads(threads, || windows(&template, &source, &seeds))));
    // Few enough for a place of its own each.
    let alone: Vec<_> = seeds.chunks(20).flat_map(|seeds| told(windows(&template, &source, seeds))).collect();
    assert!(one.len() > 200, "{}", one.len());
    for (index, window) in one.iter().enumerate() {
        assert!(*window == four[index] && *window == alone[index], "window {index}: {window}");
    }
}

/// The mean over what is there of a channel.
fn mean(samples: &[(f64, [f64; CHANNELS])], channel: usize) -> f64 {
    let there: Vec<f64> = samples.iter().map(|(_, row)| row[channel]).filter(|value| !value.is_nan()).collect();
    there.iter().sum::<f64>() / there.len() as f64
}

/// The class that a cast turns into, by its name.
fn class_of(template: &Template, cast: u16) -> usize {
    let name = template.casts[usize::from(cast)].name.trim_end_matches("_from_afar");
    ThreatClass::ALL.iter().position(|class| class.name() == name).unwrap_or_else(|| panic!("{name} is no class"))
}

/// The first window of each episode that `wanted` accepts.
fn samples(template: &Template, source: &TelemetrySource, wanted: impl Fn(&Label) -> bool) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for LabelledWindow { window, label } in windows(template, source, &shipped::seeds(SeedDomain::Train, EPISODES)) {
        if samples.last().is_some_and(|last| last.seed == label.seed) || !wanted(&label) {
            continue;
        }
        let told = features(&window, &Planes::of(&window));
        let features = told.iter().map(|feature| feature.unwrap_or(0.0)).collect();
        samples.push(Sample { seed: label.seed, class: class_of(template, label.cast), features });
    }
    samples
}

/// Share of the odd seeds whose class a linear classifier tells that was fitted to the even ones, and how many those are.
///
/// Ridge regression on one-hot classes over standardised features. Source: Hastie, Tibshirani and Friedman, The Elements of
/// Statistical Learning, section 4.2.
fn accuracy(samples: &[Sample]) -> (f64, usize) {
    let (fitted, held): (Vec<&Sample>, Vec<&Sample>) = samples.iter().partition(|sample| sample.seed % 2 == 0);
    let count = fitted.len() as f64;
    let mean: Vec<f64> =
        (0..FEATURES).map(|of| fitted.iter().map(|sample| sample.features[of]).sum::<f64>() / count).collect();
    let spread: Vec<f64> = (0..FEATURES)
        .map(|of| {
            let squares = fitted.iter().map(|sample| (sample.features[of] - mean[of]).powi(2)).sum::<f64>();
            (squares / count).sqrt().max(1e-9)
        })
        .collect();
    let row = |sample: &Sample| {
        DVector::from_fn(FEATURES + 1, |of, _| {
            if of == FEATURES { 1.0 } else { ((sample.features[of] - mean[of]) / spread[of]).clamp(-5.0, 5.0) }
        })
    };
    let mut gram = DMatrix::<f64>::identity(FEATURES + 1, FEATURES + 1) * 10.0;
    let mut moments = DMatrix::<f64>::zeros(FEATURES + 1, CLASSES);
    for sample in &fitted {
        let row = row(sample);
        gram.ger(1.0, &row, &row, 1.0);
        moments.column_mut(sample.class).axpy(1.0, &row, 1.0);
    }
    let weights = gram.cholesky().expect("a ridge makes it regular").solve(&moments);
    let right = held.iter().filter(|sample| weights.tr_mul(&row(sample)).imax() == sample.class).count();
    (right as f64 / held.len() as f64, held.len())
}

#[test]
fn before_the_onset_a_linear_classifier_is_at_chance_and_after_it_far_above() {
    let (template, source) = shipped_ground();
    // Nothing begins before 900 s; most begin later.
    let early = Template { time_limit_s: 4_000.0, ..template.clone() };
    let before = samples(&early, &source, |label| label.onset_s.is_none());
    // The best that one can do who knows nothing but how often each class is drawn.
    let most =
        (0..CLASSES).map(|class| before.iter().filter(|sample| sample.class == class).count()).max().unwrap_or(0);
    let chance = most as f64 / before.len() as f64;
    let (before, count) = accuracy(&before);
    // Episodes are independent: three and a half standard deviations of a share.
    let bound = chance + 3.5 * (chance * (1.0 - chance) / count as f64).sqrt();
    assert!(count > 250 && before < bound, "{before} of {count} before the onset, chance is {chance}");
    let late = Template { time_limit_s: 14_000.0, ..template };
    let after = samples(&late, &source, |label| label.samples_since_onset >= 25);
    let (after, count) = accuracy(&after);
    assert!(count > 250 && after > 0.4, "{after} of {count} after the onset");
}

#[test]
fn the_label_is_the_class_that_the_cast_turns_into() {
    let (template, source) = shipped_ground();
    let short = Template { time_limit_s: 12_000.0, ..template };
    let windows = windows(&short, &source, &shipped::seeds(SeedDomain::Select, 200));
    let mut seen = [false; CLASSES];
    for LabelledWindow { window, label } in &windows {
        let class = class_of(&short, label.cast);
        seen[label.class.index()] = true;
        assert!(label.class == ThreatClass::Nominal || label.class.index() == class, "{:?}", label.class);
        assert_eq!(label.class != ThreatClass::Nominal, label.onset_s.is_some());
        assert!((10.0..=120.0).contains(&window.interval_s));
        window.check().unwrap_or_else(|error| panic!("{:?}: {error}", label.class));
    }
    assert_eq!(seen, [true; CLASSES], "some class never came into force");
}

#[test]
fn what_is_known_of_a_track_is_as_late_as_the_source_says() {
    let (template, prompt) = calm();
    // Twelve decisions, so that every interval of 1 to 4 divides it and sensors look at the same times.
    let late_s = 12.0 * template.segment_s * template.replan_every as f64;
    let late = TelemetrySource { latency_s: Distribution::Fixed(late_s), ..prompt.clone() };
    let [prompt, late] = [&prompt, &late].map(|source| samples_by_episode(&template, source, 40));
    let mut compared = 0;
    for (prompt, late) in prompt.iter().zip(&late) {
        for (time_s, row) in late {
            let at = |time_s: f64| prompt.iter().find(|(prompt_s, _)| (prompt_s - time_s).abs() < 1e-6);
            let (Some((_, earlier)), Some((_, now))) = (at(time_s - late_s), at(*time_s)) else { continue };
            for channel in 0..CHANNELS {
                // Δv so far and objects in the gate are sums over the looks before, the same in both.
                let expected = if channel < 21 { earlier[channel] } else { now[channel] };
                assert_eq!(row[channel].to_bits(), expected.to_bits(), "channel {channel} at {time_s} s");
            }
            compared += 1;
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn a_deployment_is_seen_and_is_no_threat() {
    let (mut template, source) = calm();
    let nominal = |probability: f64| {
        BehaviourConfig::Nominal(Nominal {
            deployment_probability: Distribution::Fixed(probability),
            deployment_after_s: Distribution::Fixed(4_500.0),
            deployed_area: Distribution::Fixed(3.0),
            ..Nominal::default()
        })
    };
    let neighbour = template.casts[0].focus.expect("the neighbour");
    let [cross_section, magnitude] =
        ["radar_cross_section", "magnitude"].map(|name| index_of(name).expect("a channel"));
    let mut change = |probability: f64| {
        template.slots[neighbour].behaviours = vec![nominal(probability)];
        let mut changes = [0.0; 2];
        let mut episodes = 0.0;
        for samples in samples_by_episode(&template, &source, 60) {
            let (after, before): (Samples, Samples) = samples.into_iter().partition(|(time_s, _)| *time_s > 4_560.0);
            let of = |channel| mean(&after, channel) - mean(&before, channel);
            let both = [of(cross_section), of(magnitude)];
            if both.iter().all(|change| change.is_finite()) {
                episodes += 1.0;
                changes.iter_mut().zip(both).for_each(|(sum, change)| *sum += change);
            }
        }
        assert!(episodes > 30.0, "{episodes}");
        changes.map(|sum| sum / episodes)
    };
    // Four times the area: 6.02 dB more and 1.51 magnitudes brighter; a radar's looks scatter by 5.6 dB, and what is at the limit of a
    // telescope is seen when it happens to look brighter, before more often than after.
    let [larger_db, brighter] = change(1.0);
    assert!((larger_db - 6.02).abs() < 0.6 && (brighter + 1.505).abs() < 0.2, "{larger_db} dB, {brighter} mag");
    let [larger_db, brighter] = change(0.0);
    assert!(larger_db.abs() < 0.6 && brighter.abs() < 0.1, "{larger_db} dB, {brighter} mag");
}

#[test]
fn a_bias_shifts_what_is_known_for_a_whole_episode() {
    let (template, source) = calm();
    let off_by = |bias: Option<BiasConfig>| {
        let mut template = template.clone();
        let SensingConfig::Sensors(sensors) = &mut template.slots[source.observer].sensing else { panic!("it senses") };
        sensors.bias = bias;
        samples_by_episode(&template, &source, 60)
    };
    let sigma_m = 200.0;
    let [with, without] = [Some(BiasConfig { range_m: sigma_m, ..BiasConfig::default() }), None].map(off_by);
    let range = index_of("range").expect("a channel");
    let (mut square_m2, mut spread_m, mut episodes) = (0.0, 0.0_f64, 0.0);
    for (with, without) in with.iter().zip(&without).filter(|(with, _)| !with.is_empty()) {
        // The first half an hour, in which the catalogue's error is still in the track, left out.
        let settled =
            |samples: &Samples| samples.iter().filter(|(time_s, _)| *time_s > 1_800.0).copied().collect::<Samples>();
        let (with, without) = (settled(with), settled(without));
        let half = with.len().min(without.len()) / 2;
        if half < 10 {
            continue;
        }
        let early_m = mean(&with[..half], range) - mean(&without[..half], range);
        let late_m = mean(&with[half..], range) - mean(&without[half..], range);
        square_m2 += (0.5 * (early_m + late_m)).powi(2);
        spread_m = spread_m.max((early_m - late_m).abs());
        episodes += 1.0;
    }
    let root_m = f64::sqrt(square_m2 / episodes);
    assert!(episodes > 30.0, "{episodes}");
    assert!((root_m / sigma_m - 1.0).abs() < 0.35 && spread_m < 0.3 * sigma_m, "{root_m} m, {spread_m} m of drift");
}
