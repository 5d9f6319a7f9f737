//! Where progress is shown: a bar on a terminal, a plain line every ten seconds and at the end elsewhere, all on stderr.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Time between two plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows how something long goes. What cannot be written (stderr closed) is not an error: the work matters more.
pub(super) struct ProgressDisplay {
    /// Position and line that were last told, shown or not.
    latest: Option<(u64, String)>,
    output: Output,
}

enum Output {
    Quiet,
    Bar(ProgressBar),
    Lines { writer: Box<dyn Write + Send>, last: Option<(Instant, u64)> },
}

impl fmt::Debug for ProgressDisplay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ProgressDisplay").field("latest", &self.latest).finish_non_exhaustive()
    }
}

impl ProgressDisplay {
    /// Begins to show something that ends at position `total`; nothing at all where `quiet`.
    pub(super) fn new(total: u64, quiet: bool) -> Self {
        let output = if quiet {
            Output::Quiet
        } else if io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(ProgressStyle::with_template("{bar:20} {percent:>3} %  {msg}").expect("a sound template"));
            Output::Bar(bar)
        } else {
            Output::Lines { writer: Box::new(io::stderr()), last: None }
        };
        Self { latest: None, output }
    }

    /// Plain lines into `writer`.
    #[cfg(test)]
    pub(super) fn lines(writer: impl Write + Send + 'static) -> Self {
        Self { latest: None, output: Output::Lines { writer: Box::new(writer), last: None } }
    }

    /// Whether nothing is ever shown.
    #[cfg(test)]
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self.output, Output::Quiet)
    }

    /// Shows where it is at the time `now`: the bar at once, a line only when ten seconds have passed since the last.
    pub(super) fn show_at(&mut self, position: u64, line: String, now: Instant) {
        match &mut self.output {
            Output::Quiet => {}
            Output::Bar(bar) => {
                bar.set_message(line.clone());
                bar.set_position(position);
            }
            Output::Lines { writer, last } => {
                if last.is_none_or(|(shown, _)| now.duration_since(shown) >= LINE_INTERVAL) {
                    *last = Some((now, position));
                    let _ = writeln!(writer, "{line}");
                }
            }
        }
        self.latest = Some((position, line));
    }

    /// Says something beside, on a line of its own.
    pub(super) fn message(&mut self, text: &str) {
        match &mut self.output {
            Output::Quiet => {}
            Output::Bar(bar) => bar.println(text),
            Output::Lines { writer, .. } => {
                let _ = writeln!(writer, "{text}");
            }
        }
    }

    /// Leaves the last line standing. Further calls show it no second time.
    pub(super) fn finish(&mut self) {
        match &mut self.output {
            Output::Quiet => {}
            Output::Bar(bar) => bar.abandon(),
            Output::Lines { writer, last } => {
                let Some((shown, shown_at)) = last else { return };
                if let Some((position, line)) = self.latest.as_ref().filter(|(position, _)| position != shown_at) {
                    *last = Some((*shown, *position));
                    let _ = writeln!(writer, "{line}");
                }
            }
        }
    }
}
