/// The arguments of a call, evaluated.
struct JinjaCall {
  var positional: [JinjaValue] = []
  var named: [(name: String, value: JinjaValue)] = []

  /// The arguments in the order of `names`, nil for those that are not given. What has another name, or
  /// is one too many, is refused.
  func values(_ names: [String], _ function: String, _ evaluator: JinjaEvaluator) throws(JinjaError)
    -> [JinjaValue?]
  {
    guard positional.count <= names.count else {
      throw evaluator.fail(
        "\(function) takes at most \(names.count) arguments, and is given \(positional.count)")
    }
    var values: [JinjaValue?] = positional
    values += [JinjaValue?](repeating: nil, count: names.count - positional.count)
    for (name, value) in named {
      guard let place = names.firstIndex(of: name), values[place] == nil else {
        throw evaluator.fail("\(function) takes no further argument \(shortened(name))")
      }
      values[place] = value
    }
    return values
  }
}
