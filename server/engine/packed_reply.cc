#include "server/engine/packed_reply.h"

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "server/engine/output_plan.h"
#include "server/engine/varint.h"

namespace sequent::engine {
namespace {

// Layout of a packed reply; numbers are varints, lists a count and then their elements as they are:
//
//   created + 2 * reset, queue_us, compute_us, batch_rows, scores, results,
//   for each result: head, kind, width, classes_per_step, values, scales, quantiles,
//     classes, text
//
// One function walks it, with something that counts, writes or reads what it is shown.

class Counter {
 public:
  template <typename T>
  void Number(const T& number) {
    bytes_ += VarintBytes(static_cast<uint64_t>(number));
  }
  template <typename List>
  void Elements(const List& list) {
    Number(list.size());
    bytes_ += list.size() * sizeof(list[0]);
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

class Writer {
 public:
  explicit Writer(std::byte* to) : to_(to) {}
  template <typename T>
  void Number(const T& number) {
    to_ = PutVarint(static_cast<uint64_t>(number), to_);
  }
  template <typename List>
  void Elements(const List& list) {
    Number(list.size());
    const size_t bytes = list.size() * sizeof(list[0]);
    if (bytes > 0) std::memcpy(to_, list.data(), bytes);
    to_ += bytes;
  }

 private:
  std::byte* to_;
};

class Reader {
 public:
  explicit Reader(const std::byte* from) : from_(from) {}
  template <typename T>
  void Number(T& number) {
    number = static_cast<T>(GetVarint(&from_));
  }
  template <typename List>
  void Elements(List& list) {
    list.resize(GetVarint(&from_));
    const size_t bytes = list.size() * sizeof(list[0]);
    if (bytes > 0) std::memcpy(list.data(), from_, bytes);
    from_ += bytes;
  }

 private:
  const std::byte* from_;
};

template <typename Walker, typename Result>
void WalkResult(Walker* walker, Result& result) {
  static_assert(std::is_trivially_copyable_v<HeadResult::Class>);
  walker->Number(result.kind);
  walker->Number(result.width);
  walker->Number(result.classes_per_step);
  walker->Elements(result.values);
  walker->Elements(result.scales);
  walker->Elements(result.quantiles);
  walker->Elements(result.classes);
  walker->Elements(result.text);
}

template <typename Walker, typename Reply>
void WalkTiming(Walker* walker, Reply& reply) {
  walker->Number(reply.queue_us);
  walker->Number(reply.compute_us);
  walker->Number(reply.batch_rows);
  walker->Elements(reply.scores);
}

template <typename Walker>
void WalkAll(Walker* walker, const StepReply& reply, std::span<const uint32_t> heads) {
  walker->Number((reply.created ? 1 : 0) + (reply.reset ? 2 : 0));
  WalkTiming(walker, reply);
  walker->Number(reply.heads.size());
  for (size_t i = 0; i < reply.heads.size(); ++i) {
    walker->Number(heads[i]);
    WalkResult(walker, reply.heads[i]);
  }
}

size_t HeadBytes(const HeadResult& head) {
  return sizeof(HeadResult) + head.name.capacity() + head.text.capacity() +
         sizeof(float) *
             (head.values.capacity() + head.scales.capacity() + head.quantiles.capacity()) +
         sizeof(HeadResult::Class) * head.classes.capacity();
}

}  // namespace

size_t ReplyBytes(const StepReply& reply) {
  size_t bytes =
      sizeof(StepReply) + reply.model.capacity() + sizeof(float) * reply.scores.capacity();
  for (const HeadResult& head : reply.heads) bytes += HeadBytes(head);
  return bytes;
}

size_t PackedBytes(const StepReply& reply, std::span<const uint32_t> heads) {
  Counter counter;
  WalkAll(&counter, reply, heads);
  return counter.bytes();
}

void PackReply(const StepReply& reply, std::span<const uint32_t> heads, std::byte* to) {
  Writer writer(to);
  WalkAll(&writer, reply, heads);
}

void UnpackReply(std::span<const std::byte> packed, const Lane& lane, StepReply* reply) {
  Reader reader(packed.data());
  uint32_t flags = 0;
  reader.Number(flags);
  reply->created = (flags & 1) != 0;
  reply->reset = (flags & 2) != 0;
  WalkTiming(&reader, *reply);
  reply->model = lane.version->name;
  reply->version = lane.version->version;
  size_t results = 0;
  reader.Number(results);
  reply->heads.resize(results);
  for (HeadResult& result : reply->heads) {
    size_t index = 0;
    reader.Number(index);
    WalkResult(&reader, result);
    const HeadNode& head = lane.model.graph().heads[index];
    result.name = head.name;
    if (result.kind == HeadResult::Kind::kDistribution) {
      result.levels = head.levels;
      result.degrees_of_freedom = static_cast<float>(head.degrees_of_freedom);
      if (!head.levels.empty()) result.labels_owner = lane.version;
    }
    if (result.kind != HeadResult::Kind::kClasses) continue;
    result.labels = ClassLabels(lane.model, head);
    result.labels_owner = lane.version;
  }
}

}  // namespace sequent::engine
