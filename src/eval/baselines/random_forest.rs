//! A random forest over quantised features: what questions about single features, one after another, are worth.
//!
//! Of the libraries, `smartcore` took more than two minutes for ten trees of 50,000 rows by 128 features, `biosphere` only regresses,
//! `linfa-ensemble` counts votes of trees that search every value, and none gives probabilities. Hence these pages, with the
//! histograms of gradient boosting: a split looks at 64 bins, not at all values.

use rand::seq::index;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::{Classifier, Examples};

/// Bins of a feature at most.
const BINS: usize = 64;
/// Rows that the edges of the bins are taken from at most.
const EDGE_ROWS: usize = 20_000;
/// Fewer rows than this are sorted; a histogram of 64 bins by classes would be mostly empty.
const FEW_ROWS: usize = 256;

/// How a forest is grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomForestConfig {
    /// Trees.
    pub trees: usize,
    /// Questions from root to leaf at most.
    pub most_depth: usize,
    /// Rows on each side of a split at least.
    pub least_leaf_rows: usize,
    /// Of the generator.
    pub seed: u64,
}

impl Default for RandomForestConfig {
    fn default() -> Self {
        Self { trees: 100, most_depth: 24, least_leaf_rows: 3, seed: 0 }
    }
}

/// Trees, each of a bootstrap sample, each split the best by Gini's impurity of √features drawn ones; their leaves' shares are averaged.
///
/// Source: Breiman, Random Forests, Machine Learning 45 (2001) 5.
#[derive(Clone, Debug)]
pub struct RandomForest {
    width: usize,
    classes: usize,
    trees: Vec<Tree>,
}

#[derive(Clone, Debug, Default)]
struct Tree {
    nodes: Vec<Node>,
    /// The shares of the classes, row-major, a leaf a row.
    leaves: Vec<f32>,
}

#[derive(Clone, Copy, Debug)]
enum Node {
    /// Below the edge goes to `left`, anything else to `left + 1`.
    Split { feature: u32, edge: f32, left: u32 },
    /// A row of the leaves.
    Leaf(u32),
}

/// The features as bins, column by column.
struct Quantised {
    /// Ascending edges of each feature; bin b lies below edge b.
    edges: Vec<Vec<f32>>,
    bins: Vec<Vec<u8>>,
}

impl RandomForest {
    /// Grows a forest. The result does not depend on threads.
    #[must_use]
    pub fn fit(examples: &Examples<'_>, config: RandomForestConfig) -> Self {
        let quantised = Quantised::of(examples);
        let grow = |tree: u64| {
            let generator = Xoshiro256PlusPlus::seed_from_u64(config.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ tree);
            Grower { examples, quantised: &quantised, config, generator, tree: Tree::default() }.grow()
        };
        let trees = (0..config.trees.max(1) as u64).into_par_iter().map(grow).collect();
        Self { width: examples.width, classes: examples.classes, trees }
    }
}

impl Classifier for RandomForest {
    fn name(&self) -> &'static str {
        "random forest"
    }

    fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        let mut probabilities = vec![0.0; features.len() / self.width * self.classes];
        let rows = features.par_chunks_exact(self.width).zip(probabilities.par_chunks_exact_mut(self.classes));
        rows.for_each(|(row, out)| {
            for tree in &self.trees {
                let leaf = tree.leaf(row) as usize * self.classes;
                for (out, share) in out.iter_mut().zip(&tree.leaves[leaf..]) {
                    *out += share / self.trees.len() as f32;
                }
            }
        });
        probabilities
    }
}

impl Tree {
    fn leaf(&self, row: &[f32]) -> u32 {
        let mut at = 0;
        loop {
            match self.nodes[at] {
                Node::Leaf(leaf) => return leaf,
                Node::Split { feature, edge, left } => {
                    let below = row[feature as usize] < edge;
                    at = left as usize + usize::from(!below);
                }
            }
        }
    }
}

impl Quantised {
    fn of(examples: &Examples<'_>) -> Self {
        let Examples { features, width, .. } = *examples;
        let step = examples.rows().div_ceil(EDGE_ROWS);
        let column = |feature: usize| {
            let values = || features.iter().skip(feature).step_by(width);
            let mut sorted: Vec<f32> = values().step_by(step).copied().collect();
            sorted.sort_by(f32::total_cmp);
            let mut edges: Vec<f32> = (1..BINS).map(|bin| sorted[bin * sorted.len() / BINS]).collect();
            edges.dedup();
            let bins = values().map(|value| edges.partition_point(|edge| edge <= value) as u8).collect();
            (edges, bins)
        };
        let (edges, bins) = (0..width).into_par_iter().map(column).unzip();
        Self { edges, bins }
    }
}

/// One tree while it grows.
struct Grower<'a> {
    examples: &'a Examples<'a>,
    quantised: &'a Quantised,
    config: RandomForestConfig,
    generator: Xoshiro256PlusPlus,
    tree: Tree,
}

impl Grower<'_> {
    fn grow(mut self) -> Tree {
        let count = self.examples.rows() as u32;
        let mut rows: Vec<u32> = (0..count).map(|_| self.generator.random_range(0..count)).collect();
        self.tree.nodes.push(Node::Leaf(0));
        self.node(0, &mut rows, 0);
        self.tree
    }

    /// Makes node `at` of these rows, and all below it.
    fn node(&mut self, at: usize, rows: &mut [u32], depth: usize) {
        let mut counts = vec![0_u32; self.examples.classes];
        for row in &*rows {
            counts[self.examples.labels[*row as usize]] += 1;
        }
        let pure = counts.iter().filter(|count| **count > 0).count() < 2;
        let split = if pure || depth >= self.config.most_depth { None } else { self.best_split(rows, &counts) };
        let Some((feature, bin)) = split else {
            self.tree.nodes[at] = Node::Leaf((self.tree.leaves.len() / counts.len()) as u32);
            self.tree.leaves.extend(counts.iter().map(|count| *count as f32 / rows.len() as f32));
            return;
        };
        let bins = &self.quantised.bins[feature];
        let mut middle = 0;
        for index in 0..rows.len() {
            if bins[rows[index] as usize] <= bin {
                rows.swap(middle, index);
                middle += 1;
            }
        }
        let left = self.tree.nodes.len();
        let edge = self.quantised.edges[feature][usize::from(bin)];
        self.tree.nodes[at] = Node::Split { feature: feature as u32, edge, left: left as u32 };
        self.tree.nodes.extend([Node::Leaf(0); 2]);
        let (below, above) = rows.split_at_mut(middle);
        self.node(left, below, depth + 1);
        self.node(left + 1, above, depth + 1);
    }

    /// The (feature, bin) after which a split leaves the least impurity, among √features drawn; `None` where none parts the rows.
    ///
    /// Minimising the weighted Gini impurity is maximising Σ l_k² / n_l + Σ r_k² / n_r.
    fn best_split(&mut self, rows: &[u32], counts: &[u32]) -> Option<(usize, u8)> {
        let classes = counts.len();
        let width = self.examples.width;
        let drawn = (width as f64).sqrt().round().max(1.0) as usize;
        let least = self.config.least_leaf_rows.max(1) as f64;
        let (mut best, mut found) = (0.0, None);
        let mut histogram = vec![0_u32; BINS * classes];
        // (bin, class, rows), in the order of bins.
        let mut entries: Vec<(u8, usize, u32)> = Vec::new();
        for feature in index::sample(&mut self.generator, width, drawn) {
            entries.clear();
            let bins = &self.quantised.bins[feature];
            let of_row = |row: &u32| (bins[*row as usize], self.examples.labels[*row as usize]);
            if rows.len() < FEW_ROWS {
                entries.extend(rows.iter().map(of_row).map(|(bin, label)| (bin, label, 1)));
                entries.sort_unstable();
            } else {
                histogram.fill(0);
                for (bin, label) in rows.iter().map(of_row) {
                    histogram[usize::from(bin) * classes + label] += 1;
                }
                let counted = histogram.iter().enumerate().filter(|(_, count)| **count > 0);
                entries.extend(counted.map(|(at, count)| ((at / classes) as u8, at % classes, *count)));
            }
            let (mut left, mut right) = (vec![0.0; classes], vec![0.0; classes]);
            right.iter_mut().zip(counts).for_each(|(right, count)| *right = f64::from(*count));
            let (mut left_rows, mut left_squares, mut right_rows) = (0.0, 0.0, rows.len() as f64);
            let mut right_squares: f64 = right.iter().map(|count| count * count).sum();
            let mut at_bin = entries.first().map_or(0, |(bin, ..)| *bin);
            for (bin, class, count) in &entries {
                if *bin != at_bin {
                    let purity = left_squares / left_rows + right_squares / right_rows;
                    if left_rows >= least && right_rows >= least && purity > best {
                        (best, found) = (purity, Some((feature, at_bin)));
                    }
                    at_bin = *bin;
                }
                let moved = f64::from(*count);
                // (l + m)² = l² + m (2 l + m), and likewise on the right.
                left_squares += moved * (2.0 * left[*class] + moved);
                right_squares -= moved * (2.0 * right[*class] - moved);
                left[*class] += moved;
                right[*class] -= moved;
                left_rows += moved;
                right_rows -= moved;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accuracy, clouds};
    use super::*;

    #[test]
    fn what_no_plane_parts_is_parted() {
        // Exclusive or of two signs, 3.5 standard deviations from 0, with two features that say nothing.
        let class = |row: usize| (row & 1) ^ ((row >> 1) & 1);
        let centre = |row: usize, feature: usize| match feature {
            0 => (row & 1) as f32 * 4.0 - 2.0,
            1 => ((row >> 1) & 1) as f32 * 4.0 - 2.0,
            _ => 0.0,
        };
        let labels: Vec<usize> = (0..800).map(class).collect();
        let train = clouds(800, 4, 1, centre);
        let examples = Examples::new(&train, 4, &labels, 3).unwrap();
        let config = RandomForestConfig { trees: 30, ..RandomForestConfig::default() };
        let forest = RandomForest::fit(&examples, config);
        assert!(accuracy(&forest, &clouds(800, 4, 2, centre), &labels, 3) > 0.95);
    }

    #[test]
    fn shuffled_labels_teach_nothing() {
        let labels: Vec<usize> = (0..1_000).map(|row| (row * 7_919 / 13) % 2).collect();
        let examples = clouds(1_000, 8, 3, |_, _| 0.0);
        let config = RandomForestConfig { trees: 20, least_leaf_rows: 5, ..RandomForestConfig::default() };
        let forest = RandomForest::fit(&Examples::new(&examples, 8, &labels, 2).unwrap(), config);
        let share = accuracy(&forest, &clouds(1_000, 8, 4, |_, _| 0.0), &labels, 2);
        // Chance, to four standard deviations of 1,000 rows.
        assert!((share - 0.5).abs() < 0.064, "{share}");
    }

    #[test]
    fn threads_and_repetition_change_nothing_and_seeds_do() {
        let labels: Vec<usize> = (0..300).map(|row| row % 3).collect();
        let features = clouds(300, 6, 5, |row, feature| if row % 3 == feature { 1.0 } else { 0.0 });
        let examples = Examples::new(&features, 6, &labels, 3).unwrap();
        let of = |seed: u64, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let config = RandomForestConfig { trees: 8, seed, ..RandomForestConfig::default() };
            pool.install(|| RandomForest::fit(&examples, config).probabilities(&features))
        };
        assert_eq!(of(1, 1), of(1, 3));
        assert_ne!(of(1, 1), of(2, 1));
    }

    #[test]
    fn constant_features_leave_the_shares() {
        let forest = RandomForest::fit(
            &Examples::new(&[1.0; 8], 2, &[0, 1, 1, 1], 2).unwrap(),
            RandomForestConfig { trees: 400, ..RandomForestConfig::default() },
        );
        let shares = forest.probabilities(&[1.0, 1.0]);
        // The mean of 400 bootstrap shares of four rows, whose standard deviation is 0.22 / 20.
        assert!((shares[1] - 0.75).abs() < 0.05, "{shares:?}");
        let strange = forest.probabilities(&[f32::NAN, f32::INFINITY]);
        assert!((strange.iter().sum::<f32>() - 1.0).abs() < 1e-4);
    }
}
