import BlockFormats
import LanguageModels

/// llama.cpp's mixtures of superblock formats: some matrices get more bits than the others.
///
/// Source: `llama_tensor_get_type_impl` in `llama-quant.cpp` of llama.cpp, for LLaMA without experts and
/// without an importance matrix.
public enum Mixture: String, Sendable, CaseIterable {
  case q3_k_s
  case q3_k_m
  case q3_k_l
  case q4_k_s
  case q4_k_m
  case q5_k_s
  case q5_k_m

  /// What most matrices get.
  public var base: BlockFormat {
    switch self {
    case .q3_k_s, .q3_k_m, .q3_k_l: .q3_K
    case .q4_k_s, .q4_k_m: .q4_K
    case .q5_k_s, .q5_k_m: .q5_K
    }
  }

  /// Its number in llama.cpp's `llama_ftype`.
  var fileType: UInt32 {
    switch self {
    case .q3_k_s: 11
    case .q3_k_m: 12
    case .q3_k_l: 13
    case .q4_k_s: 14
    case .q4_k_m: 15
    case .q5_k_s: 16
    case .q5_k_m: 17
    }
  }

  /// The format of a matrix of a layer.
  func format(of name: String, in model: MixedModel) -> BlockFormat {
    let parts = name.split(separator: ".")
    guard parts.count == 4, let layer = Int(parts[1]) else { return base }
    let layers = model.layerCount
    let getsMore =
      layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2
    switch (parts[2], self) {
    case ("attn_v", _):
      let format: BlockFormat =
        switch self {
        case .q3_k_m: layer < 2 ? .q5_K : .q4_K
        case .q3_k_l: .q5_K
        case .q4_k_m, .q5_k_m: getsMore ? .q6_K : base
        case .q4_k_s: layer < 4 ? .q5_K : base
        case .q3_k_s, .q5_k_s: base
        }
      return model.isLLaMA2Of70B && [.q3_K, .q4_K].contains(format) ? .q5_K : format
    case ("ffn_down", .q3_k_m): return layer < layers / 16 ? .q5_K : .q4_K
    case ("ffn_down", .q3_k_l): return .q5_K
    case ("ffn_down", .q4_k_s): return layer < layers / 8 ? .q5_K : base
    case ("ffn_down", .q4_k_m), ("ffn_down", .q5_k_m): return getsMore ? .q6_K : base
    case ("attn_output", .q3_k_m): return .q4_K
    case ("attn_output", .q3_k_l): return .q5_K
    default: return base
    }
  }
}

/// What the rules of a recipe look at besides a tensor.
package struct MixedModel {
  let isOutputTied: Bool
  let layerCount: Int
  /// 80 layers whose heads share keys and values: llama.cpp calls it 70B, and gives its few values more bits.
  let isLLaMA2Of70B: Bool

  package init(isOutputTied: Bool, layerCount: Int, isLLaMA2Of70B: Bool = false) {
    self.isOutputTied = isOutputTied
    self.layerCount = layerCount
    self.isLLaMA2Of70B = isLLaMA2Of70B
  }

  init(isOutputTied: Bool, _ configuration: ProcessorConfiguration?) {
    self.isOutputTied = isOutputTied
    layerCount = configuration?.layerCount ?? 0
    isLLaMA2Of70B = configuration.map { $0.layerCount == 80 && $0.headsPerKVHead > 1 } ?? false
  }
}
