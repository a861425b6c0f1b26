#!/usr/bin/env bash
# A training of two ranks under Slurm, on this machine as its one node, by the script of docs/cluster.md: the time limit
# comes, the ranks save, the job goes back into the queue and ends with the bytes of a run that nobody disturbed; and an
# array of trainings, one a seed.
#
# usage: tools/witness/slurm_mpi.sh EMEND MODEL.gguf [STEPS]   as root, with Debian's slurmctld, slurmd, slurm-client,
#                                                              munge and openmpi-bin installed; EMEND is built with
#                                                              --traits default,MPI
#
# Slurm sends the signal up to a minute early: the run must last two minutes at least. Everything that is made is in a temporary folder,
# but for munge's key where there is none. Not part of CI.
set -euo pipefail

emend=$(realpath "${1:?"usage: slurm_mpi.sh EMEND MODEL.gguf"}")
model=$(realpath "${2:?"usage: slurm_mpi.sh EMEND MODEL.gguf"}")
steps=${3:-1500}
# shellcheck source=tools/witness/one_node_slurm.bash
source "$(dirname "${BASH_SOURCE[0]}")/one_node_slurm.bash"

# The same line begins and goes on. mpirun passes SIGUSR1 on to its ranks.
cat >"$folder/job" <<JOB
#!/bin/sh
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mpirun --oversubscribe -n 2 "$emend" train -m "$model" --random-rows 24x24x8 --batch-size 4 --steps \$STEPS \
  --seed "\${SLURM_ARRAY_TASK_ID:-0}" --backbone gpt2:2x64x2 --heads shared --save-every 0 --save-every-seconds 5 \
  --steps-per-eval 0 --output "\$OUTPUT\${SLURM_ARRAY_TASK_ID:-}" --resume auto &
trap 'kill -USR1 \$!' USR1
wait \$!; code=\$?
[ \$code -le 128 ] || { wait \$!; code=\$?; }
echo "exit code \$code"
[ \$code -ne 75 ] || scontrol requeue \$SLURM_JOB_ID
exit \$code
JOB
chmod +x "$folder/job"

submit() {
  OUTPUT=$folder/$1 STEPS=${STEPS:-$steps} sbatch --parsable --requeue --open-mode=append -n 2 -J "$1" -o "$folder/$1.out" \
    "${@:2}" "$folder/job"
}
is_done() { grep -qs '"summary"' "$folder/$1/metrics.jsonl"; }

wait_for 900 is_gone "$(submit whole)"
is_done whole || fail "the undisturbed run did not end"

id=$(submit limited --time 00:03:00 --signal=B:USR1@100)
wait_for 1500 is_done limited
wait_for 60 is_gone "$id"
requeued=$(grep -c "exit code 75" "$folder/limited.out") || fail "the time limit did not come: take more steps"
[ "$(grep -c "go on with mpirun -n 2" "$folder/limited.out")" -ge 1 ] || fail "the ranks did not save"
cmp "$folder/whole/editor.safetensors" "$folder/limited/editor.safetensors" || fail "limited: other bytes"
echo "time limit: $requeued times requeued, the same bytes"

wait_for 600 is_gone "$(STEPS=20 submit study --array=0-2)"
for seed in 0 1 2; do is_done "study$seed" || fail "seed $seed of the array did not end"; done
cmp -s "$folder/study0/editor.safetensors" "$folder/study1/editor.safetensors" && fail "two seeds have the same bytes"
echo "array: three trainings of two ranks"
