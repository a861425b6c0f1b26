import LatentEditing
import Tokenization

/// Openings: what a prefix editor reads, the beginning of a conversation with the instruction in it.
///
/// An editor that reads with the processor's blocks reads all of it as one text. Of one that has a network of its own
/// the instruction is that network's to read, in its own tokens, and what a template writes around it is the
/// processor's. Both are in one list, the network's token t as the number V + t, with V the tokens of the processor:
///
///     <|im_start|> user \n   V + t_1 ... V + t_n   \n
///
/// so that an opening has a number for each position that it takes.
extension EditorConfiguration {
  /// Whether a prefix is made by heads, from the states of a network of the editor's own.
  public var hasPrefixHeads: Bool {
    guard interface.isPrefix, case .gpt2 = backbone else { return false }
    return true
  }

  /// The opening for `instruction`.
  ///
  /// - Parameters:
  ///   - instruction: in words.
  ///   - instructions: how the editor tokenizes it where a network of its own reads it.
  ///   - template: the beginning of a conversation with a text in that place, in the processor's tokens.
  public func opening<Failure: Error>(
    with instruction: String, _ instructions: InstructionTokenizer,
    in template: (_ text: String) throws(Failure) -> [Int]
  ) throws(Failure) -> [Int] {
    guard hasPrefixHeads else { return try template(instruction) }
    let frame = try PrefixFrame(of: template)
    let read = instructions.tokens(of: instruction)
    return frame.front
      + (read.isEmpty ? instructions.empty : read).map { processor.vocabularySize + $0 }
      + frame.back.reversed()
  }

  /// Where in an opening the tokens of a network of the editor's own lie; empty for editors without one.
  public func ownRange(of opening: [Int]) -> Range<Int> {
    let isOwn = { (token: Int) in hasPrefixHeads && token >= processor.vocabularySize }
    guard let first = opening.firstIndex(where: isOwn), let last = opening.lastIndex(where: isOwn)
    else { return 0..<0 }
    return first..<last + 1
  }

  /// These tokens by the network's own numbers.
  package func ownTokens(of opening: [Int]) -> [Int] {
    opening[ownRange(of: opening)].map { $0 - processor.vocabularySize }
  }

  /// Which tokens of an opening stand in front of the prompt, by their number: those of `writtenTokens(of:)` of a
  /// count, or, where heads write, what the template has and the last `prefixTokens` of the instruction's.
  public func writtenTokens(of opening: [Int]) -> [Int] {
    guard hasPrefixHeads else { return writtenTokens(of: opening.count) }
    let own = ownRange(of: opening)
    let left = max(0, own.count - (prefixTokens ?? own.count))
    return opening.indices.filter { $0 < own.lowerBound || $0 >= own.lowerBound + left }
  }

  /// An opening, or the part of it that is written, as tokens of the processor: in the place of those that are none the
  /// first one that is, which nobody reads there.
  public func processorTokens(of opening: [Int]) -> [Int] {
    guard hasPrefixHeads else { return opening }
    let filler = opening.first { $0 < processor.vocabularySize } ?? 0
    return opening.map { $0 < processor.vocabularySize ? $0 : filler }
  }

  /// The first block whose input a prefix editor writes: those that read with the processor leave the embeddings of the
  /// tokens, at the input of block 0, as they are.
  public var firstWrittenBlock: Int { hasPrefixHeads ? 0 : 1 }
}

extension InstructionTokenizer {
  /// The text of a token of an opening for `editor`, beside a processor with that tokenizer.
  public func piece(
    of token: Int, for editor: EditorConfiguration, processor: Tokenizer
  ) -> String {
    let size = editor.processor.vocabularySize
    return editor.hasPrefixHeads && token >= size
      ? tokenizer.piece(of: token - size) : processor.piece(of: token)
  }

  /// The bytes that it stands for.
  public func bytes(
    of token: Int, for editor: EditorConfiguration, processor: Tokenizer
  ) -> ArraySlice<UInt8> {
    let size = editor.processor.vocabularySize
    return editor.hasPrefixHeads && token >= size
      ? tokenizer.bytes(of: token - size) : processor.bytes(of: token)
  }
}
