//! The progress of a training run on stderr: a bar on a terminal, a plain line every ten seconds elsewhere.

use std::fmt;
use std::time::Instant;

use super::progress_display::ProgressDisplay;

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Environment steps so far, those before a resume included.
    pub step: u64,
    /// Environment steps a second.
    pub steps_per_s: f64,
    /// Mean return of recent episodes; `None` before the first has ended.
    pub episode_return: Option<f64>,
    /// Share of recent episodes that succeeded, 0 to 1; `None` before the first has ended.
    pub success_rate: Option<f64>,
    /// Mean Δv of recent episodes [m/s]; `None` before the first has ended.
    pub delta_v_m_s: Option<f64>,
}

impl Figures {
    /// One line: steps of `total_steps`, rate, return, success, Δv, time to go.
    #[must_use]
    pub fn line(&self, total_steps: u64) -> String {
        let mut line =
            format!("{}/{} steps  {}/s", Count(self.step as f64), Count(total_steps as f64), Count(self.steps_per_s));
        if let Some(episode_return) = self.episode_return {
            line += &format!("  return {episode_return:.2}");
        }
        if let Some(success_rate) = self.success_rate {
            line += &format!("  success {:.1} %", 100.0 * success_rate);
        }
        if let Some(delta_v_m_s) = self.delta_v_m_s {
            line += &format!("  Δv {delta_v_m_s:.2} m/s");
        }
        let remaining_s = total_steps.saturating_sub(self.step) as f64 / self.steps_per_s;
        if remaining_s.is_finite() && remaining_s > 0.0 {
            line += &format!("  ETA {}", Span(remaining_s));
        }
        line
    }
}

/// A count in four characters or so: `9999`, `48.2k`, `1.20M`.
pub(super) struct Count(pub(super) f64);

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            // The limits lie where rounding would show 1000.0k.
            count if count < 9_999.5 => write!(formatter, "{count:.0}"),
            count if count < 999_950.0 => write!(formatter, "{:.1}k", count / 1e3),
            count if count < 999_995_000.0 => write!(formatter, "{:.2}M", count / 1e6),
            count => write!(formatter, "{:.2}G", count / 1e9),
        }
    }
}

/// A time \[s\] in its two largest units: `42s`, `1m 05s`, `3h 20m`, `2d 04h`.
pub(super) struct Span(pub(super) f64);

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.round() as u64;
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(formatter, "{seconds}s"),
            (0, 0, _) => write!(formatter, "{minutes}m {:02}s", seconds % 60),
            (0, _, _) => write!(formatter, "{hours}h {:02}m", minutes % 60),
            _ => write!(formatter, "{days}d {:02}h", hours % 24),
        }
    }
}

/// Shows how a run goes: a bar on a terminal, elsewhere a plain line every ten seconds.
#[derive(Debug)]
pub struct Progress {
    total_steps: u64,
    display: ProgressDisplay,
}

impl Progress {
    /// Begins to show a run of `total_steps` environment steps; nothing at all where `quiet`.
    #[must_use]
    pub fn new(total_steps: u64, quiet: bool) -> Self {
        Self { total_steps, display: ProgressDisplay::new(total_steps, quiet) }
    }

    /// Shows the newest figures: the bar at once, a line only when ten seconds have passed since the last.
    pub fn update(&mut self, figures: &Figures) {
        self.update_at(figures, Instant::now());
    }

    fn update_at(&mut self, figures: &Figures, now: Instant) {
        self.display.show_at(figures.step, figures.line(self.total_steps), now);
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

    impl Screen {
        fn progress(&self, total_steps: u64) -> Progress {
            Progress { total_steps, display: ProgressDisplay::lines(self.clone()) }
        }

        fn lines(&self) -> Vec<String> {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap().lines().map(str::to_owned).collect()
        }
    }

    fn at_step(step: u64) -> Figures {
        Figures { step, steps_per_s: 100.0, ..Figures::default() }
    }

    #[test]
    fn a_line_tells_all_figures() {
        let figures = Figures {
            step: 1_204_224,
            steps_per_s: 48_211.0,
            episode_return: Some(3.414),
            success_rate: Some(0.6203),
            delta_v_m_s: Some(1.2345),
        };
        assert_eq!(
            figures.line(5_000_000),
            "1.20M/5.00M steps  48.2k/s  return 3.41  success 62.0 %  Δv 1.23 m/s  ETA 1m 19s"
        );
    }

    #[test]
    fn figures_that_are_not_known_are_left_out() {
        assert_eq!(Figures::default().line(1000), "0/1000 steps  0/s");
        // Past its end, as the last rollout of a run may be.
        assert_eq!(at_step(2000).line(1000), "2000/1000 steps  100/s");
    }

    #[test]
    fn counts_and_times_change_their_unit_without_a_seam() {
        let counts = [9_999.0, 10_000.0, 999_949.0, 999_951.0, 999_994_999.0, 999_996_000.0];
        let shown = counts.map(|count| Count(count).to_string());
        assert_eq!(shown, ["9999", "10.0k", "999.9k", "1.00M", "999.99M", "1.00G"]);
        let times = [0.4, 59.4, 59.6, 3599.0, 3600.0, 86_399.0, 90_000.0].map(|seconds| Span(seconds).to_string());
        assert_eq!(times, ["0s", "59s", "1m 00s", "59m 59s", "1h 00m", "23h 59m", "1d 01h"]);
    }

    #[test]
    fn off_a_terminal_a_line_comes_every_ten_seconds_and_at_the_end() {
        let screen = Screen::default();
        let mut progress = screen.progress(1000);
        let start = Instant::now();
        for second in 0..=25 {
            progress.update_at(&at_step(second * 10), start + Duration::from_secs(second));
        }
        progress.message("checkpoint step_250");
        progress.finish();
        progress.finish();
        let lines = screen.lines();
        let begins: Vec<_> = lines.iter().map(|line| line.split("  ").next().unwrap()).collect();
        let expected = ["0/1000 steps", "100/1000 steps", "200/1000 steps", "checkpoint step_250", "250/1000 steps"];
        assert_eq!(begins, expected);
    }

    #[test]
    fn what_was_just_shown_is_not_shown_again_at_the_end() {
        let screen = Screen::default();
        let mut progress = screen.progress(10);
        progress.finish();
        progress.update(&at_step(10));
        progress.finish();
        assert_eq!(screen.lines().len(), 1);
    }

    #[test]
    fn quiet_has_no_output_at_all() {
        let mut progress = Progress::new(10, true);
        progress.update(&at_step(1));
        progress.message("text");
        progress.finish();
        assert!(progress.display.is_quiet());
    }
}
