#!/usr/bin/env bash
# Trainings of two and four ranks under Open MPI's mpirun on this machine, beside one of one process:
#
#   gradients   of the whole batch: of every parameter within 1e-6 (relative, in norm) of one process's, f32
#   repeats     the same bytes in every run of as many ranks
#   curves      the losses of 200 steps on top of each other, of a small random editor and of the shipped one
#   kills       kill -9 of a rank at ten random moments: everything ends within a minute, and what is resumed ends with
#               the bytes of a run that nobody disturbed
#
# usage: tools/witness/mpi.sh EMEND MODEL.gguf EDITOR.safetensors [gradients|repeats|curves|kills]...
#        EMEND is built with --traits default,MPI; MODEL and EDITOR are those of tools/fetch-models and models/editors;
#        without names all parts run. SHORT=1 is the short form: two ranks, fewer steps and kills.
#
# Everything it makes is in a temporary folder.
set -euo pipefail

emend=$(realpath "${1:?"usage: mpi.sh EMEND MODEL.gguf EDITOR.safetensors"}")
model=$(realpath "${2:?"usage: mpi.sh EMEND MODEL.gguf EDITOR.safetensors"}")
editor=$(realpath "${3:?"usage: mpi.sh EMEND MODEL.gguf EDITOR.safetensors"}")
shift 3
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(gradients repeats curves kills)
if [ "${SHORT:-0}" = 1 ]; then counts=(2) steps=20 kills=2; else counts=(2 4) steps=200 kills=10; fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

fail() {
  echo "error: $*" >&2
  tail -n 20 "$folder"/*.log >&2 || true
  exit 1
}

# train RANKS ARGUMENTS...; one rank is a process without mpirun.
train() {
  local ranks=$1
  shift
  if [ "$ranks" -eq 1 ]; then
    OMP_NUM_THREADS=1 "$emend" train -m "$model" "$@" >"$folder/train.log" 2>&1 </dev/null
  else
    mpirun --oversubscribe -n "$ranks" "$emend" train -m "$model" "$@" >"$folder/train.log" 2>&1 </dev/null
  fi
}

# The shipped editor; a small one with a GPT-2 and heads of its own, whose gradients lie elsewhere.
shipped=(--editor "$editor" --random-rows 32x40x16 --batch-size 8)
small=(--backbone gpt2:2x64x2 --heads shared --random-rows 64x24x8 --batch-size 8)
exact=(--activations f32 --backward f32)

gradients() {
  local name count
  for name in shipped small; do
    local -n options=$name
    train 1 "${options[@]}" "${exact[@]}" --save-gradients "$folder/$name-1.safetensors" || fail "no gradients"
    for count in "${counts[@]}"; do
      train "$count" "${options[@]}" "${exact[@]}" --save-gradients "$folder/$name-$count.safetensors" \
        || fail "no gradients of $count ranks"
      python3 - "$folder/$name-1.safetensors" "$folder/$name-$count.safetensors" "$name" "$count" <<'PYTHON' || fail "other gradients"
import array, json, math, struct, sys

def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            file.seek(start + entry["data_offsets"][0])
            values = array.array("f")
            values.frombytes(file.read(entry["data_offsets"][1] - entry["data_offsets"][0]))
            yield name, values

one, several = dict(tensors(sys.argv[1])), dict(tensors(sys.argv[2]))
assert one.keys() == several.keys()
worst = 0.0
for name, wanted in one.items():
    norm = math.sqrt(sum(x * x for x in wanted))
    error = math.sqrt(sum((x - y) ** 2 for x, y in zip(wanted, several[name])))
    worst = max(worst, error / norm if norm else float(error > 0))
print(f"gradients, {sys.argv[3]}, {sys.argv[4]} ranks: {len(one)} parameters, largest relative difference {worst:.1e}")
sys.exit(worst > 1e-6)
PYTHON
    done
  done
}

repeats() {
  local count run
  for count in "${counts[@]}"; do
    for run in a b; do
      train "$count" "${shipped[@]}" --steps 12 --steps-per-eval 0 --save-every 0 --output "$folder/repeat-$count-$run" \
        || fail "no training of $count ranks"
    done
    cmp "$folder/repeat-$count-"{a,b}/editor.safetensors || fail "$count ranks: other bytes"
    echo "repeats, $count ranks: the same bytes"
  done
}

curves() {
  local name count
  for name in shipped small; do
    local -n options=$name
    for count in 1 "${counts[@]}"; do
      train "$count" "${options[@]}" --steps "$steps" --steps-per-eval 0 --save-every 0 --output "$folder/curve-$name-$count" \
        || fail "no training of $count ranks"
    done
    for count in "${counts[@]}"; do
      python3 - "$folder/curve-$name-1" "$folder/curve-$name-$count" "$name" "$count" <<'PYTHON' || fail "another curve"
import json, sys

def losses(folder):
    lines = [json.loads(line) for line in open(folder + "/metrics.jsonl")]
    return [line["loss"] for line in lines if line["kind"] == "train"]

one, several = losses(sys.argv[1]), losses(sys.argv[2])
assert len(one) == len(several)
differences = [abs(a - b) for a, b in zip(one, several)]
mean = sum(differences) / len(one)
print(f"curves, {sys.argv[3]}, {sys.argv[4]} ranks: {len(one)} steps, loss {one[0]:.3f} to {one[-1]:.3f}; differences: "
      f"first {differences[0]:.1e}, mean {mean:.1e}, largest {max(differences):.1e} nat a token")
# The first is of the same weights; then roundings of int8 activations go their own ways.
sys.exit(not (differences[0] <= 1e-6 * one[0] and mean <= 0.02 * abs(one[0])))
PYTHON
    done
  done
}

steps_done() { [ ! -e "$folder/killed/metrics.jsonl" ] || wc -l <"$folder/killed/metrics.jsonl"; }

kills() {
  local options=("${small[@]}" --steps $((3 * steps)) --steps-per-eval 0 --save-every 0 --save-every-seconds 0.5) count=2
  train "$count" "${options[@]}" --output "$folder/whole" || fail "the undisturbed run did not end"
  local kill=0 before run rank victim begin
  while ((kill < kills)) && ! grep -qs '"summary"' "$folder/killed/metrics.jsonl"; do
    before=$(steps_done)
    mpirun --oversubscribe -n "$count" "$emend" train -m "$model" "${options[@]}" --output "$folder/killed" --resume auto \
      >"$folder/killed.log" 2>&1 </dev/null &
    run=$!
    until [ "$(steps_done || echo 0)" != "$before" ] || ! kill -0 "$run" 2>/dev/null; do sleep 0.02; done
    sleep "$((RANDOM % 2)).$((RANDOM % 10))"
    rank=$((RANDOM % count))
    # mpirun's children are its ranks, in their order.
    read -r -a victims <"/proc/$run/task/$run/children" || true
    victim=${victims[$rank]:-}
    if [ -z "$victim" ]; then
      wait "$run" || fail "a run ended by itself"
      break
    fi
    begin=$SECONDS
    kill -KILL "$victim"
    if wait "$run"; then fail "mpirun says that a killed training ended"; fi
    [ $((SECONDS - begin)) -lt 60 ] || fail "the others went on for a minute"
    kill=$((kill + 1))
  done
  [ "$kill" -gt 0 ] || fail "it ended before it could be killed"
  until grep -qs '"summary"' "$folder/killed/metrics.jsonl"; do
    train "$count" "${options[@]}" --output "$folder/killed" --resume auto || fail "it could not be taken up"
  done
  cmp "$folder/whole/editor.safetensors" "$folder/killed/editor.safetensors" || fail "other bytes"
  echo "kills: a rank killed $kill times, the same bytes"
}

for part in "${parts[@]}"; do "$part"; done
