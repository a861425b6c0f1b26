#!/usr/bin/env bash
# llama.cpp's own server tests against `emend serve`: those that a text model without tools, grammars and images
# has to pass, and two that llama.cpp itself does not switch on, as its answers depend on what else is in the batch.
#
# usage: tools/witness/server_suite.sh EMEND STORIES260K.bin TOK512.bin [pytest arguments]
#
# The two files are llama2.c's stories260K, which is the suite's model. The tests are those of the source
# distribution of llama-cpp-python 0.3.36 (77 MB), which is kept in EMEND_SUITE_FOLDER where that is set. Not part
# of CI.
set -euo pipefail

usage="usage: server_suite.sh EMEND STORIES260K.bin TOK512.bin [pytest arguments]"
emend=$(realpath "${1:?"$usage"}")
weights=$(realpath "${2:?"$usage"}")
tokenizer=$(realpath "${3:?"$usage"}")
shift 3
here=$(cd "$(dirname "$0")" && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
folder=${EMEND_SUITE_FOLDER:-$temporary}
mkdir -p "$folder"

python=$folder/python/bin/python
source=$folder/llama_cpp_python-0.3.36
if [ ! -x "$python" ]; then
  python3 -m venv "$folder/python"
  "$python" -m pip install -q 'aiohttp==3.9.5' 'pytest==8.3.5' 'pytest-xdist==3.6.1' 'filelock==3.16.1' 'numpy==2.2.6' \
    'openai==2.14.0' 'prometheus-client==0.20.0' 'requests==2.32.5' 'wget==3.2'
fi
if [ ! -d "$source" ]; then
  "$python" -m pip download -q --no-deps --no-binary llama-cpp-python -d "$folder" 'llama-cpp-python==0.3.36'
  tar xf "$source.tar.gz" -C "$folder"
fi
tests=$source/vendor/llama.cpp/tools/server/tests
# What is the same whatever else runs, cached or not: llama.cpp leaves these assertions out.
sed -i -e '/^@pytest.mark.skip(reason="This test fails on linux/d' \
  -e 's/^        # assert match_regex(re_content, res.body\["content"\])/        assert match_regex(re_content, res.body["content"])/' \
  "$tests/unit/test_completion.py"
grep -q '^        assert match_regex(re_content, res.body\["content"\])' "$tests/unit/test_completion.py"
"$emend" convert "$weights" "$temporary/stories260K.gguf" --type f32 --tokenizer "$tokenizer" > /dev/null

export LLAMA_SERVER_BIN_PATH=$here/llama_server.py EMEND_SERVE="$emend serve" PORT=${PORT:-18100}
export EMEND_TEST_MODEL=$temporary/stories260K.gguf
cd "$tests"
"$python" -m pytest -q --tb=short -p no:cacheprovider -m "not slow" \
  unit/test_tokenize.py unit/test_basic.py unit/test_completion.py unit/test_chat_completion.py \
  unit/test_ctx_shift.py unit/test_ignore_eos.py unit/test_metrics.py unit/test_security.py \
  --deselect unit/test_basic.py::test_load_split_model \
  --deselect unit/test_chat_completion.py::test_apply_chat_template \
  --deselect unit/test_metrics.py::test_metrics_embedding_prompt_is_counted \
  --deselect unit/test_security.py::test_local_media_file \
  --deselect unit/test_security.py::test_cors_proxy_only_forwards_explicit_proxy_headers \
  -k "not (response_format0 or response_format1 or response_format2 or response_format3 or with_json_schema or with_grammar)" \
  "$@"
