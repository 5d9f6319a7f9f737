//! Each command does what its help says, tells machines on stdout and people on stderr, and exits as promised.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use super::binary::{files, metrics, run, succeed};
use super::scenario_text::{SHIPPED, ScenarioText, shipped_path};

fn path_text(path: &Path) -> &str {
    path.to_str().expect("a path of this test is text")
}

#[test]
fn alone_it_shows_a_short_help_with_the_main_job() {
    let root = tempfile::tempdir().unwrap();
    let finished = succeed(root.path(), &[]);
    assert_eq!(finished.stderr, "");
    assert_snapshot!(finished.stdout, @r#"
    AstroShield: adversarial spacecraft scenarios in RON, played in parallel; policies trained on them and compared.

      astroshield train scenarios/pursuit_evasion.ron       train, and evaluate on fresh seeds (the main job)
      astroshield evaluate checkpoints/pursuit_evasion scenarios/pursuit_evasion.ron
      astroshield simulate scenarios/docking.ron --out recording --html
                                                            play, record, and make a page that replays it
      astroshield dataset scenarios/mixed_threats.ron --windows 100000 --out data
                                                            labelled telemetry, or real telemetry with --from FILE
      astroshield fit detector --data data                  a detector of threats, judged beside baselines
      astroshield propagate --state "7000 0 0 0 7.5 0" --epoch 2026-03-20 --forces two_body,j2 --duration 5400
      astroshield conjunction MESSAGE.cdm --hbr-m 20        closest approach, probability of collision
      astroshield scenario list                             what is shipped; `show FILE` tells what one draws
      astroshield scenario check scenarios/*.ron            all faults at once; `scenario schema` prints the language

    `astroshield --help` lists everything, `astroshield COMMAND --help` one command.
    "#);
}

#[test]
fn the_long_help_names_every_command() {
    let root = tempfile::tempdir().unwrap();
    let help = succeed(root.path(), &["--help"]).stdout;
    for command in ["train", "evaluate", "simulate", "dataset", "propagate", "conjunction", "scenario"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}\n{help}");
        let help = succeed(root.path(), &[command, "--help"]).stdout;
        assert!(help.contains(&format!("Usage: astroshield {command}")), "{help}");
    }
}

#[test]
fn the_version_tells_what_was_built_and_what_was_found() {
    let root = tempfile::tempdir().unwrap();
    let finished = succeed(root.path(), &["--version"]);
    let first = format!("astroshield {}\n", env!("CARGO_PKG_VERSION"));
    assert!(finished.stdout.starts_with(&first), "{}", finished.stdout);
    for key in ["commit:", "features:", "simd:", "devices:", "cpu:", "cuda:", "wgpu:"] {
        let told = finished.stdout.lines().any(|line| line.trim_start().starts_with(key));
        assert!(told, "{key}\n{}", finished.stdout);
    }
    assert_eq!(finished.stderr, "");
}

#[test]
fn what_is_no_command_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    for arguments in [&["nonsense"][..], &["--nonsense"], &["train"], &["scenario"], &["scenario", "nonsense"]] {
        let finished = run(root.path(), arguments);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(finished.stderr.contains("Usage: astroshield"), "{}", finished.stderr);
    }
}

/// Checks the figures of a list of policies, and that the list is of these kinds and no others.
fn assert_policies(policies: &Value, episodes: u64, kinds: &[&str]) {
    let policies = policies.as_array().expect("policies are a list");
    let mut found: Vec<&str> = policies.iter().map(|policy| policy["kind"].as_str().expect("a kind")).collect();
    found.dedup();
    assert_eq!(found, kinds);
    for policy in policies {
        assert!(policy["name"].is_string(), "{policy}");
        assert_eq!(policy["episodes"], episodes, "{policy}");
        let rate = policy["success_rate"].as_f64().expect("a rate");
        let interval = policy["success_ci95"].as_array().expect("an interval");
        let [low, high] = [interval[0].as_f64().unwrap(), interval[1].as_f64().unwrap()];
        assert!(interval.len() == 2 && 0.0 <= low && low <= rate && rate <= high && high <= 1.0, "{policy}");
        // Wilson's interval of a few episodes is never a point.
        assert!(low < high, "{policy}");
        assert!(policy["delta_v_m_s_median"].as_f64().expect("Δv") >= 0.0, "{policy}");
    }
}

#[test]
fn every_shipped_scenario_is_trained_on_and_the_run_is_evaluated() {
    for name in SHIPPED {
        let root = tempfile::tempdir().unwrap();
        let scenario = shipped_path(name);
        let scenario = path_text(&scenario);
        let train = ["train", scenario, "--steps", "512", "--envs", "8", "--demonstrations", "128"];
        let evaluation = ["--evaluation-episodes", "4", "--run-dir", "run", "--json"];
        let finished = succeed(root.path(), &[&train[..], &evaluation[..]].concat());
        let told = finished.json();
        assert_eq!(told["run_dir"], "run");
        let steps = told["env_steps"].as_u64().expect("env_steps");
        assert!(steps >= 512 && steps.is_multiple_of(8), "{told}");
        assert!(told["steps_per_s"].as_f64().expect("steps_per_s") > 0.0, "{told}");
        assert_eq!(told["evaluation"]["episodes"], 4);
        assert_policies(&told["evaluation"]["policies"], 4, &["learned", "scripted", "random"]);
        assert!(finished.stderr.starts_with("run: run "), "{}", finished.stderr);
        let has_progress = finished.stderr.lines().any(|line| line.contains("steps") && line.contains("/s"));
        assert!(has_progress, "no progress on stderr: {}", finished.stderr);
        assert_run_directory(&root.path().join("run"), &told);

        let evaluate = ["evaluate", "run", scenario, "--episodes", "8", "--json"];
        let finished = succeed(root.path(), &evaluate);
        assert_eq!(finished.stderr, "");
        let told = finished.json();
        assert_eq!((&told["scenario"], &told["episodes"]), (&name.into(), &8.into()));
        assert_policies(&told["policies"], 8, &["learned", "scripted", "random"]);
        assert_eq!(succeed(root.path(), &evaluate).stdout, finished.stdout, "the same seeds gave other figures");
        let entries: Vec<_> = std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(entries, ["run"], "something was written beside the run");
    }
}

/// Checks that a run's directory holds what the design lists, and that its summary is what was printed.
fn assert_run_directory(run: &Path, told: &Value) {
    let steps = told["env_steps"].as_u64().unwrap();
    let checkpoint = format!("checkpoints/step_{steps}");
    for name in ["config.ron", "metrics.jsonl", "summary.json"] {
        assert!(run.join(name).is_file(), "{name}");
    }
    for name in ["policy.safetensors", "normaliser.json", "learner.bin", "trainer2.bin", "manifest.json"] {
        assert!(run.join(&checkpoint).join(name).is_file(), "{checkpoint}/{name}");
    }
    let names = files(run).into_keys().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    assert_eq!(names.filter(|name| name.starts_with("events.out.tfevents.")).count(), 1);
    let summary: Value = serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary, *told);
    let config = std::fs::read_to_string(run.join("config.ron")).unwrap();
    let hash = told["evaluation"]["scenario_hash"].as_str().expect("the scenario's hash");
    assert!(hash.len() == 64 && config.contains(hash), "{hash}");
    assert_eq!(metrics(run).last().expect("a line")["step"], steps);
}

#[test]
fn quiet_training_says_nothing_but_its_result() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::quick().write(root.path(), "docking.ron");
    let train = ["train", "docking.ron", "--steps", "64", "--envs", "8", "--quiet", "--evaluation-episodes"];
    let finished = succeed(root.path(), &[&train[..], &["0", "--json"]].concat());
    assert_eq!(finished.stderr, "");
    assert_eq!(finished.json()["evaluation"], Value::Null);
    assert_eq!(finished.json()["run_dir"], "runs/docking-ppo-seed1-1");
    let finished = succeed(root.path(), &[&train[..], &["2"]].concat());
    assert_eq!(finished.stderr, "");
    assert!(finished.stdout.contains("learned") && finished.stdout.contains("success % [95 % CI]"));
    assert!(finished.stdout.ends_with("champion: runs/docking-ppo-seed1-2/checkpoints/step_64\n"));
}

#[test]
fn a_scripted_policy_is_evaluated_by_its_name() {
    let root = tempfile::tempdir().unwrap();
    for name in SHIPPED {
        let scenario = shipped_path(name);
        let arguments = ["evaluate", "zem_zev", path_text(&scenario), "--episodes", "8"];
        let told = succeed(root.path(), &[&arguments[..], &["--json"]].concat()).json();
        assert_policies(&told["policies"], 8, &["scripted"]);
        assert_eq!(told["policies"][0]["name"], "zem_zev");
        assert_eq!(told["seed"], 1);
        let table = succeed(root.path(), &arguments).stdout;
        assert!(table.contains("zem_zev") && table.contains("8 fresh seeds"), "{table}");
    }
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "an evaluation wrote something");
}

#[test]
fn held_out_behaviours_are_played_when_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let scenario = shipped_path("pursuit_evasion");
    let arguments = ["evaluate", "zem_zev", path_text(&scenario), "--episodes", "64", "--json"];
    let told = succeed(root.path(), &arguments).json();
    assert_eq!(told["held_out"], Value::Null);
    let both = succeed(root.path(), &[&arguments[..], &["--held-out"]].concat()).json();
    assert_eq!(both["policies"], told["policies"], "the held-out episodes changed the others");
    assert_policies(&both["held_out"], 64, &["scripted"]);
    let behaviours = |list: &str| both[list][0]["success_by_behaviour"].as_object().expect("by behaviour").clone();
    let (trained, held_out) = (behaviours("policies"), behaviours("held_out"));
    assert!(!trained.is_empty() && !held_out.is_empty());
    assert!(held_out.keys().all(|behaviour| !trained.contains_key(behaviour)), "{both}");
}

#[test]
fn a_scenario_check_tells_good_from_faulty() {
    let root = tempfile::tempdir().unwrap();
    let good = SHIPPED.map(shipped_path);
    let finished = succeed(root.path(), &["scenario", "check", path_text(&good[0]), path_text(&good[1])]);
    assert_eq!(finished.stderr, "");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    for (line, name) in lines.iter().zip(SHIPPED) {
        assert!(line.ends_with(&format!("ok ({name}, 2 spacecraft)")), "{line}");
    }

    ScenarioText::shipped("docking")
        .with("segment_s", "0.0")
        .with("mass_kg", "Fixed(-1)")
        .write(root.path(), "two.ron");
    ScenarioText::shipped("docking").with_training("(envs: 0)").write(root.path(), "training.ron");
    let finished = run(root.path(), &["scenario", "check", "two.ron", path_text(&good[1]), "training.ron"]);
    assert_eq!(finished.code, Some(1));
    assert_eq!(finished.stdout.lines().count(), 1, "{}", finished.stdout);
    assert!(finished.stderr.contains("two.ron has 2 faults"), "{}", finished.stderr);
    assert!(finished.stderr.contains("training.ron has 1 fault"), "{}", finished.stderr);
}
