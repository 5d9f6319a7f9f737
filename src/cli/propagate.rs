//! `propagate`: one GCRF state under named forces.

use super::Failure;
use crate::astro::{CartesianState, Vector3};
use crate::scenario::epoch;
use crate::sim::components::Surface;
use crate::sim::forces::thrust::{BurnFrame, FiniteBurn};
use crate::sim::forces::{Environment, ForceConfig, ForceModel};
use crate::sim::integrators::dop853::Tolerance;
use crate::sim::propagation::{Arrival, Craft, Integrator, propagate};

/// Greatest distance from the Earth's centre [km]: some hundred times that of the Moon.
const FARTHEST_KM: f64 = 1e8;
/// Greatest speed [km/s]: an eighth of that of light.
const FASTEST_KM_S: f64 = 4e4;
/// Longest span with forces of Sun or Moon [s]: 200 years of 365.25 days.
const LONGEST_WITH_SUN_S: f64 = 6_311_520_000.0;

#[derive(clap::Args, Debug)]
#[command(
    after_help = "Forces: two_body (always needed), j2, j3, j4, j5, j6, drag, srp_cylindrical, srp_conical (or srp), sun, moon.\n\n\
    Example, a day in low orbit:\n  \
    astroshield propagate --state \"-2436.45 -2436.45 6891.037 5.088611 -5.088611 0\" --epoch 2026-03-20T12:00:00Z \
    --forces two_body,j2,j3,j4 --duration 86400"
)]
pub(super) struct PropagateArguments {
    /// Position and velocity, GCRF: "X Y Z VX VY VZ" [km, km/s].
    #[arg(long, allow_hyphen_values = true)]
    state: String,
    /// Epoch of the state, UTC, ISO 8601: 2026-03-20T12:00:00Z.
    #[arg(long)]
    epoch: String,
    /// Names of the forces, parted by commas.
    #[arg(long, default_value = "two_body")]
    forces: String,
    /// How far [s]; negative is backward in time.
    #[arg(long, allow_hyphen_values = true)]
    duration: f64,
    /// dop853 (adaptive) or rk4 (fixed step).
    #[arg(long, default_value = "dop853")]
    integrator: IntegratorName,
    /// Step of rk4 [s].
    #[arg(long, allow_negative_numbers = true)]
    step: Option<f64>,
    /// Error allowed a step of dop853, relative to position and velocity.
    #[arg(long, allow_negative_numbers = true, default_value_t = 1e-13)]
    tolerance: f64,
    /// Gravitational parameter of the Earth [km³/s²]; JGM-3's when left out.
    #[arg(long, allow_negative_numbers = true)]
    mu_km3_s2: Option<f64>,
    /// Equatorial radius of the Earth [km]; JGM-3's when left out.
    #[arg(long, allow_negative_numbers = true)]
    re_km: Option<f64>,
    /// Zonal coefficients, unnormalised; JGM-3's when left out.
    #[command(flatten)]
    zonals: Zonals,
    /// Mass, propellant included [kg].
    #[arg(long, allow_negative_numbers = true, default_value_t = 1000.0)]
    mass_kg: f64,
    /// Propellant in that mass [kg]; a burn that needs more is refused.
    #[arg(long, allow_negative_numbers = true)]
    propellant_kg: Option<f64>,
    /// Area that drag and sunlight press on [m²].
    #[arg(long, allow_negative_numbers = true, default_value_t = Surface::default().area_m2)]
    area_m2: f64,
    /// Drag coefficient.
    #[arg(long, allow_negative_numbers = true, default_value_t = Surface::default().drag_coefficient)]
    cd: f64,
    /// Radiation pressure coefficient, 1 (absorbs) to 2 (mirror).
    #[arg(long, allow_negative_numbers = true, default_value_t = Surface::default().radiation_coefficient)]
    cr: f64,
    /// Thrust of a burn that begins at the epoch [N].
    #[arg(long, allow_negative_numbers = true, requires = "isp_s", requires = "burn_s")]
    thrust_n: Option<f64>,
    /// Specific impulse of the burn [s].
    #[arg(long, allow_negative_numbers = true, requires = "thrust_n")]
    isp_s: Option<f64>,
    /// Length of the burn [s].
    #[arg(long, allow_negative_numbers = true, requires = "thrust_n")]
    burn_s: Option<f64>,
    /// Frame in which the burn's direction is constant: rtn, inertial (GCRF) or velocity (along v, along r × v, and v × (r × v)).
    #[arg(long, default_value = "velocity")]
    burn_frame: FrameName,
    /// Direction of the acceleration in that frame, "X Y Z", of any length; along T in rtn and along v in velocity when left out.
    #[arg(long, allow_hyphen_values = true)]
    burn_direction: Option<String>,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args, Debug)]
struct Zonals {
    /// J2, unnormalised; JGM-3's when left out, as those that follow.
    #[arg(long, allow_hyphen_values = true)]
    j2: Option<f64>,
    /// J3.
    #[arg(long, allow_hyphen_values = true)]
    j3: Option<f64>,
    /// J4.
    #[arg(long, allow_hyphen_values = true)]
    j4: Option<f64>,
    /// J5.
    #[arg(long, allow_hyphen_values = true)]
    j5: Option<f64>,
    /// J6.
    #[arg(long, allow_hyphen_values = true)]
    j6: Option<f64>,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq)]
enum IntegratorName {
    Dop853,
    Rk4,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq)]
enum FrameName {
    Rtn,
    Inertial,
    Velocity,
}

pub(super) fn run(arguments: &PropagateArguments) -> Result<(), Failure> {
    let start = state(&arguments.state)?;
    let epoch_jd_tt = epoch::julian_date_tt_of(&arguments.epoch)
        .map_err(|reason| Failure::message(format!("--epoch '{}' {reason}", arguments.epoch.escape_debug())))?;
    let forces = forces(&arguments.forces)?;
    if !arguments.duration.is_finite() {
        return Err(Failure::message(format!("--duration {} is not a finite number", arguments.duration)));
    }
    let environment = environment(arguments, &forces, epoch_jd_tt)?;
    let craft = Craft {
        mass_kg: arguments.mass_kg,
        propellant_kg: arguments.propellant_kg,
        surface: Surface {
            area_m2: arguments.area_m2,
            drag_coefficient: arguments.cd,
            radiation_coefficient: arguments.cr,
        },
        burn: burn(arguments)?,
    };
    if let Some(propellant_kg) = arguments.propellant_kg
        && !(0.0..arguments.mass_kg).contains(&propellant_kg)
    {
        let mass_kg = arguments.mass_kg;
        return Err(Failure::message(format!(
            "--propellant-kg {propellant_kg} is not from 0 to below the mass of {mass_kg} kg"
        )));
    }
    let integrator = integrator(arguments)?;
    let model = ForceModel::of(&forces, &environment);
    let arrival = propagate(&model, &craft, &start, arguments.duration, integrator)?;
    if arguments.json {
        println!("{}", json(arguments, &forces, &arrival));
    } else {
        print!("{}", report(arguments, &forces, &arrival));
    }
    Ok(())
}

/// `count` numbers parted by blanks or commas.
fn numbers<const COUNT: usize>(option: &str, text: &str, what: &str) -> Result<[f64; COUNT], Failure> {
    let words: Vec<&str> = text.split([' ', ',', '\t', '\n']).filter(|word| !word.is_empty()).collect();
    let mut numbers = [0.0; COUNT];
    if words.len() != COUNT {
        let found = words.len();
        return Err(Failure::message(format!("{option} has {found} numbers, not the {COUNT} of {what}")));
    }
    for (number, word) in numbers.iter_mut().zip(words) {
        let shown = word.chars().take(40).collect::<String>();
        let parsed: Result<f64, _> = word.parse();
        *number = match parsed {
            Ok(parsed) if parsed.is_finite() => parsed,
            Ok(parsed) => return Err(Failure::message(format!("{option}: {parsed} is not a finite number"))),
            Err(_) => {
                return Err(Failure::message(format!("{option}: '{}' is not a number", shown.escape_debug())));
            }
        };
    }
    Ok(numbers)
}

fn state(text: &str) -> Result<CartesianState, Failure> {
    let [x, y, z, vx, vy, vz] = numbers::<6>("--state", text, "\"X Y Z VX VY VZ\" [km, km/s]")?;
    let (position_km, velocity_km_s) = (Vector3::new(x, y, z), Vector3::new(vx, vy, vz));
    let (radius_km, speed_km_s) = (position_km.norm(), velocity_km_s.norm());
    if radius_km > FARTHEST_KM {
        return Err(Failure::message(format!(
            "--state is {radius_km} km from the Earth: {FARTHEST_KM} km are the most"
        )));
    }
    if speed_km_s > FASTEST_KM_S {
        return Err(Failure::message(format!("--state moves at {speed_km_s} km/s: {FASTEST_KM_S} km/s are the most")));
    }
    Ok(CartesianState { position_m: position_km * 1e3, velocity_m_s: velocity_km_s * 1e3 })
}

/// The forces of a list of names; `srp` stands for `srp_conical`.
fn forces(text: &str) -> Result<Vec<ForceConfig>, Failure> {
    let mut forces: Vec<ForceConfig> = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
        let wanted = if plain(word) == "srp" { ForceConfig::SrpConical.name() } else { word };
        let Some(force) = ForceConfig::ALL.iter().find(|force| plain(force.name()) == plain(wanted)) else {
            let names: Vec<&str> = ForceConfig::ALL.iter().map(|force| force.name()).collect();
            let shown = word.chars().take(40).collect::<String>();
            let shown = shown.escape_debug();
            return Err(Failure::message(format!("unknown force `{shown}`, expected one of {}", names.join(", "))));
        };
        if forces.contains(force) {
            return Err(Failure::message(format!("force `{}` is named twice", force.name())));
        }
        forces.push(*force);
    }
    if !forces.contains(&ForceConfig::TwoBody) {
        return Err(Failure::message("the forces are without two_body, the Earth as a point mass"));
    }
    if [ForceConfig::SrpCylindrical, ForceConfig::SrpConical].iter().all(|force| forces.contains(force)) {
        return Err(Failure::message("sunlight presses twice: name srp_cylindrical or srp_conical"));
    }
    Ok(forces)
}

fn environment(
    arguments: &PropagateArguments,
    forces: &[ForceConfig],
    epoch_jd_tt: f64,
) -> Result<Environment, Failure> {
    let mut environment = Environment::earth(epoch_jd_tt, [0.0, arguments.duration]);
    let positive = |option: &str, value: f64| {
        if value.is_finite() && value > 0.0 {
            return Ok(value);
        }
        Err(Failure::message(format!("{option} {value} is not a positive number")))
    };
    if let Some(mu_km3_s2) = arguments.mu_km3_s2 {
        environment.mu_m3_s2 = positive("--mu-km3-s2", mu_km3_s2)? * 1e9;
    }
    if let Some(re_km) = arguments.re_km {
        environment.earth_radius_m = positive("--re-km", re_km)? * 1e3;
    }
    let Zonals { j2, j3, j4, j5, j6 } = arguments.zonals;
    for (index, zonal) in [j2, j3, j4, j5, j6].into_iter().enumerate() {
        let Some(zonal) = zonal else { continue };
        let degree = index + 2;
        if !(zonal.is_finite() && zonal.abs() <= 0.1) {
            return Err(Failure::message(format!("--j{degree} {zonal} is not a number from -0.1 to 0.1")));
        }
        if !forces.iter().any(|force| force.zonal_degree() == Some(degree)) {
            return Err(Failure::message(format!("--j{degree} is set, but j{degree} is not among the forces")));
        }
        environment.zonals[index] = zonal;
    }
    if forces.iter().any(|force| force.needs_ephemeris()) {
        let (first, last) = epoch::julian_date_tt_bounds();
        let end_jd_tt = epoch_jd_tt + arguments.duration / crate::astro::constants::SECONDS_PER_DAY;
        if arguments.duration.abs() > LONGEST_WITH_SUN_S || !(first..=last).contains(&end_jd_tt) {
            return Err(Failure::message(format!(
                "{} s from the epoch on, the years {} are left, for which Sun and Moon are known",
                arguments.duration,
                epoch::years()
            )));
        }
    }
    Ok(environment)
}

fn burn(arguments: &PropagateArguments) -> Result<Option<FiniteBurn>, Failure> {
    let (Some(thrust_n), Some(isp_s), Some(duration_s)) = (arguments.thrust_n, arguments.isp_s, arguments.burn_s)
    else {
        if arguments.burn_direction.is_some() {
            return Err(Failure::message("--burn-direction without --thrust-n, --isp-s and --burn-s"));
        }
        return Ok(None);
    };
    let (frame, default) = match arguments.burn_frame {
        FrameName::Rtn => (BurnFrame::Rtn, Some(Vector3::y())),
        FrameName::Inertial => (BurnFrame::Inertial, None),
        FrameName::Velocity => (BurnFrame::Velocity, Some(Vector3::x())),
    };
    let direction = match (&arguments.burn_direction, default) {
        (Some(text), _) => {
            let vector = Vector3::from(numbers::<3>("--burn-direction", text, "\"X Y Z\"")?);
            vector.try_normalize(1e-12).ok_or_else(|| Failure::message("--burn-direction has no length"))?
        }
        (None, Some(default)) => default,
        (None, None) => return Err(Failure::message("a burn in the inertial frame needs --burn-direction \"X Y Z\"")),
    };
    Ok(Some(FiniteBurn { thrust_n, isp_s, duration_s, frame, direction }))
}

fn integrator(arguments: &PropagateArguments) -> Result<Integrator, Failure> {
    match (arguments.integrator, arguments.step) {
        (IntegratorName::Rk4, Some(step_s)) => Ok(Integrator::Rk4 { step_s }),
        (IntegratorName::Rk4, None) => Err(Failure::message("--integrator rk4 needs --step S")),
        (IntegratorName::Dop853, Some(_)) => {
            Err(Failure::message("--step is for --integrator rk4: dop853 chooses its own by --tolerance"))
        }
        (IntegratorName::Dop853, None) => {
            let relative = arguments.tolerance;
            if !(1e-15..=1e-3).contains(&relative) {
                return Err(Failure::message(format!("--tolerance {relative} is not from 1e-15 to 1e-3")));
            }
            // A seventh of what the relative part allows in low orbit, which only counts where the speed goes to zero.
            Ok(Integrator::Dop853(Tolerance { relative, absolute_m: relative * 1e6 }))
        }
    }
}

/// The result as `--json` prints it.
fn json(arguments: &PropagateArguments, forces: &[ForceConfig], arrival: &Arrival) -> serde_json::Value {
    let km = |vector: Vector3| <[f64; 3]>::from(vector / 1e3);
    serde_json::json!({
        "epoch": arguments.epoch,
        "duration_s": arguments.duration,
        "forces": forces.iter().map(|force| force.name()).collect::<Vec<_>>(),
        "integrator": match arguments.integrator { IntegratorName::Dop853 => "dop853", IntegratorName::Rk4 => "rk4" },
        "position_km": km(arrival.state.position_m),
        "velocity_km_s": km(arrival.state.velocity_m_s),
        "mass_kg": arrival.mass_kg,
        "propellant_kg": arrival.burnt_kg,
        "propellant_left_kg": arguments.propellant_kg.map(|propellant_kg| propellant_kg - arrival.burnt_kg),
        "steps": arrival.steps,
        "rejected_steps": arrival.rejected_steps,
        "evaluations": arrival.evaluations,
    })
}

/// The result as people read it.
fn report(arguments: &PropagateArguments, forces: &[ForceConfig], arrival: &Arrival) -> String {
    let names: Vec<&str> = forces.iter().map(|force| force.name()).collect();
    let (position, velocity) = (arrival.state.position_m / 1e3, arrival.state.velocity_m_s / 1e3);
    let mut text = format!(
        "{} s after {} under {}\n  position, GCRF [km]    {:.9} {:.9} {:.9}\n  velocity, GCRF [km/s]  {:.12} {:.12} {:.12}\n",
        arguments.duration,
        arguments.epoch,
        names.join(", "),
        position.x,
        position.y,
        position.z,
        velocity.x,
        velocity.y,
        velocity.z
    );
    if arguments.thrust_n.is_some() {
        text.push_str(&format!(
            "  propellant burnt [kg]  {:.9}\n  mass [kg]              {:.9}\n",
            arrival.burnt_kg, arrival.mass_kg
        ));
    }
    text.push_str(&format!(
        "  {} steps, {} rejected, {} evaluations\n",
        arrival.steps, arrival.rejected_steps, arrival.evaluations
    ));
    text
}
