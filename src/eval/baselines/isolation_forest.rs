//! How few random questions part a row from all others.
//!
//! The one library for it (`extended-isolation-forest`) takes no seed, and rows of a width that is fixed when it is compiled.

use rand::seq::index;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::{AnomalyScorer, BaselineError, check_unlabelled};

/// Trees, and rows of each: those of the source, section 4.
const TREES: u64 = 100;
const SAMPLE_ROWS: usize = 256;
/// Euler's constant, of the harmonic numbers.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// Trees of random splits; a row that ends up alone early is strange.
///
/// Source: Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
#[derive(Clone, Debug)]
pub struct IsolationForest {
    width: usize,
    sample_rows: usize,
    trees: Vec<Vec<Node>>,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    /// Below the value goes to `left`, anything else to `left + 1`.
    Split { feature: u32, value: f32, left: u32 },
    /// Where so many rows were left together.
    Leaf { rows: u32 },
}

impl IsolationForest {
    /// `features`: row-major, `width` a row, all finite. The same seed gives the same forest.
    ///
    /// Errors: nothing to fit to, not a whole number of rows, a feature that is not finite.
    pub fn fit(features: &[f32], width: usize, seed: u64) -> Result<Self, BaselineError> {
        check_unlabelled(features, width)?;
        let rows = features.len() / width;
        let sample_rows = rows.min(SAMPLE_ROWS);
        let most_depth = (sample_rows as f64).log2().ceil() as usize;
        let grow = |tree: u64| {
            let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ tree);
            let mut drawn: Vec<&[f32]> = index::sample(&mut generator, rows, sample_rows)
                .into_iter()
                .map(|row| &features[row * width..][..width])
                .collect();
            let mut nodes = vec![Node::Leaf { rows: 0 }];
            split(&mut nodes, 0, &mut drawn, most_depth, &mut generator);
            nodes
        };
        Ok(Self { width, sample_rows, trees: (0..TREES).into_par_iter().map(grow).collect() })
    }
}

impl AnomalyScorer for IsolationForest {
    fn name(&self) -> &'static str {
        "isolation forest"
    }

    /// 2^(-E h / c(n)): near 1 for what is strange, below a half for what is not.
    fn scores(&self, features: &[f32]) -> Vec<f64> {
        let norm = self.trees.len() as f64 * mean_path(self.sample_rows as f64).max(1.0);
        let score = |row: &[f32]| libm::exp2(-self.trees.iter().map(|tree| path(tree, row)).sum::<f64>() / norm);
        features.par_chunks_exact(self.width).map(score).collect()
    }
}

/// Makes node `at` of these rows, and all below it.
fn split(nodes: &mut Vec<Node>, at: usize, rows: &mut [&[f32]], depth: usize, generator: &mut Xoshiro256PlusPlus) {
    nodes[at] = Node::Leaf { rows: rows.len() as u32 };
    if rows.len() < 2 || depth == 0 {
        return;
    }
    let range = |feature: usize| {
        let values = || rows.iter().map(|row| row[feature]);
        (values().fold(f32::INFINITY, f32::min), values().fold(f32::NEG_INFINITY, f32::max))
    };
    let varying: Vec<usize> = (0..rows[0].len()).filter(|feature| range(*feature).0 < range(*feature).1).collect();
    if varying.is_empty() {
        return;
    }
    let feature = varying[generator.random_range(0..varying.len())];
    let (least, greatest) = range(feature);
    // Above the least and up to the greatest, so that both sides have rows; halves first, so that nothing overflows.
    let share = generator.random_range(0.0..1.0_f32);
    let value = (least * (1.0 - share) + greatest * share).clamp(least.next_up(), greatest);
    rows.sort_by(|a, b| a[feature].total_cmp(&b[feature]));
    let middle = rows.partition_point(|row| row[feature] < value);
    let left = nodes.len();
    nodes[at] = Node::Split { feature: feature as u32, value, left: left as u32 };
    nodes.extend([Node::Leaf { rows: 0 }; 2]);
    let (below, above) = rows.split_at_mut(middle);
    split(nodes, left, below, depth - 1, generator);
    split(nodes, left + 1, above, depth - 1, generator);
}

/// Questions until a row is alone, those not asked counted as many as are asked on average.
fn path(tree: &[Node], row: &[f32]) -> f64 {
    let (mut at, mut asked) = (0, 0.0);
    loop {
        match tree[at] {
            Node::Leaf { rows } => return asked + mean_path(f64::from(rows)),
            Node::Split { feature, value, left } => {
                let below = row[feature as usize] < value;
                at = left as usize + usize::from(!below);
                asked += 1.0;
            }
        }
    }
}

/// c(n), the mean length of an unsuccessful search in a binary search tree of n: 2 H(n - 1) - 2 (n - 1) / n. Eq. 1 of the source.
fn mean_path(rows: f64) -> f64 {
    match rows {
        rows if rows < 2.0 => 0.0,
        rows if rows < 3.0 => 1.0,
        _ => 2.0 * (libm::log(rows - 1.0) + EULER_GAMMA) - 2.0 * (rows - 1.0) / rows,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::clouds;
    use super::*;
    use crate::eval::classification::ranking::auroc;

    #[test]
    fn the_mean_path_is_that_of_the_source() {
        // As scikit-learn's _average_path_length.
        assert!((mean_path(256.0) - 10.244_770_920_119_917).abs() < 1e-12, "{}", mean_path(256.0));
        assert_eq!([0.0, 1.0, 2.0].map(mean_path), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn what_is_strange_scores_high() {
        let known = clouds(2_000, 10, 1, |row, _| (row % 2) as f32);
        let forest = IsolationForest::fit(&known, 10, 7).unwrap();
        let mut scores = forest.scores(&clouds(200, 10, 2, |row, _| (row % 2) as f32));
        scores.extend(forest.scores(&clouds(200, 10, 3, |_, feature| if feature < 5 { 3.0 } else { -2.0 })));
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
        let strange: Vec<bool> = (0..400).map(|row| row >= 200).collect();
        let episodes: Vec<u64> = (0..400).collect();
        assert!(auroc(&scores, &strange, &episodes).unwrap().unwrap().value > 0.99);
    }

    #[test]
    fn seeds_decide_and_threads_do_not() {
        let known = clouds(400, 4, 1, |_, _| 0.0);
        let of = |seed: u64, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| IsolationForest::fit(&known, 4, seed).unwrap().scores(&known))
        };
        assert_eq!(of(1, 1), of(1, 3));
        assert_ne!(of(1, 1), of(2, 1));
    }

    #[test]
    fn one_row_or_equal_rows_are_no_trouble() {
        for known in [vec![1.0; 2], vec![1.0; 40], vec![f32::MAX, f32::MIN, f32::MIN, f32::MAX]] {
            let forest = IsolationForest::fit(&known, 2, 1).unwrap();
            assert!(forest.scores(&[5.0, 5.0, f32::NAN, 0.0]).iter().all(|score| (0.0..=1.0).contains(score)));
        }
        assert!(matches!(IsolationForest::fit(&[], 2, 1), Err(BaselineError::Empty { .. })));
        assert!(matches!(IsolationForest::fit(&[f32::NAN, 1.0], 2, 1), Err(BaselineError::NotFinite { .. })));
    }
}
