/// What gradients are multiplied by so that their norm is at most `limit`, as
/// torch.nn.utils.clip_grad_norm_ has it: min(1, limit / (norm + 1e-6)).
public func clippingFactor(norm: Double, limit: Double) -> Double {
  min(1, limit / (norm + 1e-6))
}

/// The proximal operator of threshold * ||x||_1, in place: x becomes sign(x) max(|x| - threshold, 0),
/// which makes exact zeros (soft thresholding; Parikh and Boyd, Proximal Algorithms, 2014, 6.5.2).
/// With a threshold of rate * lambda after a step of gradient descent this minimizes
/// loss + lambda ||x||_1.
public func softThreshold(_ values: UnsafeMutableBufferPointer<Float>, by threshold: Float) {
  precondition(threshold >= 0, "a threshold is not negative")
  for index in values.indices {
    let value = values[index]
    let rest = abs(value) - threshold
    // Written so that NaN stays NaN.
    values[index] = rest <= 0 ? 0 : (value < 0 ? -rest : rest)
  }
}
