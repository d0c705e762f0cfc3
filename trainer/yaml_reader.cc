#include "trainer/yaml_reader.h"

#include <charconv>
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <yaml-cpp/yaml.h>

#include "core/base/error.h"
#include "trainer/yaml_scalar.h"

namespace sequent {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;  // sequent::Message is a function

std::string Join(std::string_view path, std::string_view key) {
  return path.empty() ? std::string(key) : StrCat(ToAbsl(path), ".", ToAbsl(key));
}

bool IsDuration(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Duration";
}

// What came, for messages.
std::string Got(const YAML::Node& node) {
  if (node.IsMap()) return "a map";
  if (node.IsSequence()) return "a list";
  if (!node.IsDefined() || node.IsNull()) return "nothing";
  return StrCat("'", Quoted(node.Scalar()), "'");
}

class Reader {
 public:
  explicit Reader(std::string_view source, bool lines) : source_(source), lines_(lines) {}

  Status ReadMessage(const YAML::Node& node, const std::string& path, ProtoMessage* message) const;
  Status ReadField(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                   ProtoMessage* message) const;
  // The field of that name, or an error that names the nearest one.
  StatusOr<const FieldDescriptor*> Find(const std::string& key, std::string_view path,
                                        const Descriptor& type, const YAML::Node* at) const;

 private:
  Status ReadElement(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                     ProtoMessage* message) const;
  Status ReadMap(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                 ProtoMessage* message) const;
  Status ReadDuration(const YAML::Node& node, const std::string& path, const FieldDescriptor& field,
                      ProtoMessage* message) const;

  std::string Where(const YAML::Node* node) const {
    if (!lines_ || node == nullptr || node->Mark().is_null()) return StrCat(" (", source_, ")");
    return StrCat(" (", source_, ":", node->Mark().line + 1, ")");
  }
  Status Expected(std::string_view path, std::string_view what, const YAML::Node& node) const {
    return absl::InvalidArgumentError(StrCat(path.empty() ? "the document" : ToAbsl(path),
                                             ": expected ", ToAbsl(what), ", got ", Got(node),
                                             Where(&node)));
  }

  std::string source_;
  bool lines_;
};

StatusOr<const FieldDescriptor*> Reader::Find(const std::string& key, std::string_view path,
                                              const Descriptor& type, const YAML::Node* at) const {
  if (const auto* field = type.FindFieldByName(key)) return field;
  std::vector<std::string_view> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  const std::string_view nearest = Nearest(key, names.data(), names.size());
  std::string hint = "; known here: ";
  if (nearest.empty()) {
    for (const auto name : names) hint += StrCat(name == names[0] ? "" : ", ", ToAbsl(name));
  } else {
    hint = StrCat("; did you mean '", ToAbsl(nearest), "'?");
  }
  return absl::InvalidArgumentError(
      StrCat(Join(path, Quoted(key)), ": unknown key", hint, Where(at)));
}

Status Reader::ReadMessage(const YAML::Node& node, const std::string& path,
                           ProtoMessage* message) const {
  if (node.IsNull()) return absl::OkStatus();
  if (!node.IsMap()) return Expected(path, "a map", node);
  std::vector<const FieldDescriptor*> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return Expected(path, "a map with plain keys", entry.first);
    const std::string& key = entry.first.Scalar();
    SEQ_ASSIGN_OR_RETURN(const auto* field,
                         Find(key, path, *message->GetDescriptor(), &entry.first));
    for (const auto* other : seen) {
      if (other == field) {
        return absl::InvalidArgumentError(
            StrCat(Join(path, key), ": given twice", Where(&entry.first)));
      }
      if (field->real_containing_oneof() != nullptr &&
          field->real_containing_oneof() == other->real_containing_oneof()) {
        return absl::InvalidArgumentError(StrCat(Join(path, key), ": only one of '", other->name(),
                                                 "' and '", field->name(), "' can be given",
                                                 Where(&entry.first)));
      }
    }
    seen.push_back(field);
    SEQ_RETURN_IF_ERROR(ReadField(entry.second, Join(path, key), *field, message));
  }
  return absl::OkStatus();
}

Status Reader::ReadField(const YAML::Node& node, const std::string& path,
                         const FieldDescriptor& field, ProtoMessage* message) const {
  message->GetReflection()->ClearField(message, &field);
  if (field.is_map()) return ReadMap(node, path, field, message);
  if (!field.is_repeated() || !node.IsSequence()) return ReadElement(node, path, field, message);
  for (size_t i = 0; i < node.size(); ++i) {
    SEQ_RETURN_IF_ERROR(ReadElement(node[i], StrCat(path, "[", i, "]"), field, message));
  }
  return absl::OkStatus();
}

Status Reader::ReadElement(const YAML::Node& node, const std::string& path,
                           const FieldDescriptor& field, ProtoMessage* message) const {
  if (IsDuration(field)) return ReadDuration(node, path, field, message);
  if (field.message_type() != nullptr) {
    const auto* reflection = message->GetReflection();
    return ReadMessage(node, path,
                       field.is_repeated() ? reflection->AddMessage(message, &field)
                                           : reflection->MutableMessage(message, &field));
  }
  if (!node.IsScalar()) return Expected(path, "a single value", node);
  const Status status = SetScalar(node.Scalar(), field, message);
  return status.ok() ? status : Expected(path, ToStd(status.message()), node);
}

Status Reader::ReadMap(const YAML::Node& node, const std::string& path,
                       const FieldDescriptor& field, ProtoMessage* message) const {
  if (!node.IsMap()) return Expected(path, "a map", node);
  for (const auto& entry : node) {
    ProtoMessage* pair = message->GetReflection()->AddMessage(message, &field);
    const auto* type = pair->GetDescriptor();
    const std::string key = entry.first.Scalar();
    SEQ_RETURN_IF_ERROR(SetScalar(key, *type->map_key(), pair));
    SEQ_RETURN_IF_ERROR(ReadElement(entry.second, Join(path, key), *type->map_value(), pair));
  }
  return absl::OkStatus();
}

Status Reader::ReadDuration(const YAML::Node& node, const std::string& path,
                            const FieldDescriptor& field, ProtoMessage* message) const {
  const auto duration = ParseDuration(node.IsScalar() ? node.Scalar() : "");
  if (!duration.ok()) return Expected(path, ToStd(duration.status().message()), node);
  message->GetReflection()->MutableMessage(message, &field)->CopyFrom(*duration);
  return absl::OkStatus();
}

StatusOr<YAML::Node> Load(std::string_view text, std::string_view source, bool lines) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& e) {
    const std::string line = lines ? StrCat(":", e.mark.line + 1) : "";
    return absl::InvalidArgumentError(StrCat("not YAML: ", e.msg, " (", ToAbsl(source), line, ")"));
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(StrCat("not YAML: ", e.what(), " (", ToAbsl(source), ")"));
  }
}

std::optional<int> Index(std::string_view text) {
  int index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return index;
}

// One line of a map or list being written.
void Write(const ProtoMessage& message, int indent, std::string* out);

void WriteValue(const ProtoMessage& message, const FieldDescriptor& field, int index, int indent,
                std::string* out) {
  const auto* r = message.GetReflection();
  if (field.message_type() == nullptr) {
    *out += StrCat(" ", ScalarText(message, field, index), "\n");
    return;
  }
  const ProtoMessage& value = field.is_repeated() ? r->GetRepeatedMessage(message, &field, index)
                                                  : r->GetMessage(message, &field);
  if (IsDuration(field)) {
    Duration duration;
    duration.CopyFrom(value);
    *out += StrCat(" ", FormatDuration(duration), "\n");
    return;
  }
  std::string inner;
  Write(value, indent + 2, &inner);
  *out += inner.empty() ? " {}\n" : "\n" + inner;
}

// "- " before the first line of an element that is written with two more columns of indent.
void WriteList(const ProtoMessage& message, const FieldDescriptor& field, int size, int indent,
               std::string* out) {
  *out += "\n";
  for (int i = 0; i < size; ++i) {
    std::string element;
    WriteValue(message, field, i, indent + 2, &element);
    if (element[0] == '\n') {
      element = element.substr(1);
      element[indent + 2] = '-';
      *out += element;
    } else {
      *out += std::string(indent + 2, ' ') + "-" + element;
    }
  }
}

void WriteMap(const ProtoMessage& message, const FieldDescriptor& field, int size, int indent,
              std::string* out) {
  *out += "\n";
  for (int i = 0; i < size; ++i) {
    const ProtoMessage& pair = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    *out += StrCat(std::string(indent + 2, ' '),
                   ScalarText(pair, *pair.GetDescriptor()->map_key(), 0), ":");
    WriteValue(pair, *pair.GetDescriptor()->map_value(), 0, indent + 2, out);
  }
}

void Write(const ProtoMessage& message, int indent, std::string* out) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    *out += std::string(indent, ' ') + std::string(field->name()) + ":";
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 0;
    if (field->is_map()) {
      WriteMap(message, *field, size, indent, out);
    } else if (field->is_repeated()) {
      WriteList(message, *field, size, indent, out);
    } else {
      WriteValue(message, *field, 0, indent, out);
    }
  }
}

}  // namespace

Status ReadYaml(std::string_view text, std::string_view source, ProtoMessage* message) {
  SEQ_ASSIGN_OR_RETURN(const YAML::Node node, Load(text, source, true));
  try {
    return Reader(source, true).ReadMessage(node, "", message);
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(StrCat(e.what(), " (", ToAbsl(source), ")"));
  }
}

namespace {

// Where a path leads: a field of a message, and its name for errors.
struct Place {
  ProtoMessage* message;
  const FieldDescriptor* field;
  std::string path;
};

StatusOr<Place> Follow(std::string_view path, std::string_view source, ProtoMessage* message) {
  const Reader reader(source, false);
  std::string done;
  while (true) {
    const size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    SEQ_ASSIGN_OR_RETURN(const auto* field,
                         reader.Find(key, done, *message->GetDescriptor(), nullptr));
    done = Join(done, key);
    if (dot == path.npos) return Place{message, field, done};
    path.remove_prefix(dot + 1);
    if (field->message_type() == nullptr || field->is_map()) {
      return absl::InvalidArgumentError(
          StrCat(done, ": expected a single value, got keys below it (", ToAbsl(source), ")"));
    }
    const auto* reflection = message->GetReflection();
    if (!field->is_repeated()) {
      message = reflection->MutableMessage(message, field);
      continue;
    }
    const size_t next = path.find('.');
    const auto index = Index(path.substr(0, next));
    const int size = reflection->FieldSize(*message, field);
    if (!index || *index < 0 || *index >= size || next == path.npos) {
      const std::string expected =
          size > 0 ? StrCat("an index from 0 to ", size - 1, " and a key")
                   : "a whole list, since the configuration has no element to change";
      return absl::InvalidArgumentError(StrCat(done, ": expected ", expected, ", got '",
                                               Quoted(path), "' (", ToAbsl(source), ")"));
    }
    message = reflection->MutableRepeatedMessage(message, field, *index);
    done = StrCat(done, "[", *index, "]");
    path.remove_prefix(next + 1);
  }
}

}  // namespace

Status SetByPath(std::string_view path, std::string_view value, std::string_view source,
                 ProtoMessage* message) {
  SEQ_ASSIGN_OR_RETURN(const YAML::Node node, Load(value, source, false));
  SEQ_ASSIGN_OR_RETURN(const Place place, Follow(path, source, message));
  try {
    return Reader(source, false).ReadField(node, place.path, *place.field, place.message);
  } catch (const std::exception& e) {
    return absl::InvalidArgumentError(
        StrCat(place.path, ": ", e.what(), " (", ToAbsl(source), ")"));
  }
}

StatusOr<bool> IsWholeNumber(std::string_view path, std::string_view source,
                             const ProtoMessage& message) {
  const std::unique_ptr<ProtoMessage> copy(message.New());
  copy->CopyFrom(message);
  SEQ_ASSIGN_OR_RETURN(const Place place, Follow(path, source, copy.get()));
  switch (place.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return true;
    default:
      return false;
  }
}

std::string WriteYaml(const ProtoMessage& message) {
  std::string out;
  Write(message, 0, &out);
  return out;
}

}  // namespace sequent
