// What a search may choose from: a list of parameters, each a range or a set of values.
//
// Searches work in the unit cube, where every parameter is a number from 0 to 1 and equal lengths
// are equally likely; these functions go to and fro. Thread safety: plain data and pure functions.
#ifndef SEQUENT_CORE_SEARCH_SPACE_H_
#define SEQUENT_CORE_SEARCH_SPACE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"

namespace sequent::search {

struct Parameter {
  double low = 0, high = 1;  // a range, both ends included
  bool log = false;          // equal ratios are equally likely, not equal differences
  bool whole = false;        // whole numbers only
  size_t choices = 0;        // > 0: one of so many values, and the fields above mean nothing
  bool ordered = false;      // of choices: neighbours are alike, as sizes are and names are not
};

using Space = std::vector<Parameter>;

// Per parameter a value of its range, or the index of a choice.
using Point = std::vector<double>;

// INVALID_ARGUMENT "[i].min: expected ..., got ...": i is the parameter's place.
Status CheckSpace(const Space& space);

// The value at u of [0, 1] (beyond is taken as the nearer end). Of whole numbers and choices each
// has its share of the unit: the same for every choice, and for every whole number unless `log`.
double FromUnit(const Parameter& parameter, double u);
// Where a value stands; of whole numbers and choices the middle of their share, or near it.
double ToUnit(const Parameter& parameter, double value);

// How many points there are, at most `limit`; ranges of real numbers have `limit`.
uint64_t CountPoints(const Space& space, uint64_t limit);

}  // namespace sequent::search

#endif  // SEQUENT_CORE_SEARCH_SPACE_H_
