// Protobuf's wire format, written from the end to the beginning.
//
// A message's length stands in front of it. Whoever writes forwards must know it beforehand, and so
// walks through every message twice, through inner ones once more for each level; whoever writes
// backwards has it when it is due. So fields are written in falling order of their numbers, strings
// before their lengths, lengths before their tags.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_RPC_BACKWARD_WRITER_H_
#define SEQUENT_SERVER_RPC_BACKWARD_WRITER_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace sequent::rpc {

class BackwardWriter {
 public:
  enum WireType : uint32_t { kVarint = 0, kDelimited = 2, kFixed32 = 5 };
  static constexpr uint8_t TagOf(uint32_t field, WireType type) {
    return static_cast<uint8_t>(field << 3 | type);
  }

  BackwardWriter() : buffer_(kFirstBytes) { Clear(); }

  // Forgets what was written, keeps the memory.
  void Clear() { begin_ = buffer_.size(); }
  // What has been written, from its beginning. Good until the next call that writes.
  std::string_view written() const {
    return {reinterpret_cast<const char*>(buffer_.data()) + begin_, size()};
  }
  size_t size() const { return buffer_.size() - begin_; }
  size_t capacity() const { return buffer_.size(); }

  // Fields of a number below 16. Proto3: zeros, empty strings and arrays are not written ...
  void Number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    Varint(value);
    Tag(field, kVarint);
  }
  // `value` is an int32: negative ones take ten bytes.
  void Int32(uint32_t field, int32_t value) {
    Number(field, static_cast<uint64_t>(int64_t{value}));
  }
  void Float(uint32_t field, float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    if (bits == 0) return;
    Raw(&bits, sizeof bits);
    Tag(field, kFixed32);
  }
  void String(uint32_t field, std::string_view text) {
    if (!text.empty()) StringAnyway(field, text);
  }
  void Packed(uint32_t field, std::span<const float> values) {
    if (values.empty()) return;
    Raw(values.data(), values.size_bytes());
    Length(field, values.size_bytes());
  }
  // ... but for members of a oneof.
  void StringAnyway(uint32_t field, std::string_view text) {
    Raw(text.data(), text.size());
    Length(field, text.size());
  }
  // Makes room for up to so many bytes and returns where they end: the caller writes from there to
  // the beginning and says with Wrote how many there are.
  uint8_t* Reserve(size_t bytes) {
    if (bytes > begin_) Grow(bytes);
    return buffer_.data() + begin_;
  }
  void Wrote(size_t bytes) { begin_ -= bytes; }
  // A sub-message whose fields have been written since size() was `before`.
  void Message(uint32_t field, size_t before) { Length(field, size() - before); }

 private:
  // Room for so many bytes in front of what has been written, for the caller to fill.
  uint8_t* Prepend(size_t bytes) {
    if (bytes > begin_) Grow(bytes);
    begin_ -= bytes;
    return buffer_.data() + begin_;
  }

  static constexpr size_t kFirstBytes = 4096;

  void Tag(uint32_t field, WireType type) { *Prepend(1) = TagOf(field, type); }
  void Length(uint32_t field, size_t bytes) {
    Varint(bytes);
    Tag(field, kDelimited);
  }
  void Varint(uint64_t value) {
    constexpr int kBits = 7;
    uint8_t* to = Prepend(static_cast<size_t>((std::bit_width(value | 1) + kBits - 1) / kBits));
    for (; value >= 0x80; value >>= kBits) *to++ = static_cast<uint8_t>(value | 0x80);
    *to = static_cast<uint8_t>(value);
  }
  void Raw(const void* data, size_t bytes) {
    if (bytes > 0) std::memcpy(Prepend(bytes), data, bytes);
  }
  void Grow(size_t bytes);

  std::vector<uint8_t> buffer_;  // written from begin_ to its end
  size_t begin_ = 0;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_BACKWARD_WRITER_H_
