//! What do a spacecraft's systems cost? A segment in low orbit without them, with them, and under attack.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::cyber_spoofing::CyberSpoofing;
use astroshield::sim::behaviours::downlink_jamming::DownlinkJamming;
use astroshield::sim::behaviours::laser_dazzle::LaserDazzle;
use astroshield::sim::behaviours::uplink_jamming::UplinkJamming;
use astroshield::sim::bus::BusConfig;
use astroshield::sim::bus::attitude::PointingMode;
use astroshield::sim::shard::Shard;
use rig::{in_turn, pair, seeds};

const ARENAS: usize = 256;
const SEGMENTS: usize = 20;
const ROUNDS: usize = 21;

/// A target with systems or without, and a chaser that does this.
fn shard(pointing: Option<PointingMode>, chaser: Option<BehaviourConfig>) -> Shard {
    let mut template = pair(false, 1, 1e12);
    template.slots[0].bus = pointing.map(|pointing| BusConfig { pointing, ..BusConfig::default() });
    if let Some(behaviour) = chaser {
        template.slots[1].behaviours = vec![behaviour];
    }
    Shard::new(&template, &seeds(ARENAS))
}

fn main() {
    println!("a segment of 10 s, {ARENAS} arenas of a target and a chaser in one shard, one thread");
    println!("{:>28}  {:>10}  {:>14}", "the target", "ns/segment", "ns for systems");
    let (nadir, target) = (Some(PointingMode::Nadir), Some(PointingMode::Target));
    // Of threats the chaser's own view and decision count too; without systems they cost that alone.
    for (name, pointing, chaser) in [
        ("without systems, again", None, None),
        ("nadir", nadir, None),
        ("pointing at the chaser", target, None),
        ("its uplink jammed", nadir, Some(BehaviourConfig::UplinkJamming(UplinkJamming::default()))),
        ("downlink or GNSS jammed", nadir, Some(BehaviourConfig::DownlinkJamming(DownlinkJamming::default()))),
        ("dazzled", target, Some(BehaviourConfig::LaserDazzle(LaserDazzle::default()))),
        ("spoofed", nadir, Some(BehaviourConfig::CyberSpoofing(CyberSpoofing::default()))),
    ] {
        let (mut without, mut with) = (shard(None, chaser.clone()), shard(pointing, chaser));
        let [without_s, with_s, _] = in_turn(
            ROUNDS,
            || (0..SEGMENTS).for_each(|_| without.advance()),
            || (0..SEGMENTS).for_each(|_| with.advance()),
        );
        let ns = |seconds: f64| seconds / (ARENAS * SEGMENTS) as f64 * 1e9;
        println!("{name:>28}  {:>10.0}  {:>14.0}", ns(with_s), ns(with_s - without_s));
    }
}
