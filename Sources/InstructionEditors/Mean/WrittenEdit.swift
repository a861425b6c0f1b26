import LanguageModels
import LatentEditing

/// What an editor writes for an instruction, of which the processor makes keys and values: what edits are averaged
/// and scaled in.
public enum WrittenEdit: Sendable, Equatable {
  /// Latents.
  case latents(LatentEdit)
  /// Of a reading prefix: the states of its tokens at the input of every block, `[layers][tokens][width]`, the
  /// tokens, and the role that each has.
  case states([Float], tokens: [Int], roles: [PrefixRole])
}

extension Editor {
  /// What a prefix editor writes of `opening`, whose tokens have these `roles`, read on `state`, which has room for it
  /// and is emptied: where heads write, with the processor's states of what the template has around it. `unread` is with
  /// adapters at zero: the states that the processor by itself has of these tokens. Throws `model`.
  package func write(
    _ opening: [Int], roles: [PrefixRole], on state: ProcessorState, unread: Bool = false
  ) throws(LatentEditingError) -> WrittenEdit {
    let written = configuration.writtenTokens(of: opening)
    guard !configuration.hasPrefixHeads else {
      let states = try headedStates(of: opening, on: state)
      return .states(
        states, tokens: written.map { opening[$0] }, roles: written.map { roles[$0] })
    }
    guard let adapters = readingAdapters else { preconditionFailure("it makes no prefix") }
    var states: [Float]? = []
    state.truncate(to: 0)
    do { try state.read(opening, through: unread ? nil : adapters, states: &states) } catch {
      throw .model(error)
    }
    let width = configuration.processor.width
    let all = states ?? []
    var chosen: [Float] = []
    chosen.reserveCapacity(configuration.processor.layerCount * written.count * width)
    for layer in 0..<configuration.processor.layerCount {
      for token in written {
        let start = (layer * opening.count + token) * width
        chosen += all[start..<start + width]
      }
    }
    return .states(
      chosen, tokens: written.map { opening[$0] }, roles: written.map { roles[$0] })
  }

  /// The keys and values that the processor makes of `states`, `[layers][tokens][width]`, of so many tokens at the
  /// positions from 0 on; `state` has room for them and is emptied. Throws `model`, also where one is no number.
  package static func keyValues(
    of states: [Float], tokens count: Int, on state: ProcessorState
  ) throws(LatentEditingError) -> [PositionKeyValues] {
    let c = state.processor.configuration
    let zeros = [Float](repeating: 0, count: c.layerCount * c.kvHeadCount * c.headSize)
    state.truncate(to: 0)
    do {
      for _ in 0..<count { try state.append(PositionKeyValues(keys: zeros, values: zeros)) }
    } catch { throw .model(error) }
    let size = count * c.hiddenSize
    for layer in 0..<c.layerCount {
      state.restate(Array(states[layer * size..<(layer + 1) * size]), layer: layer, from: 0)
    }
    let positions = (0..<count).map(state.keyValues)
    for (index, position) in positions.enumerated()
    where !position.keys.allSatisfy(\.isFinite) || !position.values.allSatisfy(\.isFinite) {
      throw .model(.streamOverflow(point: 0, position: index))
    }
    return positions
  }
}
