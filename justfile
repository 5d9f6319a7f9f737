# What developers run. The commands of `check` stand in .ci/run, which continuous integration runs too.

# List the recipes.
default:
    @just --list

# Format, lints as errors, tests, documentation.
check:
    .ci/run fmt clippy test doc

# Everything that continuous integration runs: `check`, and that the GPU features compile.
ci:
    .ci/run

# Licences, banned crates and sources of the dependency tree (needs cargo-deny).
deny:
    cargo deny check licenses bans sources

# Every benchmark, or one: `just bench ecs_cost`. See benches/README.md.
bench *NAMES:
    cargo bench {{ if NAMES == "" { "--benches" } else { "--bench " + replace(NAMES, " ", " --bench ") } }}

# Train on a scenario: `just train scenarios/docking.ron --seed 2`.
train SCENARIO="scenarios/pursuit_evasion.ron" *OPTIONS:
    cargo run --release -- train {{ SCENARIO }} {{ OPTIONS }}
