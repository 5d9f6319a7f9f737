//! How well encoders tell a class that they never saw: one training a class.

use std::path::Path;

use burn::tensor::backend::AutodiffBackend;

use super::TrainError;
use super::encoder_training::{EncoderData, EncoderTraining, EncoderTrainingConfig, Ending};
use super::epoch_progress::EpochProgress;
use super::run_directory::RunDirectory;
use super::signals::Interrupt;
use crate::eval::encoder_evaluation::{EncoderEvaluationRows, UnknownFigures, leave_one_out};
use crate::sim::threat_class::ThreatClass;

/// Trains an encoder without each of `classes`, in `parent/without_CLASS`, and judges it by that class's full test windows against
/// those of all others, beside baselines that never saw it either.
///
/// # Errors
/// When a training cannot be made or a signal ends one, or nothing can be judged.
pub fn judge_classes_left_out<B: AutodiffBackend>(
    data: EncoderData<'_>,
    config: &EncoderTrainingConfig,
    rows: &EncoderEvaluationRows<'_>,
    classes: &[ThreatClass],
    parent: &Path,
    interrupt: &Interrupt,
    quiet: bool,
) -> Result<Vec<UnknownFigures>, TrainError> {
    leave_one_out(rows, classes, |class| {
        let config = EncoderTrainingConfig { leave_out: Some(class), ..config.clone() };
        let told = ron::ser::to_string_pretty(&config, ron::ser::PrettyConfig::default())
            .map_err(|error| TrainError::Record(error.to_string()))?;
        let mut training = EncoderTraining::<B>::new(data, config, B::Device::default())?;
        let directory = RunDirectory::create(&parent.join(format!("without_{}", class.name())))?;
        directory.write_config(&told)?;
        let mut progress = EpochProgress::new(training.plan(), quiet);
        progress.message(&format!("training without {}", class.name()));
        let finished = training.run(&directory, interrupt, &mut progress)?;
        if finished.ending == Ending::Interrupted {
            return Err(TrainError::Interrupted(format!("training without {}", class.name())));
        }
        Ok(finished.encoder)
    })
}
