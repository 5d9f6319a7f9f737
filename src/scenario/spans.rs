//! Where in a RON text the value at a path stands, so that a fault can be shown on it.
//!
//! `ron` keeps no positions, so the text is read a second time: tokens and brackets only, no types. The reader takes any
//! text, however broken, and keeps what it understood up to the first thing that is not RON.

use std::ops::Range;

/// Brackets within brackets that the reader follows; deeper text is not located. `ron` itself is held to the same depth.
pub(super) const DEPTH_LIMIT: usize = 48;

/// Values that the reader keeps at most; what comes later in the text is not located.
const NODE_LIMIT: usize = 100_000;

/// A way from the root of a RON text to one of its values.
///
/// A name goes to a field of a struct (or of an enum's variant) or to the value of a map's string key, an index to an
/// entry of a list, a tuple or the arguments of a variant. Names of types and variants are no steps, and neither is
/// `Some(…)`: the gain in `control: Scripted([ZemZev(gain: 2.0)])` is at `control`, 0, 0, `gain`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Path {
    /// The root of the text.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// The field, or the value of the map's key, of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        self.with(Step::Name(name.to_owned()))
    }

    /// The entry at this place, counted from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl From<&str> for Path {
    /// Reads steps parted by dots, for example `spacecraft.1.mass_kg`; a step of digits is an index.
    fn from(dotted: &str) -> Self {
        let step = |text: &str| text.parse().map_or_else(|_| Step::Name(text.to_owned()), Step::Index);
        Self(dotted.split('.').filter(|text| !text.is_empty()).map(step).collect())
    }
}

/// A value of the text and what is in it.
#[derive(Clone, Debug, Default, PartialEq)]
struct Node {
    /// Bytes of the value, name of its type or variant included.
    span: Range<usize>,
    /// Bytes of the name of its type or variant.
    tag: Option<Range<usize>>,
    /// Named fields of a struct, entries of a map.
    members: Vec<Member>,
    /// Entries of a list or a tuple.
    items: Vec<Node>,
    /// Whether it is `Some(…)`.
    is_some: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Member {
    name: String,
    name_span: Range<usize>,
    /// Bytes from the start of the name to behind the comma or, without one, the value; none where the value is broken.
    whole: Range<usize>,
    value: Node,
}

/// Positions of the values of a RON text.
#[derive(Clone, Debug, PartialEq)]
pub struct Spans {
    root: Node,
    unclosed: Option<usize>,
}

impl Spans {
    /// Reads `text`, which may be any text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut reader = Reader { text, at: 0, depth: 0, nodes: 0, stopped: false, unclosed: None };
        reader.skip_attributes();
        let root = reader.value();
        Self { root, unclosed: reader.unclosed }
    }

    /// The bytes of the value at `path`, if it stands in the text.
    #[must_use]
    pub fn value(&self, path: &Path) -> Option<Range<usize>> {
        let (node, found) = self.descend(path);
        (found == path.0.len()).then(|| node.span.clone())
    }

    /// The bytes to point at for a fault of the value at `path`, at most one line of `text`.
    ///
    /// Where the value does not stand in the text (it was left to its default), the nearest value around it is meant. Of
    /// a value of several lines, the name of its variant is pointed at, else its field `name`, else its first line.
    #[must_use]
    pub fn label(&self, text: &str, path: &Path) -> Range<usize> {
        let (node, _) = self.descend(path);
        node.pointed_at(text)
    }

    /// Names of the fields or keys of the value at `path`, with their bytes, in the order of the text.
    pub(super) fn names(&self, path: &Path) -> Vec<(&str, Range<usize>)> {
        let (node, found) = self.descend(path);
        if found < path.0.len() {
            return Vec::new();
        }
        node.members.iter().map(|member| (member.name.as_str(), member.name_span.clone())).collect()
    }

    /// The field whose name holds the byte `offset`: bytes of the name, and of all of it with the comma
    /// behind (none where its value is broken).
    pub(super) fn field_at(&self, offset: usize) -> Option<(Range<usize>, Range<usize>)> {
        let mut node = &self.root;
        loop {
            if let Some(member) = node.members.iter().find(|member| member.name_span.contains(&offset)) {
                return Some((member.name_span.clone(), member.whole.clone()));
            }
            node = node.children().find(|child| child.span.contains(&offset))?;
        }
    }

    /// The outermost value that starts at the byte `offset`, as a label.
    pub(super) fn starting_at(&self, text: &str, offset: usize) -> Option<Range<usize>> {
        self.find(offset, &|node| node.span.start == offset).map(|node| node.pointed_at(text))
    }

    /// The outermost value that ends before the byte `offset` with nothing between, as a label.
    pub(super) fn ending_at(&self, text: &str, offset: usize) -> Option<Range<usize>> {
        self.find(offset.checked_sub(1)?, &|node| node.span.end == offset).map(|node| node.pointed_at(text))
    }

    /// The number, word or string around the byte `offset`.
    pub(super) fn leaf_at(&self, offset: usize) -> Option<Range<usize>> {
        self.find(offset, &|node| node.children().next().is_none()).map(|node| node.span.clone())
    }

    /// The outermost value around the byte `offset` that is `wanted`.
    fn find(&self, offset: usize, wanted: &dyn Fn(&Node) -> bool) -> Option<&Node> {
        let mut node = &self.root;
        while !wanted(node) {
            node = node.children().find(|child| child.span.contains(&offset))?;
        }
        Some(node)
    }

    /// Where the value at the root starts, after comments and `#![enable(…)]`.
    pub(super) fn root_start(&self) -> usize {
        self.root.span.start
    }

    /// Where the innermost bracket stands that the text ends without closing.
    pub(super) fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// The deepest value on `path`, and the number of steps that lead to it.
    fn descend(&self, path: &Path) -> (&Node, usize) {
        let mut node = &self.root;
        for (count, step) in path.0.iter().enumerate() {
            let next = match step {
                Step::Name(name) => {
                    node.inner().members.iter().find(|member| member.name == *name).map(|member| &member.value)
                }
                Step::Index(index) => node.inner().items.get(*index),
            };
            match next {
                Some(next) => node = next,
                None => return (node, count),
            }
        }
        (node, path.0.len())
    }
}

impl Node {
    /// The value inside of `Some(…)`, or the value itself.
    fn inner(&self) -> &Self {
        let mut node = self;
        while let (true, [only]) = (node.is_some, node.items.as_slice()) {
            node = only;
        }
        node
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.members.iter().map(|member| &member.value).chain(&self.items)
    }

    /// The value itself where it is on one line; else the name of its variant, else the value of its field `name`, else
    /// its first line.
    fn pointed_at(&self, text: &str) -> Range<usize> {
        let Some(line_length) = text.get(self.span.clone()).and_then(|value| value.find('\n')) else {
            return self.span.clone();
        };
        let name = || self.members.iter().find(|member| member.name == "name").map(|member| member.value.span.clone());
        self.tag.clone().or_else(name).filter(|span| !text[span.clone()].contains('\n')).unwrap_or_else(|| {
            let line = text[self.span.start..self.span.start + line_length].trim_end();
            self.span.start..self.span.start + line.len()
        })
    }
}

/// The reader's place in the text.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    nodes: usize,
    /// Set at the first thing that is not RON, or too deep, or too much; from there on nothing more is read.
    stopped: bool,
    unclosed: Option<usize>,
}

/// Whether `ron` counts the character as white space (its grammar, version 0.12).
fn is_space(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t' | '\n' | '\r' | '\x0B' | '\x0C' | '\u{85}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_identifier(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Goes on while `belongs` holds.
    fn eat_while(&mut self, belongs: impl Fn(char) -> bool) {
        self.at += self.rest().find(|character| !belongs(character)).unwrap_or(self.rest().len());
    }

    /// Goes on to behind `end`; stops at the end of the text without it.
    fn eat_through(&mut self, end: &str) {
        match self.rest().find(end) {
            Some(length) => self.at += length + end.len(),
            None => {
                self.at = self.text.len();
                self.stopped = true;
            }
        }
    }

    /// Skips white space and comments; block comments nest.
    fn skip_space(&mut self) {
        loop {
            self.eat_while(is_space);
            if self.eat("//") {
                self.eat_while(|character| character != '\n');
            } else if self.eat("/*") {
                let mut level = 1;
                while level > 0 {
                    self.eat_while(|character| character != '/' && character != '*');
                    if self.eat("/*") {
                        level += 1;
                    } else if self.eat("*/") {
                        level -= 1;
                    } else if let Some(character) = self.peek() {
                        self.at += character.len_utf8();
                    } else {
                        self.stopped = true;
                        return;
                    }
                }
            } else {
                return;
            }
        }
    }

    /// Skips `#![enable(…)]` at the start of the text.
    fn skip_attributes(&mut self) {
        self.skip_space();
        while !self.stopped && self.eat("#") {
            self.eat_through("]");
            self.skip_space();
        }
    }

    /// Reads a value, white space before it included.
    fn value(&mut self) -> Node {
        self.skip_space();
        let start = self.at;
        let mut node = Node { span: start..start, ..Node::default() };
        self.nodes += 1;
        self.depth += 1;
        self.stopped |= self.nodes > NODE_LIMIT || self.depth > DEPTH_LIMIT;
        if !self.stopped {
            self.value_into(&mut node);
        }
        self.depth -= 1;
        // A broken value has taken comments and blanks behind it; they are not its own.
        node.span.end = if self.stopped { start + self.text[start..self.at].trim_end().len() } else { self.at };
        node
    }

    fn value_into(&mut self, node: &mut Node) {
        match self.peek() {
            Some('(') => self.group(node, ")"),
            Some('[') => self.group(node, "]"),
            Some('{') => self.group(node, "}"),
            Some('"') => self.string(),
            Some('\'') => self.quoted('\''),
            Some('r' | 'b') if self.is_raw_string() => self.raw_string(),
            Some('b') if self.rest().starts_with("b\"") => {
                self.at += 1;
                self.string();
            }
            Some('b') if self.rest().starts_with("b'") => {
                self.at += 1;
                self.quoted('\'');
            }
            Some(character) if character.is_ascii_digit() || matches!(character, '+' | '-' | '.') => {
                self.eat_while(|character| is_identifier(character) || matches!(character, '+' | '-' | '.' | '='));
            }
            Some(character) if is_identifier(character) => {
                let tag = self.identifier();
                node.is_some = &self.text[tag.clone()] == "Some";
                node.tag = Some(tag);
                let behind_tag = self.at;
                self.skip_space();
                if !self.stopped && self.peek() == Some('(') {
                    self.group(node, ")");
                } else {
                    self.at = behind_tag;
                }
            }
            _ => self.stopped = true,
        }
    }

    /// Reads a word, `r#word` included.
    fn identifier(&mut self) -> Range<usize> {
        let start = self.at;
        if self.eat("r#") {
            self.eat_while(|character| is_identifier(character) || matches!(character, '.' | '+' | '-'));
        } else {
            self.eat_while(is_identifier);
        }
        start..self.at
    }

    /// Reads what a bracket holds, from the bracket to `close`.
    fn group(&mut self, node: &mut Node, close: &str) {
        let open = self.at;
        self.at += 1;
        loop {
            self.skip_space();
            if self.stopped || self.eat(close) {
                break;
            }
            self.entry(node, close);
            self.skip_space();
            if self.stopped {
                break;
            }
            if self.eat(",") {
                let at = self.at;
                // Entries of one bracket are all named or all not; in a mixture, which is no RON, this does no harm.
                if let Some(member) = node.members.last_mut() {
                    member.whole.end = at;
                }
            } else if !self.rest().starts_with(close) {
                self.stopped = true;
                break;
            }
        }
        if self.stopped && self.rest().is_empty() && self.unclosed.is_none() {
            self.unclosed = Some(open);
        }
    }

    /// Reads one entry of a bracket: `name: value`, `key: value` or `value`.
    fn entry(&mut self, node: &mut Node, close: &str) {
        let start = self.at;
        let named = match close {
            "}" => {
                let key = self.value();
                Some((self.string_content(&key.span), key.span))
            }
            ")" if self.peek().is_some_and(|character| is_identifier(character) && !character.is_ascii_digit()) => {
                let name = self.identifier();
                Some((self.text[name.clone()].trim_start_matches("r#").to_owned(), name))
            }
            _ => None,
        };
        if let Some((name, name_span)) = named {
            self.skip_space();
            if !self.stopped && self.eat(":") {
                let value = self.value();
                let whole = name_span.start..if self.stopped { name_span.start } else { value.span.end };
                node.members.push(Member { name, name_span, whole, value });
                return;
            }
            if close == "}" {
                self.stopped = true;
                return;
            }
            self.at = start;
            if self.stopped {
                return;
            }
        }
        let item = self.value();
        node.items.push(item);
    }

    /// The content of a string literal that has no escapes; of anything else, its text.
    fn string_content(&self, span: &Range<usize>) -> String {
        let text = &self.text[span.clone()];
        ron::from_str::<String>(text).unwrap_or_else(|_| text.to_owned())
    }

    fn string(&mut self) {
        self.quoted('"');
    }

    /// Reads a string or a character between two `quote`s, with escapes.
    fn quoted(&mut self, quote: char) {
        self.at += 1;
        loop {
            self.eat_while(|character| character != quote && character != '\\');
            match self.peek() {
                Some('\\') => {
                    self.at += 1;
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                Some(_) => {
                    self.at += 1;
                    return;
                }
                None => {
                    self.stopped = true;
                    return;
                }
            }
        }
    }

    fn is_raw_string(&self) -> bool {
        let rest = self.rest();
        let rest = rest.strip_prefix('b').unwrap_or(rest);
        rest.strip_prefix('r').is_some_and(|rest| rest.trim_start_matches('#').starts_with('"'))
    }

    /// Reads `r#"…"#` with any number of `#`.
    fn raw_string(&mut self) {
        self.eat("b");
        self.eat("r");
        let start = self.at;
        self.eat_while(|character| character == '#');
        let end = format!("\"{}", &self.text[start..self.at]);
        self.at += 1;
        self.eat_through(&end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = r####"#![enable(implicit_some)]
// A comment with ( brackets [ and a "quote
(
    name: "a \" ) b", /* nested /* comments */ ( [ */
    raw: r##"raw "# ) text"##,
    letter: '\'', quote: '"',
    numbers: [1, -2.5e-3, .5, +inf, 0xFF, 1..=3],
    physics: (tier: Standard(forces: [TwoBody, J2], substep_s: 10.0)),
    craft: [
        (mass: Fixed(3.0), orbit: Keplerian(
            altitude: Uniform(400, 600),
            r#type: b'x',
        )),
        Craft(mass: Some(Some(Fixed(4.0))), control: Scripted([Flee(), ZemZev(gain: 2.0)]),),
    ],
    held_out: { "the \"evader\"": [Weave ( ), ], r"other": () },
    pair: (1, (2, "three")),
)
"####;

    fn at(path: &str) -> Option<&'static str> {
        Spans::of(TEXT).value(&path.into()).map(|span| &TEXT[span])
    }

    #[test]
    fn the_value_at_a_path_is_found() {
        for (path, expected) in [
            ("name", r#""a \" ) b""#),
            ("raw", r###"r##"raw "# ) text"##"###),
            ("letter", r"'\''"),
            ("quote", r#"'"'"#),
            ("numbers.1", "-2.5e-3"),
            ("numbers.3", "+inf"),
            ("numbers.5", "1..=3"),
            ("physics.tier", "Standard(forces: [TwoBody, J2], substep_s: 10.0)"),
            ("physics.tier.forces.1", "J2"),
            ("physics.tier.substep_s", "10.0"),
            ("craft.0.mass.0", "3.0"),
            ("craft.0.orbit.altitude", "Uniform(400, 600)"),
            ("craft.0.orbit.type", "b'x'"),
            ("craft.1.mass", "Some(Some(Fixed(4.0)))"),
            ("craft.1.mass.0", "4.0"),
            ("craft.1.control.0.0", "Flee()"),
            ("craft.1.control.0.1.gain", "2.0"),
            ("held_out.other", "()"),
            ("pair.1.1", "\"three\""),
        ] {
            assert_eq!(at(path), Some(expected), "{path}");
        }
        let quoted = Path::root().field("held_out").field("the \"evader\"").index(0);
        assert_eq!(Spans::of(TEXT).value(&quoted).map(|span| &TEXT[span]), Some("Weave ( )"));
        assert_eq!(at("nothing"), None);
        assert_eq!(at("numbers.6"), None);
        assert_eq!(at("name.0"), None);
    }

    #[test]
    fn a_label_is_at_most_one_line_and_falls_back_to_what_is_around() {
        let spans = Spans::of(TEXT);
        let label = |path: &str| &TEXT[spans.label(TEXT, &path.into())];
        assert_eq!(label("craft.0.orbit"), "Keplerian");
        assert_eq!(label("craft.0.orbit.eccentricity"), "Keplerian");
        assert_eq!(label("craft"), "[");
        assert_eq!(label("craft.0"), "(mass: Fixed(3.0), orbit: Keplerian(");
        assert_eq!(label("physics.tier.forces.7"), "[TwoBody, J2]");
        assert_eq!(label("nothing.at.all"), r#""a \" ) b""#);
    }

    #[test]
    fn what_stands_at_a_byte_is_found() {
        let spans = Spans::of(TEXT);
        let byte = |text: &str| TEXT.find(text).expect("in the text");
        let field = |at: usize| spans.field_at(at).map(|(name, whole)| (&TEXT[name], &TEXT[whole]));
        assert_eq!(field(byte("gain") + 1), Some(("gain", "gain: 2.0")));
        assert_eq!(field(byte("substep_s")), Some(("substep_s", "substep_s: 10.0")));
        assert_eq!(field(byte("altitude")), Some(("altitude", "altitude: Uniform(400, 600),")));
        assert_eq!(field(byte("J2")), None);
        assert_eq!(spans.starting_at(TEXT, byte("J2")).map(|span| &TEXT[span]), Some("J2"));
        assert_eq!(spans.starting_at(TEXT, byte("Keplerian")).map(|span| &TEXT[span]), Some("Keplerian"));
        assert_eq!(spans.starting_at(TEXT, byte("eplerian")), None);
        assert_eq!(spans.ending_at(TEXT, byte(", J2]")).map(|span| &TEXT[span]), Some("TwoBody"));
    }

    #[test]
    fn what_stands_before_a_break_is_still_found() {
        let cut = &TEXT[..TEXT.find("J2").expect("in the text")];
        let spans = Spans::of(cut);
        let value = |path: &str| spans.value(&path.into()).map(|span| &cut[span]);
        assert_eq!(value("numbers.0"), Some("1"));
        assert_eq!(value("physics.tier.forces.0"), Some("TwoBody"));
        assert_eq!(spans.unclosed().map(|at| &cut[at..]), Some("[TwoBody, "));
        assert_eq!(Spans::of(TEXT).unclosed(), None);
    }

    #[test]
    fn brackets_without_end_are_not_followed() {
        for text in ["(".repeat(1 << 20), "[".repeat(1 << 20), "a(b:".repeat(1 << 18), "/*".repeat(1 << 19)] {
            let spans = Spans::of(&text);
            assert!(spans.label(&text, &"a.b".into()).end <= text.len());
        }
        let wide = format!("[{}]", "1,".repeat(NODE_LIMIT + 10));
        assert!(Spans::of(&wide).value(&Path::root().index(NODE_LIMIT + 5)).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn no_text_makes_the_reader_panic(
            length in prop_oneof![Just(usize::MAX), 0..TEXT.len()],
            edits in proptest::collection::vec((0..TEXT.len(), ".|[()\\[\\]{},:\"'/*#r\\\\b]"), 0..6),
        ) {
            let mut text: Vec<char> = TEXT.chars().collect();
            for (place, edit) in edits {
                let place = place.min(text.len().saturating_sub(1));
                text.splice(place..=place, edit.chars());
            }
            text.truncate(length);
            let text: String = text.into_iter().collect();
            let spans = Spans::of(&text);
            for path in ["", "name", "craft.1.control.0.1.gain", "held_out.other", "pair.1.1"] {
                let label = spans.label(&text, &path.into());
                // The slice itself asserts that the span lies in the text, on boundaries of characters.
                prop_assert!(!text[label].contains('\n'));
                if let Some(value) = spans.value(&path.into()) {
                    prop_assert!(text.get(value).is_some());
                }
            }
            for byte in 0..text.len() {
                spans.field_at(byte);
                spans.leaf_at(byte);
                spans.starting_at(&text, byte);
                spans.ending_at(&text, byte);
            }
        }

        #[test]
        fn what_ron_reads_is_read_whole(value in ron_value()) {
            let text = ron::ser::to_string_pretty(&value, ron::ser::PrettyConfig::default()).expect("serialises");
            prop_assert_eq!(Spans::of(&text).value(&Path::root()), Some(0..text.len()));
        }
    }

    fn ron_value() -> impl Strategy<Value = ron::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(ron::Value::Bool),
            any::<i64>().prop_map(|number| ron::Value::Number(number.into())),
            any::<f64>().prop_map(|number| ron::Value::Number(number.into())),
            any::<char>().prop_map(ron::Value::Char),
            any::<String>().prop_map(ron::Value::String),
            Just(ron::Value::Unit),
            Just(ron::Value::Option(None)),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(ron::Value::Seq),
                inner.clone().prop_map(|value| ron::Value::Option(Some(Box::new(value)))),
                proptest::collection::vec((any::<String>(), inner), 0..5).prop_map(|entries| {
                    ron::Value::Map(entries.into_iter().map(|(key, value)| (ron::Value::String(key), value)).collect())
                }),
            ]
        })
    }
}
