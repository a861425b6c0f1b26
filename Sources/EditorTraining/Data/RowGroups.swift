/// Which examples come up equally often: those of one file, or of one family of a file.
///
/// With f rows of each family in an epoch, a family of n rows in a file of weight w has the weight w f / n,
/// so that small families and large ones are learned alike. Rows without a family are one family of their
/// file.
public struct RowGroups: Sendable {
  /// The group of each example.
  public private(set) var ofExample: [Int] = []
  /// How often the examples of each group come up in an epoch.
  public private(set) var weights: [Double] = []

  /// Groups the examples of `indices` of the rows of `data`; `familyRows` is 0 for groups by file.
  public init(_ indices: [Int], of data: TrainingData, familyRows: Int) {
    guard familyRows > 0 else {
      ofExample = indices.map { data.fileOfRow[$0] }
      weights = data.files.map(\.weight)
      return
    }
    struct Key: Hashable {
      let file: Int
      let family: String?
    }
    var numbers: [Key: Int] = [:]
    var counts: [Int] = []
    for index in indices {
      let key = Key(file: data.fileOfRow[index], family: data.rows[index].family)
      if let number = numbers[key] {
        ofExample.append(number)
        counts[number] += 1
      } else {
        numbers[key] = counts.count
        ofExample.append(counts.count)
        counts.append(1)
        weights.append(data.files[key.file].weight * Double(familyRows))
      }
    }
    weights = zip(weights, counts).map { $0 / Double($1) }
  }
}
