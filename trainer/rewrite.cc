#include "trainer/rewrite.h"

#include <nlohmann/json.hpp>

#include "core/model/graph.h"
#include "core/model/tensor_table.h"
#include "trainer/json_text.h"
#include "trainer/publish.h"

namespace sequent {

Status CheckOutput(const std::string& out, const std::string& publish) {
  if (!out.empty() || !publish.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("expected --out or --publish, got neither");
}

StatusOr<ModelContents> ReadExactModel(const std::string& path) {
  auto contents = ReadModelFile(path);
  if (!contents.ok()) {
    return absl::DataLossError(StrCat(path, ": ", contents.status().message()));
  }
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(contents->config));
  const Precision stored = StoredPrecision(TensorTable(graph), contents->tensors);
  if (stored == Precision::kFp32) return contents;
  return absl::InvalidArgumentError(StrCat(path, ": expected a model in fp32, got one in ",
                                           PrecisionName(stored),
                                           "; take the one it was made from"));
}

std::string WithNote(const ModelContents& contents, const std::string& key,
                     const std::map<std::string, std::string>& note) {
  auto json = nlohmann::ordered_json::parse(contents.training, nullptr, false);
  if (!json.is_object()) return contents.training;
  json[key] = note;
  return JsonText(json);
}

StatusOr<std::vector<std::string>> WriteRewritten(const ModelContents& contents,
                                                  const std::string& out,
                                                  const std::string& publish) {
  std::vector<std::string> paths;
  if (!out.empty()) {
    SEQ_RETURN_IF_ERROR(WriteModelFile(out, contents));
    paths.push_back(out);
  }
  if (!publish.empty()) {
    SEQ_ASSIGN_OR_RETURN(std::string path, Publish(publish, contents));
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace sequent
