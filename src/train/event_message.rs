//! The part of TensorBoard's `Event` protocol buffer that a run needs, written and read by hand.
//!
//! Source: `event.proto`, `summary.proto`, `tensor.proto` and the plugins' `plugin_data.proto` of TensorBoard 2.
//! `tensorboard-rs` frames records but keeps its message types to itself, and it has neither text nor hyperparameters.

/// A hyperparameter of a run, as TensorBoard's HPARAMS tab shows it.
#[derive(Clone, Debug, PartialEq)]
pub enum HyperParameter {
    /// A number.
    Number(f64),
    /// A name or any other text.
    Text(String),
    /// On or off.
    Switch(bool),
}

impl From<f64> for HyperParameter {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for HyperParameter {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<bool> for HyperParameter {
    fn from(value: bool) -> Self {
        Self::Switch(value)
    }
}

/// A protocol buffer under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u32, wire_type: u32) {
        self.raw_varint(u64::from((field << 3) | wire_type));
    }

    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value as u8 & 0x7f) | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn varint(mut self, field: u32, value: u64) -> Self {
        self.key(field, 0);
        self.raw_varint(value);
        self
    }

    fn double(mut self, field: u32, value: f64) -> Self {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, 2);
        self.raw_varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    fn message(self, field: u32, value: Self) -> Self {
        self.bytes(field, &value.0)
    }
}

/// `Event`: wall time [s since 1970], step, and one of its contents.
fn event(wall_time_s: f64, step: u64) -> Message {
    Message::default().double(1, wall_time_s).varint(2, step)
}

/// `Event.summary` with one `Summary.Value`.
fn summary(wall_time_s: f64, step: u64, value: Message) -> Vec<u8> {
    event(wall_time_s, step).message(5, Message::default().message(1, value)).0
}

/// `SummaryMetadata` naming the plugin that shows a value.
fn plugin(name: &str, content: Message) -> Message {
    let named = Message::default().text(1, name);
    Message::default().message(1, if content.0.is_empty() { named } else { named.message(2, content) })
}

/// The first event of every file; TensorBoard takes restarts into account from version 2.
pub(super) fn file_version(wall_time_s: f64) -> Vec<u8> {
    Message::default().double(1, wall_time_s).text(3, "brain.Event:2").0
}

/// `SessionLog.START`: TensorBoard forgets what earlier files say of `step` and later.
pub(super) fn session_start(wall_time_s: f64, step: u64) -> Vec<u8> {
    event(wall_time_s, step).message(7, Message::default().varint(1, 1)).0
}

/// One point of a curve.
pub(super) fn scalar(wall_time_s: f64, tag: &str, value: f32, step: u64) -> Vec<u8> {
    summary(wall_time_s, step, Message::default().text(1, tag).float(2, value))
}

/// A square picture for the IMAGES tab: `Summary.Image` of height, width, colour space and the bytes of a PNG file.
pub(super) fn image(wall_time_s: f64, tag: &str, side_px: usize, png: &[u8], step: u64) -> Vec<u8> {
    const RGB: u64 = 3;
    let side = side_px as u64;
    let image = Message::default().varint(1, side).varint(2, side).varint(3, RGB).bytes(4, png);
    let value = Message::default().text(1, tag).message(4, image).message(9, plugin("images", Message::default()));
    summary(wall_time_s, step, value)
}

/// Markdown for the TEXT tab: a string tensor of one entry.
pub(super) fn text(wall_time_s: f64, tag: &str, markdown: &str, step: u64) -> Vec<u8> {
    const DT_STRING: u64 = 7;
    let one_entry = Message::default().message(2, Message::default().varint(1, 1));
    let tensor = Message::default().varint(1, DT_STRING).message(2, one_entry).text(8, markdown);
    let value = Message::default().text(1, tag).message(8, tensor).message(9, plugin("text", Message::default()));
    summary(wall_time_s, step, value)
}

/// The two summaries of the HPARAMS tab: what may vary between runs and is judged, and what this run was started with.
pub(super) fn hyperparameters(
    wall_time_s: f64,
    values: &[(&str, HyperParameter)],
    metric_tags: &[&str],
) -> [Vec<u8>; 2] {
    let mut experiment = Message::default();
    let mut session = Message::default();
    for (name, value) in values {
        let (data_type, wrapped) = match value {
            HyperParameter::Text(text) => (1, Message::default().text(3, text)),
            HyperParameter::Switch(on) => (2, Message::default().varint(4, u64::from(*on))),
            HyperParameter::Number(number) => (3, Message::default().double(2, *number)),
        };
        experiment = experiment.message(4, Message::default().text(1, name).varint(4, data_type));
        session = session.message(1, Message::default().text(1, name).message(2, wrapped));
    }
    for tag in metric_tags {
        experiment = experiment.message(5, Message::default().message(1, Message::default().text(2, tag)));
    }
    let session = session.double(5, wall_time_s);
    [("_hparams_/experiment", 2, experiment), ("_hparams_/session_start_info", 3, session)].map(
        |(tag, field, content)| {
            let data = Message::default().varint(1, 0).message(field, content);
            summary(wall_time_s, 0, Message::default().text(1, tag).message(9, plugin("hparams", data)))
        },
    )
}

/// How a run ended, for the HPARAMS tab.
pub(super) fn session_end(wall_time_s: f64, success: bool) -> Vec<u8> {
    let (status_success, status_failure) = (1, 2);
    let status = if success { status_success } else { status_failure };
    let end = Message::default().varint(1, status).double(2, wall_time_s);
    let data = Message::default().varint(1, 0).message(4, end);
    let value = Message::default().text(1, "_hparams_/session_end_info").message(9, plugin("hparams", data));
    summary(wall_time_s, 0, value)
}

/// What one event says, as far as [`decode`] reads it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DecodedEvent {
    pub(super) wall_time_s: f64,
    pub(super) step: u64,
    pub(super) file_version: Option<String>,
    pub(super) session_start: bool,
    /// (tag, value) of each scalar.
    pub(super) scalars: Vec<(String, f32)>,
    /// (tag, content) of each string tensor.
    pub(super) texts: Vec<(String, String)>,
    /// (tag, PNG file) of each image.
    pub(super) images: Vec<(String, Vec<u8>)>,
    /// (tag, plugin) of each value that a plugin shows.
    pub(super) plugins: Vec<(String, String)>,
}

/// Reads one `Event`; fields that it does not know are passed over. `None`: not a protocol buffer.
pub(super) fn decode(bytes: &[u8]) -> Option<DecodedEvent> {
    let mut event = DecodedEvent::default();
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Fixed64(bits)) => event.wall_time_s = f64::from_bits(bits),
            (2, Field::Varint(step)) => event.step = step,
            (3, Field::Bytes(version)) => event.file_version = Some(owned(version)?),
            (5, Field::Bytes(summary)) => {
                for (number, field) in fields(summary)? {
                    if let (1, Field::Bytes(value)) = (number, field) {
                        decode_value(value, &mut event)?;
                    }
                }
            }
            (7, Field::Bytes(log)) => {
                event.session_start = fields(log)?.iter().any(|field| matches!(field, (1, Field::Varint(1))));
            }
            _ => {}
        }
    }
    Some(event)
}

/// Reads one `Summary.Value` into `event`.
fn decode_value(bytes: &[u8], event: &mut DecodedEvent) -> Option<()> {
    let (mut tag, mut scalar, mut image, mut text, mut plugin) = (String::new(), None, None, None, None);
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Bytes(name)) => tag = owned(name)?,
            (2, Field::Fixed32(bits)) => scalar = Some(f32::from_bits(bits)),
            (4, Field::Bytes(content)) => image = bytes_of(content, 4)?,
            (8, Field::Bytes(tensor)) => text = nested(tensor, &[8])?,
            (9, Field::Bytes(metadata)) => plugin = nested(metadata, &[1, 1])?,
            _ => {}
        }
    }
    event.scalars.extend(scalar.map(|value| (tag.clone(), value)));
    event.images.extend(image.map(|value| (tag.clone(), value)));
    event.texts.extend(text.map(|value| (tag.clone(), value)));
    event.plugins.extend(plugin.map(|value| (tag.clone(), value)));
    Some(())
}

/// The text at a path of field numbers; the inner `None`: absent.
fn nested(bytes: &[u8], path: &[u32]) -> Option<Option<String>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(Some(owned(bytes)?));
    };
    for (number, field) in fields(bytes)? {
        if let (true, Field::Bytes(inner)) = (number == *first, field) {
            return nested(inner, rest);
        }
    }
    Some(None)
}

/// The bytes of a field; the inner `None`: absent.
fn bytes_of(message: &[u8], number: u32) -> Option<Option<Vec<u8>>> {
    Some(fields(message)?.into_iter().find_map(|field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes.to_vec()),
        _ => None,
    }))
}

fn owned(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

/// One field of a message.
enum Field<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    Fixed32(u32),
}

/// All fields of a message, as (number, content).
fn fields(mut bytes: &[u8]) -> Option<Vec<(u32, Field<'_>)>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let field = match key & 7 {
            0 => Field::Varint(take_varint(&mut bytes)?),
            1 => Field::Fixed64(u64::from_le_bytes(*bytes.split_off(..8)?.first_chunk()?)),
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                Field::Bytes(bytes.split_off(..length)?)
            }
            5 => Field::Fixed32(u32::from_le_bytes(*bytes.split_off(..4)?.first_chunk()?)),
            _ => return None,
        };
        found.push((u32::try_from(key >> 3).ok()?, field));
    }
    Some(found)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Event(wall_time=1.5, step=300, summary=Summary(value=[Summary.Value(tag="a/b", simple_value=0.5)]))`,
    /// serialised by the Python protocol buffers of TensorBoard.
    const PYTHON_SCALAR: &str = "09000000000000f83f10ac022a0c0a0a0a03612f62150000003f";
    /// `Event(wall_time=1.5, step=300, session_log=SessionLog(status=SessionLog.START))`, likewise.
    const PYTHON_SESSION_START: &str = "09000000000000f83f10ac023a020801";

    /// `Event(wall_time=1.5, step=300, summary=Summary(value=[Summary.Value(tag="a/b", image=Summary.Image(height=2, width=2,
    /// colorspace=3, encoded_image_string=b"png"), metadata=SummaryMetadata(plugin_data=PluginData(plugin_name="images")))]))`, likewise.
    const PYTHON_IMAGE: &str =
        "09000000000000f83f10ac022a200a1e0a03612f62220b0802100218032203706e674a0a0a080a06696d61676573";

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_bytes_are_those_of_tensorboards_own_messages() {
        assert_eq!(hex(&scalar(1.5, "a/b", 0.5, 300)), PYTHON_SCALAR);
        assert_eq!(hex(&image(1.5, "a/b", 2, b"png", 300)), PYTHON_IMAGE);
        assert_eq!(hex(&session_start(1.5, 300)), PYTHON_SESSION_START);
    }

    #[test]
    fn what_is_written_is_read() {
        let point = decode(&scalar(1.5, "losses/Δ", -2.25, u64::from(u32::MAX) + 7)).unwrap();
        assert_eq!(point.wall_time_s, 1.5);
        assert_eq!(point.step, u64::from(u32::MAX) + 7);
        assert_eq!(point.scalars, [("losses/Δ".to_owned(), -2.25)]);

        let note = decode(&text(2.0, "config", "# title", 0)).unwrap();
        assert_eq!(note.texts, [("config".to_owned(), "# title".to_owned())]);
        assert_eq!(note.plugins, [("config".to_owned(), "text".to_owned())]);

        let picture = decode(&image(2.0, "confusion", 960, &[0x89, 0, 0xff], 7)).unwrap();
        assert_eq!(picture.images, [("confusion".to_owned(), vec![0x89, 0, 0xff])]);
        assert_eq!(picture.plugins, [("confusion".to_owned(), "images".to_owned())]);

        assert!(decode(&session_start(0.0, 5)).unwrap().session_start);
        assert_eq!(decode(&file_version(0.0)).unwrap().file_version.as_deref(), Some("brain.Event:2"));

        let values = [("seed", 1.0.into()), ("algorithm", "ppo".into()), ("anneal", true.into())];
        let tags: Vec<_> = hyperparameters(0.0, &values, &["charts/episodic_return"])
            .iter()
            .flat_map(|bytes| decode(bytes).unwrap().plugins)
            .collect();
        let expected = ["_hparams_/experiment", "_hparams_/session_start_info"];
        assert_eq!(tags, expected.map(|tag| (tag.to_owned(), "hparams".to_owned())));
    }

    #[test]
    fn every_truncation_and_garbage_is_refused_without_a_panic() {
        let whole = scalar(1.5, "tag", 1.0, 3);
        for length in 1..whole.len() {
            // A cut between two fields leaves a shorter but sound message; elsewhere nothing may come out.
            if let Some(event) = decode(&whole[..length]) {
                assert!(event.scalars.is_empty(), "a scalar out of {length} bytes");
            }
        }
        assert_eq!(decode(&[0xff; 12]), None);
        // A length beyond the end, and beyond what a machine addresses.
        assert_eq!(decode(&[0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None);
    }
}
