//! Whatever a user gets wrong is one clear message and exit 2, before anything is written or overwritten.

use std::fs::{self, OpenOptions};
use std::path::Path;

use astroshield::models::checkpoint;
use insta::assert_snapshot;

use super::binary::{files, refused, run, succeed};
use super::scenario_text::{QUICK_TRAINING, ScenarioText};

/// Trains on `scenario.ron` in `root`, which must be refused without a trace of a run. Gives the message.
fn refused_scenario(root: &Path) -> String {
    let before = files(root);
    let message = refused(root, &["train", "scenario.ron", "--run-dir", "run"]);
    assert!(files(root) == before && !root.join("run").exists(), "something was written");
    message
}

/// Trains in `root/run` on `docking.ron` there, a checkpoint every 64 steps.
fn train(root: &Path, steps: &str) {
    ScenarioText::quick().write(root, "docking.ron");
    succeed(root, &[&["train", "docking.ron", "--steps", steps, "--run-dir", "run"][..], &QUICK].concat());
}

const QUICK: [&str; 5] = ["--envs", "8", "--evaluation-episodes", "0", "--quiet"];

/// Resumes `root/run` on a scenario there, up to 256 steps.
fn resume(scenario: &str) -> Vec<&str> {
    [&["train", scenario, "--steps", "256", "--resume", "run", "--json"][..], &QUICK].concat()
}

#[test]
fn a_scenario_with_a_fault_is_refused_with_its_place() {
    let good = ScenarioText::shipped("pursuit_evasion");
    let segment = "segment_s: 10.0, segment_s: 10.0,";
    let cut = good.0.find("objective: (").expect("an objective") + "objective: (".len();
    let cases: [(&str, ScenarioText, &[&str]); 12] = [
        ("empty", ScenarioText(String::new()), &["it is empty"]),
        ("blank", ScenarioText("// nothing\n\n".to_owned()), &["it is empty"]),
        ("truncated", ScenarioText(good.0[..cut].to_owned()), &["the text ends before", "is the file cut off?"]),
        ("unknown field", good.replaced("segment_s", "segment: 10.0,"), &["unknown field `segment`", "`segment_s`"]),
        ("duplicate field", good.replaced("segment_s", segment), &["field `segment_s`", "is given twice"]),
        ("NaN", good.with("mass_kg", "Fixed(NaN)"), &["mass", "NaN", "spacecraft 'evader'"]),
        ("infinity", good.with("time_limit_s", "inf"), &["time limit inf is not a finite number"]),
        ("negative mass", good.with("mass_kg", "Fixed(-5.0)"), &["mass -5 kg is not positive (spacecraft 'evader')"]),
        (
            "perigee under the surface",
            good.with("perigee_altitude_km", "Uniform(-212.0, 300.0)"),
            &["perigee altitude -212 km is inside the Earth (spacecraft 'evader')"],
        ),
        ("zero segment", good.with("segment_s", "0.0"), &["segment 0 s is not positive"]),
        (
            "a team without members",
            good.with("objective.team", "\"green\""),
            &["team 'green' has no spacecraft", "`red`"],
        ),
        ("no goal", good.without("success"), &["missing field `success` in objective"]),
    ];
    for (fault, text, expected) in cases {
        let root = tempfile::tempdir().unwrap();
        text.write(root.path(), "scenario.ron");
        let message = refused_scenario(root.path());
        assert!(message.starts_with("  × scenario.ron has 1 fault\n"), "{fault}\n{message}");
        for words in expected {
            assert!(message.contains(words), "{fault}: '{words}' is not in\n{message}");
        }
        let check = run(root.path(), &["scenario", "check", "scenario.ron"]);
        assert_eq!((check.code, check.stderr), (Some(1), message), "{fault}");
    }
}

#[test]
fn two_spacecraft_of_one_name_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let good = ScenarioText::shipped("pursuit_evasion");
    let twins = good.0.replacen("name: \"pursuer\"", "name: \"evader\"", 1);
    assert_ne!(twins, good.0);
    ScenarioText(twins).write(root.path(), "scenario.ron");
    let message = refused_scenario(root.path());
    assert!(message.contains("spacecraft 1 and 2 are both named 'evader'"), "{message}");
    assert!(message.contains("there is no spacecraft 'pursuer'"), "{message}");
}

#[test]
fn a_fault_is_shown_on_its_line() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText("(\n    name: \"x\",\n    sumary: \"y\",\n    timing: (\n".to_owned())
        .write(root.path(), "scenario.ron");
    let message = refused_scenario(root.path());
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    assert_snapshot!(lines.join("\n"), @r#"
      × scenario.ron has 2 faults

    Error:
      × unknown field `sumary` in scenario
       ╭─[scenario.ron:3:5]
     2 │     name: "x",
     3 │     sumary: "y",
       ·     ───┬──
       ·        ╰── here
     4 │     timing: (
       ╰────
      help: did you mean `summary`? Valid here: `name`, `summary`, `epoch`, `physics`, `timing`, `spacecraft`, `casts`,
            `objective`, `scores`, `baselines`, `rewards`, `held_out`, `training`

    Error:
      × the text ends before the `(` of line 4 is closed
       ╭─[scenario.ron:4:13]
     3 │     sumary: "y",
     4 │     timing: (
       ·             ┬
       ·             ╰── here
       ╰────
      help: is the file cut off?
    "#);
}

#[test]
fn what_is_no_text_of_a_scenario_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("scenario.ron");
    // Sound but for its size, so that only the size can be what is refused.
    let mut bytes = ScenarioText::shipped("docking").0.into_bytes();
    bytes.resize(50 << 20, b' ');
    fs::write(&path, &bytes).unwrap();
    assert_eq!(
        refused(root.path(), &["train", "scenario.ron", "--run-dir", "run"]),
        "  × scenario.ron has 52428800 bytes; a scenario has at most 1048576\n  help: is this a scenario file?\n"
    );
    assert!(!root.path().join("run").exists());

    let text = ScenarioText::shipped("docking").0.into_bytes();
    let at = text.iter().position(|byte| *byte == b'"').unwrap() + 1;
    fs::write(&path, [&text[..at], b"caf\xe9", &text[at..]].concat()).unwrap();
    let message = refused_scenario(root.path());
    assert!(message.contains(&format!("not UTF-8 text: byte {} (0xe9)", at + 3)), "{message}");

    fs::write(&path, b"\x7fELF\0\0\0").unwrap();
    refused_scenario(root.path());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(refused_scenario(root.path()).contains("scenario.ron is not a file"));
    fs::remove_dir(&path).unwrap();
    let message = refused_scenario(root.path());
    assert!(message.contains("cannot read scenario.ron"), "{message}");
    assert_eq!(message.matches("No such file").count(), 1, "{message}");
}

#[test]
fn a_fault_in_the_training_block_is_refused() {
    for (block, expected) in [
        ("(envs: 0)", "envs is 0"),
        ("(steps: 0)", "steps is 0"),
        ("(learning_rate: -0.1)", "learning_rate is -0.1"),
        ("(learning_rate: NaN)", "learning_rate is NaN"),
        ("(discount: 1.5)", "discount is 1.5"),
        ("(network: (hidden: 0))", "hidden is 0"),
        ("(ppo: (clip: NaN))", "clip"),
        ("(entropy: 1.0)", "unknown field `entropy`"),
        ("(envs: 8, envs: 9)", "is given twice"),
        ("(envs: -1)", ""),
    ] {
        let root = tempfile::tempdir().unwrap();
        ScenarioText::shipped("docking").with_training(block).write(root.path(), "scenario.ron");
        let message = refused_scenario(root.path());
        assert!(message.contains(expected) && message.contains("scenario.ron:"), "{block}\n{message}");
    }
}

#[test]
fn an_option_out_of_range_is_refused() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::quick().write(root.path(), "scenario.ron");
    let before = files(root.path());
    let message = |option: &str, value: &str| {
        let message = refused(root.path(), &["train", "scenario.ron", "--run-dir", "run", option, value]);
        assert!(files(root.path()) == before && !root.path().join("run").exists(), "{option} {value} wrote something");
        message
    };
    for (option, value, expected) in [
        ("--envs", "0", "0 is not in 1.."),
        ("--envs", "-4", "-4"),
        ("--envs", "99999999999", "99999999999 is not in 1.."),
        ("--steps", "0", "0 is not in 1.."),
        ("--steps", "many", "'many'"),
        ("--threads", "0", "0 is not in 1.."),
        ("--threads", "9999", "9999 is not in 1..=256"),
        ("--seed", "-1", "-1"),
    ] {
        let message = message(option, value);
        assert!(message.contains(option) || message.contains("unexpected argument"), "{message}");
        assert!(message.contains(expected), "{option} {value}\n{message}");
    }
    assert_snapshot!(message("--device", "tpu"), @r"
    error: invalid value 'tpu' for '--device <DEVICE>': unknown device `tpu`, expected one of cpu, cuda, wgpu

    For more information, try '--help'.
    ");
    let message = message("--algorithm", "nonsense");
    assert!(message.starts_with("error: unknown algorithm `nonsense`, expected one of "), "{message}");
    assert!(message.contains("ppo"), "{message}");
}

#[test]
fn an_absent_device_is_told_by_what_is_missing() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::quick().write(root.path(), "scenario.ron");
    let version = succeed(root.path(), &["--version"]).stdout;
    for (device, is_built) in [("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu"))] {
        let expected = if !is_built {
            format!(
                "error: this build has no {device} support: build with `cargo build --release --features {device}`\n"
            )
        } else if version.contains(&format!("{device}: found")) {
            continue;
        } else {
            format!("error: device {device} is not available: looked for lib")
        };
        let message = refused(root.path(), &["train", "scenario.ron", "--run-dir", "run", "--device", device]);
        assert!(message.starts_with(&expected), "{message}");
        assert!(!root.path().join("run").exists());
        let message = refused(root.path(), &["evaluate", "zem_zev", "scenario.ron", "--device", device]);
        assert!(message.starts_with(&expected), "{message}");
    }
}

#[test]
fn a_directory_that_holds_another_run_is_left_as_it_is() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "64");
    let before = files(root.path());
    assert_eq!(
        refused(root.path(), &["train", "docking.ron", "--run-dir", "run"]),
        "error: 'run' holds another run ('config.ron'): choose another directory, or resume that run\n"
    );
    assert!(files(root.path()) == before, "something was written");
}

#[test]
fn a_run_directory_that_cannot_be_made_is_refused() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::quick().write(root.path(), "docking.ron");
    for path in ["docking.ron", "docking.ron/run"] {
        let message = refused(root.path(), &["train", "docking.ron", "--run-dir", path]);
        assert!(message.contains("cannot create the run directory") && message.contains(path), "{message}");
    }
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_model_is_refused() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::quick().write(root.path(), "docking.ron");
    fs::create_dir_all(root.path().join("empty")).unwrap();
    fs::create_dir_all(root.path().join("early/checkpoints")).unwrap();
    for model in ["nonsense", "empty", "docking.ron"] {
        let message = refused(root.path(), &["evaluate", model, "docking.ron"]);
        assert!(message.contains("is no run, no checkpoint and no scripted policy"), "{message}");
        assert!(message.contains("zem_zev"), "{message}");
    }
    assert!(refused(root.path(), &["evaluate", "early", "docking.ron"]).contains("'early' has no checkpoint yet"));
    for run in ["nonsense", "empty", "early"] {
        let message = refused(root.path(), &["train", "docking.ron", "--resume", run]);
        assert!(message.contains(&format!("'{run}' holds no run")), "{message}");
    }
    refused(root.path(), &["train", "docking.ron", "--resume"]);
    for episodes in ["0", "-1", "1000001"] {
        refused(root.path(), &["evaluate", "zem_zev", "docking.ron", "--episodes", episodes]);
    }
}

#[test]
fn a_checkpoint_of_another_kind_is_not_resumed() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "64");
    let quick = ScenarioText::quick();
    let block = QUICK_TRAINING.replace("rollout", "network: (hidden: 32), rollout");
    quick.with_training(&block).write(root.path(), "hidden.ron");
    quick.with("replan_every", "2").write(root.path(), "replan.ron");
    let before = files(root.path());
    assert_snapshot!(
        refused(root.path(), &resume("hidden.ron")),
        @"error: the checkpoint does not fit: its size of the network is 128-256-64, needed is 128-32-64"
    );
    let message = refused(root.path(), &resume("replan.ron"));
    assert!(message.contains("number of executed plan entries is 16, needed is 8"), "{message}");
    let mut other_size = resume("docking.ron");
    *other_size.iter_mut().find(|argument| **argument == "8").unwrap() = "16";
    let message = refused(root.path(), &other_size);
    assert!(message.contains("number of environments is 8, the run's is 16"), "{message}");
    assert!(files(root.path()) == before, "something was written");
}

#[test]
fn a_checkpoint_of_another_scenario_is_resumed_with_a_warning() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "64");
    ScenarioText::quick().with("segment_s", "4.0").write(root.path(), "other.ron");
    let finished = succeed(root.path(), &resume("other.ron"));
    assert!(finished.stderr.starts_with("warning: the checkpoint was made on another scenario"), "{}", finished.stderr);
    assert_eq!(finished.stderr.lines().count(), 1, "{}", finished.stderr);
    assert_eq!(finished.json()["env_steps"], 256);

    let same = succeed(root.path(), &["evaluate", "run", "other.ron", "--episodes", "2", "--json"]);
    assert_eq!(same.stderr, "", "the run was last trained on this very scenario");
    let other = succeed(root.path(), &["evaluate", "run", "docking.ron", "--episodes", "2", "--json"]);
    assert!(other.stderr.starts_with("warning: the checkpoint was trained on 'docking'"), "{}", other.stderr);
    other.json();
}

#[test]
fn a_flipped_bit_in_a_checkpoint_is_found() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "128");
    let checkpoint = root.path().join("run/checkpoints/step_128");
    for name in ["policy.safetensors", "normaliser.json", "learner.bin", "trainer.bin", "manifest.json"] {
        let path = checkpoint.join(name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() / 2] ^= 1;
        fs::write(&path, &flipped).unwrap();
        let before = files(root.path());
        for arguments in [resume("docking.ron"), vec!["evaluate", "run/checkpoints/step_128", "docking.ron"]] {
            let message = refused(root.path(), &arguments);
            assert!(message.contains(name), "{message}");
        }
        assert!(files(root.path()) == before, "something was written");
        fs::write(&path, &whole).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(whole.len() as u64 / 2).unwrap();
        assert!(refused(root.path(), &resume("docking.ron")).contains(name));
        fs::write(&path, &whole).unwrap();
    }
    // Restored, it is as good as before.
    assert_eq!(succeed(root.path(), &resume("docking.ron")).json()["env_steps"], 256);
}

#[test]
fn what_is_not_finite_stops_training_and_is_dumped_with_its_seed() {
    let root = tempfile::tempdir().unwrap();
    // A weight that a real holds, and a reward, which is a float, does not.
    let rewards = "rewards: (terms: [Time(weight_per_s: 1e300)]),";
    ScenarioText::quick().replaced("rewards", rewards).write(root.path(), "infinite.ron");
    let run_it = [&["train", "infinite.ron", "--demonstrations", "0", "--run-dir", "run"][..], &QUICK].concat();
    let message = refused_after_start(root.path(), &run_it);
    assert!(
        message.contains("reward of row 0 is not finite: -inf") && message.contains("not_finite.json"),
        "{message}"
    );
    let dump: serde_json::Value =
        serde_json::from_slice(&fs::read(root.path().join("run/not_finite.json")).unwrap()).unwrap();
    let row = &dump["rows"][0];
    assert_eq!((&dump["what"], &dump["env_steps"]), (&"reward".into(), &0.into()), "{dump}");
    assert_eq!(row["episode"], serde_json::json!({"run": 1, "domain": "Train", "arena": 0, "episode": 0}));
    assert_eq!(row["observation"].as_array().unwrap().len(), 128);
    assert_eq!(fs::read_dir(root.path().join("run/checkpoints")).unwrap().count(), 0, "a checkpoint was written");
}

/// Runs the program, which must exit 2; what it wrote until then may stay. Gives the message.
fn refused_after_start(root: &Path, arguments: &[&str]) -> String {
    let finished = run(root, arguments);
    assert_eq!(finished.code, Some(2), "{}", finished.stderr);
    finished.stderr
}

#[test]
fn a_half_written_checkpoint_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "128");
    let checkpoints = root.path().join("run/checkpoints");
    fs::remove_file(checkpoints.join("step_128/manifest.json")).unwrap();
    // The best of the run is what is meant by it: another one in its place would be a wrong figure.
    for model in ["run", "run/checkpoints/step_128"] {
        let message = refused(root.path(), &["evaluate", model, "docking.ron"]);
        assert!(message.contains("'run/checkpoints/step_128' has no manifest.json"), "{message}");
    }
    let finished = succeed(root.path(), &resume("docking.ron"));
    assert_eq!(
        finished.stderr,
        "warning: the checkpoint 'run/checkpoints/step_128' has no manifest.json: it was only half written\n"
    );
    assert_eq!(finished.json()["env_steps"], 256);
    for step in [64, 128, 192, 256] {
        let path = checkpoints.join(format!("step_{step}"));
        if path.exists() {
            checkpoint::Checkpoint::open(&path).unwrap();
        }
    }

    // Without any whole checkpoint there is nothing to go on from, and it is said so.
    for (path, _) in files(&checkpoints).iter().filter(|(path, _)| path.ends_with("manifest.json")) {
        fs::remove_file(path).unwrap();
    }
    let before = files(root.path());
    let message = refused(root.path(), &resume("docking.ron"));
    assert!(message.contains("'run' has no whole checkpoint to resume from"), "{message}");
    assert!(files(root.path()) == before, "something was written");
}
