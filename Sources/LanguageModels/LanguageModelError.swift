import ModelFiles
import PlainText
import TensorKernels

/// Why a model could not be loaded or run.
public enum LanguageModelError: Error, Equatable, CustomStringConvertible {
  /// The file itself could not be read.
  case file(ModelFileError)
  /// The system refused memory.
  case memory(KernelError)
  /// The kernels of this CPU cannot do it.
  case kernels(KernelError)
  case unsupportedArchitecture(path: String, found: String)
  case unsupportedRopeScaling(path: String, found: String)
  /// A hyperparameter that contradicts another one or what Emend can run.
  case unusableValue(path: String, key: String, found: String, wanted: String)
  case wrongShape(path: String, tensor: String, found: [Int], wanted: [Int])
  /// A tensor whose part in the computation is not known here; running without it would be wrong.
  case unknownTensor(path: String, tensor: String)
  case notFinite(path: String, tensor: String, row: Int)
  /// A tensor that is read row by row, in a packed file that interleaves its rows.
  case packedRows(path: String, tensor: String)
  /// A tokenizer and an embedding that are not of one model.
  case vocabularyMismatch(path: String, tokens: Int, rows: Int)
  /// A norm of zeros, or zeros to the end of a file: what a download leaves that was stopped.
  case zeros(path: String, tensor: String)
  case noTokens
  /// A sequence of a batch is longer than the model's context.
  case sequenceTooLong(sequence: Int, tokens: Int, most: Int)
  /// A batch is larger than the memory that was asked for.
  case batchTooLarge(rows: Int, sequences: Int, mostRows: Int, mostSequences: Int)
  /// A backbone of more blocks than the model has, or of none.
  case depthOutOfRange(requested: Int, most: Int)
  /// A model is asked for logits, and its output was not read or is not there.
  case noOutput
  case tokenOutOfRange(token: Int, vocabularySize: Int)
  case contextFull(position: Int, count: Int, contextLength: Int)
  case contextTooLong(requested: Int, most: Int)
  /// A model that is edited for each prompt was fed without one, and would have run without its edit.
  case noPrompt
  /// The token at `position` is not that of the prompt that the model was prepared for.
  case otherPrompt(position: Int)
  /// What a visitor added to the residual stream is more than its numbers can hold.
  case streamOverflow(point: Int, position: Int)

  /// One sentence that says what was found, what was needed and what to do; control characters of names in files are
  /// escaped.
  public var description: String { displayed(sentence, limit: 16_384) }

  private var sentence: String {
    switch self {
    case .file(let error): "\(error)"
    case .memory(let error), .kernels(let error): "\(error)"
    case .unsupportedArchitecture(let path, let found):
      "\(path): general.architecture is \"\(found)\"; Emend runs \"llama\" (LLaMA, Mistral, "
        + "TinyLlama, SmolLM2) and \"qwen2\" (Qwen2, Qwen2.5)"
    case .unsupportedRopeScaling(let path, let found):
      "\(path): llama.rope.scaling.type is \"\(found)\"; Emend runs none, linear, yarn and llama3"
    case .unusableValue(let path, let key, let found, let wanted):
      "\(path): \(key) is \(found), needed is \(wanted); the file is damaged or of another kind"
    case .wrongShape(let path, let tensor, let found, let wanted):
      "\(path): \(tensor) has shape \(found), the metadata asks for \(wanted); convert the model "
        + "again"
    case .unknownTensor(let path, let tensor):
      "\(path): \(tensor) has no part in the architecture as Emend knows it, and ignoring it "
        + "would give wrong results"
    case .notFinite(let path, let tensor, let row):
      "\(path): row \(row) of \(tensor) holds a value or scale that is not a finite number; the "
        + "file is damaged: fetch or convert it again"
    case .packedRows(let path, let tensor):
      "\(path): \(tensor) is packed, and must not be where the output has a matrix of its own; pack "
        + "the model again"
    case .vocabularyMismatch(let path, let tokens, let rows):
      "\(path): the tokenizer has \(tokens) tokens and token_embd.weight \(rows) rows; they must be as many: "
        + "convert the original model again"
    case .zeros(let path, let tensor):
      "\(path): \(tensor) \(tensor.hasSuffix("norm.weight") ? "is" : "ends with") nothing but zeros, as where a "
        + "download was stopped; fetch the file again"
    case .noTokens: "there is nothing to run: the list of tokens is empty"
    case .sequenceTooLong(let sequence, let tokens, let most):
      "text \(sequence + 1) has \(tokens) tokens, and the model reads at most \(most); shorten it"
    case .batchTooLarge(let rows, let sequences, let mostRows, let mostSequences):
      "a batch of \(rows) tokens in \(sequences) sequences does not fit in memory for \(mostRows) in "
        + "\(mostSequences); split it"
    case .depthOutOfRange(let requested, let most):
      "a backbone of \(requested) blocks was asked for, and the model has \(most); give 1 to \(most)"
    case .streamOverflow(let point, let position):
      "the edit makes the state of token \(position) \(words(forPoint: point)) so large that its norm overflows; "
        + "use a smaller --strength, or a smaller scale of the control vector"
    case .noOutput:
      "the model has no output over its vocabulary; read it with its output"
    case .noPrompt:
      "the model is edited for each prompt, and was fed tokens before it was prepared for one; prepare it first"
    case .otherPrompt(let position):
      "token \(position) is not that of the prompt that the edited model was prepared for; prepare it for this one"
    case .tokenOutOfRange(let token, let size):
      "token \(token) is not in the vocabulary of \(size); the tokenizer is of another model"
    case .contextFull(let position, let count, let length):
      "\(count) more tokens after \(position) do not fit in the context of \(length); give a "
        + "larger -c or a shorter prompt"
    case .contextTooLong(let requested, let most):
      "a context of \(requested) tokens was asked for, at least 1 and at most \(most) can be had "
        + "with this model; give a smaller -c"
    }
  }
}

/// A point of the residual stream in words: "before block 0", "after block 7".
package func words(forPoint point: Int) -> String {
  point == 0 ? "before block 0" : "after block \(point - 1)"
}
