//! Recordings as one self-contained page that replays them in a browser: the template `replay.html` with the data as JSON in it.

use serde_json::{Value, json};

use super::placement::Placement;
use super::{RecordedCraft, RecordedEpisode, Recording, team_colours};
use crate::astro::{Vector3, sun};
use crate::sim::distribution::Distribution;

/// The page, without data.
const TEMPLATE: &str = include_str!("replay.html");
/// Where the data go in the template.
const DATA_MARK: &str = "__RECORDING__";
/// Where the title goes in the template.
const TITLE_MARK: &str = "__TITLE__";
/// Size of the data in a page at most [bytes]; episodes that would pass it are left out, and the page says so.
pub const LARGEST_DATA: usize = 32 << 20;

/// A page, and how many of the episodes are in it.
pub struct Page {
    /// The page.
    pub html: String,
    /// Episodes in it, the first ones.
    pub episodes: usize,
}

/// The page that replays `recording`.
///
/// Positions in the data are rounded to 0.1 mm, velocities to 0.1 µm/s, everything else to six decimals.
#[must_use]
pub fn page(recording: &Recording) -> Page {
    let mut episodes: Vec<String> = Vec::new();
    let mut bytes = 0;
    for recorded in &recording.episodes {
        let text = episode(recording, recorded).to_string();
        bytes += text.len();
        if bytes > LARGEST_DATA && !episodes.is_empty() {
            break;
        }
        episodes.push(text);
    }
    let count = episodes.len();
    let mut head = head(recording);
    head["left_out"] = json!(recording.episodes.len() - count);
    let mut data = head.to_string();
    data.truncate(data.len() - 1);
    data = format!("{data},\"episodes\":[{}]}}", episodes.join(","));
    // Inside a script element, `</script` and `<!--` would end or change it.
    let data = data.replace('<', "\\u003c");
    let title = format!("{} replay", recording.scenario).replace('&', "&amp;").replace('<', "&lt;");
    // Split before anything is put in, so that no name can be taken for a mark.
    let (before, after) = TEMPLATE.split_once(DATA_MARK).unwrap_or((TEMPLATE, ""));
    Page { html: format!("{}{data}{after}", before.replacen(TITLE_MARK, &title, 1)), episodes: count }
}

/// Everything but the episodes.
fn head(recording: &Recording) -> Value {
    let template = &recording.template;
    let objective = &template.objective;
    let xyz = |vector: &Vector3| [vector.x, vector.y, vector.z];
    let teams: Vec<Value> = recording
        .teams
        .iter()
        .zip(team_colours::of(&recording.teams))
        .enumerate()
        .map(|(index, (name, [red, green, blue]))| {
            let policy = recording.policies.iter().find(|(team, _)| usize::from(*team) == index + 1);
            json!({
                "name": name,
                "colour": format!("#{red:02x}{green:02x}{blue:02x}"),
                "policy": policy.map(|(_, policy)| policy),
            })
        })
        .collect();
    let spacecraft: Vec<Value> = template
        .slots
        .iter()
        .map(|slot| {
            json!({
                "name": slot.name,
                "team": slot.team - 1,
                "role": format!("{:?}", slot.role),
                "thrusters": slot.thrust_n != Distribution::Fixed(0.0),
            })
        })
        .collect();
    json!({
        "version": 1,
        "scenario": recording.scenario,
        "summary": recording.summary,
        "hash": recording.hash,
        "evaluation_seed": recording.seeds.run,
        "epoch": format!("{}Z", recording.utc(0.0)),
        "epoch_jd": template.epoch_jd_tt,
        "reference_orbit": match &recording.placement {
            Placement::Gcrf => Value::Null,
            Placement::Hill(orbit) => json!({
                "radius_m": orbit.radius_m,
                "mean_motion_rad_s": orbit.mean_motion_rad_s,
                "radial": xyz(&orbit.radial),
                "transverse": xyz(&orbit.transverse),
            }),
        },
        "mu_m3_s2": template.physics.mu_m3_s2,
        "earth_radius_m": template.physics.earth_radius_m,
        "sun": xyz(&sun::position_gcrf_m(template.epoch_jd_tt).normalize()),
        "time_limit_s": template.time_limit_s,
        "objective": {
            "team": objective.team - 1,
            "who": objective.who,
            "target": objective.target,
            "radius_m": objective.radius_m,
            // Null where any speed will do.
            "max_speed_m_s": objective.max_speed_m_s,
        },
        "teams": teams,
        "spacecraft": spacecraft,
    })
}

fn episode(recording: &Recording, episode: &RecordedEpisode) -> Value {
    let longest = episode.craft.iter().max_by_key(|craft| craft.samples.len());
    let times: Vec<f64> =
        longest.map_or_else(Vec::new, |craft| craft.samples.iter().map(|sample| sample.time_s).collect());
    json!({
        "seed": episode.result.seed,
        "outcome": episode.result.outcome.name(),
        "success": episode.result.succeeded(),
        "duration_s": episode.result.duration_s,
        "delta_v_m_s": episode.result.delta_v_m_s,
        "closest_approach_m": episode.result.closest_approach_m,
        "overspeed_s": episode.result.overspeed_s,
        "time_s": times,
        "spacecraft": episode.craft.iter().map(|of| craft(of, times.len())).collect::<Vec<Value>>(),
        "events": episode.events,
        "utc_end": format!("{}Z", recording.utc(episode.result.duration_s)),
    })
}

/// A spacecraft's columns; vectors lie flat, three numbers a sample. `times`: samples of the episode.
fn craft(craft: &RecordedCraft, times: usize) -> Value {
    let samples = &craft.samples;
    let first = times - samples.len();
    let recoils = samples.iter().enumerate().filter_map(|(index, sample)| Some((first + index, sample.came_as?)));
    let came_as: Vec<Value> = recoils
        .map(|(index, state)| {
            let (p, v) = (<[f64; 3]>::from(state.position_m), <[f64; 3]>::from(state.velocity_m_s));
            json!({
                "sample": index,
                "position_m": p.map(|number| rounded(number, 1e4)),
                "velocity_m_s": v.map(|number| rounded(number, 1e7)),
            })
        })
        .collect();
    let vectors = |of: fn(&super::Sample) -> Vector3, unit: f64| -> Vec<f64> {
        samples.iter().flat_map(|sample| <[f64; 3]>::from(of(sample))).map(|number| rounded(number, unit)).collect()
    };
    let numbers =
        |of: fn(&super::Sample) -> f64| -> Vec<f64> { samples.iter().map(|sample| rounded(of(sample), 1e6)).collect() };
    let bounded = samples.iter().all(|sample| sample.delta_v_left_m_s.is_finite());
    json!({
        "pilot": craft.pilot,
        // The sample of the episode at which its columns begin; as many as there are where it was never there.
        "first_sample": first,
        // Where a release gives it another state, the one in which it came.
        "came_as": came_as,
        "position_m": vectors(|sample| sample.state.position_m, 1e4),
        "velocity_m_s": vectors(|sample| sample.state.velocity_m_s, 1e7),
        "mass_kg": numbers(|sample| sample.mass_kg),
        // Null where it is not bounded.
        "delta_v_left_m_s": bounded.then(|| numbers(|sample| sample.delta_v_left_m_s)),
        "delta_v_spent_m_s": numbers(|sample| sample.delta_v_spent_m_s),
        "throttle": numbers(|sample| sample.throttle),
        "thrust_rtn_n": vectors(|sample| sample.thrust_rtn_n, 1e6),
    })
}

/// To the nearest 1 / `per_unit`.
fn rounded(number: f64, per_unit: f64) -> f64 {
    (number * per_unit).round() / per_unit
}
