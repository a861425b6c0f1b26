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
  ])
  func rougeL(answer: String, wanted: String, expected: Double) {
    #expect(abs(AnswerScore.rougeL(answer, wanted: wanted) - expected) < 1e-15)
  }

  /// Letters are letters in every script.
  @Test func otherScripts() {
    #expect(AnswerScore.rougeL("Où est-il?", wanted: "où est il") == 1)
    #expect(AnswerScore.rougeL("ГДЕ он", wanted: "где она") == 0.5)
  }

  @Test func exactMatch() {
    #expect(AnswerScore(" The end.\n", wanted: "The end.").exactMatch == 1)
    #expect(AnswerScore("the end.", wanted: "The end.").exactMatch == 0)
    #expect(AnswerScore("The  end.", wanted: "The end.").exactMatch == 0)
    #expect(AnswerScore("", wanted: "The end.").exactMatch == 0)
  }
}
