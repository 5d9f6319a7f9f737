//! The difficulty of a scenario: its ramps resolved to what is drawn from there.

use serde_json::Value;

use super::config::ScenarioConfig;
use crate::sim::distribution::Distribution;

/// `config` with every [`Distribution::Ramp`] replaced by what it is at the difficulty of `config`.
///
/// Distributions stand in the parameters of any behaviour, so they are found in the serialised form, where a ramp is the only
/// thing of its shape; a new behaviour needs no line here. `None` where the configuration cannot be written and read again,
/// which would be a fault of its serde types.
pub(super) fn resolved(config: &ScenarioConfig) -> Option<ScenarioConfig> {
    let mut value = serde_json::to_value(config).ok()?;
    if !replace(&mut value, &|ramp| ramp.at_difficulty(config.difficulty)) {
        return Some(config.clone());
    }
    serde_json::from_value(value).ok()
}

/// Whether anything of `config` depends on the difficulty.
pub(super) fn has_ramps(config: &ScenarioConfig) -> bool {
    serde_json::to_value(config).is_ok_and(|mut value| replace(&mut value, &Clone::clone))
}

/// Replaces every ramp in `value`; says whether there was one.
fn replace(value: &mut Value, by: &impl Fn(&Distribution) -> Distribution) -> bool {
    match value {
        Value::Array(entries) => entries.iter_mut().fold(false, |any, entry| replace(entry, by) | any),
        Value::Object(fields) => {
            let is_ramp = fields.len() == 1 && fields.contains_key("Ramp");
            if is_ramp && let Ok(ramp) = serde_json::from_value::<Distribution>(Value::Object(fields.clone())) {
                if let Ok(replaced) = serde_json::to_value(by(&ramp)) {
                    *value = replaced;
                }
                return true;
            }
            fields.values_mut().fold(false, |any, field| replace(field, by) | any)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
