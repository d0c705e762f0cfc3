#include "server/engine/state_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/models.h"

namespace sequent::engine {
namespace {

using ::testing::HasSubstr;

class StateFormat : public ::testing::Test {
 protected:
  static std::shared_ptr<const Model> Load(Precision precision) {
    return Model::Create(TinyTextModel(), {.precision = precision}).value();
  }
  static std::string Packed(const Model& model) {
    AlignedVector<std::byte> row(model.state_size());
    model.InitState(row.data());
    return PackState(model, row.data());
  }
  static Status Unpack(const Model& model, const std::string& bytes) {
    AlignedVector<std::byte> row(model.state_size());
    return UnpackState(model, bytes, row.data());
  }
};

TEST_F(StateFormat, GoesOnInThePrecisionItWasMadeInAndInNoOther) {
  constexpr Precision kAll[] = {Precision::kFp32, Precision::kBf16, Precision::kInt8};
  for (const Precision made : kAll) {
    const std::string bytes = Packed(*Load(made));
    for (const Precision here : kAll) {
      const Status status = Unpack(*Load(here), bytes);
      EXPECT_EQ(status.ok(), made == here) << status;
      if (made == here) continue;
      EXPECT_EQ(ReasonOf(status), Reason::kStateMismatch);
      EXPECT_THAT(std::string(Message(status)),
                  HasSubstr(StrCat("expected a state made in ", PrecisionName(here))));
      EXPECT_THAT(std::string(Message(status)),
                  HasSubstr(StrCat("got one made in ", PrecisionName(made))));
    }
  }
}

TEST_F(StateFormat, ADamagedHeaderIsRefused) {
  const auto model = Load(Precision::kFp32);
  for (size_t at = 0; at < 8; ++at) {
    std::string bytes = Packed(*model);
    bytes[at] = '\x7f';
    const Status status = Unpack(*model, bytes);
    EXPECT_EQ(ReasonOf(status), Reason::kStateMismatch) << at;
    EXPECT_THAT(std::string(Message(status)), HasSubstr("expected a state of format 1")) << at;
  }
}

TEST_F(StateFormat, AnotherLengthIsRefused) {
  const auto model = Load(Precision::kFp32);
  EXPECT_THAT(std::string(Message(Unpack(*model, Packed(*model) + '\0'))), HasSubstr("bytes, got"));
  EXPECT_THAT(std::string(Message(Unpack(*model, ""))), HasSubstr("bytes, got 0"));
}

}  // namespace
}  // namespace sequent::engine
