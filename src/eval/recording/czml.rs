//! Recordings as CZML, which Cesium plays: one document an episode, a packet a spacecraft.
//!
//! Source: the CZML Guide of AnalyticalGraphicsInc/czml-writer. Positions are inertial, in metres; those of the relative tier are
//! placed on a reference orbit first, which the document's description says.

use serde_json::{Value, json};

use super::{RecordedCraft, RecordedEpisode, Recording, team_colours};

/// Degree of the polynomials between positions. Where the thrust steps, they err by 0.1 m over 10 s at 0.02 m/s² (seen with
/// Cesium's own reader, against the cubic of the simulator); at the samples they are exact.
const INTERPOLATION_DEGREE: u32 = 5;

/// The document of one episode.
#[must_use]
pub fn document(recording: &Recording, episode: &RecordedEpisode) -> Value {
    let (start, stop) = (instant(recording, 0.0), instant(recording, episode.result.duration_s));
    let interval = format!("{start}/{stop}");
    let result = &episode.result;
    let mut description = format!(
        "{}. Seed {} of evaluation seed {}: {} after {:.1} s, {:.2} m/s.",
        recording.summary,
        result.seed,
        recording.seeds.run,
        result.outcome.name(),
        result.duration_s,
        result.delta_v_m_s
    );
    for remark in recording.placement.remarks() {
        description.push(' ');
        description.push_str(&remark);
    }
    let head = json!({
        "id": "document",
        "name": format!("{} seed {}", recording.scenario, result.seed),
        "version": "1.0",
        "description": description,
        "clock": {
            "interval": interval,
            "currentTime": start,
            "multiplier": 10,
            "range": "LOOP_STOP",
            "step": "SYSTEM_CLOCK_MULTIPLIER",
        },
    });
    let colours = team_colours::of(&recording.teams);
    let present = episode.craft.iter().enumerate().filter(|(_, craft)| !craft.samples.is_empty());
    let packets = present.map(|(slot, craft)| {
        let [red, green, blue] = colours[usize::from(recording.template.slots[slot].team) - 1];
        // A child is there from its release on.
        let from_s = craft.samples.first().map_or(0.0, |sample| sample.time_s);
        let available = format!("{}/{stop}", instant(recording, from_s));
        packet(recording, slot, craft, &available, [red, green, blue, 255])
    });
    Value::Array(std::iter::once(head).chain(packets).collect())
}

fn packet(recording: &Recording, slot: usize, craft: &RecordedCraft, interval: &str, rgba: [u8; 4]) -> Value {
    let name = &recording.template.slots[slot].name;
    let duration_s = craft.samples.last().map_or(0.0, |sample| sample.time_s);
    let cartesian: Vec<f64> = craft
        .samples
        .iter()
        .flat_map(|sample| {
            let position_m = recording.placement.gcrf(sample.time_s, &sample.state).position_m;
            [sample.time_s, position_m.x, position_m.y, position_m.z]
        })
        .collect();
    // Labels of neighbours stand above and below their points in turn.
    let (origin, offset_px) = if slot.is_multiple_of(2) { ("BOTTOM", -6) } else { ("TOP", 6) };
    json!({
        "id": name,
        "name": name,
        "description": format!("Team {}, flown by {}.", recording.team_of(slot), craft.pilot),
        "availability": interval,
        "position": {
            "epoch": instant(recording, 0.0),
            "referenceFrame": "INERTIAL",
            "interpolationAlgorithm": "LAGRANGE",
            "interpolationDegree": INTERPOLATION_DEGREE,
            "cartesian": cartesian,
        },
        "point": {
            "pixelSize": 9,
            "color": { "rgba": rgba },
            "outlineColor": { "rgba": [255, 255, 255, 255] },
            // A white rim while it burns.
            "outlineWidth": outline(recording, craft),
        },
        "label": {
            "text": name,
            "font": "13px sans-serif",
            "fillColor": { "rgba": rgba },
            "horizontalOrigin": "LEFT",
            "verticalOrigin": origin,
            "pixelOffset": { "cartesian2": [12, offset_px] },
        },
        "path": {
            "width": 2,
            "leadTime": 0,
            "trailTime": duration_s,
            "resolution": 5,
            "material": { "solidColor": { "color": { "rgba": rgba } } },
        },
    })
}

/// Width of the rim: 3 in segments with thrust, 0 in the others; runs of equal ones joined.
fn outline(recording: &Recording, craft: &RecordedCraft) -> Value {
    let mut runs: Vec<(f64, f64, bool)> = Vec::new();
    for pair in craft.samples.windows(2) {
        let burns = pair[0].throttle > 0.0;
        match runs.last_mut() {
            Some(run) if run.2 == burns => run.1 = pair[1].time_s,
            _ => runs.push((pair[0].time_s, pair[1].time_s, burns)),
        }
    }
    match runs.as_slice() {
        [] | [(_, _, false)] => json!(0),
        [(_, _, true)] => json!(3),
        runs => runs
            .iter()
            .map(|(from_s, to_s, burns)| {
                let interval = format!("{}/{}", instant(recording, *from_s), instant(recording, *to_s));
                json!({ "interval": interval, "number": if *burns { 3 } else { 0 } })
            })
            .collect(),
    }
}

fn instant(recording: &Recording, time_s: f64) -> String {
    format!("{}Z", recording.utc(time_s))
}
