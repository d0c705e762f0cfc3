// Whole sequence == step by step == random chunks == in a crowd, bit for bit, for every kind of
// layer and every precision, through the real server; and all of them == core/nn.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/aligned.h"
#include "core/base/random.h"
#include "core/nn/model.h"
#include "tests/integration/server_fixture.h"
#include "tests/support/models.h"

namespace sequent::rpc {
namespace {

constexpr uint32_t kUnits = 43;

// Every number of an answer by where it stands ("next/mean"), in the order of steps.
using Answers = std::map<std::string, std::vector<uint32_t>>;

void Append(const std::vector<float>& values, std::vector<uint32_t>* out) {
  const std::vector<uint32_t> bits = Bits(values);
  out->insert(out->end(), bits.begin(), bits.end());
}

void Append(const v1::FloatSteps& steps, std::vector<uint32_t>* out) {
  Append({steps.values().begin(), steps.values().end()}, out);
}

void Append(const v1::PredictResponse& response, Answers* answers) {
  for (const auto& head : response.heads()) {
    Append(head.values(), &(*answers)[head.name() + "/values"]);
    Append(head.distribution().mean(), &(*answers)[head.name() + "/mean"]);
    Append(head.distribution().scale(), &(*answers)[head.name() + "/scale"]);
    for (const auto& step : head.classes().steps()) {
      for (const auto& score : step.scores()) {
        (*answers)[head.name() + "/ids"].push_back(static_cast<uint32_t>(score.id()));
        Append(std::vector<float>{score.probability()}, &(*answers)[head.name() + "/classes"]);
      }
    }
  }
}

// One input sequence of a model, to be asked for in pieces.
struct Sequence {
  std::string model;
  std::string text;
  std::vector<int32_t> ids;
  std::vector<float> rows;
  uint32_t width = 0;

  // Units first .. first+count-1 as a request; `session` empty: stateless.
  v1::PredictRequest Piece(const std::string& session, uint32_t first, uint32_t count) const {
    v1::PredictRequest request;
    request.set_session_id(session);
    if (!session.empty()) request.set_step(first + 1);
    if (first == 0) request.set_model(model);
    if (width > 0) {
      const auto begin = rows.begin() + first * width;
      request.mutable_floats()->set_width(width);
      request.mutable_floats()->mutable_values()->Add(begin, begin + count * width);
    } else if (!ids.empty()) {
      request.mutable_tokens()->mutable_ids()->Add(ids.begin() + first,
                                                   ids.begin() + first + count);
    } else {
      request.set_text(text.substr(first, count));
    }
    return request;
  }
};

// Letters the models know, one they do not, and characters of two bytes, which cuts may split. The
// last byte is of no character, so that no codec holds a word back.
std::string RandomText(const RandomStream& random) {
  const std::vector<std::string> alphabet = {"a", "b", "e", "l", " ", ".", "\n", "Z", "\xc3\xa9"};
  std::string text;
  for (uint64_t i = 0; text.size() < kUnits - 1; ++i) {
    text += alphabet[static_cast<size_t>(random.Uniform(i) * static_cast<double>(alphabet.size()))];
  }
  if (text.size() < kUnits) text += std::string(kUnits - text.size(), 'c');
  text.back() = '\xff';
  return text;
}

Sequence RandomSequence(const std::string& name, const Model& model, uint64_t seed) {
  const RandomStream random(seed, 0, 0);
  Sequence sequence;
  sequence.model = name;
  if (model.text_codec() != nullptr) {
    sequence.text = RandomText(random);
  } else if (model.series_codec() == nullptr) {
    for (uint64_t i = 0; i < kUnits; ++i) {
      sequence.ids.push_back(static_cast<int32_t>(random.Uniform(i) * 19));
    }
  } else {
    sequence.width = static_cast<uint32_t>(model.series_codec()->columns());
    for (uint64_t i = 0; i < kUnits * sequence.width; ++i) {
      sequence.rows.push_back(static_cast<float>(random.Normal(i)));
    }
    // Gaps where a column imputes.
    const auto& columns = model.config().inputs(0).features().columns();
    for (uint32_t c = 0; c < sequence.width; ++c) {
      if (columns[static_cast<int>(c)].impute().kind() == v1::Impute::NONE) continue;
      for (const uint32_t row : {2, 10}) sequence.rows[row * sequence.width + c] = std::nanf("");
    }
  }
  return sequence;
}

// What core/nn itself says to the sequence, in the model's own units.
Answers Directly(const Model& model, const Sequence& sequence) {
  AlignedVector<std::byte> state(model.state_size());
  model.InitState(state.data());
  std::vector<int32_t> tokens = sequence.ids;
  std::vector<float> features;
  if (const TextCodec* codec = model.text_codec()) {
    codec->Encode(model.codec_state(state.data()), sequence.text, false, &tokens);
  } else if (const SeriesCodec* series = model.series_codec()) {
    features.resize(kUnits * model.input_width());
    for (uint32_t i = 0; i < kUnits; ++i) {
      series->Encode(model.codec_state(state.data()), &sequence.rows[i * sequence.width],
                     &features[i * model.input_width()], nullptr);
    }
  }
  TickRow row;
  row.state = state.data();
  row.steps = features.empty() ? static_cast<uint32_t>(tokens.size()) : kUnits;
  row.tokens = tokens.data();
  row.features = features.data();
  std::vector<AlignedVector<float>> outputs;
  for (const auto& head : model.graph().heads) outputs.emplace_back(row.steps * head.outputs);
  std::vector<float*> addresses;
  for (auto& output : outputs) addresses.push_back(output.data());
  row.outputs = addresses.data();
  Workspace workspace;
  model.Run({std::span(&row, 1)}, &workspace, nullptr);
  Answers answers;
  for (size_t h = 0; h < outputs.size(); ++h) {
    Append(std::vector<float>(outputs[h].begin(), outputs[h].end()),
           &answers[model.graph().heads[h].name + "/values"]);
  }
  return answers;
}

// Cuts kUnits into random pieces.
std::vector<v1::PredictRequest> RandomPieces(const Sequence& sequence, const std::string& session,
                                             uint64_t seed) {
  const RandomStream random(seed, 1, 0);
  std::vector<v1::PredictRequest> pieces;
  uint32_t first = 0;
  while (first < kUnits) {
    const auto wish = 1 + static_cast<uint32_t>(random.Uniform(first) * 12);
    const uint32_t count = std::min(kUnits - first, wish);
    pieces.push_back(sequence.Piece(session, first, count));
    first += count;
  }
  return pieces;
}

std::vector<v1::PredictRequest> SingleSteps(const Sequence& sequence, const std::string& session) {
  std::vector<v1::PredictRequest> pieces;
  for (uint32_t i = 0; i < kUnits; ++i) pieces.push_back(sequence.Piece(session, i, 1));
  return pieces;
}

class Parity : public ServerTest, public testing::WithParamInterface<std::tuple<int, Precision>> {
 protected:
  Parity() {
    options.engine.threads = static_cast<size_t>(std::get<0>(GetParam()));
    options.precision = std::get<1>(GetParam());
    options.engine.max_tick_steps = 16;  // a whole sequence takes several ticks
    auto zoo = OneModelPerLayerKind();
    zoo.emplace_back("wide", Wide());
    for (auto& [name, contents] : zoo) {
      WriteModel(repository.path(), name, 1, contents);
      models_.emplace_back(
          name, Model::Create(std::move(contents), {.precision = options.precision}).value());
      sequences_.push_back(RandomSequence(name, *models_.back().second, models_.size()));
    }
  }

  // Wide enough that a crowd's tick is worth two threads.
  static ModelContents Wide() {
    v1::ModelConfig config = SeriesConfig({"a", "b"});
    AddLstm(&config, "lstm", 128);
    AddGru(&config, "gru", 96);
    AddRegression(&config, "next");
    return RandomModel(config, 5);
  }

  Answers Whole(const Sequence& sequence, bool raw = false) {
    v1::PredictRequest request = sequence.Piece("", 0, kUnits);
    request.mutable_output()->set_raw(raw);
    Answers answers;
    Append(MustPredict(request), &answers);
    return answers;
  }

  // Sends every session's pieces, taking turns, in one stream and says what each answers.
  std::map<std::string, Answers> Ask(const std::vector<std::vector<v1::PredictRequest>>& sessions) {
    std::vector<v1::PredictRequest> mixed;
    for (size_t i = 0; i < kUnits; ++i) {
      for (const auto& pieces : sessions) {
        if (i < pieces.size()) mixed.push_back(pieces[i]);
      }
    }
    std::map<std::string, Answers> answers;
    StreamClient stream(predictor());
    constexpr size_t kAtOnce = 128;
    for (size_t begin = 0; begin < mixed.size(); begin += kAtOnce) {
      const size_t end = std::min(mixed.size(), begin + kAtOnce);
      stream.Send({mixed.begin() + static_cast<ptrdiff_t>(begin),
                   mixed.begin() + static_cast<ptrdiff_t>(end)});
      for (size_t i = begin; i < end; ++i) {
        const v1::PredictResponse response = stream.Next().value_or(v1::PredictResponse());
        EXPECT_EQ(response.status().code(), 0) << response.status().message();
        Append(response, &answers[response.session_id()]);
      }
    }
    return answers;
  }

  std::vector<std::pair<std::string, std::shared_ptr<const Model>>> models_;
  std::vector<Sequence> sequences_;
};

TEST_P(Parity, TheServerSaysWhatTheModelSays) {
  for (size_t i = 0; i < models_.size(); ++i) {
    Answers served = Whole(sequences_[i], /*raw=*/true);
    std::erase_if(served, [](const auto& entry) { return entry.second.empty(); });
    EXPECT_EQ(served, Directly(*models_[i].second, sequences_[i])) << models_[i].first;
  }
}

TEST_P(Parity, StepByStepSaysWhatTheWholeSequenceSays) {
  for (const Sequence& sequence : sequences_) {
    EXPECT_EQ(Ask({SingleSteps(sequence, sequence.model)})[sequence.model], Whole(sequence))
        << sequence.model;
  }
}

TEST_P(Parity, RandomChunksSayWhatTheWholeSequenceSays) {
  for (const Sequence& sequence : sequences_) {
    const Answers whole = Whole(sequence);
    for (uint64_t seed = 0; seed < 3; ++seed) {
      const std::string session = StrCat(sequence.model, "/", seed);
      EXPECT_EQ(Ask({RandomPieces(sequence, session, seed)})[session], whole) << session;
    }
  }
}

TEST_P(Parity, SessionsInACrowdSayWhatTheyWouldSayAlone) {
  std::map<std::string, Answers> alone;
  for (const Sequence& sequence : sequences_) alone[sequence.model] = Whole(sequence);
  std::vector<std::future<void>> streams;
  for (uint64_t s = 0; s < 4; ++s) {
    streams.push_back(std::async(std::launch::async, [&, s] {
      std::vector<std::vector<v1::PredictRequest>> sessions;
      for (const Sequence& sequence : sequences_) {
        const std::string id = StrCat(sequence.model, "/crowd/", s);
        sessions.push_back(s == 0 ? SingleSteps(sequence, id) : RandomPieces(sequence, id, 10 + s));
      }
      auto answers = Ask(sessions);
      for (const Sequence& sequence : sequences_) {
        const std::string id = StrCat(sequence.model, "/crowd/", s);
        EXPECT_EQ(answers[id], alone[sequence.model]) << id;
      }
    }));
  }
}

INSTANTIATE_TEST_SUITE_P(Threads, Parity,
                         testing::Combine(testing::Values(1, 2),
                                          testing::Values(Precision::kFp32, Precision::kBf16,
                                                          Precision::kInt8)),
                         [](const auto& info) {
                           return StrCat("Threads", std::get<0>(info.param), "_",
                                         PrecisionName(std::get<1>(info.param)));
                         });

}  // namespace
}  // namespace sequent::rpc
