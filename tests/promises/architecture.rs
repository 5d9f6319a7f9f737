//! A room imports only rooms to its left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, from left to right.
const ROOMS: [&str; 12] =
    ["astro", "sim", "telemetry", "env", "scenario", "models", "strategies", "eval", "train", "export", "serve", "cli"];

/// Rooms that use fewer than all to their left: strategies serve without a simulator, and a server knows no trainer.
const NARROW: [(&str, &[&str]); 2] = [
    ("strategies", &["astro", "telemetry", "models"]),
    ("serve", &["astro", "telemetry", "env", "models", "strategies"]),
];

#[test]
fn a_room_imports_only_rooms_to_its_left() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    let mut rooms = 0;
    for entry in entries(&source) {
        let name = entry.file_stem().expect("a name").to_string_lossy().into_owned();
        if entry.is_file() && ["lib", "main"].contains(&name.as_str()) {
            continue;
        }
        if !ROOMS.contains(&name.as_str()) {
            faults.push(format!("src/{name} is no room: expected one of {}", ROOMS.join(", ")));
            continue;
        }
        rooms += 1;
        for file in files(&entry) {
            let text = fs::read_to_string(&file).expect("a source file is text");
            let path = file.strip_prefix(&source).expect("it lies in src");
            let found = violations(&name, depth(path), &text);
            faults.extend(found.iter().map(|fault| format!("src/{}:{fault}", path.display())));
        }
    }
    assert!(rooms >= 7, "only {rooms} rooms found in {}", source.display());
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_form_of_import_from_the_right_is_caught() {
    let caught = [
        "use crate::env::plan::PLAN;",
        "use crate::{astro::Vector3, env::plan::PLAN};",
        "use crate::{\n    astro::{\n        constants,\n        rtn,\n    },\n    env,\n};",
        "pub(crate) use crate::env as other;",
        "use crate :: env;",
        "fn size() -> usize { crate::env::plan::PLAN }",
        "impl crate::train::algorithms::Algorithm for Shard {}",
        "use super::super::env::plan::PLAN;",
        "mod tests { use super::super::super::cli; }",
        "let url = \"https://example.org\"; use crate::env::plan::PLAN;",
        "/* a note */ use crate::env::plan::PLAN;",
    ];
    for text in caught {
        assert_eq!(violations("sim", 2, text).len(), 1, "{text}");
    }
    assert_eq!(violations("sim", 1, "\n\nuse crate::eval::table;"), ["3: sim uses eval, which is not to its left"]);
}

#[test]
fn what_is_no_import_from_the_right_passes() {
    let passed = [
        "use crate::astro::{Vector3, rtn};",
        "use crate::{astro, sim::view::View};",
        "use crate::sim::env;",
        "use crate::environment::Plan;",
        "//! [`Policy`](crate::env::policy::Policy) is what flies.",
        "/* as\nuse crate::env; */",
        "use super::env::Table;",
        "use mycrate::env;",
        "use super::super::template::Template;",
        "vis! { pub(in crate::sim) } // crate::cli",
    ];
    for text in passed {
        assert_eq!(violations("sim", 2, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn narrow_rooms_may_not_use_all_to_their_left() {
    assert_eq!(violations("serve", 1, "use crate::sim::shard::Shard;").len(), 1);
    assert_eq!(violations("serve", 1, "use crate::train::config::TrainingConfig;").len(), 1);
    assert_eq!(violations("serve", 1, "use crate::env::observation::OBSERVATION;"), Vec::<String>::new());
    assert_eq!(violations("strategies", 1, "use crate::env::plan::PLAN;").len(), 1);
    assert_eq!(violations("cli", 1, "use crate::serve::Server; use crate::sim;"), Vec::<String>::new());
}

/// The rooms that `room` may use, itself included.
fn allowed(room: &str) -> BTreeSet<&'static str> {
    let place = ROOMS.iter().position(|other| *other == room).expect("a room");
    let narrow = NARROW.iter().find(|(narrow, _)| *narrow == room);
    let left: &[&str] = narrow.map_or(&ROOMS[..place], |(_, left)| left);
    left.iter().copied().chain([ROOMS[place]]).collect()
}

/// Every use of a room that is not to the left of `room`, as `line: what`.
///
/// `depth`: how many `super`s lead from the file's module to the crate's root. Test code is held to the same.
fn violations(room: &str, depth: usize, text: &str) -> Vec<String> {
    let allowed = allowed(room);
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (after, is_root) = root_path(&tokens, at, depth);
        if is_root {
            for (line, name) in heads(&tokens[after..]) {
                if ROOMS.contains(&name) && !allowed.contains(name) {
                    found.push(format!("{line}: {room} uses {name}, which is not to its left"));
                }
            }
        }
        at = after.max(at + 1);
    }
    found
}

/// A word or a single character of source text, and its line.
type Token<'a> = (usize, &'a str);

/// The tokens of Rust source, comments and the insides of plain strings left out.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < bytes.len() {
        let start = at;
        let rest = &bytes[at..];
        at += 1;
        if rest.starts_with(b"//") {
            at = start + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        } else if rest.starts_with(b"/*") {
            at = text[start..].find("*/").map_or(text.len(), |end| start + end + 2);
        } else if rest.starts_with(b"'\"'") {
            at = start + 3;
        } else if rest[0] == b'"' {
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at = (at + 1).min(bytes.len());
        } else if is_word(rest[0]) {
            at = start + rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
            tokens.push((line, &text[start..at]));
        } else if rest[0].is_ascii_punctuation() {
            tokens.push((line, &text[start..at]));
        }
        line += bytes[start..at].iter().filter(|byte| **byte == b'\n').count();
    }
    tokens
}

/// Where the path after `crate::`, or after enough of `super::`, begins, and whether there is one at `at`.
fn root_path(tokens: &[Token<'_>], at: usize, depth: usize) -> (usize, bool) {
    let is = |index: usize, word: &str| tokens.get(index).is_some_and(|token| token.1 == word);
    let separated = |index: usize| is(index, ":") && is(index + 1, ":");
    if is(at, "crate") && separated(at + 1) {
        return (at + 3, true);
    }
    let (mut after, mut supers) = (at, 0);
    while is(after, "super") && separated(after + 1) {
        after += 3;
        supers += 1;
    }
    (after, supers > 0 && supers >= depth)
}

/// The first names of a path or of a group of paths in braces, with their lines.
fn heads<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    if tokens.first().is_none_or(|token| token.1 != "{") {
        return tokens.iter().copied().take(1).collect();
    }
    let (mut heads, mut open, mut first) = (Vec::new(), 0, false);
    for &(line, word) in tokens {
        match word {
            "{" => (open, first) = (open + 1, open == 0),
            "}" if open == 1 => break,
            "}" => open -= 1,
            "," => first = open == 1,
            _ if first => {
                heads.push((line, word));
                first = false;
            }
            _ => {}
        }
    }
    heads
}

/// How many `super`s lead from a file in `src` to the root: `sim/forces/mod.rs` and `sim/shard.rs` 2, `sim/mod.rs` 1.
fn depth(path: &Path) -> usize {
    path.components().count() - usize::from(path.ends_with("mod.rs"))
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(directory).expect("the sources are there");
    let mut entries: Vec<PathBuf> = read.map(|entry| entry.expect("it can be read").path()).collect();
    entries.sort();
    entries
}

/// The Rust files of a file or directory.
fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        entries(path).iter().flat_map(|entry| files(entry)).collect()
    } else {
        path.extension().is_some_and(|extension| extension == "rs").then(|| path.to_owned()).into_iter().collect()
    }
}

#[test]
fn depth_counts_the_modules_above() {
    let of = |path: &str| depth(Path::new(path));
    assert_eq!(
        [of("sim/mod.rs"), of("sim/shard.rs"), of("sim/forces/mod.rs"), of("sim/forces/zonals.rs")],
        [1, 2, 2, 3]
    );
}
