//! What acts from afar keeps its station meanwhile, as nominal traffic does, so that its motion tells nothing.

use super::nominal::Nominal;
use super::{Act, Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::emission::Emission;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Place of an emitter's own numbers in the scratch memory; what stands before is the station keeping's.
const OWN: usize = 8;

/// Memory of the station keeping that nominal traffic draws, with an emitter's own numbers, eight at most, beside it.
pub(super) fn begin(numbers: &[f64], generator: &mut Generator) -> Memory {
    let mut memory = Nominal::default().begin(generator);
    memory.scratch[OWN..OWN + numbers.len()].copy_from_slice(numbers);
    memory
}

/// The numbers that [`begin`] was given.
pub(super) fn numbers(memory: &mut Memory) -> &mut [f64; 8] {
    memory.scratch.last_chunk_mut().expect("the scratch has more than eight places")
}

/// The station keeping's acceleration, own RTN [m/s²]; an emitter without thrusters coasts.
pub(super) fn keep_station(view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
    if view.own.max_acceleration_m_s2 <= 0.0 {
        return Vector3::zeros();
    }
    Nominal::default().accelerate(view, memory, generator)
}

/// Station keeping, and what is sent at the target, if there is one that `emit` sends anything at.
pub(super) fn act(
    view: &View,
    memory: &mut Memory,
    generator: &mut Generator,
    emit: impl FnOnce(&Track, &mut [f64; 8]) -> Option<Emission>,
) -> Act {
    let emission = view.target().and_then(|target| emit(target, numbers(memory)));
    let emission = emission.unwrap_or_default();
    Act { acceleration_rtn_m_s2: keep_station(view, memory, generator), emission, ..Act::default() }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn it_moves_as_nominal_traffic_of_the_same_draws() {
        let mut view = Duel::two_body([30.0, -4_000.0, 200.0], [0.1, 0.05, -0.1]).pursuer_view();
        let mut generators = [5, 5].map(Generator::seed_from_u64);
        let [first, second] = &mut generators;
        let mut emitter = begin(&[1.0, 2.0, 3.0], first);
        let mut neighbour = Nominal::default().begin(second);
        for segment in 0..50 {
            view.time_s = f64::from(segment) * view.segment_s;
            let kept = keep_station(&view, &mut emitter, first);
            assert_eq!(kept, Nominal::default().accelerate(&view, &mut neighbour, second));
        }
        assert_eq!(numbers(&mut emitter)[..3], [1.0, 2.0, 3.0]);
        view.own.max_acceleration_m_s2 = 0.0;
        assert_eq!(keep_station(&view, &mut emitter, first), Vector3::zeros());
    }
}
