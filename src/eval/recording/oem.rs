//! Recordings as CCSDS orbit ephemeris messages: OEM 2.0 in KVN, a file a spacecraft and episode.
//!
//! Source: CCSDS 502.0-B-2, Orbit Data Messages, section 5. States in kilometres and km/s, GCRF about the Earth, times in UTC.
//! States of the relative tier are placed on a reference orbit first, which the file's comments say.

use std::fmt::Write as _;

use hifitime::Epoch;

use super::{RecordedEpisode, Recording, utc};

/// The ephemeris of one spacecraft in one episode of `recording`.
///
/// `created`: what stands as the file's date of creation. Between two samples the motion is the cubic Hermite through them,
/// which the file says: thrust changes at samples, and a higher degree would smooth it over.
#[must_use]
pub fn message(recording: &Recording, episode: &RecordedEpisode, slot: usize, created: Epoch) -> String {
    let (craft, config) = (&episode.craft[slot], &recording.template.slots[slot]);
    let times = craft.samples.iter().map(|sample| sample.time_s);
    let (start, stop) = (recording.utc(0.0), recording.utc(times.fold(0.0, f64::max)));
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
    line(&mut text, "");
    line(&mut text, "META_START");
    line(&mut text, &format!("OBJECT_NAME = {}", config.name));
    line(&mut text, &format!("OBJECT_ID = SIM-{}-{}", episode.result.seed, config.name));
    line(&mut text, "CENTER_NAME = EARTH");
    line(&mut text, "REF_FRAME = GCRF");
    line(&mut text, "TIME_SYSTEM = UTC");
    line(&mut text, &format!("START_TIME = {start}"));
    line(&mut text, &format!("STOP_TIME = {stop}"));
    line(&mut text, "INTERPOLATION = HERMITE");
    line(&mut text, "INTERPOLATION_DEGREE = 3");
    line(&mut text, "META_STOP");
    for sample in &craft.samples {
        let state = recording.placement.gcrf(sample.time_s, &sample.state);
        let (r, v) = (state.position_m / 1e3, state.velocity_m_s / 1e3);
        let time = recording.utc(sample.time_s);
        // A micrometre and a nanometre a second.
        line(&mut text, &format!("{time} {:.9} {:.9} {:.9} {:.12} {:.12} {:.12}", r.x, r.y, r.z, v.x, v.y, v.z));
    }
    text
}

/// Adds a line in the printable ASCII that the standard allows.
fn line(text: &mut String, line: &str) {
    let printable = line.chars().map(|character| if matches!(character, ' '..='~') { character } else { '_' });
    let _ = writeln!(text, "{}", printable.collect::<String>());
}
