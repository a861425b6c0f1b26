import ModelFiles

typealias TextInput = TextFile
