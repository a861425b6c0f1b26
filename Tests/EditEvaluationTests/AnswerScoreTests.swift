import EditEvaluation
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
}
