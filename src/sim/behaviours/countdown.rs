//! Something that a behaviour does once, a while after it has begun.

use super::Memory;

/// Places in the scratch of the memory; a behaviour that counts down keeps off them.
const BEGUN: usize = 0;
const DUE_S: usize = 1;
const DONE: usize = 2;
/// The first place that is free.
pub(super) const FIRST_FREE: usize = 3;

/// Whether it is to be done now: at the first call at or after `delay_s` from the first call of all.
pub(super) fn fires(memory: &mut Memory, delay_s: f64, now_s: f64) -> bool {
    let scratch = &mut memory.scratch;
    if scratch[BEGUN] == 0.0 {
        (scratch[BEGUN], scratch[DUE_S]) = (1.0, now_s + delay_s);
    }
    let due = scratch[DONE] == 0.0 && now_s >= scratch[DUE_S];
    if due {
        scratch[DONE] = 1.0;
    }
    due
}

/// Whether it has been done.
pub(super) fn is_done(memory: &Memory) -> bool {
    memory.scratch[DONE] != 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_the_first_call_and_fires_once() {
        let mut memory = Memory::default();
        let fired: Vec<f64> = (0..20)
            .map(|step| 700.0 + 10.0 * f64::from(step))
            .filter(|now_s| fires(&mut memory, 55.0, *now_s))
            .collect();
        assert_eq!(fired, [760.0]);
        assert!(is_done(&memory));
    }
}
