//! A scenario and its schema, walked side by side.

use serde_json::Value;

use super::{Language, is_null, properties, variants};

/// The numbers that a field may take; `None` where there is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Range {
    /// The least, and whether it is allowed itself.
    pub least: Option<(f64, bool)>,
    /// The greatest, and whether it is allowed itself.
    pub greatest: Option<(f64, bool)>,
}

impl Range {
    /// The range that stands on a field; `None` where none does. The `minimum: 0` of every whole number is none.
    #[must_use]
    pub fn of(field: &Value) -> Option<Self> {
        let bound = |inclusive: &str, exclusive: &str| {
            let at = |key: &str| field.get(key).and_then(Value::as_f64);
            at(inclusive).map(|bound| (bound, true)).or(at(exclusive).map(|bound| (bound, false)))
        };
        let is_whole = field.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint"));
        let least = bound("minimum", "exclusiveMinimum").filter(|(bound, _)| !(is_whole && *bound == 0.0));
        let greatest = bound("maximum", "exclusiveMaximum").filter(|_| {
            field.get("format").is_none_or(|format| {
                // What the type itself can hold is no range of the language.
                !(matches!(format.as_str(), Some("uint8"))
                    && field.get("maximum").and_then(Value::as_f64) == Some(255.0))
            })
        });
        (least.is_some() || greatest.is_some()).then_some(Self { least, greatest })
    }

    /// Whether a number lies in it.
    #[must_use]
    pub fn contains(&self, number: f64) -> bool {
        self.least.is_none_or(|(bound, included)| number > bound || (included && number == bound))
            && self.greatest.is_none_or(|(bound, included)| number < bound || (included && number == bound))
    }
}

impl std::fmt::Display for Range {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.greatest) {
            (Some((least, true)), Some((greatest, true))) => {
                return write!(formatter, "{} to {}", figure(least), figure(greatest));
            }
            (Some((least, included)), _) => {
                write!(formatter, "{} {}", if included { "from" } else { "above" }, figure(least))?;
            }
            (None, _) => {}
        }
        match self.greatest {
            Some((greatest, included)) => {
                let comma = if self.least.is_some() { ", " } else { "" };
                write!(formatter, "{comma}{} {}", if included { "at most" } else { "below" }, figure(greatest))
            }
            None => Ok(()),
        }
    }
}

fn figure(number: f64) -> String {
    super::ron_of(&Value::from(number))
}

/// A value of a scenario, and what the language says of it.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// Where it stands: names of fields and keys, `[index]` of entries. Names of variants are no steps.
    pub path: String,
    /// JSON pointer to it in the serialised scenario.
    pub pointer: String,
    /// Name of the field that it stands in.
    pub field: String,
    /// Name of the type or variant that has the field.
    pub owner: String,
    /// Name of its type, where it has one.
    pub kind: Option<&'a str>,
    /// The numbers that it may take.
    pub range: Option<Range>,
}

impl Language {
    /// Calls `visit` for every value of a scenario, written by serde as JSON, that the language knows; a distribution is one
    /// value. `root` is the value of the type `of`, the scenario itself where that is `None`.
    pub fn walk<'a>(&'a self, of: Option<&str>, root: &Value, visit: &mut impl FnMut(&Place<'a>, &Value)) {
        let node = match of {
            None => Some(&self.schema),
            Some(name) => self.schema.get("$defs").and_then(|types| types.get(name)),
        };
        let place = Place {
            path: String::new(),
            pointer: String::new(),
            field: String::new(),
            owner: of.unwrap_or("ScenarioConfig").to_owned(),
            kind: None,
            range: None,
        };
        if let Some(node) = node {
            self.descend(&place, node, root, visit);
        }
    }

    fn descend<'a>(
        &'a self,
        place: &Place<'a>,
        node: &'a Value,
        value: &Value,
        visit: &mut impl FnMut(&Place<'a>, &Value),
    ) {
        let (kind, node) = self.resolved(node);
        let place = Place { kind: kind.or(place.kind), ..place.clone() };
        if value.is_null() {
            return;
        }
        if let Some(options) = node.get("anyOf").and_then(Value::as_array) {
            // `Option` of a type with a name.
            if let Some(some) = options.iter().find(|option| !is_null(option)) {
                self.descend(&place, some, value, visit);
            }
            return;
        }
        visit(&place, value);
        if kind == Some(DISTRIBUTION) {
            return;
        }
        let owner = |place: &Place<'a>| kind.map_or_else(|| place.owner.clone(), str::to_owned);
        match value {
            Value::Array(entries) => {
                let of_index = |index: usize| {
                    node.get("prefixItems").and_then(|items| items.get(index)).or_else(|| node.get("items"))
                };
                for (index, entry) in entries.iter().enumerate() {
                    let Some(node) = of_index(index) else { continue };
                    let (path, pointer) = (format!("{}[{index}]", place.path), format!("{}/{index}", place.pointer));
                    self.descend(&Place { path, pointer, kind: None, ..place.clone() }, node, entry, visit);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let pointer = format!("{}/{}", place.pointer, name.replace('~', "~0").replace('/', "~1"));
                    let variant = variants(node).into_iter().find(|variant| variant.name == name);
                    if let Some(content) = variant.and_then(|variant| variant.content) {
                        let inside = Place { pointer, owner: name.clone(), kind: None, ..place.clone() };
                        self.descend(&inside, content, field, visit);
                        continue;
                    }
                    let known = properties(node).and_then(|known| known.get(name));
                    let Some(node) = known.or_else(|| node.get("additionalProperties").filter(|of| of.is_object()))
                    else {
                        continue;
                    };
                    let dot = if place.path.is_empty() { "" } else { "." };
                    let inside = Place {
                        path: format!("{}{dot}{name}", place.path),
                        pointer,
                        field: name.clone(),
                        owner: owner(&place),
                        kind: None,
                        range: Range::of(node),
                    };
                    self.descend(&inside, node, field, visit);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The type of a number that is drawn once an episode.
pub(super) const DISTRIBUTION: &str = "Distribution";
