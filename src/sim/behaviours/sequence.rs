//! Several behaviours, one after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ballistic::Ballistic;
use super::{Act, Behaviour, BehaviourConfig, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Several behaviours, one after the other; the last one stays in force.
///
/// With a nominal first stage it gives a threat its onset. Every stage begins afresh, its parameters drawn when it begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The stages, in order; at least one.
    pub stages: Vec<Stage>,
}

/// One stage of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What is done.
    pub behaviour: BehaviourConfig,
    /// For how long [s]; for ever when left out, which only the last stage may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0))]
    pub duration_s: Option<Distribution>,
}

impl Default for Sequence {
    fn default() -> Self {
        Self { stages: vec![Stage { behaviour: BehaviourConfig::Ballistic(Ballistic {}), duration_s: None }] }
    }
}

impl Sequence {
    /// The stage of this index, or the last.
    fn stage(&self, index: u16) -> Option<&Stage> {
        self.stages.get(usize::from(index)).or(self.stages.last())
    }

    fn enter(&self, index: u16, now_s: f64, generator: &mut Generator) -> Memory {
        let Some(stage) = self.stage(index) else { return Memory::default() };
        let lasts_s = stage.duration_s.as_ref().map_or(f64::MAX, |duration| duration.sample(generator));
        Memory { stage: index, stage_ends_s: now_s + lasts_s, ..stage.behaviour.begin(generator) }
    }
}

impl Behaviour for Sequence {
    fn begin(&self, generator: &mut Generator) -> Memory {
        self.enter(0, 0.0, generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        self.act(view, memory, generator).acceleration_rtn_m_s2
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        while view.time_s >= memory.stage_ends_s && usize::from(memory.stage) + 1 < self.stages.len() {
            *memory = self.enter(memory.stage + 1, memory.stage_ends_s, generator);
        }
        self.stage(memory.stage).map_or_else(Act::default, |stage| stage.behaviour.act(view, memory, generator))
    }

    fn class(&self, memory: &Memory, time_s: f64) -> ThreatClass {
        self.stage(memory.stage).map_or(ThreatClass::Nominal, |stage| stage.behaviour.class(memory, time_s))
    }

    fn is_classed(&self, memory: &Memory) -> bool {
        self.stage(memory.stage).is_none_or(|stage| stage.behaviour.is_classed(memory))
    }

    fn needs(&self) -> Needs {
        self.stages.iter().fold(Needs::default(), |all, stage| all.with(stage.behaviour.needs()))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        if self.stages.is_empty() {
            faults.push(("stages", "there is no stage".to_owned()));
        }
        for (index, stage) in self.stages.iter().enumerate() {
            let name = stage.behaviour.name();
            if matches!(stage.behaviour, BehaviourConfig::Sequence(_)) {
                faults.push(("stages", format!("stage {} is a sequence itself; write its stages here", index + 1)));
            }
            match &stage.duration_s {
                None if index + 1 < self.stages.len() => {
                    faults.push(("stages", format!("stage {} ({name}) never ends, so that no later one begins", index + 1)));
                }
                Some(duration) => {
                    if let Some(fault) = duration.fault_outside(0.0, f64::MAX) {
                        faults.push(("stages", format!("`duration_s` of stage {} ({name}): {fault}", index + 1)));
                    }
                }
                None => {}
            }
            for (field, fault) in stage.behaviour.faults() {
                faults.push(("stages", format!("`{field}` of stage {} ({name}): {fault}", index + 1)));
            }
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::super::jink::Jink;
    use super::super::zem_zev::ZemZev;
    use super::*;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};

    fn two_stages() -> Sequence {
        let stage = |behaviour, duration_s| Stage { behaviour, duration_s };
        Sequence {
            stages: vec![
                stage(BehaviourConfig::Ballistic(Ballistic {}), Some(Distribution::Fixed(100.0))),
                stage(BehaviourConfig::ZemZev(ZemZev::default()), None),
            ],
        }
    }

    #[test]
    fn the_second_stage_begins_when_the_first_ends() {
        let sequence = two_stages();
        assert!(sequence.faults().is_empty());
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Adversary);
        let mut memory = sequence.begin(&mut generator);
        let mut view = Duel::relative([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]).pursuer_view();
        for (time_s, burns) in [(0.0, false), (90.0, false), (100.0, true), (500.0, true)] {
            view.time_s = time_s;
            let act = sequence.act(&view, &mut memory, &mut generator);
            assert_eq!(act.acceleration_rtn_m_s2.norm() > 0.0, burns, "at {time_s} s");
        }
    }

    #[test]
    fn a_stage_that_never_ends_before_another_is_a_fault() {
        let mut sequence = two_stages();
        sequence.stages[0].duration_s = None;
        assert!(sequence.faults().iter().any(|(_, fault)| fault.contains("never ends")));
        sequence.stages[1].behaviour = BehaviourConfig::Sequence(two_stages());
        assert!(sequence.faults().iter().any(|(_, fault)| fault.contains("is a sequence itself")));
        sequence.stages.clear();
        assert!(!sequence.faults().is_empty());
        let jink = BehaviourConfig::Jink(Jink::default());
        let negative = Stage { behaviour: jink, duration_s: Some(Distribution::Fixed(-1.0)) };
        assert!(!Sequence { stages: vec![negative] }.faults().is_empty());
    }
}
