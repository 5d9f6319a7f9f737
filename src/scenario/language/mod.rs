//! The language that scenarios are written in, as a JSON Schema derived from the types that read it.
//!
//! Descriptions are the types' doc comments, defaults those of serde, ranges stand on the fields themselves; so the schema
//! cannot go stale, and a test holds the ranges against what the checks refuse. Beside a distribution, a range holds for
//! whatever can be drawn; beside a list, for each of its numbers.

mod page;
mod walk;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

pub use self::page::ron_of;
pub use self::walk::{Place, Range};
use super::config::ScenarioConfig;

/// A scenario with little in it, of which any part may be left out no more: the schema's example.
pub const EXAMPLE: &str = include_str!("example.ron");

/// The language, `training` block included.
#[derive(Clone, Debug)]
pub struct Language {
    schema: Value,
}

impl Language {
    /// The language of scenarios whose `training` block is read as a `T`.
    #[must_use]
    pub fn with_training<T: JsonSchema>() -> Self {
        let mut generator = SchemaGenerator::new(SchemaSettings::draft2020_12());
        let training = generator.subschema_for::<T>();
        let mut schema = generator.into_root_schema_for::<ScenarioConfig>().to_value();
        let description = "How `astroshield train` learns on this file; whatever is left out has a default.";
        let mut property = training.to_value();
        if let (Some(property), Some(properties)) =
            (property.as_object_mut(), schema.get_mut("properties").and_then(Value::as_object_mut))
        {
            property.insert("description".to_owned(), description.into());
            properties.insert("training".to_owned(), Value::Object(property.clone()));
        }
        if let Some(root) = schema.as_object_mut() {
            root.insert("title".to_owned(), "AstroShield scenario".into());
            root.insert("x-example-ron".to_owned(), EXAMPLE.into());
        }
        Self { schema }
    }

    /// The JSON Schema (draft 2020-12) of a scenario as serde writes it: an enum's variant is an object of one key.
    #[must_use]
    pub fn json(&self) -> &Value {
        &self.schema
    }

    /// Names of the types, `ScenarioConfig` excepted, and their schemas.
    pub fn types(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.schema
            .get("$defs")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, node)| (name.as_str(), node))
    }

    /// Names of the variants of a type, in order; none where it has no variants.
    #[must_use]
    pub fn variants(&self, of: &str) -> Vec<&str> {
        let node = self.schema.get("$defs").and_then(|types| types.get(of));
        node.map(|node| variants(node).into_iter().map(|variant| variant.name).collect()).unwrap_or_default()
    }

    /// The schema that a reference stands for, and the name of its type; any other schema as it is.
    fn resolved<'a>(&'a self, node: &'a Value) -> (Option<&'a str>, &'a Value) {
        let name = node.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix("#/$defs/"));
        match name.and_then(|name| Some((name, self.schema.get("$defs")?.get(name)?))) {
            Some((name, target)) => (Some(name), target),
            None => (None, node),
        }
    }
}

/// One variant of an enum.
struct Variant<'a> {
    name: &'a str,
    description: Option<&'a str>,
    /// What it holds; `None` where it holds nothing.
    content: Option<&'a Value>,
}

/// The variants of an enum, in order; none of any other schema.
fn variants<'a>(node: &'a Value) -> Vec<Variant<'a>> {
    let mut found = Vec::new();
    let units = |names: &'a [Value], description: Option<&'a str>| {
        let names = names.iter().filter_map(Value::as_str);
        names.map(move |name| Variant { name, description, content: None })
    };
    let names = |node: &'a Value| node.get("enum").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    found.extend(units(names(node), None));
    let list = node.get("oneOf").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for variant in list {
        let description = description(variant);
        found.extend(units(variant.get("const").map_or(&[], std::slice::from_ref), description));
        found.extend(units(names(variant), description));
        if let Some((name, content)) = properties(variant).and_then(|fields| fields.iter().next()) {
            found.push(Variant { name, description, content: Some(content) });
        }
    }
    found
}

fn properties(node: &Value) -> Option<&Map<String, Value>> {
    node.get("properties").and_then(Value::as_object)
}

fn description(node: &Value) -> Option<&str> {
    node.get("description").and_then(Value::as_str)
}

/// Whether the schema is that of `None`.
fn is_null(node: &Value) -> bool {
    node.get("type").and_then(Value::as_str) == Some("null")
}
