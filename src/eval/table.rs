//! The tables that people read: policies side by side, and each policy by behaviour of the adversary.

use std::collections::BTreeSet;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableComponent};

use super::figures::{BehaviourFigures, PolicyFigures, PolicyKind};
use super::statistics::MeanInterval;
use crate::env::vector::EpisodeResult;

/// A policy a row: success with its 95 % interval, difference to the best scripted policy in percentage points, Δv,
/// duration and closest approach as median (5 % to 95 % quantile) over all episodes.
#[must_use]
pub fn policy_table(policies: &[PolicyFigures]) -> String {
    let mut header = vec![
        "policy",
        "kind",
        "episodes",
        "success % [95 % CI]",
        "vs best scripted [pp]",
        "Δv m/s",
        "duration s",
        "closest approach m",
    ];
    // Told only where a scenario's goal or its author asks for them.
    let shares = policies.iter().any(|policy| policy.goal_share.is_some());
    header.extend(shares.then_some("mean share of the goal %"));
    let scores: BTreeSet<&str> = policies.iter().flat_map(|policy| policy.scores.keys().map(String::as_str)).collect();
    header.extend(&scores);
    let mut table = table(&header);
    for policy in policies {
        let difference = policy.difference_to_best_scripted.as_ref().map_or_else(String::new, |difference| {
            let [low, high] = difference.success_rate_ci95;
            format!("{:+.1} [{:+.1}, {:+.1}]", 100.0 * difference.success_rate, 100.0 * low, 100.0 * high)
        });
        let goal_share = policy.goal_share.map(|MeanInterval { mean, ci95 }| share_to_hundredths(mean, ci95));
        let told = scores
            .iter()
            .map(|name| policy.scores.get(*name).map_or_else(String::new, |score| three_digits(score.mean)));
        table.add_row(row(
            &policy.name,
            [
                kind_name(policy.kind).to_owned(),
                policy.episodes.to_string(),
                share(policy.success_rate, policy.success_ci95),
                difference,
                spread(policy.delta_v_m_s_median, policy.delta_v_m_s_p05_p95),
                spread(policy.duration_s_median, policy.duration_s_p05_p95),
                spread(policy.closest_approach_m_median, policy.closest_approach_m_p05_p95),
            ]
            .into_iter()
            .chain(shares.then(|| goal_share.unwrap_or_default()))
            .chain(told),
        ));
    }
    table.trim_fmt()
}

/// A behaviour of the adversary a row, a policy a column: success with its 95 % interval and number of episodes.
#[must_use]
pub fn behaviour_table(policies: &[PolicyFigures]) -> String {
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    let mut table = table(&[&["success % against"], names.as_slice()].concat());
    let behaviours: BTreeSet<&String> = policies.iter().flat_map(|policy| policy.success_by_behaviour.keys()).collect();
    for behaviour in behaviours {
        let cells = policies.iter().map(|policy| match policy.success_by_behaviour.get(behaviour) {
            Some(BehaviourFigures { successes, episodes, success_ci95 }) => {
                format!("{} of {episodes}", share(*successes as f64 / *episodes as f64, *success_ci95))
            }
            None => String::new(),
        });
        table.add_row(row(behaviour, cells));
    }
    table.trim_fmt()
}

/// An episode a row: how it ended, how long it took, what it cost, how near it came, and what the adversary did.
#[must_use]
pub fn episode_table(episodes: &[EpisodeResult]) -> String {
    let mut table = table(&["seed", "outcome", "duration s", "Δv m/s", "closest approach m", "behaviour"]);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    for episode in episodes {
        table.add_row(row(
            &episode.seed.to_string(),
            [
                episode.outcome.name().to_owned(),
                format!("{:.1}", episode.duration_s),
                format!("{:.3}", episode.delta_v_m_s),
                format!("{:.2}", episode.closest_approach_m),
                episode.behaviour.clone(),
            ],
        ));
    }
    table.trim_fmt()
}

/// An empty table that is as wide as its content, the same on a terminal and in a file.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(row(header[0], header[1..].iter().map(|name| (*name).to_owned())));
    table
}

/// A name on the left and figures on the right.
pub(super) fn row(name: &str, cells: impl IntoIterator<Item = String>) -> Vec<Cell> {
    let figures = cells.into_iter().map(|cell| Cell::new(cell).set_alignment(CellAlignment::Right));
    std::iter::once(Cell::new(name)).chain(figures).collect()
}

fn kind_name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Learned => "learned",
        PolicyKind::Scripted => "scripted",
        PolicyKind::Random => "random",
        PolicyKind::Oracle => "oracle",
    }
}

/// A share in per cent with its interval: `50.0 [15.0, 85.0]`.
fn share(share: f64, [low, high]: [f64; 2]) -> String {
    format!("{:.1} [{:.1}, {:.1}]", 100.0 * share, 100.0 * low, 100.0 * high)
}

/// The same to hundredths: `98.82 [98.61, 99.03]`.
fn share_to_hundredths(share: f64, [low, high]: [f64; 2]) -> String {
    format!("{:.2} [{:.2}, {:.2}]", 100.0 * share, 100.0 * low, 100.0 * high)
}

/// A median with its 5 % and 95 % quantiles: `12.3 (4.50 to 1240)`.
fn spread(median: f64, [low, high]: [f64; 2]) -> String {
    format!("{} ({} to {})", three_digits(median), three_digits(low), three_digits(high))
}

/// Three significant digits where there are that many, never fewer than the whole part.
fn three_digits(value: f64) -> String {
    match value.abs() {
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::figures::PlayedPolicy;
    use crate::sim::Outcome;

    fn figures() -> Vec<PolicyFigures> {
        let episodes = |successes: u64| -> Vec<EpisodeResult> {
            (0..10)
                .map(|seed| EpisodeResult {
                    seed,
                    outcome: if seed < successes { Outcome::Success } else { Outcome::Escape },
                    duration_s: 1200.0,
                    delta_v_m_s: 12.34,
                    closest_approach_m: 0.456,
                    overspeed_s: 0.0,
                    episode_return: 0.0,
                    decisions: 30,
                    behaviour: if seed < 5 { "coast" } else { "evade" }.to_owned(),
                    goal_share: None,
                    scores: Default::default(),
                })
                .collect()
        };
        let (learned, scripted) = (episodes(10), episodes(0));
        let played = |name, kind, episodes| PlayedPolicy { name, kind, episodes };
        let policies = [
            played("docking", PolicyKind::Learned, learned.as_slice()),
            played("two_impulse", PolicyKind::Scripted, scripted.as_slice()),
        ];
        PolicyFigures::compare(&policies, 1).unwrap()
    }

    #[test]
    fn the_policy_table_shows_every_figure_once() {
        let text = policy_table(&figures());
        let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
        let words = |line: String| line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            words(row("docking")),
            "docking learned 10 100.0 [72.2, 100.0] +100.0 [+100.0, +100.0] 12.3 (12.3 to 12.3) 1200 (1200 to 1200) \
             0.46 (0.46 to 0.46)"
        );
        assert_eq!(
            words(row("two_impulse")),
            "two_impulse scripted 10 0.0 [0.0, 27.8] 12.3 (12.3 to 12.3) 1200 (1200 to 1200) 0.46 (0.46 to 0.46)"
        );
        let widths: BTreeSet<usize> = text.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width <= 160), "{text}");
    }

    #[test]
    fn the_behaviour_table_has_a_row_a_behaviour() {
        let mut figures = figures();
        figures[1].success_by_behaviour.remove("evade");
        let text = behaviour_table(&figures);
        let words: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert!(words.contains(&"success % against docking two_impulse".to_owned()), "{text}");
        assert!(words.contains(&"coast 100.0 [56.6, 100.0] of 5 0.0 [0.0, 43.4] of 5".to_owned()), "{text}");
        assert!(words.contains(&"evade 100.0 [56.6, 100.0] of 5".to_owned()), "{text}");
    }

    #[test]
    fn no_policies_give_a_header_and_nothing_more() {
        assert!(policy_table(&[]).contains("success"));
        assert!(behaviour_table(&[]).contains("success"));
    }

    #[test]
    fn figures_keep_three_digits_across_sizes() {
        let shown = [0.0, 0.456, 9.994, 9.996, 99.94, 99.96, 12_345.6, -3.0].map(three_digits);
        assert_eq!(shown, ["0.00", "0.46", "9.99", "10.0", "99.9", "100", "12346", "-3.00"]);
    }

    #[test]
    fn the_kind_is_called_as_in_json() {
        for kind in [PolicyKind::Learned, PolicyKind::Scripted, PolicyKind::Random, PolicyKind::Oracle] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind_name(kind));
        }
    }
}
