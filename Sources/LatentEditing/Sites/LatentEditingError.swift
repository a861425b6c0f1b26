import LanguageModels
import ModelFiles
import PlainText
import Tokenization

/// Why an edit could not be made, read or applied. No edit is ever skipped silently.
public enum LatentEditingError: Error, Equatable, CustomStringConvertible {
  /// A file could not be read or written.
  case file(ModelFileError)
  /// The processor or the editor's backbone could not run.
  case model(LanguageModelError)
  case unreadableLayers(text: String, part: String)
  case unreadablePositions(text: String)
  case layerOutOfRange(layer: Int, layerCount: Int)
  /// An edit at a point of the residual stream, 0...L, that the processor does not have.
  case pointOutOfRange(point: Int, layerCount: Int)
  case wrongWidth(found: Int, needed: Int)
  case wrongDepth(found: Int, needed: Int)
  /// An edit of a token's values that has more or fewer numbers than these.
  case wrongValueWidth(found: Int, needed: Int)
  case notFinite(point: Int)
  case promptTooShort(position: SitePosition, length: Int)
  case mixedGhost
  /// A control-vector file that is none, or for another model.
  case notControlVector(path: String, found: String)
  case controlVectorWidth(path: String, tensor: String, found: Int, needed: Int)
  case controlVectorLayer(path: String, tensor: String, layerCount: Int)
  /// As above, of a file in llama.cpp's format.
  case directionLayer(path: String, tensor: String, layerCount: Int)
  /// A layer was given for the only vector of a file that has `count`.
  case controlVectorSeveral(path: String, count: Int)
  /// A table of vectors of which nothing says what its rows are.
  case controlVectorTable(path: String, rows: Int, layerCount: Int)
  /// A row was chosen that there is not, or of a file that is no table.
  case controlVectorRow(path: String, row: Int, rows: Int)
  /// What pyvene and pyreft save, which is no vector; the kinds by their class names, where they are known.
  case interventions(path: String, kinds: [String])
  case controlVectorNotFinite(path: String, tensor: String)
  case controlVectorName(path: String, tensor: String)
  case controlVectorTwice(path: String, tensor: String, layer: Int)
  case controlVectorEmpty(path: String)
  case emptyLayerRange(first: Int, last: Int, layerCount: Int)
  /// An editor's file that is none, is for another processor, or contradicts itself.
  case notEditor(path: String, found: String)
  /// A file of another sort in the place of one that is `needed`, in words.
  case wrongFile(path: String, found: FileKind, needed: String)
  case wrongProcessor(path: String, made: ProcessorIdentity, found: ProcessorIdentity)
  case editorField(path: String, field: String, found: String, needed: String)
  case unknownTensor(path: String, tensor: String)
  /// A tokenizer that an editor cannot have for its own, or that its file holds damaged.
  case tokenizer(path: String, TokenizationError)
  /// A tokenizer with more tokens than the backbone embeds.
  case tokenizerTooLarge(path: String, found: Int, needed: Int)
  case backboneMismatch(found: String, needed: String)
  /// A field of the metadata of adapters is not what it must be.
  case adapterField(path: String, field: String, found: String, needed: String)
  /// A field of PEFT's configuration of adapters that says what is not supported, or is not so.
  case peftField(path: String, field: String, found: String, needed: String)
  /// A tensor of an editor or a compiled edit that does not fit what its file says of itself.
  case tensorShape(path: String, tensor: String, found: [Int], needed: [Int])
  case tensorNotFinite(path: String, tensor: String)
  /// An edit that llama.cpp's format cannot express.
  case notExportable(reason: String)
  /// An edit that is another one for every prompt is to be written.
  case dependsOnPrompt
  /// A file that is no compiled edit.
  case notCompiledEdit(path: String, found: String)
  /// A compiled edit for another model, cache or first token.
  case compiledMismatch(path: String, field: String, found: String, needed: String)
  /// A compiled edit, and a prompt that does not begin with its token or has no other.
  case compiledForOtherPrompt(firstToken: Int, prompt: [Int])
  /// A prefix takes the place of other tokens than those with which the prompt begins.
  case prefixForOtherPrompt(replacing: [Int], prompt: [Int])
  case notCompilable(reason: String)
  /// An editor that its file format cannot express.
  case notWritable(reason: String)
  case cacheFolder(path: String)
  /// A compiled edit in a cache that cannot be used.
  case cachedEdit(path: String, problem: String)
  /// A file of a teacher's states that is damaged or something else.
  case teacherStates(path: String, problem: String)
  case compiledConflict
  /// Values of the first token, and an edit that puts others in front of it.
  case valuesBehindOpening
  case traceUnreadable(path: String, line: Int, problem: String)
  case noExamples(path: String, problem: String)
  /// Two sets of texts that leave the model in the same states.
  case noDifference
  case interrupted(done: Int, total: Int)

  /// One sentence that says what was found, what was needed and what to do.
  public var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .model(let error): "\(error)"
    case .unreadableLayers(let text, let part):
      "\"\(part)\" in the layers \"\(text)\" cannot be read; write all, a block (2), a range (0-31) "
        + "or several of them with commas (2,10,18)"
    case .unreadablePositions(let text):
      "the positions \"\(text)\" cannot be read; write first, first-content, last, prompt, all, "
        + "ghost, or the edges of the prompt as f1+l1"
    case .layerOutOfRange(let layer, let count):
      "the edit is for block \(layer), and the processor has blocks 0 to \(count - 1); choose "
        + "others with --layers, or use the processor that the edit was made for"
    case .pointOutOfRange(let point, let count):
      "the edit acts \(words(forPoint: point)), and the processor has blocks 0 to \(count - 1); use the processor "
        + "that the edit was made for"
    case .wrongWidth(let found, let needed):
      "the edit's latents have \(found) numbers and the processor's residual stream \(needed); use "
        + "the processor that the edit was made for"
    case .wrongValueWidth(let found, let needed):
      "the edit is for values of \(found) numbers in a block, and a token has \(needed); use the processor that "
        + "the edit was made for"
    case .wrongDepth(let found, let needed):
      "the edit is for a processor of \(found) blocks, and this one has \(needed); use the "
        + "processor that the edit was made for"
    case .notFinite(let point):
      "a latent \(words(forPoint: point)) is not a finite number; the editor is damaged or diverged in "
        + "training: use an earlier checkpoint"
    case .promptTooShort(let position, let length):
      "the edit is at \(position.words), and the prompt has \(length) tokens; give a longer prompt "
        + "or an edit with other positions"
    case .mixedGhost:
      "one edit needs a ghost token in front of the prompt and another counts the prompt's tokens "
        + "without it; use edits of one kind together"
    case .notControlVector(let path, let found):
      "\(path): general.architecture is \"\(displayed(found))\", needed is \"controlvector\"; give the file of "
        + "a control vector, not of a model"
    case .controlVectorWidth(let path, let tensor, let found, let needed):
      "\(path): \(nameOrVector(tensor)) has \(found) numbers, and the model's residual stream \(needed); the "
        + "control vector is for another model"
    case .controlVectorLayer(let path, let tensor, let count):
      "\(path): \(nameOrVector(tensor)) is for a block that the model, of \(count) blocks, does not have (1 to "
        + "\(count - 1) can have one); leave it out (--layers 1-\(count - 1)), or use the model that it is for"
    case .directionLayer(let path, let tensor, let count):
      "\(path): \(nameOrVector(tensor)) is for a block that the model, of \(count) blocks, does not have (1 to "
        + "\(count - 1) can have one); leave it out (--control-vector-layer-range 1 \(count - 1)), or use the "
        + "model that it is for"
    case .controlVectorSeveral(let path, let count):
      "\(path): one block is given (--layer) and the file has \(count) vectors; leave it out, or choose blocks "
        + "with --layers"
    case .controlVectorTable(let path, let rows, let count):
      "\(path): it is a table of \(rows) vectors, and nothing says that they are those of the model's \(count) "
        + "blocks; of one row for each concept, as AxBench saves them, choose one and say after which block it "
        + "is added (--row 7 --layer 12); of hidden_states, \(count + 1) rows, say --first-block 1"
    case .controlVectorRow(let path, let row, let rows):
      "\(path): row \(row) was chosen, and "
        + (rows > 1
          ? "there are 0 to \(rows - 1)"
          : "the file has no table of vectors; leave it out (--row)")
    case .interventions(let path, let kinds):
      "\(path): these are interventions of pyvene's or pyreft's"
        + (kinds.isEmpty
          ? "" : " (\(kinds.prefix(4).map { displayed($0) }.joined(separator: ", ")))")
        + ", which compute on each state what a control vector, the same for all, cannot say; a vector that is "
        + "only added can be saved as a tensor of its own and imported with its block (--layer 12)"
    case .controlVectorNotFinite(let path, let tensor):
      "\(path): \(nameOrVector(tensor)) holds a value that is not a finite number; make the control vector again"
    case .controlVectorName(let path, let tensor):
      (tensor.isEmpty
        ? "\(path): it is a vector without a name"
        : "\(path): the name \(displayed(tensor)) does not say which number in it is a block's")
        + "; say after which block it is added (--layer 12), or save it under a name such as layers.12"
    case .controlVectorTwice(let path, let tensor, let layer):
      "\(path): \(displayed(tensor)) is a second vector for block \(layer); keep one for each block"
    case .controlVectorEmpty(let path):
      "\(path): there is no direction in the file, tensors named direction.1 and so on, for any of the "
        + "blocks; make the control vector again, or choose other blocks"
    case .emptyLayerRange(let first, let last, let count):
      "the layer range \(first) \(last) leaves nothing of the control vectors; the model has blocks "
        + "0 to \(count - 1)"
    case .wrongFile(let path, let found, let needed):
      "\(path): it seems to be \(found), and needed is \(needed)"
    case .notEditor(let path, let found):
      "\(path): the format in the metadata is \(displayed(found)), needed is emend.editor; "
        + (found == "emend.compiled-edit"
          ? "a compiled edit has its instruction in it: give it as one (--edit)"
          : "give the file of an editor, as emend train writes it")
    case .wrongProcessor(let path, let made, let found):
      "\(path): the editor was made for \(displayed("\(made)")), and this is \(found); use the model that it was made "
        + "for, in any quantization"
    case .editorField(let path, let field, let found, let needed):
      "\(path): \(displayed(field)) of the editor is \(displayed(found, limit: 300)), needed is \(needed); the file is damaged or from "
        + "another version of emend"
    case .adapterField(let path, let field, let found, let needed):
      "\(path): \(displayed(field)) of the adapters is \(displayed(found, limit: 300)), needed is \(needed); give adapters that emend "
        + "train --tune wrote"
    case .peftField(let path, let field, let found, let needed):
      "\(path): \(field) is \(displayed(found, limit: 300)), needed is \(needed); give LoRA adapters of that kind"
    case .unknownTensor(let path, let tensor):
      "\(path): \(displayed(tensor)) has no part in the editor that the file describes, and ignoring it would "
        + "give wrong results"
    case .tokenizer(let path, let error):
      "\(path): the editor's own tokenizer cannot be used; take the one that belongs to the backbone, of "
        + "byte-level BPE, or an undamaged copy of the file: \(error)"
    case .tokenizerTooLarge(let path, let found, let needed):
      "\(path): the editor's own tokenizer has \(found) tokens, and the backbone's vocab_size is "
        + "\(needed); take the tokenizer that belongs to the backbone"
    case .backboneMismatch(let found, let needed):
      "the backbone has \(found), and the editor's heads need \(needed); use the backbone that they "
        + "were trained with"
    case .tensorShape(let path, let tensor, let found, let needed):
      "\(path): \(displayed(tensor)) has shape \(found), needed is \(needed); the file is damaged or was "
        + "written for another configuration: write it again"
    case .tensorNotFinite(let path, let tensor):
      "\(path): \(displayed(tensor)) holds a value that is not a finite number; the file is damaged or the "
        + "training diverged: use an earlier checkpoint"
    case .notExportable(let reason):
      "a control vector is one plain vector after each block, at every token, and \(reason); emend edit distill makes "
        + "the control vector that comes nearest to it, emend edit compile keeps the edit as it is"
    case .dependsOnPrompt:
      "the editor reads every prompt and makes an edit for it, so that there is no one edit to write; use the "
        + "editor itself"
    case .notCompiledEdit(let path, let found):
      "\(path): the format in the metadata is \(displayed(found)), needed is emend.compiled-edit; "
        + (found == "emend.editor"
          ? "an editor reads an instruction: give it as one (--editor, --instruction)"
          : "give a compiled edit, as emend edit compile writes it")
    case .compiledMismatch(let path, let field, let found, let needed):
      "\(path): the compiled edit's \(displayed(field)) is \(displayed(found)), needed is \(needed); compile the edit "
        + "again for this model and these options"
    case .compiledForOtherPrompt(let token, let prompt):
      "the compiled edit is for prompts that begin with token \(token) and go on, and this one is "
        + (prompt.isEmpty
          ? "empty" : prompt.count == 1 ? "token \(prompt[0]) alone" : "token \(prompt[0]) first")
        + "; write the prompt as the edit was made for (--chat), or compile it with --first-token"
    case .prefixForOtherPrompt(let replaced, let prompt):
      "what the editor makes of the instruction takes the place of the tokens "
        + "\(replaced.map(String.init).joined(separator: ", ")) with which the conversations begin that the edit "
        + "is for, and this prompt begins with \(prompt.map(String.init).joined(separator: ", ")); write it as such "
        + "a conversation (--chat), with the system text that the edit was made for, or without one"
    case .notCompilable(let reason):
      "the edit cannot be compiled to a prefix: \(reason); use it as it is"
    case .notWritable(let reason):
      "the editor cannot be written: \(reason), and the file of an editor has no place for that; use it from "
        + "the state of its training"
    case .cacheFolder(let path):
      "\(path): the folder cannot be made; give one that may be written to"
    case .cachedEdit(let path, let problem):
      "\(path): the compiled edit in the cache cannot be used; delete it, and it is compiled again: \(problem)"
    case .teacherStates(let path, let problem):
      "\(path): the teacher's states cannot be used: \(problem); delete it, and they are computed again"
    case .compiledConflict:
      "a compiled edit replaces token 0 and cannot be combined with another edit there; give the "
        + "instructions together to emend edit compile"
    case .valuesBehindOpening:
      "an edit of the first token's values cannot be combined with one that stands in front of that token; use one "
        + "of them"
    case .traceUnreadable(let path, let line, let problem):
      "\(path): line \(line) of the trace cannot be read: \(problem); record the trace again"
    case .noDifference:
      "the two sets of texts leave the model in the same states; give texts that differ in what the control "
        + "vector is to be about"
    case .interrupted(let done, let total):
      "interrupted after \(done) of \(total) texts, and nothing was written; run it again, or on less"
    case .noExamples(let path, let problem):
      "\(path): \(problem); give a text file with one example on a line"
    }
  }
}

/// A tensor's name, or what one without a name is.
private func nameOrVector(_ name: String) -> String {
  name.isEmpty ? "its vector" : displayed(name)
}

extension SitePosition {
  /// For messages.
  fileprivate var words: String {
    switch self {
    case .fromStart(let n): "token \(n)"
    case .fromEnd(0): "the last token of the prompt"
    case .fromEnd(let n): "the token \(n) before the last of the prompt"
    case .firstContent: "the first token of the content"
    case .prompt: "the prompt"
    case .all: "all tokens"
    }
  }
}
