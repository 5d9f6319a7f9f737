//! The tables that people read of risk.

use super::figures::RiskFigures;
use crate::eval::classification::clusters::Estimate;
use crate::eval::classification::rates::AlarmRates;
use crate::eval::classification::tables::percent;
use crate::eval::table::{row, table};
use crate::models::risk::level::RiskLevel;

/// A set of windows a row: how often it is rated HIGH or above where harm comes, and where it does not.
#[must_use]
pub fn risk_table(sets: &[(&str, &RiskFigures)]) -> String {
    alarm_table("windows", sets.iter().map(|(name, figures)| (*name, &figures.rates)))
}

/// A class a row, of all its windows: how often it is rated HIGH or above where harm comes, and where it does not.
#[must_use]
pub fn risk_by_class_table(figures: &RiskFigures) -> String {
    alarm_table("class", figures.by_class.iter().map(|of| (of.class.name(), &of.rates)))
}

/// A kind of window a row, a level a column: how many there are.
#[must_use]
pub fn level_table(figures: &RiskFigures) -> String {
    let levels = RiskLevel::ALL.map(RiskLevel::name);
    let mut table = table(&[&["windows"], levels.as_slice()].concat());
    for (kind, counts) in ["harmless", "with harm", "hostile without harm"].iter().zip(&figures.levels) {
        table.add_row(row(kind, counts.iter().map(u64::to_string)));
    }
    table.trim_fmt()
}

/// A bin of scores a row: whether harm is as frequent as it is said to be.
#[must_use]
pub fn score_table(figures: &RiskFigures) -> String {
    let mut table = table(&["score", "windows", "mean score %", "harmed %"]);
    for bin in &figures.calibration {
        let percent = |share: Option<f64>| share.map_or_else(String::new, |share| format!("{:.1}", 100.0 * share));
        let name = format!("{:.1}-{:.1}", bin.from, bin.to);
        table.add_row(row(&name, [bin.rows.to_string(), percent(bin.mean_score), percent(bin.harmed_share)]));
    }
    table.trim_fmt()
}

fn alarm_table<'a>(what: &str, rows: impl Iterator<Item = (&'a str, &'a AlarmRates)>) -> String {
    let mut table = table(&[what, "with harm", "true positives % [95 % CI]", "without", "false positives % [95 % CI]"]);
    let told = |estimate: Option<Estimate>| estimate.map_or_else(String::new, percent);
    for (name, rates) in rows {
        table.add_row(row(
            name,
            [
                rates.harmful.to_string(),
                told(rates.true_positive_rate),
                rates.harmless.to_string(),
                told(rates.false_positive_rate),
            ],
        ));
    }
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::super::figures::tests::figures;
    use super::*;

    #[test]
    fn tables_tell_what_was_measured() {
        let figures = figures();
        let line = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(name)).expect(name);
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let test = line(&risk_table(&[("test", &figures)]), "test");
        assert!(test.starts_with("test 450 100.0 [") && test.contains(" 1200 0.0 [0.0, "), "{test}");
        let nominal = line(&risk_by_class_table(&figures), "nominal");
        assert!(nominal.starts_with("nominal 0 600 0.0 ["), "{nominal}");
        let levels = level_table(&figures);
        let harmful = line(&levels, "with harm");
        let counts: u64 = harmful.split(' ').filter_map(|word| word.parse::<u64>().ok()).sum();
        assert_eq!(counts, 450, "{levels}");
        let scores = score_table(&figures);
        assert!(line(&scores, "0.7-0.8").contains("75.0"), "{scores}");
    }
}
