//! Generalised advantage estimation.

/// Advantages and returns of a rollout, each steps × rows.
///
/// δₜ = rₜ + γ V(sₜ₊₁)(1 - endₜ) - V(sₜ), Âₜ = δₜ + γ λ (1 - endₜ) Âₜ₊₁, returns = Â + V. `ended` says that the episode of the
/// row ended with the step; a truncated one has γ V(final) added to its reward beforehand. `last_values`: V after the last
/// step, a row. Source: Schulman et al., High-Dimensional Continuous Control Using Generalized Advantage Estimation, ICLR 2016.
pub fn advantages(
    rewards: &[f32],
    values: &[f32],
    ended: &[bool],
    last_values: &[f32],
    discount: f32,
    lambda: f32,
) -> (Vec<f32>, Vec<f32>) {
    let rows = last_values.len();
    let mut advantages = vec![0.0; rewards.len()];
    let mut next_values = last_values.to_vec();
    let mut next_advantages = vec![0.0; rows];
    for start in (0..rewards.len()).step_by(rows).rev() {
        for row in 0..rows {
            let at = start + row;
            let goes_on = if ended[at] { 0.0 } else { 1.0 };
            let delta = rewards[at] + discount * next_values[row] * goes_on - values[at];
            next_advantages[row] = delta + discount * lambda * goes_on * next_advantages[row];
            next_values[row] = values[at];
            advantages[at] = next_advantages[row];
        }
    }
    let returns = advantages.iter().zip(values).map(|(advantage, value)| advantage + value).collect();
    (advantages, returns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_lambda_one_the_return_is_the_discounted_sum_of_rewards() {
        let (rewards, values) = ([1.0, 10.0, 2.0, 20.0, 4.0, 40.0], [0.3, 0.1, -0.2, 0.7, 0.5, 0.9]);
        let (_, returns) = advantages(&rewards, &values, &[false; 6], &[8.0, 80.0], 0.5, 1.0);
        // Row 0: 1 + 2/2 + 4/4 + 8/8 = 4; row 1 ten times that.
        assert!((returns[0] - 4.0).abs() < 1e-6 && (returns[1] - 40.0).abs() < 1e-5, "{returns:?}");
    }

    #[test]
    fn nothing_crosses_the_end_of_an_episode() {
        let ended = [true, false];
        let (a, _) = advantages(&[1.0, 5.0], &[0.5, 100.0], &ended, &[1000.0], 0.9, 0.95);
        assert!((a[0] - 0.5).abs() < 1e-6, "{a:?}");
    }
}
