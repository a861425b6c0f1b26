import PlainText
import TensorKernels

extension EditExplanation {
  /// What was found, as people read it.
  public var text: String {
    [
      "\"\(instruction.onOneLine)\": \(interface), \(pairs) \(pairs == 1 ? "key and value" : "keys and values") in "
        + "each of \(layers) blocks, against the mean of \(known.instructions) instructions",
      answers, lossLines, whereLines, mapLines, wordLines, neighbourLines, tokenLines, doseLines,
      closing,
    ].filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private func fixed(_ value: Double, _ digits: Int = 2) -> String { Numbers.fixed(value, digits) }

  private var answers: String {
    "Answers\n"
      + inputs.map { input in
        "  \(Self.shown(input.text, 60))\n    edited    \(Self.shown(input.edited))\n    mean edit "
          + "\(Self.shown(input.mean))\n    unedited  \(Self.shown(input.unedited))"
      }.joined(separator: "\n")
  }

  private var lossLines: String {
    "Loss of the edited answers, nat a token: edited \(fixed(losses.edited, 3)), mean edit \(fixed(losses.mean, 3)), "
      + "unedited \(fixed(losses.unedited, 3)), instruction in the prompt \(fixed(losses.prompted, 3))"
  }

  private var whereLines: String {
    guard let halves, let map else { return undecidedLine }
    var lines = [
      "Where it acts (share of the gain over the mean edit; least and most of single inputs)"
    ]
    lines.append("  values of the edit, keys of the mean edit  \(share(halves.values))")
    lines.append("  keys of the edit, values of the mean edit  \(share(halves.keys))")
    lines.append(
      "  blocks \(range(map.best)) alone, the best \(map.windowSize)  \(share(map.best.share))")
    if let carrying = map.carrying {
      lines.append(
        "  blocks \(range(carrying)), the fewest that carry 0.9  \(share(carrying.share))"
          + (map.isCarryingHeldOut ? "  (chosen on other inputs)" : ""))
    }
    return lines.joined(separator: "\n")
  }

  private var undecidedLine: String {
    undecided.map { "Undecided: \($0)" }.joined(separator: "\n")
  }

  /// A line a block: its size, what it carries alone, and what the window that begins there does.
  private var mapLines: String {
    guard let map else { return "" }
    var table = TextTable(
      [
        "block", "keys", "values", "alone", "\(map.windowSize) from here", "", "all from here",
        "all before",
      ], numbers: [0, 1, 2, 3, 4, 6, 7])
    for size in sizes {
      let window = map.windows.indices.contains(size.layer) ? map.windows[size.layer] : nil
      table.append([
        "\(size.layer)", fixed(size.keys), fixed(size.values), fixed(map.single[size.layer]),
        window.map { fixed($0) } ?? "", window.map(Self.bar) ?? "", fixed(map.from[size.layer]),
        fixed(map.below[size.layer]),
      ])
    }
    return
      "Blocks (keys, values: difference to the mean edit over its length; then shares)\n"
      + table.text
  }

  private var wordLines: String {
    guard !words.isEmpty else { return "" }
    let groups = wordLayers.map { $0[0] == $0[1] ? "\($0[0])" : "\($0[0])-\($0[1])" }
    let isPrefix = words.contains { $0.share != nil }
    var table = TextTable(
      ["word", "effect"] + (isPrefix ? ["share"] : []) + groups,
      numbers: Set(1...groups.count + 2))
    for word in words {
      table.append(
        [Self.shown(word.text, 24), word.effect.map { fixed($0, 3) } ?? ""]
          + (isPrefix ? [word.share.map { fixed($0) } ?? "-"] : [])
          + word.shares.map { $0.map { fixed($0) } ?? "-" })
    }
    let what =
      isPrefix
      ? "share: of the edit at its tokens alone, in all blocks and by blocks"
      : "then what of that comes back through which blocks"
    return "Words (effect: loss without the word, nat a token; \(what))\n" + table.text
  }

  private var neighbourLines: String {
    var table = TextTable(["cosine", "behaviour", "family", "instruction"], numbers: [0, 1])
    for near in nearest {
      table.append([
        fixed(near.cosine), fixed(near.roundTrip), Self.shown(near.family, 28),
        Self.shown(near.instruction, 70),
      ])
    }
    return
      "Nearest known instructions (behaviour: 1 the same, 0 as different as others)\n" + table.text
      + "\n\(fixed(100 * familiarity.percentile, 0)) % of known instructions have their own nearest no nearer"
  }

  private var tokenLines: String {
    func line(_ changes: [TokenChange]) -> String {
      changes.map { "\(Self.quoted($0.token)) \(Numbers.signed($0.change))" }.joined(
        separator: "  ")
    }
    return
      "First token of the answer against the mean edit, nat\n  likelier    \(line(promoted))\n  "
      + "less likely \(line(suppressed))"
  }

  private var doseLines: String {
    var table = TextTable(
      ["strength", "share", "distinct-2", "KL unrelated", "answer to the first input"],
      numbers: [0, 1, 2, 3])
    for dose in dose {
      table.append([
        fixed(dose.strength), fixed(dose.share), dose.distinct2.map { fixed($0) } ?? "-",
        fixed(dose.unrelatedKl, 3), Self.shown(dose.answer, 50),
      ])
    }
    return "Strength around the mean edit; up to \(fixed(limit.strength)) is within limits\n"
      + table.text
  }

  private var closing: String {
    var lines = [
      "Harm: KL(unedited || edited) \(fixed(harm.edited, 3)) nat a token on \(harm.tokens) tokens of unrelated text; "
        + "of the mean edit \(fixed(harm.mean, 3))"
    ]
    if halves != nil { lines += undecided.map { "Undecided: \($0)" } }
    lines.append("Not tested:")
    lines += notTested.map { "  - \($0)" }
    lines.append(
      "\(fixed(seconds, 1)) s (the map of blocks \(fixed(mapSeconds, 1)) s), \(tokensRun) tokens, peak memory "
        + SystemMemory.display(peakRssBytes))
    return lines.joined(separator: "\n")
  }

  private func share(_ share: Share) -> String {
    guard let least = share.least, let most = share.most else { return fixed(share.share) }
    return "\(fixed(share.share)) [\(fixed(least)), \(fixed(most))]"
  }

  private func range(_ window: Window) -> String {
    window.first == window.last ? "\(window.first)" : "\(window.first)-\(window.last)"
  }

  private static func bar(_ share: Double) -> String {
    String(repeating: "#", count: Int((min(max(share, 0), 1) * 20).rounded()))
  }

  private static func shown(_ text: String, _ width: Int = 76) -> String {
    let line = text.onOneLine
    return line.count > width ? line.prefix(width - 1) + "…" : line
  }

  private static func quoted(_ token: String) -> String { "\"\(token.onOneLine)\"" }
}
