import BlockFormats
import Foundation
import Quantization
import TestSupport
import Testing

/// Types of matrices against those that llama.cpp's quantizer gave (tools/fixtures/make_mixture_fixtures.py).
@Suite struct MixtureTests {
  private struct Model: Decodable {
    let layers: Int
    let width: Int
    let inner: Int
    let heads: Int
    let kv_heads: Int
    let tied: Bool
    let types: [String: [String: String]]
  }

  @Test func typesAreLlamaCppsOwn() throws {
    let data = try Data(contentsOf: OutsideFiles.fixture("mixtures/mixtures.json"))
    let models = try JSONDecoder().decode([Model].self, from: data)
    #expect(models.count == 7)
    for model in models {
      let shape = MixedModel(
        isOutputTied: model.tied, layerCount: model.layers,
        isLLaMA2Of70B: model.layers == 80 && model.heads > model.kv_heads)
      for (name, matrices) in model.types {
        let recipe =
          name == "q6_k"
          ? ConversionRecipe(type: .q6_K)
          : ConversionRecipe(mixture: try #require(Mixture(rawValue: name)))
        for (matrix, types) in matrices {
          let columns = matrix == "ffn_down" ? model.inner : model.width
          let isOfLayer = !["token_embd", "output"].contains(matrix)
          let found = (0..<(isOfLayer ? model.layers : 1)).map { layer in
            recipe.format(
              ofMatrix: isOfLayer ? "blk.\(layer).\(matrix).weight" : "\(matrix).weight",
              columns: columns, in: shape
            ).format.name.uppercased()
          }
          #expect(
            found == types.split(separator: " ").map(String.init),
            "\(name) of \(model.layers) layers, \(matrix) of \(columns) columns")
        }
      }
    }
  }
}
