//! Nothing gives a threat away before it begins, and much does afterwards.

use astroshield::eval::telemetry_windows::windows;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::template::Template;
use astroshield::sim::threat_class::ThreatClass;
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

/// The class that a cast turns into, by its name.
fn class_of(template: &Template, cast: u16) -> usize {
    let name = template.casts[usize::from(cast)].name.trim_end_matches("_from_afar");
    ThreatClass::ALL.iter().position(|class| class.name() == name).unwrap_or_else(|| panic!("{name} is no class"))
}

/// The first window of each episode that `wanted` accepts.
fn samples(template: &Template, wanted: impl Fn(&Label) -> bool) -> Vec<Sample> {
    let mut samples: Vec<Sample> = Vec::new();
    for LabelledWindow { window, label } in windows(template, 0, &shipped::seeds(SeedDomain::Train, EPISODES)) {
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
    let template = shipped::scenario("mixed_threats").template;
    // Nothing begins before 900 s; most begin later.
    let early = Template { time_limit_s: 4_000.0, ..template.clone() };
    let before = samples(&early, |label| label.onset_s.is_none());
    // The best that one can do who knows nothing but how often each class is drawn.
    let most =
        (0..CLASSES).map(|class| before.iter().filter(|sample| sample.class == class).count()).max().unwrap_or(0);
    let chance = most as f64 / before.len() as f64;
    let (before, count) = accuracy(&before);
    // Episodes are independent: three and a half standard deviations of a share.
    let bound = chance + 3.5 * (chance * (1.0 - chance) / count as f64).sqrt();
    assert!(count > 250 && before < bound, "{before} of {count} before the onset, chance is {chance}");
    let after = samples(&Template { time_limit_s: 14_000.0, ..template }, |label| label.samples_since_onset >= 25);
    let (after, count) = accuracy(&after);
    assert!(count > 250 && after > 0.4, "{after} of {count} after the onset");
}

#[test]
fn the_label_is_the_class_that_the_cast_turns_into() {
    let template = shipped::scenario("mixed_threats").template;
    let short = Template { time_limit_s: 12_000.0, ..template };
    let windows = windows(&short, 0, &shipped::seeds(SeedDomain::Select, 200));
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
