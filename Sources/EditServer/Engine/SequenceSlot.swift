import LanguageModels

/// The first tokens of a prompt with their keys and values, in the cache of a sequence.
struct CachedPrefix {
  /// Whose cache it is.
  let state: ProcessorState
  /// How many tokens of the prompt; less than it has, so that the last is fed for its logits.
  let count: Int
}

/// A place for a sequence: its cache, and which tokens and which edit are in it.
final class SequenceSlot {
  let index: Int
  let state: ProcessorState
  /// The tokens in the cache.
  var tokens: [Int] = []
  /// What was done to the model when they were fed.
  private(set) var key = ""
  /// Counts up with every answer: the least was used longest ago.
  var lastUse = 0
  /// What is generated there.
  var answer: RunningAnswer?

  init(index: Int, state: ProcessorState) {
    self.index = index
    self.state = state
  }

  /// How many of the first tokens of `prompt` but its last are in the cache, fed under `key`.
  func common(_ prompt: [Int], key: String) -> Int {
    key == self.key ? zip(prompt.dropLast(), tokens).prefix { $0 == $1 }.count : 0
  }

  /// Gets the cache ready for `prompt`, to be fed under `key`: it holds what `prefix` has of it, of its own or from
  /// another place. Returns how many tokens that are; the model may have emptied the cache itself.
  func begin(_ prompt: [Int], key: String, with prefix: CachedPrefix?) -> Int {
    self.key = key
    guard let prefix, prefix.count > 0 else {
      empty()
      return 0
    }
    var count = prefix.count
    if prefix.state === state {
      count = min(count, state.position)
      state.truncate(to: count)
    } else {
      state.copy(prefix: count, of: prefix.state)
    }
    tokens = Array(prompt.prefix(count))
    return count
  }

  /// Takes over what `state` has, `tokens` fed under `key`, and gives it what was here.
  func exchange(with state: ProcessorState, _ tokens: [Int], key: String) {
    self.state.exchange(with: state)
    self.tokens = tokens
    self.key = key
  }

  /// Forgets all tokens.
  func empty() {
    tokens = []
    state.truncate(to: 0)
  }

  /// After a failure: what the model had taken in is forgotten, so that `tokens` stays true.
  func repair() {
    let count = min(tokens.count, state.position)
    tokens.removeSubrange(count...)
    state.truncate(to: count)
  }
}
