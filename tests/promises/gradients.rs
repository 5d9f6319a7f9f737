//! The fused layers are burn's, forward and backward, and a gradient over shards is the whole one.

use astroshield::env::observation::OBSERVATION;
use astroshield::models::actor_critic::{ActorCritic, ActorCriticConfig};
use astroshield::models::dense::{Activations, DenseActorCritic};
use astroshield::models::device::Cpu;
use astroshield::sim::seeds::{Generator, Purpose, SeedDomain, stream};
use astroshield::train::algorithms::ppo::{Ppo, PpoConfig};
use astroshield::train::learner::{Learner, Minibatch};
use burn::backend::Autodiff;
use burn::module::{AutodiffModule, Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use rand_distr::{Distribution, StandardNormal};

type Training = Autodiff<Cpu>;

fn ppo() -> Ppo {
    // Everything that can be in the loss is.
    Ppo { config: PpoConfig { entropy_weight: 0.01, value_clip: Some(0.3), ..PpoConfig::default() } }
}

fn normal(generator: &mut Generator, count: usize) -> Vec<f32> {
    (0..count).map(|_| StandardNormal.sample(generator)).collect()
}

fn numbers<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().into_vec().expect("the data was converted to f32")
}

fn observations(fed: &[f32]) -> Tensor<Cpu, 2> {
    Tensor::from_data(TensorData::new(fed.to_vec(), [fed.len() / OBSERVATION, OBSERVATION]), &Default::default())
}

/// Rows on which the policy acted, with ratios to either side of the clip.
fn minibatch(model: &ActorCritic<Cpu>, rows: usize, executed: usize, generator: &mut Generator) -> Minibatch {
    let fed = normal(generator, rows * OBSERVATION);
    let means = numbers(model.plan_mean(observations(&fed), executed));
    let log_std = numbers(model.log_std(executed));
    let values = numbers(model.compute_value(observations(&fed)));
    let (mut actions, mut columns) = (Vec::new(), Vec::new());
    for (mean, value) in means.chunks_exact(executed).zip(values) {
        let noise = normal(generator, executed);
        let log_probability: f32 =
            noise.iter().zip(&log_std).map(|(noise, log_std)| -0.5 * noise * noise - log_std - 0.918_938_5).sum();
        actions
            .extend(mean.iter().zip(&noise).zip(&log_std).map(|((mean, noise), log_std)| mean + noise * log_std.exp()));
        let [shift, advantage, gain, change] = [(); 4].map(|()| StandardNormal.sample(generator));
        let shift: f32 = shift;
        columns.extend([log_probability + 0.2 * shift, advantage, value + gain, value + 0.3 * change]);
    }
    Minibatch { fed, actions, columns }
}

/// A network whose plans and values are no longer those of its small initial weights.
fn learner(executed: usize) -> Learner<Training> {
    let mut generator = stream(6, SeedDomain::Train, 0, 0, Purpose::Trainer);
    let device = Default::default();
    let model = ActorCritic::new(&ActorCriticConfig::default(), &mut generator, &device);
    let mut learner = Learner::new(model, device, 1).expect("threads can be started");
    for _ in 0..6 {
        let minibatch = minibatch(&learner.model.valid(), 64, executed, &mut generator);
        learner
            .descend(&minibatch, executed, 0.01, 1e9, |outputs, batch| ppo().loss(outputs, batch, true))
            .expect("finite");
    }
    learner
}

/// The gradient of each parameter, in the order of the module.
struct Gathered<'a> {
    gradients: &'a GradientsParams,
    all: Vec<Vec<f32>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Gathered<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        let gradient = self.gradients.get::<B::InnerBackend, D>(param.id).expect("every parameter has a gradient");
        assert_eq!(gradient.dims(), param.val().dims());
        self.all.push(numbers(gradient));
    }
}

fn gathered(learner: &Learner<Training>, gradients: &GradientsParams) -> Vec<Vec<f32>> {
    let mut gathered = Gathered { gradients, all: Vec::new() };
    learner.model.visit(&mut gathered);
    gathered.all
}

/// The greatest of the parameters' |a - b| / |b|, Euclidean norms in f64.
///
/// A parameter with less than a tenth of the whole gradient counts as having that: the bias of the value is one number, a sum
/// over rows of errors of either sign, of which cancellation leaves little but rounding.
fn difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f64 {
    assert_eq!((a.len(), b.len()), (9, 9), "four layers of weights and biases, and the log-std");
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    let whole = norm(&mut b.iter().flatten().map(|x| f64::from(*x)));
    let relative = |(a, b): (&Vec<f32>, &Vec<f32>)| {
        let size = norm(&mut b.iter().map(|x| f64::from(*x)));
        assert!(size > 1e-4 * whole, "a parameter without a gradient tells nothing: {size:e} of {whole:e}");
        norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b))) / size.max(0.1 * whole)
    };
    a.iter().zip(b).map(relative).fold(0.0, f64::max)
}

/// (executed entries, rows): rows of one chunk, of more than one, and of several, none of which a chunk divides.
const CASES: [(usize, usize); 4] = [(16, 37), (16, 600), (64, 600), (64, 1300)];

#[test]
fn the_fused_gradient_is_that_of_burn() {
    for (executed, rows) in CASES {
        let learner = learner(executed);
        let mut generator = stream(7, SeedDomain::Train, 0, 0, Purpose::Trainer);
        let minibatch = minibatch(&learner.model.valid(), rows, executed, &mut generator);
        let (fused, fused_figures) =
            learner.fused_gradients(&minibatch, executed, |outputs, batch| ppo().loss(outputs, batch, true));
        let (composed, composed_figures) =
            learner.composed_gradients(&minibatch, executed, |outputs, batch| ppo().loss(outputs, batch, true));
        // The fused tanh errs by up to 3e-7, and sums over rows run in another order: f32 has 6e-8 a rounding, and the
        // exponential in the ratio multiplies the error of a mean by the action's distance over the variance.
        let relative = difference(&gathered(&learner, &fused), &gathered(&learner, &composed));
        assert!(relative < 1e-5, "{executed} entries, {rows} rows: {relative:e}");
        for (fused, composed) in fused_figures.iter().zip(composed_figures) {
            assert!((fused - composed).abs() < 1e-4 * (1.0 + composed.abs()), "{fused} against {composed}");
        }
        // The loss has both sides of the clip in it.
        assert!((0.05..0.95).contains(&composed_figures[4]), "clipped: {}", composed_figures[4]);
    }
}

#[test]
fn a_gradient_over_two_shards_is_the_whole_one() {
    for (executed, rows) in CASES {
        let gradient = |shards: usize| {
            let mut whole = learner(executed);
            let mut generator = stream(8, SeedDomain::Train, 0, 0, Purpose::Trainer);
            let minibatch = minibatch(&whole.model.valid(), rows, executed, &mut generator);
            if shards > 1 {
                // The same weights: those of a learner that has learned over shards would differ in the last bits.
                whole = Learner::new(whole.model, whole.device, shards).expect("threads can be started");
            }
            let loss = |outputs: &_, batch: &_| ppo().loss(outputs, batch, true);
            let (fused, figures) = whole.fused_gradients(&minibatch, executed, loss);
            let (composed, _) = whole.composed_gradients(&minibatch, executed, loss);
            (gathered(&whole, &fused), gathered(&whole, &composed), figures)
        };
        let (whole, whole_composed, whole_figures) = gradient(1);
        let (sharded, sharded_composed, sharded_figures) = gradient(2);
        // Only the order of sums over rows differs: a few roundings of 6e-8. 3e-7 was seen when the way was chosen.
        let relative = difference(&sharded, &whole).max(difference(&sharded_composed, &whole_composed));
        assert!(relative < 1e-6, "{executed} entries, {rows} rows: {relative:e}");
        for (sharded, whole) in sharded_figures.iter().zip(whole_figures) {
            assert!((sharded - whole).abs() < 1e-5 * (1.0 + whole.abs()), "{sharded} against {whole}");
        }
    }
}

#[test]
fn while_only_the_critic_learns_the_policy_has_no_gradient() {
    let learner = learner(16);
    let mut generator = stream(10, SeedDomain::Train, 0, 0, Purpose::Trainer);
    let minibatch = minibatch(&learner.model.valid(), 100, 16, &mut generator);
    let (gradients, _) = learner.fused_gradients(&minibatch, 16, |outputs, batch| ppo().loss(outputs, batch, false));
    let nothing: Vec<bool> =
        gathered(&learner, &gradients).iter().map(|numbers| numbers.iter().all(|number| *number == 0.0)).collect();
    // Actor, critic, log-std, as the module has them.
    assert_eq!(nothing, [true, true, true, true, false, false, false, false, true]);
}

#[test]
fn the_fused_layers_say_what_burns_say() {
    for (executed, rows) in CASES {
        let model = learner(executed).model.valid();
        let fed = normal(&mut stream(9, SeedDomain::Train, 0, 0, Purpose::Trainer), rows * OBSERVATION);
        let mut fused = Activations::default();
        DenseActorCritic::of(&model, executed).forward(&fed, &mut fused);
        let means = numbers(model.plan_mean(observations(&fed), executed));
        let values = numbers(model.compute_value(observations(&fed)));
        assert_eq!((fused.means.len(), fused.values.len()), (rows * executed, rows));
        let apart = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        // Sums of 128 and of 256 products of the order of one in another order, and a tanh to 3e-7.
        assert!(apart(&fused.means, &means) < 2e-6, "means: {:e}", apart(&fused.means, &means));
        let size = values.iter().fold(1.0, |size: f32, value| size.max(value.abs()));
        assert!(apart(&fused.values, &values) < 2e-6 * size, "values: {:e}", apart(&fused.values, &values));
        assert!(means.iter().any(|mean| mean.abs() > 0.3), "plans near zero tell nothing of tanh");
    }
}
