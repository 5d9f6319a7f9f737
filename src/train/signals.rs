//! Ctrl-C and SIGTERM: the first asks for an orderly stop, the second ends the process at once.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A request to stop at the next good moment, after a checkpoint. Clones share the request.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    requested: Arc<AtomicBool>,
}

/// The one flag of this process that signals set; `None` until the first [`Interrupt::install`].
static INSTALLED: Mutex<Option<Interrupt>> = Mutex::new(None);

impl Interrupt {
    /// From now on the first SIGINT or SIGTERM requests a stop, and a second one of either ends the process at once with
    /// exit status 130 or 143 (128 + the signal's number, as shells tell it).
    ///
    /// Further calls return the same request and install nothing.
    /// Errors: the system refuses to install a handler.
    pub fn install() -> io::Result<Self> {
        let mut installed = INSTALLED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(interrupt) = installed.as_ref() {
            return Ok(interrupt.clone());
        }
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // The actions of a signal run in this order: the first signal finds no request, and leaves one.
            flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&interrupt.requested))?;
            flag::register(signal, Arc::clone(&interrupt.requested))?;
        }
        *installed = Some(interrupt.clone());
        Ok(interrupt)
    }

    /// A request that no signal makes, for callers that stop a run themselves ([`Interrupt::request`]).
    #[must_use]
    pub fn detached() -> Self {
        Self::default()
    }

    /// Whether a stop was requested.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// Requests a stop, as a first signal does.
    pub fn request(&self) {
        self.requested.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use signal_hook::low_level::raise;

    use super::*;

    /// Set to a signal's number in the child process in which signals are raised.
    const CHILD: &str = "ASTROSHIELD_TEST_SIGNAL";

    /// Runs one test of this module in a process of its own and returns its exit status.
    fn status_of(test: &str, signal: i32) -> Option<i32> {
        let module = module_path!();
        let name = format!("{}::{test}", module.split_once("::").unwrap().1);
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name])
            .env(CHILD, signal.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap()
            .code()
    }

    fn signal_to_raise() -> Option<i32> {
        std::env::var(CHILD).ok()?.parse().ok()
    }

    /// What the child exits with when the first signal did what it should: not 0, which a test that was never run gives.
    const FIRST_SIGNAL_SEEN: i32 = 42;

    #[test]
    fn the_first_signal_requests_a_stop_however_often_it_was_installed() {
        let Some(signal) = signal_to_raise() else {
            for signal in [SIGINT, SIGTERM] {
                let status = status_of("the_first_signal_requests_a_stop_however_often_it_was_installed", signal);
                assert_eq!(status, Some(FIRST_SIGNAL_SEEN), "signal {signal}");
            }
            return;
        };
        let first = Interrupt::install().unwrap();
        let second = Interrupt::install().unwrap();
        assert!(!first.requested() && !second.requested());
        raise(signal).unwrap();
        assert!(first.requested() && second.requested());
        assert!(Interrupt::install().unwrap().requested());
        assert!(!Interrupt::detached().requested());
        std::process::exit(FIRST_SIGNAL_SEEN);
    }

    #[test]
    fn the_second_signal_ends_the_process_at_once() {
        let Some(signal) = signal_to_raise() else {
            for (signal, expected) in [(SIGINT, 130), (SIGTERM, 143)] {
                assert_eq!(status_of("the_second_signal_ends_the_process_at_once", signal), Some(expected));
            }
            return;
        };
        Interrupt::install().unwrap();
        let other = if signal == SIGINT { SIGTERM } else { SIGINT };
        raise(other).unwrap();
        raise(signal).unwrap();
        unreachable!("the second signal came back");
    }

    #[test]
    fn clones_share_a_request_and_detached_ones_do_not() {
        let interrupt = Interrupt::detached();
        let clone = interrupt.clone();
        clone.request();
        assert!(interrupt.requested());
        assert!(!Interrupt::detached().requested());
    }
}
