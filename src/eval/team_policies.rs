//! A policy for each team, flown as one.

use crate::env::policy::{Decisions, Policy, PolicyError, Scene};
use crate::env::{observation::OBSERVATION, plan::PLAN};

/// The policies of a game's teams: each row is decided by the policy of its spacecraft's team.
#[derive(Default)]
pub struct TeamPolicies<'a> {
    members: Vec<Member<'a>>,
}

struct Member<'a> {
    team: u8,
    policy: Box<dyn Policy + 'a>,
    decisions: Decisions,
    live: Vec<bool>,
}

impl<'a> TeamPolicies<'a> {
    /// With `policy` for the learned spacecraft of `team` (1 and up). It is shown all rows, and is told that those of other
    /// teams are not live; it needs room for as many.
    #[must_use]
    pub fn with(mut self, team: u8, policy: Box<dyn Policy + 'a>) -> Self {
        self.members.push(Member { team, policy, decisions: Decisions::default(), live: Vec::new() });
        self
    }
}

impl Policy for TeamPolicies<'_> {
    /// Rows of a team that no policy was given for coast.
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        decisions.plans.fill(0.0);
        for member in &mut self.members {
            if member.live.len() != scene.rows() {
                member.decisions = Decisions::new(scene.rows());
            }
            let own = |row: usize| scene.views[row].own.team == member.team;
            member.live.clear();
            member.live.extend((0..scene.rows()).map(|row| scene.live[row] && own(row)));
            let seen = Scene { live: &member.live, ..*scene };
            member.policy.act(&seen, &mut member.decisions)?;
            for row in (0..scene.rows()).filter(|row| own(*row)) {
                let (from, observation, plan) =
                    (&member.decisions, row * OBSERVATION..(row + 1) * OBSERVATION, row * PLAN..(row + 1) * PLAN);
                decisions.fed[observation.clone()].copy_from_slice(&from.fed[observation]);
                decisions.plans[plan.clone()].copy_from_slice(&from.plans[plan]);
                decisions.log_probabilities[row] = from.log_probabilities[row];
                decisions.values[row] = from.values[row];
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::vector::{AfterEpisode, VectorEnv};
    use crate::scenario::Scenario;
    use crate::sim::reset::EpisodeSeed;
    use crate::sim::seeds::SeedDomain;

    /// Every entry of every plan this number.
    struct Constant(f32);

    impl Policy for Constant {
        fn act(&mut self, _: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
            decisions.plans.fill(self.0);
            decisions.values.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn each_row_is_decided_by_its_team() {
        let shipped = include_str!("../../scenarios/pursuit_evasion.ron");
        let from = shipped.find("control: Scripted([").expect("the evader is scripted");
        let to = from + shipped[from..].find("]),").expect("its list ends") + 3;
        let text = format!("{}control: Learned,{}", &shipped[..from], &shipped[to..]);
        let held_out = text.find("held_out").expect("something is held out");
        let scenario = Scenario::from_source("both", &format!("{})", &text[..held_out])).expect("a scenario");
        let seeds = [0, 1].map(|arena| EpisodeSeed { run: 1, domain: SeedDomain::Report, arena, episode: 0 });
        let env = VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, 2, AfterEpisode::Stop);
        let mut decisions = Decisions::new(env.rows());
        let mut policies = TeamPolicies::default().with(1, Box::new(Constant(0.25))).with(2, Box::new(Constant(-0.5)));
        policies.act(&env.scene(), &mut decisions).expect("it decides");
        // The evader, of team 1, comes first in each arena.
        assert_eq!(decisions.values, [0.25, -0.5, 0.25, -0.5]);
        for (row, plan) in decisions.plans.chunks(PLAN).enumerate() {
            assert!(plan.iter().all(|entry| *entry == decisions.values[row]));
        }
        let mut alone = TeamPolicies::default().with(2, Box::new(Constant(-0.5)));
        alone.act(&env.scene(), &mut decisions).expect("it decides");
        assert!(decisions.plans[..PLAN].iter().all(|entry| *entry == 0.0), "a team without a policy coasts");
    }
}
