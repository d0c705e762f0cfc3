#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace sequent {
namespace {

// RFC 3720, B.4.
TEST(Crc32c, OfTheExamplesOfRfc3720) {
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  std::string rising(32, '\0'), falling(32, '\0');
  for (int i = 0; i < 32; ++i) {
    rising[i] = static_cast<char>(i);
    falling[i] = static_cast<char>(31 - i);
  }
  EXPECT_EQ(Crc32c(rising), 0x46dd794eu);
  EXPECT_EQ(Crc32c(falling), 0x113fdb5cu);
}

TEST(Crc32c, OfNothingAndOfTheDigits) {
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
}

TEST(Crc32c, EverySingleFlippedBitChangesIt) {
  std::string bytes = "the state of a session";
  const uint32_t crc = Crc32c(bytes);
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const char mask = static_cast<char>(1 << (bit % 8));
    bytes[bit / 8] ^= mask;
    EXPECT_NE(Crc32c(bytes), crc) << bit;
    bytes[bit / 8] ^= mask;
  }
}

std::string Sha256OfOne(std::string_view part) { return Sha256Hex(std::array{part}); }

// FIPS 180-2, B.1 and B.2.
TEST(Sha256Hex, OfTheExamplesOfTheStandard) {
  EXPECT_EQ(Sha256OfOne("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256OfOne("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256OfOne(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Hex, OfPartsIsThatOfTheWhole) {
  EXPECT_EQ(Sha256Hex(std::array<std::string_view, 4>{"a", "", "b", "c"}), Sha256OfOne("abc"));
}

}  // namespace
}  // namespace sequent
