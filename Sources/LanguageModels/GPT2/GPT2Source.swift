import BlockFormats
import ModelFiles

/// Tensors of a file that holds a GPT-2, by the names of GPT2Model without a prefix.
protocol GPT2Source {
  /// What errors name.
  var path: String { get }
  /// A tensor's dimensions, outermost first; nil where there is none.
  func shape(_ name: String) -> [Int]?
  /// What the file calls it.
  func fileName(_ name: String) -> String
  /// Writes a tensor's elements, in the order of the file, to `values`, which has room for exactly
  /// them, and gives the file's pages back.
  func read(_ name: String, into values: UnsafeMutableBufferPointer<Float>)
    throws(LanguageModelError)
  /// Tensors of the file that are none of `known` and no constants either.
  func unknown(_ known: Set<String>) -> String?
}

/// A Hugging Face checkpoint, with `transformer.` in front of its names (as of GPT2LMHeadModel) or
/// without.
struct GPT2CheckpointSource: GPT2Source {
  let tensors: CheckpointTensors
  private let prefix: String

  init(_ tensors: CheckpointTensors) {
    self.tensors = tensors
    let wrapped = "transformer." + GPT2Parameter.tokenEmbedding
    prefix = tensors.tensorIfPresent(named: wrapped) != nil ? "transformer." : ""
  }

  var path: String { tensors.path }

  func fileName(_ name: String) -> String {
    name == GPT2Parameter.output ? name : prefix + name
  }

  func shape(_ name: String) -> [Int]? { tensors.tensorIfPresent(named: fileName(name))?.shape }

  func read(
    _ name: String, into values: UnsafeMutableBufferPointer<Float>
  ) throws(LanguageModelError) {
    do {
      let tensor = try tensors.tensor(named: fileName(name))
      try tensors.readFloats(of: tensor, elements: 0..<values.count, into: values)
      tensors.releasePages(of: tensor)
    } catch { throw .file(error) }
  }

  func unknown(_ known: Set<String>) -> String? {
    let names = Set(known.map(fileName))
    return tensors.first {
      // Causal masks, which older versions stored; and the output, which may go unread.
      let isConstant =
        $0.name.hasSuffix(".attn.bias") || $0.name.hasSuffix(".attn.masked_bias")
        || $0.name == GPT2Parameter.output
      return !isConstant && !names.contains($0.name)
    }?.name
  }
}

/// A GGUF file of the architecture gpt2, its tensors in any format that is read.
///
/// Source: `MODEL_TENSORS` of llama.cpp's gguf-py for GPT2, and the converter's `GPT2Model`, which
/// turns Conv1D weights to (out, in).
struct GPT2FileSource: GPT2Source {
  let file: GGUFFile

  var path: String { file.path }

  func fileName(_ name: String) -> String {
    let parts = name.split(separator: ".").map(String.init)
    let kind = parts.last!
    guard parts[0] == "h", parts.count >= 4 else {
      let names = [
        "wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "lm_head": "output",
      ]
      return "\(names[parts[0]]!).\(kind)"
    }
    let names = [
      "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
      "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
    ]
    return "blk.\(parts[1]).\(names[parts[2..<parts.count - 1].joined(separator: ".")]!).\(kind)"
  }

  /// ggml counts from the contiguous dimension.
  func shape(_ name: String) -> [Int]? {
    file.tensorIfPresent(named: fileName(name)).map { $0.shape.reversed() }
  }

  func read(
    _ name: String, into values: UnsafeMutableBufferPointer<Float>
  ) throws(LanguageModelError) {
    do {
      let tensor = try file.tensor(named: fileName(name))
      ReferenceBlocks.dequantize(tensor.format, file.bytes(of: tensor), into: values)
      file.releasePages(of: tensor)
    } catch { throw .file(error) }
  }

  func unknown(_ known: Set<String>) -> String? {
    let names = Set(known.map(fileName))
    return file.tensors.first { $0.name != "output.weight" && !names.contains($0.name) }?.name
  }
}
