import BlockFormats
import MessagePassing
import ModelFiles
import PlainText
import Tokenization

/// Why a checkpoint could not be converted. `path` is the file or folder as the caller named it.
public enum ConversionError: Error, Equatable, Sendable {
  case file(ModelFileError)
  case tokenizer(TokenizationError)
  case quantization(QuantizationError)

  // MARK: What the source is

  /// Neither a file nor a folder of a kind that is read.
  case notACheckpoint(path: String, found: String)
  case unsupportedArchitecture(path: String, found: String)
  case missingValue(path: String, field: String)
  case unusableValue(path: String, field: String, found: String, wanted: String)
  /// Something the model has and the processor does not.
  case unsupportedFeature(path: String, field: String, found: String)

  // MARK: Tensors

  case wrongShape(path: String, tensor: String, found: [Int], wanted: [Int])
  case unknownTensor(path: String, tensor: String)
  /// Shards that do not join: `tensor` of `path` is not what the first shard says it should be.
  case shardMismatch(path: String, tensor: String, found: String, wanted: String)
  case lossyToLossy(path: String, tensor: String, from: String, to: BlockFormat)

  /// An adapter that is not merged: `field` of it is `found`.
  case unsupportedAdapter(path: String, field: String, found: String)
  /// Where an adapter should be there is no folder that PEFT wrote.
  case noAdapter(path: String)

  // MARK: Weights that are quantized already

  /// `field` says that the weights are stored in a way that is not read.
  case unsupportedQuantization(path: String, field: String, found: String)
  /// Codes without the tensor that says what they mean.
  case missingScales(path: String, tensor: String, missing: String)
  /// A column's group is none of `groups`.
  case groupOutOfRange(path: String, tensor: String, column: Int, found: Int, groups: Int)
  /// A value, or the scale of a block, is beyond what a half can hold.
  case tooLarge(tensor: String, format: BlockFormat)
  /// A row of a matrix that is packed as it is holds an infinity or NaN, or a block's scale does.
  case notFinite(tensor: String, row: Int)

  /// A norm of zeros, or zeros to the end of a file: what a download leaves that was stopped.
  case zeros(path: String, tensor: String)

  // MARK: Tokenizer

  case missingTokenizer(path: String, wanted: String)
  case unsupportedTokenizer(path: String, found: String)
  case tooManyTokens(path: String, found: Int, vocabularySize: Int)

  // MARK: Target

  case outOfMemory(bytes: Int)
  case interrupted(path: String)

  // MARK: Ranks

  /// Ranks of a calibration cannot work together.
  case ranks(CommunicationError)
  /// A rank would calibrate something else than rank 0: `found` in the place of `wanted`.
  case ranksDiffer(rank: Int, host: String, found: String, wanted: String)
}

extension ConversionError: RankError {
  /// Ranks see together that they differ.
  public var rankFailure: RankFailure {
    switch self {
    case .ranks(let error): error.rankFailure
    case .ranksDiffer: .everybodys
    default: .own
    }
  }
}

extension ConversionError: CustomStringConvertible {
  /// `FILE: what is wrong; what to do.` Control characters of names in files are escaped.
  public var description: String { displayed(sentence, limit: 16_384) }

  private var sentence: String {
    switch self {
    case .file(let error): "\(error)"
    case .tokenizer(let error): "\(error)"
    case .quantization(let error): "\(error)"

    case .notACheckpoint(let path, let found):
      "\(path): it is \(found); name a folder with config.json (Hugging Face) or params.json (Meta), "
        + "a GGUF file, or a llama2.c checkpoint"
    case .unsupportedArchitecture(let path, let found):
      "\(path): the architecture is \(found); LlamaForCausalLM, MistralForCausalLM and Qwen2ForCausalLM are "
        + "converted, and GGUF files of the architectures llama and qwen2"
    case .missingValue(let path, let field):
      "\(path): it has no \(field), which is needed; fetch the file again"
    case .unusableValue(let path, let field, let found, let wanted):
      "\(path): \(field) is \(found), and must be \(wanted)"
    case .unsupportedFeature(let path, let field, let found):
      "\(path): \(field) is \(found), which the processor does not compute; choose a plain LLaMA"

    case .wrongShape(let path, let tensor, let found, let wanted):
      "\(path): the tensor \(tensor) has the shape \(found), and the configuration says \(wanted)"
    case .unknownTensor(let path, let tensor):
      "\(path): the tensor \(tensor) is none that a LLaMA has; it would be left out silently"
    case .shardMismatch(let path, let tensor, let found, let wanted):
      "\(path): the tensor \(tensor) is \(found), and must be \(wanted) to go with the first shard"
    case .lossyToLossy(let path, let tensor, let from, let to):
      "\(path): \(tensor) is \(from) and would become \(to.name), which loses precision twice; "
        + "convert the original weights, choose f16, or pass --allow-requantize"

    case .noAdapter(let path):
      "\(path): there is no adapter_config.json in it; --lora takes a folder that PEFT wrote, and of "
        + "emend train --tune --output RUN that is RUN/peft"
    case .unsupportedAdapter(let path, let field, let found):
      "\(path): \(field) is \(found); LoRA of linear layers is merged into folders of Hugging Face and GGUF "
        + "files: merge it with PEFT (merge_and_unload), and convert the result"

    case .unsupportedQuantization(let path, let field, let found):
      "\(path): \(field) is \(found), which is not read; GPTQ (gptq, gptq_v2), AWQ (gemm), MLX (affine), "
        + "bitsandbytes (nf4, fp4, int8), compressed-tensors (pack-, int-, float-quantized) and FP8 are: convert "
        + "the original weights"
    case .missingScales(let path, let tensor, let missing):
      "\(path): \(tensor) holds codes, and \(missing), which says what they mean, is not there; fetch the "
        + "folder again"
    case .groupOutOfRange(let path, let tensor, let column, let found, let groups):
      "\(path): \(tensor) puts column \(column) into group \(found), and there are \(groups) from 0; the file "
        + "is damaged: fetch it again"
    case .tooLarge(let tensor, let format):
      "\(tensor) holds a value too large for \(format.name); choose f32 for it"
    case .notFinite(let tensor, let row):
      "\(tensor) holds a value or scale in row \(row) that is not a finite number; the source is "
        + "damaged: fetch it again"

    case .zeros(let path, let tensor):
      "\(path): \(tensor) \(tensor.hasSuffix("norm.weight") ? "is" : "ends with") nothing but zeros, as where a "
        + "download was stopped; fetch the file again"

    case .missingTokenizer(let path, let wanted):
      "\(path): it has no tokenizer (\(wanted)); name one with --tokenizer"
    case .unsupportedTokenizer(let path, let found):
      "\(path): \(found)"
    case .tooManyTokens(let path, let found, let vocabularySize):
      "\(path): the tokenizer has \(found) tokens and the model \(vocabularySize); they are not of "
        + "one model: name the right one with --tokenizer"

    case .outOfMemory(let bytes):
      "the system refused \(bytes) bytes of memory; close other programs"
    case .interrupted(let path):
      "\(path): the conversion was interrupted and nothing was written; run it again"

    case .ranks(let error): "\(error)"
    case .ranksDiffer(let rank, let host, let found, let wanted):
      "rank \(rank) on \(host) has \(found), and rank 0 has \(wanted); give all ranks the same files and options "
        + "(EMEND_ISA chooses the kernels)"
    }
  }
}
