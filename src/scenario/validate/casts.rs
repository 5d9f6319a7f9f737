//! Faults of casts: who is meant, and whether each can play its part.

use super::{Allowed, Check};
use crate::scenario::error::Quoted;
use crate::scenario::spans::Path;
use crate::sim::config::{CastConfig, ControlConfig, OrbitConfig};

/// Casts of a scenario at most.
const MOST_CASTS: usize = 256;

impl Check<'_> {
    pub(super) fn casts(&mut self) {
        let path = Path::root().field("casts");
        let casts = &self.config.casts;
        if casts.len() > MOST_CASTS {
            self.fault(&path, format!("there are {} casts, {MOST_CASTS} at most", casts.len()), None);
            return;
        }
        for (index, cast) in casts.iter().enumerate() {
            let path = path.index(index);
            self.name(&path.field("name"), &format!("cast {}", index + 1), &cast.name);
            if casts[..index].iter().any(|earlier| earlier.name == cast.name) {
                let message = format!("two casts are named {}", Quoted(&cast.name));
                self.fault(&path.field("name"), message, Some("give each a name of its own".to_owned()));
            }
            self.number(&path.field("weight"), "weight", cast.weight, "", Allowed::POSITIVE);
            self.cast(&path, cast);
        }
    }

    fn cast(&mut self, path: &Path, cast: &CastConfig) {
        let behaviours = path.field("behaviours");
        for (name, behaviour) in &cast.behaviours {
            let path = behaviours.field(name);
            let Some(slot) = self.slot(&path, name) else { continue };
            let craft = &self.config.spacecraft[slot];
            if craft.control == ControlConfig::Learned {
                let message = format!("{} is learned: a cast cannot fly it", Quoted(name));
                self.fault(&path, message, Some("set its `control` to `Scripted([…])`".to_owned()));
                continue;
            }
            self.behaviours(&path, craft, std::slice::from_ref(behaviour));
        }
        for (index, name) in cast.absent.iter().enumerate() {
            let path = path.field("absent").index(index);
            let Some(slot) = self.slot(&path, name) else { continue };
            let craft = &self.config.spacecraft[slot];
            let needed = if craft.control == ControlConfig::Learned {
                "it is learned"
            } else if self.config.objective.success.pair().contains(&name.as_str()) {
                "the objective is about it"
            } else if craft.orbit == OrbitConfig::Spare {
                "it is spare, and absent until it is released"
            } else if cast.behaviours.contains_key(name) {
                "the cast gives it a behaviour"
            } else {
                continue;
            };
            self.fault(&path, format!("{} cannot be absent: {needed}", Quoted(name)), None);
        }
        for (field, focus) in [("focus", &cast.focus), ("focus_before_onset", &cast.focus_before_onset)] {
            let Some(focus) = focus else { continue };
            let path = path.field(field);
            if self.slot(&path, focus).is_some() && cast.absent.contains(focus) {
                self.fault(&path, format!("{} is in focus and absent", Quoted(focus)), None);
            }
        }
    }
}
