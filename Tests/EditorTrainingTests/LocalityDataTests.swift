import EditorTraining
import Testing

/// Which instruction a sequence of unrelated text comes under.
struct LocalityDataTests {
  private let prose = [[1, 2], [3, 4]].map { TokenizedExample(unrelated: $0, instruction: []) }
  private let answers = [[5, 6], [7, 8]].map { TokenizedExample(unrelated: $0, instruction: []) }

  /// The text and the instruction of the first sequences.
  private func first(_ count: Int, of data: LocalityData) -> [[Int]?] {
    (0..<count).map {
      data.example($0, under: [9]).map { $0.prompt + $0.response + $0.instruction }
    }
  }

  @Test("Answers come under instructions that ask for nothing alone, prose under both")
  func answersAreIdle() {
    let both = LocalityData(prose: prose, answers: answers, idle: [[10], [11], [12]])
    #expect(
      first(10, of: both) == [
        [1, 2, 9], [1, 2, 10], [3, 4, 9], [5, 6, 11], [1, 2, 9], [3, 4, 12], [3, 4, 9], [7, 8, 10],
        [1, 2, 9], [1, 2, 11],
      ])
    let idle = LocalityData(answers: answers, idle: [[10], [11], [12]])
    #expect(first(4, of: idle) == [[5, 6, 10], [7, 8, 11], [5, 6, 12], [7, 8, 10]])
  }

  @Test(
    "Without instructions that ask for nothing there is prose under the rows' own, and no answer")
  func withoutIdle() {
    #expect(
      first(3, of: LocalityData(prose: prose, answers: answers)) == [
        [1, 2, 9], [3, 4, 9], [1, 2, 9],
      ])
    #expect(first(1, of: LocalityData(answers: answers)) == [nil])
    #expect(first(1, of: LocalityData()) == [nil])
  }
}
