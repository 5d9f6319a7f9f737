//! The language as a page for a terminal: types in the order in which an author meets them, one line of meaning a field.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::walk::DISTRIBUTION;
use super::{EXAMPLE, Language, Range, description, is_null, properties, variants};
use crate::scenario::unit;

/// Column at which meanings begin.
const MEANING: usize = 50;
/// Columns of the page.
const WIDTH: usize = 120;
/// Characters of a default at most; a longer one is that of the type, which the page tells by itself.
const LONGEST_DEFAULT: usize = 40;

const HEAD: &str = "\
A scenario is one RON file (https://github.com/ron-rs/ron), in which `Some(…)` may be left out and `//` begins a
comment. Every number is finite. The unit of a number is the end of its name. `number drawn` is drawn once an episode:
see Distribution; a range beside it holds for whatever can come out. `= value` is the default of a field that may be
left out, `optional` one that is then not there.
";

impl Language {
    /// The whole language, grouped by the fields of a scenario, with an example at the end.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = HEAD.to_owned();
        let mut told: Vec<&str> = vec![DISTRIBUTION];
        self.section(&mut page, "The file");
        self.fields(&mut page, 0, "Scenario", &self.schema);
        self.section(&mut page, "Numbers that are drawn");
        self.type_of_name(&mut page, DISTRIBUTION);
        for (name, field) in ordered(&self.schema) {
            let mut met = Vec::new();
            self.meet(field, &mut met);
            met.retain(|kind| !told.contains(kind));
            if !met.is_empty() {
                self.section(&mut page, name);
            }
            for kind in met {
                told.push(kind);
                self.type_of_name(&mut page, kind);
            }
        }
        self.section(&mut page, "An example");
        page.replace("\n\n\n", "\n\n") + EXAMPLE
    }

    fn section(&self, page: &mut String, title: &str) {
        let _ = write!(page, "\n{title}\n{}\n\n", "=".repeat(title.chars().count()));
    }

    /// Names of the types in `node`, in the order in which they are met, each before those in it.
    fn meet<'a>(&'a self, node: &'a Value, met: &mut Vec<&'a str>) {
        match node {
            Value::Object(_) => {
                let (name, target) = self.resolved(node);
                if let Some(name) = name {
                    if !met.contains(&name) {
                        met.push(name);
                        self.meet(target, met);
                    }
                    return;
                }
                for content in variants(node).into_iter().filter_map(|variant| variant.content) {
                    // The fields of a struct that a variant holds are told with the variant.
                    match self.resolved(content).1 {
                        fields if properties(fields).is_some() => {
                            ordered(fields).into_iter().for_each(|(_, field)| self.meet(field, met));
                        }
                        // One without fields.
                        empty if empty.get("type").and_then(Value::as_str) == Some("object") => {}
                        _ => self.meet(content, met),
                    }
                }
                for (_, field) in ordered(node) {
                    self.meet(field, met);
                }
                for (key, inside) in node.as_object().into_iter().flatten() {
                    if !matches!(key.as_str(), "properties" | "default" | "$defs" | "oneOf") {
                        self.meet(inside, met);
                    }
                }
            }
            Value::Array(entries) => entries.iter().for_each(|entry| self.meet(entry, met)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn type_of_name(&self, page: &mut String, name: &str) {
        let Some(node) = self.schema.get("$defs").and_then(|types| types.get(name)) else { return };
        if variants(node).is_empty() {
            self.fields(page, 0, plain(name), node);
            page.push('\n');
            return;
        }
        line(page, 0, &format!("{}: one of", plain(name)), &meaning(node));
        for variant in variants(node) {
            let meant = first_sentence(variant.description.unwrap_or_default());
            match variant.content.map(|content| self.resolved(content).1) {
                None => line(page, 1, variant.name, &meant),
                Some(content) if properties(content).is_some() => {
                    let meant = if meant.is_empty() { meaning(content) } else { meant };
                    if ordered(content).is_empty() {
                        line(page, 1, &format!("{}()", variant.name), &meant);
                    } else {
                        line(page, 1, &format!("{}(", variant.name), &meant);
                        self.lines(page, 2, content);
                        line(page, 1, ")", "");
                    }
                }
                Some(content) if content.get("prefixItems").is_some() => {
                    line(page, 1, &format!("{}{}", variant.name, self.type_of(content)), &meant);
                }
                // A struct without fields.
                Some(content) if content.get("type").and_then(Value::as_str) == Some("object") => {
                    line(page, 1, &format!("{}()", variant.name), &meant);
                }
                Some(content) => line(page, 1, &format!("{}({})", variant.name, self.type_of(content)), &meant),
            }
        }
        page.push('\n');
    }

    /// A struct: its name, then its fields.
    fn fields(&self, page: &mut String, depth: usize, name: &str, node: &Value) {
        line(page, depth, &format!("{name} ("), &meaning(node));
        self.lines(page, depth + 1, node);
        line(page, depth, ")", "");
    }

    fn lines(&self, page: &mut String, depth: usize, node: &Value) {
        let required = required(node);
        for (name, field) in ordered(node) {
            let mut text = format!("{name}: {}", self.type_of(field));
            if !required.contains(&name.as_str()) {
                let default = field.get("default").filter(|default| !default.is_null()).map(ron_of);
                // A fixed number of values is written in parentheses.
                let default = match default {
                    Some(list) if list.starts_with('[') && self.type_of(field).starts_with('(') => {
                        Some(format!("({})", &list[1..list.len() - 1]))
                    }
                    other => other,
                };
                match default.filter(|default| default.chars().count() <= LONGEST_DEFAULT) {
                    Some(default) => text += &format!(" = {default}"),
                    None => text += ", optional",
                }
            }
            let mut meant = meaning(field);
            if meant.is_empty() {
                meant = meaning(self.resolved(field).1);
            }
            // Most descriptions end in their unit.
            let unit = unit::of_field(name).filter(|_| !meant.contains('['));
            let facts: Vec<String> = unit.into_iter().chain(Range::of(field).map(|range| range.to_string())).collect();
            if !facts.is_empty() {
                meant = format!("{}: {meant}", facts.join(", "));
            }
            line(page, depth, &text, meant.trim_end_matches(": "));
        }
    }

    /// The type of a value, in a few words.
    fn type_of(&self, node: &Value) -> String {
        let (name, _) = self.resolved(node);
        if let Some(name) = name {
            return if name == DISTRIBUTION { "number drawn".to_owned() } else { plain(name).to_owned() };
        }
        if let Some(options) = node.get("anyOf").and_then(Value::as_array) {
            let options: Vec<String> =
                options.iter().filter(|option| !is_null(option)).map(|option| self.type_of(option)).collect();
            return options.join(" or ");
        }
        if let Some(items) = node.get("prefixItems").and_then(Value::as_array) {
            return format!("({})", items.iter().map(|item| self.type_of(item)).collect::<Vec<_>>().join(", "));
        }
        let kind = node.get("type").and_then(|kind| match kind {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
            kind => kind.as_str(),
        });
        match kind {
            Some("string") => "text".to_owned(),
            Some("integer") => "whole number".to_owned(),
            Some("boolean") => "true or false".to_owned(),
            Some("array") => {
                let item = node.get("items").map_or_else(String::new, |items| self.type_of(items));
                let count = |key: &str| node.get(key).and_then(Value::as_u64);
                match (count("minItems"), count("maxItems")) {
                    (Some(least), Some(greatest)) if least == greatest => {
                        format!("({})", vec![item; least as usize].join(", "))
                    }
                    _ => format!("[{item}]"),
                }
            }
            Some("object") => match node.get("additionalProperties") {
                Some(values) if values.is_object() => format!("{{text: {}}}", self.type_of(values)),
                _ => "()".to_owned(),
            },
            Some(kind) => kind.to_owned(),
            None => "anything".to_owned(),
        }
    }
}

/// The fields of a struct: those that must be given, in the order of their type, then the others by name.
fn ordered(node: &Value) -> Vec<(&String, &Value)> {
    let Some(fields) = properties(node) else { return Vec::new() };
    let required = required(node);
    let place = |name: &str| required.iter().position(|other| *other == name).unwrap_or(required.len());
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    fields.sort_by_key(|(name, _)| place(name));
    fields
}

fn required(node: &Value) -> Vec<&str> {
    node.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The name of a type as an author knows it.
fn plain(name: &str) -> &str {
    name.strip_suffix("Config").filter(|plain| !plain.is_empty()).unwrap_or(name)
}

/// What the first sentence of a description says; links to code are only their names.
fn meaning(node: &Value) -> String {
    first_sentence(description(node).unwrap_or_default())
}

fn first_sentence(description: &str) -> String {
    let paragraph = description.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = paragraph
        .match_indices(['.', ';'])
        .map(|(at, _)| at)
        // A full stop ends a sentence where a capital follows it.
        .find(|at| paragraph[at + 1..].strip_prefix(' ').is_some_and(|rest| rest.starts_with(char::is_uppercase)));
    let sentence = end.map_or(paragraph.as_str(), |end| &paragraph[..end]);
    let sentence = sentence.replace("[`", "`").replace("`]", "`").replace("\\[", "[").replace("\\]", "]");
    let without_links = match sentence.split_once("`(") {
        Some((before, after)) if after.contains("::") => {
            format!("{before}`{}", after.split_once(')').map_or("", |(_, rest)| rest))
        }
        _ => sentence,
    };
    without_links.trim().trim_end_matches('.').to_owned()
}

/// One line of the page, its meaning in a column of its own and wrapped there.
fn line(page: &mut String, depth: usize, text: &str, meaning: &str) {
    let text = format!("{}{text}", "    ".repeat(depth));
    if meaning.is_empty() {
        let _ = writeln!(page, "{text}");
        return;
    }
    let lines = textwrap::wrap(meaning, WIDTH - MEANING);
    let mut lines = lines.iter();
    if text.chars().count() + 2 > MEANING {
        let _ = writeln!(page, "{text}");
    } else {
        let first = lines.next().map_or("", |first| first);
        let _ = writeln!(page, "{text:MEANING$}{first}");
    }
    for more in lines {
        let _ = writeln!(page, "{:MEANING$}{more}", "");
    }
}

/// A value that serde wrote as JSON, as RON for reading: an object of one key that begins with a capital is a variant.
#[must_use]
pub fn ron_of(value: &Value) -> String {
    let fields = |fields: &Map<String, Value>| {
        fields.iter().map(|(name, field)| format!("{name}: {}", ron_of(field))).collect::<Vec<_>>().join(", ")
    };
    let list = |entries: &[Value]| entries.iter().map(ron_of).collect::<Vec<_>>().join(", ");
    match value {
        Value::Null => "None".to_owned(),
        Value::String(text) if text.starts_with(char::is_uppercase) => text.clone(),
        Value::String(text) => format!("{text:?}"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) if number != 0.0 && !(1e-4..1e9).contains(&number.abs()) => format!("{number:e}"),
            Some(number) => number.to_string(),
            None => number.to_string(),
        },
        Value::Bool(_) => value.to_string(),
        Value::Object(of) if of.is_empty() => "{}".to_owned(),
        Value::Array(entries) => format!("[{}]", list(entries)),
        Value::Object(of) => match of.iter().next() {
            Some((name, content)) if of.len() == 1 && name.starts_with(char::is_uppercase) => match content {
                Value::Array(entries) if name != "Choice" => format!("{name}({})", list(entries)),
                Value::Object(of) => format!("{name}({})", fields(of)),
                content => format!("{name}({})", ron_of(content)),
            },
            _ => format!("({})", fields(of)),
        },
    }
}
