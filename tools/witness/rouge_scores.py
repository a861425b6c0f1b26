"""Compares the ROUGE-L of answers in emend with that of the package rouge-score.

usage: emend evaluate ... --generate 20 --json > result.json
       rouge_scores.py result.json

Every answer is scored again (rougeL, without the stemmer), and the means over a split's rows must be the same within
1e-12, for each condition. Exits 1 where they differ. Needs rouge-score (requirements-rouge.txt).
"""

import argparse
import json
import sys
from pathlib import Path

from rouge_score import rouge_scorer

TOLERANCE = 1e-12


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result")
    options = parser.parse_args()
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    failed = False
    for split in json.loads(Path(options.result).read_text())["splits"]:
        rows = split["generations"]
        for condition, figure in split["answers"]["conditions"].items():
            theirs = sum(
                scorer.score(row["wanted"], row["answers"][condition])["rougeL"].fmeasure for row in rows) / len(rows)
            ours = figure["rouge_l"]["value"]
            failed = failed or not abs(theirs - ours) <= TOLERANCE
            print(f"{split['split']}, {len(rows)} rows, {condition}: rouge-score {theirs:.6f}, emend {ours:.6f}")
    sys.exit(1 if failed else 0)


main()
