#include "server/engine/input_check.h"

#include <string_view>

#include "core/base/error.h"

namespace sequent::engine {
namespace {

std::string_view KindName(Input::Kind kind) {
  switch (kind) {
    case Input::Kind::kNone:
      return "nothing";
    case Input::Kind::kFloats:
      return "floats";
    case Input::Kind::kTokens:
      return "tokens";
    case Input::Kind::kText:
      return "text";
  }
  return "";
}

// Some 8,000 years around 1970.
constexpr int64_t kMaxUnixMs = 253'000'000'000'000;

Status WrongKind(std::string_view expected, Input::Kind got) {
  return MakeError(Reason::kInputKind, StrCat("input: the model takes ", ToAbsl(expected), ", got ",
                                              ToAbsl(KindName(got))));
}

Status CheckFloats(const Model& model, const Input& input) {
  const SeriesCodec* codec = model.series_codec();
  if (codec == nullptr) {
    return WrongKind(model.text_codec() != nullptr ? "text or tokens" : "tokens", input.kind);
  }
  if (input.width != codec->columns()) {
    return MakeError(Reason::kInputWidth, StrCat("input.width: expected ", codec->columns(),
                                                 " values per step, got ", input.width));
  }
  if (input.values.size() % input.width != 0) {
    return MakeError(Reason::kInputWidth, StrCat("input.values: expected a multiple of ",
                                                 input.width, ", got ", input.values.size()));
  }
  SEQ_RETURN_IF_ERROR(
      CheckTimes(*codec, "input.unix_ms", input.unix_ms, input.values.size() / input.width));
  return codec->Check(input.values);
}

Status CheckTokens(const Model& model, const Input& input) {
  if (!model.graph().tokens()) return WrongKind("floats", input.kind);
  const auto size = static_cast<int64_t>(model.graph().nodes[0].tokens);
  for (size_t i = 0; i < input.tokens.size(); ++i) {
    if (input.tokens[i] >= 0 && input.tokens[i] < size) continue;
    return MakeError(Reason::kTokenOutOfRange, StrCat("input.tokens[", i, "]: expected 0..",
                                                      size - 1, ", got ", input.tokens[i]));
  }
  return absl::OkStatus();
}

Status CheckText(const Model& model, const Input& input) {
  if (model.text_codec() != nullptr) return absl::OkStatus();
  return WrongKind(model.graph().tokens() ? "tokens" : "floats", input.kind);
}

}  // namespace

uint64_t UnitsOf(const Input& input) {
  switch (input.kind) {
    case Input::Kind::kNone:
      return 0;
    case Input::Kind::kFloats:
      return input.width == 0 ? 0 : input.values.size() / input.width;
    case Input::Kind::kTokens:
      return input.tokens.size();
    case Input::Kind::kText:
      return input.text.size();
  }
  return 0;
}

Status CheckTimes(const SeriesCodec& codec, std::string_view path, std::span<const int64_t> unix_ms,
                  size_t steps) {
  const auto bad = [&](const std::string& what) {
    return MakeError(Reason::kInputTime, StrCat(ToAbsl(path), ": ", what));
  };
  if (!codec.uses_time()) {
    if (unix_ms.empty()) return absl::OkStatus();
    return bad(StrCat("the model does not use time, expected none, got ", unix_ms.size()));
  }
  if (unix_ms.size() != steps) {
    return bad(
        StrCat("the model uses the time of each step, expected ", steps, ", got ", unix_ms.size()));
  }
  for (size_t i = 0; i < unix_ms.size(); ++i) {
    if (unix_ms[i] < -kMaxUnixMs || unix_ms[i] > kMaxUnixMs) {
      return bad(StrCat("expected ", -kMaxUnixMs, "..", kMaxUnixMs, ", got ", unix_ms[i]));
    }
    if (i == 0 || unix_ms[i] > unix_ms[i - 1]) continue;
    return bad(StrCat("expected times that increase, got ", unix_ms[i], " after ", unix_ms[i - 1]));
  }
  return absl::OkStatus();
}

Status CheckInput(const Model& model, const Input& input) {
  switch (input.kind) {
    case Input::Kind::kNone:
      return absl::OkStatus();
    case Input::Kind::kFloats:
      return CheckFloats(model, input);
    case Input::Kind::kTokens:
      return CheckTokens(model, input);
    case Input::Kind::kText:
      return CheckText(model, input);
  }
  return absl::OkStatus();
}

}  // namespace sequent::engine
