//! Choice of a device at run time, without a panic where it is not there.

use std::fmt;
use std::str::FromStr;

/// The backend that trains and runs on the CPU.
pub type Cpu = burn::backend::Flex;

/// A device that the user can name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The CPU: always there.
    #[default]
    Cpu,
    /// An NVIDIA GPU, in a build with the feature `cuda`.
    Cuda,
    /// A Vulkan, Metal or DirectX device, in a build with the feature `wgpu`.
    Wgpu,
}

/// Why a device cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No device has this name.
    #[error("unknown device `{0}`, expected one of cpu, cuda, wgpu")]
    Unknown(String),
    /// The build leaves it out.
    #[error("this build has no {0} support: build with `cargo build --release --features {0}`")]
    NotBuilt(DeviceChoice),
    /// A library that its driver or toolkit brings is absent.
    #[error("device {device} is not available: looked for {looked_for} and found none")]
    Absent {
        /// The device.
        device: DeviceChoice,
        /// The libraries, by the names that were tried.
        looked_for: String,
    },
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Wgpu => "wgpu",
        })
    }
}

impl FromStr for DeviceChoice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda),
            "wgpu" => Ok(Self::Wgpu),
            other => Err(DeviceError::Unknown(other.to_owned())),
        }
    }
}

/// Libraries without which a device cannot be: each group needs one of its names.
fn needed(device: DeviceChoice) -> &'static [&'static [&'static str]] {
    match device {
        DeviceChoice::Cpu => &[],
        DeviceChoice::Cuda => {
            &[&["libcuda.so.1", "libcuda.so"], &["libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11"]]
        }
        DeviceChoice::Wgpu => &[&["libvulkan.so.1", "libvulkan.so"]],
    }
}

impl DeviceChoice {
    /// Every device, in order.
    pub const ALL: [Self; 3] = [Self::Cpu, Self::Cuda, Self::Wgpu];

    /// Whether this build has the device's backend.
    #[must_use]
    pub fn is_built(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Wgpu => cfg!(feature = "wgpu"),
        }
    }

    /// Checks that the device can be used, before anything of its backend runs (which would panic where it is absent).
    ///
    /// # Errors
    /// When the build leaves it out or a library that it needs cannot be found.
    pub fn probe(self) -> Result<(), DeviceError> {
        if !self.is_built() {
            return Err(DeviceError::NotBuilt(self));
        }
        if !cfg!(target_os = "linux") {
            return Ok(());
        }
        for names in needed(self) {
            if !names.iter().any(|name| library_is_there(name)) {
                return Err(DeviceError::Absent { device: self, looked_for: names.join(" or ") });
            }
        }
        Ok(())
    }
}

/// Whether the dynamic linker would find a library: in the directories that it searches, or in its cache.
fn library_is_there(name: &str) -> bool {
    let listed = |variable: &str| std::env::var_os(variable).unwrap_or_default();
    let search = listed("LD_LIBRARY_PATH");
    let toolkit = listed("CUDA_PATH");
    let fixed = ["/usr/lib64", "/usr/lib", "/lib64", "/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
    let mut directories: Vec<std::path::PathBuf> = std::env::split_paths(&search).collect();
    directories.extend(["lib64", "lib"].map(|library| std::path::Path::new(&toolkit).join(library)));
    directories.extend(["/usr/local/cuda/lib64", "/opt/cuda/lib64"].map(Into::into));
    directories.extend(fixed.map(Into::into));
    let in_cache = || {
        std::fs::read("/etc/ld.so.cache")
            .is_ok_and(|cache| cache.windows(name.len()).any(|window| window == name.as_bytes()))
    };
    directories.iter().any(|directory| directory.join(name).exists()) || in_cache()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_device_is_an_error_that_says_what_was_looked_for() {
        assert!(DeviceChoice::Cpu.probe().is_ok());
        for device in [DeviceChoice::Cuda, DeviceChoice::Wgpu] {
            if let Err(error) = device.probe() {
                let text = error.to_string();
                let expected = if device.is_built() { "looked for lib" } else { "--features" };
                assert!(text.contains(expected), "{text}");
            }
        }
        assert_eq!(
            "tpu".parse::<DeviceChoice>().unwrap_err().to_string(),
            "unknown device `tpu`, expected one of cpu, cuda, wgpu"
        );
    }
}
