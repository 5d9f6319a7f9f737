//! How a score is called: NONE to CRITICAL.

use serde::{Deserialize, Serialize};

use super::RiskError;

/// How great the risk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RiskLevel {
    /// As most harmless windows.
    None,
    /// Above three in four of the harmless.
    Low,
    /// Above nine in ten of the harmless.
    Medium,
    /// An alarm: fewer than one in 20 of the harmless are rated so.
    High,
    /// Harm is all but certain if nothing is done.
    Critical,
}

impl RiskLevel {
    /// All levels, the least first.
    pub const ALL: [Self; 5] = [Self::None, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name by which files and tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// Scores from which levels begin, chosen on validation data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskThresholds {
    /// LOW begins here.
    pub low: f64,
    /// MEDIUM begins here.
    pub medium: f64,
    /// HIGH begins here.
    pub high: f64,
    /// CRITICAL begins here; none where no score is that sure.
    pub critical: Option<f64>,
}

impl RiskThresholds {
    /// Whether they are scores in order.
    ///
    /// # Errors
    /// When one is outside [0, 1] or below the one before it.
    pub fn check(&self) -> Result<(), RiskError> {
        let all = [Some(self.low), Some(self.medium), Some(self.high), self.critical];
        let mut least = 0.0;
        for threshold in all.into_iter().flatten() {
            if !(least..=1.0).contains(&threshold) {
                return Err(RiskError::Threshold { threshold, least });
            }
            least = threshold;
        }
        Ok(())
    }

    /// The level of a score.
    #[must_use]
    pub fn level(&self, score: f64) -> RiskLevel {
        let reached = [
            (self.critical, RiskLevel::Critical),
            (Some(self.high), RiskLevel::High),
            (Some(self.medium), RiskLevel::Medium),
            (Some(self.low), RiskLevel::Low),
        ];
        let reached = reached.into_iter().find(|(threshold, _)| threshold.is_some_and(|from| score >= from));
        reached.map_or(RiskLevel::None, |(_, level)| level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_begin_at_their_thresholds() {
        let thresholds = RiskThresholds { low: 0.1, medium: 0.2, high: 0.5, critical: Some(0.9) };
        assert_eq!(thresholds.check(), Ok(()));
        let levels = [0.0, 0.1, 0.49, 0.5, 0.9].map(|score| thresholds.level(score));
        assert_eq!(levels, [RiskLevel::None, RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical]);
        let never = RiskThresholds { critical: None, ..thresholds };
        assert_eq!(never.level(1.0), RiskLevel::High);
        assert!(RiskLevel::ALL.is_sorted());
        for level in RiskLevel::ALL {
            assert_eq!(serde_json::to_value(level).unwrap(), level.name());
        }
    }

    #[test]
    fn thresholds_out_of_order_are_refused() {
        let sound = RiskThresholds { low: 0.1, medium: 0.2, high: 0.5, critical: Some(0.9) };
        for bad in [
            RiskThresholds { low: -0.1, ..sound },
            RiskThresholds { medium: 0.6, ..sound },
            RiskThresholds { high: f64::NAN, ..sound },
            RiskThresholds { critical: Some(0.4), ..sound },
            RiskThresholds { critical: Some(1.1), ..sound },
        ] {
            assert!(matches!(bad.check(), Err(RiskError::Threshold { .. })), "{bad:?}");
        }
    }
}
