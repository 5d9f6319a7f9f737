//! What AstroShield promises, one module a promise, in one binary since each binary links anew.

mod architecture;
mod bad_input;
mod binary;
mod command_line;
mod conjunctions;
mod determinism;
mod event_log;
mod fuzz;
mod gradients;
mod learning;
mod observation;
mod recordings;
mod reference_events;
mod reference_frames;
mod reference_manoeuvres;
mod reference_orbits;
mod reference_transfers;
mod resume_is_exact;
mod rewards;
mod scenario_text;
mod scenarios;
mod shipped;
mod signals;
mod start_files;
mod tracks;
