//! The progress of a fit to a data set on stderr: a bar on a terminal, a plain line every ten seconds and at the end elsewhere.

use std::time::Instant;

use super::progress::{Count, Span};
use super::progress_display::ProgressDisplay;

/// How a fit stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochFigures {
    /// Epoch that is being learned from, from 1.
    pub epoch: u64,
    /// Rows of all epochs that were learned from, those before a resume included.
    pub rows: u64,
    /// Rows a second.
    pub rows_per_s: f64,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// What the fit is judged by, with its name; `None` before it was judged.
    pub metric: Option<(&'static str, f64)>,
}

/// How long a fit is at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochPlan {
    /// Epochs.
    pub epochs: u64,
    /// Rows of an epoch.
    pub rows_per_epoch: u64,
}

impl EpochPlan {
    fn rows(&self) -> u64 {
        self.epochs.saturating_mul(self.rows_per_epoch)
    }

    /// One line: epoch, loss, metric, rate, time to go if no patience ends it earlier.
    #[must_use]
    pub fn line(&self, figures: &EpochFigures) -> String {
        let mut line = format!("epoch {}/{}  loss {:.4}", figures.epoch, self.epochs, figures.loss);
        if let Some((name, value)) = figures.metric {
            line += &format!("  {name} {value:.4}");
        }
        line += &format!("  {} rows/s", Count(figures.rows_per_s));
        let remaining_s = self.rows().saturating_sub(figures.rows) as f64 / figures.rows_per_s;
        if remaining_s.is_finite() && remaining_s > 0.0 {
            line += &format!("  ETA {}", Span(remaining_s));
        }
        line
    }
}

/// Shows how a fit goes: a bar on a terminal, elsewhere a plain line every ten seconds and at the end.
#[derive(Debug)]
pub struct EpochProgress {
    plan: EpochPlan,
    display: ProgressDisplay,
}

impl EpochProgress {
    /// Begins to show a fit; nothing at all where `quiet`.
    #[must_use]
    pub fn new(plan: EpochPlan, quiet: bool) -> Self {
        Self { plan, display: ProgressDisplay::new(plan.rows(), quiet) }
    }

    /// Shows the newest figures: the bar at once, a line only when ten seconds have passed since the last.
    pub fn update(&mut self, figures: &EpochFigures) {
        self.update_at(figures, Instant::now());
    }

    fn update_at(&mut self, figures: &EpochFigures, now: Instant) {
        self.display.show_at(figures.rows, self.plan.line(figures), now);
    }

    /// Says something beside the figures, on a line of its own.
    pub fn message(&mut self, text: &str) {
        self.display.message(text);
    }

    /// Leaves the last figures standing. Further calls show them no second time.
    pub fn finish(&mut self) {
        self.display.finish();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const PLAN: EpochPlan = EpochPlan { epochs: 10, rows_per_epoch: 1_000 };

    fn at(rows: u64) -> EpochFigures {
        EpochFigures { epoch: rows / 1_000 + 1, rows, rows_per_s: 100.0, loss: 0.5, metric: None }
    }

    #[test]
    fn a_line_tells_all_figures_and_leaves_out_what_is_not_known() {
        let figures = EpochFigures { metric: Some(("validation", 0.034_56)), rows_per_s: 20_500.0, ..at(3_000) };
        assert_eq!(PLAN.line(&figures), "epoch 4/10  loss 0.5000  validation 0.0346  20.5k rows/s  ETA 0s");
        assert_eq!(PLAN.line(&at(3_000)), "epoch 4/10  loss 0.5000  100 rows/s  ETA 1m 10s");
        assert_eq!(PLAN.line(&EpochFigures::default()), "epoch 0/10  loss 0.0000  0 rows/s");
    }

    #[test]
    fn off_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end() {
        let screen = Screen::default();
        let mut progress = EpochProgress { plan: PLAN, display: ProgressDisplay::lines(screen.clone()) };
        let start = Instant::now();
        for second in 0..=25 {
            progress.update_at(&at(second * 100), start + Duration::from_secs(second));
        }
        progress.message("no better for 5 epochs");
        progress.finish();
        progress.finish();
        let text = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        let begins: Vec<_> = text.lines().map(|line| line.split("  ").next().unwrap()).collect();
        assert_eq!(begins, ["epoch 1/10", "epoch 2/10", "epoch 3/10", "no better for 5 epochs", "epoch 3/10"]);
    }

    #[test]
    fn quiet_has_no_output_at_all() {
        let mut progress = EpochProgress::new(PLAN, true);
        progress.update(&at(1));
        progress.finish();
        assert!(progress.display.is_quiet());
    }
}
