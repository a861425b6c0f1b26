/// Takes down what an edit does while it runs.
public final class TraceRecorder: EditObserver {
  /// What was seen so far.
  public private(set) var trace: EditTrace

  /// A recorder of one run; `words` are the tokens, as text, that an edit puts in front.
  public init(layerCount: Int, promptLength: Int, words: [String] = []) {
    trace = EditTrace(layerCount: layerCount, promptLength: promptLength, words: words)
  }

  /// Keeps the sizes where something was added.
  public func observe(layer: Int, position: Int, before: [Float], after: [Float]) {
    guard before != after else { return }
    var state = 0.0
    var latent = 0.0
    var result = 0.0
    var product = 0.0
    for (h, edited) in zip(before, after) {
      let h = Double(h)
      let edited = Double(edited)
      state += h * h
      latent += (edited - h) * (edited - h)
      result += edited * edited
      product += h * edited
    }
    let sizes = (state * result).squareRoot()
    trace.sites.append(
      EditTrace.Site(
        layer: layer, position: position, state: state.squareRoot(),
        latent: latent.squareRoot(), result: result.squareRoot(),
        cosine: sizes > 0 ? product / sizes : 0))
  }

  /// Keeps a token of the answer.
  public func add(_ token: EditTrace.Token) { trace.tokens.append(token) }
}
