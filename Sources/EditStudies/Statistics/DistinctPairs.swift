/// Different pairs of tokens that follow each other, of all of them (distinct-2); nil where there is none.
func distinctPairs(_ answers: [[Int]]) -> Double? {
  var pairs: Set<[Int]> = []
  var count = 0
  for answer in answers {
    for (a, b) in zip(answer, answer.dropFirst()) {
      pairs.insert([a, b])
      count += 1
    }
  }
  return count > 0 ? Double(pairs.count) / Double(count) : nil
}
