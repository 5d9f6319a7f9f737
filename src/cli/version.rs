//! `--version`: version, commit, features, devices found.

use crate::models::device::DeviceChoice;

/// What `--version` prints.
pub(super) fn text() -> String {
    let commit = option_env!("ASTROSHIELD_COMMIT").unwrap_or("unknown");
    let features: Vec<&str> = [("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu"))]
        .into_iter()
        .filter_map(|(name, on)| on.then_some(name))
        .collect();
    let features = if features.is_empty() { "none beyond the default".to_owned() } else { features.join(", ") };
    let mut text = format!("astroshield {}\ncommit:   {commit}\nfeatures: {features}\n", env!("CARGO_PKG_VERSION"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    text.push_str(&format!("simd:     {:?}\ndevices:\n  cpu: {threads} threads\n", pulp::Arch::new()));
    for device in DeviceChoice::ALL.into_iter().skip(1) {
        let found = match device.probe() {
            Ok(()) => "found".to_owned(),
            Err(error) => error.to_string(),
        };
        text.push_str(&format!("  {device}: {found}\n"));
    }
    text
}
