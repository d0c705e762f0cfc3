// Writes the seeds that the fuzzers start from: one folder per fuzzer under the folder given.
//
//   model_file: a model of every layer kind in every precision. state_row: per model, its first
//   state and later ones. text_codec: texts of one to four bytes per character, some of them
//   broken.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/graph.h"
#include "core/model/model_file.h"
#include "core/model/quantize.h"
#include "core/nn/model.h"
#include "tests/fuzz/state_row_seed.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

void WriteSeed(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

void WriteModels(const std::filesystem::path& folder) {
  for (auto& [name, contents] : AllModels()) {
    const auto table = TensorTable(ResolveGraph(contents.config).value());
    for (const Precision precision : {Precision::kFp32, Precision::kBf16, Precision::kInt8}) {
      ModelContents rounded = contents;
      RoundTensors(table, precision, &rounded.tensors);
      WriteSeed(folder / StrCat(name, "_", PrecisionName(precision)),
                SerializeModel(rounded).value());
    }
  }
}

void WriteStateRows(const std::filesystem::path& folder) {
  const std::vector<std::shared_ptr<const Model>> models = FuzzedModels();
  for (size_t i = 0; i < models.size(); ++i) {
    AlignedVector<std::byte> row(models[i]->state_size());
    models[i]->InitState(row.data());
    for (const char* name : {"first", "second", "third"}) {
      WriteSeed(folder / StrCat(i, "_", name), StateRowSeed(i, *models[i], row.data()));
      RunOneStep(*models[i], row.data());
    }
  }
}

void WriteTexts(const std::filesystem::path& folder) {
  const std::string_view texts[] = {
      "", "abc", "\x01hello", "\x02h\xc3\xa9llo", "\x03\xe2\x82\xac 5", "\x01\xf0\x9f\x99\x82",
      // Half a character, an overlong one, a surrogate, beyond the last code point.
      "\x02\xe2\x82", "\x01\xc0\xaf", "\x02\xed\xa0\x80", "\x02\xf4\x90\x80\x80", "\x01\xff\xfe",
      // Pieces of words.
      "\x41Hello,  w\xc3\xb6rld LL\n", "\x40 \xe2\x96\x81h", "\x43\xff he L",
      // Words, with apostrophes that end, begin and join them.
      "\x82Hello, 'tis the world's\n", "\x81o'er'", "\x80\xc3\x84\xc3\xa4\n\n"};
  for (size_t i = 0; i < std::size(texts); ++i) WriteSeed(folder / StrCat(i), texts[i]);
}

}  // namespace
}  // namespace sequent

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: write_fuzz_corpus FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  sequent::WriteModels(folder / "model_file");
  sequent::WriteStateRows(folder / "state_row");
  sequent::WriteTexts(folder / "text_codec");
}
