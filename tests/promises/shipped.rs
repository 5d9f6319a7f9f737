//! What the promises about episodes share: the shipped scenarios, listed seeds, and pools of threads.

use std::path::{Path, PathBuf};

use astroshield::scenario::Scenario;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::sim::seeds::SeedDomain;

/// The scenario files in `scenarios/`, in order of name.
pub(crate) fn files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = std::fs::read_dir(directory).expect("the scenarios are there");
    let files = entries.map(|entry| entry.expect("it can be read").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "ron")).collect();
    files.sort();
    files
}

/// Every shipped scenario.
pub(crate) fn scenarios() -> Vec<Scenario> {
    files().iter().map(load).collect()
}

/// The shipped scenario of this name.
pub(crate) fn scenario(name: &str) -> Scenario {
    load(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.ron")))
}

fn load(path: impl AsRef<Path>) -> Scenario {
    Scenario::load(&path).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// Episodes 0 of arenas 0 to `count`.
pub(crate) fn seeds(domain: SeedDomain, count: u64) -> Vec<EpisodeSeed> {
    (0..count).map(|arena| EpisodeSeed { run: 7, domain, arena, episode: 0 }).collect()
}

/// What `work` gives in a pool of this many threads.
pub(crate) fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started").install(work)
}
