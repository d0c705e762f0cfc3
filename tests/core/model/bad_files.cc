#include "tests/core/model/bad_files.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iostream>
#include <limits>

#include "core/model/config_json.h"
#include "tests/core/model/bad_configs.h"
#include "tests/support/model_bytes.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

ModelBytes GoodParts() { return ModelBytes::Of(RandomModel(GoodTextConfig(), 7)); }

std::string GoodData() { return GoodParts().data; }

std::string WithLength(uint64_t length, std::string_view rest) {
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  return file.append(rest);
}

// The good header with one piece of text replaced; a piece that is not there is a mistake of the
// test.
std::string Replaced(const std::string& from, const std::string& to) {
  std::string header = HeaderText(GoodFile());
  const size_t at = header.find(from);
  if (at == std::string::npos) {
    std::cerr << "no '" << from << "' in " << header << "\n";
    std::abort();
  }
  header.replace(at, from.size(), to);
  return FileOf(header, GoodData());
}

using Edit = std::function<void(ModelBytes*)>;

BadFile Sealed(const std::string& name, const std::string& message, const Edit& edit) {
  ModelBytes parts = GoodParts();
  edit(&parts);
  return {name, parts.Build(), message};
}

BadFile Unsealed(const std::string& name, const std::string& message, const Edit& edit) {
  ModelBytes parts = GoodParts();
  edit(&parts);
  return {name, parts.Build(/*seal=*/false), message};
}

BadFile WithConfigText(const std::string& name, const std::string& json,
                       const std::string& message) {
  BadFile file =
      Sealed(name, message, [&](ModelBytes* b) { b->metadata["sequent.config"] = json; });
  file.place = "sequent.config: ";
  return file;
}

// Adds a tensor behind the others.
void Append(ModelBytes* parts, const std::string& name, const std::string& dtype,
            const std::vector<size_t>& shape, size_t bytes) {
  const size_t begin = parts->data.size();
  parts->data.append(bytes, '\0');
  parts->tensors.push_back({name, dtype, shape, begin, begin + bytes});
}

void SetFloat(ModelBytes* parts, const std::string& name, size_t index, float value) {
  std::memcpy(parts->data.data() + parts->tensor(name)->begin + index * sizeof(value), &value,
              sizeof(value));
}

}  // namespace

std::string GoodFile() { return GoodParts().Build(); }

std::vector<BadFile> BadLengths() {
  const std::string file = GoodFile();
  const std::string rest = file.substr(8);
  const std::string header = HeaderText(file);
  return {
      {"Empty", "", "file: expected at least 8 bytes, got 0"},
      {"OneByte", "{", "file: expected at least 8 bytes, got 1"},
      {"LengthOnly", std::string(8, '\0'), "header: expected '{' at its start, got ''"},
      {"LengthZero", WithLength(0, rest), "header: expected '{' at its start, got ''"},
      {"LengthOne", WithLength(1, rest), "byte 2: expected JSON"},
      {"LengthOneShort", WithLength(header.find_last_of('}'), rest), "expected JSON"},
      {"LengthEightMore", WithLength(header.size() + 8, rest), "expected JSON"},
      {"LengthPastTheEnd", WithLength(rest.size() + 1, rest),
       "header length: expected at most the file's other"},
      {"LengthOverTheLimit", WithLength(100'000'001, rest),
       "header length: expected at most 100000000 bytes, got 100000001"},
      {"LengthHuge", WithLength(std::numeric_limits<uint64_t>::max(), rest),
       "header length: expected at most 100000000 bytes, got 18446744073709551615"},
      {"LengthTopBit", WithLength(uint64_t{1} << 63, rest), "header length: expected at most"},
      {"LengthWraps", WithLength(std::numeric_limits<uint64_t>::max() - 7, rest),
       "header length: expected at most"},
      {"LengthBigEndian", WithLength(__builtin_bswap64(header.size()), rest),
       "header length: expected at most"},
      {"NoData", FileOf(header, ""), "expected an end within the data's 0 bytes"},
      {"OneByteOfDataLess", FileOf(header, GoodData().substr(1)), "expected an end within the"},
      {"OneByteOfDataMore", FileOf(header, GoodData() + '\0'), "data section: expected"},
      {"TwoFiles", file + file, "data section: expected"},
      {"AText", "It was the best of times, it was the worst of times", "header length: expected"},
      {"AZipFile", std::string("PK\x03\x04\x14\0\0\0\x08\0\0\0", 12), "header length: expected"},
      {"NotAnObject", FileOf("[]", ""), "header: expected '{' at its start, got '['"},
      {"ByteOrderMark", FileOf("\xef\xbb\xbf" + header, GoodData()), "expected '{' at its start"},
      {"SpaceFirst", FileOf(" " + header, GoodData()), "expected '{' at its start, got ' '"},
      {"EmptyObject", FileOf("{}", ""), "__metadata__: expected a key 'sequent.format', got none"},
  };
}

std::vector<BadFile> BadHeaders() {
  const std::string shape = R"("shape":[4,2])";
  const std::string offsets = R"("data_offsets":[0,32])";
  const std::string entry = R"("embedding.weight":{"dtype":"F32","shape":[4,2],)" + offsets + "}";
  const std::string where = "tensor 'embedding.weight'";
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{\"a\":";
  std::string wide = "\"shape\":[";
  for (int i = 0; i < 100000; ++i) wide += "1,";
  return {
      {"NotJson", FileOf("{nonsense", ""), "byte 3: expected JSON"},
      {"Unclosed", FileOf("{\"a\":{", ""), "expected JSON"},
      {"Brace", FileOf("{", ""), "expected JSON"},
      {"TrailingText", FileOf(HeaderText(GoodFile()) + "x", GoodData()), "expected JSON"},
      {"TextBehindAZeroByte",
       FileOf(HeaderText(GoodFile()) + std::string("\0 more", 6), GoodData()),
       "expected JSON, got a zero byte"},
      {"PaddedWithZeros", FileOf(HeaderText(GoodFile()) + std::string(8, '\0'), GoodData()),
       "expected JSON, got a zero byte"},
      {"TwoObjects", FileOf("{}{}", ""), "expected JSON"},
      {"TrailingComma", Replaced(offsets + "}", offsets + ",}"), "expected JSON"},
      {"Comment", Replaced(shape, "/* */" + shape), "expected JSON"},
      {"SingleQuotes", Replaced(shape, "'shape':[4,2]"), "expected JSON"},
      {"NotUtf8", Replaced("embedding.weight", "embedding\xff"), "expected JSON"},
      {"ControlCharacter", Replaced("embedding.weight", "embedding\n"), "expected JSON"},
      {"HalfASurrogate", Replaced("embedding.weight", "embedding\\ud800"), "expected JSON"},
      {"NulByte", Replaced("embedding.weight", std::string("embedding\0", 10)), "expected JSON"},
      {"TooDeep", FileOf(deep, ""),
       "tensor 'a': expected fields dtype, shape, data_offsets, got 'a'"},
      {"TensorTwice", Replaced(entry, entry + "," + entry),
       "expected keys that are all different, got 'embedding.weight' twice"},
      {"MetadataTwice", Replaced("\"__metadata__\":", R"("__metadata__":{},"__metadata__":)"),
       "expected keys that are all different, got '__metadata__' twice"},
      {"MetadataKeyTwice",
       Replaced("\"sequent.format\":", R"("sequent.format":"1","sequent.format":)"),
       "expected keys that are all different, got 'sequent.format' twice"},
      {"FieldTwice", Replaced(shape, shape + "," + shape),
       where + " field 'shape': expected keys that are all different, got 'shape' twice"},
      {"TensorWithoutName", Replaced("embedding.weight", ""), "tensor names that are not empty"},
      {"TensorIsANumber", FileOf(R"({"a":1})", ""), "tensor 'a': expected an object, got 1"},
      {"TensorIsNull", FileOf(R"({"a":null})", ""), "tensor 'a': expected an object, got null"},
      {"TensorIsTrue", FileOf(R"({"a":true})", ""), "tensor 'a': expected an object, got true"},
      {"TensorIsAString", FileOf(R"({"a":"b"})", ""),
       "tensor 'a': expected an object, got the string 'b'"},
      {"TensorIsAnArray", FileOf(R"({"a":[1]})", ""),
       "tensor 'a': expected an object, got an array"},
      {"TensorIsEmpty", FileOf(R"({"a":{}})", ""),
       "tensor 'a': expected a field 'dtype', got none"},
      {"NoDtype", Replaced(R"("dtype":"F32",)", ""), "expected a field 'dtype', got none"},
      {"NoShape", Replaced(shape + ",", ""), where + ": expected a field 'shape', got none"},
      {"NoOffsets", Replaced("," + offsets, ""), "expected a field 'data_offsets', got none"},
      {"UnknownField", Replaced(shape, shape + R"(,"stride":[1])"),
       where + ": expected fields dtype, shape, data_offsets, got 'stride'"},
      {"DtypeIsANumber", Replaced(R"("dtype":"F32")", R"("dtype":32)"),
       "field 'dtype': expected a string, got 32"},
      {"DtypeIsAnArray", Replaced(R"("dtype":"F32")", R"("dtype":["F32"])"),
       "field 'dtype': expected a string, got an array"},
      {"DtypeUnknown", Replaced(R"("dtype":"F32")", R"("dtype":"F31")"),
       "field 'dtype': expected a type of safetensors, got 'F31'"},
      {"DtypeLowerCase", Replaced(R"("dtype":"F32")", R"("dtype":"f32")"), "got 'f32'"},
      {"DtypeEmpty", Replaced(R"("dtype":"F32")", R"("dtype":"")"), "got ''"},
      {"ShapeIsANumber", Replaced(shape, R"("shape":8)"),
       where + " field 'shape': expected an array of integers >= 0, got 8"},
      {"ShapeIsAnObject", Replaced(shape, R"("shape":{})"),
       where + " field 'shape': expected an array of integers >= 0, got an object"},
      {"ShapeNegative", Replaced(shape, R"("shape":[-4,2])"),
       where + " field 'shape': expected an integer >= 0, got -4"},
      {"ShapeMinusZero", Replaced(shape, R"("shape":[-0,2])"), "expected an integer >= 0, got 0"},
      {"ShapeFraction", Replaced(shape, R"("shape":[4.5,2])"), "expected an integer >= 0, got 4.5"},
      {"ShapeFloat", Replaced(shape, R"("shape":[4.0,2])"), "expected an integer >= 0, got 4.0"},
      {"ShapeExponent", Replaced(shape, R"("shape":[4e0,2])"), "an integer >= 0, got 4e0"},
      {"ShapeString", Replaced(shape, R"("shape":["4",2])"), "an integer >= 0, got the string '4'"},
      {"ShapeNull", Replaced(shape, R"("shape":[null,2])"), "an integer >= 0, got null"},
      {"ShapeNested", Replaced(shape, R"("shape":[[4],2])"), "an integer >= 0, got an array"},
      {"ShapeOver64Bits", Replaced(shape, R"("shape":[18446744073709551616,2])"),
       "expected an integer >= 0, got 18446744073709551616"},
      {"ShapeOverflows", Replaced(shape, R"("shape":[9223372036854775808,2])"),
       where + " field 'shape': expected a size under 2^64 bytes"},
      {"ShapeOverflowsToTheRightSize", Replaced(shape, R"("shape":[4,4611686018427387906])"),
       where + " field 'shape': expected a size under 2^64 bytes"},
      {"ShapeOfNineDimensions", Replaced(shape, R"("shape":[4,2,1,1,1,1,1,1,1])"),
       where + " field 'shape': expected at most 8 dimensions"},
      {"ShapeOfAHundredThousand", Replaced(shape, wide + "1]"), "expected at most 8 dimensions"},
      {"ShapeLargerThanItsBytes", Replaced(shape, R"("shape":[4,3])"),
       where + " field 'data_offsets': expected 48 bytes for dtype and shape, got [0, 32]"},
      {"ShapeSmallerThanItsBytes", Replaced(shape, R"("shape":[4,1])"),
       "expected 16 bytes for dtype and shape, got [0, 32]"},
      {"ShapeEmptyForAVector", Replaced(shape, R"("shape":[])"), "expected 4 bytes for dtype"},
      {"ShapeWithAZero", Replaced(shape, R"("shape":[4,0])"), "expected 0 bytes for dtype"},
      {"OffsetsReversed", Replaced(offsets, R"("data_offsets":[32,0])"),
       "expected begin <= end, got [32, 0]"},
      {"OffsetsOfOne", Replaced(offsets, R"("data_offsets":[0])"),
       where + " field 'data_offsets': expected 2 numbers, got 1"},
      {"OffsetsOfThree", Replaced(offsets, R"("data_offsets":[0,32,64])"),
       where + " field 'data_offsets': expected 2 numbers, got more"},
      {"OffsetsOfNone", Replaced(offsets, R"("data_offsets":[])"), "expected 2 numbers, got 0"},
      {"OffsetsNegative", Replaced(offsets, R"("data_offsets":[-32,0])"),
       "expected an integer >= 0, got -32"},
      {"OffsetsFloat", Replaced(offsets, R"("data_offsets":[0.0,32])"), "an integer >= 0, got 0.0"},
      {"OffsetsString", Replaced(offsets, R"("data_offsets":"0,32")"),
       "expected an array of integers >= 0, got the string '0,32'"},
      {"OffsetsHuge", Replaced(offsets, R"("data_offsets":[0,18446744073709551615])"),
       "expected an end within the data's"},
      {"OffsetsPastTheEnd", Replaced(offsets, R"("data_offsets":[0,1000000])"),
       "expected an end within the data's"},
      {"AHoleInFront", Replaced(offsets, R"("data_offsets":[4,36])"),
       where + " field 'data_offsets': expected a begin at 0"},
      {"AnOverlap", Replaced(R"("data_offsets":[32,80])", R"("data_offsets":[28,76])"),
       "expected a begin at 32, the end of the tensor before it, got [28, 76] (an overlap)"},
      {"AHoleInside", Replaced(R"("data_offsets":[32,80])", R"("data_offsets":[36,84])"),
       "expected a begin at 32, the end of the tensor before it, got [36, 84] (a hole)"},
      {"TwoTensorsAtOnePlace", Replaced(R"("data_offsets":[32,80])", R"("data_offsets":[0,48])"),
       "(an overlap)"},
  };
}

std::vector<BadFile> BadMetadata() {
  const auto set = [](const std::string& key, const std::string& value) {
    return [key, value](ModelBytes* b) { b->metadata[key] = value; };
  };
  const auto drop = [](const std::string& key) {
    return [key](ModelBytes* b) { b->metadata.erase(key); };
  };
  const std::string number = "__metadata__['sequent.format']: expected a string, got ";
  return {
      {"MetadataIsAnArray", FileOf(R"({"__metadata__":[]})", ""),
       "__metadata__: expected an object, got an array"},
      {"MetadataIsAString", FileOf(R"({"__metadata__":"1"})", ""),
       "__metadata__: expected an object, got the string '1'"},
      {"MetadataIsNull", FileOf(R"({"__metadata__":null})", ""),
       "__metadata__: expected an object, got null"},
      {"MetadataIsEmpty", FileOf(R"({"__metadata__":{}})", ""), "expected a key 'sequent.format'"},
      {"MetadataOfANumber", Replaced(R"("sequent.format":"1")", R"("sequent.format":1)"),
       number + "1"},
      {"MetadataOfAFloat", Replaced(R"("sequent.format":"1")", R"("sequent.format":1.5)"),
       number + "1.5"},
      {"MetadataOfNull", Replaced(R"("sequent.format":"1")", R"("sequent.format":null)"),
       number + "null"},
      {"MetadataOfTrue", Replaced(R"("sequent.format":"1")", R"("sequent.format":true)"),
       number + "true"},
      {"MetadataOfAnObject", Replaced(R"("sequent.format":"1")", R"("sequent.format":{"1":2})"),
       number + "an object"},
      {"MetadataOfAnArray", Replaced(R"("sequent.format":"1")", R"("sequent.format":["1"])"),
       number + "an array"},
      Sealed("NoFormat", "__metadata__: expected a key 'sequent.format'", drop("sequent.format")),
      Sealed("FormatTwo", "sequent.format: expected '1', got '2'", set("sequent.format", "2")),
      Sealed("FormatEmpty", "sequent.format: expected '1', got ''", set("sequent.format", "")),
      Sealed("FormatOfAnother", "sequent.format: expected '1', got 'pt'",
             set("sequent.format", "pt")),
      Sealed("NoConfig", "__metadata__: expected a key 'sequent.config'", drop("sequent.config")),
      Unsealed("NoDataChecksum", "sequent.header_crc32c: the file says", drop("sequent.crc32c")),
      Unsealed("NoHeaderChecksum", "__metadata__: expected a key 'sequent.header_crc32c', got none",
               drop("sequent.header_crc32c")),
      Unsealed("HeaderChecksumOfAnother", "sequent.header_crc32c: the file says '00000000'",
               set("sequent.header_crc32c", "00000000")),
      Unsealed("HeaderChecksumEmpty", "sequent.header_crc32c: the file says ''",
               set("sequent.header_crc32c", "")),
      Unsealed("DataChecksumOfAnother", "sequent.header_crc32c: the file says",
               set("sequent.crc32c", "00000000")),
      Unsealed("TrainingChanged", "sequent.header_crc32c: the file says",
               set("sequent.training", "better than it was")),
      Unsealed("KeyOfAnotherToolAdded", "sequent.header_crc32c: the file says",
               set("format", "pt")),
      Unsealed("ConfigChanged", "sequent.header_crc32c: the file says",
               set("sequent.config", "{}")),
      Sealed("TrainingWithAControlCharacter",
             "sequent.training: expected text without control characters, got \\x07",
             set("sequent.training", "ring\a")),
      WithConfigText("ConfigEmpty", "", "byte 1: expected JSON"),
      WithConfigText("ConfigNotJson", "name: x", "byte 2: expected JSON"),
      WithConfigText("ConfigUnclosed", R"({"name":"x")", "byte 12: expected JSON"),
      WithConfigText("ConfigWithTrailingText", "{} {}", "byte 4: expected JSON"),
      WithConfigText("ConfigBehindAZeroByte", std::string("{}\0{}", 5), "byte 3: expected JSON"),
      WithConfigText("ConfigIsAnArray", "[]", "INVALID_ARGUMENT"),
      WithConfigText("ConfigIsANumber", "1", "INVALID_ARGUMENT"),
      WithConfigText("ConfigIsNull", "null", ""),
      WithConfigText("ConfigOfNothing", "{}",
                     "task: expected language_model | forecast | classify | tag, got ''"),
      WithConfigText("ConfigUnknownField", R"({"nmae":"x"})", "INVALID_ARGUMENT"),
      WithConfigText("ConfigUnknownLayerKind", R"({"layers":[{"name":"a","lstn":{}}]})", "INVALID"),
      WithConfigText("ConfigUnknownLayerField", R"({"layers":[{"lstm":{"unit":3}}]})", "INVALID"),
      WithConfigText("ConfigTwoLayerKinds", R"({"layers":[{"lstm":{},"gru":{}}]})", "INVALID"),
      WithConfigText("ConfigKeyTwice", R"({"name":"x","name":"y"})",
                     "an object's keys: expected all different, got 'name' twice"),
      WithConfigText("ConfigInnerKeyTwice", R"({"layers":[{"name":"x","name":"y"}]})",
                     "an object's keys: expected all different, got 'name' twice"),
      WithConfigText("ConfigUnknownEnum",
                     R"({"inputs":[{"features":{"columns":[{"scale":{"kind":"MINMAX"}}]}}]})",
                     "INVALID_ARGUMENT"),
      WithConfigText("ConfigWrongType", R"({"layers":{"name":"x"}})", ""),
      WithConfigText("ConfigUnitsAString", R"({"layers":[{"lstm":{"units":"many"}}]})", "INVALID"),
      WithConfigText("ConfigUnitsNegative", R"({"layers":[{"lstm":{"units":-3}}]})", "INVALID"),
      WithConfigText("ConfigUnitsFraction", R"({"layers":[{"lstm":{"units":3.5}}]})", "INVALID"),
      WithConfigText("ConfigUnitsHuge", R"({"layers":[{"lstm":{"units":4294967296}}]})", "INVALID"),
      WithConfigText("ConfigTooDeep", std::string(33, '[') + std::string(33, ']'),
                     "nesting: expected at most 32, got more"),
      WithConfigText("ConfigFarTooDeep", std::string(1000000, '['),
                     "nesting: expected at most 32, got more"),
      WithConfigText("ConfigWithAComment", R"({/* x */"name":"x"})", "byte 2: expected JSON"),
      WithConfigText("ConfigWithSingleQuotes", R"({'name':'x'})", "byte 2: expected JSON"),
      WithConfigText("ConfigWithATrailingComma", R"({"name":"x",})", "expected JSON"),
      WithConfigText("ConfigWithHalfASurrogate", R"({"name":"\ud800"})", "expected JSON"),
  };
}

std::vector<BadFile> BadTensors() {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<BadFile> list = {
      Sealed("NoTensors", "tensor 'embedding.weight': expected shape [4, 2], got no such tensor",
             [](ModelBytes* b) {
               b->tensors.clear();
               b->data.clear();
             }),
      Sealed("LastTensorMissing", "tensor 'next.weight': expected shape [4, 3], got no such tensor",
             [](ModelBytes* b) {
               b->data.resize(b->tensors.back().begin);
               b->tensors.pop_back();
             }),
      Sealed("ExtraTensor", "tensor 'more': expected only tensors of the configuration, got one",
             [](ModelBytes* b) { Append(b, "more", "F32", {3}, 12); }),
      Sealed("ExtraEmptyTensor", "tensor 'more': expected only tensors of the configuration",
             [](ModelBytes* b) { Append(b, "more", "F32", {0}, 0); }),
      Sealed(
          "ExtraBytesTensor",
          "tensor 'asset.x': expected only assets that the configuration names, got one more of 5",
          [](ModelBytes* b) { Append(b, "asset.x", "U8", {5}, 5); }),
      Sealed("Renamed", "tensor 'lstm.bias': expected shape [12], got no such tensor",
             [](ModelBytes* b) { b->tensor("lstm.bias")->name = "lstm.biaz"; }),
      Sealed("Transposed", "tensor 'lstm.weight_input': expected shape [12, 2], got [2, 12]",
             [](ModelBytes* b) { b->tensor("lstm.weight_input")->shape = {2, 12}; }),
      Sealed("Flattened", "tensor 'lstm.weight_input': expected shape [12, 2], got [24]",
             [](ModelBytes* b) { b->tensor("lstm.weight_input")->shape = {24}; }),
      Sealed("OneMoreDimension", "tensor 'lstm.bias': expected shape [12], got [12, 1]",
             [](ModelBytes* b) { b->tensor("lstm.bias")->shape = {12, 1}; }),
      Sealed("NamesSwapped", "tensor 'next.weight': expected shape [4, 3], got [4]",
             [](ModelBytes* b) {
               std::swap(b->tensor("next.bias")->name, b->tensor("next.weight")->name);
             }),
  };
  for (const char* dtype : {"F64", "F16", "F8_E4M3", "F8_E5M2", "BOOL", "U8", "U16", "I16", "U32",
                            "I32", "U64", "I64"}) {
    const std::string bits = std::string(dtype);
    const size_t size = bits.ends_with("64")   ? 8
                        : bits.ends_with("32") ? 4
                        : bits.ends_with("16") ? 2
                                               : 1;
    list.push_back(
        Sealed(StrCat("Dtype_", dtype),
               StrCat("tensor 'next.weight': expected dtype F32, BF16 or I8, got ", dtype),
               [&](ModelBytes* b) {
                 StoredTensor* tensor = &b->tensors.back();
                 tensor->dtype = dtype;
                 tensor->end = tensor->begin + 12 * size;
                 b->data.resize(tensor->end);
               }));
  }
  for (const char* name : {"embedding.weight", "lstm.bias", "lstm.weight_input",
                           "lstm.weight_state", "next.bias", "next.weight"}) {
    std::string test(name);
    test[test.find('.')] = '_';
    const std::string where = StrCat("tensor '", name, "': expected finite values, got ");
    list.push_back(Sealed(StrCat("NanIn_", test), where + "nan at index 3",
                          [&](ModelBytes* b) { SetFloat(b, name, 3, nan); }));
    list.push_back(Sealed(StrCat("InfinityIn_", test), where + "inf at index 0",
                          [&](ModelBytes* b) { SetFloat(b, name, 0, infinity); }));
    list.push_back(Unsealed(StrCat("DamagedIn_", test), "sequent.crc32c: the file says",
                            [&](ModelBytes* b) { SetFloat(b, name, 1, 0.5f); }));
  }
  return list;
}

std::vector<BadFile> BadConfigFiles() {
  std::vector<BadFile> list;
  for (const BadConfig& bad : BadConfigs()) {
    list.push_back(
        WithConfigText("Config_" + bad.name, ConfigToJson(bad.config).value(), bad.message));
  }
  return list;
}

std::vector<BadFile> Truncations() {
  const std::string file = GoodFile();
  const size_t data = 8 + HeaderText(file).size();
  std::vector<BadFile> list;
  for (size_t i = 0; i < 60; ++i) {
    const size_t size = file.size() * i / 60;
    const std::string message = size < 8      ? "file: expected at least 8 bytes"
                                : size < data ? "header length: expected at most the file's other"
                                              : "expected an end within the data's";
    list.push_back({StrCat("CutTo_", size), file.substr(0, size), message});
  }
  return list;
}

std::vector<BadFile> BitFlips() {
  const std::string file = GoodFile();
  std::vector<BadFile> list;
  for (size_t i = 0; i < 120; ++i) {
    // Places spread over the file, every bit position in turn.
    const size_t at = file.size() * i / 120;
    std::string flipped = file;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (i % 8)));
    list.push_back({StrCat("Flip_", at, "_", i % 8), flipped, ""});
  }
  return list;
}

std::vector<BadFile> BadFiles() {
  std::vector<BadFile> all;
  for (const auto& group :
       {BadLengths(), BadHeaders(), BadMetadata(), BadTensors(), BadRoundedFiles(), BadAssetFiles(),
        BadConfigFiles(), Truncations(), BitFlips()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace sequent
