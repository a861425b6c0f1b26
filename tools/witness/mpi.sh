#!/usr/bin/env bash
# Trainings of two and four ranks under Open MPI's mpirun on this machine, beside one of one process:
#
#   gradients   of the whole batch: of every parameter within 1e-6 (relative, in norm) of one process's, f32
#   repeats     the same bytes in every run of as many ranks
#   curves      the losses of 200 steps, of a new small editor and of the shipped one, as near to one process's as those of one
#               process are whose weights begin a rounding away (f32, rows with answers, the shipped editor's rates)
#   kills       kill -9 of a rank at ten random moments: everything ends within a minute, and what is resumed ends with
#               the bytes of a run that nobody disturbed
#
# usage: tools/witness/mpi.sh EMEND MODEL.gguf EDITOR.safetensors [gradients|repeats|curves|kills]...
#        EMEND is built with --traits default,MPI; MODEL and EDITOR are those of tools/fetch-models and models/editors;
#        without names all parts run. SHORT=1 is the short form: two ranks, fewer steps and kills. ROWS=FILE has other rows
#        for the curves than those that are made here, EDITORS="shipped new" one of the two alone.
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

# Rows whose answers rules make: what a model of this size learns some of in 200 steps.
make_rows() {
  python3 - "$1" <<'PYTHON'
import itertools, json, sys

names = ["Anna", "Ben", "Clara", "David", "Emma", "Frank", "Greta", "Hugo", "Ida", "Jonas"]
deeds = ["walks to the lake", "reads an old book", "paints a small boat", "feeds the grey cat", "bakes warm bread"]
times = ["in the morning", "after lunch", "before it rains", "on Sunday", "every evening"]
rules = {
    "Write it in capital letters.": str.upper,
    "Write it in small letters.": str.lower,
    "Write the words in reverse order.": lambda text: " ".join(reversed(text.split())),
    "Give the first word alone.": lambda text: text.split()[0],
    "Give the last word alone.": lambda text: text.split()[-1],
    "Make a question of it.": lambda text: "Is it true that " + text + "?",
    "Put a hyphen between the words.": lambda text: "-".join(text.split()),
    "Say it twice.": lambda text: text + " " + text,
}
with open(sys.argv[1], "w") as file:
    for number, (name, deed, time) in enumerate(itertools.product(names, deeds, times)):
        text = f"{name} {deed} {time}"
        for index in (number % 8, (number + 3) % 8):
            rule = list(rules)[index]
            file.write(json.dumps({"instruction": rule, "input": text, "output": rules[rule](text)}) + "\n")
PYTHON
}

# The editor of a file with weights that are up to one unit in the last place of f32 away: 1.2e-7 of each.
nudge() {
  python3 - "$1" "$2" "$3" <<'PYTHON'
import json, random, struct, sys

source, target, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
bits = random.Random(seed)
with open(source, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
entries = sorted(((name, entry) for name, entry in header.items() if name != "__metadata__"), key=lambda item: item[1]["data_offsets"])
blobs, offset = [], 0
for _, entry in entries:
    raw = data[slice(*entry["data_offsets"])]
    if entry["dtype"] == "BF16":
        wide = bytearray(2 * len(raw))
        wide[2::4], wide[3::4] = raw[0::2], raw[1::2]
    else:
        assert entry["dtype"] == "F32", entry["dtype"]
        wide = bytearray(raw)
    lows = bits.randbytes(len(wide) // 4)
    wide[0::4] = bytes(low ^ (bit & 1) for low, bit in zip(wide[0::4], lows))
    entry.update(dtype="F32", data_offsets=[offset, offset + len(wide)])
    offset += len(wide)
    blobs.append(wide)
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
with open(target, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.writelines(blobs)
PYTHON
}

# Curves of training part: what one process comes to whose weights begin a rounding away says how far they may. A fault in
# what ranks do shows in the first step, in curves that part sooner than that one does, or in a mean that lies elsewhere.
curves() {
  local name count start rows=${ROWS:-$folder/rows.jsonl}
  [ -n "${ROWS:-}" ] || make_rows "$rows"
  # The rates with which the shipped editor was trained.
  local options=(--data "$rows" --max-seq-length 64 --unseen-part 0 --seen-part 0 --compositional-part 0 --batch-size 8
    --learning-rate 5e-4 --backbone-learning-rate 3e-4 --steps "$steps" --steps-per-eval 0 --save-every 0 "${exact[@]}")
  train 1 --backbone gpt2:2x64x2 --heads shared --random-rows 8x8x4 --steps 1 --steps-per-eval 0 --save-every 0 \
    --output "$folder/new" || fail "no new editor"
  for name in ${EDITORS:-shipped new}; do
    start=$editor
    [ "$name" = shipped ] || start=$folder/new/editor.safetensors
    train 1 --editor "$start" "${options[@]}" --output "$folder/curve-$name-1" || fail "no training"
    for count in a b; do
      nudge "$start" "$folder/nudged-$name-$count.safetensors" "$((16#$count))"
      train 1 --editor "$folder/nudged-$name-$count.safetensors" "${options[@]}" --output "$folder/curve-$name-$count" \
        || fail "no training of nudged weights"
    done
    for count in "${counts[@]}"; do
      train "$count" --editor "$start" "${options[@]}" --output "$folder/curve-$name-$count" \
        || fail "no training of $count ranks"
    done
    python3 - "$folder/curve-$name" "$name" "${counts[@]}" <<'PYTHON' || fail "another curve"
import json, sys

folder, name, counts = sys.argv[1], sys.argv[2], sys.argv[3:]

def losses(run):
    lines = [json.loads(line) for line in open(f"{folder}-{run}/metrics.jsonl")]
    return [line["loss"] for line in lines if line["kind"] == "train"]

def mean(values): return sum(values) / len(values)

one = losses("1")
tail = len(one) // 2
fails = False

def compare(run, what):
    other = losses(run)
    assert len(other) == len(one)
    differences = [abs(a - b) for a, b in zip(one, other)]
    late = abs(mean(other[tail:]) - mean(one[tail:]))
    shown = " ".join(f"{difference:.0e}" for difference in differences[:5])
    print(f"curves, {name}, {what}: {len(one)} steps, loss {mean(one[:10]):.3f} to {mean(one[-10:]):.3f}; from one process by "
          f"{shown} in the first steps, mean {mean(differences):.1e}, largest {max(differences):.1e}; "
          f"means of the last half by {late:.1e} nat a token")
    return differences, late

nudged = [compare(run, "one process, nudged weights") for run in "ab"]
for count in counts:
    differences, late = compare(count, f"{count} ranks")
    # The first step is of the same weights, and so is all but rounding.
    fails |= differences[0] > 1e-6 * one[0]
    fails |= mean(differences[1:5]) > 4 * max(mean(other[1:5]) for other, _ in nudged) + 1e-6
    fails |= mean(differences) > 2 * max(mean(other) for other, _ in nudged) + 1e-6
    fails |= late > 2 * max(late for _, late in nudged) + 0.01 * mean(one[tail:])
sys.exit(fails)
PYTHON
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
