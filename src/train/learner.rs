//! A network with its optimiser: gradients over shards of a minibatch, clipped by their global norm, applied by Adam.

use std::any::TypeId;

use burn::backend::Autodiff;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{Adam, AdamConfig, GradientsParams, Optimizer};
use burn::record::{BinBytesRecorder, FullPrecisionSettings, Recorder};
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};

use super::TrainError;
use crate::env::observation::OBSERVATION;
use crate::models::actor_critic::ActorCritic;
use crate::models::dense::{self, Activations, DenseActorCritic, numbers};
use crate::models::device::Cpu;

/// Rows of a minibatch, gathered.
#[derive(Clone, Debug, Default)]
pub struct Minibatch {
    /// What the policy was fed, rows × 128.
    pub fed: Vec<f32>,
    /// Executed entries of the plans, rows × executed.
    pub actions: Vec<f32>,
    /// Further numbers of each row, rows × [`Minibatch::COLUMNS`]: old log-probability, advantage, return, old value.
    pub columns: Vec<f32>,
}

impl Minibatch {
    /// Further numbers of a row.
    pub const COLUMNS: usize = 4;
}

/// A shard of a minibatch on the device.
pub struct Batch<B: AutodiffBackend> {
    /// [rows, 128].
    pub fed: Tensor<B, 2>,
    /// [rows, executed].
    pub actions: Tensor<B, 2>,
    /// [rows].
    pub old_log_probability: Tensor<B, 1>,
    /// [rows].
    pub advantage: Tensor<B, 1>,
    /// [rows].
    pub returns: Tensor<B, 1>,
    /// [rows].
    pub old_value: Tensor<B, 1>,
    /// One over the rows of the whole minibatch: a loss is the sum over rows times this, so that shards add up.
    pub per_row: f32,
}

/// What a network says of a batch.
pub struct Outputs<B: AutodiffBackend> {
    /// Mean of the executed entries of the plan, [rows, executed].
    pub mean: Tensor<B, 2>,
    /// Logarithm of their standard deviation, [executed].
    pub log_std: Tensor<B, 1>,
    /// Value, [rows].
    pub value: Tensor<B, 1>,
}

/// A loss to descend, and figures to report, both summed over the shard's rows and divided by the minibatch's.
pub struct Loss<B: AutodiffBackend, const FIGURES: usize> {
    /// The loss, [1].
    pub loss: Tensor<B, 1>,
    /// Figures, each [1].
    pub figures: [Tensor<B, 1>; FIGURES],
}

/// A network with its optimiser.
pub struct Learner<B: AutodiffBackend> {
    /// The network.
    pub model: ActorCritic<B>,
    /// Where it learns.
    pub device: B::Device,
    optimiser: OptimizerAdaptor<Adam, ActorCritic<B>, B>,
    /// One thread a shard of the gradient. The number is part of the run's configuration, since sums depend on it.
    threads: Vec<rayon::ThreadPool>,
}

impl<B: AutodiffBackend> Learner<B> {
    /// A learner whose gradients are summed over `shards` shards, each on a thread of its own.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn new(model: ActorCritic<B>, device: B::Device, shards: usize) -> Result<Self, TrainError> {
        let threads = (0..shards.max(1))
            .map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| TrainError::Threads(error.to_string()))?;
        Ok(Self { model, device, optimiser: adam(), threads })
    }

    /// One step of gradient descent; gives the figures, and the global norm of the gradient before it was clipped.
    ///
    /// # Errors
    /// When the gradient is not finite; the network is as it was.
    pub fn descend<const FIGURES: usize>(
        &mut self,
        minibatch: &Minibatch,
        executed: usize,
        learning_rate: f64,
        max_norm: f32,
        loss: impl Fn(&Outputs<B>, &Batch<B>) -> Loss<B, FIGURES> + Sync,
    ) -> Result<([f32; FIGURES], f32), TrainError> {
        let (mut gradients, figures) = self.gradients(minibatch, executed, loss);
        let mut norm = Norm { gradients: &gradients, squared: 0.0 };
        self.model.visit(&mut norm);
        let norm = norm.squared.sqrt() as f32;
        if !norm.is_finite() || figures.iter().any(|figure| !figure.is_finite()) {
            return Err(TrainError::NotFinite { what: "gradient", value: norm });
        }
        if norm > max_norm {
            gradients = combine(&self.model, vec![gradients], max_norm / norm);
        }
        self.model = self.optimiser.step(learning_rate, self.model.clone(), gradients);
        Ok((figures, norm))
    }

    /// Gradients of the whole minibatch as the sum over shards, and the figures.
    ///
    /// On the CPU the layers are one fused operation and burn differentiates the loss alone; on other devices burn does both.
    pub fn gradients<const FIGURES: usize>(
        &self,
        minibatch: &Minibatch,
        executed: usize,
        loss: impl Fn(&Outputs<B>, &Batch<B>) -> Loss<B, FIGURES> + Sync,
    ) -> (GradientsParams, [f32; FIGURES]) {
        if TypeId::of::<B>() == TypeId::of::<Autodiff<Cpu>>() {
            self.fused_gradients(minibatch, executed, loss)
        } else {
            self.composed_gradients(minibatch, executed, loss)
        }
    }

    /// [`Learner::gradients`] with every operation burn's.
    pub fn composed_gradients<const FIGURES: usize>(
        &self,
        minibatch: &Minibatch,
        executed: usize,
        loss: impl Fn(&Outputs<B>, &Batch<B>) -> Loss<B, FIGURES> + Sync,
    ) -> (GradientsParams, [f32; FIGURES]) {
        let shards = self.over_shards(minibatch, executed, |model, batch, _| {
            let outputs = Outputs {
                mean: model.plan_mean(batch.fed.clone(), executed),
                log_std: model.log_std(executed),
                value: model.compute_value(batch.fed.clone()),
            };
            let Loss { loss, figures } = loss(&outputs, batch);
            (GradientsParams::from_grads(loss.backward(), model), figures.map(number))
        });
        let figures = total(shards.iter().map(|(_, figures)| figures));
        let gradients = shards.into_iter().map(|(gradients, _)| gradients).collect();
        (combine(&self.model, gradients, 1.0), figures)
    }

    /// [`Learner::gradients`] with the layers fused, on the CPU.
    pub fn fused_gradients<const FIGURES: usize>(
        &self,
        minibatch: &Minibatch,
        executed: usize,
        loss: impl Fn(&Outputs<B>, &Batch<B>) -> Loss<B, FIGURES> + Sync,
    ) -> (GradientsParams, [f32; FIGURES]) {
        let layers = DenseActorCritic::of(&self.model, executed);
        let shards = self.over_shards(minibatch, executed, |model, batch, of| {
            let fed = &minibatch.fed[of.start * OBSERVATION..of.end * OBSERVATION];
            let mut activations = Activations::default();
            layers.forward(fed, &mut activations);
            let leaf = |data: &[f32], width: usize| {
                dense::tensor::<B>(data.to_vec(), of.len(), width, &self.device).require_grad()
            };
            let (mean, value) = (leaf(&activations.means, executed), leaf(&activations.values, 1));
            let log_std = model.log_std(executed).detach().require_grad();
            let outputs = Outputs { mean: mean.clone(), log_std: log_std.clone(), value: value.clone().squeeze_dim(1) };
            let Loss { loss, figures } = loss(&outputs, batch);
            let gradients = loss.backward();
            let by = |tensor: &Tensor<B, 2>| tensor.grad(&gradients).map_or_else(Vec::new, numbers);
            let layers = layers.backward(fed, &activations, &by(&mean), &by(&value));
            (layers, log_std.grad(&gradients).map_or_else(Vec::new, numbers), figures.map(number))
        });
        let figures = total(shards.iter().map(|(_, _, figures)| figures));
        let mut shards = shards.into_iter();
        let (mut sum, mut log_std, _) = shards.next().expect("a minibatch has rows");
        for (layers, part, _) in shards {
            sum.add(&layers);
            for (sum, part) in log_std.iter_mut().zip(part) {
                *sum += part;
            }
        }
        let plan = self.model.log_std_parameter().val().dims()[0];
        let parameters = sum.parameters(plan);
        let mut gradients = GradientsParams::new();
        for (linear, layer) in self.model.layers(&parameters) {
            let weight =
                dense::tensor::<B::InnerBackend>(layer.weight.clone(), layer.rows, layer.columns, &self.device);
            gradients.register(linear.weight.id, weight);
            let bias = linear.bias.as_ref().expect("every layer has a bias");
            let data = TensorData::new(layer.bias.clone(), [layer.columns]);
            gradients.register(bias.id, Tensor::<B::InnerBackend, 1>::from_data(data, &self.device));
        }
        log_std.resize(plan, 0.0);
        let log_std = Tensor::<B::InnerBackend, 1>::from_data(TensorData::new(log_std, [plan]), &self.device);
        gradients.register(self.model.log_std_parameter().id, log_std);
        (gradients, figures)
    }

    /// Calls `work` for each shard of the rows on its own thread, and gives the results in order.
    fn over_shards<T: Send>(
        &self,
        minibatch: &Minibatch,
        executed: usize,
        work: impl Fn(&ActorCritic<B>, &Batch<B>, std::ops::Range<usize>) -> T + Sync,
    ) -> Vec<T> {
        let rows = minibatch.columns.len() / Minibatch::COLUMNS;
        let each = rows.div_ceil(self.threads.len());
        let work = &work;
        std::thread::scope(|scope| {
            let running: Vec<_> = self
                .threads
                .iter()
                .enumerate()
                .map(|(shard, thread)| (thread, (shard * each).min(rows)..((shard + 1) * each).min(rows)))
                .filter(|(_, of)| !of.is_empty())
                .map(|(thread, of)| {
                    // A fork of its own: concurrent backward passes over one graph can lock each other out.
                    let model = self.model.clone().fork(&self.device);
                    let device = &self.device;
                    scope.spawn(move || {
                        thread.install(|| {
                            let batch = upload(minibatch, of.clone(), executed, 1.0 / rows as f32, device);
                            work(&model, &batch, of)
                        })
                    })
                })
                .collect();
            running.into_iter().map(|shard| shard.join().expect("a shard of the gradient panicked")).collect()
        })
    }

    /// Forgets the optimiser's moments: those of a finished task would go on moving the weights in the next.
    pub fn forget_moments(&mut self) {
        self.optimiser = adam();
    }

    /// Weights and optimiser, exact, for a checkpoint to resume from.
    ///
    /// # Errors
    /// When the tensors cannot be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let model: Vec<u8> = Recorder::<B>::record(&recorder, self.model.clone().into_record(), ()).map_err(failed)?;
        let optimiser: Vec<u8> = Recorder::<B>::record(&recorder, self.optimiser.to_record(), ()).map_err(failed)?;
        postcard::to_stdvec(&(model, optimiser)).map_err(|error| TrainError::Record(error.to_string()))
    }

    /// Takes weights and optimiser from [`Learner::to_bytes`].
    ///
    /// # Errors
    /// When the bytes are of another network, or damaged.
    pub fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let (model, optimiser): (Vec<u8>, Vec<u8>) =
            postcard::from_bytes(bytes).map_err(|error| TrainError::Record(error.to_string()))?;
        let model = Recorder::<B>::load(&recorder, model, &self.device).map_err(failed)?;
        let optimiser = Recorder::<B>::load(&recorder, optimiser, &self.device).map_err(failed)?;
        self.model = self.model.clone().load_record(model);
        self.optimiser = self.optimiser.clone().load_record(optimiser);
        Ok(())
    }
}

fn adam<B: AutodiffBackend>() -> OptimizerAdaptor<Adam, ActorCritic<B>, B> {
    AdamConfig::new().with_epsilon(1e-5).init()
}

fn number<B: Backend>(tensor: Tensor<B, 1>) -> f32 {
    numbers(tensor)[0]
}

/// Sums over shards.
fn total<'a, const FIGURES: usize>(shards: impl Iterator<Item = &'a [f32; FIGURES]>) -> [f32; FIGURES] {
    shards.fold([0.0; FIGURES], |sum, shard| std::array::from_fn(|i| sum[i] + shard[i]))
}

fn upload<B: AutodiffBackend>(
    minibatch: &Minibatch,
    of: std::ops::Range<usize>,
    executed: usize,
    per_row: f32,
    device: &B::Device,
) -> Batch<B> {
    let rows = of.len();
    let matrix = |data: &[f32], width: usize| {
        let part = data[of.start * width..of.end * width].to_vec();
        Tensor::<B, 2>::from_data(TensorData::new(part, [rows, width]), device)
    };
    let column = |index: usize| {
        let numbers = minibatch.columns.chunks_exact(Minibatch::COLUMNS).skip(of.start).take(rows);
        let part: Vec<f32> = numbers.map(|row| row[index]).collect();
        Tensor::<B, 1>::from_data(TensorData::new(part, [rows]), device)
    };
    Batch {
        fed: matrix(&minibatch.fed, OBSERVATION),
        actions: matrix(&minibatch.actions, executed),
        old_log_probability: column(0),
        advantage: column(1),
        returns: column(2),
        old_value: column(3),
        per_row,
    }
}

/// Adds up the gradients of a network's parameters over shards, times `factor`.
fn combine<B: AutodiffBackend>(model: &ActorCritic<B>, shards: Vec<GradientsParams>, factor: f32) -> GradientsParams {
    if let [_] = shards.as_slice()
        && factor == 1.0
    {
        return shards.into_iter().next().unwrap_or_default();
    }
    let mut sum = Sum { shards, factor, total: GradientsParams::new() };
    model.visit(&mut sum);
    sum.total
}

struct Sum {
    shards: Vec<GradientsParams>,
    factor: f32,
    total: GradientsParams,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Sum {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        let parts = self.shards.iter_mut().filter_map(|shard| shard.remove::<B::InnerBackend, D>(param.id));
        if let Some(total) = parts.reduce(|total, part| total + part) {
            let total = if self.factor == 1.0 { total } else { total.mul_scalar(self.factor) };
            self.total.register::<B::InnerBackend, D>(param.id, total);
        }
    }
}

/// Sum of the squares of all gradients.
struct Norm<'a> {
    gradients: &'a GradientsParams,
    squared: f64,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        if let Some(gradient) = self.gradients.get::<B::InnerBackend, D>(param.id) {
            let squared = (gradient.clone() * gradient).sum().into_data().convert::<f32>();
            self.squared += squared.as_slice::<f32>().map_or(f64::NAN, |data| f64::from(data[0]));
        }
    }
}
