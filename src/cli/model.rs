//! What MODEL means on the command line: a run, a checkpoint, or the name of a scripted policy.

use std::path::Path;

use super::Failure;
use crate::env::policy::Policy;
use crate::eval::evaluate::scripted;
use crate::eval::figures::PolicyKind;
use crate::eval::random_policy::RandomPolicy;
use crate::eval::scripted_policy::ScriptedPolicy;
use crate::models::checkpoint::{self, Checkpoint};
use crate::models::device::{Cpu, DeviceChoice};
use crate::models::learned_policy::{LearnedPolicy, PolicyMeta, WEIGHTS_FILE};
use crate::scenario::Scenario;
use crate::sim::behaviours::{BehaviourConfig, registry};

/// A policy before it is given its rows.
pub(super) enum Model {
    /// A behaviour of the simulator, with its default parameters.
    Scripted(Box<BehaviourConfig>),
    /// Plans drawn uniformly.
    Random,
    /// A trained policy.
    Learned(Box<Checkpoint>),
}

/// Names of the policies that need no file, in order.
pub(super) fn names() -> Vec<&'static str> {
    registry().iter().map(|(behaviour, _)| behaviour.name()).chain(["random"]).collect()
}

impl Model {
    /// The model that `name` means for `scenario`: a behaviour, `random`, or a path.
    pub(super) fn find(name: &str, scenario: &Scenario) -> Result<Self, Failure> {
        if name == "random" {
            return Ok(Self::Random);
        }
        match scripted(name) {
            Some(behaviour) => Ok(Self::Scripted(Box::new(behaviour))),
            None => Ok(Self::Learned(Box::new(find_checkpoint(Path::new(name), scenario)?))),
        }
    }

    /// What it is.
    pub(super) fn kind(&self) -> PolicyKind {
        match self {
            Self::Scripted(_) => PolicyKind::Scripted,
            Self::Random => PolicyKind::Random,
            Self::Learned(_) => PolicyKind::Learned,
        }
    }

    /// The policy for `rows` rows; `seed` seeds what it draws.
    pub(super) fn policy(&self, rows: usize, seed: u64, device: DeviceChoice) -> Result<Box<dyn Policy>, Failure> {
        Ok(match self {
            Self::Scripted(behaviour) => Box::new(ScriptedPolicy::new(behaviour.as_ref().clone(), rows, seed)),
            Self::Random => Box::new(RandomPolicy::new(seed)),
            Self::Learned(checkpoint) => learned(checkpoint, device)?,
        })
    }
}

/// A checkpoint's policy on a device.
pub(super) fn learned(checkpoint: &Checkpoint, device: DeviceChoice) -> Result<Box<dyn Policy>, Failure> {
    Ok(match device {
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda => Box::new(LearnedPolicy::<burn::backend::Cuda>::load(checkpoint, Default::default())?),
        #[cfg(feature = "wgpu")]
        DeviceChoice::Wgpu => Box::new(LearnedPolicy::<burn::backend::Wgpu>::load(checkpoint, Default::default())?),
        _ => Box::new(LearnedPolicy::<Cpu>::load(checkpoint, Default::default())?),
    })
}

/// The checkpoint that a path means: a checkpoint itself, or the best (or else the newest) of a run.
fn find_checkpoint(path: &Path, scenario: &Scenario) -> Result<Checkpoint, Failure> {
    let checkpoint = if [checkpoint::MANIFEST_FILE, WEIGHTS_FILE].iter().any(|file| path.join(file).exists()) {
        Checkpoint::open(path)?
    } else if path.join("checkpoints").is_dir() {
        let checkpoints = path.join("checkpoints");
        let step = match checkpoint::best(&checkpoints)? {
            Some(best) => Some(checkpoints.join(format!("step_{}", best.step))),
            None => checkpoint::latest(&checkpoints)?.found.map(|(_, path)| path),
        };
        let step = step.ok_or_else(|| Failure::message(format!("'{}' has no checkpoint yet", path.display())))?;
        Checkpoint::open(&step)?
    } else {
        return Err(Failure::message(format!(
            "'{}' is no run, no checkpoint and no scripted policy; scripted policies are {}",
            path.display(),
            names().join(", ")
        )));
    };
    // What holds no policy is refused with its reason where the policy is loaded.
    if let Ok(meta) = PolicyMeta::read(&checkpoint) {
        meta.was_shown(scenario.template.observation)?;
    }
    if checkpoint.meta()["scenario_hash"] != scenario.hash.as_str() {
        eprintln!(
            "warning: the checkpoint was trained on '{}' in another form than this scenario",
            checkpoint.meta()["scenario"].as_str().unwrap_or("an unknown scenario")
        );
    }
    Ok(checkpoint)
}
