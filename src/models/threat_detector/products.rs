//! The two matrix products of the detector's large layer, both ways, on groups of 32 numbers.
//!
//! Every operand is stored in rows of [`Group`]: a tile of sums stays in registers while whole rows stream by, nothing is packed and
//! nothing transposed. Sums run in one order, whatever the number of threads.

use pulp::{Simd, WithSimd};

/// Numbers of a row: 32 images side by side, or 32 hidden units.
pub(super) const WIDTH: usize = 32;
/// A row.
pub(super) type Group = [f32; WIDTH];
/// Rows of a block: the pooled pixels of one channel.
pub(super) const BLOCK: usize = super::POOLED_SIDE * super::POOLED_SIDE;

/// Registers of a row that are worked on together.
const PAIR: usize = 2;
/// Rows of a tile of sums with 32 and with fewer registers; 28 sums, two inputs and a factor fit 32 registers.
const TALL: usize = 14;
const LOW: usize = 4;
/// Columns of a tile of sums with 32 registers.
const WIDE: usize = 8;

const _: () = assert!(BLOCK.is_multiple_of(TALL) && BLOCK.is_multiple_of(LOW));

/// Two registers of a row, the `at`th pair.
#[inline(always)]
pub(super) fn load<S: Simd>(row: &Group, at: usize) -> [S::f32s; PAIR] {
    let (registers, _) = S::as_simd_f32s(row);
    [registers[PAIR * at], registers[PAIR * at + 1]]
}

#[inline(always)]
pub(super) fn store<S: Simd>(row: &mut Group, at: usize, values: [S::f32s; PAIR]) {
    let (registers, _) = S::as_mut_simd_f32s(row);
    registers[PAIR * at] = values[0];
    registers[PAIR * at + 1] = values[1];
}

/// `sums + factor * values`.
#[inline(always)]
pub(super) fn multiply_add<S: Simd>(
    simd: S,
    factor: f32,
    values: [S::f32s; PAIR],
    sums: [S::f32s; PAIR],
) -> [S::f32s; PAIR] {
    let factor = simd.splat_f32s(factor);
    [simd.mul_add_e_f32s(factor, values[0], sums[0]), simd.mul_add_e_f32s(factor, values[1], sums[1])]
}

/// Pairs of registers in a row.
#[inline(always)]
pub(super) fn pairs<S: Simd>() -> usize {
    WIDTH / (PAIR * S::F32_LANES)
}

/// `out[r] = Σ_b Σ_j blocks[b][r][j] · by[b][j]` for the rows r of a block.
pub(super) struct RowProduct<'a> {
    /// Blocks of [`BLOCK`] rows, one below the other.
    pub(super) blocks: &'a [Group],
    /// [`WIDTH`] rows for each block.
    pub(super) by: &'a [Group],
    /// [`BLOCK`] rows.
    pub(super) out: &'a mut [Group],
}

impl WithSimd for RowProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            self.tiles::<S, TALL>(simd);
        } else {
            self.tiles::<S, LOW>(simd);
        }
    }
}

impl RowProduct<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize>(self, simd: S) {
        let (by, _) = self.by.as_chunks::<WIDTH>();
        let (blocks, _) = self.blocks.as_chunks::<BLOCK>();
        for at in 0..pairs::<S>() {
            let (tiles, _) = self.out.as_chunks_mut::<ROWS>();
            for (tile, out) in tiles.iter_mut().enumerate() {
                let mut sums = [[simd.splat_f32s(0.0); PAIR]; ROWS];
                for (block, by) in blocks.iter().zip(by) {
                    let rows = &block.as_chunks::<ROWS>().0[tile];
                    for (j, values) in by.iter().enumerate() {
                        let values = load::<S>(values, at);
                        for (sums, row) in sums.iter_mut().zip(rows) {
                            *sums = multiply_add(simd, row[j], values, *sums);
                        }
                    }
                }
                for (out, sums) in out.iter_mut().zip(sums) {
                    store::<S>(out, at, sums);
                }
            }
        }
    }
}

/// `out[j] += Σ_r block[r][j] · by[r]` for the columns j of a block.
pub(super) struct ColumnProduct<'a> {
    /// [`BLOCK`] rows.
    pub(super) block: &'a [Group],
    /// As many.
    pub(super) by: &'a [Group],
    /// [`WIDTH`] rows.
    pub(super) out: &'a mut [Group],
}

impl WithSimd for ColumnProduct<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        if S::F32_LANES == 16 {
            self.tiles::<S, WIDE>(simd);
        } else {
            self.tiles::<S, LOW>(simd);
        }
    }
}

impl ColumnProduct<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const COLUMNS: usize>(self, simd: S) {
        for at in 0..pairs::<S>() {
            let (tiles, _) = self.out.as_chunks_mut::<COLUMNS>();
            for (tile, out) in tiles.iter_mut().enumerate() {
                let mut sums = [[simd.splat_f32s(0.0); PAIR]; COLUMNS];
                for (sums, out) in sums.iter_mut().zip(&*out) {
                    *sums = load::<S>(out, at);
                }
                for (row, values) in self.block.iter().zip(self.by) {
                    let factors = &row.as_chunks::<COLUMNS>().0[tile];
                    let values = load::<S>(values, at);
                    for (sums, factor) in sums.iter_mut().zip(factors) {
                        *sums = multiply_add(simd, *factor, values, *sums);
                    }
                }
                for (out, sums) in out.iter_mut().zip(sums) {
                    store::<S>(out, at, sums);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, seed: usize) -> Vec<Group> {
        let number = |row: usize, column: usize| ((row * 37 + column * 11 + seed) % 19) as f32 - 9.0;
        (0..count).map(|row| std::array::from_fn(|column| number(row, column))).collect()
    }

    #[test]
    fn both_products_are_those_of_the_definition_on_every_instruction_set() {
        let (blocks, by) = (rows(2 * BLOCK, 1), rows(2 * WIDTH, 2));
        let (column_by, start) = (rows(BLOCK, 3), rows(WIDTH, 4));
        for arch in [pulp::Arch::Scalar, pulp::Arch::new()] {
            let mut out = vec![[0.0; WIDTH]; BLOCK];
            arch.dispatch(RowProduct { blocks: &blocks, by: &by, out: &mut out });
            for (row, lane) in [(0, 0), (5, 31), (BLOCK - 1, 17)] {
                let sum = |block: usize| -> f32 {
                    (0..WIDTH).map(|j| blocks[block * BLOCK + row][j] * by[block * WIDTH + j][lane]).sum()
                };
                // Whole numbers below 2^24: exact in any order.
                assert_eq!(out[row][lane], sum(0) + sum(1));
            }
            let mut out = start.clone();
            arch.dispatch(ColumnProduct { block: &blocks[..BLOCK], by: &column_by, out: &mut out });
            for (column, lane) in [(0, 0), (7, 30), (31, 31)] {
                let sum: f32 = (0..BLOCK).map(|row| blocks[row][column] * column_by[row][lane]).sum();
                assert_eq!(out[column][lane], start[column][lane] + sum);
            }
        }
    }
}
