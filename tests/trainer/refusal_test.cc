// Whatever key of the configuration is misspelt or has the wrong kind of value, wherever it comes
// from: it is refused with its path and the nearest key. The keys are those of the schema, so a new
// one is under test as soon as it is there.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>

#include "tests/trainer/temporary_folder.h"
#include "trainer/config.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A field of the schema and the way to it.
struct Key {
  std::vector<const FieldDescriptor*> way;  // the field itself is the last
  const FieldDescriptor& field() const { return *way.back(); }

  // "model.layers[0].lstm.units"; `last` in place of the field's own name.
  std::string Path(const std::string& last) const {
    std::string path;
    for (const auto* step : way) {
      path += (path.empty() ? "" : ".") + (step == way.back() ? last : step->name());
      if (step == way.back()) break;
      if (step->is_map()) {
        path += ".any";
      } else if (step->is_repeated()) {
        path += "[0]";
      }
    }
    return path;
  }
  std::string Path() const { return Path(field().name()); }

  // The document that sets `last` there to `value`.
  std::string Yaml(const std::string& last, const std::string& value) const {
    std::string text = "{" + last + ": " + value + "}";
    for (size_t i = way.size() - 1; i-- > 0;) {
      if (way[i]->is_map()) {
        text = "{any: " + text + "}";
      } else if (way[i]->is_repeated()) {
        text = "[" + text + "]";
      }
      text = "{" + way[i]->name() + ": " + text + "}";
    }
    return text;
  }

  bool HasList() const {
    return std::any_of(way.begin(), way.end() - 1, [](const auto* f) { return f->is_repeated(); });
  }
};

bool IsDuration(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         field.message_type()->full_name() == "google.protobuf.Duration";
}

void Collect(const Descriptor& type, std::vector<const FieldDescriptor*> way,
             std::vector<const Descriptor*> above, std::vector<Key>* keys) {
  if (std::count(above.begin(), above.end(), &type) > 1) return;  // columns of columns of ...
  above.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    way.push_back(field);
    if (field->message_type() == nullptr || IsDuration(*field)) {
      keys->push_back({way});
    } else if (!field->is_map()) {
      Collect(*field->message_type(), way, above, keys);
    } else if (const auto* value = field->message_type()->map_value()->message_type()) {
      Collect(*value, way, above, keys);
    }
    way.pop_back();
  }
}

std::vector<Key> Keys() {
  std::vector<Key> keys;
  Collect(*v1::TrainConfig::descriptor(), {}, {}, &keys);
  return keys;
}

// Something that no field of this kind takes.
std::string WrongValue(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING ? "{a: b}" : "elephants";
}

std::string Refusal(const std::string& yaml) {
  v1::TrainConfig config;
  return std::string(ReadYaml(yaml, "c.yaml", &config).message());
}

TEST(EveryKey, IsFoundInTheSchema) {
  std::vector<std::string> paths;
  for (const Key& key : Keys()) paths.push_back(key.Path());
  EXPECT_GT(paths.size(), 80u);
  for (const char* path : {"seed", "data.path", "train.optimizer.adam.lr", "train.max_time",
                           "model.layers[0].lstm.units", "model.input[0].features.scale",
                           "model.input[0].features.columns.any.scale", "tune.parameters[0].values",
                           "train.prune.keep_largest.fraction"}) {
    EXPECT_EQ(std::count(paths.begin(), paths.end(), path), 1) << path;
  }
}

TEST(EveryKey, RefusesAValueOfAnotherKindWithItsPath) {
  for (const Key& key : Keys()) {
    const std::string refusal = Refusal(key.Yaml(key.field().name(), WrongValue(key.field())));
    EXPECT_THAT(refusal, StartsWith(key.Path() + ": expected "));
    EXPECT_THAT(refusal, HasSubstr(", got "));
    EXPECT_THAT(refusal, HasSubstr("(c.yaml:1)"));
  }
}

TEST(EveryKey, IsNamedWhenItsNeighbourIsUsed) {
  for (const Key& key : Keys()) {
    const std::string wrong = key.field().name() + "x";
    EXPECT_EQ(Refusal(key.Yaml(wrong, "1")),
              StrCat(key.Path(wrong), ": unknown key; did you mean '", key.field().name(),
                     "'? (c.yaml:1)"));
  }
}

TEST(EveryKey, IsNamedWhenTwoOfItsLettersAreExchanged) {
  for (const Key& key : Keys()) {
    std::string wrong = key.field().name();
    if (wrong.size() < 4 || wrong[1] == wrong[2]) continue;
    std::swap(wrong[1], wrong[2]);
    EXPECT_THAT(Refusal(key.Yaml(wrong, "1")),
                HasSubstr(StrCat("did you mean '", key.field().name(), "'?")));
  }
}

TEST(EveryKey, IsHeldToTheSameOnTheCommandLine) {
  const auto refusal = [](const std::string& set) {
    ConfigSources sources;
    sources.sets = {set};
    return std::string(LoadConfig(sources).status().message());
  };
  for (const Key& key : Keys()) {
    if (key.HasList()) continue;  // --set changes elements that are there
    const std::string wrong = key.Path() + "x";
    EXPECT_EQ(refusal(wrong + "=1"),
              StrCat(wrong, ": unknown key; did you mean '", key.field().name(), "'? (--set)"));
    EXPECT_THAT(refusal(StrCat(key.Path(), "=", WrongValue(key.field()))),
                StartsWith(key.Path() + ": expected "));
  }
}

TEST(EveryKey, IsHeldToTheSameInTheEnvironment) {
  const auto variable = [](const std::string& path) {
    std::string name = "SEQUENT_";
    for (const char c : path) {
      if (c == '.') {
        name += "__";
      } else {
        name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
    }
    return name;
  };
  const auto refusal = [](const std::string& name, const std::string& value) {
    ConfigSources sources;
    sources.environment = {{name, value}};
    return std::string(LoadConfig(sources).status().message());
  };
  for (const Key& key : Keys()) {
    if (key.HasList() || key.way.size() < 2) continue;  // SEQUENT_X alone is the server's
    const std::string wrong = key.Path() + "x";
    EXPECT_EQ(refusal(variable(wrong), "1"),
              StrCat(wrong, ": unknown key; did you mean '", key.field().name(), "'? (",
                     variable(wrong), ")"));
    EXPECT_THAT(refusal(variable(key.Path()), WrongValue(key.field())),
                StartsWith(key.Path() + ": expected "));
  }
}

TEST(EveryKey, WithAMapBelowItTakesNoValue) {
  std::vector<std::string> refused;
  for (const Key& key : Keys()) {
    for (size_t depth = 1; depth < key.way.size(); ++depth) {
      Key above{{key.way.begin(), key.way.begin() + static_cast<ptrdiff_t>(depth)}};
      if (above.field().is_map()) continue;
      EXPECT_THAT(Refusal(above.Yaml(above.field().name(), "elephants")),
                  StartsWith(above.Path() + ": expected a map, got 'elephants'"));
      refused.push_back(above.Path());
    }
  }
  EXPECT_THAT(refused, ::testing::Contains("train"));
}

}  // namespace
}  // namespace sequent
