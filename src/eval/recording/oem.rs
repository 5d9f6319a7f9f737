//! Recordings as CCSDS orbit ephemeris messages: OEM 2.0 in KVN, a file a spacecraft and episode.
//!
//! Source: CCSDS 502.0-B-2, Orbit Data Messages, section 5. States in kilometres and km/s, GCRF about the Earth, times in UTC.
//! States of the relative tier are placed on a reference orbit first, which the file's comments say.

use std::fmt::Write as _;

use hifitime::Epoch;

use super::{RecordedEpisode, Recording, Sample, utc};

/// The ephemeris of one spacecraft in one episode of `recording`, from when it is there.
///
/// A spacecraft that lets go of something recoils: there one segment of the file ends and another begins, as the standard
/// has it for what no interpolation may cross.
///
/// `created`: what stands as the file's date of creation. Between two samples the motion is the cubic Hermite through them,
/// which the file says: thrust changes at samples, and a higher degree would smooth it over.
#[must_use]
pub fn message(recording: &Recording, episode: &RecordedEpisode, slot: usize, created: Epoch) -> String {
    let (craft, config) = (&episode.craft[slot], &recording.template.slots[slot]);
    let object = [config.name.clone(), format!("SIM-{}-{}", episode.result.seed, config.name)];
    let mut text = String::from("CCSDS_OEM_VERS = 2.0\n");
    let mut comments = vec![
        format!("AstroShield scenario {}, sha-256 {}", recording.scenario, recording.hash),
        format!("Seed {} of evaluation seed {}", episode.result.seed, recording.seeds.run),
        format!("Team {}, flown by {}", recording.team_of(slot), craft.pilot),
    ];
    comments.extend(recording.placement.remarks());
    for comment in comments {
        line(&mut text, &format!("COMMENT {comment}"));
    }
    line(&mut text, &format!("CREATION_DATE = {}", utc(created)));
    line(&mut text, "ORIGINATOR = ASTROSHIELD");
    let mut from = 0;
    while from < craft.samples.len() {
        let breaks = |sample: &Sample| sample.came_as.is_some();
        let end = craft.samples[from + 1..].iter().position(breaks).map(|after| from + 1 + after);
        let until = end.unwrap_or(craft.samples.len() - 1);
        segment(&mut text, recording, &object, &craft.samples[from..=until]);
        from = end.unwrap_or(craft.samples.len());
    }
    text
}

/// Adds a segment: the states of `samples`, the last as it was come to. `object`: name and identifier.
fn segment(text: &mut String, recording: &Recording, object: &[String; 2], samples: &[Sample]) {
    let utc = |sample: Option<&Sample>| recording.utc(sample.map_or(0.0, |sample| sample.time_s));
    let [name, identifier] = object;
    line(text, "");
    line(text, "META_START");
    line(text, &format!("OBJECT_NAME = {name}"));
    line(text, &format!("OBJECT_ID = {identifier}"));
    line(text, "CENTER_NAME = EARTH");
    line(text, "REF_FRAME = GCRF");
    line(text, "TIME_SYSTEM = UTC");
    line(text, &format!("START_TIME = {}", utc(samples.first())));
    line(text, &format!("STOP_TIME = {}", utc(samples.last())));
    line(text, "INTERPOLATION = HERMITE");
    line(text, "INTERPOLATION_DEGREE = 3");
    line(text, "META_STOP");
    for (index, sample) in samples.iter().enumerate() {
        let state = if index == 0 { sample.state } else { sample.arrival() };
        let state = recording.placement.gcrf(sample.time_s, &state);
        let (r, v) = (state.position_m / 1e3, state.velocity_m_s / 1e3);
        let time = recording.utc(sample.time_s);
        // A micrometre and a nanometre a second.
        line(text, &format!("{time} {:.9} {:.9} {:.9} {:.12} {:.12} {:.12}", r.x, r.y, r.z, v.x, v.y, v.z));
    }
}

/// Adds a line in the printable ASCII that the standard allows.
fn line(text: &mut String, line: &str) {
    let printable = line.chars().map(|character| if matches!(character, ' '..='~') { character } else { '_' });
    let _ = writeln!(text, "{}", printable.collect::<String>());
}
