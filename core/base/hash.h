// Checksums and fingerprints, from the well-kept libraries (Boost.CRC, OpenSSL).
#ifndef SEQUENT_CORE_BASE_HASH_H_
#define SEQUENT_CORE_BASE_HASH_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sequent {

// CRC-32C (Castagnoli).
uint32_t Crc32c(std::string_view bytes);

// Lower-case hex SHA-256 of the parts, one after another.
std::string Sha256Hex(std::span<const std::string_view> parts);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_HASH_H_
