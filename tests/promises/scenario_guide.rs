//! Every snippet of the guide for authors can be used as it stands there.

use std::path::Path as FilePath;

use astroshield::scenario::{Path, Scenario, Spans};
use astroshield::train::config::TrainingConfig;

/// A fenced block of RON: where it belongs, and its text.
struct Snippet {
    path: String,
    text: String,
}

fn snippets(guide: &str) -> Vec<Snippet> {
    let mut found = Vec::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```ron") else { continue };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push(Snippet { path: info.trim().to_owned(), text: text.join("\n") });
    }
    found
}

/// The fields that begin at the margin of a snippet, and their values.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let named = line.split_once(':').filter(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
        match (named, fields.last_mut()) {
            (Some((name, value)), _) => fields.push((name.to_owned(), value.to_owned())),
            (None, Some((_, value))) => *value = format!("{value}\n{line}"),
            (None, None) => assert!(line.trim().is_empty() || line.starts_with("//"), "no field: {line}"),
        }
    }
    fields.into_iter().map(|(name, value)| (name, value.trim().trim_end_matches(',').to_owned())).collect()
}

/// `whole` with a field of the value at `path` set.
fn with(whole: &str, path: &Path, name: &str, value: &str) -> String {
    let spans = Spans::of(whole);
    let mut text = whole.to_owned();
    match spans.value(&path.field(name)) {
        Some(span) => text.replace_range(span, value),
        None => {
            let start = spans.value(path).expect("the path is there").start;
            let open = start + whole[start..].find('(').expect("a struct");
            text.insert_str(open + 1, &format!("{name}: {value},"));
        }
    }
    assert_ne!(text, whole, "`{name}` stands in the file already as it is in the snippet");
    text
}

fn check(text: &str) {
    let told = Scenario::from_source("guide.ron", text).and_then(|scenario| TrainingConfig::of(&scenario));
    if let Err(error) = told {
        panic!("{}\n{text}", error.render(false));
    }
}

#[test]
fn every_snippet_of_the_guide_passes_the_checks() {
    let path = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/README.md");
    let guide = std::fs::read_to_string(path).expect("the guide is there");
    let snippets = snippets(&guide);
    assert!(snippets.len() > 10, "{} snippets", snippets.len());
    let whole = &snippets[0].text;
    assert!(whole.starts_with('('), "the first snippet is a whole file");
    check(whole);
    for snippet in &snippets[1..] {
        let path = Path::from(snippet.path.as_str());
        let fields = fields(&snippet.text);
        assert!(!fields.is_empty(), "{}", snippet.text);
        let changed = fields.iter().fold(whole.clone(), |text, (name, value)| with(&text, &path, name, value));
        check(&changed);
    }
    // Inline examples of distributions: the first column of their table.
    let written =
        guide.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(written, _)| written);
    let mut count = 0;
    for distribution in written.filter(|written| written.ends_with(')')) {
        check(&with(
            whole,
            &"spacecraft.1".into(),
            "area_m2",
            &distribution.replace("Normal(0.0, 1.5)", "Normal(9.5, 0.05)"),
        ));
        count += 1;
    }
    assert_eq!(count, 6, "a row a kind");
}
