//! The tables that people read of classifiers.

use super::clusters::Estimate;
use super::confusion::ConfusionMatrix;
use super::earliness::Earliness;
use super::figures::ClassificationFigures;
use crate::eval::table::{row, table};

/// A classifier a row: accuracy, macro-F1, the least recall with its class, calibration.
#[must_use]
pub fn classifier_table(classifiers: &[(&str, &ClassificationFigures)], class_names: &[&str]) -> String {
    let mut table = table(&[
        "classifier",
        "windows",
        "episodes",
        "accuracy % [95 % CI]",
        "macro-F1 % [95 % CI]",
        "least recall % [95 % CI]",
        "of class",
        "ECE % [95 % CI]",
        "NLL nats [95 % CI]",
    ]);
    for (name, figures) in classifiers {
        let least = figures.least_recall();
        let loss = figures.negative_log_likelihood;
        table.add_row(row(
            name,
            [
                figures.rows.to_string(),
                figures.episodes.to_string(),
                percent(figures.accuracy),
                percent(figures.macro_f1),
                least.map_or_else(String::new, |(_, recall)| percent(recall)),
                least.map_or_else(String::new, |(class, _)| name_of(class_names, class)),
                percent(figures.expected_calibration_error),
                format!("{:.3} [{:.3}, {:.3}]", loss.value, loss.ci95[0], loss.ci95[1]),
            ],
        ));
    }
    table.trim_fmt()
}

/// A class a row: its windows, recall, precision, and what it is most often taken for.
#[must_use]
pub fn class_table(figures: &ClassificationFigures, class_names: &[&str]) -> String {
    let mut table = table(&["class", "windows", "recall % [95 % CI]", "precision % [95 % CI]", "most often taken for"]);
    for class in 0..figures.confusion.classes() {
        let told = |estimate: Option<Estimate>| estimate.map_or_else(String::new, percent);
        table.add_row(row(
            &name_of(class_names, class),
            [
                figures.confusion.rows_of(class).to_string(),
                told(figures.recall[class]),
                told(figures.precision[class]),
                most_often_taken_for(&figures.confusion, class, class_names),
            ],
        ));
    }
    table.trim_fmt()
}

/// Accuracy by how much of an encounter was seen, a row a bin.
#[must_use]
pub fn earliness_table(earliness: &Earliness) -> String {
    let mut table = table(&[earliness.seen.name(), "windows", "accuracy % [95 % CI]"]);
    for bin in &earliness.bins {
        let accuracy = bin.accuracy.map_or_else(String::new, percent);
        table.add_row(row(&earliness.seen.label(bin), [bin.rows.to_string(), accuracy]));
    }
    table.trim_fmt()
}

/// `inspection 3.1 %`; empty where the class was never mistaken.
fn most_often_taken_for(confusion: &ConfusionMatrix, class: usize, class_names: &[&str]) -> String {
    let others = (0..confusion.classes()).filter(|given| *given != class);
    // The first of equals.
    match others.rev().max_by_key(|given| confusion.counts[class][*given]) {
        Some(given) if confusion.counts[class][given] > 0 => {
            let share = confusion.share(class, given).unwrap_or_default();
            format!("{} {:.1} %", name_of(class_names, given), 100.0 * share)
        }
        _ => String::new(),
    }
}

fn name_of(class_names: &[&str], class: usize) -> String {
    class_names.get(class).map_or_else(|| class.to_string(), |name| (*name).to_owned())
}

/// `95.1 [94.2, 95.9]`, in percent.
pub(in crate::eval) fn percent(Estimate { value, ci95: [low, high] }: Estimate) -> String {
    format!("{:.1} [{:.1}, {:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
}

#[cfg(test)]
mod tests {
    use super::super::earliness::Seen;
    use super::super::tests::judged;
    use super::*;

    #[test]
    fn tables_tell_what_was_measured() {
        let judged = judged();
        let figures = ClassificationFigures::of(&judged).unwrap();
        let names = ["calm", "storm", "fog"];
        let all = classifier_table(&[("network", &figures), ("majority", &figures)], &names);
        assert!(all.contains("70.0 [") && all.contains("66.7 [") && all.contains("storm"), "{all}");
        let classes = class_table(&figures, &names);
        let fog = classes.lines().find(|line| line.contains("fog") && line.contains("66.7 [")).unwrap();
        assert!(fog.contains("storm 33.3 %"), "{classes}");
        let earliness = Earliness::of(&judged, Seen::Share, &[0.5; 10]).unwrap();
        let told = earliness_table(&earliness);
        let line = told.lines().find(|line| line.contains("50-60")).unwrap();
        assert!(line.contains("10") && line.contains("70.0 ["), "{told}");
    }
}
