#include "core/train/forecasts.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/train/stream.h"

namespace sequent::train {
namespace {

Status CheckModel(const Model& model, const Scheme& scheme) {
  if (model.series_codec() == nullptr) {
    return absl::InvalidArgumentError("expected a model of measurements, got one of tokens");
  }
  for (const HeadNode& head : model.graph().heads) {
    if (head.kind == HeadKind::kSoftmax) {
      return absl::InvalidArgumentError(
          StrCat("expected regression heads, got softmax head '", head.name, "'"));
    }
  }
  if (scheme.kind == Scheme::Kind::kOneStep) return absl::OkStatus();
  if (const HeadNode& first = model.graph().heads[0]; first.horizon > 1) {
    if (scheme.horizon <= first.horizon) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat("horizon: expected at most the ", first.horizon,
                                             " steps that head '", first.name,
                                             "' says at once, got ", scheme.horizon));
  }
  const auto& feedback = model.graph().feedback;
  if (feedback && feedback->head == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "expected a model that feeds its first head back, to forecast more than one step ahead");
}

Status CheckPart(const Model& model, const SeriesPart& part) {
  const size_t n = part.rows();
  std::string of;
  if (!part.name.empty()) of = StrCat("series '", Quoted(part.name), "': ");
  if (part.context < 1 || part.context >= n) {
    return absl::InvalidArgumentError(
        StrCat(of, "expected at least 1 row before the scored ones and 1 to score, got ",
               part.context, " before and ", n - std::min(n, part.context), " to score"));
  }
  if (model.series_codec()->uses_time() && part.unix_ms.size() != n) {
    return absl::InvalidArgumentError(
        StrCat(of, "expected times as ISO dates, since the model uses them"));
  }
  const Status values = model.series_codec()->Check(part.values);
  if (values.ok() || of.empty()) return values;
  return Status(values.code(), StrCat(of, values.message()));
}

// Encoded steps of a part, a chunk at a time.
class Encoder {
 public:
  Encoder(const SeriesCodec& codec, const SeriesPart& part)
      : codec_(codec),
        part_(part),
        features_(kStreamChunk * codec.input_width()),
        contexts_(kStreamChunk * codec.context_size()) {}

  // Step i of the chunk is of the raw values `row` at the time of row `at`.
  void Encode(std::byte* state, size_t i, const float* row, size_t at) {
    const int64_t time = part_.unix_ms.empty() ? 0 : part_.unix_ms[at];
    codec_.Encode(state, row, features_.data() + i * codec_.input_width(),
                  contexts_.data() + i * codec_.context_size(), time);
  }
  const float* features() const { return features_.data(); }
  const float* context(size_t i) const { return contexts_.data() + i * codec_.context_size(); }

 private:
  const SeriesCodec& codec_;
  const SeriesPart& part_;
  std::vector<float> features_, contexts_;
};

class SeriesPass {
 public:
  SeriesPass(const Model& model, const SeriesPart& part, ThreadPool* pool)
      : model_(model),
        codec_(*model.series_codec()),
        head_(model.graph().heads[0]),
        part_(part),
        pool_(pool),
        encoder_(codec_, part) {
    run_.losses.resize(model.graph().heads.size());
    Forecasts& forecasts = run_.forecasts;
    forecasts.kind = head_.kind;
    forecasts.columns = head_.columns.size();
    forecasts.degrees_of_freedom = head_.degrees_of_freedom;
    forecasts.levels = head_.levels;
    for (const size_t column : head_.columns) forecasts.log.push_back(codec_.log(column));
  }

  SeriesRun OneStep() {
    Stream stream(model_, pool_);
    // The last row has no successor to be compared with.
    const size_t steps = part_.rows() - 1;
    for (size_t begin = 0; begin < steps; begin += kStreamChunk) {
      const size_t count = std::min(kStreamChunk, steps - begin);
      Feed(&stream, begin, count);
      for (size_t i = 0; i < count; ++i) {
        const size_t next = begin + i + 1;
        if (next < part_.context) continue;
        AddLosses(stream, i, next);
        Add(stream.output(0, i), encoder_.context(i), next, next, 0);
      }
    }
    return std::move(run_);
  }

  // Brings a stream that has made the steps of rows before `from` to where the next is `to`.
  void Advance(Stream* stream, size_t from, size_t to) {
    for (size_t begin = from; begin < to; begin += kStreamChunk) {
      Feed(stream, begin, std::min(kStreamChunk, to - begin));
    }
  }

  // `stream`'s next step is row origin - 1; up to `horizon` rows of those that are there.
  void FromOrigin(Stream* stream, size_t origin, size_t horizon) {
    horizon = std::min(horizon == 0 ? part_.rows() : horizon, part_.rows() - origin);
    if (head_.horizon > 1) {
      AllAtOnce(stream, origin, std::min(horizon, head_.horizon));
    } else {
      StepByStep(stream, origin, horizon);
    }
  }

  SeriesRun Take() { return std::move(run_); }

 private:
  const float* Row(size_t t) const { return part_.values.data() + t * part_.columns; }

  void AllAtOnce(Stream* stream, size_t origin, size_t horizon) {
    Feed(stream, origin - 1, 1);
    for (size_t i = 0; i < horizon; ++i) {
      Add(stream->output(0, 0), encoder_.context(0), origin + i, origin, i);
    }
  }

  void StepByStep(Stream* stream, size_t origin, size_t horizon) {
    run_.forecasts.direct = horizon == 1 && run_.forecasts.direct;
    std::vector<float> row(Row(origin - 1), Row(origin - 1) + part_.columns);
    for (size_t t = origin; t < origin + horizon; ++t) {
      encoder_.Encode(stream->codec_state(), 0, row.data(), t - 1);
      stream->Run(1, nullptr, encoder_.features());
      Add(stream->output(0, 0), encoder_.context(0), t, origin, 0);
      row.assign(Row(t), Row(t) + part_.columns);
      const auto& fed = model_.graph().feedback->columns;
      for (size_t k = 0; k < fed.size(); ++k) {
        row[fed[k]] = static_cast<float>(run_.forecasts.At(run_.forecasts.size() - 1, k).Point());
      }
    }
  }

  void Feed(Stream* stream, size_t begin, size_t count) {
    for (size_t i = 0; i < count; ++i) {
      encoder_.Encode(stream->codec_state(), i, Row(begin + i), begin + i);
    }
    stream->Run(count, nullptr, encoder_.features());
  }

  void AddLosses(const Stream& stream, size_t i, size_t next) {
    const auto& heads = model_.graph().heads;
    for (size_t h = 0; h < heads.size(); ++h) {
      for (size_t k = 0; k < heads[h].values(); ++k) {
        const size_t column = heads[h].column(k), ahead = heads[h].ahead(k);
        if (next + ahead > part_.rows()) break;
        const float value = Row(next + ahead - 1)[column];
        const float target = codec_.Forward(column, encoder_.context(i), value, ahead);
        if (std::isnan(target)) continue;
        run_.losses[h].sum += RegressionLoss(heads[h], stream.output(h, i), k, target);
        ++run_.losses[h].count;
      }
    }
  }

  // `step` of those that the head says, from 0.
  void Add(const float* output, const float* context, size_t row, size_t origin, size_t step) {
    Forecasts& forecasts = run_.forecasts;
    forecasts.rows.push_back(row);
    forecasts.origins.push_back(origin);
    const size_t columns = head_.columns.size();
    for (size_t k = step * columns; k < (step + 1) * columns; ++k) {
      if (head_.kind == HeadKind::kQuantiles) {
        const size_t at = forecasts.quantiles.size();
        forecasts.quantiles.resize(at + head_.levels.size());
        InvertQuantiles(codec_, head_, k, output, context, forecasts.quantiles.data() + at);
        continue;
      }
      const LocationAndSpread linear = LinearOutput(codec_, head_, k, output, context);
      forecasts.location.push_back(linear.location);
      forecasts.spread.push_back(linear.spread);
    }
  }

  const Model& model_;
  const SeriesCodec& codec_;
  const HeadNode& head_;
  const SeriesPart& part_;
  ThreadPool* const pool_;
  Encoder encoder_;
  SeriesRun run_;
};

bool SameKind(std::span<const Forecasts> each) {
  return std::all_of(each.begin(), each.end(), [&](const Forecasts& one) {
    return one.kind == each[0].kind && one.levels == each[0].levels && one.log == each[0].log &&
           one.degrees_of_freedom == each[0].degrees_of_freedom;
  });
}

// Every forecast a point, its own.
Forecasts AveragePoints(std::span<const Forecasts> each) {
  Forecasts mean;
  mean.kind = HeadKind::kPoint;
  mean.columns = each[0].columns;
  mean.log.assign(mean.columns, false);
  mean.rows = each[0].rows;
  mean.origins = each[0].origins;
  for (size_t i = 0; i < mean.size(); ++i) {
    for (size_t k = 0; k < mean.columns; ++k) {
      double sum = 0;
      for (const Forecasts& one : each) sum += one.At(i, k).Point();
      mean.location.push_back(sum / static_cast<double>(each.size()));
      mean.spread.push_back(0);
    }
  }
  return mean;
}

}  // namespace

Predictive Forecasts::At(size_t forecast, size_t column) const {
  const size_t at = forecast * columns + column;
  if (kind == HeadKind::kQuantiles) {
    return {levels, std::span(quantiles).subspan(at * levels.size(), levels.size())};
  }
  return {kind, location[at], spread[at], log[column], degrees_of_freedom};
}

StatusOr<SeriesRun> RunSeries(const Model& model, const SeriesPart& part, const Scheme& scheme,
                              ThreadPool* pool) {
  SEQ_RETURN_IF_ERROR(CheckModel(model, scheme));
  SEQ_RETURN_IF_ERROR(CheckPart(model, part));
  SeriesPass pass(model, part, pool);
  if (scheme.kind == Scheme::Kind::kOneStep) return pass.OneStep();
  Stream all(model, pool), ahead(model, pool);
  size_t made = 0;  // steps of `all`
  const size_t end = part.rows();
  const size_t stride =
      scheme.kind == Scheme::Kind::kFixedOrigin ? end : std::max<size_t>(1, scheme.stride);
  for (size_t origin = part.context; origin < end; origin += stride) {
    if (scheme.context == 0 || scheme.context >= origin) {
      pass.Advance(&all, made, origin - 1);
      made = origin - 1;
      ahead.CopyState(all);
    } else {
      ahead.Reset();
      pass.Advance(&ahead, origin - scheme.context, origin - 1);
    }
    pass.FromOrigin(&ahead, origin, scheme.horizon);
  }
  return pass.Take();
}

Forecasts Average(std::span<const Forecasts> each) {
  if (each.size() == 1) return each[0];
  if (!SameKind(each) || each[0].kind == HeadKind::kPoint) return AveragePoints(each);
  Forecasts mean = each[0];
  const double n = static_cast<double>(each.size());
  for (size_t i = 0; i < mean.quantiles.size(); ++i) {
    double sum = 0;
    for (const Forecasts& one : each) sum += one.quantiles[i];
    mean.quantiles[i] = static_cast<float>(sum / n);
  }
  for (size_t i = 0; i < mean.location.size(); ++i) {
    double sum = 0, squares = 0;
    for (const Forecasts& one : each) {
      sum += one.location[i];
      squares += one.location[i] * one.location[i] + one.spread[i] * one.spread[i];
    }
    mean.location[i] = sum / n;
    mean.spread[i] = std::sqrt(std::max(0.0, squares / n - sum * sum / n / n));
  }
  return mean;
}

}  // namespace sequent::train
