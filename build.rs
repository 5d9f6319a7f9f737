//! Tells the crate the commit that it is built from, in `ASTROSHIELD_COMMIT`: its short hash, and `-dirty` where what the
//! binary is made of has been changed since. Outside a checkout, or without git, the variable stays unset; one that is set in
//! the environment of the build stands as it is.

use std::path::Path;
use std::process::Command;

/// What the binary is made of.
const SOURCES: [&str; 4] = ["src", "Cargo.toml", "Cargo.lock", "build.rs"];

fn main() {
    println!("cargo:rerun-if-env-changed=ASTROSHIELD_COMMIT");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
    }
    if std::env::var_os("ASTROSHIELD_COMMIT").is_some() || !is_own_checkout() {
        return;
    }
    // A commit moves HEAD or the branch that it points to. A missing file would make each build run this anew.
    for name in ["HEAD", "refs/heads", "packed-refs"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| Path::new(path).exists()) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return };
    let mut changes = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    changes.extend(SOURCES);
    let dirty = git(&changes).is_some_and(|changes| !changes.is_empty());
    println!("cargo:rustc-env=ASTROSHIELD_COMMIT={commit}{}", if dirty { "-dirty" } else { "" });
}

/// Whether this directory is the root of a checkout, and not a copy that lies within another project's.
fn is_own_checkout() -> bool {
    let root = git(&["rev-parse", "--show-toplevel"]).and_then(|root| Path::new(&root).canonicalize().ok());
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    root.is_some() && root == here
}

/// What git prints, trimmed; `None` where it fails or is not there.
fn git(arguments: &[&str]) -> Option<String> {
    // Without optional locks, `status` writes nothing into the checkout.
    let output = Command::new("git").args(arguments).env("GIT_OPTIONAL_LOCKS", "0").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
