// Model::Run: one tick through the layers.
//
// The rows are sorted by length and cut into parts, one per thread if threads share the rows, else
// one (sharing.h); a part never looks at another. A part goes through its rows' steps in windows
// (window.h), just large enough for the products over all (row, step) pairs to be worth their
// weights' way through the caches, and small enough for scratch to stay in them. In a window each
// layer does all pairs before the next layer starts. Between windows everything lives in the rows'
// states, so a window's end is no different from a tick's.
//
// A graph that is not streamable sees whole sequences: a window then has all steps of its rows, as
// many rows as make a window of that size, or one.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "core/nn/head.h"
#include "core/nn/layer.h"
#include "core/nn/model.h"
#include "core/nn/workspace_impl.h"

namespace sequent {
namespace {

// From about 100 rows on a product runs at the speed of its arithmetic even when its weights come
// from memory; more only displaces the layers' outputs from the cache.
constexpr size_t kWindowPairs = 256;

}  // namespace

// One part of a tick, on one thread.
class TickPart {
 public:
  TickPart(const Model& model, std::span<const TickRow* const> rows, Pass* pass)
      : model_(model), rows_(rows), active_(rows.size()), pass_(pass), arena_(&pass->arena) {}

  void Run() {
    if (model_.graph_.streamable) return RunWindows();
    const std::span<const TickRow* const> all = rows_;
    for (size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      size_t pairs = 0;
      do {
        pairs += all[end++]->steps;
      } while (end < all.size() && pairs + all[end]->steps <= kWindowPairs);
      rows_ = all.subspan(begin, end - begin);
      active_ = rows_.size();
      begin_ = 0;
      RunWindows();
    }
  }

 private:
  void RunWindows() {
    AnswerLast();
    for (arena_->Reset(); OpenWindow(); pass_->NextWindow(window_.steps)) {
      RunLayers();
      RunHeads();
      StoreLast();
      begin_ += window_.steps;
    }
    arena_->Reset();
  }

  float* LastOf(const TickRow& row) const {
    return reinterpret_cast<float*>(row.state + model_.last_offset_ + sizeof(uint32_t));
  }

  static float* OutputOf(const TickRow& row, size_t head) {
    return row.outputs == nullptr ? nullptr : row.outputs[head];
  }

  void AnswerLast();
  bool OpenWindow();
  void RunLayers();
  // The window that a node's output is numbered by.
  Window WindowOf(const Node& node, const Window& input) const;
  void RunHeads();
  void RunPooledHead(size_t h);
  void StoreLast();
  Signal InputSignal() const;
  float* const* StatesOf(size_t node) const;

  const Model& model_;
  std::span<const TickRow* const> rows_;
  size_t active_;     // rows that have steps from begin_ on
  size_t begin_ = 0;  // first step of the window
  Window window_;
  Signal* signals_ = nullptr;  // one per graph node
  Window* windows_ = nullptr;  // too
  Pass* const pass_;
  Arena* const arena_;
};

void TickPart::AnswerLast() {
  const float** x = arena_->Allocate<const float*>(rows_.size());
  float** y = arena_->Allocate<float*>(rows_.size());
  for (size_t h = 0; h < model_.heads_.size(); ++h) {
    const Head& head = model_.heads_[h];
    size_t wanted = 0;
    for (const TickRow* row : rows_) {
      float* out = OutputOf(*row, h);
      if (!row->output_last || out == nullptr) continue;
      if (!model_.HasLast(row->state)) {
        std::fill_n(out, head.outputs(), std::numeric_limits<float>::quiet_NaN());
        continue;
      }
      x[wanted] = LastOf(*row) + head.last_offset();
      y[wanted++] = out;
    }
    head.Apply(wanted, x, pass_, y);
  }
}

bool TickPart::OpenWindow() {
  while (active_ > 0 && rows_[active_ - 1]->steps <= begin_) --active_;
  if (active_ == 0) return false;
  const bool whole = !model_.graph_.streamable;
  const size_t left = rows_[0]->steps - begin_;
  const size_t longest = whole ? left : std::min(left, kWindowPairs);
  auto* first = arena_->Allocate<size_t>(longest + 1);
  first[0] = 0;
  size_t steps = 0;
  size_t rows = active_;
  while (steps < longest) {
    while (rows_[rows - 1]->steps <= begin_ + steps) --rows;
    if (!whole && steps > 0 && first[steps] + rows > kWindowPairs) break;
    first[steps + 1] = first[steps] + rows;
    ++steps;
  }
  auto* length = arena_->Allocate<uint32_t>(active_);
  for (size_t r = 0; r < active_; ++r) length[r] = std::min(rows_[r]->steps - begin_, steps);
  window_ = {.rows = active_, .steps = steps, .first = first, .length = length};
  return true;
}

Signal TickPart::InputSignal() const {
  Signal signal;
  if (model_.graph_.tokens()) {
    auto* tokens = arena_->Allocate<int32_t>(window_.pairs());
    for (size_t r = 0; r < window_.rows; ++r) {
      const int32_t* from = rows_[r]->tokens + begin_;
      for (size_t t = 0; t < window_.length[r]; ++t) tokens[window_.pair(r, t)] = from[t];
    }
    signal.tokens = tokens;
    return signal;
  }
  const size_t width = model_.graph_.nodes[0].width;
  auto** vectors = arena_->Allocate<const float*>(window_.pairs());
  for (size_t r = 0; r < window_.rows; ++r) {
    const float* from = rows_[r]->features + begin_ * width;
    for (size_t t = 0; t < window_.length[r]; ++t) vectors[window_.pair(r, t)] = from + t * width;
  }
  signal.vectors = vectors;
  return signal;
}

float* const* TickPart::StatesOf(size_t node) const {
  auto** states = arena_->Allocate<float*>(window_.rows);
  for (size_t r = 0; r < window_.rows; ++r) {
    states[r] = reinterpret_cast<float*>(rows_[r]->state + model_.layer_offsets_[node]);
  }
  return states;
}

void TickPart::RunLayers() {
  const std::vector<Node>& nodes = model_.graph_.nodes;
  signals_ = arena_->Allocate<Signal>(nodes.size());
  windows_ = arena_->Allocate<Window>(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const Layer* layer = model_.layers_[i].get();
    if (layer == nullptr) {
      signals_[i] = InputSignal();
      windows_[i] = window_;
      continue;
    }
    const size_t count = nodes[i].inputs.size();
    Signal* inputs = arena_->Allocate<Signal>(count);
    for (size_t k = 0; k < count; ++k) inputs[k] = signals_[nodes[i].inputs[k]];
    signals_[i] = Signal();
    const Window& window = windows_[nodes[i].inputs[0]];
    windows_[i] = WindowOf(nodes[i], window);
    layer->Forward(window, {inputs, count}, layer->state_size() > 0 ? StatesOf(i) : nullptr, pass_,
                   &signals_[i]);
  }
}

Window TickPart::WindowOf(const Node& node, const Window& input) const {
  const Node& before = model_.graph_.nodes[node.inputs[0]];
  if (node.pooled && !before.pooled) return OneStepEach(input, arena_);
  if (node.trimmed == before.trimmed) return input;
  return Trimmed(input, node.trimmed - before.trimmed, arena_);
}

// A head behind a pool says the same at every step of its sequence.
void TickPart::RunPooledHead(size_t h) {
  const Head& head = model_.heads_[h];
  const float** x = arena_->Allocate<const float*>(window_.rows);
  float** y = arena_->Allocate<float*>(window_.rows);
  size_t wanted = 0;
  const auto for_each_row = [&](const auto& body) {
    for (size_t r = 0; r < window_.rows; ++r) {
      float* out = OutputOf(*rows_[r], h);
      if (out == nullptr || rows_[r]->first_output >= rows_[r]->steps) continue;
      if (rows_[r]->output_last) out += head.outputs();
      body(r, out);
    }
  };
  for_each_row([&](size_t r, float* out) {
    x[wanted] = signals_[head.node()].vectors[r];
    y[wanted++] = out;
  });
  head.Apply(wanted, x, pass_, y);
  for_each_row([&](size_t r, float* out) {
    for (size_t t = rows_[r]->first_output + 1; t < rows_[r]->steps; ++t) {
      std::copy_n(out, head.outputs(), out + (t - rows_[r]->first_output) * head.outputs());
    }
  });
}

void TickPart::RunHeads() {
  const float** x = arena_->Allocate<const float*>(window_.pairs());
  float** y = arena_->Allocate<float*>(window_.pairs());
  for (size_t h = 0; h < model_.heads_.size(); ++h) {
    const Head& head = model_.heads_[h];
    if (model_.graph_.nodes[head.node()].pooled) {
      RunPooledHead(h);
      continue;
    }
    const float* const* vectors = signals_[head.node()].vectors;
    size_t wanted = 0;
    for (size_t r = 0; r < window_.rows; ++r) {
      const TickRow& row = *rows_[r];
      float* out = OutputOf(row, h);
      if (out == nullptr) continue;
      if (row.output_last) out += head.outputs();
      const size_t end = begin_ + window_.length[r];
      for (size_t t = std::max<size_t>(begin_, row.first_output); t < end; ++t) {
        x[wanted] = vectors[window_.pair(r, t - begin_)];
        y[wanted++] = out + (t - row.first_output) * head.outputs();
      }
    }
    head.Apply(wanted, x, pass_, y);
  }
}

void TickPart::StoreLast() {
  const uint32_t flag = 1;
  for (size_t r = 0; r < window_.rows; ++r) {
    float* last = LastOf(*rows_[r]);
    std::memcpy(rows_[r]->state + model_.last_offset_, &flag, sizeof(flag));
    for (size_t node : model_.last_nodes_) {
      const float* vector = signals_[node].vectors[windows_[node].last_pair(r)];
      last = std::copy_n(vector, model_.graph_.nodes[node].width, last);
    }
  }
}

void Model::Run(const TickBatch& batch, Workspace* workspace, ThreadPool* pool,
                const SharingPlan& plan) const {
  struct Job {
    const Model& model;
    Workspace::Impl& scratch;
    void Run(size_t part) { TickPart(model, scratch.part(part), &scratch.passes[part]).Run(); }
  };
  FlushDenormals();
  const Sharing sharing = pool == nullptr ? Sharing::kNone : plan.For(batch.rows.size());
  Job job{*this, *workspace->impl()};
  job.scratch.Sort(batch.rows);
  job.scratch.Split(sharing == Sharing::kRows ? pool->threads() : 1);
  for (Pass& pass : job.scratch.passes) pass.pool = sharing == Sharing::kPanels ? pool : nullptr;
  if (job.scratch.parts() == 1) return job.Run(0);
  // One captured pointer fits into std::function without an allocation.
  pool->Run(job.scratch.parts(), [&job](size_t part) { job.Run(part); });
}

SharingPlan Model::MeasureSharing(ThreadPool* pool) const {
  const AlignedVector<float> features(graph_.tokens() ? 0 : graph_.nodes[0].width);
  const int32_t token = 0;
  std::vector<std::vector<float>> values;
  std::vector<float*> outputs;
  for (const HeadNode& head : graph_.heads) values.emplace_back(head.outputs);
  for (std::vector<float>& value : values) outputs.push_back(value.data());
  AlignedVector<std::byte> states;
  std::vector<TickRow> rows;
  Workspace workspace;
  // States can be large: that of an attention's window is megabytes. Then fewer rows stand for
  // many.
  constexpr size_t kMostBytes = size_t{64} << 20;
  const size_t most = std::max<size_t>(1, kMostBytes / std::max<size_t>(1, state_size_));
  return SharingPlan::Measure([&](size_t wanted, Sharing sharing) {
    const size_t count = std::min(wanted, most);
    if (states.size() < count * state_size_) states.resize(count * state_size_);
    rows.assign(count, {.steps = 1, .tokens = &token, .features = features.data()});
    for (size_t r = 0; r < count; ++r) rows[r].state = states.data() + r * state_size_;
    rows[0].outputs = outputs.data();
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    Run({rows}, &workspace, pool, SharingPlan(sharing));
    return std::chrono::duration<double>(Clock::now() - begin).count() *
           static_cast<double>(wanted) / static_cast<double>(count);
  });
}

}  // namespace sequent
