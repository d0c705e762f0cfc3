#include "core/train/ranks.h"

#include <bit>

#include "absl/strings/numbers.h"

namespace sequent::train {
namespace {

class Alone final : public Ranks {
 public:
  size_t rank() const override { return 0; }
  size_t count() const override { return 1; }
  void AddTree(std::span<float>) override {}
  void AddTree(std::span<double>) override {}
  std::vector<std::string> Gather(const std::string& own) override { return {own}; }
};

}  // namespace

Ranks* OneRank() {
  static Alone alone;
  return &alone;
}

Status Agree(Ranks* ranks, const Status& own) {
  if (ranks->count() == 1) return own;
  const auto all = ranks->Gather(StrCat(own.raw_code(), ":", own.message()));
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const size_t colon = all[rank].find(':');
    int code = 0;
    if (!absl::SimpleAtoi(all[rank].substr(0, colon), &code) || code == 0) continue;
    const std::string whose = rank == 0 ? "" : StrCat("rank ", rank, ": ");
    return Status(static_cast<absl::StatusCode>(code), whose + all[rank].substr(colon + 1));
  }
  return absl::OkStatus();
}

Status CheckShardsOverRanks(size_t shards, size_t ranks) {
  if (shards % ranks == 0 && (ranks == 1 || std::has_single_bit(shards / ranks))) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      StrCat("train.shards: expected ", ranks, " processes times a power of two, got ", shards));
}

}  // namespace sequent::train
