#!/bin/sh
# polars 2.1.0: what a list holds is lost when read_ndjson saw only empty lists in the first 100 lines.
#
# read_ndjson takes the types from the first lines (infer_schema_length, 100 by default). Of a later value that does not
# fit, such as a number where all were null or a text where all were numbers, it says so with an error. In a list it does
# not: after 100 lines of [] or [null], each element of a later list is null, and after [{}] each object is empty, in
# silence. pyarrow 26.0.1 reads the same file as it is. Seen output, line 101 of a file:
#
#   null, then 1: polars error, pyarrow 1
#   [], then ["a", "b"]: polars [null, null], pyarrow ["a", "b"]
#   [null], then ["a", "b"]: polars [null, null], pyarrow ["a", "b"]
#   [{}], then [{"a": 1}]: polars [{}], pyarrow [{"a": 1}]
#
# Installs polars and pyarrow in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet polars==2.1.0 pyarrow==26.0.1
cat > "$folder/show.py" <<'PYTHON'
import json, sys
import polars
import pyarrow.json

path = f"{sys.argv[1]}/lines.jsonl"
cases = [(None, 1, "error"), ([], ["a", "b"], [None, None]), ([None], ["a", "b"], [None, None]), ([{}], [{"a": 1}], [{}])]
changed = False
for first, last, expected in cases:
    with open(path, "w") as file:
        for value in [first] * 100 + [last]:
            file.write(json.dumps({"value": value}) + "\n")
    try:
        seen = polars.read_ndjson(path).to_dicts()[-1]["value"]
        said = json.dumps(seen)
    except polars.exceptions.ComputeError:
        seen = said = "error"
    other = pyarrow.json.read_json(path).to_pylist()[-1]["value"]
    print(f"{json.dumps(first)}, then {json.dumps(last)}: polars {said}, pyarrow {json.dumps(other)}")
    changed = changed or seen != expected or other != last
sys.exit(changed)
PYTHON
"$folder/venv/bin/python" "$folder/show.py" "$folder"
