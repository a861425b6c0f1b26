extension EditExplanation {
  /// The same as a page: one file, no scripts, nothing that is fetched.
  public func html() -> String {
    Page.document(
      title: "What the edit \"\(instruction)\" does",
      [header, answersSection, whereSection, mapSection, wordsSection, neighboursSection]
        + [tokensSection, doseSection, closingSection])
  }

  private var header: String {
    "<h1>What the edit \u{201C}\(Page.escaped(instruction))\u{201D} does</h1>\n"
      + Page.note(
        "\(editor), an editor of \(interface), on \(model) with \(activations) activations: \(pairs) "
          + "\(pairs == 1 ? "key and value" : "keys and values") in each of \(layers) blocks. Shares are the part of "
          + "what the edit gains over the mean edit, which is the mean over \(known.instructions) instructions of "
          + "\(known.families) families (\(known.source)): 1 is all of it.")
      + undecided.map { Page.note("Undecided: \($0).") }.joined()
  }

  private var answersSection: String {
    Page.section(
      "What does it answer?",
      Page.table(
        ["input", "edited", "mean edit", "unedited", "gain"],
        inputs.map { [$0.text, $0.edited, $0.mean, $0.unedited, Page.fixed($0.gain, 2)] },
        numbers: [4]),
      Page.note(
        "Loss of the edited answers, nat a token: edited \(Page.fixed(losses.edited, 3)), mean edit "
          + "\(Page.fixed(losses.mean, 3)), unedited \(Page.fixed(losses.unedited, 3)), the instruction in the prompt "
          + "\(Page.fixed(losses.prompted, 3)). Gain: what the edit gains over the mean edit."))
  }

  private var whereSection: String {
    guard let halves, let map else { return "" }
    var bars: [(label: String, value: Double, isControl: Bool)] = [
      ("the mean edit alone", 0, true), ("values of the edit", halves.values.share, false),
      ("keys of the edit", halves.keys.share, false),
      (
        "blocks \(map.best.first)-\(map.best.last), the best \(map.windowSize)",
        map.best.share.share, false
      ),
    ]
    if let carrying = map.carrying {
      bars.append(
        ("blocks \(carrying.first)-\(carrying.last), carrying", carrying.share.share, false))
    }
    bars.append(("all of the edit", 1, true))
    return Page.section(
      "Is it in the keys or in the values, and in which blocks?", Page.bars(bars),
      Page.note(
        "How to read it: a part of the edit is put into the mean edit, and the bar is what comes back. Grey: the "
          + "controls. It would have failed if all parts carried alike."
          + (map.isCarryingHeldOut
            ? " The carrying blocks were chosen on one half of the inputs and measured on the other."
            : "")))
  }

  private var mapSection: String {
    guard let map else { return "" }
    let columns = (0..<layers).map(String.init)
    func padded(_ values: [Double]) -> [Double?] {
      values.map { $0 } + [Double?](repeating: nil, count: layers - values.count)
    }
    let largest = max(sizes.map { max($0.keys, $0.values) }.max() ?? 1, 1e-9)
    return Page.section(
      "Which blocks carry it?",
      Page.heatMap(
        [
          ("this block alone", map.single.map { $0 }),
          ("\(map.windowSize) blocks from here", padded(map.windows)),
          ("gradients", map.gradients.map { $0 }),
          ("all from here", map.from.map { $0 }), ("all before", map.below.map { $0 }),
          ("size of keys", sizes.map { $0.keys / largest }),
          ("size of values", sizes.map { $0.values / largest }),
        ], columns: columns),
      Page.note(
        "How to read it: shares, white 0 and full 1. Sizes are differences to the mean edit over its length, and the "
          + "darkest is \(Page.fixed(largest, 2)): where an edit is large is not where it acts."))
  }

  private var wordsSection: String {
    guard !words.isEmpty else { return "" }
    let groups = wordLayers.map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])-\($0[1])" }
    let isPrefix = words.contains { $0.share != nil }
    return Page.section(
      "Which words do it, and where?",
      Page.heatMap(words.map { ($0.text, $0.shares) }, columns: groups),
      Page.table(
        ["word", "effect, nat a token", "share at its tokens"],
        words.map {
          [
            $0.text, $0.effect.map { Page.fixed($0, 3) } ?? "",
            $0.share.map { Page.fixed($0, 2) } ?? "",
          ]
        }, numbers: [1, 2]),
      Page.note(
        "Effect: how much worse the answers are with the edit of the instruction without the word. The map: "
          + (isPrefix
            ? "the share that the edit has at the word's tokens alone, by blocks; (before) and (behind) are what the "
              + "template writes around the instruction."
            : "what of the word's effect comes back through which blocks.")))
  }

  private var neighboursSection: String {
    Page.section(
      "Which known instructions is it like?",
      Page.table(
        ["instruction", "family", "cosine", "behaviour"],
        nearest.map {
          [$0.instruction, $0.family, Page.fixed($0.cosine, 2), Page.fixed($0.roundTrip, 2)]
        }, numbers: [2, 3]),
      Page.note(
        "Behaviour: 1 where the edit of that text does the same, 0 where it is as different as other instructions. "
          + "\(Page.fixed(100 * familiarity.percentile, 0)) % of known instructions have their own nearest no nearer "
          + "than this one has. That a text is near does not make it an explanation."))
  }

  private var tokensSection: String {
    func rows(_ changes: [TokenChange]) -> [[String]] {
      changes.map { [$0.token, Page.fixed($0.change, 1)] }
    }
    return Page.section(
      "What does it make likelier at the first token of the answer?",
      Page.table(["likelier", "nat"], rows(promoted), numbers: [1]),
      Page.table(["less likely", "nat"], rows(suppressed), numbers: [1]),
      Page.note("Mean over the inputs of log p with the edit less that with the mean edit."))
  }

  private var doseSection: String {
    Page.section(
      "What do other strengths do?",
      Page.curve(dose.map { ($0.strength, $0.share) }, xName: "strength around the mean edit"),
      Page.table(
        ["strength", "share", "distinct-2", "KL on unrelated text", "answer to the first input"],
        dose.map {
          [
            Page.fixed($0.strength, 2), Page.fixed($0.share, 2),
            $0.distinct2.map { Page.fixed($0, 2) } ?? "", Page.fixed($0.unrelatedKl, 3), $0.answer,
          ]
        }, numbers: [0, 1, 2, 3]),
      Page.note(
        "Up to \(Page.fixed(limit.strength, 2)) is within limits: \(limit.rule)."))
  }

  private var closingSection: String {
    Page.section(
      "What does it cost, and what was not tested?",
      Page.note(
        "KL(unedited || edited) on \(harm.tokens) tokens of unrelated text (\(harm.text)): \(Page.fixed(harm.edited, 3)) "
          + "nat a token; of the mean edit \(Page.fixed(harm.mean, 3))."),
      "<ul>\n" + notTested.map { "<li>\(Page.escaped($0))</li>" }.joined(separator: "\n")
        + "\n</ul>",
      Page.note(
        "\(Page.fixed(seconds, 1)) s, of which the map of blocks \(Page.fixed(mapSeconds, 1)) s; \(tokensRun) tokens went "
          + "through the model."))
  }
}
