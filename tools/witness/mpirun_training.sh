#!/usr/bin/env bash
# A training under Open MPI's mpirun, which is stopped: SIGTERM to mpirun comes as SIGTERM to the training, and SIGKILL a
# second later. Taken up again it must end with the bytes of one that nobody disturbed.
#
# usage: tools/witness/mpirun_training.sh EMEND MODEL.gguf [STOPS [STEPS]]     with Debian's openmpi-bin installed
#
# Everything it makes is in a temporary folder. Not part of CI.
set -euo pipefail

emend=$(realpath "${1:?"usage: mpirun_training.sh EMEND MODEL.gguf"}")
model=$(realpath "${2:?"usage: mpirun_training.sh EMEND MODEL.gguf"}")
stops=${3:-5}
steps=${4:-400}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Nothing is sent to anybody, and root may run it.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

# In a process of its own, which mpirun takes over.
train() {
  exec mpirun -n 1 "$emend" train -m "$model" --random-rows 24x24x8 --batch-size 2 --steps "$steps" \
    --backbone gpt2:2x64x2 --heads shared --save-every 0 --save-every-seconds 0.5 --steps-per-eval 0 \
    --output "$folder/$1" --resume auto
}
step_count() { [ ! -e "$folder/$1/metrics.jsonl" ] || wc -l <"$folder/$1/metrics.jsonl"; }
is_done() { grep -qs '"summary"' "$folder/$1/metrics.jsonl"; }
fail() {
  echo "error: $*" >&2
  cat "$folder"/*.log >&2
  exit 1
}

(train whole) >"$folder/whole.log" 2>&1 || fail "the undisturbed run did not end"
saved=0
for ((stop = 0; stop < stops; stop++)); do
  is_done stopped && break
  before=$(step_count stopped)
  before=${before:-0}
  train stopped >"$folder/stopped.log" 2>&1 &
  run=$!
  until [ "$(step_count stopped)" ] && [ "$(step_count stopped)" -gt "$before" ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.02; done
  sleep "0.$((RANDOM % 10))"
  kill -TERM "$run" 2>/dev/null || true
  if wait "$run"; then
    is_done stopped || fail "mpirun says that a stopped training ended"
    break
  fi
  if grep -q "go on with " "$folder/stopped.log"; then saved=$((saved + 1)); fi
done
until is_done stopped; do
  (train stopped) >"$folder/stopped.log" 2>&1 || fail "it could not be taken up"
done
[ "$stop" -gt 0 ] || fail "it ended before it could be stopped; take more steps"
left=$(find "$folder/stopped" -name '*.partial-*')
[ -z "$left" ] || fail "partial files are left: $left"
cmp "$folder/whole/editor.safetensors" "$folder/stopped/editor.safetensors" || fail "other bytes"
echo "$steps steps, stopped $stop times, of which $saved saved before the second was over: the same bytes"
