#include "core/model/strict_json.h"

#include <set>
#include <string>
#include <vector>

#include "core/model/json_reader.h"

namespace sequent {
namespace {

constexpr size_t kMaxDepth = 32;

class DuplicateFinder : public JsonHandler {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool start_object(size_t) override { return Push(); }
  bool end_object() override { return Pop(); }
  bool start_array(size_t) override { return Push(); }
  bool end_array() override { return Pop(); }

  bool key(string_t& key) override {
    if (keys_.back().insert(key).second) return true;
    return Fail("an object's keys", "all different", StrCat("'", Quoted(key), "' twice"));
  }

 private:
  bool Push() {
    if (keys_.size() == kMaxDepth) return Fail("nesting", StrCat("at most ", kMaxDepth), "more");
    keys_.emplace_back();
    return true;
  }
  bool Pop() {
    keys_.pop_back();
    return true;
  }

  std::vector<std::set<string_t>> keys_;  // per open object or array
};

}  // namespace

Status CheckStrictJson(std::string_view text) {
  DuplicateFinder handler;
  return ReadJson(text, &handler);
}

}  // namespace sequent
