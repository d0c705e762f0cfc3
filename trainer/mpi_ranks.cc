// Ranks over MPI: a module of its own, loaded when sequent-train was started by mpirun
// (process_ranks.h), so that nothing else depends on MPI.
//
// MPI's own error handler ends the job, so no call's result is looked at.
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/train/ranks.h"

namespace sequent {
namespace {

// Values that are sent at once: they still are in the cache when they are added.
constexpr size_t kPiece = size_t{1} << 17;
// What is gathered by one call; larger strings go by themselves, in parts that an int can count.
constexpr uint64_t kSmall = uint64_t{1} << 16, kPart = uint64_t{1} << 30;

MPI_Datatype TypeOf(float) { return MPI_FLOAT; }
MPI_Datatype TypeOf(double) { return MPI_DOUBLE; }

// Whether processes may read each other's memory, as Open MPI's do on one machine. Containers often
// forbid it; Open MPI then complains at every message.
bool MayReadProcesses() {
  char from = 0, to = 0;
  const iovec local = {&to, sizeof to}, remote = {&from, sizeof from};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof to;
}

class MpiRanks final : public train::Ranks {
 public:
  MpiRanks() {
    constexpr int kUnlessSet = 0;
    if (!MayReadProcesses()) setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", kUnlessSet);
    int provided = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &count_);
  }
  ~MpiRanks() override { MPI_Finalize(); }

  size_t rank() const override { return static_cast<size_t>(rank_); }
  size_t count() const override { return static_cast<size_t>(count_); }
  void AddTree(std::span<float> values) override { AddPieces(values); }
  void AddTree(std::span<double> values) override { AddPieces(values); }
  std::vector<std::string> Gather(const std::string& own) override;

 private:
  template <typename T>
  void AddPieces(std::span<T> values);
  template <typename T>
  void Exchange(std::span<T> values, T* other);
  template <typename T>
  void ReduceAndReturn(std::span<T> values, T* other);

  int rank_ = 0, count_ = 1;
};

template <typename T>
void Add(std::span<T> values, const T* __restrict other) {
  T* __restrict sum = values.data();
  for (size_t i = 0; i < values.size(); ++i) sum[i] += other[i];
}

template <typename T>
void MpiRanks::AddPieces(std::span<T> values) {
  std::vector<T> other(std::min(values.size(), kPiece));
  const bool power_of_two = (count_ & (count_ - 1)) == 0;
  for (size_t begin = 0; begin < values.size(); begin += kPiece) {
    const auto piece = values.subspan(begin, std::min(kPiece, values.size() - begin));
    power_of_two ? Exchange(piece, other.data()) : ReduceAndReturn(piece, other.data());
  }
}

// Pairs swap what they have and both add: a + b and b + a are the same bits.
template <typename T>
void MpiRanks::Exchange(std::span<T> values, T* other) {
  const int size = static_cast<int>(values.size());
  for (int stride = 1; stride < count_; stride *= 2) {
    const int partner = rank_ ^ stride;
    MPI_Sendrecv(values.data(), size, TypeOf(T()), partner, 0, other, size, TypeOf(T()), partner, 0,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    Add(values, other);
  }
}

template <typename T>
void MpiRanks::ReduceAndReturn(std::span<T> values, T* other) {
  const int size = static_cast<int>(values.size());
  for (int stride = 1; stride < count_; stride *= 2) {
    if (rank_ % (2 * stride) == stride) {
      MPI_Send(values.data(), size, TypeOf(T()), rank_ - stride, 0, MPI_COMM_WORLD);
      break;
    }
    if (rank_ + stride >= count_) continue;
    MPI_Recv(other, size, TypeOf(T()), rank_ + stride, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    Add(values, other);
  }
  MPI_Bcast(values.data(), size, TypeOf(T()), 0, MPI_COMM_WORLD);
}

std::vector<std::string> MpiRanks::Gather(const std::string& own) {
  const uint64_t size = own.size();
  std::vector<uint64_t> sizes(count());
  MPI_Allgather(&size, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD);
  std::vector<std::string> all(count());
  if (*std::max_element(sizes.begin(), sizes.end()) > kSmall) {
    for (size_t r = 0; r < count(); ++r) {
      all[r] = r == rank() ? own : std::string(sizes[r], '\0');
      for (uint64_t begin = 0; begin < sizes[r]; begin += kPart) {
        MPI_Bcast(all[r].data() + begin, static_cast<int>(std::min(kPart, sizes[r] - begin)),
                  MPI_BYTE, static_cast<int>(r), MPI_COMM_WORLD);
      }
    }
    return all;
  }
  std::vector<int> counts(sizes.begin(), sizes.end()), places(count(), 0);
  for (size_t r = 1; r < count(); ++r) places[r] = places[r - 1] + counts[r - 1];
  std::string joined(static_cast<size_t>(places.back() + counts.back()), '\0');
  MPI_Allgatherv(own.data(), static_cast<int>(size), MPI_BYTE, joined.data(), counts.data(),
                 places.data(), MPI_BYTE, MPI_COMM_WORLD);
  for (size_t r = 0; r < count(); ++r) all[r] = joined.substr(places[r], counts[r]);
  return all;
}

}  // namespace
}  // namespace sequent

// What process_ranks.cc looks for.
extern "C" sequent::train::Ranks* SequentJoinRanks() {
  return std::make_unique<sequent::MpiRanks>().release();
}
