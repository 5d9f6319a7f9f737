//! Where a sensor can look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::astro::Vector3;

/// A cone about a direction fixed in own RTN. A sensor without one is steered and sees all round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldOfView {
    /// Axis of the cone, own RTN, of any length but zero.
    pub boresight_rtn: [f64; 3],
    /// Angle between the axis and the edge [rad].
    pub half_angle_rad: f64,
}

/// Least half angle of a cone [rad]; a cone of nothing would never see.
const NARROWEST_RAD: f64 = 1e-6;

impl FieldOfView {
    /// Whether a direction (own RTN, of any length) lies within the cone.
    #[must_use]
    pub fn holds(&self, direction_rtn: &Vector3) -> bool {
        Vector3::from(self.boresight_rtn).angle(direction_rtn) <= self.half_angle_rad
    }

    /// Each fault of the parameters, as (field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = super::faults_outside(&[(
            "field_of_view.half_angle_rad",
            self.half_angle_rad,
            NARROWEST_RAD,
            std::f64::consts::PI,
        )]);
        let length = Vector3::from(self.boresight_rtn).norm();
        if !(length.is_finite() && length > 0.0) {
            faults.push(("field_of_view.boresight_rtn", format!("its length {length} gives no direction")));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edge_is_at_the_half_angle() {
        let view = FieldOfView { boresight_rtn: [0.0, 2.0, 0.0], half_angle_rad: 0.5 };
        let at = |angle: f64| Vector3::new(angle.sin(), angle.cos(), 0.0) * 700.0;
        assert!(view.holds(&at(0.499)) && !view.holds(&at(0.501)) && !view.holds(&at(3.0)));
        assert_eq!(view.faults(), vec![]);
        let nowhere = FieldOfView { boresight_rtn: [0.0; 3], half_angle_rad: 4.0 };
        assert_eq!(nowhere.faults().len(), 2);
    }
}
