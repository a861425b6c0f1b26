import EditEvaluation
import EditorTraining
import Testing

@Suite struct AnswerScoreTests {
  /// What rouge-score 0.1.2 gives:
  /// `RougeScorer(["rougeL"], use_stemmer=False).score(wanted, answer)["rougeL"].fmeasure`. The
  /// gunmen are those of Lin, 2004: order counts.
  @Test(arguments: [
    ("the cat sat on the mat", "the cat is on the mat", 0.8333333333333334), ("", "a", 0),
    ("police kill the gunman", "police killed the gunman", 0.75),
    ("the gunman kill police", "police killed the gunman", 0.5), ("It's 3.5%!", "it s 3 5", 1),
    ("a b c d e f g", "g f e d c b a", 0.14285714285714285),
    ("Don't stop -- now", "do not stop now.", 0.5), ("one two three", "four", 0),
    // Letters of ASCII alone are a word's: accented ones part words, and other scripts have none.
    ("Où est-il?", "où est il", 1), ("ГДЕ он", "где она", 0), ("naïve façade", "na ve fa ade", 1),
    ("Le café est très chaud", "le cafe est tres chaud", 0.5454545454545454),
    ("e\u{301}t\u{e9} indien", "ete indien", 0.4), ("Straße 5", "STRASSE 5", 0.4),
    ("5 \u{212a} warm", "5 k warm", 1), ("\u{130}stanbul", "i stanbul", 1), ("١٢ 12", "12", 1),
    ("\u{fb01}ne x²", "fine x2", 0), ("一 two 三", "two", 1),
  ])
  func rougeL(answer: String, wanted: String, expected: Double) {
    #expect(abs(AnswerScore.rougeL(answer, wanted: wanted) - expected) < 1e-15)
  }

  @Test func exactMatch() {
    #expect(AnswerScore(" The end.\n", wanted: "The end.").exactMatch == 1)
    #expect(AnswerScore("the end.", wanted: "The end.").exactMatch == 0)
    #expect(AnswerScore("The  end.", wanted: "The end.").exactMatch == 0)
    #expect(AnswerScore("", wanted: "The end.").exactMatch == 0)
  }

  /// Families of different sizes are drawn, so that a resample has more rows than there are, or fewer: a part of them is
  /// never more than all, and all right is all right in every resample.
  @Test func aDrawnFamilysRowsAreWhatIsDividedBy() throws {
    let sizes = ["a": 1, "b": 5, "c": 2]
    func figures(_ isRight: (String) -> Bool) -> AnswerFigures {
      AnswerFigures(
        sizes.sorted { $0.key < $1.key }.flatMap { family, count in
          (0..<count).map { number in
            ComparedAnswers(
              TrainingRow(
                instruction: "Say it.", input: "\(number)", output: "yes", family: family),
              answers: ["edited": isRight(family) ? "yes" : "no"])
          }
        }, Bootstrap(drawsFamilies: true))
    }
    let all = try #require(figures { _ in true }.conditions["edited"])
    #expect(all.exactMatch == Estimate(value: 1, low: 1, high: 1))
    #expect(all.rougeL == Estimate(value: 1, low: 1, high: 1))
    let one = try #require(figures { $0 == "b" }.conditions["edited"]?.exactMatch)
    #expect(one == Estimate(value: 0.625, low: 0, high: 1))
  }
}
