#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/train/initialize.h"

namespace sequent::train {
namespace {

constexpr std::array<std::string_view, 4> kInput = {"glorot_uniform", "glorot_normal", "he_uniform",
                                                    "he_normal"};
constexpr std::array<std::string_view, 5> kRecurrent = {"orthogonal", "glorot_uniform",
                                                        "glorot_normal", "he_uniform", "he_normal"};
constexpr std::array<std::string_view, 5> kEmbedding = {"normal", "glorot_uniform", "glorot_normal",
                                                        "he_uniform", "he_normal"};
constexpr std::string_view kPath = "train.initialization.";

// The first of `choices` stands for an empty value.
template <size_t N>
Status ResolveChoice(std::string_view key, const std::array<std::string_view, N>& choices,
                     std::string* value) {
  SEQ_ASSIGN_OR_RETURN(const size_t choice,
                       CheckChoice(std::string(kPath).append(key), *value, choices));
  *value = choices[choice];
  return absl::OkStatus();
}

}  // namespace

Status ResolveInitialization(v1::Initialization* options) {
  SEQ_RETURN_IF_ERROR(ResolveChoice("input", kInput, options->mutable_input()));
  SEQ_RETURN_IF_ERROR(ResolveChoice("recurrent", kRecurrent, options->mutable_recurrent()));
  SEQ_RETURN_IF_ERROR(ResolveChoice("embedding", kEmbedding, options->mutable_embedding()));
  if (!options->has_forget_bias()) options->set_forget_bias(1);
  if (!std::isfinite(options->forget_bias())) {
    return Expected(std::string(kPath).append("forget_bias"), "a finite number",
                    StrCat(options->forget_bias()));
  }
  if (options->chrono() == 0 || options->chrono() >= 3) return absl::OkStatus();
  return Expected(std::string(kPath).append("chrono"), "0 or at least 3 steps",
                  StrCat(options->chrono()));
}

}  // namespace sequent::train
