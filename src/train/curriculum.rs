//! A curriculum: the difficulty of what is trained on rises in stages, each passed by succeeding often enough.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Stages of difficulty, and what it takes to move on to the next.
///
/// Evaluations, the one that picks the champion included, and the demonstrations of a warm start are always at the scenario's
/// own difficulty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurriculumConfig {
    /// Difficulties, rising; the last is kept to the end.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub stages: Vec<f64>,
    /// Share of the window's episodes that must succeed.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub success: f64,
    /// Latest episodes of a stage that count.
    #[schemars(extend("minimum" = 1, "maximum" = 1_000_000))]
    pub window: usize,
}

/// Episodes of a window at most: they are kept in every checkpoint.
const LONGEST_WINDOW: usize = 1_000_000;

impl CurriculumConfig {
    /// The first fault, as (what is wrong, what would be valid).
    #[must_use]
    pub fn fault(&self) -> Option<(String, &'static str)> {
        let Self { stages, success, window } = self;
        if stages.is_empty() {
            return Some(("the curriculum has no stages".to_owned(), "difficulties, for example [0.0, 0.5, 1.0]"));
        }
        if let Some(stage) = stages.iter().find(|stage| !(0.0..=1.0).contains(*stage)) {
            return Some((format!("a stage of the curriculum is {stage}"), "difficulties from 0 to 1"));
        }
        if let Some(pair) = stages.windows(2).find(|pair| pair[0] >= pair[1]) {
            let message = format!("the stages of the curriculum do not rise from {} to {}", pair[0], pair[1]);
            return Some((message, "each stage above the one before it"));
        }
        if !(*success > 0.0 && *success <= 1.0) {
            return Some((format!("the curriculum's success is {success}"), "a share above 0, at most 1"));
        }
        if *window == 0 || *window > LONGEST_WINDOW {
            return Some((format!("the curriculum's window is {window}"), "from 1 to 1000000 episodes"));
        }
        None
    }
}

/// How far a run has come in its curriculum.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The stage, from 0.
    pub stage: usize,
    /// Whether each of its latest episodes succeeded, oldest first.
    latest: VecDeque<bool>,
    /// By arena, whether its episode began in an earlier stage and so does not count.
    begun_before: Vec<bool>,
}

impl Standing {
    /// Takes note of an episode that ended in `arena`; true where it completes the stage, which is then the next one.
    ///
    /// `arenas` is how many there are, all of them in mid-episode whenever a stage is completed.
    pub fn observe(&mut self, config: &CurriculumConfig, arena: usize, arenas: usize, succeeded: bool) -> bool {
        if self.begun_before.get(arena).copied().unwrap_or(false) {
            self.begun_before[arena] = false;
            return false;
        }
        if self.stage + 1 >= config.stages.len() {
            return false;
        }
        self.latest.push_back(succeeded);
        while self.latest.len() > config.window {
            self.latest.pop_front();
        }
        let successes = self.latest.iter().filter(|succeeded| **succeeded).count();
        let share = successes as f64 / config.window as f64;
        if self.latest.len() < config.window || share < config.success {
            return false;
        }
        self.stage += 1;
        self.latest.clear();
        self.begun_before = vec![true; arenas];
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> CurriculumConfig {
        CurriculumConfig { stages: vec![0.0, 0.5, 1.0], success: 0.75, window: 4 }
    }

    #[test]
    fn a_stage_is_completed_by_a_full_window_of_its_own_episodes() {
        let (config, mut standing) = (config(), Standing::default());
        // Three of three are no full window; of the next four only three count at first.
        for (succeeded, completes) in [(true, false), (true, false), (false, false), (true, true)] {
            assert_eq!(standing.observe(&config, 0, 2, succeeded), completes);
        }
        assert_eq!(standing.stage, 1);
        // What both arenas were in the middle of began before.
        assert!(!standing.observe(&config, 0, 2, true));
        assert!(!standing.observe(&config, 1, 2, true));
        for turn in 0..4 {
            assert_eq!(standing.observe(&config, turn % 2, 2, true), turn == 3);
        }
        assert_eq!(standing.stage, 2);
        // The last stage is never left.
        for turn in 0..20 {
            assert!(!standing.observe(&config, turn % 2, 2, true));
        }
    }

    #[test]
    fn old_failures_leave_the_window() {
        let (config, mut standing) = (config(), Standing::default());
        let told: Vec<bool> =
            [false, false, false, true, true, true].map(|succeeded| standing.observe(&config, 0, 1, succeeded)).into();
        assert_eq!(told, [false, false, false, false, false, true], "three of the last four");
    }

    #[test]
    fn faults_are_told() {
        let fault = |change: &dyn Fn(&mut CurriculumConfig)| {
            let mut config = config();
            change(&mut config);
            config.fault().map(|(message, _)| message).unwrap_or_default()
        };
        assert_eq!(fault(&|_| {}), "");
        assert!(fault(&|config| config.stages.clear()).contains("no stages"));
        assert!(fault(&|config| config.stages[1] = 0.0).contains("do not rise from 0 to 0"));
        assert!(fault(&|config| config.stages[1] = f64::NAN).contains("NaN"));
        assert!(fault(&|config| config.stages[2] = 1.5).contains("1.5"));
        for success in [0.0, -0.1, 1.01, f64::NAN] {
            assert!(fault(&|config| config.success = success).contains("success"), "{success}");
        }
        assert!(fault(&|config| config.window = 0).contains("window is 0"));
        assert!(fault(&|config| config.window = usize::MAX).contains("window"));
    }
}
