#include "trainer/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/error.h"

namespace sequent {
namespace {

using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;  // sequent::Message is a function

template <typename T>
std::optional<T> Parse(std::string_view text) {
  T value{};
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

std::optional<bool> ParseBool(std::string_view text) {
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  return {};
}

Status Wrong(std::string_view expected) { return absl::InvalidArgumentError(ToAbsl(expected)); }

std::string WholeNumber(bool is_signed, int bits) {
  if (is_signed) return StrCat("a whole number of ", bits, " bits");
  return bits == 32 ? "a whole number from 0 to 4294967295" : "a whole number of at least 0";
}

// Sets or adds, by whether the field is repeated.
#define SEQ_PUT(Type, value)                           \
  do {                                                 \
    const auto* reflection = message->GetReflection(); \
    if (field.is_repeated()) {                         \
      reflection->Add##Type(message, &field, value);   \
    } else {                                           \
      reflection->Set##Type(message, &field, value);   \
    }                                                  \
    return absl::OkStatus();                           \
  } while (false)

Status SetNumber(std::string_view text, const FieldDescriptor& field, ProtoMessage* message) {
  const auto value = Parse<double>(text);
  if (!value || !std::isfinite(*value)) return Wrong("a number");
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE) SEQ_PUT(Double, *value);
  if (std::abs(*value) > std::numeric_limits<float>::max()) return Wrong("a number");
  SEQ_PUT(Float, static_cast<float>(*value));
}

Status SetEnum(std::string_view text, const FieldDescriptor& field, ProtoMessage* message) {
  for (int i = 0; i < field.enum_type()->value_count(); ++i) {
    const auto* value = field.enum_type()->value(i);
    if (std::string_view(value->name()) == text) SEQ_PUT(Enum, value);
  }
  return Wrong(StrCat("one of the values of ", field.enum_type()->name()));
}

}  // namespace

Status SetScalar(std::string_view text, const FieldDescriptor& field, ProtoMessage* message) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      SEQ_PUT(String, std::string(text));
    case FieldDescriptor::CPPTYPE_BOOL:
      if (const auto v = ParseBool(text)) SEQ_PUT(Bool, *v);
      return Wrong("true or false");
    case FieldDescriptor::CPPTYPE_UINT32:
      if (const auto v = Parse<uint32_t>(text)) SEQ_PUT(UInt32, *v);
      return Wrong(WholeNumber(false, 32));
    case FieldDescriptor::CPPTYPE_UINT64:
      if (const auto v = Parse<uint64_t>(text)) SEQ_PUT(UInt64, *v);
      return Wrong(WholeNumber(false, 64));
    case FieldDescriptor::CPPTYPE_INT32:
      if (const auto v = Parse<int32_t>(text)) SEQ_PUT(Int32, *v);
      return Wrong(WholeNumber(true, 32));
    case FieldDescriptor::CPPTYPE_INT64:
      if (const auto v = Parse<int64_t>(text)) SEQ_PUT(Int64, *v);
      return Wrong(WholeNumber(true, 64));
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return SetNumber(text, field, message);
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(text, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return Wrong("a map");
}
#undef SEQ_PUT

StatusOr<google::protobuf::Duration> ParseDuration(std::string_view text) {
  const size_t unit_at = text.find_first_not_of("0123456789.");
  const std::string_view unit = unit_at == text.npos ? "" : text.substr(unit_at);
  const auto value = Parse<double>(text.substr(0, unit_at));
  double seconds = 0;
  if (unit == "s") seconds = 1;
  if (unit == "ms") seconds = 1e-3;
  if (unit == "m") seconds = 60;
  if (unit == "h") seconds = 3600;
  if (!value || (seconds == 0 && !(unit.empty() && *value == 0)) || *value * seconds > 1e9) {
    return Wrong("a duration such as 90s, 5m or 1.5h");
  }
  google::protobuf::Duration duration;
  const double total = *value * seconds;
  duration.set_seconds(static_cast<int64_t>(total));
  duration.set_nanos(
      static_cast<int32_t>(std::lround((total - std::floor(total)) * 1e9) % 1000000000));
  return duration;
}

std::string FormatDuration(const google::protobuf::Duration& duration) {
  return ShortestText(static_cast<double>(duration.seconds()) + duration.nanos() * 1e-9) + "s";
}

std::string ShortestText(double value) {
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

namespace {

std::string Quote(const std::string& text) {
  const bool plain = !text.empty() && !ParseBool(text) && !Parse<double>(text) && text != "null" &&
                     text != "~" && text.find_first_of(":#{}[],&*!|>'\"%@`\\\n\t ") == text.npos &&
                     text[0] != '-';
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string FloatText(float value) {
  char buffer[40];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, end);
}

}  // namespace

std::string ScalarText(const ProtoMessage& message, const FieldDescriptor& field, int index) {
  const auto* r = message.GetReflection();
  const bool many = field.is_repeated();
#define SEQ_GET(Type) \
  (many ? r->GetRepeated##Type(message, &field, index) : r->Get##Type(message, &field))
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return Quote(SEQ_GET(String));
    case FieldDescriptor::CPPTYPE_BOOL:
      return SEQ_GET(Bool) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_UINT32:
      return StrCat(SEQ_GET(UInt32));
    case FieldDescriptor::CPPTYPE_UINT64:
      return StrCat(SEQ_GET(UInt64));
    case FieldDescriptor::CPPTYPE_INT32:
      return StrCat(SEQ_GET(Int32));
    case FieldDescriptor::CPPTYPE_INT64:
      return StrCat(SEQ_GET(Int64));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return ShortestText(SEQ_GET(Double));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return FloatText(SEQ_GET(Float));
    case FieldDescriptor::CPPTYPE_ENUM:
      return std::string(SEQ_GET(Enum)->name());
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
#undef SEQ_GET
  return "{}";
}

}  // namespace sequent
