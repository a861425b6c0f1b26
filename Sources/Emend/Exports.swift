// What a program that edits language models imports, as one module: the public declarations of all of
// these are Emend's public interface. What is `package` in them is not.
@_exported import BlockFormats
@_exported import EditEvaluation
@_exported import EditSessions
@_exported import EditStudies
@_exported import EditorTraining
@_exported import InstructionEditors
@_exported import LanguageModels
@_exported import LatentEditing
@_exported import MessagePassing
@_exported import ModelEvaluation
@_exported import ModelFiles
@_exported import Quantization
@_exported import TensorKernels
@_exported import TextGeneration
@_exported import Tokenization
