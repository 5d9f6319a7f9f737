//! The shipped scenarios with something changed.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The files in `scenarios/` that are trained on here.
pub(super) const SHIPPED: [&str; 2] = ["docking", "pursuit_evasion"];

/// A trainer that takes 64 steps a rollout with 8 environments, and a checkpoint after each.
pub(super) const QUICK_TRAINING: &str = "(rollout: 8, evaluation_episodes: 4, checkpoint_every: 64)";

/// Where a shipped scenario lies.
pub(super) fn shipped_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.ron"))
}

/// The text of a scenario.
#[derive(Clone, Debug)]
pub(super) struct ScenarioText(pub(super) String);

impl ScenarioText {
    /// A shipped scenario as it is.
    pub(super) fn shipped(name: &str) -> Self {
        Self(fs::read_to_string(shipped_path(name)).expect("the scenario is there"))
    }

    /// Shipped docking with [`QUICK_TRAINING`].
    pub(super) fn quick() -> Self {
        Self::shipped("docking").with_training(QUICK_TRAINING)
    }

    /// With another value of a field: the first of its name, or with `objective.team` the first after `objective`.
    pub(super) fn with(&self, field: &str, value: &str) -> Self {
        let name = field.rsplit('.').next().expect("a name");
        self.replaced(field, &format!("{name}: {value},"))
    }

    /// Without a field.
    pub(super) fn without(&self, field: &str) -> Self {
        self.replaced(field, "")
    }

    /// With this training block, in place of its own if it has one.
    pub(super) fn with_training(&self, block: &str) -> Self {
        let bare = if self.span("training").is_some() { self.without("training") } else { self.clone() };
        let body = bare.0.trim_end().strip_suffix(')').expect("a scenario ends with `)`");
        Self(format!("{body}training: {block},\n)\n"))
    }

    /// Writes it to `directory` and gives the path.
    pub(super) fn write(&self, directory: &Path, file: &str) -> PathBuf {
        let path = directory.join(file);
        fs::write(&path, &self.0).expect("the scenario can be written");
        path
    }

    /// With `to` in place of a field, the comma after it included.
    pub(super) fn replaced(&self, field: &str, to: &str) -> Self {
        let span = self.span(field).unwrap_or_else(|| panic!("the scenario has no field `{field}`"));
        let mut text = self.0.clone();
        text.replace_range(span, to);
        assert_ne!(text, self.0, "`{field}` was so already");
        Self(text)
    }

    /// The bytes of a field outside comments: name, value, and the comma after it.
    fn span(&self, field: &str) -> Option<Range<usize>> {
        let text = &self.0;
        let is_field = |at: usize| {
            let line = &text[text[..at].rfind('\n').map_or(0, |end| end + 1)..at];
            !line.contains("//") && (line.is_empty() || line.ends_with([' ', '(']))
        };
        let mut start = 0;
        for name in field.split('.') {
            let marker = format!("{name}: ");
            let mut places = text.match_indices(&marker).map(|(at, _)| at);
            start = places.find(|at| *at >= start && is_field(*at))?;
        }
        let (mut depth, mut at, bytes) = (0, start, text.as_bytes());
        loop {
            match bytes[at] {
                b'"' => at += 1 + text[at + 1..].find('"')?,
                b'/' if bytes[at + 1] == b'/' => at += text[at..].find('\n')?,
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return Some(start..at),
                b')' | b']' | b'}' => depth -= 1,
                b',' if depth == 0 => return Some(start..at + 1),
                _ => {}
            }
            at += 1;
        }
    }
}

#[test]
fn a_field_is_found_with_its_whole_value() {
    let text = ScenarioText("(\n// b: 0,\n a: (b: [1, 2]), // c: 3\n c: \"),\", d: (e: 1)\n)".to_owned());
    let found = |field| text.span(field).map(|span| &text.0[span]);
    assert_eq!(found("a"), Some("a: (b: [1, 2]),"));
    assert_eq!(found("b"), Some("b: [1, 2]"));
    assert_eq!(found("c"), Some("c: \"),\","));
    assert_eq!(found("d"), Some("d: (e: 1)\n"));
    assert_eq!(found("a.b"), Some("b: [1, 2]"));
    assert_eq!(found("c.b"), None);
    assert_eq!(found("f"), None);
    assert!(text.with_training("(envs: 1)").0.ends_with("training: (envs: 1),\n)\n"));
}
