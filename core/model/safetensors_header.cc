// A pushdown reader that accepts exactly
//
//   { "__metadata__": { key: "text", ... }, name: { "dtype": "..", "shape": [..], "data_offsets":
//   [b, e] } ... }
//
// It is always at one Place; every event is legal in few of them and refused by name in the others.
// Bounds on counts keep a hostile header from costing more than its own size.
#include "core/model/safetensors_header.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "core/model/json_reader.h"

namespace sequent {
namespace {

constexpr std::string_view kMetadataKey = "__metadata__";
constexpr size_t kMaxRank = 8;

enum class Place { kFile, kTop, kMetadata, kTensor, kShape, kOffsets };

class HeaderHandler : public JsonHandler {
 public:
  explicit HeaderHandler(Safetensors* out) : out_(out) {}

  bool null() override { return Unexpected("null"); }
  bool boolean(bool value) override { return Unexpected(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Unexpected(StrCat(value)); }
  bool number_float(number_float_t, const string_t& text) override {
    return Unexpected(Quoted(text));
  }
  bool number_unsigned(number_unsigned_t value) override;
  bool string(string_t& value) override;
  bool start_object(size_t) override;
  bool key(string_t& key) override;
  bool end_object() override;
  bool start_array(size_t) override;
  bool end_array() override;

 private:
  // "header", "__metadata__['a']", "tensor 'a'", "tensor 'a' field 'shape'"
  std::string Where() const;
  std::string_view Wanted() const;
  bool Unexpected(std::string_view got) { return Fail(Where(), Wanted(), got); }
  bool TensorKey(const std::string& key);
  bool EndTensor();

  Safetensors* const out_;
  Place place_ = Place::kFile;
  std::string top_key_;  // of the entry we are in
  std::string field_;    // metadata: key; tensor: field
  StoredTensor tensor_;
  std::vector<size_t> offsets_;
  std::unordered_set<std::string> top_keys_, fields_;
};

std::string HeaderHandler::Where() const {
  if (place_ == Place::kFile || (place_ == Place::kTop && top_key_.empty())) return "header";
  const bool metadata = top_key_ == kMetadataKey;
  std::string where = metadata ? "__metadata__" : StrCat("tensor '", Quoted(top_key_, 160), "'");
  if (place_ == Place::kTop || field_.empty()) return where;
  if (metadata) return StrCat(where, "['", Quoted(field_), "']");
  return StrCat(where, " field '", Quoted(field_), "'");
}

std::string_view HeaderHandler::Wanted() const {
  switch (place_) {
    case Place::kFile:
    case Place::kTop:
      return "an object";
    case Place::kMetadata:
      return "a string";
    case Place::kTensor:
      return field_ == "dtype" ? "a string" : "an array of integers >= 0";
    case Place::kShape:
    case Place::kOffsets:
      return "an integer >= 0";
  }
  return "";
}

bool HeaderHandler::number_unsigned(number_unsigned_t value) {
  if (place_ == Place::kShape) {
    if (tensor_.shape.size() == kMaxRank) {
      return Fail(Where(), StrCat("at most ", kMaxRank, " dimensions"), "more");
    }
    tensor_.shape.push_back(value);
    return true;
  }
  if (place_ == Place::kOffsets) {
    if (offsets_.size() == 2) return Fail(Where(), "2 numbers", "more");
    offsets_.push_back(value);
    return true;
  }
  return Unexpected(StrCat(value));
}

bool HeaderHandler::string(string_t& value) {
  if (place_ == Place::kMetadata) {
    out_->metadata.emplace(field_, std::move(value));
    return true;
  }
  if (place_ == Place::kTensor && field_ == "dtype") {
    tensor_.dtype = std::move(value);
    return true;
  }
  return Unexpected(StrCat("the string '", Quoted(value), "'"));
}

bool HeaderHandler::start_object(size_t) {
  if (place_ == Place::kFile) {
    place_ = Place::kTop;
    return true;
  }
  if (place_ != Place::kTop) return Unexpected("an object");
  place_ = top_key_ == kMetadataKey ? Place::kMetadata : Place::kTensor;
  field_.clear();
  fields_.clear();
  offsets_.clear();
  tensor_ = StoredTensor();
  tensor_.name = top_key_;
  return true;
}

bool HeaderHandler::key(string_t& key) {
  auto& keys = place_ == Place::kTop ? top_keys_ : fields_;
  if (!keys.insert(key).second) {
    return Fail(Where(), "keys that are all different", StrCat("'", Quoted(key), "' twice"));
  }
  if (place_ == Place::kTop) {
    if (key.empty()) return Fail("header", "tensor names that are not empty", "''");
    top_key_ = key;
    return true;
  }
  if (place_ == Place::kTensor) return TensorKey(key);
  field_ = key;
  return true;
}

bool HeaderHandler::TensorKey(const std::string& key) {
  field_ = key;
  if (key == "dtype" || key == "shape" || key == "data_offsets") return true;
  field_.clear();
  return Fail(Where(), "fields dtype, shape, data_offsets", StrCat("'", Quoted(key), "'"));
}

bool HeaderHandler::end_object() {
  field_.clear();
  if (place_ == Place::kTensor && !EndTensor()) return false;
  place_ = place_ == Place::kTop ? Place::kFile : Place::kTop;
  return true;
}

bool HeaderHandler::EndTensor() {
  for (const char* field : {"dtype", "shape", "data_offsets"}) {
    if (!fields_.contains(field)) return Fail(Where(), StrCat("a field '", field, "'"), "none");
  }
  tensor_.begin = offsets_[0];
  tensor_.end = offsets_[1];
  out_->tensors.push_back(std::move(tensor_));
  return true;
}

bool HeaderHandler::start_array(size_t) {
  if (place_ != Place::kTensor || field_ == "dtype") return Unexpected("an array");
  place_ = field_ == "shape" ? Place::kShape : Place::kOffsets;
  return true;
}

bool HeaderHandler::end_array() {
  if (place_ == Place::kOffsets && offsets_.size() != 2) {
    return Fail(Where(), "2 numbers", StrCat(offsets_.size()));
  }
  place_ = Place::kTensor;
  return true;
}

}  // namespace

Status ReadSafetensorsHeader(std::string_view json, Safetensors* out) {
  HeaderHandler handler(out);
  return ReadJson(json, &handler);
}

}  // namespace sequent
