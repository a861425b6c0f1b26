#!/bin/sh
# kitoken 0.11.1: the bytes of a character that a unigram SentencePiece model lacks come last first.
#
# Of a model with byte fallback, SentencePiece gives a character without a piece as the pieces of its bytes, in their
# order; kitoken, which reads the same file and calls itself compatible with it, gives them reversed if the model is
# unigram, and as it should if it is BPE. What a model is fed is another text, and the identifiers decoded, by kitoken
# itself too, are no UTF-8. Seen output (the word is "b", U+00E9, "b"):
#
#   bpe sentencepiece: <0xC3> <0xA9>, kitoken: <0xC3> <0xA9>, decoded by kitoken: 62 c3 a9 62
#   unigram sentencepiece: <0xC3> <0xA9>, kitoken: <0xA9> <0xC3>, decoded by kitoken: 62 a9 c3 62
#
# Installs kitoken and sentencepiece in a temporary folder; fails where this changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kitoken==0.11.1 sentencepiece==0.2.3
cat > "$folder/show.py" <<'PYTHON'
import io, sys
import kitoken, sentencepiece

lines = ["ab ba abba aab bba", "bab aba baab abab", "aa bb ab ba bab"] * 20
seen = {}
for kind in ("bpe", "unigram"):
    file = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=file, model_type=kind, vocab_size=270, hard_vocab_limit=False,
        byte_fallback=True, normalization_rule_name="identity", minloglevel=2)
    first = sentencepiece.SentencePieceProcessor(model_proto=file.getvalue())
    second = kitoken.Kitoken.from_sentencepiece(file.getvalue())
    word = "b\u00e9b"
    ids = [first.encode(word), second.encode(word, False)]
    pieces = [" ".join(piece for piece in map(first.id_to_piece, each) if piece.startswith("<0x")) for each in ids]
    decoded = second.decode(ids[1], False).hex(" ")
    print(f"{kind} sentencepiece: {pieces[0]}, kitoken: {pieces[1]}, decoded by kitoken: {decoded}")
    seen[kind] = (pieces[0], pieces[1], decoded)
right, reverse = "<0xC3> <0xA9>", "<0xA9> <0xC3>"
sys.exit(seen != {"bpe": (right, right, "62 c3 a9 62"), "unigram": (right, reverse, "62 a9 c3 62")})
PYTHON
"$folder/venv/bin/python" "$folder/show.py"
