#!/usr/bin/env bash
# A training under Slurm, on this machine as its one node: preempted, at its time limit, cancelled and requeued.
# Each time it must end with the bytes of one that nobody disturbed.
#
# usage: tools/witness/slurm_training.sh EMEND MODEL.gguf [STEPS]   as root, with Debian's slurmctld, slurmd,
#                                                                   slurm-client and munge installed
#
# Everything it makes is in a temporary folder, but for munge's key where there is none. Not part of CI.
set -euo pipefail

emend=$(realpath "${1:?"usage: slurm_training.sh EMEND MODEL.gguf"}")
model=$(realpath "${2:?"usage: slurm_training.sh EMEND MODEL.gguf"}")
steps=${3:-600}
# shellcheck source=tools/witness/one_node_slurm.bash
source "$(dirname "${BASH_SOURCE[0]}")/one_node_slurm.bash"

# One script for all: the same line begins and goes on. Slurm passes its signals to steps, hence srun.
cat >"$folder/job" <<JOB
#!/bin/sh
#SBATCH --open-mode=append
exec srun -n 1 "$emend" train -m "$model" --random-rows 24x24x8 --batch-size 2 --steps $steps \
  --backbone gpt2:2x64x2 --heads shared --save-every 0 --save-every-seconds 2 --steps-per-eval 0 \
  --output "\$OUTPUT" --resume auto
JOB
chmod +x "$folder/job"

submit() {
  OUTPUT=$folder/$1 sbatch --parsable --requeue -J "$1" -o "$folder/$1.out" "${@:2}" "$folder/job"
}
is_under_way() { [ "$(wc -l <"$folder/$1/metrics.jsonl")" -gt "$2" ]; }
has_state() { [ "$(squeue -h -j "$1" -o %T)" = "$2" ]; }
step_count() { wc -l <"$folder/$1/metrics.jsonl" 2>/dev/null || echo 0; }
finish() {
  local id
  until grep -q '"summary"' "$folder/$1/metrics.jsonl"; do
    id=$(submit "$1")
    wait_for 300 is_gone "$id"
  done
  cmp "$folder/whole/editor.safetensors" "$folder/$1/editor.safetensors" || fail "$1: other bytes"
  echo "$1: the same bytes"
}

wait_for 300 is_gone "$(submit whole)"
grep -q '"summary"' "$folder/whole/metrics.jsonl" || fail "the undisturbed run did not end"

# Preemption: TERM, CONT and TERM at once, KILL after the grace. A job that ends by itself is not requeued by Slurm.
id=$(submit preempted)
wait_for 60 is_under_way preempted 20
other=$(sbatch --parsable -p high --wrap "sleep 3" -o /dev/null)
wait_for 60 is_gone "$other"
grep -q "go on with " "$folder/preempted.out" || fail "preemption did not save"
wait_for 400 is_gone "$id"
finish preempted

# The time limit: a minute is the least that Slurm counts, so that the run must last longer or is done.
id=$(submit limited --time 00:00:10)
wait_for 200 is_gone "$id"
finish limited

id=$(submit cancelled)
wait_for 60 is_under_way cancelled 20
scancel "$id"
wait_for 60 is_gone "$id"
finish cancelled

id=$(submit requeued)
wait_for 60 is_under_way requeued 20
scontrol requeue "$id"
before=$(step_count requeued)
wait_for 200 is_under_way requeued "$before"
wait_for 400 is_gone "$id"
finish requeued
