//! Faults of what an evaluation tells: published scores and baselines.

use super::Check;
use crate::scenario::error::{Quoted, expected_one_of};
use crate::scenario::spans::Path;
use crate::sim::behaviours::{Kind, registry};

impl Check<'_> {
    pub(super) fn scores(&mut self) {
        let path = Path::root().field("scores");
        let scores = &self.config.scores;
        for (index, score) in scores.iter().enumerate() {
            let path = path.index(index);
            let same = |other: &&_| std::mem::discriminant(*other) == std::mem::discriminant(score);
            if scores[..index].iter().any(|other| same(&other)) {
                let help = Some("results are filed by its name: give each score once".to_owned());
                self.fault(&path, "this score is asked for twice", help);
            }
            let fields = score.fields();
            for (place, (field, name)) in fields.iter().enumerate() {
                self.slot(&path.field(field), name);
                if let Some((other, _)) = fields[..place].iter().find(|(_, other)| other == name) {
                    let message = format!("`{other}` and `{field}` are both {}", Quoted(name));
                    self.fault(&path.field(field), message, None);
                }
            }
        }
    }

    pub(super) fn baselines(&mut self) {
        let path = Path::root().field("baselines");
        let known: Vec<&str> = registry()
            .iter()
            .filter(|(_, kind)| *kind != Kind::Threat)
            .map(|(behaviour, _)| behaviour.name())
            .collect();
        let baselines = &self.config.baselines;
        for (index, name) in baselines.iter().enumerate() {
            let path = path.index(index);
            if !known.contains(&name.as_str()) {
                let message = format!("there is no baseline {}", Quoted(name));
                self.fault(&path, message, expected_one_of(name, &known));
            } else if baselines[..index].contains(name) {
                self.fault(&path, format!("baseline {} is named twice", Quoted(name)), None);
            }
        }
    }
}
