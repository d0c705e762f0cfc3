// JSON as text, whatever its strings hold.
#ifndef SEQUENT_TRAINER_JSON_TEXT_H_
#define SEQUENT_TRAINER_JSON_TEXT_H_

#include <string>

namespace sequent {

// Names of files and columns need not be UTF-8: nlohmann's own dump() throws at what is not, here
// it is replaced. `indent`: -1 = one line.
template <typename Json>
std::string JsonText(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sequent

#endif  // SEQUENT_TRAINER_JSON_TEXT_H_
