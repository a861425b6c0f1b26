#!/usr/bin/env bash
# A study as an array of Slurm, on this machine as its one node: a task that Slurm tells to end is put into the queue again,
# and the results are those of a study that nobody disturbed, byte by byte.
#
# usage: tools/witness/slurm_study.sh EMEND MODEL.gguf EDITOR.safetensors ROWS.jsonl   as root, with Debian's slurmctld,
#                                                          slurmd, slurm-client and munge installed
#
# ROWS.jsonl are rows of training with families and a split. Everything it makes is in a temporary folder, but for munge's
# key where there is none. Not part of CI.
set -euo pipefail

usage="usage: slurm_study.sh EMEND MODEL.gguf EDITOR.safetensors ROWS.jsonl"
emend=$(realpath "${1:?$usage}")
model=$(realpath "${2:?$usage}")
editor=$(realpath "${3:?$usage}")
rows=$(realpath "${4:?$usage}")
# shellcheck source=tools/witness/one_node_slurm.bash
source "$(dirname "${BASH_SOURCE[0]}")/one_node_slurm.bash"

# Few families: a mean edit of some instructions is there in seconds.
python3 - "$rows" "$folder/rows.jsonl" <<'PYTHON'
import json, sys
rows = [row for row in map(json.loads, open(sys.argv[1])) if not row["parts"] and row["split"] in ("train", "unseen")]
families = sorted({row["family"] for row in rows if row["split"] == "unseen"})[:8]
open(sys.argv[2], "w").writelines(json.dumps(row) + "\n" for row in rows if row["family"] in families)
PYTHON
study() {
  cat >"$folder/$1.yaml" <<YAML
study: $1
output: $folder/$1
model: $model
data: [rows.jsonl]
editors: {e: $editor}
rows: {unseen: 4, per_family: 1, known: 1}
bootstrap: {resamples: 50}
execution: {threads: 1}
experiments: {contribution: {steps: 2}, words: {}, dose: {}, stress: {}}
array: {memory: "0", cpus: 1, time: "00:10:00", extra: ["--chdir=$folder"]}
YAML
}
study whole
study array
"$emend" study run "$folder/whole.yaml" >/dev/null

mkdir "$folder/bin"
ln -s "$emend" "$folder/bin/emend"
export PATH=$folder/bin:$PATH
id=$("$emend" study array "$folder/array.yaml" | sbatch --parsable)
has_units() { [ "$(cat "$folder"/array/jobs/*/results.jsonl.part 2>/dev/null | wc -l)" -gt 1 ]; }
wait_for 200 has_units
# Of a task of an array Slurm 22.05 says that it cannot be altered, and signals it all the same; what came of it is seen below.
scancel --batch --signal=TERM "${id}_0" || true
is_requeued() { [ "$(scontrol show job "${id}_0" | grep -c 'Restarts=1')" -gt 0 ]; }
wait_for 100 is_requeued
echo "task 0 was told to end, and is in the queue again"
wait_for 900 is_gone "$id"
"$emend" study report "$folder/array.yaml" >/dev/null
cmp "$folder/whole/results.jsonl" "$folder/array/results.jsonl" || fail "other bytes"
echo "the same bytes"
